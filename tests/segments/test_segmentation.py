from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clustering.preparation import PreparationOptions, prepare
from core.clustering.sweep import ClusterFit
from core.features.engineering import CustomerFeatures
from core.segments.assignment import assign
from core.segments.segmentation import segment
from tests.segments.builders import AS_THEY_ARE, customers, grouped

# Six customers in three clear groups; every expected number below is worked out from these by hand.
SIX = {
    "total_revenue": [10, 20, 300, 500, 100, 140],
    "avg_order_value": [5, 7, 60, 100, 20, 40],
    "avg_line_value": [1, 2, 6, 8, 3, 5],
    "total_quantity": [1, 3, 30, 50, 10, 14],
    "recency_days": [90, 70, 2, 4, 10, 30],
    "days_between_orders": [np.nan, np.nan, 5, np.nan, 9, 11],
}
LABELS = [0, 0, 1, 1, 2, 2]


def test_numbers_follow_falling_mean_revenue():
    segmentation = grouped(customers(SIX), LABELS)

    assert segmentation.assignments["segment"].tolist() == [3, 3, 1, 1, 2, 2]
    assert segmentation.order == (1, 2, 0)
    assert [s.number for s in segmentation.segments] == [1, 2, 3]


def test_stability_follows_the_cluster_to_its_number():
    rated = grouped(customers(SIX), LABELS).rated([0.3, 0.1, None])

    assert [segment.stability for segment in rated.segments] == [0.1, None, 0.3]  # clusters 1, 2, 0


def test_a_small_segment_of_big_spenders_comes_before_a_large_one_with_more_money_in_all():
    features = customers({"total_revenue": [90, 10, 20, 30, 40], "recency_days": [1, 2, 3, 4, 5]})

    segmentation = grouped(features, [1, 0, 0, 0, 0])

    assert segmentation.assignments["segment"].tolist() == [1, 2, 2, 2, 2]


def test_without_money_the_largest_comes_first():
    features = customers({"age": [20, 21, 60, 61, 62]})

    segmentation = grouped(features, [0, 0, 1, 1, 1])

    assert segmentation.assignments["segment"].tolist() == [2, 2, 1, 1, 1]
    assert [s.revenue for s in segmentation.segments] == [None, None]
    assert [s.share_of_revenue for s in segmentation.segments] == [None, None]


def test_ties_go_by_size_and_then_by_center_whatever_the_labels():
    # Mean revenue 10 each; sizes 1, 1 and 2; the two single ones differ in recency alone.
    features = customers({"total_revenue": [10, 10, 10, 10], "recency_days": [9, 1, 50, 52]})

    for labels in ([0, 1, 2, 2], [1, 0, 2, 2], [2, 1, 0, 0]):
        assert grouped(features, labels).assignments["segment"].tolist() == [3, 2, 1, 1]


def test_summary_has_the_articles_columns_and_figures():
    summary = grouped(customers(SIX), LABELS, used=["total_revenue", "avg_line_value", "recency_days"]).summary()

    expected = pd.DataFrame(
        {
            "cluster": [1, 2, 3],
            "avg_total_revenue": [400.0, 120.0, 15.0],
            "sum_total_revenue": [800.0, 240.0, 30.0],
            "avg_order_value": [7.0, 4.0, 1.5],
            "avg_total_quantity": [40.0, 12.0, 2.0],
            "avg_recency": [3.0, 20.0, 80.0],
            "customer_count": [2, 2, 2],
        }
    )
    pd.testing.assert_frame_equal(summary, expected)


def test_summary_takes_the_value_of_an_order_unless_lines_were_clustered():
    summary = grouped(customers(SIX), LABELS, used=["total_revenue", "recency_days"]).summary()

    assert summary["avg_order_value"].tolist() == [80.0, 30.0, 6.0]


def test_summary_leaves_missing_what_the_file_cannot_give():
    summary = grouped(customers({"age": [20, 60]}), [0, 1]).summary()

    assert summary["customer_count"].tolist() == [1, 1]
    blank = ["avg_total_revenue", "sum_total_revenue", "avg_order_value", "avg_total_quantity", "avg_recency"]
    assert summary[blank].isna().all(axis=None)


def test_facts_of_a_segment():
    facts = [each.facts() for each in grouped(customers(SIX), LABELS).segments]

    assert facts[1] == {
        "segment": 2,
        "name": facts[1]["name"],
        "customers": 2,
        "revenue": 240.0,
        "share_of_customers": pytest.approx(1 / 3),
        "share_of_revenue": pytest.approx(240 / 1070),
        "stability": None,
    }


