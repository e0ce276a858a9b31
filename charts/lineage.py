"""Where the segments of each number come from: a tree over all numbers, and one step of it up close.

Rows from the top are numbers of segments, bars are segments as wide as their customers, bands are customers on their
way from one row to the next. Altair, since both move with the slider.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from charts import theme
from core.segments.generations import Generation

# As shares of the whole width.
_GAP = 0.012
_LEAST = 0.04  # room of the smallest segment, for its number
# Pixels.
_BAR = 14
_LINE = 15
_LETTER = 6.1  # an average letter of a text 12 px high
_FEWEST_LETTERS = 8  # a name cut shorter says nothing


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the bars of one row stand, by the place of their segment."""

    left: np.ndarray
    width: np.ndarray
    slot: np.ndarray  # left edge of the room for bar and label
    room: np.ndarray


@dataclass(frozen=True, slots=True)
class _Flow:
    """Customers on their way from a place above to a place below."""

    source: int
    target: int
    customers: int
    stays: bool  # in the segment that carries theirs on


@dataclass(frozen=True, slots=True)
class _Frame:
    """The scales that all layers share."""

    rows: tuple[int, ...]  # the numbers of segments
    n_clusters: int
    pitch: int  # pixels between two rows
    lines: int  # of text below a bar

    @property
    def bar(self) -> float:
        """Half of its height, as a share of the pitch."""
        return _BAR / 2 / self.pitch

    @property
    def top(self) -> float:
        return self.rows[0] - self.bar - 6 / self.pitch

    @property
    def bottom(self) -> float:
        return self.rows[-1] + self.bar + (_LINE * self.lines + 8) / self.pitch

    @property
    def height(self) -> int:
        return round((self.bottom - self.top) * self.pitch)

    def x(self, field: str) -> alt.X:
        return alt.X(f"{field}:Q", scale=alt.Scale(domain=[0, 1], nice=False), axis=None)

    def y(self, field: str) -> alt.Y:
        chosen = self.n_clusters
        texts = {k: [str(k), "chosen"] if k == chosen else [str(k)] for k in self.rows}
        axis = alt.Axis(
            values=list(self.rows),
            labelExpr=theme.lookup(texts),
            labelBaseline=theme.centred(texts),
            labelFontWeight={"condition": {"test": f"datum.value == {chosen}", "value": "bold"}, "value": "normal"},
            labelFontSize=12,
            **(theme.bare_axis() | theme.lying_title("Number of segments (k)")),
        )
        scale = alt.Scale(domain=[self.top, self.bottom], reverse=True, nice=False, zero=False)
        return alt.Y(f"{field}:Q", scale=scale, axis=axis)


