"""Wrong and odd input by the command line: what is said of it, with which code, and what can be done after it."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tests import wrong_inputs
from tests.commands import rows_of, run
from tests.wrong_inputs import Input, orders

MORE = (
    Input("nothing but blank lines.csv", b"\n\n  \n", "empty-file"),
    Input("a mark and nothing else.csv", b"\xef\xbb\xbf", "empty-file"),
    Input("zeros.csv", bytes(5_000), "unreadable-file"),
    Input("workbook.csv", b"PK\x03\x04" + bytes(500), "unreadable-file"),
    Input("cut short.csv.gz", gzip.compress(orders())[:-20], "unreadable-file"),
    Input("cut short.parquet", b"PAR1" + bytes(50), "unreadable-file"),
    Input("page with a comment.csv", b"<!-- 502 -->\n<html><body>no</body></html>", "not-a-table"),
    Input("an answer.csv", b'{"error": "not signed in"}', "not-a-table"),
    Input("prose.csv", b"Dear team,\nplease find the orders attached, all of them.\nBest, Ann\n", "no-customer-column"),
    Input("dates are words.csv", orders(order_date=lambda row: "soon"), "no-date-column"),
    Input("amounts are words.csv", orders(amount=lambda row: "ask"), "no-amount-column"),
    Input("all in 1970.csv", orders(order_date=lambda row: "1970-01-01"), "no-usable-rows"),
    Input("no amount is finite.csv", orders(amount=lambda row: "inf"), "no-amount-column"),
    Input("nothing was bought.csv", orders(amount=lambda row: "-5.00"), "no-usable-rows"),
)


@pytest.fixture
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / request.param.name
    path.write_bytes(request.param.content)
    return path


def cases(*inputs: Input) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        ("file", "wrong"), [(each, each) for each in inputs], ids=[each.name for each in inputs], indirect=["file"]
    )


@cases(*wrong_inputs.UNUSABLE, *MORE)
def test_what_cannot_be_used_is_told_with_its_code(file: Path, wrong: Input, tmp_path: Path):
    out = tmp_path / "out"
    ran = run("segment", file, "--out", out, "--json")
    assert ran.code == 3
    error = ran.told["error"]
    assert list(ran.told) == ["error"]
    assert error["code"] == wrong.code
    assert error["message"].endswith(".")
    assert error["hint"]
    assert "Traceback" not in ran.err
    assert not out.exists()


@cases(*(each for each in (*wrong_inputs.UNUSABLE, *MORE) if each.code not in {"too-few-customers"}))
def test_inspect_says_the_same(file: Path, wrong: Input):
    ran = run("inspect", file, "--json")
    assert (ran.code, ran.told["error"]["code"]) == (3, wrong.code)


@cases(*(each for each in wrong_inputs.UNUSABLE if each.code == "too-few-customers"))
def test_few_customers_can_still_be_looked_at(file: Path, wrong: Input):
    ran = run("inspect", file, "--json")
    assert (ran.code, ran.told["rows_used"]) == (0, 30)


@cases(*wrong_inputs.ODD)
def test_what_is_odd_is_used_as_far_as_it_goes(file: Path, wrong: Input, tmp_path: Path):
    ran = run("segment", file, "--out", tmp_path / "out", "--k", 2, "--k-max", 2, "--json")
    assert ran.code == 0
    told = ran.told
    assert told["rows_read"] == 30
    assert told["rows_used"] == 30 - wrong.set_aside
    assert sum(told["set_aside"].values()) == wrong.set_aside == len(rows_of(tmp_path / "out" / "set_aside.csv"))
    assert len(rows_of(tmp_path / "out" / "segments.csv")) == told["customers"]


@pytest.mark.parametrize(
    ("content", "set_aside"),
    [
        (orders(quantity=lambda row: "many" if row % 5 == 0 else "2"), {"bad-quantity": 6}),
        (
            orders(order_date=lambda row: ("1970-01-01", "2999-12-31", "2024-03-05")[row % 3]),
            {"implausible-date": 20},
        ),
        (
            orders(amount=lambda row: ("nan", "inf", "-inf", "12.50", "3.20")[row % 5]),
            {"no-amount": 6, "bad-amount": 12},
        ),
        (orders(customer_id=lambda row: "" if row == 3 else f"C{row % 9}"), {"no-customer": 1}),
    ],
)
def test_the_ledger_of_odd_values(tmp_path: Path, content: bytes, set_aside: dict[str, int]):
    (tmp_path / "orders.csv").write_bytes(content)
    ran = run("inspect", tmp_path / "orders.csv", "--json")
    assert ran.code == 0
    assert ran.told["set_aside"] == set_aside
    assert ran.told["rows_used"] == 30 - sum(set_aside.values())


def test_text_throughout_the_quantity_column(tmp_path: Path):
    """The amounts stand without it; quantity x price does not."""
    (tmp_path / "orders.csv").write_bytes(orders(quantity=lambda row: "many"))
    told = run("inspect", tmp_path / "orders.csv", "--json").told
    assert (told["rows_used"], told["set_aside"]) == (30, {})
    assert "quantity" not in told["columns"]
    assert any("quantity" in text for text in told["warnings"])
    priced = orders(quantity=lambda row: "many").replace(b"amount", b"unit price", 1)
    (tmp_path / "priced.csv").write_bytes(priced)
    ran = run("inspect", tmp_path / "priced.csv", "--json")
    assert (ran.code, ran.told["error"]["code"]) == (3, "no-amount-column")


@pytest.mark.parametrize("command", [["inspect"], ["segment", "--out", "out"]])
def test_a_missing_file_and_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.csv").mkdir()
    for name in ("missing.csv", "folder.csv"):
        ran = run(*command, name, "--json")
        assert (ran.code, ran.told["error"]["code"]) == (3, "unreadable-file"), name
        assert name in ran.told["error"]["message"]


def test_one_bad_source_among_good_ones_is_named(tmp_path: Path):
    (tmp_path / "good.csv").write_bytes(orders())
    (tmp_path / "bad.csv").write_bytes(wrong_inputs.WEB_PAGE)
    ran = run("inspect", tmp_path / "good.csv", tmp_path / "bad.csv", "--json")
    assert (ran.code, ran.told["error"]["code"]) == (3, "not-a-table")
    assert "bad.csv" in ran.told["error"]["message"]


def test_more_segments_than_different_customers(tmp_path: Path):
    """Four kinds of customers, each three times over."""
    rows = [f"C{number},2024-0{1 + number % 4}-01,{10 + number % 4}.00" for number in range(12)]
    (tmp_path / "orders.csv").write_text("\n".join(["customer,date,amount", *rows]))
    ran = run("segment", tmp_path / "orders.csv", "--out", tmp_path / "out", "--k", 5, "--json")
    assert (ran.code, ran.told["error"]["code"]) == (3, "too-few-customers")
    assert "4" in ran.told["error"]["message"]
    assert not (tmp_path / "out").exists()
    ran = run("segment", tmp_path / "orders.csv", "--out", tmp_path / "out", "--k", 4, "--json")
    assert ran.code == 0
    assert [one["customers"] for one in ran.told["segments"]] == [3, 3, 3, 3]
    assert [step["k"] for step in ran.told["sweep"]] == [1, 2, 3, 4]


def test_names_in_any_script_come_through(tmp_path: Path):
    names = ("🦄 Zoë", "محمد علي", "<b>דנה</b>", "  Ann\u00a0Lee ", 'O\'Brien "Bob"')
    rows = [f'"{names[row % 5].replace(chr(34), chr(34) * 2)}",2024-01-{row + 1:02},{row + 1}.50' for row in range(15)]
    (tmp_path / "orders.csv").write_text("\n".join(["customer,date,amount", *rows]), encoding="utf-8")
    ran = run(
        "segment", tmp_path / "orders.csv", "--out", tmp_path / "out", "--k", 2, "--k-max", 3, "--json", charts=True
    )
    assert (ran.code, ran.told["customers"]) == (0, 5)
    ids = {row["customer_id"] for row in rows_of(tmp_path / "out" / "segments.csv")}
    assert ids == {name.strip() for name in names}
    report = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "<b>דנה</b>" not in report


def test_after_a_wrong_file_the_next_one_works(tmp_path: Path):
    (tmp_path / "orders.csv").write_bytes(b"")
    assert run("segment", tmp_path / "orders.csv", "--out", tmp_path / "out").code == 3
    (tmp_path / "orders.csv").write_bytes(orders())
    assert run("segment", tmp_path / "orders.csv", "--out", tmp_path / "out", "--k", 2, "--k-max", 2).code == 0
