"""What a segmentation was made with, as JSON: enough to give new customers the same segments."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import numpy as np
import pandas as pd

from core.errors import UserError
from core.segments.edits import LONGEST_TEXT as LONGEST_WORDS
from core.segments.edits import MOST_ACTIONS
from core.segments.playbook import Action, Plan
from core.segments.segmentation import Segmentation

if TYPE_CHECKING:
    from core.clustering.preparation import Preparation

JSON: TypeAlias = "str | int | float | bool | Sequence[JSON] | Mapping[str, JSON] | None"
Returns = Literal["net", "ignore", "as-is"]

APP = "Elbow Room"
APP_VERSION = "0.1.0"
FORMAT = 1

MOST_BYTES = 5_000_000
MOST_SEGMENTS = 100
MOST_FEATURES = 200
LONGEST_NAME = 200
LONGEST_TEXT = 10_000
DEEPEST = 12
LARGEST_NUMBER = 1e150
"""Beyond this a square overflows, and so would every distance."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class RecipeError(UserError):
    """The recipe is broken, from another program, or from a version that is not known here."""

    code = "unusable-recipe"

    def __init__(self, problem: str) -> None:
        super().__init__(f"This recipe can't be used: {problem}.", hint="Use a recipe.json as Elbow Room wrote it.")


@dataclass(frozen=True, slots=True)
class RecipeSegment:
    """A segment as a recipe keeps it."""

    number: int
    name: str
    archetype: str  # key in the playbook
    plan: Plan | None = None  # None in recipes of before plans went with them


@dataclass(frozen=True, slots=True)
class Recipe:
    """How orders become segments, from reading the file to the centres."""

    reading: Mapping[str, JSON]  # the reading options, as the command line has them
    returns: Returns
    as_of: date | None  # the day that recency counts back from, where one was asked for
    features: tuple[str, ...]  # used for clustering, in the order of the centres' coordinates
    preparation: Mapping[str, Any]  # Preparation.as_dict()
    centers: tuple[tuple[float, ...], ...]  # (k, n_features) in the scaled space, in the order of the segments
    segments: tuple[RecipeSegment, ...]
    seed: int
    app: str = APP
    app_version: str = APP_VERSION

    @property
    def k(self) -> int:
        return len(self.centers)

    def fitted_preparation(self) -> Preparation:
        """The preparation, ready to use.

        Raises
        ------
        RecipeError : where it is none, or of other features
        """
        from core.clustering.preparation import Preparation  # here, since it brings scikit-learn along

        try:
            preparation = Preparation.from_dict(self.preparation)
            if tuple(preparation.features) != self.features:
                raise RecipeError("its preparation is for other features than its centres")
            # Two customers by way of trial: what is damaged shows here, and not among the visitor's own.
            trial = pd.DataFrame({name: [0.0, 1.0] for name in self.features})
            with np.errstate(all="ignore"):
                prepared = [preparation.matrix(trial), preparation.fit_matrix(trial)]
            sound = all(np.isfinite(matrix).all() and matrix.shape == (2, len(self.features)) for matrix in prepared)
        except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError):
            sound = False
        if not sound:
            raise RecipeError("its preparation is damaged")
        return preparation

    def to_json(self) -> str:
        """The recipe as a text that people can read. Numbers come back to the last bit."""
        document = {
            "format": FORMAT,
            "app": self.app,
            "app_version": self.app_version,
            "reading": self.reading,
            "returns": self.returns,
            "as_of": self.as_of.isoformat() if self.as_of else None,
            "features": list(self.features),
            "preparation": self.preparation,
            "k": self.k,
            "seed": self.seed,
            "segments": [
                {**_told(segment), "center": list(center)}
                for segment, center in zip(self.segments, self.centers, strict=True)
            ],
        }
        return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> Recipe:
        """The recipe in a text that may come from anyone.

        Raises
        ------
        RecipeError : saying which part is missing, damaged, too large or unknown
        """
        document = _document(text)
        _bounded(document, "the recipe")
        if document.get("format") != FORMAT or isinstance(document.get("format"), bool):
            raise RecipeError(f"its format is {_short(document.get('format'))}, and only {FORMAT} is known here")
        features = _features(document)
        segments, centers = _segments(document, len(features))
        recipe = cls(
            reading=_mapping(document, "reading"),
            returns=_returns(document),
            as_of=_day(document, "as_of"),
            features=features,
            preparation=_mapping(document, "preparation"),
            centers=centers,
            segments=segments,
            seed=_whole(document, "seed", 0, 2**32 - 1),
            app=_line(document, "app"),
            app_version=_line(document, "app_version"),
        )
        if _whole(document, "k", 1, MOST_SEGMENTS) != recipe.k:
            raise RecipeError("k is not the number of its segments")
        recipe.fitted_preparation()
        return recipe


