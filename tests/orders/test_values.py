"""What stands for nothing, what values look like, and how doubts are told."""

from __future__ import annotations

import pytest

from core.engine import Engine
from core.orders import values
from core.orders.values import Ambiguity, Choice
from tests.orders.reading_columns import read


@pytest.mark.parametrize(
    "blank", ["", " ", "-", "--", "N/A", "na", "NaN", "NaT", "NULL", "None", "#N/A", "—", "n.a.", "\u00a0", "\u202f- "]
)
def test_blanks(engine: Engine, blank: str):
    assert values.is_blank(blank)
    assert read(engine, [blank, "x"], values.text) == [None, "x"]


@pytest.mark.parametrize("name", ["Nana", "Nadia", "Nullman", "0", "na na", "🦄", "مريم"])
def test_names_that_begin_like_blanks(engine: Engine, name: str):
    assert not values.is_blank(name)
    assert read(engine, [name], values.text) == [name]


@pytest.mark.parametrize(
    ("texts", "kind", "share"),
    [
        (["12.50", "€ 3", "(4)", "x"], "number", 0.75),
        (["2024-01-31", "31.01.2024", "1/31/24 8:00 AM", "soon"], "date", 0.75),
        (["4 sept. 2026", "45366", "12345678", "3.50"], "date", 0.25),
        (["12%", "1.234.5", "3 pcs", "1'000"], "number", 0.25),
        (["a@b.co", "a@b", "b"], "email", 1 / 3),
        (["1", "2.0", "2.5"], "integer", 2 / 3),
        (["", None, "N/A"], "number", 0.0),
        (["", None, "7"], "number", 1.0),
    ],
)
def test_share_of_values_that_look_like_a_kind(texts: list[str | None], kind: str, share: float):
    assert values.share(texts, kind) == pytest.approx(share)


def test_plain_numbers_have_marks_that_are_surely_decimal():
    assert values.plain_numbers(["12.50", "7", "-3e5", ""])
    assert values.plain_numbers(["1.234", "2.5"])
    assert values.plain_numbers(["0.123"])  # thousands do not begin with nothing
    assert not values.plain_numbers(["1.234", "12.345"])
    assert not values.plain_numbers(["12,50"])


def test_day_counts_are_told_apart_from_other_numbers():
    assert values.are_day_counts(["45366", "45366.5", "", "44927,25"])
    assert values.are_day_counts(["1709546400", "1.7095464E9"])
    assert not values.are_day_counts(["45366", "1709546400"])
    assert not values.are_day_counts(["12", "7"])
    assert not values.are_day_counts(["", None])


def test_a_doubt_is_told_with_the_value_both_ways():
    doubt = Ambiguity(
        "date-order", "Day", "03/04/2024", Choice("dmy", "3 Apr 2024"), Choice("mdy", "4 Mar 2024"), "its money is EUR"
    )
    assert str(doubt) == (
        "No date in Day shows which number is the day: 03/04/2024 is read as 3 Apr 2024, since its money is EUR; it "
        "could also be 4 Mar 2024."
    )
