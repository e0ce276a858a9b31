"""What the order lines show as a whole: months, products, where orders come from, and who comes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from core.orders import values
from core.orders.cleaning import OrderLines
from core.orders.roles import PARTING
from core.orders.visits import MONEY, month_of

MOST_ITEMS = 10
MOST_COHORTS = 13
"""The months of a year and the same month of the year before."""

_BY_CHANCE = 0.05


@dataclass(frozen=True, slots=True)
class Split:
    """Revenue and orders by the values of one column.

    What stands in `items`, what does not, and lines without a value add up to the revenue of all lines.
    """

    role: str  # one of PARTING
    items: pd.DataFrame  # item (as `called`), revenue, orders, customers; at most MOST_ITEMS, the highest revenue first
    n_items: int  # different values in all
    rest_revenue: float  # of the values not in `items`
    blank_revenue: float  # of lines without a value

    @property
    def revenue(self) -> float:
        return float(self.items["revenue"].sum()) + self.rest_revenue + self.blank_revenue

    @property
    def shares(self) -> pd.Series[float]:
        """Each item's part of all revenue, 0 to 1; NaN where there is none to share."""
        whole = self.revenue
        return self.items["revenue"] / (whole if whole > 0 else np.nan)

    @property
    def avg_order_values(self) -> pd.Series[float]:
        """Revenue with the item divided by the orders that have it; NaN where it only came back."""
        return self.items["revenue"] / self.items["orders"].where(self.items["orders"] > 0)


@dataclass(frozen=True, slots=True)
class Cohorts:
    """Customers by the month of their first order, and how many of them ordered again in each month after."""

    cells: pd.DataFrame  # cohort (first of the month), months_since (from 1), customers, again, share; no gaps
    sizes: pd.Series[int]  # customers by cohort, those with nobody left out; at most MOST_COHORTS, the latest
    earlier_customers: int  # of the cohorts before those
    unfinished: bool  # whether the last month, and so the last cell of each cohort, is covered partly

    @property
    def customers(self) -> int:
        return int(self.sizes.sum()) + self.earlier_customers


@dataclass(frozen=True, slots=True)
class Overview:
    """Order lines at a glance; every sum is that of the ledger's used rows."""

    months: pd.DataFrame  # month (first day), revenue, orders, customers, partial; every month from first to last
    products: Split | None  # None where the file has no such column, or one value throughout
    splits: tuple[Split, ...]  # the same for category, type, customer source and order source
    cohorts: Cohorts
    orders: int
    revenue: float
    currency: str | None

    @property
    def avg_order_value(self) -> float:
        return self.revenue / self.orders if self.orders else float("nan")


def overview(lines: OrderLines) -> Overview:
    """Order lines at a glance, summed where they lie."""
    table = lines.table
    money = money_by_month(table)
    visits = visits_by_cohort(lines.visits)
    span = Span.of(money, lines.options.as_of)
    split = {role: by_item(table, role) for role in PARTING if role in table.columns}
    telling = {role: found for role, found in split.items() if found.n_items > 1}
    return Overview(
        months=_months(money, visits, span),
        products=telling.pop("product", None),
        splits=tuple(telling.values()),
        cohorts=cohorts(visits, span),
        orders=lines.orders,
        revenue=float(lines.revenue),
        currency=lines.reading.currency,
    )


def money_by_month(table: ir.Table, by: Sequence[str] = ()) -> pd.DataFrame:
    """Revenue of each month that has lines, returns taken off in the month that they came back.

    Parameters
    ----------
    by : further columns of the table to part by

    Returns
    -------
    by, month (months since January 1970), revenue, days (on which something was ordered), first, last (such days)
    """
    placed = table.select(*by, "order_date", month=month_of(table.order_date), money=table.amount.cast(MONEY))
    summed = placed.group_by([*by, "month"]).aggregate(
        revenue=placed.money.sum().cast("float64"),
        days=placed.order_date.nunique(),
        first=placed.order_date.min(),
        last=placed.order_date.max(),
    )
    frame: pd.DataFrame = summed.order_by([*by, "month"]).to_pandas()
    return frame


