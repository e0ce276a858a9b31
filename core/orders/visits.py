"""What each customer's rows come to, and in which months she ordered: what ledger, features and cohorts are made of.

To go over the lines takes long, and to tell their orders apart longer: each is done once, and by itself, since sums
carried along with every order would make that a table larger than memory.
"""

from __future__ import annotations

import ibis.expr.types as ir

MONEY = "decimal(38, 6)"
"""Sums are exact, so that they agree whatever they are parted by and do not depend on the order of rows."""


def sums_by_customer(rows: ir.Table) -> ir.Table:
    """What the rows of each customer come to, by fate.

    Parameters
    ----------
    rows : judged: customer_id, order_date, amount, is_purchase, `fate` and, where at hand, quantity

    Returns
    -------
    customer_id, fate, rows, money (exact), revenue (the same as float64), quantity (where the rows have it), and the
    days first_purchase and last_purchase, missing where nothing was bought.
    """
    bought = rows.is_purchase
    return rows.group_by(["customer_id", "fate"]).aggregate(
        **{"rows": rows.count(), "money": rows.amount.cast(MONEY).sum(), "revenue": rows.amount.sum()},
        **({"quantity": rows.quantity.sum()} if "quantity" in rows.columns else {}),
        first_purchase=rows.order_date.min(where=bought),
        last_purchase=rows.order_date.max(where=bought),
    )


def visits(lines: ir.Table) -> ir.Table:
    """The months in which each customer placed orders.

    Parameters
    ----------
    lines : those that count: customer_id, order_key, order_date, is_purchase

    Returns
    -------
    customer_id, month (counted from January 1970), orders. An order belongs to the month of its first purchase.
    """
    bought = lines.filter(lines.is_purchase)
    orders = bought.group_by(["customer_id", "order_key"]).aggregate(day=bought.order_date.min())
    dated = orders.select("customer_id", month=month_of(orders.day))
    return dated.group_by(["customer_id", "month"]).aggregate(orders=dated.count().cast("int32"))


def month_of(day: ir.DateValue) -> ir.IntegerValue:
    """The months from January 1970 to that of a day."""
    return (day.year().cast("int32") - 1970) * 12 + day.month().cast("int32") - 1
