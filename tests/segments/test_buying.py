"""What segments buy: by hand on a small file, by pandas on a real one, and what must hold for any."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.engine import Engine
from core.features.engineering import customer_features
from core.orders.cleaning import CleaningOptions, OrderLines, clean
from core.orders.overview import overview
from core.orders.source import open_sources
from core.segments.buying import FEWEST_CUSTOMERS, Affinity, Buying, buying
from core.segments.segmentation import Segmentation
from tests.orders.builders import order_lines
from tests.segments.builders import grouped

HEADER = "customer,order,date,amount,product\n"


def parted(lines: OrderLines, spenders: str = "S") -> Segmentation:
    """Customers whose id begins with the letter in segment 1, who must spend more; the others in segment 2."""
    features = customer_features(lines, ["total_revenue"])
    return grouped(features, [0 if name.startswith(spenders) else 1 for name in features.values.index])


def bought(engine: Engine, folder: Path, rows: list[str]) -> Buying:
    lines = order_lines(engine, folder, HEADER + "".join(f"{row}\n" for row in rows))
    return buying(lines, parted(lines))


def cells(affinity: Affinity, item: str) -> list[dict[str, float]]:
    mine = affinity.cells[affinity.cells["item"] == item].sort_values("segment")
    return mine.drop(columns="item").to_dict("records")


# Each of six S buys tea for 30 and a pot for 10, each of six T tea for 5 and a pot for 15.
ALIKE = [
    row
    for n in range(6)
    for row in (
        f"S{n},S{n},2024-01-0{n + 1},30,tea",
        f"S{n},S{n},2024-01-0{n + 1},10,pot",
        f"T{n},T{n},2024-02-0{n + 1},5,tea",
        f"T{n},T{n},2024-02-0{n + 1},15,pot",
    )
]


def test_indices_by_hand(engine: Engine, tmp_path: Path):
    """Tea is 210 of 360 of all money, 180 of S's 240 and 30 of T's 120; the others' money goes to pots."""
    (products,) = bought(engine, tmp_path, ALIKE).affinities
    assert (products.role, products.n_items) == ("product", 2)
    spender, other = cells(products, "tea")
    assert (spender["revenue"], spender["customers"], spender["share"]) == (180, 6, 0.75)
    assert spender["share_of_all"] == other["share_of_all"] == pytest.approx(210 / 360)
    assert spender["index"] == pytest.approx(100 * 0.75 / (210 / 360))
    assert other["index"] == pytest.approx(100 * 0.25 / (210 / 360))
    spender, other = cells(products, "pot")
    assert spender["index"] == pytest.approx(60)
    assert other["index"] == pytest.approx(180)
    # All within a segment are alike, so nothing is left to chance.
    assert products.cells["error"].tolist() == pytest.approx([0] * 4, abs=1e-9)
    assert products.typical(1)["item"].tolist() == ["tea"]
    assert products.typical(2)["item"].tolist() == ["pot"]
    assert products.most_bought(1)["item"].tolist() == ["tea", "pot"]


def test_indices_of_all_segments_average_to_100(engine: Engine, tmp_path: Path):
    """Weighted by what each segment spends, whatever was bought."""
    random = np.random.default_rng(3)
    paid = random.integers(1, 90, 600) * np.tile([4, 1], 300)
    rows = [f"{'ST'[n % 2]}{n % 24},{n},2024-0{n % 6 + 1}-11,{paid[n]},P{n // 24 % 3}" for n in range(600)]
    (products,) = bought(engine, tmp_path, rows).affinities
    spent = products.cells.groupby("segment")["revenue"].sum()  # three items, all of them listed
    assert products.cells["index"].notna().all()
    for _, mine in products.cells.groupby("item"):
        assert np.average(mine["index"], weights=spent[mine["segment"]]) == pytest.approx(100)


def test_the_error_is_that_of_a_ratio_of_sums(engine: Engine, tmp_path: Path):
    random = np.random.default_rng(4)
    tea, pot = random.integers(1, 90, 12), random.integers(1, 90, 12)
    tea[:3] = 0  # who bought none counts too
    rows = [f"S{n},t{n},2024-01-11,{1000 * paid},tea" for n, paid in enumerate(tea) if paid]
    rows += [f"S{n},p{n},2024-01-11,{1000 * paid},pot" for n, paid in enumerate(pot)]
    rows += [f"T{n},o{n},2024-01-11,1,pot" for n in range(9)]
    (products,) = bought(engine, tmp_path, rows).affinities
    share = tea.sum() / (tea + pot).sum()
    residuals = tea - share * (tea + pot)
    (found,) = (cell for cell in cells(products, "tea") if cell["segment"] == 1)
    assert found["share"] == pytest.approx(share)
    assert found["error"] == pytest.approx(np.sqrt((residuals**2).sum()) / (tea + pot).sum())


def test_no_index_rests_on_few_customers(engine: Engine, tmp_path: Path):
    few = [f"S{n},c{n},2024-01-09,500,cup" for n in range(FEWEST_CUSTOMERS - 1)]
    (products,) = bought(engine, tmp_path, ALIKE + few).affinities
    spender, other = cells(products, "cup")
    assert (spender["customers"], spender["revenue"]) == (4, 2000)
    assert np.isnan(spender["index"])
    assert (other["customers"], other["share"]) == (0, 0)
    assert "cup" not in products.typical(1)["item"].tolist()
    assert products.most_bought(1)["item"].tolist()[0] == "cup"
    (products,) = bought(engine, tmp_path, [*ALIKE, *few, "S5,c9,2024-01-09,500,cup"]).affinities
    assert not np.isnan(cells(products, "cup")[0]["index"])


