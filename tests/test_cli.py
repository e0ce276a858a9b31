"""The command line, which is also the contract: see DESIGN.md."""

from __future__ import annotations

import csv
import gzip
import json
import random
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.commands import Ran, rows_of, run

ROOT = Path(__file__).parents[1]
PHARMACY = ROOT / "sample_data" / "pharmacy_sales.csv.gz"

INSPECT_KEYS = [
    "shape", "files", "encoding", "delimiter", "decimal", "date_order", "platform", "currency", "columns", "rows_read",
    "rows_used", "set_aside", "customers", "orders", "revenue", "first_order", "last_order", "ambiguities", "warnings",
]  # fmt: skip
SEGMENT_KEYS = [*INSPECT_KEYS, "features", "k", "advice", "sweep", "segments"]
ADVICE_KEYS = ["k", "elbow", "silhouette", "stability", "natural_grouping", "words"]
SWEEP_KEYS = ["k", "inertia", "silhouette", "silhouette_se"]
ONE_SEGMENT_KEYS = ["segment", "name", "customers", "revenue", "share_of_customers", "share_of_revenue", "stability"]
ASSIGNMENT = ["customer_id", "segment", "segment_name", "runner_up", "margin"]
SUMMARY = [
    "cluster", "avg_total_revenue", "sum_total_revenue", "avg_order_value", "avg_total_quantity", "avg_recency",
    "customer_count",
]  # fmt: skip
SET_ASIDE = ["file", "line_number", "reason", "why"]


def shop(n_customers: int = 60, n_lines: int = 600, seed: int = 3) -> list[dict[str, str]]:
    """Lines of three kinds of customers, one in twenty lines a return, some damaged."""
    draw = random.Random(seed)
    rows = []
    for number in range(n_lines):
        customer = draw.randrange(n_customers)
        kind = customer % 3
        quantity = draw.randint(1, 4) * (-1 if draw.random() < 0.05 else 1)
        rows.append(
            {
                "customer_id": f"C{customer:03}",
                "order_id": f"O{number // 2}-{customer}",
                "order_date": f"2024-{(3, 5, 9)[kind] - draw.randrange(3):02}-{draw.randint(1, 28):02}",
                "quantity": str(quantity),
                "amount": f"{quantity * (90, 30, 10)[kind] * draw.uniform(0.6, 1.5):.2f}",
                "email": f"c{customer}@example.com",
            }
        )
    rows[7]["amount"] = "ask"
    rows[8]["order_date"] = "soon"
    rows[9]["customer_id"] = rows[9]["email"] = ""
    return rows


def written(rows: list[dict[str, str]], path: Path) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(shop(), tmp_path_factory.mktemp("orders") / "orders.csv")


@pytest.fixture(scope="module")
def segmented(orders: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Ran, Path]:
    out = tmp_path_factory.mktemp("segmented") / "not" / "yet" / "there"
    return run("segment", orders, "--out", out, "--k", 3, "--json", charts=True), out


# inspect


@pytest.mark.parametrize(
    ("options", "revenue", "told", "aside"),
    [
        ([], 19.0, "2 rows are exact copies of another row; they are kept.", {}),  # 3 x 5 + 4
        (["--drop-duplicates"], 9.0, None, {"duplicate": 2}),
    ],
)
def test_inspect_counts_exact_copies(
    tmp_path: Path, options: list[str], revenue: float, told: str | None, aside: dict[str, int]
):
    path = tmp_path / "orders.csv"
    path.write_text("customer,order id,date,product,amount\n" + "A,1,2024-01-01,P1,5\n" * 3 + "A,1,2024-01-01,P2,4\n")
    found = run("inspect", path, *options, "--json").told
    assert (found["revenue"], found["set_aside"]) == (revenue, aside)
    assert [text for text in found["warnings"] if "copies" in text] == ([told] if told else [])


