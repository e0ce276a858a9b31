"""`segment` and `score` fill the table of --to, and say what became of it."""

from __future__ import annotations

import csv
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from core.analysis import SegmentOptions, analyse
from core.engine import Engine
from core.exports import bundle
from core.exports.takeaway import Wanted
from core.orders.source import open_sources
from core.orders.understanding import understand
from core.warehouse.address import address
from core.warehouse.writing import Target
from tests.commands import run, some_orders
from tests.warehouse.conftest import PASSWORD, Postgres
from tests.warehouse.written import Duck, fill, tables, target


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    return some_orders(tmp_path / "orders.csv", 60)


def as_in_csv(row: tuple) -> list[str]:  # type: ignore[type-arg]
    """A row of a table as segments.csv has it; the values here hold no formula but in emails."""
    cells = ["" if cell is None else str(cell).lower() if isinstance(cell, bool) else str(cell) for cell in row]
    return [
        cell.removesuffix(".0") if isinstance(value, float) else cell for cell, value in zip(cells, row, strict=True)
    ]


def test_the_commands_write_what_segments_csv_holds(orders: Path, writing: Postgres, tmp_path: Path):
    """`segment` into the file that the orders are read from, `score` into a server; both again in their place."""
    shop, first = Duck(tmp_path / "shop.duckdb"), tmp_path / "first"
    shop.run(f"CREATE TABLE orders AS FROM read_csv('{orders}')")
    usual = ("--control-share", 0.2, "--json")
    ran = run(
        "segment", shop.url("orders"), "--k", 3, "--k-max", 3, "--out", first, "--to", shop.url("Segments"), *usual
    )
    assert ran.code == 0, ran.err
    assert (ran.told["table"], ran.told["table_rows"]) == (shop.url("Segments"), 60)
    assert f", and 60 rows to the table {shop.url('Segments')}." in ran.err
    with (first / "segments.csv").open(newline="") as file:
        header, *expected = ([cell.removeprefix("'") for cell in row] for row in csv.reader(file))
    assert [as_in_csv(row) for row in shop.run("FROM Segments")] == expected
    assert [name for name, *_ in shop.run("DESCRIBE Segments")] == header
    assert shop.run("SELECT count(*) FROM orders") == [(len(orders.read_text().splitlines()) - 1,)]

    url = writing.url("segments", user="writer")
    for replace in ([], ["--replace"]):
        scored = run(
            "score", orders, "--recipe", first / "recipe.json", "--out", tmp_path / "b", "--to", url, *usual, *replace
        )
        assert scored.code == 0, scored.err
        assert scored.told["table"] == f"postgres://127.0.0.1:{writing.port}/shop/segments"
        assert (tmp_path / "b" / "segments.csv").read_bytes() == (first / "segments.csv").read_bytes()
        found = writing.run('SELECT * FROM marketing.segments ORDER BY customer_id COLLATE "C"')
        assert [as_in_csv(row) for row in found] == expected
    again = run("score", orders, "--recipe", first / "recipe.json", "--out", tmp_path / "c", "--to", url, "--json")
    assert (again.code, again.told["error"]["code"]) == (3, "table-exists")
    assert not (tmp_path / "c").exists()
    writing.run("DROP TABLE marketing.segments")


def test_customers_in_the_engine_go_into_the_file_that_their_orders_are_read_from(orders: Path, tmp_path: Path):
    shop = Duck(tmp_path / "shop.duckdb")
    shop.run(f"CREATE TABLE orders AS FROM read_csv('{orders}')")
    with Engine() as engine:
        lines = understand(engine, open_sources(engine, [address(shop.url("orders"))]))
        analysis = analyse(lines, SegmentOptions(k=2, k_max=2), engine=engine, most_in_memory=0)
        assert analysis.everyone is not None

        def into(rows: Callable[[], pa.RecordBatchReader]) -> dict[str, int]:
            engine.leave()
            return {"rows": fill(engine, target(shop, "segments"), rows())}

        written = bundle.write(analysis, tmp_path / "out", {}, Wanted(control_share=0.2), into=into)
    assert written.facts["rows"] == 60
    with (tmp_path / "out" / "segments.csv").open(newline="") as file:
        _, *expected = ([cell.removeprefix("'") for cell in row] for row in csv.reader(file))
    assert [as_in_csv(row) for row in shop.run("FROM segments")] == expected
    assert (
        sum(held for (held,) in shop.run("SELECT control_group FROM segments")) == written.facts["control"]["customers"]
    )


