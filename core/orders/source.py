"""What was given, as one table: text for text files, typed columns for Parquet."""

from __future__ import annotations

import contextlib
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from itertools import islice
from pathlib import Path

import duckdb
import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from core.engine import Engine
from core.errors import EmptyFileError, UnreadableFileError
from core.orders import dialect as dialects
from core.orders.dialect import SPACES, Dialect

FILE = "file_number"
LINE = "line_number"
Stage = Callable[[ir.Table], dict[str, ir.Value]]
"""What becomes of each row: columns by name, each an expression of the row alone."""

_CELLS_A_BATCH = 2_000_000
_SAMPLE_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file and how it was read."""

    name: str
    dialect: Dialect | None  # None for Parquet
    rows: int
    first_line: int  # the line of the first row, from 1 as an editor counts
    ragged_rows: int = 0  # rows with more or fewer cells than most


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

    def contents(self) -> list[ir.Table]:
        """The cells of each file, without line numbers."""
        return [part.drop(LINE) if LINE in part.columns else part for part in self.parts]

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

    Raises
    ------
    UnreadableFileError, NotATableError, EmptyFileError
    """
    if _is_parquet(path, path.name):
        return _parquet_rows(_open_parquet(path, path.name)), []
    dialect = dialects.detect(path)
    lines = "blank line" if dialect.skipped_lines == 1 else "blank lines"
    left_out = [f"{dialect.skipped_lines} {lines} above the header"] if dialect.skipped_lines else []
    return (cells for _, cells in dialects.read_rows(path, dialect)), left_out


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
        table = engine.backend.read_parquet(_plain_name(engine, path, "parquet"))
        headers = unique(parquet.schema_arrow.names)
        placed = table.rename({f"c{place}": column for place, column in enumerate(table.columns, 1)})
        return SourceFile(name, None, parquet.metadata.num_rows, first_line=1), headers, placed
    dialect = dialects.detect(path, name)
    first = list(islice(dialects.read_rows(path, dialect), 2))
    if dialect.has_header:
        headers, rows = unique(first[0][1]), first[1:]
    else:
        headers, rows = [], first
    if not rows:
        raise _no_rows(name)
    if not headers:
        headers = [str(place) for place in range(1, len(rows[0][1]) + 1)]
    table = None if row_by_row else _read_fast(engine, path, dialect, len(headers), rows[0][0])
    if table is not None:
        return SourceFile(name, dialect, _lines(dialect) - (rows[0][0] - 1), rows[0][0]), headers, table
    headers, table, ragged = _read_tolerant(engine, path, dialect, headers)
    return SourceFile(name, dialect, table.count().to_pyarrow().as_py(), rows[0][0], ragged), headers, table


def _lines(dialect: Dialect) -> int:
    return dialect.line_breaks + (not dialect.ends_with_break)


def _no_rows(name: str) -> EmptyFileError:
    return EmptyFileError(
        f"{name} has a header but no rows under it.", hint="Export the orders again for a period that has some."
    )


def unique(headers: Sequence[str]) -> list[str]:
    """Headers trimmed, the blank ones named by place, repeated ones numbered: every column can be told by its own."""
    seen: set[str] = set()
    names = []
    for place, header in enumerate(headers, 1):
        wanted = name = " ".join(header.replace("\ufeff", "").split()) or f"Column {place}"
        number = 1
        while name in seen:
            number += 1
            name = f"{wanted} ({number})"
        seen.add(name)
        names.append(name)
    return names


def _plain_name(engine: Engine, path: Path, what: str) -> Path:
    """A name for the file that holds no `*`, `?` or `[`: DuckDB would take them for a pattern of many files."""
    link = engine.folder / engine.new_name(what)
    link.symlink_to(path.resolve())
    return link


def _read_fast(engine: Engine, path: Path, dialect: Dialect, width: int, first_line: int) -> ir.Table | None:
    """The file through DuckDB's parallel reader; None where that reader could lose or shift a row.

    The reader runs strictly: a row of another length or a broken quote is an error. A cell with a line break, or a
    quote that swallows lines, shows in the number of rows; then the tolerant reader, which counts lines, takes over.
    Where nothing is quoted, the number of separators tells as much at an eighth of the work of a whole reading; rows
    that make up for each other show when they are kept (`UNEVEN_ROWS`).
    """
    if dialect.delimiter == SPACES:
        return None
    plain = _plain_name(engine, path, "csv")
    if dialect.encoding not in {"utf-8", "utf-8-sig"} or dialects.is_packed(path):
        plain.unlink()
        _transcode(path, dialect.encoding, plain)
    table = engine.backend.read_csv(
        plain,
        table_name=engine.new_name("source"),
        auto_detect=False,
        header=False,
        skip=first_line - 1,
        delim=dialect.delimiter,
        quote='"',
        escape='"',
        strict_mode=True,
        columns={f"c{place}": "VARCHAR" for place in range(1, width + 1)},
    )
    separators = (_lines(dialect) - dialect.skipped_lines) * (width - 1)
    if dialects.unquoted_separators(plain, dialect.delimiter) == separators:
        return table
    with contextlib.suppress(duckdb.Error):  # what a strict reader refuses, the tolerant one reads
        if table.count().to_pyarrow().as_py() == _lines(dialect) - (first_line - 1):
            return table
    return None


def _transcode(path: Path, encoding: str, copy: Path) -> None:
    with dialects.open_text(path, encoding) as source, copy.open("w", encoding="utf-8", newline="") as target:
        shutil.copyfileobj(source, target, 4 * 1024 * 1024)


def _read_tolerant(engine: Engine, path: Path, dialect: Dialect, headers: list[str]) -> tuple[list[str], ir.Table, int]:
    """The file row by row into a Parquet scratch file. Short rows are filled with blanks; nothing is shifted."""
    rows = dialects.read_rows(path, dialect)
    if dialect.has_header:
        next(rows)
    lengths = Counter(len(cells) for _, cells in dialects.read_rows(path, dialect))
    widest = max(lengths)
    if dialect.has_header:
        lengths[len(headers)] -= 1
    usual = max(lengths, key=lambda length: (lengths[length], length == len(headers)))
    headers = unique([*headers, *([""] * (widest - len(headers)))]) if dialect.has_header else _places(widest)
    schema = pa.schema([*((f"c{place}", pa.string()) for place in range(1, widest + 1)), (LINE, pa.int64())])
    scratch = engine.folder / engine.new_name("rows")
    with pq.ParquetWriter(scratch, schema) as writer:
        for batch in _batches(rows, max(1, _CELLS_A_BATCH // widest)):
            columns = [
                pa.array([cells[place] or None if place < len(cells) else None for _, cells in batch], pa.string())
                for place in range(widest)
            ]
            lines = pa.array([number for number, _ in batch], pa.int64())
            writer.write_table(pa.Table.from_arrays([*columns, lines], schema=schema))
    return (
        headers,
        engine.backend.read_parquet(scratch, table_name=engine.new_name("source")),
        (lengths.total() - lengths[usual]),
    )


def _places(width: int) -> list[str]:
    return [str(place) for place in range(1, width + 1)]


def _batches(rows: Iterator[tuple[int, list[str]]], size: int) -> Iterator[list[tuple[int, list[str]]]]:
    while batch := list(islice(rows, size)):
        yield batch


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