def test_inspect_tells_what_the_contract_names(orders: Path):
    ran = run("inspect", orders, "--json")
    assert ran.code == 0
    told = ran.told
    assert list(told) == INSPECT_KEYS
    assert ran.out.count("\n") == 1
    assert (told["shape"], told["files"], told["platform"], told["currency"]) == ("orders", ["orders.csv"], None, None)
    assert (told["encoding"], told["delimiter"], told["decimal"], told["date_order"]) == ("utf-8", ",", "point", "ymd")
    assert told["columns"] == {
        "customer_id": "customer_id", "order_id": "order_id", "order_date": "order_date", "quantity": "quantity",
        "amount": "amount", "email": "email",
    }  # fmt: skip
    assert told["rows_read"] == 600 == told["rows_used"] + sum(told["set_aside"].values())
    assert told["set_aside"] == {"no-customer": 1, "bad-date": 1, "bad-amount": 1}
    assert told["ambiguities"] == []
    assert len(told["warnings"]) == 2  # a row without a customer is usual, and no reason to warn


def test_inspect_without_json_talks_to_people_only(orders: Path):
    ran = run("inspect", orders)
    assert (ran.code, ran.out) == (0, "")
    assert "600 rows read" in ran.err
    assert "customer_id = customer_id" in ran.err


def test_options_of_reading(tmp_path: Path):
    file = tmp_path / "x.csv"
    file.write_text("who;when;paid;back\nA;01/02/2024;1,500;1\nB;03/04/2024;2,500;2\nC;05/06/2025;3,500;3\n")
    told = run(
        "inspect", file, "--map", "customer_id=who", "--map", "order_date=2", "--map", "amount=paid",
        "--date-order", "mdy", "--decimal", "comma", "--currency", "eur", "--as-of", "2024-12-31", "--json",
    ).told  # fmt: skip
    assert told["columns"] == {"customer_id": "who", "order_date": "when", "amount": "paid"}
    assert (told["decimal"], told["date_order"], told["currency"], told["delimiter"]) == ("comma", "mdy", "EUR", ";")
    assert (told["revenue"], told["first_order"], told["last_order"]) == (4.0, "2024-01-02", "2024-03-04")
    assert told["set_aside"] == {"after-as-of": 1}


def test_an_ambiguous_file_is_no_error_unless_strict(tmp_path: Path):
    file = tmp_path / "x.csv"
    file.write_text("customer,date,amount\nA,01/02/2024,1.50\nB,03/04/2024,2.50\n")
    ran = run("inspect", file, "--json")
    assert ran.code == 0
    assert len(ran.told["ambiguities"]) == 1
    strict = run("inspect", file, "--strict", "--json")
    assert strict.code == 3
    assert strict.told["error"]["code"] == "ambiguous-dates"
    assert run("inspect", file, "--strict", "--date-order", "dmy").code == 0


def test_several_sources_are_one_file_of_orders(tmp_path: Path):
    rows = shop()
    first, second = written(rows[:250], tmp_path / "a.csv"), written(rows[250:], tmp_path / "b.csv")
    whole = run("inspect", written(rows, tmp_path / "whole.csv"), "--json").told
    told = run("inspect", first, second, "--json").told
    assert told["files"] == ["a.csv", "b.csv"]
    assert {key: told[key] for key in told if key not in {"files", "warnings"}} == {
        key: whole[key] for key in whole if key not in {"files", "warnings"}
    }


@pytest.mark.parametrize("kind", ["gz", "tsv", "parquet", "spaces"])
def test_the_same_orders_in_other_files(orders: Path, tmp_path: Path, kind: str):
    rows = [row for row in shop() if all(row.values())]
    plain = run("inspect", written(rows, tmp_path / "plain.csv"), "--json").told
    text = (tmp_path / "plain.csv").read_text()
    other = tmp_path / f"other.{kind}"
    if kind == "gz":
        other.write_bytes(gzip.compress(text.encode()))
    elif kind == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), other)
    else:
        other.write_text(text.replace(",", "\t" if kind == "tsv" else "  "))
    told = run("inspect", other, "--json").told
    of_the_file = {"files", "delimiter"}
    if kind == "parquet":
        of_the_file |= {"encoding"}
    assert {key: told[key] for key in told if key not in of_the_file} == {
        key: plain[key] for key in plain if key not in of_the_file
    }
    assert told["delimiter"] == {"gz": ",", "tsv": "\t", "parquet": None, "spaces": " "}[kind]


