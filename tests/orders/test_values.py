"""How text becomes days, numbers and ids. Each expectation is what a person reads there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

import ibis
import ibis.expr.types as ir
import pandas as pd
import pytest

from core.engine import Engine
from core.orders import values
from core.orders.values import DateEvidence, NumberEvidence


def read(engine: Engine, texts: Sequence[object], rule: Callable[[ir.Value], ir.Value]) -> list[object]:
    """What a rule makes of each value, None where it is missing."""
    kind = "string" if all(text is None or isinstance(text, str) for text in texts) else "float64"
    table = ibis.memtable({"place": range(len(texts)), "cell": list(texts)}, schema={"place": "int64", "cell": kind})
    read = engine.backend.to_pyarrow(table.select("place", value=rule(table.cell)).order_by("place"))
    return read.column("value").to_pylist()


def numbers(engine: Engine, texts: Sequence[str | None], decimal: values.Decimal | None) -> list[object]:
    """As the stages of `reading` read: what a cast does not tell, the rule does."""

    def number(cell: ir.StringValue) -> ir.FloatingValue:
        cast, ruled = values.cast_number(cell, decimal), values.number_by_rule(values.text(cell), decimal)
        return ibis.coalesce(values.finite(cast), values.finite(ruled))

    return read(engine, texts, number)


def days(engine: Engine, texts: Sequence[str | None], order: values.DateOrder | None) -> list[object]:
    def day(cell: ir.StringValue) -> ir.DateValue:
        return ibis.coalesce(values.trusted_day(values.cast_day(cell)), values.day_by_rule(values.text(cell), order))

    return read(engine, texts, day)


POINT = {
    "12.50": 12.5, "-3": -3.0, "+3": 3.0, ".5": 0.5, "1e3": 1000.0, " 7 ": 7.0,
    "1,234.50": 1234.5, "1 234.50": 1234.5, "1'234.50": 1234.5, "1\u00a0234.50": 1234.5, "1\u202f234.50": 1234.5,
    "$12.50": 12.5, "£1,000": 1000.0, "12.50 €": 12.5, "EUR 12.50": 12.5, "12.50 USD": 12.5,
    "-$5.00": -5.0, "$-5.00": -5.0, "(12.50)": -12.5, "($1,234.50)": -1234.5, "12.50-": -12.5,
    "": None, "-": None, "N/A": None, "null": None, "abc": None, "12.5.0": None, "1-2": None, "two": None,
}  # fmt: skip
COMMA = {
    "12,50": 12.5, "1.234,50": 1234.5, "1 234,50": 1234.5, "-0,99": -0.99, "12,50 €": 12.5, "€ 12,50": 12.5,
    "1.234": 1234.0, "7": 7.0, "(3,5)": -3.5, "3,5-": -3.5,
    "CHF 1'234,50": 1234.5, "": None, "zwei": None, "1,2,3": None,
}  # fmt: skip


@pytest.mark.parametrize(("cases", "decimal"), [(POINT, "point"), (COMMA, "comma")])
def test_numbers(engine: Engine, cases: dict[str, float | None], decimal: values.Decimal):
    assert dict(zip(cases, numbers(engine, list(cases), decimal), strict=True)) == cases


def test_without_a_decimal_mark_only_plain_numbers_are_read(engine: Engine):
    assert numbers(engine, ["12.50", "-3", "1,5", "$2", "1e3"], None) == [12.5, -3.0, None, None, 1000.0]


def test_what_is_not_finite_is_missing(engine: Engine):
    texts = ["1.5", "inf", "-Infinity", "1e400", "NaN", "1e16"]
    assert numbers(engine, texts, "point") == [1.5, None, None, None, None, None]


WITHOUT_ORDER = {
    "2024-03-04": date(2024, 3, 4), "2024/3/4": date(2024, 3, 4), "2024.03.04": date(2024, 3, 4),
    "20240304": date(2024, 3, 4), "2024-03-04 23:59": date(2024, 3, 4), "2024-03-04T23:59:59.123Z": date(2024, 3, 4),
    "2024-03-04 10:00:00 -0500": date(2024, 3, 4), "2024-03-04 10:00:00 UTC": date(2024, 3, 4),
    "2024-02-29": date(2024, 2, 29), "2023-02-29": None, "2024-13-01": None, "2024-00-10": None, "20241301": None,
    "03/04/2024": None, "soon": None, "": None, "45000": None, "2024": None,
}  # fmt: skip
DAY_FIRST = {
    "03/04/2024": date(2024, 4, 3), "3.4.2024": date(2024, 4, 3), "03-04-24": date(2024, 4, 3),
    "31/12/99": date(1999, 12, 31), "03/04/2024 11:15 PM": date(2024, 4, 3), "03.04.2024, 23:15": date(2024, 4, 3),
    "2024-03-04": date(2024, 3, 4), "04/13/2024": None, "32/01/2024": None,
}  # fmt: skip
MONTH_FIRST = {
    "03/04/2024": date(2024, 3, 4), "12/1/2010 8:26": date(2010, 12, 1), "3/4/24": date(2024, 3, 4),
    "2024-03-04": date(2024, 3, 4), "13/04/2024": None, "02/30/2024": None,
}  # fmt: skip
YEAR_FIRST = {"24/03/04": date(2024, 3, 4), "2024-03-04": date(2024, 3, 4), "99-12-31": date(1999, 12, 31)}


@pytest.mark.parametrize(
    ("cases", "order"),
    [(WITHOUT_ORDER, None), (DAY_FIRST, "dmy"), (MONTH_FIRST, "mdy"), (YEAR_FIRST, "ymd")],
)
def test_days(engine: Engine, cases: dict[str, date | None], order: values.DateOrder | None):
    assert dict(zip(cases, days(engine, list(cases), order), strict=True)) == cases


def test_ids_keep_leading_zeros_and_lose_only_a_float_s_point(engine: Engine):
    texts = ["007", "17850.0", "17850", " C1 ", "1.0.0", "A.0", "0.0", "", "NaN", "N/A", "-", "Ann@Example.com"]
    exact = read(engine, texts, lambda cell: values.identity(values.text(cell)))
    assert exact == ["007", "17850", "17850", "C1", "1.0.0", "A.0", "0", None, None, None, None, "Ann@Example.com"]
    lower = read(engine, texts, lambda cell: values.identity(values.text(cell), lower=True))
    assert lower[-1] == "ann@example.com"


def test_ids_that_were_typed_as_floats(engine: Engine):
    read_as = read(engine, [17850.0, 0.5, float("nan"), None], lambda cell: values.identity(values.text(cell)))
    assert read_as == ["17850", "0.5", None, None]


@pytest.mark.parametrize("blank", ["", " ", "-", "--", "N/A", "na", "NaN", "NaT", "NULL", "None", "#N/A"])
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
        (["a@b.co", "a@b", "b"], "email", 1 / 3),
        (["1", "2.0", "2.5"], "integer", 2 / 3),
        (["", None, "N/A"], "number", 0.0),
        (["", None, "7"], "number", 1.0),
    ],
)
def test_share_of_values_that_look_like_a_kind(texts: list[str | None], kind: str, share: float):
    assert values.share(texts, kind) == pytest.approx(share)


@pytest.mark.parametrize(
    ("texts", "continental", "order", "certain"),
    [
        (["31/01/2024", "02/03/2024"], False, "dmy", True),
        (["01/31/2024", "02/03/2024"], True, "mdy", True),
        (["01.02.2024", "02.03.2024"], False, "dmy", True),  # points stand only where the day is first
        (["01/02/2024", "02/03/2024"], False, "mdy", False),
        (["01/02/2024", "02/03/2024"], True, "dmy", False),
        (["2024-01-31", "2024-02-03"], False, "mdy", True),  # nothing to decide
        (["31/01/2024", "30/01/2024", "01/31/2024"], False, "dmy", True),  # one slip does not turn the file over
    ],
)
def test_date_order_from_the_values(engine: Engine, texts: list[str], continental: bool, order: str, certain: bool):
    table = ibis.memtable({"cell": texts})
    counts = engine.backend.to_pyarrow(table.aggregate(**values.date_evidence(table.cell))).to_pylist()[0]
    assert DateEvidence(**counts).order(continental=continental) == (order, certain)


@pytest.mark.parametrize(
    ("texts", "decimal", "undecided"),
    [
        (["1.50", "1,234.00"], "point", False),
        (["1,50", "1.234,00"], "comma", False),
        (["1.234", "2.345"], "point", True),
        (["1,234", "2,345"], "point", True),
        (["1.234", "2.50"], "point", False),
        (["1,234", "2,5"], "comma", False),
        (["12", "7"], "point", False),
        (["1.234.567", "1.234"], "comma", False),  # a mark that stands twice can only part thousands
        (["1,234,567", "1,234"], "point", False),
    ],
)
def test_decimal_mark_from_the_values(engine: Engine, texts: list[str], decimal: str, undecided: bool):
    table = ibis.memtable({"cell": texts})
    counts = engine.backend.to_pyarrow(table.aggregate(**values.number_evidence(table.cell))).to_pylist()[0]
    evidence = NumberEvidence(**{name: int(count) for name, count in counts.items()})
    assert (evidence.decimal, evidence.undecided) == (decimal, undecided)


@pytest.mark.parametrize(
    ("texts", "currency"),
    [
        (["Amount", "12 €"], "EUR"), (["Total (GBP)"], "GBP"), (["$5"], "USD"), (["amount", "12"], None),
        (["EURO2024 tickets"], None), (["price_usd"], None), (["zł 5"], "PLN"),
    ],
)  # fmt: skip
def test_currency(texts: list[str], currency: str | None):
    assert values.currency_of(texts) == currency


def test_evidence_of_typed_columns_is_none(engine: Engine):
    table = ibis.memtable(pd.DataFrame({"day": pd.to_datetime(["2024-01-31"]), "amount": [1.5]}))
    assert values.date_evidence(table.day) == {}
    assert values.number_evidence(table.amount) == {}
    day = engine.backend.to_pyarrow(table.select(day=values.cast_day(table.day))).column("day").to_pylist()
    assert day == [date(2024, 1, 31)]
