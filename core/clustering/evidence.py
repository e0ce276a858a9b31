"""What speaks for each number of clusters beyond the curves: stability, valleys, and clouds without groups."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from threading import Event

import numpy as np

from core.clustering.reference import Reference, reference
from core.clustering.separation import Valley, valleys
from core.clustering.stability import Stability, stability
from core.clustering.sweep import ClusterFit, Sweep
from core.clustering.workers import Stopped, in_order

MOST_CUSTOMERS = 5_000
_MOST_VALUES = 60_000
_FEWEST_CUSTOMERS = 1_000

NEARLY = 0.20
"""Agreements this much below the best still count as stable: the best k is often the coarsest of several good ones."""

LEAST = 0.50
"""Below this agreement a solution depends on who happened to be in the file."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """How solid each solution of a sweep is; of the first few while the rest is under way."""

    stabilities: Mapping[int, Stability]  # by k, from 2
    valleys: Mapping[int, tuple[Valley, ...]]  # by k, from 2: between each two neighbours
    reference: Reference | None  # None where some k is stable and separated, and so speaks for itself
    k_max: int  # how far it goes
    customers: int  # how many were looked at: a seeded sample of many
    complete: bool = False

    @property
    def stable(self) -> tuple[int, ...]:
        """The k whose clusters come out again, nearly as well as those of any k."""
        best = max((each.agreement for each in self.stabilities.values()), default=0.0)
        least = max(LEAST, best - NEARLY)
        return tuple(k for k, each in self.stabilities.items() if each.agreement >= least)

    @property
    def separated(self) -> tuple[int, ...]:
        """The k with a clear valley between every two neighbouring clusters."""
        return tuple(k for k, between in self.valleys.items() if all(valley.clear for valley in between))

    @property
    def candidates(self) -> tuple[int, ...]:
        """The k that are stable and separated."""
        return tuple(k for k in self.stable if k in self.separated)

    @property
    def best_agreeing(self) -> int | None:
        """The k whose clusters come out again best."""
        return max(self.stabilities, key=lambda k: self.stabilities[k].agreement, default=None)

    @property
    def most_stable(self) -> int | None:
        """The largest k whose clusters come out again as well as the best's, as far as that can be told."""
        best = self.best_agreeing
        if best is None:
            return None
        found = self.stabilities[best]
        return max(
            k for k, each in self.stabilities.items() if each.agreement >= found.agreement - found.standard_error
        )

    @property
    def natural_grouping(self) -> bool | None:
        """Whether there are groups at all; None before all is gathered."""
        if not self.complete:
            return None
        return bool(self.candidates) or (self.reference is not None and self.reference.supported is not None)


def gather(
    matrix: np.ndarray,
    sweep: Sweep,
    *,
    seed: int = 42,
    on_evidence: Callable[[Evidence], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Evidence:
    """Test each solution of a sweep.

    Parameters
    ----------
    matrix : (n_customers, n_features) that the sweep was made of
    sweep : complete
    on_evidence : called in the caller's thread with the evidence so far, each time it has grown by the next k
    should_stop : asked in the caller's thread, while waiting

    Raises
    ------
    Stopped : should_stop said so; within one resample nothing more is computed

    Notes
    -----
    Above 5,000 customers (fewer with more than 12 features, but never below 1,000) a seeded sample stands for all. The
    result depends on the customers and the seed, neither on their order nor on the threads at hand.
    """
    rows = _sample(matrix, seed)
    some = np.ascontiguousarray(matrix[rows])
    fits = {k: _restricted(fit, rows) for k, fit in sweep.fits.items() if k > 1}
    stopped = Event()
    tasks = [functools.partial(_examine, some, fit, seed, stopped) for fit in fits.values()]
    so_far = Evidence({}, {}, None, max(fits), len(rows))
    try:
        # Mostly short steps of Python: two of them at a time take longer than one after the other (decision 8).
        with closing(in_order(tasks, should_stop, at_once=1)) as steps:
            for k, (stable, between) in zip(fits, steps, strict=True):
                so_far = Evidence(
                    {**so_far.stabilities, k: stable}, {**so_far.valleys, k: between}, None, max(fits), len(rows)
                )
                if on_evidence is not None:
                    on_evidence(so_far)
        compared = None
        if not so_far.candidates:
            tightest = max(sorted(sweep.silhouettes), key=lambda k: sweep.silhouettes[k].value)
            comparing = [functools.partial(_compare, some, tightest, seed, stopped)]
            with closing(in_order(comparing, should_stop)) as clouds:
                (compared,) = clouds
    finally:
        stopped.set()
    return Evidence(so_far.stabilities, so_far.valleys, compared, so_far.k_max, so_far.customers, complete=True)


def _sample(matrix: np.ndarray, seed: int) -> np.ndarray:
    """Rows in an order that depends on what they hold, so that the order they came in does not matter."""
    weights = np.random.default_rng(seed).normal(size=matrix.shape[1:])
    key = np.zeros(len(matrix))
    for column, weight in zip(matrix.T, weights, strict=True):
        key += weight * column
    order = np.argsort(key, kind="stable")
    most = min(MOST_CUSTOMERS, max(_FEWEST_CUSTOMERS, _MOST_VALUES // matrix.shape[1]))
    if len(order) <= most:
        return order
    chosen = np.random.default_rng([seed, most]).choice(len(order), most, replace=False)
    return np.asarray(order[np.sort(chosen)])


def _restricted(fit: ClusterFit, rows: np.ndarray) -> ClusterFit:
    """The fit with the labels of some customers only; a small cluster may have none of them."""
    return ClusterFit(fit.centers, fit.labels[rows], fit.inertia)


def _examine(matrix: np.ndarray, fit: ClusterFit, seed: int, stopped: Event) -> tuple[Stability, tuple[Valley, ...]]:
    found = stability(matrix, fit, seed=seed, should_stop=stopped.is_set)
    if found is None:
        raise Stopped
    return found, valleys(matrix, fit)


def _compare(matrix: np.ndarray, k: int, seed: int, stopped: Event) -> Reference:
    found = reference(matrix, k, seed=seed, should_stop=stopped.is_set)
    if found is None:
        raise Stopped
    return found
