"""Where rows are judged is said, with the reason."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.engine import Engine
from core.errors import CannotConnectError, NoSuchTableError
from core.features.engineering import customer_features
from core.orders.cleaning import CleaningOptions, OrderLines
from core.orders.source import open_sources
from core.orders.understanding import understand
from core.warehouse.address import address
from core.warehouse.connecting import Terms
from tests.warehouse.conftest import Postgres

ROWS = "FROM generate_series(1, 60) AS g(i)"
TYPED = "'c' || i % 9 AS customer, DATE '2024-01-01' + i AS day, (i + 0.5)::numeric(9, 2) AS amount"


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Engine() as opened:
        yield opened


def made(postgres: Postgres, select: str) -> str:
    postgres.run("DROP TABLE IF EXISTS lines")
    postgres.run(f"CREATE TABLE lines AS {select}")
    postgres.run("GRANT SELECT ON lines TO reader")
    return postgres.url("lines")


@pytest.mark.parametrize(
    ("select", "why"),
    [
        (f"SELECT {TYPED} {ROWS}", None),
        (f"SELECT {TYPED}, (i + 0.5)::numeric AS weight, ARRAY[i] AS list, now() AS seen {ROWS}", None),
        (f"SELECT 'c' || i AS customer, '0' || (1 + i % 9) || '/13/2024' AS day, 9 AS amount {ROWS}", "day holds text"),
        (f"SELECT 'c' || i AS customer, DATE '2024-01-01' AS day, i || ',50' AS amount {ROWS}", "amount holds text"),
        (
            "SELECT 'c' || i / 3 % 9 AS customer, DATE '2024-01-01' + i / 3 AS day, i / 3 AS order_id, "
            f"10.5 + i / 3 AS order_total {ROWS}",
            "rows of an order tell of each other",
        ),
    ],
)  # fmt: skip
def test_where_and_why(select: str, why: str | None, engine: Engine, postgres: Postgres):
    lines = understand(engine, open_sources(engine, [address(made(postgres, select))]))
    assert isinstance(lines, OrderLines)
    assert lines.ledger.rows_in == 60
    [note] = lines.source.notes
    assert note in lines.warnings
    assert note.startswith('postgres table "lines" on 127.0.0.1: ')
    if why is None:
        assert "the work is done there" in note
        assert lines.source.elsewhere
    else:
        assert "all rows were brought here" in note
        assert why in note
        assert not lines.source.elsewhere


def test_brought_text_is_read_by_our_rules(engine: Engine, postgres: Postgres):
    """13 can be no month, so that the month stands first; 1,50 has a decimal comma."""
    select = f"SELECT 'c' || i AS customer, '02/13/2024' AS day, i || ',50' AS amount, 'x' AS note {ROWS}"
    lines = understand(engine, open_sources(engine, [address(made(postgres, select))]))
    assert lines.revenue == 60 * 61 / 2 + 30
    assert str(lines.first_order) == "2024-02-13"


def test_one_row_a_customer_is_a_table_of_customers(engine: Engine, postgres: Postgres):
    select = f"SELECT 'c' || i AS customer_id, i * 2.5 AS total_spent, i % 7 AS visits {ROWS}"
    found = understand(engine, open_sources(engine, [address(made(postgres, select))]))
    assert not isinstance(found, OrderLines)
    assert found.ledger.used.customers == 60


def test_copies_are_set_aside_here(engine: Engine, postgres: Postgres):
    select = f"SELECT {TYPED} {ROWS} UNION ALL SELECT {TYPED} FROM generate_series(1, 2) AS g(i)"
    url = made(postgres, select)
    lines = understand(engine, open_sources(engine, [address(url)]), CleaningOptions(drop_duplicates=True))
    assert {entry.reason: entry.rows for entry in lines.ledger.set_aside} == {"duplicate": 2}
    assert lines.set_aside().frame()["line_number"].isna().all()


@pytest.mark.parametrize("bring", [False, True])
def test_ids_that_are_numbers_without_a_scale_keep_their_digits(bring: bool, engine: Engine, postgres: Postgres):
    """As Oracle's come to Postgres. A floating number holds 15 of these 20 digits, and all would be one customer."""
    select = (
        f"SELECT 12345678901234567000::numeric + i % 9 AS customer, DATE '2024-01-01' AS day, i / 4.0 AS amount {ROWS}"
    )
    source = open_sources(engine, [address(made(postgres, select))], terms=Terms(bring=bring))
    lines = understand(engine, source)
    assert ("done there" in source.notes[0]) != bring
    ids = lines.table.select("customer_id").distinct().to_pandas()["customer_id"]
    assert sorted(ids) == [str(12345678901234567000 + number) for number in range(9)]
    assert float(lines.revenue) == 60 * 61 / 8


