"""Answers for pages, from the customers on: what core computes, asked once a visitor and choice."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

import numpy as np
import pandas as pd

from charts import report as report_charts
from core import analysis as analyses
from core.analysis import PRESETS, Analysis, Preset, SegmentOptions
from core.clustering.choice import Advice, advise
from core.clustering.preparation import Preparation, PreparationOptions, prepare, skew
from core.clustering.sweep import Sweep, cluster
from core.exports import bundle, lists
from core.features.engineering import CustomerFeatures, customer_features
from core.orders.customers import CustomerTable
from core.segments.comparison import Comparison, compare
from core.segments.generations import Generation, generation
from core.segments.naming import ranks
from core.segments.segmentation import Segmentation, segment
from core.segments.splits import Split
from core.segments.splits import split as split_of
from ui.files import lines, read_differently, reading_key
from ui.jobs import SweepJob
from ui.session import Workspace


def features(workspace: Workspace) -> CustomerFeatures:
    """All that the file tells of each customer."""
    return workspace.answer(("features", reading_key(workspace)), lambda: customer_features(lines(workspace)))


def chosen_features(workspace: Workspace) -> tuple[str, ...]:
    """The features that customers are compared by."""
    return analyses.chosen_features(lines(workspace), workspace.grouping)[0]


def presets(workspace: Workspace) -> tuple[Preset, ...]:
    """The ready-made choices that the file has all columns for."""
    known = lines(workspace)
    if not isinstance(known, CustomerTable):
        return tuple(PRESETS.values())
    return tuple(preset for preset in PRESETS.values() if set(preset.features) <= known.meanings.keys())


def group_differently(workspace: Workspace, options: SegmentOptions) -> None:
    """Compare customers by other features or another preparation."""
    if options == workspace.grouping:
        return
    with workspace.alone():
        workspace.grouping = options
    workspace.n_clusters = None
    workspace.compared = None


def limit(workspace: Workspace, k_max: int, min_share: float) -> None:
    """Try up to so many segments, and advise none smaller than that share of the customers."""
    with workspace.alone():
        workspace.grouping = replace(workspace.grouping, k_max=k_max, min_share=min_share)
    workspace.n_clusters = min(workspace.n_clusters, k_max) if workspace.n_clusters else None


def apply_preset(workspace: Workspace, name: str | None) -> None:
    """Take a preset's features and preparation (None: the usual four), and its way of counting returns."""
    preset = PRESETS.get(name or "")
    group_differently(
        workspace,
        replace(
            workspace.grouping,
            features=None,
            preset=name,
            preparation=preset.preparation if preset else PreparationOptions(),
        ),
    )
    returns = preset.returns if preset and preset.returns else "net"
    read_differently(workspace, replace(workspace.cleaning, returns=returns))
    workspace.revision += 1


def preparation(workspace: Workspace, options: PreparationOptions | None = None) -> Preparation:
    """The chosen features made comparable."""
    wanted = options or workspace.grouping.preparation
    chosen = chosen_features(workspace)
    key = ("preparation", reading_key(workspace), chosen, wanted)
    return workspace.answer(key, lambda: prepare(features(workspace).values, chosen, wanted))


def sweep_job(workspace: Workspace) -> SweepJob:
    """The sweep for the choices at hand: going on, or done. A former one is stopped."""
    analyses.require_enough(lines(workspace).ledger.used.customers)

    def begin() -> SweepJob:
        if workspace.job is not None:
            workspace.job.stop()
        matrix = preparation(workspace).fit_matrix(features(workspace).values)
        workspace.job = SweepJob(matrix, k_max=workspace.grouping.k_max, seed=workspace.grouping.seed)
        return workspace.job

    return workspace.answer(("sweep", *grouping_key(workspace)), begin)


def sweep(workspace: Workspace) -> Sweep:
    """The whole sweep, waited for."""
    return sweep_job(workspace).result()


def advice(workspace: Workspace) -> Advice:
    """How many segments we suggest, once the sweep is done."""
    key = ("advice", *grouping_key(workspace), workspace.grouping.min_share)
    return workspace.answer(key, lambda: advise(sweep(workspace), min_share=workspace.grouping.min_share))


def n_clusters(workspace: Workspace) -> int:
    """The number of segments chosen, else the one advised."""
    return workspace.n_clusters or advice(workspace).k


def segmentation(workspace: Workspace, count: int | None = None) -> Segmentation:
    """The customers in `count` segments (by default the number chosen)."""
    wanted = count or n_clusters(workspace)
    return _segmentation(workspace, wanted, sweep(workspace))


def early_segmentation(workspace: Workspace, count: int) -> Segmentation | None:
    """The same while the sweep may still run; None where it has not come so far."""
    partial = sweep_job(workspace).partial
    if partial is None or count not in partial.fits:
        return None
    return _segmentation(workspace, count, partial)


def _segmentation(workspace: Workspace, count: int, found: Sweep) -> Segmentation:
    def profile() -> Segmentation:
        born = _generation(workspace, count, found)
        known, prepared = features(workspace), preparation(workspace)
        return segment(known, prepared, found.fits[count], ranked=_ranks(workspace), generation=born)

    with workspace.alone():
        return workspace.answer(("segmentation", *grouping_key(workspace), count), profile)


