"""Each measure of the catalog, worked out by hand on ten lines."""

from __future__ import annotations

from datetime import date
from math import nan
from pathlib import Path

import pytest

from core.engine import Engine
from core.features.catalog import BY_NAME, CATALOG, DEFAULT, Unit, feature, short
from core.features.engineering import customer_features
from core.orders.cleaning import CleaningOptions, clean
from core.orders.source import open_sources
from tests.orders.builders import order_lines

ORDERS = """customer,order id,date,sku,quantity,amount
A,O1,2024-01-01,tea,2,20.00
A,O1,2024-01-01,pot,1,30.00
A,O2,2024-01-11,tea,1,10.00
A,O3,2024-01-25,tea,-1,-10.00
A,O4,2024-02-10,cup,4,8.00
B,O5,2024-01-31,tea,1,10.00
B,O6,2024-03-01,tea,-1,-10.00
C,O7,2024-02-20,pot,1,0.00
D,O8,2024-03-05,pot,-1,-30.00
E,O9,2024-02-28,tea,,12.00
"""
# A bought three times and sent one tea back. B sent back all. C paid by voucher. D sent back what she had bought before
# the file begins. E's quantity is not known. The last purchase is E's, the last row D's.

NET = {
    "total_revenue": {"A": 58, "B": 0, "C": 0, "E": 12},
    "avg_order_value": {"A": 58 / 3, "B": 0, "C": 0, "E": 12},
    "avg_line_value": {"A": 58 / 5, "B": 0, "C": 0, "E": 12},
    "total_quantity": {"A": 7, "B": 0, "C": 1, "E": 0},
    "recency_days": {"A": 18, "B": 28, "C": 8, "E": 0},  # to 28 February
    "order_count": {"A": 3, "B": 1, "C": 1, "E": 1},
    "tenure_days": {"A": 58, "B": 28, "C": 8, "E": 0},
    "days_between_orders": {"A": 20, "B": nan, "C": nan, "E": nan},  # 1 January to 10 February, in two steps
    "distinct_products": {"A": 3, "B": 1, "C": 1, "E": 1},
    "return_rate": {"A": 10 / 68, "B": 1, "C": nan, "E": 0},
}
IGNORE = {
    "total_revenue": {"A": 68, "B": 10, "C": 0, "E": 12},
    "avg_order_value": {"A": 68 / 3, "B": 10, "C": 0, "E": 12},
    "avg_line_value": {"A": 17, "B": 10, "C": 0, "E": 12},
    "total_quantity": {"A": 8, "B": 1, "C": 1, "E": 0},
    "recency_days": {"A": 18, "B": 28, "C": 8, "E": 0},
    "order_count": {"A": 3, "B": 1, "C": 1, "E": 1},
    "tenure_days": {"A": 58, "B": 28, "C": 8, "E": 0},
    "days_between_orders": {"A": 20, "B": nan, "C": nan, "E": nan},
    "distinct_products": {"A": 3, "B": 1, "C": 1, "E": 1},
    "return_rate": {"A": 0, "B": 0, "C": nan, "E": 0},
}
AS_IS = {
    "total_revenue": {"A": 58, "B": 0, "C": 0, "D": -30, "E": 12},
    "avg_order_value": {"A": 58 / 4, "B": 0, "C": 0, "D": -30, "E": 12},
    "avg_line_value": {"A": 58 / 5, "B": 0, "C": 0, "D": -30, "E": 12},
    "total_quantity": {"A": 7, "B": 0, "C": 1, "D": -1, "E": 0},
    "recency_days": {"A": 24, "B": 4, "C": 14, "D": 0, "E": 6},  # to 5 March; February 2024 has 29 days
    "order_count": {"A": 4, "B": 2, "C": 1, "D": 1, "E": 1},
    "tenure_days": {"A": 64, "B": 34, "C": 14, "D": 0, "E": 6},
    "days_between_orders": {"A": 40 / 3, "B": 30, "C": nan, "D": nan, "E": nan},
    "distinct_products": {"A": 3, "B": 1, "C": 1, "D": 1, "E": 1},
    "return_rate": {"A": 10 / 68, "B": 1, "C": nan, "D": nan, "E": 0},
}


