"""Clouds of customers without groups, to see whether the real ones look any different."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from sklearn.cluster import KMeans
from sklearn.preprocessing import PowerTransformer

from core.clustering.silhouette import SilhouetteMeter
from core.clustering.sweep import ignore_merged_clusters

Shape = Literal["bell", "box"]

CLOUDS = 19
"""Of each shape: beating them all happens to a cloud of that shape one time in twenty (Barnard 1963)."""

_MOST_CUSTOMERS = 800
_STARTS = 3


@dataclass(frozen=True, slots=True)
class Reference:
    """Silhouettes with k clusters: of the customers, and of clouds that have no groups."""

    k: int
    silhouette: float  # of as many customers as a cloud has
    clouds: Mapping[Shape, tuple[float, ...]]

    @property
    def beaten(self) -> bool:
        """The customers fall into clusters better than every cloud does."""
        return all(self.silhouette > max(values) for values in self.clouds.values())


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
    Two shapes, since k-means finds silhouettes of its own in each. A bell: normal with the customers' correlations,
    each feature bent to the customers' skew by the inverse of Yeo-Johnson and kept within their range. A box: uniform
    along the principal axes with their spread, as the gap statistic's reference is (Tibshirani, Walther & Hastie 2001).
    One shape alone would not do: a box beats the bells, and a bell with outliers the boxes.
    """
    random = np.random.default_rng([seed, k])
    some = matrix
    if len(matrix) > _MOST_CUSTOMERS:
        some = matrix[np.sort(random.choice(len(matrix), _MOST_CUSTOMERS, replace=False))]
    ignore_merged_clusters()
    drawers: dict[Shape, Callable[[], np.ndarray]] = {"bell": _bells(some, random), "box": _boxes(some, random)}
    clouds: dict[Shape, list[float]] = {shape: [] for shape in drawers}
    for shape, draw in drawers.items():
        for number in range(CLOUDS):
            if should_stop is not None and should_stop():
                return None
            clouds[shape].append(_silhouette(draw(), k, seed + number))
    return Reference(k, _silhouette(some, k, seed), {shape: tuple(values) for shape, values in clouds.items()})


def _silhouette(matrix: np.ndarray, k: int, seed: int) -> float:
    labels = KMeans(k, n_init=_STARTS, random_state=seed).fit(matrix).labels_
    if labels.max() == labels.min():
        return 0.0  # a few customers drawn, all of them alike: nobody is closer to anybody
    return SilhouetteMeter(matrix, seed).measure(labels).value


def _bells(matrix: np.ndarray, random: np.random.Generator) -> Callable[[], np.ndarray]:
    varying = matrix.std(axis=0) > 0
    with np.errstate(all="ignore"):
        straightened = PowerTransformer().fit(matrix[:, varying])
        straight = straightened.transform(matrix[:, varying])
    low, high = straight.min(axis=0), straight.max(axis=0)
    covariance = np.atleast_2d(np.cov(straight, rowvar=False))

    def draw() -> np.ndarray:
        drawn = random.multivariate_normal(np.zeros(len(low)), covariance, len(matrix), method="eigh")
        cloud = np.repeat(matrix.mean(axis=0)[None], len(matrix), axis=0)
        cloud[:, varying] = straightened.inverse_transform(np.clip(drawn, low, high))
        return cloud

    return draw


def _boxes(matrix: np.ndarray, random: np.random.Generator) -> Callable[[], np.ndarray]:
    center = matrix.mean(axis=0)
    _, singular, axes = np.linalg.svd(matrix - center, full_matrices=False)
    half_width = singular * np.sqrt(3 / len(matrix))  # whose standard deviation is this by root 3

    def draw() -> np.ndarray:
        return np.asarray(center + random.uniform(-half_width, half_width, (len(matrix), len(half_width))) @ axes)

    return draw
