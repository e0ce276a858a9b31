"""Names are quoted and not run, secrets are seen nowhere, and nothing is loaded that nobody asked for."""

from __future__ import annotations

import re
import resource
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from core.engine import Engine
from core.features.engineering import customer_features
from core.orders.cleaning import OrderLines
from core.orders.source import open_sources
from core.orders.understanding import understand
from core.warehouse.address import address
from core.warehouse.connecting import Terms
from tests.commands import run
from tests.warehouse.conftest import PASSWORD, ROOT, Postgres, Spark

NAMES = {
    "table": 'orders"; DROP TABLE precious; --',
    "customer": "customer\"; DROP TABLE precious; -- '",
    "day": "order date /* %s %(x)s */",
    "amount": "amount'); DELETE FROM precious; --",
}


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


VALUES = {"customer": "'c' || i % 7", "day": "DATE '2024-01-01' + CAST(i AS INT)", "amount": "i + 0.5"}


def hostile() -> str:
    columns = ", ".join(f"{value} AS {quoted(NAMES[role])}" for role, value in VALUES.items())
    return f"CREATE TABLE {quoted(NAMES['table'])} AS SELECT {columns} FROM generate_series(1, 70) AS g(i)"


def mapped(url: str, terms: Terms) -> OrderLines:
    from core.orders.cleaning import CleaningOptions

    roles = {"customer_id": "customer", "order_date": "day", "amount": "amount"}
    options = CleaningOptions(columns={role: NAMES[name] for role, name in roles.items()})
    with Engine() as engine:
        lines = understand(engine, open_sources(engine, [address(url)], terms=terms), options)
        assert isinstance(lines, OrderLines)
        assert customer_features(lines).values.total_revenue.sum() == 70 * 71 / 2 + 35
    return lines


def as_url(name: str) -> str:
    from urllib.parse import quote

    return quote(name, safe="")


@pytest.mark.parametrize("bring", [False, True])
def test_hostile_names_in_postgres(bring: bool, postgres: Postgres):
    postgres.run("CREATE TABLE precious AS SELECT 1 AS one")
    postgres.run(hostile())
    postgres.run(f"GRANT SELECT ON {quoted(NAMES['table'])} TO reader")
    mapped(postgres.url(as_url(NAMES["table"])), Terms(bring=bring))
    assert postgres.run("SELECT * FROM precious") == [(1,)]
    postgres.run(f"DROP TABLE precious, {quoted(NAMES['table'])}")


@pytest.mark.parametrize("bring", [False, True])
def test_hostile_names_in_duckdb(bring: bool, tmp_path: Path):
    file = tmp_path / "it's; a 'file'.duckdb"
    with duckdb.connect(str(file)) as database:
        database.execute("CREATE TABLE precious AS SELECT 1 AS one")
        database.execute(hostile())
    mapped(f"duckdb://{as_url(str(file))}/{as_url(NAMES['table'])}", Terms(bring=bring))
    with duckdb.connect(str(file)) as database:
        assert database.execute("FROM precious").fetchall() == [(1,)]


def test_hostile_names_in_spark(spark: Spark, tmp_path: Path):
    file = tmp_path / "orders.parquet"
    with duckdb.connect() as here:
        here.execute(hostile())
        here.execute(f"COPY {quoted(NAMES['table'])} TO '{file}'")
    mapped(spark.url(file), Terms())


def test_a_secret_is_in_no_output(postgres: Postgres, tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    """Neither in what is said nor in any file that is written; with the password typed into the URL, too."""
    typed = as_url(PASSWORD)
    postgres.run("CREATE TABLE told AS SELECT 'c' || i % 40 AS customer, DATE '2024-01-01' + i % 300 AS day, "
                 "i % 11 + 0.5 AS amount FROM generate_series(1, 400) AS g(i)")  # fmt: skip
    postgres.run("GRANT SELECT ON told TO reader")
    url = postgres.url("told").replace("reader@", f"reader:{typed}@")
    postgres.run("CREATE SCHEMA written AUTHORIZATION reader")
    to = url.replace("/told", "/written.segments")
    more = ("--workbook", "--parquet", "--to", to, "--json")
    done = run("segment", url, "--k", "2", "--k-max", "3", "--out", tmp_path / "out", *more)
    assert done.code == 0, done.err
    assert done.told["table"] == f"postgres://127.0.0.1:{postgres.port}/shop/written.segments"
    scoring = ("score", url, "--recipe", tmp_path / "out" / "recipe.json", "--out", tmp_path / "again", "--to")
    refused = [
        run("inspect", url.replace("/told", "/nothing"), "--json"),
        run("inspect", url.replace("/shop/", "/nowhere/")),
        run("inspect", url, "--nonsense"),
        run("inspect", url, "--map", url),
        run("table", url, "--out-dir", tmp_path / "out"),
        run(*scoring, to, "--json"),
        run(*scoring, url, "--replace", "--json"),
        run(*scoring, to.replace("/written", "/public")),
        run(*scoring, to.replace("/shop/", "/nowhere/")),
        run(*scoring, to.replace("postgres://", "mysql://"), "--json"),
        run(*scoring, to.replace("://", ":")),
        run(*scoring, to, "--nonsense"),
    ]
    assert all(one.code in {2, 3} for one in refused)
    said = "".join(one.out + one.err for one in (done, *refused)) + "".join(capfd.readouterr())
    assert 'postgres table \\"told\\" on 127.0.0.1' in done.out
    for path in tmp_path.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert PASSWORD.encode() not in content, path
            assert typed.encode() not in content, path
            assert b"reader@" not in content, path
    assert PASSWORD not in said
    assert typed not in said
    postgres.run("DROP TABLE told; DROP SCHEMA written CASCADE")


def test_core_starts_light():
    """Without drivers, and in less than a second and a half, reckoned in the processor's time: others may be busy."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "core", "--help"], cwd=ROOT, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1.5
    script = "import sys, core.commands.reading; print(*{name.partition('.')[0] for name in sys.modules})"
    ran = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert {"core", "ibis"} <= set(ran.stdout.split())
    assert {"pyspark", "psycopg", "py4j", "grpc"}.isdisjoint(ran.stdout.split())


def test_requirements_bring_no_driver():
    pinned = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements.txt").read_text(), re.MULTILINE))
    assert {"ibis-framework", "duckdb"} <= pinned
    assert not [
        name for name in pinned if name.startswith(("psycopg", "pyspark", "py4j", "grpc", "trino", "snowflake"))
    ]
