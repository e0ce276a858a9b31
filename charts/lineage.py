"""Where the segments of each number come from: a tree over all numbers, and one step of it up close.

Rows from the top are numbers of segments, bars are segments as wide as their customers, bands are customers on their
way from one row to the next. Altair, since both follow the slider (`steady.steady`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from charts import theme
from charts.steady import CHOSEN, IS_CHOSEN
from charts.steady import chosen as chosen_param
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
    """The scales that all layers share. Rows are counted from 0 at the top."""

    rows: int
    number: str  # an expression: the number of segments of the row `datum.value`
    pitch: int  # pixels between two rows
    lines: int  # of text below a bar

    @property
    def bar(self) -> float:
        """Half of its height, as a share of the pitch."""
        return _BAR / 2 / self.pitch

    @property
    def top(self) -> float:
        return -self.bar - 6 / self.pitch

    @property
    def bottom(self) -> float:
        return self.rows - 1 + self.bar + (_LINE * self.lines + 8) / self.pitch

    @property
    def height(self) -> int:
        return round((self.bottom - self.top) * self.pitch)

    def x(self, field: str) -> alt.X:
        return alt.X(f"{field}:Q", scale=alt.Scale(domain=[0, 1], nice=False), axis=None)

    def y(self, field: str) -> alt.Y:
        here = f"({self.number}) == {CHOSEN}"
        axis = alt.Axis(
            values=list(range(self.rows)),
            labelExpr=f"{here} ? ['' + ({self.number}), 'chosen'] : '' + ({self.number})",
            labelBaseline={"condition": {"test": here, "value": "bottom"}, "value": "middle"},
            labelFontWeight={"condition": {"test": here, "value": "bold"}, "value": "normal"},
            labelFontSize=12,
            **(theme.bare_axis() | theme.lying_title("Number of segments (k)")),
        )
        scale = alt.Scale(domain=[self.top, self.bottom], reverse=True, nice=False, zero=False)
        return alt.Y(f"{field}:Q", scale=scale, axis=axis)


def tree(generations: Sequence[Generation], n_clusters: int, currency: str | None) -> Any:
    """All numbers of segments from the first on, the chosen one marked."""
    title = f"How 1 segment becomes {generations[-1].n_segments}, each as wide as its customers"
    pitch = max(36, min(54, 560 // len(generations)))
    frame = _Frame(len(generations), f"datum.value + {generations[0].n_segments}", pitch, lines=1)
    layers = _layers([(0, generations)], frame, currency)
    if len(generations) > 2:
        reach = [(row - frame.bar - 5 / pitch, row + frame.bar + (_LINE + 5) / pitch) for row in range(frame.rows)]
        ground = pd.DataFrame(reach, columns=["y", "y2"]).assign(left=0, right=1)
        ground["k"] = [each.n_segments for each in generations]
        shade = alt.Chart(ground).transform_filter(IS_CHOSEN).mark_rect(color=theme.NEUTRAL, opacity=0.2, aria=False)
        layers.insert(0, shade.encode(x=frame.x("left"), x2="right:Q", y=frame.y("y"), y2="y2:Q"))
    alt_text = f"Tree of segments, a row for each number of them. {title}."
    return _finished(layers, frame, n_clusters, title, alt_text)


def step(generations: Sequence[Generation], n_clusters: int, currency: str | None) -> Any:
    """One step up close: the segments chosen above, with one segment more below, those who move drawn stronger.

    Where there is none with more, the last step of all.

    Parameters
    ----------
    generations : two at least, the first of one segment; the chart follows the number chosen (`steady.steady`)
    """
    if len(generations) < 2:
        raise ValueError("There are no segments before these.")
    last = generations[-1].n_segments
    frame = _Frame(2, f"datum.value + min({CHOSEN}, {last - 1})", pitch=120, lines=2)
    pairs = list(pairwise(generations))
    steps = [(before.n_segments, (before, after)) for before, after in pairs]
    layers = _layers([*steps, (last, pairs[-1])], frame, currency)
    titles = {k: _step_title(after) for k, (_, after) in steps}
    titles[last] = titles[last - 1]
    alt_text = "Flow chart: the segments of the number chosen, and below them those there are with one segment more."
    return _finished([each.transform_filter(IS_CHOSEN) for each in layers], frame, n_clusters, titles, alt_text)


def _finished(
    layers: Sequence[Any], frame: _Frame, n_clusters: int, title: str | Mapping[int, str], alt_text: str
) -> Any:
    drawn = alt.layer(*layers).add_params(chosen_param(n_clusters))
    return theme.finish_altair(drawn, title, alt_text, height=frame.height, above=12)


def _step_title(after: Generation) -> str:
    moved = sum(flow.customers for flow in _flows(after) if not flow.stays)
    everyone = int(after.sizes.sum())
    return (
        f"From {theme.count(after.n_segments - 1, 'segment')} to {after.n_segments}: {moved:,} of "
        f"{theme.count(everyone)} ({theme.percent(moved / max(everyone, 1))}) change segment"
    )


def _flows(after: Generation) -> list[_Flow]:
    if after.step is None:
        return []
    customers, origins = after.step.customers, after.step.origins
    pairs = np.argwhere(customers).tolist()
    return [_Flow(s, t, int(customers[s, t]), stays=origins[t] == s) for s, t in pairs]


def _layers(lines: Sequence[tuple[int, Sequence[Generation]]], frame: _Frame, currency: str | None) -> list[Any]:
    """Bands and bars of lines of generations, each under the number (k) that is chosen when it is shown."""
    points: list[dict[str, Any]] = []
    bars: list[dict[str, Any]] = []
    for k, generations in lines:
        layouts = _layouts(generations)
        points += [{"k": k, **point} for point in _bands(generations, layouts, frame)]
        bars += [{"k": k, **bar} for bar in _bars(generations, layouts, frame, currency)]
    columns = ["k", "band", "y", "left", "right", "colour", "strength", "told"]
    drawn = alt.Chart(pd.DataFrame(points, columns=columns)).mark_area(
        orient="horizontal", interpolate="monotone", aria=False
    )
    bands = drawn.encode(
        x=frame.x("left"),
        x2="right:Q",
        y=frame.y("y"),
        detail="band:N",
        color=alt.Color("colour:N", scale=None),
        opacity=alt.Opacity("strength:Q", scale=None),
        tooltip=alt.Tooltip("told:N", title="Customers"),
    )
    return [bands, *_drawn_bars(pd.DataFrame(bars), frame)]


def _bands(generations: Sequence[Generation], layouts: Sequence[_Layout], frame: _Frame) -> Iterator[dict[str, Any]]:
    """Four points a band: monotone between them, it leaves and arrives upright."""
    pairs = zip(layouts, layouts[1:], generations, generations[1:], strict=False)
    for row, (upper, lower, before, after) in enumerate(pairs):
        flows = _flows(after)
        sources, targets = [flow.source for flow in flows], [flow.target for flow in flows]
        starts = _stacked(upper, flows, sources, lower.left[targets])
        ends = _stacked(lower, flows, targets, upper.left[sources])
        top, bottom = row + frame.bar, row + 1 - frame.bar
        bend = 0.25 * (bottom - top)
        above, below = _names(before), _names(after)
        for flow, start, end in zip(flows, starts, ends, strict=True):
            width = flow.customers * _scale(flows, lower)
            for at, left in ((top, start), (top + bend, start), (bottom - bend, end), (bottom, end)):
                yield {
                    "band": f"{after.n_segments}/{flow.source}/{flow.target}",
                    "y": round(at, 3),
                    "left": round(left, 5),
                    "right": round(left + width, 5),
                    "colour": theme.colour(before.colours[flow.source]),
                    "strength": 0.3 if flow.stays else 0.6,
                    "told": f"{flow.customers:,}: {above[flow.source]} → {below[flow.target]}",
                }


def _bars(
    generations: Sequence[Generation], layouts: Sequence[_Layout], frame: _Frame, currency: str | None
) -> Iterator[dict[str, Any]]:
    for row, (each, layout) in enumerate(zip(generations, layouts, strict=True)):
        for place, name in enumerate(_names(each)):
            yield {
                "y": row - frame.bar,
                "y2": row + frame.bar,
                "left": layout.left[place],
                "right": layout.left[place] + layout.width[place],
                "middle": layout.slot[place] + layout.room[place] / 2,
                "room": layout.room[place],
                "colour": theme.colour(each.colours[place]),
                "number": f"{place + 1}.",
                "name": name,
                "customers": f"{int(each.sizes[place]):,}",
                "told": _figures(each, place, currency),
                "origin": _origin(each, place),
            }


def _drawn_bars(bars: pd.DataFrame, frame: _Frame) -> list[Any]:
    tooltip = [alt.Tooltip("name:N", title="Segment"), alt.Tooltip("told:N", title="Customers")]
    base = alt.Chart(bars)
    # A stroke, so that a segment of a handful is still seen.
    drawn = (
        base.transform_calculate(said="datum.name + ': ' + datum.told + datum.origin")
        .mark_rect(strokeWidth=1)
        .encode(
            x=frame.x("left"),
            x2="right:Q",
            y=frame.y("y"),
            y2="y2:Q",
            color=alt.Color("colour:N", scale=None),
            stroke=alt.Stroke("colour:N", scale=None),
            description="said:N",
            tooltip=tooltip,
        )
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


def _origin(each: Generation, place: int) -> str:
    """Where a segment's customers come from, the largest part first."""
    if each.before is None or each.step is None:
        return ""
    above, drawn = _names(each.before), each.step.customers[:, place]
    sources = [source for source in np.argsort(-drawn, kind="stable").tolist() if drawn[source]][:3]
    return ", from " + ", ".join(f"{above[source]} ({drawn[source]:,})" for source in sources)