def visits_by_cohort(visits: ir.Table, by: Sequence[str] = ()) -> pd.DataFrame:
    """How many customers of each cohort ordered in each month, and how often.

    Parameters
    ----------
    visits : as in `OrderLines`
    by : further columns of the table, the same for all visits of a customer

    Returns
    -------
    by, cohort (month of the first order), month, customers, orders. Months count from January 1970.
    """
    # Joined, since a window over the customers takes longer.
    first = visits.group_by("customer_id").aggregate(cohort=visits.month.min())
    known = visits.join(first, "customer_id")
    counted = known.group_by([*by, "cohort", "month"]).aggregate(customers=known.count(), orders=known.orders.sum())
    frame: pd.DataFrame = counted.order_by([*by, "cohort", "month"]).to_pandas()
    return frame


def by_item(table: ir.Table, role: str, most: int = MOST_ITEMS) -> Split:
    """Revenue, orders and customers by the values of a descriptive column, the highest revenue first.

    An order counts for each item that it holds a purchase of.
    """
    items = by_item_and_customer(table, role).group_by("item").aggregate(
        revenue=ibis._.revenue.sum(), orders=ibis._.orders.sum(), customers=(ibis._.orders > 0).sum()
    )  # fmt: skip
    placed = items.mutate(
        n_items=items.item.count().over(),
        place=ibis.row_number().over(order_by=[items.item.isnull(), ibis.desc("revenue"), "item"]),
    )
    rest = ibis.ifelse(placed.item.notnull() & (placed.place >= most), placed.revenue, 0)
    summed = placed.mutate(rest=rest.sum().over())
    shown = summed.filter((summed.place < most) | summed.item.isnull()).order_by("place")
    frame = shown.mutate(revenue=shown.revenue.cast("float64"), rest=shown.rest.cast("float64")).to_pandas()
    known = frame[frame["item"].notna()].reset_index(drop=True)
    known["item"] = called(table, role, known["item"])
    return Split(
        role=role,
        items=known[["item", "revenue", "orders", "customers"]].astype({"orders": "int64", "customers": "int64"}),
        n_items=int(frame["n_items"].iloc[0]),
        rest_revenue=float(frame["rest"].iloc[0]),
        blank_revenue=float(frame["revenue"][frame["item"].isna()].sum()),
    )


def called(table: ir.Table, role: str, items: pd.Series[str]) -> pd.Series[str]:
    """How values of a column are shown: products by the name that most of their lines bear, with the code behind it."""
    if role != "product" or "product_name" not in table.columns:
        return items
    lines = table.select(item=values.stripped(table["product"]), name=values.stripped(table["product_name"]))
    lines = lines.filter(lines.item.isin(list(items.unique())))
    lines = lines.mutate(name=values.unless_blank(lines.name))
    counts = lines.filter(lines.name.notnull()).group_by(["item", "name"]).aggregate(lines=ibis._.count())
    # Of two as frequent the first by the alphabet, so that the order of rows does not matter.
    found = counts.order_by(["item", ibis.desc("lines"), "name"]).to_pandas().drop_duplicates("item")
    names: Mapping[str, str] = dict(zip(found["item"], found["name"], strict=True))
    return items.map(lambda code: f"{names[code]} ({code})" if names.get(code, code) != code else code)


def by_item_and_customer(table: ir.Table, role: str, by: Sequence[str] = ()) -> ir.Table:
    """by, item (missing where blank), customer_id, revenue (exact), orders (that hold a purchase of the item)."""
    written = table.select(
        *by,
        "customer_id",
        "order_key",
        "is_purchase",
        item=values.stripped(table[role]),
        money=table.amount.cast(MONEY),
    )
    lines = written.mutate(item=values.unless_blank(written.item))
    # Orders first: different ones counted among the lines would take three times as long.
    orders = lines.group_by([*by, "item", "customer_id", "order_key"]).aggregate(
        revenue=lines.money.sum(), bought=lines.is_purchase.any()
    )
    return orders.group_by([*by, "item", "customer_id"]).aggregate(
        revenue=orders.revenue.sum(), orders=orders.bought.sum()
    )


