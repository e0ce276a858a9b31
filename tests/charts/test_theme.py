from __future__ import annotations

import json
import re

import altair as alt
import numpy as np
import pandas as pd
import pytest

from charts import theme
from tests.charts import shops

WHITE, DARK = "#FFFFFF", "#040506"
# Machado, Oliveira & Fernandes (2009), severity 1, on linear RGB.
SIGHT = {
    "normal": np.eye(3),
    "red-blind": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "green-blind": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "blue-blind": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def linear(colour: str) -> np.ndarray:
    parts = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def contrast(one: str, two: str) -> float:
    """WCAG 2.2."""
    low, high = sorted(float(linear(each) @ [0.2126, 0.7152, 0.0722]) for each in (one, two))
    return (high + 0.05) / (low + 0.05)


def lightness_and_hue(rgb: np.ndarray) -> np.ndarray:
    """OKLab (Ottosson 2020), times 100."""
    to_cones = [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
    to_lab = [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
    return np.array(to_lab) @ np.cbrt(np.clip(np.array(to_cones) @ rgb, 0, None)) * 100


@pytest.mark.parametrize("colour", [*theme.COLOURS, theme.NEUTRAL])
@pytest.mark.parametrize("ground", [WHITE, DARK])
def test_marks_are_seen_on_both_grounds(colour: str, ground: str):
    assert contrast(colour, ground) >= 3  # WCAG 2.2, 1.4.11


@pytest.mark.parametrize("sight", SIGHT)
def test_twelve_colours_are_told_apart_by_everyone(sight: str):
    seen = [lightness_and_hue(np.clip(np.array(SIGHT[sight]) @ linear(colour), 0, 1)) for colour in theme.COLOURS]
    distances = [np.linalg.norm(one - two) for place, one in enumerate(seen) for two in seen[:place]]
    # About 2 is just noticeable.
    assert min(distances) > 5


def test_no_colour_or_shape_comes_twice_within_twelve():
    assert len(set(map(theme.colour, range(12)))) == len(set(theme.shapes(12))) == 12
    assert len(theme.shapes(30)) == 30


def test_the_palette_names_each_segment_in_order():
    assert list(theme.palette(shops.segmentation(names={1: "Best", 2: "Rest", 3: "Lost"}))) == [
        "1. Best", "2. Rest", "3. Lost",
    ]  # fmt: skip


def test_text_loses_what_nobody_sees_and_nothing_else():
    assert theme.plain(" a\x00b\n\u202ec  🦄 عميل <b> ") == "a b c 🦄 عميل <b>"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Champions", ["Champions"]),
        ("A very long name that goes on", ["A very", "long name…"]),
        ("Donaudampfschifffahrtsgesellschaft", ["Donaudampf", "schifffah…"]),
        ("", [""]),
    ],
)
def test_long_names_are_broken_and_shortened(text: str, expected: list[str]):
    assert theme.lines(text, 10, 2) == expected


def test_plotly_gets_no_markup_no_template_and_no_tex():
    escaped = theme.escaped("<b>%{x}</b> $x^2$ & co")
    assert escaped == "&lt;b&gt;%&#123;x}&lt;/b&gt; &#36;x^2&#36; &amp; co"


def test_labels_go_into_vega_expressions_as_strings():
    name = '"]+alert(1)+["</script>\\'
    table, _, rest = theme.lookup({1: [name]}).rpartition("[")
    assert rest == "datum.value]"
    assert json.loads(table) == {"1": [name]}
    assert "<" not in table


def test_plotly_text_takes_the_colour_of_streamlits_theme():
    # Streamlit replaces this colour by its theme's text colour in the browser; see the frontend's CustomTheme.
    from streamlit.elements.lib.streamlit_plotly_theme import GRAY_90

    assert theme.PLOTLY_INK == GRAY_90


def test_a_title_on_screen_is_broken_for_the_width_of_its_chart():
    title = "Ordered in the last 7 days: 29% of the highest quarter by revenue, 1% of the lowest"
    chart = theme.finish_altair(alt.Chart(pd.DataFrame({"x": [1]})).mark_bar(), title, "Bars.", height=100)
    shown = theme.on_screen(chart.to_dict())["title"]
    broken = [json.loads(table)["0"] for table in re.findall(r"(\{[^{}]*\})\[0\]", shown["text"]["expr"])]
    assert [" ".join(each) for each in broken] == [title] * 4
    longest = [max(map(len, each)) for each in broken]
    assert [len(each) for each in broken] == sorted((len(each) for each in broken), reverse=True)
    assert longest[0] <= 28 < longest[1] <= 42 < longest[2] <= 58 < longest[3] <= 84
    assert shown["limit"] > 84 * 20  # Streamlit sets one where there is none, and cuts each line there
