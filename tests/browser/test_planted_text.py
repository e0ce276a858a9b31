"""Dangerous text in a real browser: it opens nothing, loads nothing, leads nowhere."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Dialog, Page, expect

from tests import planted
from tests.browser import visiting
from tests.browser.driving import App
from tests.browser.visiting import PATIENCE, STEPS

MADE = (
    'img[src="x"], a[href*="evil.example"], img[src*="evil.example"], .katex, strong:text-is("bold"), '
    "[data-testid=stIconMaterial]:text-is('delete'), span.stMarkdownColoredText"
)


def test_planted_text_opens_loads_and_links_nothing(
    page: Page, app: App, tmp_path: Path, outside_requests: list[str]
) -> None:
    opened: list[str] = []

    def note(dialog: Dialog) -> None:
        opened.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", note)
    file = tmp_path / "planted <img src=x onerror=alert(1)>.csv"
    file.write_bytes(planted.orders())
    visiting.visit(page, app)
    visiting.upload(page, file)
    expect(page.get_by_role("heading", name="What was understood")).to_be_visible(timeout=PATIENCE)
    visiting.settled(page)
    page.get_by_text("More columns", exact=True).click()
    for label, header in zip(planted.ROLES, planted.HEADERS, strict=True):
        visiting.choose(page, label, header)
    expect(page.get_by_test_id("stMetric").filter(has_text="Customers")).to_contain_text(str(3 * len(planted.PLANTED)))
    for step in STEPS:
        visiting.go(page, step)
        closed = page.get_by_test_id("stMain").locator("details:not([open]) > summary")
        while closed.count():
            closed.first.click()
            visiting.settled(page)
        if step == "Explore":
            _name_a_segment(page)
        expect(page.get_by_test_id("stMain").locator(MADE)).to_have_count(0)
        assert not opened
    assert not outside_requests


def _name_a_segment(page: Page) -> None:
    page.get_by_role("button", name="Edit name and plan").first.click()
    field = page.get_by_role("textbox", name="Name", exact=True)
    field.fill(planted.TOGETHER[:80])
    page.get_by_role("button", name="Save", exact=True).click()
    visiting.settled(page)
    expect(page.get_by_test_id("stMain")).to_contain_text(planted.TOGETHER[:40])
