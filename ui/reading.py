"""The pieces of the Upload page: the drop zone, the columns, the questions, the ledger."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from core.errors import listed
from core.exports import lists
from core.orders.cleaning import Returns
from core.orders.customers import CustomerTable
from core.orders.grammar import SPACES
from core.orders.roles import ROLES, Role
from core.orders.source import SourceFile
from core.orders.understanding import Understood
from ui import services, widgets
from ui.session import Workspace
from ui.widgets import plain

_ALWAYS_SHOWN = ("customer_id", "order_id", "order_date", "quantity", "unit_price", "amount", "product")
_OF_CUSTOMERS = ("customer_id", "order_date", "amount")  # a day makes orders of the rows
_NOT_USED = ""
_RETURNS: dict[Returns, str] = {
    "net": "Returns lower revenue",
    "ignore": "Leave returns out",
    "as-is": "Count every row as a sale",
}
_DATE_ORDERS = {"dmy": "Day first: 03/04 is 3 April", "mdy": "Month first: 03/04 is March 4", "ymd": "Year first"}
_DECIMALS = {"point": "1.234 is one and a bit", "comma": "1.234 is one thousand two hundred and thirty-four"}
_SEPARATORS = {
    ",": "comma",
    ", ": "comma and blank",
    ";": "semicolon",
    "\t": "tab",
    "|": "bar",
    " ": "blank",
    SPACES: "blanks",
}
_MOST_ROWS = 1_000
_ROLES_A_ROW = 4


def drop_zone(workspace: Workspace) -> None:
    """Where a file comes in: the visitor's own, or a sample."""
    left, right = st.columns([3, 2], gap="large")
    with left:
        files = st.file_uploader(
            "Your orders or customers: CSV, TSV, TXT, Excel, Parquet, gz or zip, one file or several",
            type=["csv", "tsv", "txt", "xlsx", "xlsm", "xls", "parquet", "gz", "zip"],
            accept_multiple_files=True,
            key=f"upload/{workspace.revision}",
            help="One row an order or an order line, with a customer, a date and an amount (or quantity and price); or "
            "one row a customer, with numbers to compare customers by.",
        )
        if files:
            with st.spinner("Reading the file …"):
                services.take_uploads(workspace, files)
            # Also after a refusal: the uploader shown now still holds that file, and the next run's is a fresh one.
            st.rerun()
    with right:
        st.markdown("**No file at hand?** Start with a sample.")
        for sample in services.SAMPLES:
            if st.button(sample.label, key=f"sample {sample.label}", help=sample.meaning, width="stretch"):
                with st.spinner("Reading the file …"):
                    services.take_sample(workspace, sample)
                st.rerun()
    if workspace.refusal is not None:
        widgets.problem(workspace.refusal)


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
    for warning in lines.warnings:
        st.warning(plain(warning))


def columns(workspace: Workspace) -> None:
    """How the files are written, and which column plays which role, each with a way to change it."""
    source = workspace.source
    if source is None:
        return
    for file in source.files:
        st.markdown(f"{plain(file.name)}: {_told(file)}")
    for what in source.left_out:
        st.caption(f"Left out of {plain(what)}.")
    found = services.recognition(workspace).columns
    always = _OF_CUSTOMERS if services.of_customers(workspace) else _ALWAYS_SHOWN
    with st.expander("Which column is what", expanded=True):
        sample = source.sample(50)
        chosen = dict(workspace.cleaning.columns)
        shown = [role for role in ROLES if role.name in always or role.name in found]
        # Row by row, so that the order stays the same where the screen is narrow and columns stand below each other.
        places = [place for _ in range(0, len(shown), _ROLES_A_ROW) for place in st.columns(_ROLES_A_ROW)]
        for place, role in zip(places, shown, strict=False):
            with place:
                header = _role_choice(workspace, role, found.get(role.name, _NOT_USED), source.headers)
                st.caption(_examples(sample.get(header, [])))
            if header != found.get(role.name, _NOT_USED):
                chosen[role.name] = header
    if chosen != dict(workspace.cleaning.columns):
        services.read_differently(workspace, replace(workspace.cleaning, columns=chosen))
        st.rerun()


