"""Customers of a small shop, clustered, for the charts to show."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import vl_convert

from charts.steady import Steady
from core.clustering.choice import Advice, advise
from core.clustering.preparation import PreparationOptions, prepare
from core.clustering.sweep import Sweep, sweep
from core.features.engineering import CustomerFeatures
from core.segments.segmentation import Segmentation, segment
from tests.segments.builders import customers

USED = ("total_revenue", "recency_days")
# Names and ids that a file may well hold, and that a careless chart would take for markup, a template or TeX.
NASTY = ("<b>bold</b><script>alert(1)</script>", "%{x} {y} {{z}}", "$x^2$", "🦄 عميل \u202egnorw", "a.b[0]\x00\nc")


@cache
def shop(
    n_customers: int = 90, currency: str | None = "EUR", money: bool = True, dates: bool = True
) -> CustomerFeatures:
    random = np.random.default_rng(7)
    kind = np.arange(n_customers) % 3
    columns: dict[str, np.ndarray] = {}
    if money:
        columns["total_revenue"] = np.array([4000.0, 600, 50])[kind] * random.uniform(0.7, 1.4, n_customers)
    if dates:
        columns["recency_days"] = np.round(np.array([5.0, 40, 150])[kind] * random.uniform(0.5, 1.5, n_customers))
    columns["order_count"] = np.array([20.0, 6, 1])[kind] + random.integers(0, 3, n_customers)
    columns["return_rate"] = random.uniform(0, 0.2, n_customers)
    columns["days_between_orders"] = np.where(kind == 2, np.nan, 90 / columns["order_count"])
    ids = [NASTY[place] if place < len(NASTY) else f"C{place:05}" for place in range(n_customers)]
    return customers(columns, ids=ids, currency=currency)


@cache
def swept(n_customers: int = 90, k_max: int = 6) -> Sweep:
    features = shop(n_customers)
    matrix = prepare(features.values, USED, PreparationOptions()).fit_matrix(features.values)
    return sweep(matrix, k_max=k_max)


@cache
def advice(n_customers: int = 90) -> Advice:
    return advise(swept(n_customers))


def segmentation(
    k: int = 3, features: CustomerFeatures | None = None, names: Mapping[int, str] | None = None
) -> Segmentation:
    features = features if features is not None else shop()
    used = [name for name in (*USED, "order_count") if name in features.values.columns][:2]
    preparation = prepare(features.values, used, PreparationOptions())
    fits = sweep(preparation.fit_matrix(features.values), k_max=max(k, 2)).fits
    return segment(features, preparation, fits[k], names)


def nasty(k: int = 3) -> Segmentation:
    return segmentation(k, names={number: NASTY[number - 1] for number in range(1, k + 1)})


def texts(node: object) -> list[str]:
    """Every text in a spec or figure."""
    if isinstance(node, str):
        return [node]
    if isinstance(node, Mapping):
        return [text for value in node.values() for text in texts(value)]
    if isinstance(node, list | tuple):
        return [text for value in node for text in texts(value)]
    return []


def picture(spec: Mapping[str, Any]) -> str:
    """What a browser would draw, as SVG."""
    return str(vl_convert.vegalite_to_svg({**spec, "width": 500}, allowed_base_urls=[]))


def written(spec: Mapping[str, Any]) -> list[str]:
    """Every text that a chart shows; a title's lines are put together."""
    found = []
    for inner in re.findall(r"<text[^>]*>(.*?)</text>", picture(spec), re.DOTALL):
        lines = re.findall(r"<tspan[^>]*>(.*?)</tspan>", inner, re.DOTALL) or [inner]
        found.append(html.unescape(" ".join(lines)))
    return found


def inline(chart: Steady, n_clusters: int) -> dict[str, Any]:
    """A steady chart with that number chosen, its data sets as rows."""
    spec = chart.at(n_clusters)
    rows = {name: pa.ipc.open_stream(sent).read_all().to_pylist() for name, sent in spec["datasets"].items()}
    return {**spec, "datasets": rows}
