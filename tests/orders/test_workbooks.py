"""Workbooks -> the table of orders in them: found by itself, nothing lost, nothing read as another value."""

from __future__ import annotations

import resource
import time
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import openpyxl
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.engine import Engine
from core.errors import EmptyFileError, NotATableError, UnreadableFileError
from core.orders.cleaning import CleaningOptions, clean
from core.orders.source import open_sources
from core.orders.source_table import FILE, LINE, SourceTable
from tests.commands import run
from tests.orders.workbooks import book, encrypted_book, old_book, rewritten, worksheet_xml

HEADER = ["Customer ID", "Order date", "Amount"]
ORDERS = [
    ["C1", date(2024, 1, 31), 12.5],
    ["C2", date(2024, 2, 1), 7.25],
    ["C1", date(2024, 2, 29), 100.0],
]


def opened(engine: Engine, path: Path) -> SourceTable:
    return open_sources(engine, [path])


def rows(source: SourceTable) -> list[tuple[object, ...]]:
    """(line, cells...) of every row, in the order of the files."""
    table = source.numbered().order_by([FILE, LINE]).to_pyarrow()
    columns = [LINE, *(source.column(header) for header in source.headers)]
    return list(zip(*(table.column(name).to_pylist() for name in columns), strict=True))


def column(source: SourceTable, header: str) -> list[object]:
    place = source.headers.index(header) + 1
    return [row[place] for row in rows(source)]


def test_a_plain_sheet(engine: Engine, tmp_path: Path):
    source = opened(engine, book(tmp_path / "a.xlsx", {"Orders": [HEADER, *ORDERS]}))
    assert source.headers == tuple(HEADER)
    assert rows(source) == [(number, *row) for number, row in enumerate(ORDERS, 2)]
    assert (source.files[0].name, source.files[0].sheet, source.files[0].dialect) == ("a.xlsx", "Orders", None)
    assert source.left_out == ()


def test_cover_sheet_titles_and_total_are_passed_over_and_said(engine: Engine, tmp_path: Path):
    sheets = {
        "Cover": [["Orders of our shop"], [], ["Made by", "Ann"], ["On", date(2024, 3, 1)]],
        "Prices": [["Product", "Price"], *([f"P{number}", 1.5] for number in range(50))],
        "Data": [
            ["Orders, first quarter"],
            ["Exported", "2024-03-01"],
            [],
            HEADER,
            *ORDERS,
            [],
            ["Total", None, 119.75],
            ["All figures without warranty."],
        ],
    }
    source = opened(engine, book(tmp_path / "a.xlsx", sheets))
    assert rows(source) == [(number, *row) for number, row in enumerate(ORDERS, 5)]
    assert source.left_out == (
        "a.xlsx: sheet Data: rows 1 to 2: titles or notes",
        "a.xlsx: sheet Data: rows 9 to 10 below the table: totals or notes",
        "a.xlsx: the other sheets: Cover, Prices",
    )


@pytest.mark.parametrize(
    "foot",
    [
        ["Total", None, 119.75],
        [None, "TOTAL:", 119.75],
        ["Gesamtsumme", None, 119.75],
        ["Grand total", None, 119.75],
        [None, None, 119.75],
        ["Prices include VAT."],
    ],
)
def test_rows_at_the_foot_that_are_none_of_the_table(engine: Engine, tmp_path: Path, foot: list[object]):
    source = opened(engine, book(tmp_path / "a.xlsx", {"S": [HEADER, *ORDERS, foot]}))
    assert source.rows == 3
    assert source.left_out == ("a.xlsx: sheet S: row 5 below the table: totals or notes",)


def test_a_total_with_its_currency(engine: Engine, tmp_path: Path):
    sheet = [[*HEADER, "Currency"], *([*row, "EUR"] for row in ORDERS), ["Total", None, 119.75, "EUR"]]
    assert opened(engine, book(tmp_path / "a.xlsx", {"S": sheet})).rows == 3


