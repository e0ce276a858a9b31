"""The full sweep, k = 1..10 with silhouettes, against the article's code: time, memory and inertia of whole processes.

    python bench/sweep.py                    # 1,000 and 50,000 customers; the latter takes the article's code minutes
    python bench/sweep.py --sizes 1000       # seconds
    python bench/sweep.py --sizes 1000 --busy 2   # the same while two other processes keep the processors busy
    python bench/sweep.py --sizes 500000 5000000  # a quarter of an hour

The article's silhouettes take a time that grows with the square of the customers: above 50,000 it goes without them,
and so fits each k once. Both sides get the same four heavy-tailed features and the same scaling, and run in turns.
Wall-clock time counts from the start of the interpreter to its end, imports included; "work" is the time after the
imports.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from measure import run

ARTICLE = """
import json, sys, time
import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score
from sklearn.preprocessing import StandardScaler

start = time.perf_counter()
customers = pd.DataFrame(np.load(sys.argv[1]), columns=["revenue", "order_value", "quantity", "recency"])
scaled = StandardScaler().fit_transform(customers)
inertias, silhouettes = {}, {}
for k in range(1, 11):
    kmeans = KMeans(n_clusters=k, init="k-means++", max_iter=300, n_init=10, random_state=42)
    kmeans.fit(scaled)
    inertias[k] = kmeans.inertia_
for k in range(2, 11) if SILHOUETTES else ():
    kmeans = KMeans(n_clusters=k, init="k-means++", max_iter=300, n_init=10, random_state=42)
    kmeans.fit(scaled)
    silhouettes[k] = silhouette_score(scaled, kmeans.labels_)
found = {"inertia": inertias, "silhouette": silhouettes, "work": time.perf_counter() - start}
print(json.dumps(found))
"""

OURS = """
import json, sys, time
import numpy as np
import pandas as pd
from core.clustering.preparation import PreparationOptions, prepare
from core.clustering.sweep import sweep

start = time.perf_counter()
customers = pd.DataFrame(np.load(sys.argv[1]), columns=["revenue", "order_value", "quantity", "recency"])
options = PreparationOptions(transform="none", outliers="keep", scaling="standard")
result = sweep(prepare(customers, list(customers), options).fit_matrix(customers), k_max=10, seed=42)
found = {
    "inertia": result.inertias,
    "silhouette": {k: each.value for k, each in result.silhouettes.items()},
    "margin": {k: each.interval[1] - each.value for k, each in result.silhouettes.items()},
    "work": time.perf_counter() - start,
}
print(json.dumps(found))
"""

MOST_SILHOUETTES = 50_000


def customers(count: int) -> np.ndarray:
    """Money, order value, items and days since the last order, (count, 4), as shops have them: with long tails."""
    random = np.random.default_rng(2024)
    lines = 1 + random.poisson(30 * random.gamma(0.8, 1, count))
    order_value = random.lognormal(3, 0.6, count)
    revenue = lines * order_value * random.lognormal(0, 0.2, count)
    quantity = lines * random.lognormal(0.5, 0.5, count)
    recency = np.minimum(random.exponential(40, count), 365).round()
    return np.column_stack([revenue, order_value, quantity, recency])


def compare(count: int, repeats: int, folder: Path) -> None:
    path, bytecode = folder / f"{count}.npy", folder / "bytecode"
    np.save(path, customers(count))
    small = folder / "small.npy"
    np.save(small, customers(50))
    article = ARTICLE.replace("SILHOUETTES", str(count <= MOST_SILHOUETTES))
    for code in (article, OURS):
        run(code, small, bytecode)
    pairs = [(run(article, path, bytecode), run(OURS, path, bytecode)) for _ in range(repeats)]
    theirs, ours = ([pair[side] for pair in pairs] for side in (0, 1))

    print(f"\n{count:,} customers x 4 features, k = 1..10, median of {repeats}")
    print(f"{'':10}{'whole process':>15}{'work':>10}{'peak memory':>14}")
    middle = {}
    for name, runs in (("article", theirs), ("ours", ours)):
        figures = (
            statistics.median(each.seconds for each in runs),
            statistics.median(each.found["work"] for each in runs),
            statistics.median(each.peak_mb for each in runs),
        )
        middle[name] = figures
        print(f"{name:10}{figures[0]:13.2f} s{figures[1]:8.2f} s{figures[2]:11.0f} MB")
    ratios = [one / other for one, other in zip(middle["article"], middle["ours"], strict=True)]
    print(f"{'ratio':10}{ratios[0]:14.1f}x{ratios[1]:9.1f}x{ratios[2]:13.1f}x")

    one, other = theirs[0].found, ours[0].found
    worst = max(other["inertia"][k] / one["inertia"][k] for k in one["inertia"])
    apart = {k: abs(other["silhouette"][k] - one["silhouette"][k]) for k in one["silhouette"]}
    held = sum(apart[k] <= other["margin"][k] + 1e-9 for k in apart)
    print(f"inertia, ours to the article's, worst k: {worst:.9f}")
    if apart:
        print(
            f"silhouette, largest difference: {max(apart.values()):.1e}; in our interval for {held} of {len(apart)} k"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 50_000])
    parser.add_argument("--repeats", type=int, help="default: 5 up to 10,000 customers, 1 above")
    parser.add_argument("--busy", type=int, default=0, help="other processes to keep the processors busy with")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as neighbours:
        for _ in range(arguments.busy):
            neighbour = subprocess.Popen([sys.executable, "-c", "while True: pass"])
            neighbours.callback(neighbour.wait)
            neighbours.callback(neighbour.kill)
        for count in arguments.sizes:
            compare(count, arguments.repeats or (5 if count <= 10_000 else 1), Path(folder))


if __name__ == "__main__":
    main()
