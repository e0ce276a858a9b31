"""What was done to the rows, in plain words, where it matters for trusting the figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import ibis
import ibis.expr.types as ir

from core.orders.ledger import Ledger
from core.orders.overlapping import Copies
from core.orders.relating import Relations

_UNREADABLE = ("bad-date", "implausible-date", "bad-amount", "bad-quantity")
_USUAL = 0.01  # of the rows without a customer
_ORDERS = {
    "not-sold": "{orders} cancelled, failed, unpaid or a test, and not counted.",
    "in-another-file": "{orders} in another of the files as well, and counted once.",
}


def remarks(rows: ir.Table, ledger: Ledger, found: Relations, currency: str | None) -> tuple[str, ...]:
    """Sentences for people.

    Parameters
    ----------
    rows : judged: customer_id, order_key, amount, `reason` and, where the file has them, refunded and other_currency
    currency : in which amounts are counted
    """
    aside = {entry.reason: entry.rows for entry in ledger.set_aside}
    told = []
    left_out = ledger.rows_in - ledger.used.rows
    if left_out > 0.1 * ledger.rows_in:
        told.append(f"{left_out:,} of {ledger.rows_in:,} rows were set aside ({left_out / ledger.rows_in:.0%}).")
    told += [
        f"{_count(aside[entry.reason], 'row')} set aside: {entry.label.lower()}."
        for entry in ledger.set_aside
        if entry.reason in _UNREADABLE
    ]
    if found.continued:
        told.append("Lines without an order number are read as further lines of the order above them.")
    if found.order_amounts:
        told.append("The amount is the whole order's: it is counted once an order, on however many lines it stands.")
    elif found.order_refunds:
        told.append("What was refunded is the whole order's: it is taken off once an order.")
    if "other-currency" in aside:
        told.append(_other_currencies(rows, currency))
    told += _orders_left_out(rows, [reason for reason in _ORDERS if reason in aside])
    if "refunded" in rows.columns:
        refunds = rows.filter(rows.reason.isnull()).refunded.sum().to_pyarrow().as_py() or 0
        if refunds:
            told.append(f"Refunds of {_money(refunds, currency)} are taken off.")
    if aside.get("no-customer", 0) > _USUAL * ledger.rows_in:
        told.append(
            f"{_count(aside['no-customer'], 'row')} without a customer set aside: nobody can be told by them, "
            "guests without an email included."
        )
    return tuple(told)


def of_copies(found: Copies) -> Iterator[str]:
    """A sentence about exact copies, if there are any."""
    if found.rows:
        verb, they = ("is an exact copy", "it is") if found.rows == 1 else ("are exact copies", "they are")
        where = f", {found.of_another_file:,} of them of a row in another file" if found.of_another_file else ""
        yield f"{_count(found.rows, 'row')} {verb} of another row{where}; {they} kept."


def rows_by_currency(rows: ir.Table, currency: str | None) -> dict[str, int]:
    """Of judged rows those that are used or would be if their currency was counted: {code: rows}, the most first."""
    if currency is None or "other_currency" not in rows.columns:
        return {}
    fit = rows.filter(rows.reason.isnull() | (rows.reason == "other-currency"))
    counts = fit.group_by(code=fit.other_currency.fill_null(currency)).aggregate(rows=ibis._.count())
    return dict(_pairs(counts.order_by([ibis.desc("rows"), "code"])))


def rows_in_other_currencies(rows: ir.Table) -> dict[str, int]:
    """Of judged rows those that are set aside for their currency: {code: rows}, the most first."""
    others = (
        rows.filter(rows.reason == "other-currency")
        .group_by("other_currency")
        .aggregate(rows=ibis._.count())
        .order_by([ibis.desc("rows"), "other_currency"])
    )
    return dict(_pairs(others))


def _other_currencies(rows: ir.Table, currency: str | None) -> str:
    named = [f"{code} ({_count(count, 'row')})" for code, count in rows_in_other_currencies(rows).items()]
    return f"Only {currency} is counted, since currencies are not added up. Set aside: {', '.join(named)}."


def _orders_left_out(rows: ir.Table, reasons: Sequence[str]) -> list[str]:
    if not reasons:
        return []
    orders = rows.filter(rows.reason.isin(reasons)).select("reason", "customer_id", "order_key").distinct()
    counts = dict(_pairs(orders.group_by("reason").aggregate(orders=ibis._.count())))
    be = {reason: "is" if counts[reason] == 1 else "are" for reason in reasons}
    return [_ORDERS[reason].format(orders=f"{_count(counts[reason], 'order')} {be[reason]}") for reason in reasons]


def _pairs(table: ir.Table) -> list[tuple[str, int]]:
    return [(str(name), int(count)) for name, count in (row.values() for row in table.to_pyarrow().to_pylist())]


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _money(amount: float, currency: str | None) -> str:
    return f"{amount:,.2f} {currency}" if currency else f"{amount:,.2f}"