@pytest.mark.parametrize(("returns", "expected"), [("net", NET), ("ignore", IGNORE), ("as-is", AS_IS)])
def test_every_measure_of_lines(engine: Engine, tmp_path: Path, returns: str, expected: dict[str, dict[str, float]]):
    found = customer_features(order_lines(engine, tmp_path, ORDERS, returns=returns))
    measured = found.values.drop(columns=["rfm_recency", "rfm_frequency", "rfm_monetary"]).to_dict()
    assert measured.keys() == expected.keys()
    for name, by_customer in expected.items():
        assert measured[name] == pytest.approx(by_customer, nan_ok=True), name


def test_every_measure_has_a_test_here():
    assert {each.name for each in CATALOG} == {*NET, "rfm_recency", "rfm_frequency", "rfm_monetary"}


def test_days_count_back_from_the_day_given(engine: Engine, tmp_path: Path):
    found = customer_features(order_lines(engine, tmp_path, ORDERS, as_of=date(2024, 3, 31)), ["recency_days"])
    assert found.reference_date == date(2024, 3, 31)
    assert found.values["recency_days"].to_dict() == {"A": 50, "B": 60, "C": 40, "E": 32}


def test_scores_by_fifths(engine: Engine, tmp_path: Path):
    """Of 100, 200, ... 500 the type-7 quantiles are 180, 260, 340 and 420; one more opens the next fifth."""
    days = {"A": "2024-01-01", "B": "2024-02-01", "C": "2024-03-01", "D": "2024-04-01", "E": "2024-05-01"}
    text = "customer,date,amount\n" + "".join(
        f"{customer},{day},{100 * place}\n" for place, (customer, day) in enumerate(days.items(), 1)
    )
    scores = customer_features(order_lines(engine, tmp_path, text)).values
    assert scores["rfm_monetary"].tolist() == [1, 2, 3, 4, 5]
    assert scores["rfm_recency"].tolist() == [1, 2, 3, 4, 5]
    assert scores["rfm_frequency"].nunique() == 1  # one order each: nobody stands out


def test_scores_published_with_r_s_package_rfm(engine: Engine, shared_data: Path):
    """rfm_table_order(rfm_data_orders, ..., analysis_date = 2006-12-31) prints these three among its first rows."""
    source = open_sources(engine, [shared_data / "rfm_data_orders.csv"])
    with_scores = customer_features(clean(engine, source, CleaningOptions(as_of=date(2006, 12, 31))))
    columns = ["rfm_recency", "rfm_frequency", "rfm_monetary"]
    scores = with_scores.values[columns].astype(int).astype(str).agg("".join, axis=1)
    assert scores["Abbey O'Reilly"] == "343"
    assert scores["Add Senger"] == "412"
    assert scores["Aden Murphy"] == "544"
    abbey = with_scores.values.loc["Abbey O'Reilly"]
    assert (abbey["recency_days"], abbey["order_count"], abbey["total_revenue"]) == (205, 6, 472)


def test_entries_are_whole():
    names = [each.name for each in CATALOG]
    assert len(set(names)) == len(names)
    for each in CATALOG:
        assert sum(map(bool, (each.from_sums, each.from_lines, each.from_customers))) == 1, each.name
        assert not any(BY_NAME[used].uses for used in each.uses), each.name  # what is brought along brings no more
        assert each.label
        assert each.meaning.endswith(".")
    assert set(DEFAULT) <= set(BY_NAME)


def test_a_column_of_a_customer_table_is_a_plain_number():
    own = feature("Loyalty points")
    assert (own.label, own.unit) == ("Loyalty points", Unit.NUMBER)
    assert feature("recency_days") is BY_NAME["recency_days"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"), (0.25, "0.25"), (9, "9"), (13.24, "13.2"), (99.96, "100"), (963.894648, "964"), (1234, "1,234"),
        (9_999.4, "9,999"), (12_399, "12.4k"), (30_000, "30k"), (999_950, "1M"), (3_140_000, "3.1M"),
        (2_500_000_000, "2.5B"), (-12_399, "-12.4k"), (-0.5, "-0.5"),
    ],
)  # fmt: skip
def test_short_numbers(value: float, text: str):
    assert short(value) == text


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("total_revenue", 12_399.0, "12.4k EUR"),
        ("recency_days", 1.0, "1 day"),
        ("recency_days", 27.237179, "27.2 days"),
        ("order_count", 3.0, "3 orders"),
        ("return_rate", 0.123, "12%"),
        ("rfm_recency", 4.0, "4"),
        ("days_between_orders", nan, "unknown"),
    ],
)
def test_values_with_their_units(name: str, value: float, text: str):
    assert feature(name).format(value, "EUR") == text


def test_money_without_a_currency_is_a_number():
    assert feature("total_revenue").format(12.5) == "12.5"
