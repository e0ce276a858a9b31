"""Where a table lies: a URL taken apart, its secret apart from all that is ever shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import entry_points
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from core.errors import BadAddressError, listed

_SAME = {"postgresql": "postgres", "pyspark": "spark", "sc": "spark-connect"}
_SPARK = ("spark", "spark-connect")
_EXAMPLE = "Write it as postgres://user@host:5432/database/table, duckdb://file.duckdb/table, spark://host:7077/table."


@dataclass(frozen=True, slots=True)
class Address:
    """A table in an engine. `str` is fit for every eye: it has neither user nor password."""

    engine: str  # "postgres", "duckdb", "spark", "spark-connect", or a name that Ibis knows
    path: tuple[str, ...]  # what stands before the table: a database, a file, a catalog and a schema
    table: str  # as the person wrote it: `orders`, `schema.orders`, for Spark a path too
    host: str | None = None
    port: int | None = None
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    options: Mapping[str, str] = field(default_factory=dict, repr=False)  # what stands after the question mark

    def __str__(self) -> str:
        where = self.host or "/".join(self.path)
        return f'{self.engine} table "{self.table}"' + (f" on {where}" if where else "")

    @property
    def shown(self) -> str:
        """The table as a URL, for programs. It has neither user, password nor options either."""
        names = "/".join([*(quote(part) for part in self.path), quote(self.table, safe="")])
        return f"{self.engine}://{names}" if self.engine == "duckdb" else f"{self.engine}://{self._place}/{names}"

    @property
    def _place(self) -> str:
        host = self.host or ""
        return (f"[{host}]" if ":" in host else host) + (f":{self.port}" if self.port else "")

    @property
    def server(self) -> str:
        """Whom a connection is made to, for messages."""
        return f"{self.host}:{self.port}" if self.port else self.host or "/".join(self.path)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What may be shown nowhere, as it is and as a URL writes it."""
        hidden = [self.password, *self.options.values()]
        return tuple({text for secret in hidden if secret for text in (secret, quote(secret, safe=""))})

    def with_password(self, password: str | None) -> Address:
        return replace(self, password=password)

    def url(self) -> str:
        """The engine itself, without the table, as Ibis takes it. It holds the secret: use it to connect only."""
        who = quote(self.user, safe="") if self.user is not None else ""
        if self.password is not None:
            who += ":" + quote(self.password, safe="")
        path = "/".join(quote(part, safe="") for part in self.path)
        asked = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in self.options.items())
        return f"{self.engine}://{who}{'@' if who else ''}{self._place}/{path}" + (f"?{asked}" if asked else "")


def is_address(text: str) -> bool:
    """Whether a source is a URL and not a path."""
    return "://" in text


def address(text: str) -> Address:
    """The table that a URL names.

    Raises
    ------
    BadAddressError : it names no engine that is known, or no table. The message does not repeat the URL, which may hold
        a password.
    """
    scheme, _, rest = text.partition("://")
    engine = _SAME.get(scheme.lower(), scheme.lower())
    if engine not in {*engines(), *_SPARK}:
        raise BadAddressError(
            f"There is no engine called {scheme!r}.",
            hint=f"Engines are: {listed(sorted({*engines(), 'spark', 'sc'} - {'pyspark'}), most=40)}. Files are "
            "named by their path alone.",
        )
    if engine == "duckdb":
        return _in_a_file(engine, rest)
    try:
        parts = urlsplit(f"//{rest}")
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise BadAddressError(f"The {engine} address has no readable host and port.", hint=_EXAMPLE) from error
    names = [unquote(name) for name in parts.path.split("/")[1:]]
    if engine in _SPARK and len(names) > 1:
        names = ["/" + "/".join(names).lstrip("/")]
    elif engine == "postgres" and len(names) == 3:
        names = [names[0], f"{names[1]}.{names[2]}"]
    if not names or not names[-1]:
        raise BadAddressError(f"The {engine} address names no table.", hint=_EXAMPLE)
    return Address(
        engine,
        tuple(names[:-1]),
        names[-1],
        host,
        port,
        None if parts.username is None else unquote(parts.username),
        None if parts.password is None else unquote(parts.password),
        dict(parse_qsl(parts.query)),
    )


def _in_a_file(engine: str, rest: str) -> Address:
    """`folder/file.duckdb/table`: the last part is the table, since the file may not be there to tell."""
    file, slash, table = rest.rpartition("/")
    if not slash or not file or not table:
        raise BadAddressError("The duckdb address needs a file and a table.", hint=_EXAMPLE)
    return Address(engine, (unquote(file),), unquote(table))


def engines() -> frozenset[str]:
    """What Ibis knows, whether or not its driver is installed."""
    return frozenset(found.name for found in entry_points(group="ibis.backends"))
