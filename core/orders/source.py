"""What was given, as one table: text for text files, typed columns for Parquet and for workbooks that have them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial, reduce
from pathlib import Path

import duckdb
import ibis
import ibis.expr.types as ir
import pyarrow as pa

from core.engine import Engine
from core.errors import EmptyFileError, NotATableError, UnreadableFileError, UserError, listed
from core.orders import archives, parquet, tables, text, workbooks
from core.orders.aligning import lay_out, one_type_a_column
from core.orders.archives import Packed
from core.orders.folders import expanded
from core.orders.layout import order_roles
from core.orders.source_file import SourceFile
from core.orders.text import plain_name, unique
from core.warehouse.address import Address
from core.warehouse.attached import Attached
from core.warehouse.connecting import PLAIN, Connection, Terms, changed

FILE = "file_number"
LINE = "line_number"
Stage = Callable[[ir.Table], dict[str, ir.Value]]
"""What becomes of each row: columns by name, each an expression of the row alone."""

MOST_KEPT = 2_000_000
"""Rows of typed columns that are kept once judged. More take longer to write and read than to judge again."""

_SAMPLE_ROWS = 1_000
_ENOUGH_ROLES = 3  # a customer, a day and an amount


class RowsLostError(Exception):
    """The fast reader gave fewer rows than there are: some too short and some too long had made up for each other."""


UNEVEN_ROWS = (RowsLostError, duckdb.InvalidInputException)
"""What comes of such a file when all of it is read; then it has to be reread."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What can be done about rows that stay in a database of their own. They have no numbers there."""

    require_unchanged: Callable[[], None]  # raises TableChangedError where they are not those that were counted
    bring: Callable[[str], SourceTable]  # the same rows here, with the reason in words


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
    notes: tuple[str, ...] = ()  # where the work is done, and why there
    elsewhere: Elsewhere | None = None  # where the rows stay in a database of their own

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
        return _without_lines(self.parts)

    @property
    def read_again(self) -> bool:
        """Whether judged rows are read again from where somebody may have written to them meanwhile."""
        return self.elsewhere is not None or any(file.rows > MOST_KEPT for file in self.files)

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
        if self.elsewhere is not None:
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
        return _stacked(tables)

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

    def sample(self, most: int = _SAMPLE_ROWS) -> dict[str, list[object]]:
        """The first values under each header, at most 1,000, for telling what a column holds; blanks are None."""
        rows = self.top.slice(0, most)
        return {header: rows.column(place).to_pylist() for place, header in enumerate(self.headers)}


@dataclass(frozen=True, slots=True, eq=False)
class _Opened:
    """One table, before it stands below the others."""

    packed: Packed | None  # None for a table of a database
    file: SourceFile
    headers: list[str]
    table: ir.Table  # c1..cn, and LINE where rows are not one line each
    left_out: tuple[str, ...] = ()
    note: str = ""  # where the work is done


def open_sources(
    engine: Engine, sources: Sequence[Path | Address], names: Sequence[str] | None = None, terms: Terms = PLAIN
) -> SourceTable:
    """The files as one table; those packed in archives and the sheets of workbooks are files of their own.

    Parameters
    ----------
    sources : files, folders and patterns of them, tables of databases
    names : what to call the files for people, where the paths say nothing (an upload's scratch copy)
    terms : on which databases are asked

    Raises
    ------
    UnreadableFileError, NotATableError, EmptyFileError, EngineError
    """
    opened, left_out = [], []
    if len(sources) == 1 and isinstance(sources[0], Address) and not terms.bring:
        connection = tables.connected(engine, sources[0], terms)
        if connection.why_brought is None and not isinstance(connection, Attached):
            return _open_elsewhere(engine, connection)
        opened.append(_open_table(engine, connection))
        sources = []
    for source, name in zip(sources, names or (None,) * len(sources), strict=True):
        if isinstance(source, Address):
            opened.append(_open_table(engine, tables.connected(engine, source, terms), bring=terms.bring))
            continue
        found, passed_over = _open_path(engine, source, name)
        opened += found
        left_out += passed_over
    left_out += [f"{one.file.name}: {what}" for one in opened for what in one.left_out]
    return _below_each_other(engine, opened, left_out, reread=False)


