"""What only the visitor can know of the files. Where a file leaves nothing open, nothing is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.errors import UserError
from core.orders.cleaning import Returns
from core.orders.values import Ambiguity
from ui import files, widgets
from ui.session import Workspace
from ui.widgets import plain

Option = TypeVar("Option", bound=str)
_RETURNS: Mapping[Returns, str] = {
    "net": "Returns lower revenue",
    "ignore": "Leave returns out",
    "as-is": "Count every row as a sale",
}


def ask(workspace: Workspace) -> None:
    """The ambiguities, the currency where there are several, and how returned goods count."""
    for ambiguity in files.questions(workspace):
        _ambiguity(workspace, ambiguity)
    if files.of_customers(workspace):
        return
    _currency(workspace)
    _radio(
        workspace,
        "Returned goods",
        _RETURNS,
        workspace.cleaning.returns,
        lambda returns: files.choose(workspace, returns=returns),
        help="A return is a row with a negative amount or quantity. It never counts as a purchase, unless every row "
        "counts as a sale. What a column of refunds says is taken off its order, unless returns are left out.",
    )


def copies(workspace: Workspace, place: DeltaGenerator) -> None:
    """A switch for rows that are exact copies, where there are any. Counting them reads all rows once more."""
    if files.of_customers(workspace):  # a customer counts once anyway
        return
    with place:
        with st.spinner("Looking for rows that are exact copies …"):
            found = files.copies(workspace)
        if not found.rows:
            return
        key = f"drop copies/{workspace.revision}"
        st.session_state[key] = workspace.cleaning.drop_duplicates

        rows = "1 row that is an exact copy" if found.rows == 1 else f"{found.rows:,} rows that are exact copies"
        elsewhere = f" Of them {found.of_another_file:,} stand in another of the files, and without order numbers "
        elsewhere += "nothing else tells whether that is the same order: leave them out if the files overlap."
        st.toggle(
            f"Leave out {rows} of another",
            key=key,
            on_change=widgets.take_value,
            args=(key, lambda leave_out: files.choose(workspace, drop_duplicates=leave_out)),
            help="The same in every cell. They may be true (the same item, scanned twice) or a slip of the export."
            + (elsewhere if found.of_another_file else ""),
        )


def _ambiguity(workspace: Workspace, ambiguity: Ambiguity) -> None:
    """One question; each option shows what it makes of a value from the file."""
    asked = {"date-order": "Which day is", "decimal": "Which number is"}[ambiguity.kind]
    choices = (ambiguity.taken, ambiguity.other)
    _radio(
        workspace,
        f"{asked} {plain(ambiguity.example)}, in {plain(ambiguity.column)}?",
        {choice.option: choice.words for choice in choices},
        files.answer(workspace, ambiguity),
        lambda option: files.settle(workspace, ambiguity, option),
    )
    st.caption(
        f"The file can be read both ways. Unless you say otherwise, it is {plain(ambiguity.taken.words)}, since "
        f"{plain(ambiguity.because)}."
    )


def _currency(workspace: Workspace) -> None:
    try:
        rows = files.currencies(workspace)
    except UserError:  # the page shows it; a currency that no row has can be taken back here
        rows = {workspace.cleaning.currency: 0} if workspace.cleaning.currency is not None else {}
    if len(rows) < 2:
        return
    _radio(
        workspace,
        "Which currency counts?",
        {code: f"{plain(code)} ({count:,} {'row' if count == 1 else 'rows'})" for code, count in rows.items()},
        files.lines(workspace).reading.counted or "",
        lambda currency: files.choose(workspace, currency=currency),
        help="Amounts in different currencies are never added up; rows in the others are set aside.",
    )


def _radio(
    workspace: Workspace,
    label: str,
    options: Mapping[Option, str],
    current: str,
    chosen: Callable[[Option], None],
    help: str | None = None,
) -> None:
    key = f"{label} {workspace.content}/{workspace.revision}"
    st.session_state[key] = current
    st.radio(
        label,
        list(options),
        key=key,
        format_func=lambda option: options[option],
        horizontal=True,
        on_change=widgets.take_value,
        args=(key, chosen),
        help=help,
    )
