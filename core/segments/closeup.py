"""One number of segments up close: how well each customer fits, and where customers stand, in words that say where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.clustering.axes import Axes, principal_axes
from core.clustering.sampling import stratified
from core.clustering.silhouette import SilhouetteMeter
from core.features import catalog
from core.segments.naming import inner
from core.segments.playbook import playbook
from core.segments.segmentation import Segmentation

MOST_NAMED = 3
"""Features that say what a direction means."""
_STRONG = 0.5  # of the largest loading


@dataclass(frozen=True, slots=True, eq=False)
class CloseUp:
    """Some customers of a segmentation, or all where they are few, as they were fitted."""

    places: np.ndarray  # (n_shown,) whose segment each is in; segment 1 is 0
    silhouettes: np.ndarray  # (n_shown,) each customer's own
    at: np.ndarray  # (n_shown, 2) on the map
    centers: np.ndarray  # (n_segments, 2)
    axes: Axes
    meanings: tuple[str, str]  # what customers to the right, and what those further up do; empty: nothing
    customers: int  # of whom these are shown

    @property
    def sampled(self) -> bool:
        return len(self.places) < self.customers


def close_up(matrix: np.ndarray, segmentation: Segmentation, seed: int = 42) -> CloseUp:
    """Each customer's silhouette and place on a map of the two principal axes.

    Parameters
    ----------
    matrix : (n_customers, n_features) that the segmentation's fit was made of
    seed : of the sample, where there are more than 5,000 customers; every segment is in it by its size
    """
    labels = segmentation.fit.labels
    rows = stratified(labels, seed=seed)
    axes = principal_axes(matrix)
    features = segmentation.preparation.features
    place = np.empty(len(segmentation.order), dtype=np.intp)
    place[list(segmentation.order)] = np.arange(len(segmentation.order))
    meanings = [meaning(dict(zip(features, loadings, strict=True))) for loadings in axes.directions.tolist()]
    return CloseUp(
        places=place[labels[rows]],
        silhouettes=SilhouetteMeter(matrix, seed).of_some(labels, rows),
        at=axes.place(matrix[rows]),
        centers=axes.place(segmentation.centers),
        axes=axes,
        meanings=(meanings[0], meanings[1]),
        customers=len(labels),
    )


def meaning(loadings: Mapping[str, float]) -> str:
    """What customers further along a direction do: "spend more, buy more often, were here more lately".

    Parameters
    ----------
    loadings : of each feature; the strongest ones are told, up to three
    """
    strongest = max(map(abs, loadings.values()), default=0.0)
    if strongest == 0:
        return ""
    told = sorted(
        (name for name in loadings if abs(loadings[name]) >= _STRONG * strongest), key=lambda n: -abs(loadings[n])
    )
    return ", ".join(_leaning(name, more=loadings[name] > 0) for name in told[:MOST_NAMED])


def _leaning(name: str, *, more: bool) -> str:
    if (pair := playbook().leanings.get(name)) is not None:
        return pair[0] if more else pair[1]
    return f"{'higher' if more else 'lower'} {inner(catalog.feature(name).label)}"
