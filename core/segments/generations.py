"""The segments of each k, numbered, named and coloured so that those who stay together stay recognisable."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from core.clustering import lineage
from core.clustering.lineage import Step
from core.clustering.workers import Stopped
from core.features.engineering import CustomerFeatures
from core.segments import naming
from core.segments.assignment import assign
from core.segments.naming import Naming
from core.segments.playbook import Plan

if TYPE_CHECKING:  # scikit-learn stays out of what only reads a segmentation
    from core.clustering.preparation import Preparation
    from core.clustering.sweep import ClusterFit


Thread = tuple[int, int]
"""A segment through all numbers of segments with mostly the same customers: with how many it began, and its place."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What a marketer calls a segment, and what she plans for it; None for what the playbook says."""

    name: str | None = None
    plan: Plan | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Generation:
    """The segments of one fit before they are profiled. Segment 1 stands at place 0, and so on."""

    places: np.ndarray  # (n_customers,) whose segment each customer is in
    order: tuple[int, ...]  # the fit's cluster at each place
    namings: tuple[Naming, ...]
    colours: tuple[int, ...]  # whole numbers from 0, kept from one generation to the next
    sizes: np.ndarray  # (n_segments,) customers
    revenue: np.ndarray | None  # (n_segments,) None where there is no money
    standing: pd.DataFrame  # (n_segments, n_features) from `naming.standings`
    before: Generation | None  # the one with a segment less
    step: Step | None  # how this one came from it
    edits: Mapping[Thread, Edit] = field(default_factory=dict)  # the same in all generations of a line

    @property
    def n_segments(self) -> int:
        return len(self.order)

    @property
    def names(self) -> tuple[str, ...]:
        """The playbook's names and the marketer's own, as they are shown."""
        return tuple(naming.labels([each.name for each in self.namings], self.own_names))

    @property
    def own_names(self) -> dict[int, str]:
        """The names that the marketer gave, by the segment's number."""
        edits = enumerate((self.edits.get(thread, Edit()) for thread in self.threads), start=1)
        return {number: edit.name for number, edit in edits if edit.name}

    @property
    def plans(self) -> tuple[Plan, ...]:
        """The playbook's plans and the marketer's own."""
        edits = [self.edits.get(thread, Edit()) for thread in self.threads]
        return tuple(edit.plan or each.archetype.plan for edit, each in zip(edits, self.namings, strict=True))

    @property
    def threads(self) -> tuple[Thread, ...]:
        """The thread that each segment belongs to. One that is mostly of other customers begins a new one."""
        threads: tuple[Thread, ...] = ()
        for each in self.line():
            persisting = each.step.persisting if each.step is not None else {}
            threads = tuple(
                threads[persisting[place]] if place in persisting else (each.n_segments, place)
                for place in range(each.n_segments)
            )
        return threads

    def edited(self, edits: Mapping[Thread, Edit]) -> Generation:
        """The same, with those before it, under the marketer's names and plans."""
        before = self.before.edited(edits) if self.before is not None else None
        return replace(self, before=before, edits=edits)

    def line(self) -> tuple[Generation, ...]:
        """All generations up to this one, the first one first."""
        return tuple(reversed(list(self._upwards())))

    def _upwards(self) -> Iterator[Generation]:
        here: Generation | None = self
        while here is not None:
            yield here
            here = here.before


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """All generations of a sweep, and what they were named by."""

    ranked: pd.DataFrame  # `naming.ranks` of the customers
    last: Generation

    @property
    def complete(self) -> bool:
        return True


def generation(
    features: CustomerFeatures,
    preparation: Preparation,
    fit: ClusterFit,
    *,
    ranked: pd.DataFrame,
    before: Generation | None = None,
    order: tuple[int, ...] | None = None,
) -> Generation:
    """Number, name and colour the clusters of a fit.

    Parameters
    ----------
    features : the customers that were clustered, in the fit's order
    preparation : the one whose scaled space the fit lives in
    ranked : `naming.ranks` of the features' values
    before : the generation whose names and colours go on, with a segment less; without one all are new
    order : the fit's clusters as they are to be numbered, where these customers stand for more

    Returns
    -------
    Segments in the order of falling mean total_revenue, where there is money, else of falling size; ties by size,
    then by centre. A segment has the colour of the one that it carries on, and its name too where it is mostly the
    same customers and the name is still true (`naming.named`).

    Raises
    ------
    ValueError where the fit or `before` is of other customers

    Notes
    -----
    Where outliers were capped for the fit, each customer goes to the centre nearest to where she truly stands;
    otherwise the fit's own labels hold.
    """
    values = features.values
    places, order = _numbered(values, preparation, fit, order)
    step = lineage.follow(before.places, places, before.n_segments, len(order)) if before is not None else None
    standing = naming.standings(ranked, places, len(order))
    return Generation(
        places=places,
        order=order,
        namings=naming.named(standing, _held(before, step)),
        colours=(
            lineage.next_colours(before.colours, step)
            if before is not None and step is not None
            else lineage.first_colours(places, len(order))
        ),
        sizes=np.bincount(places, minlength=len(order)),
        revenue=_revenue(values, places, len(order)),
        standing=standing,
        before=before,
        step=step,
    )


