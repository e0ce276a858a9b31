"""Customer measures -> the scaled space in which k-means compares customers, and back again."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, Self, get_args

import numpy as np
import pandas as pd
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

from core.clustering.transforms import FittedTransform, Kind, Transform, skewness

Outliers = Literal["keep", "cap"]
Scaling = Literal["standard", "robust", "minmax"]

FENCE = 3.0
"""Interquartile ranges beyond the quartiles at which a value is an outlier; see `prepare`."""


@dataclass(frozen=True, slots=True)
class PreparationOptions:
    """How the customers' measures are made comparable before clustering.

    ValueError for an unknown choice or a weight that is not a positive number.
    """

    transform: Transform = "auto"
    outliers: Outliers = "keep"
    scaling: Scaling = "standard"
    weights: Mapping[str, float] = field(default_factory=dict)  # 1 where not named; ignored for features not in use

    def __post_init__(self) -> None:
        for choice, known in ((self.transform, Transform), (self.outliers, Outliers), (self.scaling, Scaling)):
            if choice not in get_args(known):
                raise ValueError(f"{choice!r} is none of {', '.join(get_args(known))}.")
        for name, weight in self.weights.items():
            if not (math.isfinite(weight) and weight > 0):
                raise ValueError(f"The weight of {name} must be a positive number, not {weight!r}.")
        object.__setattr__(self, "weights", {name: float(weight) for name, weight in self.weights.items()})

    def __hash__(self) -> int:
        return hash((self.transform, self.outliers, self.scaling, frozenset(self.weights.items())))


@dataclass(frozen=True, slots=True)
class FittedFeature:
    """What was learnt of one feature: enough to prepare other customers in the same way."""

    name: str
    transform: FittedTransform
    fill: float  # in the feature's unit: the median, which stands in where a customer has no value
    filled: int  # customers for whom it stood in
    low: float  # the fences, in transformed values; infinite where nothing counts as an outlier
    high: float
    spread: float  # the interquartile range of the transformed values, or what replaced it
    location: float = 0.0  # scaled = (transformed - location) / scale * weight
    scale: float = 1.0
    weight: float = 1.0

    def fences(self) -> tuple[float, float]:
        """The lowest and the highest usual value, in the feature's unit."""
        if math.isinf(self.low):
            return -math.inf, math.inf
        low, high = self.transform.backward(np.array([self.low, self.high])).tolist()
        # Where Yeo-Johnson's range ends short of a fence, no value reaches it.
        return -math.inf if math.isnan(low) else low, math.inf if math.isnan(high) else high


@dataclass(frozen=True, slots=True)
class Preparation:
    """The way from measures to the scaled space: learnt once, applied to any customer, undone for centres."""

    options: PreparationOptions
    fitted: tuple[FittedFeature, ...]

    @property
    def features(self) -> tuple[str, ...]:
        return tuple(each.name for each in self.fitted)

    @property
    def transforms(self) -> Mapping[str, Kind]:
        """The transform of each feature; what "auto" chose where that was asked for."""
        return {each.name: each.transform.kind for each in self.fitted}

    @property
    def filled(self) -> Mapping[str, int]:
        """Customers for whom the median stands in, by feature; features that everyone has are left out."""
        return {each.name: each.filled for each in self.fitted if each.filled}

    def matrix(self, values: pd.DataFrame) -> np.ndarray:
        """The customers in the scaled space, outliers where they truly are: for assigning each to a cluster.

        Parameters
        ----------
        values : (n_customers, at least the features) in units

        Returns
        -------
        (n_customers, n_features) float64, C order, without missing values

        Raises
        ------
        ValueError for a missing feature or an infinite value
        """
        return self._scaled(self._transformed(values))

    def fit_matrix(self, values: pd.DataFrame) -> np.ndarray:
        """What k-means is fitted on: `matrix`, with outliers drawn in to the fences where they are to be capped."""
        transformed = self._transformed(values)
        if self.options.outliers == "cap":
            transformed = _capped(transformed, self.fitted)
        return self._scaled(transformed)

    def real_units(self, centers: np.ndarray) -> pd.DataFrame:
        """Points of the scaled space in the features' own units.

        Parameters
        ----------
        centers : (n, n_features)

        Returns
        -------
        (n, n_features), columns the features. After a transform a cluster's centre is not the mean of its customers
        but the value whose transform is the mean of theirs; after a log it lies nearer to their median.
        """
        points = np.asarray(centers, dtype=np.float64)
        columns = {}
        for place, each in enumerate(self.fitted):
            columns[each.name] = each.transform.backward(points[:, place] / each.weight * each.scale + each.location)
        return pd.DataFrame(columns)

    def outliers(self, values: pd.DataFrame) -> pd.DataFrame:
        """Who lies beyond the fences, whether capped or kept.

        Parameters
        ----------
        values : (n_customers, at least the features) in units, index the customer ids

        Returns
        -------
        One row a customer and feature, the farthest out first. Columns: customer_id, feature, value, low, high (the
        fences in the feature's unit, or the lowest and the highest value of all where they end before), distance
        (beyond the fence, in interquartile ranges of the transformed values).
        """
        transformed = self._transformed(values)
        columns = ["customer_id", "feature", "value", "low", "high", "distance"]
        parts = []
        for place, each in enumerate(self.fitted):
            beyond = np.maximum(each.low - transformed[:, place], transformed[:, place] - each.high)
            rows = np.flatnonzero(beyond > 0)
            if len(rows):
                everyone = values[each.name].to_numpy(dtype=np.float64)
                # A fence may be where no value can be, such as below zero.
                usual = np.clip(each.fences(), np.nanmin(everyone), np.nanmax(everyone)).tolist()
                cells = (values.index[rows], each.name, everyone[rows], *usual, beyond[rows] / each.spread)
                parts.append(pd.DataFrame(dict(zip(columns, cells, strict=True))))
        if not parts:
            return pd.DataFrame(columns=columns)
        return pd.concat(parts).sort_values("distance", ascending=False, kind="stable", ignore_index=True)

    def as_dict(self) -> dict[str, Any]:
        """The preparation as JSON can hold it; `from_dict` gives back an equal one, to the last bit."""
        options = {
            "transform": self.options.transform,
            "outliers": self.options.outliers,
            "scaling": self.options.scaling,
            "weights": dict(self.options.weights),
        }
        return {"options": options, "features": [_written(each) for each in self.fitted]}

    @classmethod
    def from_dict(cls, recipe: Mapping[str, Any]) -> Self:
        """The preparation that `as_dict` wrote. ValueError where `recipe` is something else."""
        try:
            options = PreparationOptions(**recipe["options"])
            return cls(options, tuple(_read(entry) for entry in recipe["features"]))
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"This is not a preparation: {error!r}.") from error

    def _transformed(self, values: pd.DataFrame) -> np.ndarray:
        matrix = _measures(values, self.features)
        for place, each in enumerate(self.fitted):
            column = matrix[:, place]
            column[np.isnan(column)] = each.fill
            column[:] = each.transform.forward(column)
        return matrix

    def _scaled(self, transformed: np.ndarray) -> np.ndarray:
        # Subtract, then divide, as StandardScaler does: the same bits come out.
        transformed -= np.array([each.location for each in self.fitted])
        transformed /= np.array([each.scale for each in self.fitted])
        transformed *= np.array([each.weight for each in self.fitted])
        return np.ascontiguousarray(transformed)


