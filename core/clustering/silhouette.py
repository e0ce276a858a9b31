"""How much closer customers are to their own cluster than to the next one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from threading import Lock

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.metrics import pairwise_distances_chunked

MOST_IN_FULL = 5_000
"""Customers up to whom every distance is computed; its cost grows with the square of their number."""

_REPLICATES = 10
_POINTS = 200  # a replicate
# With 200 the nearest cluster's mean distance, a minimum of noisy means, came out low: by 0.001 at 20,000 customers
# where an interval reaches 0.008 each way. 400 halve that.
_REFERENCES = 400  # a cluster and replicate
_T_95 = 2.2621571628540993  # the 0.975 quantile of Student's t with _REPLICATES - 1 degrees of freedom

_SHARED_BYTES = 64 * 2**20
"""Distances are kept for the next k while they need no more than this (about 2,900 customers)."""

_CHUNK_MIB = 16


@dataclass(frozen=True, slots=True)
class Silhouette:
    """The mean silhouette of all customers: 1 tight and far apart, 0 overlapping, below 0 misplaced."""

    value: float
    standard_error: float = 0.0  # 0 where every distance was computed

    @property
    def interval(self) -> tuple[float, float]:
        """Holds the value that computing every distance would give, 95 times in 100."""
        margin = _T_95 * self.standard_error
        return self.value - margin, self.value + margin


class SilhouetteMeter:
    """Measures any clustering of the same customers; safe to share between threads.

    Parameters
    ----------
    matrix : (n_customers, n_features) in the scaled space
    seed : of the replicates; the same seed gives the same result, whatever was measured before

    Notes
    -----
    Rousseeuw (1987): s = (b - a) / max(a, b), a the mean distance to the others of the customer's own cluster, b the
    smallest mean distance to another cluster, s = 0 where a customer is alone in hers. Up to MOST_IN_FULL customers
    in full, equal to scikit-learn's `silhouette_score`.

    Above, by replicates. Each draws 200 customers, from every cluster in proportion to its size but from none fewer
    than two (or all it has), and up to 400 reference customers from each cluster; a customer's mean distances are
    to the references, and clusters weigh by their true sizes. The value is the mean of ten replicates and the
    standard error comes from their spread.
    """

    def __init__(self, matrix: np.ndarray, seed: int) -> None:
        self._matrix = matrix
        self._seed = seed
        self._shared: list[np.ndarray] | None = None
        self._lock = Lock()

    @property
    def exact(self) -> bool:
        return len(self._matrix) <= MOST_IN_FULL

    def measure(self, labels: np.ndarray) -> Silhouette:
        """The silhouette of a clustering; `labels` (n_customers,) integers, of which empty clusters are no part.

        ValueError for fewer than two clusters.
        """
        clusters = np.flatnonzero(np.bincount(labels))
        if len(clusters) < 2:
            raise ValueError("A single cluster has no silhouette.")
        if self.exact:
            return Silhouette(float(self.of_each(labels).mean()))
        members = [np.flatnonzero(labels == cluster) for cluster in clusters]
        random = np.random.default_rng([self._seed, len(clusters)])
        values = np.array([self._replicate(members, random) for _ in range(_REPLICATES)])
        return Silhouette(float(values.mean()), float(values.std(ddof=1) / np.sqrt(_REPLICATES)))

    def of_each(self, labels: np.ndarray) -> np.ndarray:
        """Each customer's own silhouette, (n_customers,), from all distances however many there are."""
        clusters, labels = np.unique(labels, return_inverse=True)
        memberships = np.eye(len(clusters))[labels]
        sums = np.concatenate([chunk @ memberships for chunk in self._distances()])
        return _silhouettes(sums, memberships.sum(axis=0), labels, np.ones(len(labels)))

    def of_some(self, labels: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """The silhouettes of the customers in `rows`, (n_rows,): of every distance, or, of many, to references.

        Above MOST_IN_FULL customers, up to 400 seeded references of each cluster stand for it, as in `measure`: each
        value is then off by a few hundredths, and the more so the more spread out a cluster is.
        """
        if self.exact:
            return np.asarray(self.of_each(labels)[rows])
        clusters, labels = np.unique(labels, return_inverse=True)
        random = np.random.default_rng([self._seed, len(clusters)])
        members = [np.flatnonzero(labels == cluster) for cluster in range(len(clusters))]
        references = [random.choice(each, min(len(each), _REFERENCES), replace=False) for each in members]
        return self._against(rows, labels[rows], references)

    def _distances(self) -> Iterator[np.ndarray]:
        """Rows of the (n, n) distances, some at a time, as scikit-learn's silhouette sees them."""
        if self._matrix.shape[0] ** 2 * 8 > _SHARED_BYTES:
            yield from pairwise_distances_chunked(self._matrix, working_memory=_CHUNK_MIB)
            return
        with self._lock:
            if self._shared is None:
                self._shared = list(pairwise_distances_chunked(self._matrix, working_memory=_CHUNK_MIB))
        yield from self._shared

    def _replicate(self, members: list[np.ndarray], random: np.random.Generator) -> float:
        sizes = np.array([len(each) for each in members])
        wanted = np.minimum(sizes, np.maximum(2, np.rint(_POINTS * sizes / sizes.sum()).astype(int)))
        points = [random.choice(each, count, replace=False) for each, count in zip(members, wanted, strict=True)]
        references = [random.choice(each, min(len(each), _REFERENCES), replace=False) for each in members]
        own = np.repeat(np.arange(len(members)), wanted)
        each = self._against(np.concatenate(points), own, references)
        means = np.bincount(own, weights=each) / wanted
        return float(means @ sizes / sizes.sum())

    def _against(self, rows: np.ndarray, own: np.ndarray, references: list[np.ndarray]) -> np.ndarray:
        """The silhouettes of the customers in `rows`, of the clusters `own`, by their distances to the references."""
        sums = np.column_stack([cdist(self._matrix[rows], self._matrix[each]).sum(axis=1) for each in references])
        itself = np.isin(rows, np.concatenate(references))
        return _silhouettes(sums, np.array([len(some) for some in references]), own, itself.astype(float))


def _silhouettes(sums: np.ndarray, counts: np.ndarray, own: np.ndarray, itself: np.ndarray) -> np.ndarray:
    """Silhouettes, (n,), from distances summed by cluster.

    Parameters
    ----------
    sums : (n, n_clusters) distance of each customer to all references of a cluster, together
    counts : (n_clusters,) references
    own : (n,) cluster of each customer
    itself : (n,) 1 where the customer is one of the references, 0 where not
    """
    rows = np.arange(len(own))
    others = counts[own] - itself
    within = sums[rows, own] / np.maximum(others, 1)
    means = sums / counts
    means[rows, own] = np.inf
    nearest = means.min(axis=1)
    larger = np.maximum(within, nearest)
    known = (others > 0) & (larger > 0)
    return np.asarray(np.divide(nearest - within, larger, out=np.zeros(len(own)), where=known))
