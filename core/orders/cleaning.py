"""Order lines that count: every row is judged, used or set aside with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal as ExactMoney
from typing import Literal

import ibis
import ibis.expr.types as ir
import pandas as pd

from core.engine import Engine
from core.errors import AmbiguousDatesError, AmbiguousInputError, NoUsableRowsError
from core.orders import reading as readings
from core.orders import values
from core.orders.columns import Recognition, recognise
from core.orders.ledger import REASONS, Ledger, reckon
from core.orders.roles import DESCRIPTIVE
from core.orders.source import FILE, LINE, SourceTable
from core.orders.values import DateOrder, Decimal, Reading

Returns = Literal["net", "ignore", "as-is"]
RETURNS: Mapping[Returns, str] = {
    "net": "Returns lower revenue and quantity, and are no purchase.",
    "ignore": "Returns and free items are left out.",
    "as-is": "Every row counts as a sale.",
}
"""What each way of counting returns means, for people."""

_ONLY_TO_JUDGE = ("date_blank", "amount_blank", "quantity_blank", "currency")
_WORTH_A_WARNING = ("bad-date", "implausible-date", "bad-amount", "bad-quantity", "other-currency")
_UNREAD = ("bad-date", "bad-amount", "bad-quantity")
_FIRST_YEAR = 1980
_MOST_MONEY = 1e15  # a line beyond is a number gone wrong, and would not fit the exact sum


@dataclass(frozen=True, slots=True)
class CleaningOptions:
    """What the person said about the file; None leaves it to the file."""

    columns: Mapping[str, str] = field(default_factory=dict)  # role -> header or place
    date_order: DateOrder | None = None
    decimal: Decimal | None = None
    currency: str | None = None  # ISO 4217
    returns: Returns = "net"
    as_of: date | None = None
    strict: bool = False  # ambiguity is an error
    carry: tuple[str, ...] = DESCRIPTIVE  # which descriptive roles the lines keep


@dataclass(frozen=True, slots=True)
class OrderLines:
    """Every row judged.

    `rows` has FILE, LINE, customer_id, order_key (text), order_date (date), amount (float64), is_purchase (bool),
    `reason` (missing where the row is used) and, where the file has them, quantity (float64) and the text columns of
    further roles.
    """

    rows: ir.Table
    source: SourceTable
    recognition: Recognition
    reading: Reading
    options: CleaningOptions
    ledger: Ledger
    orders: int
    first_order: date | None  # None where no row is used
    last_order: date | None  # the day of the last purchase

    @property
    def table(self) -> ir.Table:
        """The order lines that count: `rows` that are used."""
        return self.rows.filter(self.rows.reason.isnull()).drop("reason")

    @property
    def reference_date(self) -> date:
        """Recency counts back from this day."""
        day = self.options.as_of or self.last_order
        if day is None:
            raise ValueError("no row is used: there is no day to count back from")
        return day

    @property
    def revenue(self) -> ExactMoney:
        return self.ledger.used.money

    @property
    def warnings(self) -> tuple[str, ...]:
        return (*self.recognition.warnings, *_ledger_warnings(self.ledger))

    def set_aside(self) -> pd.DataFrame:
        """The rows set aside: file, line_number, reason, why, then the file's own columns as they were."""
        if not self.ledger.set_aside:
            return pd.DataFrame(columns=["file", "line_number", "reason", "why", *self.source.headers])
        left_out = self.rows.filter(self.rows.reason.notnull()).select(FILE, LINE, "reason")
        joined = left_out.join(self.source.numbered(), [FILE, LINE]).order_by([FILE, LINE]).to_pandas()
        names = [file.name for file in self.source.files]
        frame = pd.DataFrame(
            {
                "file": [names[number] for number in joined[FILE]],
                "line_number": joined[LINE].to_numpy(),
                "reason": joined["reason"].to_numpy(),
                "why": [REASONS[reason] for reason in joined["reason"]],
            }
        )
        originals = joined[[self.source.column(header) for header in self.source.headers]]
        originals.columns = pd.Index(self.source.headers)
        whole: pd.DataFrame = pd.concat([frame, originals], axis=1)
        return whole


def clean(engine: Engine, source: SourceTable, options: CleaningOptions | None = None) -> OrderLines:
    """Tell the columns, decide how values are read, and part the rows that count from those that do not.

    Raises
    ------
    NoCustomerColumnError, NoDateColumnError, NoAmountColumnError, UnknownColumnError, NoUsableRowsError;
    AmbiguousInputError where `options.strict` allows no guess
    """
    options = options or CleaningOptions()
    recognition = recognise(source, options.columns)
    before, reading = engine.kept_so_far, None
    if options.date_order is None and options.decimal is None:
        reading = readings.plain(source, recognition, options.currency)
    lines = _lines(engine, source, recognition, reading, options) if reading else None
    if lines is None or any(entry.reason in _UNREAD for entry in lines.ledger.set_aside):
        engine.drop_since(before)
        reading = readings.decide(
            source, recognition, date_order=options.date_order, decimal=options.decimal, currency=options.currency
        )
        lines = _lines(engine, source, recognition, reading, options)
    if options.strict and lines.reading.ambiguities:
        first = lines.reading.ambiguities[0]
        kind = AmbiguousDatesError if "dates" in first else AmbiguousInputError
        raise kind(first, hint="Say which reading is right, or leave out --strict to take the likelier.")
    if lines.ledger.used.rows == 0:
        raise _nothing_left(lines.ledger)
    return lines


