"""The two directions in which customers differ most: a map of a space with more dimensions than a screen has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True, eq=False)
class Axes:
    """Principal axes of the scaled space, the one with the larger differences first."""

    middle: np.ndarray  # (n_features,) mean of all customers
    directions: np.ndarray  # (2, n_features) of length 1; the second one of zeros where there is a single feature
    shares: tuple[float, float]  # of all differences (variance), 0 to 1

    def place(self, matrix: np.ndarray) -> np.ndarray:
        """Customers, or centres, (n, n_features) in the scaled space, on the map: (n, 2)."""
        return np.asarray((matrix - self.middle) @ self.directions.T)


def principal_axes(matrix: np.ndarray) -> Axes:
    """Principal component analysis of (n_customers, n_features) in the scaled space, up to two components.

    Notes
    -----
    From the covariance, whose size does not grow with the customers. A direction may as well be its opposite; here its
    largest loading is positive, so that the same customers always give the same map.
    """
    middle = matrix.mean(axis=0)
    covariance = np.atleast_2d(np.cov(matrix, rowvar=False))
    variances, vectors = np.linalg.eigh(covariance)
    order = np.argsort(-variances, kind="stable")[:2]
    directions = np.zeros((2, matrix.shape[1]))
    directions[: len(order)] = vectors[:, order].T
    largest = directions[np.arange(2), np.abs(directions).argmax(axis=1)]
    directions *= np.where(largest < 0, -1.0, 1.0)[:, None]
    shares = np.zeros(2)
    if (whole := variances.sum()) > 0:
        shares[: len(order)] = np.clip(variances[order] / whole, 0.0, 1.0)
    return Axes(middle, directions, (float(shares[0]), float(shares[1])))
