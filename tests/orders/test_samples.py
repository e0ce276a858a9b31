"""Values shown as understood are those that the ledger goes by."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.engine import Engine
from core.orders.cleaning import CleaningOptions
from core.orders.columns import detect
from core.orders.customers import customer_table
from core.orders.samples import likely_reading, understood_samples
from core.orders.source import open_sources
from core.orders.source_table import LINE
from core.orders.values import Reading
from tests.orders.builders import order_lines

GERMAN = (
    "Kundennr.;Rechnungsnr.;Bestelldatum;Betrag\n"
    '00017;#3001;03.04.24;"1.234,50 €"\n'
    "17850.0;'0042;25.12.2024;-19,90 EUR\n"
    "Gast;3003;31.02.2024;(5,00)\n"
)


def shown(engine: Engine, folder: Path, text: str, **options: object) -> dict[str, list[tuple[str, object]]]:
    lines = order_lines(engine, folder, text, **options)
    found = understood_samples(engine, lines.source, lines.recognition.columns, lines.reading, most=20)
    return {role: [(each.written, each.value) for each in values] for role, values in found.items()}


def test_a_german_file_by_hand(engine: Engine, tmp_path: Path):
    found = shown(engine, tmp_path, GERMAN)
    assert found["customer_id"] == [("00017", "00017"), ("17850.0", "17850"), ("Gast", None)]
    assert found["order_id"] == [("#3001", "3001"), ("'0042", "0042"), ("3003", "3003")]
    assert found["order_date"] == [
        ("03.04.24", date(2024, 4, 3)),
        ("25.12.2024", date(2024, 12, 25)),
        ("31.02.2024", None),  # the calendar does not know it
    ]
    assert found["amount"] == [("1.234,50 €", 1234.5), ("-19,90 EUR", -19.9), ("(5,00)", -5.0)]


def test_a_column_of_nothing_but_blanks_has_no_values(engine: Engine, tmp_path: Path):
    text = "customer,date,amount,phone\nA,2024-04-03,1.5,\nB,2024-04-04,2.5,\n"
    lines = order_lines(engine, tmp_path, text)
    columns = dict(lines.recognition.columns) | {"phone": "phone"}
    found = understood_samples(engine, lines.source, columns, lines.reading)
    assert found["phone"] == ()
    assert [each.value for each in found["customer_id"]] == ["A", "B"]


def test_an_answer_changes_what_is_shown(engine: Engine, tmp_path: Path):
    text = "customer,date,amount\nA,03/04/2024,1.234\nB,04/03/2024,2.345\n"
    dates = {order: shown(engine, tmp_path, text, date_order=order)["order_date"][0][1] for order in ("dmy", "mdy")}
    assert dates == {"dmy": date(2024, 4, 3), "mdy": date(2024, 3, 4)}
    amounts = {mark: shown(engine, tmp_path, text, decimal=mark)["amount"][0][1] for mark in ("point", "comma")}
    assert amounts == {"point": 1.234, "comma": 1234.0}


CUSTOMERS = st.sampled_from(["17850.0", "00123", "#7", "Ann@Example.com ", "guest", "1.785E+4", "C\u00a01"])
DATES = st.sampled_from(["2024-03-04", "03/04/24", "25/12/2024 10:15", "4 March 2024", "31/02/2024", "soon", "45000"])
AMOUNTS = st.sampled_from(["1,234.50", "$5", "(12.00)", "7-", "1e3", "free", "1.234", "12,5", "9" * 20])


@given(rows=st.lists(st.tuples(CUSTOMERS, DATES, AMOUNTS), min_size=1, max_size=12))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_ledger_goes_by_the_same_values(engine: Engine, tmp_path: Path, rows: list[tuple[str, str, str]]):
    usual = ("zoe", "2024-05-06", "1.00")  # so that some row can be used
    text = "".join(f'"{who}","{day}","{amount}"\n' for who, day, amount in [usual, *rows])
    # Said, since a column of few days and much else is not taken for one by itself.
    said = {"customer_id": "customer", "order_date": "date", "amount": "amount"}
    lines = order_lines(engine, tmp_path, f"customer,date,amount\n{text}", columns=said)
    judged = lines.rows.order_by(LINE).to_pyarrow().to_pylist()
    columns = dict(lines.recognition.columns)
    found = understood_samples(engine, lines.source, columns, lines.reading, most=20)
    for role, place in (("customer_id", 0), ("order_date", 1), ("amount", 2)):
        ledger = {row[place].strip(): each[role] for row, each in zip([usual, *rows], judged, strict=True)}
        for sample in found[role]:
            assert sample.value == ledger[sample.written.strip()], (role, sample)


def test_a_customer_table_goes_by_its_headers(engine: Engine, tmp_path: Path):
    file = tmp_path / "customers.csv"
    rows = "".join(f'C{n};"{n},50";"{n % 7}.5"\n' for n in range(1, 31))
    file.write_text(f"customer id;total spent;score\n{rows}", encoding="utf-8")
    found = customer_table(engine, open_sources(engine, [file]))
    assert found is not None
    columns = found.recognition.columns
    shown = understood_samples(engine, found.source, columns, found.reading, by_header=True)
    assert [each.value for each in shown["amount"]] == [1.5, 2.5, 3.5]


def test_unlike_values_come_first_and_blanks_never(engine: Engine, tmp_path: Path):
    text = "customer,date,amount\nA,2024-01-01,1.00\nB,2024-01-02,n/a\nC,2024-01-03,2.00\nD,2024-01-04,1e2\n"
    lines = order_lines(engine, tmp_path, text)
    found = understood_samples(engine, lines.source, lines.recognition.columns, lines.reading, most=2)
    assert [each.written for each in found["amount"]] == ["1.00", "1e2"]


def test_where_no_row_can_be_used_the_likely_reading_still_shows_why(engine: Engine, tmp_path: Path):
    file = tmp_path / "orders.csv"
    file.write_text("customer,date,amount,note\nA,13.04.2024,1,thanks\nB,14.04.2024,2,soon\n", encoding="utf-8")
    source = open_sources(engine, [file])
    recognition = detect(source, {"amount": "note"})
    reading = likely_reading(source, recognition, CleaningOptions())
    assert isinstance(reading, Reading)
    found = understood_samples(engine, source, recognition.columns, reading)
    assert [each.value for each in found["amount"]] == [None, None]
    assert found["order_date"][0].value == date(2024, 4, 13)
    assert likely_reading(source, detect(source, {"amount": ""}), CleaningOptions()) is None
