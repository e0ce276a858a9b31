"""Text files into the database: Elbow Room's reader against DuckDB's own, and row by row; time and memory.

Seconds are those of the reading, imports and warm-up aside; processor seconds and memory are the whole process's. Runs
alternate, so that a busy machine slows both.

    python bench/reading.py [--megabytes 100] [--repeats 3] [--memory-megabytes 1000]
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path

from measure import ROOT, Run, run

DUCKDB = """
import json, sys, time
import duckdb

with duckdb.connect() as connection:
    connection.execute("SET enable_progress_bar = false")
    start = time.perf_counter()
    connection.execute("CREATE TABLE lines AS SELECT * FROM read_csv(?, all_varchar = true)", [sys.argv[1]])
    seconds = time.perf_counter() - start
    rows = connection.execute("SELECT count(*) FROM lines").fetchone()[0]
print(json.dumps({"seconds": seconds, "rows": rows}))
"""

OURS = """
import json, sys, tempfile, time
from pathlib import Path
from core.engine import Engine
from core.orders.source import open_sources

with Engine(MEMORY_LIMIT) as engine, tempfile.TemporaryDirectory() as folder:
    small = Path(folder, "small.csv")
    small.write_text("a,b\\n1,2\\n")
    engine.keep(open_sources(engine, [small]).parts[0], "warm")
    start = time.perf_counter()
    source = open_sources(engine, [Path(sys.argv[1])])
    if ROW_BY_ROW:
        source = source.reread()
    engine.keep(source.parts[0], "lines")
    print(json.dumps({"seconds": time.perf_counter() - start, "rows": source.rows}))
"""

GENERATED = ROOT / "bench" / "generated"
CITIES = ("Berlin", "Nairobi", "Lyon", "Gdańsk", "Porto")


def order_lines(megabytes: int, *, quoted: bool) -> Path:
    """A clean CSV of eight columns; the last holds a comma within quotes, or no comma."""
    path = GENERATED / f"reading_{megabytes}_{'quoted' if quoted else 'plain'}.csv"
    if path.exists():
        return path
    path.parent.mkdir(exist_ok=True)
    note = '"As ordered, thanks"' if quoted else "As ordered"
    written, number = 0, 0
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("order_id,customer_id,order_date,amount,quantity,product,city,note\n")
        while written < megabytes * 1_000_000:
            lines = "".join(
                f"O{one},C{one % 50_000},2024-{one % 12 + 1:02}-{one % 28 + 1:02},{one % 900}.{one % 100:02},"
                f"{one % 5 + 1},Product number {one % 1000},{CITIES[one % 5]},{note}\n"
                for one in range(number, number + 10_000)
            )
            written += file.write(lines)
            number += 10_000
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--memory-megabytes", type=int, default=1_000)
    given = parser.parse_args()
    bytecode = GENERATED / "bytecode"
    fast, slow = _ours(row_by_row=False), _ours(row_by_row=True)
    print(f"{'file':<18}{'reader':<14}{'rows':>12}{'seconds':>9}{'cpu s':>8}{'peak MB':>9}{'ratio':>7}")
    for quoted in (False, True):
        path = order_lines(given.megabytes, quoted=quoted)
        runs: dict[str, list[Run]] = {"DuckDB": [], "ours": []}
        for _ in range(given.repeats):
            runs["DuckDB"].append(run(DUCKDB, path, bytecode))
            runs["ours"].append(run(fast, path, bytecode))
        base = _tell(path, "DuckDB", runs["DuckDB"], None)
        _tell(path, "ours", runs["ours"], base)
        _tell(path, "row by row", [run(slow, path, bytecode)], base)
    large = order_lines(given.memory_megabytes, quoted=False)
    for name, row_by_row in (("ours, 1 GB", False), ("row by row", True)):
        _tell(large, name, [run(_ours(row_by_row=row_by_row, memory_limit="1GB"), large, bytecode)], None)


def _ours(*, row_by_row: bool, memory_limit: str | None = None) -> str:
    """Our side; the limit is the one that each visitor of the app has."""
    return OURS.replace("ROW_BY_ROW", str(row_by_row)).replace("MEMORY_LIMIT", repr(memory_limit))


def _tell(path: Path, reader: str, runs: list[Run], base: float | None) -> float:
    seconds = statistics.median(one.found["seconds"] for one in runs)
    ratio = f"{seconds / base:.2f}" if base else ""
    name = path.stem.removeprefix("reading_")
    cpu = statistics.median(one.cpu_seconds for one in runs)
    peak = max(one.peak_mb for one in runs)
    told = f"{name:<18}{reader:<14}{runs[0].found['rows']:>12,}"
    print(f"{told}{seconds:>9.2f}{cpu:>8.1f}{peak:>9,.0f}{ratio:>7}", flush=True)
    return seconds


if __name__ == "__main__":
    main()
