"""Answers for pages, from the customers on: what core computes, asked once a visitor and choice."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from charts import report as report_charts
from core import analysis as analyses
from core.analysis import PRESETS, Analysis, Preset
from core.clustering.choice import Advice, advise
from core.clustering.evidence import Evidence, gather
from core.clustering.indices import OtherMeasures
from core.clustering.indices import other_measures as other_measures_of
from core.clustering.preparation import Preparation, PreparationOptions, prepare
from core.clustering.sweep import Sweep
from core.clustering.sweep import sweep as sweep_of
from core.errors import UnknownFeatureError
from core.exports import bundle
from core.features.distributions import RecencyByRevenue
from core.features.distributions import recency_by_revenue as recency_by_revenue_of
from core.features.engineering import CustomerFeatures, customer_features
from core.orders.customers import CustomerTable
from core.orders.overview import Overview
from core.orders.overview import overview as overview_of
from core.segments.buying import Buying
from core.segments.buying import buying as buying_of
from core.segments.closeup import CloseUp
from core.segments.closeup import close_up as close_up_of
from core.segments.edits import adopted, edited
from core.segments.generations import Edit, Generation, Line, Thread
from core.segments.generations import line as line_of
from core.segments.naming import ranks
from core.segments.rfm import Crosswalk, crosswalk
from core.segments.rules import Rules
from core.segments.rules import rules as rules_of
from core.segments.segmentation import Segmentation, segment
from core.segments.splits import Split
from core.segments.splits import split as split_of
from ui.files import lines, reading_key, rest_again
from ui.jobs import Ahead, Job
from ui.session import Workspace

Work = TypeVar("Work", bound=Job[Any] | Ahead)


def features(workspace: Workspace) -> CustomerFeatures:
    """All that the file tells of each customer."""
    return workspace.answer(("features", reading_key(workspace)), lambda: customer_features(lines(workspace)))


def overview(workspace: Workspace) -> Overview | None:
    """The orders at a glance; None of a customer table, which has none."""
    found = lines(workspace)
    if isinstance(found, CustomerTable):
        return None

    def add_up() -> Overview:
        rest_again(workspace)
        return overview_of(found)

    return workspace.answer(("overview", reading_key(workspace)), add_up)


def recency_by_revenue(workspace: Workspace) -> RecencyByRevenue | None:
    """How lately customers of much and of little revenue ordered; None where the file does not tell."""
    key = ("recency by revenue", reading_key(workspace))
    return workspace.answer(key, lambda: recency_by_revenue_of(features(workspace)))


def chosen_features(workspace: Workspace) -> tuple[str, ...]:
    """The features that customers are compared by.

    Raises
    ------
    UnknownFeatureError : there is none of them, or one that the file cannot give
    """
    if workspace.grouping.features == ():
        hint = "Choose at least one on the Features page, under “Compare customers by”."
        raise UnknownFeatureError("No feature was chosen.", hint=hint)
    return analyses.chosen_features(lines(workspace), workspace.grouping)[0]


def presets(workspace: Workspace) -> tuple[Preset, ...]:
    """The ready-made choices that the file has all columns for."""
    known = lines(workspace)
    if not isinstance(known, CustomerTable):
        return tuple(PRESETS.values())
    return tuple(preset for preset in PRESETS.values() if set(preset.features) <= known.meanings.keys())


def preparation(
    workspace: Workspace, options: PreparationOptions | None = None, names: tuple[str, ...] | None = None
) -> Preparation:
    """Features made comparable, by default those chosen in the way chosen."""
    wanted = options or workspace.grouping.preparation
    chosen = names or chosen_features(workspace)
    key = ("preparation", reading_key(workspace), chosen, wanted)
    return workspace.answer(key, lambda: prepare(features(workspace).values, chosen, wanted))


def fit_matrix(workspace: Workspace) -> np.ndarray:
    """The customers as they are compared."""
    prepared = preparation(workspace)
    key = ("matrix", reading_key(workspace), prepared.features, prepared.options)
    return workspace.answer(key, lambda: prepared.fit_matrix(features(workspace).values))


def sweep_job(workspace: Workspace) -> Job[Sweep]:
    """The sweep for the choices at hand: going on, or done. A former one is stopped."""
    analyses.require_enough(lines(workspace).ledger.used.customers)

    def begin() -> Job[Sweep]:
        workspace.stop_work()
        matrix, asked = fit_matrix(workspace), workspace.grouping
        workspace.job = Job(
            lambda grow, stop: sweep_of(matrix, k_max=asked.k_max, seed=asked.seed, on_fit=grow, should_stop=stop),
            name="sweep",
        )
        return workspace.job

    return going_on(workspace, ("sweep", *grouping_key(workspace)), begin)


def sweep(workspace: Workspace) -> Sweep:
    """The whole sweep, waited for."""
    return sweep_job(workspace).result()


def evidence_job(workspace: Workspace) -> Job[Evidence]:
    """The checks of a whole sweep's solutions: going on, or done."""
    found = sweep(workspace)

    def begin() -> Job[Evidence]:
        matrix, seed = fit_matrix(workspace), workspace.grouping.seed
        workspace.checking = Job(
            lambda grow, stop: gather(matrix, found, seed=seed, on_evidence=grow, should_stop=stop), name="evidence"
        )
        return workspace.checking

    return going_on(workspace, ("evidence", *grouping_key(workspace)), begin)


