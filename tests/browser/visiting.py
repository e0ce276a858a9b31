"""What a visitor does and sees, in the words of the screen."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Literal

from playwright.sync_api import Locator, Page, expect

from tests.browser.driving import App, settle

SECONDS = 1_000
PATIENCE = 90 * SECONDS  # for what needs a computation on a busy machine
SAMPLE = "Pharmacy sales"
STEPS = {
    "Upload": "upload",
    "Features": "features",
    "Choose k": "choose_k",
    "Explore": "explore",
    "Compare": "compare",
    "Download": "download",
}
"""Title of each page, in their order -> its address."""


def visit(page: Page, app: App, step: str = "Upload") -> None:
    """Open a page by its own address."""
    page.goto(f"{app.url}/{STEPS[step]}" if step != "Upload" else app.url)
    arrived(page, step)


def arrived(page: Page, step: str) -> None:
    """Wait until the page of that title is complete, its sweep included."""
    expect(page.get_by_role("heading", name=step, level=1, exact=True)).to_be_visible(timeout=PATIENCE)
    settled(page)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def settled(page: Page) -> None:
    """Wait until nothing is computed or loaded any more."""
    settle(page)
    unfinished = page.locator(
        ", ".join(f'[data-testid="{part}"]' for part in ("stProgress", "stSpinner", "stSkeleton"))
    )
    if unfinished.count():
        expect(unfinished).to_have_count(0, timeout=PATIENCE)
        settle(page)


def lighten(page: Page, scheme: Literal["light", "dark"]) -> None:
    """Let the visitor's system ask for a light or a dark theme, and wait until all stands in it."""
    page.emulate_media(color_scheme=scheme)
    page.wait_for_function(
        "light => light === getComputedStyle(document.querySelector('[data-testid=stApp]'))"
        ".backgroundColor.match(/\\d+/g).every(part => part > 127)",
        arg=scheme == "light",
    )
    settled(page)


def take_sample(page: Page, app: App, label: str = SAMPLE) -> None:
    visit(page, app)
    page.get_by_role("button", name=label).click()
    expect(page.get_by_role("heading", name="What was understood")).to_be_visible(timeout=PATIENCE)
    settled(page)


def upload(page: Page, *files: Path) -> None:
    """Hand in files at the drop zone; what comes of them is for the caller to look at."""
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(files)


def go(page: Page, step: str) -> None:
    """By the menu."""
    menu_link(page, step).click()
    arrived(page, step)


def go_on(page: Page, step: str) -> None:
    """By the link at the end of each page."""
    page.get_by_role("link", name=f"Next: {step}").click()
    arrived(page, step)


def menu_link(page: Page, step: str) -> Locator:
    number = list(STEPS).index(step) + 1
    return page.get_by_test_id("stSidebar").get_by_role("link", name=f"{number}. {step}", exact=True)


def slider(page: Page) -> Locator:
    return page.get_by_role("slider", name="Number of segments (k)")


def slide(page: Page, n_clusters: int) -> None:
    """Move the slider by arrow keys, one step at a time, each seen in both curves and in the sizes."""
    while (now := chosen(page)) != n_clusters:
        slider(page).focus()
        page.keyboard.press("ArrowRight" if now < n_clusters else "ArrowLeft")
        shows(page, now + (1 if now < n_clusters else -1))


def chosen(page: Page) -> int:
    """Where the slider stands."""
    return int(slider(page).input_value())


def shows(page: Page, n_clusters: int) -> None:
    """Wait until the charts of the Choose k page are those of so many segments."""
    expect(slider(page)).to_have_value(str(n_clusters), timeout=PATIENCE)
    elbow, silhouette, sizes = (page.get_by_test_id("stVegaLiteChart").nth(place) for place in range(3))
    expect(elbow).to_contain_text(f"{n_clusters} segments leave", timeout=PATIENCE)
    expect(silhouette).to_contain_text(f"With {n_clusters} segments", timeout=PATIENCE)
    expect(sizes.locator('[aria-roledescription="bar"]')).to_have_count(n_clusters, timeout=PATIENCE)


def choose(page: Page, label: str, option: str) -> None:
    """In a selectbox."""
    box = selectbox(page, label)
    box.click()
    box.fill(option)  # of a long list only the part in view is there
    page.get_by_role("option", name=option).first.click()
    settled(page)


def selectbox(page: Page, label: str) -> Locator:
    return page.get_by_role("combobox", name=label, exact=True)


def download(page: Page, button: str, folder: Path) -> Path:
    """Press a download button; the file is saved in the folder under the name that the app gives it."""
    with page.expect_download(timeout=PATIENCE) as waited:
        page.get_by_role("button", name=button, exact=True).click()
    file = folder / waited.value.suggested_filename
    waited.value.save_as(file)
    return file


def rows(text: bytes | Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    content = text.read_bytes() if isinstance(text, Path) else text
    return list(csv.DictReader(io.StringIO(content.decode("utf-8"), newline="")))