def generations(
    features: CustomerFeatures,
    preparation: Preparation,
    fits: Mapping[int, ClusterFit],
    ranked: pd.DataFrame,
    so_far: Generation | None = None,
) -> Generation:
    """The last of the generations that follow each other from one segment on.

    Parameters
    ----------
    fits : by k, from 1 without a gap
    so_far : the generation of one of those k, where the way up to there was gone before
    """
    last = so_far
    for k in range(1 + (last.n_segments if last is not None else 0), len(fits) + 1):
        last = generation(features, preparation, fits[k], ranked=ranked, before=last)
    if last is None:
        raise ValueError("There is no fit.")
    return last


def line(
    features: CustomerFeatures,
    preparation: Preparation,
    fits: Mapping[int, ClusterFit],
    ranked: pd.DataFrame | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Line:
    """The generations of all fits, beside other work.

    Parameters
    ----------
    fits : by k, from 1 without a gap
    ranked : `naming.ranks` of the features' values, where they are at hand: they take longer than all the rest
    should_stop : asked before each generation

    Raises
    ------
    workers.Stopped : should_stop said so
    """
    ranked = naming.ranks(features.values) if ranked is None else ranked
    last: Generation | None = None
    for upto in range(1, len(fits) + 1):
        if should_stop is not None and should_stop():
            raise Stopped
        last = generations(features, preparation, {k: fits[k] for k in range(1, upto + 1)}, ranked, so_far=last)
    if last is None:
        raise ValueError("There is no fit.")
    return Line(ranked, last)


def _numbered(
    values: pd.DataFrame, preparation: Preparation, fit: ClusterFit, given: tuple[int, ...] | None
) -> tuple[np.ndarray, tuple[int, ...]]:
    """Each customer's place, and the fit's cluster at each place."""
    if len(fit.labels) != len(values):
        raise ValueError(f"The fit is of {len(fit.labels)} customers, the features of {len(values)}.")
    centers = np.asarray(fit.centers, dtype=np.float64)
    capped = preparation.options.outliers == "cap"
    clusters = assign(preparation.matrix(values), centers).nearest if capped else np.asarray(fit.labels)
    sizes = np.bincount(clusters, minlength=len(centers))
    order = np.array(given or numbering(_means(values, clusters, len(centers)), sizes, centers))
    places = np.empty(len(order), dtype=np.min_scalar_type(len(order)))
    places[order] = np.arange(len(order))
    return places[clusters], tuple(order.tolist())


def _held(before: Generation | None, step: Step | None) -> dict[int, Naming]:
    """The namings of the segments that are mostly the same customers."""
    if before is None or step is None:
        return {}
    return {place: before.namings[origin] for place, origin in step.persisting.items()}


def _revenue(values: pd.DataFrame, clusters: np.ndarray, n_clusters: int) -> np.ndarray | None:
    if "total_revenue" not in values.columns:
        return None
    amounts = np.nan_to_num(values["total_revenue"].to_numpy(dtype=np.float64))
    return np.bincount(clusters, weights=amounts, minlength=n_clusters)


def _means(values: pd.DataFrame, clusters: np.ndarray, n_clusters: int) -> np.ndarray:
    """(n_clusters,) mean revenue; the same for all where there is no money."""
    if "total_revenue" not in values.columns:
        return np.zeros(n_clusters)
    return naming.group_means(values[["total_revenue"]], clusters, n_clusters)["total_revenue"].to_numpy()


def numbering(means: np.ndarray, sizes: np.ndarray, centers: np.ndarray) -> list[int]:
    """The clusters by falling mean revenue, ties by size, then by centre.

    Parameters
    ----------
    means, sizes : (n_clusters,) mean revenue, the same for all where there is no money, and customers
    centers : (n_clusters, n_features)
    """
    rank = np.nan_to_num(means, nan=-np.inf)
    return sorted(range(len(centers)), key=lambda each: (-rank[each], -sizes[each], *centers[each].tolist()))