def _generation(workspace: Workspace, count: int, found: Sweep) -> Generation:
    """The generation of `count` segments; those before it are kept as they come, as the sweep's fits do."""
    with workspace.alone():
        born: list[Generation] = workspace.answer(("generations", *grouping_key(workspace)), list)
        while len(born) < count:
            born.append(
                generation(
                    features(workspace),
                    preparation(workspace),
                    found.fits[len(born) + 1],
                    ranked=_ranks(workspace),
                    before=born[-1] if born else None,
                )
            )
        return born[count - 1]


def generations(workspace: Workspace) -> tuple[Generation, ...]:
    """The segments of each number, from one on, once the sweep is done."""
    found = sweep(workspace)
    return _generation(workspace, found.k_max, found).line()


def split(workspace: Workspace, count: int) -> Split:
    """What one segment more than `count` changes."""

    def describe() -> Split:
        after = generations(workspace)[count]
        return split_of(after, features(workspace), _ranks(workspace), chosen_features(workspace))

    with workspace.alone():
        return workspace.answer(("split", *grouping_key(workspace), count), describe)


def _ranks(workspace: Workspace) -> pd.DataFrame:
    """The same for every number of segments, and most of the work of making them."""
    return workspace.answer(("ranks", reading_key(workspace)), lambda: ranks(features(workspace).values))


def with_and_without_capping(workspace: Workspace) -> dict[str, Segmentation]:
    """The chosen number of segments with unusual values kept, and capped for the fit: {"keep": ..., "cap": ...}."""
    count = n_clusters(workspace)

    def both() -> dict[str, Segmentation]:
        found: dict[str, Segmentation] = {}
        known = features(workspace)
        for outliers in ("keep", "cap"):
            if outliers == workspace.grouping.preparation.outliers:
                found[outliers] = segmentation(workspace, count)
                continue
            prepared = preparation(workspace, replace(workspace.grouping.preparation, outliers=outliers))
            matrix = prepared.fit_matrix(known.values)
            found[outliers] = segment(known, prepared, cluster(matrix, count, seed=workspace.grouping.seed))
        return found

    return workspace.answer(("capping", *grouping_key(workspace), count), both)


def analysis(workspace: Workspace) -> Analysis:
    """Everything at the chosen number of segments."""
    warnings = analyses.chosen_features(lines(workspace), workspace.grouping)[1]
    return Analysis(
        lines(workspace),
        features(workspace),
        preparation(workspace),
        sweep(workspace),
        advice(workspace),
        segmentation(workspace),
        replace(workspace.grouping, k=n_clusters(workspace)),
        warnings,
    )


def comparison(workspace: Workspace, before: int, after: int) -> Comparison:
    """What became of the customers of one number of segments in another."""
    key = ("comparison", *grouping_key(workspace), before, after)
    return workspace.answer(key, lambda: compare(segmentation(workspace, before), segmentation(workspace, after)))


def report(workspace: Workspace) -> str:
    """The report as one HTML page."""
    with workspace.alone():
        told = analysis(workspace)
    figures = report_charts.figures(told.sweep, told.advice, told.segmentation)
    return bundle.report_of(told, figures)


def list_file(workspace: Workspace, number: int) -> bytes:
    """A segment's list as CSV."""
    with workspace.alone():
        found = segmentation(workspace)
    return lists.list_bytes(found, number)


def grouping_key(workspace: Workspace) -> tuple[Hashable, ...]:
    """What tells these customers, as compared now, from all others."""
    grouping = workspace.grouping
    return (reading_key(workspace), chosen_features(workspace), grouping.preparation, grouping.k_max, grouping.seed)


def recipe(workspace: Workspace) -> str:
    """How the segments were made, as JSON."""
    with workspace.alone():
        told = analysis(workspace)
    return bundle.recipe(told).to_json()


def skews(workspace: Workspace) -> dict[str, float]:
    """How lopsided each feature is."""
    key = ("skews", reading_key(workspace))
    return workspace.answer(key, lambda: {str(k): float(v) for k, v in skew(features(workspace).values).items()})


def prepared_column(workspace: Workspace, name: str) -> np.ndarray:
    """A feature after preparation, one number a customer."""
    prepared = preparation(workspace)
    key = ("matrix", reading_key(workspace), prepared.features, prepared.options)
    matrix = workspace.answer(key, lambda: prepared.fit_matrix(features(workspace).values))
    column: np.ndarray = matrix[:, prepared.features.index(name)]
    return column


def correlations(workspace: Workspace) -> pd.DataFrame:
    """Rank correlations (Spearman) of the chosen features."""
    chosen = list(chosen_features(workspace))
    key = ("correlations", reading_key(workspace), tuple(chosen))
    return workspace.answer(key, lambda: features(workspace).values[chosen].corr(method="spearman"))


def outliers(workspace: Workspace) -> pd.DataFrame:
    """Customers far outside the usual range of the features as prepared, the furthest first."""
    prepared = preparation(workspace)
    key = ("outliers", reading_key(workspace), prepared.features, prepared.options)
    return workspace.answer(key, lambda: prepared.outliers(features(workspace).values))
