"""Amounts of a line or of an order, lines that go on, orders in two files: told from how cells repeat or are blank."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from core.engine import Engine
from core.orders.cleaning import CleaningOptions, clean
from core.orders.source import open_sources
from tests.orders.builders import fates, order_lines

HEADER = "Kunde,Vorgang,Tag,Artikel,Wert,Anzahl\n"  # of no system that we know; "Vorgang" is told to be the order
MAP = {"customer_id": "Kunde", "order_id": "Vorgang", "order_date": "Tag", "product": "Artikel", "amount": "Wert"}

ORDERS = (("A", "1", 30), ("B", "2", 45), ("A", "3", 12), ("C", "4", 70), ("B", "5", 9))  # 166 in all, 5 orders


def repeated(lines: int) -> str:
    """Each order's total on each of its lines; 30, 45, 12, 70, 9 once."""
    return "".join(
        f"{who},{order},2024-01-0{order},P{line},{total},1\n" for who, order, total in ORDERS for line in range(lines)
    )


def on_the_first_line() -> str:
    return "".join(
        f"{who},{order},2024-01-0{order},P1,{total},1\n{who},{order},2024-01-0{order},P2,,1\n"
        for who, order, total in ORDERS
    )


def test_totals_that_repeat_on_each_line(engine: Engine, tmp_path: Path):
    lines = order_lines(engine, tmp_path, HEADER + repeated(3), columns=MAP)
    assert lines.revenue == Decimal(166)
    assert (lines.orders, fates(lines)) == (5, {"used": 15})


def test_totals_on_the_first_line_only(engine: Engine, tmp_path: Path):
    lines = order_lines(engine, tmp_path, HEADER + on_the_first_line(), columns=MAP)
    assert lines.revenue == Decimal(166)
    assert (lines.orders, fates(lines)) == (5, {"used": 10})


STATES = {**MAP, "payment_status": "Zahlung", "cancelled": "Storno am"}


def test_states_that_stand_beside_an_order_s_total_are_the_whole_order_s(engine: Engine, tmp_path: Path):
    """As Shopify writes orders: customer and day on each line, total and state on the first. 166 - 45 - 70."""
    rows = "".join(
        f"{who},{order},2024-01-0{order},P1,{total},1,{state}\n{who},{order},2024-01-0{order},P2,,1,,\n"
        for (who, order, total), state in zip(ORDERS, ["paid,", "void,", "paid,", "paid,yes", "paid,"], strict=True)
    )
    lines = order_lines(engine, tmp_path, HEADER.strip() + ",Zahlung,Storno am\n" + rows, columns=STATES)
    assert fates(lines) == {"used": 6, "not-sold": 4}
    assert (lines.revenue, lines.orders, lines.ledger.used.customers) == (Decimal(51), 3, 2)


def test_a_state_of_one_line_is_not_the_order_s(engine: Engine, tmp_path: Path):
    """The second line of order 2, which has no total, was cancelled by itself."""
    rows = on_the_first_line().replace("2024-01-02,P2,,1\n", "2024-01-02,P2,,1,,yes\n")
    rows = "".join(f"{line}{',' * (7 - line.count(','))}\n" for line in rows.splitlines())
    lines = order_lines(engine, tmp_path, HEADER.strip() + ",Zahlung,Storno am\n" + rows, columns=STATES)
    assert fates(lines) == {"used": 9, "not-sold": 1}
    assert (lines.revenue, lines.orders) == (Decimal(166), 5)


def test_totals_that_repeat_beside_a_refund_with_the_same_number(engine: Engine, tmp_path: Path):
    """Order 2 came back whole, told on both its lines too: 166 - 45."""
    refund = "B,2,2024-02-01,P0,-45,1\nB,2,2024-02-01,P1,-45,1\n"
    lines = order_lines(engine, tmp_path, HEADER + repeated(2) + refund, columns=MAP)
    assert lines.revenue == Decimal(121)
    assert lines.orders == 5


def test_an_order_of_one_line_beside_others(engine: Engine, tmp_path: Path):
    lines = order_lines(engine, tmp_path, HEADER + repeated(2) + "D,6,2024-01-06,P1,5,1\n", columns=MAP)
    assert lines.revenue == Decimal(171)


