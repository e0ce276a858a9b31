"""Into a DuckDB file, which is made where it is missing: attached to the engine here for as long as it is written."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import duckdb
import pyarrow as pa
import sqlglot.expressions as sge

from core.engine import Engine, was_interrupted
from core.errors import CancelledError, CannotConnectError, NoAccessError, NoRoomError, OutOfMemoryError, UserError
from core.warehouse.address import Address
from core.warehouse.writing import AS_BEFORE, Filling, Standing


class IntoDuckDB(Filling):
    """By a session of its own beside that of the engine, whose rows may still be coming."""

    dialect = "duckdb"
    faults = duckdb.Error

    def __init__(self, engine: Engine, address: Address) -> None:
        super().__init__(address)
        # In full, since DuckDB takes ":memory:" and what looks like a URL for something else.
        self._file = Path(address.path[0]).absolute()
        if not self._file.parent.is_dir():
            raise CannotConnectError(f"There is no folder {self._file.parent}.", hint="Make it, or name another one.")
        self._is_new = not self._file.exists()
        self._is_done = False
        self._attached = engine.new_name("written")
        self._session = engine.backend.con.cursor()
        place = sge.Literal.string(str(self._file)).sql("duckdb")
        try:
            self._session.execute(f"ATTACH {place} AS {self._attached} (TYPE duckdb, READ_WRITE)")
        except duckdb.Error as error:
            self._session.close()
            raise self._not_opened(error) from None

    @property
    def catalog(self) -> str:
        return self._attached

    def prepare(self) -> None:
        self._session.execute("BEGIN")
        self.schema = self.schema or "main"
        place = sge.table_(self.schema, db=self._attached, quoted=True)
        self.run(sge.Create(this=place, kind="SCHEMA", exists=True))

    def standing(self) -> Standing | None:
        found = self._session.execute(
            "SELECT table_type = 'BASE TABLE' FROM information_schema.tables "
            "WHERE table_catalog = ? AND lower(table_schema) = lower(?) AND lower(table_name) = lower(?)",
            [self._attached, self.schema, self.name],
        ).fetchone()
        return None if found is None else Standing(is_table=found[0], is_ours=True)

    def run(self, statement: sge.Expr) -> None:
        self._session.execute(statement.sql("duckdb"))

    def put(self, batch: pa.RecordBatch, table: str) -> None:
        # DuckDB 2.0 keeps hold of what was registered: a batch has its rows, a reader that has given them has none.
        once = pa.RecordBatchReader.from_batches(batch.schema, [batch])
        self._session.register("elbow_room_rows", once)
        self._session.execute(f"INSERT INTO {table} FROM elbow_room_rows")
        self._session.unregister("elbow_room_rows")

    def commit(self) -> None:
        self._session.execute("COMMIT")
        self._is_done = True

    def close(self) -> None:
        try:
            # Neither can be asked of a database that has failed, and then both are done already.
            with suppress(duckdb.Error):
                if not self._is_done:
                    self._session.execute("ROLLBACK")
            with suppress(duckdb.Error):
                self._session.execute(f"DETACH {self._attached}")
        finally:
            self._session.close()
            if self._is_new and not self._is_done:
                for path in (self._file, self._file.with_name(f"{self._file.name}.wal")):
                    path.unlink(missing_ok=True)

    def in_words(self, error: Exception) -> UserError | None:
        text = str(error)
        if "No space left" in text or "ENOSPC" in text:
            return NoRoomError(f"There is no room on the disk for the {self.address}.", hint=f"Make some. {AS_BEFORE}")
        if isinstance(error, duckdb.OutOfMemoryException):
            return OutOfMemoryError(
                f"There is too little memory to write the {self.address}.",
                hint=f"Set ELBOW_ROOM_MEMORY_LIMIT to more, such as 4GB. {AS_BEFORE}",
            )
        if was_interrupted(error):
            return CancelledError(hint=AS_BEFORE)
        return None

    def _not_opened(self, error: duckdb.Error) -> UserError:
        text = str(error)
        if "Permission denied" in text or "Read-only file system" in text:
            return NoAccessError(f"{self._file} may not be written.", hint="Check whose it is, or name another file.")
        held = "lock" in text.lower() or "already attached" in text
        return CannotConnectError(
            f"{self._file} cannot be opened as a DuckDB database to write to.",
            hint="Another program holds it open: close that one, or name another file."
            if held
            else "Check that it is one, and that the DuckDB that wrote it is no newer than the one here.",
        )
