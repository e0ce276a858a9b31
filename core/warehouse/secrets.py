"""Passwords: where they come from, and that they are seen nowhere."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import UnusableSettingError, UserError
from core.warehouse.address import Address, address

SECRETS = Path(".streamlit/secrets.toml")
PASSWORD = "ELBOW_ROOM_PASSWORD"
_IN_URL = re.compile(r"(?<=://)[^@\s]*:[^@\s]*@")
_NEVER = "***"


@dataclass(frozen=True, slots=True)
class Named:
    """A connection that the administrator named; its tables are those that he listed."""

    name: str
    tables: tuple[Address, ...]
    timeout_seconds: int = 300  # for one question
    most_rows: int = 20_000_000  # in one table


def connections(secrets: Mapping[str, Any]) -> tuple[Named, ...]:
    """The connections of a secrets file: `[connections.NAME]` with the `url` of a database and its `tables`.

    `password`, `timeout_seconds` and `most_rows` may stand there too.

    Raises
    ------
    UnusableSettingError : one of them cannot be understood. The message has its name and nothing of its content.
    """
    return tuple(_named(str(name), given) for name, given in secrets.get("connections", {}).items() if "url" in given)


def _named(name: str, given: Mapping[str, Any]) -> Named:
    tables = given.get("tables", [])
    base = str(given["url"])
    try:
        found = tuple(address(_with_table(base, str(table))) for table in tables)
    except UserError as error:
        raise UnusableSettingError(
            f"The connection {name} in secrets.toml cannot be used: {error.message}", hint=error.hint
        ) from None
    password = given.get("password")
    known = tuple(one.with_password(str(password)) if password is not None else one for one in found)
    limits = {limit: int(given[limit]) for limit in ("timeout_seconds", "most_rows") if limit in given}
    return Named(name, known, **limits)


def _with_table(url: str, table: str) -> str:
    from urllib.parse import quote

    before, mark, options = url.partition("?")
    return f"{before.rstrip('/')}/{quote(table, safe='')}{mark}{options}"


def with_password(given: Address, folder: Path = Path()) -> Address:
    """The address with the password that belongs to it: of the URL, the environment, or the secrets file in a folder.

    Where none is found, the driver looks in its own places (for Postgres PGPASSWORD and ~/.pgpass).

    Raises
    ------
    UnusableSettingError : the secrets file is none
    """
    if given.password is not None or (given.user is None and given.engine != "postgres"):
        return given  # a password belongs to somebody
    if PASSWORD in os.environ:
        return given.with_password(os.environ[PASSWORD])
    for known in connections(_read(folder / SECRETS)):
        for table in known.tables:
            if _server(table) == _server(given) and table.password is not None:
                return given.with_password(table.password)
    return given


def _server(given: Address) -> tuple[object, ...]:
    return given.engine, given.host, given.port, given.user, given.path[:1]


def _read(path: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):  # whose own words may repeat the line
        raise UnusableSettingError(
            f"{path} cannot be read as TOML.", hint="Mend it, or give the password in ELBOW_ROOM_PASSWORD."
        ) from None


def scrubbed(text: str, *addresses: Address) -> str:
    """Text without the secrets of addresses, and without what stands between :// and @ in any URL."""
    for secret in sorted({secret for given in addresses for secret in given.secrets}, key=len, reverse=True):
        text = text.replace(secret, _NEVER)
    return _IN_URL.sub(f"{_NEVER}@", text)
