"""Rows that belong to one order: what they share, and whether an amount is the line's or the whole order's."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from core.orders import values
from core.orders.columns import Recognition
from core.orders.names import normalised
from core.orders.source import FILE, LINE, SourceTable

NUMBERED = "has_order_number"

_NEARLY_ALL = 0.95
_MOST = 0.9
_FEW = 3  # orders of several lines, before their amounts say anything by themselves
_SHARED = (
    "customer_id", "order_date", "currency", "status", "payment_status", "cancelled", "captured", "test_order", "email",
)  # fmt: skip
_ORDERS_OWN = ("order", "invoice", "grand", "basket", "cart", "gesamt", "bestell", "commande", "pedido", "ordine")
_LINES_OWN = ("line", "item", "product", "sku", "position", "artikel")


@dataclass(frozen=True, slots=True)
class Relations:
    """What the rows of one order have to do with each other."""

    continued: bool = False  # rows without an order number go on with the order above
    inherited: bool = False  # customer, day or the like stand on some of an order's rows only
    order_amounts: bool = False  # an amount is the whole order's: on one of its rows, or repeated on each

    @property
    def any(self) -> bool:
        return self.continued or self.inherited or self.order_amounts


def relations(source: SourceTable, recognition: Recognition) -> Relations:
    """Told from how customers, days and amounts repeat, differ or are blank within an order.

    The first rows are enough where they show that each row stands for itself; else all rows are asked.
    """
    if "order_id" not in recognition.columns or _rows_stand_alone(source, recognition.columns):
        return Relations()
    return all_relations(source, recognition)


def all_relations(source: SourceTable, recognition: Recognition) -> Relations:
    """The same, told from all rows."""
    columns = recognition.columns
    if "order_id" not in columns:
        return Relations()
    roles = ("order_id", "customer_id", "order_date", "amount", "product", "quantity")
    rows = source.table.select(**{role: _cell(source, columns, role) for role in roles})
    if "amount" not in columns:
        rows = rows.mutate(amount=ibis.literal("of the line"))
    continued = rows.aggregate(found=_goes_on(rows, rows.order_id.isnull(), rows.amount.isnull()).sum())
    continuing = continued.to_pyarrow()["found"][0].as_py() or 0
    counts = _of_several_lines(rows)
    by_line = "amount" not in columns or _amounts_are_prices_times_quantities(source, columns)
    return Relations(
        continued=continuing > 0 and counts["orders"] + counts["alone"] > 0,
        inherited=counts["incomplete"] + continuing > 0,
        order_amounts=not by_line and _are_orders(counts, columns["amount"]),
    )


def _cell(source: SourceTable, columns: Mapping[str, str], role: str) -> ir.StringValue:
    return values.text(source.table[source.column(columns[role])]) if role in columns else ibis.null("string")


def _goes_on(rows: ir.Table, unnumbered: ir.BooleanValue, no_amount: ir.BooleanValue) -> ir.BooleanValue:
    """Whether a row is one more line of the order above: it names goods, but neither order nor customer nor day.

    A sum at the foot of a column names none of these either, but no goods.
    """
    goods = [rows[name].notnull() for name in ("product", "quantity") if name in rows.columns]
    product = rows["product"].notnull() if "product" in rows.columns else ibis.literal(False)
    return (
        unnumbered
        & rows.customer_id.isnull()
        & rows.order_date.isnull()
        & (product | (no_amount & ibis.or_(ibis.literal(False), *goods)))
    )


def _of_several_lines(rows: ir.Table) -> dict[str, int]:
    """Counts of orders by how their rows agree."""
    orders = (
        rows.filter(rows.order_id.notnull())
        .group_by("order_id")
        .aggregate(
            lines=ibis._.count(),
            amounts=ibis._.amount.count(),
            low=ibis._.amount.min(),
            high=ibis._.amount.max(),
            customers=ibis._.customer_id.count(),
            days=ibis._.order_date.count(),
        )
    )
    several = orders.lines > 1
    full = several & (orders.amounts > 1)
    alike = full & (orders.low == orders.high)
    some = [(orders[name] > 0) & (orders[name] < orders.lines) for name in ("customers", "days")]
    counted = orders.aggregate(
        alone=(~several).sum(),
        orders=several.sum(),
        once=(several & (orders.amounts == 1)).sum(),
        full=full.sum(),
        alike=alike.sum(),
        different=orders.low.nunique(where=alike),
        incomplete=(some[0] | some[1]).sum(),
    )
    return {name: count or 0 for name, count in counted.to_pyarrow().to_pylist()[0].items()}


def _are_orders(counts: Mapping[str, int], header: str) -> bool:
    """Whether amounts are whole orders'."""
    once, full, alike = counts["once"], counts["full"], counts["alike"]
    if counts["orders"] == 0:
        return False
    if once + alike < _NEARLY_ALL * (once + full):
        return False
    if once >= _MOST * counts["orders"]:
        return True
    # Lines of one price repeat too; whole orders repeat in any sum.
    return _named_for_orders(header) or (full >= _FEW and counts["different"] >= _FEW)


def _named_for_orders(header: str) -> bool:
    words = normalised(header)
    if any(word in words for word in _LINES_OWN):
        return False
    return words == "total" or any(word in words for word in _ORDERS_OWN)


