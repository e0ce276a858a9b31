"""The account of all rows that came in: each is used, or set aside for one reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal as ExactMoney
from typing import Any

import ibis
import ibis.expr.types as ir

REASONS: Mapping[str, str] = {
    "not-an-order": "A fee, a transfer or the like, not an order",
    "not-sold": "Cancelled, failed, unpaid or a test",
    "no-customer": "No customer",
    "no-date": "No date",
    "bad-date": "The date cannot be read",
    "implausible-date": "The date lies before 1980 or in the future",
    "no-amount": "No amount",
    "bad-quantity": "The quantity is not a number",
    "bad-amount": "The amount is not a number",
    "other-currency": "Another currency",
    "in-another-file": "The same order is in another of the files",
    "duplicate": "An exact copy of another row",
    "repeated-customer": "The same customer stands in an earlier row",
    "after-as-of": "After the day that the analysis looks back from",
    "return": "Returned or cancelled",
    "no-charge": "Nothing charged",
    "no-purchase": "A customer with returns or free items only",
}
"""Why a row is set aside, in the order in which reasons are tried: slug -> words."""

_USED = "used"
_MONEY = "decimal(38, 6)"


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """The rows that share a fate."""

    reason: str  # "used", or a slug of REASONS
    rows: int
    customers: int  # with at least one such row
    customers_lost: int  # with no row used, counted once: under the first reason that they have
    money: ExactMoney  # of the amounts that can be read

    @property
    def label(self) -> str:
        return "Used" if self.reason == _USED else REASONS[self.reason]


@dataclass(frozen=True, slots=True)
class Ledger:
    """Rows, customers and money in = used + set aside; sums of money are exact to a millionth."""

    used: LedgerEntry
    set_aside: tuple[LedgerEntry, ...]
    rows_in: int  # as counted when the file was read, before any row was judged

    @property
    def entries(self) -> tuple[LedgerEntry, ...]:
        """Used first, then the reasons in their order."""
        return (self.used, *self.set_aside)

    @property
    def customers_in(self) -> int:
        return sum(entry.customers_lost for entry in self.set_aside) + self.used.customers

    @property
    def money_in(self) -> ExactMoney:
        return sum((entry.money for entry in self.entries), ExactMoney(0))

    @property
    def balances(self) -> bool:
        """Whether each row that was read is in one entry."""
        return self.rows_in == sum(entry.rows for entry in self.entries)


@dataclass(frozen=True, slots=True)
class Purchases:
    """What was bought in the rows that are used."""

    first: date | None
    last: date | None
    customers_without: int  # with used rows, none of which is a purchase


def reckon(rows: ir.Table, rows_in: int) -> tuple[Ledger, Purchases]:
    """The account of judged rows.

    Parameters
    ----------
    rows : customer_id, order_date, amount, is_purchase, and `reason` (missing where the row is used)
    rows_in : how many rows were read
    """
    counted = _counted(rows)
    entries = {
        fate: LedgerEntry(fate, row["rows"], row["customers"], row["customers_lost"], row["money"] or ExactMoney(0))
        for fate, row in counted.items()
    }
    used = entries.pop(_USED, LedgerEntry(_USED, 0, 0, 0, ExactMoney(0)))
    ledger = Ledger(used, tuple(entries[reason] for reason in REASONS if reason in entries), rows_in)
    if _USED not in counted:
        return ledger, Purchases(None, None, 0)
    bought = counted[_USED]
    return ledger, Purchases(bought["first_purchase"], bought["last_purchase"], bought["never_bought"])


def _counted(rows: ir.Table) -> dict[str, dict[str, Any]]:
    """For each fate ("used" or a reason) what `LedgerEntry` holds, and what purchases there were.

    Grouped by customer first, so that the engine goes over the lines once.
    """
    fate = rows.reason.fill_null(_USED)
    ranks = {slug: rank for rank, slug in enumerate((_USED, *REASONS))}
    bought = ibis._.is_purchase
    by_customer = (
        rows.mutate(fate=fate, money=rows.amount.cast(_MONEY))
        .group_by(["customer_id", "fate"])
        .aggregate(
            rows=ibis._.count(),
            money=ibis._.money.sum(),
            bought=bought.any(),
            first_purchase=ibis._.order_date.min(where=bought),
            last_purchase=ibis._.order_date.max(where=bought),
        )
    )
    ranked = by_customer.mutate(rank=by_customer.fate.cases(*ranks.items(), else_=len(ranks)))
    # Joined, since a window over the customers took a second for 170,000 of them.
    first = ranked.left_join(ranked.group_by("customer_id").aggregate(first_rank=ranked["rank"].min()), "customer_id")
    known = first.customer_id.notnull()
    counts = first.group_by("fate").aggregate(
        rows=first.rows.sum(),
        customers=known.sum(),
        customers_lost=(known & (first["rank"] == first.first_rank) & (first.fate != _USED)).sum(),
        money=first.money.sum(),
        never_bought=(~first.bought).sum(),
        first_purchase=first.first_purchase.min(),
        last_purchase=first.last_purchase.max(),
    )
    return {row["fate"]: row for row in counts.to_pyarrow().to_pylist()}
