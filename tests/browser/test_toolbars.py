"""The toolbar that Plotly puts above its charts."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser import visiting
from tests.browser.driving import App


def test_the_toolbar_does_not_lie_over_a_title_on_a_narrow_screen(page: Page, app: App) -> None:
    visiting.take_sample(page, app)
    visiting.go(page, "Compare")
    page.set_viewport_size({"width": 390, "height": 844})
    visiting.settled(page)
    chart = page.get_by_test_id("stPlotlyChart").first
    chart.hover()
    expect(chart.locator(".modebar")).to_be_visible()
    bar, title = (chart.locator(part).bounding_box() for part in (".modebar-group >> nth=0", ".gtitle"))
    assert bar is not None
    assert title is not None
    assert bar["y"] + bar["height"] <= title["y"]