@pytest.mark.parametrize(
    "last",
    [
        ["Total Fitness Ltd", date(2024, 3, 1), 5.0],  # a customer of that name
        [None, date(2024, 3, 1), 5.0],  # no customer: for the ledger to tell
        ["C9", None, 5.0],
        ["C9", "soon", "ask"],
        ["C9", None, "Total care shampoo"],  # a further line of an order
    ],
)
def test_a_row_in_doubt_is_kept(engine: Engine, tmp_path: Path, last: list[object]):
    source = opened(engine, book(tmp_path / "a.xlsx", {"S": [HEADER, *ORDERS, last]}))
    assert source.rows == 4
    assert source.left_out == ()


def test_a_note_among_the_rows_is_kept_for_the_ledger(engine: Engine, tmp_path: Path):
    source = opened(engine, book(tmp_path / "a.xlsx", {"S": [HEADER, *ORDERS, ["A note"], *ORDERS]}))
    assert [line for line, *_ in rows(source)] == [2, 3, 4, 5, 6, 7, 8]
    lines = clean(engine, source)
    assert {entry.reason: entry.rows for entry in lines.ledger.entries} == {"used": 6, "no-date": 1}
    assert lines.set_aside().frame()["line_number"].tolist() == [5]


def test_blank_rows_and_a_repeated_header_keep_the_numbers_right(engine: Engine, tmp_path: Path):
    sheet = [[], HEADER, ORDERS[0], [], [None, "  "], HEADER, ORDERS[1]]
    source = opened(engine, book(tmp_path / "a.xlsx", {"S": sheet}))
    assert [line for line, *_ in rows(source)] == [3, 7]
    assert source.left_out == ("a.xlsx: sheet S: the header, repeated once between the rows",)


def test_a_second_table_below_is_not_the_first(engine: Engine, tmp_path: Path):
    sheet = [HEADER, *ORDERS, [], ["Product", "Maker", "Place"], ["P1", "Ann", "Rome"]]
    source = opened(engine, book(tmp_path / "a.xlsx", {"S": sheet}))
    assert source.rows == 3
    assert source.left_out == ("a.xlsx: sheet S: everything from row 6 on, where a second table begins",)


def test_a_table_that_begins_further_right_and_down(engine: Engine, tmp_path: Path):
    sheet = [[], [], *([None, None, *row] for row in (HEADER, *ORDERS))]
    source = opened(engine, book(tmp_path / "a.xlsx", {"S": sheet}))
    assert source.headers == tuple(HEADER)
    assert [line for line, *_ in rows(source)] == [4, 5, 6]


def test_merged_headers_name_each_column_below_them(engine: Engine, tmp_path: Path):
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as workbook:
        sheet = workbook.add_worksheet()
        sheet.merge_range(0, 0, 0, 3, "Orders of 2024")
        sheet.merge_range(1, 0, 1, 1, "Customer")
        sheet.merge_range(1, 2, 2, 2, "Order date")
        sheet.write(1, 3, "Money")
        sheet.write_row(2, 0, ["ID", "Name"])
        sheet.write(2, 3, "Amount")
        for number, (customer, _, amount) in enumerate(ORDERS, 3):
            sheet.write_row(number, 0, [customer, "Ann", "2024-01-31", amount])
    source = opened(engine, path)
    assert source.headers == ("Customer ID", "Customer Name", "Order date", "Money Amount")
    assert rows(source)[0] == (4, "C1", "Ann", "2024-01-31", 12.5)


def test_a_sheet_without_a_header_goes_by_place(engine: Engine, tmp_path: Path):
    source = opened(engine, book(tmp_path / "a.xlsx", {"S": ORDERS}))
    assert (source.headers, source.files[0].has_header) == (("1", "2", "3"), False)
    assert [line for line, *_ in rows(source)] == [1, 2, 3]


