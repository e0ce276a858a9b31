"""Whether the clusters come out again when other customers stand in for these."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from itertools import combinations
from typing import Literal

import numpy as np
from sklearn.cluster import KMeans

from core.clustering.sweep import ClusterFit, ignore_merged_clusters

RESAMPLES = 20

_STARTS = 3
_MORE_STARTS = 20
"""Over k, where that is more: with few clusters starts are cheap, and a poor local optimum weighs most."""

_MOST_TRIED = 1_000
"""Customers that starts are tried on; of more, the best start of so many is carried on with all of them."""

Level = Literal["unstable", "doubtful", "fair", "solid"]

LEVELS: Mapping[Level, float] = {"unstable": 0.0, "doubtful": 0.60, "fair": 0.75, "solid": 0.85}
"""From which Jaccard value on a cluster is called so (Hennig 2007, and the manual of his `fpc::clusterboot`)."""


@dataclass(frozen=True, slots=True)
class Stability:
    """How alike the solutions for one k are over resamples of the customers."""

    agreement: float  # mean adjusted Rand index between two resamples' solutions: 1 the same, 0 as by chance
    standard_error: float  # of the agreement, by the jackknife over resamples
    jaccards: tuple[float | None, ...]  # of each cluster of the fit, 0 to 1; None where none of it was ever drawn

    @property
    def levels(self) -> tuple[Level | None, ...]:
        """Each cluster's Jaccard value in a word."""
        return tuple(None if value is None else level(value) for value in self.jaccards)


def level(jaccard: float) -> Level:
    """What a cluster's mean Jaccard value is called."""
    return max((least, name) for name, least in LEVELS.items() if jaccard >= least)[1]


def two_digits(value: float) -> str:
    """A stability as it is printed: rounded down, so that it never reaches a level that the value does not."""
    return str(Decimal(repr(float(value))).quantize(Decimal("0.01"), ROUND_FLOOR))


def stability(
    matrix: np.ndarray, fit: ClusterFit, *, seed: int = 42, should_stop: Callable[[], bool] | None = None
) -> Stability | None:
    """Cluster bootstrap resamples of the customers and compare what comes out.

    Parameters
    ----------
    matrix : (n_customers, n_features) in the scaled space
    fit : of these customers
    should_stop : asked before each resample

    Returns
    -------
    None where should_stop said so.

    Notes
    -----
    Each resample draws as many customers with replacement, is clustered by k-means, and its centres assign every
    customer. The agreement is the mean adjusted Rand index over all pairs of resamples (Hubert & Arabie 1985). A
    cluster's Jaccard value is, as in Hennig (2007), the mean over resamples of its likeness to the most similar cluster
    of the resample, both among the customers who were drawn.
    """
    ignore_merged_clusters()
    n_customers, k = len(matrix), fit.n_clusters
    found = np.empty((RESAMPLES, n_customers), dtype=np.int64)
    likeness = np.empty((RESAMPLES, k))
    for number in range(RESAMPLES):
        if should_stop is not None and should_stop():
            return None
        # The same draws for every k: what differs between two k is then not the luck of the draw.
        random = np.random.default_rng([seed, number])
        times = np.bincount(random.integers(0, n_customers, n_customers), minlength=n_customers)
        drawn = np.flatnonzero(times)
        # Drawn several times is a weight: a third fewer rows, the same result.
        centers = _centers(matrix[drawn], times[drawn].astype(np.float64), min(k, len(drawn)), seed + number)
        found[number] = _nearest(matrix, centers)
        likeness[number] = _jaccards(_crossed(fit.labels[drawn], found[number][drawn], k))
    agreements = np.eye(RESAMPLES)
    for one, other in combinations(range(RESAMPLES), 2):
        agreements[one, other] = agreements[other, one] = _adjusted_rand(_crossed(found[one], found[other], k))
    value, error = _mean_over_pairs(agreements)
    seen = ~np.isnan(likeness)
    jaccards = tuple(
        float(likeness[seen[:, place], place].mean()) if seen[:, place].any() else None for place in range(k)
    )
    return Stability(value, error, jaccards)


def _centers(drawn: np.ndarray, weights: np.ndarray, k: int, seed: int) -> np.ndarray:
    """The centres of the best of several starts."""
    few = len(drawn) <= _MOST_TRIED
    some = slice(None) if few else np.random.default_rng(seed).choice(len(drawn), _MOST_TRIED, replace=False)
    model = KMeans(k, n_init=max(_STARTS, _MORE_STARTS // k), random_state=seed)
    model.fit(drawn[some], sample_weight=weights[some])
    if not few:
        model = KMeans(k, init=model.cluster_centers_, n_init=1).fit(drawn, sample_weight=weights)
    return np.asarray(model.cluster_centers_)


def _nearest(matrix: np.ndarray, centers: np.ndarray) -> np.ndarray:
    # Without each customer's own square, which is the same for all centres.
    return np.asarray(((centers**2).sum(axis=1) - 2 * matrix @ centers.T).argmin(axis=1))


def _crossed(one: np.ndarray, other: np.ndarray, k: int) -> np.ndarray:
    """How many customers are in each pair of clusters, (k, k)."""
    return np.bincount(one.astype(np.int64) * k + other, minlength=k * k).reshape(k, k)


def _jaccards(crossed: np.ndarray) -> np.ndarray:
    """Each row's largest share of common customers with a column, (k,); NaN for a row that holds nobody."""
    either = crossed.sum(axis=1)[:, None] + crossed.sum(axis=0) - crossed
    shares = np.divide(crossed, either, out=np.zeros(crossed.shape), where=either > 0)
    return np.where(crossed.any(axis=1), shares.max(axis=1), np.nan)


def _adjusted_rand(crossed: np.ndarray) -> float:
    """The adjusted Rand index from the counts: as scikit-learn's, without going through the labels again."""

    def couples(counts: np.ndarray) -> float:
        counts = counts.astype(np.float64)
        return float((counts * (counts - 1)).sum()) / 2

    together, rows, columns = couples(crossed), couples(crossed.sum(axis=1)), couples(crossed.sum(axis=0))
    by_chance = rows * columns / couples(crossed.sum(keepdims=True))
    at_most = (rows + columns) / 2
    return 1.0 if at_most == by_chance else (together - by_chance) / (at_most - by_chance)


def _mean_over_pairs(agreements: np.ndarray) -> tuple[float, float]:
    """The mean off the diagonal of a symmetric matrix, and its standard error, leaving out one resample at a time."""
    count = len(agreements)
    sums = agreements.sum(axis=1) - np.diag(agreements)
    total = sums.sum()
    without = (total - 2 * sums) / ((count - 1) * (count - 2))
    error = np.sqrt((count - 1) / count * ((without - without.mean()) ** 2).sum())
    return float(total / (count * (count - 1))), float(error)