# usage


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["cluster", "orders.csv"],
        ["inspect"],
        ["inspect", "orders.csv", "--date-order", "ydm"],
        ["inspect", "orders.csv", "--as-of", "31.12.2024"],
        ["inspect", "orders.csv", "--map", "amount"],
        ["inspect", "orders.csv", "--currency", "EURO"],
        ["inspect", "orders.csv", "--returns", "drop"],
        ["segment", "orders.csv"],
        ["segment", "orders.csv", "--out", "x", "--k", "0"],
        ["segment", "orders.csv", "--out", "x", "--k", "three"],
        ["segment", "orders.csv", "--out", "x", "--k-max", "1"],
        ["segment", "orders.csv", "--out", "x", "--preset", "article", "--features", "recency_days"],
        ["segment", "orders.csv", "--out", "x", "--min-share", "0.9"],
        ["table", "orders.csv"],
    ],
)
def test_wrong_usage(arguments: list[str]):
    ran = run(*arguments, "--json") if arguments else run()
    assert (ran.code, ran.out) == (2, "")
    assert "usage:" in ran.err


def test_help_is_no_error():
    ran = run("--help")
    assert ran.code == 0
    assert "segment" in ran.out


def test_a_file_where_the_folder_should_be(orders: Path, tmp_path: Path):
    (tmp_path / "out").write_text("mine")
    assert run("segment", orders, "--out", tmp_path / "out").code == 2
    assert run("table", orders, "--out-dir", tmp_path / "out").code == 2
    assert (tmp_path / "out").read_text() == "mine"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--map", "amount=Total"], "unknown-column"),
        (["--map", "money=amount"], "unknown-role"),
        (["--as-of", "1999-01-01"], "no-usable-rows"),
    ],
)
def test_what_this_file_has_not_got(orders: Path, options: list[str], code: str):
    ran = run("inspect", orders, "--json", *options)
    assert ran.code == 3
    assert list(ran.told) == ["error"]
    assert list(ran.told["error"]) == ["code", "message", "hint"]
    assert ran.told["error"]["code"] == code
    assert ran.told["error"]["message"] in ran.err


def test_an_error_without_json_leaves_stdout_empty(tmp_path: Path):
    ran = run("inspect", tmp_path / "none.csv")
    assert (ran.code, ran.out) == (3, "")
    assert "none.csv" in ran.err


def test_the_module_itself_on_a_terminal_without_unicode(orders: Path):
    """`python -m core` as a shell has it: the exit code, nothing but JSON on stdout, no name that ends in a crash."""
    ran = subprocess.run(
        [sys.executable, "-m", "core", "inspect", str(orders), "--map", "amount=🦄", "--json"],
        cwd=ROOT, capture_output=True, timeout=120, check=False, env={"PYTHONIOENCODING": "ascii"},
    )  # fmt: skip
    assert ran.returncode == 3, ran.stderr
    error = json.loads(ran.stdout)["error"]
    assert error["code"] == "unknown-column"
    assert "🦄" in error["message"]


# segment


def test_segment_tells_what_the_contract_names(segmented: tuple[Ran, Path]):
    ran, _ = segmented
    assert ran.code == 0
    told = ran.told
    assert list(told) == SEGMENT_KEYS
    assert list(told["advice"]) == ADVICE_KEYS
    assert all(list(step) == SWEEP_KEYS for step in told["sweep"])
    assert all(list(one) == ONE_SEGMENT_KEYS for one in told["segments"])
    assert told["features"] == ["total_revenue", "avg_order_value", "total_quantity", "recency_days"]
    assert [step["k"] for step in told["sweep"]] == list(range(1, 11))
    assert told["sweep"][0]["silhouette"] is None
    assert (told["k"], [one["segment"] for one in told["segments"]]) == (3, [1, 2, 3])
    assert told["advice"]["stability"] in range(2, 11)
    assert told["advice"]["natural_grouping"] is True  # three kinds of customers, far apart
    assert all(0 <= one["stability"] <= 1 for one in told["segments"])
    assert sum(one["customers"] for one in told["segments"]) == told["customers"] == 60
    assert sum(one["share_of_customers"] for one in told["segments"]) == pytest.approx(1)
    assert sum(one["revenue"] for one in told["segments"]) == pytest.approx(told["revenue"])
    assert sum(one["share_of_revenue"] for one in told["segments"]) == pytest.approx(1)
    means = [one["revenue"] / one["customers"] for one in told["segments"]]
    assert means == sorted(means, reverse=True)


