"""Straightening a skewed feature, and back. scikit-learn does the mathematics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from sklearn.preprocessing import PowerTransformer, QuantileTransformer

Transform = Literal["none", "log", "power", "quantile", "auto"]
Kind = Literal["none", "log", "power", "quantile"]

SKEW_BOUND = 1.0
"""Beyond this absolute skewness a distribution counts as highly skewed (Bulmer 1979, Principles of Statistics)."""

_MOST_QUANTILES = 1000
_ROUND_TRIP = 1e-6
_LARGEST = 1e100  # squares of larger values would overflow in the scaling


@dataclass(frozen=True, slots=True)
class FittedTransform:
    """One feature's transform, learnt. It knows only numbers, so it can be written down and read back exactly."""

    kind: Kind = "none"
    power: float | None = None  # lambda of Yeo-Johnson
    quantiles: tuple[float, ...] | None = None  # in the feature's unit, evenly spaced in probability

    @classmethod
    def learn(cls, column: np.ndarray, transform: Transform) -> Self:
        """The transform for a column, (n,) without missing values; see `prepare` for the rule.

        Returns
        -------
        "none" for a constant column, and where undoing the transform would not give the values back to within a
        millionth of their range (Yeo-Johnson can flatten what varies little beside its size, or blow it up).
        """
        if transform == "none" or column.min() == column.max():
            return cls()
        if transform == "auto":
            return cls._by_skew(column)
        candidate = cls._fit(column, transform)
        return candidate if candidate._reverses(column) else cls()

    @classmethod
    def _by_skew(cls, column: np.ndarray) -> Self:
        before = skewness(column)
        wanted = by_skew(before)
        if wanted == "none":
            return cls()
        candidate = cls.learn(column, wanted)
        return candidate if abs(skewness(candidate.forward(column))) < abs(before) else cls()

    @classmethod
    def _fit(cls, column: np.ndarray, kind: Kind) -> Self:
        if kind == "power":
            with np.errstate(all="ignore"):
                fitted = PowerTransformer(method="yeo-johnson", standardize=False).fit(column[:, None])
            return cls("power", power=float(fitted.lambdas_[0]))
        if kind == "quantile":
            # Every customer counts: a subsample would make the result depend on chance and on the rows' order.
            fitted = QuantileTransformer(n_quantiles=min(len(column), _MOST_QUANTILES), subsample=None)
            return cls("quantile", quantiles=tuple(fitted.fit(column[:, None]).quantiles_[:, 0].tolist()))
        return cls(kind)

    def forward(self, column: np.ndarray) -> np.ndarray:
        """Values in the feature's unit -> transformed values, both (n,)."""
        if self.kind == "none":
            return column
        if self.kind == "log":
            return np.asarray(np.sign(column) * np.log1p(np.abs(column)))
        with np.errstate(all="ignore"):
            return np.asarray(self._transformer().transform(column[:, None])[:, 0])

    def backward(self, column: np.ndarray) -> np.ndarray:
        """Transformed values -> values in the feature's unit, both (n,); NaN for what no value transforms to."""
        if self.kind == "none":
            return column
        with np.errstate(all="ignore"):
            if self.kind == "log":
                return np.asarray(np.sign(column) * np.expm1(np.abs(column)))
            if self.kind == "power":
                column = np.where(self._attainable(column), column, np.nan)
            return np.asarray(self._transformer().inverse_transform(column[:, None])[:, 0])

    def _attainable(self, column: np.ndarray) -> np.ndarray:
        """Where Yeo-Johnson's range ends (lambda below 0 above, beyond 2 below), scikit-learn would warn."""
        assert self.power is not None
        within_top = column * self.power + 1 >= 0
        within_bottom = 1 - (2 - self.power) * column >= 0
        return np.where(column >= 0, within_top, within_bottom)

    def _transformer(self) -> Any:
        """The scikit-learn transformer as it was when fitted."""
        if self.power is not None:
            transformer = PowerTransformer(method="yeo-johnson", standardize=False)
            transformer.lambdas_ = np.array([self.power])
        else:
            assert self.quantiles is not None
            count = len(self.quantiles)
            transformer = QuantileTransformer(n_quantiles=count, output_distribution="normal", subsample=None)
            transformer.quantiles_ = np.array(self.quantiles)[:, None]
            transformer.references_ = np.linspace(0, 1, count)
            transformer.n_quantiles_ = count
        transformer.n_features_in_ = 1
        return transformer

    def _reverses(self, column: np.ndarray) -> bool:
        transformed = self.forward(column)
        error = np.abs(self.backward(transformed) - column).max()
        # Written so that a NaN answers no.
        return bool(np.abs(transformed).max() < _LARGEST and error <= _ROUND_TRIP * (column.max() - column.min()))


def by_skew(skew: float) -> Kind:
    """What "auto" tries for a feature of this skewness; see `preparation.prepare` for the rule."""
    return "none" if abs(skew) <= SKEW_BOUND else "log" if skew > 0 else "power"


def skewness(column: np.ndarray) -> float:
    """The adjusted Fisher-Pearson coefficient of (n,) values, as pandas computes it; 0 below three values."""
    value = pd.DataFrame({"value": column}).skew()["value"]
    return 0.0 if np.isnan(value) else float(value)
