from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from core.clustering.preparation import PreparationOptions
from core.exports.recipe import Recipe, recipe_of
from core.exports.scoring import RecipeMisfitError, remarks, score
from core.segments.playbook import Action, Plan, playbook
from core.segments.segmentation import Segmentation
from tests.segments.builders import customers, grouped

USED = ["total_revenue", "recency_days"]


def made() -> Segmentation:
    random = np.random.default_rng(5)
    features = customers({"total_revenue": random.lognormal(3, 1, 80), "recency_days": random.exponential(20, 80)})
    labels = (features.values["total_revenue"].rank() > 50).astype(int).to_numpy()
    return grouped(features, labels, used=USED, options=PreparationOptions(transform="log", outliers="cap"))


def recipe(segmentation: Segmentation, currency: str | None = "EUR") -> Recipe:
    written = recipe_of(segmentation, reading={"currency": currency}, returns="net", seed=1, as_of=None)
    return Recipe.from_json(written.to_json())


def test_the_same_file_gets_the_same_segments_names_and_plans_included():
    mine = made().called(["Étoiles", "Others"], [Plan((Action("Call.", ""),), "", ""), made().segments[1].plan])

    again = score(recipe(mine), mine.features)

    assert again.table().equals(mine.table())
    assert again.segments == mine.segments


def test_another_files_customers_go_to_the_nearest_centre_in_the_recipes_space():
    first = made()
    # By brute force: one like the centre of each segment's own customers, and everyone in segment 2 only.
    low = first.features.values.loc[first.members(2)].median()
    others = customers({name: [low[name]] * 3 for name in USED}, ids=["x", "y", "z"])

    found = score(recipe(first), others)

    scaled = first.preparation.matrix(others.values)
    nearest = ((scaled[:, None] - first.centers[None]) ** 2).sum(axis=2).argmin(axis=1) + 1
    assert found.assignments["segment"].tolist() == nearest.tolist() == [2, 2, 2]
    assert [(each.number, each.customers) for each in found.segments] == [(1, 0), (2, 3)]
    assert [each.name for each in found.segments] == [each.name for each in first.segments]
    assert found.segments[1].revenue == pytest.approx(3 * low["total_revenue"])


def test_the_recipes_order_stays_where_these_customers_would_be_numbered_otherwise():
    first = made()
    turned = recipe(first)
    turned = replace(
        turned,
        centers=turned.centers[::-1],
        segments=tuple(replace(each, number=3 - each.number) for each in reversed(turned.segments)),
    )

    found = score(turned, first.features)

    assert found.assignments["segment"].tolist() == (3 - first.assignments["segment"]).tolist()
    assert [each.name for each in found.segments] == [each.name for each in reversed(first.segments)]


def test_a_file_without_what_the_recipe_needs_is_refused_by_name():
    with pytest.raises(RecipeMisfitError) as caught:
        score(recipe(made()), customers({"total_revenue": [1.0, 2.0], "order_count": [1.0, 1.0]}))

    assert "Days since last order, which this file does not give" in caught.value.message
    assert "It gives: Total revenue, Number of orders" in caught.value.message
    assert caught.value.code == "recipe-does-not-fit"


def test_an_archetype_that_the_playbook_has_no_more_and_no_plan():
    old = recipe(made())
    old = replace(old, segments=tuple(replace(each, archetype="gone", plan=None) for each in old.segments))

    found = score(old, made().features)

    assert [each.plan for each in found.segments] == [playbook().unnamed.plan] * 2


def test_remarks_say_what_differs_and_nothing_where_nothing_does():
    kept = recipe(made())

    assert remarks(kept, currency="EUR", returns="net", as_of=None) == ()
    assert remarks(kept, currency=None, returns="net", as_of=None) == ()
    told = remarks(kept, currency="USD", returns="as-is", as_of=date(2024, 3, 31))
    assert told == (
        "The recipe was made with amounts in EUR, and these are in USD.",
        "Returned goods. In the recipe: Returns lower revenue and quantity, and are no purchase. "
        "Here: Every row counts as a sale.",
        "The recipe counts days back from the last order, this page from 2024-03-31.",
    )
    assert len(remarks(replace(kept, features=("total_revenue",)), currency="EUR", returns="net", as_of=date.max)) == 0
