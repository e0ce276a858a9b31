"""CSV to customer features, whole process against whole process: pandas.read_csv + groupby, and Elbow Room.

Both compute total revenue, average order value, quantity and recency of each customer, and must agree on each to a
millionth. Runs alternate, so that a busy machine slows both.

    python bench/features.py [--sizes 1000000 10000000] [--repeats 3]
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path

import duckdb
import numpy as np
from measure import ROOT, Run, run

PANDAS = """
import json, sys
import numpy as np
import pandas as pd

lines = pd.read_csv(sys.argv[1], parse_dates=["order_date"])
customers = lines.groupby("customer_number").agg(
    total_revenue=("revenue", "sum"),
    orders=("order_number", "nunique"),
    total_quantity=("quantity", "sum"),
    last=("order_date", "max"),
)
customers["avg_order_value"] = customers.total_revenue / customers.orders
customers["recency_days"] = (lines.order_date.max() - customers["last"]).dt.days
names = ["total_revenue", "avg_order_value", "total_quantity", "recency_days"]
np.save(sys.argv[1] + ".pandas.npy", customers[names].sort_index().to_numpy("float64"))
print(json.dumps({"customers": len(customers)}))
"""

OURS = """
import json, sys
import numpy as np
from pathlib import Path
from core.engine import Engine
from core.features.engineering import customer_features
from core.orders.cleaning import CleaningOptions, clean
from core.orders.source import open_sources

names = ["total_revenue", "avg_order_value", "total_quantity", "recency_days"]
with Engine() as engine:
    lines = clean(engine, open_sources(engine, [Path(sys.argv[1])]), CleaningOptions(carry=()))
    customers = customer_features(lines, names).values
np.save(sys.argv[1] + ".ours.npy", customers[names].to_numpy("float64"))
print(json.dumps({"customers": len(customers)}))
"""

GENERATED = ROOT / "bench" / "generated"


def order_lines(count: int) -> Path:
    """A CSV of `count` order lines in eight columns, three lines an order, about 60 a customer; made once."""
    path = GENERATED / f"order_lines_{count}.csv"
    if not path.exists():
        GENERATED.mkdir(exist_ok=True)
        duckdb.sql(f"""
            COPY (
                SELECT 'KE' || lpad((i // 3)::VARCHAR, 8, '0') AS order_number,
                    DATE '2023-01-01' + (hash(i // 3) % 700)::INTEGER AS order_date,
                    'CKE' || lpad((hash(7 * (i // 3)) % {count // 60 + 1})::VARCHAR, 7, '0') AS customer_number,
                    'ITEM' || lpad((hash(13 * i) % 5000)::VARCHAR, 5, '0') AS item_number,
                    'CATEGORY ' || hash(13 * i) % 12 AS category,
                    1 + hash(17 * i) % 12 AS quantity,
                    round(0.5 + (hash(19 * i) % 100000) / 300.0, 2) AS revenue,
                    ['App', 'call', 'web'][1 + (hash(29 * (i // 3)) % 3)::INTEGER] AS order_source
                FROM range({count}) AS numbers(i)
            ) TO '{path}' (HEADER)
        """)
    return path


def compare(count: int, repeats: int, bytecode: Path) -> None:
    path = order_lines(count)
    small = order_lines(1_000)
    for code in (PANDAS, OURS):
        run(code, small, bytecode)
    pairs = [(run(PANDAS, path, bytecode), run(OURS, path, bytecode)) for _ in range(repeats)]
    theirs, ours = ([pair[side] for pair in pairs] for side in (0, 1))
    print(f"\n{count:,} lines ({path.stat().st_size / 1e6:,.0f} MB), median of {repeats}")
    print(f"{'':8}{'wall':>10}{'processor':>12}{'peak memory':>14}")
    middles = [_middle(each) for each in (theirs, ours)]
    for name, (wall, cpu, peak) in zip(("pandas", "ours"), middles, strict=True):
        print(f"{name:8}{wall:8.2f} s{cpu:10.2f} s{peak:11.0f} MB")
    ratios = [other / one for one, other in zip(*middles, strict=True)]
    print(f"{'ratio':8}{ratios[0]:9.2f}x{ratios[1]:11.2f}x{ratios[2]:13.2f}x   (ours to pandas)")
    one, other = (np.load(f"{path}.{side}.npy") for side in ("pandas", "ours"))
    apart = np.abs(other - one) / np.maximum(1, np.abs(one))
    print(f"{len(one):,} customers; largest difference of a feature: {apart.max():.1e}")
    if apart.max() > 1e-6:
        raise SystemExit("The two sides disagree.")


def _middle(runs: list[Run]) -> tuple[float, float, float]:
    return (
        statistics.median(each.seconds for each in runs),
        statistics.median(each.cpu_seconds for each in runs),
        statistics.median(each.peak_mb for each in runs),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    for count in arguments.sizes:
        compare(count, arguments.repeats, GENERATED / "bytecode")


if __name__ == "__main__":
    main()
