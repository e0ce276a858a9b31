"""The rows set aside, to be looked through and to be taken along, each as its file has it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

from core.engine import Engine
from core.orders.ledger import REASONS, Ledger
from core.orders.source import FILE, LINE, SourceTable


@dataclass(frozen=True, slots=True)
class RowsSetAside:
    """`table` has FILE, LINE, `reason` (a slug of `REASONS`), and c1..cn as the source has them."""

    table: ir.Table
    source: SourceTable

    def frame(self) -> pd.DataFrame:
        """All of them: file, line_number, reason, why, then the files' own columns with their text unchanged."""
        return _framed(self.table, self.source)

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
        return _framed(found, self.source, most), count


def rows_set_aside(rows: ir.Table, ledger: Ledger, source: SourceTable, engine: Engine | None = None) -> RowsSetAside:
    """Of judged rows (FILE, LINE, `reason`) those set aside.

    Parameters
    ----------
    engine : keeps them, for whoever asks more than once: each time else all files are read
    """
    if source.elsewhere is not None:
        there = rows.filter(rows.reason.notnull()).select(FILE, LINE, "reason", *source.cells)
        return RowsSetAside(there if engine is None else engine.keep(there, "aside"), source)
    numbered, judged = source.numbered(), rows
    if not ledger.set_aside:
        numbered, judged = numbered.limit(0), rows.limit(0)
    left_out = judged.filter(judged.reason.notnull()).select(FILE, LINE, "reason")
    joined = left_out.join(numbered, [FILE, LINE])
    return RowsSetAside(joined if engine is None else engine.keep(joined, "aside"), source)


def _framed(found: ir.Table, source: SourceTable, most: int | None = None) -> pd.DataFrame:
    in_order = found.order_by([FILE, LINE])
    joined = (in_order if most is None else in_order.limit(most)).to_pandas()
    names, lines = _places(source, joined[FILE].to_numpy(), joined[LINE])
    frame = pd.DataFrame(
        {
            "file": names,
            "line_number": lines,
            "reason": joined["reason"].to_numpy(),
            "why": [REASONS[reason] for reason in joined["reason"]],
        }
    )
    originals = joined[[source.column(header) for header in source.headers]]
    originals.columns = pd.Index(_beside(frame.columns, source.headers))
    whole: pd.DataFrame = pd.concat([frame, originals], axis=1)
    return whole


def _places(source: SourceTable, numbers: np.ndarray, lines: pd.Series) -> tuple[list[str], ExtensionArray]:
    """The file and the line of each row: a table has no lines, and files that are read as one each have their own."""
    names = np.array([file.name for file in source.files], dtype=object)[numbers.astype("int64")]
    placed = lines.astype("Int64").array.copy()
    for number, file in enumerate(source.files):
        here = numbers == number
        if file.engine is not None:
            placed[here] = pd.NA
        elif file.members:
            ends = np.cumsum([rows for _, rows in file.members])
            within = placed[here].astype("int64")
            member = np.searchsorted(ends, within)
            names[here] = np.array([name for name, _ in file.members], dtype=object)[member]
            placed[here] = within - np.concatenate([[0], ends])[member]
    return list(names), placed


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
