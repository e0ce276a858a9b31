"""Tables as people read them."""

from __future__ import annotations

import pandas as pd

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
