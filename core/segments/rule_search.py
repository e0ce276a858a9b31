"""The few conditions that tell one segment from all others: begun by trees, improved one threshold at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, islice

import numpy as np
import pandas as pd

from core.segments.conditions import Bounds, Conjunction, Side, Unknown, any_holds, rounded, roundest, step_of
from core.segments.rule_trees import Ranks, tree

STARTS = 3
"""How many of the trees' candidates are improved, for each number of conditions."""
MOST_MEASURES = 8
"""Measures that are tried for a condition; where there are more, those that the trees split by most."""
NOT_WORTH_IT = 0.005
"""F1 that a longer rule must add, as a difference, to be preferred to a shorter one."""
ROUNDING = 0.001
"""F1 that rounding all thresholds of a rule may cost: a tenth of a percent, which no figure on the page shows."""
MOST_DIGITS = 4
MOST_MOVES = 12
_STEPS = range(-4, 5)

_SIDES: tuple[Side, ...] = ("over", "up_to")
AnyOf = tuple[Conjunction, ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """Customers to find rules on."""

    values: pd.DataFrame  # (n, n_features) in units
    labels: np.ndarray  # (n,) the number of each one's segment
    weights: np.ndarray  # (n,) how many customers each stands for


@dataclass(frozen=True, slots=True)
class _Candidate:
    any_of: AnyOf
    f1: float

    @property
    def n_conditions(self) -> int:
        return sum(each.n_conditions for each in self.any_of)


def best_rules(sample: Sample, segments: Sequence[int], most_conditions: int, seed: int) -> dict[int, AnyOf]:
    """{segment: conjunctions of which one must hold}, with at most so many conditions together.

    Notes
    -----
    Every node of a decision tree is a conjunction, and every two of which none lies below the other are a choice of
    two. They are taken from two trees that tell the segment from all others: one in which every customer weighs the
    same, and one in which both sides do. Trees split for purity and greedily, so the best of their rules are improved
    for F1: one threshold at a time is moved, added or dropped while that helps. Then thresholds are made round.
    """
    present = [number for number in segments if (sample.labels == number).any()]
    if len(present) == 1:
        return {number: (Conjunction(),) if number in present else () for number in segments}
    ranks = Ranks(sample.values)
    columns = {str(name): _Column(column.to_numpy(dtype=np.float64)) for name, column in sample.values.items()}
    found: dict[int, AnyOf] = {}
    for number in segments:
        inside = sample.labels == number
        if not inside.any():
            found[number] = ()
            continue
        own = [ranks.grown(tree(weighing, seed), inside, sample.weights) for weighing in (None, "balanced")]
        importance = sum(each.importance for each in own)
        measures = [ranks.names[place] for place in np.argsort(-importance, kind="stable")[:MOST_MEASURES]]
        search = _Search(columns, sample.weights, inside, measures)
        found[number] = search.shortest([each.nodes for each in own], most_conditions)
    return found


class _Column:
    """A measure of the sample, sorted once."""

    def __init__(self, column: np.ndarray) -> None:
        self.values = column
        self.unknown = np.isnan(column)
        self.order = np.argsort(column, kind="stable")[: len(column) - int(self.unknown.sum())]
        ordered = column[self.order]
        self.ends = np.flatnonzero(np.diff(ordered) > 0)  # the last place of each value but the largest
        self.below, self.above = ordered[self.ends], ordered[self.ends + 1]
        self.whole = bool((ordered == np.round(ordered)).all())


class _Search:
    """Looks for the conditions that find one segment of a sample."""

    def __init__(
        self, columns: Mapping[str, _Column], weights: np.ndarray, inside: np.ndarray, measures: Sequence[str]
    ) -> None:
        self.columns = columns
        self.values = {name: column.values for name, column in columns.items()}
        self.weights = weights
        self.right = np.where(inside, weights, 0.0)
        self.size = float(self.right.sum())
        self.measures = measures
        self.ordered = {name: (weights[each.order], self.right[each.order]) for name, each in columns.items()}
        # Climbs from different starts, and with different numbers of conditions, meet: what they ask is asked again.
        self.scores: dict[AnyOf, float] = {}
        self.thresholds: dict[tuple[AnyOf, Conjunction, Bounds, Side], float | None] = {}

    def shortest(self, trees: Sequence[Sequence[tuple[str, Conjunction]]], most_conditions: int) -> AnyOf:
        """The shortest of the best, with round thresholds."""
        begun = sorted((each for nodes in trees for each in self._from(nodes)), key=lambda each: -each.f1)
        if not begun:  # nothing to split by: all customers are alike in every measure
            return (Conjunction(),)
        best: list[_Candidate] = []
        for most in range(most_conditions, 0, -1):
            starts = list(islice((each for each in begun if each.n_conditions <= most), STARTS))
            starts += [each for longer in best[-1:] for each in self._shortened(longer) if each.n_conditions <= most]
            climbed = [self._climbed(each, most) for each in dict.fromkeys(starts)]
            if climbed:
                best.append(self._round(max(climbed, key=lambda each: (each.f1, -each.n_conditions))))
        top = max(each.f1 for each in best)
        return min((each for each in best if each.f1 >= top - NOT_WORTH_IT), key=lambda each: each.n_conditions).any_of

    def _from(self, nodes: Sequence[tuple[str, Conjunction]]) -> Iterator[_Candidate]:
        counted = []
        for path, conjunction in nodes:
            held = self._within(conjunction)
            right, found = float(self.right @ held), float(self.weights @ held)
            counted.append((path, conjunction, right, found))
            yield _Candidate((conjunction,), self._f1(right, found))
        for (path, one, right, found), (other_path, other, more_right, more_found) in combinations(counted, 2):
            if not path.startswith(other_path) and not other_path.startswith(path):
                yield _Candidate((one, other), self._f1(right + more_right, found + more_found))

    def _climbed(self, candidate: _Candidate, most: int) -> _Candidate:
        """Improved by one threshold at a time, each time the one that helps most."""
        for _ in range(MOST_MOVES):
            moves = [candidate, *self._moves(candidate, most), *self._shortened(candidate)]
            best = max(moves, key=lambda each: (each.f1, -each.n_conditions))
            if best.f1 <= candidate.f1 + 1e-6:
                break
            candidate = best
        return candidate

    def _moves(self, candidate: _Candidate, most: int) -> Iterator[_Candidate]:
        """For each conjunction, measure and side the candidate with the best threshold there."""
        for place, conjunction in enumerate(candidate.any_of):
            rest = candidate.any_of[:place] + candidate.any_of[place + 1 :]
            at = {bounds.feature: there for there, bounds in enumerate(conjunction.bounds)}
            for name in dict.fromkeys((*at, *self.measures)):
                there = at.get(name, len(at))
                before, after = conjunction.bounds[:there], conjunction.bounds[there + 1 :]
                others = Conjunction((*before, *after))
                for known in self._readings(conjunction.bounds[there] if name in at else Bounds(name)):
                    for side in _SIDES:
                        # Any threshold on this side makes as many conditions; finding the best one is what takes long.
                        some = Conjunction((*before, known.with_threshold(side, 0.0), *after))
                        if some.n_conditions - conjunction.n_conditions + candidate.n_conditions > most:
                            continue
                        threshold = self._best_threshold(known.with_threshold(side, None), side, others, rest)
                        if threshold is not None:
                            anew = Conjunction((*before, known.with_threshold(side, threshold), *after))
                            yield self._with(candidate, place, anew)

    def _readings(self, bounds: Bounds) -> Iterator[Bounds]:
        """The bounds with and without those who have no value, where there are such."""
        readings: tuple[Unknown, ...] = ("no", "too") if self.columns[bounds.feature].unknown.any() else ("no",)
        for unknown in readings:
            yield replace(bounds, unknown=unknown)

    def _best_threshold(self, free: Bounds, side: Side, others: Conjunction, rest: AnyOf) -> float | None:
        """The threshold with the highest F1, everything else staying as it is; None where there is no choice."""
        asked = (rest, others, free, side)
        if asked not in self.thresholds:
            self.thresholds[asked] = self._threshold(free, side, self._within(others), self._held(rest))
        return self.thresholds[asked]

    def _threshold(self, free: Bounds, side: Side, others: np.ndarray, rest: np.ndarray) -> float | None:
        column = self.columns[free.feature]
        if not len(column.ends):
            return None
        eligible = others & ~rest & free.holds(column.values)
        known = eligible[column.order]
        weights, right = self.ordered[free.feature]
        found, hits = np.cumsum(weights * known), np.cumsum(right * known)
        base = (rest | (eligible & column.unknown)).astype(np.float64)
        base_found, base_right = float(self.weights @ base), float(self.right @ base)
        found_here, right_here = found[column.ends], hits[column.ends]
        if side == "over":
            found_here, right_here = found[-1] - found_here, hits[-1] - right_here
        scores = 2 * (base_right + right_here) / (base_found + found_here + self.size)
        at = int(scores.argmax())
        return roundest(float(column.below[at]), float(column.above[at]), whole=column.whole)

    def _shortened(self, candidate: _Candidate) -> Iterator[_Candidate]:
        """The candidate without one of its conditions, or one of its alternatives."""
        for place, conjunction in enumerate(candidate.any_of):
            if len(candidate.any_of) > 1:
                without = candidate.any_of[:place] + candidate.any_of[place + 1 :]
                yield _Candidate(without, self._score(without))
            if conjunction.n_conditions > 1:
                for shorter in _shortened(conjunction):
                    yield self._with(candidate, place, shorter)

    def _round(self, candidate: _Candidate) -> _Candidate:
        """The candidate with each threshold moved to a round number near it, where that costs next to nothing."""
        least = candidate.f1 - ROUNDING
        for _ in range(2):  # a threshold may find a better place once the others have theirs
            for place, conjunction in enumerate(candidate.any_of):
                for at, bounds in enumerate(conjunction.bounds):
                    for side in _SIDES:
                        if getattr(bounds, side) is not None:
                            candidate = self._rounded(candidate, place, at, side, least)
        return candidate

    def _rounded(self, candidate: _Candidate, place: int, at: int, side: Side, least: float) -> _Candidate:
        conjunction = candidate.any_of[place]
        bounds = conjunction.bounds[at]
        tried = []
        for digits, threshold in _rounder(getattr(bounds, side), whole=self.columns[bounds.feature].whole):
            moved = bounds.with_threshold(side, threshold)
            if moved.over is None or moved.up_to is None or moved.over < moved.up_to:
                anew = Conjunction((*conjunction.bounds[:at], moved, *conjunction.bounds[at + 1 :]))
                tried.append((digits, self._with(candidate, place, anew)))
        good = [(digits, each) for digits, each in tried if each.f1 >= least]
        return min(good, key=lambda one: (one[0], -one[1].f1))[1] if good else candidate

    def _with(self, candidate: _Candidate, place: int, conjunction: Conjunction) -> _Candidate:
        any_of = (*candidate.any_of[:place], conjunction, *candidate.any_of[place + 1 :])
        return _Candidate(any_of, self._score(any_of))

    def _score(self, any_of: AnyOf) -> float:
        if any_of not in self.scores:
            held = self._held(any_of).astype(np.float64)
            self.scores[any_of] = self._f1(float(self.right @ held), float(self.weights @ held))
        return self.scores[any_of]

    def _f1(self, right: float, found: float) -> float:
        return 2 * right / (found + self.size)

    def _held(self, any_of: AnyOf) -> np.ndarray:
        return any_holds(any_of, self.values, len(self.right))

    def _within(self, conjunction: Conjunction) -> np.ndarray:
        return conjunction.holds(self.values, len(self.right))


def _shortened(conjunction: Conjunction) -> Iterator[Conjunction]:
    for at, bounds in enumerate(conjunction.bounds):
        before, after = conjunction.bounds[:at], conjunction.bounds[at + 1 :]
        if before or after:
            yield Conjunction((*before, *after))
        if bounds.over is not None and bounds.up_to is not None:
            for side in _SIDES:
                yield Conjunction((*before, bounds.with_threshold(side, None), *after))
        if bounds.unknown == "too":
            yield Conjunction((*before, replace(bounds, unknown="no"), *after))


def _rounder(value: float, *, whole: bool) -> Iterator[tuple[int, float]]:
    """(significant digits, number) near a number, with fewer digits."""
    for digits in range(1, MOST_DIGITS + 1):
        step = step_of(abs(value), digits)
        if whole and step < 1:
            return
        for threshold in dict.fromkeys(rounded(value + shift * step, step) for shift in _STEPS):
            yield digits, threshold
