"""The pieces of the Choose k page: the slider, the growing curves, the verdict."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from charts import choosing as charts
from charts import theme
from core.clustering.choice import Advice
from core.clustering.sweep import Sweep
from ui import services, widgets
from ui.frame import explained
from ui.jobs import SweepJob
from ui.session import Workspace
from ui.widgets import plain

_REDRAW_SECONDS = 0.4


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
        workspace.grouping = replace(grouping, k_max=int(k_max), min_share=float(percent) / 100)
        workspace.n_clusters = min(workspace.n_clusters, int(k_max)) if workspace.n_clusters else None
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
    running, partial = job.running, job.partial
    done = len(partial.fits) if partial else 0
    if running:
        widgets.progress(job)
    if partial is None or done < 2:
        st.caption("The first points of the curves will be here in a moment.")
        return
    advice = None if running else services.advice(workspace)
    chosen = _slider(workspace, partial, advice)
    left, right = st.columns(2)
    with left:
        widgets.altair_chart(charts.elbow(partial, chosen, advice, partial.k_max), key="elbow")
    with right:
        widgets.altair_chart(charts.silhouette(partial, chosen, advice, partial.k_max), key="silhouette")
    if advice is not None:
        _verdict(advice, chosen)
    found = services.early_segmentation(workspace, chosen)
    if found is None:
        st.caption(f"{chosen} segments are not computed yet.")
        return
    widgets.altair_chart(charts.sizes(found, theme.palette(found), workspace.grouping.min_share), key="sizes")


def _slider(workspace: Workspace, partial: Sweep, advice: Advice | None) -> int:
    current = workspace.n_clusters or (advice.k if advice else 2)
    if partial.k_max <= 2:
        st.caption("These customers differ too little for more than two segments.")
        return 2
    chosen = st.slider(
        "Number of segments (k)",
        2,
        partial.k_max,
        key=widgets.bound(workspace, f"k {advice is not None} {partial.k_max}", min(current, partial.k_max)),
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