def test_a_segment_that_brought_all_back_has_no_shares(engine: Engine, tmp_path: Path):
    back = [f"T{n},R{n},2024-03-01,-20,tea" for n in range(6)]
    (products,) = bought(engine, tmp_path, ALIKE + back).affinities
    for item in ("tea", "pot"):
        other = cells(products, item)[1]
        assert np.isnan(other["share"])
        assert np.isnan(other["index"])


def test_months_and_returns_by_segment_by_hand(engine: Engine, tmp_path: Path):
    """S0 and S1 begin in January; S0 orders in February and in April. T begins in March and orders in April.

    Sales on every day tell that all months are covered in full.
    """
    rows = ["S0,1,2024-01-01,50,tea", "S1,2,2024-01-31,70,tea", "S0,3,2024-02-10,5,pot", "T0,4,2024-03-05,9,tea"]
    rows += ["S0,5,2024-04-30,5,tea", "T0,6,2024-04-02,2,tea"]
    found = bought(engine, tmp_path, rows)
    table = found.months.pivot(index="month", columns="segment", values="revenue")
    assert table[1].tolist() == [120, 5, 0, 5]
    assert table[2].tolist() == [0, 0, 9, 2]
    returns = found.returning[["segment", "months_since", "customers", "again", "share"]]
    assert returns.to_numpy().tolist() == [[1, 1, 2, 1, 0.5], [1, 2, 2, 0, 0], [1, 3, 2, 1, 0.5], [2, 1, 1, 1, 1]]


def test_an_unfinished_month_is_no_month_without_orders(engine: Engine, tmp_path: Path):
    """Daily sales up to 9 March: who began in January had February to come back in, and March is not over."""
    days = pd.date_range("2024-01-01", "2024-03-09")
    rows = [f"T,{n},{day:%Y-%m-%d},1,tea" for n, day in enumerate(days)]
    rows += ["S0,a,2024-01-01,900,tea", "S0,b,2024-03-02,9,tea"]
    returns = bought(engine, tmp_path, rows).returning
    assert returns[returns["segment"] == 1].to_numpy().tolist() == [[1, 1, 1, 0, 0]]


def test_product_names_are_data(engine: Engine, tmp_path: Path):
    names = ["a.b[0]", "<b>x</b>", "'; DROP TABLE x; --"]
    rows = [f"S{n},{n},2024-01-05,9,{names[n % 3]}" for n in range(30)] + [
        f"T{n},t{n},2024-01-05,1,tea" for n in range(3)
    ]
    (products,) = bought(engine, tmp_path, rows).affinities
    assert set(products.cells["item"]) == {*names, "tea"}


def test_online_retail_as_pandas_sums_it(engine: Engine, shared_data: Path):
    lines = clean(
        engine, open_sources(engine, [shared_data / "online_retail.parquet"]), CleaningOptions(returns="ignore")
    )
    features = customer_features(lines, ["total_revenue"])
    large = features.values["total_revenue"] > 1_500
    segmentation = grouped(features, (~large).astype(int).tolist())
    found = buying(lines, segmentation)

    raw = pd.read_parquet(shared_data / "online_retail.parquet")
    sales = raw[raw["CustomerID"].notna() & (raw["Quantity"] > 0) & (raw["UnitPrice"] > 0)]
    sales = sales.assign(
        paid=sales["Quantity"] * sales["UnitPrice"], customer=sales["CustomerID"].astype(int).astype(str)
    )
    sales["segment"] = segmentation.assignments["segment"].reindex(sales["customer"]).to_numpy()
    spent = sales.groupby("segment")["paid"].sum()
    by_item = sales.pivot_table(index="StockCode", columns="segment", values="paid", aggfunc="sum", fill_value=0)
    named = sales.assign(name=sales["Description"].str.strip()).groupby("StockCode")["name"]
    by_item.index = [f"{name} ({code})" for code, name in named.agg(lambda each: each.mode().iloc[0]).items()]
    customers = sales.groupby(["segment", "StockCode"])["customer"].nunique()
    customers = customers.rename(dict(zip(named.groups, by_item.index, strict=True)), level="StockCode")
    (products,) = found.affinities
    assert products.n_items == len(by_item)
    for number in (1, 2):
        assert products.most_bought(number)["item"].tolist() == by_item[number].nlargest(5).index.tolist()
    for cell in products.cells.itertuples():
        assert cell.revenue == pytest.approx(by_item.loc[cell.item, cell.segment], abs=1e-6)
        assert cell.customers == customers.get((cell.segment, cell.item), 0)
        share = by_item.loc[cell.item, cell.segment] / spent[cell.segment]
        expected = 100 * share / (by_item.loc[cell.item].sum() / spent.sum())
        assert cell.index == pytest.approx(expected if cell.customers >= 5 else np.nan, nan_ok=True)

    shown = overview(lines)
    assert found.months.groupby("month")["revenue"].sum().tolist() == pytest.approx(
        shown.months["revenue"].tolist(), abs=1e-6
    )
    assert found.months["orders"].sum() == lines.orders
