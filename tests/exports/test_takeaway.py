"""What is counted in one place is counted alike in all: JSON, words, files, zip and workbook."""

from __future__ import annotations

import csv
import io
import zipfile
from collections import Counter
from pathlib import Path

import openpyxl
import pytest

from core.exports.audiences import BY_KEY, REASONS
from tests.commands import Ran, rows_of, run

PLATFORMS = list(BY_KEY)


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 customers in two groups; of each ten one declined, one has no contact, one a wrong email, two share one."""
    path = tmp_path_factory.mktemp("orders") / "orders.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["customer id", "order id", "date", "amount", "email", "phone", "accepts marketing", "country"])
        for number in range(60):
            place = number % 10
            email = {1: "", 2: "wrong@", 4: f"C{number - 1}@Example.com"}.get(place, f"c{number}@example.com")
            phone = "" if place in {1, 2} else f"020 7183 {8000 + number}"
            name = f"=1+{number}" if number == 9 else f"C{number:02}"
            for order in range(1 + number // 30 * 4):
                rows.writerow(
                    [name, f"O{number}-{order}", f"2024-0{1 + order}-{1 + number % 28:02}", 10 + number // 30 * 500,
                     email, phone, "no" if place == 0 else "yes", "UK"]
                )  # fmt: skip
    return path


@pytest.fixture(scope="module")
def taken(orders: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Ran, Path]:
    out = tmp_path_factory.mktemp("out")
    ran = run(
        "segment", orders, "--out", out, "--k", 2, "--k-max", 2, "--json", "--workbook", "--rules",
        "--control-share", 0.1, "--audience", ",".join(PLATFORMS), "--default-country", "GB",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    return ran, out


def test_the_files(taken: tuple[Ran, Path]):
    _, out = taken
    lists = sorted(path.name for path in (out / "lists").iterdir())
    names = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    assert names == {
        "segments.csv", "summary.csv", "sweep.csv", "set_aside.csv", "recipe.json", "report.html", "segments.xlsx",
        "rules.json",
        "audiences/accounts.csv", "audiences/contacts_to_check.csv", *(f"lists/{name}" for name in lists),
        *(f"audiences/{platform}/{name}" for platform in PLATFORMS for name in lists),
    }  # fmt: skip


def test_all_counts_agree(taken: tuple[Ran, Path]):
    ran, out = taken
    segments = {one["segment"]: one["customers"] for one in ran.told["segments"]}
    table = rows_of(out / "segments.csv")
    assert segments == {int(number): count for number, count in Counter(row["segment"] for row in table).items()}

    held = Counter(int(row["segment"]) for row in table if row["control_group"] == "true")
    control = ran.told["control"]
    assert control["by_segment"] == [held[number] for number in segments] == [3, 3]
    assert control["customers"] == sum(held.values())

    accounts = rows_of(out / "audiences" / "accounts.csv")
    for one in ran.told["audiences"]:
        assert one["customers"] == segments[one["segment"]] == one["listed"] + sum(one["left_out"].values())
        (path,) = (out / "audiences" / one["platform"]).glob(f"{one['segment']}-*.csv")
        assert len(rows_of(path)) == one["listed"]
        told = {
            row["outcome"]: int(row["customers"])
            for row in accounts
            if (row["platform"], row["segment"]) == (one["platform"], str(one["segment"]))
        }
        assert told["on the list"] == one["listed"]
        assert {REASONS[reason]: count for reason, count in one["left_out"].items()}.items() <= told.items()

    book = openpyxl.load_workbook(out / "segments.xlsx")
    for sheet in ran.told["workbook"][1:]:
        assert book[sheet["sheet"]].max_row - 1 == sheet["rows"] == segments[sheet["segment"]]
    assert [row[2].value for row in book["Summary"].iter_rows(min_row=2, max_row=3)] == list(segments.values())


def test_who_is_left_out_by_hand(taken: tuple[Ran, Path]):
    """Of each thirty, three declined; without the control group three lack contacts, three have a wrong email."""
    ran, out = taken
    held = {row["customer_id"] for row in rows_of(out / "segments.csv") if row["control_group"] == "true"}
    klaviyo = [one for one in ran.told["audiences"] if one["platform"] == "klaviyo"]
    assert sum(one["left_out"]["declined"] for one in klaviyo) == 6
    reached = Counter[str]()
    for number in range(60):
        place = number % 10
        names = {f"C{number:02}"}
        if place in {3, 4}:  # two ids of one person
            names = {f"C{number - place + 3:02}", f"C{number - place + 4:02}"}
        if place == 9 and number == 9:
            names = {"'=1+9"}
        if place == 0:
            continue
        if names & held:
            reached["control-group"] += 1
        elif place == 1:
            reached["no-contact"] += 1
        elif place == 2:
            reached["bad-contact"] += 1
        elif place == 4:
            reached["merged"] += 1
        else:
            reached["listed"] += 1
    assert sum(one["listed"] for one in klaviyo) == reached.pop("listed")
    told = Counter[str]()
    for one in klaviyo:
        told.update({reason: count for reason, count in one["left_out"].items() if reason != "declined"})
    assert told == reached


def test_a_contact_that_cannot_be_right_is_in_a_file_of_its_own(taken: tuple[Ran, Path]):
    rows = rows_of(taken[1] / "audiences" / "contacts_to_check.csv")
    assert [row["customer_id"] for row in rows] == ["C02", "C12", "C22", "C32", "C42", "C52"]
    assert {(row["contact"], row["value"], row["on_the_lists"]) for row in rows} == {("email", "wrong@", "false")}


def test_a_folder_used_again_holds_nothing_of_before(orders: Path, taken: tuple[Ran, Path], tmp_path: Path):
    out = tmp_path / "out"
    options = ["--k", 2, "--k-max", 2, "--audience", "meta"]
    assert run("segment", orders, "--out", out, "--workbook", *options).code == 0
    assert run("segment", orders, "--out", out, *options[:4]).code == 0

    assert not (out / "segments.xlsx").exists()
    assert not (out / "audiences").exists()


def test_score_takes_the_same_options(orders: Path, taken: tuple[Ran, Path], tmp_path: Path):
    ran = run(
        "score", orders, "--recipe", taken[1] / "recipe.json", "--out", tmp_path, "--json", "--control-share", 0.1,
        "--audience", "klaviyo", "--default-country", "Germany",
    )  # fmt: skip

    assert ran.code == 0
    assert ran.told["control"] == taken[0].told["control"]
    before = [one for one in taken[0].told["audiences"] if one["platform"] == "klaviyo"]
    assert [one["listed"] for one in ran.told["audiences"]] == [one["listed"] for one in before]


@pytest.mark.parametrize(
    "option",
    [["--audience", "fax"], ["--default-country", "Mars"], ["--control-share", "0.6"], ["--control-share", "x"]],
)
def test_wrong_usage(orders: Path, tmp_path: Path, option: list[str]):
    assert run("segment", orders, "--out", tmp_path, *option).code == 2


def test_people_are_told(orders: Path, tmp_path: Path):
    ran = run(
        "segment", orders, "--out", tmp_path, "--k", 2, "--k-max", 2, "--audience", "tiktok", "--control-share", 0.2
    )

    assert "12 customers are in the control group." in ran.err
    assert "TikTok custom audience, segment 1" in ran.err
    assert "did not agree to marketing" in ran.err


def test_the_zip_holds_what_the_folder_holds(orders: Path, taken: tuple[Ran, Path]):
    from core.analysis import SegmentOptions, analyse
    from core.engine import Engine
    from core.exports import bundle
    from core.exports.takeaway import Wanted
    from core.orders.cleaning import CleaningOptions
    from core.orders.source import open_sources
    from core.orders.understanding import understand

    _, out = taken
    with Engine() as engine:
        lines = understand(engine, open_sources(engine, [orders]), CleaningOptions(carry=()))
        analysis = analyse(lines, SegmentOptions(k=2, k_max=2))
        wanted = Wanted(tuple(PLATFORMS), "GB", 0.1, workbook=True)
        packed = bundle.zip_of_everything(analysis, {}, wanted)
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.testzip() is None
        names = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
        assert set(archive.namelist()) == names
        for name in names - {"segments.xlsx"}:  # which holds the moment that it was made
            assert archive.read(name) == (out / name).read_bytes(), name
