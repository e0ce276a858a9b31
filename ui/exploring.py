"""The pieces of the Explore page: cards, summary, cloud of points, the customers of a segment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from charts import exploring as charts
from charts import theme
from charts.theme import Palette
from core.features import catalog
from core.segments.segmentation import BORDERLINE, Segment, Segmentation
from ui import editing, services, tables, widgets
from ui.session import Workspace
from ui.widgets import plain

_CARDS_A_ROW = 3
_MOST_ROWS = 500
_LOOK_SECONDS = 0.3


@contextmanager
def patience(workspace: Workspace) -> Iterator[None]:
    """How far the work that this page needs whole has come. The visitor can leave at each look at it.

    That is the sweep and, while no number of segments was chosen, what the advice rests on.
    """
    job, place = services.sweep_job(workspace), st.empty()
    while job.running:
        widgets.sweep_progress(job.partial, workspace.grouping.k_max, place)
        job.wait(_LOOK_SECONDS)
    if workspace.n_clusters is None:
        checking, k_max = services.evidence_job(workspace), services.sweep(workspace).k_max
        while checking.running:
            widgets.evidence_progress(checking.partial, k_max, place)
            checking.wait(_LOOK_SECONDS)
    place.empty()
    with st.spinner("Grouping the customers …"):
        yield


def cards(workspace: Workspace, segmentation: Segmentation) -> None:
    """A card a segment, the one with the highest mean revenue first."""
    segments = segmentation.segments
    for start in range(0, len(segments), _CARDS_A_ROW):
        places = st.columns(_CARDS_A_ROW)
        for place, segment in zip(places, segments[start : start + _CARDS_A_ROW], strict=False):
            with place, st.container(border=True):
                _card(segment, segmentation.features.currency)
                editing.name_and_plan(workspace, segment)


def _card(segment: Segment, currency: str | None) -> None:
    st.subheader(plain(theme.label(segment)), anchor=False, help=plain(segment.reason) or None)
    with st.container(horizontal=True):
        st.metric(
            "Customers",
            f"{segment.customers:,}",
            theme.percent(segment.share_of_customers) + " of all",
            "off",
            delta_arrow="off",
        )
        if segment.revenue is not None:
            share = segment.share_of_revenue
            delta = f"{theme.percent(share)} of all" if share is not None else None
            st.metric("Revenue", widgets.money(segment.revenue, currency), delta, "off", delta_arrow="off")
    st.markdown(plain(segment.portrait))
    if segment.stability is not None:
        widgets.steadiness(segment.stability)
    with st.expander("What to do"):
        widgets.plan(segment)


def summary(segmentation: Segmentation) -> None:
    """The means of each segment, in units."""
    widgets.frame(tables.summary(segmentation), "Means of each segment.")


def cloud(workspace: Workspace, segmentation: Segmentation, palette: Palette) -> None:
    """Customers by two features that the visitor picks."""
    names = list(dict.fromkeys((*segmentation.preparation.features, *segmentation.features.distinct)))
    usual = tuple(segmentation.preparation.features)
    left, right = st.columns(2)
    with left:
        x = widgets.pick(workspace, "x", "Across", names, usual[-1], told=lambda name: catalog.feature(name).label)
    with right:
        y = widgets.pick(workspace, "y", "Upwards", names, usual[0], told=lambda name: catalog.feature(name).label)
    apart = st.checkbox(
        "Draw small amounts apart (logarithmic scale)",
        **widgets.bound(workspace, "cloud log", workspace.seen.get("cloud log", False)),
    )
    drawn = charts.scatter(segmentation, x, y, palette, spread_x=apart, spread_y=apart)
    widgets.plotly_chart(drawn.figure)
    if drawn.shown < drawn.customers:
        st.caption(f"{drawn.shown:,} of {drawn.customers:,} customers are drawn, of each segment its share.")


def members(workspace: Workspace, segmentation: Segmentation) -> None:
    """The customers of one segment, those on its border marked."""
    segments = {segment.number: theme.label(segment) for segment in segmentation.segments}
    number = widgets.pick(
        workspace,
        f"segment of {len(segments)}",
        "Segment",
        list(segments),
        workspace.seen.get("segment", 1),
        lambda number: workspace.seen.update(segment=number),
        segments,
    )
    table = tables.members(segmentation, number)
    border = int(table[tables.ON_THE_BORDER].sum())
    st.caption(
        f"{theme.count(len(table))}, {border:,} on the border (margin under {BORDERLINE}): nearly as "
        "close to another segment as to this one."
        + (
            f" The first {_MOST_ROWS:,} are shown; the list on the Download page has all."
            if len(table) > _MOST_ROWS
            else ""
        )
    )
    widgets.frame(table.head(_MOST_ROWS), f"Customers of segment {number}.", height=320)
