from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.exports import csv_files
from core.exports.csv_files import safe_text

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
# Texts in which signs, blanks and quotes are as common as letters.
NASTY = st.text(st.sampled_from("=+-@＝＋－＠\t\r\n '\",;0123456789.eE|!abcé"), max_size=12)


def read(text: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.decode("utf-8"), newline="")))


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1", "+1+1", "-1+1", "@SUM(A1)", "=", "-", "--5", "+a", "-2+3+cmd|' /C calc'!A0", "\tx", "\rx", "\nx",
        "\t5", " =1", "\n=1", "\u00a0=1", "\u200b=1", "\ufeff=1", "\x00=1", "＝1", "＋1", "－1", "＠A1", "﹦1",
        "+44 20 7183 8750", "+442071838750;=1", "-1;=1", "-12 50", "+9991234567", "+123456789012345678", "+44207",
        "-1e", "-.", "-1,,2", "-5%", "−1+1".replace("−", "-"),
    ],
)  # fmt: skip
def test_what_could_begin_a_formula_gets_an_apostrophe(cell: str):
    # "+44207" is a plain number of five digits, all else a formula to some spreadsheet.
    assert safe_text(cell) == (cell if cell == "+44207" else "'" + cell)


@pytest.mark.parametrize(
    "cell",
    [
        "-12.50", "+3", "-1.5e3", "-12,50", "-1.234,56", "-1,234.56", "+.5", "-5.", "- 5".replace(" ", ""), " -5",
        "+442071838750", "+12025550123", "+4915112345678", "+390612345678",
        "", "a=b", "5-3", "x@y.z", "'=1", "12", "1e5", " a", "é", "−5", "🙂=1", "العربية",
    ],
)  # fmt: skip
def test_numbers_phones_and_plain_texts_are_left_alone(cell: str):
    assert safe_text(cell) == cell


@pytest.mark.parametrize(
    ("phone", "exists"),
    [
        ("+442071838750", True),
        ("+44207183875012", False),
        ("+4420718", False),
        ("+2101234567", False),
        ("+15551234567", True),
    ],
)
def test_a_phones_country_and_length_must_exist(phone: str, exists: bool):
    assert (safe_text(phone) == phone) is exists


@given(cell=TEXT | NASTY)
def test_no_cell_can_start_a_formula(cell: str):
    safe = safe_text(cell)

    assert safe in (cell, "'" + cell)
    start = safe.lstrip()
    if start[:1] in tuple("=+-@＝＋－＠") and start:
        float(
            start.replace(",", "").replace(".", "")
            if start.count(".") + start.count(",") > 1
            else start.replace(",", ".")
        )
    assert safe[:1] not in ("\t", "\r", "\n", "=", "@", "＝", "＠")


@given(rows=st.lists(st.tuples(TEXT | NASTY, TEXT | NASTY), min_size=1, max_size=8))
def test_texts_come_back_from_csv_apart_from_the_apostrophes(rows: list[tuple[str, str]]):
    table = pd.DataFrame(rows, columns=["left", "right"], dtype="str")

    assert read(csv_files.csv_bytes(table)) == [["left", "right"], *([safe_text(a), safe_text(b)] for a, b in rows)]
    assert read(csv_files.csv_bytes(table, safe=False)) == [["left", "right"], *([a, b] for a, b in rows)]


@given(numbers=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_floats_come_back_to_the_last_bit(numbers: list[float]):
    table = pd.DataFrame({"x": numbers, "y": "t"})

    assert [float(row[0]) for row in read(csv_files.csv_bytes(table))[1:]] == numbers


def test_cells_by_type():
    table = pd.DataFrame(
        {
            "whole": [12.0, 1_000_000.0, -0.0],
            "part": [0.1, np.nan, -2.5],
            "count": [1, -2, 3],
            "some": pd.array([1, None, -3], dtype="Int64"),
            "flag": [True, False, True],
            "day": pd.to_datetime(["2024-01-31", None, "2024-02-01"]).date,
            "mixed": ["-1+1", None, 5],
            "kind": pd.Categorical(["=a", "b", "=a"]),
        }
    )

    assert csv_files.csv_bytes(table).decode() == (
        "whole,part,count,some,flag,day,mixed,kind\n"
        "12,0.1,1,1,true,2024-01-31,'-1+1,'=a\n"
        "1000000,,-2,,false,,,b\n"
        "0,-2.5,3,-3,true,2024-02-01,5,'=a\n"
    )


def test_quotes_stand_only_where_rfc_4180_needs_them():
    table = pa.table(
        {'a"b': ["x,y", "plain", "cr\rhere", "lf\nhere", None, " spaced "], "=h": ["", "1", "2", "3", "4", "5"]}
    )

    assert csv_files.csv_bytes(table) == (b'"a""b",\'=h\n"x,y",\nplain,1\n"cr\rhere",2\n"lf\nhere",3\n,4\n spaced ,5\n')


def test_a_lone_empty_cell_is_still_a_row():
    assert csv_files.csv_bytes(pd.DataFrame({"a": ["", None, "x"]}, dtype="str")) == b'a\n""\n""\nx\n'


def test_a_table_without_rows_is_a_header():
    assert csv_files.csv_bytes(pd.DataFrame({"a": pd.Series(dtype="str"), "b": pd.Series(dtype="float")})) == b"a,b\n"


def test_rows_are_written_as_they_are(tmp_path: Path):
    rows = [["=1", "b\rc", "é"], ["x"], ["", "", "", ""], ['"', "a,b"]]

    csv_files.write_rows(rows, tmp_path / "t.csv")

    assert (tmp_path / "t.csv").read_bytes() == '=1,"b\rc",é\nx\n,,,\n"""","a,b"\n'.encode()


def test_a_file_that_fails_half_way_leaves_the_old_one(tmp_path: Path):
    target = tmp_path / "t.csv"
    target.write_text("old")

    def broken():
        yield ["a"]
        raise RuntimeError("gone")

    with pytest.raises(RuntimeError):
        csv_files.write_rows(broken(), target)

    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]
