"""Figures that others have published, or that can be derived by hand: see ../shared/data/README.md."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from core.engine import Engine
from core.features.engineering import customer_features
from core.orders.cleaning import CleaningOptions, OrderLines, clean
from core.orders.source import open_sources
from core.orders.source_table import SourceTable
from tests.commands import run


@pytest.fixture(scope="module")
def written_as_csv(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Online Retail with its days as UCI writes them, such as 12/1/2010 8:26."""
    table = pq.read_table(shared_data / "online_retail.parquet")
    day = table["InvoiceDate"]
    parts = [pc.cast(part, pa.string()) for part in (pc.month(day), pc.day(day), pc.year(day), pc.hour(day))]
    minute = pc.utf8_lpad(pc.cast(pc.minute(day), pa.string()), 2, "0")
    month_day_year = pc.binary_join_element_wise(*parts[:3], "/")
    at = pc.binary_join_element_wise(month_day_year, pc.binary_join_element_wise(parts[3], minute, ":"), " ")
    table = table.set_column(table.schema.get_field_index("InvoiceDate"), "InvoiceDate", at)
    path = tmp_path_factory.mktemp("online_retail") / "online_retail.csv"
    pa.csv.write_csv(table, path)
    return path


@pytest.fixture(scope="module", params=["parquet", "csv"])
def online_retail(request: pytest.FixtureRequest, shared_data: Path) -> Iterator[tuple[Engine, SourceTable]]:
    path = shared_data / "online_retail.parquet"
    if request.param == "csv":
        path = request.getfixturevalue("written_as_csv")
    with Engine() as engine:
        yield engine, open_sources(engine, [path])


@pytest.fixture(scope="module")
def sales_only(online_retail: tuple[Engine, SourceTable]) -> OrderLines:
    return clean(*online_retail, CleaningOptions(returns="ignore", as_of=date(2011, 12, 10)))


@pytest.fixture(scope="module")
def net(online_retail: tuple[Engine, SourceTable]) -> OrderLines:
    return clean(*online_retail)


def test_online_retail_as_the_file_is(online_retail: tuple[Engine, SourceTable]):
    """Told by SQL, past all of our cleaning: that the file read is the file published."""
    _, source = online_retail
    table = source.table.rename({header: source.column(header) for header in source.headers})
    facts = table.aggregate(
        lines=table.count(),
        invoices=table.InvoiceNo.nunique(),
        cancelled=table.InvoiceNo.cast("string").startswith("C").sum(),
        without_customer=table.CustomerID.isnull().sum(),
    )
    assert source.rows == 541_909
    assert facts.to_pyarrow().to_pylist() == [
        {"lines": 541_909, "invoices": 25_900, "cancelled": 9_288, "without_customer": 135_080}
    ]
    assert table.count().to_pyarrow().as_py() - table.distinct().count().to_pyarrow().as_py() == 5_268


def test_online_retail_sales_only(sales_only: OrderLines):
    assert sales_only.ledger.rows_in == 541_909
    assert sales_only.ledger.used.rows == 397_884
    assert sales_only.ledger.used.customers == 4_338
    assert sales_only.orders == 18_532
    assert sales_only.revenue == Decimal("8911407.904")
    assert sales_only.reference_date == date(2011, 12, 10)


def test_online_retail_customers(sales_only: OrderLines):
    """recency days / invoices / revenue, with reference date 2011-12-10."""
    found = customer_features(sales_only, ["recency_days", "order_count", "total_revenue"]).values
    published = {
        "12346": (326, 1, 77_183.60),
        "12347": (3, 7, 4_310.00),
        "12348": (76, 4, 1_797.24),
        "14646": (2, 73, 280_206.02),
        "17850": (373, 34, 5_391.21),
    }
    for customer, (recency, invoices, revenue) in published.items():
        row = found.loc[customer]
        assert (row["recency_days"], row["order_count"]) == (recency, invoices), customer
        assert row["total_revenue"] == pytest.approx(revenue, abs=0.005), customer


def test_online_retail_ledger_under_net(net: OrderLines):
    aside = {entry.reason: entry for entry in net.ledger.set_aside}
    assert net.ledger.rows_in == 541_909 == net.ledger.used.rows + sum(entry.rows for entry in aside.values())
    assert net.ledger.money_in == Decimal("9747747.934")
    assert net.ledger.customers_in == 4_372
    assert aside.keys() == {"no-customer", "no-purchase"}
    assert aside["no-customer"].rows == 135_080
    assert aside["no-purchase"].customers == aside["no-purchase"].customers_lost == 34
    assert net.ledger.used.customers == 4_372 - 34


