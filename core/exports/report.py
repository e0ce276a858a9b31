"""report.html: the whole segmentation on one page that needs nothing else, to read, to send and to print."""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from core.features import catalog
from core.features.catalog import Feature
from core.segments.rules import MOST_CONDITIONS, Rules
from core.segments.segmentation import BORDERLINE, Segment, Segmentation

if TYPE_CHECKING:
    from core.clustering.choice import Advice
    from core.clustering.sweep import Sweep
    from core.orders.overview import Overview

_TEMPLATE = "report.html.j2"
MOST_MONTHS = 13
"""A year, and the same month of the year before."""
_SVG = "http://www.w3.org/2000/svg"
_ELEMENTS = frozenset({"svg", "g", "path", "text", "tspan", "rect", "line", "circle", "defs", "clipPath"})
_TRANSFORMS = {
    "none": "as it is",
    "log": "logarithm",
    "power": "power transform (Yeo-Johnson)",
    "quantile": "by rank, as a normal distribution",
}
_SCALINGS = {
    "standard": "each feature to mean 0 and standard deviation 1",
    "robust": "each feature by its median and interquartile range",
    "minmax": "each feature to the range from 0 to 1",
}


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """Rows of the files that share a fate."""

    label: str
    rows: int
    customers: int
    money: float | None  # of the amounts that can be read


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """What the report tells of the orders, before they became customers. All texts are plain."""

    title: str
    files: tuple[str, ...]
    customers: int
    orders: int | None = None  # None where customers, not orders, were given; the same for what follows
    revenue: float | None = None
    currency: str | None = None  # ISO 4217
    first_order: date | None = None
    last_order: date | None = None
    reference_date: date | None = None  # recency counts back from this day
    platform: str | None = None  # "Shopify orders export"
    returns: str | None = None  # in words, how returns count
    ledger: tuple[LedgerRow, ...] = ()  # the rows used first, then those set aside by reason
    notes: tuple[str, ...] = ()  # ambiguities and warnings, sentences
    seed: int = 42
    versions: Mapping[str, str] = field(default_factory=dict)  # program -> version


def render(
    facts: ReportFacts,
    sweep: Sweep,
    advice: Advice,
    segmentation: Segmentation,
    figures: Mapping[str, Mapping[str, Any]],
    rules: Rules,
    sold: Overview | None = None,
) -> str:
    """One self-contained HTML page: no script, no request to anywhere.

    Parameters
    ----------
    figures : Vega-Lite specs with their data inside, as `charts.report.figures` gives them: elbow, silhouette,
        customers and, where the file has them, mean_revenue, shares, recency. Each one's description is its
        alternative text. Any may be left out.
    rules : the segmentation's
    sold : the orders at a glance, where there are orders

    Returns
    -------
    HTML. Every text is escaped; the charts' SVG alone is taken as markup, after a check of what is in it.

    Raises
    ------
    ValueError : a figure asks for something from outside, or its SVG holds more than shapes and text

    Notes
    -----
    The same input gives the same page, to the byte: nothing in it tells when or where it was made.
    """
    return (
        _environment()
        .get_template(_TEMPLATE)
        .render(
            facts=facts,
            advice=advice,
            sweep=_sweep_rows(sweep, advice, segmentation.n_segments),
            exact=sweep.exact,
            chosen=segmentation.n_segments,
            segments=segmentation.segments,
            pages=[_page(segmentation, segment) for segment in segmentation.segments],
            summary=_summary(segmentation),
            methods=_methods(segmentation),
            definitions=[catalog.feature(name) for name in segmentation.features.distinct],
            used=segmentation.preparation.features,
            rules=_rules(rules),
            months=_months(sold),
            products=_products(sold),
            borderline=len(segmentation.borderline()),
            margin=BORDERLINE,
            stability=_stability(segmentation),
            figures={name: drawing(spec, name) for name, spec in figures.items()},
            alternatives={name: str(spec.get("description", "")) for name, spec in figures.items()},
        )
    )


def prepare_to_draw() -> None:
    """Start what draws beside other work: the first drawing takes it thirty times as long, without Python's lock."""
    import vl_convert

    nothing = {"data": {"values": []}, "mark": "point"}
    threading.Thread(target=vl_convert.vegalite_to_svg, args=(nothing,), kwargs={"allowed_base_urls": []}).start()


