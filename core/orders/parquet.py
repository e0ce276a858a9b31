"""Parquet files: plain columns as they are, nested ones laid out flat, moments as the local clock showed them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path

import duckdb
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import sqlglot.expressions as sge

from core.engine import Engine
from core.errors import UnreadableFileError

_DAMAGE = (pa.ArrowException, OSError)
_BATCH_ROWS = 65_536
_ROWS_OF_A_TRIAL = 1_000
_ROW_OF_FILE, _FILE_OF_ROW = "file_row_number", "file_index"  # columns that DuckDB has of its own


def opened(path: Path, name: str) -> pq.ParquetFile:
    """The file, its schema read.

    Raises
    ------
    UnreadableFileError
    """
    try:
        return pq.ParquetFile(path)
    except _DAMAGE as error:
        raise damaged(name) from error


def alike(paths: Sequence[Path]) -> list[int] | None:
    """The rows of each of several Parquet files that can be read as one table; None where they cannot.

    They can where all have the same columns in the same order, none of which needs work.
    """
    if len(paths) < 2 or not all(path.name.lower().endswith((".parquet", ".parq")) for path in paths):
        return None
    rows, first = [], None
    for path in paths:
        file = opened(path, path.name)
        schema = [(field.name, field.type) for field in file.schema_arrow]
        first = first or schema
        if schema != first or not is_plain(file):
            return None
        rows.append(file.metadata.num_rows)
    return rows


def numbered(engine: Engine, paths: Sequence[Path], rows: Sequence[int], name: str, line: str) -> ir.Table:
    """Plain files of the same columns as one table: c1..cn, and the number of each row, which counts those of all.

    Parameters
    ----------
    paths : without `*`, `?` and `[`
    rows : of each file
    name : what to call them for people
    line : the column of the rows' numbers, from 1; not there where the files' own columns hide what tells them

    Raises
    ------
    UnreadableFileError
    """
    try:
        plain = engine.backend.read_parquet(paths)
        table = _numbered(engine, plain, paths, rows, line)
        table.limit(_ROWS_OF_A_TRIAL).to_pyarrow().to_pylist()
    except (duckdb.Error, OverflowError, ValueError) as error:  # the latter two: days beyond the year 9999
        raise damaged(name) from error
    return table


def _numbered(engine: Engine, plain: ir.Table, paths: Sequence[Path], rows: Sequence[int], line: str) -> ir.Table:
    places = [f"c{place}" for place in range(1, len(plain.columns) + 1)]
    if not {_ROW_OF_FILE, _FILE_OF_ROW}.isdisjoint(map(str.lower, plain.columns)):
        return plain.rename(dict(zip(places, plain.columns, strict=True)))
    above = f"{list(accumulate(rows, initial=0))}[{_FILE_OF_ROW}::BIGINT + 1]" if len(paths) > 1 else "0"
    files = ", ".join(sge.Literal.string(str(path)).sql("duckdb") for path in paths)
    view = engine.new_name("source")
    engine.backend.raw_sql(
        f"CREATE VIEW {view} ({', '.join(places)}, {line}) AS "
        f"SELECT *, {above} + {_ROW_OF_FILE} + 1 FROM read_parquet([{files}])"
    )
    return engine.backend.table(view)


def is_plain(parquet: pq.ParquetFile) -> bool:
    """Whether each column holds single values that need no place on earth and no unfolding."""
    return not any(_needs_work(field.type) for field in parquet.schema_arrow)


def flattened(parquet: pq.ParquetFile, name: str) -> Iterator[pa.Table]:
    """The file in pieces, each column of single values.

    A group of values becomes a column each (`customer.id`), a list becomes JSON text, and a moment with a time zone
    becomes the local date and time there: an order placed on New Year's Eve stays in the old year. Where neither the
    file nor what pandas wrote into it tells the zone, that is UTC: the format itself keeps moments, not places.

    Raises
    ------
    UnreadableFileError
    """
    zones = _zones_of_pandas(parquet)
    try:
        for batch in parquet.iter_batches(_BATCH_ROWS):
            names: list[str] = []
            columns: list[pa.Array] = []
            for field, column in zip(batch.schema, batch.columns, strict=True):
                zone = zones.get(field.name)
                placed = column if zone is None else column.cast(pa.timestamp(field.type.unit, tz=zone))
                for leaf, values in _leaves(field.name, placed):
                    names.append(leaf)
                    columns.append(values)
            yield pa.Table.from_arrays(columns, names=names)
    except _DAMAGE as error:
        raise damaged(name) from error


def write_flattened(parquet: pq.ParquetFile, name: str, path: Path) -> Path:
    """What `flattened` gives, as Parquet at a path."""
    tables = flattened(parquet, name)
    first = next(tables)
    with pq.ParquetWriter(path, first.schema) as writer:
        writer.write_table(first)
        for table in tables:
            writer.write_table(table)
    return path


def flat_names(parquet: pq.ParquetFile) -> list[str]:
    """The columns that `flattened` gives."""
    return [leaf for field in parquet.schema_arrow for leaf in _leaf_names(field.name, field.type)]


def as_text(parquet: pq.ParquetFile, name: str) -> Iterator[Sequence[str | None]]:
    """The header and every row, as text."""
    yield flat_names(parquet)
    for table in flattened(parquet, name):
        yield from zip(*(_written(column).to_pylist() for column in table.columns), strict=True)


def _written(column: pa.ChunkedArray) -> pa.ChunkedArray:
    text = column.cast(pa.string())
    # Parquet knows no moments of whole seconds: without this, all would end in `.000`.
    return pc.replace_substring_regex(text, r"\.0+$", "") if pa.types.is_timestamp(column.type) else text


def _needs_work(kind: pa.DataType) -> bool:
    return (
        pa.types.is_nested(kind)
        or (pa.types.is_timestamp(kind) and kind.tz is not None)
        or pa.types.is_duration(kind)
        or pa.types.is_null(kind)
        or pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_fixed_size_binary(kind)
        or isinstance(kind, pa.BaseExtensionType)
        or (pa.types.is_dictionary(kind) and _needs_work(kind.value_type))
    )


def _zones_of_pandas(parquet: pq.ParquetFile) -> dict[str, str]:
    """{column of moments: zone} of a file that pandas wrote by an engine which leaves the zone out of the types."""
    written = (parquet.metadata.metadata or {}).get(b"pandas")
    if written is None:
        return {}
    try:
        described = json.loads(written)["columns"]
        zones = {column["field_name"]: (column["metadata"] or {}).get("timezone") for column in described}
    except (ValueError, KeyError, TypeError, AttributeError):  # a note of another make, which says nothing of zones
        return {}
    moments = {
        field.name for field in parquet.schema_arrow if pa.types.is_timestamp(field.type) and field.type.tz == "UTC"
    }
    return {name: zone for name, zone in zones.items() if name in moments and isinstance(zone, str) and _is_place(zone)}


def _is_place(zone: str) -> bool:
    """Whether the clock of a time zone is known here."""
    try:
        pc.local_timestamp(pa.array([0], pa.timestamp("s", tz=zone)))
    except pa.ArrowInvalid:
        return False
    return True


def _leaf_names(name: str, kind: pa.DataType) -> list[str]:
    if isinstance(kind, pa.BaseExtensionType):
        return _leaf_names(name, kind.storage_type)
    if not pa.types.is_struct(kind):
        return [name]
    return [leaf for field in kind for leaf in _leaf_names(f"{name}.{field.name}", field.type)]


def _leaves(name: str, column: pa.Array) -> Iterator[tuple[str, pa.Array]]:
    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        yield from _leaves(name, column.storage)
    elif pa.types.is_dictionary(kind):
        yield from _leaves(name, column.dictionary_decode())
    elif pa.types.is_struct(kind):
        for field, values in zip(kind, column.flatten(), strict=True):
            yield from _leaves(f"{name}.{field.name}", values)
    elif pa.types.is_timestamp(kind) and kind.tz is not None:
        yield name, pc.local_timestamp(column) if _is_place(kind.tz) else column.cast(pa.timestamp(kind.unit))
    elif pa.types.is_nested(kind):
        written = (None if value is None else _json(value) for value in column.to_pylist())
        yield name, pa.array(written, pa.string())
    elif pa.types.is_null(kind):
        yield name, column.cast(pa.string())
    elif pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        texts = (None if value is None else value.decode(errors="replace") for value in column.to_pylist())
        yield name, pa.array(texts, pa.string())
    elif pa.types.is_duration(kind):
        yield name, pa.array((None if value is None else str(value) for value in column.to_pylist()), pa.string())
    else:
        yield name, column


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def damaged(name: str) -> UnreadableFileError:
    """What to say of a file that its reader stumbles over."""
    return UnreadableFileError(
        f"{name} starts like a Parquet file but could not be read.",
        hint="It may be cut short. Write it again, or export the orders as CSV.",
    )
