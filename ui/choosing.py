"""The pieces of the Choose k page: the slider, the growing curves, the verdict."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from charts import choosing as charts
from charts import lineage, theme
from core.clustering.choice import Advice
from core.clustering.sweep import Sweep
from ui import services, widgets
from ui.frame import explained
from ui.jobs import Ahead, SweepJob
from ui.session import Workspace
from ui.widgets import plain

_REDRAW_SECONDS = 0.4
Spec = dict[str, Any]


def limits(workspace: Workspace) -> None:
    """How far to go, and how small a segment may be."""
    with st.expander("Settings"):
        left, right = st.columns(2)
        grouping = workspace.grouping
        with left:
            k_max = st.number_input(
                "Try up to this many segments", 3, 20, key=widgets.bound(workspace, "k max", grouping.k_max)
            )
        with right:
            percent = st.number_input(
                "Smallest useful segment, in percent of customers",
                0.0,
                25.0,
                step=0.5,
                key=widgets.bound(workspace, "min share", 100 * grouping.min_share),
                help="A segment below this is too small for a campaign of its own; the advice avoids it.",
            )
    if (k_max, percent) != (grouping.k_max, 100 * grouping.min_share):
        services.limit(workspace, int(k_max), float(percent) / 100)
        st.rerun()


def curves(workspace: Workspace) -> None:
    """Slider, curves and sizes; a change of the slider redraws these alone."""
    running = services.sweep_job(workspace).running
    st.fragment(_curves, run_every=_REDRAW_SECONDS if running else None)(workspace, running)


def _curves(workspace: Workspace, was_running: bool) -> None:
    job = services.sweep_job(workspace)
    if was_running and not job.running:
        st.rerun()
    with explained():  # the page's own is not there when the fragment runs again by itself
        _drawn(workspace, job)


def _drawn(workspace: Workspace, job: SweepJob) -> None:
    running, fitted = job.running, job.partial
    done = len(fitted.fits) if fitted else 0
    if running:
        widgets.progress(job)
    if fitted is None or done < 2:
        st.caption("The first points of the curves will be here in a moment.")
        return
    advice = None if running else services.advice(workspace)
    chosen = _slider(workspace, fitted, advice)
    elbow, silhouette, sizes = _pictures(workspace, fitted, advice, chosen)
    left, right = st.columns(2)
    with left:
        widgets.vega_chart(elbow, key="elbow")
    with right:
        widgets.vega_chart(silhouette, key="silhouette")
    if advice is not None:
        _verdict(advice, chosen)
        _look_ahead(workspace, fitted, advice)
    if sizes is None:
        st.caption(f"{chosen} segments are not computed yet.")
        return
    widgets.vega_chart(sizes, key="sizes")
    if advice is not None:
        _family(workspace, chosen)


def _family(workspace: Workspace, chosen: int) -> None:
    """How these segments came about, what one more would change, and the tree of all."""
    st.header("How the segments split")
    sentences, step, tree = _family_pictures(workspace, chosen)
    for sentence in sentences:
        st.markdown(sentence)
    widgets.vega_chart(step, key="step")
    widgets.vega_chart(tree, key="tree")


def _family_pictures(workspace: Workspace, chosen: int) -> tuple[list[str], Spec, Spec]:
    """The sentences, the step to one segment more, or to the last where there is none, and the tree."""

    def draw() -> tuple[list[str], Spec, Spec]:
        born, currency = services.generations(workspace), services.features(workspace).currency
        told = []
        if chosen < len(born):
            more = services.split(workspace, chosen)
            told.append(f"**One more segment, {chosen} → {chosen + 1}.** {plain(more.words())}")
        if chosen > 2 or chosen == len(born):
            last = services.split(workspace, chosen - 1)
            told.append(f"**Before, {chosen - 1} → {chosen}.** {plain(last.words())}")
        return (
            told,
            lineage.step(born[min(chosen, len(born) - 1)], chosen, currency).to_dict(),
            lineage.tree(born, chosen, currency).to_dict(),
        )

    return workspace.answer(("family", *services.grouping_key(workspace), chosen), draw)


def _pictures(
    workspace: Workspace, fitted: Sweep, advice: Advice | None, chosen: int
) -> tuple[Spec, Spec, Spec | None]:
    """Elbow, silhouette and, where that number is done, sizes, ready to be sent. To make them takes most of a move."""
    least = workspace.grouping.min_share

    def draw() -> tuple[Spec, Spec, Spec | None]:
        found = services.early_segmentation(workspace, chosen)
        return (
            charts.elbow(fitted, chosen, advice, fitted.k_max).to_dict(),
            charts.silhouette(fitted, chosen, advice, fitted.k_max).to_dict(),
            charts.sizes(found, theme.palette(found), least).to_dict() if found is not None else None,
        )

    told = (chosen, len(fitted.fits), advice.k if advice else None, least)
    return workspace.answer(("pictures", *services.grouping_key(workspace), *told), draw)


def _look_ahead(workspace: Workspace, sweep: Sweep, advice: Advice) -> None:
    """Draw for every number of segments, those around the advised one first, before the slider gets there."""

    def choices() -> tuple[object, ...]:
        return workspace.content, workspace.cleaning, workspace.grouping

    asked = choices()

    def look(count: int, draw: Callable[[int], object]) -> None:
        # Not the answers' key, for which a choice that cannot be met raises an error: here it is the page's to show.
        if choices() == asked:
            draw(count)

    steps: tuple[Callable[[int], object], ...] = (
        lambda count: services.early_segmentation(workspace, count),
        lambda count: _pictures(workspace, sweep, advice, count),
        lambda count: _family_pictures(workspace, count),
    )

    def begin() -> Ahead:
        if workspace.ahead is not None:
            workspace.ahead.stop()
        counts = sorted(range(2, sweep.k_max + 1), key=lambda count: abs(count - advice.k))
        # In small steps, so that a page that waits for its turn waits less.
        tasks = [partial(look, count, draw) for count in counts for draw in steps]
        workspace.ahead = Ahead(tasks, workspace.alone)
        return workspace.ahead

    key = ("ahead", *services.grouping_key(workspace), advice.k, workspace.grouping.min_share)
    workspace.answer(key, begin)


def _slider(workspace: Workspace, fitted: Sweep, advice: Advice | None) -> int:
    current = workspace.n_clusters or (advice.k if advice else 2)
    if fitted.k_max <= 2:
        st.caption("These customers differ too little for more than two segments.")
        return 2
    chosen = st.slider(
        "Number of segments (k)",
        2,
        fitted.k_max,
        key=widgets.bound(workspace, f"k {advice is not None} {fitted.k_max}", min(current, fitted.k_max)),
        help="Move it with the mouse or the arrow keys. Nothing is computed again.",
    )
    if chosen != current:
        workspace.n_clusters = chosen
    return chosen


def _verdict(advice: Advice, chosen: int) -> None:
    first, *others = advice.reasons
    with st.container(border=True):
        st.markdown(f"**{plain(first)}**" + ("" if chosen == advice.k else f" You chose {chosen}."))
        for reason in others:
            st.markdown(plain(reason))
