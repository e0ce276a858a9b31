"""Rows that belong to one order: what they share, and whether an amount is the line's or the whole order's."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

import ibis
import ibis.expr.types as ir

from core.orders import values
from core.orders.columns import Recognition
from core.orders.names import normalised, of_money
from core.orders.numbers import BELOW_NOTHING
from core.orders.source_table import FILE, LINE, SourceTable

NUMBERED = "has_order_number"

_NEARLY_ALL = 0.95
_MOST = 0.9
_FEW = 3  # orders of several lines, before their amounts say anything by themselves
_STATES = ("currency", "status", "payment_status", "cancelled", "captured", "test_order")
_SHARED = ("customer_id", "order_date", "email", *_STATES)
_ORDERS_OWN = ("order", "invoice", "grand", "basket", "cart", "gesamt", "bestell", "commande", "pedido", "ordine")
_SUM = r"^((sub|grand|running)?[ _-]?total|gesamt(summe|betrag)?|insgesamt|summe?|suma|somme|totaal|totale)\b"
_LINES_OWN = ("line", "item", "product", "sku", "position", "artikel")


@dataclass(frozen=True, slots=True)
class Relations:
    """What the rows of one order have to do with each other."""

    continued: bool = False  # rows without an order number go on with the order above
    inherited: bool = False  # customer, day or the like stand on some of an order's rows only
    order_amounts: bool = False  # an amount is the whole order's: on one of its rows, or repeated on each
    order_refunds: bool = False  # and so is what was refunded
    of_all_rows: bool = False  # not from the first ones alone

    @property
    def any(self) -> bool:
        return self.continued or self.inherited or self.order_amounts or self.order_refunds


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
        return Relations(of_all_rows=True)
    states = [role for role in _STATES if role in columns]
    roles = ("order_id", "customer_id", "order_date", "amount", "refunded", "product", "quantity", *states)
    several = len(source.files) > 1
    table = source.numbered() if several else source.table
    cells = {role: _cell(source, table, columns, role) for role in roles}
    # Two shops may number their orders alike.
    rows = values.texts(table, cells, keep=(FILE,) if several else ())
    nobody = recognition.platform.no_order_ids if recognition.platform else ()
    rows = rows.mutate(order_id=ibis.ifelse(rows.order_id.isin(nobody), ibis.null("string"), rows.order_id))
    if "amount" not in columns:
        rows = rows.mutate(amount=ibis.literal("of the line"))
    continued = rows.aggregate(found=_goes_on(rows, rows.order_id.isnull(), rows.amount.isnull()).sum())
    continuing = continued.to_pyarrow()["found"][0].as_py() or 0
    by_line = "amount" not in columns or _amounts_are_prices_times_quantities(source, columns)
    sums = [name for name in ("amount", "refunded") if name in columns and not (name == "amount" and by_line)]
    counts = _of_several_lines(rows, sums, states, [FILE, "order_id"] if several else ["order_id"])
    order_amounts = not by_line and _are_orders(counts["amount"], columns["amount"])
    return Relations(
        continued=continuing > 0 and counts["rows"]["orders"] > 0,
        inherited=counts["rows"]["incomplete"] + continuing > 0 or (order_amounts and _are_of_orders(counts["states"])),
        order_amounts=order_amounts,
        # On one row of many it is either way counted once.
        order_refunds="refunded" in columns
        and (order_amounts or _are_orders(counts["refunded"] | {"once": 0}, columns["refunded"])),
        of_all_rows=True,
    )


def _cell(source: SourceTable, table: ir.Table, columns: Mapping[str, str], role: str) -> ir.Value:
    """A cell. Of typed days and customers only whether there is one: writing them out is what takes time."""
    if role not in columns:
        return ibis.null("string")
    cells = table[source.column(columns[role])]
    if role in {"customer_id", "order_date", "quantity"} and not cells.type().is_string():
        missing = cells.isnan() if cells.type().is_floating() else cells.isnull()
        return ibis.ifelse(cells.isnull() | missing, ibis.null("string"), "there")
    return cells


def _goes_on(rows: ir.Table, unnumbered: ir.BooleanValue, no_amount: ir.BooleanValue) -> ir.BooleanValue:
    """Whether a row is one more line of the order above: it names goods, but neither order nor customer nor day.

    A sum at the foot of a column names none of these either, but no goods.
    """
    goods = [rows[name].notnull() for name in ("product", "quantity") if name in rows.columns]
    product = ibis.literal(False)
    if "product" in rows.columns:
        product = (rows["product"].notnull() & ~rows["product"].lower().re_search(_SUM)).fill_null(False)
    return (
        unnumbered
        & rows.customer_id.isnull()
        & rows.order_date.isnull()
        & (product | (no_amount & ibis.or_(ibis.literal(False), *goods)))
    )


def _of_several_lines(
    rows: ir.Table, sums: Sequence[str], states: Sequence[str], order: Sequence[str]
) -> dict[str, dict[str, int]]:
    """Counts of orders by how their rows agree: in whom they name and when, in amounts, in refunds, in states."""
    # A refund may be one more row of its order, and nothing refunded is no sum that repeats.
    amount = ibis.ifelse(rows.amount.re_search(BELOW_NOTHING), ibis.null("string"), rows.amount)
    refund = ibis.ifelse(rows.refunded.re_search(r"[1-9]"), rows.refunded, ibis.null("string"))
    told = rows.mutate(sale=amount.notnull() | rows.amount.isnull(), amount=amount, refunded=refund)
    orders = (
        told.filter(told.order_id.notnull())
        .group_by(order)
        .aggregate(
            rows=ibis._.count(),
            lines=ibis._.sale.sum(),
            customers=ibis._.customer_id.count(),
            days=ibis._.order_date.count(),
            **{f"{name}_cells": told[name].count() for name in sums},
            **{f"{name}_low": told[name].min() for name in sums},
            **{f"{name}_high": told[name].max() for name in sums},
            **{f"{name}_cells": told[name].count() for name in states},
            **{f"{name}_apart": (told[name].notnull() & told.amount.isnull()).sum() for name in states},
        )
    )
    some = [(orders[name] > 0) & (orders[name] < orders.rows) for name in ("customers", "days")]
    counts = {"rows_orders": orders.count(), "rows_incomplete": (some[0] | some[1]).sum()}
    for name in sums:
        cells = orders[f"{name}_cells"]
        # Orders without a refund say nothing of refunds; those without an amount say that it is elsewhere.
        several = (orders.lines > 1) & (cells > 0) if name == "refunded" else orders.lines > 1
        alike = several & (cells > 1) & (orders[f"{name}_low"] == orders[f"{name}_high"])
        counts |= {
            f"{name}_orders": several.sum(),
            f"{name}_once": (several & (cells == 1)).sum(),
            f"{name}_full": (several & (cells > 1)).sum(),
            f"{name}_alike": alike.sum(),
            f"{name}_different": orders[f"{name}_low"].nunique(where=alike),
        }
    partly = {name: (orders[f"{name}_cells"] > 0) & (orders[f"{name}_cells"] < orders.rows) for name in states}
    counts["states_partly"] = _sum([mixed.sum() for mixed in partly.values()])
    counts["states_apart"] = _sum([(mixed & (orders[f"{name}_apart"] > 0)).sum() for name, mixed in partly.items()])
    found = orders.aggregate(**counts).to_pyarrow().to_pylist()[0]
    split: dict[str, dict[str, int]] = defaultdict(dict)
    for name, count in found.items():
        subject, _, what = name.partition("_")
        split[subject][what] = count or 0
    return split


def _sum(counts: Sequence[ir.IntegerScalar]) -> ir.IntegerValue:
    return reduce(add, counts, ibis.literal(0))


def _are_of_orders(counts: Mapping[str, int]) -> bool:
    """Whether states that only some of an order's rows have are the whole order's: they stand where its amount does.

    A state that one of several lines has by itself is that line's.
    """
    partly, apart = counts["partly"], counts["apart"]
    return partly > 0 and apart <= (1 - _NEARLY_ALL) * partly


def _are_orders(counts: Mapping[str, int], header: str) -> bool:
    """Whether sums are whole orders'."""
    once, full, alike = counts["once"], counts["full"], counts["alike"]
    if counts["orders"] == 0 or once + alike < _NEARLY_ALL * (once + full) or _named_for_lines(header):
        return False
    if once >= _MOST * counts["orders"]:
        return True
    # Lines of one price repeat too; whole orders repeat in any sum.
    return _named_for_orders(header) or (full >= _FEW and counts["different"] >= _FEW)


