"""Into PostgreSQL, by COPY, in a session of its own."""

from __future__ import annotations

from contextlib import suppress

import pyarrow as pa
import pyarrow.compute as pc
import sqlglot.expressions as sge

from core.errors import (
    BadAddressError,
    ConnectionLostError,
    EngineError,
    NoAccessError,
    NoRoomError,
    NoSuchTableError,
    QueryTimeoutError,
    UserError,
)
from core.warehouse.address import Address
from core.warehouse.connecting import not_installed
from core.warehouse.postgres import is_lost, session
from core.warehouse.writing import AS_BEFORE, LONGEST_NAME, Filling, Standing

try:
    import psycopg
except ImportError:
    raise not_installed("postgres") from None

# Who waits to remove a table that others read keeps all who come after from reading it.
_PATIENCE = "60s"
_ESCAPES = (("\\", r"\\"), ("\t", r"\t"), ("\n", r"\n"), ("\r", r"\r"))


class IntoPostgres(Filling):
    """Readers of a table that is replaced see the old one until all rows of the new one are there."""

    dialect = "postgres"
    faults = psycopg.Error

    def __init__(self, address: Address) -> None:
        super().__init__(address)
        if len(self.name.encode()) > LONGEST_NAME:
            raise BadAddressError(
                f"PostgreSQL keeps {LONGEST_NAME} bytes of a table's name, and this one is longer.",
                hint="Name a shorter one.",
            )
        self._session = session(address, client_encoding="utf8")

    def prepare(self) -> None:
        self._session.autocommit = False
        self._session.execute("SELECT set_config('lock_timeout', %s, true)", (_PATIENCE,))
        if self.schema is None:
            [[self.schema]] = self._session.execute("SELECT current_schema()").fetchall()
        if self.schema is None:
            raise NoSuchTableError(
                f"There is no schema in which the {self.address} could be made.", hint="Name one: schema.table."
            )

    def standing(self) -> Standing | None:
        found = self._session.execute(
            "SELECT relkind IN ('r', 'p'), pg_catalog.pg_has_role(relowner, 'USAGE') FROM pg_catalog.pg_class "
            "WHERE relname = %s AND relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = %s)",
            (self.name, self.schema),
        ).fetchone()
        return None if found is None else Standing(*found)

    def run(self, statement: sge.Expr) -> None:
        self._session.execute(statement.sql("postgres"))

    def put(self, batch: pa.RecordBatch, table: str) -> None:
        with self._session.cursor().copy(f"COPY {table} FROM STDIN") as copy:
            copy.write(_lines(batch))

    def commit(self) -> None:
        self._session.commit()

    def close(self) -> None:
        with suppress(psycopg.Error):  # who has lost the connection is rolled back by the server
            self._session.rollback()
        self._session.close()

    def in_words(self, error: Exception) -> UserError | None:
        if not isinstance(error, psycopg.Error):
            return None
        state = error.sqlstate or ""
        if self._session.closed or is_lost(state):
            return ConnectionLostError(
                f"The {self.address}: the database went away while it was written.",
                hint=f"Try again once it runs. {AS_BEFORE}",
            )
        if state == "42P07":
            return self.exists()
        known = _WORDS.get(state) or _WORDS.get(state[:2])
        if known is None:
            return None
        kind, why, what_to_do = known
        return kind(f"The {self.address} {why}.", hint=f"{what_to_do} {AS_BEFORE}")


_WORDS: dict[str, tuple[type[EngineError], str, str]] = {
    "42501": (NoAccessError, "may not be written by this user", "Let whoever looks after the database grant CREATE on "
              "its schema."),
    "25006": (NoAccessError, "may not be written by this user, who may only read", "Connect as another one."),
    "3F000": (NoSuchTableError, "is in a schema that is not there", "Check its name, or make it first."),
    "57014": (QueryTimeoutError, "took longer to write than the database allows", "Let it allow more time."),
    "55P03": (EngineError, "is being read by others, who did not let go of it within a minute", "Try again later."),
    "2BP01": (EngineError, "cannot be replaced, since views or other tables rest on it", "Name another one."),
    "53": (NoRoomError, "does not fit: the database has not got the room for it", "Make some."),
    "22": (EngineError, "takes no text with a character that the database cannot store, and one of the rows has it",
           "Look for control characters in the columns of contacts."),
}  # fmt: skip
"""By SQLSTATE or its class: the error, what was found, and what to do."""


def _lines(batch: pa.RecordBatch) -> str:
    """Rows as COPY takes them."""
    cells = []
    for column in batch.columns:
        text = pc.cast(column, pa.large_string())
        if pa.types.is_string(column.type):
            for sign, written in _ESCAPES:
                text = pc.replace_substring(text, sign, written)
        cells.append(pc.fill_null(text, r"\N"))
    lines = pc.binary_join_element_wise(*cells, pa.scalar("\t", pa.large_string()))
    return "".join(f"{line}\n" for line in lines.to_pylist())
