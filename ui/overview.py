"""What the orders show, on the Upload page: computed and drawn only where a visitor opens it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from charts import features as measures
from charts import overview as charts
from charts import theme
from core.features import catalog
from core.features.distributions import differing
from core.orders.overview import Overview
from ui import files, services, widgets
from ui.session import Workspace


def show(workspace: Workspace) -> None:
    """Months, products and channels, customers, and who comes back: what of it the file tells."""
    of_customers = files.of_customers(workspace)
    st.header("What the customers show" if of_customers else "What the orders show")
    what = "How the customers differ" if of_customers else "Months, products, customers, and who comes back"
    place = st.expander(what, key="overview", on_change="rerun")
    if not place.open:
        return
    with place, st.spinner("Adding up …"):
        found = services.overview(workspace)
        if found is not None:
            _orders(found)
        _customers(workspace)
        if found is not None:
            _coming_back(found)


def _orders(found: Overview) -> None:
    st.subheader("Month by month")
    _side_by_side([charts.months(found, "revenue"), charts.months(found, "orders")], "months")
    splits = [*([found.products] if found.products else []), *found.splits]
    if splits:
        st.subheader("What is bought, and where it comes from")
        st.caption(f"An order is worth {widgets.money(found.avg_order_value, found.currency)} on average.")
        _side_by_side([charts.items(split, found.currency) for split in splits], "split")


def _customers(workspace: Workspace) -> None:
    features = services.features(workspace)
    st.subheader("How the customers differ")
    # Scores say where a customer stands among all, so each is as frequent as the others.
    spread = [name for name in differing(features) if catalog.feature(name).unit is not catalog.Unit.SCORE]
    heatmap = services.recency_by_revenue(workspace)
    if heatmap is not None:
        widgets.altair_chart(charts.recency_by_revenue(heatmap, features.currency), key="recency by revenue")
    _side_by_side(
        [measures.histogram(name, features.values[name], features.currency) for name in spread], "distribution"
    )


def _coming_back(found: Overview) -> None:
    drawn = charts.retention(found.cohorts)
    if drawn is None:
        return
    st.subheader("Who comes back")
    widgets.altair_chart(drawn, key="retention")
    told = "Each row holds the customers whose first order in the file was in that month, and their number."
    if found.cohorts.earlier_customers:
        told += f" Not shown: {theme.count(found.cohorts.earlier_customers)} of earlier months."
    st.caption(told)


def _side_by_side(drawn: Sequence[Any], name: str) -> None:
    """Charts in two columns that become one where the screen is narrow."""
    for start in range(0, len(drawn), 2):
        for place, (column, chart) in enumerate(zip(st.columns(2), drawn[start : start + 2], strict=False), start):
            with column:
                widgets.altair_chart(chart, key=f"{name} {place}")
