"""The curves of the Choose k page as controls: what only a browser does."""

from __future__ import annotations

from typing import Literal

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
    page.keyboard.press("0")
    visiting.shows(page, 10)
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
    expect(charts.nth(5)).to_contain_text(f"{now + 1} segments agree", timeout=visiting.PATIENCE)


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


PALEST = """
buttons => Math.min(...buttons.map(button => {
    const parts = colour => {
        const found = colour.match(/[\\d.]+/g).map(Number);
        return [found.slice(0, 3), found.length > 3 ? found[3] : 1];
    };
    const over = ([top, alpha], ground) => ground.map((part, place) => alpha * top[place] + (1 - alpha) * part);
    const luminance = colour => colour.map(part => part / 255)
        .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
        .reduce((sum, part, place) => sum + [0.2126, 0.7152, 0.0722][place] * part, 0);
    const page = parts(getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor)[0];
    const ground = over(parts(getComputedStyle(button).backgroundColor), page);
    const texts = document.createTreeWalker(button, NodeFilter.SHOW_TEXT);
    const contrasts = [];
    while (texts.nextNode()) {
        if (!texts.currentNode.textContent.trim()) continue;
        const [colour, alpha] = parts(getComputedStyle(texts.currentNode.parentElement).color);
        let opacity = alpha;
        for (let each = texts.currentNode.parentElement; each !== button; each = each.parentElement)
            opacity *= Number(getComputedStyle(each).opacity);
        const [one, other] = [luminance(over([colour, opacity], ground)), luminance(ground)];
        contrasts.push((Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05));
    }
    return Math.min(...contrasts);
}))
"""
"""The lowest contrast of a text in the buttons to the ground that it stands on (WCAG 2.2, 1.4.3)."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_numbers_on_the_buttons_can_be_read(page: Page, app: App, scheme: Literal["light", "dark"]) -> None:
    visiting.take_sample(page, app)
    visiting.go(page, "Choose k")
    visiting.lighten(page, scheme)
    buttons = page.locator("[class*='st-key-choose-'] button")
    expect(buttons).to_have_count(9)
    assert page.locator("[class*='st-key-choose-'] button[kind=primary]").count() == 1
    assert buttons.evaluate_all(PALEST) >= 4.5
