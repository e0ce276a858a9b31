"""Tables of databases: brought here as Parquet, a batch at a time, or left where they are."""

from __future__ import annotations

from pathlib import Path

import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from core.engine import Engine
from core.errors import EmptyFileError
from core.warehouse.address import Address
from core.warehouse.connecting import Connection, Terms, connect
from core.warehouse.secrets import with_password


def connected(engine: Engine, address: Address, terms: Terms | None = None) -> Connection:
    """The table at an address, open until the engine is closed.

    Raises
    ------
    EngineError, UnusableSettingError
    """
    if address.engine == "duckdb":
        from core.warehouse.attached import Attached

        return Attached(engine, address)
    connection = connect(with_password(address), terms)
    engine.on_close(connection.close)
    return connection


def brought(engine: Engine, connection: Connection) -> Path:
    """All rows of a table as a Parquet file in the engine's folder, a batch in memory at a time.

    All columns come along: which of them plays a role is told from what they hold, and rows that are set aside are
    shown as they were.

    Raises
    ------
    EngineError, EmptyFileError
    """
    table = connection.table()
    path = engine.folder / engine.new_name("brought")
    schema = table.schema().to_pyarrow()
    rows = 0
    with pq.ParquetWriter(path, schema) as writer:
        for batch in connection.batches(table):
            writer.write_table(pa.Table.from_batches([batch]).cast(schema))
            rows += batch.num_rows
    if rows == 0:
        raise no_rows(connection.address)
    return path


def no_rows(address: Address) -> EmptyFileError:
    """What to say of a table with nothing in it."""
    return EmptyFileError(f"{address} has no rows.", hint="Name a table that has some.")


def placed(table: ir.Table) -> ir.Table:
    """A table whose columns are called c1..cn: names from databases never become identifiers of ours."""
    return table.select(**{f"c{place}": table[column] for place, column in enumerate(table.columns, 1)})
