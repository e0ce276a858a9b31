"""From Parquet or CSV to all lists, at 10 and 100 million order lines, whole processes on two processors.

    python bench/scale.py --lines 10000000 100000000   # half an hour, and 15 GB of disk
    python bench/scale.py --article                     # the article's steps in pandas and scikit-learn, 10 million

The first table stands beside DuckDB's bare `SELECT customer, sum, count(distinct)` over the same file, under the same
memory limit. The article's code fits each k = 1..10 for the elbow, then k = 2..10 once more for `silhouette_score`; the
score itself, whose time grows with the square of the customers, would not end, and is left out. A further row has it
without the second fits too. A small file goes first on each side, so that the bytecode is there as packages have it.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

from generate_orders import LINES_A_CUSTOMER, order_lines
from measure import ROOT, Run, run

MEMORY = "2GB"
MEMORY_AGAINST_THE_ARTICLE = "150MB"
SMALL = 100_000  # lines of the file that goes first

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

OURS = """
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
print(json.dumps({"code": code, "customers": facts["customers"], "revenue": facts["revenue"]}))
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
for k in range(2, 11) if AGAIN else ():
    KMeans(n_clusters=k, init="k-means++", max_iter=300, n_init=10, random_state=42).fit(scaled)
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
        small = order_lines(SMALL, bytecode / f"lines_{SMALL}.{'csv' if given.article else 'parquet'}")
        run(ARTICLE.replace("AGAIN", "True") if given.article else BARE, small, bytecode)
        _ours(small, bytecode)
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
    ours = _ours(path, bytecode, MEMORY_AGAINST_THE_ARTICLE)
    print(f"| 10 million lines of CSV (limit {MEMORY_AGAINST_THE_ARTICLE}) | seconds | peak | ratio | of its memory |")
    print("|---|---|---|---|---|")
    print(f"| ours | {ours.seconds:.1f} s | {ours.peak_mb / 1024:.2f} GB | | |")
    for name, again in (("article, as its code fits", "True"), ("article, each k fitted once", "False")):
        article = run(ARTICLE.replace("AGAIN", again), path, bytecode)
        assert abs(ours.found["revenue"] - article.found["revenue"]) < 0.01
        print(
            f"| {name} | {article.seconds:.1f} s | {article.peak_mb / 1024:.2f} GB | "
            f"{article.seconds / ours.seconds:.2f} | {ours.peak_mb / article.peak_mb:.2f} |",
            flush=True,
        )
    shutil.rmtree(path.with_suffix(".article"))


def _ours(path: Path, bytecode: Path, memory: str = MEMORY) -> Run:
    ours = run(OURS.replace("{MEMORY}", memory), path, bytecode)
    shutil.rmtree(path.with_suffix(".out"))
    assert ours.found["code"] == 0
    assert ours.found["customers"] <= path_customers(path)
    return ours


def path_customers(path: Path) -> int:
    """How many customers a generated file has at most."""
    return int(path.stem.split("_")[1]) // LINES_A_CUSTOMER + 1


if __name__ == "__main__":
    main()
