"""What each customer's orders come to: the sums over order lines that ledger, features and cohorts share.

Going over the lines, and telling their orders apart, is what takes long; so all that is summed by customer is summed
at once.
"""

from __future__ import annotations

import ibis.expr.types as ir

MONEY = "decimal(38, 6)"
"""Sums are exact, so that they agree whatever they are parted by and do not depend on the order of rows."""


def visits(rows: ir.Table) -> ir.Table:
    """What the rows of each customer come to, by fate and by month.

    Parameters
    ----------
    rows : judged: customer_id, order_key, order_date, amount, is_purchase, `fate` and, where at hand, quantity

    Returns
    -------
    customer_id, fate, month, rows, money (exact), revenue (the same as float64), quantity (where the rows have it),
    orders, and first_purchase and last_purchase (days). An order belongs to the month of its first purchase, counted
    from January 1970; month is missing for rows of orders without one.
    """
    bought = rows.is_purchase
    orders = rows.group_by(["customer_id", "order_key", "fate"]).aggregate(
        **{"rows": rows.count(), "money": rows.amount.cast(MONEY).sum(), "revenue": rows.amount.sum()},
        **({"quantity": rows.quantity.sum()} if "quantity" in rows.columns else {}),
        first_purchase=rows.order_date.min(where=bought),
        last_purchase=rows.order_date.max(where=bought),
    )
    dated = orders.mutate(month=month_of(orders.first_purchase), orders=orders.first_purchase.notnull().cast("int64"))
    return _summed(dated, ["customer_id", "fate", "month"])


def by_customer(visited: ir.Table) -> ir.Table:
    """The same by customer and fate, whatever the month."""
    return _summed(visited, ["customer_id", "fate"])


def month_of(day: ir.DateValue) -> ir.IntegerValue:
    """The months from January 1970 to that of a day."""
    return (day.year().cast("int32") - 1970) * 12 + day.month().cast("int32") - 1


def _summed(parts: ir.Table, by: list[str]) -> ir.Table:
    added = ("rows", "money", "revenue", "quantity", "orders")
    sums = {name: parts[name].sum() for name in added if name in parts.columns}
    sums |= {name: sums[name].cast("int64") for name in ("rows", "orders")}  # sums of counts are wider than counts
    return parts.group_by(by).aggregate(
        **sums, first_purchase=parts.first_purchase.min(), last_purchase=parts.last_purchase.max()
    )
