"""The segments beside each other: how many, how much, how lately, and how they differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from charts import theme
from charts.bars import ROW, number_axis, with_figures
from charts.theme import Palette
from core.segments.segmentation import Segment, Segmentation


def segment_bars(
    segments: Sequence[Segment],
    palette: Palette,
    *,
    values: Sequence[float],
    figures: Sequence[Sequence[str]],
    axis: str,
    title: str,
) -> Any:
    """A bar a segment, its figures as text beside it.

    Parameters
    ----------
    values : the lengths, in the order of the segments
    figures : lines of text for each, written to the right of the bars
    axis : what the lengths count, with its unit
    """
    rows = _rows(segments, palette).assign(value=list(values), told=[", ".join(told) for told in figures])
    bars = alt.Chart(rows).mark_bar(height={"band": 0.62}, cornerRadiusEnd=2)
    encoded = bars.encode(
        x=alt.X("value:Q", title=axis, axis=number_axis()),
        color=_colour(rows),
        tooltip=[alt.Tooltip("name:N", title="Segment"), alt.Tooltip("told:N", title=axis)],
    )
    alt_text = f"Bar chart, {axis}. {title}. " + _read_out(rows["name"], [", ".join(told) for told in figures])
    return _with_figures(encoded, segments, figures, title, alt_text)


def customers_per_segment(segmentation: Segmentation, palette: Palette) -> Any:
    segments = segmentation.segments
    largest = max(segments, key=lambda segment: segment.customers)
    everyone = sum(segment.customers for segment in segments)
    return segment_bars(
        segments,
        palette,
        values=[float(segment.customers) for segment in segments],
        figures=[[f"{segment.customers:,}", theme.percent(segment.share_of_customers)] for segment in segments],
        axis="Customers",
        title=f"Largest segment: {_short(largest)}, {largest.customers:,} of {theme.count(everyone)}",
    )


def mean_revenue_per_segment(segmentation: Segmentation, palette: Palette) -> Any | None:
    """None where the file has no money."""
    segments, currency = segmentation.segments, segmentation.features.currency
    if any(segment.revenue is None for segment in segments):
        return None
    means = [segment.center["total_revenue"] for segment in segments]
    best = segments[int(np.nanargmax(means))]
    overall = sum(segment.revenue or 0.0 for segment in segments) / sum(segment.customers for segment in segments)
    return segment_bars(
        segments,
        palette,
        values=means,
        figures=[[theme.money(mean, currency)] for mean in means],
        axis=f"Mean revenue a customer ({currency})" if currency else "Mean revenue a customer",
        title=f"Mean revenue a customer: {theme.money(max(means), currency)} in {_short(best)}, "
        f"{theme.money(overall, currency)} over all",
    )


def shares(segmentation: Segmentation, palette: Palette) -> Any | None:
    """Share of customers (outlined bar) against share of revenue (filled bar); None without money."""
    segments = segmentation.segments
    if any(segment.share_of_revenue is None for segment in segments):
        return None
    of_revenue = [segment.share_of_revenue or 0.0 for segment in segments]
    best = segments[int(np.argmax(np.array(of_revenue) - [segment.share_of_customers for segment in segments]))]
    title = (
        f"{_short(best)}: {theme.percent(best.share_of_customers)} of the customers bring "
        f"{theme.percent(best.share_of_revenue or 0.0)} of the revenue"
    )
    figures = [
        [f"{theme.percent(segment.share_of_customers)} of customers", f"{theme.percent(share)} of revenue"]
        for segment, share in zip(segments, of_revenue, strict=True)
    ]
    rows = _rows(segments, palette)
    pairs = pd.concat(
        [
            rows.assign(part="customers", place=0, value=[segment.share_of_customers for segment in segments]),
            rows.assign(part="revenue", place=1, value=of_revenue),
        ]
    )
    pairs["told"] = [f"{theme.percent(value)} of {part}" for value, part in zip(pairs.value, pairs.part, strict=True)]
    base = alt.Chart(pairs).encode(
        x=alt.X(
            "value:Q",
            title=["Share of all customers (outlined bar)", "and of all revenue (filled bar)"],
            axis=number_axis(shares=True),
        ),
        yOffset=alt.YOffset("place:O", scale=alt.Scale(paddingOuter=0.22)),
        tooltip=[alt.Tooltip("name:N", title="Segment"), alt.Tooltip("told:N", title="Share")],
    )
    outlined = base.transform_filter("datum.place == 0").mark_bar(filled=False, strokeWidth=2)
    filled = base.transform_filter("datum.place == 1").mark_bar(filled=True, strokeWidth=2)
    drawn = [outlined.encode(stroke=_colour(rows, alt.Stroke)), filled.encode(color=_colour(rows))]
    alt_text = f"Bar chart of shares. {title}. " + _read_out(rows["name"], [" and ".join(told) for told in figures])
    return _with_figures(alt.layer(*drawn), segments, figures, title, alt_text)


def recency_by_segment(segmentation: Segmentation, palette: Palette) -> Any | None:
    """Box plot of days since the last order: half of a segment in the box, nine in ten on the line. None without dates.

    Five numbers a segment travel to the browser, not its customers.
    """
    if "recency_days" not in segmentation.features.values.columns:
        return None
    segments = segmentation.segments
    days = segmentation.features.values["recency_days"].groupby(segmentation.assignments["segment"].to_numpy())
    spread = (
        days.quantile(np.array([0.05, 0.25, 0.5, 0.75, 0.95]))
        .unstack()
        .reindex([segment.number for segment in segments])
    )
    spread.columns = pd.Index(["low", "first", "median", "third", "high"])
    rows = pd.concat([_rows(segments, palette), spread.reset_index(drop=True)], axis=1)
    rows["box"] = [f"{first:,.0f} to {third:,.0f} days" for first, third in zip(rows["first"], rows.third, strict=True)]
    rows["line"] = [f"{low:,.0f} to {high:,.0f} days" for low, high in zip(rows.low, rows.high, strict=True)]
    figures = [["median", _days(median)] for median in rows["median"]]
    latest = segments[int(rows["median"].argmin())]
    title = f"Most recent: {_short(latest)}, half of them ordered within {_days(rows['median'].min())}"
    base = alt.Chart(rows).encode(
        color=_colour(rows),
        tooltip=[
            alt.Tooltip("name:N", title="Segment"),
            alt.Tooltip("median:Q", title="Median (days)", format=",.0f"),
            alt.Tooltip("box:N", title="Half of them (box)"),
            alt.Tooltip("line:N", title="Nine in ten (line)"),
        ],
    )
    x = alt.X(
        "low:Q",
        title=["Days since the last order (box: half of", "them; line: nine in ten; stroke: median)"],
        axis=number_axis(),
    )
    drawn = [
        base.mark_rule(strokeWidth=2).encode(x=x, x2="high:Q"),
        base.mark_bar(height={"band": 0.55}, cornerRadius=2).encode(x="first:Q", x2="third:Q"),
        # White has 3:1 on each of the colours, and the box is always beneath it.
        base.mark_tick(thickness=3, size=ROW * 0.5, opacity=1).encode(x="median:Q", color=alt.value("#FFFFFF")),
    ]
    told = [f"median {_days(median)}, half {box}" for median, box in zip(rows["median"], rows["box"], strict=True)]
    alt_text = f"Box plot of days since the last order. {title}. " + _read_out(rows["name"], told)
    return _with_figures(alt.layer(*drawn), segments, figures, title, alt_text)


def _rows(segments: Sequence[Segment], palette: Palette) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "segment": [segment.number for segment in segments],
            "name": [theme.label(segment) for segment in segments],
            "colour": [palette[theme.label(segment)] for segment in segments],
        }
    )


def segment_scale(segments: Sequence[Segment], palette: Palette) -> alt.Scale:
    """The colour of each segment, by its number."""
    return alt.Scale(
        domain=[segment.number for segment in segments],
        range=[palette[theme.label(segment)] for segment in segments],
    )


def _colour(rows: pd.DataFrame, channel: Any = alt.Color) -> Any:
    return channel("segment:O", scale=alt.Scale(domain=[*rows["segment"]], range=[*rows["colour"]]), legend=None)


def _with_figures(
    drawn: Any, segments: Sequence[Segment], figures: Sequence[Sequence[str]], title: str, alt_text: str
) -> Any:
    names = {segment.number: theme.lines(theme.label(segment), 18, 2) for segment in segments}
    texts = {segment.number: list(told) for segment, told in zip(segments, figures, strict=True)}
    return with_figures(drawn, "segment", names, texts, title, alt_text)


def _read_out(names: Iterable[str], told: Sequence[str]) -> str:
    return "; ".join(f"{name}: {text}" for name, text in zip(names, told, strict=True)) + "."


def _short(segment: Segment) -> str:
    return theme.shorten(segment.name)


def _days(days: float) -> str:
    return theme.count(round(days), "day")
