"""Whose centre each customer is nearest to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Assignment:
    """Whose centre each customer is nearest to, and how clearly. All (n_customers,), clusters 0-based."""

    nearest: np.ndarray
    runner_up: np.ndarray  # -1 where there is one centre only
    margin: np.ndarray  # 1 - distance to the nearest / distance to the runner-up; NaN without a runner-up


def assign(matrix: np.ndarray, centers: np.ndarray, labels: np.ndarray | None = None) -> Assignment:
    """The nearest and second nearest centre of each customer.

    Parameters
    ----------
    matrix : (n_customers, n_features) in the scaled space
    centers : (n_clusters, n_features)
    labels : (n_customers,) where the cluster is settled already; the runner-up is then the nearest of the others

    Notes
    -----
    The margin is 0 on the border between two clusters and 1 at a cluster's own centre. Of centres equally near the
    first is taken. One pass a centre, so that memory does not grow with their number.
    """
    n_customers = len(matrix)
    if labels is None:
        nearest, least = np.zeros(n_customers, dtype=np.int64), np.full(n_customers, np.inf)
        for cluster, center in enumerate(centers):
            distance = _squared_distance(matrix, center)
            closer = distance < least
            nearest[closer], least[closer] = cluster, distance[closer]
    else:
        nearest = labels.astype(np.int64)
    own, second = np.zeros(n_customers), np.full(n_customers, np.inf)
    runner_up = np.full(n_customers, -1, dtype=np.int64)
    for cluster, center in enumerate(centers):
        distance = _squared_distance(matrix, center)
        mine = nearest == cluster
        own[mine] = distance[mine]
        closer = ~mine & (distance < second)
        runner_up[closer], second[closer] = cluster, distance[closer]
    ratio = np.sqrt(np.divide(own, second, out=np.ones(n_customers), where=second > 0))
    margin = np.where(runner_up < 0, np.nan, np.clip(1 - ratio, 0, 1))
    return Assignment(nearest, runner_up, margin)


def _squared_distance(matrix: np.ndarray, center: np.ndarray) -> np.ndarray:
    # Differences first: |x|² - 2xc + |c|² is a little faster, but loses its digits near a centre, where they matter.
    difference = matrix - center
    return np.asarray(np.einsum("ij,ij->i", difference, difference))