def tree(generations: Sequence[Generation], n_clusters: int, currency: str | None) -> Any:
    """All numbers of segments from the first on, the chosen one marked."""
    chosen = next((each for each in generations if each.n_segments == n_clusters), None)
    title = f"How 1 segment becomes {generations[-1].n_segments}, each as wide as its customers"
    alt_text = f"Tree of segments, a row for each number of them. {title}."
    if chosen is not None:
        alt_text += f" At {n_clusters}, chosen: {_read_out(chosen)}"
    pitch = max(36, min(54, 560 // len(generations)))
    return _drawn(generations, n_clusters, currency, title, alt_text, pitch=pitch, lines=1)


def step(after: Generation, n_clusters: int, currency: str | None) -> Any:
    """One step up close: the segments before above, with one segment more below, those who move drawn stronger."""
    before = after.before
    if before is None:
        raise ValueError("There are no segments before these.")
    moved = sum(flow.customers for flow in _flows(after) if not flow.stays)
    everyone = int(after.sizes.sum())
    title = (
        f"From {theme.count(before.n_segments, 'segment')} to {after.n_segments}: {moved:,} of "
        f"{theme.count(everyone)} ({theme.percent(moved / max(everyone, 1))}) change segment"
    )
    alt_text = f"Flow chart. {title}. {_read_out(after)} Chosen: {n_clusters}."
    return _drawn((before, after), n_clusters, currency, title, alt_text, pitch=120, lines=2)


def _flows(after: Generation) -> list[_Flow]:
    if after.step is None:
        return []
    customers, origins = after.step.customers, after.step.origins
    pairs = np.argwhere(customers).tolist()
    return [_Flow(s, t, int(customers[s, t]), stays=origins[t] == s) for s, t in pairs]


def _drawn(
    generations: Sequence[Generation],
    n_clusters: int,
    currency: str | None,
    title: str,
    alt_text: str,
    *,
    pitch: int,
    lines: int,
) -> Any:
    """`pitch` is the distance between two rows in pixels; the second of two lines holds figures."""
    frame = _Frame(tuple(each.n_segments for each in generations), n_clusters, pitch, lines)
    layouts = _layouts(generations)
    layers = [_bands(generations, layouts, frame), *_bars(generations, layouts, frame, currency)]
    if n_clusters in frame.rows and len(frame.rows) > 2:
        reach = n_clusters - frame.bar - 5 / pitch, n_clusters + frame.bar + (_LINE * lines + 5) / pitch
        mark = pd.DataFrame({"left": [0], "right": [1], "y": [reach[0]], "y2": [reach[1]]})
        shade = alt.Chart(mark).mark_rect(color=theme.NEUTRAL, opacity=0.2, aria=False)
        layers.insert(0, shade.encode(x=frame.x("left"), x2="right:Q", y=frame.y("y"), y2="y2:Q"))
    return theme.finish_altair(alt.layer(*layers), title, alt_text, height=frame.height, above=12)


def _bands(generations: Sequence[Generation], layouts: Sequence[_Layout], frame: _Frame) -> Any:
    """Four points a band: monotone between them, it leaves and arrives upright."""
    points: list[dict[str, Any]] = []
    for upper, lower, before, after in zip(layouts, layouts[1:], generations, generations[1:], strict=False):
        flows = _flows(after)
        sources, targets = [flow.source for flow in flows], [flow.target for flow in flows]
        starts = _stacked(upper, flows, sources, lower.left[targets])
        ends = _stacked(lower, flows, targets, upper.left[sources])
        top, bottom = before.n_segments + frame.bar, after.n_segments - frame.bar
        bend = 0.25 * (bottom - top)
        above, below = _names(before), _names(after)
        for flow, start, end in zip(flows, starts, ends, strict=True):
            width = flow.customers * _scale(flows, lower)
            points += [
                {
                    "band": f"{after.n_segments}/{flow.source}/{flow.target}",
                    "y": round(at, 3),
                    "left": round(left, 5),
                    "right": round(left + width, 5),
                    "colour": theme.colour(before.colours[flow.source]),
                    "strength": 0.3 if flow.stays else 0.6,
                    "told": f"{flow.customers:,}: {above[flow.source]} → {below[flow.target]}",
                }
                for at, left in ((top, start), (top + bend, start), (bottom - bend, end), (bottom, end))
            ]
    columns = ["band", "y", "left", "right", "colour", "strength", "told"]
    drawn = alt.Chart(pd.DataFrame(points, columns=columns)).mark_area(
        orient="horizontal", interpolate="monotone", aria=False
    )
    return drawn.encode(
        x=frame.x("left"),
        x2="right:Q",
        y=frame.y("y"),
        detail="band:N",
        color=alt.Color("colour:N", scale=None),
        opacity=alt.Opacity("strength:Q", scale=None),
        tooltip=alt.Tooltip("told:N", title="Customers"),
    )


def _bars(
    generations: Sequence[Generation],
    layouts: Sequence[_Layout],
    frame: _Frame,
    currency: str | None,
) -> list[Any]:
    bars = pd.DataFrame(
        [
            {
                "y": each.n_segments - frame.bar,
                "y2": each.n_segments + frame.bar,
                "left": layout.left[place],
                "right": layout.left[place] + layout.width[place],
                "middle": layout.slot[place] + layout.room[place] / 2,
                "room": layout.room[place],
                "colour": theme.colour(each.colours[place]),
                "number": f"{place + 1}.",
                "name": name,
                "customers": f"{int(each.sizes[place]):,}",
                "told": _figures(each, place, currency),
            }
            for each, layout in zip(generations, layouts, strict=True)
            for place, name in enumerate(_names(each))
        ]
    )
    tooltip = [alt.Tooltip("name:N", title="Segment"), alt.Tooltip("told:N", title="Customers")]
    base = alt.Chart(bars)
    # A stroke, so that a segment of a handful is still seen.
    drawn = base.mark_rect(strokeWidth=1).encode(
        x=frame.x("left"),
        x2="right:Q",
        y=frame.y("y"),
        y2="y2:Q",
        color=alt.Color("colour:N", scale=None),
        stroke=alt.Stroke("colour:N", scale=None),
        tooltip=tooltip,
    )
    # As much of the name as there is room for on this screen; its number where that is hardly any.
    texts = base.transform_calculate(letters=f"floor(datum.room * width / {_LETTER})")
    fitting = (
        f"datum.letters < {_FEWEST_LETTERS} ? datum.number : truncate(datum.name, datum.letters)",
        "datum.letters >= length(datum.told) ? datum.told : datum.letters >= length(datum.customers)"
        " ? datum.customers : ''",
    )
    return [drawn] + [
        texts.transform_calculate(shown=shown)
        .mark_text(baseline="top", dy=4 + _LINE * line, fontSize=12, color=theme.INK)
        .encode(x=frame.x("middle"), y=frame.y("y2"), text="shown:N", tooltip=tooltip)
        for line, shown in enumerate(fitting[: frame.lines])
    ]


def _layouts(generations: Sequence[Generation]) -> list[_Layout]:
    """Segments beneath those they come from; widths comparable between rows, and room for each label."""
    most = max(each.n_segments for each in generations)
    least = min(_LEAST, 0.6 / most)
    shares = [each.sizes / max(int(each.sizes.sum()), 1) for each in generations]
    scale = min(_fitting(share, 1 - _GAP * (len(share) - 1), least) for share in shares)
    layouts: list[_Layout] = []
    for each, share in zip(generations, shares, strict=True):
        order = _order(each, layouts[-1] if layouts else None)
        room = np.maximum(share * scale, least)
        slot = np.empty(len(share))
        ahead = np.concatenate([[0.0], np.cumsum(room[order] + _GAP)])
        slot[order] = ahead[:-1] + (1 - (ahead[-1] - _GAP)) / 2
        layouts.append(_Layout(slot + (room - share * scale) / 2, share * scale, slot, room))
    return layouts


def _fitting(share: np.ndarray, space: float, least: float) -> float:
    """The largest scale at which bars, none with less room than `least`, take no more than the space."""
    small = np.zeros(len(share), dtype=bool)
    while True:
        scale = float((space - least * small.sum()) / share[~small].sum())
        narrow = small | (share * scale < least)
        if (narrow == small).all() or narrow.all():
            return scale
        small = narrow


def _order(each: Generation, above: _Layout | None) -> list[int]:
    """Places from left to right: each below the middle of what it came from."""
    if above is None or each.step is None:
        return list(range(each.n_segments))
    middle = above.left + above.width / 2
    drawn = each.step.customers
    below = (middle @ drawn) / np.maximum(drawn.sum(axis=0), 1)
    return sorted(range(each.n_segments), key=lambda place: (below[place], place))


def _stacked(layout: _Layout, flows: Sequence[_Flow], ends: Sequence[int], towards: np.ndarray) -> list[float]:
    """The left edge of each band at one of its ends, those that lead to the left standing left."""
    edges, reached = np.zeros(len(flows)), layout.left.copy()
    for place in np.argsort(towards, kind="stable").tolist():
        edges[place] = reached[ends[place]]
        reached[ends[place]] += flows[place].customers * _scale(flows, layout)
    return [float(edge) for edge in edges]


def _scale(flows: Sequence[_Flow], layout: _Layout) -> float:
    """How wide one customer is."""
    return float(layout.width.sum()) / max(sum(flow.customers for flow in flows), 1)


def _names(each: Generation) -> list[str]:
    return [f"{place}. {theme.plain(name)}" for place, name in enumerate(each.names, start=1)]


def _figures(each: Generation, place: int, currency: str | None) -> str:
    told = f"{int(each.sizes[place]):,}"
    return told if each.revenue is None else f"{told}, {theme.money(float(each.revenue[place]), currency)}"


def _read_out(each: Generation) -> str:
    """Each segment with its customers and, the largest first, where they come from."""
    told = []
    above = _names(each.before) if each.before is not None else []
    for place, name in enumerate(_names(each)):
        text = f"{name}, {theme.count(int(each.sizes[place]))}"
        if each.step is not None:
            drawn = each.step.customers[:, place]
            sources = [source for source in np.argsort(-drawn, kind="stable").tolist() if drawn[source]][:3]
            text += " from " + ", ".join(f"{above[source]} ({drawn[source]:,})" for source in sources)
        told.append(text)
    return "; ".join(told) + "."
