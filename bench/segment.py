"""`python -m core segment --k 3`, stability and all files included, against the article's steps: whole processes.

    python bench/segment.py                     # 20,000 customers; two minutes
    python bench/segment.py --customers 5000    # seconds

Both read the same file of orders. The article's steps read it with pandas, sum it up by customer, scale, fit each k
from 1 to 10 for the elbow and again for the silhouette, and write the segments, their means and a list each; they draw
nothing. Ours does that and the rest: the ledger, replicates, stability, the advice, names, rules, report and recipe.
Both run in turns, bytecode compiled, imports included. The median of each is told.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

from generate_orders import LINES_A_CUSTOMER, order_lines
from measure import Run, run

ARTICLE = """
import json, sys
from pathlib import Path
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score
from sklearn.preprocessing import StandardScaler

file, out = Path(sys.argv[1]), Path(sys.argv[1] + ".article")
out.mkdir(exist_ok=True)
lines = pd.read_csv(file, parse_dates=["order_date"])
by_customer = lines.groupby("customer_id")
customers = pd.DataFrame({
    "total_revenue": by_customer["amount"].sum(),
    "avg_order_value": by_customer["amount"].mean(),
    "total_quantity": by_customer["quantity"].sum(),
    "recency": (lines["order_date"].max() - by_customer["order_date"].max()).dt.days,
})
scaled = StandardScaler().fit_transform(customers)
inertias, silhouettes = {}, {}
for k in range(1, 11):
    fitted = KMeans(n_clusters=k, init="k-means++", max_iter=300, n_init=10, random_state=42).fit(scaled)
    inertias[k] = fitted.inertia_
for k in range(2, 11):
    fitted = KMeans(n_clusters=k, init="k-means++", max_iter=300, n_init=10, random_state=42).fit(scaled)
    silhouettes[k] = silhouette_score(scaled, fitted.labels_)
chosen = KMeans(n_clusters=3, init="k-means++", max_iter=300, n_init=10, random_state=42)
customers["cluster"] = chosen.fit_predict(scaled)
customers.to_csv(out / "segments.csv")
customers.groupby("cluster").mean().to_csv(out / "summary.csv")
for cluster, members in customers.groupby("cluster"):
    members.to_csv(out / f"{cluster}.csv")
print(json.dumps({"customers": len(customers), "silhouette": silhouettes}))
"""

OURS = """
import runpy, sys
file = sys.argv[1]
sys.argv = ["core", "segment", file, "--out", file + ".ours", "--k", "3", "--json"]
runpy.run_module("core", run_name="__main__")
"""


def told(name: str, runs: list[Run]) -> tuple[float, float, float]:
    """The medians of a side, printed: seconds by the clock, seconds of processor, megabytes at most."""
    figures = (
        statistics.median(each.seconds for each in runs),
        statistics.median(each.cpu_seconds for each in runs),
        statistics.median(each.peak_mb for each in runs),
    )
    print(f"{name:18}{figures[0]:10.2f} s{figures[1]:12.2f} s{figures[2]:12.0f} MB", flush=True)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bytecode, small = folder / "bytecode", order_lines(100 * LINES_A_CUSTOMER, folder / "small.csv")
        for code in (ARTICLE, OURS):
            run(code, small, bytecode)
        file = order_lines(given.customers * LINES_A_CUSTOMER, folder / "orders.csv")
        pairs = [(run(ARTICLE, file, bytecode), run(OURS, file, bytecode)) for _ in range(given.repeats)]
    theirs, ours = ([pair[side] for pair in pairs] for side in (0, 1))
    customers = {each.found["customers"] for each in (*theirs, *ours)}
    if len(customers) > 1:
        raise SystemExit(f"The sides do not see the same customers: {sorted(customers)}.")
    print(f"{customers.pop():,} customers, whole process, median of {given.repeats}")
    print(f"{'':18}{'by the clock':>12}{'of processor':>14}{'peak memory':>15}")
    one, other = told("the article", theirs), told("segment --k 3", ours)
    ratios = [first / second for first, second in zip(one, other, strict=True)]
    print(f"{'ratio':18}{ratios[0]:11.1f}x{ratios[1]:13.1f}x{ratios[2]:14.1f}x")


if __name__ == "__main__":
    main()
