"""Segments in other people's terms on the Explore page: conditions for tools, SQL, the classic groups."""

from __future__ import annotations

import streamlit as st

from charts import exploring as charts
from charts import theme
from core.segments.rfm import SCORES
from core.segments.rules import MOST_CONDITIONS
from core.segments.rules_sql import Dialect, case
from core.segments.segmentation import Segmentation
from ui import services, widgets
from ui.session import Workspace
from ui.widgets import plain

_DIALECTS: dict[Dialect, str] = {
    "duckdb": "DuckDB",
    "bigquery": "BigQuery",
    "snowflake": "Snowflake",
    "postgres": "Postgres",
    "spark": "Spark",
}


def rules(workspace: Workspace, segmentation: Segmentation) -> None:
    """What to type into a tool that builds a group of customers from conditions, and how well that works."""
    st.markdown(
        "Many email and shop tools take no list, only conditions. These come closest to each segment with at most "
        f"{MOST_CONDITIONS} conditions. A list from the Download page is exact."
    )
    place = st.expander("The rules in words", key="rules in words", on_change="rerun")
    if not place.open:
        return
    with place:
        with st.spinner("Looking for the shortest rules …"):
            found = services.rules(workspace)
        for segment, rule in zip(segmentation.segments, found.segments, strict=True):
            st.markdown(f"**{plain(theme.label(segment))}:** {plain(rule.in_words(found.currency))}.")
            st.caption(plain(rule.verdict()) + ("" if rule.simple else " :material/warning:"))
        order = ", ".join(plain(f"{rule.segment}. {rule.name}") for rule in found.in_order)
        st.caption(
            f"Where a customer meets several rules, take the one named first here: {order}. So "
            f"{theme.percent(found.right / max(found.customers, 1))} of all customers come into their own segment. "
            "A condition says no of customers whose value is unknown, unless it says “or unknown”."
            + (f" Found on a sample of {found.studied:,} customers." if found.studied < found.customers else "")
        )


def sql(workspace: Workspace) -> None:
    """The same rules for a database."""
    place = st.expander("The rules as SQL", key="rules as SQL", on_change="rerun")
    if not place.open:
        return
    with place:
        dialect = widgets.pick(workspace, "SQL dialect", "Database", list(_DIALECTS), "duckdb", told=_DIALECTS)
        with st.spinner("Looking for the shortest rules …"):
            found = services.rules(workspace)
        st.code(case(found, dialect), language="sql")
        st.caption(
            "The columns bear the names that they have in segments.csv, with missing values as NULL. The first rule "
            "that holds gives the segment, the surest rule first; customers whom no rule finds get NULL."
        )


def classic_groups(workspace: Workspace, segmentation: Segmentation) -> None:
    """Which of the groups that marketers know each segment is made of; nothing where the file tells no scores."""
    if not segmentation.features.values.columns.isin(SCORES).any():
        return
    st.header("Against the classic RFM groups")
    place = st.expander("Which classic groups each segment is made of", key="classic groups", on_change="rerun")
    if not place.open:
        return
    found = services.classic_groups(workspace)
    with place:
        widgets.plotly_chart(charts.classic_heatmap(found))
        for segment, words in zip(found.segments, found.in_words(), strict=True):
            st.markdown(f"**{plain(theme.label(segment))}:** {plain(words)}")
        st.caption(
            "Each customer gets 1 to 5 for recency, frequency and revenue by fifths of all customers, and a group by "
            "these three scores, as in R’s package rfm (up to version 0.2). Others are those whom no group knows."
            + (f" Without scores, and left out: {theme.count(found.unscored)}." if found.unscored else "")
        )
