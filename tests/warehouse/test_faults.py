"""What goes wrong with a database is said in words, and leaves nothing behind."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from core.engine import Engine, Limits
from core.errors import (
    CancelledError,
    CannotConnectError,
    ConnectionLostError,
    EmptyFileError,
    EngineError,
    NoAccessError,
    NoRoomError,
    NoSuchTableError,
    OutOfMemoryError,
    QueryTimeoutError,
    TableChangedError,
    UnusableSettingError,
    WrongPasswordError,
)
from core.features.engineering import customer_features
from core.orders.source import open_sources
from core.orders.understanding import Understood, understand
from core.warehouse.address import address
from core.warehouse.connecting import Terms, connect
from tests.commands import run
from tests.warehouse.conftest import PASSWORD, ROOT, Postgres, Spark

ROWS = "customer TEXT, day DATE, amount NUMERIC(12,2)"
SLOW = "SELECT o.* FROM orders AS o, LATERAL (SELECT pg_sleep(0.02 + 0 * length(o.customer))) AS s"
SOME = "SELECT 'c' || i % 50, DATE '2024-01-01' + i % 300, i % 97 + 0.25 FROM generate_series(1, {rows}) AS g(i)"


def read(engine: Engine, url: str, terms: Terms = Terms()) -> Understood:  # noqa: B008
    return understand(engine, open_sources(engine, [address(url)], terms=terms))


@pytest.fixture
def orders(postgres: Postgres) -> Iterator[str]:
    postgres.run(f"CREATE TABLE orders ({ROWS}); INSERT INTO orders {SOME.format(rows=2_000)}")
    postgres.run("GRANT SELECT ON orders TO reader")
    yield postgres.url("orders")
    postgres.run("DROP TABLE orders CASCADE")


def threads() -> list[str]:
    """Those that are running, but for the one by which Python speaks to Java: that stays, for the next connection."""
    return [one.name for one in threading.enumerate() if type(one).__name__ != "FinalizerWorker"]


@pytest.fixture(autouse=True)
def nothing_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Counted after each test: threads, and files of ours where temporary ones go."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = set(threads())
    yield
    assert [path for path in tmp_path.iterdir() if path.name.startswith("elbow-room-")] == []
    until = time.monotonic() + 10
    while (left := set(threads()) - before) and time.monotonic() < until:
        time.sleep(0.1)
    assert left == set()


@pytest.mark.parametrize(
    ("prepare", "table", "kind"),
    [
        ("", "no_such", NoSuchTableError),
        ("", "nowhere.orders", NoSuchTableError),
        ("REVOKE SELECT ON orders FROM reader", "orders", NoAccessError),
        ("TRUNCATE orders", "orders", EmptyFileError),
    ],
)
def test_tables_that_cannot_be_read(prepare: str, table: str, kind: type[EngineError], orders: str, postgres: Postgres):
    if prepare:
        postgres.run(prepare)
    with Engine() as engine, pytest.raises(kind, match=table.rpartition(".")[2]) as told:
        read(engine, postgres.url(table))
    assert PASSWORD not in f"{told.value} {told.value.hint}"
    assert postgres.connections() == 0


def test_a_wrong_password(orders: str, postgres: Postgres, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ELBOW_ROOM_PASSWORD", "open sesame")
    with Engine() as engine, pytest.raises(WrongPasswordError):
        read(engine, orders)
    ran = run("inspect", orders, "--json")
    assert (ran.code, ran.told["error"]["code"]) == (3, "wrong-password")
    assert "open sesame" not in ran.out + ran.err


def test_nobody_there(postgres: Postgres):
    with Engine() as engine, pytest.raises(CannotConnectError, match=r"127\.0\.0\.1:1\b"):
        read(engine, "postgres://reader@127.0.0.1:1/shop/orders")
    with Engine() as engine, pytest.raises(CannotConnectError, match="nonsuch"):
        read(engine, f"postgres://reader@127.0.0.1:{postgres.port}/nonsuch/orders")


def test_a_question_that_takes_too_long(postgres: Postgres):
    postgres.run("CREATE VIEW slow AS SELECT 'c' || i AS customer, DATE '2024-01-01' AS day, 1.0 AS amount "
                 "FROM generate_series(1, 3) AS g(i), LATERAL (SELECT pg_sleep(3 + i * 0)) AS s")  # fmt: skip
    postgres.run("GRANT SELECT ON slow TO reader")
    began = time.monotonic()
    with Engine() as engine, pytest.raises(QueryTimeoutError):
        read(engine, postgres.url("slow"), Terms(timeout_seconds=1))
    assert time.monotonic() - began < 8
    postgres.run("DROP VIEW slow")
    assert postgres.connections() == 0


def test_the_database_stopped_in_the_middle(orders: str, postgres: Postgres):
    postgres.run(f"CREATE VIEW slow AS {SLOW}")
    postgres.run("GRANT SELECT ON slow TO reader")
    stopper = threading.Timer(2, postgres.ctl, ["-m", "immediate", "stop"])
    stopper.start()
    with Engine() as engine, pytest.raises(ConnectionLostError):
        read(engine, postgres.url("slow"))
    stopper.join()
    postgres.start()
    postgres.run("DROP VIEW slow")
    with Engine() as engine:
        assert read(engine, orders).ledger.rows_in == 2_000
    assert postgres.connections() == 0


@pytest.mark.parametrize("bring", [False, True])
def test_postgres_shows_one_moment(bring: bool, orders: str, postgres: Postgres):
    """Rows that come in while the analysis goes on are not in some of its figures and out of others."""
    with Engine() as engine:
        lines = read(engine, orders, Terms(bring=bring))
        postgres.run("INSERT INTO orders VALUES ('new', '2024-05-05', 1000)")
        features = customer_features(lines)
        assert lines.ledger.rows_in == 2_000
        assert "new" not in features.values.index
        assert features.values.total_revenue.sum() == pytest.approx(float(lines.ledger.used.money))
    with Engine() as engine:
        assert "new" in customer_features(read(engine, orders)).values.index


def test_nothing_can_be_written(orders: str, postgres: Postgres):
    import psycopg

    from core.warehouse.postgres import Postgres as Connection

    connection = Connection(address(postgres.url("orders", user="admin")).with_password(PASSWORD), Terms())
    try:
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection._session.execute("DELETE FROM orders")
    finally:
        connection.close()


def test_work_is_cancelled_from_another_thread(orders: str, postgres: Postgres):
    postgres.run(f"CREATE VIEW slow AS {SLOW}")
    postgres.run("GRANT SELECT ON slow TO reader")
    began = time.monotonic()
    with Engine() as engine:
        canceller = threading.Timer(1.5, engine.cancel)
        canceller.start()
        with pytest.raises(CancelledError):
            read(engine, postgres.url("slow"))
        canceller.join()
    assert time.monotonic() - began < 20
    postgres.run("DROP VIEW slow")
    assert postgres.connections() == 0


def test_the_command_is_stopped_by_ctrl_c(orders: str, postgres: Postgres, tmp_path: Path):
    postgres.run(f"CREATE VIEW slow AS {SLOW}")
    postgres.run("GRANT SELECT ON slow TO reader")
    command = [sys.executable, "-m", "core", "segment", postgres.url("slow"), "--out", tmp_path / "out", "--json"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        until = time.monotonic() + 60
        while not postgres.connections() and time.monotonic() < until:
            time.sleep(0.1)
        time.sleep(1)
        running.send_signal(signal.SIGINT)
        out, _ = running.communicate(timeout=60)
    assert running.returncode == 3
    assert json.loads(out)["error"]["code"] == "cancelled"
    assert not (tmp_path / "out").exists()
    assert postgres.connections() == 0


def test_work_here_is_cancelled_too(tmp_path: Path):
    with Engine() as engine:
        canceller = threading.Timer(0.5, engine.cancel)
        canceller.start()
        with pytest.raises(CancelledError):
            engine.backend.raw_sql("SELECT count(*) FROM range(100000000) a, range(1000000) b").fetchall()
        canceller.join()


def large(folder: Path) -> Path:
    file = folder / "large.parquet"
    if not file.exists():
        with duckdb.connect() as here:
            here.execute(
                "COPY (SELECT md5(range::VARCHAR) AS customer, md5((range * 7)::VARCHAR) AS order_id, "
                "DATE '2024-01-01' + (range % 300)::INT AS order_date, range % 97 + 0.25 AS amount "
                f"FROM range(1500000)) TO '{file}'"
            )
    return file


@pytest.mark.parametrize(
    ("memory", "spill", "kind"), [("150MB", "10MB", NoRoomError), ("20MB", "10GB", OutOfMemoryError)]
)
def test_too_little_disk_or_memory(
    memory: str, spill: str, kind: type[EngineError], tmp_path_factory: pytest.TempPathFactory
):
    file = large(tmp_path_factory.getbasetemp())
    with Engine(Limits(memory, None, spill)) as engine, pytest.raises(kind):
        understand(engine, open_sources(engine, [file]))


def test_limits_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    assert Limits.from_environment({}) == Limits("1GB", None, None)
    told = {"ELBOW_ROOM_MEMORY_LIMIT": "3GB", "ELBOW_ROOM_SPILL_DIR": "/disk", "ELBOW_ROOM_SPILL_LIMIT": "9GB"}
    assert Limits.from_environment(told) == Limits("3GB", Path("/disk"), "9GB")
    (tmp_path / "spill").mkdir()
    with Engine(Limits("1GB", tmp_path / "spill")) as engine:
        assert engine.folder.parent == tmp_path / "spill"
    assert list((tmp_path / "spill").iterdir()) == []
    with pytest.raises(UnusableSettingError):
        Engine(Limits("much"))
    with pytest.raises(UnusableSettingError):
        Engine(Limits("1GB", tmp_path / "missing"))


def test_spark_says_that_a_table_changed(spark: Spark, tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("changing")
    rows = (
        "SELECT 'c' || range % 20 AS customer, DATE '2024-01-01' AS day, 1.5 AS amount, range AS order_id FROM range(9)"
    )
    with duckdb.connect() as here, Engine() as engine:
        here.execute(f"COPY ({rows}) TO '{folder}/a.parquet'")
        lines = read(engine, spark.url(folder))
        here.execute(f"COPY ({rows.replace('range(9)', 'range(99)')}) TO '{folder}/a.parquet'")
        with pytest.raises(TableChangedError):
            customer_features(lines)


def test_spark_finishes_without_one_of_its_workers(spark: Spark, typed: dict[str, Path]):
    """Killed while its part of the rows is being judged, and what it had kept is gone with it."""
    with Engine() as engine:
        source = open_sources(engine, [address(spark.url(typed["pharmacy"]))])
        killer = threading.Timer(1, spark.processes["worker1"].kill)
        killer.start()
        lines = understand(engine, source)
        killer.join()
        spark.processes["worker1"].wait(10)
        assert lines.ledger.used.rows == 61_800
        assert len(customer_features(lines)) == 1_000
    spark.begin_worker("worker1")


def test_one_kind_of_spark_at_a_time(spark: Spark, spark_connect: str, typed: dict[str, Path]):
    """PySpark knows a cluster or Spark Connect. Whoever comes second waits; after that, either will do."""
    cluster, served = address(spark.url(typed["pharmacy"])), address(f"{spark_connect}{typed['pharmacy']}")
    for first, second in ((served, cluster), (cluster, served)):
        with closing(connect(first)) as opened:
            with pytest.raises(CannotConnectError, match="already works with the Spark of 127"):
                connect(second)
            assert opened.estimate(opened.table()).rows == 61_800


def test_spark_has_no_such_table(spark: Spark):
    with Engine() as engine, pytest.raises(NoSuchTableError, match="nothing"):
        read(engine, spark.url("nothing"))
    with Engine() as engine, pytest.raises(NoSuchTableError, match="/no/such/folder"):
        read(engine, spark.url("/no/such/folder"))
    with Engine() as engine, pytest.raises(CannotConnectError):
        read(engine, "spark://127.0.0.1:1/orders")
