"""Each row is used, or set aside for the first reason that applies."""

from __future__ import annotations

import math
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.engine import Engine
from core.errors import AmbiguousDatesError, AmbiguousInputError, NoUsableRowsError
from core.orders.cleaning import clean
from core.orders.overlapping import Copies
from core.orders.source import open_sources
from tests.orders.builders import fates, order_lines

GOOD = "C1,O1,2024-01-05,2,10.00\nC2,O2,2024-01-06,1,7.50\nC3,O3,2024-02-01,3,9.00\n"
HEADER = "customer,order id,date,quantity,amount\n"
SET_ASIDE = ["file", "line_number", "reason", "why", "customer", "order id", "date", "quantity", "amount"]


ROWS = {
    ",O9,2024-01-07,1,5.00": "no-customer",
    " N/A ,O9,2024-01-07,1,5.00": "no-customer",
    "C9,O9,,1,5.00": "no-date",
    "C9,O9,soon,1,5.00": "bad-date",
    "C9,O9,2024-02-30,1,5.00": "bad-date",
    "C9,O9,1970-01-01,1,5.00": "implausible-date",
    "C9,O9,1979-12-31,1,5.00": "implausible-date",
    "C9,O9,2999-12-31,1,5.00": "implausible-date",
    "C9,O9,2024-01-07,1,": "no-amount",
    "C9,O9,2024-01-07,1,NaN": "no-amount",
    "C9,O9,2024-01-07,1,five": "bad-amount",
    "C9,O9,2024-01-07,1,inf": "bad-amount",
    "C9,O9,2024-01-07,1,1e300": "bad-amount",
    "C9,O9,2024-01-07,two,5.00": "bad-quantity",
    "C9,O9,2024-01-07,-inf,5.00": "bad-quantity",
    ",O9,soon,two,five": "no-customer",  # the first that applies
    "C9,O9,soon,two,five": "bad-date",
    "C9,O9,2024-01-07,two,five": "bad-quantity",
    "C9,O9,1980-01-01,1,5.00": "used",
    "C9,O9,2024-01-07,,5.00": "used",  # an amount stands without its quantity
    "C9,,2024-01-07,1,5.00": "used",  # and without an order's number
}


def test_the_reason_for_each_row(engine: Engine, tmp_path: Path):
    # Each row is an order of its own: what one lacks, another row of the same order would have.
    rows = [row.replace("O9", f"O{number}") for number, row in enumerate(ROWS, 9)]
    lines = order_lines(engine, tmp_path, HEADER + GOOD + "".join(f"{row}\n" for row in rows))
    first = 2 + GOOD.count("\n")
    given = dict(enumerate(ROWS.values(), first))
    aside = lines.set_aside().frame()
    found = dict(zip(aside["line_number"], aside["reason"], strict=True))
    assert {line: found.get(line, "used") for line in given} == given
    assert set(found) <= set(given)
    assert lines.ledger.rows_in == len(ROWS) + 3


@pytest.mark.parametrize("row", ["C9,O9,2024-02-30,1,5.00", "C9,O9,2024-01-07,1,1e300", "C9,O9,2024-01-07,-inf,5.00"])
def test_a_row_that_looks_plain_and_is_not(engine: Engine, tmp_path: Path, row: str):
    """Nothing in the first rows says that the file needs a second look; what cannot be read does."""
    lines = order_lines(engine, tmp_path, f"{HEADER}{GOOD}{row}\n")
    assert fates(lines) == {"used": 3, ROWS[row]: 1}
    assert lines.reading.date_order is None


@pytest.mark.parametrize("place", [10, 5000])
@pytest.mark.parametrize("day", ["2024-01-05", "31/01/2024"])
@pytest.mark.parametrize(
    ("uneven", "aside"),
    [
        (["C9,O9,{day},1", "C9,O9,{day},1,5.00,more"], {"no-amount": 1}),
        (["C9,O9,{day},1,5.00,more", "C9,O9,{day},1"], {"no-amount": 1}),
        (["", "C9,O9,{day},1,5.00,,,,"], {}),  # which DuckDB reads without a word, and a row less
    ],
)
def test_uneven_rows_that_make_up_for_each_other(
    engine: Engine, tmp_path: Path, uneven: list[str], aside: dict[str, int], day: str, place: int
):
    """As many separators as even rows have, so that only reading them all shows that they are not."""
    rows = [f"C{number % 7},O{number},{day},1,5.00" for number in range(6000)]
    rows[place:place] = [row.format(day=day) for row in uneven]
    lines = order_lines(engine, tmp_path, HEADER + "\n".join(rows) + "\n")
    assert fates(lines) == {"used": 6001, **aside}
    assert lines.revenue == Decimal("30005.00")
    assert lines.ledger.balances
    assert list(lines.set_aside().frame().line_number) == [
        2 + place + uneven.index(row) for row in uneven if row.endswith(",1")
    ]


