from __future__ import annotations

from decimal import Decimal
from typing import Any

from charts import ledger as charts
from charts import theme
from core.orders.ledger import REASONS, Ledger, LedgerEntry

LEDGER = Ledger(
    LedgerEntry("used", 75, 10, 0, Decimal(900)),
    (LedgerEntry("no-customer", 20, 0, 0, Decimal(50)), LedgerEntry("return", 5, 2, 1, Decimal(-50))),
    rows_in=100,
)


def values(spec: dict[str, Any], field: str) -> list[Any]:
    return [row[field] for rows in spec["datasets"].values() for row in rows if field in row]


def test_each_reason_has_a_bar_of_rows_and_one_of_money():
    spec = charts.fates(LEDGER, "EUR").to_dict()
    # Of 1,000 without regard to the sign; returns count for what they are worth.
    assert values(spec, "share") == [0.75, 0.9, 0.2, 0.05, 0.05, 0.05]
    assert values(spec, "words") == [
        "75 rows (75%)", "900 EUR", "20 rows (20%)", "50 EUR", "5 rows (5%)", "-50 EUR",
    ]  # fmt: skip
    assert values(spec, "name") == ["Used", REASONS["no-customer"], REASONS["return"]]


def test_without_money_there_are_rows_alone():
    spec = charts.fates(LEDGER, None, money=False).to_dict()
    assert values(spec, "share") == [0.75, 0.2, 0.05]
    assert "money" not in theme.alt_text(charts.fates(LEDGER, None, money=False))


def test_who_does_not_see_it_hears_all_of_it():
    told = theme.alt_text(charts.fates(LEDGER, "EUR"))
    assert told == (
        "Bars of what became of 100 rows. Used: 75 rows (75%), 900 EUR. No customer: 20 rows (20%), 50 EUR. "
        "Returned or cancelled: 5 rows (5%), -50 EUR."
    )


def test_names_of_reasons_fit_a_narrow_screen():
    # 320 pixels at 6.6 each, as seen at 12 pixels and bold.
    assert max(map(len, REASONS.values())) <= 48