def going_on(workspace: Workspace, key: Hashable, begin: Callable[[], Work]) -> Work:
    """The work for these choices, begun where there is none, or none that will get done."""
    known: Work | None = workspace.known(key)
    if known is not None and not known.cut_short:
        return workspace.answer(key, lambda: known)
    with workspace.alone():
        job = workspace.answer(key, begin)
        if job.cut_short:
            workspace.ask_again(key)
            job = workspace.answer(key, begin)
        return job


def evidence(workspace: Workspace) -> Evidence | None:
    """How solid each solution is, once all of it is known."""
    found = evidence_job(workspace).partial
    return found if found is not None and found.complete else None


def advice(workspace: Workspace) -> Advice:
    """How many segments we suggest, once the sweep is done: by the curves alone until the evidence is there."""
    known = evidence(workspace)
    key = ("advice", *grouping_key(workspace), workspace.grouping.min_share, known is not None)
    return workspace.answer(key, lambda: advise(sweep(workspace), known, min_share=workspace.grouping.min_share))


def other_measures(workspace: Workspace) -> OtherMeasures:
    """Two more measures of every solution."""
    key = ("other measures", *grouping_key(workspace))
    return workspace.answer(key, lambda: other_measures_of(fit_matrix(workspace), sweep(workspace)))


def n_clusters(workspace: Workspace) -> int:
    """The number of segments chosen, else the one advised."""
    return workspace.n_clusters or advice(workspace).k


def segmentation(workspace: Workspace, count: int | None = None) -> Segmentation:
    """The customers in `count` segments (by default the number chosen), with their stability once it is known."""
    wanted = count or n_clusters(workspace)
    found, known = _called(workspace, wanted), evidence(workspace)
    checked = known.stabilities.get(wanted) if known else None
    return found.rated(checked.jaccards) if checked else found


def _called(workspace: Workspace, count: int) -> Segmentation:
    """The segmentation under the marketer's own names and with her plans."""
    made = _segmentation(workspace, count)
    if not edits(workspace):
        return made
    born = _generation(workspace, count).edited(edits(workspace))
    return workspace.answer(("called", *shown_key(workspace), count), lambda: made.called(born.names, born.plans))


def close_up(workspace: Workspace, count: int) -> CloseUp:
    """How well the customers fit `count` segments, and where they stand."""
    key = ("close-up", *grouping_key(workspace), count)
    seed = workspace.grouping.seed
    return workspace.answer(key, lambda: close_up_of(fit_matrix(workspace), segmentation(workspace, count), seed))


def rules(workspace: Workspace) -> Rules:
    """Conditions that rebuild each of the segments chosen, under the names that they bear now."""
    found = segmentation(workspace)
    key = ("rules", *grouping_key(workspace), tuple(each.name for each in found.segments))
    return workspace.answer(key, lambda: rules_of(found, workspace.grouping.seed))


def classic_groups(workspace: Workspace) -> Crosswalk:
    """The segments chosen against the classic RFM groups."""
    found = segmentation(workspace)
    key = ("classic groups", *grouping_key(workspace), tuple(each.name for each in found.segments))
    return workspace.answer(key, lambda: crosswalk(found))


def _segmentation(workspace: Workspace, count: int) -> Segmentation:
    def profile() -> Segmentation:
        found, born = sweep(workspace), _generation(workspace, count)
        known, prepared = features(workspace), preparation(workspace)
        return segment(known, prepared, found.fits[count], ranked=ranked(workspace), generation=born)

    with workspace.alone():
        return workspace.answer(("segmentation", *grouping_key(workspace), count), profile)


