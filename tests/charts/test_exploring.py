from __future__ import annotations

import json
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from charts import exploring, theme
from core.features import catalog
from core.segments.rfm import SCORES, Crosswalk, crosswalk
from tests.charts import shops
from tests.charts.shops import texts
from tests.segments.builders import customers, grouped


def drawn(figure: go.Figure) -> dict[str, Any]:
    go.Figure(figure)  # validates
    plain: dict[str, Any] = json.loads(figure.to_json())
    return plain


@pytest.mark.parametrize("k", [1, 3, 5])
def test_the_heatmap_tells_every_mean_in_its_unit(k: int):
    segmentation = shops.segmentation(k)
    figure = drawn(exploring.profile_heatmap(segmentation))
    written = {text.replace("<br>", " ") for text in texts(figure["layout"]["annotations"])}
    for segment in segmentation.segments:
        assert catalog.feature("recency_days").format(segment.center["recency_days"]) in written
        assert catalog.feature("return_rate").format(segment.center["return_rate"]) in written
    assert len(figure["data"][0]["z"]) == 5
    assert figure["layout"]["meta"]["alt"].startswith("Heatmap of each segment's mean in 5 features.")


def test_the_heatmap_puts_what_segments_are_made_from_first():
    segmentation = shops.segmentation()
    ticks = drawn(exploring.profile_heatmap(segmentation))["layout"]["yaxis"]["ticktext"]
    assert [tick.replace("<br>", " ") for tick in ticks[:2]] == ["Total revenue", "Days since last order"]


@pytest.mark.parametrize("k", [2, 4])
def test_names_and_ids_from_files_are_no_markup(k: int):
    segmentation = shops.nasty(k)
    palette = theme.palette(segmentation)
    figures = [
        exploring.profile_heatmap(segmentation),
        exploring.scatter(segmentation, "total_revenue", "recency_days", palette).figure,
    ]
    for figure in figures:
        plain = drawn(figure)
        del plain["layout"]["meta"]  # the alternative text, which is never drawn
        found = "\n".join(texts(plain))
        assert "<script" not in found
        assert "<b>bold" not in found
        assert "&lt;b&gt;bold" in found
        assert "%{x}" not in found
        assert "$x^2$" not in found


@pytest.mark.parametrize("n_customers", [4_999, 5_000, 5_001, 20_000])
def test_never_more_than_5000_points_and_every_segment_among_them(n_customers: int):
    labels = np.zeros(n_customers, dtype=int)
    labels[:3], labels[3:60] = 1, 2
    values = np.arange(n_customers, dtype=float)
    segmentation = grouped(customers({"total_revenue": values, "recency_days": values[::-1]}), labels)
    cloud = exploring.scatter(segmentation, "total_revenue", "recency_days", theme.palette(segmentation))
    points = [len(trace.x) for trace in cloud.figure.data]
    assert sum(points) == cloud.shown <= 5_000
    assert cloud.customers == n_customers
    assert min(points) == 3  # the smallest segment is there with all it has
    assert cloud.shown == n_customers if n_customers <= 5_000 else cloud.shown > 4_990


def test_the_same_sample_each_time():
    segmentation = shops.segmentation(features=shops.shop(900))
    palette = theme.palette(segmentation)
    once, again = (
        exploring.scatter(segmentation, "total_revenue", "recency_days", palette, most=100).figure.to_json()
        for _ in range(2)
    )
    assert once == again


def test_hover_tells_customer_and_values_in_units():
    segmentation = shops.segmentation()
    figure = exploring.scatter(segmentation, "total_revenue", "recency_days", theme.palette(segmentation)).figure
    told = [text for trace in figure.data for text in trace.customdata]
    assert any(text.startswith("C00020<br>") and " EUR<br>" in text and text.endswith("days") for text in told)
    assert figure.layout.xaxis.title.text == "Total revenue (EUR)"
    assert figure.layout.yaxis.title.text == "Days since last order"
    assert [trace.marker.symbol for trace in figure.data] == ["circle", "square", "diamond"]


def test_customers_without_a_value_are_not_counted_as_shown():
    segmentation = shops.segmentation()
    cloud = exploring.scatter(segmentation, "total_revenue", "days_between_orders", theme.palette(segmentation))
    assert cloud.shown == cloud.customers == 60  # the third kind of customer came once


def test_a_spread_axis_loses_nobody_with_zero_or_less():
    features = customers({"total_revenue": [-50.0, 0, 9, 99_999], "recency_days": [1, 2, 3, 4]})
    segmentation = grouped(features, [0, 0, 0, 0])
    cloud = exploring.scatter(segmentation, "total_revenue", "recency_days", theme.palette(segmentation), spread_x=True)
    x = list(cloud.figure.data[0].x)
    assert x == pytest.approx([-np.log10(51), 0, 1, 5])
    axis = cloud.figure.layout.xaxis
    assert dict(zip(axis.ticktext, axis.tickvals, strict=True))["0"] == 0
    assert dict(zip(axis.ticktext, axis.tickvals, strict=True))["100k"] == pytest.approx(np.log10(100_001))
    assert dict(zip(axis.ticktext, axis.tickvals, strict=True))["-10"] == pytest.approx(-np.log10(11))


def scored(k: int, names: dict[int, str] | None = None) -> Crosswalk:
    random = np.random.default_rng(2)
    columns = {name: random.integers(1, 6, 60).astype(float) for name in SCORES}
    features = customers({"total_revenue": np.arange(60.0), **columns})
    return crosswalk(grouped(features, np.arange(60) % k, used=["total_revenue"], names=names))


@pytest.mark.parametrize("k", [1, 3, 5])
def test_the_heatmap_of_classic_groups_tells_every_share(k: int):
    found = scored(k)
    figure = drawn(exploring.classic_heatmap(found))
    assert np.array(figure["data"][0]["z"]) == pytest.approx(found.customers.T / found.customers.sum(axis=1))
    written = [note["text"] for note in figure["layout"]["annotations"]]
    expected = ["–" if not n else theme.percent(n / 60 * k) for n in found.customers.T.ravel()]
    assert written[-len(expected) :] == expected
    assert [tick.replace("<br>", " ") for tick in figure["layout"]["yaxis"]["ticktext"]] == [
        theme.escaped(group) for group in found.groups
    ]
    assert figure["layout"]["meta"]["alt"].startswith("Heatmap of the share of each segment in")


@pytest.mark.parametrize("k", [2, 5])
def test_names_in_the_heatmap_of_classic_groups_are_no_markup(k: int):
    names = {number: shops.NASTY[number - 1] for number in range(1, k + 1)}
    plain = drawn(exploring.classic_heatmap(scored(k, names)))
    del plain["layout"]["meta"]
    found = "\n".join(texts(plain))
    assert "<script" not in found
    assert "&lt;b&gt;bold" in found
    assert "%{x}" not in found
