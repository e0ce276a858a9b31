from __future__ import annotations

import json

import pytest

from charts import comparing, theme
from core.segments.comparison import compare
from core.segments.segmentation import Segmentation
from tests.charts import shops
from tests.charts.shops import texts
from tests.segments.builders import customers, grouped


def pair(revenue: tuple[float, ...] = (400, 300, 20, 10, -5)) -> tuple[Segmentation, Segmentation]:
    features = customers({"total_revenue": list(revenue), "recency_days": [1, 2, 30, 40, 50]})
    return grouped(features, [0, 0, 1, 1, 1]), grouped(features, [0, 0, 1, 1, 2])


@pytest.mark.parametrize("by", ["customers", "revenue"])
def test_bands_are_as_wide_as_what_flows(by: comparing.Measure):
    before, after = pair()
    comparison = compare(before, after)
    figure = comparing.flows(comparison, theme.palette(before), theme.palette(after), by)
    link = json.loads(figure.to_json())["data"][0]["link"]
    flows = comparison.flows[comparison.flows[by] > 0]
    assert link["value"] == flows[by].tolist()
    assert link["source"] == [number - 1 for number in flows["from_segment"]]
    assert link["target"] == [number - 1 + 2 for number in flows["to_segment"]]


def test_money_that_cannot_be_drawn_is_said():
    before, after = pair()
    figure = comparing.flows(compare(before, after), theme.palette(before), theme.palette(after), "revenue")
    assert "1 customer without any not drawn" in figure.layout.title.text.replace("<br>", " ")
    assert "revenue in EUR" in figure.layout.title.text.replace("<br>", " ")


def test_nodes_keep_the_order_of_their_numbers_and_their_colours():
    before, after = pair()
    node = comparing.flows(compare(before, after), theme.palette(before), theme.palette(after)).data[0].node
    assert list(node.y[:2]) == sorted(node.y[:2])
    assert list(node.y[2:]) == sorted(node.y[2:])
    assert list(node.color) == [*theme.palette(before).values(), *theme.palette(after).values()]
    assert [label.split(".")[0] for label in node.label] == ["1", "2", "1", "2", "3"]


def test_names_are_no_markup():
    one, other = shops.nasty(2), shops.nasty(3)
    figure = comparing.flows(compare(one, other), theme.palette(one), theme.palette(other))
    found = "\n".join(texts(json.loads(figure.to_json())["data"]))
    assert "<b>" not in found
    assert "&lt;b&gt;" in found
    assert "%{x}" not in found
    assert figure.layout.meta["alt"].startswith("Flow chart (Sankey).")
