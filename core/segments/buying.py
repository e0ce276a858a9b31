"""What each segment buys, when, and how soon its customers come back, against all customers."""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pyarrow as pa

from core.orders.cleaning import OrderLines
from core.orders.overview import Span, by_item_and_customer, called, first_days, money_by_month, visits_by_cohort
from core.orders.roles import PARTING
from core.segments.segmentation import Segmentation

FEWEST_CUSTOMERS = 5
"""With fewer buyers in a segment an index says more of them than of the segment."""
MOST_OF_EACH = 5
SURELY = 3.0
"""Standard errors from which on a difference is called typical: of hundreds of products hardly one is by chance."""
MOST_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Affinity:
    """The values of one column that a segment spends the most on, or spends more on than others do.

    `cells` has a row for each of these items and each segment: item (as `overview.called`), segment, revenue,
    customers (who bought it), share (of what the segment spent where the column is filled, 0 to 1), error (the
    share's standard error), share_of_all (the same share of all customers) and index: 100 times one share by the
    other, so that 100 is like everyone. The index is NaN where fewer than FEWEST_CUSTOMERS of the segment bought
    the item, and where what came back leaves nothing to share.
    """

    role: str  # one of PARTING
    cells: pd.DataFrame
    n_items: int  # different values in all

    def most_bought(self, segment: int, most: int = MOST_OF_EACH) -> pd.DataFrame:
        """The cells that the segment spends the most on."""
        return self._of(segment).head(most)

    def typical(self, segment: int, most: int = 3) -> pd.DataFrame:
        """The cells that the segment surely spends a larger share on than all do, the largest difference first."""
        mine = self._of(segment)
        more = mine["share"] - mine["share_of_all"]
        surely = more[mine["index"].notna() & (more > SURELY * mine["error"])]
        return mine.loc[surely.sort_values(ascending=False, kind="stable").index].head(most)

    def _of(self, segment: int) -> pd.DataFrame:
        mine = self.cells[(self.cells["segment"] == segment) & (self.cells["customers"] > 0)]
        return mine.sort_values(["revenue", "item"], ascending=[False, True], kind="stable")


@dataclass(frozen=True, slots=True)
class Buying:
    """What the segments buy. Revenue by month and segment adds up to that of their customers."""

    affinities: tuple[Affinity, ...]  # in the order of PARTING; none for a column with one value throughout
    months: pd.DataFrame  # month (first day), segment, revenue, orders, partial; every month of every segment
    returning: pd.DataFrame  # segment, months_since (1 to MOST_MONTHS), customers (who could have), again, share


def buying(lines: OrderLines, segmentation: Segmentation) -> Buying:
    """What the segments' customers bought, summed where the lines lie.

    Parameters
    ----------
    segmentation : of customers of these lines; who is in no segment is left out

    Notes
    -----
    Months since the first order are pooled over all cohorts: a customer counts for each month that has passed since
    hers, except one that the file covers only partly.

    A share is a ratio of two sums over customers; its standard error is that of the ratio estimator (Cochran 1977,
    Sampling Techniques, chapter 6) with each customer as one draw.
    """
    members = _members(segmentation)
    table = lines.table.inner_join(members, "customer_id")
    visits = visits_by_cohort(lines.visits.inner_join(members, "customer_id"), ["segment"])
    numbers = [segment.number for segment in segmentation.segments]
    money = money_by_month(table, ["segment"])
    span = Span.of(money_by_month(lines.table), lines.options.as_of)
    found = (_affinity(table, role, numbers) for role in PARTING if role in table.columns)
    return Buying(
        affinities=tuple(each for each in found if each.n_items > 1),
        months=_months(money, visits, numbers, span),
        returning=_returning(visits, numbers, span),
    )


def _members(segmentation: Segmentation) -> ir.Table:
    """The customers' segments as a table that the engine can join."""
    assigned = segmentation.assignments["segment"]
    columns = {"customer_id": pa.array(assigned.index, pa.string()), "segment": pa.array(assigned.to_numpy("int64"))}
    return ibis.memtable(pa.table(columns))


def _affinity(table: ir.Table, role: str, numbers: list[int]) -> Affinity:
    cells = _shares(table, role)
    surplus = ibis.ifelse(cells.index.notnull(), cells.share - cells.share_of_all - SURELY * cells.error, -1.0)
    placed = cells.mutate(
        by_revenue=ibis.row_number().over(group_by="segment", order_by=[ibis.desc("revenue"), "item"]),
        by_surplus=ibis.row_number().over(group_by="segment", order_by=[ibis.desc(surplus), "item"]),
        surplus=surplus,
    )
    telling = (placed.by_revenue < MOST_OF_EACH) | ((placed.by_surplus < MOST_OF_EACH) & (placed.surplus > 0))
    listed = placed.mutate(listed=telling.any().over(group_by="item"))
    frame = listed.filter(listed.listed).drop("by_revenue", "by_surplus", "surplus", "listed").to_pandas()
    frame["item"] = called(table, role, frame["item"])
    return Affinity(role, _filled(frame, numbers), int(frame["n_items"].max()) if len(frame) else 0)


