"""Clouds of customers without groups, to see whether the real ones look any different."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.stats import kurtosis
from sklearn.cluster import KMeans

from core.clustering.silhouette import SilhouetteMeter
from core.clustering.sweep import ignore_merged_clusters
from core.clustering.transforms import FittedTransform

Shape = Literal["bell", "box", "upright box"]

CLOUDS = 39
"""Of each shape: beating them all happens to a cloud of that shape one time in forty, beating all but one of them one
time in twenty (Barnard 1963)."""

_AS_FLAT = 1
"""Clouds of a shape that may be as flat. None may be as tight: that would let boxes pass and find no more groups."""

_MOST_CUSTOMERS = 800
_STARTS = 3


@dataclass(frozen=True, slots=True)
class Look:
    """What customers, or a cloud, look like."""

    silhouette: float  # with k clusters
    along: float  # excess kurtosis along the line through the centres of two clusters: -1.2 flat, 0 a bell
    across: float  # the mean of it over the directions at right angles to that line; 0 where there is none

    @property
    def flatness(self) -> float:
        """How much flatter it is along than across; the lower, the flatter."""
        return self.along - self.across


@dataclass(frozen=True, slots=True)
class Reference:
    """The customers beside clouds that have no groups, all with k clusters."""

    k: int
    customers: Look  # of as many customers as a cloud has
    clouds: Mapping[Shape, tuple[Look, ...]]  # no more of them than it takes to see that the customers look alike

    @property
    def tighter(self) -> bool:
        """The customers fall into k clusters better than every cloud does."""
        return all(self.customers.silhouette > max(look.silhouette for look in looks) for looks in self.clouds.values())

    @property
    def flat_one_way(self) -> bool:
        """The customers are flat along one line alone, more so than the clouds.

        A bell is a bell and a box is flat in every direction. Two overlapping groups are flat along the line through
        both, even where they are too close, or too unequal in size, to leave a valley. That line has to be flatter than
        the bells' too, which have the customers' tails: a long tail one way and a longer one the others are no groups.
        """
        return _below([look.along for look in self.clouds["bell"]], self.customers.along) and all(
            _below([look.flatness for look in looks], self.customers.flatness) for looks in self.clouds.values()
        )

    @property
    def supported(self) -> int | None:
        """The number of clusters that the comparison speaks for; None where the customers look like a cloud."""
        return self.k if self.tighter else 2 if self.flat_one_way else None


def _below(clouds: Sequence[float], customers: float) -> bool:
    return sum(cloud <= customers for cloud in clouds) <= _AS_FLAT


def reference(
    matrix: np.ndarray, k: int, *, seed: int = 42, should_stop: Callable[[], bool] | None = None
) -> Reference | None:
    """Compare the customers with clouds that have no groups.

    Parameters
    ----------
    matrix : (n_customers, n_features) in the scaled space; a seeded sample of 800 stands for more
    should_stop : asked before each cloud

    Returns
    -------
    None where should_stop said so.

    Notes
    -----
    Three shapes, since k-means finds silhouettes of its own in each. A bell: normal with the customers' correlations,
    each feature bent to the customers' skew by the inverse of Yeo-Johnson and kept within their range. A box: uniform
    along the principal axes with their spread, and one upright, uniform over the range of each feature: both are the
    gap statistic's references (Tibshirani, Walther & Hastie 2001). One shape alone would not do: a box beats the bells,
    a bell with outliers the boxes, and an upright one those whose axes its own even spread leaves to chance.
    """
    random = np.random.default_rng([seed, k])
    some = matrix
    if len(matrix) > _MOST_CUSTOMERS:
        some = matrix[np.sort(random.choice(len(matrix), _MOST_CUSTOMERS, replace=False))]
    ignore_merged_clusters()
    bells, boxes, upright = random.spawn(3)  # so that one shape's draws do not hang on another's
    drawers: dict[Shape, Callable[[], np.ndarray]] = {
        "bell": _bells(some, bells),
        "box": _boxes(some, boxes),
        "upright box": _upright_boxes(some, upright),
    }
    found = Reference(k, _look(some, k, seed), dict.fromkeys(drawers, ()))
    for number in range(CLOUDS):
        if should_stop is not None and should_stop():
            return None
        clouds = {shape: (*found.clouds[shape], _look(draw(), k, seed + number)) for shape, draw in drawers.items()}
        found = Reference(k, found.customers, clouds)
        if found.supported is None:
            break  # further clouds can't change that (Besag & Clifford 1991)
    return found


def _look(matrix: np.ndarray, k: int, seed: int) -> Look:
    labels = KMeans(k, n_init=_STARTS, random_state=seed).fit(matrix).labels_
    # A cloud of very few may fall together.
    silhouette = SilhouetteMeter(matrix, seed).measure(labels).value if labels.max() > 0 else 0.0
    one, other = KMeans(2, n_init=_STARTS, random_state=seed).fit(matrix).cluster_centers_
    length = float(np.linalg.norm(other - one))
    if length == 0:
        return Look(silhouette, 0.0, 0.0)
    line = (other - one) / length
    along = matrix @ line
    rest = matrix - matrix.mean(axis=0) - np.outer(along - along.mean(), line)
    _, singular, axes = np.linalg.svd(rest, full_matrices=False)
    across = rest @ axes[singular > 1e-6 * np.linalg.norm(matrix)].T
    return Look(silhouette, float(kurtosis(along)), float(np.mean(kurtosis(across))) if across.size else 0.0)


def _bells(matrix: np.ndarray, random: np.random.Generator) -> Callable[[], np.ndarray]:
    bends = [FittedTransform.learn(column, "power") for column in matrix.T]
    straight = np.column_stack([bend.forward(column) for bend, column in zip(bends, matrix.T, strict=True)])
    low, high, middle = straight.min(axis=0), straight.max(axis=0), straight.mean(axis=0)
    covariance = np.atleast_2d(np.cov(straight, rowvar=False))

    def draw() -> np.ndarray:
        drawn = random.multivariate_normal(middle, covariance, len(matrix), method="eigh")
        within = np.clip(drawn, low, high)
        return np.column_stack([bend.backward(column) for bend, column in zip(bends, within.T, strict=True)])

    return draw


def _boxes(matrix: np.ndarray, random: np.random.Generator) -> Callable[[], np.ndarray]:
    center = matrix.mean(axis=0)
    _, singular, axes = np.linalg.svd(matrix - center, full_matrices=False)
    half_width = singular * np.sqrt(3 / len(matrix))  # whose standard deviation is this by root 3

    def draw() -> np.ndarray:
        return np.asarray(center + random.uniform(-half_width, half_width, (len(matrix), len(half_width))) @ axes)

    return draw


def _upright_boxes(matrix: np.ndarray, random: np.random.Generator) -> Callable[[], np.ndarray]:
    low, high = matrix.min(axis=0), matrix.max(axis=0)

    def draw() -> np.ndarray:
        return random.uniform(low, high, matrix.shape)

    return draw