def test_online_retail_customers_under_net(net: OrderLines):
    """Of all 4,372, in cents, 41 are negative and 14 zero; the 34 who bought nothing are set aside."""
    bought = customer_features(net, ["total_revenue", "recency_days"]).values
    never = net.set_aside().frame().query("reason == 'no-purchase'")
    quantity, price = (never[header].astype(float) for header in ("Quantity", "UnitPrice"))
    customers = never["CustomerID"].astype(str).str.removesuffix(".0")
    revenue = [*bought["total_revenue"].round(2), *(quantity * price).groupby(customers).sum().round(2)]
    assert len(revenue) == 4_372
    assert sum(value < 0 for value in revenue) == 41
    assert sum(value == 0 for value in revenue) == 14
    assert bought.loc["12346", "total_revenue"] == pytest.approx(0, abs=0.005)


def test_online_retail_by_the_command_line(shared_data: Path):
    source = shared_data / "online_retail.parquet"
    ran = run("inspect", source, "--returns", "ignore", "--as-of", "2011-12-10", "--json")
    assert ran.code == 0
    told = ran.told
    assert (told["rows_read"], told["rows_used"]) == (541_909, 397_884)
    assert (told["customers"], told["orders"]) == (4_338, 18_532)
    assert told["revenue"] == 8_911_407.904
    assert told["rows_read"] == told["rows_used"] + sum(told["set_aside"].values())
    assert told["set_aside"]["no-customer"] == 135_080
    assert (told["first_order"], told["last_order"]) == ("2010-12-01", "2011-12-09")
    assert told["platform"] == "uci-online-retail"
    assert "5,268 rows are exact copies of another row; they are kept." in told["warnings"]


def test_shopify_orders(engine: Engine, shared_data: Path):
    """127 orders, 57 emails, 15,063.00 less 423.75; orders without an email are in the account, and set aside.

    Further lines name nothing but the order: its total may not be filled down onto them.
    """
    path = shared_data / "shopify_orders.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        firsts = [row for row in csv.DictReader(stream) if row["Total"]]
    anonymous = [row for row in firsts if not row["Email"]]
    lines = clean(engine, open_sources(engine, [path]))
    assert lines.ledger.money_in == Decimal("15063.00") - Decimal("423.75")
    assert lines.ledger.used.customers == 57
    assert lines.orders == 127 - len(anonymous)
    assert lines.ledger.used.money == lines.ledger.money_in - sum(
        Decimal(row["Total"]) - Decimal(row["Refunded Amount"]) for row in anonymous
    )
    assert lines.recognition.platform is not None
    assert lines.recognition.platform.slug == "shopify"
    assert any("the whole order's" in text for text in lines.warnings)


CDNOW_COLUMNS = {"customer_id": "1", "order_date": "3", "quantity": "4", "amount": "5"}


@pytest.mark.parametrize("given", [{}, CDNOW_COLUMNS], ids=["detected", "mapped"])
def test_cdnow(shared_data: Path, given: dict[str, str]):
    mapped = [part for role, column in given.items() for part in ("--map", f"{role}={column}")]
    ran = run("inspect", shared_data / "cdnow_sample.txt", "--json", *mapped)
    assert ran.code == 0
    told = ran.told
    assert told["columns"] == CDNOW_COLUMNS
    assert (told["rows_read"], told["rows_used"], told["customers"]) == (6_919, 6_919, 2_357)
    assert told["revenue"] == 244_091.94
    assert (told["first_order"], told["last_order"]) == ("1997-01-01", "1998-06-30")
    assert (told["delimiter"], told["set_aside"]) == (" ", {})


def test_cdnow_repeat_buyers(engine: Engine, shared_data: Path):
    """In a calibration period to 1997-09-30, 946 customers bought on more than one day."""
    source = open_sources(engine, [shared_data / "cdnow_sample.txt"])
    lines = clean(engine, source, CleaningOptions(as_of=date(1997, 9, 30)))
    found = customer_features(lines, ["order_count", "tenure_days", "recency_days"]).values
    assert (found["tenure_days"] > found["recency_days"]).sum() == 946
    assert (found["order_count"] > 1).sum() == 946
    assert len(found) == 2_357


def test_rfm_data(shared_data: Path):
    ran = run("inspect", shared_data / "rfm_data_orders.csv", "--as-of", "2006-12-31", "--json")
    told = ran.told
    assert (told["rows_read"], told["rows_used"], told["customers"]) == (4_906, 4_906, 995)
    assert told["columns"]["customer_id"] == "customer_id"
    assert told["date_order"] == "ymd"
