from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.exports import csv_files, lists
from core.segments.segmentation import Segmentation
from tests.segments.builders import customers, grouped


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

    written = lists.write_lists(
        lists.rows_of(segmentation), segmentation.segments, tmp_path / "out"
    ) + lists.write_tables(segmentation, sweep, tmp_path / "out")

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
    lists.write_lists(lists.rows_of(segmentation), segmentation.segments, tmp_path)
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
    lists.write_lists(lists.rows_of(segmentation), segmentation.segments, tmp_path)
    lists.write_tables(segmentation, pd.DataFrame({"k": [1]}), tmp_path)
    csv_files.write_csv(pd.DataFrame({"reason": ["no-date"]}), tmp_path / "set_aside.csv")
    ours = [
        "recipe.json",
        "report.html",
        "rules.json",
        "segments.xlsx",
        ".segments.csv.part",
        "lists/.3-lost.csv.part",
        "segments.parquet",
        "set_aside.parquet",
        ".segments.parquet.part",
        ".set_aside.parquet.part",
    ]
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
    lists.write_lists(lists.rows_of(segmentation), segmentation.segments, tmp_path / "out")
    lists.write_tables(segmentation, None, tmp_path / "out")
    lists.clear(tmp_path / "out")
    lists.clear(tmp_path / "nowhere")

    assert [path.name for path in tmp_path.rglob("*")] == ["out"]
