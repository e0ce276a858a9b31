"""What was given, as one table: text for text files, typed columns for Parquet and for workbooks that have them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import ibis.expr.types as ir

from core.engine import Engine
from core.errors import EmptyFileError, NotATableError, UnreadableFileError, UserError, listed
from core.orders import archives, parquet, tables, text, workbooks
from core.orders.aligning import lay_out, one_type_a_column
from core.orders.archives import Packed
from core.orders.folders import expanded
from core.orders.layout import order_roles
from core.orders.source_file import SourceFile
from core.orders.source_table import LINE, SAMPLE_ROWS, UNEVEN_ROWS, SourceTable, unchanged_files, without_lines
from core.orders.text import plain_name, unique
from core.warehouse.address import Address
from core.warehouse.attached import Attached
from core.warehouse.connecting import PLAIN, Connection, Terms

_ENOUGH_ROLES = 3  # a customer, a day and an amount


@dataclass(frozen=True, slots=True, eq=False)
class _Opened:
    """One table, before it stands below the others."""

    packed: Packed | None  # None for a table of a database
    file: SourceFile
    headers: list[str]
    table: ir.Table  # c1..cn, and LINE where rows are not one line each
    left_out: tuple[str, ...] = ()
    note: str = ""  # where the work is done
    check: Callable[[], None] | None = None  # raises TableChangedError where what is read again has changed


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
        top = without_lines([part.limit(-(-SAMPLE_ROWS // len(parts))) for part in parts]).to_pyarrow()
    except UNEVEN_ROWS:
        if reread:
            raise
        return again()
    notes = tuple(one.note for one in opened if one.note)
    checks = tuple(one.check for one in opened if one.check is not None)
    files = tuple(one.file for one in opened)
    return SourceTable(files, headers, tuple(parts), top, tuple(left_out), again, notes, checks)


def _open(engine: Engine, packed: Packed) -> list[_Opened]:
    if packed.kind == "parquet":
        return [_open_parquet(engine, packed)]
    if packed.kind == "workbook":
        return _open_workbook(engine, packed)
    return _open_text(engine, packed, row_by_row=False)


def _open_parquet(engine: Engine, packed: Packed) -> _Opened:
    check = unchanged_files([packed.path], packed.name)
    file = parquet.opened(packed.path, packed.name)
    if file.metadata.num_rows == 0:
        raise _no_rows(packed.name)
    if parquet.is_plain(file):
        path = plain_name(engine, packed.path, "parquet")
    else:
        path = parquet.write_flattened(file, packed.name, engine.folder / engine.new_name("parquet"))
    source = SourceFile(packed.name, None, file.metadata.num_rows, first_line=1)
    table = parquet.numbered(engine, [path], [source.rows], packed.name, LINE)
    return _Opened(packed, source, unique(parquet.flat_names(file)), table, check=check)


def _open_together(engine: Engine, paths: Sequence[Path], rows: Sequence[int], name: str) -> _Opened:
    """Parquet files of the same columns as one table, read where they lie."""
    if sum(rows) == 0:
        raise _no_rows(name)
    check = unchanged_files(paths, name)
    links = [plain_name(engine, path, "parquet") for path in paths]
    headers = parquet.flat_names(parquet.opened(paths[0], name))
    table = parquet.numbered(engine, links, rows, name, LINE)
    members = tuple((path.name, count) for path, count in zip(paths, rows, strict=True))
    source = SourceFile(f"{name} ({len(paths)} files)", None, sum(rows), first_line=1, members=members)
    return _Opened(None, source, unique(headers), table, check=check)


def _open_elsewhere(engine: Engine, connection: Connection) -> SourceTable:
    """A table of a database, for the work to be done there."""
    table = connection.table()
    standing = tables.standing(connection, table)
    name = str(connection.address)
    file = SourceFile(name, None, standing.rows, first_line=1, engine=connection.address.engine)

    def bring(why: str) -> SourceTable:
        return _below_each_other(engine, [_open_table(engine, connection, why)], [], reread=False)

    part = tables.placed(table)
    found = SourceTable(
        (file,),
        tuple(unique(list(table.columns))),
        (part,),
        part.limit(SAMPLE_ROWS).to_pyarrow(),
        (),
        lambda: found,
        (f"{name}: the work is done there, and only customers and rows set aside come here.",),
        (partial(tables.require_unchanged, connection, table, standing),),
        bring,
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
    check = unchanged_files([packed.path], packed.name)
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
    return [_Opened(packed, file, found.headers, found.table, found.left_out, check=check)]


def _no_rows(name: str) -> EmptyFileError:
    return EmptyFileError(
        f"{name} has a header but no rows under it.", hint="Export the orders again for a period that has some."
    )
