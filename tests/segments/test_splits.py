from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clustering.preparation import prepare
from core.clustering.sweep import ClusterFit
from core.segments import naming
from core.segments.generations import Generation, generation
from core.segments.splits import Split, split
from tests.segments.builders import AS_THEY_ARE, customers

NAMES = ("A", "B", "C", "D", "E")


def descended(columns: dict[str, Sequence[float]], *levels: Sequence[int], currency: str | None = "EUR") -> Generation:
    """The last of the generations whose clusters are the labels."""
    features = customers(columns, currency=currency)
    preparation = prepare(features.values, list(columns), AS_THEY_ARE)
    matrix, ranked = preparation.fit_matrix(features.values), naming.ranks(features.values)
    last: Generation | None = None
    for labels in map(np.asarray, levels):
        centers = np.array([matrix[labels == each].mean(axis=0) for each in range(labels.max() + 1)])
        last = generation(features, preparation, ClusterFit(centers, labels, 0.0), ranked=ranked, before=last)
    assert last is not None
    return last


def told(columns: dict[str, Sequence[float]], *levels: Sequence[int], currency: str | None = "EUR") -> Split:
    last = descended(columns, *levels, currency=currency)
    features = customers(columns, currency=currency)
    return split(last, features, naming.ranks(features.values), list(columns))


