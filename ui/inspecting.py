"""Answers for the Features page: how features lie before and after preparation, and who is unusual."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from core.analysis import chosen_features
from core.clustering.preparation import skew
from core.clustering.sweep import cluster
from core.segments.segmentation import Segmentation, segment
from ui import services
from ui.files import lines, reading_key
from ui.session import Workspace


def left_out(workspace: Workspace) -> tuple[str, ...]:
    """For each feature of the usual choice, or of the preset, that the file cannot give: which, and why. Plain text."""
    if workspace.grouping.features is not None:  # she chose them herself
        return ()
    return chosen_features(lines(workspace), workspace.grouping)[1]


def skews(workspace: Workspace) -> dict[str, float]:
    """How lopsided each feature is."""

    def measure() -> dict[str, float]:
        return {str(name): float(value) for name, value in skew(services.features(workspace).values).items()}

    return workspace.answer(("skews", reading_key(workspace)), measure)


def prepared_column(workspace: Workspace, name: str) -> np.ndarray:
    """A feature after preparation, one number a customer."""
    column: np.ndarray = services.fit_matrix(workspace)[:, services.preparation(workspace).features.index(name)]
    return column


def correlations(workspace: Workspace) -> pd.DataFrame:
    """Rank correlations (Spearman) of the chosen features."""
    chosen = list(services.chosen_features(workspace))
    key = ("correlations", reading_key(workspace), tuple(chosen))
    return workspace.answer(key, lambda: services.features(workspace).values[chosen].corr(method="spearman"))


def outliers(workspace: Workspace) -> pd.DataFrame:
    """Customers far outside the usual range of the features as prepared, the furthest first."""
    prepared = services.preparation(workspace)
    key = ("outliers", reading_key(workspace), prepared.features, prepared.options)
    return workspace.answer(key, lambda: prepared.outliers(services.features(workspace).values))


def with_and_without_capping(workspace: Workspace) -> dict[str, Segmentation]:
    """The chosen number of segments with unusual values kept, and capped for the fit: {"keep": ..., "cap": ...}."""
    count = services.n_clusters(workspace)

    def both() -> dict[str, Segmentation]:
        found: dict[str, Segmentation] = {}
        known = services.features(workspace)
        for outliers in ("keep", "cap"):
            if outliers == workspace.grouping.preparation.outliers:
                found[outliers] = services.segmentation(workspace, count)
                continue
            prepared = services.preparation(workspace, replace(workspace.grouping.preparation, outliers=outliers))
            matrix = prepared.fit_matrix(known.values)
            found[outliers] = segment(known, prepared, cluster(matrix, count, seed=workspace.grouping.seed))
        return found

    return workspace.answer(("capping", *services.shown_key(workspace), count), both)
