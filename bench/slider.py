"""How long the charts of the Choose k page take to follow the slider, in Chromium, beside a page with one chart alone.

From the key press to the moment when the two curves (elbow and silhouette) show the new number of segments, and to the
moment when the last of all charts (with them sizes, step and tree) does. 30 moves each, the first ones to numbers of
segments that were never looked at before. And how long the curve takes to come: once the page of the features, where it
is begun, has come to rest; and anew, for another setting.

    python bench/slider.py [CUSTOMERS ...]      # 1,000 and 100,000; a million takes five minutes
    python bench/slider.py --visitors 10        # at once, each with 100,000 customers and a few more; ten minutes
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from playwright.sync_api import Browser, Page, expect, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tests.browser import visiting
from tests.browser.conftest import CHROMIUM_FLAGS
from tests.browser.driving import PROJECT, running_app, settle

CUSTOMERS = (1_000, 100_000)
ORDERS_EACH = 4
MOVES = ((("ArrowRight",) * 8 + ("ArrowLeft",) * 8) * 2)[:30]
MINUTES = 60 * visiting.SECONDS

# The charts are watched from within the page: a look from outside costs as long as what it measures. What counts is
# what is drawn: the text for screen readers changes before that.
# A chart's picture is compared only when something in it has changed: to write out five of them at every frame would
# itself take a third of a move.
WATCH = """() => {
    window.moved = new Promise(done => {
        const charts = () => [...document.querySelectorAll('[data-testid="stVegaLiteChart"]')];
        const drawn = chart => chart.querySelector('svg')?.innerHTML;
        const before = charts().map(drawn), curves = Math.min(2, before.length), other = before.map(() => false);
        const touched = new Set();
        let pressed = 0, first = 0, known = charts();
        document.addEventListener('keydown', () => { pressed = performance.now(); }, {capture: true, once: true});
        const watch = new MutationObserver(changes => {
            for (const {target} of changes) {
                const chart = (target.closest ? target : target.parentElement)?.closest('.stVegaLiteChart');
                if (chart) touched.add(chart);
            }
        });
        watch.observe(document.body, {subtree: true, childList: true, attributes: true, characterData: true});
        const look = () => {
            const now = charts();
            now.forEach((chart, place) => {
                if (!touched.has(chart) && chart === known[place]) return;
                const picture = drawn(chart);
                other[place] = Boolean(picture) && picture !== before[place];
            });
            touched.clear();
            known = now;
            if (pressed && !first && other.slice(0, curves).every(Boolean)) first = performance.now() - pressed;
            if (pressed && now.length === before.length && other.every(Boolean)) {
                watch.disconnect();
                done([first, performance.now() - pressed]);
            } else requestAnimationFrame(look);
        };
        look();
    });
}"""

# From the click on the way to the page, or from another setting: how long until the elbow has two points, and until it
# has all. A former curve, which stays until there is a new one, has another number of them.
GROWTH = """enough => {
    window.grown = new Promise(done => {
        const count = () => {
            const elbow = document.querySelector('[data-testid="stVegaLiteChart"]');
            const groups = [...(elbow?.querySelectorAll('.mark-symbol') ?? [])];  // the curve's, and the one chosen
            return Math.max(0, ...groups.map(group => group.querySelectorAll('path').length));
        };
        const begun = performance.now(), before = count();
        let two = 0;
        const look = () => {
            const points = count();
            if (!two && points >= 2 && points !== before) two = performance.now() - begun;
            if (points >= enough) done([two, performance.now() - begun]);
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


def hand_in(page: Page, file: Path, url: str) -> None:
    """Hand in the file, and look at the features, so that they are computed."""
    page.goto(url)
    visiting.arrived(page, "Upload")
    visiting.upload(page, file)
    expect(page.get_by_role("heading", name="What was understood")).to_be_visible(timeout=5 * MINUTES)
    page.get_by_role("link", name="Next: Features").wait_for(timeout=5 * MINUTES)
    visiting.menu_link(page, "Features").click()
    page.get_by_role("link", name="Next: Choose k").wait_for(timeout=5 * MINUTES)
    settle(page, timeout=300)


def arrive(page: Page) -> list[float]:
    """Go on to the slider, at 2. Milliseconds until two points of the curve were there, and until all were."""
    page.evaluate(GROWTH, 10)
    visiting.menu_link(page, "Choose k").click()
    suggested = page.get_by_text("We suggest").or_(page.get_by_text("There is no natural"))
    expect(suggested).to_be_visible(timeout=10 * MINUTES)
    grown: list[float] = page.evaluate("window.grown")
    expect(page.get_by_test_id("stProgress")).to_have_count(0, timeout=10 * MINUTES)  # the checks are done
    settle(page, timeout=300)
    visiting.slide(page, 2)
    settle(page, timeout=300)
    return grown


def anew(page: Page) -> list[float]:
    """The same from the moment at which one number more is asked for, for which nothing was begun ahead."""
    page.get_by_text("Settings", exact=True).click()
    settle(page, timeout=300)
    field = page.get_by_label("Try up to this many segments")
    field.fill("11")
    page.evaluate(GROWTH, 11)
    field.press("Enter")
    grown: list[float] = page.evaluate("window.grown")
    return grown


def new_page(browser: Browser) -> Page:
    return browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB").new_page()


def tell(name: str, taken: np.ndarray) -> None:
    median, late = np.percentile(taken, [50, 95])
    print(f"{name:<34} {median:>6.0f} ms {late:>6.0f} ms {taken.max():>6.0f} ms", flush=True)


def alone(browser: Browser, customers: int, folder: Path) -> None:
    """One visitor with so many customers."""
    with running_app(PROJECT / "app.py", folder) as app:
        page = new_page(browser)
        hand_in(page, order_file(customers, folder), app.url)
        two, whole = arrive(page)
        taken = moves(page)
        tell(f"{customers:,} customers, curves", taken[:, 0])
        tell(f"{customers:,} customers, all charts", taken[:, 1])
        print(f"{'':<34} {two:.0f} ms to two points of the curve, {whole:.0f} ms to all ten", flush=True)
        two, whole = anew(page)
        print(f"{'':<34} {two:.0f} ms and {whole:.0f} ms to all eleven, nothing begun ahead", flush=True)


def together(browser: Browser, visitors: int, folder: Path) -> None:
    """Several at once, who come one after the other. None may see another's customers, of whom there are others."""
    with running_app(PROJECT / "app.py", folder) as app:
        counts = [100_000 + number for number in range(visitors)]
        pages = []
        for count in counts:
            pages.append(new_page(browser))
            file = order_file(count, folder)
            hand_in(pages[-1], file, app.url)
            arrive(pages[-1])
            file.unlink()
            print(f"{'':<34} {len(pages)} of {visitors} are there", file=sys.stderr, flush=True)
        tell(f"{visitors} visitors at once, all charts", moves_at_once(pages))
        mixed = 0
        for page, count in zip(pages, counts, strict=True):
            sizes = page.get_by_test_id("stVegaLiteChart").nth(2).locator('[aria-roledescription="bar"]')
            labels = [sizes.nth(place).get_attribute("aria-label") or "" for place in range(sizes.count())]
            mixed += sum(map(_customers, labels)) != count
            expect(page.get_by_test_id("stException")).to_have_count(0)
        errors = app.log().count("Traceback")
        print(f"{mixed} of {visitors} saw other customers than their own; {errors} errors in the log", flush=True)


def _customers(label: str) -> int:
    """Of a bar that says "1. Champions: 12,345 customers, 12%"."""
    found = re.search(r": ([0-9,]+) customers?, ", label)
    return int(found[1].replace(",", "")) if found else 0


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
            together(browser, given.visitors, folder)
            return
        bare = folder / "bare.py"
        bare.write_text(BARE)
        with running_app(bare, folder) as app:
            page = new_page(browser)
            page.goto(app.url)
            expect(visiting.slider(page)).to_be_visible(timeout=MINUTES)
            tell("a page with one chart", moves(page)[:, 1])
        for customers in given.customers:
            alone(browser, customers, folder)
        browser.close()


if __name__ == "__main__":
    main()
