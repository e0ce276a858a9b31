"""Sales, refunds, guests and currencies of whole files. Totals by hand."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from core.engine import Engine
from core.features.engineering import customer_features
from tests.orders.builders import fates, order_lines

HEADER = "customer id,order id,order date,amount,status,email\n"


def test_guests_are_known_by_their_email(engine: Engine, tmp_path: Path):
    """Ann is one customer however her email is written; a guest without one is nobody."""
    text = HEADER + (
        "7,1,2024-01-01,10,paid,eva@example.com\n"
        "0,2,2024-01-02,20,paid,ann@example.com\n"
        "Guest,3,2024-01-03,30,paid, Ann@Example.COM \n"
        ",4,2024-01-04,40,paid,ann@example.com\n"
        "0,5,2024-01-05,50,paid,\n"
    )
    lines = order_lines(engine, tmp_path, text)
    assert fates(lines) == {"used": 4, "no-customer": 1}
    revenue = customer_features(lines, ["total_revenue"]).values["total_revenue"]
    assert revenue.to_dict() == {"7": 10, "ann@example.com": 90}
    assert any("1 row without a customer" in text and "guests" in text for text in lines.warnings)


def test_an_email_is_one_customer_in_any_case(engine: Engine, tmp_path: Path):
    text = "email,date,amount\nann@x.com,2024-01-01,1\n ANN@x.com,2024-01-02,2\nAnn@X.com ,2024-01-03,4\n"
    lines = order_lines(engine, tmp_path, text)
    assert (lines.ledger.used.customers, lines.revenue) == (1, Decimal(7))


REFUND_COLUMN = (
    "customer,order id,date,total,refunded amount\n"
    "A,1,2024-01-01,100,25\n"
    "A,2,2024-02-01,50,\n"
    "B,3,2024-01-05,40,40\n"
    "B,4,2024-03-01,-10,\n"  # a refund with a row of its own, beside the column
)


@pytest.mark.parametrize(
    ("returns", "revenue", "orders"),
    [("net", "115", 3), ("ignore", "190", 3), ("as-is", "115", 4)],  # 75 + 50 + 0 - 10; 100 + 50 + 40
)
def test_a_column_of_refunds(engine: Engine, tmp_path: Path, returns: str, revenue: str, orders: int):
    lines = order_lines(engine, tmp_path, REFUND_COLUMN, returns=returns)
    assert lines.revenue == Decimal(revenue)
    assert lines.orders == orders
    assert ("Refunds of 65.00 are taken off." in lines.warnings) == (returns != "ignore")


def test_what_came_back_by_column_and_by_row_is_in_the_share_returned(engine: Engine, tmp_path: Path):
    """A: 25 of 150. B: 40 by the column and 10 by a row, of 40."""
    share = customer_features(order_lines(engine, tmp_path, REFUND_COLUMN), ["return_rate"]).values["return_rate"]
    assert share.to_dict() == {"A": pytest.approx(25 / 150), "B": pytest.approx(50 / 40)}


def test_a_refund_that_cannot_be_read_is_told(engine: Engine, tmp_path: Path):
    lines = order_lines(engine, tmp_path, REFUND_COLUMN + "C,5,2024-03-02,10,some\n")
    assert fates(lines) == {"used": 4, "bad-amount": 1}


def test_refunded_by_status_alone(engine: Engine, tmp_path: Path):
    """10 + 0: what was paid back stays an order, of nothing. In a file with rows for refunds, 10 + 20 - 20."""
    text = HEADER + "A,1,2024-01-01,10,paid,\nB,2,2024-01-02,20,Refunded,\n"
    lines = order_lines(engine, tmp_path, text)
    assert (lines.revenue, lines.orders) == (Decimal(10), 2)
    lines = order_lines(engine, tmp_path, text + "B,2,2024-01-09,-20,Refunded,\n")
    assert (lines.revenue, lines.orders) == (Decimal(10), 2)


@pytest.mark.parametrize("sign", ["", "-"])
def test_a_c_before_the_number_takes_back_whatever_the_sign(engine: Engine, tmp_path: Path, sign: str):
    """(3 x 5) + (2 x 4) - (1 x 5)."""
    text = (
        "invoice no,customer id,invoice date,quantity,unit price\n"
        f"1001,A,2024-01-01,3,5\n1002,B,2024-01-02,2,4\nC1003,A,2024-02-01,{sign}1,5\n"
    )
    lines = order_lines(engine, tmp_path, text)
    assert lines.revenue == Decimal(18)
    assert lines.orders == 2
    assert lines.table.quantity.sum().to_pyarrow().as_py() == 4


def test_all_numbers_that_begin_with_c_are_orders(engine: Engine, tmp_path: Path):
    text = "order id,customer,date,amount\nC1,A,2024-01-01,10\nC2,B,2024-01-02,20\n"
    assert order_lines(engine, tmp_path, text).revenue == Decimal(30)


def test_what_takes_back_an_order_that_was_no_sale_takes_back_nothing(engine: Engine, tmp_path: Path):
    """Order 2 was cancelled, its discount and its refund with it; order 3 was sold and part of it taken back."""
    text = HEADER + (
        "A,1,2024-01-01,10,paid,\n"
        "A,2,2024-01-02,50,cancelled,\nA,2,2024-01-02,-5,cancelled,\nA,2,2024-01-05,-45,refunded,\n"
        "B,3,2024-01-03,30,paid,\nB,3,2024-01-09,-12,cancelled,\n"
    )
    lines = order_lines(engine, tmp_path, text)
    assert lines.revenue == Decimal(28)
    assert fates(lines) == {"used": 3, "not-sold": 3}
    assert "1 order is cancelled, failed, unpaid or a test, and not counted." in lines.warnings


def test_kinds_of_transaction_in_a_report_of_an_unknown_system(engine: Engine, tmp_path: Path):
    """20 + 30 less 30 by its kind, though written without a minus."""
    text = (
        "date,type,customer,amount\n"
        "2024-01-01,Payment,A,20\n2024-01-02,Payment,B,30\n2024-01-03,Refund,B,30\n"
        "2024-01-04,Fee,A,-1\n2024-01-05,Payout,,-40\n"
    )
    lines = order_lines(engine, tmp_path, text)
    assert lines.revenue == Decimal(20)
    assert fates(lines) == {"used": 3, "not-an-order": 2}


def test_tests_and_cancelled_flags(engine: Engine, tmp_path: Path):
    text = (
        "customer,date,amount,test,cancelled at\n"
        "A,2024-01-01,1,false,\nA,2024-01-02,2,true,\nA,2024-01-03,4,no,2024-01-04\nA,2024-01-05,8,0,\n"
    )
    assert order_lines(engine, tmp_path, text).revenue == Decimal(9)


CURRENCIES = (
    "customer,order id,date,amount,currency\n"
    "A,1,2024-01-01,10,EUR\nB,2,2024-01-02,20,eur\nC,3,2024-01-03,30,USD\nC,4,2024-01-04,5,USD\n"
    "A,5,2024-01-05,40,GBP\nA,6,2024-01-06,7,\nB,7,2024-01-07,3,€\n"
)


def test_currencies_are_never_added_up(engine: Engine, tmp_path: Path):
    """10 + 20 + 3 in euro, and 7 that names none; the others are named with their rows."""
    lines = order_lines(engine, tmp_path, CURRENCIES)
    assert (lines.reading.currency, lines.revenue) == ("EUR", Decimal(40))
    assert fates(lines) == {"used": 4, "other-currency": 3}
    assert (
        "Only EUR is counted, since currencies are not added up. Set aside: USD (2 rows), GBP (1 row)."
        in lines.warnings
    )


def test_one_choice_switches_the_currency(engine: Engine, tmp_path: Path):
    lines = order_lines(engine, tmp_path, CURRENCIES, currency="USD")
    assert lines.revenue == Decimal(42)  # 30 + 5, and the 7 that names none
    assert any("EUR (3 rows), GBP (1 row)" in text for text in lines.warnings)


def test_the_currency_is_that_of_sales_not_of_conversions(engine: Engine, tmp_path: Path):
    text = (
        "date,type,customer,amount,currency\n2024-01-01,Payment,A,20,EUR\n2024-01-02,Payment,B,5,EUR\n"
        "2024-01-03,Conversion,,1,USD\n2024-01-03,Conversion,,1,USD\n2024-01-04,Payout,,-9,USD\n"
    )
    lines = order_lines(engine, tmp_path, text)
    assert (lines.reading.currency, lines.revenue) == ("EUR", Decimal(25))


def test_exact_copies_are_kept_and_can_be_dropped(engine: Engine, tmp_path: Path):
    text = "customer,order id,date,product,amount,\n" + "A,1,2024-01-01,P1,5,\n" * 3 + "A,1,2024-01-01,P2,4,\n"
    assert order_lines(engine, tmp_path, text).revenue == Decimal(19)
    dropped = order_lines(engine, tmp_path, text, drop_duplicates=True)
    assert dropped.revenue == Decimal(9)
    assert fates(dropped) == {"used": 2, "duplicate": 2}
    assert list(dropped.set_aside().frame().line_number) == [3, 4]


def test_a_price_without_cents_is_no_refund(engine: Engine, tmp_path: Path):
    """25 + 10: the dash stands for no cents, so that the status is all that tells of the refund of 40."""
    rows = "A;1;2024-01-01;paid;25.-\nA;2;2024-01-02;refunded;40.-\nB;3;2024-01-03;paid;10.--\n"
    lines = order_lines(engine, tmp_path, f"customer;order id;date;status;amount\n{rows}")
    assert lines.revenue == Decimal(35)
