"""The pieces of the Download page."""

from __future__ import annotations

import streamlit as st

from charts import theme
from core.exports.csv_files import csv_bytes
from core.exports.lists import list_name
from core.segments.segmentation import Segmentation
from ui import files, services, taking
from ui.session import Workspace
from ui.widgets import plain


def lists(workspace: Workspace, segmentation: Segmentation) -> None:
    """One CSV a segment, and all of them in a zip."""
    st.caption(
        "One row a customer, with the measures and the contact columns of your file: CSV with commas, in UTF-8, as "
        "other programs take it. To look through customers in Excel take the workbook below: Excel opens some CSV with "
        "all in one column, or with wrong letters."
    )
    for segment in segmentation.segments:
        left, right = st.columns([3, 2], vertical_alignment="center")
        left.markdown(f"**{plain(theme.label(segment))}**, {theme.count(segment.customers)}")
        right.download_button(
            f"List {segment.number} (CSV)",
            lambda number=segment.number: taking.list_file(workspace, number),
            file_name=list_name(segment),
            mime="text/csv",
            key=f"list {segment.number} of {segmentation.n_segments}",
            on_click="ignore",
            width="stretch",
        )
    st.download_button(
        "All lists (zip)",
        lambda: taking.lists_zip(workspace),
        file_name="segment-lists.zip",
        mime="application/zip",
        type="primary",
        on_click="ignore",
    )


def tables(workspace: Workspace) -> None:
    """The tables that the command line writes too."""
    found = services.analysis(workspace)
    with st.container(horizontal=True):
        st.download_button(
            "Workbook (Excel)",
            lambda: taking.workbook(workspace),
            file_name="segments.xlsx",
            mime="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            help="A summary, then a sheet a segment with what its list holds.",
            on_click="ignore",
        )
        for label, name, made in (
            ("All customers (CSV)", "segments.csv", lambda: taking.all_customers(workspace)),
            ("Means by segment (CSV)", "summary.csv", lambda: csv_bytes(found.segmentation.summary())),
            ("Elbow and silhouette (CSV)", "sweep.csv", lambda: csv_bytes(found.sweep.frame())),
            ("Rows set aside (CSV)", "set_aside.csv", lambda: csv_bytes(files.set_aside(workspace))),
        ):
            st.download_button(
                label,
                made,
                file_name=name,
                mime="text/csv",
                key=f"table {name}",
                on_click="ignore",
            )


def report_and_recipe(workspace: Workspace) -> None:
    """The report for people, the recipe for the next time."""
    with st.container(horizontal=True):
        st.download_button(
            "Report (HTML, prints to PDF)",
            lambda: services.report(workspace),
            file_name="report.html",
            mime="text/html",
            on_click="ignore",
        )
        st.download_button(
            "Recipe (JSON)",
            lambda: services.recipe(workspace),
            file_name="recipe.json",
            mime="application/json",
            help="How the file was read, prepared and grouped: enough to make the same segments again.",
            on_click="ignore",
        )
    platforms = workspace.wanted.platforms
    st.download_button(
        "Everything (zip)",
        lambda: taking.everything(workspace, platforms),
        file_name="segments.zip",
        mime="application/zip",
        help="All of the above in one file"
        + (
            ", with the lists for the platform chosen."
            if platforms
            else "; with lists for a platform once one is chosen."
        ),
        on_click="ignore",
    )
