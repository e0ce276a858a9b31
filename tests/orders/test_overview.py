"""Months, items and cohorts: by hand on a small file, by pandas on a real one, and what must hold for any."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.engine import Engine
from core.orders.cleaning import CleaningOptions, clean
from core.orders.overview import MOST_COHORTS, MOST_ITEMS, Overview, Span, overview
from core.orders.source import open_sources
from tests.orders.builders import order_lines

# February has no orders. A sends tea back in April, which is no order; what B buys last has no product.
ORDERS = """customer,order,date,amount,product,channel
A,1,2024-01-05,10,tea,shop
A,1,2024-01-05,20,pot,shop
B,3,2024-01-20,5,cup,shop
A,2,2024-03-10,30,tea,shop
C,5,2024-03-02,40, tea ,shop
A,6,2024-04-01,-10,tea,shop
B,7,2024-04-15,15,,shop
"""


def found(engine: Engine, folder: Path, text: str = ORDERS, **options: object) -> Overview:
    return overview(order_lines(engine, folder, text, **options))


def test_months_by_hand(engine: Engine, tmp_path: Path):
    months = found(engine, tmp_path).months
    assert [f"{month:%Y-%m-%d}" for month in months["month"]] == [
        "2024-01-01",
        "2024-02-01",
        "2024-03-01",
        "2024-04-01",
    ]
    assert months["revenue"].tolist() == [35, 0, 70, 5]
    assert months["orders"].tolist() == [2, 0, 2, 1]
    assert months["customers"].tolist() == [2, 0, 2, 1]


def test_products_by_hand(engine: Engine, tmp_path: Path):
    """Tea: 10 + 30 + 40 - 10 in three orders of two customers. The 15 without a product belong to none."""
    products = found(engine, tmp_path).products
    assert products is not None
    assert products.items.to_dict("list") == {
        "item": ["tea", "pot", "cup"],
        "revenue": [70, 20, 5],
        "orders": [3, 1, 1],
        "customers": [2, 1, 1],
    }
    assert (products.n_items, products.rest_revenue, products.blank_revenue) == (3, 0, 15)
    assert products.revenue == 110
    assert products.shares.tolist() == pytest.approx([70 / 110, 20 / 110, 5 / 110])
    assert products.avg_order_values.tolist() == pytest.approx([70 / 3, 20, 5])


def test_products_have_their_most_frequent_name_before_their_code(engine: Engine, tmp_path: Path):
    """Tea goes by two names once each, the first by the alphabet counts; the cup has none, the pot's is its code."""
    text = """customer,order,date,amount,sku,product name
A,1,2024-01-05,40,T1,Tea
B,2,2024-01-05,30,T1, Fine tea
A,3,2024-01-06,20,P1,P1
B,4,2024-01-07,5,P1,P1
C,5,2024-01-08,2,C1,
C,6,2024-01-09,9,M1,Milk
D,7,2024-01-09,1,M1,Milk
A,8,2024-01-10,1,M1,Cream
"""
    products = found(engine, tmp_path, text).products
    assert products is not None
    assert products.items["item"].tolist() == ["Fine tea (T1)", "P1", "Milk (M1)", "C1"]
    assert products.items["revenue"].tolist() == [70, 25, 11, 2]


def test_a_column_with_one_value_throughout_says_nothing(engine: Engine, tmp_path: Path):
    shown = found(engine, tmp_path)
    assert shown.splits == ()
    assert found(engine, tmp_path, ORDERS.replace("tea", "cup").replace("pot", "cup")).products is None


def test_the_highest_are_listed_and_the_others_summed(engine: Engine, tmp_path: Path):
    rows = "".join(f"A,{n},2024-01-05,{n},P{n:02}\n" for n in range(1, 15))
    products = found(engine, tmp_path, f"customer,order,date,amount,product\n{rows}").products
    assert products is not None
    assert products.items["item"].tolist() == [f"P{n:02}" for n in range(14, 4, -1)]
    assert (products.n_items, products.rest_revenue) == (14, 1 + 2 + 3 + 4)


def test_cohorts_by_hand(engine: Engine, tmp_path: Path):
    """A and B begin in January: none orders in February, A in March, B in April. C of March does not come back."""
    cohorts = found(engine, tmp_path).cohorts
    assert {f"{start:%Y-%m}": size for start, size in cohorts.sizes.items()} == {"2024-01": 2, "2024-03": 1}
    cells = [(f"{c.cohort:%m}", c.months_since, c.customers, c.again, c.share) for c in cohorts.cells.itertuples()]
    assert cells == [("01", 1, 2, 0, 0), ("01", 2, 2, 1, 0.5), ("01", 3, 2, 1, 0.5), ("03", 1, 1, 0, 0)]
    assert (cohorts.earlier_customers, cohorts.customers) == (0, 3)


def test_of_many_cohorts_the_latest_are_shown_and_the_others_counted(engine: Engine, tmp_path: Path):
    rows = "".join(f"C{n},{n},{2022 + n // 12}-{n % 12 + 1:02}-05,1\n" for n in range(30))
    cohorts = found(engine, tmp_path, f"customer,order,date,amount\n{rows}").cohorts
    assert len(cohorts.sizes) == MOST_COHORTS == 13
    assert cohorts.sizes.index[0] == pd.Timestamp(2023, 6, 1)
    assert cohorts.earlier_customers == 17
    assert cohorts.cells["months_since"].max() == 12


def test_an_order_over_two_months_counts_in_the_first(engine: Engine, tmp_path: Path):
    text = "customer,order,date,amount\nA,1,2024-01-31,10\nA,1,2024-02-01,5\n"
    shown = found(engine, tmp_path, text)
    assert shown.months["orders"].tolist() == [1, 0]
    assert shown.months["revenue"].tolist() == [10, 5]


