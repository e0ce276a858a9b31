"""`clustering.preparation.prepare`, with the engine reckoning over all customers what is learnt of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import ibis.expr.types as ir
import numpy as np

from core.clustering.preparation import FittedFeature, Preparation, PreparationOptions, fences
from core.clustering.transforms import FittedTransform, Transform, by_skew
from core.large.space import QUANTILE_KNOTS, double, quantile_error, transformed

_FIGURES = ("count", "low", "high", "first", "middle", "third", "mean")


@dataclass(frozen=True, slots=True)
class _Figures:
    """Of a column, over all customers who have a value."""

    count: int
    low: float
    high: float
    first: float  # the quartiles
    middle: float
    third: float
    mean: float
    variance: float = 0.0  # of all, not of a sample
    skewness: float = 0.0  # the adjusted Fisher-Pearson coefficient; 0 below three values

    @property
    def deviation(self) -> float:
        return math.sqrt(self.variance)

    @property
    def largest(self) -> float:
        return max(abs(self.low), abs(self.high))

    def fences(self) -> tuple[float, float, float]:
        return fences(self.first, self.third, self.largest, lambda: (self.mean, self.deviation))

    @property
    def constant(self) -> bool:
        """Whether the column varies by no more than rounding; the bound that scikit-learn's scalers go by."""
        rounding = np.finfo(float).eps
        return bool(self.variance <= self.count * rounding * self.variance + (self.count * self.mean * rounding) ** 2)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What was learnt, and in words what was learnt of some customers only."""

    preparation: Preparation
    notes: tuple[str, ...]


def prepare(
    customers: ir.Table, some: Mapping[str, np.ndarray], features: Sequence[str], options: PreparationOptions
) -> Prepared:
    """Learn how to make the customers' measures comparable.

    Parameters
    ----------
    customers : customer_id and the features, missing where a customer has no such value
    some : each feature of some customers, for what an engine can't learn: Yeo-Johnson's lambda and the quantiles

    Notes
    -----
    The rules are those of `clustering.preparation.prepare`. All figures are of all customers, each in one pass over
    them: quartiles and means first, moments about the mean next, then the same of what was transformed.
    """
    raw = {name: customers[name] for name in features}
    found = _figures(customers, raw)
    total = int(customers.count().to_pyarrow().as_py())
    tried = {name: _candidate(found[name], some[name], options.transform) for name in features}
    values = {
        name: transformed(raw[name], tried[name]) for name in features if tried[name].kind not in {"none", "quantile"}
    }
    after = _figures(customers, values) if values else {}
    kept = {name: _chosen(tried[name], found[name], after.get(name), options.transform) for name in features}
    unscaled = [
        _unscaled(name, kept[name], found[name], after.get(name, found[name]), total - found[name].count)
        for name in features
    ]
    scaling = _figures(customers, {each.name: _for_scaling(customers[each.name], each, options) for each in unscaled})
    fitted = []
    for each in unscaled:
        location, scale = _location_and_scale(scaling[each.name], options.scaling)
        weight = options.weights.get(each.name, 1.0)
        fitted.append(replace(each, location=location, scale=scale, weight=weight))
    return Prepared(Preparation(options, tuple(fitted)), _notes(fitted, some))


def _figures(customers: ir.Table, values: Mapping[str, ir.Value]) -> dict[str, _Figures]:
    rows = customers.select(**{f"value_{place}": value for place, value in enumerate(values.values())})
    columns = {name: rows[f"value_{place}"] for place, name in enumerate(values)}
    told = _asked(
        rows,
        {
            f"{figure}_{place}": scalar
            for place, column in enumerate(columns.values())
            for figure, scalar in zip(
                _FIGURES,
                (column.count(), column.min(), column.max(), *map(column.quantile, (0.25, 0.5, 0.75)), column.mean()),
                strict=True,
            )
        },
    )
    figures = {
        name: _Figures(int(told[f"count_{place}"]), *(told[f"{figure}_{place}"] or 0.0 for figure in _FIGURES[1:]))
        for place, name in enumerate(columns)
    }
    moments: dict[str, ir.Scalar] = {}
    for place, (name, column) in enumerate(columns.items()):
        apart = column - double(figures[name].mean)
        moments |= {f"second_{place}": (apart * apart).mean(), f"third_{place}": (apart * apart * apart).mean()}
    told = _asked(rows, moments)
    return {
        name: _with_moments(each, told[f"second_{place}"] or 0.0, told[f"third_{place}"] or 0.0)
        for place, (name, each) in enumerate(figures.items())
    }


def _asked(rows: ir.Table, scalars: Mapping[str, ir.Scalar]) -> dict[str, float]:
    answer: dict[str, float] = rows.aggregate(**scalars).to_pyarrow().to_pylist()[0]
    return answer


def _with_moments(figures: _Figures, second: float, third: float) -> _Figures:
    count = figures.count
    skewness = 0.0
    if count > 2 and second > 0:
        skewness = math.sqrt(count * (count - 1)) / (count - 2) * third / second**1.5
    return replace(figures, variance=second, skewness=skewness)


def _candidate(found: _Figures, some: np.ndarray, wanted: Transform) -> FittedTransform:
    """The transform to try; what has to be learnt of values is learnt of some customers."""
    own = some[~np.isnan(some)]
    if not len(own) or found.low == found.high:
        return FittedTransform()
    return FittedTransform.learn(own, by_skew(found.skewness) if wanted == "auto" else wanted)


def _chosen(tried: FittedTransform, before: _Figures, after: _Figures | None, wanted: Transform) -> FittedTransform:
    if wanted != "auto" or after is None:
        return tried
    return tried if abs(after.skewness) < abs(before.skewness) else FittedTransform()


def _unscaled(name: str, transform: FittedTransform, before: _Figures, after: _Figures, missing: int) -> FittedFeature:
    if transform.kind == "quantile":
        low, high, spread = -math.inf, math.inf, 1.0
    else:
        low, high, spread = (before if transform.kind == "none" else after).fences()
    return FittedFeature(name, transform, before.middle, missing, low, high, spread)


def _for_scaling(value: ir.FloatingValue, feature: FittedFeature, options: PreparationOptions) -> ir.FloatingValue:
    told = transformed(value.fill_null(double(feature.fill)), feature.transform)
    if options.outliers == "keep" or math.isinf(feature.low):
        return told
    return told.clip(double(feature.low), double(feature.high))


def _location_and_scale(found: _Figures, scaling: str) -> tuple[float, float]:
    deviation = 1.0 if found.constant else found.deviation
    if scaling == "minmax":
        return found.low, found.high - found.low if found.high > found.low else 1.0
    if scaling == "standard":
        return found.mean, deviation
    return found.middle, found.third - found.first if found.third > found.first else deviation


def _notes(fitted: Sequence[FittedFeature], some: Mapping[str, np.ndarray]) -> tuple[str, ...]:
    notes = []
    for each in fitted:
        own = some[each.name][~np.isnan(some[each.name])]
        if each.transform.kind == "power":
            notes.append(f"{each.name}: the power transform was learnt from {len(own):,} customers drawn at random.")
        elif each.transform.kind == "quantile":
            off = quantile_error(each.transform, own)
            notes.append(
                f"{each.name}: the quantiles were learnt from {len(own):,} customers drawn at random and are drawn by "
                f"{QUANTILE_KNOTS} points; no customer drawn is off by more than {off:.2g} standard deviations."
            )
    return tuple(notes)