def line_job(workspace: Workspace) -> Job[Line]:
    """The segments of every number of a whole sweep being numbered and named: going on, or done."""
    found = sweep(workspace)

    def begin() -> Job[Line]:
        customers, prepared = features(workspace), preparation(workspace)
        former: pd.DataFrame | None = workspace.known(_ranks_key(workspace))
        workspace.naming = Job(lambda grow, stop: line_of(customers, prepared, found.fits, former, stop), name="naming")
        return workspace.naming

    return going_on(workspace, ("line", *grouping_key(workspace)), begin)


def _generation(workspace: Workspace, count: int) -> Generation:
    """The generation of `count` segments, with all before it."""
    found = line_job(workspace).result()
    workspace.answer(_ranks_key(workspace), lambda: found.ranked)
    return found.last.line()[count - 1]


def generations(workspace: Workspace) -> tuple[Generation, ...]:
    """The segments of each number, from one on, once the sweep is done."""
    return _generation(workspace, sweep(workspace).k_max).edited(edits(workspace)).line()


def edits(workspace: Workspace) -> Mapping[Thread, Edit]:
    """The names and plans that the marketer gave to segments of these customers, as compared now."""
    return workspace.edits.get(_line_key(workspace), {})


def edit(workspace: Workspace, number: int, change: Edit) -> None:
    """Call a segment of those shown something else, or plan something else for it.

    Raises
    ------
    NameTakenError, UnusablePlanError
    """
    line = generations(workspace)
    with workspace.alone():
        workspace.edits[_line_key(workspace)] = edited(line[n_clusters(workspace) - 1], number, change, line)


def adopt(workspace: Workspace, count: int, changes: Mapping[int, Edit]) -> None:
    """The same for several of `count` segments at once.

    Raises
    ------
    NameTakenError, UnusablePlanError
    """
    line = generations(workspace)
    with workspace.alone():
        workspace.edits[_line_key(workspace)] = adopted(line[count - 1], changes, line)


def _line_key(workspace: Workspace) -> tuple[Hashable, ...]:
    """What tells a line of segments from all others. How far it goes makes no difference."""
    grouping = workspace.grouping
    return (reading_key(workspace), chosen_features(workspace), grouping.preparation, grouping.seed)


def split(workspace: Workspace, count: int) -> Split:
    """What one segment more than `count` changes."""

    def describe() -> Split:
        after = generations(workspace)[count]
        return split_of(after, features(workspace), ranked(workspace), chosen_features(workspace))

    with workspace.alone():
        return workspace.answer(("split", *shown_key(workspace), count), describe)


def ranked(workspace: Workspace) -> pd.DataFrame:
    """Where each customer stands: the same for every number of segments, and most of the work of making them."""
    return workspace.answer(_ranks_key(workspace), lambda: ranks(features(workspace).values))


def _ranks_key(workspace: Workspace) -> Hashable:
    return ("ranks", reading_key(workspace))


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
        evidence(workspace),
    )


def report(workspace: Workspace) -> str:
    """The report as one HTML page."""
    with workspace.alone():
        told, conditions, sold = analysis(workspace), rules(workspace), overview(workspace)
    figures = report_charts.figures(told.sweep, told.advice, told.segmentation)
    return bundle.report_of(told, figures, conditions, sold)


def buying(workspace: Workspace) -> Buying | None:
    """What the segments at hand buy; None where there are no orders."""
    found, grouped = lines(workspace), segmentation(workspace)
    if isinstance(found, CustomerTable):
        return None

    def add_up() -> Buying:
        rest_again(workspace)
        return buying_of(found, grouped)

    return workspace.answer(("buying", *grouping_key(workspace), grouped.n_segments), add_up)


def grouping_key(workspace: Workspace) -> tuple[Hashable, ...]:
    """What tells these customers, as compared now, from all others."""
    grouping = workspace.grouping
    return (reading_key(workspace), chosen_features(workspace), grouping.preparation, grouping.k_max, grouping.seed)


def shown_key(workspace: Workspace) -> tuple[Hashable, ...]:
    """What tells the segments as they are shown, under their names, from all others."""
    return (*grouping_key(workspace), frozenset(edits(workspace).items()))


def recipe(workspace: Workspace) -> str:
    """How the segments were made, as JSON."""
    with workspace.alone():
        told = analysis(workspace)
    return bundle.recipe(told).to_json()
