"""The rows set aside, to be looked through and to be taken along, each as its file has it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.engine import Engine, batches
from core.orders.ledger import REASONS, Ledger
from core.orders.source_table import FILE, LINE, SourceTable

_ROWS_AT_ONCE = 65_536


@dataclass(frozen=True, slots=True)
class RowsSetAside:
    """`table` has FILE, LINE, `reason` (a slug of `REASONS`), and c1..cn as the source has them."""

    table: ir.Table
    source: SourceTable

    def batches(self) -> pa.RecordBatchReader:
        """All of them in order, some at a time.

        The columns are file, line_number (from 1; missing where there are no lines), reason, why, then the files' own
        with their text unchanged.

        Raises
        ------
        TableChangedError : at the end; a file that was read again for this was another one by then
        """
        found = batches(self.table.order_by([FILE, LINE]), _ROWS_AT_ONCE)

        def told() -> Iterator[pa.RecordBatch]:
            for batch in found:
                yield from _told(pa.Table.from_batches([batch]), self.source).to_batches()
            self.source.require_unchanged()

        return pa.RecordBatchReader.from_batches(_told(found.schema.empty_table(), self.source).schema, told())

    def frame(self) -> pd.DataFrame:
        """The same at once."""
        return _framed(self.batches().read_all())

    def search(self, words: str = "", reason: str | None = None, most: int = 1_000) -> tuple[pd.DataFrame, int]:
        """The first rows as in `frame` that hold the words in one cell, in any case; and how many there are in all.

        Parameters
        ----------
        reason : a slug of `REASONS`; None for any
        """
        found = self.table
        if reason is not None:
            found = found.filter(found.reason == ibis.literal(reason))
        wanted = " ".join(words.split()).lower()
        if wanted:
            cells = [found[self.source.column(header)].cast("string") for header in self.source.headers]
            held = [cell.lower().contains(ibis.literal(wanted)).fill_null(False) for cell in cells]
            found = found.filter(ibis.or_(*held))
        count = int(found.count().to_pyarrow().as_py())
        first = found.order_by([FILE, LINE]).limit(most).to_pyarrow()
        return _framed(_told(first, self.source)), count


def rows_set_aside(rows: ir.Table, ledger: Ledger, source: SourceTable, engine: Engine | None = None) -> RowsSetAside:
    """Of judged rows (FILE, LINE, `reason`) those set aside.

    Parameters
    ----------
    engine : keeps them, for whoever asks more than once: each time else all files are read
    """
    if source.elsewhere:
        there = rows.filter(rows.reason.notnull()).select(FILE, LINE, "reason", *source.cells)
        return RowsSetAside(there if engine is None else engine.keep(there, "aside"), source)
    numbered, judged = source.numbered(), rows
    if not ledger.set_aside:
        numbered, judged = numbered.limit(0), rows.limit(0)
    left_out = judged.filter(judged.reason.notnull()).select(FILE, LINE, "reason")
    joined = left_out.join(numbered, [FILE, LINE])
    return RowsSetAside(joined if engine is None else engine.keep(joined, "aside"), source)


def _told(found: pa.Table, source: SourceTable) -> pa.Table:
    files, lines = _places(source, found[FILE].to_numpy(), pc.fill_null(found[LINE], 0).to_numpy())
    reasons = found["reason"].to_pylist()
    ours = {
        "file": pa.array(files, pa.string()),
        "line_number": lines,
        "reason": pa.array(reasons, pa.string()),
        "why": pa.array([REASONS[reason] for reason in reasons], pa.string()),
    }
    originals = [found[source.column(header)] for header in source.headers]
    return pa.table([*ours.values(), *originals], [*ours, *_beside(ours, source.headers)])


def _framed(table: pa.Table) -> pd.DataFrame:
    frame: pd.DataFrame = table.to_pandas()
    return frame.assign(line_number=table["line_number"].to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get))


def _places(source: SourceTable, numbers: np.ndarray, lines: np.ndarray) -> tuple[np.ndarray, pa.Array]:
    """The file and the line of each row: a table has no lines, and files that are read as one each have their own."""
    numbers, placed = numbers.astype("int64"), lines.astype("int64")
    names = np.array([file.name for file in source.files], dtype=object)[numbers]
    nowhere = np.zeros(len(numbers), dtype=bool)
    for number, file in enumerate(source.files):
        here = numbers == number
        if file.engine is not None:
            nowhere |= here
        elif file.members:
            ends = np.cumsum([rows for _, rows in file.members])
            member = np.searchsorted(ends, placed[here])
            names[here] = np.array([name for name, _ in file.members], dtype=object)[member]
            placed[here] -= np.concatenate([[0], ends])[member]
    return names, pa.array(placed, mask=nowhere)


def _beside(taken: Iterable[str], headers: Iterable[str]) -> list[str]:
    """The file's headers; those that bear one of our names get " (file)" after their own."""
    names = list(taken)
    ours = len(names)
    for header in headers:
        name = header
        while name in names:
            name = f"{name} (file)"
        names.append(name)
    return names[ours:]