def test_a_header_of_two_lines(engine: Engine, tmp_path: Path):
    lines = [["Customer", "Order", "Order", "Total"], ["id", "no", "date", "amount"]]
    sheet = [*lines, *([row[0], f"O{number}", *row[1:]] for number, row in enumerate(ORDERS))]
    source = opened(engine, book(tmp_path / "a.xlsx", {"S": sheet}))
    assert source.headers == ("Customer id", "Order no", "Order date", "Total amount")
    assert [line for line, *_ in rows(source)] == [3, 4, 5]


@pytest.mark.parametrize(
    "described",
    [
        ["The customer's own number.", "The day on which the order was placed.", "What was paid for it."],
        ["number", "yyyy-mm-dd", "EUR"],
    ],
)
def test_a_row_that_describes_the_columns_is_no_row(engine: Engine, tmp_path: Path, described: list[str]):
    source = opened(engine, book(tmp_path / "a.xlsx", {"S": [HEADER, described, *ORDERS]}))
    assert source.headers == tuple(HEADER)
    assert [line for line, *_ in rows(source)] == [3, 4, 5]
    assert source.left_out == ("a.xlsx: sheet S: row 2: titles or notes",)


def test_sheets_with_the_same_headers_stand_below_each_other(engine: Engine, tmp_path: Path):
    turned = [[cells[2], cells[0], cells[1]] for cells in (HEADER, *ORDERS)]
    path = book(tmp_path / "a.xlsx", {"January": [HEADER, *ORDERS], "February": turned, "Notes": [["None"]]})
    source = opened(engine, path)
    assert [(file.name, file.rows) for file in source.files] == [("a.xlsx (January)", 3), ("a.xlsx (February)", 3)]
    assert [row[1:] for row in rows(source)] == [tuple(row) for row in ORDERS] * 2
    ran = run("table", path, "--out-dir", tmp_path / "out")
    assert ran.code == 0
    assert (tmp_path / "out" / "a.csv").read_text().splitlines() == [
        "Customer ID,Order date,Amount",
        *["C1,2024-01-31,12.5", "C2,2024-02-01,7.25", "C1,2024-02-29,100"] * 2,
    ]


def test_a_hidden_sheet_yields_to_a_visible_one(engine: Engine, tmp_path: Path):
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as workbook:
        shown, hidden = workbook.add_worksheet("Shown"), workbook.add_worksheet("Old")
        hidden.hide()
        for sheet, count in ((shown, 2), (hidden, 3)):
            for number, row in enumerate([HEADER, *(["C1", "2024-01-31", 5.0],) * count]):
                sheet.write_row(number, 0, row)
    source = opened(engine, path)
    assert (source.files[0].sheet, source.rows) == ("Shown", 2)


@pytest.mark.parametrize("starts_1904", [False, True])
def test_days_and_times_are_exact_in_both_systems(engine: Engine, tmp_path: Path, starts_1904: bool):
    moments = [datetime(2010, 12, 1, 8, 26), datetime(2024, 2, 29, 23, 59, 59), datetime(2011, 3, 27, 2, 30)]
    sheet = [["Customer", "Order date", "Paid"], *(["C1", moment, moment.date()] for moment in moments)]
    source = opened(engine, book(tmp_path / "a.xlsx", {"S": sheet}, date_1904=starts_1904))
    assert column(source, "Order date") == moments
    assert column(source, "Paid") == [moment.date() for moment in moments]


@pytest.mark.parametrize("starts_1904", [False, True])
@pytest.mark.parametrize("some_are_shown_as_days", [False, True])
def test_days_that_lost_their_format(engine: Engine, tmp_path: Path, starts_1904: bool, some_are_shown_as_days: bool):
    """2024-01-31 is day 45,322 counted from 1900, and 1,462 less counted from 1904 (Microsoft's own example)."""
    serial = 45_322 - (1_462 if starts_1904 else 0)
    first = datetime(2024, 1, 30) if some_are_shown_as_days else serial - 1
    sheet = [HEADER, ["C1", first, 5.0], ["C2", serial, 5.0], ["C3", serial + 0.75, 5.0]]
    source = opened(engine, book(tmp_path / "a.xlsx", {"S": sheet}, date_1904=starts_1904))
    assert column(source, "Order date") == [
        datetime(2024, 1, 30),
        datetime(2024, 1, 31),
        datetime(2024, 1, 31, 18, 0),
    ]


