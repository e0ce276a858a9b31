"""Tables are written whole or not at all, whatever they and their columns are called."""

from __future__ import annotations

import csv
import os
import resource
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

import duckdb
import pyarrow as pa
import pytest

from core.analysis import SegmentOptions, analyse
from core.engine import Engine
from core.errors import (
    BadAddressError,
    CancelledError,
    CannotConnectError,
    CannotWriteThereError,
    ConnectionLostError,
    EngineError,
    NoAccessError,
    NoSuchTableError,
    TableExistsError,
    WrongPasswordError,
)
from core.exports import bundle
from core.exports.rows import pass_on
from core.exports.takeaway import Wanted
from core.orders.source import open_sources
from core.orders.understanding import understand
from core.warehouse.address import address
from core.warehouse.into_duckdb import IntoDuckDB
from core.warehouse.writing import LONGEST_NAME, Target, column_names
from tests.commands import run
from tests.warehouse.conftest import PASSWORD, Postgres

SCHEMA = pa.schema(
    [("customer_id", pa.string()), ("segment", pa.int64()), ("spent", pa.float64()), ("held", pa.bool_())]
)
ROWS = [
    ("a\tb\\N", 1, 0.1 + 0.2, True),
    ("line\r\nfeed \\. \\", 2, -1e-300, False),
    ("'; DROP TABLE precious; --", None, None, None),
    (None, 9_007_199_254_740_993, float("inf"), True),
    ("", 3, 12.0, False),
    ("ü 🙂 \x01", 4, 1 / 3, True),
]
HOSTILE = "segments\"; DROP TABLE precious; -- ' %s %(x)s"
IN_WAY = [('x"; DROP TABLE precious; --', "%s %(x)s /*"), ("Größe", "größe"), ("ctid", "a\nb"), ("n" * 80, "n" * 90)]


