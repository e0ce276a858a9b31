"""The customers' measures: how each is spread, what preparation does to it, and which say the same."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from charts import theme
from core.features import catalog
from core.features.distributions import Bins, bins
from core.segments.naming import inner

BAR = "#0072B2"
ALIKE = 0.9
"""Two features that rank customers this much alike say nearly the same thing twice."""


def histogram(name: str, values: pd.Series[float], currency: str | None, height: int = 100) -> Any:
    """How one feature is spread over the customers."""
    feature = catalog.feature(name)
    found = bins(values)
    written = [feature.format(float(edge), currency) for edge in found.edges]
    told = [f"{low} to {high}" for low, high in pairwise(written)]
    known = values[np.isfinite(values)]
    middle = feature.format(float(known.median()), currency) if len(known) else "nobody has a value"
    title = f"{theme.shorten(feature.label)}: half of the customers up to {middle}"
    notes = []
    if found.beyond:
        notes.append(f"{theme.count(found.beyond)} above {written[-1]} not drawn")
    if found.missing:
        notes.append(f"{theme.count(found.missing)} without a value")
    axis = theme.axis_title(feature, currency)
    return _histogram(found, told, axis, theme.axis_numbers(feature), title, "; ".join(notes), height)


def before_after(name: str, values: pd.Series[float], prepared: np.ndarray, currency: str | None) -> tuple[Any, Any]:
    """One feature as it is and on the scale that is clustered on, to stand side by side or one above the other.

    Parameters
    ----------
    values : (n_customers,) in units
    prepared : (n_customers,) the same customers in the scaled space
    """
    feature = catalog.feature(name)
    found = bins(prepared)
    told = [f"{low:.1f} to {high:.1f}" for low, high in pairwise(found.edges)]
    notes = f"{theme.count(found.beyond)} above {found.edges[-1]:.1f} not drawn" if found.beyond else ""
    title = f"{theme.shorten(feature.label)} as segments are made from it"
    after = _histogram(found, told, "Prepared scale (no unit)", theme.SHORT_NUMBERS, title, notes, 110)
    return histogram(name, values, currency, height=110), after


def alike(correlations: pd.DataFrame, over: float = ALIKE) -> list[tuple[str, str, float]]:
    """Pairs of features that say nearly the same, the closest first: name, name, correlation."""
    matrix = correlations.to_numpy()
    pairs = [
        (str(correlations.index[row]), str(correlations.columns[column]), float(matrix[row, column]))
        for row in range(len(matrix))
        for column in range(row)
        if abs(matrix[row, column]) > over
    ]
    return sorted(pairs, key=lambda pair: -abs(pair[2]))


def correlations(matrix: pd.DataFrame) -> Any:
    """How alike any two features rank the customers (Spearman); pairs over ALIKE are framed.

    Parameters
    ----------
    matrix : (n_features, n_features) from -1 to 1, index and columns feature names
    """
    labels = [theme.shorten(catalog.feature(str(name)).label, 22) for name in matrix.index]
    values = matrix.to_numpy()
    rows = pd.DataFrame(
        [
            {
                "row": row,
                "column": column,
                "value": value,
                "told": _written(value),
                "one": labels[row],
                "two": labels[column],
            }
            for row in range(len(values))
            for column in range(row)
            if np.isfinite(value := float(values[row, column]))
        ],
        columns=["row", "column", "value", "told", "one", "two"],
    )
    rows["frame"] = rows["value"].abs() > ALIKE
    pairs = alike(matrix)
    if pairs:
        first, second = (inner(theme.shorten(catalog.feature(name).label)) for name in pairs[0][:2])
        title = f"{theme.count(len(pairs), 'pair')} of features say nearly the same: {first} and {second}"
        title += " most of all" if len(pairs) > 1 else ""
    else:
        title = "No two features say the same"
    names = [catalog.feature(str(name)).label for name in matrix.index]
    alt_text = f"Heatmap of Spearman correlations between {len(names)} features. {title}."
    return theme.finish_altair(_correlation_cells(rows, labels), title, alt_text, height=125 + 30 * (len(labels) - 1))


def _correlation_cells(rows: pd.DataFrame, labels: list[str]) -> Any:
    """The lower triangle: each pair once."""
    table = {place: theme.lines(text, 16, 2) for place, text in enumerate(labels)}
    plain: dict[str, Any] = {
        "title": None,
        "ticks": False,
        "domain": False,
        "grid": False,
        "labelLimit": 150,
        "labelOverlap": False,
    }
    plain |= {"labelPadding": 5, "labelFontSize": 11}
    places = list(range(len(labels)))
    left = alt.Axis(labelExpr=theme.lookup(table), labelBaseline=theme.centred(table), **plain)
    legend = {
        "title": ["Rank correlation: 1 (orange) alike, 0 not related,", "-1 (blue) the other way round"],
        "titleFontSize": 12, "titlePadding": 8, "titleLimit": 340, "titleAnchor": "end", "titleAlign": "right",
    }  # fmt: skip
    below = alt.Axis(
        labelExpr=theme.lookup({place: [text] for place, text in enumerate(labels)}),
        labelAngle=-90,
        **plain | legend,
    )
    base = alt.Chart(rows).encode(
        x=alt.X("column:O", axis=below, scale=alt.Scale(domain=places[:-1], paddingInner=0.06)),
        y=alt.Y("row:O", axis=left, scale=alt.Scale(domain=places[1:], paddingInner=0.06)),
        tooltip=[
            alt.Tooltip("one:N", title="Feature"),
            alt.Tooltip("two:N", title="and"),
            alt.Tooltip("value:Q", title="Correlation", format=".2f"),
        ],
    )
    colour = alt.Color(
        "value:Q", scale=alt.Scale(domain=[-1, -0.5, 0, 0.5, 1], range=[*theme.LOW_TO_HIGH]), legend=None
    )
    cells = base.mark_rect().encode(color=colour)
    frames = base.transform_filter("datum.frame").mark_rect(filled=False, strokeWidth=3, stroke=theme.INK)
    texts = base.mark_text(fontSize=10).encode(
        text="told:N",
        color=alt.condition("abs(datum.value) > 0.7", alt.value("#FFFFFF"), alt.value("#111111")),
    )
    return alt.layer(cells, frames, texts)


def _written(value: float) -> str:
    """Short enough for a cell of 17 pixels: .93, -.4, 1."""
    if -0.05 < value < 0:
        return "0"
    text = f"{value:.2f}" if value >= 0 else f"{value:.1f}"
    return text.replace("0.", ".", 1) if abs(value) < 0.995 else text[: 1 if value > 0 else 2]


def _histogram(found: Bins, told: list[str], axis: str, numbers: str, title: str, notes: str, height: int) -> Any:
    rows = pd.DataFrame({"low": found.edges[:-1], "high": found.edges[1:], "customers": found.counts, "told": told})
    edges = alt.Scale(domain=[float(found.edges[0]), float(found.edges[-1])], nice=False)
    bars = (
        alt.Chart(rows)
        .mark_bar(color=BAR, binSpacing=1)
        .encode(
            x=alt.X(
                "low:Q",
                bin="binned",
                title=[axis, notes] if notes else axis,
                scale=edges,
                axis=alt.Axis(
                    labelExpr=numbers, tickCount=5, grid=False, titlePadding=6, titleFontSize=12, labelOverlap=True
                ),
            ),
            x2="high:Q",
            y=alt.Y(
                "customers:Q",
                axis=alt.Axis(
                    labelExpr=theme.SHORT_NUMBERS, tickCount=3, tickMinStep=1, **theme.lying_title("Customers")
                ),
            ),
            tooltip=[alt.Tooltip("told:N", title=axis), alt.Tooltip("customers:Q", title="Customers", format=",")],
        )
    )
    largest = told[int(found.counts.argmax())]
    alt_text = f"Histogram. {title}. Most customers have {largest}." + (f" {notes}." if notes else "")
    return theme.finish_altair(bars, title, alt_text, height, above=10)
