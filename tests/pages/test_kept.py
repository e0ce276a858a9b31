"""What a visitor set counts, even when a click on another page ended the run before it came to the widget."""

from __future__ import annotations

from typing import Any, NoReturn

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Widget

from tests.pages.visiting import visit
from ui import frame, navigation
from ui.navigation import Step

SET: dict[Step, dict[str, object]] = {
    navigation.FEATURES: {
        "Compare customers by": ["total_revenue", "recency_days"],
        "Even out (transform)": "log",
        "Unusual values (outliers)": "cap",
        "Make comparable (scaling)": "robust",
        "Total revenue": 2.0,  # its weight
        "Look at": "recency_days",
    },
    navigation.CHOOSE_K: {"Try up to this many segments": 6, "Smallest useful segment, in percent of customers": 7.5},
    navigation.EXPLORE: {
        "Cost of one contact": 0.7,
        "Expected uplift, in percent": 3.5,
        "Margin, in percent of revenue": 20.0,
        "Across": "order_count",
        "Upwards": "total_quantity",
        "Draw small amounts apart (logarithmic scale)": True,
        "Segment": 2,
    },
    navigation.COMPARE: {
        "First:": "choice",
        "First: number of segments": 4,
        "Second: number of segments": 5,
        "Width of the bands": "revenue",
    },
    navigation.DOWNLOAD: {
        "Control group, in percent of each segment": 10,
        "Platform": "klaviyo",
        "Country of phones without a country code": "FR",
    },
}
KINDS = ("selectbox", "multiselect", "number_input", "slider", "checkbox", "toggle", "radio")


def widget(app: AppTest, label: str) -> Widget:
    return next(each for kind in KINDS for each in app.get(kind) if isinstance(each, Widget) and each.label == label)


def nothing_more(step: Step) -> NoReturn:
    st.stop()


@pytest.mark.parametrize("step", SET, ids=lambda step: step.title)
def test_what_is_set_counts_although_its_page_does_not_run_again(
    step: Step, swept: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit(swept, step)
    for label, value in SET[step].items():
        found: Any = widget(swept, label)
        assert found.value != value
        found.set_value(value)
    with monkeypatch.context() as patch:
        patch.setattr(frame, "open_page", nothing_more)
        swept.run()
        assert not swept.title
        swept.switch_page(navigation.UPLOAD.script).run()  # where Streamlit forgets what the widgets held
    visit(swept, step)
    assert not swept.exception
    assert {label: widget(swept, label).value for label in SET[step]} == SET[step]
