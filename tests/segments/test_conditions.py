from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.features.catalog import feature
from core.segments.conditions import Bounds, Conjunction, any_holds, merged, rounded, roundest

VALUES = np.array([1.0, 2.0, 3.0, np.nan])


@pytest.mark.parametrize(
    ("bounds", "held", "conditions"),
    [
        (Bounds("a", over=1), [False, True, True, False], 1),
        (Bounds("a", up_to=2), [True, True, False, False], 1),
        (Bounds("a", over=1, up_to=2), [False, True, False, False], 2),
        (Bounds("a", over=2, unknown="too"), [False, False, True, True], 2),
        (Bounds("a", unknown="only"), [False, False, False, True], 1),
        (Bounds("a"), [True, True, True, False], 1),
    ],
)
def test_what_holds_of_whom(bounds: Bounds, held: list[bool], conditions: int):
    assert bounds.holds(VALUES).tolist() == held
    assert bounds.n_conditions == conditions


@pytest.mark.parametrize(
    ("bounds", "words"),
    [
        (Bounds("total_revenue", over=640), "total revenue over 640 EUR"),
        (Bounds("recency_days", up_to=20), "last order at most 20 days ago"),
        (Bounds("recency_days", up_to=1), "last order at most 1 day ago"),
        (Bounds("total_quantity", over=850, up_to=1232), "over 850 up to 1,232 items bought"),
        (Bounds("return_rate", over=0.125), "over 12.5% returned"),
        (Bounds("days_between_orders", over=30, unknown="too"), "over 30 days between orders, or unknown"),
        (Bounds("days_between_orders", unknown="only"), "days between orders unknown"),
        (Bounds("days_between_orders"), "days between orders known"),
        (Bounds("Loyalty points", up_to=1250.5), "loyalty points at most 1,250.5"),
    ],
)
def test_in_words(bounds: Bounds, words: str):
    assert bounds.in_words("EUR") == words


def test_words_name_the_very_threshold():
    # Labels on cards are shortened (12.4k); a condition that somebody types in may not be.
    assert feature("total_revenue").exact(12_437.25, "EUR") == "12,437.25 EUR"
    assert feature("total_revenue").exact(1e18) == "1e+18"
    assert feature("return_rate").exact(0.1) == "10%"


def test_bounds_on_one_measure_become_one():
    path = (Bounds("a", up_to=9), Bounds("b", over=1), Bounds("a", up_to=5), Bounds("a", over=2))
    assert merged(path) == Conjunction((Bounds("a", over=2, up_to=5), Bounds("b", over=1)))


UNKNOWN = st.sampled_from(["no", "too"])
ONE = st.builds(Bounds, st.just("a"), st.none() | st.integers(0, 9), st.none() | st.integers(0, 9), UNKNOWN) | st.just(
    Bounds("a", unknown="only")
)


@given(ONE, ONE)
def test_narrowed_holds_where_both_do(one: Bounds, other: Bounds):
    values = np.array([*range(11), np.nan])
    both = one.holds(values) & other.holds(values)
    if "only" in (one.unknown, other.unknown):
        both[:-1] = one.narrowed(other).holds(values)[:-1]  # nothing can be known and unknown: no tree asks for it
        assert not both[:-1].any()
    else:
        assert one.narrowed(other).holds(values).tolist() == both.tolist()


def test_alternatives_and_everyone():
    columns = {"a": VALUES, "b": np.array([9.0, 0, 0, 9])}
    assert any_holds((merged([Bounds("a", over=2)]), merged([Bounds("b", over=5)])), columns, 4).tolist() == [
        True, False, True, True,
    ]  # fmt: skip
    assert Conjunction().holds({}, 2).tolist() == [True, True]
    assert Conjunction().in_words(None) == "every customer"
    assert any_holds((), columns, 4).tolist() == [False] * 4


@pytest.mark.parametrize(
    ("low", "high", "found"),
    [
        (23, 31, 30), (20, 25, 20), (640.37, 641.2, 641), (0.0123, 0.0129, 0.0123), (-31, -23, -30), (0, 4, 0),
        (23, 24, 23), (-5, 5, -5), (119, 1201, 1000),
    ],
)  # fmt: skip
def test_the_roundest_number_between(low: float, high: float, found: float):
    assert roundest(low, high) == found


@given(st.floats(-1e12, 1e12), st.floats(-1e12, 1e12))
def test_the_roundest_number_parts_what_it_should(one: float, other: float):
    low, high = sorted((one, other))
    if low < high:
        assert low <= roundest(low, high) < high


def test_rounding_leaves_no_dust():
    assert rounded(0.3000000004, 0.1) == 0.3
    assert rounded(1234.0, 100.0) == 1200.0
    assert math.copysign(1, rounded(-0.001, 0.1)) == 1
