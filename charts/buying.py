"""What each segment buys, when, and how soon its customers come back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from charts import theme
from charts.cells import cells
from charts.segments import segment_scale
from charts.theme import Palette
from core.orders.roles import BY_NAME
from core.segments.buying import FEWEST_CUSTOMERS, Affinity, Buying
from core.segments.segmentation import Segment, Segmentation

_ITEM = 30  # pixels
_LINES = 200
_MOST_ITEMS = 10
_TYPICAL = 3  # of a segment, where not all items are shown
_INDICES = [25, 50, 100, 200, 400]
"""Half and double stand as far from 100; the colours of heatmaps go no further than a quarter and four times."""
_LIGHT = (32, 357)
"""Between these, black text is read more easily than white; either has 4.5:1 or more."""


def indices(affinity: Affinity, segmentation: Segmentation) -> Any:
    """An index for each item and segment: 100 is like everyone, 200 twice the share of the segment's money."""
    role, segments = BY_NAME[affinity.role], segmentation.segments
    items = _shown(affinity, segments)
    places = {item: place for place, item in enumerate(items)}
    known = affinity.cells[affinity.cells["item"].isin(items)]
    rows = pd.DataFrame(
        {
            "row": known["item"].map(places),
            "column": known["segment"],
            "value": known["index"],
            "told": ["–" if index != index else f"{index:,.0f}" for index in known["index"]],
            "white": ~known["index"].between(*_LIGHT),
            "item": [theme.plain(item) for item in known["item"]],
            "name": known["segment"].map({segment.number: theme.label(segment) for segment in segments}),
            "customers": known["customers"],
            "share": ["–" if share != share else f"{share:.1%}" for share in known["share"]],
            "of_all": [f"{share:.1%}" for share in known["share_of_all"]],
        }
    )
    title = _most_typical(affinity, segments)
    # Names need a column of some width; of many segments the numbers alone are written.
    named = len(segments) <= 4
    chart = cells(
        rows,
        {place: theme.lines(item, 20, 2) for item, place in places.items()},
        {s.number: theme.lines(theme.label(s), 12, 3) if named else [str(s.number)] for s in segments},
        [
            "Segment. 100: like everyone, 200: twice the share",
            "Orange: more than everyone, blue: less",
            f"–: fewer than {FEWEST_CUSTOMERS} buyers, or no revenue",
        ],
        [
            alt.Tooltip("item:N", title=role.label),
            alt.Tooltip("name:N", title="Segment"),
            alt.Tooltip("told:N", title="Index"),
            alt.Tooltip("share:N", title="Of the segment's money"),
            alt.Tooltip("of_all:N", title="Of everyone's money"),
            alt.Tooltip("customers:Q", title="Customers of the segment", format=","),
        ],
        alt.Scale(type="log", domain=_INDICES, range=[*theme.LOW_TO_HIGH], clamp=True),
    )
    read = "; ".join(
        f"{theme.label(segment)}: "
        + ", ".join(
            f"{theme.shorten(row['item'])} {row['told']}"
            for _, row in rows[rows["column"] == segment.number].iterrows()
        )
        for segment in segments
    )
    alt_text = f"Heatmap of what segments spend on each {role.label.lower()}, 100 being like everyone. {title}. {read}."
    return theme.finish_altair(chart, title, alt_text, height=_ITEM * len(items))


def revenue_by_month(buying: Buying, segmentation: Segmentation, palette: Palette) -> Any:
    """A line a segment."""
    currency = segmentation.features.currency
    table = buying.months
    rows = pd.DataFrame(
        {
            "place": table["month"].rank(method="dense").astype(int) - 1,
            "segment": table["segment"],
            "value": table["revenue"],
            "told": [theme.money(value, currency) for value in table["revenue"]],
            "step": [f"{month:%b %Y}" for month in table["month"]],
        }
    )
    best = rows.iloc[int(rows["value"].to_numpy().argmax())]
    name = _name(segmentation.segments, int(best["segment"]))
    title = f"Best month of {name}: {best['step']}, {best['told']}"
    unit = f" ({currency})" if currency else ""
    labels = {int(place): [str(step)] for place, step in zip(rows["place"], rows["step"], strict=True)}
    upwards = alt.Axis(labelExpr=theme.SHORT_NUMBERS, tickCount=4, **theme.lying_title(f"Revenue{unit}"))
    partly = list(dict.fromkeys(rows["step"][table["partial"]]))
    across = ["Month", *([f"Covered only partly: {', '.join(partly)}"] if partly else [])]
    return _lines(rows, labels, across, upwards, title, segmentation.segments, palette, "revenue by month")


