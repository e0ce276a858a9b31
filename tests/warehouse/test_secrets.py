from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import UnusableSettingError
from core.warehouse.address import address
from core.warehouse.secrets import connections, scrubbed, with_password

FILE = """
[connections.shop]
url = "postgres://ann@db:5433/shop"
tables = ["orders", "sales.lines"]
password = "from the file"
timeout_seconds = 60
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("ELBOW_ROOM_PASSWORD", raising=False)
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "secrets.toml").write_text(FILE)
    return tmp_path


def test_the_password_is_that_of_the_url_the_environment_or_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch):
    mine, other = address("postgres://ann@db:5433/shop/customers"), address("postgres://bob@db:5433/shop/orders")
    assert with_password(mine, folder).password == "from the file"
    assert with_password(other, folder).password is None
    monkeypatch.setenv("ELBOW_ROOM_PASSWORD", "from the environment")
    assert with_password(mine, folder).password == "from the environment"
    assert with_password(address("postgres://ann:typed@db:5433/shop/customers"), folder).password == "typed"
    assert with_password(address("bigquery://project/set/orders"), folder).password is None


def test_a_secrets_file_that_is_none_is_not_repeated(folder: Path):
    (folder / ".streamlit" / "secrets.toml").write_text('password = "sesame')
    with pytest.raises(UnusableSettingError) as told:
        with_password(address("postgres://ann@db/shop/orders"), folder)
    assert "sesame" not in f"{told.value} {told.value.hint}"


def test_named_connections():
    [found] = connections(
        {
            "connections": {
                "shop": {"url": "postgres://ann@db/shop", "tables": ['a"/b'], "password": "p", "most_rows": 5}
            }
        }
    )
    [table] = found.tables
    assert (found.name, found.timeout_seconds, found.most_rows) == ("shop", 300, 5)
    assert (table.path, table.table, table.password) == (("shop",), 'a"/b', "p")
    with pytest.raises(UnusableSettingError, match="other"):
        connections({"connections": {"other": {"url": "nosuch://ann:sesame@db", "tables": ["a"]}}})


def test_secrets_are_scrubbed_from_what_a_driver_says():
    secret = address("trino://ann:s%40fe@host/db/table?token=abc-def")
    said = scrubbed("cannot open trino://ann:s%40fe@host with s@fe and abc-def; see http://x:y@z", secret)
    assert said == "cannot open trino://***@host with *** and ***; see http://***@z"
