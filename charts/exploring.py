"""The charts to zoom into and to point at: how segments differ in every feature, and customers by any two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from charts import theme
from charts.theme import Palette
from core.clustering.sampling import MOST_POINTS, stratified
from core.features import catalog
from core.features.catalog import Feature, Unit
from core.segments.naming import inner, ranks, standings
from core.segments.rfm import Crosswalk
from core.segments.segmentation import Segment, Segmentation

_DIVERGING = [[place / 4, colour] for place, colour in enumerate(theme.LOW_TO_HIGH)]
_RISING = [[0.0, "#EDEDED"], [0.5, "#7DB4D8"], [1.0, "#0B5C94"]]
_PALE = 0.7
"""From this share on, white is easier to read on the colours above than black."""
_DARK = (-0.32, 0.36)
"""Beyond these distances to the middle, white is easier to read on the colours above than black."""


@dataclass(frozen=True, slots=True)
class Scatter:
    """A cloud of customers, and how much of it there is to see."""

    figure: go.Figure
    shown: int
    customers: int  # who have both values


def profile_heatmap(segmentation: Segmentation) -> go.Figure:
    """Where each segment stands among all customers in each feature, with the segment's mean in the cell.

    The colour is the mean rank: unlike a difference of means it is not ruled by a few giants, and it exists for every
    feature, used for clustering or not.
    """
    segments, features = segmentation.segments, segmentation.features
    names = [*segmentation.preparation.features]
    names += [name for name in features.distinct if name not in names]
    clusters = segmentation.assignments["segment"].to_numpy(dtype=np.int64) - 1
    standing = standings(ranks(features.values[names]), clusters, len(segments)).to_numpy(dtype=np.float64).T
    known = [catalog.feature(name) for name in names]
    cells = [[each.format(segment.center[each.name], features.currency) for segment in segments] for each in known]
    colorbar = {
        "orientation": "h", "thickness": 10, "len": 0.9, "y": 0, "yanchor": "top", "ypad": 18,
        "tickvals": [0.1, 0.5, 0.9], "ticktext": ["low", "like everyone", "high"],
        "tickfont": {"color": theme.PLOTLY_INK},
    }  # fmt: skip
    figure = go.Figure(
        go.Heatmap(
            z=standing.tolist(),
            customdata=_pointed_at(segmentation, known, cells),
            hovertemplate="%{customdata}<extra></extra>",
            zmin=0.1,
            zmid=0.5,
            zmax=0.9,
            colorscale=_DIVERGING,
            xgap=2,
            ygap=2,
            colorbar=colorbar,
        )
    )
    above = _name_columns(figure, segments)
    rows = [theme.escaped_lines(each.label, 15) for each in known]
    figure.update_yaxes(tickvals=list(range(len(rows))), ticktext=rows, autorange="reversed", showgrid=False)
    sides = np.nan_to_num(standing - 0.5)
    _write_cells(figure, standing - 0.5, cells)
    title, alt_text = _profile_words(segments, known, sides, cells)
    return theme.finish(figure, title, alt_text, height=210 + 40 * len(names) + above, above=above)


def classic_heatmap(found: Crosswalk) -> go.Figure:
    """Which share of each segment is in each classic RFM group."""
    shares, counts = found.shares.T, found.customers.T
    said = [
        [
            f"{theme.escaped(theme.label(segment))}<br>{theme.escaped(group)}: <b>{theme.count(int(count))}</b>"
            for segment, count in zip(found.segments, row, strict=True)
        ]
        for group, row in zip(found.groups, counts, strict=True)
    ]
    figure = go.Figure(
        go.Heatmap(
            z=shares.tolist(), customdata=said, hovertemplate="%{customdata}<extra></extra>", zmin=0, zmax=1,
            colorscale=_RISING, xgap=2, ygap=2, showscale=False,
        )
    )  # fmt: skip
    above = _name_columns(figure, found.segments)
    rows = [theme.escaped_lines(group, 15) for group in found.groups]
    figure.update_yaxes(tickvals=list(range(len(rows))), ticktext=rows, autorange="reversed", showgrid=False)
    for row, column in np.ndindex(*shares.shape):
        ink = "#000000" if shares[row, column] < _PALE else "#FFFFFF"
        text = theme.percent(float(shares[row, column])) if counts[row, column] else "–"
        figure.add_annotation(x=column, y=row, text=text, showarrow=False, font={"color": ink, "size": 11})
    row, column = (int(place) for place in np.unravel_index(shares.argmax(), shares.shape))
    name = theme.shorten(found.segments[column].name)
    title = f"Classic groups in each segment: {theme.percent(float(shares[row, column]))} of {name} are "
    title += found.groups[row]
    told = "; ".join(
        f"{theme.shorten(segment.name)}: {words}"
        for segment, words in zip(found.segments, found.in_words(), strict=True)
    )
    alt_text = f"Heatmap of the share of each segment in {len(found.groups)} classic RFM groups. {title}. {told}"
    return theme.finish(figure, title, alt_text, height=130 + 36 * len(rows) + above, above=above)


def scatter(
    segmentation: Segmentation,
    x: str,
    y: str,
    palette: Palette,
    *,
    spread_x: bool = False,
    spread_y: bool = False,
    most: int = MOST_POINTS,
    seed: int = 42,
) -> Scatter:
    """Customers by any two features.

    Parameters
    ----------
    spread_x, spread_y : draw small amounts apart and large ones together (log10(1 + |value|), its sign kept, so that
        nobody with zero or less falls off the axis)
    most : points; beyond, a sample, each segment by its size but none without points

    Returns
    -------
    The figure, with customers shown and customers who have both values
    """
    features = segmentation.features
    both = [catalog.feature(x), catalog.feature(y)]
    values = features.values[[x, y]].set_axis(["x", "y"], axis=1)
    values["segment"] = segmentation.assignments["segment"].to_numpy()
    values = values[np.isfinite(values["x"]) & np.isfinite(values["y"])]
    shown = values.iloc[stratified(values["segment"].to_numpy(), most, seed)]
    figure = go.Figure()
    for segment, shape in zip(segmentation.segments, theme.shapes(segmentation.n_segments), strict=True):
        points = shown[shown["segment"] == segment.number]
        figure.add_scatter(
            x=_spread(points["x"], spread_x),
            y=_spread(points["y"], spread_y),
            mode="markers",
            name=theme.escaped(theme.shorten(theme.label(segment))),
            customdata=_hover(points, both, features.currency),
            hovertemplate=f"%{{customdata}}<extra>{theme.escaped(theme.label(segment))}</extra>",
            marker={"color": palette[theme.label(segment)], "symbol": shape, "size": 7, "opacity": 0.8},
        )
    figure.update_xaxes(**_scatter_axis(both[0], features.currency, values["x"], spread_x))
    figure.update_yaxes(**_scatter_axis(both[1], features.currency, values["y"], spread_y))
    legend = {
        "orientation": "h",
        "yanchor": "bottom",
        "y": 0,
        "yref": "container",
        "x": 0,
        "font": {"color": theme.PLOTLY_INK},
    }
    figure.update_layout(legend=legend, legend_title_text="")
    names = [theme.shorten(each.label) for each in both]
    title = f"{names[1]} against {inner(names[0])}, one mark a customer"
    part = f"{len(shown):,} of {theme.count(len(values))} shown, by {segmentation.n_segments} segments."
    return Scatter(theme.finish(figure, title, f"Scatter plot. {title}. {part}", height=520), len(shown), len(values))


def _name_columns(figure: go.Figure, segments: Sequence[Segment]) -> int:
    """A column for each segment; gives the pixels that their names take above the plot.

    On a screen of 360 px three names fit above the columns; more stand in a list above the numbers.
    """
    named = len(segments) <= 3
    columns = [theme.escaped_lines(theme.label(each), 12) if named else f"{each.number}." for each in segments]
    figure.update_xaxes(tickvals=list(range(len(segments))), ticktext=columns, side="top", tickangle=0, showgrid=False)
    figure.update_xaxes(tickfont_size=11)
    listed = [] if named else [theme.escaped(theme.shorten(theme.label(each), 32)) for each in segments]
    if listed:
        figure.add_annotation(
            text="<br>".join(listed), showarrow=False, align="left", font={"color": theme.PLOTLY_INK, "size": 11},
            x=0, xref="paper", xanchor="left", y=1, yref="paper", yanchor="bottom", yshift=30,
        )  # fmt: skip
    return 56 if named else 38 + 16 * len(listed)


def _pointed_at(
    segmentation: Segmentation, known: Sequence[Feature], cells: Sequence[Sequence[str]]
) -> list[list[str]]:
    """What a cell says when pointed at."""
    features = segmentation.features
    everyone = [each.format(float(features.values[each.name].mean()), features.currency) for each in known]
    return [
        [
            f"{theme.escaped(theme.label(segment))}<br>{theme.escaped(each.label)}: <b>{theme.escaped(text)}</b>"
            f"<br>all customers {theme.escaped(overall)}"
            for segment, text in zip(segmentation.segments, row, strict=True)
        ]
        for each, row, overall in zip(known, cells, everyone, strict=True)
    ]


def _write_cells(figure: go.Figure, sides: np.ndarray, cells: Sequence[Sequence[str]]) -> None:
    """Each cell's text in black or white, whichever its colour lets one read; a cell without is as the page."""
    for row, texts in enumerate(cells):
        for column, text in enumerate(texts):
            side = sides[row, column]
            ink = "#000000" if _DARK[0] < side < _DARK[1] else "#FFFFFF"
            figure.add_annotation(
                x=column,
                y=row,
                text="<br>".join(map(theme.escaped, text.split(" ", 1))),
                showarrow=False,
                font={"color": theme.PLOTLY_INK if np.isnan(side) else ink, "size": 11},
            )


