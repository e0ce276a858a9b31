"""Conjunctions of conditions from the nodes of shallow decision trees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from sklearn.tree import DecisionTreeClassifier

from core.segments.conditions import Bounds, Conjunction, merged, roundest

DEEPEST = 4
MOST_STEPS = 64
"""Steps of a measure between which trees may split; the thresholds they begin with are improved afterwards."""


def tree(weighing: Literal["balanced"] | None, seed: int) -> DecisionTreeClassifier:
    """A tree still to be fitted. "balanced": both sides weigh the same, however few one has."""
    return DecisionTreeClassifier(max_depth=DEEPEST, class_weight=weighing, random_state=seed)


@dataclass(frozen=True, slots=True)
class Grown:
    """What a fitted tree offers."""

    nodes: tuple[tuple[str, Conjunction], ...]  # of each node below the root its path, such as "LRL", and conditions
    importance: np.ndarray  # (n_features,) how much was gained by splits on each


class Ranks:
    """Values as steps in the order of the different values at hand.

    Trees split steps as they split values, steps are exact in the single precision that scikit-learn computes in, and
    few of them are sorted in half the time. Up to MOST_STEPS different values are a step each; of more, those next to
    each other share one, about as many customers in each, and who is alike is never parted.
    """

    def __init__(self, values: pd.DataFrame) -> None:
        self.names = [str(name) for name in values.columns]
        self.known, self.ends, self.whole, codes = [], [], [], []
        for name in self.names:
            column = values[name].to_numpy(dtype=np.float64)
            missing = np.isnan(column)
            different, places, counts = np.unique(column[~missing], return_inverse=True, return_counts=True)
            steps = _steps(counts)
            coded = np.full(len(column), np.nan, dtype=np.float32)
            coded[~missing] = steps[places]
            codes.append(coded)
            self.known.append(different)
            self.ends.append(np.flatnonzero(np.diff(steps, append=len(counts) + 1)))
            self.whole.append(bool((different == np.round(different)).all()))
        self.missing = [bool(np.isnan(coded).any()) for coded in codes]
        self.codes = np.column_stack(codes)

    def grown(self, model: DecisionTreeClassifier, target: np.ndarray, weights: np.ndarray) -> Grown:
        """The tree fitted to tell the target, its splits in the values' units."""
        grown = model.fit(self.codes, target, sample_weight=weights).tree_
        found: list[tuple[str, Conjunction]] = []
        waiting: list[tuple[int, str, tuple[Bounds, ...]]] = [(0, "", ())]
        while waiting:
            node, path, above = waiting.pop()
            if path:
                found.append((path, merged(above)))
            left, right = int(grown.children_left[node]), int(grown.children_right[node])
            if left >= 0:
                unknown_left = bool(grown.missing_go_to_left[node])
                below, beyond = self._split(int(grown.feature[node]), float(grown.threshold[node]), unknown_left)
                waiting += [(left, path + "L", (*above, below)), (right, path + "R", (*above, beyond))]
        return Grown(tuple(found), model.feature_importances_)

    def _split(self, place: int, threshold: float, unknown_left: bool) -> tuple[Bounds, Bounds]:
        name, known, missing = self.names[place], self.known[place], self.missing[place]
        ends = self.ends[place]  # the last value of each step
        step = int(np.floor(threshold)) if np.isfinite(threshold) else len(ends) - 1
        if step >= len(ends) - 1:  # those with a value on one side, those without on the other
            return Bounds(name), Bounds(name, unknown="only")
        last = int(ends[step])
        bound = roundest(float(known[last]), float(known[last + 1]), whole=self.whole[place])
        return (
            Bounds(name, up_to=bound, unknown="too" if missing and unknown_left else "no"),
            Bounds(name, over=bound, unknown="too" if missing and not unknown_left else "no"),
        )


def _steps(counts: np.ndarray) -> np.ndarray:
    """(n_values,) the step of each of the different values, by how many customers have each; from 0 without a gap."""
    if len(counts) <= MOST_STEPS:
        return np.arange(len(counts))
    before = np.cumsum(counts) - counts
    return np.unique(before * MOST_STEPS // counts.sum(), return_inverse=True)[1]
