"""Rows on their way out: gone through once, a batch at a time, by all places that take them.

What leaves is a `pyarrow.RecordBatchReader`, wherever it comes from. A place (a file, a table of a database) is entered
with the columns in hand, takes batches, and is complete when it is left; where anything went wrong it is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

ROWS_AT_ONCE = 65_536
Taker: TypeAlias = Callable[[pa.RecordBatch], object]
Place: TypeAlias = AbstractContextManager[Taker]


def pass_on(rows: pa.RecordBatchReader, *places: Place) -> int:
    """Hand every batch to every place.

    Returns
    -------
    How many rows there were.
    """
    passed = 0
    with ExitStack() as entered:
        takers = [entered.enter_context(place) for place in places]
        for batch in rows:
            for take in takers:
                take(batch)
            passed += batch.num_rows
    return passed


def typed(rows: pa.RecordBatchReader) -> pa.RecordBatchReader:
    """The same rows as text, int64, float64 and truth values, whether they come from pandas or from a database.

    What is missing is missing: to a database NaN is a number, by which a mean of all becomes NaN.
    """
    schema = pa.schema([pa.field(field.name, _plain(field.type)) for field in rows.schema])

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in rows:
            columns = [_as(column, field.type) for column, field in zip(batch.columns, schema, strict=True)]
            yield pa.RecordBatch.from_arrays(columns, schema=schema)

    return pa.RecordBatchReader.from_batches(schema, batches())


def _plain(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_boolean(kind):
        return pa.bool_()
    if pa.types.is_integer(kind):
        return pa.int64()
    return pa.float64() if pa.types.is_floating(kind) else pa.string()


def _as(column: pa.Array, kind: pa.DataType) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    column = pc.cast(column, kind)
    return pc.if_else(pc.is_nan(column), None, column) if pa.types.is_floating(kind) else column
