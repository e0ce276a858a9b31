"""The two sides of the Compare page: what each can be, and the segmentation that it is."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from core.analysis import SegmentOptions
from core.clustering.preparation import PreparationOptions
from core.clustering.sweep import ClusterFit, cluster
from core.errors import UnknownFeatureError, UserError
from core.exports.recipe import Recipe
from core.exports.scoring import remarks, score
from core.segments.comparison import Comparison, coloured_like, compare, same_customers
from core.segments.generations import Edit
from core.segments.segmentation import Segmentation, segment
from ui import files, services
from ui.jobs import Job
from ui.session import Workspace

Kind = Literal["number", "choice", "recipe"]
KINDS: dict[Kind, str] = {
    "number": "A number of segments",
    "choice": "Other features or preparation",
    "recipe": "A recipe file",
}


@dataclass(frozen=True, slots=True)
class Side:
    """What stands on one side. Two are equal where they give the same segments of the same customers."""

    kind: Kind
    count: int  # of segments; of a recipe, what it had before it was one
    features: tuple[str, ...] = ()  # of a choice, as is the next
    preparation: PreparationOptions = field(default_factory=PreparationOptions)
    sha256: str = ""  # of a recipe's text
    name: str = ""  # of the recipe's file
    recipe: Recipe | None = field(default=None, compare=False)
    refusal: UserError | None = field(default=None, compare=False)  # why the last recipe could not be taken


@dataclass(frozen=True, slots=True)
class Fitted:
    """One fit, as a job makes it: there is nothing before it is whole."""

    fit: ClusterFit
    complete: bool = True


def with_recipe(side: Side, name: str, content: bytes) -> Side:
    """The side with a recipe that a visitor gave, or with the reason why it is none."""
    try:
        recipe = Recipe.from_json(content)
    except UserError as error:
        return replace(side, recipe=None, sha256="", name="", refusal=error)
    return replace(side, recipe=recipe, sha256=hashlib.sha256(content).hexdigest(), name=name, refusal=None)


def ready(side: Side) -> bool:
    """Whether there is something to compare on that side."""
    return side.kind != "recipe" or side.recipe is not None


def fitting(workspace: Workspace, side: Side) -> Job[Fitted] | None:
    """The fit that a side needs and that no sweep has made: going on, or done. None where it needs none.

    Raises
    ------
    UnknownFeatureError : a choice of no feature
    """
    if side.kind != "choice":
        return None
    if not side.features:
        raise UnknownFeatureError("No feature was chosen.", hint="Choose at least one feature to compare customers by.")
    if _as_chosen(workspace, side):
        return None
    matrix = services.preparation(workspace, side.preparation, side.features).fit_matrix(
        services.features(workspace).values
    )
    seed = workspace.grouping.seed

    def begin() -> Job[Fitted]:
        if workspace.fitting is not None:
            workspace.fitting.stop()
        workspace.fitting = Job(
            lambda grow, stop: Fitted(cluster(matrix, side.count, seed=seed, should_stop=stop)), name="fit"
        )
        return workspace.fitting

    return services.going_on(workspace, _key(workspace, "fit", side), begin)


def segmentation(workspace: Workspace, side: Side) -> Segmentation:
    """The customers in the segments of a side.

    Raises
    ------
    RecipeMisfitError : the recipe is of measures that this file cannot give
    UnknownFeatureError : a choice of no feature
    """
    known = services.features(workspace)
    if side.kind == "recipe":
        if side.recipe is None:
            raise ValueError("There is no recipe on that side.")
        recipe = side.recipe
        return workspace.answer(
            _key(workspace, "scored", side), lambda: score(recipe, known, services.ranked(workspace))
        )
    job = fitting(workspace, side)
    if job is None:
        return services.segmentation(workspace, side.count)
    prepared = services.preparation(workspace, side.preparation, side.features)
    return workspace.answer(
        _key(workspace, "other choice", side),
        lambda: segment(known, prepared, job.result().fit, ranked=services.ranked(workspace)),
    )


def both(workspace: Workspace, before: Side, after: Side) -> tuple[Segmentation, Segmentation]:
    """The two, a segment in one colour on both sides where it is mostly the same customers.

    What has its colours from the Choose k page keeps them.
    """
    first, second = segmentation(workspace, before), segmentation(workspace, after)
    if before.kind == after.kind == "number":
        return first, second
    if after.kind == "number":
        return coloured_like(first, second), second
    return first, coloured_like(second, first)


def comparison(workspace: Workspace, before: Side, after: Side) -> Comparison:
    """What became of the customers of one side on the other."""
    key = ("comparison", *services.shown_key(workspace), before, after)
    return workspace.answer(key, lambda: compare(*both(workspace, before, after)))


def doubts(workspace: Workspace, side: Side) -> tuple[str, ...]:
    """Why a recipe's segments may not be quite comparable with those of this file."""
    if side.recipe is None or side.kind != "recipe":
        return ()
    lines = files.lines(workspace)
    return remarks(
        side.recipe, currency=lines.reading.currency, returns=lines.options.returns, as_of=lines.options.as_of
    )


