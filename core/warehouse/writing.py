"""Tables of databases, to be written: filled under another name, and put in their place by the same transaction.

Only the command line writes, and only from here. Whatever else opens a database opens it to read (`connecting`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import ClassVar

import pyarrow as pa
import sqlglot.expressions as sge

from core.engine import Engine
from core.errors import CannotWriteThereError, EngineError, NoAccessError, TableExistsError, UserError
from core.warehouse.address import Address
from core.warehouse.faults import telling
from core.warehouse.secrets import scrubbed

LONGEST_NAME = 63
"""Of a table or column, in bytes: what PostgreSQL keeps of a name."""
AS_BEFORE = "The table is as it was before."

_KINDS = {pa.string(): "text", pa.int64(): "bigint", pa.float64(): "double", pa.bool_(): "boolean"}
_TAKEN = ("ctid", "xmin", "xmax", "cmin", "cmax", "tableoid")  # by PostgreSQL, in every table
_LOOPBACK = (None, "localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Target:
    """A table that is to be written."""

    address: Address
    replace: bool = False  # put it in the place of one that is there

    def check(self, engine: Engine) -> None:
        """Find out whether it can be written, before the long work whose result it shall hold. Nothing stays of it.

        Raises
        ------
        As `filled`
        """
        with closing(self._opened(engine)) as database:
            database.begin(pa.schema([("customer_id", pa.string())]), replace=self.replace)

    @contextmanager
    def filled(self, engine: Engine, schema: pa.Schema) -> Iterator[Callable[[pa.RecordBatch], None]]:
        """The table, to be given rows of these columns: there once it is complete, and in no other case.

        Parameters
        ----------
        schema : of text, int64, float64 and truth values

        Raises
        ------
        CannotWriteThereError, TableExistsError, NoAccessError and the other kinds of EngineError
        """
        with closing(self._opened(engine)) as database:
            database.begin(schema, replace=self.replace)
            yield database.add
            database.finish()

    def is_at(self, other: Address) -> bool:
        """Whether another address is of this table."""
        return _place(self.address) == _place(other)

    def _opened(self, engine: Engine) -> Filling:
        if self.address.engine == "duckdb":
            from core.warehouse.into_duckdb import IntoDuckDB

            return IntoDuckDB(engine, self.address)
        if self.address.engine == "postgres":
            from core.warehouse.into_postgres import IntoPostgres

            return IntoPostgres(self.address)
        raise CannotWriteThereError(
            f"Tables of {self.address.engine} can be read, but not written.",
            hint="Write to duckdb://file.duckdb/table or postgres://user@host:5432/database/table, or let the engine "
            "load segments.parquet (--parquet).",
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """What bears the table's name already."""

    is_table: bool  # and not a view or the like
    is_ours: bool  # this user may remove it


