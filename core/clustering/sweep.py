"""k-means for each number of clusters, with what the elbow and the silhouette charts show."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning

from core.clustering.silhouette import Silhouette, SilhouetteMeter
from core.clustering.summary import Points, Summary, summarise
from core.clustering.workers import in_order
from core.errors import TooFewCustomersError

__all__ = ["ClusterFit", "Silhouette", "Sweep", "sweep"]

_STARTS = 20  # on coarse points, where each is cheap
_CHUNK_ROWS = 1 << 18


@dataclass(frozen=True, slots=True, eq=False)
class ClusterFit:
    """One k-means solution. Distances are in the scaled space."""

    centers: np.ndarray  # (n_clusters, n_features)
    labels: np.ndarray  # (n_customers,) small integers, 0-based, no cluster empty; of the matrix that was fitted
    inertia: float  # sum of squared distances to the centres

    @property
    def n_clusters(self) -> int:
        return len(self.centers)

    @property
    def sizes(self) -> np.ndarray:
        """(n_clusters,) customers."""
        return np.bincount(self.labels, minlength=self.n_clusters)


@dataclass(frozen=True, slots=True, eq=False)
class Sweep:
    """The solutions for k = 1, 2, ... k_max, or for the first few of them while the rest is under way."""

    fits: Mapping[int, ClusterFit]  # by k, ascending, from 1
    silhouettes: Mapping[int, Silhouette]  # by k, from 2
    k_max: int  # how far it goes: no farther than there are different customers
    k_asked: int  # how far it was asked to go
    exact: bool  # silhouettes from every distance, not from replicates

    @property
    def complete(self) -> bool:
        return len(self.fits) == self.k_max

    @property
    def lowered(self) -> bool:
        """Fewer different customers than the clusters asked for."""
        return self.k_max < self.k_asked

    @property
    def inertias(self) -> dict[int, float]:
        return {k: fit.inertia for k, fit in self.fits.items()}

    def frame(self) -> pd.DataFrame:
        """One row a k: k, inertia, silhouette, silhouette_se (both missing at k = 1)."""
        return pd.DataFrame(
            {
                "k": list(self.fits),
                "inertia": list(self.inertias.values()),
                "silhouette": [self.silhouettes[k].value if k > 1 else np.nan for k in self.fits],
                "silhouette_se": [self.silhouettes[k].standard_error if k > 1 else np.nan for k in self.fits],
            }
        )


def sweep(
    fit_matrix: np.ndarray,
    *,
    k_max: int = 10,
    seed: int = 42,
    on_fit: Callable[[Sweep], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Sweep:
    """Cluster the customers into 1, 2, ... k_max clusters, each k fitted once.

    Parameters
    ----------
    fit_matrix : (n_customers, n_features) in the scaled space, finite
    k_max : 2 or more; lowered to the number of different customers
    on_fit : called in the caller's thread with the sweep so far, each time it has grown by the next k
    should_stop : asked in the caller's thread, between fits and while waiting for one

    Raises
    ------
    TooFewCustomersError : fewer than two different customers
    workers.Stopped : should_stop said so; fits not yet begun never begin, and what was fitted went to `on_fit`

    Notes
    -----
    Up to `summary.MOST_EXACT` customers scikit-learn's KMeans(init="k-means++", n_init=10, max_iter=300,
    random_state=seed): the best of ten starts. Above, twenty starts on coarse weighted points, the best of them carried
    on with fine ones (`summary.summarise`); then every customer goes to the nearest centre, and the inertia is that of
    all customers. One thread inside a fit and several k side by side, on threads that all callers share. The result
    depends on the matrix and the seed alone.
    """
    if k_max < 2:
        raise ValueError(f"A sweep goes to at least 2 clusters, not {k_max}.")
    matrix = np.ascontiguousarray(fit_matrix, dtype=np.float64)
    if not np.isfinite(matrix).all():
        raise ValueError("The matrix has missing or infinite values.")
    reachable = min(k_max, _distinct_rows(matrix, enough=k_max))
    if reachable < 2:
        raise _too_few(len(matrix))
    ignore_merged_clusters()

    meter = SilhouetteMeter(matrix, seed)
    summary = summarise(matrix, seed)
    partial = Sweep({}, {}, reachable, k_max, meter.exact)
    # Closed by hand: an exception out of on_fit would keep the generator, and so the waiting fits, alive.
    tasks = [functools.partial(_step, matrix, summary, seed, meter, k) for k in range(1, reachable + 1)]
    with closing(in_order(tasks, should_stop)) as steps:
        for k, (fit, silhouette) in enumerate(steps, start=1):
            if fit.n_clusters < k:
                # Customers who differ by no more than rounding: k-means cannot tell as many apart as a comparison can.
                partial = Sweep(partial.fits, partial.silhouettes, k - 1, k_max, meter.exact)
                break
            silhouettes = {**partial.silhouettes, k: silhouette} if silhouette is not None else partial.silhouettes
            partial = Sweep({**partial.fits, k: fit}, silhouettes, reachable, k_max, meter.exact)
            if on_fit is not None:
                on_fit(partial)
    if partial.k_max < 2:
        raise _too_few(len(matrix))
    return partial


def cluster(
    fit_matrix: np.ndarray, k: int, *, seed: int = 42, should_stop: Callable[[], bool] | None = None
) -> ClusterFit:
    """One fit as the sweep makes it: k-means with k clusters on (n_customers, n_features) in the scaled space.

    Raises
    ------
    workers.Stopped : should_stop, which is asked while waiting, said so
    """
    ignore_merged_clusters()
    matrix = np.ascontiguousarray(fit_matrix, dtype=np.float64)
    task = functools.partial(_fit, matrix, summarise(matrix, seed), seed, k)
    with closing(in_order([task], should_stop)) as fits:
        return next(fits)


def _step(
    matrix: np.ndarray, summary: Summary | None, seed: int, meter: SilhouetteMeter, k: int
) -> tuple[ClusterFit, Silhouette | None]:
    fit = _fit(matrix, summary, seed, k)
    return fit, meter.measure(fit.labels) if fit.n_clusters > 1 else None


def _fit(matrix: np.ndarray, summary: Summary | None, seed: int, k: int) -> ClusterFit:
    if summary is None:
        everyone = Points(matrix, np.ones(len(matrix)))
        model = _k_means(everyone, k, seed, "k-means++", n_init=10)
        return _without_empty(model.cluster_centers_, model.labels_, float(model.inertia_))
    model = _on_points(summary, seed, k)
    labels = model.predict(matrix)
    return _without_empty(model.cluster_centers_, labels, _inertia(matrix, model.cluster_centers_, labels))


def cluster_points(summary: Summary, seed: int, k: int) -> np.ndarray:
    """The centres, (k, n_features), that the sweep finds on points which stand for many customers."""
    ignore_merged_clusters()
    return np.asarray(_on_points(summary, seed, k).cluster_centers_)


def _on_points(summary: Summary, seed: int, k: int) -> KMeans:
    start = _k_means(summary.coarse, k, seed, "k-means++", n_init=_STARTS)
    return _k_means(summary.fine, k, seed, start.cluster_centers_, n_init=1)


def _k_means(points: Points, k: int, seed: int, init: str | np.ndarray, *, n_init: int) -> KMeans:
    # With one cluster every start ends at the mean.
    model = KMeans(k, init=init, n_init=n_init if k > 1 else 1, max_iter=300, random_state=seed)
    weights = None if (points.weights == 1).all() else points.weights
    return model.fit(points.at, sample_weight=weights)


def _without_empty(centers: np.ndarray, labels: np.ndarray, inertia: float) -> ClusterFit:
    sizes = np.bincount(labels, minlength=len(centers))
    place = np.cumsum(sizes > 0) - 1
    # For five million customers and ten k, 100 MB and not 200.
    small = (place[labels] if not sizes.all() else labels).astype(np.int16 if len(centers) < 2**15 else np.int32)
    return ClusterFit(centers[sizes > 0], small, inertia)


def _inertia(matrix: np.ndarray, centers: np.ndarray, labels: np.ndarray) -> float:
    total = 0.0
    for start in range(0, len(matrix), _CHUNK_ROWS):
        apart = matrix[start : start + _CHUNK_ROWS] - centers[labels[start : start + _CHUNK_ROWS]]
        total += float(np.einsum("ij,ij->", apart, apart))
    return total


def _distinct_rows(matrix: np.ndarray, enough: int) -> int:
    """How many different rows there are, or some number from `enough` on."""
    some = len(pd.DataFrame(matrix[: 100 * enough]).drop_duplicates())
    return some if some >= enough else len(pd.DataFrame(matrix).drop_duplicates())


def ignore_merged_clusters() -> None:
    """Silence the warning that a fit found fewer clusters than asked: callers deal with it.

    `warnings.catch_warnings` would not do: it swaps the whole process's filters, and several sweeps may be under way.
    """
    warnings.filterwarnings("ignore", "Number of distinct clusters", ConvergenceWarning)


def _too_few(n_customers: int) -> TooFewCustomersError:
    if n_customers < 2:
        found = "There is only one customer" if n_customers else "There is no customer"
    else:
        found = f"All {n_customers:,} customers are alike in the chosen measures"
    return TooFewCustomersError(
        f"{found}, so there is nothing to tell apart.",
        hint="Choose other measures, or a file with more customers: segments need at least two who differ.",
    )
