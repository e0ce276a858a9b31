from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.features import catalog
from core.segments.naming import ranks
from core.segments.playbook import playbook
from core.segments.portrait import contrast
from tests.segments.builders import customers, grouped


def told(name: str, value: float, currency: str | None = "EUR") -> str:
    return catalog.feature(name).format(value, currency)


def test_the_evidence_is_means_against_all_others_in_units():
    # Revenue and recency go different ways, so that neither says what the other said already.
    features = customers({"total_revenue": [900, 1100, 100, 200, 300, 400], "recency_days": [60, 70, 10, 80, 20, 50]})

    portrait = grouped(features, [0, 0, 1, 1, 1, 1]).segments[0].portrait

    assert portrait == (
        f"Spend {told('total_revenue', 1000)} each, all others {told('total_revenue', 250)}; "
        f"last ordered {told('recency_days', 65)} ago on average, all others {told('recency_days', 40)}."
    )


def test_the_most_striking_measure_comes_first_and_three_are_enough():
    random = np.random.default_rng(5)
    table = {name: random.permutation(np.arange(40.0)) for name in ("a", "b", "c", "d", "e")}
    labels = np.zeros(40, dtype=int)
    labels[table["c"] >= 30] = 1

    portraits = [each.portrait for each in grouped(customers(table), labels).segments]

    # Means of 30..39 and of 0..29.
    assert any(text.startswith(f"C {told('c', 34.5)} on average, all others {told('c', 14.5)}") for text in portraits)
    assert all(text.count(";") <= 2 for text in portraits)


def test_a_measure_that_repeats_another_is_left_out():
    features = customers({"total_revenue": [1, 2, 30, 40], "total_quantity": [2, 4, 60, 80]})

    assert "all others" in (portrait := grouped(features, [0, 0, 1, 1]).segments[0].portrait)
    assert portrait.count("all others") == 1


def test_a_mean_that_contradicts_the_ranks_is_left_out():
    # The first three outrank most of the others, whose mean one giant lifts above theirs.
    features = customers({"total_revenue": [50, 60, 70, 1, 2, 3, 99999], "recency_days": [1, 2, 3, 40, 50, 60, 70]})

    portraits = [each.portrait for each in grouped(features, [0, 0, 0, 1, 1, 1, 1]).segments]

    assert not any("pend" in portrait for portrait in portraits)
    assert any(portrait.startswith("Last ordered") for portrait in portraits)


def test_figures_that_read_the_same_are_not_told():
    features = customers({"total_revenue": [100.001, 100.002, 100.0, 99.999], "recency_days": [1, 2, 30, 40]})

    assert all("pend" not in each.portrait for each in grouped(features, [0, 0, 1, 1]).segments)


def test_scores_are_no_evidence():
    features = customers({"total_revenue": [1, 9], "rfm_monetary": [1, 5]})

    assert all(each.portrait.count("all others") == 1 for each in grouped(features, [0, 1]).segments)


def test_one_segment_is_told_without_others():
    portrait = grouped(customers({"total_revenue": [10, 30], "recency_days": [3, 5]}), [0, 0]).segments[0].portrait

    assert portrait == (
        f"Spend {told('total_revenue', 20)} each; last ordered {told('recency_days', 4)} ago on average."
    )


def test_customers_without_a_value_are_left_out_of_its_mean():
    features = customers({"days_between_orders": [np.nan, 4, 6, np.nan, 30, 50], "recency_days": [9, 1, 5, 3, 7, 2]})

    portraits = [each.portrait for each in grouped(features, [0, 0, 0, 1, 1, 1], used=["recency_days"]).segments]

    assert any(
        f"rder every {told('days_between_orders', 5)}, all others {told('days_between_orders', 40)}" in portrait
        for portrait in portraits
    )


@pytest.mark.parametrize("n_segments", [2, 3, 5])
def test_a_portrait_is_one_finished_sentence(n_segments: int):
    random = np.random.default_rng(n_segments)
    features = customers({"total_revenue": random.exponential(100, 50), "recency_days": random.integers(0, 90, 50)})

    for each in grouped(features, np.arange(50) % n_segments).segments:
        assert each.portrait[0].isupper()
        assert each.portrait.endswith(".")
        assert "\n" not in each.portrait


def test_a_contrast_names_what_differs_and_one_thing_that_does_not():
    values = pd.DataFrame({"total_revenue": [10.0, 10, 40, 40], "order_count": [3.0, 5, 3, 5]})
    told = contrast(
        values,
        ranks(values),
        np.array([True, True, False, False]),
        used=["order_count", "total_revenue"],
        currency="EUR",
    )
    assert told == "spend 10 EUR each, the others 40 EUR; placed 4 orders each, much like the others"


def test_means_that_differ_are_not_called_alike_however_near_the_ranks():
    # Each ranks as the other on average, but one of the first two placed 500 orders.
    values = pd.DataFrame({"total_revenue": [10.0, 10, 40, 40], "order_count": [1.0, 500, 3, 5]})
    told = contrast(
        values,
        ranks(values),
        np.array([True, True, False, False]),
        used=["order_count", "total_revenue"],
        currency="EUR",
    )
    assert told == "spend 10 EUR each, the others 40 EUR"


def test_nobody_to_contrast_with():
    values = pd.DataFrame({"total_revenue": [10.0, 40.0]})
    assert contrast(values, ranks(values), np.array([True, True]), used=["total_revenue"], currency=None) == ""


def test_a_name_has_its_reason():
    """Of 1 to 10 the ranks are 0.05, 0.15 ... 0.95: the first four stand at 0.2 on average, the others at 0.7."""
    amounts = [10.0 * place for place in range(1, 11)]
    features = customers({"total_revenue": amounts, "recency_days": amounts[::-1], "order_count": [2.0] * 10})

    best, last = grouped(features, [1] * 4 + [0] * 6).segments

    assert last.reason.startswith(
        "On average they spend less than 80 of 100 customers and ordered longer ago than 80 of 100. "
        "What the playbook calls “"
    )
    assert last.reason.endswith(playbook().archetype(last.archetype).description)
    assert "spend more than 70 of 100 customers and ordered more lately than 70 of 100." in best.reason


def test_the_reason_speaks_of_the_measures_that_make_the_name():
    features = customers({"Age": [20.0, 21, 22, 60, 61, 62], "height": [1.5, 1.6, 1.7, 1.5, 1.6, 1.7]})
    young = next(each for each in grouped(features, [0, 0, 0, 1, 1, 1]).segments if each.center["Age"] < 30)
    assert young.name == "Low age"
    assert young.reason == "On average they have a lower age than 75 of 100 customers."


def test_one_segment_needs_no_reason():
    alone = grouped(customers({"total_revenue": [1, 2]}), [0, 0]).segments[0]
    assert alone.reason == "There is one segment, of all customers."