class Duck:
    """A DuckDB file that can be asked like the server."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def run(self, sql: str) -> list[tuple]:  # type: ignore[type-arg]
        with duckdb.connect(str(self.file)) as database:
            return database.execute(sql).fetchall()

    def url(self, table: str) -> str:
        return f"duckdb://{self.file}/{table}"


@pytest.fixture(scope="module")
def writing(postgres: Postgres) -> Iterator[Postgres]:
    """The server with somebody who may write, in a schema of her own and nowhere else."""
    postgres.run(f"CREATE ROLE writer LOGIN PASSWORD '{PASSWORD}'; CREATE SCHEMA marketing AUTHORIZATION writer")
    postgres.run("ALTER ROLE writer SET search_path = marketing")
    yield postgres
    postgres.run("DROP OWNED BY writer; DROP ROLE writer")


@pytest.fixture(params=["duckdb", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Duck | Postgres]:
    """Either, with a table that must not be lost."""
    found = Duck(tmp_path / "it's; 1.duckdb") if request.param == "duckdb" else request.getfixturevalue("writing")
    schema = "" if request.param == "duckdb" else "marketing."
    found.run(f"CREATE TABLE {schema}precious AS SELECT 1 AS one")
    yield found
    assert found.run(f"SELECT one FROM {schema}precious") == [(1,)]
    if request.param == "postgres":
        assert found.connections() == 0
        found.run("DROP OWNED BY writer CASCADE; DROP SCHEMA IF EXISTS marketing CASCADE")
        found.run("CREATE SCHEMA marketing AUTHORIZATION writer")


def target(database: Duck | Postgres, table: str, *, replace: bool = False, user: str = "writer") -> Target:
    url = (
        database.url(quote(table, safe="")) if isinstance(database, Duck) else database.url(quote(table, safe=""), user)
    )
    return Target(address(url).with_password(PASSWORD), replace=replace)


def reader(then: Callable[[], object] = lambda: None, rows: Sequence[tuple] = ROWS) -> pa.RecordBatchReader:  # type: ignore[type-arg]
    """The rows in two batches, and something that happens between them."""

    def batches() -> Iterator[pa.RecordBatch]:
        for number, some in enumerate((rows[:3], rows[3:])):
            if number:
                then()
            columns = zip(*some, strict=True)
            yield pa.record_batch(
                [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)], schema=SCHEMA
            )

    return pa.RecordBatchReader.from_batches(SCHEMA, batches())


def fill(engine: Engine, wanted: Target, rows: pa.RecordBatchReader) -> int:
    wanted.check(engine)
    return pass_on(rows, wanted.filled(engine, rows.schema))


def tables(database: Duck | Postgres) -> list[str]:
    where = "table_catalog = current_database()" if isinstance(database, Duck) else "table_schema = 'marketing'"
    found = database.run(f"SELECT table_name FROM information_schema.tables WHERE {where} ORDER BY 1")
    return [name for (name,) in found]


def test_every_value_comes_back(engine: Engine, database: Duck | Postgres):
    assert fill(engine, target(database, "segments"), reader()) == len(ROWS)
    schema = "main" if isinstance(database, Duck) else "marketing"
    assert sorted(database.run(f"SELECT * FROM {schema}.segments"), key=str) == sorted(ROWS, key=str)
    kinds = (
        "SELECT lower(data_type) FROM information_schema.columns WHERE table_name = 'segments' "
        "ORDER BY ordinal_position"
    )
    text, double = ("varchar", "double") if isinstance(database, Duck) else ("text", "double precision")
    assert database.run(kinds) == [(text,), ("bigint",), (double,), ("boolean",)]


def test_names_are_quoted_and_not_run(engine: Engine, database: Duck | Postgres):
    names = ["customer_id", "segment", *(name for pair in IN_WAY for name in pair)]
    schema = pa.schema([(name, pa.string()) for name in names])
    batch = pa.record_batch([pa.array([name]) for name in names], schema=schema)
    for replace in (False, True):
        wanted = target(database, HOSTILE, replace=replace)
        assert fill(engine, wanted, pa.RecordBatchReader.from_batches(schema, [batch])) == 1
    assert tables(database) == ["precious", HOSTILE]
    here = "" if isinstance(database, Duck) else "marketing."
    assert database.run(f'SELECT * FROM {here}"{HOSTILE.replace(chr(34), chr(34) * 2)}"') == [tuple(names)]
    told = database.run(
        "SELECT column_name FROM information_schema.columns WHERE table_name LIKE 'segments\"; DROP%' "
        "ORDER BY ordinal_position"
    )
    assert [name for (name,) in told] == column_names(names)


def test_column_names_are_short_and_different_whatever_the_case():
    assert column_names(["Age", "age", "AGE (2)", "", "\0", "xmin"]) == [
        "Age", "age (2)", "AGE (2) (2)", "column", "column (2)", "xmin (2)",
    ]  # fmt: skip
    long = column_names(["ü" * 40, "ü" * 41, "é" + "x" * 70])
    assert long[:2] == ["ü" * 31, "ü" * 29 + " (2)"]
    assert all(len(name.encode()) <= LONGEST_NAME for name in long)


def test_a_table_that_is_there_stays_unless_it_is_to_be_replaced(engine: Engine, database: Duck | Postgres):
    schema = "main" if isinstance(database, Duck) else "marketing"
    database.run(f"CREATE TABLE {schema}.segments AS SELECT 7 AS old")
    if isinstance(database, Postgres):
        database.run("ALTER TABLE marketing.segments OWNER TO writer; GRANT USAGE ON SCHEMA marketing TO reader")
    with pytest.raises(TableExistsError) as told:
        fill(engine, target(database, "segments"), reader())
    assert "--replace" in told.value.hint
    assert database.run(f"SELECT * FROM {schema}.segments") == [(7,)]

    def look() -> None:
        """Who reads the old one while the new one comes in is neither kept waiting nor shown a part."""
        if isinstance(database, Postgres):
            database.run("ALTER ROLE admin SET lock_timeout = '5s'")
            assert database.run("SELECT * FROM marketing.segments") == [(7,)]
            database.run("ALTER ROLE admin RESET lock_timeout")

    assert fill(engine, target(database, f"{schema}.segments", replace=True), reader(look)) == len(ROWS)
    assert len(database.run(f"SELECT customer_id FROM {schema}.segments")) == len(ROWS)
    assert tables(database) == ["precious", "segments"]


def test_a_view_is_never_replaced(engine: Engine, database: Duck | Postgres):
    schema = "main" if isinstance(database, Duck) else "marketing"
    database.run(f"CREATE VIEW {schema}.segments AS SELECT 7 AS old")
    with pytest.raises(TableExistsError, match="view"):
        fill(engine, target(database, "segments", replace=True), reader())
    assert database.run(f"SELECT * FROM {schema}.segments") == [(7,)]


def stop() -> None:
    raise KeyboardInterrupt


def fail() -> None:
    raise ValueError("the source failed")


@pytest.mark.parametrize("replace", [False, True])
@pytest.mark.parametrize(("then", "kind"), [(stop, KeyboardInterrupt), (fail, ValueError)])
def test_what_breaks_off_leaves_nothing(
    then: Callable[[], None], kind: type[BaseException], replace: bool, engine: Engine, database: Duck | Postgres
):
    schema = "main" if isinstance(database, Duck) else "marketing"
    if replace:
        database.run(f"CREATE TABLE {schema}.segments AS SELECT 7 AS old")
        if isinstance(database, Postgres):
            database.run("ALTER TABLE marketing.segments OWNER TO writer")
    with pytest.raises(kind):
        fill(engine, target(database, "segments", replace=replace), reader(then))
    assert tables(database) == (["precious", "segments"] if replace else ["precious"])
    if replace:
        assert database.run(f"SELECT * FROM {schema}.segments") == [(7,)]


def test_ctrl_c_while_duckdb_writes(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Whether Python or DuckDB notices it first."""
    schema = pa.schema([("customer_id", pa.string())])
    batch = pa.record_batch([pa.array([str(number) * 3 for number in range(1_000_000)])], schema=schema)
    put = IntoDuckDB.put

    def press_and_put(self: IntoDuckDB, batch: pa.RecordBatch, table: str) -> None:
        presser = threading.Timer(0.1, lambda: os.kill(os.getpid(), signal.SIGINT))
        presser.start()
        put(self, batch, table)
        presser.join()

    monkeypatch.setattr(IntoDuckDB, "put", press_and_put)
    rows = pa.RecordBatchReader.from_batches(schema, [batch])
    with pytest.raises((CancelledError, KeyboardInterrupt)):
        fill(engine, target(Duck(tmp_path / "new.duckdb"), "segments"), rows)
    assert list(tmp_path.iterdir()) == []


