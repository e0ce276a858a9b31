"""The pieces of the Compare page: which two, by what, who moved."""

from __future__ import annotations

import streamlit as st

from charts import theme
from charts.comparing import Measure
from core.segments.comparison import Comparison
from core.segments.segmentation import Segmentation
from ui import services, tables, widgets
from ui.session import Workspace

_MEASURES: dict[Measure, str] = {"customers": "Customers", "revenue": "Revenue"}


def pair(workspace: Workspace) -> tuple[int, int]:
    """The two numbers of segments to compare."""
    most = services.sweep(workspace).k_max
    chosen = services.n_clusters(workspace)
    usual = (chosen, chosen + 1) if chosen < most else (max(2, chosen - 1), chosen)
    current = workspace.compared or usual
    options = list(range(1, most + 1))
    left, right = st.columns(2)
    with left:
        before = widgets.pick(workspace, "before", "First: number of segments", options, current[0])
    with right:
        after = widgets.pick(workspace, "after", "Second: number of segments", options, current[1])
    workspace.compared = (before, after)
    return before, after


def measure(workspace: Workspace, comparison: Comparison) -> Measure:
    """What the width of a band stands for."""
    if not comparison.has_money:
        return "customers"
    chosen: Measure = st.radio(
        "Width of the bands",
        list(_MEASURES),
        key=widgets.bound(workspace, "flow measure", "customers"),
        format_func=_MEASURES.__getitem__,
        horizontal=True,
    )
    return chosen


def side(segmentation: Segmentation) -> None:
    """One of the two, as a table."""
    st.markdown(f"**{theme.count(segmentation.n_segments, 'segment')}**")
    widgets.frame(tables.summary(segmentation), f"Means of {segmentation.n_segments} segments.")


def movers(workspace: Workspace, comparison: Comparison) -> None:
    """Each flow that leaves its match, the largest first."""
    table = tables.movers(comparison)
    if table.empty:
        st.caption("Nobody moved.")
        return
    widgets.frame(table, "Flows of customers between segments.")