def _named_for_orders(header: str) -> bool:
    words = normalised(header)
    return of_money(header) == "total" or any(word in words for word in _ORDERS_OWN)


def _named_for_lines(header: str) -> bool:
    return any(word in normalised(header).split() for word in _LINES_OWN)


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
        # From its own file first: two shops may number their orders alike.
        rows = _inherited(_inherited(rows, [FILE, "order_key"]), ["order_key"])
    if found.order_amounts:
        rows = _counted_once(_without_blanks_beside(rows), "amount")
    return _counted_once(rows, "refunded") if found.order_refunds else rows


def _continued(rows: ir.Table) -> ir.Table:
    """Rows without an order number take the one of the order above."""
    above = ibis.window(group_by=FILE, order_by=LINE, preceding=None, following=0)
    placed = rows.mutate(place=rows[NUMBERED].cast("int64").sum().over(above))
    key = placed.order_key.max(where=placed[NUMBERED]).over(ibis.window(group_by=[FILE, "place"]))
    going_on = _goes_on(placed, ~placed[NUMBERED], placed.amount_blank) & placed.order_date_blank & (placed.place > 0)
    return placed.mutate(
        order_key=ibis.ifelse(going_on, key, placed.order_key), **{NUMBERED: placed[NUMBERED] | going_on}
    ).drop("place")


