"""Two more measures of a clustering, for those who ask. The advice does not listen to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.clustering.sweep import ClusterFit, Sweep

_BLOCK = 100_000
"""Rows at a time, so that memory does not grow with the customers."""


@dataclass(frozen=True, slots=True)
class OtherMeasures:
    """Calinski-Harabasz (the larger the better) and Davies-Bouldin (the smaller the better), by k from 2."""

    calinski_harabasz: Mapping[int, float]
    davies_bouldin: Mapping[int, float]

    @property
    def best_calinski_harabasz(self) -> int | None:
        """The smallest k of equals; None without any."""
        return max(sorted(self.calinski_harabasz), key=lambda k: self.calinski_harabasz[k], default=None)

    @property
    def best_davies_bouldin(self) -> int | None:
        """The smallest k of equals; None without any."""
        return min(sorted(self.davies_bouldin), key=lambda k: self.davies_bouldin[k], default=None)


def other_measures(matrix: np.ndarray, sweep: Sweep) -> OtherMeasures:
    """Both measures for every k of a sweep.

    Parameters
    ----------
    matrix : (n_customers, n_features) that the sweep was made of

    Notes
    -----
    Equal to scikit-learn's scores of the same labels, but from the inertias and centres that the sweep has, in one
    pass over the customers for each k.
    """
    fits = {k: fit for k, fit in sweep.fits.items() if k > 1}
    whole = sweep.inertias[1]
    return OtherMeasures(
        {k: _calinski_harabasz(whole, fit) for k, fit in fits.items()},
        {k: _davies_bouldin(matrix, fit) for k, fit in fits.items()},
    )


def _calinski_harabasz(whole: float, fit: ClusterFit) -> float:
    """Spread between the clusters' centres over spread within, each by its degrees of freedom (1974)."""
    between, k = whole - fit.inertia, fit.n_clusters
    return 1.0 if fit.inertia == 0 else between / fit.inertia * (len(fit.labels) - k) / (k - 1)


def _davies_bouldin(matrix: np.ndarray, fit: ClusterFit) -> float:
    """Each cluster's likeness to the one most like it, averaged: both mean distances by that of the centres (1979)."""
    sums = np.zeros(fit.n_clusters)
    for start in range(0, len(matrix), _BLOCK):
        labels = fit.labels[start : start + _BLOCK]
        distances = np.linalg.norm(matrix[start : start + _BLOCK] - fit.centers[labels], axis=1)
        sums += np.bincount(labels, weights=distances, minlength=fit.n_clusters)
    spreads = sums / fit.sizes
    apart = np.linalg.norm(fit.centers[:, None] - fit.centers, axis=2)
    np.fill_diagonal(apart, np.inf)
    return float(((spreads[:, None] + spreads) / apart).max(axis=1).mean())
