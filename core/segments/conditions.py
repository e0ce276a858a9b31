"""Conditions on a customer's measures, as email and shop tools know them: "total revenue over 640"."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from core.features import catalog
from core.segments.naming import inner
from core.segments.playbook import playbook


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one measure must be, in its unit. Of a customer without a value it says no, unless `or_unknown`."""

    feature: str
    over: float | None = None  # more than this
    up_to: float | None = None  # no more than this
    or_unknown: bool = False

    @property
    def n_conditions(self) -> int:
        """How many conditions a tool needs for it: a range takes two, "or unknown" one more."""
        return (self.over is not None) + (self.up_to is not None) + self.or_unknown

    def holds(self, column: np.ndarray) -> np.ndarray:
        """(n_customers,) whether it holds of each value; NaN is no value."""
        unknown = np.isnan(column)
        # A comparison with NaN is false, which is what it should say.
        held = ~unknown
        if self.over is not None:
            held &= column > self.over
        if self.up_to is not None:
            held &= column <= self.up_to
        return held | unknown if self.or_unknown else held

    def narrowed(self, other: Bounds) -> Bounds:
        """What holds of a value only where both do."""
        overs = [bound for bound in (self.over, other.over) if bound is not None]
        up_tos = [bound for bound in (self.up_to, other.up_to) if bound is not None]
        return Bounds(
            self.feature,
            max(overs, default=None),
            min(up_tos, default=None),
            or_unknown=self.or_unknown and other.or_unknown,
        )

    def in_words(self, currency: str | None) -> str:
        """ "total revenue over 640 EUR"; "last order at most 20 days ago, or unknown"."""
        feature = catalog.feature(self.feature)
        if self.over is not None and self.up_to is not None:
            figure = f"over {catalog.digits(self.over)} up to {feature.exact(self.up_to, currency)}"
        elif self.over is not None:
            figure = f"over {feature.exact(self.over, currency)}"
        elif self.up_to is not None:
            figure = f"at most {feature.exact(self.up_to, currency)}"
        else:
            figure = ""
        phrase = playbook().conditions.get(self.feature) if figure else None
        figure = figure or "known"
        told = phrase.replace("{}", figure) if phrase else f"{inner(feature.label)} {figure}"
        return f"{told}, or unknown" if self.or_unknown else told

    def as_dict(self) -> dict[str, Any]:
        """The bounds as JSON has them."""
        return {"feature": self.feature, "over": self.over, "up_to": self.up_to, "or_unknown": self.or_unknown}


@dataclass(frozen=True, slots=True)
class Conjunction:
    """Bounds that must all hold; without any, every customer is meant."""

    bounds: tuple[Bounds, ...] = ()  # one a measure

    @property
    def n_conditions(self) -> int:
        return sum(each.n_conditions for each in self.bounds)

    def holds(self, values: pd.DataFrame) -> np.ndarray:
        """(n_customers,) whether it holds of each customer.

        Parameters
        ----------
        values : (n_customers, n_features) in units, with the measures named in the bounds
        """
        held = np.ones(len(values), dtype=bool)
        for each in self.bounds:
            held &= each.holds(values[each.feature].to_numpy(dtype=np.float64))
        return held

    def in_words(self, currency: str | None) -> str:
        return " and ".join(each.in_words(currency) for each in self.bounds) or "every customer"


def merged(bounds: Sequence[Bounds]) -> Conjunction:
    """The bounds with those on the same measure made one, in the order in which the measures come first."""
    joined: dict[str, Bounds] = {}
    for each in bounds:
        joined[each.feature] = joined[each.feature].narrowed(each) if each.feature in joined else each
    return Conjunction(tuple(joined.values()))


def roundest(low: float, high: float, *, whole: bool = False) -> float:
    """The number with the fewest significant digits from `low` on and below `high`; `low` itself where none is."""
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
