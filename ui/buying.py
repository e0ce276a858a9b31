"""What the segments buy, on the Explore page: computed and drawn only where a visitor opens it."""

from __future__ import annotations

import streamlit as st

from charts import buying as charts
from charts.theme import Palette
from core.orders.roles import BY_NAME
from core.segments.buying import FEWEST_CUSTOMERS, Affinity
from core.segments.segmentation import Segmentation
from ui import files, services, tables, widgets
from ui.session import Workspace


def show(workspace: Workspace, segmentation: Segmentation, palette: Palette) -> None:
    """Products and channels of each segment, its months, and who comes back; nothing where there are no orders."""
    if files.of_customers(workspace):
        return
    st.header("What they buy")
    place = st.expander("Products, channels, months, and who comes back", key="buying", on_change="rerun")
    if not place.open:
        return
    with place, st.spinner("Adding up …"):
        found = services.buying(workspace)
        if found is None:
            return
        if found.affinities:
            _affinities(found.affinities, segmentation)
        left, right = st.columns(2)
        with left:
            widgets.altair_chart(charts.revenue_by_month(found, segmentation, palette), key="months of segments")
        with right:
            widgets.altair_chart(charts.returning(found, segmentation, palette), key="segments coming back")
        st.caption(
            "Segments are made of what customers did, so that those who order often come back more is no news; how "
            "soon, and for how long, is."
        )


def _affinities(affinities: tuple[Affinity, ...], segmentation: Segmentation) -> None:
    st.caption(
        "100 is like everyone: 200 means that twice as large a share of the segment's money goes there (index). Only "
        f"where at least {FEWEST_CUSTOMERS} of its customers bought it. What a title says holds beyond chance (three "
        "standard errors)."
    )
    for start in range(0, len(affinities), 2):
        for column, affinity in zip(st.columns(2), affinities[start : start + 2], strict=False):
            with column:
                widgets.altair_chart(charts.indices(affinity, segmentation), key=f"index {affinity.role}")
    for affinity in affinities:
        if affinity.role == "product":
            label = BY_NAME[affinity.role].label.lower()
            widgets.frame(tables.most_bought(affinity, segmentation), f"What each segment spends the most on: {label}.")
