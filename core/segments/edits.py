"""What a marketer calls a segment and plans for it, in place of the playbook's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from core.errors import UserError
from core.segments.generations import Edit, Generation, Thread
from core.segments.naming import LONGEST_NAME, one_line
from core.segments.playbook import Action, Plan

Edits = Mapping[Thread, Edit]
LONGEST_TEXT = 1_000
"""Letters of any one text of a plan."""
MOST_ACTIONS = 6


class NameTakenError(UserError):
    """Two segments would have one name."""

    code = "name-taken"


class UnusablePlanError(UserError):
    """A plan without anything to do, or too long to be read."""

    code = "unusable-plan"


def edited(born: Generation, number: int, edit: Edit, line: tuple[Generation, ...]) -> dict[Thread, Edit]:
    """All edits once one more was made.

    Parameters
    ----------
    born : the generation whose segment is edited
    number : that segment's, from 1
    edit : its name and plan from now on; None, or the playbook's own, for the playbook's
    line : every generation of the sweep, with the edits made before

    Raises
    ------
    NameTakenError : another segment of `born` is called so, or one that she named herself and that stands beside this
        one with some other number of segments. Case makes no difference.
    UnusablePlanError

    Notes
    -----
    A name that only the playbook gave elsewhere is no obstacle: there the playbook's gets a number.
    """
    place = number - 1
    naming, thread = born.namings[place], born.threads[place]
    plan = _tidy(edit.plan) if edit.plan is not None else None
    name = one_line(edit.name or "")
    if len(name) > LONGEST_NAME:
        raise NameTakenError(f"The name has {len(name)} letters.", hint=f"At most {LONGEST_NAME} fit on a card.")
    kept = Edit(
        name=name if name and name != one_line(naming.name) else None,
        plan=plan if plan != naming.archetype.plan else None,
    )
    if name:
        _refuse_taken(name, born, place)
    if kept.name:
        for other in line:
            if thread in other.threads:
                _refuse_taken(kept.name, other, other.threads.index(thread), among=other.own_names)
    others = {each: known for each, known in born.edits.items() if each != thread}
    return {**others, thread: kept} if kept != Edit() else others


def _refuse_taken(name: str, born: Generation, place: int, among: Mapping[int, str] | None = None) -> None:
    """Refuse the name of another place's segment, or of those whose numbers are in `among`."""
    for number, other in enumerate(born.names, start=1):
        counts = among is None or number in among
        if counts and number != place + 1 and other.casefold() == name.casefold():
            raise NameTakenError(
                f"With {born.n_segments} segments, segment {number} is called “{other}” already.",
                hint="Choose another name, or rename that segment first: lists are told apart by name.",
            )


def _tidy(plan: Plan) -> Plan:
    """The plan without what was left blank, each text on one line."""
    told = [Action(one_line(action.what), one_line(action.why)) for action in plan.actions]
    plan = replace(
        plan,
        actions=tuple(action for action in told if action.what or action.why),
        measure=one_line(plan.measure),
        subject_line=one_line(plan.subject_line),
    )
    if not plan.actions or not all(action.what for action in plan.actions):
        raise UnusablePlanError(
            "A plan needs at least one thing to do, and a reason needs a thing to do that it is for.",
            hint="Fill in what to do, or go back to the playbook's plan.",
        )
    texts = [plan.measure, plan.subject_line, *(text for a in plan.actions for text in (a.what, a.why))]
    if len(plan.actions) > MOST_ACTIONS or max(map(len, texts)) > LONGEST_TEXT:
        raise UnusablePlanError(
            f"A plan holds up to {MOST_ACTIONS} things to do, each text up to {LONGEST_TEXT:,} letters.",
            hint="Shorten it: the plan is printed on the segment's page of the report.",
        )
    return plan