def test_the_files_of_segment(segmented: tuple[Ran, Path]):
    ran, out = segmented
    names = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    lists = {name for name in names if name.startswith("lists/")}
    assert names - lists == {
        "segments.csv", "summary.csv", "sweep.csv", "set_aside.csv", "recipe.json", "report.html",
    }  # fmt: skip
    assert len(lists) == 3
    assert json.loads((out / "recipe.json").read_text())
    report = (out / "report.html").read_text()
    assert all(one["name"] in report for one in ran.told["segments"])
    assert report.count("<svg") + report.count("vega-lite") >= 6


def test_segments_csv(segmented: tuple[Ran, Path]):
    ran, out = segmented
    rows = rows_of(out / "segments.csv")
    columns = list(rows[0])
    assert columns[:5] == ASSIGNMENT
    assert columns[5:9] == ran.told["features"]
    assert columns[-1] == "email"
    assert [row["customer_id"] for row in rows] == [f"C{number:03}" for number in range(60)]
    assert all(row["email"] == f"c{int(row['customer_id'][1:])}@example.com" for row in rows)
    assert all(row["segment"] != row["runner_up"] for row in rows)
    assert all(0 <= float(row["margin"]) <= 1 for row in rows)
    for one in ran.told["segments"]:
        members = [row for row in rows if row["segment"] == str(one["segment"])]
        assert len(members) == one["customers"]
        assert {row["segment_name"] for row in members} == {one["name"]}
        assert sum(float(row["total_revenue"]) for row in members) == pytest.approx(one["revenue"])


def test_a_list_holds_whom_its_segment_holds(segmented: tuple[Ran, Path]):
    _, out = segmented
    rows = rows_of(out / "segments.csv")
    listed = []
    for path in sorted((out / "lists").iterdir()):
        members = rows_of(path)
        number = path.name.partition("-")[0]
        assert members == [row for row in rows if row["segment"] == number]
        listed += members
    assert sorted(row["customer_id"] for row in listed) == [row["customer_id"] for row in rows]


def test_summary_and_sweep(segmented: tuple[Ran, Path]):
    ran, out = segmented
    customers = pd.read_csv(out / "segments.csv")
    summary = pd.read_csv(out / "summary.csv")
    assert list(summary.columns) == SUMMARY
    by_hand = customers.groupby("segment").agg(
        avg_total_revenue=("total_revenue", "mean"),
        sum_total_revenue=("total_revenue", "sum"),
        avg_order_value=("avg_order_value", "mean"),
        avg_total_quantity=("total_quantity", "mean"),
        avg_recency=("recency_days", "mean"),
        customer_count=("recency_days", "size"),
    )
    pd.testing.assert_frame_equal(summary.set_index("cluster"), by_hand, check_names=False, rtol=1e-9)
    sweep = rows_of(out / "sweep.csv")
    assert list(sweep[0]) == SWEEP_KEYS
    assert [float(row["inertia"]) for row in sweep] == [step["inertia"] for step in ran.told["sweep"]]
    assert sweep[0]["silhouette"] == sweep[0]["silhouette_se"] == ""


def test_set_aside_csv(segmented: tuple[Ran, Path]):
    _, out = segmented
    rows = rows_of(out / "set_aside.csv")
    assert list(rows[0]) == [*SET_ASIDE, "customer_id", "order_id", "order_date", "quantity", "amount", "email"]
    # The header is line 1, so row 7, counted from 0, is line 9.
    found = [(row["line_number"], row["reason"]) for row in rows]
    assert found == [("9", "bad-amount"), ("10", "bad-date"), ("11", "no-customer")]
    assert {row["file"] for row in rows} == {"orders.csv"}
    assert [rows[0]["amount"], rows[1]["order_date"], rows[2]["customer_id"]] == ["ask", "soon", ""]


