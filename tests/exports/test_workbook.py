from __future__ import annotations

import csv
import io
import math
import shutil
import subprocess
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pyarrow as pa
import pytest
import python_calamine
import xlsxwriter

from core.exports import lists, workbook
from core.exports.control import draw
from core.exports.workbook import Sheet, sheet_name, write_workbook
from core.segments.segmentation import Segmentation
from tests.segments.builders import customers, grouped

HOSTILE = [
    "=1+1", "+cmd|' /C calc'!A0", "@SUM(A1)", "<r><t>planted</t></r>", "<b>bold</b> & **bold** [x](http://x.co)",
    "http://example.com", "00123", "1e5", " spaced ", "line\nbreak", '"quoted"', "🦄 مرحبا",
]  # fmt: skip


def made(ids: list[str], names: dict[int, str] | None = None, **contacts: list[str | None]) -> Segmentation:
    half = len(ids) // 2
    features = customers(
        {
            "total_revenue": [100.5 - place / 8 for place in range(len(ids))],
            "recency_days": [float(place) for place in range(len(ids))],
            "return_rate": [np.nan, *[0.25] * (len(ids) - 1)],
        },
        ids=ids,
        contacts=contacts,
    )
    return grouped(features, [0] * half + [1] * (len(ids) - half), used=["recency_days"], names=names)


@pytest.fixture
def hostile(tmp_path: Path) -> tuple[Segmentation, Path]:
    segmentation = made(HOSTILE, {1: "=1+1 [a]:*?/\\ <b>x</b>", 2: "'apostrophes'"}, email=[None, *HOSTILE[1:]])
    write_workbook(segmentation, tmp_path / "segments.xlsx", draw(segmentation, 0.25))
    return segmentation, tmp_path / "segments.xlsx"


def expected(segmentation: Segmentation, number: int, share: float = 0.25) -> list[list[Any]]:
    """The rows of a segment's list, as objects."""
    table = lists.table_of(segmentation, draw(segmentation, share))
    rows = lists.of(table, segmentation.segments[number - 1]).to_pydict().values()
    return [
        [None if isinstance(cell, float) and math.isnan(cell) else cell for cell in row]
        for row in zip(*rows, strict=True)
    ]


def test_openpyxl_reads_what_the_lists_hold_and_no_formula(hostile: tuple[Segmentation, Path]):
    segmentation, path = hostile
    book = openpyxl.load_workbook(path)

    assert book.sheetnames == ["Summary", "1 =1+1 a <b>x< b>", "2 'apostrophes"]
    for number in (1, 2):
        sheet = book[book.sheetnames[number]]
        header, *rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
        assert header == lists.table_of(segmentation, draw(segmentation, 0.25)).column_names
        assert header[-1] == "control_group"
        assert rows == expected(segmentation, number)
        assert sheet.freeze_panes == "A2"
    for sheet in book:
        for row in sheet.iter_rows():
            assert all(cell.data_type != "f" and cell.hyperlink is None for cell in row)


def test_no_part_of_the_file_holds_a_formula_or_a_link(hostile: tuple[Segmentation, Path]):
    with zipfile.ZipFile(hostile[1]) as archive:
        for name in archive.namelist():
            text = archive.read(name).decode("utf-8")
            assert "<f>" not in text
            assert "<hyperlink" not in text
            assert "<r><t>" not in text  # a run of rich text: planted markup taken for markup


def test_calamine_reads_the_same(hostile: tuple[Segmentation, Path]):
    segmentation, path = hostile
    book = python_calamine.CalamineWorkbook.from_path(str(path))

    for number in (1, 2):
        _, *rows = book.get_sheet_by_index(number).to_python()
        assert rows == [["" if cell is None else cell for cell in row] for row in expected(segmentation, number)]


def test_numbers_have_formats(hostile: tuple[Segmentation, Path]):
    sheet = openpyxl.load_workbook(hostile[1]).worksheets[1]
    formats = {row[0].value: row[1].number_format for row in zip(sheet[1], sheet[3], strict=True)}

    assert formats["total_revenue"] == '#,##0.00 "EUR"'
    assert formats["recency_days"] == "#,##0"
    assert formats["return_rate"] == "0.0%"
    assert formats["customer_id"] == "General"
    widths = [sheet.column_dimensions[letter].width for letter in "ABC"]
    assert all(9 <= width <= 43 for width in widths)


def test_the_summary(hostile: tuple[Segmentation, Path]):
    segmentation, path = hostile
    sheet = openpyxl.load_workbook(path)["Summary"]
    header, *rows = [[cell.value for cell in row] for row in sheet.iter_rows()]

    told = [dict(zip(header, row, strict=True)) for row in rows[:2]]
    assert [each["Customers"] for each in told] == [6, 6]
    assert [each["In the control group"] for each in told] == [2, 2]  # a quarter of 6 is 1.5, rounded up
    assert [each["Name"] for each in told] == [each.name for each in segmentation.segments]
    # 100.5 less 0, 1, ... 5 eighths: 603 - 15/8; then 6 to 11 eighths: 603 - 51/8.
    assert [each["Revenue"] for each in told] == [601.125, 596.625]
    notes = " ".join(str(row[0]) for row in rows[2:])
    assert "EUR" in notes
    assert "25.0%" in notes