def _lines(
    engine: Engine, source: SourceTable, recognition: Recognition, reading: Reading, options: CleaningOptions
) -> OrderLines:
    parsed = source.kept(
        engine,
        readings.as_text(source, recognition, options.carry),
        readings.without_blanks,
        readings.parser(source, recognition, reading),
    )
    rows = _with_reasons(parsed, recognition, options, reading)
    ledger, purchases = reckon(rows, source.rows)
    if options.returns == "net" and purchases.customers_without:
        rows = _without_customers_who_never_bought(rows)
        ledger, purchases = reckon(rows, source.rows)
    return OrderLines(
        rows, source, recognition, reading, options, ledger, purchases.orders, purchases.first, purchases.last
    )


def _with_reasons(rows: ir.Table, recognition: Recognition, options: CleaningOptions, reading: Reading) -> ir.Table:
    """The first reason that applies to each row, missing where none does."""
    rows = rows.mutate(amount=values.finite(rows.amount, below=_MOST_MONEY))
    if "quantity" in rows.columns:
        rows = rows.mutate(quantity=values.finite(rows.quantity, below=_MOST_MONEY))
    latest = date(date.today().year + 1, 12, 31)
    tests: list[tuple[ir.BooleanValue, str]] = [
        (rows.customer_id.isnull(), "no-customer"),
        (rows.date_blank, "no-date"),
        (rows.order_date.isnull(), "bad-date"),
        (~rows.order_date.between(date(_FIRST_YEAR, 1, 1), latest), "implausible-date"),
        (rows.amount_blank, "no-amount"),
    ]
    if "quantity" in rows.columns:
        tests.append((rows.quantity.isnull() & ~rows.quantity_blank, "bad-quantity"))
    tests.append((rows.amount.isnull(), "bad-amount"))
    if "currency" in rows.columns:
        tests.append(
            (rows.currency.notnull() & (rows.currency.upper() != ibis.literal(reading.currency)), "other-currency")
        )
    if options.as_of is not None:
        tests.append((rows.order_date > ibis.literal(options.as_of), "after-as-of"))
    # An order with a total of nothing was paid by voucher; a line with a price of nothing is a gift or a correction.
    free_orders = ibis.literal("amount" in recognition.columns)
    returned = rows.amount < 0
    if "quantity" in rows.columns:
        returned = returned | (rows.quantity < 0).fill_null(False)
    purchase = ibis.literal(True) if options.returns == "as-is" else ~returned & ((rows.amount > 0) | free_orders)
    if options.returns == "ignore":
        tests += [(returned, "return"), (~purchase, "no-charge")]
    reason = ibis.cases(
        *((test.fill_null(False), ibis.literal(slug)) for test, slug in tests), else_=ibis.null("string")
    )
    judged = rows.mutate(reason=reason, is_purchase=purchase.fill_null(False))
    return judged.drop(*(name for name in _ONLY_TO_JUDGE if name in rows.columns))


def _without_customers_who_never_bought(rows: ir.Table) -> ir.Table:
    buyers = rows.filter(rows.reason.isnull() & rows.is_purchase).select(buyer="customer_id").distinct()
    joined = rows.left_join(buyers, rows.customer_id == buyers.buyer)
    reason = ibis.ifelse(joined.reason.isnull() & joined.buyer.isnull(), "no-purchase", joined.reason)
    return joined.mutate(reason=reason).drop("buyer")


def _nothing_left(ledger: Ledger) -> NoUsableRowsError:
    most = max(ledger.set_aside, key=lambda entry: entry.rows)
    return NoUsableRowsError(
        f"None of the {ledger.rows_in:,} rows can be used. The most frequent reason, for {most.rows:,} rows: "
        f"{most.label.lower()}.",
        hint="Check which column is read as customer, date and amount, and how dates and numbers are written.",
    )


def _ledger_warnings(ledger: Ledger) -> list[str]:
    found = []
    aside = ledger.rows_in - ledger.used.rows
    if aside > 0.1 * ledger.rows_in:
        found.append(f"{aside:,} of {ledger.rows_in:,} rows were set aside ({aside / ledger.rows_in:.0%}).")
    found += [
        f"{entry.rows:,} rows set aside: {entry.label.lower()}."
        for entry in ledger.set_aside
        if entry.reason in _WORTH_A_WARNING
    ]
    return found