def test_the_table_that_is_read_is_not_overwritten(orders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    shop = Duck(tmp_path / "shop.duckdb")
    shop.run(f"CREATE TABLE orders AS FROM read_csv('{orders}')")
    monkeypatch.chdir(tmp_path)
    for url in (shop.url("main.Orders"), "duckdb://shop.duckdb/orders"):
        ran = run("segment", shop.url("orders"), "--out", tmp_path / "out", "--to", url, "--replace", "--json")
        assert (ran.code, ran.told["error"]["code"]) == (3, "overwrites-source")
    assert shop.run("SELECT count(*) FROM orders WHERE amount > 0") == [(len(orders.read_text().splitlines()) - 1,)]
    same = Target(address("postgres://ann@localhost/shop/public.orders"))
    assert same.is_at(address("postgresql://bob:pw@127.0.0.1:5432/shop/orders"))
    assert not same.is_at(address("postgres://ann@localhost:5433/shop/orders"))
    assert not same.is_at(address("postgres://ann@localhost/shop/sales.orders"))


def test_what_cannot_be_meant_is_wrong_usage(orders: Path, tmp_path: Path):
    usual = ("segment", orders, "--out", tmp_path / "out")
    assert run(*usual, "--replace").code == 2
    assert run(*usual, "--to", "segments").code == 2
    assert run(*usual, "--to", "duckdb://file", "--json").told["error"]["code"] == "bad-address"
    assert run(*usual, "--to", "trino://ann@h/c/s/t", "--json").told["error"]["code"] == "cannot-write-there"
    assert not (tmp_path / "out").exists()


@pytest.fixture
def full(writing: Postgres) -> Iterator[Postgres]:
    """The server has no room left at the last step, when the old table is gone already within the transaction."""
    writing.run("CREATE TABLE marketing.segments AS SELECT 7 AS old; ALTER TABLE marketing.segments OWNER TO writer")
    writing.run(
        "CREATE FUNCTION no_room() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no room at "
        f"{PASSWORD.replace('%', '%%')}' USING ERRCODE = 'disk_full'; END $$"
    )
    writing.run(
        "CREATE EVENT TRIGGER full_disk ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION no_room()"
    )
    yield writing
    writing.run("DROP EVENT TRIGGER full_disk; DROP FUNCTION no_room; DROP TABLE marketing.segments")


def test_a_server_that_is_full_keeps_the_old_table(full: Postgres, orders: Path, tmp_path: Path):
    """By the command: the files are complete, and it says so."""
    url, out = full.url("segments", user="writer"), tmp_path / "out"
    ran = run("segment", orders, "--k", 2, "--k-max", 2, "--out", out, "--to", url, "--replace", "--json")
    assert (ran.code, ran.told["error"]["code"]) == (3, "no-room")
    assert f"The files in {out} are complete." in ran.told["error"]["hint"]
    assert (out / "report.html").exists()
    assert PASSWORD not in ran.out + ran.err
    assert full.run("SELECT * FROM marketing.segments") == [(7,)]
    assert tables(full) == ["segments"]


def test_ctrl_c_while_others_are_waited_for(orders: Path, writing: Postgres, tmp_path: Path):
    """All rows are there by then, and the old table is to go."""
    import psycopg

    writing.run("CREATE TABLE marketing.segments AS SELECT 7 AS old; ALTER TABLE marketing.segments OWNER TO writer")
    waiting = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'elbow-room' AND wait_event_type = 'Lock'"

    def press() -> None:
        until = time.monotonic() + 60
        while not writing.run(waiting) and time.monotonic() < until:
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    with psycopg.connect(host="127.0.0.1", port=writing.port, user="admin", password=PASSWORD, dbname="shop") as busy:
        busy.execute("SELECT * FROM marketing.segments")
        presser = threading.Thread(target=press)
        presser.start()
        url, out = writing.url("segments", user="writer"), tmp_path / "out"
        ran = run("segment", orders, "--k", 2, "--k-max", 2, "--out", out, "--to", url, "--replace", "--json")
        presser.join()
    assert (ran.code, ran.told["error"]["code"]) == (3, "cancelled")
    assert ran.told["error"]["hint"] == f"The table is as it was before. The files in {out} are complete."
    assert writing.run("SELECT * FROM marketing.segments") == [(7,)]
    assert (tables(writing), writing.connections()) == (["segments"], 0)
    writing.run("DROP TABLE marketing.segments")
