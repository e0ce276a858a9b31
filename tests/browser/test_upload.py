"""Files as they come, in a real browser: from the drop zone to the segments, and corrected where a guess was wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests import wrong_inputs
from tests.browser import visiting
from tests.browser.driving import PROJECT, App
from tests.browser.visiting import PATIENCE, arrived, go_on, selectbox, settled, visit
from tests.orders.workbooks import book

SHOPIFY = PROJECT.parent / "shared" / "data" / "shopify_orders.csv"
SURNAMES = ("Müller", "Jäger", "Groß", "Böhm", "Weiß", "Krüger")


def drop(page: Page, app: App, file: Path) -> None:
    visit(page, app)
    visiting.upload(page, file)
    expect(page.get_by_role("heading", name="What was understood")).to_be_visible(timeout=PATIENCE)
    settled(page)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def says(page: Page, *texts: str) -> None:
    for text in texts:
        expect(page.get_by_test_id("stMain")).to_contain_text(text, timeout=PATIENCE)


def figure(page: Page, label: str, value: str) -> None:
    expect(page.get_by_test_id("stMetric").filter(has_text=label)).to_contain_text(value, timeout=PATIENCE)


def explore_without_a_correction(page: Page) -> None:
    for step in ("Features", "Choose k", "Explore"):
        go_on(page, step)
        expect(page.get_by_test_id("stAlertContentError")).to_have_count(0)
    expect(page.get_by_role("heading", name="The segments", exact=True)).to_be_visible()


def test_a_shopify_export_from_drop_to_explore(page: Page, app: App) -> None:
    if not SHOPIFY.exists():
        pytest.skip(f"{SHOPIFY} is not here")
    drop(page, app, SHOPIFY)
    says(page, "Shopify orders export, comma, UTF-8, dates as year-month-day, decimal point, US dollars")
    says(page, "The amount is the whole order's", "2025-01-15 17:41:00 -0500 → 15 Jan 2025", "#1001 → 1001")
    # 57 emails, as the file's description has it.
    figure(page, "Customers", "57")
    expect(page.get_by_role("radiogroup")).to_have_count(1)  # returned goods, and nothing that is in doubt
    explore_without_a_correction(page)


@pytest.fixture
def german(tmp_path: Path) -> Path:
    """48 orders of 12 customers at 1.000,50 to 1.047,50 euros, two a day from 1 to 24 March 2024."""
    rows = [
        f"{2000 + n % 12};R-{n:03};{1 + n // 2:02}.03.2024;{1 + n % 3};1.{n:03},50 €;{SURNAMES[n % 6]}"
        for n in range(48)
    ]
    file = tmp_path / "Bestellungen März.csv"
    file.write_bytes(
        "\r\n".join(["Kundennr.;Bestellnr.;Bestelldatum;Menge;Betrag;Nachname", *rows, ""]).encode("cp1252")
    )
    return file


def test_a_german_file_from_drop_to_explore(page: Page, app: App, german: Path) -> None:
    drop(page, app, german)
    says(page, "A table of orders, semicolon, Windows-1252, dates as day/month/year, decimal comma, euros")
    says(page, "01.03.2024 → 1 Mar 2024", "1.000,50 € → 1,000.50", "Müller", "Every row is used.")
    figure(page, "Customers", "12")
    figure(page, "Orders", "48")
    # 48 * 1,000.50 and the sum of 0 to 47: 48,024 + 1,128.
    figure(page, "Revenue", "49.2k EUR")
    figure(page, "Last order", "24 Mar 2024")
    expect(page.get_by_role("radiogroup")).to_have_count(1)
    explore_without_a_correction(page)


def test_a_workbook_from_drop_to_explore(page: Page, app: App, tmp_path: Path) -> None:
    header, *rows = [line.split(",") for line in wrong_inputs.orders().decode().split()]
    sheets = {"Cover": [["Made by", "Ann"]], "Sales": [["Orders of our shop"], [], header, *rows]}
    drop(page, app, book(tmp_path / "shop.xlsx", sheets))
    says(page, "Excel, sheet Sales", "shop.xlsx, 30 rows", "Cover")
    figure(page, "Customers", "10")
    explore_without_a_correction(page)


def test_a_wrong_guess_is_corrected_on_the_page(page: Page, app: App, tmp_path: Path) -> None:
    # 40 orders of 10 customers: nothing shows which number is the day, and the amount has a rival.
    rows = "".join(
        f"C{n % 10},{n},{1 + n * 5 % 12:02}/{2 + n * 7 % 11:02}/2024,{n % 5 + 1}.00,{n % 5 + 2}.00,thanks\n"
        for n in range(40)
    )
    file = tmp_path / "orders.csv"
    file.write_text(f"customer,order,date,amount,paid in all,note\n{rows}", encoding="utf-8")
    drop(page, app, file)
    # 8 times 1 + 2 + 3 + 4 + 5.
    figure(page, "Revenue", "120")
    asked = page.get_by_role("radiogroup").filter(has_text="month first")
    expect(asked).to_have_count(1)
    figure(page, "First order", "2 Jan 2024")
    asked.get_by_text("day first").click()
    figure(page, "First order", "1 Feb 2024")  # of the day's numbers the least is 02, beside 01 as the other
    settled(page)

    visiting.choose(page, "Amount paid", "note")
    expect(page.get_by_test_id("stAlertContentError")).to_contain_text("the amount is not a number", timeout=PATIENCE)
    says(page, "thanks → no number")
    visiting.choose(page, "Amount paid", "paid in all")
    expect(page.get_by_test_id("stAlertContentError")).to_have_count(0, timeout=PATIENCE)
    settled(page)
    # 8 times 2 + 3 + 4 + 5 + 6.
    figure(page, "Revenue", "160")

    # The next file with these columns is read likewise.
    visiting.upload(page, file)
    says(page, "Read as you chose for a file with the same columns.")
    settled(page)
    figure(page, "Revenue", "160")
    expect(selectbox(page, "Amount paid")).to_have_value("paid in all")
    page.get_by_role("button", name="Start fresh").click()
    settled(page)
    figure(page, "Revenue", "120")


def test_rows_set_aside_are_searched_and_taken_along(page: Page, app: App, tmp_path: Path) -> None:
    content = wrong_inputs.orders(
        customer_id=lambda row: "" if row < 3 else f"C{row % 10}",
        order_id=lambda row: "=1+1" if row == 1 else f"O{row}",
    )
    file = tmp_path / "orders.csv"
    file.write_bytes(content)
    drop(page, app, file)
    page.get_by_text("The 3 rows set aside, with line number and reason").click()
    says(page, "3 rows, all shown.")
    page.get_by_role("textbox", name="Search").fill("=1+1")
    page.keyboard.press("Enter")
    says(page, "1 row, all shown.")
    taken = visiting.rows(visiting.download(page, "Download all rows set aside (CSV)", tmp_path))
    assert [(row["line_number"], row["reason"], row["order_id"]) for row in taken] == [
        ("2", "no-customer", "O0"),
        ("3", "no-customer", "'=1+1"),  # no formula for a spreadsheet
        ("4", "no-customer", "O2"),
    ]
    arrived(page, "Upload")