def _months(sold: Overview | None) -> list[dict[str, Any]]:
    """The latest months, the last one last; none where there is but one."""
    if sold is None or len(sold.months) < 2:
        return []
    rows = sold.months.tail(MOST_MONTHS).to_dict("records")
    return [
        {
            "month": f"{row['month']:%b %Y}" + (" (partly)" if row["partial"] else ""),
            "orders": int(row["orders"]),
            "customers": int(row["customers"]),
            "revenue": float(row["revenue"]),
        }
        for row in rows
    ]


def _products(sold: Overview | None) -> list[dict[str, Any]]:
    """The products with most revenue, and the others together."""
    if sold is None or sold.products is None:
        return []
    found = sold.products
    rows = [
        {"item": str(item), "revenue": float(revenue), "share": share, "customers": int(customers)}
        for item, revenue, share, customers in zip(
            found.items["item"], found.items["revenue"], found.shares, found.items["customers"], strict=True
        )
    ]
    rest = found.n_items - len(rows)
    if rest:
        share = found.rest_revenue / found.revenue if found.revenue > 0 else math.nan
        rows.append({"item": f"{rest:,} others", "revenue": found.rest_revenue, "share": share, "customers": None})
    return rows


def drawing(spec: Mapping[str, Any], name: str) -> Markup:
    """A Vega-Lite spec as SVG that may stand in a page.

    Raises
    ------
    ValueError : it can't be drawn from what is in it, or the SVG holds more than shapes and text
    """
    import vl_convert

    # No address is allowed, so data must be in the spec.
    return _safe_svg(vl_convert.vegalite_to_svg(dict(spec), allowed_base_urls=[]), name)


def _safe_svg(svg: str, name: str) -> Markup:
    """The SVG, rebuilt from the elements and attributes that a drawing needs; ValueError for any other.

    The name goes before each id, since several drawings share a page.
    """
    if "<!DOCTYPE" in svg or "<!ENTITY" in svg:
        raise ValueError(f"The drawing {name} declares entities.")
    try:
        root = ElementTree.fromstring(svg)
    except ElementTree.ParseError as error:
        raise ValueError(f"The drawing {name} is no SVG: {error}.") from error
    names: dict[str, str] = {}
    for element in root.iter():
        tag = str(element.tag).removeprefix(f"{{{_SVG}}}")
        if tag not in _ELEMENTS:
            raise ValueError(f"The drawing {name} holds <{tag}>.")
        for attribute, value in element.attrib.items():
            if attribute.startswith(("on", "{")) or attribute in {"href", "style", "src"} or _reaches_out(value):
                raise ValueError(f"The drawing {name} holds {attribute}={value!r}.")
        if "id" in element.attrib:
            own = element.attrib["id"]
            element.attrib["id"] = names.setdefault(own, f"{name}-{len(names) + 1}")
    for element in root.iter():
        if "clip-path" in element.attrib:
            own = element.attrib["clip-path"].removeprefix("url(#").removesuffix(")")
            element.attrib["clip-path"] = f"url(#{names.get(own, own)})"
    # The figure around it speaks for it; width and height come from the page's style.
    root.attrib |= {"aria-hidden": "true", "focusable": "false"}
    ElementTree.register_namespace("", _SVG)
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def _reaches_out(value: str) -> bool:
    return "url(" in value and not re.fullmatch(r"url\(#\w+\)", value)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"day": _day, "share": _share, "whole": _whole, "money": _money, "exact": _exact}
    return environment


def _page(segmentation: Segmentation, segment: Segment) -> dict[str, Any]:
    """What a segment's own page tells beyond the segment: its means beside everyone's, and its borderline customers."""
    features = segmentation.features
    everyone = features.values.mean()
    means = [
        {
            "feature": feature,
            "used": feature.name in segmentation.preparation.features,
            "own": feature.format(segment.center[feature.name], features.currency),
            "all": feature.format(float(everyone[feature.name]), features.currency),
        }
        for feature in _in_order(segmentation)
    ]
    close = segmentation.borderline()
    close = close[close["segment"] == segment.number]
    names = {each.number: each.name for each in segmentation.segments}
    towards = close["runner_up"].value_counts()
    return {
        "means": means,
        "borderline": len(close),
        "towards": names[int(towards.index[0])] if len(towards) else None,
        "mean_revenue": segment.center.get("total_revenue", np.nan),
    }


