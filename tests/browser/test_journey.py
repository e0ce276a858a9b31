"""As a new user would: through all pages, by mouse and by keyboard, with files good and bad."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from tests import wrong_inputs
from tests.browser import visiting
from tests.browser.driving import App
from tests.browser.visiting import PATIENCE, STEPS, arrived, go, go_on, selectbox, settled, slide, take_sample, visit

# The first three stand under the customer column as examples.
NAMES = (
    "[a](http://example.com)", "www.example.com", "**star**", "<b>bold</b>",
    "🦄 Zoë", "محمد علي", "דנה כהן", "=SUM(1+1)", "@import",
)  # fmt: skip
HEADER = (
    "<img src=x> customer id", "order date", ":red[order] **id**", "$amount$",
    "see www.example.com", "a_b@example.com",
)  # fmt: skip


@pytest.fixture(autouse=True)
def quiet_log(request: pytest.FixtureRequest) -> Iterator[None]:
    """Nothing that a visitor does may end in a traceback."""
    servers: list[App] = [request.getfixturevalue(name) for name in ("app", "cold_app") if name in request.fixturenames]
    before = [len(server.log()) for server in servers]
    yield
    for server, told in zip(servers, before, strict=True):
        assert "Traceback" not in server.log()[told:], server.log()[told:]


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    """Orders of 24 customers, some with names that are hard to bear; the last three rows cannot be used."""
    names = [*NAMES, *(f"Customer {number}" for number in range(len(NAMES), 24))]
    lines = [",".join(HEADER)]
    for number, name in enumerate(names):
        for order in range(1 + number % 4):
            day, amount = 1 + (number * 5 + order * 7) % 28, (1 + number % 3) * 20 + order
            lines.append(f"{name},2024-0{1 + number % 6}-{day:02},O{number}-{order},{amount}.50,seen,mail")
    lines += [f"{name},{day},X{place},{amount},seen,mail" for place, (name, day, amount) in enumerate(
        [("Customer 9", "2024-02-30", "5.00"), ("Customer 10", "2024-02-20", "many"), ("", "2024-02-20", "5.00")]
    )]  # fmt: skip
    file = tmp_path / "my orders <b>.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def test_a_sample_by_one_click_leads_through_all_pages(page: Page, app: App) -> None:
    take_sample(page, app)
    expect(page.get_by_test_id("stMetric").filter(has_text="Customers")).to_contain_text("1,000")
    expect(page.get_by_test_id("stMetric").filter(has_text="Orders")).to_contain_text("20,600")
    charts = {"Features": (3, 0), "Choose k": (5, 0), "Explore": (4, 2), "Compare": (0, 1), "Download": (0, 0)}
    for step, (altair, plotly) in charts.items():
        go_on(page, step)
        assert page.url == f"{app.url}/{STEPS[step]}"
        expect(page).to_have_title(f"{step} – Elbow Room")
        expect(page.locator('[data-testid="stVegaLiteChart"] svg.marks')).to_have_count(altair)
        expect(page.locator('[data-testid="stPlotlyChart"] .main-svg').first).to_be_attached() if plotly else None
        expect(page.get_by_test_id("stPlotlyChart")).to_have_count(plotly)
        expect(page.get_by_test_id("stAlertContentError")).to_have_count(0)


def test_an_uploaded_file_is_shown_as_text_and_comes_out_as_lists(
    page: Page, app: App, orders: Path, tmp_path: Path
) -> None:
    made = page.get_by_test_id("stMain").locator(
        'img[src="x"], a[href*="example.com"], .katex, b:text-is("bold"), strong:text-is("star"), '
        'strong:text-is("id"), span.stMarkdownColoredText'
    )
    visit(page, app)
    visiting.upload(page, orders)
    expect(page.get_by_role("heading", name="What was understood")).to_be_visible(timeout=PATIENCE)
    settled(page)
    expect(page.get_by_test_id("stMetric").filter(has_text="Customers")).to_contain_text("24")
    expect(page.get_by_test_id("stMain")).to_contain_text("The 3 rows set aside")
    expect(page.get_by_test_id("stSidebar")).to_contain_text("my orders <b>.csv")
    expect(selectbox(page, "Customer")).to_have_value(HEADER[0])
    expect(made).to_have_count(0)
    for step in list(STEPS)[1:]:
        go_on(page, step)
        expect(made).to_have_count(0)

    everyone = visiting.rows(visiting.download(page, "All customers (CSV)", tmp_path))
    found = {row["customer_id"] for row in everyone}
    assert len(everyone) == len(found) == 24
    # A spreadsheet takes what begins with = or @ for a formula; all other names are as they were.
    assert {"'=SUM(1+1)", "'@import"} <= found
    assert set(NAMES) - {"=SUM(1+1)", "@import"} <= found
    left_out = visiting.rows(visiting.download(page, "Rows set aside (CSV)", tmp_path))
    assert len(left_out) == 3
    assert {row["reason"] for row in left_out} == {"bad-date", "bad-amount", "no-customer"}

    go(page, "Upload")
    visiting.choose(page, "Amount paid", "(none)")
    expect(page.get_by_test_id("stAlertContentError")).to_contain_text(
        re.compile("see www\u2060?[.]example[.]com, a_b@\u2060?example[.]com")  # a word joiner is not seen
    )
    expect(made).to_have_count(0)


def test_sliding_from_3_to_4_changes_charts_and_sizes_and_fits_nothing_again(page: Page, app: App) -> None:
    take_sample(page, app)
    go(page, "Choose k")
    slide(page, 3)
    expect(page.get_by_text("Trying numbers of segments")).to_have_count(0, timeout=PATIENCE)
    # From here on, the bar of a sweep that runs would be seen however shortly it stood there. That of the checks, which
    # follow the sweep, may well stand there still.
    page.evaluate(
        """() => {
            window.sweeps = 0;
            const bars = () => [...document.querySelectorAll('[data-testid="stProgress"]')];
            const look = () => {
                window.sweeps += bars().filter(bar => bar.textContent.includes("Trying numbers of segments")).length;
            };
            new MutationObserver(look).observe(document.body, {childList: true, subtree: true});
        }"""
    )
    elbow = page.get_by_test_id("stVegaLiteChart").first
    before = elbow.text_content()
    assert before
    page.keyboard.press("ArrowRight")
    visiting.shows(page, 4)
    expect(elbow).not_to_have_text(before, timeout=PATIENCE)
    expect(visiting.slider(page)).to_be_focused()
    settled(page)
    assert page.evaluate("window.sweeps") == 0

    # The watch does see a sweep.
    page.get_by_text("Settings", exact=True).click()
    page.get_by_role("spinbutton", name="Try up to this many segments").fill("12")
    page.keyboard.press("Enter")
    expect(visiting.slider(page)).to_have_attribute("max", "12", timeout=PATIENCE)
    assert page.evaluate("window.sweeps") > 0


def test_a_list_holds_exactly_the_customers_of_its_segment_and_the_other_files_open(
    page: Page, app: App, new_context: Callable[..., BrowserContext], tmp_path: Path
) -> None:
    take_sample(page, app)
    go(page, "Choose k")
    slide(page, 4)
    go(page, "Download")
    everyone = visiting.rows(visiting.download(page, "All customers (CSV)", tmp_path))
    assert len(everyone) == 1_000
    assert {row["segment"] for row in everyone} == {"1", "2", "3", "4"}
    lists = {}
    for number in "1234":
        file = visiting.download(page, f"List {number} (CSV)", tmp_path)
        assert file.name.startswith(f"{number}-")
        lists[file.name] = file.read_bytes()
        assert visiting.rows(file) == [row for row in everyone if row["segment"] == number]
    with zipfile.ZipFile(visiting.download(page, "All lists (zip)", tmp_path)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == lists

    summary = visiting.rows(visiting.download(page, "Means by segment (CSV)", tmp_path))
    assert [row["cluster"] for row in summary] == list("1234")
    sizes = [sum(row["segment"] == number for row in everyone) for number in "1234"]
    assert [int(row["customer_count"]) for row in summary] == sizes
    sweep = visiting.rows(visiting.download(page, "Elbow and silhouette (CSV)", tmp_path))
    assert [row["k"] for row in sweep] == [str(k) for k in range(1, 11)]
    assert visiting.rows(visiting.download(page, "Rows set aside (CSV)", tmp_path)) == []
    recipe = json.loads(visiting.download(page, "Recipe (JSON)", tmp_path).read_text(encoding="utf-8"))
    assert (recipe["app"], len(recipe["segments"])) == ("Elbow Room", 4)

    report = visiting.download(page, "Report (HTML, prints to PDF)", tmp_path)
    reader = new_context().new_page()
    troubles: list[str] = []
    reader.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
    reader.on("pageerror", lambda error: troubles.append(str(error)))
    reader.goto(report.as_uri())
    for size in sizes:
        expect(reader.locator("body")).to_contain_text(f"{size:,}")
    assert troubles == []


def test_choices_outlive_a_visit_to_another_page(page: Page, app: App) -> None:
    take_sample(page, app)
    page.get_by_text("Leave returns out", exact=True).click()
    settled(page)
    go(page, "Features")
    visiting.choose(page, "Even out (transform)", "Logarithm")
    go(page, "Choose k")
    slide(page, 5)
    go(page, "Explore")
    visiting.choose(page, "Across", "Number of orders")
    visiting.choose(page, "Segment", "3. ")
    go(page, "Compare")
    visiting.choose(page, "Second: number of segments", "7")

    go(page, "Upload")
    expect(page.get_by_role("radio", name="Leave returns out")).to_be_checked()
    go(page, "Features")
    expect(selectbox(page, "Even out (transform)")).to_have_value("Logarithm")
    go(page, "Choose k")
    expect(visiting.slider(page)).to_have_value("5")
    go(page, "Explore")
    expect(page.locator("h3").filter(has_text=re.compile(r"^\d\. "))).to_have_count(5)
    expect(selectbox(page, "Across")).to_have_value("Number of orders")
    expect(selectbox(page, "Segment")).to_have_value(re.compile(r"^3\. "))
    go(page, "Compare")
    expect(selectbox(page, "First: number of segments")).to_have_value("5")
    expect(selectbox(page, "Second: number of segments")).to_have_value("7")


def test_a_visitor_who_does_not_wait_breaks_nothing(page: Page, app: App) -> None:
    visit(page, app)
    page.get_by_role("button", name=visiting.SAMPLE).click()
    # As soon as the first of it is there, in the midst of reading; and on, before any page is done.
    page.evaluate(
        """() => new Promise(done => {
            let clicks = 0;
            const look = () => {
                if (document.querySelectorAll('h2').length) {
                    document.querySelector('[data-testid="stSidebar"] a').click();
                    clicks += 1;
                }
                clicks < 20 ? setTimeout(look, 25) : done();
            };
            look();
        })"""
    )
    for step in ("Upload", "Features", "Choose k", "Explore", "Compare", "Choose k", "Download", "Explore"):
        visiting.menu_link(page, step).click()
        expect(page).to_have_url(re.compile(f"/{STEPS[step] if step != 'Upload' else ''}$"))
    arrived(page, "Explore")
    expect(page.get_by_role("heading", name="Any two features")).to_be_visible()


def test_forget_my_data_leaves_nothing(page: Page, app: App) -> None:
    take_sample(page, app)
    go(page, "Explore")
    page.get_by_role("button", name="Forget my data").click()
    arrived(page, "Upload")
    expect(page.get_by_role("heading", name="What was understood")).to_have_count(0)
    expect(page.get_by_role("button", name="Forget my data")).to_have_count(0)
    go(page, "Explore")
    expect(page.get_by_test_id("stMain")).to_contain_text("There are no orders yet")
    expect(page.locator("body")).not_to_contain_text("pharmacy_sales")


@pytest.mark.parametrize("step", STEPS)
def test_a_page_opened_cold_by_its_own_address_says_what_it_needs(page: Page, cold_app: App, step: str) -> None:
    page.goto(f"{cold_app.url}/{STEPS[step]}")
    arrived(page, step)
    for other in STEPS:
        expect(visiting.menu_link(page, other)).to_be_visible()
    if step == "Upload":
        expect(page.get_by_test_id("stFileUploaderDropzone")).to_be_visible()
        return
    expect(page.get_by_test_id("stMain")).to_contain_text("There are no orders yet")
    page.get_by_role("link", name="Go to Upload").click()
    arrived(page, "Upload")
    page.get_by_role("button", name=visiting.SAMPLE).click()
    expect(page.get_by_role("heading", name="What was understood")).to_be_visible(timeout=PATIENCE)


def test_a_second_visitor_sees_nothing_of_the_first_ones_data(
    page: Page, app: App, new_context: Callable[..., BrowserContext], orders: Path
) -> None:
    visit(page, app)
    visiting.upload(page, orders)
    expect(page.get_by_role("heading", name="What was understood")).to_be_visible(timeout=PATIENCE)
    other = new_context().new_page()
    visit(other, app, "Download")
    for step in ("Download", "Explore", "Upload"):
        go(other, step)
        expect(other.locator("body")).not_to_contain_text("my orders")
        expect(other.get_by_role("button", name="Forget my data")).to_have_count(0)
    # Nor does the second one's file come in the way of the first one's.
    other.get_by_role("button", name=visiting.SAMPLE).click()
    expect(other.get_by_role("heading", name="What was understood")).to_be_visible(timeout=PATIENCE)
    go(page, "Explore")
    expect(page.get_by_test_id("stSidebar")).to_contain_text("my orders")
    expect(page.get_by_test_id("stSidebar")).not_to_contain_text("pharmacy")


def test_wrong_files_are_explained_and_the_next_one_is_taken(page: Page, app: App, tmp_path: Path) -> None:
    said = {
        "empty.csv": "is empty",
        "binary.csv": "binary data",
        "error page.csv": "web page",
        "no customer.csv": "No column looks like a customer id",
        "no day in our time.csv": "None of the 30 rows can be used",
    }
    visit(page, app)
    for wrong in wrong_inputs.UNUSABLE:
        if wrong.name not in said:
            continue
        file = tmp_path / wrong.name
        file.write_bytes(wrong.content)
        visiting.upload(page, file)
        expect(page.get_by_test_id("stAlertContentError")).to_contain_text(said[wrong.name], timeout=PATIENCE)
        expect(page.get_by_test_id("stMain")).to_contain_text("What you can do.")
        settled(page)
    page.get_by_role("button", name=visiting.SAMPLE).click()
    expect(page.get_by_test_id("stMetric").filter(has_text="Customers")).to_contain_text("1,000", timeout=PATIENCE)
    expect(page.get_by_test_id("stAlertContentError")).to_have_count(0)


def test_customers_all_alike_are_explained_where_segments_are_chosen(page: Page, app: App, tmp_path: Path) -> None:
    (alike,) = (wrong for wrong in wrong_inputs.UNUSABLE if wrong.name == "all alike.csv")
    file = tmp_path / alike.name
    file.write_bytes(alike.content)
    visit(page, app)
    visiting.upload(page, file)
    expect(page.get_by_role("heading", name="What was understood")).to_be_visible(timeout=PATIENCE)
    for step in ("Choose k", "Explore", "Download"):
        go(page, step)
        expect(page.get_by_test_id("stAlertContentError")).to_contain_text("All 30 customers are alike")


def test_a_missing_column_can_be_pointed_at(page: Page, app: App, tmp_path: Path) -> None:
    file = tmp_path / "odd names.csv"
    file.write_bytes(wrong_inputs.orders().replace(b"customer_id", b"whatever", 1))
    visit(page, app)
    visiting.upload(page, file)
    expect(page.get_by_test_id("stAlertContentError")).to_contain_text("customer id", timeout=PATIENCE)
    settled(page)
    visiting.choose(page, "Customer", "whatever")
    expect(page.get_by_test_id("stMetric").filter(has_text="Customers")).to_contain_text("10", timeout=PATIENCE)
    expect(page.get_by_test_id("stAlertContentError")).to_have_count(0)


def test_the_main_path_by_keyboard_alone(page: Page, app: App, tmp_path: Path) -> None:
    visit(page, app)
    _tab_to(page, lambda: _focused(page) == visiting.SAMPLE)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="What was understood")).to_be_visible(timeout=PATIENCE)
    settled(page)
    for step in ("Features", "Choose k"):
        _tab_to(page, lambda step=step: _focused(page).endswith(f"Next: {step}"))
        page.keyboard.press("Enter")
        arrived(page, step)
    now = visiting.chosen(page)
    _tab_to(page, lambda: page.evaluate("document.activeElement.type") == "range")
    page.keyboard.press("ArrowRight")
    visiting.shows(page, now + 1)
    settled(page)
    _tab_to(page, lambda: _focused(page).endswith("6. Download"))
    page.keyboard.press("Enter")
    arrived(page, "Download")
    _tab_to(page, lambda: _focused(page) == "List 1 (CSV)")
    with page.expect_download(timeout=PATIENCE) as waited:
        page.keyboard.press("Enter")
    assert waited.value.suggested_filename.startswith("1-")


def _focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.innerText ?? ''")).strip()


def _tab_to(page: Page, there: Callable[[], bool], most: int = 80) -> None:
    for _ in range(most):
        page.keyboard.press("Tab")
        if there():
            return
    pytest.fail(f"{most} times Tab did not get there; the focus is on {_focused(page)!r}")


def test_axe_finds_nothing_serious_in_light_or_dark(page: Page, app: App) -> None:
    visit(page, app, "Explore")
    found = _serious(page, "Explore without data")
    go(page, "Upload")
    found += _serious(page, "Upload without data")
    page.get_by_role("button", name=visiting.SAMPLE).click()
    expect(page.get_by_role("heading", name="What was understood")).to_be_visible(timeout=PATIENCE)
    for step in STEPS:
        go(page, step)
        found += _serious(page, step)
    assert found == []


def _serious(page: Page, where: str) -> list[str]:
    """What axe finds in both themes."""
    page.mouse.move(0, 0)
    found = []
    for scheme in ("dark", "light"):
        visiting.lighten(page, scheme)
        found += [
            f"{where}, {scheme}: {fault['id']} ({fault['help']}) at {[node['target'] for node in fault['nodes'][:5]]}"
            for fault in Axe().run(page).response["violations"]
            if fault["impact"] in ("serious", "critical")
        ]
    return found
