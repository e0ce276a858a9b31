"""What every page begins with. Nothing here relies on app.py having run: a page can be opened by its own address."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from core.errors import UserError
from ui import navigation, session, widgets
from ui.navigation import Step
from ui.session import Workspace


def open_page(step: Step) -> Workspace:
    """Set up the page, draw the menu, and say what is missing where the page lacks its input.

    Returns
    -------
    The visitor's workspace. Where orders are missing the page ends here.
    """
    st.set_page_config(page_title=f"{step.title} – Elbow Room", layout="wide")
    workspace = session.workspace()
    _menu(workspace)
    st.title(step.title)
    st.caption(step.purpose)
    # What a former page or a visitor who left still holds, large tables among it. Streamlit would look through all
    # objects after each move of a slider too (runner.postScriptGC).
    gc.collect()
    if step.needs_orders and not workspace.has_orders:
        st.info("There are no orders yet. Upload a file, or start with a sample; then this page has something to show.")
        st.page_link(navigation.UPLOAD.script, label="Go to Upload", icon=":material/arrow_back:")
        st.stop()
    return workspace


@contextmanager
def explained() -> Iterator[None]:
    """Show an error that the visitor can mend, with what to do, and end the page there."""
    try:
        yield
    except UserError as error:
        widgets.problem(error)
        st.stop()


def next_step(step: Step) -> None:
    """A link to the page that comes after."""
    st.divider()
    following = navigation.STEPS[step.number]
    st.page_link(following.script, label=f"Next: {following.title}", icon=":material/arrow_forward:")


def _menu(workspace: Workspace) -> None:
    with st.sidebar:
        st.markdown("### Elbow Room")
        st.caption("From orders to customer segments")
        for each in navigation.STEPS:
            st.page_link(each.script, label=each.label)
        st.divider()
        if workspace.has_orders:
            names = ", ".join(upload.name for upload in workspace.uploads)
            st.caption("At work on")
            st.text(names if len(names) <= 60 else names[:59] + "…")
            if st.button(
                "Forget my data", key="forget", help="Remove the file, its copy on the server and all results."
            ):
                workspace.forget()
                st.switch_page(navigation.UPLOAD.script)
        else:
            st.caption("Your file stays on this server, for your visit only.")
