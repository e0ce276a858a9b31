"""A file with one row a customer by the command line: what is said of it, and every file that comes of it."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests.commands import Ran, rows_of, run

CUSTOMERS = 200


def shop() -> str:
    """Like a Shopify export of customers: 60 spend much in many orders, the others little in few."""
    header = (
        "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address City,Default Address Zip,"
        "Total Spent,Total Orders,Note,Tags"
    )
    rows = []
    for number in range(CUSTOMERS):
        spent, orders = (500 + number, 12 + number % 5) if number < 60 else (20 + number % 30, 1 + number % 3)
        rows.append(
            f"{7_000_000_000_000 + number},Ann {number},O'Hara,ann{number}@example.com,{('no', 'yes')[number % 2]},"
            f"York,0{1000 + number},{spent}.50,{orders},,vip"
        )
    return "\n".join([header, *rows]) + "\n"


# By hand: 60 x 500 + (0 + ... + 59) + 60 x 0.50 = 31,800; 140 x 20 + the sum of (60..199 mod 30) + 140 x 0.50, the sum
# being four full rounds of 435 and 0 + ... + 19 = 190, = 2,800 + 1,930 + 70 = 4,800.
SPENT = (31_800.0, 4_800.0)


def survey() -> str:
    """No money and no contacts: two kinds of people by age and score, and one who did not say her age."""
    rows = [
        f"{number},{'' if number == 7 else 20 + number % 5 if number % 2 else 60 + number % 5},"
        f"{40 + number % 7},{80 + number % 3 if number % 2 else 10 + number % 3}"
        for number in range(1, 101)
    ]
    return "\n".join(["id,age,income k$,spending score", *rows]) + "\n"


GERMAN = "Kundennummer;Ort;Umsatz;Bestellungen;Zufriedenheit\n" + "".join(
    f"{number:05};Köln;{1 + number % 3}.{number:03},50 €;{1 + number % 4};{number % 10},5\n" for number in range(90)
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("customers")
    (folder / "shop.csv").write_text(shop(), encoding="utf-8")
    (folder / "survey.csv").write_text(survey(), encoding="utf-8")
    (folder / "kunden.csv").write_text(GERMAN, encoding="cp1252")
    return folder


@pytest.fixture(scope="module")
def of_shop(folder: Path) -> Ran:
    return run("segment", folder / "shop.csv", "--out", folder / "shop", "--k", 2, "--k-max", 4, "--json", charts=True)


@pytest.fixture(scope="module")
def of_survey(folder: Path) -> Ran:
    out = folder / "survey"
    return run("segment", folder / "survey.csv", "--out", out, "--k", 2, "--k-max", 4, "--json", charts=True)


def test_inspect_says_what_was_understood(folder: Path):
    ran = run("inspect", folder / "shop.csv", "--json")
    assert ran.code == 0
    assert ran.told == {
        "shape": "customers",
        "files": ["shop.csv"],
        "encoding": "utf-8",
        "delimiter": ",",
        "decimal": "point",
        "date_order": None,
        "platform": None,
        "currency": None,
        "columns": {
            "customer_id": "Customer ID",
            "amount": "Total Spent",
            "email": "Email",
            "first_name": "First Name",
            "last_name": "Last Name",
            "city": "Default Address City",
            "zip": "Default Address Zip",
            "consent": "Accepts Email Marketing",
        },
        "rows_read": 200,
        "rows_used": 200,
        "set_aside": {},
        "customers": 200,
        "orders": None,
        "revenue": sum(SPENT),
        "first_order": None,
        "last_order": None,
        "ambiguities": [],
        "warnings": [],
    }
    assert "orders" not in ran.err.split("\n")[0]
    assert "None" not in ran.err


def test_inspect_without_money(folder: Path):
    ran = run("inspect", folder / "survey.csv", "--json")
    assert (ran.told["shape"], ran.told["revenue"], ran.told["customers"]) == ("customers", None, 100)
    assert ran.err.startswith("100 rows read, 100 used: 100 customers.\n")
    assert "None" not in ran.err


def test_a_german_file(folder: Path):
    """By hand: 30 each of 1,000, 2,000 and 3,000, and 0 + ... + 89 = 4,005, and 90 x 0.50."""
    told = run("inspect", folder / "kunden.csv", "--json").told
    assert (told["encoding"], told["delimiter"], told["decimal"], told["currency"]) == ("cp1252", ";", "comma", "EUR")
    assert told["revenue"] == 180_000 + 4_005 + 45
    assert told["columns"] == {"customer_id": "Kundennummer", "amount": "Umsatz", "city": "Ort"}
    ran = run("segment", folder / "kunden.csv", "--out", folder / "kunden", "--k", 2, "--k-max", 3, "--json")
    assert ran.told["features"] == ["Umsatz", "Bestellungen", "Zufriedenheit"]
    first = next(row for row in rows_of(folder / "kunden" / "segments.csv") if row["customer_id"] == "00000")
    assert (first["Umsatz"], first["Bestellungen"], first["Zufriedenheit"]) == ("1000.5", "1", "0.5")
    assert (first["total_revenue"], first["order_count"], first["city"]) == ("1000.5", "1", "Köln")


def test_every_column_of_numbers_is_a_feature(of_shop: Ran, of_survey: Ran):
    assert of_shop.code == of_survey.code == 0
    assert of_shop.told["features"] == ["Total Spent", "Total Orders"]
    assert of_survey.told["features"] == ["age", "income k$", "spending score"]
    assert of_survey.told["warnings"] == ["age is unknown for 1 customer, who was grouped as if it were the median."]


def test_segments_with_money(of_shop: Ran):
    big, small = of_shop.told["segments"]
    assert (big["customers"], small["customers"]) == (60, 140)
    assert (big["revenue"], small["revenue"]) == SPENT
    assert big["share_of_revenue"] == pytest.approx(SPENT[0] / sum(SPENT))


def test_segments_without_money_are_numbered_by_size_and_named_by_what_is_striking(of_survey: Ran):
    segments = of_survey.told["segments"]
    assert [one["revenue"] for one in segments] == [None, None]
    assert [one["share_of_revenue"] for one in segments] == [None, None]
    assert {one["customers"] for one in segments} == {50}
    assert {"age" in one["name"] or "spending score" in one["name"] for one in segments} == {True}


def test_segments_csv(folder: Path, of_shop: Ran, of_survey: Ran):
    rows = rows_of(folder / "shop" / "segments.csv")
    assert list(rows[0]) == [
        *("customer_id", "segment", "segment_name", "runner_up", "margin", "Total Spent", "Total Orders"),
        *("total_revenue", "order_count", "email", "first_name", "last_name", "city", "zip", "consent"),
    ]
    assert len(rows) == CUSTOMERS
    by_id = {row["customer_id"]: row for row in rows}
    tenth = by_id["7000000000010"]
    assert (tenth["Total Spent"], tenth["total_revenue"], tenth["order_count"]) == ("510.5", "510.5", "12")
    assert (tenth["email"], tenth["zip"], tenth["consent"]) == ("ann10@example.com", "01010", "no")
    assert {row["segment"] for row in rows[:60]} == {"1"}
    assert {row["segment"] for row in rows[60:]} == {"2"}
    unsaid = next(row for row in rows_of(folder / "survey" / "segments.csv") if row["customer_id"] == "7")
    assert unsaid["age"] == ""


def test_lists_summary_sweep_and_set_aside(folder: Path, of_shop: Ran, of_survey: Ran):
    for name in ("shop", "survey"):
        out = folder / name
        whole = rows_of(out / "segments.csv")
        listed = [row for path in sorted((out / "lists").iterdir()) for row in rows_of(path)]
        assert sorted(map(str, listed)) == sorted(map(str, whole))
        assert [row["k"] for row in rows_of(out / "sweep.csv")] == ["1", "2", "3", "4"]
        with (out / "set_aside.csv").open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
        assert header[:4] == ["file", "line_number", "reason", "why"]
        assert rows == []
    first, second = rows_of(folder / "shop" / "summary.csv")
    assert float(first["avg_total_revenue"]) == pytest.approx(SPENT[0] / 60)
    assert float(second["sum_total_revenue"]) == pytest.approx(SPENT[1])
    assert (first["avg_recency"], first["avg_total_quantity"], first["customer_count"]) == ("", "", "60")
    for row in rows_of(folder / "survey" / "summary.csv"):
        assert {value for name, value in row.items() if name.startswith(("avg", "sum"))} == {""}


def test_the_recipe_and_the_report_tell_of_no_orders(folder: Path, of_shop: Ran, of_survey: Ran):
    from core.exports.recipe import Recipe

    for name, features in (
        ("shop", ("Total Spent", "Total Orders")),
        ("survey", ("age", "income k$", "spending score")),
    ):
        recipe = Recipe.from_json((folder / name / "recipe.json").read_bytes())
        assert (recipe.features, recipe.k) == (features, 2)
        report = (folder / name / "report.html").read_text(encoding="utf-8")
        for word in ("None", "nan", "<dt>Orders</dt>", "orders from", "Returns lower", "Days since the last order"):
            assert word not in report, (name, word)
        for header in features:
            assert header in report
    with_money, without = ((folder / name / "report.html").read_text(encoding="utf-8") for name in ("shop", "survey"))
    assert "<dt>Revenue</dt>" in with_money
    assert ">Money</th>" in with_money
    assert "Total revenue" not in with_money, "the same measure under a second name"
    assert "<dt>Revenue</dt>" not in without
    assert ">Money</th>" not in without


def test_features_by_header(folder: Path):
    def told(*arguments: object) -> dict[str, Any]:
        out = folder / "chosen"
        ran = run("segment", *arguments, "--out", out, "--k", 2, "--k-max", 2, "--json")
        return ran.told

    assert told(folder / "survey.csv", "--features", "age,spending score")["features"] == ["age", "spending score"]
    assert told(folder / "survey.csv", "--features", "Spending_Score")["features"] == ["spending score"]
    assert told(folder / "shop.csv", "--features", "total_revenue")["features"] == ["total_revenue"]
    error = told(folder / "survey.csv", "--features", "age,shoe size")["error"]
    assert error["code"] == "unknown-feature"
    assert "shoe size" in error["message"]
    assert "age, income k$, spending score" in error["hint"]


def test_presets_that_need_orders_say_so_and_others_work(folder: Path):
    def ran(file: str, preset: str) -> Ran:
        arguments = ("--preset", preset, "--out", folder / "preset", "--k", 2, "--k-max", 2, "--json")
        return run("segment", folder / file, *arguments)

    for preset in ("article", "rfm"):
        for file in ("survey.csv", "shop.csv"):
            refused = ran(file, preset)
            assert (refused.code, refused.told["error"]["code"]) == (3, "no-orders")
            assert "file of orders" in refused.told["error"]["hint"]
    assert ran("survey.csv", "full").told["features"] == ["age", "income k$", "spending score"]
    rows = "".join(f"C{n},{n % 90},{1 + n % 9},{(n * 7 % 50) + 1}.00\n" for n in range(100))
    (folder / "rfm.csv").write_text(f"customer_id,recency_days,number_of_orders,revenue\n{rows}")
    assert ran("rfm.csv", "rfm").told["features"] == ["recency_days", "number_of_orders", "revenue"]


def test_recency_and_orders_that_the_file_tells_make_names_and_the_summary(folder: Path):
    rows = "".join(f"C{n},{n % 2 * 300 + n % 7},{10 - n % 2 * 8},{(2 - n % 2) * 100 + n % 9}.00\n" for n in range(80))
    (folder / "known.csv").write_text(f"customer_id,Days since last order,Total Orders,Total Spent\n{rows}")
    ran = run("segment", folder / "known.csv", "--out", folder / "known", "--k", 2, "--k-max", 2, "--json", charts=True)
    # Half of the customers stand at 0.75 in value, recency and frequency, half at 0.25. In the playbook "Loyal
    # customers" (0.67, 0.64, 0.74) and "Lapsing low spenders" (0.18, 0.15, 0.20) lie nearest.
    assert [one["name"] for one in ran.told["segments"]] == ["Loyal customers", "Lapsing low spenders"]
    first, second = rows_of(folder / "known" / "summary.csv")
    # Even numbers below 80: the remainders by 7 are 0, 2, 4, 6, 1, 3, 5 five times over, then 0, 2, 4, 6, 1.
    assert float(first["avg_recency"]) == pytest.approx((5 * 21 + 13) / 40)
    assert float(second["avg_recency"]) > 300


def test_options_without_effect_are_named(folder: Path):
    told = run("inspect", folder / "survey.csv", "--returns", "ignore", "--as-of", "2024-01-01", "--json").told
    assert [text.split(" ")[0] for text in told["warnings"]] == ["--returns", "--as-of"]
    assert told["customers"] == 100


def test_rows_set_aside_are_in_set_aside_csv(folder: Path):
    (folder / "twice.csv").write_text(survey() + "5,33,44,55\n,1,2,3\n")
    ran = run("segment", folder / "twice.csv", "--out", folder / "twice", "--k", 2, "--k-max", 2, "--json")
    assert ran.told["set_aside"] == {"no-customer": 1, "repeated-customer": 1}
    assert ran.told["rows_read"] == ran.told["rows_used"] + 2 == 102
    aside = rows_of(folder / "twice" / "set_aside.csv")
    assert [(row["line_number"], row["reason"], row["id"], row["age"]) for row in aside] == [
        ("102", "repeated-customer", "5", "33"),
        ("103", "no-customer", "", "1"),
    ]


def test_the_order_of_rows_changes_nothing(folder: Path, of_shop: Ran):
    header, *rows = shop().splitlines()
    (folder / "back").mkdir()
    (folder / "back" / "shop.csv").write_text("\n".join([header, *reversed(rows)]) + "\n")
    out = folder / "back" / "out"
    run("segment", folder / "back" / "shop.csv", "--out", out, "--k", 2, "--k-max", 4, "--json")
    assert (out / "segments.csv").read_bytes() == (folder / "shop" / "segments.csv").read_bytes()
    assert json.loads((out / "recipe.json").read_text()) == json.loads((folder / "shop" / "recipe.json").read_text())
