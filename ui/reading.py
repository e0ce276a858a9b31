"""The pieces of the Upload page around what was understood: the drop zone, the figures, the ledger, rows set aside."""

from __future__ import annotations

import streamlit as st

from charts import ledger as charts
from core.errors import UserError, listed
from core.exports.csv_files import csv_bytes
from core.orders.customers import CustomerTable
from core.orders.ledger import REASONS
from core.orders.understanding import Understood
from ui import files, warehouse, widgets
from ui.session import Workspace
from ui.widgets import plain

_MOST_ROWS = 1_000
_ANY = ""


def drop_zone(workspace: Workspace) -> None:
    """Where a file comes in: the visitor's own, or a sample."""
    left, right = st.columns([3, 2], gap="large")
    with left:
        known = warehouse.named()
        place = left
        if known:
            place, tables = st.tabs(["Your files", "Your warehouse"])
            with tables:
                warehouse.choose(workspace, known)
    with place:
        given = st.file_uploader(
            "Your orders or customers: CSV, TSV, TXT, Excel, Parquet, gz or zip, one file or several",
            type=["csv", "tsv", "txt", "xlsx", "xlsm", "xls", "parquet", "gz", "zip"],
            accept_multiple_files=True,
            key=f"upload/{workspace.revision}",
            help="One row an order or an order line, with a customer, a date and an amount (or quantity and price); or "
            "one row a customer, with numbers to compare customers by.",
        )
        if given:
            with st.spinner("Reading the file …"):
                files.take_uploads(workspace, given)
            # Also after a refusal: the uploader shown now still holds that file, and the next run's is a fresh one.
            widgets.run_again()
    with right:
        st.markdown("**No file at hand?** Start with a sample.")
        for sample in files.SAMPLES:
            if st.button(sample.label, key=f"sample {sample.label}", help=sample.meaning, width="stretch"):
                with st.spinner("Reading the file …"):
                    files.take_sample(workspace, sample)
                widgets.run_again()
    if workspace.refusal is not None:
        widgets.problem(workspace.refusal)


def read(workspace: Workspace) -> Understood | None:
    """The files as understood by the choices made; else what is in the way, for the visitor to choose otherwise."""
    try:
        with st.spinner("Reading every row by what you chose …"):
            return files.lines(workspace)
    except UserError as error:
        widgets.problem(error)
        return None


def headline(lines: Understood) -> None:
    """The file in a few numbers: those that it tells."""
    facts = {"Customers": f"{lines.ledger.used.customers:,}"}
    if lines.orders is not None:
        facts["Orders"] = f"{lines.orders:,}"
    if lines.revenue is not None:
        facts["Revenue"] = widgets.money(float(lines.revenue), lines.reading.currency)
    if lines.first_order is not None and lines.last_order is not None:
        facts["First order"] = f"{lines.first_order:%-d %b %Y}"
        facts["Last order"] = f"{lines.last_order:%-d %b %Y}"
    widgets.numbers(facts)
    if isinstance(lines, CustomerTable):
        st.markdown(
            "Each row is a customer; there are no orders. Customers are compared by "
            f"{plain(listed([measure.header for measure in lines.measures]))}."
        )
    if lines.warnings:
        st.markdown("**Good to know**\n" + "\n".join(f"- {plain(warning)}" for warning in lines.warnings))


def account(workspace: Workspace, lines: Understood) -> None:
    """The ledger, and the rows set aside to look through and to take along."""
    has_money = lines.revenue is not None
    widgets.ledger(lines.ledger, lines.reading.currency, money=has_money)
    left_out = lines.ledger.rows_in - lines.ledger.used.rows
    source = workspace.source
    if not left_out:
        beside = source is not None and source.left_out
        st.success(
            "Every row of the table is used; what else the file holds is named above."
            if beside
            else "Every row is used."
        )
        return
    widgets.altair_chart(charts.fates(lines.ledger, lines.reading.currency, money=has_money))
    rows = "row" if left_out == 1 else "rows"
    with st.expander(f"The {left_out:,} {rows} set aside, with line number and reason"):
        _set_aside(workspace, lines)


def _set_aside(workspace: Workspace, lines: Understood) -> None:
    left, right = st.columns(2)
    words = left.text_input(
        "Search",
        placeholder="A name, an id, a date …",
        **widgets.bound(workspace, "search", workspace.seen.get("search", "")),
    )
    reasons = [_ANY, *(entry.reason for entry in lines.ledger.set_aside)]
    labels = {reason: REASONS[reason] if reason else "Any reason" for reason in reasons}
    with right:
        chosen = widgets.pick(workspace, "reason", "Reason", reasons, _ANY, told=labels)
    table, count = files.search_set_aside(workspace, words, chosen or None, _MOST_ROWS)
    if not count:
        st.caption("No row set aside is like that.")
    else:
        shown = f"the first {_MOST_ROWS:,} are shown" if count > _MOST_ROWS else "all shown"
        st.caption(f"{count:,} {'row' if count == 1 else 'rows'}, {shown}.")
        widgets.frame(
            table.drop(columns="reason").astype("string").fillna(""),
            "Rows set aside, with file, line number, reason and the row's own text.",
            {"file": "File", "line_number": "Line", "why": "Why"},
        )
    st.download_button(
        "Download all rows set aside (CSV)",
        lambda: csv_bytes(files.set_aside(workspace)),
        file_name="set_aside.csv",
        mime="text/csv",
        on_click="ignore",
    )