def test_a_total_of_the_name_is_enough_in_a_short_file(engine: Engine, tmp_path: Path):
    """One order says nothing by its values; the header does."""
    rows = "A,1,2024-01-01,P1,30\nA,1,2024-01-01,P2,30\nB,2,2024-01-02,P1,7\n"
    total = order_lines(engine, tmp_path, "customer,order id,date,product,order total\n" + rows)
    line = order_lines(engine, tmp_path, "customer,order id,date,product,line total\n" + rows)
    assert (total.revenue, line.revenue) == (Decimal(37), Decimal(67))


@pytest.mark.parametrize(
    ("rows", "revenue"),
    [
        pytest.param("".join(f"A,{n},2024-01-0{n},P{m},9,1\n" for n in (1, 2, 3, 4) for m in (1, 2)), 72, id="a price"),
        pytest.param("".join(f"A,{n},2024-01-0{n},P1,{n}0,1\n" for n in (1, 2, 3)), 60, id="orders of one line"),
        pytest.param(
            "".join(f"A,{n},2024-01-0{n},P{m},{n * m},1\n" for n in (1, 2, 3) for m in (1, 2)), 18, id="lines differ"
        ),
    ],
)
def test_amounts_of_lines(engine: Engine, tmp_path: Path, rows: str, revenue: int):
    """All lines at one price, 8 x 9; 10 + 20 + 30; (1 + 2 + 3) x (1 + 2)."""
    lines = order_lines(engine, tmp_path, HEADER + rows, columns=MAP)
    assert lines.revenue == Decimal(revenue)


def test_price_times_quantity_shows_that_an_amount_is_the_line_s(engine: Engine, tmp_path: Path):
    """Two lines of the same in each order, so that amounts repeat as totals would: 2 x (2 x 5 + 3 x 4 + 1 x 7)."""
    rows = "".join(
        f"A,{n},2024-01-0{n},P{m},{price * count},{count},{price}\n"
        for n, (count, price) in enumerate([(2, 5), (3, 4), (1, 7)], 1)
        for m in (1, 2)
    )
    header = "customer,order id,date,product,amount,quantity,unit price\n"
    assert order_lines(engine, tmp_path, header + rows).revenue == Decimal(58)


def test_a_unit_price_beside_the_order_s_total(engine: Engine, tmp_path: Path):
    """20 = 2 x 5 + 10, told on both lines; 12 = 1 x 5 + 7; 30 = 3 x 10 alone."""
    text = (
        "customer,order id,date,product,total,quantity,unit price\n"
        "A,1,2024-01-01,P1,20,2,5\nA,1,2024-01-01,P2,20,1,10\n"
        "B,2,2024-01-02,P1,12,1,5\nB,2,2024-01-02,P3,12,1,7\n"
        "A,3,2024-01-03,P2,30,3,10\n"
    )
    lines = order_lines(engine, tmp_path, text)
    assert lines.revenue == Decimal(62)
    assert lines.table.quantity.sum().to_pyarrow().as_py() == 8


MERGED = (
    "Order No.,Customer,Order Date,Product,Qty,Amount\n"
    "1,Ann,2024-01-05,Mug,1,10\n"
    ",,,Cup,2,8\n"
    ",,,Jar,1,4\n"
    "2,Bob,2024-01-06,Mug,1,10\n"
    "3,Ann,2024-02-01,Jar,3,12\n"
    ",,,Cup,1,4\n"
)


@pytest.mark.parametrize(
    "foot",
    ["", ",,,,9,48\n", ",,,Total,9,48\n", "Total,,,,9,48\n", ",Total,,,9,48\n", ",,,Gesamtsumme,,48\n", ",,,,,48\n"],
)
def test_merged_cells_name_an_order_once(engine: Engine, tmp_path: Path, foot: str):
    """10 + 8 + 4, 10, 12 + 4: each line its own amount. A sum at the foot is no sale."""
    lines = order_lines(engine, tmp_path, MERGED + foot)
    assert lines.revenue == Decimal(48)
    assert (lines.orders, lines.ledger.used.customers) == (3, 2)
    assert fates(lines)["used"] == 6
    assert lines.ledger.balances


def test_a_line_without_order_whose_day_cannot_be_read_is_told(engine: Engine, tmp_path: Path):
    lines = order_lines(engine, tmp_path, MERGED + "4,Cy,2024-02-30,Mug,1,10\n,,,Cup,1,4\n")
    assert lines.revenue == Decimal(48)
    assert fates(lines) == {"used": 6, "bad-date": 1, "no-date": 1}


