"""The sums over order lines that ledger, features and cohorts share, by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from core.engine import Engine
from core.orders.ledger import FATES, USED
from tests.orders.builders import order_lines

_ROWS = """customer,order,date,quantity,amount
A,1,2024-01-31,1,10.10
A,1,2024-02-01,2,0.20
A,2,2024-02-29,1,5.00
A,3,2024-02-29,-1,-4.00
B,4,2024-03-01,1,7.00
B,5,soon,9,1.00
D,6,2024-03-02,-1,-6.00
"""


def test_what_rows_come_to_by_customer_and_fate(engine: Engine, tmp_path: Path):
    """D only brought back, which shows once all her rows are summed."""
    lines = order_lines(engine, tmp_path, _ROWS)
    found = {(row["customer_id"], row["fate"]): row for row in lines.sums.to_pyarrow().to_pylist()}
    assert {key: (row["rows"], row["money"], row["revenue"], row["quantity"]) for key, row in found.items()} == {
        ("A", USED): (4, Decimal("11.30"), pytest.approx(11.3), 3),
        ("B", USED): (1, Decimal(7), 7, 1),
        ("B", FATES["bad-date"]): (1, Decimal(1), 1, 9),
        ("D", FATES["no-purchase"]): (1, Decimal(-6), -6, -1),
    }
    days = found["A", USED]
    assert (days["first_purchase"], days["last_purchase"]) == (date(2024, 1, 31), date(2024, 2, 29))
    assert found["D", FATES["no-purchase"]]["first_purchase"] is None


def test_an_order_belongs_to_the_month_of_its_first_purchase(engine: Engine, tmp_path: Path):
    """A's first order goes on after midnight, and belongs to January; what she brought back is no order."""
    lines = order_lines(engine, tmp_path, _ROWS)
    january = (2024 - 1970) * 12
    visits = {(row["customer_id"], row["month"], row["orders"]) for row in lines.visits.to_pyarrow().to_pylist()}
    assert visits == {("A", january, 1), ("A", january + 1, 1), ("B", january + 2, 1)}
    used = {row["customer_id"]: (row["rows"], row["orders"]) for row in lines.customers.to_pyarrow().to_pylist()}
    assert used == {"A": (4, 2), "B": (1, 1)}
    assert lines.orders == 3
