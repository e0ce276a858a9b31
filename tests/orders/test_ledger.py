"""Rows, customers and money: what came in is what is used and what is set aside, to the last cent."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from core.engine import Engine
from core.errors import NoUsableRowsError
from core.features.engineering import customer_features
from core.orders.cleaning import CleaningOptions, OrderLines, clean
from core.orders.ledger import REASONS
from core.orders.source import open_sources
from tests.orders.builders import order_lines


def test_the_ledger_of_a_small_file(engine: Engine, tmp_path: Path):
    """By hand. A is used; B has a used row and a bad one; C has only bad rows, of two kinds; D returned only."""
    lines = order_lines(
        engine,
        tmp_path,
        "customer,date,amount\n"
        "A,2024-01-05,10.10\n"
        "A,2024-01-06,-0.20\n"
        "B,2024-01-07,5.00\n"
        "B,soon,7.00\n"
        "C,1970-01-01,3.00\n"
        "C,soon,4.00\n"
        "D,2024-01-08,-6.00\n"
        ",2024-01-08,100.00\n"
        "A,2024-01-09,ten\n",
    )
    told = {
        entry.reason: (entry.rows, entry.customers, entry.customers_lost, entry.money) for entry in lines.ledger.entries
    }
    assert told == {
        "used": (3, 2, 0, Decimal("14.90")),
        "no-customer": (1, 0, 0, Decimal(100)),
        "bad-date": (2, 2, 1, Decimal(11)),  # B and C; C is lost, and counted here, since this reason comes first
        "implausible-date": (1, 1, 0, Decimal(3)),
        "bad-amount": (1, 1, 0, Decimal(0)),
        "no-purchase": (1, 1, 1, Decimal(-6)),
    }
    assert [entry.reason for entry in lines.ledger.set_aside] == [reason for reason in REASONS if reason in told]
    assert lines.ledger.rows_in == 9
    assert lines.ledger.customers_in == 4
    assert lines.ledger.money_in == Decimal("122.90")
    assert lines.ledger.balances


def test_cents_add_up_where_floats_would_not(engine: Engine, tmp_path: Path):
    """A thousand times 0.10 is 100; summed as floats it is 99.9999999999986."""
    lines = order_lines(engine, tmp_path, "customer,date,amount\n" + "A,2024-01-05,0.10\n" * 1_000)
    assert lines.ledger.used.money == Decimal(100)


class Cell(NamedTuple):
    """What stands in the file, and what a person reads there: a value, None for a blank, BAD for what is neither."""

    text: str
    value: Any


BAD = "cannot be read"
CUSTOMERS = [Cell(text, text) for text in ("C1", "C2", "C3", "C4", "🦄", "مريم", "=C9")]
CUSTOMERS += [Cell(" C1 ", "C1"), Cell("17", "17"), Cell("17.0", "17"), Cell("017", "017")]
NO_CUSTOMER = [Cell(text, None) for text in ("", "  ", "NULL", "n/a")]
DAYS = [Cell(f"2024-{month:02}-{day:02}", date(2024, month, day)) for month in (1, 6, 11) for day in (1, 15, 28)]
DAYS += [Cell("2024-06-15 23:59:59", date(2024, 6, 15)), Cell("20240615", date(2024, 6, 15))]
ODD_DAYS = [Cell("", None), Cell("soon", BAD), Cell("2024-02-30", BAD), Cell("2024-13-01", BAD)]
ODD_DAYS += [Cell("1970-01-01", date(1970, 1, 1)), Cell("2999-12-31", date(2999, 12, 31))]
MONEY = [Cell(text, Decimal(text)) for text in ("12.50", "0.10", "7", "1e3", "-12.50", "-0.01", "0", "0.00")]
ODD_MONEY = [Cell("", None), Cell("NaN", None), Cell("free", BAD), Cell("inf", BAD), Cell("1e40", BAD)]
COUNTS = [Cell(text, Decimal(text)) for text in ("1", "2", "12", "0", "-1", "2.5")]
ODD_COUNTS = [Cell("", None), Cell("two", BAD), Cell("-inf", BAD)]
NUMBERED = [Cell("O", "O"), Cell("", None)]


def cells(usual: list[Cell], odd: list[Cell]) -> st.SearchStrategy[Cell]:
    """One of the usual cells four times in five."""
    return st.one_of(*[st.sampled_from(usual)] * 4, st.sampled_from(odd))


class Row(NamedTuple):
    customer: Cell
    order: Cell
    day: Cell
    quantity: Cell
    money: Cell


TABLES = st.lists(
    st.builds(
        Row,
        cells(CUSTOMERS, NO_CUSTOMER),
        st.sampled_from(NUMBERED),
        cells(DAYS, ODD_DAYS),
        cells(COUNTS, ODD_COUNTS),
        cells(MONEY, ODD_MONEY),
    ),
    min_size=1,
    max_size=60,
).map(lambda rows: [_standing_alone(row, number) for number, row in enumerate(rows)])


def _standing_alone(row: Row, number: int) -> Row:
    """A row that no other row completes: its order number, where it has one, is its own, and it begins no order."""
    if row.order.value is None and not (row.customer.value is None and row.day.value is None):
        return row
    return row._replace(order=Cell(f"O{number}", f"O{number}"))


@dataclass
class Count:
    """The same account in plain Python, row by row."""

    rows: dict[str, int]
    money: dict[str, Decimal]
    customers: dict[str, int]
    lost: dict[str, int]
    orders: int


def counted(rows: list[Row], *, priced: bool, returns: str) -> Count:
    judged = [_judged(row, priced=priced, returns=returns) for row in rows]
    if returns == "net":
        used = [
            (row.customer.value, bought) for row, (reason, _, bought) in zip(rows, judged, strict=True) if not reason
        ]
        buyers = {customer for customer, bought in used if bought}
        judged = [
            (reason or ("" if row.customer.value in buyers else "no-purchase"), amount, bought)
            for row, (reason, amount, bought) in zip(rows, judged, strict=True)
        ]
    by_fate, money, who, orders = defaultdict(int), defaultdict(Decimal), defaultdict(set), set()
    reasons_of = defaultdict(set)
    for row, (reason, amount, bought) in zip(rows, judged, strict=True):
        fate = reason or "used"
        by_fate[fate] += 1
        money[fate] += amount or 0
        customer = row.customer.value
        if customer is not None:
            who[fate].add(customer)
            reasons_of[customer].add(fate)
        if fate == "used" and bought:
            orders.add((customer, row.order.value or row.day.text))
    lost = defaultdict(int)
    for fates in reasons_of.values():
        if "used" not in fates:
            lost[next(reason for reason in REASONS if reason in fates)] += 1
    return Count(by_fate, money, {fate: len(customers) for fate, customers in who.items()}, lost, len(orders))


def _judged(row: Row, *, priced: bool, returns: str) -> tuple[str, Decimal | None, bool]:
    """The reason ("" where there is none), the amount where it can be read, and whether it is a purchase."""
    quantity, money = row.quantity.value, row.money.value
    amount = money if isinstance(money, Decimal) else None
    if priced:
        amount = amount * quantity if amount is not None and isinstance(quantity, Decimal) else None
    reason = ""
    if row.customer.value is None:
        reason = "no-customer"
    elif row.day.value is None:
        reason = "no-date"
    elif row.day.value == BAD:
        reason = "bad-date"
    elif not 1980 <= row.day.value.year <= date.today().year + 1:
        reason = "implausible-date"
    elif money is None or (priced and quantity is None):
        reason = "no-amount"
    elif quantity == BAD:
        reason = "bad-quantity"
    elif money == BAD:
        reason = "bad-amount"
    if amount is None:
        return reason, None, False
    returned = amount < 0 or (isinstance(quantity, Decimal) and quantity < 0)
    bought = returns == "as-is" or (not returned and (amount > 0 or not priced))
    if not reason and returns == "ignore":
        reason = "return" if returned else "" if bought else "no-charge"
    return reason, amount, bought


def as_csv(rows: list[Row], *, priced: bool) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["customer", "order", "day", "quantity", "price" if priced else "amount"])
    writer.writerows([cell.text for cell in row] for row in rows)
    return text.getvalue()


def read(engine: Engine, text: str, *, priced: bool, returns: str) -> OrderLines | None:
    """The lines, or None where no row can be used."""
    columns = {"customer_id": "customer", "order_id": "order", "order_date": "day", "quantity": "quantity"}
    columns |= {"unit_price": "price"} if priced else {"amount": "amount"}
    path = engine.folder / engine.new_name("orders")
    path.write_text(text, encoding="utf-8")
    try:
        return clean(engine, open_sources(engine, [path]), CleaningOptions(columns=columns, returns=returns))
    except NoUsableRowsError:
        return None


@settings(max_examples=15)
@given(rows=TABLES, priced=st.booleans(), returns=st.sampled_from(["net", "ignore", "as-is"]), data=st.data())
def test_nothing_is_lost_and_the_order_of_rows_changes_nothing(
    engine: Engine, rows: list[Row], priced: bool, returns: str, data: st.DataObject
):
    expected = counted(rows, priced=priced, returns=returns)
    lines = read(engine, as_csv(rows, priced=priced), priced=priced, returns=returns)
    if not expected.rows["used"]:
        assert lines is None
        return
    ledger = lines.ledger
    entries = {entry.reason: entry for entry in ledger.entries}
    assert {reason: entry.rows for reason, entry in entries.items()} == expected.rows
    assert {reason: entry.money for reason, entry in entries.items()} == expected.money
    assert {reason: entry.customers for reason, entry in entries.items() if entry.customers} == expected.customers
    assert {reason: entry.customers_lost for reason, entry in entries.items() if entry.customers_lost} == expected.lost
    assert lines.orders == expected.orders
    assert ledger.rows_in == len(rows) == sum(expected.rows.values())
    assert ledger.money_in == sum(expected.money.values())
    assert ledger.customers_in == len({row.customer.value for row in rows} - {None})
    if lines.first_order is None:  # "ignore" of a file of nothing but free orders leaves no purchase to count from
        return
    features = customer_features(lines)
    assert len(features) == ledger.used.customers
    assert abs(Decimal(features.values["total_revenue"].sum()) - ledger.used.money) < Decimal("1e-6")

    shuffled = data.draw(st.permutations(rows))
    again = read(engine, as_csv(shuffled, priced=priced), priced=priced, returns=returns)
    assert again.ledger == ledger
    assert (again.orders, again.first_order, again.last_order) == (lines.orders, lines.first_order, lines.last_order)
    pd.testing.assert_frame_equal(customer_features(again).values, features.values, check_exact=True)
