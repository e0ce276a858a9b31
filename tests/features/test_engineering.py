"""Order lines -> one row a customer."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from core.engine import Engine
from core.errors import UnknownFeatureError
from core.features.engineering import available, customer_features
from tests.orders.builders import order_lines

ORDERS = "customer,date,amount\nC2,2024-01-05,5.00\nC10,2024-01-06,7.50\nc2,2024-02-01,9.00\n🦄,2024-02-01,1.00\n"


def test_one_row_a_customer_sorted_by_id_as_text(engine: Engine, tmp_path: Path):
    found = customer_features(order_lines(engine, tmp_path, ORDERS))
    assert found.values.index.tolist() == ["C10", "C2", "c2", "🦄"]
    assert found.contacts.index.tolist() == found.values.index.tolist()
    assert found.values.index.name == "customer_id"
    assert set(found.values.dtypes.astype(str)) == {"float64"}
    assert len(found) == 4


def test_numbers_for_ids_are_text_too(engine: Engine, tmp_path: Path):
    text = "customer id,date,amount\n9,2024-01-05,1\n10,2024-01-06,2\n100,2024-01-07,3\n"
    assert customer_features(order_lines(engine, tmp_path, text)).values.index.tolist() == ["10", "100", "9"]


def test_what_the_file_cannot_give_is_not_on_offer(engine: Engine, tmp_path: Path):
    lines = order_lines(engine, tmp_path, ORDERS)
    names = {feature.name for feature in available(lines)}
    assert names.isdisjoint({"total_quantity", "distinct_products"})
    assert {"total_revenue", "avg_order_value", "recency_days"} <= names
    assert set(customer_features(lines).names) == names


def test_features_asked_for_bring_what_they_are_made_of(engine: Engine, tmp_path: Path):
    lines = order_lines(engine, tmp_path, ORDERS)
    found = customer_features(lines, ["avg_order_value", "recency_days"])
    assert found.names == ("total_revenue", "avg_order_value", "recency_days", "order_count")


def test_features_that_do_not_exist_or_lack_a_column(engine: Engine, tmp_path: Path):
    lines = order_lines(engine, tmp_path, ORDERS)
    with pytest.raises(UnknownFeatureError, match="loyalty"):
        customer_features(lines, ["loyalty"])
    with pytest.raises(UnknownFeatureError, match="quantity"):
        customer_features(lines, ["total_quantity"])


def test_day_and_currency_travel_along(engine: Engine, tmp_path: Path):
    text = "customer,date,amount\nA,2024-01-05,€ 1.50\nB,2024-02-03,€ 2.50\n"
    found = customer_features(order_lines(engine, tmp_path, text))
    assert (found.reference_date, found.currency) == (date(2024, 2, 3), "EUR")


CONTACTS = """customer,date,amount,email,phone,city
A,2024-01-05,1.00,old@example.com,+441,Leeds
A,2024-03-01,1.00,new@example.com,,York
A,2024-02-01,1.00,middle@example.com,+442,Hull
B,2024-01-05,1.00,b@example.com,,
B,2024-01-05,1.00,a@example.com,,
B,soon,1.00,unused@example.com,+449,Nowhere
C,2024-01-05,1.00,,,
"""


def test_each_contact_is_the_one_seen_last(engine: Engine, tmp_path: Path):
    """A's newest row has no phone: the newest that there is stands in. B's two of one day: the first by text."""
    contacts = customer_features(order_lines(engine, tmp_path, CONTACTS)).contacts
    assert list(contacts.columns) == ["email", "phone", "city"]
    assert contacts.fillna("").to_dict("index") == {
        "A": {"email": "new@example.com", "phone": "+442", "city": "York"},
        "B": {"email": "a@example.com", "phone": "", "city": ""},
        "C": {"email": "", "phone": "", "city": ""},
    }


def test_an_email_that_is_the_customer_is_also_how_to_reach_her(engine: Engine, tmp_path: Path):
    text = "email,date,amount\nAnn@Example.com,2024-01-05,1\nbo@example.com,2024-01-06,2\n"
    found = customer_features(order_lines(engine, tmp_path, text))
    assert found.contacts["email"].str.lower().tolist() == ["ann@example.com", "bo@example.com"]


def test_the_order_of_rows_changes_nothing(engine: Engine, tmp_path: Path):
    """Sums of floats depend on their order; features may not. Cents of many sizes, forwards and backwards."""
    amounts = [f"{number * 7919 % 100_003 / 100:.2f}" for number in range(3_000)]
    rows = [f"C{number % 7},2024-01-{number % 28 + 1:02},{amount}" for number, amount in enumerate(amounts)]
    there = customer_features(order_lines(engine, tmp_path, "\n".join(["customer,date,amount", *rows])))
    back = customer_features(order_lines(engine, tmp_path, "\n".join(["customer,date,amount", *reversed(rows)])))
    assert there.values.equals(back.values)
    cents = sum(int(amount.replace(".", "")) for amount in amounts[::7])
    assert there.values.loc["C0", "total_revenue"] == pytest.approx(cents / 100, rel=1e-12)
