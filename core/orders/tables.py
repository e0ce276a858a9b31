"""Tables of databases: brought here as Parquet, a batch at a time, or left where they are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import ibis.expr.types as ir

from core.engine import Engine
from core.errors import EmptyFileError
from core.orders import parquet, values
from core.warehouse.address import Address
from core.warehouse.connecting import PLAIN, Connection, Estimate, Terms, changed, connect
from core.warehouse.secrets import with_password


def connected(engine: Engine, address: Address, terms: Terms = PLAIN) -> Connection:
    """The table at an address, open until the engine is closed.

    Raises
    ------
    EngineError, UnusableSettingError
    """
    if address.engine == "duckdb":
        from core.warehouse.attached import Attached

        attached = Attached(engine, address)
        engine.take_along(attached.close, attached.cancel)
        return attached
    connection = connect(with_password(address), terms)
    engine.take_along(connection.close, connection.cancel)
    return connection


def brought(engine: Engine, connection: Connection) -> Path:
    """All rows of a table as a Parquet file in the engine's folder, a batch in memory at a time.

    All columns come along: which of them plays a role is told from what they hold, and rows that are set aside are
    shown as they were.

    Raises
    ------
    EngineError, EmptyFileError
    """
    path = engine.folder / engine.new_name("brought")
    connection.write(connection.table(), path)
    name = str(connection.address)
    file = parquet.opened(path, name)
    if file.metadata.num_rows == 0:
        raise no_rows(connection.address)
    if parquet.is_plain(file):
        return path
    flat = parquet.write_flattened(file, name, engine.folder / engine.new_name("brought"))
    path.unlink()
    return flat


@dataclass(frozen=True, slots=True)
class Glance:
    """A table before anything heavy is asked of it."""

    address: Address
    estimate: Estimate
    columns: tuple[str, ...]


def glance(address: Address, terms: Terms = PLAIN) -> Glance:
    """What a table holds and how much of it there is. The connection is closed again.

    Raises
    ------
    EngineError, UnusableSettingError
    """
    with Engine() as engine:
        connection = connected(engine, address, terms)
        table = connection.table()
        return Glance(address, connection.estimate(table), tuple(table.columns))


@dataclass(frozen=True, slots=True)
class Standing:
    """What tells whether a table has changed."""

    rows: int
    sums: tuple[object, ...]  # of each column of numbers, exact to a millionth; the last day of each column of days


def standing(connection: Connection, table: ir.Table) -> Standing:
    """How a table stands, by its rows, numbers and days; within a snapshot, where nothing changes, by its rows alone.

    Raises
    ------
    EngineError, EmptyFileError
    """
    asked: dict[str, ir.Value] = {"rows": table.count()}
    for place, name in enumerate(table.columns if not connection.snapshot else ()):
        kind = table[name].type()
        if kind.is_date() or kind.is_timestamp():
            asked[f"sum_{place}"] = table[name].max()
        elif kind.is_numeric() and not kind.is_boolean():
            asked[f"sum_{place}"] = values.finite(table[name].cast("float64")).cast("decimal(38, 6)").sum()
    rows, *sums = table.aggregate(**asked).to_pyarrow().to_pylist()[0].values()
    if rows == 0:
        raise no_rows(connection.address)
    return Standing(rows, tuple(sums))


def require_unchanged(connection: Connection, table: ir.Table, before: Standing) -> None:
    """Make sure that what was worked out in several steps was of one and the same table.

    Raises
    ------
    TableChangedError
    """
    if not connection.snapshot and standing(connection, table) != before:
        raise changed(connection.address)


def no_rows(address: Address) -> EmptyFileError:
    """What to say of a table with nothing in it."""
    return EmptyFileError(f"{address} has no rows.", hint="Name a table that has some.")


def placed(table: ir.Table) -> ir.Table:
    """A table whose columns are called c1..cn: names from databases never become identifiers of ours."""
    return table.select(**{f"c{place}": table[column] for place, column in enumerate(table.columns, 1)})
