"""How one file tells its sales from what is none: decided from its columns and values, then applied to each row."""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from core.orders import numbers, sales, values
from core.orders.columns import Recognition
from core.orders.source_table import SourceTable

JUDGED_BY = ("status", "payment_status", "cancelled", "captured", "test_order", "transaction_type")
"""Roles that say whether a row is a sale, and nothing else."""


@dataclass(frozen=True, slots=True)
class SaleRules:
    """What is peculiar to a file; the roles at hand say the rest."""

    cancellation_ids: bool = False  # invoice numbers that begin with C take back what was sold
    refunded_by_status: bool = False  # a status is all that tells of a refund
    named_sales_only: bool = False  # a report of money that moved for whatever reason
    no_sale_statuses: tuple[str, ...] = ()
    no_order_ids: tuple[str, ...] = ()


def sale_rules(source: SourceTable, recognition: Recognition) -> SaleRules:
    """The rules for a file, from its platform and its values."""
    columns, platform = recognition.columns, recognition.platform
    sample = source.sample()
    order_ids = (
        [str(value) for value in sample[columns["order_id"]] if value is not None] if "order_id" in columns else []
    )
    return SaleRules(
        cancellation_ids=sales.marks_cancellations(order_ids),
        refunded_by_status="refunded" not in columns
        and any(role in columns for role in ("status", "payment_status"))
        and not _takes_back(source, columns.get("amount")),
        named_sales_only=platform is not None and platform.payments,
        no_sale_statuses=platform.no_sale_statuses if platform else (),
        no_order_ids=platform.no_order_ids if platform else (),
    )


def _takes_back(source: SourceTable, amount: str | None) -> bool:
    """Whether some amounts are less than nothing: refunds are rows of their own there."""
    if amount is None:
        return False
    rows, cells = source.table, source.table[source.column(amount)]
    if cells.type().is_numeric():
        below = cells < 0
    else:
        rows = values.texts(rows, {"amount": cells})
        below = rows.amount.re_search(numbers.BELOW_NOTHING)
    return bool(rows.aggregate(found=below.any()).to_pyarrow()["found"][0].as_py())


def takes_back(rows: ir.Table, rules: SaleRules) -> ir.BooleanValue | None:
    """Whether a row undoes a sale whatever the sign of its amount; None where no row can."""
    told = []
    if rules.cancellation_ids:
        told.append(sales.is_cancellation_id(rows.order_id))
    if "transaction_type" in rows.columns:
        told.append(sales.is_refund_kind(rows.transaction_type))
    return ibis.or_(*told) if told else None


def not_an_order(rows: ir.Table, rules: SaleRules) -> ir.BooleanValue | None:
    """Whether a row is a fee, a transfer or the like; None where the file does not tell."""
    if "transaction_type" not in rows.columns:
        return None
    other = sales.is_no_sale_kind(rows.transaction_type, strictly=rules.named_sales_only)
    if rules.named_sales_only:  # money that went out, and not as a refund
        other = other | ((rows.amount < 0).fill_null(False) & ~sales.is_refund_kind(rows.transaction_type))
    return other


def not_sold(rows: ir.Table, rules: SaleRules) -> ir.BooleanValue | None:
    """Whether an order never became a sale: cancelled, failed, unpaid, a test; None where the file does not tell."""
    told = []
    if "status" in rows.columns:
        told.append(sales.is_no_sale_status(rows.status, rules.no_sale_statuses))
    if "payment_status" in rows.columns:
        told.append(sales.is_no_sale_status(rows.payment_status))
    if "cancelled" in rows.columns:
        told.append(sales.says_yes(rows.cancelled))
    if "captured" in rows.columns:
        told.append(sales.says_no(rows.captured))
    if "test_order" in rows.columns:
        told.append(sales.says_yes(rows.test_order))
    if rules.no_order_ids:
        told.append(rows.order_key.isin(rules.no_order_ids).fill_null(False))
    if not told:
        return None
    never = ibis.or_(*told)
    # What was taken back was sold before, whatever became of it.
    return never & ~(rows.amount < 0).fill_null(False)


def refunded(rows: ir.Table, rules: SaleRules) -> ir.FloatingValue | None:
    """What was paid back of each row, 0 or more; None where only rows of their own tell of refunds."""
    if "refunded" in rows.columns:
        return ibis.coalesce(rows.refunded.abs(), 0.0)
    if not rules.refunded_by_status:
        return None
    told = [sales.is_refunded_status(rows[role]) for role in ("status", "payment_status") if role in rows.columns]
    return ibis.ifelse(ibis.or_(*told), ibis.coalesce(rows.amount, 0.0), 0.0)