def prepare(values: pd.DataFrame, features: Sequence[str], options: PreparationOptions) -> Preparation:
    """Learn how to make the customers' measures comparable.

    Parameters
    ----------
    values : (n_customers, at least the features) in units; missing where a customer has no such value
    features : the columns to use, in this order

    Raises
    ------
    ValueError for no customer, no feature, an unknown one, one named twice, or an infinite value

    Notes
    -----
    Each feature by itself goes through missing values, transform, fences, scaling, weight.

    Missing values become the feature's median (0 where no customer has a value); transform and fences are learnt
    from the customers who have one.

    Transforms: "log" is sign(x) * log(1 + |x|), since net revenue can be negative; "power" is Yeo-Johnson;
    "quantile" gives every feature the shape of a normal distribution. "auto" leaves a feature alone while its
    |skewness| is at most SKEW_BOUND; beyond, what is skewed to the right (money, counts) gets the log and what is
    skewed to the left Yeo-Johnson, unless that fails to lessen the skewness.

    Fences: FENCE interquartile ranges beyond the quartiles of the *transformed* values (Tukey 1977, Exploratory Data
    Analysis: "far out"). They are set by the middle half of the customers, so outliers cannot move them, as they
    would a standard deviation; and unlike a fixed share at each end they find nothing where nobody is far out. The
    inner fences, at 1.5, would call one in 140 customers of a plain normal distribution unusual. Where half of the
    customers or more share one value the interquartile range is 0, and three standard deviations about the mean take
    its place. After "quantile" nothing is far out, so there are no fences.

    Scaling: "standard" to mean 0 and (population) standard deviation 1; "robust" by median and interquartile range,
    or the standard deviation where that range is 0; "minmax" to 0..1. A feature that is the same for all becomes 0.
    """
    if values.empty or not len(features):
        raise ValueError("There is no customer or no feature to prepare.")
    if len(set(features)) < len(features):
        raise ValueError("A feature is named twice.")
    matrix = _measures(values, features)
    unscaled = [_learn(name, matrix[:, place], options.transform) for place, name in enumerate(features)]
    for place, each in enumerate(unscaled):
        matrix[:, place] = each.transform.forward(matrix[:, place])
    if options.outliers == "cap":
        matrix = _capped(matrix, unscaled)
    locations, scales = _location_and_scale(matrix, options.scaling)
    fitted = [
        replace(each, location=location, scale=scale, weight=options.weights.get(each.name, 1.0))
        for each, location, scale in zip(unscaled, locations.tolist(), scales.tolist(), strict=True)
    ]
    return Preparation(options, tuple(fitted))


