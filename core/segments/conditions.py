"""Conditions on a customer's measures, as email and shop tools know them: "total revenue over 640"."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from core.features import catalog
from core.segments.naming import inner
from core.segments.playbook import playbook

Side = Literal["over", "up_to"]
Columns = Mapping[str, np.ndarray]
"""Measure -> (n_customers,) values in its unit, NaN where there is none."""

Unknown = Literal["no", "too", "only"]
"""Whether customers without a value are meant: not, too, or nobody else."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one measure must be, in its unit. Without bounds: that it is known."""

    feature: str
    over: float | None = None  # more than this
    up_to: float | None = None  # no more than this
    unknown: Unknown = "no"  # no bounds where it is "only"

    @property
    def n_conditions(self) -> int:
        """How many conditions a tool needs for it: a range takes two, "or unknown" one more."""
        return max((self.over is not None) + (self.up_to is not None) + (self.unknown == "too"), 1)

    def holds(self, column: np.ndarray) -> np.ndarray:
        """(n_customers,) whether it holds of each value; NaN is no value."""
        missing: np.ndarray = np.isnan(column)
        if self.unknown == "only":
            return missing
        held = ~missing
        if self.over is not None:
            held &= column > self.over
        if self.up_to is not None:
            held &= column <= self.up_to
        return held | missing if self.unknown == "too" else held

    def with_threshold(self, side: Side, threshold: float | None) -> Bounds:
        """The same with another threshold, or none, on one side."""
        return replace(self, over=threshold) if side == "over" else replace(self, up_to=threshold)

    def narrowed(self, other: Bounds) -> Bounds:
        """What holds of a value only where both do, where they can."""
        both = {self.unknown, other.unknown}
        if "only" in both:
            return Bounds(self.feature, unknown="only")
        overs = [bound for bound in (self.over, other.over) if bound is not None]
        up_tos = [bound for bound in (self.up_to, other.up_to) if bound is not None]
        return Bounds(
            self.feature, max(overs, default=None), min(up_tos, default=None), "too" if both == {"too"} else "no"
        )

    def in_words(self, currency: str | None) -> str:
        """Such as "total revenue over 640 EUR", or "at most 20 days between orders, or unknown"."""
        feature = catalog.feature(self.feature)
        phrase = playbook().conditions.get(self.feature, f"{inner(feature.label)} {{}}")
        if self.over is not None and self.up_to is not None:
            told = phrase.replace("{}", f"over {catalog.digits(self.over)} up to {feature.exact(self.up_to, currency)}")
        elif self.over is not None:
            told = phrase.replace("{}", f"over {feature.exact(self.over, currency)}")
        elif self.up_to is not None:
            told = phrase.replace("{}", f"at most {feature.exact(self.up_to, currency)}")
        else:
            return f"{inner(feature.label)} {'unknown' if self.unknown == 'only' else 'known'}"
        return f"{told}, or unknown" if self.unknown == "too" else told

    def as_dict(self) -> dict[str, Any]:
        """The bounds as JSON has them."""
        return {"feature": self.feature, "over": self.over, "up_to": self.up_to, "unknown": self.unknown}


@dataclass(frozen=True, slots=True)
class Conjunction:
    """Bounds that must all hold; without any, every customer is meant."""

    bounds: tuple[Bounds, ...] = ()  # one a measure

    @property
    def n_conditions(self) -> int:
        return sum(each.n_conditions for each in self.bounds)

    def holds(self, columns: Columns, n_customers: int) -> np.ndarray:
        """(n_customers,) whether it holds of each customer."""
        held = np.ones(n_customers, dtype=bool)
        for each in self.bounds:
            held &= each.holds(columns[each.feature])
        return held

    def in_words(self, currency: str | None) -> str:
        return " and ".join(each.in_words(currency) for each in self.bounds) or "every customer"


def any_holds(any_of: Sequence[Conjunction], columns: Columns, n_customers: int) -> np.ndarray:
    """(n_customers,) whether at least one holds of each customer."""
    held = np.zeros(n_customers, dtype=bool)
    for each in any_of:
        held |= each.holds(columns, n_customers)
    return held


def merged(bounds: Sequence[Bounds]) -> Conjunction:
    """The bounds with those on the same measure made one, in the order in which the measures come first."""
    joined: dict[str, Bounds] = {}
    for each in bounds:
        joined[each.feature] = joined[each.feature].narrowed(each) if each.feature in joined else each
    return Conjunction(tuple(joined.values()))


def roundest(low: float, high: float, *, whole: bool = False) -> float:
    """The smallest of the numbers with the fewest significant digits, from `low` on and below `high`."""
    for digits in range(1, 16):
        step = step_of(max(abs(low), abs(high)), digits)
        if whole and step < 1:
            break
        candidate = rounded(math.ceil(low / step) * step, step)
        if low <= candidate < high:
            return candidate
    return low


def step_of(size: float, digits: int) -> float:
    """The smallest change that shows in a number of that size written with so many significant digits."""
    return 10.0 ** (math.floor(math.log10(size)) - digits + 1) if size > 0 else 1.0


def rounded(value: float, step: float) -> float:
    """The multiple of a power of ten that is nearest, without the dust of binary fractions."""
    places = -round(math.log10(step))
    return round(round(value / step) * step, places) + 0.0
