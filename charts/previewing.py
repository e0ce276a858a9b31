"""The segments of the number that the pointer is at, above the curves; the browser asks for nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import pandas as pd

from charts import theme
from charts.steady import IS_CHOSEN
from core.features import catalog
from core.segments.generations import Generation

POINTED = "pointed"
"""Where the pointer is; the browser alone knows."""

STRIP = 62
"""Pixels for the preview, above the title of the vertical axis."""

_LETTERS = 50  # of a line of it


@dataclass(frozen=True, slots=True, eq=False)
class Preview:
    """The segments of each number, for the browser to show where the pointer is."""

    parts: pd.DataFrame  # a row a segment: k, left and right (shares of the customers, 0 to 1), colour
    told: pd.DataFrame  # a row a number: k, sizes, means (a line each)


def preview(generations: Sequence[Generation], currency: str | None) -> Preview:
    """How large the segments of each number are, and what their customers spend on average."""
    parts, told = [], []
    for each in generations:
        k, everyone = each.n_segments, max(int(each.sizes.sum()), 1)
        ends = (each.sizes.cumsum() / everyone).round(4).tolist()
        colours = map(theme.colour, each.colours)
        parts += [(k, left, right, colour) for left, right, colour in zip([0.0, *ends], ends, colours, strict=False)]
        sizes = [f"{size:,}" if size < 10_000 else catalog.short(size) for size in each.sizes.tolist()]
        means = ""
        if each.revenue is not None:
            unit = f" {currency} each" if currency else " each"
            amounts = [catalog.short(mean) for mean in (each.revenue / each.sizes.clip(min=1)).tolist()]
            means = _in_a_line("spending ", amounts, unit)
        told.append((k, _in_a_line(f"{theme.count(k, 'segment')}: ", sizes, " customers"), means))
    return Preview(
        pd.DataFrame(parts, columns=["k", "left", "right", "colour"]),
        pd.DataFrame(told, columns=["k", "sizes", "means"]),
    )


def _in_a_line(before: str, figures: Sequence[str], after: str) -> str:
    """As many of the figures as there is room for, the last ones standing for themselves in the bar alone."""
    for kept in range(len(figures), 0, -1):
        line = before + " / ".join(figures[:kept]) + (" / …" if kept < len(figures) else "") + after
        if len(line) <= _LETTERS:
            return line
    return before + figures[0] + " / …" + after


def strip(previewed: Preview, of_chosen: bool, x: Callable[[str], alt.X], k_max: int) -> list[Any]:
    """The segments of the number pointed at, as a bar and in words; else of the one chosen, or how to use it."""
    top = -16 - STRIP  # above the title of the vertical axis
    here = f"isValid({POINTED}.k) ? datum.k == {POINTED}.k[0] : {IS_CHOSEN if of_chosen else 'false'}"
    parts = previewed.parts.copy()
    parts[["left", "right"]] = (0.5 + k_max * parts[["left", "right"]]).round(3)
    bar = alt.Chart(parts).transform_filter(here).mark_rect(stroke="white", strokeWidth=0.5, aria=False)
    told = alt.Chart(previewed.told).transform_filter(here)
    hint = alt.Chart(pd.DataFrame({"k": [0]}))
    said: dict[str, Any] = {"align": "left", "baseline": "top", "color": theme.INK, "fontSize": 12}
    bold = said | {"fontWeight": "bold"}
    layers: list[Any] = [
        # Holds the room while there is less in it: the plot must not move under the pointer.
        hint.mark_rule(opacity=0, aria=False).encode(x=alt.value(0), y=alt.value(top), y2=alt.value(top + STRIP)),
        bar.encode(
            x=x("left"),
            x2="right:Q",
            y=alt.value(top + 36),
            y2=alt.value(top + 46),
            color=alt.Color("colour:N", scale=None),
        ),
        told.mark_text(**bold).encode(x=alt.value(0), y=alt.value(top), text="sizes:N"),
        told.mark_text(**said).encode(x=alt.value(0), y=alt.value(top + 16), text="means:N"),
    ]
    if not of_chosen:
        words = ["Point at a number of segments to look at it,", "click to choose it."]
        idle = hint.transform_filter(f"!isValid({POINTED}.k)").mark_text(text=words, lineHeight=16, **said)
        layers.append(idle.encode(x=alt.value(0), y=alt.value(top)))
    return layers
