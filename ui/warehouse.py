"""The Upload page's way to tables: those that the administrator named, and no others."""

from __future__ import annotations

import streamlit as st

from core.errors import UserError
from core.orders.tables import Glance, glance
from core.warehouse.connecting import Terms
from core.warehouse.secrets import Named, connections
from ui import files, widgets
from ui.session import Workspace
from ui.widgets import plain


def named() -> tuple[Named, ...]:
    """The connections in .streamlit/secrets.toml; none where there is no such file, or one that cannot be used."""
    if not st.secrets.load_if_toml_exists():
        return ()
    try:
        known = connections({"connections": st.secrets.get("connections", {})})
    except UserError as error:
        widgets.problem(error)
        return ()
    return tuple(found for found in known if found.tables)


def choose(workspace: Workspace, known: tuple[Named, ...]) -> None:
    """A connection and a table of it; what the table holds; then its rows."""
    left, right = st.columns(2)
    connection = left.selectbox("Connection", known, format_func=lambda one: plain(one.name), key="connection")
    table = right.selectbox(
        "Table", connection.tables, format_func=lambda one: plain(one.table), key=f"table of {connection.name}"
    )
    if st.button("Look at the table", key="look at table"):
        workspace.looked = None
        try:
            with st.spinner("Asking the database …"):
                workspace.looked = glance(table, Terms(connection.timeout_seconds))
        except UserError as error:
            widgets.problem(error)
    found = workspace.looked
    if found is None or found.address != table:
        return
    _told(found)
    if found.estimate.rows > connection.most_rows:
        st.warning(
            f"That is more than the {connection.most_rows:,} rows that may be brought here. The command line works on "
            "such a table where it lies."
        )
    elif st.button("Bring its rows here", key="bring table", type="primary"):
        with st.spinner("Bringing the rows here …"):
            files.take_table(workspace, connection, table)
        widgets.run_again()


def _told(found: Glance) -> None:
    estimate = found.estimate
    facts = {"Rows": f"{'' if estimate.exact else 'about '}{estimate.rows:,}", "Columns": f"{len(found.columns):,}"}
    if estimate.cost is not None:
        facts["Cost by the database's own reckoning"] = f"{estimate.cost:,.0f}"
    widgets.numbers(facts)
    st.caption(plain(", ".join(found.columns)))
