from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.cluster import KMeans

from core.segments import naming
from core.segments.playbook import Archetype, playbook
from tests.segments.builders import customers, grouped

# The article's three clusters as published (Malla 2024, part 2): customers and their means.
ARTICLE = (
    # customers, total_revenue, avg_line_value, total_quantity, recency_days
    (333, 963.894648, 13.249236, 1379.237237, 5.498498),
    (511, 696.060217, 12.234065, 1007.602740, 7.287671),
    (156, 557.540458, 10.764238, 824.179487, 27.237179),
)


def like_the_article(spread: float, seed: int) -> pd.DataFrame:
    """A thousand customers around the published means; `spread` is the relative spread of what they spend."""
    random = np.random.default_rng(seed)
    parts = []
    for n_customers, revenue, line, quantity, recency in ARTICLE:
        size = random.normal(1, spread, n_customers).clip(0.1)
        days = random.normal(recency, 6, n_customers) if recency > 20 else random.exponential(recency, n_customers)
        parts.append(
            pd.DataFrame(
                {
                    "total_revenue": revenue * size,
                    "avg_line_value": line * random.normal(1, 0.1, n_customers),
                    "total_quantity": quantity * size * random.normal(1, 0.05, n_customers),
                    "recency_days": days.round().clip(0),
                    "order_count": (revenue * size / line / 3).round().clip(1),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize("spread", [0.1, 0.2, 0.3])
@pytest.mark.parametrize("with_orders", [True, False])
def test_the_articles_three_plans_come_out_for_segments_like_its_own(spread: float, with_orders: bool):
    table = like_the_article(spread, seed=int(spread * 100))
    used = ["total_revenue", "avg_line_value", "total_quantity", "recency_days"]
    features = customers((table if with_orders else table[used]).to_dict("list"))
    scaled = (table[used] - table[used].mean()) / table[used].std()
    labels = KMeans(3, n_init=10, random_state=42).fit(scaled).labels_

    best, middle, low = grouped(features, labels, used=used).segments

    plans = [" ".join(action.what.lower() for action in each.plan.actions) for each in (best, middle, low)]
    assert all(word in plans[0] for word in ("upsell", "cross-sell", "loyalty programme"))
    assert all(word in plans[1] for word in ("retention campaign", "referral"))
    assert all(word in plans[2] for word in ("survey", "win-back offers"))
    assert [each.archetype for each in (best, middle, low)] == ["champions", "steady", "lapsing_low"]


def test_ranks_put_ties_in_the_middle_of_their_places():
    ranked = naming.ranks(pd.DataFrame({"total_revenue": [5.0, 1.0, 1.0, 9.0], "age": [np.nan, 2.0, 1.0, np.nan]}))

    # Places 3, 1.5, 1.5, 4 less a half, of four; then 2 and 1 less a half, of two.
    assert ranked["total_revenue"].tolist() == [0.625, 0.25, 0.25, 0.875]
    np.testing.assert_array_equal(ranked["age"], [np.nan, 0.75, 0.25, np.nan])


def test_a_measure_in_which_all_are_alike_says_nothing():
    ranked = naming.ranks(pd.DataFrame({"order_count": [2.0, 2.0, np.nan], "age": [1.0, 2.0, 3.0]}))

    assert ranked["order_count"].isna().all()
    position = naming.positions(naming.standings(ranked, np.array([0, 1, 1]), 2))
    assert position.empty


def test_standings_are_mean_ranks_so_that_one_giant_does_not_make_all_others_small():
    revenue = pd.DataFrame({"total_revenue": [1.0, 1e9, 2.0, 3.0]})

    standing = naming.standings(naming.ranks(revenue), np.array([0, 0, 1, 1]), 2)

    # Ranks 0.125 and 0.875; 0.375 and 0.625.
    assert standing["total_revenue"].tolist() == [0.5, 0.5]


def test_positions_turn_recency_round_and_use_no_measure_twice():
    standing = pd.DataFrame({"total_quantity": [0.9, 0.1], "recency_days": [0.2, 0.8]})

    position = naming.positions(standing)

    assert list(position.columns) == ["value", "recency"]
    assert position["recency"].tolist() == pytest.approx([0.8, 0.2])


def test_value_comes_from_revenue_and_frequency_from_orders_where_there_are_any():
    standing = pd.DataFrame(
        {"avg_order_value": [0.1], "total_revenue": [0.7], "total_quantity": [0.3], "order_count": [0.6]}
    )

    assert naming.positions(standing).iloc[0].to_dict() == {"value": 0.7, "frequency": 0.6}
    assert naming.positions(standing.drop(columns="order_count")).iloc[0].to_dict() == {"value": 0.7, "frequency": 0.3}


@pytest.mark.parametrize("archetype", playbook().archetypes, ids=lambda archetype: archetype.key)
def test_whoever_stands_at_an_archetypes_place_bears_its_name(archetype):
    place = archetype.position
    middle = {"total_revenue": 0.46, "recency_days": 0.46, "order_count": 0.46}
    here = {"total_revenue": place["value"], "recency_days": 1 - place["recency"], "order_count": place["frequency"]}

    # The other segment stands in the middle; for the middle itself, in a corner.
    other = middle if archetype.key != "steady" else {"total_revenue": 1.0, "recency_days": 0.0, "order_count": 1.0}

    assert naming.named(pd.DataFrame([here, other]))[0].archetype.key == archetype.key


def test_no_name_speaks_of_what_is_not_known():
    without_dates = naming.named(pd.DataFrame({"total_revenue": [0.9, 0.5, 0.1], "order_count": [0.9, 0.5, 0.1]}))
    without_money = naming.named(pd.DataFrame({"total_quantity": [0.9, 0.5, 0.1], "recency_days": [0.1, 0.5, 0.9]}))

    for each in without_dates:
        assert not each.archetype.needs & {"recency"}
    for each in without_money:
        assert not each.archetype.needs & {"money", "frequency"}


def test_value_alone_still_names_high_middle_and_low():
    names = [each.name for each in naming.named(pd.DataFrame({"total_revenue": [0.85, 0.5, 0.15]}))]

    assert names == ["Big spenders", "Steady middle", "Small spenders"]


def test_two_segments_of_one_archetype_are_told_apart_by_what_differs():
    # Three archetypes need money alone or nothing; the fourth segment must share one with its neighbour.
    standing = pd.DataFrame({"total_revenue": [0.93, 0.85, 0.5, 0.12], "return_rate": [0.5, 0.51, 0.5, 0.5]})

    names = [each.name for each in naming.named(standing)]

    assert names[0].startswith("Big spenders (higher total revenue")
    assert names[1].startswith("Big spenders (lower total revenue")
    assert names[2:] == ["Steady middle", "Small spenders"]


def test_two_that_differ_in_nothing_get_a_number():
    names = [each.name for each in naming.named(pd.DataFrame({"total_revenue": [0.9, 0.9, 0.5, 0.12]}))]

    assert names == ["Big spenders", "Big spenders 2", "Steady middle", "Small spenders"]


def test_without_value_or_dates_the_most_striking_measures_make_the_name():
    standing = pd.DataFrame({"Age": [0.9, 0.1, 0.5], "Visits": [0.3, 0.5, 0.55]})

    assert [each.name for each in naming.named(standing)] == ["High age, low visits", "Low age", "Segment 3"]


def test_one_segment_is_everyone():
    (only,) = naming.named(pd.DataFrame({"total_revenue": [0.5], "recency_days": [0.5]}))

    assert only.name == "All customers"


@given(
    standing=st.integers(1, 25).flatmap(
        lambda k: st.lists(st.lists(st.floats(0, 1), min_size=4, max_size=4), min_size=k, max_size=k)
    ),
    columns=st.sampled_from(
        [
            ["total_revenue", "recency_days", "order_count", "return_rate"],
            ["total_revenue", "avg_order_value", "return_rate", "age"],
            ["recency_days", "tenure_days", "return_rate", "age"],
            ["Age", "Visits", "Height", "visits"],
        ]
    ),
)
def test_names_are_unique_for_up_to_25_segments(standing: list[list[float]], columns: list[str]):
    names = [each.name for each in naming.named(pd.DataFrame(standing, columns=columns))]

    assert len(names) == len(standing)
    assert len({name.casefold() for name in names}) == len(names)
    assert all(name == name.strip() and name for name in names)


KNOWN = ("total_revenue", "total_quantity", "recency_days", "order_count")


@given(
    known=st.sets(st.sampled_from(KNOWN), min_size=1).map(sorted),
    places=st.lists(st.lists(st.floats(0, 1), min_size=4, max_size=4), min_size=2, max_size=12),
    held=st.dictionaries(st.integers(0, 11), st.sampled_from(playbook().archetypes), max_size=6),
)
def test_every_name_is_true_whatever_was_held(known: list[str], places: list[list[float]], held: dict[int, Archetype]):
    """By the playbook's bounds read here, not by the code that names."""
    standing = pd.DataFrame(places, columns=KNOWN)[known]
    former = {place: naming.Naming(each.name, each) for place, each in held.items() if place < len(places)}

    namings = naming.named(standing, former)

    here = naming.positions(standing)
    for place, each in enumerate(namings):
        for dimension, (least, most) in each.archetype.bounds.items():
            if dimension in here:
                assert least <= here[dimension].iloc[place] <= most, each.name
        for measure, side in each.says.items():
            assert (standing[measure].iloc[place] - 0.5) * side > 0
    assert len({each.name.casefold() for each in namings}) == len(namings)


def test_the_assignments_second_best_is_no_name_where_it_is_not_true():
    # The last two stand nearest to Loyal customers. By distances alone the third would be "Need attention: who have not
    # been here for a little while" (0.62, 0.34, 0.60), 0.080 off when squared, though its customers ordered more lately
    # than 61 of 100. The nearest that is true is "Steady middle" (0.46, 0.54, 0.46), 0.093 off.
    standing = pd.DataFrame(
        {"total_revenue": [0.86, 0.67, 0.67], "recency_days": [0.32, 0.36, 0.39], "order_count": [0.86, 0.74, 0.67]},
    )

    keys = [each.archetype.key for each in naming.named(standing)]

    assert keys == ["champions", "loyal", "steady"]


def test_where_no_archetype_is_true_the_measures_make_the_name():
    # Quantity alone is no money: of such files only "Steady middle" could be said, and the first is not in the middle.
    names = [each.name for each in naming.named(pd.DataFrame({"total_quantity": [0.9, 0.5]}))]

    assert names == ["High total quantity", "Steady middle"]


def test_an_archetype_comes_again_only_where_no_other_is_true():
    # Three times at the place of "Big spenders", with value alone known: no other name is true above 0.75.
    again = naming.named(pd.DataFrame({"total_revenue": [0.9, 0.88, 0.86, 0.5]}))
    assert [each.archetype.key for each in again] == ["big_spenders"] * 3 + ["steady"]
    # With all three known, others are.
    others = naming.named(
        pd.DataFrame({"total_revenue": [0.9] * 3, "recency_days": [0.55] * 3, "order_count": [0.45] * 3})
    )
    assert len({each.archetype.key for each in others}) == 3


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["A", "B"], ["A", "B"]),
        (["A", "a", "A"], ["A", "a 2", "A 3"]),
        (["A", "A", "A 2"], ["A", "A 3", "A 2"]),
    ],
)
def test_unique(names: list[str], expected: list[str]):
    assert naming.unique(names) == expected


@pytest.mark.parametrize(
    ("label", "expected"), [("Total revenue", "total revenue"), ("RFM score", "RFM score"), ("X", "X"), ("", "")]
)
def test_inner(label: str, expected: str):
    assert naming.inner(label) == expected


def test_the_marketers_name_stays_and_the_playbooks_gets_a_number():
    assert naming.labels(["Loyal", "Steady"], {2: "loyal"}) == ["Loyal 2", "loyal"]
    assert naming.labels(["Loyal", "Loyal 2", "Steady"], {3: "Loyal"}) == ["Loyal 3", "Loyal 2", "Loyal"]
    assert naming.labels(["Loyal", "Steady"], {1: "Steady"}) == ["Steady", "Steady 2"]