def test_a_duckdb_file_is_made_with_its_schema_or_not_at_all(engine: Engine, tmp_path: Path):
    file = Duck(tmp_path / "new.duckdb")
    with pytest.raises(ValueError, match="the source failed"):
        fill(engine, target(file, "marketing.segments"), reader(fail))
    assert list(tmp_path.iterdir()) == []
    fill(engine, target(file, "marketing.segments"), reader())
    assert list(tmp_path.iterdir()) == [file.file]
    assert file.run("SELECT count(*) FROM marketing.segments") == [(len(ROWS),)]
    assert engine.backend.raw_sql("SELECT count(*) FROM duckdb_databases() WHERE path IS NOT NULL").fetchall() == [(0,)]


def test_no_more_than_a_few_batches_are_held(engine: Engine, database: Duck | Postgres):
    schema, held = pa.schema([("customer_id", pa.string())]), []
    texts = [str(number) * 20 for number in range(10_000)]

    def batches() -> Iterator[pa.RecordBatch]:
        for _ in range(12):
            held.append(pa.total_allocated_bytes())
            yield pa.record_batch([pa.array(texts)], schema=schema)

    fill(engine, target(database, "segments"), pa.RecordBatchReader.from_batches(schema, batches()))
    assert max(held) - held[0] < 3 * pa.array(texts).nbytes


def test_duckdb_files_that_cannot_be_written(engine: Engine, tmp_path: Path):
    (tmp_path / "notes.txt").write_text("not a database, and longer than its header would be" * 1_000)
    before = (tmp_path / "notes.txt").read_bytes()
    with pytest.raises(CannotConnectError, match=r"notes\.txt"):
        target(Duck(tmp_path / "notes.txt"), "segments").check(engine)
    assert (tmp_path / "notes.txt").read_bytes() == before
    with pytest.raises(CannotConnectError, match="no folder"):
        target(Duck(tmp_path / "nowhere" / "a.duckdb"), "segments").check(engine)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notes.txt"]