def _open_path(engine: Engine, source: Path, name: str | None) -> tuple[list[_Opened], list[str]]:
    """The tables in a file, a folder or a pattern of files, and what was passed over."""
    files = expanded(source)
    alike = parquet.alike(files)
    if alike is not None:
        return [_open_together(engine, files, alike, str(source))], []
    opened: list[_Opened] = []
    left_out: list[str] = []
    for file in files:
        called = name or (file.name if file.parent == source.parent else str(file))
        unpacked = archives.unpack(file, called, lambda: engine.folder / engine.new_name("unpacked"))
        found, passed_over = _open_all(engine, unpacked.files)
        opened += found
        left_out += [f"{called}: {what}" for what in (*unpacked.left_out, *passed_over)]
    return opened, left_out


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
            again
            for one in opened
            for again in (_open_text(engine, one.packed, True) if one.packed and one.file.dialect else [one])
        ]
    headers = tuple(dict.fromkeys(header for one in opened for header in one.headers))
    parts = one_type_a_column([lay_out(one.table, one.headers, headers, LINE) for one in opened], headers)
    again = partial(_below_each_other, engine, opened, left_out, reread=True)
    try:
        # Of each file its first rows: the files may differ in how they are written.
        top = _without_lines([part.limit(-(-_SAMPLE_ROWS // len(parts))) for part in parts]).to_pyarrow()
    except UNEVEN_ROWS:
        if reread:
            raise
        return again()
    notes = tuple(one.note for one in opened if one.note)
    return SourceTable(tuple(one.file for one in opened), headers, tuple(parts), top, tuple(left_out), again, notes)


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
        path = plain_name(engine, packed.path, "parquet")
    else:
        path = parquet.write_flattened(file, packed.name, engine.folder / engine.new_name("parquet"))
    source = SourceFile(packed.name, None, file.metadata.num_rows, first_line=1)
    table = parquet.numbered(engine, [path], [source.rows], packed.name, LINE)
    return _Opened(packed, source, unique(parquet.flat_names(file)), table)


def _open_together(engine: Engine, paths: Sequence[Path], rows: Sequence[int], name: str) -> _Opened:
    """Parquet files of the same columns as one table, read where they lie."""
    if sum(rows) == 0:
        raise _no_rows(name)
    links = [plain_name(engine, path, "parquet") for path in paths]
    headers = parquet.flat_names(parquet.opened(paths[0], name))
    table = parquet.numbered(engine, links, rows, name, LINE)
    members = tuple((path.name, count) for path, count in zip(paths, rows, strict=True))
    source = SourceFile(f"{name} ({len(paths)} files)", None, sum(rows), first_line=1, members=members)
    return _Opened(None, source, unique(headers), table)


def _open_elsewhere(engine: Engine, connection: Connection) -> SourceTable:
    """A table of a database, for the work to be done there."""
    table = connection.table()
    standing = tables.standing(connection, table)
    name = str(connection.address)
    file = SourceFile(name, None, standing.rows, first_line=1, engine=connection.address.engine)

    def bring(why: str) -> SourceTable:
        return _below_each_other(engine, [_open_table(engine, connection, why)], [], reread=False)

    def unchanged() -> None:
        tables.require_unchanged(connection, table, standing)

    part = tables.placed(table)
    found = SourceTable(
        (file,),
        tuple(unique(list(table.columns))),
        (part,),
        part.limit(_SAMPLE_ROWS).to_pyarrow(),
        (),
        lambda: found,
        (f"{name}: the work is done there, and only customers and rows set aside come here.",),
        Elsewhere(unchanged, bring),
    )
    return found


def _open_table(engine: Engine, connection: Connection, why: str | None = None, *, bring: bool = False) -> _Opened:
    """A table of a database: as it stands where the engine here reads it anyway, else brought here."""
    if isinstance(connection, Attached) and connection.plain and not bring:
        attached, how = connection.table(), "read where it lies"
        rows = attached.count().to_pyarrow().as_py()
        if rows == 0:
            raise tables.no_rows(connection.address)
        headers, table = list(attached.columns), tables.placed(attached)
    else:
        path = tables.brought(engine, connection)
        file = parquet.opened(path, str(connection.address))
        rows, headers = file.metadata.num_rows, parquet.flat_names(file)
        table = parquet.numbered(engine, [path], [rows], str(connection.address), LINE)
        why = why or connection.why_brought
        how = f"all rows were brought here, since {why}" if why else "all rows were brought here"
    name = str(connection.address)
    source = SourceFile(name, None, rows, first_line=1, engine=connection.address.engine)
    return _Opened(None, source, unique(headers), table, note=f"{name}: {how}.")


def _open_workbook(engine: Engine, packed: Packed) -> list[_Opened]:
    folder = engine.folder / engine.new_name("workbook")
    folder.mkdir()
    book = workbooks.read(packed.path, packed.name, folder)
    opened = []
    for sheet, found in book.tables:
        # Rows are told by file and number: where several sheets are read, the name has to tell them apart.
        name = packed.name if len(book.tables) == 1 else f"{packed.name} ({sheet})"
        table = engine.backend.read_parquet(found.path, table_name=engine.new_name("source"))
        headers = unique(found.headers) if found.headers else [str(place) for place in range(1, len(table.columns))]
        file = SourceFile(name, None, found.rows, found.first_line, sheet=sheet, has_header=bool(found.headers))
        opened.append(_Opened(packed, file, headers, table))
    opened[0] = replace(opened[0], left_out=book.left_out)
    return opened


def _open_text(engine: Engine, packed: Packed, row_by_row: bool) -> list[_Opened]:
    found = text.open_table(engine, packed.path, packed.name, LINE, row_by_row=row_by_row)
    dialect = found.dialect
    file = SourceFile(
        packed.name,
        dialect,
        found.rows,
        found.first_line,
        found.ragged_rows,
        found.ragged_lines,
        has_header=dialect.has_header,
        plain=found.plain,
    )
    return [_Opened(packed, file, found.headers, found.table, found.left_out)]


def _no_rows(name: str) -> EmptyFileError:
    return EmptyFileError(
        f"{name} has a header but no rows under it.", hint="Export the orders again for a period that has some."
    )
