"""How the customers' measures are spread: one at a time, and recency against revenue."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.features.engineering import CustomerFeatures

_MOST_SAID = 0.99
_LADDER = (7, 14, 30, 60, 90, 180, 365, 730, 1095)
_FEWEST_IN_FIRST = 0.05


@dataclass(frozen=True, slots=True)
class Bins:
    """How many customers have how much."""

    edges: np.ndarray  # (n + 1,)
    counts: np.ndarray  # (n,)
    beyond: int  # customers above the last edge, who would flatten everything else
    missing: int  # customers without a value


@dataclass(frozen=True, slots=True)
class RecencyByRevenue:
    """Customers by the quarter that their revenue puts them in, and by how long ago they ordered."""

    counts: np.ndarray  # (4, n_steps) customers; the quarter with the highest revenue first
    revenue_bounds: tuple[float, float, float]  # quartiles; a customer on one belongs to the quarter below
    day_bounds: tuple[int, ...]  # (n_steps - 1,) days; a step ends with its bound, the last has none
    unknown: int  # customers without one of the two measures

    @property
    def shares(self) -> np.ndarray:
        """Each cell as a part of its quarter, 0 to 1; NaN in a quarter with nobody."""
        sizes = self.counts.sum(axis=1, keepdims=True)
        return np.asarray(np.divide(self.counts, sizes, out=np.full(self.counts.shape, np.nan), where=sizes > 0))


def bins(measured: pd.Series[float] | np.ndarray, most: int = 24) -> Bins:
    """Equally wide bins up to the 99th percentile where the tail is long, else up to the largest value.

    Whole numbers of a small range get a bin each.
    """
    given = np.asarray(measured, dtype=np.float64)
    known = given[np.isfinite(given)]
    if not len(known):
        return Bins(np.array([0.0, 1.0]), np.array([0]), 0, len(given))
    low, high = float(known.min()), float(known.max())
    cap = float(np.quantile(known, _MOST_SAID))
    # Cut off only a tail that would take a third of the axis or more.
    end = cap if low < cap < low + (high - low) * 2 / 3 else high
    inside = known[known <= end]
    if high == low:
        edges = np.array([low - 0.5, high + 0.5])
    elif end - low < most and np.array_equal(inside, np.rint(inside)):
        edges = np.arange(low - 0.5, np.floor(end) + 1)
    else:
        edges = np.linspace(low, end, most + 1)
    counts, _ = np.histogram(inside, edges)
    return Bins(edges, counts, len(known) - len(inside), len(given) - len(known))


def differing(features: CustomerFeatures) -> tuple[str, ...]:
    """The measures, each once, in which customers differ at all."""
    return tuple(name for name in features.distinct if features.values[name].nunique() > 1)


def recency_by_revenue(features: CustomerFeatures) -> RecencyByRevenue | None:
    """How lately each quarter of the customers by revenue ordered; None where one of the two measures is not known.

    Notes
    -----
    Quarters are bounded by type-7 quantiles of `total_revenue`, so that equal revenues are never parted and quarters
    may differ in size where many are equal. Steps of recency are those of a common ladder (a week, two weeks, a month
    and so on) between the days that a twentieth of the customers has ordered in and the longest recency.
    """
    if not {"total_revenue", "recency_days"} <= set(features.names):
        return None
    both = features.values[["total_revenue", "recency_days"]].dropna()
    if both.empty:
        return None
    revenue, days = both["total_revenue"].to_numpy(), both["recency_days"].to_numpy()
    quartiles = np.quantile(revenue, [0.25, 0.5, 0.75])
    first = min(np.quantile(days, _FEWEST_IN_FIRST), days.max() - 1)
    bounds = tuple(bound for bound in _LADDER if first <= bound < days.max())
    quarter = 3 - np.searchsorted(quartiles, revenue, side="left")
    step = np.searchsorted(np.array(bounds), days, side="left")
    counts = np.zeros((4, len(bounds) + 1), dtype=np.int64)
    np.add.at(counts, (quarter, step), 1)
    low, middle, high = (float(bound) for bound in quartiles)
    return RecencyByRevenue(counts, (low, middle, high), bounds, len(features) - len(both))
