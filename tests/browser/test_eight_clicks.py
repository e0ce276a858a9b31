"""A new user's way from a sample to lists for Klaviyo with a control group. Its pictures are the guide's.

With ELBOW_ROOM_SCREENSHOTS=1 they replace those in docs/.
"""

from __future__ import annotations

import gzip
import os
import re
import time
import zipfile
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser import visiting
from tests.browser.driving import PROJECT, App
from tests.browser.visiting import PATIENCE

KEPT = PROJECT / "docs" / "screenshots"
MOST_CLICKS = 8
MOST_SECONDS = 120  # what a busy machine may take; a person is asked for six decisions

# Counted by the browser itself, so that none is forgotten. Keys do not count, the click into a field does.
_COUNT = "window.clicks = 0; document.addEventListener('pointerdown', e => { window.clicks += e.isTrusted }, true);"


def test_from_a_sample_to_klaviyo_in_eight_clicks(page: Page, app: App, tmp_path: Path) -> None:
    page.add_init_script(_COUNT)
    pictures = KEPT if os.environ.get("ELBOW_ROOM_SCREENSHOTS") else tmp_path
    visiting.visit(page, app)
    begun = time.monotonic()
    page.get_by_role("button", name="Candle shop").click()
    expect(page.get_by_role("heading", name="What was understood")).to_be_visible(timeout=PATIENCE)
    visiting.settled(page)
    _picture(page, pictures / "journey_1_sample.png")

    visiting.go(page, "Download")
    page.get_by_role("spinbutton", name="Control group, in percent of each segment").click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("10")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("stMain")).to_contain_text("of 900 customers are in it", timeout=PATIENCE)
    _picture(page, pictures / "journey_2_control_group.png")

    visiting.selectbox(page, "Platform").click()
    page.get_by_role("option", name="Klaviyo").click()
    lists = page.get_by_role("button", name="Klaviyo: all lists (zip)")
    expect(lists).to_be_visible(timeout=PATIENCE)
    visiting.settled(page)
    with page.expect_download(timeout=PATIENCE) as waited:
        lists.click()
    taken = time.monotonic() - begun
    waited.value.save_as(tmp_path / "klaviyo.zip")
    lists.scroll_into_view_if_needed()
    _picture(page, pictures / "journey_3_klaviyo.png")

    clicks = page.evaluate("window.clicks")
    print(f"{clicks} clicks, {taken:.0f} s")
    assert clicks <= MOST_CLICKS
    assert taken < MOST_SECONDS
    _as_klaviyo_takes_it(tmp_path / "klaviyo.zip")


def _as_klaviyo_takes_it(file: Path) -> None:
    """Only people who agreed and can be reached, each once, and a tenth of each segment held out."""
    orders = visiting.rows(_sample())
    customers = {row["customer_id"]: row for row in orders}
    with zipfile.ZipFile(file) as packed:
        names = [name for name in packed.namelist() if name[:1].isdigit() and name.endswith(".csv")]
        listed = [row for name in names for row in visiting.rows(packed.read(name))]
    agreed = {row["email"]: row for row in customers.values() if row["accepts_marketing"] == "yes"}
    assert len(names) >= 2
    emails = [row["Email"] for row in listed if row["Email"]]
    assert len(set(emails)) == len(emails)
    assert set(emails) <= {email for email in agreed if "@" in email}
    for row in listed:
        if row["Email"]:
            digits = re.sub(r"[^0-9]", "", agreed[row["Email"]]["phone"])
            assert row["Phone Number"] == (f"+1{digits}" if digits else "")
    assert 0.85 * len(agreed) < len(listed) < 0.95 * len(agreed)


def _sample() -> bytes:
    return gzip.decompress((PROJECT / "sample_data" / "candle_shop.csv.gz").read_bytes())


def _picture(page: Page, file: Path) -> None:
    page.mouse.move(0, 0)
    visiting.settled(page)
    page.screenshot(path=file)
    assert 20_000 < file.stat().st_size < 300_000