def test_a_disk_that_takes_no_more_leaves_the_old_table(engine: Engine, tmp_path: Path):
    """The system lets no file grow beyond 4 MB meanwhile; incompressible texts need more."""
    file = Duck(tmp_path / "full.duckdb")
    file.run("CREATE TABLE segments AS SELECT 7 AS old")
    texts = pa.array([sha256(str(number).encode()).hexdigest() for number in range(200_000)])
    schema = pa.schema([("customer_id", pa.string())])
    rows = pa.RecordBatchReader.from_batches(schema, [pa.record_batch([texts], schema=schema)])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_000_000, hard))
    try:
        with pytest.raises(EngineError):
            fill(engine, target(file, "segments", replace=True), rows)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert file.run("FROM segments") == [(7,)]
    assert file.run("SELECT table_name FROM information_schema.tables") == [("segments",)]


def test_a_text_that_postgres_cannot_store(engine: Engine, writing: Postgres):
    with pytest.raises(EngineError, match="cannot store") as told:
        fill(engine, target(writing, "segments"), reader(rows=[*ROWS, ("a\0b", 1, 1.0, True)]))
    assert told.value.code == "engine-failed"
    assert tables(writing) == []


def test_a_connection_that_is_lost(engine: Engine, writing: Postgres):
    def end() -> None:
        writing.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'elbow-room'")

    with pytest.raises(ConnectionLostError):
        fill(engine, target(writing, "segments"), reader(end))
    assert (tables(writing), writing.connections()) == ([], 0)


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


def test_who_may_not_write_is_told_before_the_work(engine: Engine, writing: Postgres, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(NoAccessError):
        target(writing, "segments", user="reader").check(engine)
    writing.run("CREATE TABLE marketing.segments AS SELECT 7 AS old")  # the administrator's
    with pytest.raises(NoAccessError, match="replaced"):
        target(writing, "segments", replace=True).check(engine)
    writing.run("DROP TABLE marketing.segments; ALTER ROLE writer SET default_transaction_read_only = on")
    with pytest.raises(NoAccessError, match="only read"):
        target(writing, "segments").check(engine)
    writing.run("ALTER ROLE writer RESET default_transaction_read_only")
    with pytest.raises(NoSuchTableError, match="schema"):
        target(writing, "nowhere.segments").check(engine)
    with pytest.raises(BadAddressError):
        target(writing, "s" * 64).check(engine)
    with pytest.raises(WrongPasswordError) as told:
        Target(target(writing, "segments").address.with_password("open sesame")).check(engine)
    assert "sesame" not in f"{told.value} {told.value.hint}"
    with pytest.raises(CannotWriteThereError, match="trino"):
        Target(address("trino://ann@host/catalog/schema/segments")).check(engine)
    assert (tables(writing), writing.connections()) == ([], 0)


def test_it_does_not_wait_forever_for_others(engine: Engine, writing: Postgres, monkeypatch: pytest.MonkeyPatch):
    import psycopg

    from core.warehouse import into_postgres

    monkeypatch.setattr(into_postgres, "_PATIENCE", "200ms")
    fill(engine, target(writing, "segments"), reader())
    with psycopg.connect(host="127.0.0.1", port=writing.port, user="admin", password=PASSWORD, dbname="shop") as busy:
        busy.execute("SELECT * FROM marketing.segments")
        with pytest.raises(EngineError, match="is being read by others"):
            fill(engine, target(writing, "segments", replace=True), reader(rows=ROWS[:4]))
    assert writing.run("SELECT count(*) FROM marketing.segments") == [(len(ROWS),)]
    assert tables(writing) == ["segments"]
    writing.run("DROP TABLE marketing.segments")


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


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    file = tmp_path / "orders.csv"
    rows = ["customer_id,order_date,amount,email"]
    for who in range(60):
        email = "" if who == 5 else f"=cmd|{who}" if who % 9 == 0 else f"c{who}@shop.example"
        rows += [
            f"C{who:02},2024-{1 + n:02}-07,{(1 + who % 3) * 20 + who / 7:.2f},{email}" for n in range(1 + who % 3 * 4)
        ]
    file.write_text("\n".join(rows) + "\n")
    return file


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
