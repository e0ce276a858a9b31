"""What all charts share: colours, labels, numbers, titles, and how a finished figure looks.

Charts stand on a white and on a dark ground. So grounds are left transparent, marks keep to colours with a contrast of
3:1 on both, and text takes the colour of what surrounds it (`INK`, or no colour at all).
"""

from __future__ import annotations

import html
import json
import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import altair as alt

from charts.steady import CHOSEN
from core.features import catalog
from core.features.catalog import Feature, Unit
from core.segments.segmentation import Segment, Segmentation

if TYPE_CHECKING:  # the report is made without it
    import plotly.graph_objects as go

Palette = Mapping[str, str]
"""Segment label -> colour, in the order of the segments."""

# The first four are Okabe and Ito's (2008). The others were searched for the largest distance (OKLab) from all before
# them, as seen with normal, red-, green- and blue-blind eyes, among colours with 3:1 on both #FFFFFF and #040506.
COLOURS = (
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#0F96FF", "#961EFF",
    "#964B87", "#C31E0F", "#D200C3", "#FF3C78", "#F04BE1", "#5A694B",
)  # fmt: skip
NEUTRAL = "#767C85"
LOW_TO_HIGH = ("#0B5C94", "#7DB4D8", "#EDEDED", "#F0A36B", "#B34700")
"""Of what lies about a middle, in all charts: blue below it, orange above."""
INK = "currentColor"
"""The text colour of the page or the report that a chart stands in; both canvas and SVG take it from there."""

PLOTLY_INK = "#000037"
"""Nearly black; Streamlit's theme for Plotly, which knows no currentColor, puts the theme's own text colour there."""

SHAPES = (
    "circle", "square", "diamond", "triangle-up", "cross", "triangle-down",
    "x", "pentagon", "star", "hexagon", "triangle-left", "triangle-right",
)  # fmt: skip

NARROWEST = 42
"""Letters of a title's line that fit a screen of 360 px."""
_LETTERS = {300: 28, 430: NARROWEST, 620: 58}
"""Pixels -> letters of a title's line that fit a chart narrower than that."""
_MOST_LETTERS = 84
_NO_LIMIT = 10_000
_SHOWN_WIDTH = "(width > 0 ? containerSize()[0] : 0)"  # of the whole chart; asks again whenever the plot's own changes
SHORT_NUMBERS = (
    "abs(datum.value) < 1000 ? format(datum.value, ',.3~r') : replace(format(datum.value, '.3~s'), 'G', 'B')"
)
"""Axis labels such as 12.4k and 3B; d3's own prefixes would write 500m for a half."""

_TOOLBAR = 32  # pixels for Plotly's own, which on a narrow screen would lie over the title
_ROOM = 86  # pixels for the horizontal axis with its title, and around

_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


def shapes(count: int) -> tuple[str, ...]:
    """One shape for each of `count` segments, so that nothing is told by colour alone."""
    return tuple(SHAPES[place % len(SHAPES)] for place in range(count))


def colour(number: int) -> str:
    """The colour of a segment's `colour`, a whole number from 0; repeated only after the twelfth."""
    return COLOURS[number % len(COLOURS)]


def palette(segmentation: Segmentation) -> Palette:
    return {label(segment): colour(segment.colour) for segment in segmentation.segments}


def label(segment: Segment) -> str:
    """How a segment is called in every chart: "1. Champions"."""
    return f"{segment.number}. {plain(segment.name)}"


def plain(text: str) -> str:
    """Text from a file on one line, without what nobody sees or what turns the text around it."""
    return " ".join(_UNSEEN.sub(" ", text).split())


def shorten(text: str, most: int = 28) -> str:
    text = plain(text)
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def lines(text: str, width: int, most: int = 3) -> list[str]:
    """Text broken into a few lines, the last one ending in … where there was more."""
    broken = textwrap.wrap(plain(text), width) or [""]
    if len(broken) > most:
        # Not textwrap's own placeholder: where a long word comes next, that would stand alone on its line.
        broken[most - 1] = broken[most - 1][: width - 1].rstrip() + "…"
    return broken[:most]


def escaped(text: str) -> str:
    """Text as Plotly must have it: it takes <b> for markup, %{x} for a value, $...$ for TeX where MathJax is about."""
    return html.escape(plain(text)).replace("$", "&#36;").replace("{", "&#123;")


def escaped_lines(text: str, width: int, most: int = 3) -> str:
    return "<br>".join(escaped(line) for line in lines(text, width, most))


def count(number: int, noun: str = "customer") -> str:
    return f"1 {noun}" if number == 1 else f"{number:,} {noun}s"


def percent(share: float) -> str:
    return "under 1%" if 0 < share < 0.005 else f"{share:.0%}"


def money(amount: float, currency: str | None) -> str:
    return catalog.feature("total_revenue").format(amount, currency)


def unit(feature: Feature, currency: str | None) -> str:
    """What an axis of the feature counts in: "EUR", "days", or nothing."""
    if feature.unit is Unit.MONEY:
        return currency or ""
    return "" if feature.unit in (Unit.SHARE, Unit.SCORE, Unit.NUMBER) else feature.unit.value


def axis_title(feature: Feature, currency: str | None) -> str:
    measured_in = unit(feature, currency)
    name = shorten(feature.label, 40)
    # "Days since last order" says already what it counts.
    return f"{name} ({measured_in})" if measured_in and measured_in.lower() not in name.lower().split() else name


def axis_numbers(feature: Feature) -> str:
    """The expression that writes the numbers along an axis of the feature."""
    return "format(datum.value, '.0%')" if feature.unit is Unit.SHARE else SHORT_NUMBERS


