from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import vl_convert

from charts import segments, theme
from tests.charts import shops
from tests.charts.shops import texts

CHARTS = [
    segments.customers_per_segment,
    segments.mean_revenue_per_segment,
    segments.shares,
    segments.recency_by_segment,
]


def drawn(chart: Any) -> dict[str, Any]:
    spec: dict[str, Any] = chart.to_dict()  # validates against Vega-Lite's schema
    return spec


def rows(spec: dict[str, Any]) -> list[dict[str, Any]]:
    return max(spec["datasets"].values(), key=lambda some: len(some[0]))


@pytest.mark.parametrize("chart", CHARTS)
def test_each_segment_has_its_colour_and_its_name(chart: Any):
    segmentation = shops.segmentation()
    palette = theme.palette(segmentation)
    spec = drawn(chart(segmentation, palette))
    assert {row["name"]: row["colour"] for row in rows(spec)} == dict(palette)
    assert list(palette.values()) in [scale.get("range") for scale in _scales(spec)]
    assert theme.alt_text(chart(segmentation, palette)).count(". ") >= 3


def _scales(node: Any) -> list[dict[str, Any]]:
    if isinstance(node, dict):
        own = [node["scale"]] if isinstance(node.get("scale"), dict) else []
        return own + [scale for value in node.values() for scale in _scales(value)]
    return [scale for value in node for scale in _scales(value)] if isinstance(node, list) else []


@pytest.mark.parametrize("chart", CHARTS)
def test_names_from_files_stay_text(chart: Any):
    segmentation = shops.nasty()
    spec = drawn(chart(segmentation, theme.palette(segmentation)))
    svg = vl_convert.vegalite_to_svg({**spec, "width": 400}, allowed_base_urls=[])
    assert "<script" not in svg
    assert "<b>" not in svg
    assert "&lt;b&gt;bold" in svg
    # vega-tooltip makes a heading of a key "title" and a picture, fetched from outside, of a key "image".
    for layer in _tooltips(spec):
        assert not {"title", "image"} & {entry.get("title", entry.get("field")) for entry in layer}


def _tooltips(node: Any) -> list[list[dict[str, Any]]]:
    if isinstance(node, dict):
        own = [node["tooltip"]] if isinstance(node.get("tooltip"), list) else []
        return own + [found for value in node.values() for found in _tooltips(value)]
    return [found for value in node for found in _tooltips(value)] if isinstance(node, list) else []


def test_customers_are_counted():
    segmentation = shops.segmentation()
    spec = drawn(segments.customers_per_segment(segmentation, theme.palette(segmentation)))
    assert [row["value"] for row in rows(spec)] == [segment.customers for segment in segmentation.segments]
    assert sum(row["value"] for row in rows(spec)) == 90
    assert "of 90 customers" in " ".join(spec["title"]["text"])


def test_money_has_its_currency_and_is_short():
    segmentation = shops.segmentation()
    spec = drawn(segments.mean_revenue_per_segment(segmentation, theme.palette(segmentation)))
    assert "Mean revenue a customer (EUR)" in texts(spec)
    assert " EUR in " in " ".join(spec["title"]["text"])
    means = segmentation.features.values["total_revenue"].groupby(segmentation.assignments["segment"]).mean()
    assert [row["value"] for row in rows(spec)] == pytest.approx(list(means))


def test_shares_add_up_on_both_sides():
    segmentation = shops.segmentation()
    spec = drawn(segments.shares(segmentation, theme.palette(segmentation)))
    for part in ("customers", "revenue"):
        assert sum(row["value"] for row in rows(spec) if row["part"] == part) == pytest.approx(1)


def test_the_box_plot_holds_five_numbers_a_segment():
    segmentation = shops.segmentation()
    spec = drawn(segments.recency_by_segment(segmentation, theme.palette(segmentation)))
    assert len(json.dumps(spec)) < 16_000
    for row, segment in zip(rows(spec), segmentation.segments, strict=True):
        days = segmentation.features.values.loc[segmentation.members(segment.number), "recency_days"]
        expected = [np.percentile(days, part) for part in (5, 25, 50, 75, 95)]
        assert [row[name] for name in ("low", "first", "median", "third", "high")] == pytest.approx(expected)
    assert any("Days since the last order" in text for text in texts(spec))


def test_what_the_file_cannot_give_has_no_chart():
    poor = shops.segmentation(features=shops.shop(money=False, dates=False))
    palette = theme.palette(poor)
    assert segments.mean_revenue_per_segment(poor, palette) is None
    assert segments.shares(poor, palette) is None
    assert segments.recency_by_segment(poor, palette) is None
    assert drawn(segments.customers_per_segment(poor, palette))


def test_one_segment_of_everyone_can_be_drawn():
    everyone = shops.segmentation(k=1)
    for chart in CHARTS:
        assert drawn(chart(everyone, theme.palette(everyone)))
