"""A real PostgreSQL and a real Spark on loopback, started for these tests and ended with them."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "sesame%/@:word"
_SECONDS = 60


@dataclass
class Postgres:
    """A server in a folder of its own. `admin` may do all; `reader` only read what it is granted."""

    folder: Path
    bin: Path
    port: int
    user: str | None  # of the system, where the tests run as root: Postgres refuses root

    def url(self, table: str, user: str = "reader", more: str = "") -> str:
        return f"postgres://{user}@127.0.0.1:{self.port}/shop/{table}{more}"

    def run(self, sql: str, database: str = "shop") -> list[tuple]:  # type: ignore[type-arg]
        import psycopg

        with psycopg.connect(
            host="127.0.0.1", port=self.port, user="admin", password=PASSWORD, dbname=database, autocommit=True
        ) as session:
            found = session.execute(sql)  # type: ignore[arg-type]
            return found.fetchall() if found.description else []

    def load(self, name: str, parquet: Path) -> None:
        """A table with the columns of a Parquet file, days as days and numbers as numbers."""
        import psycopg

        with duckdb.connect() as here:
            columns = here.execute("DESCRIBE FROM read_parquet(?)", [str(parquet)]).fetchall()
            csv = self.folder.parent / f"{name}.csv"
            here.execute(f"COPY (FROM read_parquet('{parquet}')) TO '{csv}' (HEADER false, FORCE_QUOTE *, NULLSTR '')")
        kinds = ", ".join(f'"{column}" {kind.replace("VARCHAR", "TEXT").replace("DOUBLE", "DOUBLE PRECISION")}'
                          for column, kind, *_ in columns)  # fmt: skip
        self.run(f'CREATE TABLE "{name}" ({kinds}); GRANT SELECT ON "{name}" TO reader')
        with psycopg.connect(
            host="127.0.0.1", port=self.port, user="admin", password=PASSWORD, dbname="shop"
        ) as session, session.cursor().copy(f'COPY "{name}" FROM STDIN (FORMAT csv)') as into:  # fmt: skip
            into.write(csv.read_bytes())
        csv.unlink()

    def connections(self) -> int:
        return self.run("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'elbow-room'")[0][0]

    def ctl(self, *what: str) -> None:
        subprocess.run(
            [self.bin / "pg_ctl", "-D", self.folder, "-w", "-l", self.folder / "log", *what],
            check=True,
            capture_output=True,
            user=self.user,
            cwd="/",
        )

    def start(self) -> None:
        self.ctl("-o", f"-h 127.0.0.1 -p {self.port} -k {self.folder} -c fsync=off", "start")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    pytest.importorskip("psycopg", reason="psycopg is not installed (requirements/postgres.txt)")
    found = shutil.which("initdb") or next(
        (str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)), None
    )
    if found is None:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    user = "nobody" if os.getuid() == 0 else None
    base = Path(tempfile.mkdtemp(prefix="elbow-room-postgres-"))
    server = Postgres(base / "data", Path(found).resolve().parent, free_port(), user)
    try:
        secret = base / "password"
        secret.write_text(PASSWORD)
        if user:
            for path in (base, secret):
                shutil.chown(path, user)
        subprocess.run(
            [server.bin / "initdb", "-D", server.folder, "-U", "admin", "--auth=scram-sha-256", f"--pwfile={secret}",
             "--locale=C.UTF-8", "-E", "UTF8", "--no-sync"],
            check=True, capture_output=True, user=user, cwd="/",
        )  # fmt: skip
        server.start()
        server.run("CREATE DATABASE shop", "postgres")
        server.run(f"CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}'")
        yield server
    finally:
        if (server.folder / "postmaster.pid").exists():
            server.ctl("-m", "immediate", "stop")
        shutil.rmtree(base)


@pytest.fixture(scope="module")
def writing(postgres: Postgres) -> Iterator[Postgres]:
    """The server with somebody who may write, in a schema of her own and nowhere else."""
    postgres.run(f"CREATE ROLE writer LOGIN PASSWORD '{PASSWORD}'; CREATE SCHEMA marketing AUTHORIZATION writer")
    postgres.run("ALTER ROLE writer SET search_path = marketing")
    yield postgres
    postgres.run("DROP OWNED BY writer; DROP ROLE writer")


@dataclass
class Spark:
    """A standalone master and two workers."""

    port: int
    folder: Path
    processes: dict[str, subprocess.Popen[bytes]]

    def url(self, table: str | Path) -> str:
        few = "spark.executor.memory=512m&spark.executor.cores=1&spark.sql.shuffle.partitions=4"
        return f"spark://127.0.0.1:{self.port}/{str(table).lstrip('/')}?{few}"

    def begin(self, name: str, what: str, *more: str, java: Sequence[str] = ()) -> None:
        import pyspark

        home = Path(pyspark.__file__).parent
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                ["java", "-Xmx512m", *java, "-cp", f"{home}/jars/*", f"org.apache.spark.{what}", *more],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=os.environ
                | {"SPARK_HOME": str(home), "SPARK_SCALA_VERSION": "2.13", "SPARK_LOCAL_IP": "127.0.0.1"},
            )

    def begin_worker(self, name: str) -> None:
        self.begin(
            name, "deploy.worker.Worker", "--host", "127.0.0.1", "--cores", "1", "--memory", "600m",
            "--webui-port", "0", "--work-dir", str(self.folder / name), f"spark://127.0.0.1:{self.port}",
        )  # fmt: skip

    def wait_for(self, name: str, words: str) -> None:
        until = time.monotonic() + _SECONDS
        log = self.folder / f"{name}.log"
        while words not in log.read_text():
            assert time.monotonic() < until, log.read_text()[-2_000:]
            time.sleep(0.2)


@pytest.fixture(scope="session")
def spark() -> Iterator[Spark]:
    pytest.importorskip("pyspark", reason="PySpark is not installed (requirements/spark.txt)")
    if shutil.which("java") is None:
        pytest.skip("Java is not installed (apt-get install openjdk-17-jre-headless)")
    folder = Path(tempfile.mkdtemp(prefix="elbow-room-spark-"))
    cluster = Spark(free_port(), folder, {})
    try:
        cluster.begin(
            "master", "deploy.master.Master", "--host", "127.0.0.1", "--port", str(cluster.port), "--webui-port", "0"
        )
        cluster.wait_for("master", "I have been elected leader")
        for name in ("worker1", "worker2"):
            cluster.begin_worker(name)
        for name in ("worker1", "worker2"):
            cluster.wait_for(name, "Successfully registered with master")
        yield cluster
    finally:
        for process in cluster.processes.values():
            process.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def spark_connect() -> Iterator[str]:
    """A server that speaks Spark Connect, by its address."""
    pytest.importorskip("pyspark", reason="PySpark is not installed (requirements/spark.txt)")
    pytest.importorskip("grpc", reason="grpcio is not installed (requirements/spark.txt)")
    if shutil.which("java") is None:
        pytest.skip("Java is not installed (apt-get install openjdk-17-jre-headless)")
    folder = Path(tempfile.mkdtemp(prefix="elbow-room-spark-"))
    server = Spark(free_port(), folder, {})
    opened = ("nio", "lang", "util", "lang.invoke", "util.concurrent")
    settings = {
        "spark.master": "local[1]", "spark.app.name": "tests", "spark.ui.enabled": "false",
        "spark.connect.grpc.binding.port": str(server.port), "spark.sql.shuffle.partitions": "4",
    }  # fmt: skip
    java = [
        *(f"--add-opens=java.base/{name}=ALL-UNNAMED" for name in ("sun.nio.ch", "sun.util.calendar")),
        *(f"--add-opens=java.base/java.{name}=ALL-UNNAMED" for name in opened),
        *(f"-D{name}={value}" for name, value in settings.items()),
    ]
    try:
        server.begin("server", "sql.connect.service.SparkConnectServer", java=java)
        server.wait_for("server", "Spark Connect server started")
        yield f"sc://127.0.0.1:{server.port}"
    finally:
        for process in server.processes.values():
            process.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELBOW_ROOM_PASSWORD", PASSWORD)


@pytest.fixture(scope="session")
def typed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The sample files, and Online Retail where it is at hand, with days as days and numbers as numbers."""
    folder = tmp_path_factory.mktemp("typed")
    found = {}
    with duckdb.connect() as here:
        for name, file in (("pharmacy", "pharmacy_sales"), ("grocery", "household_baskets")):
            found[name] = folder / f"{name}.parquet"
            here.execute(f"COPY (FROM read_csv('{ROOT}/sample_data/{file}.csv.gz')) TO '{found[name]}'")
        retail = ROOT.parent / "shared" / "data" / "online_retail.parquet"
        if retail.exists():
            found["online_retail"] = retail
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
