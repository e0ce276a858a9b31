"""Segments beside the classic RFM groups, so that a name can be checked against one that marketers know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.features.engineering import CustomerFeatures
from core.segments.segmentation import Segment, Segmentation

SCORES = ("rfm_recency", "rfm_frequency", "rfm_monetary")
OTHERS = "Others"


@dataclass(frozen=True, slots=True)
class RfmGroup:
    """A classic group: ranges of scores from 1 to 5, both ends included."""

    name: str
    recency: tuple[int, int]
    frequency: tuple[int, int]
    monetary: tuple[int, int]

    def holds(self, scores: np.ndarray) -> np.ndarray:
        """(n_customers,) whether scores (n_customers, 3), in the order of SCORES, lie within the ranges."""
        low, high = np.array([self.recency, self.frequency, self.monetary]).T
        inside: np.ndarray = ((scores >= low) & (scores <= high)).all(axis=1)
        return inside


# The ranges of R's package rfm up to 0.2 (its `rfm_segment`, by A. Hebbali), which most tools and tutorials repeat.
# The first that holds counts; some combinations are in none.
CLASSIC = (
    RfmGroup("Champions", (4, 5), (4, 5), (4, 5)),
    RfmGroup("Loyal Customers", (2, 5), (3, 5), (3, 5)),
    RfmGroup("Potential Loyalist", (3, 5), (1, 3), (1, 3)),
    RfmGroup("New Customers", (4, 5), (1, 1), (1, 1)),
    RfmGroup("Promising", (3, 4), (1, 1), (1, 1)),
    RfmGroup("Need Attention", (2, 3), (2, 3), (2, 3)),
    RfmGroup("About To Sleep", (2, 3), (1, 2), (1, 2)),
    RfmGroup("At Risk", (1, 2), (2, 5), (2, 5)),
    RfmGroup("Can't Lose Them", (1, 1), (4, 5), (4, 5)),
    RfmGroup("Lost", (1, 2), (1, 2), (1, 2)),
)


@dataclass(frozen=True, slots=True)
class Crosswalk:
    """How many customers of each segment are in each classic group."""

    segments: tuple[Segment, ...]
    groups: tuple[str, ...]  # those with customers, in the order of the table of ranges, then OTHERS
    customers: np.ndarray  # (n_segments, n_groups) whole numbers
    unscored: int  # customers without all three scores; in no cell

    @property
    def shares(self) -> np.ndarray:
        """(n_segments, n_groups) of each segment's customers with scores; 0 where there are none."""
        whole = self.customers.sum(axis=1, keepdims=True)
        shares: np.ndarray = self.customers / np.maximum(whole, 1)
        return shares

    def in_words(self) -> tuple[str, ...]:
        """A sentence a segment: in which classic groups most of its customers are."""
        return tuple(self._told(place) for place in range(len(self.segments)))

    def _told(self, place: int) -> str:
        row, shares = self.customers[place], self.shares[place]
        if not row.sum():
            return "None of its customers has all three scores."
        largest = [at for at in np.argsort(-row, kind="stable")[:2] if row[at]]
        told = [f"{shares[at]:.0%} are {self.groups[at]}" for at in largest]
        return " and ".join(told) + "."


def rfm_groups(features: CustomerFeatures, groups: Sequence[RfmGroup] = CLASSIC) -> pd.Series[str]:
    """The classic group of each customer.

    Parameters
    ----------
    features : with the three scores of the catalog, which are R's: fifths by type-7 quantiles plus 1
    groups : the first that holds counts

    Returns
    -------
    (n_customers,) names, OTHERS where no group holds, missing where a score is

    Raises
    ------
    KeyError where the features have no scores
    """
    scores = features.values[list(SCORES)].to_numpy(dtype=np.float64)
    names = np.full(len(scores), OTHERS, dtype=object)
    for group in reversed(groups):
        names[group.holds(scores)] = group.name
    names[np.isnan(scores).any(axis=1)] = None
    return pd.Series(names, index=features.values.index, dtype="str")


def crosswalk(segmentation: Segmentation, scored: CustomerFeatures | None = None) -> Crosswalk:
    """Segments against the classic groups.

    Parameters
    ----------
    scored : the same customers with their scores, where the segmentation's own features have none

    Raises
    ------
    ValueError where `scored` is of other customers
    KeyError where there are no scores, such as in most tables of customers
    """
    features = scored or segmentation.features
    if not features.values.index.equals(segmentation.assignments.index):
        raise ValueError("The scores are of other customers.")
    found = rfm_groups(features)
    names = [name for name in (*(group.name for group in CLASSIC), OTHERS) if (found == name).any()]
    places = segmentation.assignments["segment"].to_numpy(dtype=np.int64) - 1
    counts = np.zeros((segmentation.n_segments, len(names)), dtype=np.int64)
    for at, name in enumerate(names):
        counts[:, at] = np.bincount(places[(found == name).to_numpy()], minlength=segmentation.n_segments)
    return Crosswalk(segmentation.segments, tuple(names), counts, int(found.isna().sum()))
