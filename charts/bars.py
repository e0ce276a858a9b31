"""Bars with their names to the left and their figures to the right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import altair as alt
import pandas as pd

from charts import theme

ROW = 44  # pixels


def with_figures(
    drawn: Any,
    field: str,
    names: Mapping[int, Sequence[str]],
    figures: Mapping[int, Sequence[str]],
    title: str,
    alt_text: str,
    row: int = ROW,
) -> Any:
    """A finished chart of what is drawn, a row for each value of a field.

    The figures are the labels of a second axis, so that Vega makes room for them on any width and they take the colour
    of the page's text.

    Parameters
    ----------
    field : a column of whole numbers, the rows from above
    names, figures : number of a row -> lines of text, at most two
    row : pixels
    """
    layers = labelled(drawn, alt.Chart(pd.DataFrame({field: list(names)})), field, names, figures)
    return theme.finish_altair(layers, title, alt_text, height=row * len(names))


def labelled(
    drawn: Any,
    rows: Any,
    field: str,
    names: Mapping[Any, Sequence[str]],
    figures: Mapping[Any, Sequence[str]],
    key: str = "datum.value",
) -> Any:
    """What is drawn with names and figures at its sides, not yet finished.

    Parameters
    ----------
    rows : a chart of the field's values
    key : the expression that names and figures are looked up by; at an axis, `datum.value` is a value of the field
    """
    axis = theme.bare_axis(labelLimit=170, labelPadding=6)

    def side(texts: Mapping[Any, Sequence[str]], orient: Literal["left", "right"]) -> alt.Axis:
        return alt.Axis(
            labelExpr=theme.lookup(texts, key), labelBaseline=theme.centred(texts, key), orient=orient, **axis
        )

    nothing = rows.mark_point(opacity=0, size=0, aria=False).encode(tooltip=alt.value(None))
    return alt.layer(
        drawn.encode(y=alt.Y(f"{field}:O", axis=side(names, "left"), sort=None)),
        nothing.encode(y=alt.Y(f"{field}:O", axis=side(figures, "right"), sort=None)),
    ).resolve_axis(y="independent")


def number_axis(*, shares: bool = False) -> alt.Axis:
    """Numbers short along the axis that bars are measured by."""
    write = "format(datum.value, '.0%')" if shares else theme.SHORT_NUMBERS
    return alt.Axis(labelExpr=write, tickCount=4, titlePadding=8, titleFontSize=12, titleLimit=320, labelFlush=False)
