"""Two segmentations side by side: who went where."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from charts import theme
from charts.theme import Palette
from core.segments.comparison import Comparison
from core.segments.segmentation import Segment

Measure = Literal["customers", "revenue"]
_GAP = 0.05


def flows(comparison: Comparison, before: Palette, after: Palette, by: Measure = "customers") -> go.Figure:
    """Bands from the segments of the first segmentation to those of the second, as wide as customers or money.

    Notes
    -----
    A band can't be narrower than nothing: flows whose customers returned more than they bought are left out of the
    money's picture, and the title says so.
    """
    drawn = comparison.flows[comparison.flows[by] > 0].reset_index(drop=True)
    left_out = comparison.flows[comparison.flows[by] <= 0]
    sides = (comparison.before, comparison.after)
    labels = [[theme.label(segment) for segment in side] for side in sides]
    source = drawn["from_segment"].to_numpy() - 1
    target = drawn["to_segment"].to_numpy() - 1 + len(comparison.before)
    heights = [drawn.groupby(end)[by].sum() for end in ("from_segment", "to_segment")]
    figure = go.Figure(
        go.Sankey(
            arrangement="fixed",
            textfont={"color": theme.PLOTLY_INK, "size": 12},
            node={
                "label": [theme.escaped(theme.shorten(label, 20)) for side in labels for label in side],
                "color": [before[label] for label in labels[0]] + [after[label] for label in labels[1]],
                "x": [0.001] * len(labels[0]) + [0.999] * len(labels[1]),
                "y": _places(sides[0], heights[0]) + _places(sides[1], heights[1]),
                "pad": 14,
                "thickness": 14,
                "line": {"width": 0},
                "customdata": [theme.escaped(label) for side in labels for label in side],
                "hovertemplate": "%{customdata}<extra></extra>",
            },
            link={
                "source": source.tolist(),
                "target": target.tolist(),
                "value": drawn[by].tolist(),
                "color": [_faint(before[labels[0][place]]) for place in source],
                "customdata": [_told(row, comparison) for _, row in drawn.iterrows()],
                "hovertemplate": "%{customdata}<extra></extra>",
            },
        )
    )
    title = _title(comparison, by, left_out)
    alt_text = f"Flow chart (Sankey). {title}. " + "; ".join(
        _told(row, comparison, escaped=False) for _, row in drawn.nlargest(6, by).iterrows()
    )
    return theme.finish(figure, title, alt_text + ".", height=max(360, 150 + 60 * max(map(len, sides))))


def _title(comparison: Comparison, by: Measure, left_out: pd.DataFrame) -> str:
    stayed = "" if np.isnan(comparison.stayed) else f"{theme.percent(comparison.stayed)} of the customers stay together"
    width = (
        "customers" if by == "customers" else f"revenue in {comparison.currency}" if comparison.currency else "revenue"
    )
    title = f"{stayed or 'No customer is in both'}; bands as wide as {width}"
    if len(left_out) and by == "revenue":
        title += f"; {theme.count(int(left_out['customers'].sum()))} without any not drawn"
    return title


def _told(row: pd.Series, comparison: Comparison, *, escaped: bool = True) -> str:
    ends = (comparison.before[int(row["from_segment"]) - 1], comparison.after[int(row["to_segment"]) - 1])
    told = f"{theme.label(ends[0])} → {theme.label(ends[1])}: {theme.count(int(row['customers']))}"
    if not pd.isna(row["revenue"]):
        told += f", {theme.money(float(row['revenue']), comparison.currency)}"
    return theme.escaped(told) if escaped else told


def _places(segments: Sequence[Segment], heights: pd.Series[float]) -> list[float]:
    """The middle of each node from 0, top, to 1, so that both sides keep the order of their numbers."""
    sizes = heights.reindex([segment.number for segment in segments]).fillna(0.0).to_numpy(dtype=np.float64)
    room = sizes / max(float(sizes.sum()), 1e-12) * (1 - _GAP * (len(sizes) - 1))
    starts = np.concatenate([[0.0], np.cumsum(room + _GAP)[:-1]])
    return [float(place) for place in np.clip(starts + room / 2, 0.001, 0.999)]


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.4)"