def _profile_words(
    segments: Sequence[Segment], known: Sequence[Feature], sides: np.ndarray, cells: Sequence[Sequence[str]]
) -> tuple[str, str]:
    """Title and alternative text: in what each segment stands out, and who does most of all."""
    told = []
    for place, segment in enumerate(segments):
        most = int(np.abs(sides[:, place]).argmax())
        told.append(f"{theme.shorten(segment.name)}: {inner(known[most].label)} {cells[most][place]}")
    row, column = (int(place) for place in np.unravel_index(np.abs(sides).argmax(), sides.shape))
    side = "high" if sides[row, column] > 0 else "low"
    name = theme.shorten(segments[column].name)
    title = f"What sets segments apart: {name} by {side} {inner(theme.shorten(known[row].label))}"
    return title, f"Heatmap of each segment's mean in {len(known)} features. {title}. {'; '.join(told)}."


def _hover(points: pd.DataFrame, both: Sequence[Feature], currency: str | None) -> list[str]:
    """Customer, value, value: what a point says when pointed at."""
    return [
        f"{theme.escaped(str(customer))}<br>{theme.escaped(both[0].format(x, currency))}"
        f"<br>{theme.escaped(both[1].format(y, currency))}"
        for customer, x, y in zip(points.index, points["x"], points["y"], strict=True)
    ]