def _rules(rules: Rules) -> dict[str, Any]:
    """Each segment's rule in words and what to think of it, by its number."""
    return {
        "told": {rule.segment: (rule.in_words(rules.currency), rule.verdict()) for rule in rules.segments},
        "most": MOST_CONDITIONS,
    }


def _in_order(segmentation: Segmentation) -> list[Feature]:
    """Features used for clustering first."""
    used = segmentation.preparation.features
    return [catalog.feature(name) for name in dict.fromkeys((*used, *segmentation.features.distinct))]


def _summary(segmentation: Segmentation) -> dict[str, Any]:
    """The table of all segments: the means of the features used, and what is summed over them."""
    used = [catalog.feature(name) for name in segmentation.preparation.features][:6]
    currency = segmentation.features.currency
    return {
        "features": used,
        "rows": [
            {"segment": segment, "means": [each.format(segment.center[each.name], currency) for each in used]}
            for segment in segmentation.segments
        ],
        "has_money": all(segment.revenue is not None for segment in segmentation.segments),
    }


def _sweep_rows(sweep: Sweep, advice: Advice, chosen: int) -> list[dict[str, Any]]:
    whole = sweep.inertias.get(1, 0.0)
    rows = []
    for k, inertia in sweep.inertias.items():
        silhouette = sweep.silhouettes.get(k)
        margin = silhouette.interval[1] - silhouette.value if silhouette else 0.0
        said = [word for word, is_it in (("advised", k == advice.k), ("chosen", k == chosen)) if is_it]
        rows.append(
            {
                "k": k,
                "left": f"{inertia / whole:.1%}" if whole else "0%",
                "inertia": f"{inertia:,.0f}" if inertia >= 1000 else f"{inertia:.4g}",
                "silhouette": ""
                if silhouette is None
                else f"{silhouette.value:.2f}" + (f" ± {margin:.2f}" if margin else ""),
                "said": " and ".join(said),
            }
        )
    return rows


def _methods(segmentation: Segmentation) -> dict[str, Any]:
    preparation = segmentation.preparation
    return {
        "transforms": {name: _TRANSFORMS[kind] for name, kind in preparation.transforms.items()},
        "scaling": _SCALINGS[preparation.options.scaling],
        "capped": preparation.options.outliers == "cap",
        "outliers": _outliers(segmentation),
        "weights": {
            name: weight
            for name, weight in preparation.options.weights.items()
            if name in preparation.features and weight != 1
        },
        "filled": preparation.filled,
        "labels": {feature.name: feature.label for feature in _in_order(segmentation)},
    }


def _stability(segmentation: Segmentation) -> dict[str, Any]:
    """Each segment's stability in words, by its number, and what the words mean; nothing where it was not measured."""
    measured = {each.number: each.stability for each in segmentation.segments if each.stability is not None}
    if not measured:
        return {"said": {}}
    from core.clustering.stability import LEVELS, RESAMPLES, level, two_digits

    said = {number: f"{level(value)} ({two_digits(value)})" for number, value in measured.items()}
    return {"said": said, "levels": {name: f"{least:.2f}" for name, least in LEVELS.items()}, "resamples": RESAMPLES}


def _outliers(segmentation: Segmentation) -> int:
    found: pd.DataFrame = segmentation.preparation.outliers(segmentation.features.values)
    return int(found["customer_id"].nunique())


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def _share(share: float) -> str:
    return "under 1%" if 0 < share < 0.005 else f"{share:.0%}"


def _whole(number: int) -> str:
    return f"{number:,}"


def _money(amount: float, currency: str | None) -> str:
    return catalog.feature("total_revenue").format(amount, currency)


def _exact(amount: float, currency: str | None) -> str:
    return f"{amount:,.2f} {currency}" if currency else f"{amount:,.2f}"