def test_an_engine_that_only_ibis_knows(engine: Engine, tmp_path: Path):
    """SQLite, which comes with Python: days are text there, and the name of a column holds a quote."""
    file = tmp_path / "shop.sqlite"
    with pytest.raises(CannotConnectError):
        open_sources(engine, [address(f"sqlite://{file}/orders")])
    assert not file.exists()
    with contextlib.closing(sqlite3.connect(file)) as database:
        database.execute('CREATE TABLE "some orders" (customer TEXT, day TEXT, amount REAL, "a""b" BLOB)')
        rows = [(f"c{i % 7}", f"2024-01-{1 + i % 28:02}", i + 0.5, b"x") for i in range(70)]
        database.executemany('INSERT INTO "some orders" VALUES (?, ?, ?, ?)', rows)
        database.commit()
    lines = understand(engine, open_sources(engine, [address(f"sqlite://{file}/some%20orders")]))
    assert lines.revenue == 70 * 69 / 2 + 35
    assert "not one in which the answers are proven" in lines.source.notes[0]
    with pytest.raises(NoSuchTableError, match="orders"):
        open_sources(engine, [address(f"sqlite://{file}/orders")])


@pytest.mark.parametrize("bring", [False, True])
def test_ids_and_statuses_are_told_as_in_files(bring: bool, engine: Engine, postgres: Postgres):
    """Blanks, #, capitals beyond English and words for nobody: the same three customers and two orders left out."""
    rows = [
        ("' #3001'", "'Bezahlt'", 1), ("'3001'", "'STORNIERT'", 2), ("'INVITÉ'", "'paid'", 4),
        ("'3.002E+3'", "'Annulé'", 8), ("'3002'", "'ANNULÉ'", 16), ("'émile '", "'paid'", 32), ("'émile'", "'-'", 64),
    ]  # fmt: skip
    select = " UNION ALL ".join(
        f"SELECT {who} AS customer, DATE '2024-05-0{place}' AS day, {amount}::float8 AS amount, {status} AS status"
        for place, (who, status, amount) in enumerate(rows, 1)
    )
    source = open_sources(engine, [address(made(postgres, select))], terms=Terms(bring=bring))
    lines = understand(engine, source)
    assert isinstance(lines, OrderLines)
    used = lines.table.group_by("customer_id").aggregate(total=lines.table.amount.sum()).to_pandas()
    assert dict(zip(used["customer_id"], used["total"], strict=True)) == {"3001": 1, "émile": 96}
    aside = {entry.reason: entry.rows for entry in lines.ledger.set_aside}
    assert aside == {"not-sold": 3, "no-customer": 1}


@pytest.mark.parametrize("bring", [False, True])
def test_text_is_compared_by_its_characters(bring: bool, engine: Engine, postgres: Postgres):
    """Of two cities on one day the first by text is taken: Bonn, in capitals; English would say aachen."""
    select = (
        "SELECT 'c' || i % 3 AS customer, DATE '2024-01-01' AS day, i + 0.5 AS amount, "
        f"(CASE WHEN i % 2 = 0 THEN 'Bonn' ELSE 'aachen' END) COLLATE \"en-x-icu\" AS city {ROWS}"
    )
    source = open_sources(engine, [address(made(postgres, select))], terms=Terms(bring=bring))
    lines = understand(engine, source)
    assert isinstance(lines, OrderLines)
    assert list(customer_features(lines).contacts["city"]) == ["Bonn"] * 3
