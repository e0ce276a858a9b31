"""What is decided for a file from all of its values, and what is asked. Each file here is read by hand."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from core.engine import Engine
from core.orders.cleaning import OrderLines
from core.orders.columns import recognise
from core.orders.reading import decide
from core.orders.source import open_sources
from core.orders.values import Reading
from tests.orders.builders import fates, order_lines
from tests.orders.reading_columns import TODAY, weigh


def decided(engine: Engine, folder: Path, text: str, **given: str) -> Reading:
    path = folder / "orders.csv"
    path.write_text(text, encoding="utf-8")
    source = open_sources(engine, [path])
    return decide(source, recognise(source), today=TODAY, **given)


def dated(days: Sequence[str], *, amount: str = "1.50", header: str = "customer,date,amount", mark: str = ",") -> str:
    rows = [f"C{number}{mark}{day}{mark}{amount}" for number, day in enumerate(days)]
    return "\n".join([header.replace(",", mark), *rows]) + "\n"


TWO = "customer;date;amount;quantity"


def priced(amounts: Sequence[str], header: str = "customer;date;amount") -> str:
    return "\n".join([header, *(f"C{place};2024-01-31;{amount}" for place, amount in enumerate(amounts))]) + "\n"


EITHER = ["01/02/2024", "03/05/2024"]


@pytest.mark.parametrize(
    ("text", "order", "because"),
    [
        (dated(EITHER), "mdy", "nothing in the file speaks for the day first"),
        (dated(EITHER, amount="$1.50"), "mdy", "its money is USD"),
        (dated(EITHER, amount="€1.50"), "dmy", "its money is EUR"),
        (dated(EITHER, header="customer,date,Order total (GBP)"), "dmy", "its money is GBP"),
        (dated(EITHER, header="Kundennr,Bestelldatum,Betrag"), "dmy", "the file's headers are in a language"),
        (dated(EITHER, amount="1,50", mark=";"), "dmy", "the file's numbers have decimal commas"),
        (dated(EITHER, mark=";"), "dmy", "the file is separated by semicolons"),
    ],
)
def test_where_no_date_decides_the_likelier_order_is_taken_and_named(
    engine: Engine, tmp_path: Path, text: str, order: str, because: str
):
    reading = decided(engine, tmp_path, text)
    assert reading.date_order == order
    (doubt,) = reading.ambiguities
    assert (doubt.kind, doubt.example, doubt.taken.option) == ("date-order", "01/02/2024", order)
    assert {doubt.taken.words, doubt.other.words} == {"2 Jan 2024 (month first)", "1 Feb 2024 (day first)"}
    assert doubt.because.startswith(because)
    assert doubt.example in str(doubt)


@pytest.mark.parametrize(
    ("text", "order"),
    [
        (dated([*EITHER, "31/01/2024"]), "dmy"),
        (dated([*EITHER, "01/31/2024"]), "mdy"),
        (dated(["01.02.2024", "03.05.2024"]), "dmy"),
        (dated(["03/03/2024", "04/04/2024"]), "mdy"),
        (dated(["2024-01-02", "4 Mar 2024"]), None),
        (dated(["05/12/2026", "01/02/2026"]), "mdy"),  # 5 Dec 2026 is still to come
        (dated(["24-02-27", "24-03-31", "24-11-02"]), "ymd"),
        (dated(["45366", "45367.5"]), None),
    ],
)
def test_what_is_not_in_doubt_is_not_asked(engine: Engine, tmp_path: Path, text: str, order: str | None):
    reading = decided(engine, tmp_path, text)
    assert (reading.date_order, reading.ambiguities) == (order, ())


def test_what_somebody_said_stands_and_is_not_asked_again(engine: Engine, tmp_path: Path):
    reading = decided(engine, tmp_path, dated(EITHER), date_order="dmy")
    assert (reading.date_order, reading.ambiguities) == ("dmy", ())
    assert decided(engine, tmp_path, dated([*EITHER, "01/31/2024"]), date_order="dmy").date_order == "dmy"


def short_days() -> list[date]:
    """Days of a year of which each can be read both ways, in their order."""
    return [date(2024, month, day) for month in (1, 2, 3, 5) for day in (2, 4, 6, 9)]


@pytest.mark.parametrize("form", ["%d/%m/%Y", "%m/%d/%Y"])
@pytest.mark.parametrize("newest_first", [False, True])
def test_rows_that_run_through_time_tell_the_order(engine: Engine, tmp_path: Path, form: str, newest_first: bool):
    days = sorted(short_days(), reverse=newest_first)
    reading = decided(engine, tmp_path, dated([f"{day:{form}}" for day in days]))
    assert (reading.date_order, reading.ambiguities) == ("dmy" if form.startswith("%d") else "mdy", ())


@pytest.mark.parametrize("form", ["%d/%m/%Y", "%m/%d/%Y"])
def test_order_numbers_that_rise_with_time_tell_the_order(engine: Engine, tmp_path: Path, form: str):
    rows = [f"C{number},#{1000 + number},{day:{form}},1.50" for number, day in enumerate(short_days())]
    random.Random(7).shuffle(rows)
    text = "customer,order id,date,amount\n" + "\n".join(rows) + "\n"
    reading = decided(engine, tmp_path, text)
    assert (reading.date_order, reading.ambiguities) == ("dmy" if form.startswith("%d") else "mdy", ())


def test_rows_and_numbers_in_no_order_leave_the_question_open(engine: Engine, tmp_path: Path):
    days = [f"{day:%d/%m/%Y}" for day in short_days()]
    random.Random(7).shuffle(days)
    assert [doubt.kind for doubt in decided(engine, tmp_path, dated(days)).ambiguities] == ["date-order"]


@pytest.mark.parametrize(
    ("text", "marks", "asked"),
    [
        (priced(["1,50", "1.234"]), {"amount": "comma"}, []),
        (priced(["1.50", "1,234"]), {"amount": "point"}, []),
        (priced(["1,234", "2,345"]), {"amount": "comma"}, ["decimal"]),
        (priced(["1.234", "2.345"]).replace(";", "\t"), {"amount": "point"}, ["decimal"]),
        (priced(["1.234", "2345"]), {"amount": "point"}, []),
        (priced(["12", "7"]), {"amount": "comma"}, []),
        # A column that says nothing follows the rest of the file; one that says something follows itself.
        (priced(["1,50;1.234", "2,50;2.345"], TWO), {"amount": "comma", "quantity": "comma"}, []),
        (priced(["1.234;1,5", "2.345;2,5"], TWO), {"amount": "comma", "quantity": "comma"}, []),
        (priced(["1,50;1.5", "2,50;2.5"], TWO), {"amount": "comma", "quantity": "point"}, []),
    ],
)  # fmt: skip
def test_each_column_has_its_own_decimal_mark(
    engine: Engine, tmp_path: Path, text: str, marks: dict[str, str], asked: list[str]
):
    reading = decided(engine, tmp_path, text)
    assert {role: reading.decimal_of(role) for role in marks} == marks
    assert [doubt.kind for doubt in reading.ambiguities] == asked


def test_a_doubtful_number_is_shown_both_ways(engine: Engine, tmp_path: Path):
    (doubt,) = decided(engine, tmp_path, priced(["1.234", "2.345", "7"]).replace(";", "\t")).ambiguities
    assert (doubt.column, doubt.example) == ("amount", "1.234")
    assert (doubt.taken.option, doubt.taken.words) == ("point", "about 1.23 (decimal point)")
    assert (doubt.other.option, doubt.other.words) == ("comma", "1234 (decimal comma)")


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        (priced(["$5", "$6", "€7"]), "USD"),
        (priced(["5 €", "6"]), "EUR"),
        (priced(["5", "6"], "customer;date;Order total (CHF)"), "CHF"),
        (priced(["kr 5", "kr 6"]), None),
        (priced(["5", "6"]), None),
    ],
)
def test_currency(engine: Engine, tmp_path: Path, text: str, currency: str | None):
    assert decided(engine, tmp_path, text).currency == currency


def clean_file(engine: Engine, folder: Path, rows: Sequence[str]) -> OrderLines:
    return order_lines(engine, folder, "customer;date;amount\n" + "\n".join(rows) + "\n")


def test_a_file_of_many_forms_from_drop_to_lines(engine: Engine, tmp_path: Path):
    """Three days in three forms and a serial too many; 1234.50 + 12.00 - 2.50 is 1244.00."""
    lines = clean_file(
        engine,
        tmp_path,
        ["'007;2024-03-04;1.234,50 €", "007;5. März 2024;12,00", "7;06.03.2024 10:15 Uhr;(2,50)", "8;45366;9,00",
         "8;Mär 2024;9,00", "8;2024-03-07;1.2.3,4"],
    )  # fmt: skip
    assert fates(lines) == {"used": 2, "bad-date": 2, "bad-amount": 1, "no-purchase": 1}
    assert (lines.first_order, lines.last_order) == (date(2024, 3, 4), date(2024, 3, 5))
    assert lines.revenue == Decimal("1246.50")
    assert lines.ledger.used.customers == 1


@pytest.mark.parametrize(
    "written", ["45355,5", "45355", "1709546400", "1709546400000", "20240304101500", "Mar 4, 2024 1:05:07 AM PDT"]
)
def test_columns_of_one_form(engine: Engine, tmp_path: Path, written: str):
    lines = clean_file(engine, tmp_path, [f"{number};{written};5" for number in range(3)])
    assert (lines.first_order, lines.reading.ambiguities) == (date(2024, 3, 4), ())


def test_a_column_of_both_marks_loses_nothing(engine: Engine, tmp_path: Path):
    lines = clean_file(engine, tmp_path, ["1;2024-03-04;12.50", "2;2024-03-04;12,50", "3;2024-03-04;1.000,25"])
    assert (fates(lines), lines.revenue) == ({"used": 3}, Decimal("1025.25"))


def test_a_slip_is_set_aside_and_not_read_as_another_number(engine: Engine, tmp_path: Path):
    rows = [f"{number};2024-03-04;1.50" for number in range(1, 41)]  # customer 0 would be a guest
    lines = clean_file(engine, tmp_path, [*rows, "41;2024-03-04;1,5"])
    assert (fates(lines), lines.revenue) == ({"used": 40, "bad-amount": 1}, Decimal("60.00"))


def test_ids_that_a_spreadsheet_shortened_are_named(engine: Engine, tmp_path: Path):
    lines = clean_file(engine, tmp_path, ["1.23457E+11;2024-03-04;5", "1.23458E+11;2024-03-05;5"])
    assert any("1.23457E+11" in warning and "customer" in warning for warning in lines.warnings)
    assert lines.ledger.used.customers == 2
    whole = clean_file(engine, tmp_path, ["123457000001;2024-03-04;5", "17850.0;2024-03-05;5"])
    assert not any("spreadsheet" in warning for warning in whole.warnings)


def test_typed_numbers_that_count_days(engine: Engine, tmp_path: Path):
    path = tmp_path / "orders.parquet"
    serials = [45355 + number for number in range(3)]
    pd.DataFrame({"customer": ["A", "B", "C"], "date": serials, "amount": [1.5, 2.5, 3.5]}).to_parquet(path)
    source = open_sources(engine, [path])
    reading = decide(source, recognise(source), today=TODAY)
    assert (reading.day_count, reading.date_order, reading.ambiguities) == ("excel-serial", None, ())


def test_a_day_is_never_moved_to_another_zone(engine: Engine, tmp_path: Path):
    late = ["2024-03-04T23:59:59-11:00", "2024-03-04T00:00:01+14:00", "2024-03-04 23:59:59 -0500"]
    lines = clean_file(engine, tmp_path, [f"{number};{day};5" for number, day in enumerate(late)])
    assert lines.first_order == lines.last_order == date(2024, 3, 4)


@pytest.mark.parametrize(("today", "order"), [(date(2026, 12, 4), None), (date(2026, 12, 3), "mdy")])
def test_tomorrow_is_not_yet_the_future(engine: Engine, today: date, order: str | None):
    """05/12/2026 with the day first: in the Pacific it is tomorrow already; the day after is nowhere."""
    found, _ = weigh(engine, ["05/12/2026", "01/02/2026"], "dates", today)
    assert found.decided == order
