"""What a marketer calls a segment and plans for it, in place of the playbook's words."""

from __future__ import annotations

from collections.abc import Collection, Mapping
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
    _refuse_shown(one_line(edit.name or ""), born, number)
    return adopted(born, {number: edit}, line)


def adopted(born: Generation, edits: Mapping[int, Edit], line: tuple[Generation, ...]) -> dict[Thread, Edit]:
    """All edits once several were made at once, by the segments' numbers, as from a recipe.

    Parameters and errors as of `edited`; but where one of the playbook's names stands in the way, it gets a number.
    """
    changed = {born.threads[number - 1]: _kept(born, number, edit) for number, edit in edits.items()}
    everything = {thread: edit for thread, edit in {**born.edits, **changed}.items() if edit != Edit()}
    for each in line:
        if not changed.keys().isdisjoint(each.threads):
            _refuse_twice(each.edited(everything), changed)
    return everything


def _kept(born: Generation, number: int, edit: Edit) -> Edit:
    """What is the marketer's own in an edit."""
    naming = born.namings[number - 1]
    plan = _tidy(edit.plan) if edit.plan is not None else None
    name = one_line(edit.name or "")
    if len(name) > LONGEST_NAME:
        raise NameTakenError(f"The name has {len(name)} letters.", hint=f"At most {LONGEST_NAME} fit on a card.")
    return Edit(
        name=name if name and name != one_line(naming.name) else None,
        plan=plan if plan != naming.archetype.plan else None,
    )


def _refuse_shown(name: str, born: Generation, number: int) -> None:
    """Refuse the name that another segment has on the page."""
    for other, shown in enumerate(born.names, start=1):
        if other != number and shown.casefold() == name.casefold():
            raise _taken(born, other, shown)


def _refuse_twice(born: Generation, changed: Collection[Thread]) -> None:
    """Refuse two names of the marketer's own that are one; the error names the segment that had it before."""
    threads, seen = born.threads, dict[str, int]()
    for number, name in sorted(born.own_names.items(), key=lambda own: threads[own[0] - 1] in changed):
        if name.casefold() in seen:
            raise _taken(born, seen[name.casefold()], name)
        seen[name.casefold()] = number


def _taken(born: Generation, number: int, name: str) -> NameTakenError:
    return NameTakenError(
        f"With {born.n_segments} segments, segment {number} is called “{name}” already.",
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