def test_a_segment_beyond_the_limit_goes_on_in_further_sheets(tmp_path: Path):
    segmentation = made([f"C{place:02}" for place in range(24)], {1: "First", 2: "Second"})

    sheets = write_workbook(segmentation, tmp_path / "b.xlsx", most_rows=6)

    assert sheets == (
        Sheet("Summary", None, 2), Sheet("1 First", 1, 5), Sheet("1 First (2)", 1, 5), Sheet("1 First (3)", 1, 2),
        Sheet("2 Second", 2, 5), Sheet("2 Second (2)", 2, 5), Sheet("2 Second (3)", 2, 2),
    )  # fmt: skip
    book = openpyxl.load_workbook(tmp_path / "b.xlsx")
    ids = [row[0].value for sheet in book.worksheets[1:] for row in sheet.iter_rows(min_row=2)]
    assert ids == [f"C{place:02}" for place in range(24)]
    assert all(sheet.cell(1, 1).value == "customer_id" for sheet in book.worksheets[1:])


def test_batches_join(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(workbook, "ROWS_AT_ONCE", 3)
    segmentation = made([f"C{place:02}" for place in range(20)])

    write_workbook(segmentation, tmp_path / "b.xlsx")

    book = openpyxl.load_workbook(tmp_path / "b.xlsx")
    assert [row[0].value for row in book.worksheets[1].iter_rows(min_row=2)] == [f"C{place:02}" for place in range(10)]


def test_what_xml_cannot_hold_is_written_out_and_what_is_too_long_is_cut(tmp_path: Path):
    strange = ["a\x00b", "a\x0bb", "a\r\nb", "_x0041_", "x" * 40_000, "🦄" * 20_000, "\uffff", "plain"]
    segmentation = made([f"C{place}" for place in range(8)], email=strange)

    write_workbook(segmentation, tmp_path / "b.xlsx")

    book = python_calamine.CalamineWorkbook.from_path(str(tmp_path / "b.xlsx"))
    found = [row[-1] for number in (1, 2) for row in book.get_sheet_by_index(number).to_python()[1:]]
    texts = [str(text) for text in found]  # calamine undoes what ECMA-376 has for such characters (ST_Xstring)
    assert texts[:4] == strange[:4]
    assert texts[4] == "x" * 32_766 + "…"
    assert texts[5] == "🦄" * 16_383 + "…"
    assert texts[6:] == ["_xFFFF_", "plain"]  # which calamine leaves as it is written
    assert any("2 texts are longer" in str(row[0]) for row in book.get_sheet_by_index(0).to_python())


@pytest.mark.parametrize(
    ("name", "number", "part", "expected"),
    [
        ("Champions", 1, 1, "1 Champions"),
        ("a[b]c:d*e?f/g\\h", 2, 1, "2 a b c d e f g h"),
        ("it's 'quoted'", 3, 1, "3 it's 'quoted"),
        ("Big spenders with a very long name", 4, 1, "4 Big spenders with a very long"),
        ("Big spenders with a very long name", 4, 12, "4 Big spenders with a very (12)"),
        ("🦄" * 30, 5, 1, "5 " + "🦄" * 14),
        ("///", 6, 1, "6"),
    ],
)
def test_sheet_names(name: str, number: int, part: int, expected: str):
    segment = replace(made(["a", "b"]).segments[0], number=number, name=name)

    assert sheet_name(segment, part) == expected
    assert len(expected.encode("utf-16-le")) <= 62


def test_dates_are_dates(tmp_path: Path):
    with xlsxwriter.Workbook(tmp_path / "b.xlsx", {"constant_memory": True}) as book:
        sheets = workbook._Sheets(book, made(["a", "b"]), 100)
        table = pa.table({"day": [date(2024, 2, 29), None, date(1999, 12, 31)]})
        sheets._fill(book.add_worksheet(), table, [sheets._style("day", table.column("day"))])

    sheet = openpyxl.load_workbook(tmp_path / "b.xlsx").active
    assert [cell.value and cell.value.date() for (cell,) in sheet.iter_rows(min_row=2)] == [
        date(2024, 2, 29), None, date(1999, 12, 31),
    ]  # fmt: skip
    assert sheet["A2"].number_format == "d mmm yyyy"


def test_a_workbook_that_fails_half_way_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    target = tmp_path / "segments.xlsx"
    target.write_text("old")
    monkeypatch.setattr(workbook, "sheet_name", lambda *_: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        write_workbook(made(["a", "b"]), target)

    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["segments.xlsx"]


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_keeps_the_values(hostile: tuple[Segmentation, Path], tmp_path: Path):
    segmentation, path = hostile
    # Every sheet (-1) as CSV: comma, quote, UTF-8, values as they are and not as they look.
    into = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false,false,false,-1"
    subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", into,
         "--outdir", str(tmp_path / "csv"), str(path)],
        check=True, timeout=120, capture_output=True,
    )  # fmt: skip
    for number, sheet in enumerate(openpyxl.load_workbook(path).sheetnames[1:], start=1):
        (found,) = (tmp_path / "csv").glob(f"*-{number} *.csv")
        _, *rows = list(csv.reader(io.StringIO(found.read_text(encoding="utf-8"), newline="")))
        assert sheet
        for row, wanted in zip(rows, expected(segmentation, number), strict=True):
            assert row[0] == wanted[0]
            assert float(row[5]) == wanted[5]
