"""Apache Spark: a standalone cluster, or a server that speaks Spark Connect."""

from __future__ import annotations

import itertools
import os
import threading
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa

from core.errors import (
    CancelledError,
    CannotConnectError,
    ConnectionLostError,
    EngineError,
    NoAccessError,
    UserError,
)
from core.warehouse.address import Address
from core.warehouse.connecting import (
    Connection,
    cannot_connect,
    changed,
    driver_of,
    named,
    no_such_table,
    not_installed,
    reach,
    single_values,
)
from core.warehouse.faults import NotDoneThereError, Speaking

# Of pandas, through which no row goes here.
warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas", category=FutureWarning)

try:
    from ibis.backends.pyspark import Backend
    from ibis.backends.pyspark.converter import PySparkPandasData
    from py4j.protocol import Py4JError, Py4JNetworkError
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession
except ImportError:
    raise not_installed("spark") from None

# Else Spark puts an expression in all places that name it, and steps upon steps grow beyond reason.
_STEPS_APART = (
    "spark.sql.optimizer.excludedRules", "org.apache.spark.sql.catalyst.optimizer.CollapseProject",
)  # fmt: skip
_NOT_THERE = ("TABLE_OR_VIEW_NOT_FOUND", "PATH_NOT_FOUND", "SCHEMA_NOT_FOUND", "UNABLE_TO_INFER_SCHEMA")


class _Database(Speaking, Backend):  # type: ignore[misc]  # Ibis is not typed
    """Ibis's Spark, whose errors are told in words."""

    address: Address
    cancelled: bool = False

    def in_words(self, error: Exception) -> UserError | None:
        if self.cancelled and isinstance(error, PySparkException | Py4JError):
            return CancelledError()
        return _in_words(error, self.address)

    def kept(self, rows: ir.Table, name: str) -> tuple[ir.Table, Callable[[], object]]:
        with self.speaking():
            frame = self._session.sql(self.compile(rows)).persist()
            frame.createOrReplaceTempView(name)
            return self.table(name), frame.unpersist

    def to_pyarrow(self, expr: ir.Expr, /, *, params: Any = None, limit: Any = None, **_: Any) -> Any:
        """By Spark's own way to Arrow. Ibis goes by pandas, where a whole number beside a blank loses digits."""
        with self.speaking():
            table = expr.as_table()
            found = self._session.sql(self.compile(table, params=params, limit=limit)).toArrow()
            return expr.__pyarrow_result__(found.cast(table.schema().to_pyarrow()))

    def to_pyarrow_batches(self, expr: ir.Expr, /, *, chunk_size: int = 65_536, **_: Any) -> pa.RecordBatchReader:
        """A partition in memory at a time: Spark's own way to Arrow takes all at once."""
        schema = expr.as_table().schema().to_pyarrow()

        def batches() -> Iterator[pa.RecordBatch]:
            with self.speaking():
                rows = self._session.sql(self.compile(expr)).toLocalIterator()
                while some := list(itertools.islice(rows, chunk_size)):
                    columns = zip(*some, strict=True)
                    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
                    yield pa.RecordBatch.from_arrays(arrays, schema=schema)

        return pa.RecordBatchReader.from_batches(schema, batches())

    def execute(self, expr: ir.Expr, /, *, params: Any = None, limit: Any = None, **_: Any) -> Any:
        """The same as pandas."""
        table = expr.as_table()
        return expr.__pandas_result__(
            PySparkPandasData.convert_table(
                self.to_pyarrow(table, params=params, limit=limit).to_pandas(), table.schema()
            )
        )


class Spark(Connection):
    """A table, or a folder of files, that Spark reads. A session of its own, ended with the connection."""

    why_brought = None

    def __init__(self, address: Address) -> None:
        self.address = address
        here = reach(address)
        try:
            self._session = _joined(address, here) if address.engine == "spark" else _served(address)
        except (PySparkException, Py4JError, OSError) as error:
            raise cannot_connect(address, error) from None
        self._closed = False
        try:
            self._session.conf.set(*_STEPS_APART)
            driver_of("pyspark")  # Ibis prepares itself when it is asked for an engine by name
            self.backend = _Database().connect(self._session)
        except (PySparkException, Py4JError, OSError) as error:
            self.close()
            raise cannot_connect(address, error) from None
        self.backend.address = address

    def table(self) -> ir.Table:
        table = self.address.table
        with self.backend.speaking():
            found = self._files(table) if "/" in table else named(self.backend, self.address, table)
        return found.select(**{name: single_values(found[name]) for name in found.columns})

    def _files(self, path: str) -> ir.Table:
        """The files at a path, Parquet unless the path says otherwise."""
        kind = next(
            (kind for kind in ("csv", "json", "orc") if path.lower().rstrip("/").endswith(f".{kind}")), "parquet"
        )
        reader = self._session.read.format(kind)
        if kind == "csv":
            reader = reader.option("header", True).option("inferSchema", True)
        reader.load(path).createOrReplaceTempView("elbow_room_source")
        return self.backend.table("elbow_room_source")

    def cancel(self) -> None:
        self.backend.cancelled = True
        self._session.interruptAll()

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        _leave(self.address, self._session)