def _spread(values: pd.Series[float], spread: bool) -> np.ndarray:
    measured = values.to_numpy(dtype=np.float64)
    return np.sign(measured) * np.log10(1 + np.abs(measured)) if spread else measured


def _scatter_axis(feature: Feature, currency: str | None, values: pd.Series[float], spread: bool) -> dict[str, Any]:
    axis: dict[str, Any] = {"title": {"text": theme.escaped(theme.axis_title(feature, currency))}}
    if not spread:
        return axis | ({"tickformat": ".0%"} if feature.unit is Unit.SHARE else {})
    ends = _spread(values.agg(["min", "max"]), True) if len(values) else np.zeros(2)
    powers = [power for power in range(-18, 19) if ends[0] - 0.5 <= power <= ends[1] + 0.5]
    ticks = [0.0 if power == 0 else float(np.sign(power)) * 10.0 ** abs(power) for power in powers]
    axis["tickvals"] = _spread(pd.Series(ticks), True)
    axis["ticktext"] = [f"{tick:,.0f}" if abs(tick) < 1e4 else _power(tick) for tick in ticks]
    axis["title"]["text"] += "<br>small amounts spread out"
    return axis


def _power(amount: float) -> str:
    for size, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(amount) >= size:
            return f"{amount / size:,.0f}{letter}"
    return f"{amount:,.0f}"
