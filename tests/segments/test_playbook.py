from __future__ import annotations

import itertools
import math
import re
from importlib import resources

import pytest

from core.features import catalog
from core.segments.playbook import PlaybookError, parse, playbook

TEXT = resources.files("core.segments").joinpath("playbook.toml").read_text("utf-8")

KNOWN_TO_MARKETERS = {
    "Champions", "Loyal customers", "Potential loyalists", "New customers", "Promising", "Need attention",
    "About to sleep", "At risk", "Can't lose them", "Hibernating", "Lost",
}  # fmt: skip


def test_it_has_the_names_that_marketers_know_and_enough_of_them():
    names = {archetype.name for archetype in playbook().archetypes}

    assert names >= KNOWN_TO_MARKETERS
    assert len(names) >= 14


def test_no_two_archetypes_stand_in_nearly_the_same_place():
    for one, other in itertools.combinations(playbook().archetypes, 2):
        apart = math.dist(one.position.values(), other.position.values())
        assert apart > 0.15, f"{one.name} and {other.name}"


def test_every_corner_of_the_cube_has_an_archetype_near_by():
    for corner in itertools.product((0.2, 0.8), repeat=3):
        nearest = min(math.dist(corner, archetype.position.values()) for archetype in playbook().archetypes)
        assert nearest < 0.4, corner


def test_the_archetypes_of_one_known_dimension_are_never_none():
    for known in ({"recency"}, {"frequency"}, {"value"}, {"value", "money"}):
        assert [archetype for archetype in playbook().archetypes if archetype.needs <= known]


def test_a_name_is_true_within_its_bounds_as_far_as_they_are_known():
    at_risk = playbook().archetype("at_risk")  # "Good customers who have been away for long."

    assert at_risk.is_true_of({"value": 0.7, "recency": 0.2, "frequency": 0.0})
    assert not at_risk.is_true_of({"value": 0.7, "recency": 0.6, "frequency": 0.5})
    assert not at_risk.is_true_of({"value": 0.3, "recency": 0.2, "frequency": 0.5})
    assert at_risk.is_true_of({"value": 0.7})
    assert playbook().archetype("everyone").is_true_of({"value": 0.0})


def test_what_a_description_says_its_bounds_say():
    """The words of the descriptions, each with the side of the middle that it claims."""
    claims = {
        "spend far more than most": ("value", 1), "spend less": ("value", -1), "spent little": ("value", -1),
        "small amounts": ("value", -1), "next to nothing": ("value", -1), "above the usual": ("value", 1),
        "large orders": ("value", 1), "better than average": ("value", 1), "good customers": ("value", 1),
        "among the very best": ("value", 1),
        "here lately": ("recency", 1), "ordered recently": ("recency", 1), "long ago": ("recency", -1),
        "away for long": ("recency", -1), "not ordered for long": ("recency", -1), "now silent": ("recency", -1),
        "long past": ("recency", -1), "longer ago than most": ("recency", -1), "not been here": ("recency", -1),
        "then stopped": ("recency", -1),
        "come often": ("frequency", 1), "more often than most": ("frequency", 1), "order often": ("frequency", 1),
        "ordered often": ("frequency", 1), "less often than most": ("frequency", -1),
        "very few orders": ("frequency", -1), "one or a few": ("frequency", -1), "new or nearly so": ("frequency", -1),
    }  # fmt: skip
    for archetype in playbook().archetypes:
        told = [claim for words, claim in claims.items() if words in archetype.description.lower()]
        if archetype.key == "steady":
            assert all(least > 0 and most < 1 for least, most in archetype.bounds.values())
            assert set(archetype.bounds) == {"value", "recency", "frequency"}
            continue
        assert told, archetype.description
        for dimension, side in told:
            least, most = archetype.bounds[dimension]
            assert least >= 0.5 if side > 0 else most <= 0.5, f"{archetype.name}: {dimension}"


def test_texts_are_plain_and_finished():
    for archetype in (*playbook().archetypes, playbook().everyone, playbook().unnamed):
        plan = archetype.plan
        told = [archetype.description, *(text for a in plan.actions for text in (a.what, a.why))]
        for text in (*told, archetype.name, plan.measure, plan.subject_line):
            assert not re.search(r"[<>*_`#\[\]|]", text), text
        for text in told:
            assert text.endswith((".", "?")), text
        assert len(plan.subject_line) <= 60, "a phone's inbox shows about so much"