_lock = threading.Lock()
_users: Counter[tuple[str, str]] = Counter()  # open connections of this program by kind and server


def _joined(address: Address, here: str) -> SparkSession:
    """A session of its own in this program's part of a cluster, which is begun by the first and ended with the last."""
    settings = {
        "spark.driver.host": here,  # where the workers find this program
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
        **address.options,
    }
    with _lock:
        _refuse_beside_others(address)
        builder = SparkSession.builder.appName("elbow-room").master(f"spark://{address.server}")
        session = _with(builder, settings).getOrCreate().newSession()
        _users[address.engine, address.server] += 1
    try:
        for name, value in address.options.items():
            if name.startswith("spark.sql.") and session.conf.isModifiable(name):
                session.conf.set(name, value)
    except Exception:
        _leave(address, session)
        raise
    return session


def _served(address: Address) -> SparkSession:
    """A session of its own with a server of Spark Connect."""
    with _lock:
        _refuse_beside_others(address)
        builder = SparkSession.builder.remote(f"sc://{address.server}")
        try:
            session = _with(builder, address.options).create()
        except Exception:
            _forget_connect()
            raise
        _users[address.engine, address.server] += 1
    return session


def _with(builder: SparkSession.Builder, settings: Mapping[str, str]) -> SparkSession.Builder:
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder


def _refuse_beside_others(address: Address) -> None:
    """PySpark takes one cluster a program, and none beside Spark Connect, of which it takes many."""
    mine = (address.engine, address.server)
    for other in +_users:
        if other != mine and "spark" in {other[0], mine[0]}:
            raise CannotConnectError(
                f"This program already works with the Spark of {other[1]}.", hint="Wait until that is done."
            )


def _leave(address: Address, session: SparkSession) -> None:
    with _lock:
        _users[address.engine, address.server] -= 1
        if address.engine == "spark-connect":
            try:
                session.stop()
            finally:  # a server that is gone can't be told
                _forget_connect()
        elif _users[address.engine, address.server] == 0:
            SparkSession.builder.getOrCreate().stop()


def _forget_connect() -> None:
    """PySpark marks its program as one of Spark Connect for good, and then knows no cluster."""
    if not any(engine == "spark-connect" for engine, _ in +_users):
        os.environ.pop("SPARK_CONNECT_MODE_ENABLED", None)


def _in_words(error: Exception, address: Address) -> UserError | None:
    if isinstance(error, Py4JNetworkError | ConnectionError | EOFError):
        return _lost(address)
    if isinstance(error, Py4JError) and "stopped SparkContext" in str(error):
        return _lost(address)
    if not isinstance(error, PySparkException):
        return None
    kind = error.getCondition() or ""
    if kind.startswith(_NOT_THERE):
        return no_such_table(address)
    if kind.startswith("FAILED_READ_FILE"):
        return changed(address)
    if "PERMISSION" in kind or "PRIVILEGE" in kind:
        return NoAccessError(
            f"{address} may not be read by this user.", hint="Let whoever looks after the cluster grant SELECT on it."
        )
    if kind:
        return NotDoneThereError(
            f"{address}: Spark takes a question otherwise than meant ({kind}).",
            hint="Export the orders as Parquet or CSV and use that file.",
        )
    if "UNAVAILABLE" in str(error) or "SparkContext was shut down" in str(error):
        return _lost(address)
    return EngineError(
        f"{address}: Spark could not finish ({type(error).__name__}).",
        hint="Look at the cluster's own log, then try again.",
    )


def _lost(address: Address) -> UserError:
    return ConnectionLostError(
        f"{address}: Spark went away in the middle of a question.", hint="Try again once it runs. Nothing was written."
    )