@dataclass(frozen=True, slots=True)
class Span:
    """The months that the lines lie in, counted from January 1970, and whether the outer ones are covered partly."""

    first: int
    last: int
    begins_partly: bool
    ends_partly: bool

    @classmethod
    def of(cls, money: pd.DataFrame, as_of: date | None = None) -> Span:
        """From `money_by_month`. The file is known to reach to `as_of`, or else to its last line.

        A month is covered partly where the days missing would hardly be without any order by chance: with a share p of
        days having orders, d days have none in (1 - p)^d of all cases. A shop that closes on Sundays may well begin on
        the 2nd; one that sells daily and ends on the 9th was cut off.
        """
        first, last = pd.Timestamp(money["first"].min()), pd.Timestamp(money["last"].max())
        without = 1 - min(1.0, money["days"].sum() / ((last - first).days + 1))
        end = max(last, pd.Timestamp(as_of)) if as_of is not None else last
        missing = max(0, (last + pd.offsets.MonthEnd(0) - end).days)
        return cls(
            int(money["month"].min()),
            int(money["month"].max()),
            without ** (first.day - 1) < _BY_CHANCE,
            without**missing < _BY_CHANCE,
        )

    @property
    def months(self) -> range:
        return range(self.first, self.last + 1)

    def partly(self, month: int) -> bool:
        """Whether the file covers only part of a month."""
        return (month == self.first and self.begins_partly) or (month == self.last and self.ends_partly)


def first_days(months: Sequence[int] | pd.Series[int]) -> pd.DatetimeIndex:
    """Months counted from January 1970 as their first days."""
    return pd.DatetimeIndex(np.asarray(months, dtype="int64").astype("datetime64[M]").astype("datetime64[s]"))


def cohorts(visits: pd.DataFrame, span: Span) -> Cohorts:
    """From `visits_by_cohort`: the latest cohorts, with every month that they could have ordered in."""
    counted = {
        (int(cohort), int(month)): int(count)
        for cohort, month, count in zip(visits["cohort"], visits["month"], visits["customers"], strict=True)
    }
    sizes = {cohort: count for (cohort, month), count in counted.items() if cohort == month}
    shown = [cohort for cohort in sorted(sizes) if cohort > span.last - MOST_COHORTS]
    rows = [
        (cohort, month - cohort, sizes[cohort], counted.get((cohort, month), 0))
        for cohort in shown
        for month in range(cohort + 1, span.last + 1)
    ]
    cells = pd.DataFrame(rows, columns=["cohort", "months_since", "customers", "again"]).astype("int64")
    cells["share"] = cells["again"] / cells["customers"]
    cells["cohort"] = first_days(cells["cohort"])
    return Cohorts(
        cells=cells,
        sizes=pd.Series([sizes[cohort] for cohort in shown], index=first_days(shown), dtype="int64"),
        earlier_customers=sum(sizes.values()) - sum(sizes[cohort] for cohort in shown),
        unfinished=span.ends_partly,
    )


def _months(money: pd.DataFrame, visits: pd.DataFrame, span: Span) -> pd.DataFrame:
    """Every month with its figures; 0 where nothing was ordered."""
    revenue = money.set_index("month")["revenue"].reindex(span.months, fill_value=0.0)
    ordered = visits.groupby("month")[["orders", "customers"]].sum().reindex(span.months, fill_value=0)
    return pd.DataFrame(
        {
            "month": first_days(list(span.months)),
            "revenue": revenue.to_numpy("float64"),
            "orders": ordered["orders"].to_numpy("int64"),
            "customers": ordered["customers"].to_numpy("int64"),
            "partial": [span.partly(month) for month in span.months],
        }
    )