def days(first: str, last: str, every: int = 1) -> pd.DataFrame:
    """What `money_by_month` gives of a shop with a sale every so many days."""
    dates = pd.date_range(first, last, freq=f"{every}D")
    frame = pd.DataFrame({"day": dates, "month": (dates.year - 1970) * 12 + dates.month - 1})
    return frame.groupby("month", as_index=False).agg(days=("day", "size"), first=("day", "min"), last=("day", "max"))


@pytest.mark.parametrize(
    ("sold", "begins_partly", "ends_partly"),
    [
        (days("2024-01-01", "2024-03-31"), False, False),
        (days("2024-01-01", "2024-03-09"), False, True),
        (days("2024-01-08", "2024-03-31"), True, False),
        # Of 3 days in 20 one has a sale: ten days without one are 0.85^10 = 20 percent likely.
        (days("2024-01-11", "2024-03-31", every=20), False, False),
        (days("2024-01-30", "2024-03-31", every=2), True, False),
    ],
)
def test_outer_months_that_were_cut_off_are_told_from_quiet_ones(
    sold: pd.DataFrame, begins_partly: bool, ends_partly: bool
):
    span = Span.of(sold)
    assert (span.begins_partly, span.ends_partly) == (begins_partly, ends_partly)


def test_a_day_to_look_back_from_tells_how_far_the_file_reaches():
    sold = days("2024-01-01", "2024-03-09")
    assert Span.of(sold, as_of=date(2024, 3, 10)).ends_partly
    assert not Span.of(sold, as_of=date(2024, 4, 15)).ends_partly


ROLES = {"customer_id": "customer", "order_id": "order", "order_date": "date", "amount": "amount", "product": "product"}
LINES = st.lists(
    st.tuples(
        st.sampled_from("ABCDE"),
        st.integers(1, 12),
        st.dates(date(2022, 11, 1), date(2024, 3, 31)),
        st.integers(-500, 5000),
        st.sampled_from(["tea", "pot", "", "a.b[0]", "Tea"]),
    ),
    min_size=1,
    max_size=40,
)


@given(lines=LINES, returns=st.sampled_from(["net", "ignore", "as-is"]))
@settings(max_examples=10)  # each reads a file
def test_every_sum_is_the_ledgers(
    engine: Engine, tmp_path_factory: pytest.TempPathFactory, lines: list[tuple[object, ...]], returns: str
):
    # One purchase for certain, and two products.
    rows = [*lines, ("F", 99, date(2023, 5, 5), 700, "tea"), ("F", 99, date(2023, 5, 5), 1, "pot")]
    text = "customer,order,date,amount,product\n"
    text += "".join(f"{who},{who}{order},{day},{cents / 100:.2f},{item}\n" for who, order, day, cents, item in rows)
    read = order_lines(engine, tmp_path_factory.mktemp("lines"), text, returns=returns, columns=ROLES)
    shown = overview(read)
    assert shown.months["revenue"].sum() == pytest.approx(float(read.revenue), abs=1e-6)
    assert shown.months["orders"].sum() == read.orders
    assert shown.cohorts.customers == read.ledger.used.customers
    assert shown.products is not None
    assert shown.products.revenue == pytest.approx(float(read.revenue), abs=1e-6)


def test_online_retail_as_pandas_sums_it(engine: Engine, shared_data: Path):
    """Sales only, as in many published analyses: 4,338 customers, 18,532 invoices, 8,911,407.904."""
    path = shared_data / "online_retail.parquet"
    lines = clean(engine, open_sources(engine, [path]), CleaningOptions(returns="ignore"))
    shown = overview(lines)
    assert (shown.cohorts.customers, shown.orders) == (4_338, 18_532)
    assert shown.revenue == pytest.approx(8_911_407.904, abs=1e-6)

    raw = pd.read_parquet(path)
    sales = raw[raw["CustomerID"].notna() & (raw["Quantity"] > 0) & (raw["UnitPrice"] > 0)]
    sales = sales.assign(paid=sales["Quantity"] * sales["UnitPrice"], month=sales["InvoiceDate"].dt.to_period("M"))
    by_month = sales.groupby("month").agg(
        revenue=("paid", "sum"), orders=("InvoiceNo", "nunique"), customers=("CustomerID", "nunique")
    )
    for measure in by_month:
        assert shown.months[measure].tolist() == pytest.approx(by_month[measure].tolist(), abs=1e-6)
    assert shown.months["partial"].tolist() == [False] * 12 + [True]  # it ends on 9 December

    by_product = sales.groupby("StockCode").agg(
        revenue=("paid", "sum"), orders=("InvoiceNo", "nunique"), customers=("CustomerID", "nunique")
    )
    best = by_product.sort_values("revenue", ascending=False).head(MOST_ITEMS)
    assert shown.products is not None
    named = sales.assign(name=sales["Description"].str.strip()).groupby("StockCode")["name"]
    names = named.agg(lambda each: each.mode().iloc[0])  # of several the first by the alphabet
    assert shown.products.items["item"].tolist() == [f"{names[code]} ({code})" for code in best.index]
    for measure in best:
        assert shown.products.items[measure].tolist() == pytest.approx(best[measure].tolist(), abs=1e-6)
    assert shown.products.n_items == len(by_product)

    first = sales.groupby("CustomerID")["month"].transform("min")
    active = sales.assign(first=first).groupby(["first", "month"])["CustomerID"].nunique()
    for cell in shown.cohorts.cells.itertuples():
        start = cell.cohort.to_period("M")
        assert cell.customers == active[start, start]
        assert cell.again == active.get((start, start + cell.months_since), 0)
