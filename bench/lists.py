"""All files of many customers: every list, every platform's lists, the control group and the workbook.

The customers, in four segments, each with email, phone (half of them as dialled at home), name and address, are made
first and not timed. One process; "growth" is how far its peak memory rose above what it held before the writing began.
The bar is 60 seconds for a million.

    python bench/lists.py [--customers 1000000]
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from measure import ROOT, run

CODE = """
import json, resource, sys, time
from pathlib import Path
import numpy as np
import pandas as pd
from core.clustering.preparation import PreparationOptions, prepare
from core.clustering.sweep import ClusterFit
from core.exports import lists, takeaway
from core.exports.audiences import BY_KEY
from core.exports.takeaway import Wanted
from core.features.engineering import CustomerFeatures
from core.segments.segmentation import segment

count, out = json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[1]).with_name("out")
draw = np.random.default_rng(1)
index = pd.Index([f"C{place:08}" for place in range(count)], dtype="str", name="customer_id")
names = ["total_revenue", "avg_order_value", "total_quantity", "recency_days", "order_count"]
values = pd.DataFrame({name: draw.lognormal(3, 1, count).round(2) for name in names}, index=index)
texts = {
    "email": [f"Person.{place}@example.com" for place in range(count)],
    "phone": [f"+4915{112345678 + 7 * n}" if n % 2 else f"0151 {12345678 + 7 * n}" for n in range(count)],
    "first_name": [f"Ann{place % 5000}" for place in range(count)],
    "last_name": [f"Doe{place % 70000}" for place in range(count)],
    "city": ["Berlin"] * count, "zip": [f"{10000 + place % 80000}" for place in range(count)],
    "country": ["DE"] * count, "consent": ["no" if place % 20 == 0 else "yes" for place in range(count)],
}
contacts = pd.DataFrame({name: pd.array(column, dtype="str") for name, column in texts.items()}, index=index)
del texts
features = CustomerFeatures(values, contacts, None, "EUR")
preparation = prepare(values, names, PreparationOptions())
labels = draw.integers(0, 4, count)
matrix = preparation.fit_matrix(values)
centers = np.array([matrix[labels == label].mean(axis=0) for label in range(4)])
found = segment(features, preparation, ClusterFit(centers, labels, 0.0))
del matrix

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

before, steps, started = peak(), {}, time.perf_counter()
def step(name, work):
    begin, cpu = time.perf_counter(), time.process_time()
    made = work()
    steps[name] = (time.perf_counter() - begin, time.process_time() - cpu, peak())
    return made

wanted = Wanted(control_share=0.1)
control = step("control group", lambda: wanted.control(found))
step("lists", lambda: lists.write_lists(found, out, control))
step("audiences", lambda: takeaway.write(found, out, Wanted(tuple(BY_KEY), "DE"), control))
step("workbook", lambda: takeaway.write(found, out, Wanted(workbook=True), control))
written = sum(path.stat().st_size for path in out.rglob("*") if path.is_file()) / 1e6
print(json.dumps({
    "steps": steps, "seconds": time.perf_counter() - started, "before": before, "peak": peak(), "written": written,
}))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=1_000_000)
    count = parser.parse_args().customers
    with tempfile.TemporaryDirectory(prefix="elbow-room-bench-") as folder:
        path = Path(folder) / "count.json"
        path.write_text(str(count))
        found = run(CODE, path, ROOT / "bench" / "generated" / "bytecode").found
    print(f"{count:,} customers, {found['written']:,.0f} MB written")
    print(f"{'':16}{'wall':>10}{'processor':>12}{'peak memory so far':>21}")
    for name, (wall, cpu, peak) in found["steps"].items():
        print(f"{name:16}{wall:8.1f} s{cpu:10.1f} s{peak:18,.0f} MB")
    cpu = sum(step[1] for step in found["steps"].values())
    print(f"{'all':16}{found['seconds']:8.1f} s{cpu:10.1f} s{found['peak']:18,.0f} MB")
    print(f"held before the writing began: {found['before']:,.0f} MB; growth {found['peak'] - found['before']:,.0f} MB")


if __name__ == "__main__":
    main()
