"""The texts of playbook.toml: what each kind of customer is called, and what to do for them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from core.errors import UserError

DIMENSIONS = ("value", "recency", "frequency")
# What a name may rest on: "Big spenders" needs money, "Hibernating" needs dates.
NEEDS = frozenset({*DIMENSIONS, "money"})
_SECTIONS = ("phrases", "conditions", "leanings", "archetype", "everyone", "unnamed")
_FIELDS = ("key", "name", "position", "bounds", "needs", "description", "measure", "subject_line", "actions")


class PlaybookError(UserError):
    """playbook.toml was edited into something that can't be read."""

    code = "unusable-playbook"

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"The playbook can't be used: {where}: {problem}.", hint="Mend that entry of playbook.toml.")


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do for a segment, and why it should work."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do for a segment, how to see whether it worked, and a line to open with."""

    actions: tuple[Action, ...]
    measure: str
    subject_line: str

    def as_dict(self) -> dict[str, Any]:
        """The plan as JSON has it."""
        return {
            "actions": [{"what": action.what, "why": action.why} for action in self.actions],
            "measure": self.measure,
            "subject_line": self.subject_line,
        }


@dataclass(frozen=True, slots=True)
class Archetype:
    """A kind of customer that marketers know by name.

    `position` says where among all customers such people typically stand: for each of value, recency and frequency
    a share from 0 (worst of all) to 1 (best of all). It is empty for the two that are not found by position.
    `bounds` says between which shares the name and description are true; a dimension without any may be anything.
    """

    key: str
    name: str
    description: str
    position: Mapping[str, float]
    bounds: Mapping[str, tuple[float, float]]
    needs: frozenset[str]
    plan: Plan

    def is_true_of(self, position: Mapping[str, float]) -> bool:
        """Whether the name and description hold of people who stand there, as far as it is known."""
        known = ((position[name], least, most) for name, (least, most) in self.bounds.items() if name in position)
        return all(least <= share <= most for share, least, most in known)


@dataclass(frozen=True, slots=True)
class Playbook:
    """Every archetype, and how a portrait words each measure."""

    archetypes: tuple[Archetype, ...]  # those with a position, in the file's order
    everyone: Archetype  # a single segment of all customers
    unnamed: Archetype  # nothing is known that a name could rest on
    phrases: Mapping[str, str]  # feature name -> "spend {} each"
    conditions: Mapping[str, str]  # feature name -> how a condition on it reads: "last order {} ago"
    leanings: Mapping[str, tuple[str, str]]  # feature name -> what those with more, and with less of it, do

    def archetype(self, key: str) -> Archetype:
        """The archetype of that key.

        Raises
        ------
        KeyError : where there is none
        """
        return {a.key: a for a in (*self.archetypes, self.everyone, self.unnamed)}[key]


@cache
def playbook() -> Playbook:
    """The playbook that ships with the product."""
    return parse(resources.files("core.segments").joinpath("playbook.toml").read_text("utf-8"))


