from __future__ import annotations

import pytest

from core.errors import BadAddressError, EngineNotInstalledError
from core.warehouse.address import address, is_address
from core.warehouse.connecting import connect


@pytest.mark.parametrize(
    ("url", "engine", "path", "table", "host", "port"),
    [
        ("postgres://ann@db:5433/shop/orders", "postgres", ("shop",), "orders", "db", 5433),
        ("postgresql://db/shop/sales.orders", "postgres", ("shop",), "sales.orders", "db", None),
        ("postgres://db/shop/sales/orders", "postgres", ("shop",), "sales.orders", "db", None),
        ("postgres://db/shop/a%2Fb%22", "postgres", ("shop",), 'a/b"', "db", None),
        ("duckdb://shop.duckdb/orders", "duckdb", ("shop.duckdb",), "orders", None, None),
        ("duckdb:///data/shop.duckdb/orders", "duckdb", ("/data/shop.duckdb",), "orders", None, None),
        ("spark://master:7077/sales.orders", "spark", (), "sales.orders", "master", 7077),
        ("spark://master:7077/lake/orders", "spark", (), "/lake/orders", "master", 7077),
        ("sc://server:15002/orders", "spark-connect", (), "orders", "server", 15002),
        ("trino://ann@server:8080/hive/sales/orders", "trino", ("hive", "sales"), "orders", "server", 8080),
    ],
)
def test_urls(url: str, engine: str, path: tuple[str, ...], table: str, host: str | None, port: int | None):
    found = address(url)
    assert (found.engine, found.path, found.table, found.host, found.port) == (engine, path, table, host, port)


@pytest.mark.parametrize(
    "url",
    [
        "postgres://db:5433/shop/orders", "postgres:///shop/a%2Fb%22", "postgres://[::1]:5433/shop/sales.orders",
        "duckdb://shop.duckdb/orders", "duckdb:///data/it%27s%20a%20shop.duckdb/main.orders", "trino://h/hive/sales/orders",
    ],
)  # fmt: skip
def test_what_is_shown_leads_back_to_the_table(url: str):
    assert address(url).shown == url
    assert address(address(url).shown) == address(url)


def test_what_is_shown_has_neither_user_nor_password():
    found = address("postgres://ann:s%40fe%2Fword@db:5433/shop/orders?sslmode=require")
    assert (found.user, found.password, found.options) == ("ann", "s@fe/word", {"sslmode": "require"})
    assert str(found) == 'postgres table "orders" on db'
    shown = f"{found} {found!r} {found.server}"
    assert not any(text in shown for text in ("ann", "s@fe/word", "s%40fe", "require"))
    assert found.shown == "postgres://db:5433/shop/orders"
    assert found.url() == "postgres://ann:s%40fe%2Fword@db:5433/shop?sslmode=require"


@pytest.mark.parametrize(
    "url",
    [
        "nosuch://secret@host/table",
        "postgres://ann:secret@host",
        "postgres://ann:secret@host:port/db/t",
        "duckdb://orders",
    ],
)
def test_urls_without_a_table(url: str):
    with pytest.raises(BadAddressError) as told:
        address(url)
    assert "secret" not in f"{told.value} {told.value.hint}"


def test_a_path_is_no_address():
    assert not is_address("orders/2024.csv")
    assert is_address("postgres://db/shop/orders")


def test_the_driver_to_install_is_named():
    """Trino's is not among the requirements, for tests neither."""
    with pytest.raises(EngineNotInstalledError, match="trino") as told:
        connect(address("trino://ann@server:8080/hive/sales/orders"))
    assert told.value.code == "engine-not-installed"
    assert "ibis-framework[trino]" in told.value.hint
