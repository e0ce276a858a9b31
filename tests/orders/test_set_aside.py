"""Looking through the rows set aside."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.engine import Engine
from core.exports import csv_files
from core.exports.rows import pass_on
from core.orders import set_aside
from core.orders.cleaning import clean
from core.orders.remarks import rows_by_currency
from core.orders.set_aside import rows_set_aside
from core.orders.source import open_sources
from tests.commands import rows_of
from tests.orders.builders import order_lines

TEXT = (
    "customer,date,amount,note\n"
    "A,2024-01-01,1.00,\n"
    ",2024-01-02,2.00,Gift 100%\n"
    "B,soon,3.00,gift\n"
    "C,2024-01-04,free,a_b\n"
    ",2024-01-05,5.00,axb\n"
)


@pytest.mark.parametrize(
    ("words", "reason", "lines"),
    [
        ("", None, [3, 4, 5, 6]),
        ("GIFT", None, [3, 4]),
        ("gift", "no-customer", [3]),
        ("", "no-customer", [3, 6]),
        ("a_b", None, [5]),  # no pattern: axb is something else
        ("%", None, [3]),
        ("  gift   100% ", None, [3]),
        ("1.00", None, []),  # stands in a row that is used
        ("'; DROP TABLE x; --", None, []),
    ],
)
def test_rows_are_found_by_words_and_reason(
    engine: Engine, tmp_path: Path, words: str, reason: str | None, lines: list[int]
):
    found = order_lines(engine, tmp_path, TEXT)
    aside = rows_set_aside(found.rows, found.ledger, found.source, engine)
    frame, count = aside.search(words, reason)
    assert list(frame.line_number) == lines
    assert count == len(lines)


def test_of_many_the_first_are_shown_and_all_are_counted(engine: Engine, tmp_path: Path):
    found = order_lines(engine, tmp_path, TEXT)
    frame, count = rows_set_aside(found.rows, found.ledger, found.source).search(most=2)
    assert (list(frame.line_number), count) == ([3, 4], 4)


def test_rows_by_currency_are_those_that_could_count(engine: Engine, tmp_path: Path):
    text = "customer,date,amount,currency\nA,2024-01-01,1,EUR\nB,2024-01-02,2,eur\nC,2024-01-03,3,USD\n"
    found = order_lines(engine, tmp_path, text + ",2024-01-04,4,USD\nD,2024-01-05,5,\n")
    # The dollar row without a customer counts in neither; a blank is of the file's currency.
    assert rows_by_currency(found.rows, found.reading.currency) == {"EUR": 3, "USD": 1}
    plain = order_lines(engine, tmp_path, "customer,date,amount\nA,2024-01-01,1\n")
    assert rows_by_currency(plain.rows, plain.reading.currency) == {}


def test_rows_are_written_a_few_at_a_time_as_they_are_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(set_aside, "_ROWS_AT_ONCE", 3)
    rows = [f"{'' if place % 2 else 'c'},2024-01-{place % 28 + 1:02},{place}" for place in range(1, 41)]
    (tmp_path / "orders.csv").write_text("customer,date,amount\n" + "\n".join(rows) + "\n")
    with Engine() as engine:
        aside = clean(engine, open_sources(engine, [tmp_path / "orders.csv"])).set_aside()
        parts = list(aside.batches())
        rows = aside.batches()
        pass_on(rows, csv_files.csv_file(tmp_path / "aside.csv", rows.schema))
    assert [len(part) for part in parts] == [*[3] * 6, 2]
    written = rows_of(tmp_path / "aside.csv")
    assert [row["line_number"] for row in written] == [str(line) for line in range(2, 42, 2)]
    assert [row["amount"] for row in written] == [str(place) for place in range(1, 41, 2)]
    assert {row["reason"] for row in written} == {"no-customer"}
