"""How long the charts of the Choose k page take to follow the slider, in Chromium, at 1,000 and 100,000 customers.

From the key press to the moment when the last of the charts (elbow, silhouette, sizes, step, tree) shows the new number
of segments. 20 moves each, the first ones to numbers of segments that were never looked at before.

    python bench/slider.py [CUSTOMERS ...]
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from playwright.sync_api import Page, expect, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tests.browser import visiting
from tests.browser.conftest import CHROMIUM_FLAGS
from tests.browser.driving import PROJECT, running_app

CUSTOMERS = (1_000, 100_000)
ORDERS_EACH = 4
MOVES = ("ArrowRight",) * 8 + ("ArrowLeft",) * 8 + ("ArrowRight",) * 4
MINUTES = 60 * visiting.SECONDS

# The charts are watched from within the page: a look from outside costs as long as what it measures.
WATCH = """() => {
    window.moved = new Promise(done => {
        const texts = () => [...document.querySelectorAll('[data-testid="stVegaLiteChart"]')]
            .map(chart => chart.getAttribute('aria-label'));
        const before = texts();
        let pressed = 0;
        document.addEventListener('keydown', () => { pressed = performance.now(); }, {capture: true, once: true});
        const look = () => {
            const now = texts();
            const changed = now.length === before.length && now.every((text, place) => text && text !== before[place]);
            if (changed) requestAnimationFrame(() => setTimeout(() => done(performance.now() - pressed), 0));
            else requestAnimationFrame(look);
        };
        look();
    });
}"""


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


def moves(page: Page) -> list[float]:
    """Milliseconds of each move."""
    taken = []
    for key in MOVES:
        visiting.slider(page).focus()
        page.evaluate(WATCH)
        page.keyboard.press(key)
        taken.append(float(page.evaluate("window.moved")))
        visiting.settled(page)
    return taken


def measured(page: Page, file: Path, url: str) -> tuple[list[float], float]:
    """Milliseconds of each move, and seconds from handing in the file to the end of the sweep."""
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
    return moves(page), waited


def main() -> None:
    sizes = [int(size.replace(",", "").replace("_", "")) for size in sys.argv[1:]] or CUSTOMERS
    print(f"{'customers':>10} {'file to sweep':>14} {'median':>9} {'p95':>9} {'slowest':>9} {'first looks':>12}")
    for customers in sizes:
        with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
            file = order_file(customers, Path(folder))
            with running_app(PROJECT / "app.py", Path(folder)) as app:
                browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_FLAGS)
                page = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB").new_page()
                taken, waited = measured(page, file, app.url)
                browser.close()
        median, late = np.percentile(taken, [50, 95])
        first = np.median(taken[:8])
        print(
            f"{customers:>10,} {waited:>12.1f} s {median:>6.0f} ms {late:>6.0f} ms {max(taken):>6.0f} ms "
            f"{first:>9.0f} ms",
            flush=True,
        )


if __name__ == "__main__":
    main()