def test_a_folder_is_used_again_and_only_our_own_files_go(orders: Path, tmp_path: Path):
    out = tmp_path / "out"
    assert run("segment", orders, "--out", out, "--k", 5, "--k-max", 5).code == 0
    mine = {
        out / "notes.txt": "mine", out / "lists" / "my list.csv": "mine", out / "lists" / "7-mine.csv": "a,b\n",
        out / "segments-old.csv": "mine", out / "sub" / "segments.csv": "mine",
    }  # fmt: skip
    for path, text in mine.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert run("segment", orders, "--out", out, "--k", 2, "--k-max", 2).code == 0
    assert {path: path.read_text() for path in mine} == mine
    assert len(list((out / "lists").iterdir())) == 2 + 2
    assert {row["segment"] for row in rows_of(out / "segments.csv")} == {"1", "2"}


def test_a_failed_run_leaves_an_earlier_one_alone(orders: Path, tmp_path: Path):
    out = tmp_path / "out"
    assert run("segment", orders, "--out", out, "--k", 2, "--k-max", 2).code == 0
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert run("segment", orders, "--out", out, "--k", 2, "--map", "amount=Total").code == 3
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_the_order_of_rows_changes_nothing(segmented: tuple[Ran, Path], tmp_path: Path):
    rows = shop()
    random.Random(1).shuffle(rows)
    out = tmp_path / "out"
    assert run("segment", written(rows, tmp_path / "orders.csv"), "--out", out, "--k", 3).code == 0
    for name in ("segments.csv", "summary.csv", "sweep.csv"):
        assert (out / name).read_bytes() == (segmented[1] / name).read_bytes(), name


@pytest.mark.parametrize(
    ("options", "features"),
    [
        (["--features", "order_count,recency_days"], ["order_count", "recency_days"]),
        (["--preset", "rfm"], ["recency_days", "order_count", "total_revenue"]),
        (["--preset", "article"], ["total_revenue", "avg_line_value", "total_quantity", "recency_days"]),
    ],
)
def test_features_and_presets(orders: Path, tmp_path: Path, options: list[str], features: list[str]):
    ran = run("segment", orders, "--out", tmp_path, "--json", "--k-max", 4, *options)
    assert ran.code == 0
    assert ran.told["features"] == features
    assert [step["k"] for step in ran.told["sweep"]] == [1, 2, 3, 4]
    assert ran.told["k"] == ran.told["advice"]["k"]  # --k auto is the default
    columns = list(rows_of(tmp_path / "segments.csv")[0])
    assert columns[5 : 5 + len(features)] == features
    assert "total_revenue" in columns


@pytest.mark.parametrize("name", ["loyalty", "distinct_products"])
def test_features_that_cannot_be_had(orders: Path, tmp_path: Path, name: str):
    ran = run("segment", orders, "--out", tmp_path / "out", "--features", name, "--json")
    assert (ran.code, ran.told["error"]["code"]) == (3, "unknown-feature")
    assert not (tmp_path / "out").exists()


def test_returns_as_the_preset_or_the_person_says(orders: Path, tmp_path: Path):
    net, as_is = (run("inspect", orders, "--returns", how, "--json").told for how in ("net", "as-is"))
    assert net["orders"] < as_is["orders"]
    preset = run("segment", orders, "--out", tmp_path, "--preset", "article", "--k", 2, "--k-max", 2, "--json").told
    assert preset["orders"] == as_is["orders"]


def test_formulas_are_made_harmless_in_lists_and_left_alone_by_table(tmp_path: Path):
    rows = shop()
    for row in rows:
        if row["customer_id"] == "C000":
            row["customer_id"] = "=cmd|' /C calc'!A0"
        elif row["customer_id"] == "C001":
            row["customer_id"] = "🦄 שרה"
    file = written(rows, tmp_path / "orders.csv")
    assert run("segment", file, "--out", tmp_path / "out", "--k", 2, "--k-max", 2).code == 0
    ids = {row["customer_id"] for row in rows_of(tmp_path / "out" / "segments.csv")}
    assert {"'=cmd|' /C calc'!A0", "🦄 שרה", "C002"} <= ids
    assert run("table", file, "--out-dir", tmp_path / "table").code == 0
    assert rows_of(tmp_path / "table" / "orders.csv") == rows