def lookup(labels: Mapping[Any, Sequence[str]], key: str = "datum.value") -> str:
    """A Vega expression that gives key -> lines of text. The texts go in as JSON: as strings, never as code.

    Parameters
    ----------
    labels : by number, or by what else the expression `key` gives
    """
    # ASCII, with < escaped too: the expression may end up in a script element.
    table = json.dumps({str(each): list(text) for each, text in labels.items()}).replace("<", "\\u003c")
    return f"{table}[{key}]"


def bare_axis(**more: Any) -> dict[str, Any]:
    """Labels and nothing else, every one of them."""
    return {"title": None, "ticks": False, "domain": False, "grid": False, "labelOverlap": False} | more


def centred(texts: Mapping[Any, Sequence[str]], key: str = "datum.value") -> Any:
    """Vega hangs lines from the first one: of two, that one must stand above the middle."""
    two = [each for each, told in texts.items() if len(told) == 2]
    return {"condition": {"test": f"indexof({json.dumps(two)}, {key}) >= 0", "value": "bottom"}, "value": "middle"}


def title_lines(title: str) -> list[str]:
    """A chart's title in lines that fit the narrowest page."""
    return lines(title, NARROWEST, 4)


def finish_altair(
    chart: Any,
    title: str | Mapping[int, str],
    alt_text: str,
    height: int | alt.Step,
    above: int = 0,
    fewest_title_lines: int = 1,
) -> Any:
    """Title, alternative text and size; the colours of text and grid are left to the page.

    Parameters
    ----------
    title : or that of each number of segments, of a chart that follows the one chosen (`steady.CHOSEN`)
    height : of the plot itself, in pixels; room for title and axes is added. Or pixels a row, as many as there are
    above : pixels between title and plot for an axis title that lies there
    fewest_title_lines : for which there is room, whether the title takes them or not
    """
    if isinstance(title, str):
        text: Any = title_lines(title)
        most = len(text)
    else:
        text, most = alt.ExprRef(_fitting(title)), max((len(title_lines(told)) for told in title.values()), default=1)
    if not isinstance(height, alt.Step):
        height += _ROOM + above + 18 * max(fewest_title_lines, most)
    return chart.properties(
        title=alt.TitleParams(text, anchor="start", fontSize=14, lineHeight=18, offset=14 + above, color=INK),
        description=alt_text,
        width="container",
        height=height,
        autosize=alt.AutoSizeParams(type="fit-x" if isinstance(height, alt.Step) else "fit", contains="padding"),
    ).configure_axis(labelColor=INK, titleColor=INK)


def on_screen(spec: Mapping[str, Any]) -> dict[str, Any]:
    """A finished chart's spec whose title is broken into lines for the width that the chart has, and gets, on a page.

    Streamlit would cut each line at the width that the chart is first drawn with, and leave it so on a wider screen.
    """
    text = spec["title"]["text"]
    fitting = {"expr": _fitting({0: " ".join(text)}, "0")} if isinstance(text, list) else text
    return {**spec, "title": {**spec["title"], "text": fitting, "limit": _NO_LIMIT}}


def _fitting(titles: Mapping[int, str], key: str = CHOSEN) -> str:
    """A Vega expression that gives a title's lines for the chart's width."""
    found = lookup({number: lines(told, _MOST_LETTERS, 4) for number, told in titles.items()}, key)
    for width, letters in sorted(_LETTERS.items(), reverse=True):
        narrower = lookup({number: lines(told, letters, 5) for number, told in titles.items()}, key)
        found = f"{_SHOWN_WIDTH} < {width} ? {narrower} : {found}"
    return found


def lying_title(text: str | list[str]) -> dict[str, Any]:
    """The title of a vertical axis, lying above it: upright ones are hard to read and are cut where the plot is low."""
    return {
        "title": text, "titleAngle": 0, "titleAlign": "left", "titleAnchor": "end", "titleX": 0, "titleY": -12,
        "titleBaseline": "bottom", "titleFontSize": 12, "titleLimit": 320,
    }  # fmt: skip


def finish(figure: go.Figure, title: str, alt_text: str, height: int, above: int = 0) -> go.Figure:
    """The same for Plotly, but `height` is of all below its toolbar. `alt_text` is for `st.plotly_chart(alt=...)`."""
    title_in_lines = title_lines(title)
    height += _TOOLBAR
    top = _TOOLBAR + 30 + 20 * len(title_in_lines)
    figure.update_layout(
        title={
            "text": "<br>".join(map(escaped, title_in_lines)), "font": {"size": 14, "color": PLOTLY_INK},
            "x": 0, "xanchor": "left", "y": 1 - (_TOOLBAR + 12) / height, "yanchor": "top", "yref": "container",
            "pad": {"t": 0},
        },
        margin={"l": 8, "r": 8, "t": top + above, "b": 8},
        height=height,
        font={"color": PLOTLY_INK},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        meta={"alt": alt_text},
        dragmode="pan",
        # Plotly's own bar is a dark block where the paper is transparent.
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": NEUTRAL, "activecolor": PLOTLY_INK},
        hoverlabel={"align": "left", "namelength": -1},
    )  # fmt: skip
    ink = {"tickfont": {"color": PLOTLY_INK}, "title": {"font": {"color": PLOTLY_INK, "size": 12}}}
    grid = {"gridcolor": "rgba(118,124,133,0.25)", "zerolinecolor": "rgba(118,124,133,0.5)"}
    figure.update_xaxes(automargin=True, separatethousands=True, **grid, **ink)
    figure.update_yaxes(automargin=True, separatethousands=True, **grid, **ink)
    return figure


def alt_text(figure: Any) -> str:
    """What a chart shows, in a sentence, for those who do not see it."""
    return str(figure.layout.meta["alt"] if hasattr(figure, "layout") else figure.description)