class Filling(ABC):
    """A database in one transaction, in which a table is filled and then takes its place. Errors are told in words."""

    dialect: ClassVar[str]
    faults: ClassVar[type[Exception]]  # what the driver raises

    def __init__(self, address: Address) -> None:
        self.address = address
        self.schema, self.name = parts_of(address)
        self._standing: Standing | None = None
        self._made = f"elbow_room_{token_hex(8)}"

    def begin(self, schema: pa.Schema, *, replace: bool) -> None:
        """Look at what is there, and make the table under a name of its own."""
        kinds = [sge.DataType.build(_KINDS[field.type]) for field in schema]
        names = column_names(schema.names)
        columns = [
            sge.ColumnDef(this=sge.to_identifier(name, quoted=True), kind=kind)
            for name, kind in zip(names, kinds, strict=True)
        ]
        with self.speaking():
            self.prepare()
            self._standing = self.standing()
            if self._standing is not None:
                self._require_replaceable(self._standing, replace)
            self.run(sge.Create(this=sge.Schema(this=self.table(self._made), expressions=columns), kind="TABLE"))

    def add(self, batch: pa.RecordBatch) -> None:
        """Put rows into it."""
        with self.speaking():
            self.put(batch, self.table(self._made).sql(self.dialect))

    def finish(self) -> None:
        """Let it take the place of what was there."""
        with self.speaking():
            if self._standing is not None:
                self.run(sge.Drop(tables=[self.table(self.name)], kind="TABLE"))
            new_name = sge.AlterRename(this=sge.table_(self.name, quoted=True))
            self.run(sge.Alter(this=self.table(self._made), kind="TABLE", actions=[new_name]))
            self.commit()

    def table(self, name: str) -> sge.Table:
        """A table beside the one to be written, quoted."""
        return sge.table_(name, db=self.schema, catalog=self.catalog, quoted=True)

    @property
    def catalog(self) -> str | None:
        """Where the engine here knows the database by a name."""
        return None

    @contextmanager
    def speaking(self) -> Iterator[None]:
        """Errors of the driver within are told in words."""
        with telling(lambda error: self.in_words(error) or self._failed(error)):
            yield

    def exists(self) -> TableExistsError:
        """What to say where the name is taken."""
        return TableExistsError(
            f"There is a {self.address} already.",
            hint="Add --replace to put the new one in its place, or name another.",
        )

    def _require_replaceable(self, found: Standing, replace: bool) -> None:
        if found.is_table and not replace:
            raise self.exists()
        if not found.is_table:
            raise TableExistsError(
                f"What bears the name of the {self.address} is no table but a view or the like.",
                hint="Name another one, or let whoever looks after the database remove it.",
            )
        if not found.is_ours:
            raise NoAccessError(
                f"The {self.address} may not be replaced by this user.",
                hint="Only its owner may do that: connect as the owner, or name another table.",
            )

    def _failed(self, error: Exception) -> EngineError | None:
        """The driver's own words, where nobody has better ones; None where the error is not the driver's."""
        if not isinstance(error, self.faults):
            return None
        why = scrubbed(str(error), self.address).strip().splitlines() or [type(error).__name__]
        return EngineError(
            f"The {self.address} could not be written ({type(error).__name__}): {why[0][:200]}", hint=AS_BEFORE
        )

    @abstractmethod
    def prepare(self) -> None:
        """Begin the transaction, and see to it that there is a schema: `self.schema` is known from here on."""

    @abstractmethod
    def standing(self) -> Standing | None:
        """What bears the table's name; None where nothing does."""

    @abstractmethod
    def run(self, statement: sge.Expr) -> None: ...

    @abstractmethod
    def put(self, batch: pa.RecordBatch, table: str) -> None:
        """Put rows into a table, whose name is quoted."""

    @abstractmethod
    def commit(self) -> None: ...

    @abstractmethod
    def close(self) -> None:
        """End it; what was not committed is undone."""

    @abstractmethod
    def in_words(self, error: Exception) -> UserError | None:
        """The error for people; None where the driver's words have to do, or where it is nobody's but ours."""


def column_names(names: Sequence[str]) -> list[str]:
    """Names that every engine takes for columns: short enough, and different even where capitals do not count."""
    taken, found = set(_TAKEN), []
    for name in names:
        number, fitting = 1, _cut(name)
        while fitting.casefold() in taken:
            number += 1
            fitting = _cut(name, f" ({number})")
        taken.add(fitting.casefold())
        found.append(fitting)
    return found


def _cut(name: str, ending: str = "") -> str:
    plain = (name.replace("\0", "") or "column").encode()
    return plain[: LONGEST_NAME - len(ending)].decode(errors="ignore") + ending


def parts_of(address: Address) -> tuple[str | None, str]:
    """The schema, where one is named, and the table."""
    schema, _, table = address.table.partition(".")
    return (schema, table) if schema and table else (None, address.table)


def _place(address: Address) -> tuple[object, ...]:
    """The same for all ways to write an address down; as far as that can be told without asking anybody."""
    schema, table = parts_of(address)
    if address.engine == "duckdb":  # where capitals make no difference
        return "duckdb", Path(address.path[0]).resolve(), (schema or "main").lower(), table.lower()
    host = "" if address.host in _LOOPBACK else address.host
    return address.engine, host, address.port or 5432, address.path, schema or "public", table
