"""Whether there are fewer customers between two neighbouring clusters than within either."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.stats import binom

from core.clustering.sweep import ClusterFit

BY_CHANCE = 0.05
"""A thinning that chance gives more often than this is none."""

SHALLOW = 0.9
"""Midway must be emptier than this beside the sparser centre: among many customers, mere traces are beyond chance."""


@dataclass(frozen=True, slots=True)
class Valley:
    """How many customers stand midway between two clusters, and around the one centre that has fewer around it."""

    clusters: tuple[int, int]  # 0-based
    midway: int
    centre: int

    @property
    def depth(self) -> float:
        """Density midway, as a share of the density around the sparser centre; 1 and above is no valley."""
        return (self.midway + 0.5) / (self.centre + 0.5)

    @property
    def clear(self) -> bool:
        """Deep enough, and deeper than chance would have it."""
        by_chance = binom.cdf(self.midway, self.midway + self.centre, 0.5)
        return bool(self.depth < SHALLOW and by_chance < BY_CHANCE)


def valleys(matrix: np.ndarray, fit: ClusterFit) -> tuple[Valley, ...]:
    """The valley between each two neighbouring clusters.

    Parameters
    ----------
    matrix : (n_customers, n_features) in the scaled space
    fit : of these customers

    Notes
    -----
    Two clusters are neighbours when no third centre is as near to the middle between theirs as they are (Gabriel &
    Sokal 1969). Their customers are projected on the line through both centres. The middle third of the way between
    the centres is compared with stretches of the same length around each centre. Any single cloud, cut in two by
    k-means, is densest at the cut (a bell) or equally dense everywhere (a box): there only chance makes a valley, which
    a binomial test rules out. The idea is the inter-cluster density of S_Dbw (Halkidi & Vazirgiannis 2001).
    """
    return tuple(
        _valley(matrix[(fit.labels == one) | (fit.labels == other)], fit.centers, one, other)
        for one, other in _neighbours(fit.centers)
    )


def _neighbours(centers: np.ndarray) -> Iterator[tuple[int, int]]:
    for one, other in combinations(range(len(centers)), 2):
        distances = np.linalg.norm(centers - (centers[one] + centers[other]) / 2, axis=1)
        distances[[one, other]] = np.inf
        if distances.min() >= np.linalg.norm(centers[one] - centers[other]) / 2:
            yield one, other


def _valley(customers: np.ndarray, centers: np.ndarray, one: int, other: int) -> Valley:
    way = centers[other] - centers[one]
    along = (customers - centers[one]) @ way / (way @ way)
    midway, *ends = (int((np.abs(along - place) < 1 / 6).sum()) for place in (0.5, 0.0, 1.0))
    return Valley((one, other), midway, min(ends))
