"""Ids stay what they were; only what a shop or a spreadsheet put around them goes."""

from __future__ import annotations

import pytest

from core.engine import Engine
from core.orders import ids, values
from tests.orders.reading_columns import read

SAME = {
    "007": "007", "17850.0": "17850", "17850": "17850", " C1 ": "C1", "1.0.0": "1.0.0", "A.0": "A.0", "0.0": "0",
    "123456789012345678": "123456789012345678", "000000000000000001": "000000000000000001",
    "1.785E+4": "17850", "1,785E+04": "17850", "1E+05": "100000", "1.23456789012E+11": "123456789012",
    "5E10": "5E10", "12E+3": "12E+3", "E+5": "E+5", "+49": "+49", "A+B": "A+B",
    "'00123": "00123", "'t Hooft": "'t Hooft", "#3001": "3001", "3001": "3001", "#": "#", "#A-7": "A-7",
    "\u00a017850\u00a0": "17850", "17850\u00a0": "17850", "\u202f17850\u202f": "17850", "\u00a0": None,
    "": None, "NaN": None, "N/A": None, "-": None, "Ann@Example.com": "Ann@Example.com", "Ännchen": "Ännchen",
}  # fmt: skip


def test_ids(engine: Engine):
    found = read(engine, list(SAME), lambda cell: ids.identity(values.text(cell)))
    assert dict(zip(SAME, found, strict=True)) == SAME


def test_emails_do_not_differ_by_case_or_blanks(engine: Engine):
    texts = ["Ann@Example.com", " ann@example.com ", "ann @example.com", "ann@example.com\u00a0", "a+b@c.de", "A B"]
    found = read(engine, texts, lambda cell: ids.identity(values.text(cell), lower=True))
    assert found == ["ann@example.com"] * 4 + ["a+b@c.de", "a b"]


def test_ids_that_were_typed_as_floats(engine: Engine):
    assert read(engine, [17850.0, 0.5, float("nan"), None], lambda cell: ids.identity(values.text(cell))) == [
        "17850", "0.5", None, None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        ("1.23457E+11", True),  # twelve digits, six shown
        ("1,23457E+11", True),
        ("1.23456789012E+11", False),
        ("17850", False),
        ("5E10", False),
    ],
)
def test_digits_that_a_spreadsheet_left_out_are_noticed(text: str, lost: bool):
    assert ids.shortened([text]) == ([text] if lost else [])