def flows(*rows: tuple[int, int, int, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["from_segment", "to_segment", "customers", "revenue"])


def step(
    rows: pd.DataFrame, carried_on: dict[int, int], new: dict[int, str], before: str = "ABC", after: str = "ABCD"
) -> Split:
    return Split(tuple(before), tuple(after), rows, carried_on, new, "EUR")


def test_a_clean_split_in_money_and_units_that_can_be_checked_by_hand():
    # Four who spend 400 in 4 orders each, three who spend 100 in 4, two who spend 10 in 1.
    spent, orders = [400.0] * 4 + [100.0] * 3 + [10.0] * 2, [4.0] * 7 + [1.0] * 2
    found = told({"total_revenue": spent, "order_count": orders}, [0] * 7 + [1] * 2, [0] * 4 + [2] * 3 + [1] * 2)

    assert found.flows.to_dict("list") == {
        "from_segment": [1, 1, 2],
        "to_segment": [1, 2, 3],
        "customers": [4, 3, 2],
        "revenue": [1600.0, 300.0, 20.0],
    }
    first, last = found.sentences()[0], found.words()
    assert first.startswith(f"“{found.before[0]}” splits in two: 3 customers with 300 EUR of revenue become ")
    assert first.endswith(": spend 100 EUR each, the others 400 EUR; placed 4 orders each, much like the others.")
    assert "Nobody else moves." in last


def test_without_money_nothing_is_said_of_it():
    found = told({"order_count": [9.0, 9, 5, 5, 1]}, [0, 0, 0, 0, 1], [0, 0, 2, 2, 1], currency=None)

    assert found.sentences()[0].partition(" splits in two: ")[2].startswith("2 customers ")
    assert "revenue" not in found.words()
    assert found.flows["revenue"].isna().all()


def test_one_customer_becomes_and_several_become():
    one = step(flows((1, 1, 5, 50.0), (1, 2, 1, 9.0)), {1: 1}, {2: ""}, "A", "AB")
    assert one.sentences()[0] == "“A” splits in two: 1 customer with 9 EUR of revenue becomes “B”."


def test_a_name_that_goes_to_the_smaller_part_is_said_to():
    found = step(flows((1, 2, 5, 50.0), (1, 1, 2, 90.0), (2, 3, 1, 1.0)), {1: 2, 2: 3}, {1: "x"}, "AB", "ACB")
    assert found.sentences() == [
        "“A” splits in two: 2 customers with 90 EUR of revenue keep that name: x.",
        "Nobody else moves.",
        "The rest of “A” is now “C”.",
    ]


def test_a_new_segment_drawn_from_several_is_no_split():
    found = step(
        flows((1, 1, 50, 500.0), (2, 2, 40, 400.0), (3, 3, 30, 3.0), (1, 4, 6, 60.0), (2, 4, 5, 50.0)),
        {1: 1, 2: 2, 3: 3},
        {4: "x"},
    )
    assert found.words() == (
        "No one segment splits: “D” is new and draws 6 customers with 60 EUR of revenue from “A” and 5 customers with "
        "50 EUR of revenue from “B”: x. Nobody else moves."
    )


def test_a_few_from_elsewhere_leave_it_a_split():
    # 8 of the 10 new ones come from A: the least that still is one.
    found = step(flows((1, 1, 20, 2.0), (1, 3, 8, 8.0), (2, 2, 9, 9.0), (2, 3, 2, 2.0)), {1: 1, 2: 2}, {3: ""}, "AB")
    assert found.sentences()[0] == (
        "“A” splits in two: 8 customers with 8 EUR of revenue become “C”, with 2 more from other segments."
    )


def test_a_part_that_leaves_where_the_rest_does_not_stay_together():
    found = step(flows((1, 1, 5, 5.0), (1, 3, 5, 5.0), (1, 2, 5, 5.0), (2, 2, 9, 9.0)), {1: 1, 2: 2}, {3: ""}, "AB")
    assert found.sentences() == [
        "A part of “A” leaves: 5 customers with 5 EUR of revenue become “C”.",
        "5 customers with 5 EUR of revenue move from “A” to “B”.",
    ]


def test_a_merger_beside_two_new_segments_is_said():
    rows = flows((1, 1, 9, 9.0), (2, 1, 4, 4.0), (3, 2, 8, 8.0), (3, 3, 7, 7.0), (3, 4, 6, 6.0))
    found = step(rows, {1: 1, 3: 2}, {3: "", 4: ""}, "ABC", "ACDE")
    assert found.newcomers == (3, 4)
    assert "“B” merges into “A”: 4 customers with 4 EUR of revenue." in found.sentences()
    assert "Nobody else moves." not in found.words()


def test_a_segment_that_is_spread_over_others_is_said():
    rows = flows((1, 1, 9, 9.0), (2, 1, 4, 4.0), (2, 2, 4, 5.0), (3, 2, 8, 8.0), (3, 3, 7, 7.0), (3, 4, 6, 6.0))
    found = step(rows, {1: 1, 3: 2}, {3: "", 4: ""}, "ABC", "ACDE")
    assert (
        "“B” is spread over others: 4 customers with 4 EUR of revenue to “A” and 4 customers with 5 EUR of revenue "
        "to “C”." in found.sentences()
    )


def test_exchanges_are_named_where_they_are_notable_and_counted_where_not():
    # 10 of the 50 of B go to C, a fifth; 1 of the 100 of A goes to B.
    found = step(
        flows((1, 1, 90, 9.0), (1, 4, 9, 9.0), (1, 2, 1, 7.0), (2, 2, 40, 4.0), (2, 3, 10, 3.0), (3, 3, 60, 6.0)),
        {1: 1, 2: 2, 3: 3},
        {4: ""},
    )
    assert found.sentences()[1:] == [
        "10 customers with 3 EUR of revenue move from “B” to “C”.",
        "1 customer with 7 EUR of revenue moves between other segments.",
    ]


def test_a_destination_goes_by_the_name_it_has_with_one_segment_more():
    # A's 40 leave for what was B and is now "Loyal"; the new segment took the name B over and got none of them.
    found = step(
        flows((1, 1, 60, 6.0), (1, 2, 40, 4.0), (2, 2, 50, 5.0), (2, 3, 20, 2.0)), {1: 1, 2: 2}, {3: ""}, "AB", "ALB"
    )
    assert "40 customers with 4 EUR of revenue move from “A” to “L” (before: “B”)." in found.sentences()


def test_a_merger_and_a_spreading_end_in_names_of_one_segment_more_as_well():
    rows = flows((1, 1, 9, 9.0), (2, 1, 4, 4.0), (3, 2, 8, 8.0), (3, 3, 7, 7.0), (3, 4, 6, 6.0))
    found = step(rows, {1: 1, 3: 2}, {3: "", 4: ""}, "ABC", "LCDE")
    assert "“B” merges into “L” (before: “A”): 4 customers with 4 EUR of revenue." in found.sentences()


def test_the_first_generation_has_no_split():
    columns = {"total_revenue": [1.0, 2.0]}
    features = customers(columns)
    with pytest.raises(ValueError, match="no segments before"):
        split(descended(columns, [0, 0]), features, naming.ranks(features.values), ["total_revenue"])


@given(st.integers(5, 40), st.integers(2, 5), st.integers(0, 2**32 - 1))
def test_nobody_and_no_money_is_lost_on_the_way(n_customers: int, k: int, seed: int):
    random = np.random.default_rng(seed)
    spent = np.round(random.lognormal(3, 1, n_customers), 2)
    levels = []
    for count in (k - 1, k):
        labels = random.integers(0, count, n_customers)
        labels[:count] = np.arange(count)
        levels.append(labels)
    found = told({"total_revenue": spent, "order_count": random.integers(1, 9, n_customers)}, *levels)

    assert found.flows["customers"].sum() == n_customers
    assert found.flows["revenue"].sum() == pytest.approx(spent.sum())
    assert set(found.carried_on.values()).isdisjoint(found.newcomers)
    assert {*found.carried_on.values(), *found.newcomers} == set(range(1, k + 1))
    assert len(found.sentences()) >= len(found.newcomers)
