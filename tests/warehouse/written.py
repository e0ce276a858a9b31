"""Tables that tests write, in a DuckDB file or in the server."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import duckdb
import pyarrow as pa

from core.engine import Engine
from core.exports.rows import pass_on
from core.warehouse.address import address
from core.warehouse.writing import Target
from tests.warehouse.conftest import PASSWORD, Postgres


class Duck:
    """A DuckDB file that can be asked like the server."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def run(self, sql: str) -> list[tuple]:  # type: ignore[type-arg]
        with duckdb.connect(str(self.file)) as database:
            return database.execute(sql).fetchall()

    def url(self, table: str) -> str:
        return f"duckdb://{self.file}/{table}"


def target(database: Duck | Postgres, table: str, *, replace: bool = False, user: str = "writer") -> Target:
    url = (
        database.url(quote(table, safe="")) if isinstance(database, Duck) else database.url(quote(table, safe=""), user)
    )
    return Target(address(url).with_password(PASSWORD), replace=replace)


def fill(engine: Engine, wanted: Target, rows: pa.RecordBatchReader) -> int:
    wanted.check(engine)
    return pass_on(rows, wanted.filled(engine, rows.schema))


def tables(database: Duck | Postgres) -> list[str]:
    where = "table_catalog = current_database()" if isinstance(database, Duck) else "table_schema = 'marketing'"
    found = database.run(f"SELECT table_name FROM information_schema.tables WHERE {where} ORDER BY 1")
    return [name for (name,) in found]
