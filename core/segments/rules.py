"""The shortest rules that rebuild each segment, for tools that can only build one from conditions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from core.clustering.sampling import stratified
from core.features import catalog
from core.features.catalog import Unit
from core.segments.conditions import Conjunction, any_holds
from core.segments.rule_search import Sample, best_rules
from core.segments.segmentation import Segment, Segmentation

MOST_CONDITIONS = 4
GOOD = 0.9
"""From this F1 on a rule stands for its segment; below, the segment can't be described simply."""
MOST_STUDIED = 10_000
"""Customers that the trees and thresholds are fitted on; the rules are measured on all."""


@dataclass(frozen=True, slots=True)
class SegmentRule:
    """Conditions that rebuild one segment, and how well they do on all customers."""

    segment: int
    name: str
    any_of: tuple[Conjunction, ...]  # a customer is meant where one of them holds; none for an empty segment
    customers: int  # in the segment
    found: int  # customers of whom the rule holds
    right: int  # those of them who are in the segment

    @property
    def precision(self) -> float:
        """Which share of those found belongs to the segment; 0 where nobody is found."""
        return self.right / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        """Which share of the segment is found; 0 where nobody is in it."""
        return self.right / self.customers if self.customers else 0.0

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return 2 * self.right / (self.found + self.customers) if self.found + self.customers else 0.0

    @property
    def n_conditions(self) -> int:
        return sum(each.n_conditions for each in self.any_of)

    @property
    def simple(self) -> bool:
        """Whether the rule may stand for the segment."""
        return self.f1 >= GOOD

    def holds(self, values: pd.DataFrame) -> np.ndarray:
        """(n_customers,) whether it holds of each customer.

        Parameters
        ----------
        values : (n_customers, n_features) in units, with the measures that the conditions name
        """
        used = {bounds.feature for each in self.any_of for bounds in each.bounds}
        return any_holds(self.any_of, {name: values[name].to_numpy(np.float64) for name in used}, len(values))

    def in_words(self, currency: str | None) -> str:
        """Such as "last order at most 20 days ago and total revenue over 640 EUR"."""
        told = ", or ".join(each.in_words(currency) for each in self.any_of) or "nobody is in it"
        return f"either {told}" if len(self.any_of) > 1 else told

    def verdict(self) -> str:
        """How far to trust it, in a sentence or two."""
        if not self.customers:
            return "Nobody is in this segment, so there is nothing to rebuild."
        told = (
            f"Finds {_of_hundred(self.recall)} of its customers; "
            f"{_of_hundred(self.precision)} of those found belong to it"
        )
        if self.simple:
            return f"{told}."
        return (
            f"This segment can't be described simply: the best rule with at most {MOST_CONDITIONS} conditions "
            f"{told[0].lower()}{told[1:]}. Use its list instead."
        )


@dataclass(frozen=True)
class Rules:
    """A rule for each segment, in the order of their numbers."""

    segments: tuple[SegmentRule, ...]
    currency: str | None
    customers: int
    studied: int  # customers that the rules were fitted on
    right: int  # customers whom `labels` gives their own segment

    @property
    def mean_f1(self) -> float:
        """Over segments with customers."""
        known = [each.f1 for each in self.segments if each.customers]
        return sum(known) / len(known) if known else 0.0

    @cached_property
    def in_order(self) -> tuple[SegmentRule, ...]:
        """The order in which rules are tried where one customer may get one segment only: the surest first."""
        return tuple(sorted((each for each in self.segments if each.any_of), key=lambda each: -each.precision))

    def labels(self, values: pd.DataFrame) -> np.ndarray:
        """(n_customers,) the number of the first segment whose rule holds; 0 where none does."""
        found = np.zeros(len(values), dtype=np.int64)
        for each in reversed(self.in_order):
            found[each.holds(values)] = each.segment
        return found

    def as_dict(self) -> dict[str, Any]:
        """The rules as JSON has them; the order is that of `in_order`."""
        return {
            "currency": self.currency,
            "customers": self.customers,
            "right": self.right,
            "mean_f1": self.mean_f1,
            "first_match_wins": [each.segment for each in self.in_order],
            "segments": [
                {
                    "segment": each.segment,
                    "name": each.name,
                    "words": each.in_words(self.currency),
                    "verdict": each.verdict(),
                    "simple": each.simple,
                    "any_of": [[bounds.as_dict() for bounds in one.bounds] for one in each.any_of],
                    "conditions": each.n_conditions,
                    "customers": each.customers,
                    "found": each.found,
                    "right": each.right,
                    "precision": each.precision,
                    "recall": each.recall,
                    "f1": each.f1,
                }
                for each in self.segments
            ],
        }


def rules(segmentation: Segmentation, seed: int = 42) -> Rules:
    """For each segment the shortest rule that rebuilds it nearly as well as any with MOST_CONDITIONS conditions.

    Parameters
    ----------
    seed : which customers stand for all where there are more than MOST_STUDIED

    Returns
    -------
    Rules in the features' units, found on a sample stratified by segment, measured on all customers with their
    thresholds as they are told.

    Notes
    -----
    A condition never holds of a customer without a value, unless it says "or unknown".
    """
    values, labels = segmentation.features.values, segmentation.assignments["segment"].to_numpy(dtype=np.int64)
    measures = _measures(segmentation)
    places = stratified(labels, MOST_STUDIED, seed)
    sizes = np.bincount(labels, minlength=segmentation.n_segments + 1)
    drawn = np.bincount(labels[places], minlength=segmentation.n_segments + 1)
    weights = (sizes / np.maximum(drawn, 1))[labels[places]]
    sample = Sample(values[measures].iloc[places], labels[places], weights)
    chosen = best_rules(sample, [each.number for each in segmentation.segments], MOST_CONDITIONS, seed)
    told = tuple(_measured(each, chosen[each.number], values, labels) for each in segmentation.segments)
    found = Rules(told, segmentation.features.currency, len(values), len(places), right=0)
    right = int((found.labels(values) == labels).sum())
    return Rules(told, found.currency, found.customers, found.studied, right)


def _measures(segmentation: Segmentation) -> list[str]:
    """The features that made the segments; scores only where nothing else did, since few tools know them."""
    used = [*segmentation.preparation.features]
    return [name for name in used if catalog.feature(name).unit is not Unit.SCORE] or used


def _measured(segment: Segment, any_of: Sequence[Conjunction], values: pd.DataFrame, labels: np.ndarray) -> SegmentRule:
    inside = labels == segment.number
    held = SegmentRule(segment.number, segment.name, tuple(any_of), int(inside.sum()), 0, 0).holds(values)
    return SegmentRule(
        segment.number, segment.name, tuple(any_of), int(inside.sum()), int(held.sum()), int((held & inside).sum())
    )


def _of_hundred(share: float) -> str:
    """Such as "94 of 100"; never all or none where it is only nearly so."""
    if share in (0.0, 1.0):
        return "all" if share else "none"
    return f"{min(max(round(share * 100), 1), 99)} of 100"
