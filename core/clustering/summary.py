"""Many customers as few weighted points, on which k-means finds nearly the same centres."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

MOST_EXACT = 50_000
"""Customers up to whom k-means is fitted on each of them."""

FINEST, _COARSER = 24, (16, 12, 8)  # cells a dimension
MOST_FINE, _MOST_COARSE = 60_000, 8_000  # points
_CHUNK_ROWS = 1 << 18


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Weighted points in the scaled space."""

    at: np.ndarray  # (n_points, n_features)
    weights: np.ndarray  # (n_points,) customers that each stands for; together all of them

    def __len__(self) -> int:
        return len(self.at)


@dataclass(frozen=True, slots=True, eq=False)
class Summary:
    """All customers twice over: a few points to try many starts on, and more of them to go on from the best."""

    coarse: Points
    fine: Points


def summarise(matrix: np.ndarray, seed: int = 42) -> Summary | None:
    """Customers as points for k-means to be fitted on; None where they are few enough to be fitted themselves.

    Parameters
    ----------
    matrix : (n_customers, n_features) in the scaled space, finite
    seed : of the draws, where any are made

    Notes
    -----
    Up to MOST_EXACT customers nothing is summed up. Above, those in one cell of a grid on asinh of the space, 24 cells
    a dimension, become one point at their mean: the grid is fine where customers are many and coarse in the tails.
    Where many dimensions make the grid so thin that more than 60,000 cells hold somebody, that many customers are drawn
    instead, half of the chance even and half in proportion to the squared distance from the mean, each weighted by the
    inverse of its chance (the lightweight coreset of Bachem, Lucic and Krause, 2018). The coarse points are made of the
    fine ones in the same two ways.
    """
    if len(matrix) <= MOST_EXACT:
        return None
    everyone = Points(matrix, np.ones(len(matrix)))
    return coarsened(_gridded(everyone, FINEST, MOST_FINE) or _drawn(everyone, MOST_FINE, seed), seed)


def coarsened(fine: Points, seed: int) -> Summary:
    """The fine points with the coarse ones that are made of them, as `summarise` says."""
    for cells in _COARSER:
        coarse = _gridded(fine, cells, _MOST_COARSE)
        if coarse is not None:
            return Summary(coarse, fine)
    return Summary(_drawn(fine, _MOST_COARSE, seed), fine)


def _gridded(points: Points, cells_a_dimension: int, most: int) -> Points | None:
    """The mean of the points in each cell, with their weights together; None where more than `most` cells hold any."""
    cells = _cells(points.at, cells_a_dimension)
    n_cells = int(cells.max()) + 1
    if n_cells > most:
        return None
    weights = np.bincount(cells, weights=points.weights, minlength=n_cells)
    sums = [np.bincount(cells, weights=column * points.weights, minlength=n_cells) for column in points.at.T]
    return Points(np.column_stack(sums) / weights[:, None], weights)


def _cells(at: np.ndarray, cells_a_dimension: int) -> np.ndarray:
    """(n_points,) the cell of each, numbered from 0 without gaps."""
    codes = np.zeros(len(at), dtype=np.int64)
    span = 1
    for column in at.T:
        even = np.arcsinh(column)
        low, high = even.min(), even.max()
        if high == low:
            continue
        if span > 2**56:  # the product of the dimensions would soon no longer fit
            codes = np.asarray(pd.factorize(codes)[0])
            span = int(codes.max()) + 1
        even -= low
        even *= cells_a_dimension / (high - low)
        codes *= cells_a_dimension
        codes += np.minimum(even.astype(np.int64), cells_a_dimension - 1)
        span *= cells_a_dimension
    return np.asarray(pd.factorize(codes)[0])


def _drawn(points: Points, count: int, seed: int) -> Points:
    """A weighted draw, with replacement, of so many points."""
    total = points.weights.sum()
    center = points.weights @ points.at / total
    distance = np.empty(len(points))
    for start in range(0, len(points), _CHUNK_ROWS):
        apart = points.at[start : start + _CHUNK_ROWS] - center
        distance[start : start + _CHUNK_ROWS] = np.einsum("ij,ij->i", apart, apart)
    spread = points.weights * distance
    chance = 0.5 * points.weights / total + (0.5 * spread / spread.sum() if spread.any() else 0.0)
    chance /= chance.sum()
    chosen = np.random.default_rng(seed).choice(len(points), count, p=chance)
    weights = points.weights[chosen] / chance[chosen]
    return Points(points.at[chosen], weights * (total / weights.sum()))
