"""How long the charts of the Choose k page take to follow the slider, in Chromium, beside a page with one chart alone.

From the key press to the moment when the two curves (elbow and silhouette) show the new number of segments, and to the
moment when the last of all charts (with them sizes, step and tree) does. 30 moves each, the first ones to numbers of
segments that were never looked at before.

    python bench/slider.py [CUSTOMERS ...]      # 1,000 and 100,000; a million takes five minutes
    python bench/slider.py --visitors 10        # at once, each with 100,000 customers and a few more or less
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from playwright.sync_api import Browser, Page, expect, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tests.browser import visiting
from tests.browser.conftest import CHROMIUM_FLAGS
from tests.browser.driving import PROJECT, running_app

CUSTOMERS = (1_000, 100_000)
ORDERS_EACH = 4
MOVES = ((("ArrowRight",) * 8 + ("ArrowLeft",) * 8) * 2)[:30]
MINUTES = 60 * visiting.SECONDS

# The charts are watched from within the page: a look from outside costs as long as what it measures. What counts is
# what is drawn: the text for screen readers changes before that.
WATCH = """() => {
    window.moved = new Promise(done => {
        const drawn = chart => chart.querySelector('svg')?.innerHTML;
        const pictures = () => [...document.querySelectorAll('[data-testid="stVegaLiteChart"]')].map(drawn);
        const before = pictures(), curves = Math.min(2, before.length);
        let pressed = 0, first = 0;
        document.addEventListener('keydown', () => { pressed = performance.now(); }, {capture: true, once: true});
        const look = () => {
            const now = pictures();
            const other = now.map((picture, place) => picture && picture !== before[place]);
            if (pressed && !first && other.slice(0, curves).every(Boolean)) first = performance.now() - pressed;
            if (pressed && now.length === before.length && other.every(Boolean))
                done([first, performance.now() - pressed]);
            else requestAnimationFrame(look);
        };
        look();
    });
}"""


BARE = """
import altair as alt, pandas as pd, streamlit as st
k = st.slider("Number of segments (k)", 2, 10, 2)
points = pd.DataFrame({"k": range(1, 11), "inertia": [100 / n for n in range(1, 11)]})
points["chosen"] = points["k"] == k
drawn = alt.Chart(points).mark_line(point=True).encode(x="k:O", y="inertia:Q", color="chosen:N")
st.altair_chart(drawn, alt=f"{k} segments")
"""


def order_file(customers: int, folder: Path) -> Path:
    """Orders of a made-up shop in which a few customers buy much more than the others."""
    random = np.random.default_rng(20)
    lines = customers * ORDERS_EACH
    appetite = random.gamma(1.0, 1.0, customers) + 0.1
    # Everyone at least once, so that the number of customers is the one in the table.
    buyer = np.concatenate(
        [np.arange(customers), random.choice(customers, lines - customers, p=appetite / appetite.sum())]
    )
    quantity = 1 + random.poisson(2, lines)
    table = pd.DataFrame(
        {
            "customer_id": [f"C{number}" for number in buyer],
            "order_id": [f"O{number}" for number in range(lines)],
            "order_date": pd.Timestamp("2023-01-01") + pd.to_timedelta(random.integers(0, 540, lines), unit="D"),
            "quantity": quantity,
            "amount": np.round(quantity * random.lognormal(2.5, 0.8, lines), 2),
        }
    )
    file = folder / f"orders of {customers}.csv"
    table.to_csv(file, index=False)
    return file


def moves(page: Page) -> np.ndarray:
    """(moves, 2) milliseconds until the curves, and until all charts, show the new number."""
    taken = []
    for key in MOVES:
        visiting.slider(page).focus()
        page.evaluate(WATCH)
        page.keyboard.press(key)
        taken.append(page.evaluate("window.moved"))
        visiting.settled(page)
    return np.array(taken)


def moves_at_once(pages: Sequence[Page]) -> np.ndarray:
    """(moves, pages) milliseconds until all charts show the new number, while all pages move."""
    taken = []
    for key in MOVES[:10]:
        for page in pages:
            visiting.slider(page).focus()
            page.evaluate(WATCH)
        for page in pages:
            page.keyboard.press(key)
        taken.append([page.evaluate("window.moved")[1] for page in pages])
        for page in pages:
            visiting.settled(page)
    return np.array(taken)


def arrive(page: Page, file: Path, url: str) -> float:
    """Hand in the file and go to the slider, at 2. Seconds until the sweep is done."""
    page.goto(url)
    visiting.arrived(page, "Upload")
    begun = time.perf_counter()
    visiting.upload(page, file)
    expect(page.get_by_role("heading", name="What was understood")).to_be_visible(timeout=5 * MINUTES)
    page.get_by_role("link", name="Next: Features").wait_for(timeout=5 * MINUTES)
    visiting.menu_link(page, "Choose k").click()
    expect(page.get_by_text("We suggest").or_(page.get_by_text("There is no natural"))).to_be_visible(
        timeout=10 * MINUTES
    )
    waited = time.perf_counter() - begun
    visiting.settled(page)
    visiting.slide(page, 2)
    visiting.settled(page)
    return waited


def new_page(browser: Browser) -> Page:
    return browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB").new_page()


def tell(name: str, taken: np.ndarray) -> None:
    median, late = np.percentile(taken, [50, 95])
    print(f"{name:<34} {median:>6.0f} ms {late:>6.0f} ms {taken.max():>6.0f} ms", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("customers", type=int, nargs="*", default=CUSTOMERS)
    parser.add_argument("--visitors", type=int, default=0)
    given = parser.parse_args()
    print(f"{'':<34} {'median':>9} {'p95':>9} {'slowest':>9}")
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_FLAGS)
        if given.visitors:
            with running_app(PROJECT / "app.py", folder) as app:
                pages = [new_page(browser) for _ in range(given.visitors)]
                for number, page in enumerate(pages):
                    arrive(page, order_file(100_000 + number, folder), app.url)
                tell(f"{given.visitors} visitors at once, all charts", moves_at_once(pages))
                for number, page in enumerate(pages):
                    visiting.menu_link(page, "Upload").click()
                    expect(page.get_by_text(f"{100_000 + number:,}").first).to_be_visible(timeout=MINUTES)
            return
        bare = folder / "bare.py"
        bare.write_text(BARE)
        with running_app(bare, folder) as app:
            page = new_page(browser)
            page.goto(app.url)
            expect(visiting.slider(page)).to_be_visible(timeout=MINUTES)
            tell("a page with one chart", moves(page)[:, 1])
        for customers in given.customers:
            with running_app(PROJECT / "app.py", folder) as app:
                page = new_page(browser)
                waited = arrive(page, order_file(customers, folder), app.url)
                taken = moves(page)
                tell(f"{customers:,} customers, curves", taken[:, 0])
                tell(f"{customers:,} customers, all charts", taken[:, 1])
                print(f"{'':<34} {waited:.1f} s from the file to the end of the sweep", flush=True)
        browser.close()


if __name__ == "__main__":
    main()
