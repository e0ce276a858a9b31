"""Text to numbers. Each expectation is the number that a person reads there under the column's decimal mark."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.engine import Engine
from core.orders import numbers
from core.orders.numbers import Decimal
from tests.orders.reading_columns import read_numbers, weigh

POINT = {
    "12.50": 12.5, "-3": -3.0, "+3": 3.0, ".5": 0.5, "-.5": -0.5, "5.": 5.0, "1e3": 1000.0, "1.5E+3": 1500.0,
    "5e-3": 0.005, " 7 ": 7.0, "0.123": 0.123, "1.234": 1.234,
    "1,234.50": 1234.5, "1 234.50": 1234.5, "1'234.50": 1234.5, "1’234.50": 1234.5, "1\u00a0234.50": 1234.5,
    "1\u202f234.50": 1234.5, "1\u2009234.50": 1234.5, "1,234,567": 1234567.0, "1,234": 1234.0,
    "1,00,000": 100000.0, "12,34,567.89": 1234567.89,  # a lakh; twelve lakh
    "$12.50": 12.5, "£1,000": 1000.0, "12.50 €": 12.5, "12.50€": 12.5, "EUR 12.50": 12.5, "12.50 USD": 12.5,
    "usd12.50": 12.5, "US$ 1,240.00": 1240.0, "$12.50 USD": 12.5, "CHF 1'234.50": 1234.5, "SFr. 5.00": 5.0,
    "Rs. 500": 500.0, "Rs.500": 500.0, "Rs.1,00,000.00": 100000.0, "₹ 1,00,000": 100000.0, "kr 12": 12.0,
    "12 kr.": 12.0, "12.50 zł": 12.5, "RUB 12": 12.0, "R 12.50": 12.5, "\u00a012.50\u00a0€\u00a0": 12.5,
    "-$5.00": -5.0, "$-5.00": -5.0, "- $5.00": -5.0, "−12.50": -12.5, "–12.50": -12.5, "-12.50 €": -12.5,
    "(12.50)": -12.5, "($1,234.50)": -1234.5, "$(5)": -5.0, "(12.50 €)": -12.5, "(12.50) €": -12.5,
    "80.-": 80.0, "CHF 1'250.--": 1250.0, "-80.-": -80.0, "(80.-)": -80.0, "80.- CHF": 80.0, "80,-": None,
    "12.50-": -12.5, "12.50- EUR": -12.5, "12.50 EUR-": -12.5, "$12.00-": -12.0,
    "": None, "-": None, "--": None, "—": None, "N/A": None, "n/a": None, "null": None, "\u00a0": None,
    "abc": None, "12.5.0": None, "1-2": None, "two": None, "12%": None, "5 pcs": None, "2x": None, "#5": None,
    "1,5": None, "12,50": None, "1.234,50": None, "1.234.5": None, "1.234.567": None, "12,34,5": None, "1,2,3": None,
    "1,234 567": None, "1 23": None, "12 50": None, "0,123": None, "1,23,4567": None, "1,234.5,6": None, "1,,234": None,
    "--5": None, "(5": None, "5)": None, "-(5)": None, "(-5)": None, "-5-": None, "$$5": None, "e5": None, "€": None,
    "2024-03-04": None, "10:15": None,
}  # fmt: skip
COMMA = {
    "12,50": 12.5, "1.234,50": 1234.5, "1 234,50": 1234.5, "-0,99": -0.99, "12,50 €": 12.5, "€ 12,50": 12.5,
    ",5": 0.5, "1.234": 1234.0, "1.234.567": 1234567.0, "7": 7.0, "(3,5)": -3.5, "3,5-": -3.5, "1,5E+3": 1500.0,
    "1,234": 1.234, "CHF 1'234,50": 1234.5, "R$ 1.234,50": 1234.5, "1\u202f234,50\u00a0€": 1234.5, "12,50 kr": 12.5,
    "12,-": 12.0, "1.250,--": 1250.0, "-12,-": -12.0, "€ 12,–": 12.0, "12,- €": 12.0,
    "1.234,5678": 1234.5678, "−1.234,50": -1234.5, "12,50 Kč": 12.5, "4.626,81": 4626.81,
    "": None, "zwei": None, "1,2,3": None, "12.50": None, "1.5": None, "1,234.50": None,
    "12,---": None, "12.-": None, "12,50 %": None,
    "1.23,4": None, "0.123": None, "1.234 567": None,
}  # fmt: skip


@pytest.mark.parametrize(("cases", "decimal"), [(POINT, "point"), (COMMA, "comma")])
def test_numbers(engine: Engine, cases: dict[str, float | None], decimal: Decimal):
    assert dict(zip(cases, read_numbers(engine, list(cases), decimal), strict=True)) == cases


def test_without_a_decimal_mark_only_plain_numbers_are_read(engine: Engine):
    assert read_numbers(engine, ["12.50", "-3", "1,5", "$2", "1e3"], None) == [12.5, -3.0, None, None, 1000.0]


def test_what_is_not_finite_is_missing(engine: Engine):
    texts = ["1.5", "inf", "-Infinity", "1e400", "NaN", "1e16", "$1e400"]
    assert read_numbers(engine, texts, "point") == [1.5, None, None, None, None, None, None]


def test_in_a_mixed_column_each_value_is_read_by_the_one_mark_that_it_fits(engine: Engine):
    texts = ["12.50", "12,50", "1.234,50", "1,234.50", "1,234", "1.2.3"]
    assert read_numbers(engine, texts, "point", mixed=True) == [12.5, 12.5, 1234.5, 1234.5, 1234.0, None]
    assert read_numbers(engine, texts, "comma", mixed=True) == [12.5, 12.5, 1234.5, 1234.5, 1.234, None]


def test_what_looks_like_a_number():
    assert [text for text, number in POINT.items() if number is not None and not numbers.is_number(text.strip())] == []
    assert not any(numbers.is_number(text) for text in ("1.234.5", "12%", "2024-03-04", "C123", "(5", "1,2,3"))


SIGNS = [("", ""), ("$", ""), ("US$ ", ""), ("", " €"), ("", "€"), ("EUR ", ""), ("", " CHF"), ("kr ", ""), ("", " zł")]
SIGNS += [("Rs. ", ""), ("R$ ", ""), ("£", "")]
LESS = ["-{}", "({})", "{}-", "−{}"]


@settings(max_examples=20)
@given(
    amounts=st.lists(
        st.tuples(st.integers(-(10**11), 10**11), st.sampled_from(SIGNS), st.sampled_from(LESS)), min_size=1
    ),
    style=st.sampled_from(
        [("point", ",", "."), ("point", "'", "."), ("point", "\u202f", "."), ("point", "", "."), ("comma", ".", ","),
         ("comma", "\u00a0", ","), ("comma", "’", ","), ("comma", "", ",")]
    ),
)  # fmt: skip
def test_amounts_written_are_the_amounts_read(
    engine: Engine, amounts: list[tuple[int, tuple[str, str], str]], style: tuple[Decimal, str, str]
):
    decimal, thousands, mark = style
    texts, expected = [], []
    for cents, (before, after), less in amounts:
        whole, rest = divmod(abs(cents), 100)
        body = before + f"{whole:,}".replace(",", thousands) + mark + f"{rest:02}" + after
        texts.append(less.format(body) if cents < 0 else body)
        expected.append(cents / 100)
    assert read_numbers(engine, texts, decimal) == expected
    other: Decimal = "comma" if decimal == "point" else "point"
    assert set(read_numbers(engine, texts, other)) == {None}  # two decimals fit one mark only
    _, found = weigh(engine, texts, "numbers")
    assert (found.decimal, found.undecided, found.mixed) == (decimal, False, False)


@settings(max_examples=20)
@given(texts=st.lists(st.text("0123456789.,' -()$€e", max_size=12), max_size=60))
def test_no_text_is_another_number_than_its_digits(engine: Engine, texts: list[str]):
    """Whatever is read keeps the digits of the text in their order: nothing is left out, nothing put in."""
    for text, number in zip(texts, read_numbers(engine, texts, "point"), strict=True):
        if number is not None and "e" not in text:
            written = "".join(mark for mark in text if mark.isdigit() or mark == ".").strip()
            assert abs(number) == float(written)


@pytest.mark.parametrize(
    ("texts", "decimal", "undecided", "mixed"),
    [
        (["1.50", "1,234.00"], "point", False, False),
        (["1,50", "1.234,00"], "comma", False, False),
        (["1.234", "2.345"], None, True, False),
        (["1,234", "2,345"], None, True, False),
        (["1.234", "2.50"], "point", False, False),
        (["1,234", "2,5"], "comma", False, False),
        (["12", "7"], None, False, False),
        (["1.234.567", "1.234"], "comma", False, False),  # a mark that stands twice can only part thousands
        (["1,234,567", "1,234"], "point", False, False),
        (["1,00,000", "1,234"], "point", False, False),
        (["0.125", "1.234"], "point", False, False),  # thousands do not begin with nothing
        (["1.234", "2345"], "point", False, False),  # thousands are not parted here
        (["1,234", "2345"], "comma", False, False),
        (["1,234", "2.345", "2345"], None, True, False),
        (["$1,234.50", "(2.00)"], "point", False, False),
        (["1 234,50 €"], "comma", False, False),
        (["12.50", "12,50", "8.00"], "point", False, True),
        (["12.50", "12,50", "1,234"], None, True, True),
        (["12.50"] * 99 + ["12,50"], "point", False, False),  # a slip
        (["25,-", "1.234"], "comma", False, False),
        (["abc", "1.2.3", "", None], None, False, False),
        ([], None, False, False),
    ],
)
def test_decimal_mark_from_the_values(
    engine: Engine, texts: list[str | None], decimal: str | None, undecided: bool, mixed: bool
):
    _, found = weigh(engine, texts, "numbers")
    assert (found.decimal, found.undecided, found.mixed) == (decimal, undecided, mixed)


@pytest.mark.parametrize(("odd", "decimal"), [("1,5", "comma"), ("1,234,567", "point")])
def test_one_value_among_thousands_decides(engine: Engine, odd: str, decimal: str):
    texts = [f"{number % 9 + 1},{number % 1000:03}" for number in range(5_000)]
    assert weigh(engine, texts, "numbers")[1].undecided
    assert weigh(engine, [*texts, odd], "numbers")[1].decimal == decimal


def test_both_readings_in_digits_that_no_one_can_mistake():
    assert numbers.readings_of("€ 1.234") == {"point": "about 1.23", "comma": "1234"}
    assert numbers.readings_of("12,345") == {"point": "12345", "comma": "about 12,35"}
    assert numbers.readings_of("($1,234)") == {"point": "-1234", "comma": "about -1,23"}