@pytest.mark.parametrize("cell", ["24-02-03  ", "  24-02-03", " 24-02-03 "])
def test_padding_does_not_make_a_short_year_a_long_one(engine: Engine, tmp_path: Path, cell: str):
    """As long as 2024-02-03, which DuckDB would take for a day of the year 24."""
    lines = order_lines(engine, tmp_path, f"{HEADER}{GOOD}C9,O9,{cell},1,5.00\n", date_order="ymd")
    assert fates(lines) == {"used": 4}
    assert lines.last_order == date(2024, 2, 3)


def test_typed_numbers_that_are_none(engine: Engine, tmp_path: Path):
    """NaN is how pandas writes a number that is missing; infinity is one gone wrong."""
    path = tmp_path / "orders.parquet"
    amounts = [5.0, 7.5, 9.0, math.nan, math.inf, None]
    table = {"customer": ["A", "B", "C", "D", "E", "F"], "date": ["2024-01-05"] * 6, "amount": amounts}
    pq.write_table(pa.table(table), path)
    lines = clean(engine, open_sources(engine, [path]))
    assert fates(lines) == {"used": 3, "no-amount": 2, "bad-amount": 1}


@pytest.mark.parametrize(
    ("quantity", "price", "reason"),
    [
        ("2", "5.00", "used"),
        ("", "5.00", "no-amount"),
        ("2", "", "no-amount"),
        ("two", "5.00", "bad-quantity"),
        ("2", "five", "bad-amount"),
        ("1e9", "1e9", "bad-amount"),  # each can be read, the product is a number gone wrong
    ],
)
def test_an_amount_from_quantity_and_price(engine: Engine, tmp_path: Path, quantity: str, price: str, reason: str):
    good = "C1,2024-01-05,2,5.00\nC2,2024-01-06,1,7.50\nC3,2024-02-01,3,3.00\n"
    lines = order_lines(engine, tmp_path, f"customer,date,quantity,price\n{good}C9,2024-01-07,{quantity},{price}\n")
    assert fates(lines) == ({"used": 4} if reason == "used" else {"used": 3, reason: 1})
    assert lines.revenue == Decimal("26.50") + (Decimal(10) if reason == "used" else 0)


RETURNS = (
    HEADER
    + "A,O1,2024-01-05,2,20.00\n"  # bought
    + "A,O2,2024-03-01,-1,-10.00\n"  # returned half
    + "B,O3,2024-02-01,1,8.00\n"  # bought
    + "B,O4,2024-02-03,1,0.00\n"  # an order paid by voucher
    + "C,O5,2024-02-10,-1,-5.00\n"  # returned what she bought before the file begins
)


@pytest.mark.parametrize(
    ("returns", "rows", "counts", "revenue", "last"),
    [
        ("net", {"used": 4, "no-purchase": 1}, (2, 3), "18", date(2024, 2, 3)),  # 20 - 10 + 8; O1, O3, O4
        ("ignore", {"used": 3, "return": 2}, (2, 3), "28", date(2024, 2, 3)),
        ("as-is", {"used": 5}, (3, 5), "13", date(2024, 3, 1)),
    ],
)
def test_returns(
    engine: Engine,
    tmp_path: Path,
    returns: str,
    rows: dict[str, int],
    counts: tuple[int, int],
    revenue: str,
    last: date,
):
    lines = order_lines(engine, tmp_path, RETURNS, returns=returns)
    assert fates(lines) == rows
    assert (lines.ledger.used.customers, lines.orders) == counts
    assert lines.revenue == Decimal(revenue)
    assert (lines.first_order, lines.last_order) == (date(2024, 1, 5), last)
    assert lines.reference_date == last