def test_numbers_elsewhere_are_no_days(engine: Engine, tmp_path: Path):
    sheet = [["Customer ID", "Order date", "Points"], *([45_000 + number, "31/01/2024", 45_322] for number in range(3))]
    source = opened(engine, book(tmp_path / "a.xlsx", {"S": sheet}))
    assert column(source, "Customer ID") == [45_000, 45_001, 45_002]
    assert column(source, "Points") == [45_322] * 3


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.datetimes(datetime(1900, 3, 1), datetime(2199, 12, 31)), min_size=2, max_size=200))
def test_any_second_comes_back(engine: Engine, tmp_path: Path, moments: list[datetime]):
    moments = [moment.replace(microsecond=0, second=moment.second or 1) for moment in moments]
    sheet = [["Customer", "At"], *(["C1", moment] for moment in moments)]
    assert column(opened(engine, book(tmp_path / "a.xlsx", {"S": sheet})), "At") == moments


def test_ids_keep_their_digits(engine: Engine, tmp_path: Path):
    sheet = [
        ["Customer ID", "Order no", "Zip", "Order date", "Amount"],
        [17850.0, "123456789012345678", "01234", date(2024, 1, 31), 5.0],
        [12346.0, "000000000000000007", "00001", date(2024, 1, 31), 6.5],
    ]
    path = book(tmp_path / "a.xlsx", {"S": sheet}, strings_to_numbers=False)
    lines = clean(engine, opened(engine, path))
    found = lines.table.order_by("customer_id").to_pyarrow().to_pydict()
    assert found["customer_id"] == ["12346", "17850"]
    assert found["order_key"] == ["000000000000000007", "123456789012345678"]
    assert column(lines.source, "Zip") == ["01234", "00001"]


def test_ids_among_texts_lose_the_point_that_excel_gave_them(engine: Engine, tmp_path: Path):
    sheet = [HEADER, *ORDERS, [17850.0, date(2024, 3, 1), 1.0], [123456789012345678.0, date(2024, 3, 1), 1.0]]
    source = opened(engine, book(tmp_path / "a.xlsx", {"S": sheet}))
    assert column(source, "Customer ID")[3:] == ["17850", "123456789012345700"]  # the file has 16 digits


def test_money_as_excel_shows_it_is_a_number(engine: Engine, tmp_path: Path):
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as workbook:
        money = workbook.add_format({"num_format": '#,##0.00 "€"'})
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, HEADER)
        for number, amount in enumerate([1.234, 1234.5, -3.0], 1):
            sheet.write_row(number, 0, [f"C{number}", "2024-01-31"])
            sheet.write_number(number, 2, amount, money)
    assert column(opened(engine, path), "Amount") == [1.234, 1234.5, -3.0]


def test_errors_and_blanks_are_missing_and_formulas_are_their_values(engine: Engine, tmp_path: Path):
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, HEADER)
        for number, (formula, value) in enumerate(
            [("=NA()", "#N/A"), ("=1/0", "#DIV/0!"), ("=2*6", 12), ("=1/8", 0.125)], 1
        ):
            sheet.write_row(number, 0, [f"C{number}", "2024-01-31"])
            sheet.write_formula(number, 2, formula, None, value)
    assert column(opened(engine, path), "Amount") == [None, None, 12.0, 0.125]


def test_numbers_among_texts_are_written_with_the_texts_own_mark(engine: Engine, tmp_path: Path):
    """Else `12.5` would be read as 125 where the others write `7,25`."""
    sheet = [HEADER, ["C1", "31.01.2024", "7,25"], ["C2", "31.01.2024", 12.5], ["C3", "31.01.2024", "1.000,00"]]
    lines = clean(engine, opened(engine, book(tmp_path / "a.xlsx", {"S": sheet})))
    assert lines.revenue == Decimal("1019.75")


