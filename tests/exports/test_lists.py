from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.exports import lists
from core.exports.lists import safe_text
from core.segments.segmentation import Segmentation
from tests.segments.builders import customers, grouped

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
# Texts in which signs, blanks and quotes are as common as letters.
NASTY = st.text(st.sampled_from("=+-@＝＋－＠\t\r\n '\",;0123456789.eE|!abcé"), max_size=12)


@pytest.fixture
def segmentation() -> Segmentation:
    features = customers(
        {
            "total_revenue": [100.5, 90, 3.25, 4],
            "recency_days": [1, 2, 30, 40],
            "days_between_orders": [7, np.nan, 9.5, 8],
        },
        ids=["=1+1", "b,c", 'd"e', "f"],
        contacts={"email": ["a@x.eu", None, "@SUM(A1)", "ü@x.eu"], "phone": ["+442071838750", "+1", "-", "call\nme"]},
    )
    return grouped(features, [0, 0, 1, 1], used=["recency_days"], names={1: "Très/../bons", 2: "+Rest"})


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

    assert read(lists.csv_bytes(table)) == [["left", "right"], *([safe_text(a), safe_text(b)] for a, b in rows)]
    assert read(lists.csv_bytes(table, safe=False)) == [["left", "right"], *([a, b] for a, b in rows)]


@given(numbers=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_floats_come_back_to_the_last_bit(numbers: list[float]):
    table = pd.DataFrame({"x": numbers, "y": "t"})

    assert [float(row[0]) for row in read(lists.csv_bytes(table))[1:]] == numbers


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

    assert lists.csv_bytes(table).decode() == (
        "whole,part,count,some,flag,day,mixed,kind\n"
        "12,0.1,1,1,true,2024-01-31,'-1+1,'=a\n"
        "1000000,,-2,,false,,,b\n"
        "0,-2.5,3,-3,true,2024-02-01,5,'=a\n"
    )


def test_quotes_stand_only_where_rfc_4180_needs_them():
    table = pa.table(
        {'a"b': ["x,y", "plain", "cr\rhere", "lf\nhere", None, " spaced "], "=h": ["", "1", "2", "3", "4", "5"]}
    )

    assert lists.csv_bytes(table) == (b'"a""b",\'=h\n"x,y",\nplain,1\n"cr\rhere",2\n"lf\nhere",3\n,4\n spaced ,5\n')


def test_a_lone_empty_cell_is_still_a_row():
    assert lists.csv_bytes(pd.DataFrame({"a": ["", None, "x"]}, dtype="str")) == b'a\n""\n""\nx\n'


def test_a_table_without_rows_is_a_header():
    assert lists.csv_bytes(pd.DataFrame({"a": pd.Series(dtype="str"), "b": pd.Series(dtype="float")})) == b"a,b\n"


def test_rows_are_written_as_they_are(tmp_path: Path):
    rows = [["=1", "b\rc", "é"], ["x"], ["", "", "", ""], ['"', "a,b"]]

    lists.write_rows(rows, tmp_path / "t.csv")

    assert (tmp_path / "t.csv").read_bytes() == '=1,"b\rc",é\nx\n,,,\n"""","a,b"\n'.encode()


def test_a_file_that_fails_half_way_leaves_the_old_one(tmp_path: Path):
    target = tmp_path / "t.csv"
    target.write_text("old")

    def broken():
        yield ["a"]
        raise RuntimeError("gone")

    with pytest.raises(RuntimeError):
        lists.write_rows(broken(), target)

    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Champions", "champions"), ("Can't lose them", "cant-lose-them"), ("Très/../bons", "tres-bons"),
        ("Big spenders (higher total revenue)", "big-spenders-higher-total-revenue"), ("../../etc", "etc"),
        ("Лучшие 1", "лучшие-1"), ("🙂", "segment"), ("", "segment"), ("CON", "con"), ("a" * 99, "a" * 48),
    ],
)  # fmt: skip
def test_slug(name: str, expected: str):
    assert lists.slug(name) == expected


