"""Tables are written whole or not at all, whatever they and their columns are called."""

from __future__ import annotations

import os
import resource
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pytest

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
from core.warehouse.address import address
from core.warehouse.into_duckdb import IntoDuckDB
from core.warehouse.writing import LONGEST_NAME, Target, column_names
from tests.warehouse.conftest import PASSWORD, Postgres
from tests.warehouse.written import Duck, fill, tables, target

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