def test_a_negative_quantity_is_a_return_whatever_the_amount(engine: Engine, tmp_path: Path):
    lines = order_lines(engine, tmp_path, f"{HEADER}{GOOD}C1,O4,2024-03-01,-1,5.00\n", returns="ignore")
    assert fates(lines) == {"used": 3, "return": 1}


def test_a_gift_line_is_no_purchase_but_a_voucher_order_is(engine: Engine, tmp_path: Path):
    """Amount 0 from price 0 against amount 0 as the file gives it."""
    priced = "customer,date,quantity,price\nA,2024-01-05,1,5.00\nB,2024-01-06,1,0.00\n"
    given = "customer,date,amount\nA,2024-01-05,5.00\nB,2024-01-06,0.00\n"
    assert fates(order_lines(engine, tmp_path, priced)) == {"used": 1, "no-purchase": 1}
    assert fates(order_lines(engine, tmp_path, priced, returns="ignore")) == {"used": 1, "no-charge": 1}
    assert fates(order_lines(engine, tmp_path, priced, returns="as-is")) == {"used": 2}
    for returns in ("net", "ignore", "as-is"):
        assert fates(order_lines(engine, tmp_path, given, returns=returns)) == {"used": 2}


def test_after_as_of(engine: Engine, tmp_path: Path):
    lines = order_lines(engine, tmp_path, HEADER + GOOD, as_of=date(2024, 1, 6))
    assert fates(lines) == {"used": 2, "after-as-of": 1}
    assert lines.reference_date == date(2024, 1, 6)
    assert order_lines(engine, tmp_path, HEADER + GOOD, as_of=date(2025, 1, 1)).reference_date == date(2025, 1, 1)


def test_orders_without_numbers_are_a_customer_s_lines_of_one_moment(engine: Engine, tmp_path: Path):
    text = (
        "customer,date,amount\n"
        "A,2024-01-05 10:00,1\nA,2024-01-05 10:00,2\nA,2024-01-05 11:00,3\n"  # two orders
        "B,2024-01-05 10:00,4\n"  # another customer's
    )
    assert order_lines(engine, tmp_path, text).orders == 3


def test_one_order_number_with_two_customers_is_two_orders(engine: Engine, tmp_path: Path):
    """Numbers start anew in each shop."""
    text = "customer,order id,date,amount\nA,1,2024-01-05,1\nA,1,2024-01-05,2\nB,1,2024-01-06,3\n"
    assert order_lines(engine, tmp_path, text).orders == 2


def test_customers_who_are_written_in_several_ways(engine: Engine, tmp_path: Path):
    emails = "email,date,amount\nAnn@Example.com,2024-01-05,1\nann@example.com ,2024-01-06,2\n"
    assert order_lines(engine, tmp_path, emails).ledger.used.customers == 1
    numbers = "customer id,date,amount\n17850.0,2024-01-05,1\n17850,2024-01-06,2\n017850,2024-01-07,3\n"
    assert order_lines(engine, tmp_path, numbers).ledger.used.customers == 2
    names = "customer,date,amount\nann,2024-01-05,1\nAnn,2024-01-06,2\n"
    assert order_lines(engine, tmp_path, names).ledger.used.customers == 2


@pytest.mark.parametrize(
    ("days", "options", "first", "ambiguous"),
    [
        (("31/01/2024", "05/02/2024"), {}, date(2024, 1, 31), False),
        (("01/31/2024", "02/05/2024"), {}, date(2024, 1, 31), False),
        (("01/02/2024", "03/02/2024"), {}, date(2024, 1, 2), True),
        (("01/02/2024", "03/02/2024"), {"date_order": "dmy"}, date(2024, 2, 1), False),
        (("24-02-01", "24-03-01"), {"date_order": "ymd"}, date(2024, 2, 1), False),
        (("2024-02-01", "2024-03-01"), {}, date(2024, 2, 1), False),
    ],
)
def test_the_order_of_day_and_month(
    engine: Engine, tmp_path: Path, days: tuple[str, str], options: dict[str, str], first: date, ambiguous: bool
):
    text = f"customer,date,amount\nA,{days[0]},1.50\nB,{days[1]},2.50\n"
    lines = order_lines(engine, tmp_path, text, **options)
    assert lines.first_order == first
    assert bool(lines.reading.ambiguities) is ambiguous