def to_adopt(workspace: Workspace, pair: tuple[Side, Side]) -> tuple[int, dict[int, Edit]] | None:
    """What a recipe on one side could give to the segments on the other.

    Returns
    -------
    How many segments there are, and for each of them with mostly the same customers as one of the recipe's, by number,
    that one's name and plan. None where there is not a recipe on one side and a number on the other.
    """
    if {side.kind for side in pair} != {"recipe", "number"}:
        return None
    theirs, mine = sorted(pair, key=lambda side: side.kind == "number")
    kept = segmentation(workspace, theirs)
    same = same_customers(kept, segmentation(workspace, mine))
    changes = {here: kept.segments[there - 1] for there, here in same.items()}
    return mine.count, {here: Edit(each.name, each.plan) for here, each in changes.items()}


def compared(workspace: Workspace) -> tuple[Side, Side]:
    """What the visitor compares, as far as her customers now allow it; at first what is usual."""
    last, at_hand = services.sweep(workspace).k_max, services.features(workspace).distinct

    def possible(side: Side) -> Side:
        names = tuple(name for name in side.features if name in at_hand) if side.kind == "choice" else side.features
        return replace(side, count=min(side.count, last), features=names)

    if workspace.compared is None:
        workspace.compared = _usual(workspace)
    first, second = workspace.compared
    return possible(first), possible(second)


def put(workspace: Workspace, at: int, side: Side) -> None:
    """Compare that side, at 0 or 1, from now on."""
    if workspace.compared is not None:  # unless all was forgotten meanwhile
        first, second = workspace.compared
        workspace.compared = (first, side) if at else (side, second)


def change(workspace: Workspace, at: int, **changes: Any) -> None:
    """The same with some fields of the side that is there."""
    if workspace.compared is not None:
        put(workspace, at, replace(workspace.compared[at], **changes))


def prepare(workspace: Workspace, at: int, **changes: Any) -> None:
    """The same with some fields of how its features are made comparable."""
    if workspace.compared is not None:
        change(workspace, at, preparation=replace(workspace.compared[at].preparation, **changes))


def _usual(workspace: Workspace) -> tuple[Side, Side]:
    """The number chosen, and one more where there may be more."""
    chosen, most = services.n_clusters(workspace), services.sweep(workspace).k_max
    one, other = (chosen, chosen + 1) if chosen < most else (max(2, chosen - 1), chosen)
    grouping: SegmentOptions = workspace.grouping
    features = services.chosen_features(workspace)
    return (
        Side("number", one, features, grouping.preparation),
        Side("number", other, features, grouping.preparation),
    )


def _as_chosen(workspace: Workspace, side: Side) -> bool:
    """Whether it is the choice of the Features page, whose sweep has all fits."""
    chosen = (services.chosen_features(workspace), workspace.grouping.preparation)
    return (side.features, side.preparation) == chosen and side.count in services.sweep(workspace).fits


def _key(workspace: Workspace, what: str, side: Side) -> tuple[object, ...]:
    return (what, files.reading_key(workspace), workspace.grouping.seed, side)
