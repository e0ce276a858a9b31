"""Clusters -> segments: numbered, named and profiled, each customer in exactly one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core.features.engineering import CustomerFeatures
from core.segments import naming
from core.segments.playbook import Archetype, Plan, playbook
from core.segments.portrait import portraits

if TYPE_CHECKING:  # scikit-learn stays out of what only reads a segmentation
    from core.clustering.preparation import Preparation
    from core.clustering.sweep import ClusterFit

SUMMARY_COLUMNS = (
    "cluster",
    "avg_total_revenue",
    "sum_total_revenue",
    "avg_order_value",
    "avg_total_quantity",
    "avg_recency",
    "customer_count",
)
ASSIGNMENT_COLUMNS = ("segment", "segment_name", "runner_up", "margin")
BORDERLINE = 0.1
LONGEST_NAME = 80
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment: who they are, what they are worth, what to do for them."""

    number: int  # from 1, by falling mean revenue
    archetype: str  # key in the playbook
    name: str
    customers: int
    revenue: float | None  # sum of total_revenue; None where there is no money
    share_of_customers: float  # 0 to 1
    share_of_revenue: float | None  # None also where the revenue of all is 0
    center: Mapping[str, float]  # mean of each feature computed, in its unit, over those who have a value
    portrait: str
    plan: Plan
    stability: float | None = None  # Jaccard value over resamples, 0 to 1; see `core.clustering.stability`

    def facts(self) -> dict[str, Any]:
        """The segment as the command line prints it."""
        return {
            "segment": self.number,
            "name": self.name,
            "customers": self.customers,
            "revenue": self.revenue,
            "share_of_customers": self.share_of_customers,
            "share_of_revenue": self.share_of_revenue,
            "stability": self.stability,
        }


@dataclass(frozen=True, slots=True)
class Assignment:
    """Whose centre each customer is nearest to, and how clearly. All (n_customers,), clusters 0-based."""

    nearest: np.ndarray
    runner_up: np.ndarray  # -1 where there is one centre only
    margin: np.ndarray  # 1 - distance to the nearest / distance to the runner-up; NaN without a runner-up


@dataclass(frozen=True, slots=True)
class Segmentation:
    """All customers in their segments."""

    assignments: pd.DataFrame  # index customer_id; segment int, segment_name str, runner_up Int64, margin float
    segments: tuple[Segment, ...]  # in the order of their numbers
    features: CustomerFeatures
    preparation: Preparation
    fit: ClusterFit
    order: tuple[int, ...]  # the fit's cluster that became segment 1, 2, ...

    @property
    def n_segments(self) -> int:
        return len(self.segments)

    @property
    def centers(self) -> np.ndarray:
        """(n_segments, n_features) in the scaled space, in the order of the segments."""
        return np.asarray(self.fit.centers)[list(self.order)]

    def rated(self, jaccards: Sequence[float | None]) -> Segmentation:
        """The same with each segment's stability, from the values of the fit's clusters in the fit's order."""
        rated = (
            replace(segment, stability=jaccards[cluster])
            for segment, cluster in zip(self.segments, self.order, strict=True)
        )
        return replace(self, segments=tuple(rated))

    def members(self, number: int) -> pd.Index[str]:
        """The customer ids of one segment."""
        return self.assignments.index[self.assignments["segment"] == number]

    def borderline(self, below: float = BORDERLINE) -> pd.DataFrame:
        """The assignments of those who stand nearly as close to another segment's centre, the closest call first."""
        close = self.assignments[self.assignments["margin"] < below]
        return close.sort_values("margin", kind="stable")

    def summary(self) -> pd.DataFrame:
        """The article's summary: means a segment, their total revenue and how many they are.

        Returns
        -------
        (n_segments, 7) columns SUMMARY_COLUMNS. avg_order_value is the mean over customers of avg_line_value where
        that was used for clustering, as in the article, else of avg_order_value. What the file cannot give is missing.
        """
        order_value = "avg_line_value" if "avg_line_value" in self.preparation.features else "avg_order_value"

        def means(feature: str) -> list[float]:
            return [segment.center.get(feature, np.nan) for segment in self.segments]

        return pd.DataFrame(
            {
                "cluster": [segment.number for segment in self.segments],
                "avg_total_revenue": means("total_revenue"),
                "sum_total_revenue": [np.nan if s.revenue is None else s.revenue for s in self.segments],
                "avg_order_value": means(order_value),
                "avg_total_quantity": means("total_quantity"),
                "avg_recency": means("recency_days"),
                "customer_count": [segment.customers for segment in self.segments],
            },
            columns=list(SUMMARY_COLUMNS),
        )

    def table(self) -> pd.DataFrame:
        """One row a customer, as segments.csv has it.

        Returns
        -------
        customer_id, segment, segment_name, runner_up, margin, the features used for clustering, total_revenue where
        there is money, every other feature computed, the contact columns. A column of the file that bears one of
        these names already given gets " (file)" after its own.
        """
        values = self.features.values
        first = dict.fromkeys((*self.preparation.features, *values.columns.intersection(["total_revenue"])))
        ordered = [*first, *(name for name in values.columns if name not in first)]
        parts = [self.assignments, values[ordered], self.features.contacts]
        columns = ["customer_id"]
        for part in parts:
            columns += [_not_taken(str(name), columns) for name in part.columns]
        table = pd.concat([part.reset_index(drop=True) for part in parts], axis=1)
        table.insert(0, "customer_id", self.assignments.index, allow_duplicates=True)
        return table.set_axis(columns, axis=1)


