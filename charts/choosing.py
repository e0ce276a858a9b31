"""The charts beside the slider, which choose a number too. They hold all numbers: a move changes one row of data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

import altair as alt
import pandas as pd

from charts import theme
from charts.bars import ROW, labelled, number_axis
from charts.previewing import POINTED, STRIP, Preview, preview, strip
from charts.steady import CHOSEN, IS_CHOSEN, Steady, steady
from charts.steady import chosen as chosen_param
from core.clustering.choice import MIN_SHARE, Advice
from core.clustering.evidence import Evidence
from core.clustering.stability import two_digits
from core.clustering.sweep import Sweep
from core.segments.generations import Generation

CURVE = "#0072B2"
CHOSEN_COLOUR = "#D55E00"

PICKED = "picked"
"""The selection that a click makes: a number of segments under "k"."""
_TURN = "turn"
_GROWN = "grown"  # the points of a curve that grows

# Kaufman & Rousseeuw (1990), p. 88.
_FITS = ((0.70, "very well"), (0.50, "reasonably well"), (0.25, "weakly"))


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
    data: Any = None  # what the browser is to take for the points; None: these

    @property
    def drawn(self) -> Any:
        return self.points if self.data is None else self.data

    def y(self, field: str = "value") -> alt.Y:
        return alt.Y(f"{field}:Q", scale=alt.Scale(domain=list(self.domain), nice=False, clamp=True), axis=self.axis)


def elbow(sweep: Sweep, n_clusters: int, advice: Advice | None, k_max: int, previewed: Preview | None = None) -> Any:
    """How much customers differ within their segments, for each number of segments.

    Shown as a share of what there is with one segment, so that it reads the same for every file; the inertia itself is
    in the tooltip.

    With a preview, the chart is a control: where the pointer is, that number's segments stand above the curve, else
    those of the number chosen, and a click makes the selection PICKED. It follows the number chosen once it is
    `steady.steady`. Without a preview, as in the report, it stands still.
    """
    return _drawn(_elbow(sweep), n_clusters, advice, k_max, previewed, previews_chosen=True)


def _elbow(sweep: Sweep) -> _Curve:
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
    return _Curve(
        points,
        domain=(0, 1.08),
        axis=alt.Axis(
            format=".0%",
            values=[0, 0.25, 0.5, 0.75, 1],
            **theme.lying_title("Differences left (inertia; 1 segment = 100%)"),
        ),
        tooltip=(alt.Tooltip("told:N", title="Differences left"), alt.Tooltip("inertia:N", title="Inertia")),
        titles={k: _elbow_title(share, k) for k, share in shares.items()},
        subject="Line chart of how tight the groups are (inertia).",
        told=_read_out(points),
    )


def silhouette(
    sweep: Sweep, n_clusters: int, advice: Advice | None, k_max: int, previewed: Preview | None = None
) -> Any:
    """How much closer customers are to their own segment than to the next one, with the band of its uncertainty.

    A control as the elbow is, but where the pointer is not, it says how to use it.
    """
    return _drawn(_silhouette(sweep), n_clusters, advice, k_max, previewed)


def _silhouette(sweep: Sweep) -> _Curve:
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
    return _Curve(
        points.drop(columns=["low", "high"]) if sweep.exact else points,
        domain=(-1.0 if lowest < -0.2 else -0.2 if lowest < 0 else 0.0, 1.0),
        axis=alt.Axis(format=".1f", tickCount=5, **theme.lying_title("How well customers fit (silhouette, 1 at best)")),
        tooltip=(alt.Tooltip("told:N", title="Silhouette, 1 at best"),),
        titles={k: _silhouette_title(sweep, k) for k in sweep.fits},
        subject="Line chart of how well customers fit their segment (silhouette).",
        told=_read_out(points),
    )


def growing(sweep: Sweep) -> tuple[Steady, Steady]:
    """Elbow and silhouette of a sweep under way, as controls.

    They are drawn once for all sweeps that go as far. As the curves grow, only their points are new.
    """
    elbow, silhouette = _elbow(sweep), _silhouette(sweep)
    drawn = _without_points(sweep.k_max, sweep.exact, silhouette.domain)
    return drawn[0].holding(_GROWN, elbow.points), drawn[1].holding(_GROWN, silhouette.points)


@cache
def _without_points(k_max: int, exact: bool, domain: tuple[float, float]) -> tuple[Steady, Steady]:
    """The curves of which the page is yet to say what is on them; the domain is the silhouette's."""
    nothing, data = Sweep({}, {}, k_max, k_max, exact), alt.NamedData(name=_GROWN)
    elbow, silhouette = replace(_elbow(nothing), data=data), replace(_silhouette(nothing), data=data, domain=domain)
    titled = (
        (elbow, "How much customers differ within their segments"),
        (silhouette, "How well customers fit their own segment"),
    )
    curves = [replace(curve, titles=dict.fromkeys(range(1, k_max + 1), title), told="") for curve, title in titled]
    first, second = (steady(_drawn(curve, 1, None, k_max, preview((), None), curve is curves[0])) for curve in curves)
    return first, second


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
            "told": [f"{two_digits(value)} ± {margin:.2f}" for value, margin in zip(values, margins, strict=True)],
        }
    )
    curve = _Curve(
        points,
        domain=(min(0.0, float(points["low"].min())), 1.08),
        axis=alt.Axis(
            format=".1f",
            values=[0, 0.2, 0.4, 0.6, 0.8, 1],
            **theme.lying_title("Agreement (adjusted Rand index, 1 at best)"),
        ),
        tooltip=(alt.Tooltip("told:N", title="Agreement, 1 at best"),),
        titles={k: _stability_title(evidence, k) for k in range(1, k_max + 1)},
        subject="Line chart of the agreement.",
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


def _controls(curve: _Curve) -> Any:
    """A rule that goes with the pointer, and what a click selects."""
    pointed = alt.selection_point(
        name=POINTED, encodings=["x"], on="pointermove", clear="pointerout", nearest=True, empty=False
    )
    picked = alt.selection_point(
        name=PICKED, fields=["k", "turn"], on="click", clear=False, toggle=False, nearest=True, empty=False
    )
    rules = alt.Chart(curve.drawn, name="numbers").transform_calculate(turn=_TURN)
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
        band = alt.Chart(curve.drawn).mark_area(color=CURVE, opacity=0.22, aria=False)
        layers.append(band.encode(y=curve.y("low"), y2="high:Q"))
    if advice is not None:
        layers += _advised_mark(curve, advice.k, k_max)
    base = alt.Chart(curve.drawn).encode(y=curve.y())
    layers.append(base.mark_line(color=CURVE, strokeWidth=2))
    layers.append(base.mark_point(color=CURVE, filled=True, size=50, opacity=1).encode(tooltip=tooltip))
    layers += _chosen_mark(curve, base.encode(tooltip=tooltip), k_max)
    title: Any = curve.titles[n_clusters]
    told = f"{curve.subject} {title}. {curve.told}"
    room, least = 0, 1
    drawn = alt.layer(*layers).encode(x=x("k"))
    if previewed is not None:
        layers.append(_controls(curve).encode(tooltip=tooltip))
        above = strip(previewed, previews_chosen, x, k_max)
        drawn = alt.layer(*above, alt.layer(*layers).encode(x=x("k")))
        title, told = curve.titles, f"{curve.subject} {curve.told}"
        room, least = STRIP, 3  # as high as the one beside it, whatever their titles say
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


def _elbow_title(share: float, n_clusters: int) -> str:
    who = "1 segment leaves" if n_clusters == 1 else f"{n_clusters} segments leave"
    return f"{who} {theme.percent(share)} of the differences between customers unexplained"


def _silhouette_title(sweep: Sweep, n_clusters: int) -> str:
    if n_clusters == 1:
        return "One segment has no neighbour to compare with"
    value = sweep.silhouettes[n_clusters].value
    fit = next((words for bound, words in _FITS if value > bound), "hardly better than the next one")
    return f"With {n_clusters} segments customers fit their own segment {fit} ({value:.2f} of 1)"


def _stability_title(evidence: Evidence, n_clusters: int) -> str:
    found = evidence.stabilities.get(n_clusters)
    if found is None:
        return "How alike the segments come out with other customers"
    return f"With other customers, {n_clusters} segments agree with these by {two_digits(found.agreement)} of 1"


def _read_out(points: pd.DataFrame) -> str:
    return ", ".join(f"{told} at {k}" for k, told in zip(points["k"], points["told"], strict=True)) + "."
