"""One number of segments up close: how well each customer fits, and where customers stand."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from charts import theme
from charts.segments import segment_scale
from charts.theme import Palette
from core.segments.closeup import CloseUp
from core.segments.segmentation import Segmentation

_BAND = 46  # pixels of a segment
_MOST_STEPS = 120  # of a segment's profile: more than there are pixels
_MAP = 380
_FAR = (0.005, 0.995)
"""The map reaches as far as all but a hundredth of the customers; those beyond stand at its edge."""


def silhouettes(found: CloseUp, segmentation: Segmentation, palette: Palette) -> Any:
    """Every customer's silhouette, the best-fitting one of each segment at the top of its band.

    A band is as high for a small segment as for a large one, so that each can be read. A profile travels as up to 120
    steps of its sorted values.
    """
    segments, rows, told = segmentation.segments, [], {}
    for place, segment in enumerate(segments):
        mine = np.sort(found.silhouettes[found.places == place])[::-1]
        steps = mine[np.linspace(0, len(mine) - 1, min(len(mine), _MOST_STEPS)).round().astype(int)]
        # Each step is drawn up to the middle between its neighbours, so that one customer alone is seen too.
        at = place + 0.06 + 0.88 * np.linspace(0, 1, len(steps) + 1)
        rows += [
            (segment.number, y, y2, value)
            for y, y2, value in zip(at[:-1].round(4), at[1:].round(4), steps.round(3), strict=True)
        ]
        misplaced = float((mine < 0).mean())
        told[place] = [theme.shorten(theme.label(segment), 20), f"{theme.percent(misplaced)} misplaced"]
    table = pd.DataFrame(rows, columns=["segment", "y", "y2", "value"])
    table["name"] = table["segment"].map({segment.number: theme.label(segment) for segment in segments})
    below = float((found.silhouettes < 0).mean())
    title = f"{theme.percent(below)} of the customers stand nearer to another segment than to their own"
    axis = alt.Axis(
        values=[place + 0.5 for place in told],
        labelExpr=theme.lookup({place: list(lines) for place, lines in told.items()}).replace(
            "[datum.value]", "[floor(datum.value)]"
        ),
        **theme.bare_axis(labelLimit=170, labelPadding=6, labelBaseline="bottom", labelLineHeight=14),
    )
    y = alt.Y("y:Q", scale=alt.Scale(domain=[0, len(segments)], reverse=True, nice=False), axis=axis)
    low = min(0.0, float(np.floor(table["value"].min() * 5) / 5))
    x = alt.X(
        "value:Q",
        title=["How well customers fit (silhouette):", "1 at best, 0 on the border,", "below 0 misplaced"],
        scale=alt.Scale(domain=[low, 1], nice=False),
        axis=alt.Axis(format=".1f", tickCount=5, titleFontSize=12, titlePadding=8, titleLimit=320),
    )
    bars = (
        alt.Chart(table)
        .mark_rect(aria=False)
        .encode(
            x=x,
            x2=alt.datum(0),
            y=y,
            y2="y2:Q",
            color=alt.Color("segment:O", scale=segment_scale(segments, palette), legend=None),
            tooltip=[alt.Tooltip("name:N", title="Segment"), alt.Tooltip("value:Q", title="Silhouette", format=".2f")],
        )
    )
    alt_text = f"Silhouette plot. {title}. " + "; ".join(
        f"{theme.label(segment)}: {told[place][1]}" for place, segment in enumerate(segments)
    )
    return theme.finish_altair(bars, title, alt_text + ".", height=_BAND * len(segments))


def where(found: CloseUp, segmentation: Segmentation, palette: Palette) -> Any:
    """Customers on the two directions in which they differ most, the middle of each segment with its number."""
    segments = segmentation.segments
    ends = np.quantile(np.vstack([found.at, found.centers]), _FAR, axis=0)
    low, high = np.minimum(ends[0], found.centers.min(axis=0)), np.maximum(ends[1], found.centers.max(axis=0))
    margin = 0.04 * np.maximum(high - low, 1e-9)
    low, high = low - margin, high + margin
    points = pd.DataFrame(np.clip(found.at, low, high).round(3), columns=["x", "y"])
    points["segment"] = found.places + 1
    centers = pd.DataFrame(found.centers.round(3), columns=["x", "y"])
    centers["segment"] = [segment.number for segment in segments]
    centers["name"] = [theme.label(segment) for segment in segments]
    titles: tuple[dict[str, Any], dict[str, Any]] = (
        {"title": _direction("To the right", found.meanings[0]), "titlePadding": 8},
        theme.lying_title(_direction("Further up", found.meanings[1])),
    )
    x, y = (
        {
            "field": name,
            "type": "quantitative",
            "scale": {"domain": [float(low[at]), float(high[at])], "nice": False, "zero": False},
            "axis": {"labels": False, "ticks": False, "grid": False, "titleFontSize": 12} | titles[at],
        }
        for at, name in enumerate("xy")
    )
    scale = segment_scale(segments, palette)
    cloud = (
        alt.Chart(points)
        .mark_point(size=22, opacity=0.5, filled=True, aria=False)
        .encode(
            x=x,
            y=y,
            color=alt.Color("segment:O", scale=scale, legend=None),
            shape=alt.Shape(
                "segment:O",
                scale=alt.Scale(domain=[s.number for s in segments], range=list(theme.shapes(len(segments)))),
                legend=None,
            ),
        )
    )
    middle = alt.Chart(centers).encode(x=x, y=y, tooltip=[alt.Tooltip("name:N", title="Middle of")])
    spot = middle.mark_circle(size=420, opacity=1, stroke="white", strokeWidth=2).encode(
        color=alt.Color("segment:O", scale=scale, legend=None)
    )
    number = middle.mark_text(color="white", fontSize=12, fontWeight="bold").encode(text="segment:N")
    shares = [theme.percent(share) for share in found.axes.shares]
    title = f"Where customers stand: across {shares[0]} of their differences, upwards {shares[1]}"
    alt_text = (
        f"Scatter plot of customers on two principal axes. {title}. To the right: {found.meanings[0] or 'nothing'}. "
    )
    alt_text += f"Further up: {found.meanings[1] or 'nothing'}."
    above = 14 * len(_direction("Further up", found.meanings[1]))
    return theme.finish_altair(alt.layer(cloud, spot, number), title, alt_text, height=_MAP, above=above)


def _direction(which: str, meaning: str) -> list[str]:
    return theme.lines(f"{which}: {meaning or 'no further differences'}", theme.NARROWEST, 3)