def segment(
    features: CustomerFeatures,
    preparation: Preparation,
    fit: ClusterFit,
    names: Mapping[int, str] | None = None,
    ranked: pd.DataFrame | None = None,
) -> Segmentation:
    """Number, name and profile the clusters of a fit.

    Parameters
    ----------
    features : the customers that were clustered, in the fit's order
    preparation : the one whose scaled space the fit lives in
    fit : one k-means solution
    names : {segment number: a name of the marketer's own}; the others keep the playbook's
    ranked : `naming.ranks` of the features' values, where they are at hand: of 100,000 customers they take two thirds
        of the time, and are the same for every fit

    Returns
    -------
    Segments numbered from 1 by falling mean total_revenue, where there is money, else by falling size; ties by size,
    then by centre. Each customer is in exactly one.

    Raises
    ------
    ValueError where the fit is of other customers

    Notes
    -----
    Where outliers were capped for the fit, each customer goes to the centre nearest to where she truly stands;
    otherwise the fit's own labels hold.
    """
    values = features.values
    if len(fit.labels) != len(values):
        raise ValueError(f"The fit is of {len(fit.labels)} customers, the features of {len(values)}.")
    centers = np.asarray(fit.centers, dtype=np.float64)
    capped = preparation.options.outliers == "cap"
    assignment = assign(preparation.matrix(values), centers, None if capped else np.asarray(fit.labels))
    order = _order(values, assignment.nearest, centers)
    place = np.empty(len(order), dtype=np.int64)
    place[list(order)] = np.arange(len(order))

    clusters = place[assignment.nearest]
    standing = naming.ranks(values) if ranked is None else ranked
    segments = _profiled(features, standing, clusters, len(order), used=preparation.features, names=names or {})
    label = np.array([each.name for each in segments], dtype=object)
    runner_up = pd.array(place[assignment.runner_up] + 1, dtype="Int64")
    runner_up[assignment.runner_up < 0] = pd.NA
    assignments = pd.DataFrame(
        {
            "segment": clusters + 1,
            "segment_name": pd.array(label[clusters], dtype="str"),
            "runner_up": runner_up,
            "margin": assignment.margin,
        },
        index=values.index.rename("customer_id"),
    )
    return Segmentation(assignments, segments, features, preparation, fit, order)


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


def _order(values: pd.DataFrame, clusters: np.ndarray, centers: np.ndarray) -> tuple[int, ...]:
    sizes = np.bincount(clusters, minlength=len(centers))
    if "total_revenue" in values.columns:
        means = naming.group_means(values[["total_revenue"]], clusters, len(centers))["total_revenue"].to_numpy()
    else:
        means = np.zeros(len(centers))
    rank = np.nan_to_num(means, nan=-np.inf)
    return tuple(
        sorted(range(len(centers)), key=lambda cluster: (-rank[cluster], -sizes[cluster], *centers[cluster].tolist()))
    )


def _profiled(
    features: CustomerFeatures,
    ranked: pd.DataFrame,
    clusters: np.ndarray,
    n_segments: int,
    *,
    used: tuple[str, ...],
    names: Mapping[int, str],
) -> tuple[Segment, ...]:
    values = features.values
    standing = naming.standings(ranked, clusters, n_segments)
    namings = naming.named(standing)
    told = portraits(values, ranked, clusters, standing, used=used, currency=features.currency)
    labels = _labels([each.name for each in namings], names)
    means = naming.group_means(values, clusters, n_segments)
    sizes = np.bincount(clusters, minlength=n_segments)
    revenue: list[float] | None = None
    if "total_revenue" in values.columns:
        amounts = np.nan_to_num(values["total_revenue"].to_numpy(dtype=np.float64))
        revenue = np.bincount(clusters, weights=amounts, minlength=n_segments).tolist()
    total = sum(revenue) if revenue else 0.0
    return tuple(
        Segment(
            number=place + 1,
            archetype=namings[place].archetype.key,
            name=labels[place],
            customers=int(sizes[place]),
            revenue=revenue[place] if revenue else None,
            share_of_customers=float(sizes[place] / max(len(values), 1)),
            share_of_revenue=revenue[place] / total if revenue and total else None,
            center={str(name): mean for name, mean in zip(means.columns, means.iloc[place].tolist(), strict=True)},
            portrait=told[place] if sizes[place] else "No customer is in it.",
            plan=namings[place].archetype.plan,
        )
        for place in range(n_segments)
    )


def _labels(given: list[str], own: Mapping[int, str]) -> list[str]:
    """The playbook's names with the marketer's own put in their places; blank ones are no names."""
    wanted = {number: _one_line(name) for number, name in own.items()}
    return naming.unique([wanted.get(number) or _one_line(name) for number, name in enumerate(given, start=1)])


def _one_line(name: str) -> str:
    """A name that fits on a card: no line breaks or other control characters, which a file's header may well hold."""
    return " ".join(_CONTROL.sub(" ", name).split())[:LONGEST_NAME].rstrip()


def _not_taken(name: str, taken: list[str]) -> str:
    while name in taken:
        name = f"{name} (file)"
    return name


def archetype_of(one: Segment) -> Archetype:
    """What the playbook says of a segment's kind."""
    return playbook().archetype(one.archetype)
