"""From Parquet or CSV to all lists, at 10 and 100 million order lines, whole processes on two processors.

    python bench/scale.py --lines 10000000 100000000   # half an hour, and 15 GB of disk
    python bench/scale.py --article                     # the article's steps in pandas and scikit-learn, 10 million

The first table stands beside DuckDB's bare `SELECT customer, sum, count(distinct)` over the same file, under the same
memory limit. The article's steps are its fits for k = 1..10 and a list a segment; its silhouettes, whose time grows
with the square of the customers, would not end, and are left out.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

from generate_orders import LINES_A_CUSTOMER, order_lines
from measure import ROOT, Run, run

MEMORY = "2GB"

BARE = f"""
import json, sys
import duckdb

with duckdb.connect() as database:
    database.execute("SET memory_limit = '{MEMORY}'")
    database.execute("SET threads = 2")
    database.execute("SET enable_progress_bar = false")  # it would go to stdout
    found = database.sql(
        f"SELECT count(*), sum(revenue) FROM (SELECT customer_id, sum(amount) AS revenue, count(DISTINCT order_id) "
        f"FROM '{{sys.argv[1]}}' GROUP BY customer_id)"
    ).fetchall()
print(json.dumps(found))
"""

OURS = f"""
import contextlib, io, json, os, sys
from pathlib import Path

os.environ["ELBOW_ROOM_MEMORY_LIMIT"] = "{MEMORY}"
from core.__main__ import _figures
from core.cli import main

told = io.StringIO()
path = Path(sys.argv[1])
with contextlib.redirect_stdout(told):
    code = main(["segment", str(path), "--out", str(path.with_suffix(".out")), "--k", "4", "--json"], _figures)
facts = json.loads(told.getvalue())
print(json.dumps({{"code": code, "customers": facts["customers"], "revenue": facts["revenue"]}}))
"""

ARTICLE = """
import json, sys
from pathlib import Path
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.preprocessing import StandardScaler

path = Path(sys.argv[1])
lines = pd.read_csv(path, parse_dates=["order_date"])
last = lines["order_date"].max()
customers = lines.groupby("customer_id").agg(
    total_revenue=("amount", "sum"), avg_order_value=("amount", "mean"), total_quantity=("quantity", "sum"),
    last=("order_date", "max"),
)
customers["recency"] = (last - customers.pop("last")).dt.days
scaled = StandardScaler().fit_transform(customers)
inertias = {}
for k in range(1, 11):
    kmeans = KMeans(n_clusters=k, init="k-means++", max_iter=300, n_init=10, random_state=42).fit(scaled)
    inertias[k] = kmeans.inertia_
    if k == 4:
        customers["cluster"] = kmeans.labels_
out = path.with_suffix(".article")
out.mkdir(exist_ok=True)
customers.to_csv(out / "segments.csv")
for cluster, members in customers.groupby("cluster"):
    members.to_csv(out / f"{cluster}.csv")
print(json.dumps({"customers": len(customers), "revenue": float(lines["amount"].sum())}))
"""


def main() -> None:
    """Print the tables asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, nargs="+", default=[10_000_000])
    parser.add_argument("--article", action="store_true")
    given = parser.parse_args()
    generated = ROOT / "bench" / "generated"
    with tempfile.TemporaryDirectory() as scratch:
        bytecode = Path(scratch)
        if given.article:
            _against_the_article(order_lines(10_000_000, generated / "lines_10000000.csv"), bytecode)
        else:
            _against_the_bare_query([(count, generated / f"lines_{count}.parquet") for count in given.lines], bytecode)


def _against_the_bare_query(sizes: list[tuple[int, Path]], bytecode: Path) -> None:
    print(f"| lines | customers | bare query | ours | ratio | ours, a million lines | peak (limit {MEMORY}) |")
    print("|---|---|---|---|---|---|---|")
    for count, path in sizes:
        order_lines(count, path)
        bare, ours = run(BARE, path, bytecode), _ours(path, bytecode)
        print(
            f"| {count:,} | {ours.found['customers']:,} | {bare.seconds:.1f} s | {ours.seconds:.1f} s | "
            f"{ours.seconds / bare.seconds:.2f} | {ours.seconds / count * 1e6:.3f} s | {ours.peak_mb / 1024:.2f} GB |",
            flush=True,
        )


def _against_the_article(path: Path, bytecode: Path) -> None:
    ours, article = _ours(path, bytecode), run(ARTICLE, path, bytecode)
    shutil.rmtree(path.with_suffix(".article"))
    assert abs(ours.found["revenue"] - article.found["revenue"]) < 0.01
    print("| 10 million lines of CSV | seconds | peak |")
    print("|---|---|---|")
    for name, side in (("article", article), ("ours", ours)):
        print(f"| {name} | {side.seconds:.1f} s | {side.peak_mb / 1024:.2f} GB |")
    print(f"| ratio | {article.seconds / ours.seconds:.2f} | {ours.peak_mb / article.peak_mb:.2f} |")


def _ours(path: Path, bytecode: Path) -> Run:
    ours = run(OURS, path, bytecode)
    shutil.rmtree(path.with_suffix(".out"))
    assert ours.found["code"] == 0
    assert ours.found["customers"] <= path_customers(path)
    return ours


def path_customers(path: Path) -> int:
    """How many customers a generated file has at most."""
    return int(path.stem.split("_")[1]) // LINES_A_CUSTOMER + 1


if __name__ == "__main__":
    main()