def outliers(values: pd.DataFrame, features: Sequence[str], options: PreparationOptions | None = None) -> pd.DataFrame:
    """Who lies far from everyone else, and in what: `Preparation.outliers`, learnt from the same customers.

    By default after transform "auto": among customers whose spending is skewed anyway, a big spender is no outlier.
    """
    return prepare(values, features, options or PreparationOptions()).outliers(values)


def skew(values: pd.DataFrame) -> pd.Series[float]:
    """Skewness of each column, missing values left out: 0 is symmetric, above 1 there is a long tail of large values.

    Notes
    -----
    The adjusted Fisher-Pearson coefficient, as pandas computes it; 0 below three values.
    """
    columns = {
        str(name): skewness(column.to_numpy(dtype=np.float64, na_value=np.nan)) for name, column in values.items()
    }
    return pd.Series(columns, dtype="float64")


def _measures(values: pd.DataFrame, features: Sequence[str]) -> np.ndarray:
    """A writable copy of the features, (n, f) float64, missing values as NaN."""
    unknown = [name for name in features if name not in values.columns]
    if unknown:
        raise ValueError(f"There is no feature {', '.join(unknown)}.")
    matrix = values.loc[:, list(features)].to_numpy(dtype=np.float64, na_value=np.nan, copy=True)
    infinite = [name for place, name in enumerate(features) if np.isinf(matrix[:, place]).any()]
    if infinite:
        raise ValueError(f"There are infinite values in {', '.join(infinite)}.")
    return matrix


def _learn(name: str, column: np.ndarray, transform: Transform) -> FittedFeature:
    """All but the scaling. Fills what is missing in `column`, (n,), in place.

    Only customers with a value of their own are learnt from: where half of them have none, the median that stands in
    would make its own neighbourhood look like the only usual place.
    """
    missing = np.isnan(column)
    own = column[~missing] if not missing.all() else np.zeros(1)
    # All at once: to order five million values for each takes longer than to cluster the customers.
    first, fill, third = np.percentile(own, [25, 50, 75]).tolist()
    column[missing] = fill
    learnt = FittedTransform.learn(own, transform)
    if learnt.kind == "quantile":
        low, high, spread = -math.inf, math.inf, 1.0
    elif learnt.kind == "none":
        low, high, spread = _fences(own, first, third)
    else:
        transformed = learnt.forward(own)
        low, high, spread = _fences(transformed, *np.percentile(transformed, [25, 75]).tolist())
    return FittedFeature(name, learnt, fill, int(missing.sum()), low, high, spread)


def _fences(column: np.ndarray, first: float, third: float) -> tuple[float, float, float]:
    largest = float(np.abs(column).max())
    return fences(first, third, largest, lambda: (float(column.mean()), float(column.std())))


def fences(
    first: float, third: float, largest: float, moments: Callable[[], tuple[float, float]]
) -> tuple[float, float, float]:
    """Lower fence, upper fence, and the spread that they are multiples of; `prepare` says why these.

    Parameters
    ----------
    first, third : the quartiles of the transformed values
    largest : the largest absolute value, against which rounding is told
    moments : their mean and (population) standard deviation, asked for where the quartiles are alike
    """
    spread, rounding = third - first, 1e-12 * largest
    if spread <= rounding:
        mean, spread = moments()
        first = third = mean
    if spread <= rounding:
        return -math.inf, math.inf, 1.0
    return first - FENCE * spread, third + FENCE * spread, spread


def _capped(transformed: np.ndarray, fitted: Sequence[FittedFeature]) -> np.ndarray:
    capped: np.ndarray = np.clip(transformed, [each.low for each in fitted], [each.high for each in fitted])
    return capped


def _location_and_scale(matrix: np.ndarray, scaling: Scaling) -> tuple[np.ndarray, np.ndarray]:
    """What to subtract and what to divide by, each (n_features,); never divides by 0."""
    if scaling == "minmax":
        ranged = MinMaxScaler().fit(matrix)
        return ranged.data_min_, np.where(ranged.data_range_ > 0, ranged.data_range_, 1.0)
    standard = StandardScaler().fit(matrix)
    if scaling == "standard":
        return standard.mean_, standard.scale_
    robust = RobustScaler().fit(matrix)
    first, third = np.percentile(matrix, [25, 75], axis=0)
    return robust.center_, np.where(third > first, robust.scale_, standard.scale_)


def _written(feature: FittedFeature) -> dict[str, Any]:
    entry = asdict(feature)
    for bound in ("low", "high"):  # JSON has no infinity
        entry[bound] = entry[bound] if math.isfinite(entry[bound]) else None
    return entry


def _read(entry: Mapping[str, Any]) -> FittedFeature:
    transform = dict(entry["transform"])
    if transform["quantiles"] is not None:
        transform["quantiles"] = tuple(transform["quantiles"])
    low = -math.inf if entry["low"] is None else entry["low"]
    high = math.inf if entry["high"] is None else entry["high"]
    return FittedFeature(**{**entry, "transform": FittedTransform(**transform), "low": low, "high": high})