def test_phrases_are_for_features_that_exist():
    for name in (*playbook().phrases, *playbook().conditions):
        assert catalog.feature(name).label != name, f"{name} is not in the catalog"


def test_a_share_returned_goes_by_one_name():
    assert playbook().phrases["return_rate"].startswith(catalog.feature("return_rate").label.lower())


def test_archetype_by_key():
    assert playbook().archetype("steady").name == "Steady middle"
    assert playbook().archetype("everyone").name == "All customers"
    with pytest.raises(KeyError):
        playbook().archetype("nobody")


def test_a_plan_as_json():
    plan = playbook().archetype("everyone").plan.as_dict()

    assert set(plan) == {"actions", "measure", "subject_line"}
    assert set(plan["actions"][0]) == {"what", "why"}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('name = "Champions"', 'name = ""', "archetype champions: name is missing or empty"),
        ('key = "loyal"', 'key = "champions"', "the key 'champions' stands there twice"),
        ('name = "Lost"', 'name = "hibernating"', "the name 'hibernating' stands there twice"),
        ("value = 0.90, recency = 0.12", "value = 1.90, recency = 0.12", "value must lie between 0 and 1"),
        ("value = 0.90, recency = 0.12,", "recency = 0.12,", "its position needs value, recency, frequency"),
        ('needs = ["money", "frequency"]', 'needs = ["luck"]', "needs may only list"),
        ("bounds = { frequency = [0, 0.45] }", "bounds = { luck = [0, 1] }", "its bounds may only be of value"),
        ("bounds = { frequency = [0, 0.45] }", "bounds = { frequency = [0] }", "frequency must be two shares"),
        ("bounds = { frequency = [0, 0.45] }", "bounds = { frequency = [0, 7] }", "must lie between 0 and 1"),
        (
            "bounds = { frequency = [0, 0.45] }",
            "bounds = { frequency = [0.2, 0.45] }",
            "its own frequency lies outside",
        ),
        ("[everyone]", "[nobody]", "'nobody' is not known there"),
        ("spend {} each", "spend each", "total_revenue must be a text with one {}"),
        ('"spend more", "spend less"', '"spend more"', "total_revenue must be two texts"),
        ("[phrases]", "[phrases", "it is not TOML"),
        (
            'measure = "Revenue regained',
            'messure = "Revenue regained',
            "archetype cant_lose: 'messure' is not known there",
        ),
        ('subject_line = "May we call you?"\n', "", "archetype cant_lose: subject_line is missing or empty"),
        (
            'why = "There are few of them',
            'because = "There are few of them',
            "archetype cant_lose, action 1: 'because'",
        ),
        (', why = "A clear yes is worth', ', why = "" , what2 = "', "archetype lost, action 1: 'what2'"),
        (
            'why = "They would have paid full price; recognition rewards them without giving margin away."',
            'why = " "',
            "archetype champions, action 3: why is missing or empty",
        ),
        ("[[archetype]]", "[[kind]]", "'kind' is not known there"),
    ],
)
def test_a_spoiled_playbook_is_refused_by_name(old: str, new: str, told: str):
    assert old in TEXT

    with pytest.raises(PlaybookError) as caught:
        parse(TEXT.replace(old, new))

    assert told in str(caught.value)
    assert caught.value.code == "unusable-playbook"


def test_what_is_missing_altogether_is_named():
    with pytest.raises(PlaybookError, match=r"there is no \[\[archetype\]\] in it"):
        parse("")
    with pytest.raises(PlaybookError, match=r"there is no \[everyone\] in it"):
        parse(TEXT.split("[everyone]")[0])


def test_one_action_is_too_few():
    lone = """
[everyone]
name = "All"
description = "d."
measure = "m"
subject_line = "s"
actions = [{ what = "w", why = "y" }]
[[archetype]]
"""
    with pytest.raises(PlaybookError, match="key is missing"):
        parse(lone)
    with pytest.raises(PlaybookError, match="two or three actions"):
        parse(
            TEXT.split("[[archetype]]")[0] + '[[archetype]]\nkey = "x"\nname = "X"\ndescription = "d"\nactions = []\n'
        )