def test_days_among_texts_are_read_as_days(engine: Engine, tmp_path: Path):
    sheet = [HEADER, ["C1", date(2024, 1, 5), 1.0], ["C2", "31/01/2024", 1.0], ["C3", datetime(2024, 2, 1, 8, 5), 1.0]]
    lines = clean(engine, opened(engine, book(tmp_path / "a.xlsx", {"S": sheet})))
    assert sorted(lines.table.order_date.to_pyarrow().to_pylist()) == [
        date(2024, 1, 5),
        date(2024, 1, 31),
        date(2024, 2, 1),
    ]


@pytest.mark.parametrize("name", ["orders.xlsx", "orders.csv", "orders", "orders.xls"])
def test_told_by_content_not_by_name(engine: Engine, tmp_path: Path, name: str):
    path = book(tmp_path / "made.xlsx", {"S": [HEADER, *ORDERS]}).rename(tmp_path / name)
    assert opened(engine, path).rows == 3


def test_a_workbook_with_macros_is_read_like_one_without(engine: Engine, tmp_path: Path):
    made = book(tmp_path / "made.xlsx", {"S": [HEADER, *ORDERS]})
    with zipfile.ZipFile(made) as archive:
        types = archive.read("[Content_Types].xml")
    plain, macros = b"openxmlformats-officedocument.spreadsheetml.sheet.main", b"ms-excel.sheet.macroEnabled.main"
    assert plain in types
    path = rewritten(made, tmp_path / "a.xlsm", {"[Content_Types].xml": types.replace(plain, macros)})
    assert opened(engine, path).rows == 3


def test_old_workbooks(engine: Engine, tmp_path: Path):
    """2024-01-31 is day 45,322."""
    cells: dict[tuple[int, int], str | float] = {(0, 0): "Orders"}
    cells |= {(2, place): header for place, header in enumerate(HEADER)}
    cells |= {(3, 0): "Zoë", (3, 1): 45_322.5, (3, 2): 12.5, (4, 0): 17850.0, (4, 1): 45_323.0, (4, 2): 3.0}
    (tmp_path / "old.xls").write_bytes(old_book(cells))
    source = opened(engine, tmp_path / "old.xls")
    assert rows(source) == [
        (4, "Zoë", datetime(2024, 1, 31, 12, 0), 12.5),
        (5, "17850", datetime(2024, 2, 1), 3.0),
    ]


def test_set_aside_rows_are_told_by_the_number_in_the_sheet(engine: Engine, tmp_path: Path):
    sheet = [["Title"], [], HEADER, ORDERS[0], [None, date(2024, 1, 31), 5.0], ["C7", "never", 5.0], ORDERS[1]]
    path = book(tmp_path / "a.xlsx", {"S": sheet})
    aside = clean(engine, opened(engine, path)).set_aside().frame()
    assert aside[["line_number", "reason"]].to_numpy().tolist() == [[5, "no-customer"], [6, "bad-date"]]
    told = run("inspect", path, "--json").told
    assert (told["rows_read"], told["rows_used"], told["encoding"], told["delimiter"]) == (4, 2, None, None)
    assert "Left out of a.xlsx: sheet S: row 1: titles or notes." in told["warnings"]


def test_table_writes_the_sheet_as_text(tmp_path: Path):
    sheet = [
        ["Title"],
        [*HEADER, "At"],
        ["C1", date(2024, 1, 31), 12.50, datetime(2024, 1, 31, 8, 5)],
        ["C2", None, 1 / 3, True],
    ]
    ran = run("table", book(tmp_path / "a.xlsx", {"S": sheet}), "--out-dir", tmp_path / "out")
    assert ran.code == 0
    assert "left out: sheet S: row 1" in ran.err
    assert (tmp_path / "out" / "a.csv").read_text().splitlines() == [
        "Customer ID,Order date,Amount,At",
        "C1,2024-01-31,12.5,2024-01-31 08:05:00",
        "C2,,0.3333333333333333,TRUE",
    ]


