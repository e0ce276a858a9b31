from __future__ import annotations

import math
from dataclasses import replace

import pytest

from core.exports.csv_files import csv_bytes
from core.features import catalog
from core.segments.comparison import FLOW_COLUMNS, coloured_like, compare, moved_customers, same_customers
from tests.segments.builders import customers, grouped

REVENUE = {"total_revenue": [100, 90, 80, 10, 5, 1], "recency_days": [1, 2, 3, 40, 50, 60]}
TWO = [0, 0, 0, 1, 1, 1]
THREE = [0, 0, 1, 1, 2, 2]


def test_flows_carry_customers_and_money():
    comparison = compare(grouped(customers(REVENUE), TWO), grouped(customers(REVENUE), THREE))

    assert tuple(comparison.flows.columns) == FLOW_COLUMNS
    assert comparison.flows.to_numpy().tolist() == [[1, 1, 2, 190], [1, 2, 1, 80], [2, 2, 1, 10], [2, 3, 2, 6]]


def test_agreement_by_hand():
    comparison = compare(grouped(customers(REVENUE), TWO), grouped(customers(REVENUE), THREE))

    # Pairs of the 15 that are together in both: 1 + 1 = 2; in the first 6, in the second 3; expected 6 * 3 / 15 = 1.2.
    assert comparison.adjusted_rand == pytest.approx((2 - 1.2) / ((6 + 3) / 2 - 1.2))
    # Matched 1 -> 1 and 2 -> 3: two customers each.
    assert comparison.matches == {1: 1, 2: 3}
    assert comparison.stayed == pytest.approx(4 / 6)


def test_the_same_grouping_is_full_agreement_whatever_the_numbers():
    a, b = grouped(customers(REVENUE), TWO), grouped(customers(REVENUE), [1, 1, 1, 0, 0, 0])
    comparison = compare(a, b)

    assert comparison.adjusted_rand == 1.0
    assert comparison.stayed == 1.0
    assert comparison.movers().empty
    assert comparison.words() == "All 6 customers stay with the segment they had: the two are the same."


def test_two_that_are_nearly_the_same_are_not_said_to_agree_fully():
    """1,000 customers in two halves, one of whom goes to the other half: an index of 0.996."""
    features = customers({"total_revenue": list(range(1000, 0, -1))})
    words = compare(grouped(features, [0] * 500 + [1] * 500), grouped(features, [0] * 501 + [1] * 499)).words()
    assert "agree almost fully (adjusted Rand index 0.99)" in words


def test_customers_of_one_side_only_are_counted_and_left_out():
    ids = ["a", "b", "c", "d", "e", "f"]
    a = grouped(customers(REVENUE, ids=ids), TWO)
    b = grouped(
        customers({name: column[:4] for name, column in REVENUE.items()}, ids=["f", "e", "x", "a"]), [0, 0, 1, 1]
    )

    comparison = compare(a, b)

    assert (comparison.customers, comparison.only_before, comparison.only_after) == (3, 3, 1)
    assert comparison.flows["customers"].sum() == 3
    # The money is that of the first: f 1, e 5, a 100.
    assert comparison.flows["revenue"].sum() == 106
    assert "4 customers are in one of the two only (3 in the first, 1 in the second)" in comparison.words()


def test_nothing_in_common():
    a = grouped(customers({"age": [1, 2]}, ids=["a", "b"]), [0, 1])
    b = grouped(customers({"age": [1, 2]}, ids=["c", "d"]), [0, 1])

    comparison = compare(a, b)

    assert comparison.flows.empty
    assert math.isnan(comparison.adjusted_rand)
    assert math.isnan(comparison.stayed)
    assert "no customer in common" in comparison.words()


def test_without_money_the_flows_have_none_and_the_words_do_not_speak_of_it():
    ages = customers({"age": [1, 2, 8, 9]})

    comparison = compare(grouped(ages, [0, 0, 1, 1]), grouped(ages, [0, 1, 1, 1]))

    assert comparison.flows["revenue"].isna().all()
    assert "revenue" not in comparison.words()


