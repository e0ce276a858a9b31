"""PostgreSQL: one read-only snapshot, in which work can stay."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.types as ir
import pyarrow as pa
import sqlglot as sg
import sqlglot.expressions as sge

from core.errors import (
    CancelledError,
    CannotConnectError,
    ConnectionLostError,
    EngineError,
    NoAccessError,
    NoSuchTableError,
    QueryTimeoutError,
    TableChangedError,
    UserError,
    WrongPasswordError,
)
from core.warehouse.address import Address
from core.warehouse.connecting import BATCH_ROWS, Connection, Estimate, Terms, cannot_connect, named, not_installed
from core.warehouse.faults import NotDoneThereError, Speaking

try:
    import psycopg
    from ibis.backends.postgres import Backend
except ImportError:
    raise not_installed("postgres") from None

_CONNECT_SECONDS = 10
_OUR_NAME = "elbow-room"
_COLLATIONS = ("pg_c_utf8", "C.utf8", "C.UTF-8")


class _Database(Speaking, Backend):  # type: ignore[misc]  # Ibis is not typed
    """Ibis's Postgres, whose errors are told in words."""

    address: Address
    cancelled: bool = False

    def in_words(self, error: Exception) -> UserError | None:
        if not isinstance(error, psycopg.Error):
            return None
        if self.cancelled and isinstance(error, psycopg.errors.QueryCanceled):
            return CancelledError()
        return _in_words(error, self.address, lost=self.con.closed)

    def to_pyarrow_batches(
        self, expr: ir.Expr, /, *, params: Any = None, limit: Any = None, chunk_size: int = BATCH_ROWS, **_: Any
    ) -> pa.RecordBatchReader:
        """As Ibis does, but with the cursor within the step: after an error Ibis closes one that is gone already."""
        schema = expr.as_table().schema()
        query = self.compile(expr, limit=limit, params=params)

        def batches() -> Iterator[pa.RecordBatch]:
            kind = schema.as_struct().to_pyarrow()
            with self.speaking(), self.con.transaction(), self.con.cursor(name="elbow_room") as cursor:
                cursor.execute(query)
                while rows := cursor.fetchmany(chunk_size):
                    yield pa.RecordBatch.from_struct_array(pa.array(rows, type=kind))

        return pa.RecordBatchReader.from_batches(schema.to_pyarrow(), batches())

    def apart(self, rows: ir.Table) -> ir.Table:
        """Behind OFFSET 0, which Postgres does not look through.

        Else it puts an expression in all places that name it: those of four steps grew so that summing 78,000 rows took
        90 seconds.
        """
        with self.speaking():
            query = f'SELECT * FROM ({self.compile(rows)}) AS "step" OFFSET 0'
            return ops.SQLQueryResult(query, rows.schema(), self).to_expr()


class Postgres(Connection):
    """A table of PostgreSQL, or of what speaks like it.

    All questions see the table as it was at the first one (REPEATABLE READ), and none may write.
    """

    snapshot = True

    def __init__(self, address: Address, terms: Terms) -> None:
        self.address = address
        self._session = session(address)
        try:
            self._set_up(terms)
        except psycopg.Error as error:
            self._session.close()
            raise (_in_words(error, address, lost=False) or cannot_connect(address, error)) from None

    def _set_up(self, terms: Terms) -> None:
        # Compiling a question takes longer than answering it: each is asked once.
        settings = {"default_transaction_read_only": "on", "jit": "off"}
        if terms.timeout_seconds is not None:
            settings["statement_timeout"] = f"{terms.timeout_seconds}s"
        for name, value in settings.items():
            self._session.execute("SELECT set_config(%(name)s, %(value)s, false)", {"name": name, "value": value})
        self._collation = self._by_code_points()
        self.why_brought = None if self._collation else "its database compares text by the rules of a language only"
        self.backend = _Database.from_connection(self._session)
        self.backend.address = self.address
        self._session.autocommit = False
        self._session.read_only = True
        self._session.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        # Begins the transaction. Ibis would else begin and end one for each question, each with a view of its own.
        self._session.execute("SELECT 1")

    def _by_code_points(self) -> str | None:
        """A collation that compares text as all other engines do, character by character, and knows all capitals."""
        for name in _COLLATIONS:
            there = self._session.execute(
                "SELECT 1 FROM pg_catalog.pg_collation WHERE collname = %s", (name,)
            ).fetchone()
            if there is None:
                continue
            text = sge.Collate(this=sg.column("text"), expression=sg.to_identifier(name, quoted=True)).sql("postgres")
            try:
                known = self._session.execute(
                    f"SELECT lower({text}) = 'äb' AND {text} ~* '^äb$' AND {text} > 'Z' "
                    "FROM (VALUES ('ÄB')) AS given(text)"
                ).fetchone()
            except psycopg.Error:  # it is not for the encoding of this database
                continue
            if known == (True,):
                return name
        return None

    def table(self) -> ir.Table:
        with self.backend.speaking():
            found = named(self.backend, self.address, self.address.table)
            place = found.op()
            table = sge.table_(place.name, db=place.namespace.database, quoted=True)
            whole = self._whole(table, [name for name, kind in found.schema().items() if _has_no_scale(kind)])
        columns = {
            name: _single_value(name, dt.Decimal(38, 0) if name in whole else kind, self._collation or "C")
            for name, kind in found.schema().items()
        }
        query = sg.select(*(column for column, _ in columns.values())).from_(table)
        schema = ibis.schema({name: kind for name, (_, kind) in columns.items()})
        # Not `backend.sql`, which makes a view to learn the types: nothing may be made here.
        return ops.SQLQueryResult(query.sql("postgres"), schema, self.backend).to_expr()

    def _whole(self, table: sge.Expr, names: Sequence[str]) -> set[str]:
        """Of columns of numbers without a scale those of whole numbers alone: ids, whose digits all count."""
        if not names:
            return set()
        columns = {name: sge.column(name, quoted=True) for name in names}
        tests = [
            sg.func("bool_and", column.eq(sg.func("floor", column)).and_(sge.Abs(this=column.copy()) < 10**37))
            for column in columns.values()
        ]
        [told] = self._session.execute(sg.select(*tests).from_(table).sql("postgres")).fetchall()
        return {name for name, whole in zip(names, told, strict=True) if whole}

    def estimate(self, table: ir.Table) -> Estimate:
        """As Postgres reckons before it reads, from its statistics."""
        with self.backend.speaking():
            [[[plan]]] = self._session.execute(f"EXPLAIN (FORMAT JSON) {self.backend.compile(table)}").fetchall()
        return Estimate(int(plan["Plan"]["Plan Rows"]), exact=False, cost=float(plan["Plan"]["Total Cost"]))

    def cancel(self) -> None:
        self.backend.cancelled = True
        self._session.cancel_safe(timeout=_CONNECT_SECONDS)

    def close(self) -> None:
        self._session.close()


