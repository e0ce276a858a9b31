"""The account of all rows that came in: each is used, or set aside for one reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal as ExactMoney

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

USED = 0
FATES: Mapping[str, int] = {slug: place for place, slug in enumerate(REASONS, 1)}
"""A row's fate as a small number, for engines to group by: USED, or the place of the reason."""

_USED = "used"
_SLUGS: Mapping[int, str] = {USED: _USED, **{place: slug for slug, place in FATES.items()}}


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


def reckon(customers: ir.Table, rows_in: int) -> tuple[Ledger, Purchases]:
    """The account of judged rows.

    Parameters
    ----------
    customers : what the rows of each come to (`visits.sums_by_customer`)
    rows_in : how many rows were read
    """
    known = customers.customer_id.notnull()
    counts = customers.group_by("fate").aggregate(
        rows=customers["rows"].sum(),
        customers=known.sum(),
        money=customers.money.sum(),
        never_bought=customers.first_purchase.isnull().sum(),
        first=customers.first_purchase.min(),
        last=customers.last_purchase.max(),
    )
    told = {row["fate"]: row for row in counts.to_pyarrow().to_pylist()}
    lost = _lost(customers) if any(fate != USED for fate in told) else {}
    entries = {
        fate: LedgerEntry(_SLUGS[fate], row["rows"], row["customers"], lost.get(fate, 0), row["money"] or ExactMoney(0))
        for fate, row in told.items()
    }
    used = entries.pop(USED, LedgerEntry(_USED, 0, 0, 0, ExactMoney(0)))
    ledger = Ledger(used, tuple(entries[fate] for fate in sorted(entries)), rows_in)
    bought = told.get(USED)
    if bought is None:
        return ledger, Purchases(None, None, 0)
    return ledger, Purchases(bought["first"], bought["last"], bought["never_bought"])


def _lost(customers: ir.Table) -> dict[int, int]:
    """How many customers have no row used, by the first fate that they have."""
    known = customers.filter(customers.customer_id.notnull())
    first = known.group_by("customer_id").aggregate(fate=known.fate.min())
    counts = first.filter(first.fate != USED).group_by("fate").aggregate(customers=ibis._.count())
    return {row["fate"]: row["customers"] for row in counts.to_pyarrow().to_pylist()}
