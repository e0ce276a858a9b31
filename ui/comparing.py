"""The pieces of the Compare page: which two, by what, who moved."""

from __future__ import annotations

from functools import partial

import streamlit as st

from charts import theme
from charts.comparing import Measure
from core.errors import UserError
from core.exports.csv_files import csv_bytes
from core.exports.recipe import MOST_BYTES
from core.features import catalog
from core.segments.comparison import Comparison, moved_customers
from core.segments.segmentation import Segmentation
from ui import files, measuring, services, sides, tables, widgets
from ui.session import Workspace
from ui.sides import KINDS, Side
from ui.widgets import plain

_MEASURES: dict[Measure, str] = {"customers": "Customers", "revenue": "Revenue"}
_LOOK_SECONDS = 0.3
_MOST_ROWS = 500


def pair(workspace: Workspace) -> tuple[Side, Side]:
    """The two to compare: each a number of segments, another choice of features or preparation, or a recipe."""
    first, second = sides.compared(workspace)
    left, right = st.columns(2, gap="large")
    with left:
        _choice(workspace, "First", 0, first)
    with right:
        _choice(workspace, "Second", 1, second)
    return first, second


def _choice(workspace: Workspace, title: str, at: int, side: Side) -> None:
    change = partial(sides.change, workspace, at)
    st.radio(
        f"{title}:",
        list(KINDS),
        format_func=KINDS.__getitem__,
        horizontal=True,
        **widgets.bound(workspace, f"{title} kind", side.kind, lambda kind: change(kind=kind)),
    )
    if side.kind == "recipe":
        _recipe(workspace, title, at, side)
        return
    widgets.pick(
        workspace,
        f"{title} number",
        f"{title}: number of segments",
        list(range(1, services.sweep(workspace).k_max + 1)),
        side.count,
        lambda count: change(count=count),
    )
    if side.kind == "choice":
        _otherwise(workspace, title, at, side)


def _otherwise(workspace: Workspace, title: str, at: int, side: Side) -> None:
    """Features and preparation of that side's own."""
    measuring.features(
        workspace,
        f"{title}: compare customers by",
        f"{title} features",
        services.features(workspace).distinct,
        side.features,
        lambda names: sides.change(workspace, at, features=tuple(names)),
    )
    with st.expander(f"{title}: preparation"):
        measuring.preparation(workspace, side.preparation, partial(sides.prepare, workspace, at), f"{title} ")


def _recipe(workspace: Workspace, title: str, at: int, side: Side) -> None:
    """A recipe that the visitor hands in. It is read once; its file is then dropped."""
    given = st.file_uploader(
        f"{title}: a recipe.json from the Download page",
        type=["json"],
        key=f"{title} recipe/{workspace.recipes_given}/{workspace.revision}",
        max_upload_size=max(1, MOST_BYTES // 1_000_000),
    )
    if given is not None:
        sides.put(workspace, at, sides.with_recipe(side, given.name, given.getvalue()))
        workspace.recipes_given += 1
        files.drop(given)
        widgets.run_again()
    if side.refusal is not None:
        widgets.problem(side.refusal)
    elif side.recipe is None:
        st.caption("Hand in a recipe, and these customers are put into its segments.")
    else:
        used = ", ".join(plain(catalog.feature(name).label) for name in side.recipe.features)
        st.caption(f"{plain(side.name)}: {theme.count(side.recipe.k, 'segment')}, by {used}.")
        for doubt in sides.doubts(workspace, side):
            st.caption(f":material/info: {plain(doubt)}")


def waited_for(workspace: Workspace, side: Side) -> None:
    """Until the fit that the side needs is there. The visitor can leave at each look at it."""
    job, place = sides.fitting(workspace, side), st.empty()
    while job is not None and job.running:
        place.caption("Grouping the customers by the other choice …")
        job.wait(_LOOK_SECONDS)
    place.empty()


def adoption(workspace: Workspace, pair: tuple[Side, Side]) -> None:
    """A way to take over a recipe's names and plans for the segments of this file."""
    found = sides.to_adopt(workspace, pair)
    if found is None:
        return
    count, changes = found
    if not changes:
        st.caption("No segment of the recipe has mostly the same customers as one of yours, so its names stay there.")
    elif st.button(
        "Use the recipe's names and plans",
        help=f"For {len(changes)} of your {count} segments: those with mostly the same customers as one of its own.",
    ):
        try:
            services.adopt(workspace, count, changes)
        except UserError as error:
            widgets.problem(error)
            return
        widgets.run_again()


def measure(workspace: Workspace, comparison: Comparison) -> Measure:
    """What the width of a band stands for."""
    if not comparison.has_money:
        return "customers"
    chosen: Measure = st.radio(
        "Width of the bands",
        list(_MEASURES),
        format_func=_MEASURES.__getitem__,
        horizontal=True,
        **widgets.bound(workspace, "flow measure", workspace.seen.get("flow measure", "customers")),
    )
    return chosen


def side(title: str, segmentation: Segmentation) -> None:
    """One of the two, as a table."""
    st.markdown(f"**{title}: {theme.count(segmentation.n_segments, 'segment')}**")
    widgets.frame(tables.summary(segmentation), f"{title}: means of {segmentation.n_segments} segments.")


def movers(comparison: Comparison, first: Segmentation, second: Segmentation) -> None:
    """Each flow that leaves its match, the largest first, and the customers in it."""
    table = tables.movers(comparison)
    if table.empty:
        st.caption("Nobody moved.")
        return
    widgets.frame(table, "Flows of customers between segments.")
    st.download_button(
        "Customers who moved (CSV)",
        lambda: csv_bytes(moved_customers(comparison, first, second)),
        file_name="moved.csv",
        mime="text/csv",
        help="One row a customer, with both segments.",
        on_click="ignore",
    )