def session(address: Address, **more: str) -> psycopg.Connection:
    """A connection that nothing is settled for yet.

    Parameters
    ----------
    more : settings of libpq that the address does not have a say in
    """
    try:
        return psycopg.connect(
            host=address.host,
            port=address.port,
            user=address.user,
            password=address.password,
            dbname=address.path[0] if address.path else None,
            autocommit=True,
            **{"connect_timeout": _CONNECT_SECONDS, "application_name": _OUR_NAME, **address.options, **more},
        )
    except psycopg.Error as error:
        raise _refused(error, address) from None


def _has_no_scale(kind: dt.DataType) -> bool:
    return bool(kind.is_decimal() and kind.precision is None)


def _single_value(name: str, kind: dt.DataType, collation: str) -> tuple[sge.Expr, dt.DataType]:
    """A column as it can be brought, and its type. Text is compared by its characters alone."""
    column: sge.Expr = sg.column(name, quoted=True)
    if kind.is_timestamp() and kind.timezone is not None:
        column = sge.AtTimeZone(this=column, zone=sge.Literal.string("UTC"))
        kind = dt.timestamp
    elif not (kind.is_boolean() or kind.is_numeric() or kind.is_date() or kind.is_timestamp()):
        column = sge.cast(column, "text")
        column = sge.Collate(this=column, expression=sg.to_identifier(collation, quoted=True))
        kind = dt.string
    elif kind == dt.Decimal(38, 0):
        column = sge.cast(column, "decimal(38, 0)")
    elif _has_no_scale(kind):
        column = sge.cast(column, "double")
        kind = dt.float64
    return sge.alias_(column, name, quoted=True), kind


def _refused(error: psycopg.Error, address: Address) -> EngineError:
    """Why there is no connection. The driver says it in the server's language and names the user."""
    said = str(error).lower()
    if "password" in said or "authentication" in said or "role" in said or error.sqlstate in {"28P01", "28000"}:
        return WrongPasswordError(
            f"{address.engine} at {address.server} lets nobody in by this name and password.",
            hint="Give the password in ELBOW_ROOM_PASSWORD or in .streamlit/secrets.toml, and check the user's name.",
        )
    if address.path and "database" in said and "exist" in said:
        return CannotConnectError(
            f"There is no database {address.path[0]!r} at {address.server}.",
            hint="The address is postgres://user@host:port/database/table.",
        )
    return CannotConnectError(
        f"No connection to {address.engine} at {address.server}.",
        hint="Check the host and the port, and whether the database is running and lets this machine in.",
    )


def is_lost(state: str) -> bool:
    """Whether a SQLSTATE says that the server is gone, or is going."""
    return state.startswith("08") or state in {"57P01", "57P02", "57P03", "57P05"}


def _in_words(error: psycopg.Error, address: Address, *, lost: bool) -> UserError | None:
    state = error.sqlstate or ""
    if lost or is_lost(state):
        return ConnectionLostError(
            f"{address}: the database went away in the middle of a question.",
            hint="Try again once it runs. Nothing was written.",
        )
    if state == "57014":
        return QueryTimeoutError(
            f"{address}: a question took longer than is allowed.",
            hint="Allow more time (--timeout), or ask for a smaller table.",
        )
    if state == "42501":
        return NoAccessError(
            f"{address} may not be read by this user.", hint="Let whoever looks after the database grant SELECT on it."
        )
    if state == "42P01":
        return NoSuchTableError(f"There is no {address}.", hint="Check the name, capitals included, and its schema.")
    if state == "42703":
        return TableChangedError(f"{address} has lost a column in the meantime.", hint="Start again.")
    if state in {"53100", "53200", "53300", "54000"}:
        return EngineError(
            f"{address}: the database has not got the room for this question.",
            hint="Try again later, or ask for a smaller table.",
        )
    if state[:2] in {"0A", "22", "42"}:
        return NotDoneThereError(
            f"{address}: the database takes a question otherwise than meant ({type(error).__name__}).",
            hint="Export the orders as Parquet or CSV and use that file.",
        )
    return None
