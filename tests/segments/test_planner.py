from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.segments.planner import Campaign, ImpossibleCampaignError, Outlook, plan_campaign
from core.segments.segmentation import Segment, Segmentation
from tests.segments.builders import customers, grouped


def shop() -> Segmentation:
    """Two customers who spend 80 and 120 an order, three who spend 10, 20 and 30."""
    return grouped(
        customers({"total_revenue": [800, 120, 10, 20, 30], "avg_order_value": [80, 120, 10, 20, 30]}),
        [0, 0, 1, 1, 1],
        used=["total_revenue"],
    )


def outlooks(cost: float, uplift: float, margin: float) -> tuple[Outlook, ...]:
    return plan_campaign(shop().segments, Campaign(cost, uplift, margin)).outlooks


def test_profit_by_hand():
    # Mean order values 100 and 20. Of 100 a margin of 40% leaves 40, of 20 it leaves 8.
    best, rest = outlooks(cost=1.5, uplift=0.05, margin=0.4)

    assert (best.order_value, rest.order_value) == (100, 20)
    assert best.cost == 3.0  # 2 x 1.50
    assert rest.cost == 4.5  # 3 x 1.50
    assert best.extra_orders == pytest.approx(0.1)  # 2 x 5%
    assert best.profit == pytest.approx(0.1 * 40 - 3.0)  # 1.00
    assert rest.profit == pytest.approx(-3.3)  # 3 x 5% x 8 - 4.50 = 1.20 - 4.50
    assert best.smallest_uplift == pytest.approx(0.0375)  # 1.5 / 40
    assert rest.smallest_uplift == pytest.approx(0.1875)  # 1.5 / 8
    assert (best.pays, rest.pays) == (True, False)


def test_the_whole_campaign_by_hand():
    found = plan_campaign(shop().segments, Campaign(1.5, 0.05, 0.4))

    assert found.profit_of_all == pytest.approx(1.0 - 3.3)
    assert [each.segment.number for each in found.worthwhile] == [1]
    assert found.profit_of_worthwhile == pytest.approx(1.0)


def test_an_extra_order_is_worth_the_mean_over_customers():
    """Not revenue by orders: (800 + 120) / (10 + 1) is 83.6."""
    assert outlooks(0, 1, 1)[0].profit == pytest.approx(2 * 100)


def test_no_uplift_would_do_where_a_contact_costs_more_than_an_order_leaves():
    best, rest = outlooks(cost=9, uplift=1, margin=0.4)

    assert best.smallest_uplift == pytest.approx(9 / 40)
    assert rest.smallest_uplift is None  # 9 for at most 8
    assert rest.profit == pytest.approx(3 * (8 - 9))


def test_what_costs_nothing_pays_from_the_first_extra_order_on():
    assert [each.smallest_uplift for each in outlooks(0, 0.01, 0.4)] == [0, 0]
    assert [each.pays for each in outlooks(0, 0, 0.4)] == [False, False]


def test_without_margin_nothing_pays():
    assert [(each.smallest_uplift, each.pays) for each in outlooks(0.5, 0.5, 0)] == [(None, False)] * 2


@pytest.mark.parametrize(
    "columns",
    [
        {"total_revenue": [9.0, 8, 1]},
        {"total_revenue": [9.0, 8, 1], "avg_order_value": [math.nan, math.nan, math.nan]},
    ],
)
def test_blank_where_there_is_no_order_value(columns: dict[str, list[float]]):
    segments = grouped(customers(columns), [0, 0, 1], used=["total_revenue"]).segments

    found = plan_campaign(segments, Campaign(1, 0.1, 0.5))

    assert [(each.order_value, each.profit, each.smallest_uplift) for each in found.outlooks] == [(None,) * 3] * 2
    assert [each.cost for each in found.outlooks] == [2, 1]
    assert found.profit_of_all == 0
    assert found.worthwhile == ()


def test_who_sent_back_more_than_they_bought_never_pays():
    segments: tuple[Segment, ...] = grouped(
        customers({"total_revenue": [9.0, -4], "avg_order_value": [9.0, -4]}), [0, 1], used=["total_revenue"]
    ).segments

    returning = plan_campaign(segments, Campaign(0.1, 0.5, 0.5)).outlooks[1]

    assert returning.profit == pytest.approx(0.5 * -4 * 0.5 - 0.1)
    assert returning.smallest_uplift is None


@given(cost=st.floats(0, 50), margin=st.floats(0.01, 1))
def test_at_the_smallest_uplift_it_comes_out_even(cost: float, margin: float):
    for each in outlooks(cost, 0.0, margin):
        assume(each.smallest_uplift is not None)
        even = plan_campaign([each.segment], Campaign(cost, each.smallest_uplift, margin)).outlooks[0]
        assert even.profit == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    "impossible", [(-1, 0.1, 0.1), (math.nan, 0.1, 0.1), (1, 1.1, 0.1), (1, -0.1, 0.1), (1, 0.1, math.nan), (1, 0, 2)]
)
def test_what_no_campaign_can_have_is_refused(impossible: tuple[float, float, float]):
    with pytest.raises(ImpossibleCampaignError) as caught:
        Campaign(*impossible)

    assert caught.value.hint
