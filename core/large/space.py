"""The scaled space of a `Preparation` as expressions of the engine that the customers are in."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import reduce
from operator import add

import ibis
import ibis.expr.types as ir
import numpy as np
from scipy.stats import norm

from core.clustering.preparation import FittedFeature, Preparation
from core.clustering.transforms import FittedTransform

QUANTILE_KNOTS = 65
"""Points between which the engine draws the quantile transform as straight lines, of the thousand that were learnt."""

_ENDS = (-5.2, 5.2)  # of a normal distribution, as scikit-learn cuts it


def axis(place: int) -> str:
    """The column of a scaled table that holds a feature."""
    return f"axis_{place}"


def double(number: float) -> ir.FloatingScalar:
    """A number that no engine takes for a decimal: with those a query took ten times as long (decision 36)."""
    return ibis.literal(repr(float(number))).cast("float64")


def scaled(customers: ir.Table, preparation: Preparation, *, capped: bool) -> ir.Table:
    """The customers with their places in the scaled space, as `Preparation.matrix` has them, one axis a feature.

    Parameters
    ----------
    customers : has the features
    capped : as `Preparation.fit_matrix` where outliers are to be capped, else where everyone truly is

    Notes
    -----
    Equal to rounding, but for the quantile transform: it is drawn by QUANTILE_KNOTS points (`quantile_error`).
    """
    rows = customers.mutate(
        **{
            axis(place): customers[each.name].fill_null(double(each.fill))
            for place, each in enumerate(preparation.fitted)
        }
    )
    # Each step a projection of its own, since nested expressions are repeated in all that they are part of.
    for step in (_transformed, _clipped, _standing):
        if step is not _clipped or (capped and preparation.options.outliers == "cap"):
            rows = rows.mutate(
                **{axis(place): step(rows[axis(place)], each) for place, each in enumerate(preparation.fitted)}
            )
    return rows


def transformed(value: ir.FloatingValue, transform: FittedTransform) -> ir.FloatingValue:
    """`FittedTransform.forward`."""
    if transform.kind == "log":
        return value.sign() * (1 + value.abs()).ln()
    if transform.kind == "power":
        assert transform.power is not None
        return _yeo_johnson(value, transform.power)
    if transform.kind == "quantile":
        return _between_knots(value, *_knots(transform))
    return value


def quantile_error(transform: FittedTransform, values: np.ndarray) -> float:
    """The largest difference that the knots make, in standard deviations of the normal distribution.

    Parameters
    ----------
    values : (n_customers,) to compare at
    """
    at, height = _knots(transform)
    return float(np.abs(np.interp(values, at, height) - transform.forward(values)).max())


def squared_distances(rows: ir.Table, centers: np.ndarray) -> list[ir.FloatingValue]:
    """The squared distance of each row's place to each of (n_clusters, n_features) centres."""
    return [squared_distance(rows, center) for center in centers.tolist()]


def squared_distance(rows: ir.Table, point: Sequence[float]) -> ir.FloatingValue:
    """The squared distance of each row's place to a point of the scaled space."""
    apart = [rows[axis(place)] - double(at) for place, at in enumerate(point)]
    return reduce(add, (each * each for each in apart))


def place_of_least(distances: Sequence[ir.FloatingValue]) -> ir.IntegerValue:
    """Which of them is the least, from 0; of equal ones the first."""
    least = ibis.least(*distances)
    return ibis.cases(*((each == least, place) for place, each in enumerate(distances)), else_=0).cast("int16")


def arsinh(value: ir.FloatingValue) -> ir.FloatingValue:
    """The inverse hyperbolic sine, which few engines have."""
    return value.sign() * (value.abs() + (value * value + 1).sqrt()).ln()


def _transformed(value: ir.FloatingValue, feature: FittedFeature) -> ir.FloatingValue:
    return transformed(value, feature.transform)


def _clipped(value: ir.FloatingValue, feature: FittedFeature) -> ir.FloatingValue:
    return value if math.isinf(feature.low) else value.clip(double(feature.low), double(feature.high))


def _standing(value: ir.FloatingValue, feature: FittedFeature) -> ir.FloatingValue:
    return (value - double(feature.location)) / double(feature.scale) * double(feature.weight)


def _yeo_johnson(value: ir.FloatingValue, power: float) -> ir.FloatingValue:
    up, down = 1 + ibis.greatest(value, double(0)), 1 + ibis.greatest(-value, double(0))
    above = up.ln() if power == 0 else (up ** double(power) - 1) / double(power)
    below = -down.ln() if power == 2 else (1 - down ** double(2 - power)) / double(2 - power)
    # Not `else`: that would also take who has no value.
    return ibis.cases((value >= 0, above), (value < 0, below))


def _knots(transform: FittedTransform) -> tuple[np.ndarray, np.ndarray]:
    """Values in the feature's unit, rising, and what they are transformed to."""
    assert transform.quantiles is not None
    learnt = np.array(transform.quantiles)
    at = np.unique(learnt)
    if len(at) > QUANTILE_KNOTS:
        # As far apart as the transformed values are, since these run off steeply at both ends.
        shares = norm.cdf(np.linspace(*_ENDS, QUANTILE_KNOTS))
        at = np.unique(np.interp(shares, np.linspace(0, 1, len(learnt)), learnt))
        at[[0, -1]] = learnt[[0, -1]]
    return at, transform.forward(at)


def _between_knots(value: ir.FloatingValue, at: np.ndarray, height: np.ndarray) -> ir.FloatingValue:
    """Straight lines from knot to knot, found by halving: few comparisons a row, however many knots."""
    if len(at) == 1:
        return value * 0 + double(height[0])
    if len(at) == 2:
        low, high = at.tolist()
        foot, top = height.tolist()
        line = double(foot) + (value - double(low)) * double((top - foot) / (high - low))
        return line.clip(double(foot), double(top))
    middle = len(at) // 2
    return ibis.ifelse(
        value <= double(at[middle]),
        _between_knots(value, at[: middle + 1], height[: middle + 1]),
        _between_knots(value, at[middle:], height[middle:]),
    )