def test_centers_are_means_in_units_of_those_who_have_a_value():
    first, second, third = grouped(customers(SIX), LABELS, used=["total_revenue"]).segments

    assert first.center["days_between_orders"] == 5.0
    assert second.center["days_between_orders"] == 10.0
    assert np.isnan(third.center["days_between_orders"])
    assert third.center["recency_days"] == 80.0


def test_no_revenue_at_all_gives_no_shares():
    features = customers({"total_revenue": [5, -5], "recency_days": [1, 9]})

    assert [s.share_of_revenue for s in grouped(features, [0, 1]).segments] == [None, None]


def test_table_puts_clustering_features_first_then_revenue_then_the_rest_then_contacts():
    features = customers(SIX, contacts={"email": ["a@x", "b@x", "c@x", "d@x", "e@x", None]})

    table = grouped(features, LABELS, used=["recency_days", "avg_order_value"]).table()

    assert table.columns.tolist() == [
        "customer_id", "segment", "segment_name", "runner_up", "margin",
        "recency_days", "avg_order_value", "total_revenue", "avg_line_value", "total_quantity", "days_between_orders",
        "email",
    ]  # fmt: skip
    assert table["customer_id"].tolist() == ["C0000", "C0001", "C0002", "C0003", "C0004", "C0005"]
    assert table["recency_days"].tolist() == SIX["recency_days"]
    assert table["email"].tolist()[:2] == ["a@x", "b@x"]


def test_a_column_of_the_file_cannot_hide_one_of_ours():
    features = customers(
        {"segment": [1, 2], "margin": [5, 6]}, contacts={"segment": ["x", "y"], "customer_id": ["p", "q"]}
    )

    table = grouped(features, [0, 1]).table()

    assert table.columns.is_unique
    assert table["segment"].dtype == np.int64
    assert table["segment (file)"].tolist() == [1.0, 2.0]
    assert table["segment (file) (file)"].tolist() == ["x", "y"]
    assert table["customer_id (file)"].tolist() == ["p", "q"]


def test_margin_and_runner_up_by_hand():
    # Centres at 0, 10 and 30 on a line.
    assignment = assign(np.array([[0.0], [4.0], [5.0], [18.0], [40.0]]), np.array([[0.0], [10.0], [30.0]]))

    assert assignment.nearest.tolist() == [0, 0, 0, 1, 2]
    assert assignment.runner_up.tolist() == [1, 1, 1, 2, 1]
    # 1 - 0/10, 1 - 4/6, 1 - 5/5, 1 - 8/12, 1 - 10/30
    np.testing.assert_allclose(assignment.margin, [1.0, 1 / 3, 0.0, 1 / 3, 2 / 3])


def test_settled_labels_hold_even_against_the_distances():
    assignment = assign(np.array([[1.0], [9.0]]), np.array([[0.0], [10.0]]), np.array([1, 1]))

    assert assignment.nearest.tolist() == [1, 1]
    assert assignment.runner_up.tolist() == [0, 0]
    np.testing.assert_allclose(assignment.margin, [0.0, 1 - 1 / 9])


def test_equal_centers_leave_no_margin():
    assignment = assign(np.array([[1.0]]), np.array([[1.0], [1.0]]))

    assert assignment.margin.tolist() == [0.0]


def test_one_segment_has_neither_runner_up_nor_margin():
    segmentation = grouped(customers(SIX), [0] * 6)

    assert segmentation.assignments["runner_up"].isna().all()
    assert segmentation.assignments["margin"].isna().all()
    assert segmentation.borderline().empty


def test_borderline_customers_come_closest_call_first():
    # Centres at 0 and 10. Margins: 1 - 4.8/5.2 = 0.08, 1 - 4.6/5.4 = 0.15, 1, 1, 1 - 4.6/14.6, 1 - 4.8/14.8.
    features = customers({"age": [5.2, 4.6, 0, 10, -4.6, 14.8]})
    segmentation = grouped(features, [1, 0, 0, 1, 0, 1])

    assert segmentation.borderline().index.tolist() == ["C0000"]
    assert segmentation.borderline(below=0.5).index.tolist() == ["C0000", "C0001"]
    assert segmentation.borderline(below=0.0).empty


def test_a_capped_outlier_goes_where_she_truly_stands():
    # The fit's label, made when the cap had drawn the last customer in, has her with all others.
    features = customers({"total_revenue": [0, 1, 2, 3, 4, 5, 6, 1000]})
    capped = PreparationOptions(transform="none", outliers="cap")
    preparation = prepare(features.values, ["total_revenue"], capped)
    far = preparation.matrix(features.values)[-1, 0]
    centers = np.array([[preparation.matrix(features.values)[3, 0]], [far]])
    fit = ClusterFit(centers, np.zeros(8, dtype=int), 0.0)

    assert preparation.fit_matrix(features.values)[-1, 0] < far
    assert segment(features, preparation, fit).assignments["segment"].tolist() == [2] * 7 + [1]
    kept = prepare(features.values, ["total_revenue"], AS_THEY_ARE)
    assert segment(features, kept, ClusterFit(centers, np.array([0] * 7 + [1]), 0.0)).n_segments == 2


