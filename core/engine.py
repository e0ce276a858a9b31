"""The local database in which one person's order lines are read and summed."""

from __future__ import annotations

import ctypes
import gc
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq
import sqlglot.expressions as sge
from ibis.backends.duckdb import Backend

from core.errors import (
    CancelledError,
    NoRoomError,
    OutOfMemoryError,
    TableChangedError,
    UnusableSettingError,
    UserError,
)
from core.warehouse.faults import Speaking

_AT_REST = "64MB"
_BATCH_ROWS = 65_536

# Where a question is told in steps, they stay apart: put together they repeat what they share, and take Ibis a fifth
# longer to write.
ibis.options.sql.fuse_selects = False


@dataclass(frozen=True, slots=True)
class Limits:
    """How much an engine may take of its machine. None leaves it to DuckDB, or to the system."""

    memory: str | None = None  # what DuckDB may hold before it spills, such as "4GB"
    folder: Path | None = None  # in which each engine makes its own
    spill: str | None = None  # how much may lie in there of what was spilled

    @classmethod
    def from_environment(cls, given: Mapping[str, str] = os.environ) -> Limits:
        """As whoever runs this wants it: ELBOW_ROOM_MEMORY_LIMIT, ELBOW_ROOM_SPILL_DIR, ELBOW_ROOM_SPILL_LIMIT.

        Without a word, 1 GB of memory for one person's order lines; what is beyond spills to disk.
        """
        folder = given.get("ELBOW_ROOM_SPILL_DIR")
        return cls(
            given.get("ELBOW_ROOM_MEMORY_LIMIT") or "1GB",
            Path(folder) if folder else None,
            given.get("ELBOW_ROOM_SPILL_LIMIT") or None,
        )


class _Database(Speaking, Backend):  # type: ignore[misc]  # Ibis is not typed
    """DuckDB, which says in words when it has too little memory or disk."""

    def in_words(self, error: Exception) -> UserError | None:
        text = str(error)
        if "max_temp_directory_size" in text or "No space left" in text or "ENOSPC" in text:
            return NoRoomError(
                "The disk, or the part of it that may be used, is full: the rows do not fit there.",
                hint="Make room, or set ELBOW_ROOM_SPILL_DIR to a folder on a larger disk (and ELBOW_ROOM_SPILL_LIMIT "
                "to what may be used of it).",
            )
        if isinstance(error, duckdb.OutOfMemoryException | MemoryError):
            return OutOfMemoryError(
                "There is too little memory for this many rows.",
                hint="Set ELBOW_ROOM_MEMORY_LIMIT to more, such as 4GB, or use fewer rows.",
            )
        if was_interrupted(error):
            return CancelledError()
        if isinstance(error, duckdb.IOException) and "No files found" in text:
            return TableChangedError(
                "A file was moved or removed while it was worked on.", hint="Put it back, and start again."
            )
        return None

    def to_pyarrow_batches(self, expr: ir.Expr, /, *, chunk_size: int = _BATCH_ROWS, **_: Any) -> pa.RecordBatchReader:
        """A few rows at a time: Ibis 12 calls what DuckDB 2 has under another name."""
        with self.speaking():
            return self.con.sql(ibis.to_sql(expr)).to_arrow_reader(chunk_size)