def recipe_of(
    segmentation: Segmentation, *, reading: Mapping[str, JSON], returns: Returns, seed: int, as_of: date | None = None
) -> Recipe:
    """The recipe of a segmentation.

    Parameters
    ----------
    reading : the reading options as JSON values; kept as they are
    returns : how returned goods were counted
    as_of : the day asked for, or None where recency counts from the last order

    Raises
    ------
    ValueError, TypeError : for an option that JSON has no word for, such as NaN
    """
    return Recipe(
        reading=_as_json(reading),
        returns=returns,
        as_of=as_of,
        features=tuple(segmentation.preparation.features),
        preparation=_as_json(segmentation.preparation.as_dict()),
        centers=tuple(tuple(center) for center in segmentation.centers.tolist()),
        segments=tuple(RecipeSegment(s.number, s.name, s.archetype, s.plan) for s in segmentation.segments),
        seed=seed,
    )


def _as_json(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields as they come back from the file, so that a recipe kept and a recipe read are equal."""
    plain: dict[str, Any] = json.loads(json.dumps(fields, allow_nan=False))
    return plain


def _document(text: str | bytes) -> dict[str, Any]:
    if len(text) > MOST_BYTES:
        raise RecipeError(f"it is larger than {MOST_BYTES // 1_000_000} MB")
    try:
        written = text.decode("utf-8-sig") if isinstance(text, bytes) else text.removeprefix("\ufeff")
        document = json.loads(written, object_pairs_hook=_once, parse_constant=_no_constant)
    except RecursionError:
        raise RecipeError("it is nested too deeply") from None
    except ValueError:  # UnicodeDecodeError, JSONDecodeError, numbers of thousands of digits
        raise RecipeError("it is not JSON text") from None
    if not isinstance(document, dict):
        raise RecipeError("it holds no fields")
    return document


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise RecipeError("a field stands in it twice")
    return fields


def _no_constant(constant: str) -> None:
    raise RecipeError(f"{constant} stands in it where a number should")


def _bounded(value: Any, where: str, depth: int = 0) -> None:
    """Every number finite, every text short, nothing nested deeply: whatever reads this further on can't be hurt."""
    if depth > DEEPEST:
        raise RecipeError("it is nested too deeply")
    if isinstance(value, str):
        if len(value) > LONGEST_TEXT:
            raise RecipeError(f"a text in {where} is too long")
    elif isinstance(value, int | float):
        if not isinstance(value, bool) and not abs(value) < LARGEST_NUMBER:
            raise RecipeError(f"a number in {where} is out of bounds")
    elif isinstance(value, dict):
        for name, inner in value.items():
            _bounded(name, where, depth + 1)
            _bounded(inner, _short(name), depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _bounded(inner, where, depth + 1)


def _features(document: Mapping[str, Any]) -> tuple[str, ...]:
    features = document.get("features")
    if not isinstance(features, list) or not 1 <= len(features) <= MOST_FEATURES:
        raise RecipeError(f"it needs 1 to {MOST_FEATURES} features")
    names = tuple(name for name in features if isinstance(name, str) and name)
    if len(names) < len(features) or len(set(names)) < len(names):
        raise RecipeError("its features are not so many different texts")
    return names


def _segments(
    document: Mapping[str, Any], n_features: int
) -> tuple[tuple[RecipeSegment, ...], tuple[tuple[float, ...], ...]]:
    entries = document.get("segments")
    if not isinstance(entries, list) or not 1 <= len(entries) <= MOST_SEGMENTS:
        raise RecipeError(f"it needs 1 to {MOST_SEGMENTS} segments")
    segments, centers = [], []
    for number, entry in enumerate(entries, start=1):
        if not isinstance(entry, dict) or _whole(entry, "number", 1, MOST_SEGMENTS) != number:
            raise RecipeError("its segments are not numbered 1, 2, 3 and so on")
        plan = _plan(entry["plan"], f"the plan of segment {number}") if "plan" in entry else None
        segments.append(RecipeSegment(number, _line(entry, "name"), _key(entry, "archetype"), plan))
        centers.append(_center(entry.get("center"), number, n_features))
    if len({segment.name.casefold() for segment in segments}) < len(segments):
        raise RecipeError("two of its segments have one name")
    return tuple(segments), tuple(centers)


def _told(segment: RecipeSegment) -> dict[str, Any]:
    fields: dict[str, Any] = {"number": segment.number, "name": segment.name, "archetype": segment.archetype}
    return fields if segment.plan is None else {**fields, "plan": segment.plan.as_dict()}


def _plan(entry: Any, where: str) -> Plan:
    """A plan as `Plan.as_dict` gives it; what was left blank is kept so."""
    actions = entry.get("actions") if isinstance(entry, dict) else None
    if not isinstance(actions, list) or not 1 <= len(actions) <= MOST_ACTIONS:
        raise RecipeError(f"{where} needs 1 to {MOST_ACTIONS} actions")
    return Plan(
        tuple(Action(_words(each, "what", where), _words(each, "why", where)) for each in actions),
        _words(entry, "measure", where),
        _words(entry, "subject_line", where),
    )


def _words(entry: Any, name: str, where: str) -> str:
    value = entry.get(name) if isinstance(entry, dict) else None
    if not isinstance(value, str) or len(value) > LONGEST_WORDS or _CONTROL.search(value):
        raise RecipeError(f"{name} in {where} must be a text of up to {LONGEST_WORDS:,} characters on one line")
    return value


def _center(center: Any, number: int, n_features: int) -> tuple[float, ...]:
    if not isinstance(center, list) or len(center) != n_features:
        raise RecipeError(f"the centre of segment {number} needs {n_features} numbers, one a feature")
    if any(isinstance(x, bool) or not isinstance(x, int | float) or not math.isfinite(x) for x in center):
        raise RecipeError(f"the centre of segment {number} holds something that is no number")
    return tuple(float(x) for x in center)


def _returns(document: Mapping[str, Any]) -> Returns:
    for known in get_args(Returns):
        if document.get("returns") == known:
            return known  # type: ignore[no-any-return]
    raise RecipeError(f"returns must be one of {', '.join(get_args(Returns))}")


def _mapping(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = document.get(name)
    if not isinstance(value, dict):
        raise RecipeError(f"{name} is missing or damaged")
    return value


def _key(entry: Mapping[str, Any], name: str) -> str:
    """A key as the playbook's are; whether it has that one is another question, since playbooks change."""
    key = _line(entry, name)
    if not re.fullmatch(r"[\w -]+", key):
        raise RecipeError(f"{name} must be letters, digits, blanks, - and _")
    return key


def _line(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name)
    # Control characters only: an emoji of several parts holds marks that count as not printable.
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_NAME or _CONTROL.search(value):
        raise RecipeError(f"{name} must be a text of 1 to {LONGEST_NAME} characters on one line")
    return value


def _whole(document: Mapping[str, Any], name: str, least: int, most: int) -> int:
    value = document.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise RecipeError(f"{name} must be a whole number from {least} to {most}")
    return value


def _day(document: Mapping[str, Any], name: str) -> date | None:
    value = document.get(name)
    if value is None:
        return None
    try:
        return date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise RecipeError(f"{name} must be a day such as 2024-07-31") from None


def _short(value: Any) -> str:
    told = str(value) if isinstance(value, str) else repr(value)
    return told if len(told) <= 40 else told[:39] + "…"
