"""Which cluster came from which as their number grows, and the colours that go with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

PERSISTS = 0.5
"""A cluster persists where it shares more than this of all customers in it before or after (Jaccard)."""


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """What becomes of the clusters of one clustering in the next. Clusters are 0-based."""

    customers: np.ndarray  # (n_before, n_after) how many are in a cluster before and in a cluster after
    first: np.ndarray  # (n_before, n_after) the first of them, by position; n_customers where there is none
    origins: tuple[int, ...]  # for each cluster after: the one before that it carries on, or -1; none twice

    @property
    def overlap(self) -> np.ndarray:
        """(n_before, n_after) Jaccard: customers in both, as a share of those in either."""
        return _overlap(self.customers)

    @property
    def newcomers(self) -> tuple[int, ...]:
        """The clusters after that carry on none, the largest first."""
        sizes, first = self.customers.sum(axis=0), self.first.min(axis=0)
        return tuple(sorted((c for c, o in enumerate(self.origins) if o < 0), key=lambda c: (-sizes[c], first[c])))

    @property
    def persisting(self) -> dict[int, int]:
        """{cluster after: cluster before} where it is mostly the same customers."""
        overlap = self.overlap
        return {c: o for c, o in enumerate(self.origins) if o >= 0 and overlap[o, c] > PERSISTS}


def follow(before: np.ndarray, after: np.ndarray, n_before: int, n_after: int) -> Step:
    """Match two clusterings of the same customers.

    Parameters
    ----------
    before, after : (n_customers,) 0-based clusters of the same customers in the same order
    n_before, n_after : how many clusters there are, empty ones included

    Notes
    -----
    The largest stream of customers between two clusters goes first: the cluster it ends in carries on the one it
    comes from, unless either is taken. So a cluster carries on the one that it mostly came from, and of several that
    came from one the largest does. Between streams of one size the larger overlap decides, then the earlier customer:
    how clusters are numbered makes no difference. Clusters that share more than half of all their customers are
    always matched, since each is the other's largest stream.
    """
    n_customers = len(before)
    if len(after) != n_customers:
        raise ValueError(f"{n_customers} customers before, {len(after)} after.")
    cells = before.astype(np.intp) * n_after + after
    counts = np.bincount(cells, minlength=n_before * n_after)
    first = np.full(n_before * n_after, n_customers, dtype=np.int64)
    first[cells[::-1]] = np.arange(n_customers - 1, -1, -1)  # the last one written is the first customer
    shape = (n_before, n_after)
    origins = _origins(counts.reshape(shape), first.reshape(shape))
    return Step(counts.reshape(shape), first.reshape(shape), origins)


def first_colours(labels: np.ndarray, n_clusters: int) -> tuple[int, ...]:
    """A colour for each cluster where there is none to carry on: 0 for the largest, and so on."""
    everyone = follow(np.zeros_like(labels), labels, 1, n_clusters)
    return next_colours((), replace(everyone, origins=(-1,) * n_clusters))


def next_colours(before: Sequence[int], step: Step) -> tuple[int, ...]:
    """A colour for each cluster after a step.

    Parameters
    ----------
    before : the colours of the clusters before

    Returns
    -------
    Whole numbers from 0, none twice. A cluster keeps the colour of the one that it carries on. The others take the
    lowest colours that were not in use, then those that nobody carries on, the largest cluster first.
    """
    kept = {cluster: before[origin] for cluster, origin in enumerate(step.origins) if origin >= 0}
    free = [colour for colour in range(max(len(step.origins), len(before))) if colour not in kept.values()]
    free.sort(key=lambda colour: (colour in before, colour))
    fresh = dict(zip(step.newcomers, free, strict=False))
    return tuple((kept | fresh)[cluster] for cluster in range(len(step.origins)))


def _overlap(customers: np.ndarray) -> np.ndarray:
    either = customers.sum(axis=1, keepdims=True) + customers.sum(axis=0, keepdims=True) - customers
    return np.asarray(np.divide(customers, either, out=np.zeros(customers.shape), where=either > 0))


def _origins(customers: np.ndarray, first: np.ndarray) -> tuple[int, ...]:
    n_before, n_after = customers.shape
    origins, carried_on = [-1] * n_after, [False] * n_before
    falling = np.lexsort((first.ravel(), -_overlap(customers).ravel(), -customers.ravel()))
    for cell in falling[: np.count_nonzero(customers)]:
        source, target = divmod(int(cell), n_after)
        if origins[target] < 0 and not carried_on[source]:
            origins[target], carried_on[source] = source, True
    return tuple(origins)