def _rows_stand_alone(source: SourceTable, columns: Mapping[str, str]) -> bool:
    """Whether the first rows show it: none lacks anything, and the amounts within an order differ."""
    sample = source.sample()
    needed = [sample[columns[role]] for role in ("order_id", "customer_id", "order_date", "amount") if role in columns]
    if any(values.is_blank(cell) for column in needed for cell in column):
        return False
    if "amount" not in columns:
        return True
    amounts: dict[object, list[object]] = defaultdict(list)
    for order, amount in zip(sample[columns["order_id"]], sample[columns["amount"]], strict=True):
        amounts[order].append(amount)
    several = [each for each in amounts.values() if len(each) > 1]
    differ = sum(len(set(map(str, each))) > 1 for each in several)
    return differ >= _FEW and differ > (1 - _MOST) * len(several)


def _amounts_are_prices_times_quantities(source: SourceTable, columns: Mapping[str, str]) -> bool:
    """Whether, in the first orders of several lines, amount = unit price x quantity on each line."""
    if not {"unit_price", "quantity", "amount"} <= columns.keys():
        return False
    sample = source.sample()
    orders = sample[columns["order_id"]]
    repeated = {order for order, count in Counter(orders).items() if count > 1 and not values.is_blank(order)}
    sums = [
        (_plain(price) * _plain(count), _plain(amount))
        for order, price, count, amount in zip(
            orders, *(sample[columns[role]] for role in ("unit_price", "quantity", "amount")), strict=True
        )
        if order in repeated
    ]
    known = [(product, amount) for product, amount in sums if product == product and amount == amount]
    return bool(known) and sum(abs(one - other) < 0.015 for one, other in known) > _MOST * len(known)


def _plain(cell: object) -> float:
    try:
        return float(str(cell).replace(",", "."))
    except ValueError:
        return float("nan")


def related(rows: ir.Table, found: Relations) -> ir.Table:
    """Rows with what their order knows of them; `NUMBERED` tells which have an order number.

    Parameters
    ----------
    rows : FILE, LINE, order_key, amount, the `_blank` columns and what `_SHARED` names of customers and states
    """
    if found.continued:
        rows = _continued(rows)
    if found.inherited:
        rows = _inherited(rows)
    return _counted_once(rows) if found.order_amounts else rows


def _continued(rows: ir.Table) -> ir.Table:
    """Rows without an order number take the one of the order above."""
    above = ibis.window(group_by=FILE, order_by=LINE, preceding=None, following=0)
    placed = rows.mutate(place=rows[NUMBERED].cast("int64").sum().over(above))
    key = placed.order_key.max(where=placed[NUMBERED]).over(ibis.window(group_by=[FILE, "place"]))
    going_on = _goes_on(placed, ~placed[NUMBERED], placed.amount_blank) & placed.order_date_blank & (placed.place > 0)
    return placed.mutate(
        order_key=ibis.ifelse(going_on, key, placed.order_key), **{NUMBERED: placed[NUMBERED] | going_on}
    ).drop("place")


def _inherited(rows: ir.Table) -> ir.Table:
    """Rows that lack customer, day or state take those of their order, where the order has one only."""
    shared = [name for name in _SHARED if name in rows.columns]
    known = (
        rows.filter(rows[NUMBERED])
        .group_by("order_key")
        .aggregate(
            **{f"low_{name}": rows[name].min() for name in shared},
            **{f"high_{name}": rows[name].max() for name in shared},
        )
        .rename(of_order="order_key")
    )
    joined = rows.left_join(known, [rows[NUMBERED], rows.order_key == known.of_order])
    settled = {}
    for name in shared:
        one = ibis.ifelse(
            joined[f"low_{name}"] == joined[f"high_{name}"], joined[f"low_{name}"], ibis.null(rows[name].type())
        )
        settled[name] = ibis.coalesce(joined[name], one)
    # A day that was written but cannot be read is no blank: it stays to be told.
    settled["order_date"] = ibis.ifelse(joined.order_date_blank, settled["order_date"], joined.order_date)
    settled["order_date_blank"] = joined.order_date_blank & settled["order_date"].isnull()
    return joined.mutate(**settled).select(*rows.columns)


def _counted_once(rows: ir.Table) -> ir.Table:
    """An order's amount, and what was refunded of it, stay on the first of its rows that bears them."""
    sums = [name for name in ("amount", "refunded") if name in rows.columns]
    first = ibis.row_number().over(ibis.window(group_by=[FILE, "order_key", *sums], order_by=LINE))
    has_amount = rows.amount.notnull().any().over(ibis.window(group_by=[FILE, "order_key"]))
    told = rows.mutate(place=first, has_amount=has_amount)
    again = told[NUMBERED] & (told.place > 0) & told.amount.notnull()
    beside = told[NUMBERED] & told.amount_blank & told.has_amount
    elsewhere = again | beside
    return told.mutate(
        amount_blank=told.amount_blank & ~beside,
        **{name: ibis.ifelse(elsewhere, 0.0, told[name]) for name in sums},
    ).drop("place", "has_amount")


def in_several_files(rows: ir.Table) -> ir.Table:
    """FILE and order_key of orders that another file holds as well, and better: more of its rows, or the same earlier.

    Parameters
    ----------
    rows : FILE, customer_id, order_key, NUMBERED
    """
    held = rows.filter(rows[NUMBERED]).group_by(["customer_id", "order_key", FILE]).aggregate(lines=ibis._.count())
    best = ibis.row_number().over(
        ibis.window(group_by=["customer_id", "order_key"], order_by=[ibis.desc("lines"), FILE])
    )
    return held.mutate(place=best).filter(ibis._.place > 0).select(FILE, "customer_id", "order_key")
