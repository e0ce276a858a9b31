"""Clusters -> segments: numbered, named and profiled, each customer in exactly one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core.features.engineering import CustomerFeatures
from core.segments import generations, naming
from core.segments.assignment import assign
from core.segments.generations import Generation
from core.segments.playbook import Plan
from core.segments.portrait import portraits, reasons

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
BORDERLINE = 0.1


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment: who they are, what they are worth, what to do for them."""

    number: int  # from 1, by falling mean revenue
    archetype: str  # key in the playbook
    name: str
    colour: int  # which colour of a palette; kept from one number of segments to the next
    customers: int
    revenue: float | None  # sum of total_revenue; None where there is no money
    share_of_customers: float  # 0 to 1
    share_of_revenue: float | None  # None also where the revenue of all is 0
    center: Mapping[str, float]  # mean of each feature computed, in its unit, over those who have a value
    portrait: str
    plan: Plan
    reason: str = ""  # why it bears its name: where its customers stand, and what the playbook means by it
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

    def called(self, names: Sequence[str], plans: Sequence[Plan]) -> Segmentation:
        """The same under other names and with other plans, one for each segment."""
        called = tuple(
            replace(segment, name=name, plan=plan)
            for segment, name, plan in zip(self.segments, names, plans, strict=True)
        )
        return replace(
            self,
            segments=called,
            assignments=self.assignments.assign(
                segment_name=_names(called, self.assignments["segment"].to_numpy() - 1)
            ),
        )

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

    @property
    def columns(self) -> list[str]:
        """The features in the order of segments.csv: those used for clustering, total_revenue, the others."""
        computed = self.features.values.columns
        first = dict.fromkeys((*self.preparation.features, *computed.intersection(["total_revenue"])))
        return [*first, *(name for name in computed if name not in first)]

    def table(self) -> pd.DataFrame:
        """One row a customer, as segments.csv has it.

        Returns
        -------
        customer_id, segment, segment_name, runner_up, margin, the features used for clustering, total_revenue where
        there is money, every other feature computed, the contact columns. A column of the file that bears one of
        these names already given gets " (file)" after its own.
        """
        parts = [self.assignments, self.features.values[self.columns], self.features.contacts]
        columns = ["customer_id"]
        for part in parts:
            columns += [not_taken(str(name), columns) for name in part.columns]
        table = pd.concat([part.reset_index(drop=True) for part in parts], axis=1)
        table.insert(0, "customer_id", self.assignments.index, allow_duplicates=True)
        return table.set_axis(columns, axis=1)


def segment(
    features: CustomerFeatures,
    preparation: Preparation,
    fit: ClusterFit,
    names: Mapping[int, str] | None = None,
    ranked: pd.DataFrame | None = None,
    generation: Generation | None = None,
) -> Segmentation:
    """Profile the clusters of a fit: numbered, named and coloured, each with its portrait and plan.

    Parameters
    ----------
    features : the customers that were clustered, in the fit's order
    preparation : the one whose scaled space the fit lives in
    fit : one k-means solution
    names : {segment number: a name of the marketer's own}; the others keep the playbook's
    ranked : `naming.ranks` of the features' values, where they are at hand: of 100,000 customers they take two thirds
        of the time, and are the same for every fit
    generation : the fit's, where its names and colours go on from those of fewer segments; by default all are new

    Returns
    -------
    Segments in the order of `generations.generation`. Each customer is in exactly one.

    Raises
    ------
    ValueError where the fit or the generation is of other customers
    """
    values = features.values
    ranked = naming.ranks(values) if ranked is None else ranked
    born = generation or generations.generation(features, preparation, fit, ranked=ranked)
    if len(born.places) != len(values) or born.n_segments != len(fit.centers):
        raise ValueError("The generation is of another fit.")
    centers = np.asarray(fit.centers, dtype=np.float64)
    order, clusters = np.array(born.order), born.places.astype(np.int64)
    place = np.argsort(order)
    assignment = assign(preparation.matrix(values), centers, order[clusters])

    segments = _profiled(features, ranked, born, used=preparation.features, names=names or {})
    runner_up = pd.array(place[assignment.runner_up] + 1, dtype="Int64")
    runner_up[assignment.runner_up < 0] = pd.NA
    assignments = pd.DataFrame(
        {
            "segment": clusters + 1,
            "segment_name": _names(segments, clusters),
            "runner_up": runner_up,
            "margin": assignment.margin,
        },
        index=values.index.rename("customer_id"),
    )
    return Segmentation(assignments, segments, features, preparation, fit, born.order)


def _profiled(
    features: CustomerFeatures,
    ranked: pd.DataFrame,
    born: Generation,
    *,
    used: tuple[str, ...],
    names: Mapping[int, str],
) -> tuple[Segment, ...]:
    values, n_segments = features.values, born.n_segments
    told = portraits(values, ranked, born.places, born.standing, used=used, currency=features.currency)
    labels = naming.labels([each.name for each in born.namings], {**born.own_names, **names})
    why = reasons(born.standing, born.namings)
    means = naming.group_means(values, born.places, n_segments)
    plans = born.plans
    revenue = None if born.revenue is None else born.revenue.tolist()
    total = sum(revenue) if revenue else 0.0
    return tuple(
        Segment(
            number=place + 1,
            archetype=born.namings[place].archetype.key,
            name=labels[place],
            colour=born.colours[place],
            customers=int(born.sizes[place]),
            revenue=revenue[place] if revenue else None,
            share_of_customers=float(born.sizes[place] / max(len(values), 1)),
            share_of_revenue=revenue[place] / total if revenue and total else None,
            center={str(name): mean for name, mean in zip(means.columns, means.iloc[place].tolist(), strict=True)},
            portrait=told[place] if born.sizes[place] else "No customer is in it.",
            plan=plans[place],
            reason=why[place] if born.sizes[place] else "",
        )
        for place in range(n_segments)
    )


def _names(segments: Sequence[Segment], places: np.ndarray) -> pd.api.extensions.ExtensionArray:
    """(n_customers,) the name of each customer's segment."""
    named: pd.api.extensions.ExtensionArray = pd.array(
        np.array([each.name for each in segments], dtype=object)[places], dtype="str"
    )
    return named


def not_taken(name: str, taken: list[str]) -> str:
    """The name of a column of the file beside those given already."""
    while name in taken:
        name = f"{name} (file)"
    return name
