"""Names and plans of the marketer's own, edited where the segment is shown."""

from __future__ import annotations

import streamlit as st

from core.errors import UserError
from core.segments.edits import LONGEST_TEXT, MOST_ACTIONS
from core.segments.generations import Edit
from core.segments.naming import LONGEST_NAME, one_line
from core.segments.playbook import Action, Plan
from core.segments.segmentation import Segment
from ui import services, widgets
from ui.session import Workspace
from ui.widgets import plain

_TEXT_HEIGHT = 90


def name_and_plan(workspace: Workspace, segment: Segment) -> None:
    """A form for a segment's name and plan, drawn where a visitor opens it."""
    count = services.n_clusters(workspace)
    born = services.generations(workspace)[count - 1]
    usual = one_line(born.namings[segment.number - 1].name)
    own = segment.number in born.own_names
    if own:
        st.caption(f"Your name for it; the playbook calls it “{plain(usual)}”.")
    elif segment.name != usual:
        st.caption(f"The playbook calls it “{plain(usual)}”, a name that you gave to another segment.")
    place = st.popover("Edit name and plan", key=f"edit {_shown(segment)}", on_change="rerun")
    if not place.open:
        return
    with place:
        try:
            _form(workspace, segment, edited=born.threads[segment.number - 1] in born.edits)
        except UserError as error:
            widgets.problem(error)


def _form(workspace: Workspace, segment: Segment, *, edited: bool) -> None:
    key = _shown(segment)
    with st.form(f"form {key}", border=False):
        name = _line(workspace, f"name {key}", "Name", segment.name, LONGEST_NAME)
        actions = []
        for at, action in enumerate(_with_room(segment.plan.actions), start=1):
            left, right = st.columns(2)
            with left:
                what = _text(workspace, f"what {at} {key}", f"What to do ({at})", action.what)
            with right:
                why = _text(workspace, f"why {at} {key}", f"Why ({at})", action.why)
            actions.append(Action(what, why))
        measure = _line(workspace, f"measure {key}", "Figure to watch", segment.plan.measure, LONGEST_TEXT)
        subject = _line(workspace, f"subject {key}", "Subject line", segment.plan.subject_line, LONGEST_TEXT)
        with st.container(horizontal=True):
            saved = st.form_submit_button("Save", type="primary", key=f"save {key}")
            back = st.form_submit_button(
                "As in the playbook", key=f"back {key}", disabled=not edited, help="Take back your name and your plan."
            )
    if saved or back:
        change = Edit(name, Plan(tuple(actions), measure, subject)) if saved else Edit()
        services.edit(workspace, segment.number, change)
        widgets.run_again()


def _shown(segment: Segment) -> str:
    """What is edited, for keys: once it is another, the form is closed and its fields are new."""
    return f"{segment.number} {hash((segment.name, segment.plan))}"


def _with_room(actions: tuple[Action, ...]) -> tuple[Action, ...]:
    """The actions, and an empty one to fill in as long as there may be more."""
    return (*actions, Action("", "")) if len(actions) < MOST_ACTIONS else actions


def _line(workspace: Workspace, name: str, label: str, current: str, longest: int) -> str:
    return st.text_input(label, key=widgets.field_key(workspace, name, current), max_chars=longest)


def _text(workspace: Workspace, name: str, label: str, current: str) -> str:
    key = widgets.field_key(workspace, name, current)
    return st.text_area(label, key=key, max_chars=LONGEST_TEXT, height=_TEXT_HEIGHT)