def parse(text: str) -> Playbook:
    """A playbook from the text of a TOML file.

    Raises
    ------
    PlaybookError : naming the entry and what is wrong with it
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PlaybookError("the file", f"it is not TOML ({error})") from None
    _only(document, _SECTIONS, "the file")
    entries = document.get("archetype")
    if not isinstance(entries, list) or not entries:
        raise PlaybookError("the file", "there is no [[archetype]] in it")
    archetypes = tuple(_archetype(entry, f"archetype {at}") for at, entry in enumerate(entries, start=1))
    special = {key: _special(document, key) for key in ("everyone", "unnamed")}
    everybody = (*archetypes, *special.values())
    for what, told in (("key", [a.key for a in everybody]), ("name", [a.name.casefold() for a in everybody])):
        twice = sorted({one for one in told if told.count(one) > 1})
        if twice:
            raise PlaybookError("the file", f"the {what} {twice[0]!r} stands there twice")
    return Playbook(
        archetypes,
        special["everyone"],
        special["unnamed"],
        _phrases(document.get("phrases", {}), "phrases"),
        _phrases(document.get("conditions", {}), "conditions"),
        _leanings(document.get("leanings", {})),
    )


def _special(document: Mapping[str, Any], key: str) -> Archetype:
    if not isinstance(document.get(key), dict):
        raise PlaybookError("the file", f"there is no [{key}] in it")
    return _archetype({**document[key], "key": key, "position": {}, "bounds": {}, "needs": []}, key)


def _archetype(entry: Any, where: str) -> Archetype:
    if not isinstance(entry, dict):
        raise PlaybookError(where, "it is not a table")
    key = _text(entry, "key", where)
    where = f"archetype {key}"
    _only(entry, _FIELDS, where)
    needs = entry.get("needs", [])
    if not isinstance(needs, list) or not NEEDS.issuperset(map(str, needs)):
        raise PlaybookError(where, f"needs may only list {', '.join(sorted(NEEDS))}")
    actions = _actions(entry.get("actions"), where)
    position = _position(entry.get("position"), where, required=key not in ("everyone", "unnamed"))
    return Archetype(
        key=key,
        name=_text(entry, "name", where),
        description=_text(entry, "description", where),
        position=position,
        bounds=_bounds(entry.get("bounds", {}), position, where),
        needs=frozenset(needs),
        plan=Plan(
            actions=actions,
            measure=_text(entry, "measure", where),
            subject_line=_text(entry, "subject_line", where),
        ),
    )


def _actions(actions: Any, where: str) -> tuple[Action, ...]:
    if not isinstance(actions, list) or not 2 <= len(actions) <= 3:
        raise PlaybookError(where, "it needs two or three actions")
    told = []
    for at, action in enumerate(actions, start=1):
        here = f"{where}, action {at}"
        if not isinstance(action, dict):
            raise PlaybookError(here, "it is not a table with what and why")
        _only(action, ("what", "why"), here)
        told.append(Action(_text(action, "what", here), _text(action, "why", here)))
    return tuple(told)


def _only(entry: Mapping[str, Any], known: Sequence[str], where: str) -> None:
    """A field that nobody reads is most likely a slip of the pen, and what was meant would be missed."""
    unknown = [name for name in entry if name not in known]
    if unknown:
        raise PlaybookError(where, f"{unknown[0]!r} is not known there; it may have {', '.join(known)}")


def _position(position: Any, where: str, *, required: bool) -> dict[str, float]:
    if not required:
        return {}
    if not isinstance(position, dict) or set(position) != set(DIMENSIONS):
        raise PlaybookError(where, f"its position needs {', '.join(DIMENSIONS)}")
    return {dimension: _share(position[dimension], dimension, where) for dimension in DIMENSIONS}


def _bounds(bounds: Any, position: Mapping[str, float], where: str) -> dict[str, tuple[float, float]]:
    if not isinstance(bounds, dict) or not set(bounds) <= set(DIMENSIONS):
        raise PlaybookError(where, f"its bounds may only be of {', '.join(DIMENSIONS)}")
    told = {}
    for dimension, pair in bounds.items():
        if not isinstance(pair, list) or len(pair) != 2:
            raise PlaybookError(where, f"the bounds of {dimension} must be two shares, the smaller first")
        least, most = (_share(share, dimension, where) for share in pair)
        if not least <= position[dimension] <= most:
            raise PlaybookError(where, f"its own {dimension} lies outside its bounds")
        told[dimension] = (least, most)
    return told


def _share(share: Any, dimension: str, where: str) -> float:
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
        raise PlaybookError(where, f"{dimension} must lie between 0 and 1")
    return float(share)


def _phrases(phrases: Any, where: str) -> dict[str, str]:
    if not isinstance(phrases, dict):
        raise PlaybookError(where, "it is not a table")
    for name, phrase in phrases.items():
        if not isinstance(phrase, str) or phrase.count("{}") != 1:
            raise PlaybookError(where, f"{name} must be a text with one {{}} in it, where the figure goes")
    return dict(phrases)


def _leanings(leanings: Any) -> dict[str, tuple[str, str]]:
    if not isinstance(leanings, dict):
        raise PlaybookError("leanings", "it is not a table")
    for name, pair in leanings.items():
        if not isinstance(pair, list) or len(pair) != 2 or not all(isinstance(text, str) and text for text in pair):
            raise PlaybookError("leanings", f"{name} must be two texts: for those with more of it, and with less")
    return {name: (pair[0], pair[1]) for name, pair in leanings.items()}


def _text(entry: Any, name: str, where: str) -> str:
    value = entry.get(name) if isinstance(entry, dict) else None
    if not isinstance(value, str) or not value.strip():
        raise PlaybookError(where, f"{name} is missing or empty")
    return value.strip()
