"""Cells with their numbers in them: rows named to the left, columns below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from charts import theme


def cells(
    rows: pd.DataFrame,
    names: Mapping[int, Sequence[str]],
    steps: Mapping[int, Sequence[str]],
    axis_title: Sequence[str],
    tooltip: Sequence[alt.Tooltip],
    scale: alt.Scale,
) -> Any:
    """What is yet to be finished.

    Parameters
    ----------
    rows : row and column (whole numbers), value (for the colour; missing where there is none), told (written in the
        cell), white (whether white text is read more easily on that colour than black), and what tooltips tell
    names, steps : number of a row, of a column -> lines of text
    axis_title : lines below, at the right edge, since a narrow chart has no more room than its names leave
    scale : value -> colour
    """
    left = alt.Axis(
        labelExpr=theme.lookup(names),
        labelBaseline=theme.centred(names),
        **theme.bare_axis(labelLimit=150, labelPadding=5, labelFontSize=11),
    )
    below = alt.Axis(
        labelExpr=theme.lookup(steps),
        **theme.bare_axis(
            title=list(axis_title),
            titleFontSize=12,
            titlePadding=8,
            titleLimit=340,
            titleAnchor="end",
            titleAlign="right",
            labelAngle=0,
            labelFontSize=11,
            labelOverlap="greedy",
        ),
    )
    shown = rows.assign(value=rows["value"].astype(object).where(rows["value"].notna(), None))
    base = alt.Chart(shown).encode(
        x=alt.X("column:O", axis=below, scale=alt.Scale(domain=list(steps), paddingInner=0.04)),
        y=alt.Y("row:O", axis=left, scale=alt.Scale(domain=list(names), paddingInner=0.06)),
        tooltip=list(tooltip),
    )
    size = 10 if len(steps) <= 9 else 9
    known = base.transform_filter("isValid(datum.value)")
    ground = known.mark_rect().encode(color=alt.Color("value:Q", scale=scale, legend=None))
    text = known.mark_text(fontSize=size, aria=False).encode(
        text="told:N", color=alt.condition("datum.white", alt.value("#FFFFFF"), alt.value("#000000"))
    )
    unknown = base.transform_filter("!isValid(datum.value)").mark_text(fontSize=size, color=theme.INK, aria=False)
    return alt.layer(ground, text, unknown.encode(text="told:N"))
