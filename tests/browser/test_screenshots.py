"""The pictures of the README, from the real app. With ELBOW_ROOM_SCREENSHOTS=1 they replace those in docs/."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import visiting
from tests.browser.driving import PROJECT, App

KEPT = PROJECT / "docs" / "screenshots"
PICTURES = {  # name -> (page, width, height, colour scheme)
    "upload": ("Upload", 1280, 1250, "light"),
    "choose_k": ("Choose k", 1280, 1250, "light"),
    "explore": ("Explore", 1280, 1250, "light"),
    "compare": ("Compare", 1280, 1250, "light"),
    "choose_k_dark": ("Choose k", 1280, 1250, "dark"),
    "explore_narrow": ("Explore", 390, 1250, "light"),
}
CHARTS = {"Upload": 0, "Choose k": 3, "Explore": 4, "Compare": 0}


@pytest.mark.parametrize("name", PICTURES)
def test_a_page_as_the_readme_shows_it(
    name: str, new_context: Callable[..., BrowserContext], app: App, tmp_path: Path
) -> None:
    step, width, height, scheme = PICTURES[name]
    page = new_context(color_scheme=scheme).new_page()
    _article_with_three_segments(page, app)
    visiting.go(page, step)
    page.set_viewport_size({"width": width, "height": height})
    visiting.settled(page)
    for place in range(CHARTS[step]):
        expect(
            page.get_by_test_id("stVegaLiteChart").nth(place).locator(".mark-group, canvas, svg").first
        ).to_be_visible()
    folder = KEPT if os.environ.get("ELBOW_ROOM_SCREENSHOTS") else tmp_path
    picture = folder / f"{name}.png"
    page.screenshot(path=picture)
    assert 10_000 < picture.stat().st_size < 400_000


def _article_with_three_segments(page: Page, app: App) -> None:
    """The sample as the article segments it."""
    visiting.take_sample(page, app)
    visiting.go(page, "Features")
    page.get_by_role("button", name="Article", exact=True).click()
    visiting.settled(page)
    visiting.go(page, "Choose k")
    visiting.slide(page, 3)
