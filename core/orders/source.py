"""What was given, as one table: text for text files, typed columns for Parquet and for workbooks that have them."""

from __future__ import annotations

import contextlib
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial, reduce
from itertools import islice
from pathlib import Path

import duckdb
import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from core.engine import Engine
from core.errors import EmptyFileError, NotATableError, UnreadableFileError, UserError, listed
from core.orders import archives, parquet, workbooks
from core.orders import dialect as dialects
from core.orders.archives import Packed
from core.orders.dialect import SPACES, Dialect
from core.orders.layout import order_roles

FILE = "file_number"
LINE = "line_number"
Stage = Callable[[ir.Table], dict[str, ir.Value]]
"""What becomes of each row: columns by name, each an expression of the row alone."""

_CELLS_A_BATCH = 2_000_000
_SAMPLE_ROWS = 1_000
_ENOUGH_ROLES = 3  # a customer, a day and an amount


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file, or one sheet of a workbook, and how it was read."""

    name: str
    dialect: Dialect | None  # None for Parquet and workbooks
    rows: int
    first_line: int  # the line of the first row, from 1 as an editor or a spreadsheet counts
    ragged_rows: int = 0  # rows with more or fewer cells than most
    sheet: str | None = None  # of a workbook
    has_header: bool = True


class RowsLostError(Exception):
    """The fast reader gave fewer rows than there are: some too short and some too long had made up for each other."""


UNEVEN_ROWS = (RowsLostError, duckdb.InvalidInputException)
"""What comes of such a file when all of it is read; then it has to be reread."""


@dataclass(frozen=True, slots=True)
class SourceTable:
    """All files, each a table with a column c1..cn for each header of all of them.

    A part has LINE (from 1, as an editor counts; the row's number in Parquet and in a sheet) where rows are not one
    line each, or do not stand right below each other. Names
    from files never become identifiers of the database: two that differ in case would clash.
    """

    files: tuple[SourceFile, ...]
    headers: tuple[str, ...]  # as the files write them, made unique; "1", "2", ... where there is no header
    parts: tuple[ir.Table, ...]  # one a file
    top: pa.Table  # the first rows of `table`
    left_out: tuple[str, ...]  # what the files hold that is not in the table, in words
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


@dataclass(frozen=True, slots=True, eq=False)
class _Opened:
    """One table, before it stands below the others."""

    packed: Packed
    file: SourceFile
    headers: list[str]
    table: ir.Table  # c1..cn, and LINE where rows are not one line each
    left_out: tuple[str, ...] = ()


def open_sources(engine: Engine, paths: Sequence[Path], names: Sequence[str] | None = None) -> SourceTable:
    """The files as one table; those packed in archives and the sheets of workbooks are files of their own.

    Parameters
    ----------
    names : what to call the files for people, where the paths say nothing (an upload's scratch copy)

    Raises
    ------
    UnreadableFileError, NotATableError, EmptyFileError
    """
    opened, left_out = [], []
    for path, name in zip(paths, names or [path.name for path in paths], strict=True):
        unpacked = archives.unpack(path, name, lambda: engine.folder / engine.new_name("unpacked"))
        tables, passed_over = _open_all(engine, unpacked.files)
        opened += tables
        left_out += [f"{name}: {what}" for what in (*unpacked.left_out, *passed_over)]
    left_out += [f"{one.packed.name}: {what}" for one in opened for what in one.left_out]
    return _below_each_other(engine, opened, left_out, reread=False)


def _open_all(engine: Engine, files: Sequence[Packed]) -> tuple[list[_Opened], list[str]]:
    """The tables in what came as one file, and what of an archive was passed over, in words."""
    opened: list[_Opened] = []
    refused: list[tuple[str, UserError]] = []
    for file in files:
        try:
            opened += _open(engine, file)
        except (UnreadableFileError, NotATableError, EmptyFileError) as error:
            if file.archive is None:
                raise
            refused.append((file.name, error))
    if not opened:
        raise refused[0][1]
    orders = _of_orders(opened)
    told = [error.message for _, error in refused]
    others = [one.file.name for one in opened if one not in orders]
    return orders, told + ([f"tables of other things than orders: {listed(others)}"] if others else [])


def _of_orders(opened: Sequence[_Opened]) -> list[_Opened]:
    """Of the tables in an archive those of orders: the likeliest, and what is like it or names all that orders need.

    A customer or a date without an amount is a table of customers or of products.
    """
    best = max(opened, key=lambda one: (len(order_roles(one.headers)), len(one.headers) > 1, one.file.rows))
    alike = set(best.headers)
    return [
        one
        for one in opened
        if 2 * len(alike & set(one.headers)) >= len(one.headers) or len(order_roles(one.headers)) >= _ENOUGH_ROLES
    ]


def _below_each_other(
    engine: Engine, opened: Sequence[_Opened], left_out: Sequence[str], *, reread: bool
) -> SourceTable:
    if reread:
        opened = [
            again for one in opened for again in (_open_text(engine, one.packed, True) if one.file.dialect else [one])
        ]
    headers = tuple(dict.fromkeys(header for one in opened for header in one.headers))
    parts = _one_type_a_column([_lay_out(one.table, one.headers, headers) for one in opened], headers)
    again = partial(_below_each_other, engine, opened, left_out, reread=True)
    try:
        top = _without_lines(parts).limit(_SAMPLE_ROWS).to_pyarrow()
    except UNEVEN_ROWS:
        if reread:
            raise
        return again()
    return SourceTable(tuple(one.file for one in opened), headers, tuple(parts), top, tuple(left_out), again)


def _stacked(tables: Sequence[ir.Table]) -> ir.Table:
    return reduce(lambda above, below: above.union(below), tables)


def _without_lines(parts: Sequence[ir.Table]) -> ir.Table:
    return _stacked([part.drop(LINE) if LINE in part.columns else part for part in parts])


def _open(engine: Engine, packed: Packed) -> list[_Opened]:
    if packed.kind == "parquet":
        return [_open_parquet(engine, packed)]
    if packed.kind == "workbook":
        return _open_workbook(engine, packed)
    return _open_text(engine, packed, row_by_row=False)


def _open_parquet(engine: Engine, packed: Packed) -> _Opened:
    file = parquet.opened(packed.path, packed.name)
    if file.metadata.num_rows == 0:
        raise _no_rows(packed.name)
    if parquet.is_plain(file):
        path = _plain_name(engine, packed.path, "parquet")
    else:
        path = parquet.write_flattened(file, packed.name, engine.folder / engine.new_name("parquet"))
    try:
        table = engine.backend.read_parquet(path)
        table.limit(_SAMPLE_ROWS).to_pyarrow().to_pylist()
    except (duckdb.Error, OverflowError, ValueError) as error:  # the latter two: days beyond the year 9999
        raise parquet.damaged(packed.name) from error
    placed = table.rename({f"c{place}": column for place, column in enumerate(table.columns, 1)})
    source = SourceFile(packed.name, None, file.metadata.num_rows, first_line=1)
    return _Opened(packed, source, unique(parquet.flat_names(file)), placed)


def _open_workbook(engine: Engine, packed: Packed) -> list[_Opened]:
    folder = engine.folder / engine.new_name("workbook")
    folder.mkdir()
    book = workbooks.read(packed.path, packed.name, folder)
    opened = []
    for sheet, found in book.tables:
        # Rows are told by file and number: where several sheets are read, the name has to tell them apart.
        name = packed.name if len(book.tables) == 1 else f"{packed.name} ({sheet})"
        table = engine.backend.read_parquet(found.path, table_name=engine.new_name("source"))
        headers = unique(found.headers) if found.headers else _places(len(table.columns) - 1)
        file = SourceFile(name, None, found.rows, found.first_line, sheet=sheet, has_header=bool(found.headers))
        opened.append(_Opened(packed, file, headers, table))
    opened[0] = replace(opened[0], left_out=book.left_out)
    return opened


def _open_text(engine: Engine, packed: Packed, row_by_row: bool) -> list[_Opened]:
    path, name = packed.path, packed.name
    dialect = dialects.detect(path, name)
    first = list(islice(dialects.read_rows(path, dialect), 2))
    if dialect.has_header:
        headers, rows = unique(first[0][1]), first[1:]
    else:
        headers, rows = [], first
    if not rows:
        raise _no_rows(name)
    if not headers:
        headers = _places(len(rows[0][1]))
    ragged = 0
    table = None if row_by_row else _read_fast(engine, path, dialect, len(headers), rows[0][0])
    if table is not None:
        count = _lines(dialect) - (rows[0][0] - 1)
    else:
        headers, table, ragged = _read_tolerant(engine, path, dialect, headers)
        count = table.count().to_pyarrow().as_py()
    file = SourceFile(name, dialect, count, rows[0][0], ragged, has_header=dialect.has_header)
    return [_Opened(packed, file, headers, table)]


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
        f"c{place}": table[places[header]] if header in places else ibis.null()
        for place, header in enumerate(headers, 1)
    }
    return table.select(**columns, **({LINE: table[LINE]} if LINE in table.columns else {}))


def _one_type_a_column(parts: Sequence[ir.Table], headers: Sequence[str]) -> list[ir.Table]:
    """Columns that differ in type from file to file get one, so that the files can stand below each other."""
    names = [f"c{place}" for place in range(1, len(headers) + 1)]
    targets = {name: _one_type([part[name].type() for part in parts]) for name in names}
    casts = [
        {name: part[name].cast(target) for name, target in targets.items() if part[name].type() != target}
        for part in parts
    ]
    return [part.mutate(**cast) if cast else part for part, cast in zip(parts, casts, strict=True)]


def _one_type(types: Sequence[dt.DataType]) -> dt.DataType:
    """What holds the values of all: numbers stay numbers and days stay days, else text. A missing column has no say."""
    kinds = {kind.copy(nullable=True) for kind in types if not kind.is_null()}
    if len(kinds) == 1:
        return next(iter(kinds))
    if kinds and all(kind.is_integer() for kind in kinds):
        return dt.int64
    if kinds and all(kind.is_numeric() for kind in kinds):
        return dt.float64
    if kinds and all(kind.is_date() or kind.is_timestamp() for kind in kinds):
        return dt.timestamp
    return dt.string
