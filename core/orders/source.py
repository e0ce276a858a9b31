"""What was given, as one table: text for text files, typed columns for Parquet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from pathlib import Path

import duckdb
import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from core.engine import Engine
from core.errors import EmptyFileError, UnreadableFileError
from core.orders import text
from core.orders.dialect import Dialect
from core.orders.text import plain_name, unique

FILE = "file_number"
LINE = "line_number"
Stage = Callable[[ir.Table], dict[str, ir.Value]]
"""What becomes of each row: columns by name, each an expression of the row alone."""

_SAMPLE_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file and how it was read."""

    name: str
    dialect: Dialect | None  # None for Parquet
    rows: int
    first_line: int  # the line of the first row, from 1 as an editor counts
    ragged_rows: int = 0  # rows with more or fewer cells than most
    ragged_lines: tuple[int, ...] = ()  # where the first of them start, from 1
    left_out: tuple[str, ...] = ()  # what stands in the file and is not the table, in words


class RowsLostError(Exception):
    """The fast reader gave fewer rows than there are: some too short and some too long had made up for each other."""


UNEVEN_ROWS = (RowsLostError, duckdb.InvalidInputException)
"""What comes of such a file when all of it is read; then it has to be reread."""


@dataclass(frozen=True, slots=True)
class SourceTable:
    """All files, each a table with a column c1..cn for each header of all of them.

    A part has LINE (from 1, as an editor counts; the row's number in Parquet) where rows are not one line each. Names
    from files never become identifiers of the database: two that differ in case would clash.
    """

    files: tuple[SourceFile, ...]
    headers: tuple[str, ...]  # as the files write them, made unique; "1", "2", ... where there is no header
    parts: tuple[ir.Table, ...]  # one a file
    top: pa.Table  # the first rows of `table`
    reread: Callable[[], SourceTable]  # the same files through the reader that takes rows of any length

    @property
    def rows(self) -> int:
        return sum(file.rows for file in self.files)

    @property
    def table(self) -> ir.Table:
        """The files below each other, without line numbers."""
        return _without_lines(self.parts)

    def numbered(self) -> ir.Table:
        """The files below each other with FILE (0-based) and LINE."""
        return _stacked(
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

    def kept(self, engine: Engine, *stages: Stage) -> ir.Table:
        """What the stages make of each row, one after the other, computed once; with FILE and LINE.

        A kept table holds its rows in the order of the file, so that the line follows from the place: numbering rows
        while they are read would hold the reader to one thread.

        Raises
        ------
        UNEVEN_ROWS
        """
        tables = []
        for number, (file, part) in enumerate(zip(self.files, self.parts, strict=True)):
            has_lines = LINE in part.columns
            rows = part
            for stage in stages:
                rows = rows.select(**(stage(rows) | ({LINE: rows[LINE]} if has_lines else {})))
            rows = engine.keep(rows, "rows")
            if rows.count().to_pyarrow().as_py() != file.rows:
                raise RowsLostError(file.name)
            placed = rows if has_lines else rows.mutate(**{LINE: rows.rowid() + file.first_line})
            tables.append(placed.mutate(**{FILE: ibis.literal(number, "int32")}))
        return _stacked(tables)

    def column(self, header: str) -> str:
        """The name in `table` of the column under a header."""
        return f"c{self.headers.index(header) + 1}"

    def sample(self, most: int = _SAMPLE_ROWS) -> dict[str, list[object]]:
        """The first values under each header, at most 1,000, for telling what a column holds; blanks are None."""
        rows = self.top.slice(0, most)
        return {header: rows.column(place).to_pylist() for place, header in enumerate(self.headers)}


def open_sources(
    engine: Engine, paths: Sequence[Path], names: Sequence[str] | None = None, *, row_by_row: bool = False
) -> SourceTable:
    """The files as one table.

    Parameters
    ----------
    names : what to call the files for people, where the paths say nothing (an upload's scratch copy)
    row_by_row : do not try the fast reader

    Raises
    ------
    UnreadableFileError, NotATableError, EmptyFileError
    """
    called = names or [path.name for path in paths]
    opened = [_open(engine, path, name, row_by_row) for path, name in zip(paths, called, strict=True)]
    headers = tuple(dict.fromkeys(header for _, file_headers, _ in opened for header in file_headers))
    parts = _one_type_a_column([_lay_out(table, own, headers) for _, own, table in opened], headers)
    reread = partial(open_sources, engine, paths, names, row_by_row=True)
    try:
        top = _without_lines(parts).limit(_SAMPLE_ROWS).to_pyarrow()
    except UNEVEN_ROWS:
        if row_by_row:
            raise
        return reread()
    return SourceTable(tuple(file for file, _, _ in opened), headers, tuple(parts), top, reread)


def _stacked(tables: Sequence[ir.Table]) -> ir.Table:
    return reduce(lambda above, below: above.union(below), tables)


def _without_lines(parts: Sequence[ir.Table]) -> ir.Table:
    return _stacked([part.drop(LINE) if LINE in part.columns else part for part in parts])


def rows_as_read(path: Path) -> tuple[Iterator[Sequence[str | None]], list[str]]:
    """Every row of a file with the cells that it has, text unchanged, the header first; and what is left out, in words.

    The second is complete once the rows are read.

    Raises
    ------
    UnreadableFileError, NotATableError, EmptyFileError
    """
    if _is_parquet(path, path.name):
        return _parquet_rows(_open_parquet(path, path.name)), []
    return text.rows_as_read(path)


def _parquet_rows(parquet: pq.ParquetFile) -> Iterator[Sequence[str | None]]:
    yield parquet.schema_arrow.names
    for batch in parquet.iter_batches():
        yield from zip(*(column.cast(pa.string()).to_pylist() for column in batch.columns), strict=True)


def _is_parquet(path: Path, name: str) -> bool:
    try:
        with path.open("rb") as stream:
            return stream.read(4) == b"PAR1"
    except OSError as error:
        raise UnreadableFileError(
            f"{name} could not be opened: {error.strerror or type(error).__name__}.",
            hint="Check the name and that the file may be read.",
        ) from error


def _open_parquet(path: Path, name: str) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise UnreadableFileError(
            f"{name} starts like a Parquet file but could not be read.",
            hint="It may be cut short. Write it again, or export the orders as CSV.",
        ) from error


def _open(engine: Engine, path: Path, name: str, row_by_row: bool) -> tuple[SourceFile, list[str], ir.Table]:
    """The file, its headers, and a table of c1..cn (and LINE, where rows are not one line each)."""
    if _is_parquet(path, name):
        parquet = _open_parquet(path, name)
        if parquet.metadata.num_rows == 0:
            raise _no_rows(name)
        table = engine.backend.read_parquet(plain_name(engine, path, "parquet"))
        headers = unique(parquet.schema_arrow.names)
        placed = table.rename({f"c{place}": column for place, column in enumerate(table.columns, 1)})
        return SourceFile(name, None, parquet.metadata.num_rows, first_line=1), headers, placed
    found = text.open_table(engine, path, name, LINE, row_by_row=row_by_row)
    file = SourceFile(
        name, found.dialect, found.rows, found.dialect.first_line, found.ragged_rows, found.ragged_lines, found.left_out
    )
    return file, found.headers, found.table


def _no_rows(name: str) -> EmptyFileError:
    return EmptyFileError(
        f"{name} has a header but no rows under it.", hint="Export the orders again for a period that has some."
    )


def _lay_out(table: ir.Table, own: Sequence[str], headers: Sequence[str]) -> ir.Table:
    """One file's table with a column for each header of all files."""
    if list(own) == list(headers):
        return table
    places = {header: f"c{place}" for place, header in enumerate(own, 1)}
    columns = {
        f"c{place}": table[places[header]] if header in places else ibis.null("string")
        for place, header in enumerate(headers, 1)
    }
    return table.select(**columns, **({LINE: table[LINE]} if LINE in table.columns else {}))


def _one_type_a_column(parts: Sequence[ir.Table], headers: Sequence[str]) -> list[ir.Table]:
    """Columns that differ in type from file to file become text, so that the files can stand below each other."""
    mixed = [
        name
        for name in (f"c{place}" for place in range(1, len(headers) + 1))
        if len({str(part[name].type()) for part in parts}) > 1
    ]
    return [part.mutate(**{name: part[name].cast("string") for name in mixed}) if mixed else part for part in parts]