def test_semicolons_make_the_day_come_first(engine: Engine, tmp_path: Path):
    lines = order_lines(engine, tmp_path, "customer;date;amount\nA;01/02/2024;1,50\nB;03/02/2024;2,50\n")
    assert lines.first_order == date(2024, 2, 1)
    assert lines.revenue == Decimal("4.00")
    assert [ambiguity.kind for ambiguity in lines.reading.ambiguities] == ["date-order"]


def test_strict_refuses_what_can_be_read_in_two_ways(engine: Engine, tmp_path: Path):
    text = "customer,date,amount\nA,01/02/2024,1.50\nB,03/02/2024,2.50\n"
    with pytest.raises(AmbiguousDatesError):
        order_lines(engine, tmp_path, text, strict=True)
    assert order_lines(engine, tmp_path, text, strict=True, date_order="mdy").first_order == date(2024, 1, 2)
    money = 'customer,date,amount\nA,2024-01-02,"1,234"\nB,2024-03-02,"2,345"\n'
    with pytest.raises(AmbiguousInputError):
        order_lines(engine, tmp_path, money, strict=True)
    assert order_lines(engine, tmp_path, money, strict=True, decimal="comma").revenue == Decimal("3.579")


@pytest.mark.parametrize(
    ("amounts", "options", "total"),
    [
        (("1.234,50", "2,00"), {}, "1236.50"),
        (("1,234.50", "2.00"), {}, "1236.50"),
        (("1234.50", "2"), {}, "1236.50"),
        (("1,234", "2,345"), {}, "3579"),
        (("1,234", "2,345"), {"decimal": "comma"}, "3.579"),
        (("1.234", "2.345"), {}, "3.579"),
        (("1.234", "2.345"), {"decimal": "comma"}, "3579"),
        (("1.234.567", "2.345"), {}, "1236912"),
        (("€ 1,50", "(0,50)"), {}, "1.00"),
    ],
)
def test_the_decimal_mark(
    engine: Engine, tmp_path: Path, amounts: tuple[str, str], options: dict[str, str], total: str
):
    text = f'customer,date,amount\nA,2024-01-02,"{amounts[0]}"\nA,2024-03-02,"{amounts[1]}"\n'
    assert order_lines(engine, tmp_path, text, **options).revenue == Decimal(total)


def test_one_odd_value_far_down_does_not_cost_the_rest(engine: Engine, tmp_path: Path):
    """The first rows look plain; a later one shows that the file is not."""
    plain = "".join(f"C{number % 50},2024-01-{number % 28 + 1:02},10.00\n" for number in range(1_500))
    lines = order_lines(engine, tmp_path, f'customer,date,amount\n{plain}C1,31/01/2024,"1,000.50"\n')
    assert fates(lines) == {"used": 1_501}
    assert lines.revenue == Decimal("16000.50")
    assert lines.last_order == date(2024, 1, 31)


def test_other_currencies_are_set_aside(engine: Engine, tmp_path: Path):
    rows = "A,2024-01-05,1.00,EUR\nB,2024-01-06,2.00,eur\nC,2024-01-07,4.00,USD\nD,2024-01-08,8.00,\n"
    text = f"customer,date,amount,currency\n{rows}"
    lines = order_lines(engine, tmp_path, text)
    assert lines.reading.currency == "EUR"
    assert fates(lines) == {"used": 3, "other-currency": 1}
    assert fates(order_lines(engine, tmp_path, text, currency="USD")) == {"used": 2, "other-currency": 2}


def test_rows_set_aside_come_with_file_line_reason_and_their_own_text(engine: Engine, tmp_path: Path):
    first = f"{HEADER}{GOOD}C9,O9, soon ,1,5.00\n"
    second = f'{HEADER}\nC8,O8,2024-01-09,1,"x\ny"\nC8,O8,2024-01-09,1,7.00\n,O7,2024-01-09,1,=1+1\n'
    aside = order_lines(engine, tmp_path, first, second).set_aside().frame()
    assert list(aside.columns) == SET_ASIDE
    assert aside.fillna("").to_numpy().tolist() == [
        ["orders0.csv", 5, "bad-date", "The date cannot be read", "C9", "O9", " soon ", "1", "5.00"],
        ["orders1.csv", 3, "bad-amount", "The amount is not a number", "C8", "O8", "2024-01-09", "1", "x\ny"],
        ["orders1.csv", 6, "no-customer", "No customer", "", "O7", "2024-01-09", "1", "=1+1"],
    ]