def test_another_reader_finds_the_same_cells(engine: Engine, tmp_path: Path):
    path = book(tmp_path / "a.xlsx", {"S": [HEADER, *ORDERS]})
    theirs = openpyxl.load_workbook(path).active
    assert theirs is not None
    expected = [(number, a, b.date(), c) for number, (a, b, c) in enumerate(theirs.iter_rows(2, values_only=True), 2)]
    assert rows(opened(engine, path)) == expected


# What cannot be read, and what is made to do harm.


@pytest.mark.parametrize("sheets", [{"Empty": []}, {"Prose": [["Dear team,"], ["here they are."]]}])
def test_a_workbook_without_a_table(engine: Engine, tmp_path: Path, sheets: dict[str, list[list[object]]]):
    with pytest.raises(NotATableError, match=next(iter(sheets))):
        opened(engine, book(tmp_path / "a.xlsx", sheets))


def test_a_header_without_rows(engine: Engine, tmp_path: Path):
    with pytest.raises(EmptyFileError):
        opened(engine, book(tmp_path / "a.xlsx", {"S": [HEADER]}))


def test_a_workbook_with_a_password(engine: Engine, tmp_path: Path):
    (tmp_path / "new.xlsx").write_bytes(encrypted_book())
    (tmp_path / "old.xls").write_bytes(old_book({(0, 0): "a"}, locked=True))
    for name in ("new.xlsx", "old.xls"):
        with pytest.raises(UnreadableFileError, match="password") as refused:
            opened(engine, tmp_path / name)
        assert "take the password off" in refused.value.hint


@pytest.mark.parametrize("kept", [0.3, 0.9, 0.999])
def test_a_workbook_cut_short(engine: Engine, tmp_path: Path, kept: float):
    whole = book(tmp_path / "whole.xlsx", {"S": [HEADER, *ORDERS]}).read_bytes()
    (tmp_path / "a.xlsx").write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(UnreadableFileError):
        opened(engine, tmp_path / "a.xlsx")


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"])
@pytest.mark.parametrize("content", [b"<", b"\0" * 100, b"<a><b></a>", None])
def test_a_damaged_part(engine: Engine, tmp_path: Path, part: str, content: bytes | None):
    whole = book(tmp_path / "whole.xlsx", {"S": [HEADER, *ORDERS]})
    with pytest.raises((UnreadableFileError, NotATableError)):
        opened(engine, rewritten(whole, tmp_path / "a.xlsx", {part: content}))


@pytest.mark.parametrize(
    "broken", [b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\xff" * 5_000]
)
def test_a_damaged_old_workbook(engine: Engine, tmp_path: Path, broken: bytes):
    (tmp_path / "a.xls").write_bytes(broken)
    with pytest.raises(UnreadableFileError):
        opened(engine, tmp_path / "a.xls")


def corners(last_column: str) -> bytes:
    """Two cells that span all rows; as far as XFD, 17 billion cells."""
    first, last = (
        f'<row r="{row}"><c r="{at}"><v>1</v></c></row>' for row, at in ((1, "A1"), (2**20, f"{last_column}{2**20}"))
    )
    return worksheet_xml(first, last)


LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + step, b"&%c;" % (97 + step) * 10) for step in range(10))
    + b"]><worksheet><sheetData><row><c><v>&k;</v></c></row></sheetData></worksheet>"
)


class Harmless:
    """That a block took little time and memory, its child processes included."""

    def __enter__(self) -> None:
        self.began = time.monotonic()

    def __exit__(self, *_: object) -> None:
        assert time.monotonic() - self.began < 30
        for who in (resource.RUSAGE_CHILDREN, resource.RUSAGE_SELF):
            assert resource.getrusage(who).ru_maxrss < 2_500_000, "KB"