def test_kept_outliers_keep_the_fits_labels():
    features = customers({"total_revenue": [0, 1, 9, 10]})
    preparation = prepare(features.values, ["total_revenue"], AS_THEY_ARE)
    scaled = preparation.matrix(features.values)
    fit = ClusterFit(np.array([scaled[0], scaled[3]]), np.array([0, 1, 1, 1]), 0.0)

    assert segment(features, preparation, fit).assignments["segment"].tolist() == [2, 1, 1, 1]


def test_a_fit_of_other_customers_is_refused():
    features = customers(SIX)
    preparation = prepare(features.values, ["total_revenue"], AS_THEY_ARE)

    with pytest.raises(ValueError, match="5 customers"):
        segment(features, preparation, ClusterFit(np.zeros((1, 1)), np.zeros(5, dtype=int), 0.0))


def test_own_names_are_taken_cleaned_and_kept_apart():
    names = {1: "  My\n best\x00 ones ", 2: "   ", 3: "my best ones"}

    segmentation = grouped(customers(SIX), LABELS, names=names)

    given = [s.name for s in segmentation.segments]
    assert given[0] == "My best ones"
    assert given[1] == grouped(customers(SIX), LABELS).segments[1].name
    assert given[2] == "my best ones 2"
    assert segmentation.assignments["segment_name"].tolist() == [
        given[2],
        given[2],
        given[0],
        given[0],
        given[1],
        given[1],
    ]


def test_an_empty_cluster_becomes_an_empty_segment_at_the_end():
    features = customers({"total_revenue": [1, 2, 30], "recency_days": [3, 2, 1]})
    preparation = prepare(features.values, list(features.names), AS_THEY_ARE)
    fit = ClusterFit(np.array([[-1.0, 0.0], [9.0, 9.0], [1.0, 0.0]]), np.array([0, 0, 2]), 0.0)

    segmentation = segment(features, preparation, fit)

    assert [s.customers for s in segmentation.segments] == [1, 2, 0]
    assert segmentation.segments[2].revenue == 0.0
    assert segmentation.segments[2].portrait == "No customer is in it."


@given(
    revenue=st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=30),
    k=st.integers(1, 5),
    seed=st.integers(0, 2**32 - 1),
)
def test_every_customer_is_in_exactly_one_segment(revenue: list[float], k: int, seed: int):
    random = np.random.default_rng(seed)
    features = customers({"total_revenue": revenue, "recency_days": random.integers(0, 9, len(revenue))})
    labels = random.integers(0, k, len(revenue))
    preparation = prepare(features.values, list(features.names), AS_THEY_ARE)
    segmentation = segment(features, preparation, ClusterFit(random.normal(size=(k, 2)), labels, 0.0))

    members = [customer for s in segmentation.segments for customer in segmentation.members(s.number)]
    assert sorted(members) == sorted(features.values.index)
    assert sum(s.customers for s in segmentation.segments) == len(revenue)
    assert sum(s.revenue or 0 for s in segmentation.segments) == pytest.approx(sum(revenue), abs=1e-6)
    assert (segmentation.assignments["runner_up"] != segmentation.assignments["segment"]).dropna().all()
    assert segmentation.assignments["margin"].dropna().between(0, 1).all()
    # The same people stay together whatever number their cluster had.
    assert pd.crosstab(labels, segmentation.assignments["segment"]).gt(0).sum(axis=1).max() == 1


def test_a_hundred_thousand_customers_are_assigned_in_well_under_a_second():
    random = np.random.default_rng(0)
    matrix, centers = random.normal(size=(100_000, 4)), random.normal(size=(10, 4))

    started = time.perf_counter()
    assignment = assign(matrix, centers)
    seconds = time.perf_counter() - started

    distances = ((matrix[:, None, :] - centers[None, :, :]) ** 2).sum(axis=2)
    np.testing.assert_array_equal(assignment.nearest, distances.argmin(axis=1))
    np.testing.assert_array_equal(assignment.runner_up, distances.argsort(axis=1)[:, 1])
    assert seconds < 1


def test_contacts_may_be_absent():
    features = CustomerFeatures(
        pd.DataFrame({"age": [1.0, 2.0]}, index=pd.Index(["a", "b"], name="customer_id")),
        pd.DataFrame(index=["a", "b"]),
        None,
        None,
    )

    assert grouped(features, [0, 1]).table().columns.tolist()[-1] == "age"
