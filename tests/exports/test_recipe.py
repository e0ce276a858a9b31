from __future__ import annotations

import json
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clustering.preparation import PreparationOptions
from core.errors import UserError
from core.exports.recipe import MOST_BYTES, Recipe, RecipeError, recipe_of
from core.segments.assignment import assign
from core.segments.playbook import Action, Plan
from core.segments.segmentation import Segmentation
from tests.segments.builders import customers, grouped

USED = ["total_revenue", "recency_days"]


def made(options: PreparationOptions = PreparationOptions(transform="quantile", outliers="cap")) -> Segmentation:  # noqa: B008
    random = np.random.default_rng(3)
    features = customers(
        {
            "total_revenue": random.lognormal(3, 1, 60),
            "recency_days": random.exponential(20, 60),
            "order_count": [1.0] * 60,
        }
    )
    labels = (features.values["total_revenue"].rank() > 40).astype(int).to_numpy()
    return grouped(features, labels, used=USED, options=options, names={1: "Étoiles 👩‍💻"})


def recipe(segmentation: Segmentation | None = None) -> Recipe:
    return recipe_of(
        segmentation or made(),
        reading={"map": {"amount": "Total €"}, "date_order": None, "strict": False},
        returns="net",
        seed=42,
        as_of=date(2024, 7, 31),
    )


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return json.loads(recipe().to_json())


def test_what_it_holds():
    segmentation = made()
    kept = recipe(segmentation)

    assert kept.k == 2
    assert kept.features == ("total_revenue", "recency_days")
    assert [(s.number, s.name) for s in kept.segments] == [(s.number, s.name) for s in segmentation.segments]
    assert [s.archetype for s in kept.segments] == [s.archetype for s in segmentation.segments]
    np.testing.assert_array_equal(kept.centers, segmentation.fit.centers[list(segmentation.order)])
    assert (kept.app, kept.seed, kept.returns, kept.as_of) == ("Elbow Room", 42, "net", date(2024, 7, 31))


@pytest.mark.parametrize("transform", ["none", "log", "power", "quantile"])
def test_it_comes_back_the_same_and_gives_the_same_segments(transform: Any):
    segmentation = made(PreparationOptions(transform=transform, outliers="cap", scaling="robust"))
    kept = recipe(segmentation)

    back = Recipe.from_json(kept.to_json())

    assert back == kept
    matrix = back.fitted_preparation().matrix(segmentation.features.values)
    again = assign(matrix, np.array(back.centers)).nearest + 1
    assert again.tolist() == segmentation.assignments["segment"].tolist()


def test_names_and_plans_come_back():
    planned = Plan((Action("Ring them up.", ""),), "", "Shall we “talk”?")
    segmentation = made()
    mine = segmentation.called(["Étoiles", "The rest"], [planned, segmentation.segments[1].plan])

    back = Recipe.from_json(recipe(mine).to_json())

    assert [(each.name, each.plan) for each in back.segments] == [
        ("Étoiles", planned),
        ("The rest", segmentation.segments[1].plan),
    ]


def test_a_recipe_of_before_plans_went_with_it_is_still_read(document: dict[str, Any]):
    bare = [{name: value for name, value in each.items() if name != "plan"} for each in document["segments"]]

    back = Recipe.from_json(json.dumps({**document, "segments": bare}))

    assert [each.plan for each in back.segments] == [None, None]


def test_people_can_read_it():
    text = recipe().to_json()

    assert "Étoiles 👩‍💻" in text
    assert '"Total €"' in text
    assert text.startswith('{\n  "format": 1,\n  "app": "Elbow Room"')


def test_bytes_with_a_byte_order_mark_are_read():
    assert Recipe.from_json("\ufeff".encode() + recipe().to_json().encode()) == recipe()


def test_numbers_that_are_none_cannot_be_written():
    with pytest.raises(ValueError, match="JSON"):
        recipe_of(made(), reading={"limit": float("nan")}, returns="net", seed=1)


CHANGES: list[tuple[str, Any, str]] = [
    ("format", 2, "its format is 2, and only 1 is known here"),
    ("format", True, "its format is True"),
    ("format", None, "its format is None"),
    ("k", 3, "k is not the number of its segments"),
    ("k", 0, "k must be a whole number"),
    ("seed", -1, "seed must be a whole number"),
    ("seed", True, "seed must be a whole number"),
    ("returns", "maybe", "returns must be one of net, ignore, as-is"),
    ("returns", ["net"], "returns must be one of"),
    ("as_of", "31/07/2024", "as_of must be a day"),
    ("as_of", 20240731, "as_of must be a day"),
    ("features", [], "it needs 1 to 200 features"),
    ("features", ["total_revenue"] * 2, "not so many different texts"),
    ("features", ["total_revenue", 5], "not so many different texts"),
    ("features", ["recency_days", "total_revenue"], "its preparation is for other features"),
    ("preparation", {}, "its preparation is damaged"),
    ("preparation", {"options": {"transform": "eval"}, "features": []}, "its preparation is damaged"),
    ("preparation", [], "preparation is missing or damaged"),
    ("reading", None, "reading is missing or damaged"),
    ("reading", {"note": "x" * 20_000}, "a text in note is too long"),
    ("reading", {"far": 10**200}, "a number in far is out of bounds"),
    ("segments", [], "it needs 1 to 100 segments"),
    ("segments", [{}] * 101, "it needs 1 to 100 segments"),
    ("segments", [5], "not numbered 1, 2, 3"),
    ("app", "", "app must be a text"),
    ("app_version", "1\n2", "app_version must be a text"),
]