def _role_choice(workspace: Workspace, role: Role, current: str, headers: tuple[str, ...]) -> str:
    chosen = st.selectbox(
        role.label,
        [_NOT_USED, *headers],
        key=widgets.bound(workspace, f"role {role.name} {workspace.content}", current),
        format_func=lambda header: header or "(none)",
    )
    return str(chosen)


def _examples(values: list[object]) -> str:
    texts = list(dict.fromkeys(str(value) for value in values if value is not None))[:3]
    return plain(", ".join(text if len(text) <= 24 else text[:23] + "…" for text in texts)) or "no values"


def _told(file: SourceFile) -> str:
    header = "" if file.has_header else ", no header: columns are called by their place"
    if file.sheet is not None:
        return f"{file.rows:,} rows, sheet {plain(file.sheet)}{header}"
    if file.dialect is None:
        return f"{file.rows:,} rows, Parquet"
    encoding = file.dialect.encoding.removesuffix("-sig").upper()
    ragged = f", {file.ragged_rows:,} rows with more or fewer cells than the header" if file.ragged_rows else ""
    return f"{file.rows:,} rows, separated by {_separator(file.dialect.delimiter)}, {encoding}{header}{ragged}"


def _separator(delimiter: str) -> str:
    return _SEPARATORS.get(delimiter) or plain(f"“{delimiter}”")


def questions(workspace: Workspace) -> None:
    """What only the visitor can know; the rest is asked nowhere."""
    options = workspace.cleaning
    if not services.of_customers(workspace):
        with st.container(horizontal=True):
            returns = st.radio(
                "Returned goods",
                list(_RETURNS),
                key=widgets.bound(workspace, "returns", options.returns),
                format_func=_RETURNS.__getitem__,
                horizontal=True,
                help="A return is a row with a negative amount or quantity. It never counts as a purchase, unless "
                "every row counts as a sale.",
            )
        options = replace(options, returns=returns)
    ambiguities = services.ambiguities(workspace)
    for ambiguity in ambiguities:
        st.info(plain(str(ambiguity)), icon=":material/help:")
    kinds = {ambiguity.kind for ambiguity in ambiguities}
    if "date-order" in kinds or workspace.cleaning.date_order:
        order = st.radio(
            "Which number is the day?",
            list(_DATE_ORDERS),
            key=widgets.bound(workspace, "date order", services.date_order(workspace)),
            format_func=_DATE_ORDERS.__getitem__,
            horizontal=True,
        )
        options = replace(options, date_order=order)
    if "decimal" in kinds or workspace.cleaning.decimal:
        mark = st.radio(
            "How are the amounts written?",
            list(_DECIMALS),
            key=widgets.bound(workspace, "decimal", services.decimal(workspace)),
            format_func=_DECIMALS.__getitem__,
            horizontal=True,
        )
        options = replace(options, decimal=mark)
    if options != workspace.cleaning:
        services.read_differently(workspace, options)
        st.rerun()


def account(workspace: Workspace, lines: Understood) -> None:
    """The ledger, and the rows set aside to look through and to take along."""
    widgets.ledger(lines.ledger, lines.reading.currency, money=lines.revenue is not None)
    left_out = lines.ledger.rows_in - lines.ledger.used.rows
    if not left_out:
        st.success("Every row is used.")
        return
    with st.expander(f"The {left_out:,} rows set aside, with line number and reason"):
        table = services.set_aside(workspace)
        if len(table) > _MOST_ROWS:
            st.caption(f"The first {_MOST_ROWS:,} of {len(table):,}; the file has them all.")
        widgets.frame(
            table.head(_MOST_ROWS).astype(str),
            "Rows set aside, with file, line number, reason and the row's own text.",
            {"file": "File", "line_number": "Line", "reason": "Code", "why": "Why"},
        )
        st.download_button(
            "Download these rows (CSV)",
            lambda: lists.csv_bytes(table),
            file_name="set_aside.csv",
            mime="text/csv",
            on_click="ignore",
        )