def test_files_of_a_segmentation(segmentation: Segmentation, tmp_path: Path):
    sweep = pd.DataFrame(
        {"k": [1, 2], "inertia": [8.0, 0.5], "silhouette": [np.nan, 0.9], "silhouette_se": [np.nan, 0.0]}
    )

    written = lists.write_lists(segmentation, tmp_path / "out") + lists.write_tables(
        segmentation, sweep, tmp_path / "out"
    )

    assert [str(path.relative_to(tmp_path / "out")) for path in written] == [
        "segments.csv", "lists/1-tres-bons.csv", "lists/2-rest.csv", "summary.csv", "sweep.csv",
    ]  # fmt: skip
    assert (tmp_path / "out/sweep.csv").read_text() == "k,inertia,silhouette,silhouette_se\n1,8,,\n2,0.5,0.9,0\n"
    assert (tmp_path / "out/summary.csv").read_text() == (
        "cluster,avg_total_revenue,sum_total_revenue,avg_order_value,avg_total_quantity,avg_recency,customer_count\n"
        "1,95.25,190.5,,,1.5,2\n"
        "2,3.625,7.25,,,35,2\n"
    )
    header, *rows = read((tmp_path / "out/segments.csv").read_bytes())
    assert header == [
        "customer_id", "segment", "segment_name", "runner_up", "margin",
        "recency_days", "total_revenue", "days_between_orders", "email", "phone",
    ]  # fmt: skip
    assert [[row[0], row[1], row[2], row[3], *row[5:]] for row in rows] == [
        ["'=1+1", "1", "Très/../bons", "2", "1", "100.5", "7", "a@x.eu", "+442071838750"],
        ["b,c", "1", "Très/../bons", "2", "2", "90", "", "", "+1"],
        ['d"e', "2", "'+Rest", "1", "30", "3.25", "9.5", "'@SUM(A1)", "'-"],
        ["f", "2", "'+Rest", "1", "40", "4", "8", "ü@x.eu", "call\nme"],
    ]


def test_lists_hold_exactly_whom_their_segments_hold(segmentation: Segmentation, tmp_path: Path):
    lists.write_lists(segmentation, tmp_path)
    lists.write_tables(segmentation, None, tmp_path)
    header, *everyone = read((tmp_path / "segments.csv").read_bytes())

    for segment in segmentation.segments:
        path = tmp_path / "lists" / lists.list_name(segment)
        assert read(path.read_bytes()) == [header, *(row for row in everyone if row[1] == str(segment.number))]
        assert path.read_bytes() == lists.list_bytes(segmentation, segment.number)
    assert not (tmp_path / "sweep.csv").exists()


@given(labels=st.lists(st.integers(0, 3), min_size=1, max_size=30))
def test_every_customer_is_on_exactly_one_list(labels: list[int]):
    places = sorted(set(labels))
    features = customers({"total_revenue": range(len(labels)), "age": [7 * n % 11 for n in range(len(labels))]})
    segmentation = grouped(features, [places.index(label) for label in labels])

    listed = {
        s.number: [r[0] for r in read(lists.list_bytes(segmentation, s.number))[1:]] for s in segmentation.segments
    }

    assert sorted(customer for ids in listed.values() for customer in ids) == sorted(features.values.index)
    for number, ids in listed.items():
        assert ids == segmentation.members(number).tolist()


def test_the_zip_holds_the_lists_and_is_the_same_each_time(segmentation: Segmentation):
    packed = lists.zip_of_lists(segmentation)

    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == {
            "1-tres-bons.csv": lists.list_bytes(segmentation, 1),
            "2-rest.csv": lists.list_bytes(segmentation, 2),
        }
    assert lists.zip_of_lists(segmentation) == packed


def test_an_earlier_run_is_cleared_and_the_users_own_files_are_left(segmentation: Segmentation, tmp_path: Path):
    lists.write_lists(segmentation, tmp_path)
    lists.write_tables(segmentation, pd.DataFrame({"k": [1]}), tmp_path)
    lists.write_set_aside(pd.DataFrame({"reason": ["no-date"]}), tmp_path / "set_aside.csv")
    ours = ["recipe.json", "report.html", "rules.json", "segments.xlsx", ".segments.csv.part", "lists/.3-lost.csv.part"]
    theirs = [
        "notes.txt", "segments (copy).csv", "lists/2024-plan.csv", "lists/my-3-list.csv", "lists/7-wonders.csv",
        "audiences/google/mine.csv", "audiences/fax/1-champions.csv", ".hidden.part",
    ]  # fmt: skip
    for name in [*ours, *theirs, "audiences/google/1-champions.csv", "audiences/meta/2-rest.csv"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("something,else\n")

    lists.clear(tmp_path)

    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()) == sorted(theirs)
    assert not (tmp_path / "audiences/meta").exists()


def test_clearing_leaves_no_empty_folder_and_minds_no_missing_one(segmentation: Segmentation, tmp_path: Path):
    lists.write_lists(segmentation, tmp_path / "out")
    lists.write_tables(segmentation, None, tmp_path / "out")
    lists.clear(tmp_path / "out")
    lists.clear(tmp_path / "nowhere")

    assert [path.name for path in tmp_path.rglob("*")] == ["out"]