def test_nothing_set_aside_is_a_table_without_rows(engine: Engine, tmp_path: Path):
    aside = order_lines(engine, tmp_path, HEADER + GOOD).set_aside().frame()
    assert list(aside.columns) == SET_ASIDE
    assert aside.empty


def test_nothing_left_says_why(engine: Engine, tmp_path: Path):
    with pytest.raises(NoUsableRowsError, match="2 rows") as refusal:
        order_lines(engine, tmp_path, "customer,date,amount\nA,1970-01-01,1\nB,1970-01-02,2\n")
    assert "1980" in refusal.value.message


def test_only_returns_leave_nothing_under_net_and_all_as_is(engine: Engine, tmp_path: Path):
    text = "customer,date,amount\nA,2024-01-05,-1\nB,2024-01-06,-2\n"
    with pytest.raises(NoUsableRowsError):
        order_lines(engine, tmp_path, text)
    assert order_lines(engine, tmp_path, text, returns="as-is").revenue == Decimal(-3)


def test_warnings_name_what_was_lost(engine: Engine, tmp_path: Path):
    lines = order_lines(engine, tmp_path, f"{HEADER}{GOOD}C9,O9,soon,1,5.00\n")
    assert any("1 of 4 rows" in text for text in lines.warnings)
    assert any("date" in text for text in lines.warnings)
    assert order_lines(engine, tmp_path, HEADER + GOOD).warnings == ()


def test_an_order_that_two_files_hold_counts_once(engine: Engine, tmp_path: Path):
    """The second file has all of O3, of which the first saw one line only; O1 and O2 are the same in both."""
    lines = order_lines(engine, tmp_path, HEADER + GOOD, HEADER + GOOD + "C3,O3,2024-02-01,1,4.00\n")
    assert fates(lines) == {"used": 4, "in-another-file": 3}
    assert (lines.ledger.rows_in, lines.revenue) == (7, Decimal("30.50"))  # 10 + 7.50 + 9 + 4
    aside = lines.set_aside().frame()
    assert list(zip(aside["file"], aside["line_number"], strict=True)) == [
        ("orders0.csv", 4), ("orders1.csv", 2), ("orders1.csv", 3),
    ]  # fmt: skip


def test_emails_stay_as_they_are_written_though_guests_go_by_them(engine: Engine, tmp_path: Path):
    text = (
        "customer,email,date,amount\nC1,Ann@Example.com,2024-01-01,5\nC2,bo@x.org,2024-01-02,5\n"
        "C3,cy@x.org,2024-01-02,5\n,Dee@X.org,2024-01-03,5\nguest,dee@x.org ,2024-01-04,5\n"
    )
    rows = order_lines(engine, tmp_path, text).table.order_by("order_date", "customer_id").to_pandas()
    assert rows.customer_id.tolist() == ["C1", "C2", "C3", "dee@x.org", "dee@x.org"]
    assert rows.email.tolist() == ["Ann@Example.com", "bo@x.org", "cy@x.org", "Dee@X.org", "dee@x.org"]


SIGNED = "customer,date,amount\nC1,2024-01-01,€ 5.00\nC2,2024-01-02,7.50 €\nC3,2024-01-02,€1.25\n"
SIGNED += "C1,2024-01-03,$ 4.00\nC2,2024-01-04,USD 3.00\nC4,2024-01-05,2.00\n"


@pytest.mark.parametrize(("currency", "total", "used"), [(None, "15.75", 4), ("USD", "9.00", 3)])
def test_amounts_with_signs_of_two_currencies_are_not_added_up(
    engine: Engine, tmp_path: Path, currency: str | None, total: str, used: int
):
    """By hand: 5 + 7.50 + 1.25 = 13.75 with a euro sign, 4 + 3 = 7 in dollars; the 2 without a sign count as either."""
    lines = order_lines(engine, tmp_path, SIGNED, currency=currency)
    assert lines.revenue == Decimal(total)
    assert fates(lines) == {"used": used, "other-currency": 6 - used}
    assert any(text.startswith(f"Only {currency or 'EUR'} is counted") for text in lines.warnings)


