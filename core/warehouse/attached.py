"""A DuckDB file: attached to the engine that works here anyway, to be read and not written."""

from __future__ import annotations

from pathlib import Path

import duckdb
import ibis.expr.types as ir
import sqlglot as sg
import sqlglot.expressions as sge

from core.engine import Engine
from core.errors import CannotConnectError
from core.warehouse.address import Address
from core.warehouse.connecting import Connection, no_such_table, single_values


class Attached(Connection):
    """A table of a DuckDB file. While it is attached, nobody else can write to the file."""

    why_brought = None

    def __init__(self, engine: Engine, address: Address) -> None:
        self.address = address
        self.backend = engine.backend
        self._name = engine.new_name("attached")
        file = Path(address.path[0])
        if not file.is_file():
            raise CannotConnectError(f"There is no file {file}.", hint="Check its name and where it lies.")
        place = sge.Literal.string(str(file)).sql("duckdb")
        try:
            self.backend.raw_sql(f"ATTACH {place} AS {self._name} (READ_ONLY)")
        except duckdb.Error as error:
            held = "lock" in str(error).lower()
            raise CannotConnectError(
                f"{file} cannot be opened as a DuckDB database.",
                hint="Another program holds it open for writing: close that one, or copy the file."
                if held
                else "Check that it is one, and that the DuckDB that wrote it is no newer than the one here.",
            ) from None

    def table(self) -> ir.Table:
        schema, _, rest = self.address.table.partition(".")
        for name, database in ((self.address.table, "main"), (rest, schema)):
            known = sg.select("table_name").from_(sge.table_("tables", db="information_schema")).where(
                *(
                    sg.column(column).eq(sge.Literal.string(value))
                    for column, value in (
                        ("table_catalog", self._name), ("table_schema", database), ("table_name", name)
                    )
                )
            )  # fmt: skip
            # DuckDB finds tables whatever the case of the letters; two engines should not differ in that.
            if name and self.backend.raw_sql(known.sql("duckdb")).fetchall():
                found: ir.Table = self.backend.table(name, database=(self._name, database))
                return found
        raise no_such_table(self.address)

    @property
    def plain(self) -> bool:
        """Whether each column can be worked on as it is."""
        table = self.table()
        return all(single_values(table[name]).equals(table[name]) for name in table.columns)

    def write(self, table: ir.Table, path: Path) -> None:
        """By DuckDB's own hand."""
        self.backend.to_parquet(table.select(**{name: single_values(table[name]) for name in table.columns}), path)

    def cancel(self) -> None:
        """Its questions are the engine's."""

    def close(self) -> None:
        """Others may write to the file again."""
        if self._name:
            self.backend.raw_sql(f"DETACH {self._name}")
            self._name = ""