def _shares(table: ir.Table, role: str) -> ir.Table:
    """Each item of each segment: revenue, customers, share, error, share_of_all, index, of_item, n_items."""
    bought = by_item_and_customer(table, role, ["segment"])
    told = bought.filter(bought.item.notnull())
    told = told.mutate(revenue=told.revenue.cast("float64"))
    spent = told.group_by(["segment", "customer_id"]).aggregate(spent=told.revenue.sum())
    of_segment = spent.group_by("segment").aggregate(
        of_segment=spent.spent.sum(), squares=(spent.spent * spent.spent).sum()
    )
    both = told.inner_join(spent, ["segment", "customer_id"])
    sums = both.group_by(["segment", "item"]).aggregate(
        revenue=both.revenue.sum(),
        customers=(both.orders > 0).sum(),
        own=(both.revenue * both.revenue).sum(),
        crossed=(both.revenue * both.spent).sum(),
    )
    known = sums.inner_join(of_segment, "segment")
    whole = known.mutate(
        of_item=known.revenue.sum().over(group_by="item"),
        of_all=known.revenue.sum().over(),
        n_items=known.item.nunique().over(),
        share=known.revenue / _positive(known.of_segment),
    )
    # The residuals' squares, summed: of all the segment's customers, also of those who bought none of the item.
    squares = whole.own - 2 * whole.share * whole.crossed + whole.share * whole.share * whole.squares
    shared = whole.mutate(
        share_of_all=whole.of_item / _positive(whole.of_all),
        error=ibis.greatest(squares, 0.0).sqrt() / _positive(whole.of_segment),
    )
    enough = (shared.customers >= FEWEST_CUSTOMERS) & (shared.revenue > 0)
    index = ibis.ifelse(enough, 100 * shared.share / _positive(shared.share_of_all), ibis.null("float64"))
    return shared.mutate(index=index).select(
        "item", "segment", "revenue", "customers", "share", "error", "share_of_all", "index", "of_item", "n_items"
    )


def _positive(number: ir.FloatingValue) -> ir.FloatingValue:
    return ibis.ifelse(number > 0, number, ibis.null("float64"))


def _filled(frame: pd.DataFrame, numbers: list[int]) -> pd.DataFrame:
    """A row for each item and segment, of what it never bought too; the items with most revenue first."""
    items = frame.drop_duplicates("item").sort_values(["of_item", "item"], ascending=[False, True])
    everything = pd.MultiIndex.from_product([items["item"], numbers], names=["item", "segment"])
    cells = frame.set_index(["item", "segment"])[["revenue", "customers", "share", "error", "index"]].reindex(
        everything
    )
    cells.loc[cells["revenue"].isna(), ["revenue", "customers", "share", "error"]] = 0
    cells = cells.reset_index()
    cells["share_of_all"] = cells["item"].map(items.set_index("item")["share_of_all"])
    return cells.astype({"customers": "int64", "segment": "int64", "index": "float64"})


def _months(money: pd.DataFrame, visits: pd.DataFrame, numbers: list[int], span: Span) -> pd.DataFrame:
    everything = pd.MultiIndex.from_product([span.months, numbers], names=["month", "segment"])
    revenue = money.set_index(["month", "segment"])["revenue"].reindex(everything, fill_value=0.0)
    orders = visits.groupby(["month", "segment"])["orders"].sum().reindex(everything, fill_value=0)
    frame = pd.DataFrame({"revenue": revenue, "orders": orders}).reset_index()
    frame["partial"] = [span.partly(month) for month in frame["month"]]
    frame["month"] = first_days(frame["month"])
    return frame


def _returning(visits: pd.DataFrame, numbers: list[int], span: Span) -> pd.DataFrame:
    """Of those for whom so many months have passed since their first order, how many ordered in the last of them."""
    since = (visits["month"] - visits["cohort"]).rename("since")
    again = visits.groupby(["segment", since])["customers"].sum()
    begun = visits[since == 0].groupby(["segment", "cohort"])["customers"].sum()
    last = span.last - span.ends_partly
    rows = []
    for number in numbers:
        mine = begun.loc[number] if number in begun.index.get_level_values("segment") else begun.iloc[:0]
        unfinished = visits[(visits["segment"] == number) & (visits["month"] > last)].groupby(since)["customers"].sum()
        for months in range(1, MOST_MONTHS + 1):
            could = int(mine[mine.index <= last - months].sum())
            if could:
                did = int(again.get((number, months), 0)) - int(unfinished.get(months, 0))
                rows.append((number, months, could, did, did / could))
    frame = pd.DataFrame(rows, columns=["segment", "months_since", "customers", "again", "share"])
    return frame.astype({"share": np.float64})