def test_signs_count_where_a_column_of_currencies_is_blank(engine: Engine, tmp_path: Path):
    """By hand: 5 + 7 in dollars."""
    text = "customer,date,amount,currency\nC1,2024-01-01,$5,\nC2,2024-01-02,€3,\nC3,2024-01-03,$7,\n"
    lines = order_lines(engine, tmp_path, text)
    assert (lines.reading.currency, lines.revenue) == ("USD", Decimal(12))
    assert fates(lines) == {"used": 2, "other-currency": 1}


@pytest.mark.parametrize(("header", "currency"), [("order total (CAD)", None), ("amount", "AUD"), ("amount", None)])
def test_a_dollar_sign_says_nothing_against_another_dollar(
    engine: Engine, tmp_path: Path, header: str, currency: str | None
):
    text = f"customer,date,{header}\nC1,2024-01-01,$5.00\nC2,2024-01-02,$7.50\nC3,2024-01-03,$1.25\n"
    lines = order_lines(engine, tmp_path, text, currency=currency)
    assert fates(lines) == {"used": 3}
    assert lines.reading.currency == (currency or {"order total (CAD)": "CAD", "amount": "USD"}[header])


@pytest.mark.parametrize(
    ("header", "cells", "currency", "counts", "used", "aside"),
    [
        ("amount", ["$5", "€3", "$7", "2"], "CAD", "CAD", "14", "EUR (1 row)"),  # $ is CAD's, and so is no sign
        ("amount", ["$5", "US$3", "$7", "2"], "CAD", "CAD", "14", "USD (1 row)"),
        ("total (CAD)", ["$5", "€3", "$7", "2"], None, "CAD", "14", "EUR (1 row)"),
        ("total (EUR)", ["5", "3", "7", "$2"], None, "EUR", "15", "USD (1 row)"),
        ("total (EUR)", ["$5", "$3", "€7", "$2"], None, "USD", "10", "EUR (1 row)"),  # most are none of its own
        ("amount", ["£5", "£3", "¥7", "2"], "CNY", "CNY", "9", "GBP (2 rows)"),
        ("amount", ["5 kr", "€3", "7 kr", "2 kr"], None, None, "14", "EUR (1 row)"),
        ("amount", ["5 kr", "€3", "7 kr", "2 kr"], "EUR", "EUR", "3", "kr (3 rows)"),
        ("amount", ["5 kr", "€3", "7 kr", "2"], "SEK", "SEK", "14", "EUR (1 row)"),
    ],
)
def test_a_sign_that_is_surely_another_currency_s_is_set_aside(
    engine: Engine, tmp_path: Path, header: str, cells: list[str], currency: str | None, counts: str | None, used: str,
    aside: str,
):  # fmt: skip
    rows = "".join(f"C{place},2024-01-0{place},{cell}\n" for place, cell in enumerate(cells, 1))
    lines = order_lines(engine, tmp_path, f"customer,date,{header}\n{rows}", currency=currency)
    assert (lines.reading.currency, lines.revenue) == (counts, Decimal(used))
    (said,) = (text for text in lines.warnings if "is counted" in text)
    assert said.startswith(f"Only {counts or 'kr'} is counted")
    assert said.endswith(f"Set aside: {aside}.")


def test_a_currency_that_no_amount_has_leaves_nothing_and_says_so(engine: Engine, tmp_path: Path):
    with pytest.raises(NoUsableRowsError, match="another currency") as caught:
        order_lines(
            engine, tmp_path, "customer,date,amount\nC1,2024-01-01,€5.00\nC2,2024-01-02,€3.00\n", currency="CAD"
        )
    assert "EUR" in caught.value.hint


def test_exact_copies_stay_unless_they_are_to_be_dropped(engine: Engine, tmp_path: Path):
    """They may be real: the same item scanned twice."""
    text = HEADER + GOOD + GOOD.splitlines()[0] + "\n"
    assert fates(order_lines(engine, tmp_path, text)) == {"used": 4}
    dropped = order_lines(engine, tmp_path, text, drop_duplicates=True)
    assert fates(dropped) == {"used": 3, "duplicate": 1}
    assert dropped.set_aside().frame()["line_number"].tolist() == [5]