def test_words_say_who_moves_with_how_much_and_what_is_new():
    before, after = grouped(customers(REVENUE), TWO), grouped(customers(REVENUE), THREE)

    words = compare(before, after).words()

    def money(amount: float) -> str:
        return catalog.feature("total_revenue").format(amount, "EUR")

    assert words.startswith(f"2 of 6 customers (33%) change segment, with {money(90)} of revenue.")
    assert (
        f"1 customer from “{before.segments[0].name}” to “{after.segments[1].name}”, with {money(80)} of revenue"
        in words
    )
    assert (
        "The second has one segment more, and so one more campaign to run. "
        f"Segment 2, “{after.segments[1].name}”, would have one of its own: 2 customers, with {money(90)} of revenue. "
        f"In the first, 1 of them is in “{before.segments[0].name}” and gets the campaign of that one, the others in "
        "other segments."
    ) in words
    assert "adjusted Rand index 0.24" in words
    assert "\n" not in words


def test_the_finer_one_may_be_the_first():
    before, after = grouped(customers(REVENUE), [0, 0, 1, 1, 2, 2]), grouped(customers(REVENUE), [0, 0, 0, 0, 1, 1])

    words = compare(before, after).words()

    # Either half of the four goes with them as well; the customers matched are the fewest numbers first.
    assert "The first has one segment more, and so one more campaign to run." in words
    assert (
        "The largest move is 2 customers from “Steady middle” (segment 2 of the first) to segment 1 of the second, "
        "which happens to have the same name"
    ) in words
    assert f"In the second, all of them are in “{after.segments[0].name}” and get the campaign of that one." in words


def test_neither_buys_anything_where_both_have_as_many_segments():
    assert (
        "segment more"
        not in compare(grouped(customers(REVENUE), TWO), grouped(customers(REVENUE), [0, 1, 1, 1, 1, 1])).words()
    )


def test_each_customer_who_moved_is_listed_with_both_segments():
    before, after = grouped(customers(REVENUE), TWO), grouped(customers(REVENUE), THREE)

    comparison = compare(before, after)
    moved = moved_customers(comparison, before, after)

    # By hand: the third (80) and the fourth (10) come to be the second of three, which matches none of two.
    names = [[each.name for each in side.segments] for side in (before, after)]
    assert moved.to_dict("list") == {
        "customer_id": ["C0002", "C0003"],
        "from_segment": [1, 2],
        "from_name": names[0],
        "to_segment": [2, 2],
        "to_name": [names[1][1]] * 2,
        "total_revenue": [80.0, 10.0],
    }
    assert len(moved) == comparison.movers()["customers"].sum()


def test_customers_who_moved_are_a_list_that_no_spreadsheet_runs():
    ages = customers({"age": [1, 2, 3, 7, 8, 9]}, ids=["=1+1", "b", "c", "d", "e", "f"])
    before = grouped(ages, [0, 0, 0, 1, 1, 1], names={1: "@home", 2: "+away"})
    after = grouped(ages, [1, 0, 0, 1, 1, 1], names={1: "-much", 2: "=HYPERLINK(1)"})

    lines = csv_bytes(moved_customers(compare(before, after), before, after)).decode().splitlines()

    # The first customer alone goes from the three young ones to the others, who are four then and so come first.
    assert lines[0] == "customer_id,from_segment,from_name,to_segment,to_name"
    assert lines[1:] == [f"'=1+1,{before.assignments['segment'].iloc[0]},'@home,1,'-much"]


def test_mostly_the_same_customers_are_more_than_half_of_all_in_either():
    # By hand: {0, 1, 2, 3} and {1, 2, 3, 4, 5} share three of six, which is half and not more.
    one = grouped(customers(REVENUE), [0, 0, 0, 0, 1, 1])
    assert same_customers(one, grouped(customers(REVENUE), [0, 1, 1, 1, 1, 1])) == {}
    # {0, 1, 2} and {0, 1, 2, 3} share three of four, {4, 5} and {3, 4, 5} two of three.
    assert same_customers(one, grouped(customers(REVENUE), [0, 0, 0, 1, 1, 1])) == {1: 1, 2: 2}


def test_colours_of_another_grouping_go_by_the_customers_they_share():
    one = grouped(customers(REVENUE), [0, 0, 0, 0, 1, 1])
    other = grouped(customers(REVENUE), [0, 0, 1, 1, 1, 1])
    assert [each.colour for each in one.segments] == [0, 1]
    assert [each.colour for each in other.segments] == [1, 0]  # alone, the larger one has the first

    same = coloured_like(other, one)

    # Two of six are with the first four on either side: the first two share 2 of 4 with them, the last four 2 of 6.
    # The last four share 2 of 4 with the last two. So the first carry on the first, the last the last.
    assert [each.colour for each in same.segments] == [0, 1]
    assert [replace(each, colour=0) for each in same.segments] == [replace(each, colour=0) for each in other.segments]
