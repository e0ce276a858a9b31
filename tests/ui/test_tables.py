"""Tables as people read them."""

from __future__ import annotations

import pandas as pd

from tests.segments.builders import customers, grouped
from ui import tables


def test_amounts_are_told_from_words_and_the_first_column_is_never_one() -> None:
    table = pd.DataFrame(
        {
            "Customer": ["10001", "10002"],
            "Money": ["5,473 EUR", "-10.5 EUR"],
            "Short": ["344.8k EUR", "–"],
            "Share": ["17.3%", ""],
            "Steady": ["0.77 ± 0.07", "0.97 ± 0.00"],
            "Segment": ["1. Champions", "2. Lost"],
            "Range": ["4.11 EUR to 1,140 EUR", "1 EUR to 2 EUR"],
            "Number": [1, 2],
        }
    )
    assert tables.amounts(table) == ["Money", "Short", "Share", "Steady"]


def test_a_number_of_a_customer_stands_under_what_it_counts() -> None:
    found = customers({"total_revenue": [10.0, 90.5], "recency_days": [3.0, 40.0], "return_rate": [0.0, 0.125]})
    members = tables.members(grouped(found, [0, 1], used=["total_revenue"]), 1)
    told = members.iloc[:, -3:]
    assert list(told.columns) == ["Total revenue (EUR)", "Days since last order", "Share returned (%)"]
    assert told.to_numpy().tolist() == [[90.5, 40.0, 12.5]]