class Engine:
    """DuckDB in a folder of its own, gone with everything in it when closed or forgotten.

    Parameters
    ----------
    limits : how much it may take of the machine; the memory alone may be given as text, such as "4GB"

    Notes
    -----
    Nothing is fetched: extensions are neither installed nor loaded by themselves.

    Raises
    ------
    UnusableSettingError : a limit that DuckDB does not understand, or a folder in which none can be made
    """

    def __init__(self, limits: Limits | str | None = None) -> None:
        limits = limits if isinstance(limits, Limits) else Limits(limits)
        memory_limit = limits.memory
        try:
            self._folder = tempfile.TemporaryDirectory(
                prefix="elbow-room-", dir=limits.folder, ignore_cleanup_errors=True
            )
        except OSError as error:
            raise UnusableSettingError(
                f"No folder can be made in {limits.folder or tempfile.gettempdir()}: {error.strerror}.",
                hint="Set ELBOW_ROOM_SPILL_DIR to a folder that may be written to.",
            ) from error
        settings: dict[str, object] = {
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "temp_directory": str(self.folder / "spill"),
            "threads": os.cpu_count() or 1,
        }
        if memory_limit is not None:
            settings["memory_limit"] = memory_limit
        try:
            self.backend: _Database = _Database().connect(":memory:", **settings)
            if limits.spill is not None:
                # Not among the settings: those that stand before there is a folder are not heeded.
                size = sge.Literal.string(limits.spill).sql("duckdb")
                self.backend.raw_sql(f"SET max_temp_directory_size = {size}")
        except duckdb.ParserException as error:
            self._folder.cleanup()
            raise UnusableSettingError(
                "A limit of memory or of spilling is no size that DuckDB understands.",
                hint="Set ELBOW_ROOM_MEMORY_LIMIT and ELBOW_ROOM_SPILL_LIMIT to sizes such as 4GB.",
            ) from error
        self.backend.raw_sql("SET enable_progress_bar = false")
        # A short list of words is faster compared than joined: 3.4 s became 2.0 for a million rows.
        self.backend.raw_sql("SET disabled_optimizers = 'in_clause'")
        self._names = 0
        self._kept: list[Callable[[], object]] = []  # what lets go of each table
        self._memory_limit = memory_limit
        self._to_close: list[Callable[[], None]] = []
        self._to_cancel: list[Callable[[], None]] = []

    @property
    def folder(self) -> Path:
        """Where copies and spilled rows live until `close`."""
        return Path(self._folder.name)

    def new_name(self, what: str) -> str:
        """A table or file name not used before in this engine."""
        self._names += 1
        return f"{what}_{self._names}"

    def keep(self, rows: ir.Table, what: str) -> ir.Table:
        """The same rows, computed once, for whoever asks many things of them. Beyond the memory limit they spill.

        Rows of another database stay there, and are computed once if it can hold them.
        """
        elsewhere = self._elsewhere(rows)
        if elsewhere is not None:
            kept, drop = elsewhere.kept(rows, self.new_name(what))
        else:
            name = self.new_name(what)
            kept = self.backend.create_table(name, rows, temp=True)
            # Not `drop_table`: Ibis 12 and sqlglot 30 between them lose the table's name.
            drop = partial(self.backend.raw_sql, f"DROP TABLE {name}")
        self._kept.append(drop)
        return kept

    def here(self, rows: ir.Table, what: str) -> ir.Table:
        """As `keep`, with the rows of another database brought here: few rows of which much is asked."""
        if self._elsewhere(rows) is None:
            return self.keep(rows, what)
        path = self.folder / self.new_name(what)
        some = batches(rows, _BATCH_ROWS)
        with pq.ParquetWriter(path, some.schema) as file:
            for batch in some:
                file.write_batch(batch)
        self._kept.append(path.unlink)
        return self.backend.read_parquet(path, table_name=self.new_name(what))

    def apart(self, rows: ir.Table) -> ir.Table:
        """The same rows as a step that a database takes by itself, where it would else mix it up with the next one."""
        elsewhere = self._elsewhere(rows)
        return rows if elsewhere is None else elsewhere.apart(rows)

    def _elsewhere(self, rows: ir.Table) -> Speaking | None:
        """The database of somebody else that rows lie in; None where they are here, or made from nothing."""
        try:
            backend = rows.get_backend()
        except ibis.common.exceptions.IbisError:  # rows of memory alone
            return None
        return backend if isinstance(backend, Speaking) and backend is not self.backend else None

    @property
    def kept_so_far(self) -> int:
        """How many tables are kept: a mark for `drop_since`."""
        return len(self._kept)

    def drop_since(self, mark: int) -> None:
        """Let go of what was kept after the mark was taken."""
        while len(self._kept) > mark:
            self._kept.pop()()

    def rest(self) -> None:
        """Hold as little memory as can be until somebody asks again: what is kept spills, what is free is returned.

        Of 720 MB that a process held after reading 214 MB of CSV, 310 were left.
        """
        if self._memory_limit is not None:
            # What is in use stays; then DuckDB refuses the limit, but has freed what it could.
            with suppress(OutOfMemoryError):
                self.backend.raw_sql(f"SET memory_limit = '{_AT_REST}'")
            self.backend.raw_sql(f"SET memory_limit = '{self._memory_limit}'")
        give_back()

    def take_along(self, close: Callable[[], None], cancel: Callable[[], None]) -> None:
        """What else to close and cancel together with this: a connection to the database that rows come from."""
        self._to_close.append(close)
        self._to_cancel.append(cancel)

    def cancel(self) -> None:
        """End the question that is being asked, from another thread: whoever asked it gets a `CancelledError`."""
        self.backend.con.interrupt()
        for cancel in self._to_cancel:
            cancel()

    def leave(self) -> None:
        """Close the connections to other databases. What was brought here stays."""
        self._to_cancel.clear()
        while self._to_close:
            self._to_close.pop()()

    def close(self) -> None:
        """Close the database and remove its folder. Harmless when repeated."""
        self.leave()
        self.backend.disconnect()
        self._folder.cleanup()

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def batches(rows: ir.Table, size: int) -> pa.RecordBatchReader:
    """The rows of a table, up to `size` at a time, in their order, from the database that they lie in."""
    database = rows.get_backend()
    reader = database.to_pyarrow_batches(rows, chunk_size=size)
    return pa.RecordBatchReader.from_batches(reader.schema, _told_in_words(database, reader))


def _told_in_words(database: Speaking, some: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The batches; what goes wrong while they are read is told in words, and not in the driver's."""
    with database.speaking():
        yield from some


def was_interrupted(error: Exception) -> bool:
    """Whether DuckDB was stopped: from another thread, or by Ctrl+C, which it tells as an error of no kind."""
    return isinstance(error, duckdb.InterruptException) or str(error) == "Query interrupted"


def give_back() -> None:
    """Return freed memory to the system, which the allocators else keep for themselves; where the C library can."""
    gc.collect()
    pa.default_memory_pool().release_unused()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if os.name == "posix" else None
    if trim is not None:
        trim(0)