def returning(buying: Buying, segmentation: Segmentation, palette: Palette) -> Any | None:
    """The share of each segment that orders so many months after the first; None where no month has passed."""
    table = buying.returning
    if table.empty:
        return None
    rows = pd.DataFrame(
        {
            "place": table["months_since"] - 1,
            "segment": table["segment"],
            "value": table["share"],
            "told": [
                f"{theme.percent(share)} ({again:,} of {customers:,})"
                for share, again, customers in zip(table["share"], table["again"], table["customers"], strict=True)
            ],
            "step": table["months_since"],
        }
    )
    after = table[table["months_since"] == table["months_since"].min()]
    told = [
        f"{theme.percent(share)} of {_name(segmentation.segments, int(number))}"
        for number, share in zip(after["segment"], after["share"], strict=True)
    ]
    title = f"In the month after the first order: {', '.join(told[:3])}" + (" and so on" if len(told) > 3 else "")
    labels = {int(place): [str(int(place) + 1)] for place in sorted(rows["place"].unique())}
    upwards = alt.Axis(format=".0%", tickCount=4, **theme.lying_title("Customers who order in that month"))
    return _lines(
        rows, labels, ["Months since the first order"], upwards, title, segmentation.segments, palette, "who comes back"
    )


def _shown(affinity: Affinity, segments: Sequence[Segment]) -> list[str]:
    """All items where they are few; else those typical of a segment, and those with the most revenue."""
    items = list(dict.fromkeys(affinity.cells["item"]))
    if len(items) <= _MOST_ITEMS:
        return items
    typical = {item for segment in segments for item in affinity.typical(segment.number, _TYPICAL)["item"]}
    room = max(_MOST_ITEMS - len(typical), 0)
    others = [item for item in items if item not in typical][:room]
    return [item for item in items if item in typical or item in others]


def _most_typical(affinity: Affinity, segments: Sequence[Segment]) -> str:
    """The largest sure difference in words."""
    label = BY_NAME[affinity.role].label
    best = [
        (float(cell["share"] - cell["share_of_all"]), segment, cell)
        for segment in segments
        for _, cell in affinity.typical(segment.number, 1).iterrows()
    ]
    if not best:
        return f"{label}: no segment surely spends more on one than all customers do"
    _, segment, cell = max(best, key=lambda found: found[0])
    mine, everyones = (f"{share:.0%}" if share >= 0.1 else f"{share:.1%}" for share in cell[["share", "share_of_all"]])
    item, name = theme.shorten(cell["item"], 24), theme.shorten(segment.name)
    return f"{label}: {item} takes {mine} of the money of {name}, {everyones} of all money"


def _lines(
    rows: pd.DataFrame,
    labels: dict[int, list[str]],
    across: list[str],
    upwards: alt.Axis,
    title: str,
    segments: Sequence[Segment],
    palette: Palette,
    what: str,
) -> Any:
    """A line a segment with a mark of its own at each step; place, segment, value, told and step are its columns."""
    rows = rows.assign(name=rows["segment"].map({segment.number: theme.label(segment) for segment in segments}))
    names = {segment.number: [theme.shorten(theme.label(segment), 24)] for segment in segments}
    legend = alt.Legend(
        title=None,
        orient="bottom",
        direction="vertical",
        columns=2,
        labelExpr=theme.lookup(names) + "[0]",
        labelColor=theme.INK,
        labelLimit=180,
        symbolOpacity=1,
    )
    shapes = alt.Scale(
        domain=[segment.number for segment in segments], range=list(theme.shapes(len(segments)))
    )  # fmt: skip
    axis = alt.Axis(
        labelExpr=theme.lookup(labels),
        **theme.bare_axis(
            title=across, labelAngle=0, labelOverlap="parity", labelSeparation=6, labelPadding=5, titleFontSize=12
        ),
    )
    base = alt.Chart(rows).encode(
        x=alt.X("place:O", axis=axis),
        y=alt.Y("value:Q", axis=upwards),
        color=alt.Color("segment:N", scale=segment_scale(segments, palette), legend=legend),
        tooltip=[
            alt.Tooltip("name:N", title="Segment"),
            alt.Tooltip("step:N", title=across[0]),
            alt.Tooltip("told:N", title="Value"),
        ],
    )
    marks = base.mark_point(filled=True, size=46, opacity=1).encode(
        shape=alt.Shape("segment:N", scale=shapes, legend=legend)
    )
    read = "; ".join(
        f"{segment_name}: {mine['told'].iloc[0]} to {mine['told'].iloc[-1]}"
        for segment_name, mine in rows.groupby("name", sort=False)
    )
    alt_text = f"Lines of {what}, one a segment. {title}. From first to last: {read}."
    rest = 22 * int(np.ceil(len(segments) / 2))
    return theme.finish_altair(
        alt.layer(base.mark_line(strokeWidth=2), marks), title, alt_text, _LINES + rest, above=10
    )


def _name(segments: Sequence[Segment], number: int) -> str:
    return theme.shorten(next(segment.name for segment in segments if segment.number == number))