@pytest.mark.parametrize(("field", "value", "told"), CHANGES)
def test_a_damaged_recipe_is_refused_with_the_reason(document: dict[str, Any], field: str, value: Any, told: str):
    with pytest.raises(UserError) as caught:
        Recipe.from_json(json.dumps({**document, field: value}))

    assert told in caught.value.message
    assert caught.value.code == "unusable-recipe"
    assert caught.value.hint


@pytest.mark.parametrize(
    "field", ["format", "app", "reading", "returns", "features", "preparation", "k", "seed", "segments"]
)
def test_no_field_may_be_missing(document: dict[str, Any], field: str):
    with pytest.raises(RecipeError):
        Recipe.from_json(json.dumps({name: value for name, value in document.items() if name != field}))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"center": [1.0]}, "needs 2 numbers"),
        ({"center": [1.0, "2"]}, "no number"),
        ({"center": [1.0, True]}, "no number"),
        ({"center": None}, "needs 2 numbers"),
        ({"number": 2}, "not numbered"),
        ({"name": "x" * 300}, "name must be a text"),
        ({"name": "a\x1b[31m"}, "name must be a text"),
        ({"archetype": 5}, "archetype must be a text"),
        ({"plan": None}, "the plan of segment 1 needs 1 to 6 actions"),
        ({"plan": {"actions": [], "measure": "", "subject_line": ""}}, "the plan of segment 1 needs 1 to 6 actions"),
        ({"plan": {"actions": ["call"], "measure": "", "subject_line": ""}}, "what in the plan of segment 1 must be"),
        ({"plan": {"actions": [{"what": "a", "why": 5}], "measure": "", "subject_line": ""}}, "why in the plan"),
        ({"plan": {"actions": [{"what": "a", "why": ""}], "subject_line": ""}}, "measure in the plan"),
        ({"plan": {"actions": [{"what": "a\x1b", "why": ""}], "measure": "", "subject_line": ""}}, "on one line"),
        ({"plan": {"actions": [{"what": "a", "why": ""}], "measure": "x" * 1001, "subject_line": ""}}, "up to 1,000"),
    ],
)
def test_a_damaged_segment_is_refused(document: dict[str, Any], change: dict[str, Any], told: str):
    first, second = document["segments"]

    with pytest.raises(RecipeError) as caught:
        Recipe.from_json(json.dumps({**document, "segments": [{**first, **change}, second]}))

    assert told in caught.value.message


def test_two_segments_of_one_name_are_refused(document: dict[str, Any]):
    first, second = document["segments"]

    with pytest.raises(RecipeError, match="one name"):
        Recipe.from_json(json.dumps({**document, "segments": [first, {**second, "name": first["name"].upper()}]}))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        (b"\x80\x04\x95pickle", "not JSON"),
        (b"\xff\xfe{\x00}\x00", "not JSON"),
        ('{"format": ' + "9" * 5000 + "}", "not JSON"),
        ("null", "holds no fields"),
        ("[]", "holds no fields"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 100 + "1" + "}" * 100, "nested too deeply"),
        ('{"format": 1e999}', "out of bounds"),
        ('{"format": NaN}', "NaN stands in it"),
        ('{"format": -Infinity}', "-Infinity stands in it"),
        ('{"format": 1, "format": 1}', "a field stands in it twice"),
        (" " * (MOST_BYTES + 1), "larger than 5 MB"),
    ],
    ids=range(14),
)
def test_hostile_texts_are_refused(text: str | bytes, told: str):
    with pytest.raises(RecipeError) as caught:
        Recipe.from_json(text)

    assert told in caught.value.message


def test_a_number_too_large_for_a_float_is_refused(document: dict[str, Any]):
    text = json.dumps(document).replace('"seed": 42', '"seed": 1e999')

    with pytest.raises(RecipeError, match="out of bounds"):
        Recipe.from_json(text)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(
    field=st.sampled_from(["features", "preparation", "segments", "k", "seed", "returns", "as_of"]), value=JSON_VALUES
)
def test_whatever_stands_in_a_field_it_is_a_recipe_or_a_clear_refusal(field: str, value: Any):
    document = json.loads(recipe().to_json())

    try:
        back = Recipe.from_json(json.dumps({**document, field: value}))
    except RecipeError:
        return
    assert back.k == 2


@given(
    place=st.integers(0, 1),
    name=st.sampled_from(["transform", "fill", "low", "location", "scale", "power", "quantiles", "weight"]),
    value=JSON_VALUES,
)
def test_a_spoiled_preparation_never_gets_as_far_as_the_customers(place: int, name: str, value: Any):
    segmentation = made()
    document = json.loads(recipe(segmentation).to_json())
    document["preparation"]["features"][place][name] = value

    try:
        back = Recipe.from_json(json.dumps(document))
    except RecipeError:
        return
    assert back.fitted_preparation().matrix(segmentation.features.values).shape == (60, 2)