def _inherited(rows: ir.Table, order: Sequence[str]) -> ir.Table:
    """Rows that lack customer, day or state take those of their order, where the order has one only."""
    shared = [name for name in _SHARED if name in rows.columns]
    known = (
        rows.filter(rows[NUMBERED])
        .group_by(order)
        .aggregate(
            **{f"low_{name}": rows[name].min() for name in shared},
            **{f"high_{name}": rows[name].max() for name in shared},
        )
        .rename({f"of_{name}": name for name in order})
    )
    joined = rows.left_join(known, [rows[NUMBERED], *(rows[name] == known[f"of_{name}"] for name in order)])
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


def _without_blanks_beside(rows: ir.Table) -> ir.Table:
    """Rows whose order has its amount on another row have one of their own: nothing."""
    elsewhere = rows.amount.notnull().any().over(ibis.window(group_by=[FILE, "order_key"]))
    told = rows.mutate(beside=rows[NUMBERED] & rows.amount_blank & elsewhere)
    return told.mutate(
        amount=ibis.ifelse(told.beside, 0.0, told.amount), amount_blank=told.amount_blank & ~told.beside
    ).drop("beside")


def _counted_once(rows: ir.Table, name: str) -> ir.Table:
    """An order's sum stays on the first of its rows that bears it; a refund, another sum, on its own first row."""
    first = ibis.row_number().over(ibis.window(group_by=[FILE, "order_key", name], order_by=LINE))
    told = rows.mutate(again=rows[NUMBERED] & rows[name].notnull() & (first > 0))
    return told.mutate(**{name: ibis.ifelse(told.again, 0.0, told[name])}).drop("again")
