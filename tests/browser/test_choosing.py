"""The curves of the Choose k page as controls: what only a browser does."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import visiting
from tests.browser.driving import App


@pytest.fixture
def sent(page: Page) -> list[str | bytes]:
    """What the page has sent to the server."""
    frames: list[str | bytes] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: frames.append(frame)))
    page.on("request", lambda request: frames.append(request.url))
    return frames


def place_of(chart: Locator, n_clusters: int) -> dict[str, float]:
    """Where a number of segments stands in a chart, below its curve."""
    number = chart.locator(".mark-text.role-axis-label text", has_text=str(n_clusters)).first.bounding_box()
    assert number is not None
    return {"x": number["x"] + number["width"] / 2, "y": number["y"] - 30}


def test_pointing_previews_and_a_click_or_a_key_chooses(page: Page, sent: list[str | bytes], app: App) -> None:
    visiting.take_sample(page, app)
    visiting.go(page, "Choose k")
    visiting.slide(page, 3)
    visiting.settled(page)
    elbow, silhouette = (page.get_by_test_id("stVegaLiteChart").nth(place) for place in range(2))
    expect(elbow).to_contain_text("3 segments: ")
    expect(silhouette).to_contain_text("click to choose it")
    assert sent  # the slider's moves: the watch sees what is sent

    sent.clear()
    for chart in (elbow, silhouette):
        for n_clusters in (8, 4):
            page.mouse.move(**place_of(chart, n_clusters))
            expect(chart).to_contain_text(f"{n_clusters} segments: ")
            expect(chart).to_contain_text("spending ")
    expect(elbow).to_contain_text("3 segments: ")  # the pointer has left it
    visiting.settled(page)
    assert sent == []
    assert visiting.chosen(page) == 3

    page.mouse.click(**place_of(elbow, 4))
    visiting.shows(page, 4)
    visiting.settled(page)
    # Once told, it is not told again.
    sent.clear()
    page.wait_for_timeout(1_000)
    assert sent == []

    # Where a field has the focus, and the slider is one, Streamlit leaves the keys to it.
    page.keyboard.press("5")
    visiting.shows(page, 5)
    page.mouse.click(**place_of(silhouette, 4))
    visiting.shows(page, 4)
    visiting.slide(page, 5)
    page.mouse.click(**place_of(silhouette, 4))  # the same as before, and yet a new choice
    visiting.shows(page, 4)


def test_what_is_closed_is_drawn_when_it_is_opened(page: Page, app: App) -> None:
    visiting.take_sample(page, app)
    visiting.go(page, "Choose k")
    charts = page.get_by_test_id("stVegaLiteChart")
    expect(charts).to_have_count(5, timeout=visiting.PATIENCE)
    page.get_by_text("Each customer: how well they fit").click()
    expect(charts).to_have_count(7, timeout=visiting.PATIENCE)
    page.get_by_text("Other measures", exact=True).click()
    expect(charts).to_have_count(8, timeout=visiting.PATIENCE)
    visiting.settled(page)
    now = visiting.chosen(page)
    visiting.slide(page, now + 1)
    expect(charts.nth(5)).to_contain_text(f"{now + 1} segments come out", timeout=visiting.PATIENCE)


def test_a_move_draws_no_chart_anew(page: Page, app: App) -> None:
    """What makes the browser build one from nothing is Streamlit's to say: here, that nothing does."""
    visiting.take_sample(page, app)
    visiting.go(page, "Choose k")
    visiting.slide(page, 3)
    visiting.settled(page)
    page.evaluate("document.querySelectorAll('.stVegaLiteChart svg').forEach(drawing => { drawing.dataset.same = 1; })")
    same = page.locator(".stVegaLiteChart svg[data-same]")
    expect(same).to_have_count(5, timeout=visiting.PATIENCE)
    for n_clusters in (4, 10, 2):  # the first and the last have a sentence less than the others
        visiting.slide(page, n_clusters)
        visiting.settled(page)
        expect(same).to_have_count(5)
    expect(page.get_by_test_id("stVegaLiteChart").nth(3)).to_contain_text("From 2 segments to 3")
