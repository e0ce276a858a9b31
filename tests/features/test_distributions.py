from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.features.distributions import bins, differing, recency_by_revenue
from tests.segments.builders import customers


@given(st.lists(st.one_of(st.just(np.nan), st.floats(-1e9, 1e9), st.integers(-3, 3).map(float)), max_size=300))
def test_every_customer_is_in_a_bin_or_accounted_for(values: list[float]):
    found = bins(np.array(values))
    assert found.counts.sum() + found.beyond + found.missing == len(values)
    assert len(found.edges) == len(found.counts) + 1
    assert (np.diff(found.edges) > 0).all() or len(found.counts) > 1


def test_an_even_spread_is_shown_whole():
    assert bins(np.linspace(0, 100, 1000)).beyond == 0


def test_small_whole_numbers_get_a_bin_each():
    found = bins(np.array([1.0, 1, 2, 5]))
    assert found.counts.tolist() == [2, 1, 0, 0, 1]


def test_quarters_by_revenue_and_steps_of_recency_by_hand():
    """Type-7 quartiles of 10, 20 ... 80 are 27.5, 45 and 62.5. A twentieth has ordered within 2.7 days."""
    found = recency_by_revenue(
        customers({"total_revenue": range(10, 90, 10), "recency_days": [400, 100, 14, 15, 7, 8, 2, 4]})
    )
    assert found is not None
    assert found.revenue_bounds == (27.5, 45, 62.5)
    assert found.day_bounds == (7, 14, 30, 60, 90, 180, 365)
    assert found.counts.tolist() == [
        [2, 0, 0, 0, 0, 0, 0, 0],
        [1, 1, 0, 0, 0, 0, 0, 0],
        [0, 1, 1, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 1, 0, 1],
    ]
    assert found.shares[3].tolist() == [0, 0, 0, 0, 0, 0.5, 0, 0.5]


def test_measures_that_are_the_same_for_all_do_not_differ():
    found = customers({"total_revenue": [1, 2], "return_rate": [0, 0], "days_between_orders": [np.nan, 3]})
    assert differing(found) == ("total_revenue",)


def test_steps_begin_where_customers_are():
    days = np.arange(40, 101)
    found = recency_by_revenue(customers({"total_revenue": days, "recency_days": days}))
    assert found is not None
    assert found.day_bounds == (60, 90)


def test_equal_revenues_stay_together_and_the_unknown_are_counted():
    found = recency_by_revenue(
        customers({"total_revenue": [5, 5, 5, 5, 9, np.nan], "recency_days": [1, 2, 3, 4, 5, 6]})
    )
    assert found is not None
    assert found.counts.sum(axis=1).tolist() == [1, 0, 0, 4]
    assert found.unknown == 1
    assert np.isnan(found.shares[1]).all()


@pytest.mark.parametrize("columns", [{"total_revenue": [1, 2]}, {"recency_days": [1, 2]}])
def test_one_measure_alone_makes_no_heatmap(columns: dict[str, list[float]]):
    assert recency_by_revenue(customers(columns)) is None


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 2000)), min_size=1, max_size=60))
def test_every_customer_is_in_one_cell(pairs: list[tuple[int, int]]):
    revenue, days = zip(*pairs, strict=True)
    found = recency_by_revenue(customers({"total_revenue": revenue, "recency_days": days}))
    assert found is not None
    assert found.counts.sum() == len(pairs)
    assert found.counts.shape == (4, len(found.day_bounds) + 1)