@pytest.mark.parametrize("last_column", ["XFD", "CV"])
def test_two_cells_in_the_farthest_corners(engine: Engine, tmp_path: Path, last_column: str):
    """550 GB for calamine 0.9, which then ends its process: tafia/calamine issue 693. To column CV, 3.4 GB."""
    whole = book(tmp_path / "whole.xlsx", {"S": [HEADER, *ORDERS]})
    path = rewritten(whole, tmp_path / "a.xlsx", {"xl/worksheets/sheet1.xml": corners(last_column)})
    with Harmless(), pytest.raises(UnreadableFileError, match="its sheet S is damaged or spread over too many cells"):
        opened(engine, path)


def test_a_sheet_that_cannot_be_read_does_not_hide_the_others(engine: Engine, tmp_path: Path):
    whole = book(tmp_path / "whole.xlsx", {"Solver": [["a"]], "Data": [HEADER, *ORDERS]})
    path = rewritten(whole, tmp_path / "a.xlsx", {"xl/worksheets/sheet1.xml": corners("XFD")})
    with Harmless():
        source = opened(engine, path)
    assert (source.rows, source.files[0].sheet) == (3, "Data")
    assert source.left_out == ("a.xlsx: what could not be read, damaged or spread over too many cells: Solver",)


def test_a_huge_declared_range_with_few_cells_is_read(engine: Engine, tmp_path: Path):
    whole = book(tmp_path / "whole.xlsx", {"S": [HEADER, *ORDERS]})
    with zipfile.ZipFile(whole) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    assert b'<dimension ref="A1:C4"/>' in sheet
    told = sheet.replace(b'"A1:C4"', b'"A1:XFD1048576"')
    with Harmless():
        source = opened(engine, rewritten(whole, tmp_path / "a.xlsx", {"xl/worksheets/sheet1.xml": told}))
    assert source.rows == 3


def test_a_stray_cell_in_the_last_row_costs_little(engine: Engine, tmp_path: Path):
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as workbook:
        sheet = workbook.add_worksheet()
        for number, row in enumerate([HEADER, *(["C1", "2024-01-31", 5.0],) * 3]):
            sheet.write_row(number, 0, row)
        sheet.write(1_048_575, 2, "end")
    with Harmless():
        source = opened(engine, path)
    assert source.rows == 3


def test_an_old_workbook_with_cells_in_the_farthest_corners(engine: Engine, tmp_path: Path):
    (tmp_path / "a.xls").write_bytes(old_book({(0, 0): "a", (65_535, 65_535): "b"}))
    with Harmless(), pytest.raises(UnreadableFileError):
        opened(engine, tmp_path / "a.xls")


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/sharedStrings.xml"])
def test_a_billion_laughs(engine: Engine, tmp_path: Path, part: str):
    whole = book(tmp_path / "whole.xlsx", {"S": [HEADER, *ORDERS]})
    with Harmless(), pytest.raises(UnreadableFileError, match="DTD"):
        opened(engine, rewritten(whole, tmp_path / "a.xlsx", {part: LAUGHS}))


def test_a_workbook_that_unpacks_to_far_more_than_it_should(engine: Engine, tmp_path: Path):
    whole = book(tmp_path / "whole.xlsx", {"S": [HEADER, *ORDERS]})
    path = rewritten(whole, tmp_path / "a.xlsx", {"xl/media/image1.png": bytes(100 * 1024**2)})
    with Harmless(), pytest.raises(UnreadableFileError, match="unpack to 100 MB"):
        opened(engine, path)


def test_ten_million_empty_rows(engine: Engine, tmp_path: Path):
    whole = book(tmp_path / "whole.xlsx", {"S": [HEADER, *ORDERS]})
    path = rewritten(whole, tmp_path / "a.xlsx", {"xl/worksheets/sheet1.xml": worksheet_xml("<row/>" * 10_000_000)})
    assert path.stat().st_size < 1_000_000
    with Harmless(), pytest.raises((UnreadableFileError, NotATableError)):
        opened(engine, path)


