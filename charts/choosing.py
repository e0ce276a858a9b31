"""The charts beside the slider, which choose a number too. They hold all numbers: a move changes one row of data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import altair as alt
import pandas as pd

from charts import theme
from charts.bars import ROW, labelled, number_axis
from charts.steady import CHOSEN, IS_CHOSEN
from charts.steady import chosen as chosen_param
from core.clustering.choice import MIN_SHARE, Advice
from core.clustering.evidence import Evidence
from core.clustering.sweep import Sweep
from core.features import catalog
from core.segments.generations import Generation

CURVE = "#0072B2"
CHOSEN_COLOUR = "#D55E00"

PICKED = "picked"
"""The selection that a click makes: a number of segments under "k"."""
_POINTED = "pointed"  # where the pointer is; the browser alone knows
_TURN = "turn"
_STRIP = 62  # pixels for the preview, above the title of the vertical axis
_LETTERS = 50  # of a line of it

# Kaufman & Rousseeuw (1990), p. 88.
_FITS = ((0.70, "very well"), (0.50, "reasonably well"), (0.25, "weakly"))


@dataclass(frozen=True, slots=True, eq=False)
class Preview:
    """The segments of each number, for the browser to show where the pointer is."""

    parts: pd.DataFrame  # a row a segment: k, left and right (shares of the customers, 0 to 1), colour
    told: pd.DataFrame  # a row a number: k, sizes, means (a line each)


@dataclass(frozen=True, slots=True)
class _Curve:
    """A measure for each number of segments."""

    points: pd.DataFrame  # k, value, told (what the tooltip says); low and high where there is a band
    domain: tuple[float, float]  # of the value: the same while the curve grows
    axis: alt.Axis
    tooltip: tuple[alt.Tooltip, ...]
    titles: Mapping[int, str]  # of each number of segments, chosen
    subject: str  # "Line chart of ..."
    told: str  # the values in words

    def y(self, field: str = "value") -> alt.Y:
        return alt.Y(f"{field}:Q", scale=alt.Scale(domain=list(self.domain), nice=False, clamp=True), axis=self.axis)


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


def elbow(sweep: Sweep, n_clusters: int, advice: Advice | None, k_max: int, previewed: Preview | None = None) -> Any:
    """How much customers differ within their segments, for each number of segments.

    Shown as a share of what there is with one segment, so that it reads the same for every file; the inertia itself is
    in the tooltip. A sweep under way shows what it has on axes that already have their final length.

    With a preview, the chart is a control: where the pointer is, that number's segments stand above the curve, else
    those of the number chosen, and a click makes the selection PICKED. It follows the number chosen once it is
    `steady.steady`. Without a preview, as in the report, it stands still.
    """
    whole = sweep.inertias.get(1, 0.0)
    shares = {k: inertia / whole if whole else 0.0 for k, inertia in sweep.inertias.items()}
    points = pd.DataFrame(
        {
            "k": list(shares),
            "value": list(shares.values()),
            "told": [f"{share:.1%}" for share in shares.values()],
            "inertia": [
                f"{inertia:,.0f}" if inertia >= 1000 else f"{inertia:.4g}" for inertia in sweep.inertias.values()
            ],
        }
    )
    curve = _Curve(
        points,
        domain=(0, 1.08),
        axis=alt.Axis(
            format=".0%",
            values=[0, 0.25, 0.5, 0.75, 1],
            **theme.lying_title("Differences left (inertia; 1 segment = 100%)"),
        ),
        tooltip=(alt.Tooltip("told:N", title="Differences left"), alt.Tooltip("inertia:N", title="Inertia")),
        titles={k: _elbow_title(shares, k) for k in range(1, k_max + 1)},
        subject="Line chart of how tight the groups are (inertia).",
        told=_read_out(points),
    )
    return _drawn(curve, n_clusters, advice, k_max, previewed, previews_chosen=True)


def silhouette(
    sweep: Sweep, n_clusters: int, advice: Advice | None, k_max: int, previewed: Preview | None = None
) -> Any:
    """How much closer customers are to their own segment than to the next one, with the band of its uncertainty.

    A control as the elbow is, but where the pointer is not, it says how to use it.
    """
    measured = sweep.silhouettes
    points = pd.DataFrame(
        {
            "k": list(measured),
            "value": [each.value for each in measured.values()],
            "low": [each.interval[0] for each in measured.values()],
            "high": [each.interval[1] for each in measured.values()],
            "told": [
                f"{each.value:.2f}" + (f" ± {each.interval[1] - each.value:.2f}" if each.standard_error else "")
                for each in measured.values()
            ],
        }
    )
    lowest = points["low"].min()
    curve = _Curve(
        points if any(each.standard_error for each in measured.values()) else points.drop(columns=["low", "high"]),
        domain=(-1.0 if lowest < -0.2 else -0.2 if lowest < 0 else 0.0, 1.0),
        axis=alt.Axis(format=".1f", tickCount=5, **theme.lying_title("How well customers fit (silhouette, 1 at best)")),
        tooltip=(alt.Tooltip("told:N", title="Silhouette, 1 at best"),),
        titles={k: _silhouette_title(sweep, k) for k in range(1, k_max + 1)},
        subject="Line chart of how well customers fit their segment (silhouette).",
        told=_read_out(points),
    )
    return _drawn(curve, n_clusters, advice, k_max, previewed)


def stability(evidence: Evidence, n_clusters: int, advice: Advice | None, k_max: int) -> Any:
    """How alike the segments come out with other customers in the file, with the band of its uncertainty."""
    found = evidence.stabilities
    values = [each.agreement for each in found.values()]
    margins = [2 * each.standard_error for each in found.values()]
    points = pd.DataFrame(
        {
            "k": list(found),
            "value": values,
            "low": [value - margin for value, margin in zip(values, margins, strict=True)],
            "high": [value + margin for value, margin in zip(values, margins, strict=True)],
            "told": [f"{value:.2f} ± {margin:.2f}" for value, margin in zip(values, margins, strict=True)],
        }
    )
    curve = _Curve(
        points,
        domain=(min(0.0, float(points["low"].min())), 1.08),
        axis=alt.Axis(
            format=".1f",
            values=[0, 0.2, 0.4, 0.6, 0.8, 1],
            **theme.lying_title("Stability (adjusted Rand index, 1 at best)"),
        ),
        tooltip=(alt.Tooltip("told:N", title="Stability, 1 at best"),),
        titles={k: _stability_title(evidence, k) for k in range(1, k_max + 1)},
        subject="Line chart of stability.",
        told=f"{_read_out(points)} Most stable: {evidence.most_stable}.",
    )
    return _drawn(curve, n_clusters, advice, k_max)


def sizes(generations: Sequence[Generation], n_clusters: int, min_share: float = MIN_SHARE) -> Any:
    """Customers by segment at the chosen number of segments, those too small for a campaign of their own named.

    Parameters
    ----------
    generations : of every number that may be chosen; the chart follows it (`steady.steady`)
    """
    place = f"{CHOSEN} + '/' + datum.value"
    names, figures, rows = {}, {}, []
    for each in generations:
        everyone = max(int(each.sizes.sum()), 1)
        for number, (name, size) in enumerate(zip(each.names, each.sizes.tolist(), strict=True), start=1):
            named, told = f"{number}. {theme.plain(name)}", [f"{size:,}", theme.percent(size / everyone)]
            names[f"{each.n_segments}/{number}"] = theme.lines(named, 18, 2)
            figures[f"{each.n_segments}/{number}"] = told
            said = f"{named}: {theme.count(size)}, {told[1]}"
            colour = theme.colour(each.colours[number - 1])
            rows.append((each.n_segments, number, named, size, ", ".join(told), said, colour))
    columns = ["k", "segment", "name", "value", "told", "said", "colour"]
    shown = alt.Chart(pd.DataFrame(rows, columns=columns)).transform_filter(IS_CHOSEN)
    bars = shown.mark_bar(height={"band": 0.62}, cornerRadiusEnd=2).encode(
        x=alt.X("value:Q", title="Customers", axis=number_axis()),
        color=alt.Color("colour:N", scale=None),
        description="said:N",
        tooltip=[alt.Tooltip("name:N", title="Segment"), alt.Tooltip("told:N", title="Customers")],
    )
    drawn = labelled(bars, shown, "segment", names, figures, key=place).add_params(chosen_param(n_clusters))
    titles = {each.n_segments: _sizes_title(each, min_share) for each in generations}
    alt_text = "Bar chart of the customers in each segment of the number chosen."
    return theme.finish_altair(drawn, titles, alt_text, height=alt.Step(ROW))


def _sizes_title(each: Generation, min_share: float) -> str:
    shares = (each.sizes / max(int(each.sizes.sum()), 1)).tolist()
    small = [name for name, share in zip(each.names, shares, strict=True) if share < min_share]
    if not small:
        return f"The smallest segment holds {theme.count(int(each.sizes.min()))} ({theme.percent(min(shares))})"
    subject = "1 segment holds" if len(small) == 1 else f"{len(small)} segments hold"
    title = f"{subject} less than {min_share:.0%} of the customers: {theme.shorten(small[0])}"
    return title + (" and others" if len(small) > 1 else "")


def at_turn(spec: Mapping[str, Any], turn: int) -> dict[str, Any]:
    """The chart with the selection that a click makes marked as that turn's.

    The browser tells only of selections that are new: without it, a number clicked on, left by the slider and clicked
    on again would not be told.
    """
    turned = [each | {"value": turn} if each["name"] == _TURN else each for each in spec["params"]]
    return {**spec, "params": turned}


def _strip(previewed: Preview, of_chosen: bool, x: Callable[[str], alt.X], k_max: int) -> list[Any]:
    """The segments of the number pointed at, as a bar and in words; else of the one chosen, or how to use it."""
    top = -16 - _STRIP  # above the title of the vertical axis
    here = f"isValid({_POINTED}.k) ? datum.k == {_POINTED}.k[0] : {IS_CHOSEN if of_chosen else 'false'}"
    parts = previewed.parts.copy()
    parts[["left", "right"]] = (0.5 + k_max * parts[["left", "right"]]).round(3)
    bar = alt.Chart(parts).transform_filter(here).mark_rect(stroke="white", strokeWidth=0.5, aria=False)
    told = alt.Chart(previewed.told).transform_filter(here)
    hint = alt.Chart(pd.DataFrame({"k": [0]}))
    said: dict[str, Any] = {"align": "left", "baseline": "top", "color": theme.INK, "fontSize": 12}
    bold = said | {"fontWeight": "bold"}
    layers: list[Any] = [
        # Holds the room while there is less in it: the plot must not move under the pointer.
        hint.mark_rule(opacity=0, aria=False).encode(x=alt.value(0), y=alt.value(top), y2=alt.value(top + _STRIP)),
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
        idle = hint.transform_filter(f"!isValid({_POINTED}.k)").mark_text(text=words, lineHeight=16, **said)
        layers.append(idle.encode(x=alt.value(0), y=alt.value(top)))
    return layers


def _controls(curve: _Curve) -> Any:
    """A rule that goes with the pointer, and what a click selects."""
    pointed = alt.selection_point(
        name=_POINTED, encodings=["x"], on="pointermove", clear="pointerout", nearest=True, empty=False
    )
    picked = alt.selection_point(
        name=PICKED, fields=["k", "turn"], on="click", clear=False, toggle=False, nearest=True, empty=False
    )
    rules = alt.Chart(curve.points, name="numbers").transform_calculate(turn=_TURN)
    rules = rules.mark_rule(color=theme.NEUTRAL, strokeWidth=1.5, cursor="pointer", aria=False)
    shown = rules.encode(opacity=alt.condition(pointed, alt.value(0.9), alt.value(0)))
    return shown.add_params(alt.param(name=_TURN, value=0), pointed, picked)


def _drawn(
    curve: _Curve,
    n_clusters: int,
    advice: Advice | None,
    k_max: int,
    previewed: Preview | None = None,
    previews_chosen: bool = False,
) -> Any:
    """Line and points, the chosen number as a diamond, the advised one as a rule, both with their names.

    With a preview it is a control, which while nobody points at a number may show the segments of the one chosen.
    """
    x = partial(_numbers_axis, k_max)
    tooltip = [alt.Tooltip("k:Q", title="Segments"), *curve.tooltip]
    layers: list[Any] = []
    if "low" in curve.points:
        band = alt.Chart(curve.points).mark_area(color=CURVE, opacity=0.22, aria=False)
        layers.append(band.encode(y=curve.y("low"), y2="high:Q"))
    if advice is not None:
        layers += _advised_mark(curve, advice.k, k_max)
    base = alt.Chart(curve.points).encode(y=curve.y())
    layers.append(base.mark_line(color=CURVE, strokeWidth=2))
    layers.append(base.mark_point(color=CURVE, filled=True, size=50, opacity=1).encode(tooltip=tooltip))
    layers += _chosen_mark(curve, base.encode(tooltip=tooltip), k_max)
    title: Any = curve.titles[n_clusters]
    told = f"{curve.subject} {title}. {curve.told}"
    room, least = 0, 1
    drawn = alt.layer(*layers).encode(x=x("k"))
    if previewed is not None:
        layers.append(_controls(curve).encode(tooltip=tooltip))
        strip = _strip(previewed, previews_chosen, x, k_max)
        drawn = alt.layer(*strip, alt.layer(*layers).encode(x=x("k")))
        title, told = curve.titles, f"{curve.subject} {curve.told}"
        room, least = _STRIP, 3  # as high as the one beside it, whatever their titles say
    if advice is not None:
        told += f" Advised: {advice.k}."
    drawn = drawn.add_params(chosen_param(n_clusters))
    return theme.finish_altair(drawn, title, told, height=220 + room, above=12, fewest_title_lines=least)


def _numbers_axis(k_max: int, field: str) -> alt.X:
    return alt.X(
        f"{field}:Q",
        title="Number of segments (k)",
        scale=alt.Scale(domain=[0.5, k_max + 0.5], nice=False),
        axis=alt.Axis(
            values=list(range(1, k_max + 1)), format="d", grid=False, labelOverlap=k_max > 12, titleFontSize=12
        ),
    )


def _chosen_mark(curve: _Curve, base: alt.Chart, k_max: int) -> list[Any]:
    """The chosen number as a diamond with its name beside it."""
    chosen = base.transform_filter(IS_CHOSEN)
    marks: list[Any] = [chosen.mark_point(color=CHOSEN_COLOUR, shape="diamond", filled=True, size=220, opacity=1)]
    # A curve that falls leaves room above to its right and below to its left. At the top stands the advised number.
    right: dict[str, Any] = {"align": "left", "dx": 9, "dy": -13}
    below: dict[str, Any] = {"align": "left", "dx": 9, "dy": 17}
    left: dict[str, Any] = {"align": "right", "dx": -6, "dy": 15}
    named = chosen.transform_calculate(named="datum.k + ' chosen'").encode(text="named:N")
    early, high = f"datum.k <= {0.75 * k_max}", f"datum.k > 1 && datum.value > {0.85 * curve.domain[1]}"
    for where, place in (
        (f"{early} && !({high})", right),
        (f"{early} && {high}", below),
        (f"!({early})", left),
    ):
        words = named.transform_filter(where)
        marks.append(words.mark_text(color=theme.INK, fontSize=12, fontWeight="bold", **place))
    return marks


def _advised_mark(curve: _Curve, advised: int, k_max: int) -> list[alt.Chart]:
    mark = alt.Chart(pd.DataFrame({"k": [advised], "value": [curve.domain[1] * 0.98]}))
    words = f"({IS_CHOSEN} ? 'advised and chosen: ' : 'advised: ') + datum.k"
    place: dict[str, Any] = {"align": "right", "dx": -6} if advised > 0.6 * k_max else {"align": "left", "dx": 6}
    named = mark.transform_calculate(named=words)
    return [
        mark.mark_rule(color=theme.NEUTRAL, strokeDash=[5, 4], strokeWidth=1.5),
        named.mark_text(color=theme.INK, fontSize=12, **place).encode(y=curve.y(), text="named:N"),
    ]


def _elbow_title(shares: Mapping[int, float], n_clusters: int) -> str:
    if n_clusters not in shares:
        return f"Trying numbers of segments: {len(shares)} done so far"
    who = "1 segment leaves" if n_clusters == 1 else f"{n_clusters} segments leave"
    return f"{who} {theme.percent(shares[n_clusters])} of the differences between customers unexplained"


def _silhouette_title(sweep: Sweep, n_clusters: int) -> str:
    if n_clusters == 1:
        return "One segment has no neighbour to compare with"
    if n_clusters not in sweep.silhouettes:
        return f"Trying numbers of segments: {len(sweep.fits)} done so far"
    value = sweep.silhouettes[n_clusters].value
    fit = next((words for bound, words in _FITS if value > bound), "hardly better than the next one")
    return f"With {n_clusters} segments customers fit their own {fit} ({value:.2f} of 1)"


def _stability_title(evidence: Evidence, n_clusters: int) -> str:
    found = evidence.stabilities.get(n_clusters)
    if found is None:
        return "How alike the segments come out with other customers"
    return f"With other customers, {n_clusters} segments come out {found.agreement:.2f} alike (1: the same)"


def _read_out(points: pd.DataFrame) -> str:
    return ", ".join(f"{told} at {k}" for k, told in zip(points["k"], points["told"], strict=True)) + "."
