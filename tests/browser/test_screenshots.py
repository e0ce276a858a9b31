"""The pictures of the README, from the real app. With ELBOW_ROOM_SCREENSHOTS=1 they replace those in docs/."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Literal, NamedTuple

from playwright.sync_api import Page, expect

from tests.browser import visiting
from tests.browser.driving import PROJECT, App

KEPT = PROJECT / "docs" / "screenshots"
HEIGHT = 1250


class Picture(NamedTuple):
    """What the README shows under this name."""

    name: str
    step: str
    width: int = 1280
    scheme: Literal["light", "dark"] = "light"


# In the order of a visit, so that one is enough for all.
PICTURES = (
    Picture("upload", "Upload"),
    Picture("choose_k", "Choose k"),
    Picture("choose_k_dark", "Choose k", scheme="dark"),
    Picture("explore", "Explore"),
    Picture("explore_narrow", "Explore", width=390),
    Picture("compare", "Compare"),
)
CHARTS = {"Upload": (0, 0), "Choose k": (5, 0), "Explore": (4, 2), "Compare": (0, 1)}  # Altair, Plotly


def test_pages_as_the_readme_shows_them(page: Page, app: App, tmp_path: Path) -> None:
    _article_with_three_segments(page, app)
    folder = KEPT if os.environ.get("ELBOW_ROOM_SCREENSHOTS") else tmp_path
    for picture in PICTURES:
        page.set_viewport_size({"width": 1280, "height": HEIGHT})
        visiting.lighten(page, picture.scheme)
        visiting.go(page, picture.step)
        page.set_viewport_size({"width": picture.width, "height": HEIGHT})
        page.mouse.move(0, 0)
        visiting.settled(page)
        _complete(page, *CHARTS[picture.step])
        file = folder / f"{picture.name}.png"
        page.screenshot(path=file)
        assert 20_000 < file.stat().st_size < 300_000


def _complete(page: Page, altair: int, plotly: int) -> None:
    """Every chart has marks and fits the page, and nothing stands where something is yet to come."""
    charts = page.get_by_test_id("stVegaLiteChart")
    expect(charts).to_have_count(altair)
    for place in range(altair):
        marks = charts.nth(place).locator(
            '[aria-roledescription="bar"], [aria-roledescription="point"], .mark-rect path'
        )
        expect(marks.first).to_be_visible()
    figures = page.get_by_test_id("stPlotlyChart")
    expect(figures).to_have_count(plotly)
    for place in range(plotly):
        marks = figures.nth(place).locator(".points path, .heatmaplayer image, .heatmaplayer path, .sankey-link")
        expect(marks.first).to_be_attached()
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
    expect(page.locator('[data-stale="true"]')).to_have_count(0)
    too_wide = page.get_by_test_id("stMain").evaluate("main => main.scrollWidth - main.clientWidth")
    assert too_wide <= 0, f"the page is {too_wide} pixels wider than the screen"


def _article_with_three_segments(page: Page, app: App) -> None:
    """The sample as the article segments it."""
    visiting.take_sample(page, app)
    visiting.go(page, "Features")
    page.get_by_role("button", name="Article", exact=True).click()
    visiting.settled(page)
    expect(page.get_by_test_id("stMultiSelect")).to_contain_text(re.compile("Average line value"))
    visiting.go(page, "Choose k")
    visiting.slide(page, 3)