def test_rows_that_two_files_hold_are_told_where_orders_have_no_numbers(engine: Engine, tmp_path: Path):
    """February begins with the last day of January, which January's export holds too."""
    header, overlap = "customer,date,amount\n", "C2,2024-01-31,7.50\n"
    january, february = header + "C1,2024-01-05,10.00\n" + overlap, header + overlap + "C3,2024-02-20,5.00\n"
    lines = order_lines(engine, tmp_path, january, february)
    assert lines.copies == Copies(1, of_another_file=1)
    assert lines.revenue == Decimal("30.00")
    apart = order_lines(engine, tmp_path, january, february, drop_duplicates=True)
    assert apart.revenue == Decimal("22.50")
    left_out = apart.set_aside().frame()
    assert list(zip(left_out.file, left_out.line_number, strict=True)) == [("orders1.csv", 2)]


def test_order_numbers_tell_better_than_copies_what_two_files_hold(engine: Engine, tmp_path: Path):
    """The one row is set aside already: as a copy it would be told twice."""
    january = "customer,order id,date,amount\nC1,O1,2024-01-05,10.00\nC2,O2,2024-01-31,7.50\n"
    february = "customer,order id,date,amount\nC2,O2,2024-01-31,7.50\nC3,O3,2024-02-20,5.00\n"
    lines = order_lines(engine, tmp_path, january, february)
    assert lines.copies == Copies(0, of_another_file=0)
    assert fates(lines) == {"used": 3, "in-another-file": 1}


@pytest.mark.parametrize("later_first", [False, True])
def test_an_order_that_was_paid_later_counts(engine: Engine, tmp_path: Path, later_first: bool):
    """O2 is pending in January's export and completed in February's; O1 is the same in both."""
    header = "customer,order id,date,status,amount\n"
    january = header + "C1,O1,2024-01-05,completed,10.00\nC2,O2,2024-01-31,pending,7.50\n"
    february = header + "C1,O1,2024-01-05,completed,10.00\nC2,O2,2024-01-31,completed,7.50\n"
    february += "C3,O3,2024-02-20,completed,5.00\n"
    files = (february, january) if later_first else (january, february)
    lines = order_lines(engine, tmp_path, *files)
    assert lines.revenue == Decimal("22.50")
    assert lines.orders == 3


def test_two_shops_may_number_their_orders_alike(engine: Engine, tmp_path: Path):
    """Each order's total stands on both of its lines, its customer on the first: 3 x 100 + 3 x 40."""
    header = "order id,customer,date,product,order total\n"

    def shop(name: str, totals: tuple[int, ...]) -> str:
        return header + "".join(
            f"{number},{name}{number},2024-01-0{number},Tea,{total}\n{number},,2024-01-0{number},Pot,{total}\n"
            for number, total in enumerate(totals, 1)
        )

    lines = order_lines(engine, tmp_path, shop("A", (90, 100, 110)), shop("B", (30, 40, 50)))
    assert fates(lines) == {"used": 12}
    assert lines.revenue == Decimal(420)
    assert lines.ledger.used.customers == 6


def test_a_thousand_that_comes_late_is_no_decimal(engine: Engine, tmp_path: Path):
    """After 1,000 whole amounts `1.250` can be read in two ways; `12.500,00` further down says which."""
    rows = "".join(f"C{row % 50},2024-01-05,7\n" for row in range(1_500))
    text = "customer;date;amount\n" + (rows + "C1,2024-01-06,1.250\n").replace(",", ";") + "C2;2024-01-07;12.500,00\n"
    assert order_lines(engine, tmp_path, text).revenue == Decimal(1_500 * 7 + 1_250 + 12_500)


def test_a_column_of_the_file_may_bear_one_of_our_names(engine: Engine, tmp_path: Path):
    lines = order_lines(engine, tmp_path, "customer,date,amount,reason\nA,2024-01-05,1.00,gift\nB,soon,2.00,why not\n")
    aside = lines.set_aside().frame()
    assert aside.columns.is_unique
    assert aside.loc[0, ["reason", "reason (file)"]].tolist() == ["bad-date", "why not"]
