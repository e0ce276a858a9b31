"""The files that were given as one table, and what can be asked of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import duckdb
import ibis
import ibis.expr.types as ir
import pyarrow as pa

from core.engine import Engine
from core.orders.source_file import SourceFile
from core.warehouse.connecting import changed

FILE = "file_number"
LINE = "line_number"
Stage = Callable[[ir.Table], dict[str, ir.Value]]
"""What becomes of each row: columns by name, each an expression of the row alone."""

MOST_KEPT = 2_000_000
"""Rows of typed columns that are kept once judged. More take longer to write and read than to judge again."""

SAMPLE_ROWS = 1_000


class RowsLostError(Exception):
    """The fast reader gave fewer rows than there are: some too short and some too long had made up for each other."""


UNEVEN_ROWS = (RowsLostError, duckdb.InvalidInputException)
"""What comes of such a file when all of it is read; then it has to be reread."""


@dataclass(frozen=True, slots=True)
class SourceTable:
    """All files, each a table with a column c1..cn for each header of all of them.

    A part has LINE (from 1, as an editor counts; the row's number in Parquet and in a sheet) where rows are not one
    line each, or do not stand right below each other. Names from files never become identifiers of the database: two
    that differ in case would clash.
    """

    files: tuple[SourceFile, ...]
    headers: tuple[str, ...]  # as the files write them, made unique; "1", "2", ... where there is no header
    parts: tuple[ir.Table, ...]  # one a file
    top: pa.Table  # the first rows of `table`
    left_out: tuple[str, ...]  # what the files hold that is not in the table, in words
    reread: Callable[[], SourceTable]  # the same files through the reader that takes rows of any length
    notes: tuple[str, ...] = ()  # where the work is done, and why there
    checks: tuple[Callable[[], None], ...] = ()  # each raises TableChangedError where a file or table has changed
    bring: Callable[[str], SourceTable] | None = None  # with the reason in words; of rows that stay in a database

    @property
    def cells(self) -> list[str]:
        """c1..cn: the columns of `table` that hold what the files do."""
        return [f"c{place}" for place in range(1, len(self.headers) + 1)]

    @property
    def rows(self) -> int:
        return sum(file.rows for file in self.files)

    @property
    def plain(self) -> bool:
        """Whether all files are known to be ASCII, and to have no blanks in cells but spaces."""
        return all(file.plain for file in self.files)

    @property
    def table(self) -> ir.Table:
        """The files below each other, without line numbers."""
        return without_lines(self.parts)

    @property
    def elsewhere(self) -> bool:
        """Whether the rows stay in a database of their own, where they have no numbers."""
        return self.bring is not None

    def require_unchanged(self) -> None:
        """Make sure that what was worked out in several steps was of the same rows.

        Raises
        ------
        TableChangedError
        """
        for check in self.checks:
            check()

    def contents(self) -> list[ir.Table]:
        """The cells of each file, without line numbers."""
        return [part.drop(LINE) if LINE in part.columns else part for part in self.parts]

    def numbered(self) -> ir.Table:
        """The files below each other with FILE (0-based) and LINE."""
        return stacked(
            [
                part.mutate(
                    **{
                        FILE: ibis.literal(number, "int32"),
                        LINE: part[LINE] if LINE in part.columns else ibis.row_number() + file.first_line,
                    }
                )
                for number, (file, part) in enumerate(zip(self.files, self.parts, strict=True))
            ]
        )

    def kept(self, engine: Engine, *stages: Stage, typed: bool = False) -> ir.Table:
        """What the stages make of each row, one after the other, computed once; with FILE and LINE.

        A kept table holds its rows in the order of the file, so that the line follows from the place: numbering rows
        while they are read would hold the reader to one thread.

        Parameters
        ----------
        typed : the stages parse no text, so that more than MOST_KEPT rows are better judged anew

        Raises
        ------
        UNEVEN_ROWS, TableChangedError
        """
        if self.elsewhere:
            return self._kept_elsewhere(engine, stages)
        tables = []
        for number, (file, part) in enumerate(zip(self.files, self.parts, strict=True)):
            has_lines = LINE in part.columns
            rows = part
            for stage in stages:
                rows = rows.select(**(stage(rows) | ({LINE: rows[LINE]} if has_lines else {})))
            if not (typed and has_lines and file.rows > MOST_KEPT):
                rows = engine.keep(rows, "rows")
                if rows.count().to_pyarrow().as_py() != file.rows:
                    # Only text can hold rows that a reader counts otherwise.
                    raise RowsLostError(file.name) if file.dialect is not None else changed(file.name)
            placed = rows if has_lines else rows.mutate(**{LINE: rows.rowid() + file.first_line})
            tables.append(placed.mutate(**{FILE: ibis.literal(number, "int32")}))
        return stacked(tables)

    def _kept_elsewhere(self, engine: Engine, stages: Sequence[Stage]) -> ir.Table:
        """The same of rows without numbers: each takes its cells along, by which else it would be found again."""
        [rows] = self.parts
        for stage in stages:
            rows = engine.apart(rows.select(**(stage(rows) | {cell: rows[cell] for cell in self.cells})))
        nowhere = {FILE: ibis.literal(0, "int32"), LINE: ibis.null("int64")}
        return engine.keep(rows.mutate(**nowhere), "rows")

    def column(self, header: str) -> str:
        """The name in `table` of the column under a header."""
        return f"c{self.headers.index(header) + 1}"

    def sample(self, most: int = SAMPLE_ROWS) -> dict[str, list[object]]:
        """The first values under each header, at most 1,000, for telling what a column holds; blanks are None."""
        rows = self.top.slice(0, most)
        return {header: rows.column(place).to_pylist() for place, header in enumerate(self.headers)}


def unchanged_files(paths: Sequence[Path], name: str) -> Callable[[], None]:
    """A check that files are still those that they are now; `name` is what people call them."""
    before = [_stamp(path) for path in paths]

    def require() -> None:
        if [_stamp(path) for path in paths] != before:
            raise changed(name)

    return require


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """What tells a file from another one under its name; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def stacked(tables: Sequence[ir.Table]) -> ir.Table:
    """Tables of the same columns below each other."""
    return reduce(lambda above, below: above.union(below), tables)


def without_lines(parts: Sequence[ir.Table]) -> ir.Table:
    """The parts of a source below each other, without the lines that some of them have."""
    return stacked([part.drop(LINE) if LINE in part.columns else part for part in parts])
