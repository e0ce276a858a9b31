from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from charts import features, theme
from core.features.distributions import bins
from tests.charts import shops
from tests.charts.shops import texts


def drawn(chart: Any) -> dict[str, Any]:
    spec: dict[str, Any] = chart.to_dict()
    return spec


def test_a_long_tail_is_cut_off_and_said():
    values = np.concatenate([np.linspace(0, 100, 1000), [1e6, 2e6]])
    found = bins(values)
    assert found.edges[-1] <= 100
    assert found.beyond == np.sum(values > found.edges[-1])
    spec = drawn(features.histogram("total_revenue", pd.Series(values), "EUR"))
    assert any(f"{found.beyond} customers above" in text and "not drawn" in text for text in texts(spec))
    assert any(text == "Total revenue (EUR)" for text in texts(spec))


@pytest.mark.parametrize("values", [[], [np.nan, np.nan], [3.0, 3.0]])
def test_nothing_to_spread_is_still_a_chart(values: list[float]):
    assert drawn(features.histogram("recency_days", pd.Series(values, dtype=float), None))


def test_no_customer_travels_to_the_browser():
    values = pd.Series(np.random.default_rng(1).lognormal(size=20_000))
    bars = drawn(features.histogram("total_revenue", values, "EUR"))["datasets"]
    assert [len(rows) for rows in bars.values()] == [24]


def test_before_and_after_stand_apart_so_that_they_can_stack():
    values = shops.shop().values["total_revenue"]
    before, after = features.before_after("total_revenue", values, np.log1p(values.to_numpy()), "EUR")
    assert any("EUR" in text for text in texts(drawn(before)))
    assert "Prepared scale (no unit)" in texts(drawn(after))
    assert theme.alt_text(after).startswith("Histogram.")


def test_features_that_say_the_same_are_framed_and_named():
    matrix = pd.DataFrame(
        [[1, 0.95, 0.2], [0.95, 1, -0.91], [0.2, -0.91, 1]],
        index=["total_revenue", "order_count", "recency_days"],
        columns=["total_revenue", "order_count", "recency_days"],
    )
    assert features.alike(matrix) == [
        ("order_count", "total_revenue", 0.95),
        ("recency_days", "order_count", -0.91),
    ]
    spec = drawn(features.correlations(matrix))
    cells = max(spec["datasets"].values(), key=len)
    assert sorted((cell["value"], cell["frame"]) for cell in cells) == [(-0.91, True), (0.2, False), (0.95, True)]
    legend = "Rank correlation: 1 (orange) alike, 0 not related, -1 (blue) the other way round"
    assert legend in " ".join(spec["layer"][0]["encoding"]["x"]["axis"]["title"])
    assert " ".join(spec["title"]["text"]).startswith("2 pairs of features say nearly the same")


def test_missing_correlations_leave_their_cell_empty():
    names = ["total_revenue", "order_count"]
    matrix = pd.DataFrame(np.nan, index=names, columns=names)
    assert features.alike(matrix) == []
    assert drawn(features.correlations(matrix))["title"]["text"] == ["No two features say the same"]


@pytest.mark.parametrize(
    ("value", "written"), [(0.934, ".93"), (-0.42, "-.4"), (1, "1"), (-0.999, "-1"), (-0.01, "0"), (0.999, "1")]
)
def test_correlations_fit_their_cells(value: float, written: str):
    assert features._written(value) == written
