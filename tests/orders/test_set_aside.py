"""Looking through the rows set aside."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.engine import Engine
from core.orders.remarks import rows_by_currency
from core.orders.set_aside import rows_set_aside
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
