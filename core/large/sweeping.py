"""k-means over customers who stay in the engine: fitted on their points, measured on all of them."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import reduce
from operator import or_

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from core.clustering.preparation import Preparation
from core.clustering.silhouette import SilhouetteMeter
from core.clustering.summary import coarsened
from core.clustering.sweep import ClusterFit, Sweep, cluster_points
from core.clustering.workers import in_order
from core.engine import Engine
from core.large.cells import points
from core.large.lots import LOT
from core.large.space import place_of_least, scaled, squared_distances

DRAWN = 50_000
"""Customers who come to Python, to stand for all where a figure can't be told by sums."""

FEWEST = 20
"""Customers of each cluster, if it has as many, who are at least among those drawn."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """All customers with the cluster that each is in, for every k."""

    rows: ir.Table  # the customers with LOT and `label_K`, kept
    centers: Mapping[int, np.ndarray]
    sizes: Mapping[int, np.ndarray]
    inertias: Mapping[int, float]

    def drawn(self) -> ir.Table:
        """Some of them, to stand for all; see `draw`."""
        return draw(self.rows, {_label(k): sizes for k, sizes in self.sizes.items()})


def draw(rows: ir.Table, sizes: Mapping[str, np.ndarray]) -> ir.Table:
    """About DRAWN customers by their lots, and of each cluster that would hold too few the FEWEST with the smallest.

    No more of those, so that a cluster keeps its share among those drawn. Whoever is drawn depends on the seed of the
    lots and the customers' ids alone.

    Parameters
    ----------
    rows : LOT and a column of clusters for each of `sizes`
    sizes : {column: (n_clusters,) customers}
    """
    bound = _smallest(rows, DRAWN)
    if bound is None:
        return rows
    chosen = [rows[LOT] <= bound]
    for label, counts in sizes.items():
        for cluster in np.flatnonzero((counts > 0) & (counts * bound < FEWEST)).tolist():
            own = rows[label] == cluster
            enough = _smallest(rows.filter(own), FEWEST)
            chosen.append(own if enough is None else own & (rows[LOT] <= enough))
    return rows.filter(reduce(or_, chosen))


def _smallest(rows: ir.Table, count: int) -> float | None:
    """Up to which lot there are so many customers; None where there are fewer in all."""
    found = rows.order_by([LOT, "customer_id"]).limit(1, offset=count - 1).select(LOT).to_pyarrow()
    return float(found.column(LOT)[0].as_py()) if found.num_rows else None


def label_all(
    engine: Engine,
    customers: ir.Table,
    preparation: Preparation,
    *,
    k_max: int,
    seed: int,
) -> Labelled:
    """Fit each k on the customers' weighted points, then put every customer into the cluster with the nearest centre.

    Parameters
    ----------
    customers : customer_id, the features and LOT
    """
    rows = scaled(customers, preparation, capped=True)
    summary = coarsened(points(rows, len(preparation.fitted)), seed)
    reachable = min(k_max, len(summary.fine))
    tasks = [functools.partial(cluster_points, summary, seed, k) for k in range(1, reachable + 1)]
    with closing(in_order(tasks)) as fits:
        centers = dict(enumerate(fits, start=1))
    measured = rows.mutate(
        **{
            _distance(k, place): distance
            for k, at in centers.items()
            for place, distance in enumerate(squared_distances(rows, at))
        }
    )
    columns = {k: [measured[_distance(k, place)] for place in range(len(at))] for k, at in centers.items()}
    found = measured.select(
        *customers.columns,
        **{_label(k): place_of_least(each) for k, each in columns.items()},
        **{f"least_{k}": ibis.least(*each) for k, each in columns.items()},
    )
    kept = engine.keep(found, "labelled")
    counts = {
        f"{_label(k)}_{place}": (kept[_label(k)] == place).sum()
        for k, at in centers.items()
        for place in range(len(at))
    }
    inertias = {f"least_{k}": kept[f"least_{k}"].sum() for k in centers}
    told = kept.aggregate(**counts, **inertias).to_pyarrow().to_pylist()[0]
    sizes = {k: np.array([told[f"{_label(k)}_{place}"] for place in range(len(at))]) for k, at in centers.items()}
    return Labelled(
        kept.drop(*(f"least_{k}" for k in centers)), centers, sizes, {k: told[f"least_{k}"] for k in centers}
    )


def sweep_of(labelled: Labelled, drawn: pa.Table, matrix: np.ndarray, *, k_asked: int, seed: int) -> Sweep:
    """The sweep: centres and inertia of all customers, labels and silhouettes of those who were drawn.

    Parameters
    ----------
    drawn : of `Labelled.drawn`
    matrix : the same customers' places, (n_drawn, n_features)
    """
    meter = SilhouetteMeter(matrix, seed)
    fits, silhouettes = {}, {}
    for k, at in labelled.centers.items():
        held = labelled.sizes[k] > 0
        places = np.cumsum(held) - 1
        labels = places[drawn.column(_label(k)).to_numpy()].astype(np.int16)
        fits[k] = ClusterFit(at[held], labels, labelled.inertias[k])
        if k > 1:
            silhouettes[k] = meter.measure(labels)
    return Sweep(fits, silhouettes, len(fits), k_asked, meter.exact)


def _label(k: int) -> str:
    return f"label_{k}"


def _distance(k: int, place: int) -> str:
    return f"distance_{k}_{place}"
