"""Connections to the engines that tables lie in: opened to read, never to write."""

from __future__ import annotations

import socket
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from core.errors import (
    CannotConnectError,
    EngineNotInstalledError,
    NoSuchTableError,
    TableChangedError,
    UserError,
)
from core.warehouse.address import Address
from core.warehouse.faults import lacking, telling
from core.warehouse.secrets import scrubbed

BATCH_ROWS = 50_000
_REACHED_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms a database is asked."""

    timeout_seconds: int | None = None  # for one question; None leaves it to the database
    bring: bool = False  # bring the rows here, even where the database could do the work


PLAIN = Terms()


@dataclass(frozen=True, slots=True)
class Estimate:
    """What it would take to read a table."""

    rows: int
    exact: bool
    cost: float | None = None  # in the engine's own unit (for Postgres, pages read in a row)


class Connection(ABC):
    """One table of an engine, for as long as it is read.

    `why_brought` says in words why its rows have to be brought here before they are worked on; None where the engine
    can do the work.
    """

    address: Address
    backend: Any
    snapshot: bool = False  # all questions see the table as it was at the first one
    why_brought: str | None = "its engine is not one in which the answers are proven to be the same"

    @abstractmethod
    def table(self) -> ir.Table:
        """The table under its own names, of types that hold single values; text for what only its engine knows."""

    def batches(self, table: ir.Table) -> Iterator[pa.RecordBatch]:
        """The rows, a few at a time."""
        yield from self.backend.to_pyarrow_batches(table, chunk_size=BATCH_ROWS)

    def write(self, table: ir.Table, path: Path) -> None:
        """The rows as a Parquet file, with a few of them in memory at a time."""
        schema = table.schema().to_pyarrow()
        with pq.ParquetWriter(path, schema) as writer:
            for batch in self.batches(table):
                writer.write_table(pa.Table.from_batches([batch]).cast(schema))

    def estimate(self, table: ir.Table) -> Estimate:
        """How much there is to read. Counted, where the engine does not reckon by itself."""
        return Estimate(int(table.count().to_pyarrow().as_py()), exact=True)

    @abstractmethod
    def cancel(self) -> None:
        """End the question that is being asked, from another thread."""

    @abstractmethod
    def close(self) -> None:
        """Harmless when repeated."""


class AnyEngine(Connection):
    """A table of an engine that Ibis knows and this project does not: read, and no more."""

    def __init__(self, address: Address) -> None:
        self.address = address
        driver_of(address.engine)
        file = Path("/", *address.path) if not address.host else Path(address.host, *address.path)
        if address.engine == "sqlite" and not file.is_file():  # which its driver would make
            raise CannotConnectError(f"There is no file {file}.", hint="Check its name and where it lies.")
        try:
            self.backend = ibis.connect(address.url())
        except ImportError:
            raise not_installed(address.engine) from None
        except Exception as error:
            raise cannot_connect(address, error) from None

    def table(self) -> ir.Table:
        found = named(self.backend, self.address, self.address.table)
        return found.select(**{name: single_values(found[name]) for name in found.columns})

    def batches(self, table: ir.Table) -> Iterator[pa.RecordBatch]:
        with telling(lambda error: lacking(error) or failed(self.address, error)):
            yield from super().batches(table)

    def cancel(self) -> None:
        """There is no way that all drivers know: the question ends, and its answer is not looked at."""

    def close(self) -> None:
        if self.backend is not None:
            self.backend.disconnect()
            self.backend = None


def connect(address: Address, terms: Terms = PLAIN) -> Connection:
    """The table at an address, ready to be read.

    Raises
    ------
    EngineNotInstalledError, CannotConnectError, WrongPasswordError
    """
    if address.engine == "postgres":
        from core.warehouse.postgres import Postgres

        return Postgres(address, terms)
    if address.engine in {"spark", "spark-connect"}:
        from core.warehouse.spark import Spark

        return Spark(address)
    return AnyEngine(address)


def driver_of(engine: str) -> Any:
    """Ibis's module for an engine.

    Raises
    ------
    EngineNotInstalledError
    """
    try:
        return getattr(ibis, engine)
    except ImportError:
        raise not_installed(engine) from None


def not_installed(engine: str) -> EngineNotInstalledError:
    """What to say where the driver of an engine is missing, with what to install."""
    files = {"postgres": "postgres", "spark": "spark", "spark-connect": "spark"}
    how = f"-r requirements/{files[engine]}.txt" if engine in files else f'"ibis-framework[{engine}]"'
    return EngineNotInstalledError(
        f"The driver for {engine} is not installed.", hint=f"Install it with: python -m pip install {how}"
    )


def reach(address: Address) -> str:
    """Find out soon whether anybody answers there at all, where the driver itself would try for minutes.

    Returns
    -------
    By which address of this machine it was reached.

    Raises
    ------
    CannotConnectError
    """
    try:
        with socket.create_connection(
            (address.host or "localhost", address.port or 0), timeout=_REACHED_SECONDS
        ) as found:
            return str(found.getsockname()[0])
    except OSError as error:
        raise cannot_connect(address, error) from None


def cannot_connect(address: Address, error: Exception) -> CannotConnectError:
    """What to say where no connection comes about. The driver's words are not repeated whole: they may hold secrets."""
    why = scrubbed(str(error), address).strip().splitlines() or [type(error).__name__]
    return CannotConnectError(
        f"No connection to {address.engine} at {address.server}: {why[0][:200]}.".replace("..", "."),
        hint="Check the host and the port, and whether the database is running and lets this machine in.",
    )


def failed(address: Address, error: Exception) -> UserError:
    """What to say of an engine's error of no known kind."""
    from core.errors import EngineError

    why = scrubbed(str(error), address).strip().splitlines() or [type(error).__name__]
    return EngineError(
        f"{address}: the database could not answer ({type(error).__name__}): {why[0][:200]}",
        hint="Try again; if it stays so, export the orders as Parquet or CSV and use that file.",
    )


def no_such_table(address: Address) -> NoSuchTableError:
    """What to say where a table is not found."""
    return NoSuchTableError(
        f"There is no {address}.",
        hint="Check the name, capitals included, and its schema (schema.table); and whether this user may see it.",
    )


def changed(address: object) -> TableChangedError:
    """What to say of a table, or of a large file, that somebody wrote to meanwhile."""
    return TableChangedError(
        f"{address} changed while it was worked on: its figures would not belong together.",
        hint="Start again once nobody writes to it. With --bring, a table's rows are all taken at one moment.",
    )


def named(backend: Any, address: Address, table: str) -> ir.Table:
    """A table by the name that a person wrote: `orders`, or `schema.orders`; a table whose name has a dot comes first.

    Raises
    ------
    NoSuchTableError
    """
    schema, _, rest = table.partition(".")
    for name, database in ((table, None), (rest, schema)):
        if not name:
            continue
        try:
            return backend.table(name, database=database)
        except ibis.common.exceptions.TableNotFound:
            continue
        except UserError:
            raise
        except Exception as error:
            if database is None and rest:
                continue
            raise failed(address, error) from None
    raise no_such_table(address)


def single_values(cell: ir.Value) -> ir.Value:
    """A column as it can be brought: as it is, or as text where it holds something that only its engine knows."""
    kind = cell.type()
    if kind.is_timestamp() and kind.timezone is not None:
        return cell.cast(dt.Timestamp(timezone="UTC"))
    plain = kind.is_string() or kind.is_boolean() or kind.is_numeric() or kind.is_date() or kind.is_timestamp()
    return cell if plain else cell.cast("string")