def test_thousands_of_sheets(engine: Engine, tmp_path: Path):
    sheets: dict[str, list[list[object]]] = {"Data": [HEADER, *ORDERS]}
    sheets |= {f"S{number}": [["nothing"]] for number in range(3_000)}
    with Harmless():
        source = opened(engine, book(tmp_path / "a.xlsx", sheets))
    assert source.rows == 3
    assert "a.xlsx: the sheets after the first 200 of 3,001" in source.left_out


def test_formulas_in_texts_stay_texts(engine: Engine, tmp_path: Path):
    sheet = [HEADER, ["=1+1", date(2024, 1, 31), 5.0], ["@SUM(A1)", date(2024, 1, 31), 5.0]]
    path = book(tmp_path / "a.xlsx", {"S": sheet}, strings_to_formulas=False)
    assert column(opened(engine, path), "Customer ID") == ["=1+1", "@SUM(A1)"]


# Online Retail: see ../shared/data/README.md for where the figures come from.


def _online_retail(shared_data: Path, path: Path, keep: object = None) -> Iterator[None]:
    table = pq.read_table(shared_data / "online_retail.parquet")
    if keep is not None:
        table = table.filter(keep)
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as workbook:
        moment = workbook.add_format({"num_format": "d/m/yyyy hh:mm"})
        workbook.add_worksheet("Cover").write_row(1, 1, ["Report", "Made by Ann"])
        sheet = workbook.add_worksheet("Lines")
        sheet.write(0, 0, "Online Retail")
        sheet.write_row(1, 0, ["Exported", "10 December 2011"])
        sheet.write_row(3, 0, table.column_names)
        number = 3
        for number, row in enumerate(zip(*(each.to_pylist() for each in table.columns), strict=True), 4):
            for place, cell in enumerate(row):
                if isinstance(cell, datetime):
                    sheet.write_datetime(number, place, cell, moment)
                elif isinstance(cell, str):
                    sheet.write_string(number, place, cell)
                elif cell is not None:
                    sheet.write_number(number, place, cell)
        sheet.write(number + 1, 0, "Total")
        sheet.write_number(number + 1, 3, pc.sum(table["Quantity"]).as_py())
    yield


@pytest.mark.proof
def test_online_retail_as_a_workbook(engine: Engine, shared_data: Path, tmp_path: Path):
    path = tmp_path / "online_retail.xlsx"
    next(_online_retail(shared_data, path))
    net = clean(engine, opened(engine, path))
    assert net.ledger.rows_in == 541_909
    assert net.ledger.money_in == Decimal("9747747.934")
    assert net.ledger.customers_in == 4_372
    assert {entry.reason: entry.rows for entry in net.ledger.set_aside}["no-customer"] == 135_080
    sales = clean(engine, net.source, CleaningOptions(returns="ignore", as_of=date(2011, 12, 10)))
    assert (sales.ledger.used.rows, sales.ledger.used.customers, sales.orders) == (397_884, 4_338, 18_532)
    assert sales.revenue == Decimal("8911407.904")


def test_an_excerpt_of_online_retail_as_a_workbook(engine: Engine, shared_data: Path, tmp_path: Path):
    """The five customers whose figures are published, each with all of their lines."""
    published = {12346: "77183.60", 12347: "4310.00", 12348: "1797.24", 14646: "280206.02", 17850: "5391.21"}
    path = tmp_path / "excerpt.xlsx"
    next(_online_retail(shared_data, path, pc.field("CustomerID").isin(list(published))))
    lines = clean(engine, opened(engine, path), CleaningOptions(returns="ignore", as_of=date(2011, 12, 10)))
    found = lines.table.group_by("customer_id").aggregate(
        revenue=lines.table.amount.sum(), last=lines.table.order_date.max()
    )
    told = {row["customer_id"]: row for row in found.to_pyarrow().to_pylist()}
    assert {customer: f"{row['revenue']:.2f}" for customer, row in told.items()} == {
        str(customer): revenue for customer, revenue in published.items()
    }
    recency = {customer: date(2011, 12, 10) - row["last"] for customer, row in told.items()}
    assert recency["12346"] == timedelta(days=326)
    assert recency["17850"] == timedelta(days=373)