def test_customer_and_day_on_one_line_of_an_order(engine: Engine, tmp_path: Path):
    """Wherever in the order; a number without either stays set aside."""
    text = (
        "customer,order id,date,product,line total\n"
        ",1,,P1,10\nA,1,2024-01-01,P2,5\n"
        "B,2,2024-01-02,P1,7\n,2,,P2,6\n"
        ",3,,P1,4\n"
    )
    lines = order_lines(engine, tmp_path, text)
    assert lines.revenue == Decimal(28)
    assert fates(lines) == {"used": 4, "no-customer": 1}


def test_two_customers_under_one_number_share_nothing(engine: Engine, tmp_path: Path):
    """Whose the third line is cannot be told."""
    text = "customer,order id,date,line total\nA,1,2024-01-01,10\nB,1,2024-01-01,5\n,1,2024-01-01,7\n"
    lines = order_lines(engine, tmp_path, text)
    assert fates(lines) == {"used": 2, "no-customer": 1}
    assert lines.orders == 2


def test_orders_of_one_line_in_a_file_without_numbers(engine: Engine, tmp_path: Path):
    text = "customer,date,total\nA,2024-01-01,10\nA,2024-01-01,10\nB,2024-01-02,5\n"
    lines = order_lines(engine, tmp_path, text)
    assert lines.revenue == Decimal(25)


# --- several files ----------------------------------------------------------------------------------------------------

LINES = [f"C{n % 3},{n},2024-01-{n + 1:02d},P{line},{n + line}.5\n" for n in range(12) for line in range(3)]
TOTAL = Decimal(sum(n + line for n in range(12) for line in range(3))) + Decimal("0.5") * 36
PLAIN = "customer,order id,date,product,line total\n"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(slice(0, 24), slice(12, 36), id="whole orders twice"),
        pytest.param(slice(0, 25), slice(11, 36), id="cut within orders that the other file has whole"),
        pytest.param(slice(0, 36), slice(0, 36), id="the same file twice"),
        pytest.param(slice(0, 18), slice(18, 36), id="nothing twice"),
        pytest.param(slice(0, 19), slice(19, 36), id="an order begins in one file and ends in the other"),
        pytest.param(slice(0, 20), slice(19, 36), id="with a line in both"),
    ],
)
def test_two_files_that_overlap(engine: Engine, tmp_path: Path, first: slice, second: slice):
    lines = order_lines(engine, tmp_path, PLAIN + "".join(LINES[first]), PLAIN + "".join(LINES[second]))
    assert lines.revenue == TOTAL
    assert (lines.orders, fates(lines)["used"]) == (12, 36)
    twice = len(LINES[first]) + len(LINES[second]) - 36
    assert fates(lines).get("in-another-file", 0) == twice
    assert any("in another of the files" in text for text in lines.warnings) == bool(twice)


def test_a_number_that_two_shops_gave_is_two_orders(engine: Engine, tmp_path: Path):
    ours = PLAIN + "A,1,2024-01-01,P1,10\nB,2,2024-01-02,P1,5\n"
    theirs = PLAIN + "X,1,2024-03-01,P1,7\nY,2,2024-03-02,P1,6\n"
    lines = order_lines(engine, tmp_path, ours, theirs)
    assert lines.revenue == Decimal(28)
    assert lines.orders == 4


def test_online_retail_in_two_files_that_overlap(shared_data: Path, tmp_path: Path):
    """Cut by rows, so within invoices: the published figures of sales only come out."""
    import pyarrow.parquet as pq

    whole = pq.read_table(shared_data / "online_retail.parquet")
    paths = [tmp_path / "early.parquet", tmp_path / "late.parquet"]
    pq.write_table(whole.slice(0, 300_003), paths[0])
    pq.write_table(whole.slice(250_001), paths[1])
    with Engine() as engine:
        lines = clean(engine, open_sources(engine, paths), CleaningOptions(returns="ignore"))
        assert lines.ledger.used.rows == 397_884
        assert lines.ledger.used.customers == 4_338
        assert lines.orders == 18_532
        assert lines.revenue == Decimal("8911407.904")
