"""Order lines that count: every row is judged, used or set aside with a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal as ExactMoney
from typing import Literal

import ibis
import ibis.expr.types as ir

from core.engine import Engine
from core.errors import AmbiguousDatesError, AmbiguousInputError, NoUsableRowsError, listed
from core.orders import parsing
from core.orders import reading as readings
from core.orders.columns import Recognition, recognise
from core.orders.dates import DateOrder
from core.orders.ledger import FATES, REASONS, USED, Ledger, reckon
from core.orders.numbers import Decimal
from core.orders.overlapping import Copies, copies, count_copies, lines_in_another_file
from core.orders.relating import NUMBERED, Relations, all_relations, related, relations
from core.orders.remarks import remarks, rows_in_other_currencies
from core.orders.roles import DESCRIPTIVE
from core.orders.selling import JUDGED_BY, SaleRules, not_an_order, not_sold, refunded, sale_rules
from core.orders.set_aside import RowsSetAside, rows_set_aside
from core.orders.source_table import FILE, LINE, UNEVEN_ROWS, SourceTable, Stage
from core.orders.values import Reading
from core.orders.visits import sums_by_customer, visits
from core.warehouse.faults import NotDoneThereError

Returns = Literal["net", "ignore", "as-is"]
RETURNS: Mapping[Returns, str] = {
    "net": "Returns lower revenue and quantity, and are no purchase.",
    "ignore": "Returns and free items are left out.",
    "as-is": "Every row counts as a sale.",
}
"""What each way of counting returns means, for people."""

_ONLY_TO_JUDGE = (
    "order_date_blank", "amount_blank", "quantity_blank", "refunded_blank", "currency", NUMBERED, *JUDGED_BY,
)  # fmt: skip
_MAY_BE_ELSEWHERE = ("no-customer", "no-date", "no-amount")  # on another row of the order
_UNREAD = ("bad-date", "bad-amount", "bad-quantity")
_FIRST_YEAR = 1980


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
    drop_duplicates: bool = False  # exact copies of a row are set aside instead of counted
    carry: tuple[str, ...] = DESCRIPTIVE  # which descriptive roles the lines keep


@dataclass(frozen=True, slots=True)
class OrderLines:
    """Every row judged.

    `rows` has FILE, LINE, customer_id, order_key (text), order_date (date), amount (float64), is_purchase (bool),
    `fate` (as in `ledger.FATES`), the same in words as `reason` (missing where the row is used) and, where the file has
    them, quantity and refunded (float64; amounts are less what was refunded), other_currency and the text columns of
    further roles.
    """

    rows: ir.Table
    sums: ir.Table  # of all rows: `visits.sums_by_customer`
    visits: ir.Table  # of the rows that are used: `visits.visits`
    source: SourceTable
    recognition: Recognition
    reading: Reading
    options: CleaningOptions
    relations: Relations
    ledger: Ledger
    orders: int
    first_order: date | None  # None where no row is used
    last_order: date | None  # the day of the last purchase
    remarks: tuple[str, ...] = ()  # what was done, in words

    @property
    def table(self) -> ir.Table:
        """The order lines that count: `rows` that are used."""
        # Where all are, a question about days and amounts need not judge anyone.
        used = self.rows.filter(self.rows.fate == USED) if self.ledger.set_aside else self.rows
        return used.drop("fate", "reason")

    @property
    def customers(self) -> ir.Table:
        """What the order lines that count come to: a row a customer, with the columns of `sums`, and orders."""
        sums = self.sums.filter(self.sums.fate == USED).drop("fate")
        placed = self.visits.group_by("customer_id").aggregate(orders=self.visits.orders.sum().cast("int64"))
        return sums.left_join(placed, "customer_id").drop("customer_id_right").fill_null({"orders": 0})

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
    def copies(self) -> Copies:
        """How many rows are exact copies of another. Reads all cells once more."""
        return count_copies(self.source, numbered=_numbered(self.recognition))

    @property
    def warnings(self) -> tuple[str, ...]:
        return (*self.source.notes, *self.recognition.warnings, *self.reading.warnings, *self.remarks)

    def set_aside(self) -> RowsSetAside:
        """The rows set aside, as the files have them."""
        return rows_set_aside(self.rows, self.ledger, self.source)


def clean(engine: Engine, source: SourceTable, options: CleaningOptions | None = None) -> OrderLines:
    """Tell the columns, decide how values are read, and part the rows that count from those that do not.

    Raises
    ------
    NoCustomerColumnError, NoDateColumnError, NoAmountColumnError, UnknownColumnError, NoUsableRowsError;
    AmbiguousInputError where `options.strict` allows no guess
    """
    options = options or CleaningOptions()
    before = engine.kept_so_far
    try:
        lines = _clean(engine, source, options)
    except UNEVEN_ROWS:
        engine.drop_since(before)
        lines = _clean(engine, source.reread(), options)
    if options.strict and lines.reading.ambiguities:
        first = lines.reading.ambiguities[0]
        kind = AmbiguousDatesError if first.kind == "date-order" else AmbiguousInputError
        raise kind(str(first), hint="Say which reading is right, or leave out --strict to take the likelier.")
    if lines.ledger.used.rows == 0:
        raise _nothing_left(lines)
    return replace(lines, remarks=remarks(lines.rows, lines.ledger, lines.relations, lines.reading.counted))


def _clean(engine: Engine, source: SourceTable, options: CleaningOptions) -> OrderLines:
    recognition = recognise(source, options.columns)
    rules = sale_rules(source, recognition)
    ties = relations(source, recognition)
    before, reading = engine.kept_so_far, None
    if options.date_order is None and options.decimal is None:
        reading = readings.plain(source, recognition, options.currency)
    lines = None
    if reading is not None:
        lines = _lines(engine, _Judgement(source, recognition, reading, rules, ties, options))
    if lines is None or any(entry.reason in _UNREAD for entry in lines.ledger.set_aside):
        engine.drop_since(before)
        reading = readings.decide(
            source, recognition, date_order=options.date_order, decimal=options.decimal, currency=options.currency
        )
        lines = _lines(engine, _Judgement(source, recognition, reading, rules, ties, options))
    if not ties.of_all_rows and any(entry.reason in _MAY_BE_ELSEWHERE for entry in lines.ledger.set_aside):
        ties = all_relations(source, recognition)
        if ties.any:
            engine.drop_since(before)
            lines = _lines(engine, _Judgement(source, recognition, lines.reading, rules, ties, options))
    return lines


@dataclass(frozen=True, slots=True)
class _Judgement:
    """All that rows are judged by."""

    source: SourceTable
    recognition: Recognition
    reading: Reading
    rules: SaleRules
    ties: Relations
    options: CleaningOptions


def _lines(engine: Engine, by: _Judgement) -> OrderLines:
    options, source = by.options, by.source
    rows = _judged(engine, by)
    sums = engine.keep(sums_by_customer(rows), "sums")
    ledger, purchases = reckon(sums, source.rows)
    if options.returns == "net" and purchases.customers_without:
        never = (sums.fate == USED) & sums.first_purchase.isnull()
        without = engine.keep(sums.filter(never).select("customer_id"), "without")
        rows = _set_aside(rows, without, ["customer_id"], "no-purchase")
        sums = sums.mutate(fate=ibis.ifelse(never, _fate("no-purchase"), sums.fate))
        ledger, purchases = reckon(sums, source.rows)
    if not ledger.balances:
        source.require_unchanged()
        raise AssertionError(f"{ledger.rows_in} rows were read, and the ledger tells of another number")
    used = rows.filter(rows.fate == USED) if ledger.set_aside else rows
    visited = engine.keep(visits(used), "visits")
    reason = rows.fate.cases(*((place, slug) for slug, place in FATES.items()), else_=ibis.null("string"))
    return OrderLines(
        rows.mutate(reason=reason),
        sums,
        visited,
        source,
        by.recognition,
        by.reading,
        options,
        by.ties,
        ledger,
        int(visited.orders.sum().to_pyarrow().as_py() or 0),
        purchases.first,
        purchases.last,
    )


def _judged(engine: Engine, by: _Judgement) -> ir.Table:
    """The rows, each with its fate."""
    source = by.source
    carry = {*by.options.carry, "product"} if by.ties.continued else by.options.carry
    stages = parsing.stages(source, by.recognition, by.reading, by.rules, carry)
    judge = _judge(by)
    several = len(source.files) > 1
    if not by.ties.any and not several:
        rows = source.kept(engine, *stages, judge, typed=parsing.is_typed(source, by.recognition))
    else:
        if source.elsewhere:
            raise NotDoneThereError("the rows of an order tell of each other", hint="Bring the rows here first.")
        tied = engine.keep(related(source.kept(engine, *stages), by.ties), "tied")
        judged = judge(tied)
        rows = engine.keep(tied.select(**judged), "judged")
    if any(role in by.recognition.columns for role in JUDGED_BY):
        rows = _without_returns_of_no_sales(engine, rows)
    if several:
        standing = engine.keep(tied.mutate(counts=judged["fate"] == USED), "standing")
        twice = lines_in_another_file(engine, source, standing, whole_orders=by.ties.order_amounts)
        rows = _set_aside(rows, engine.keep(twice, "twice"), [FILE, LINE], "in-another-file")
    if by.options.drop_duplicates:
        rows = _set_aside(
            rows, engine.keep(copies(source, numbered=_numbered(by.recognition)), "copies"), [FILE, LINE], "duplicate"
        )
    return rows


def _numbered(recognition: Recognition) -> bool:
    return "order_id" in recognition.columns


def _set_aside(rows: ir.Table, which: ir.Table, on: Sequence[str], reason: str) -> ir.Table:
    """Rows that were used and are among these are set aside."""
    renamed = which.select(**{f"aside_{name}": which[name] for name in on})
    joined = rows.left_join(renamed, [rows[name] == renamed[f"aside_{name}"] for name in on])
    found = (joined.fate == USED) & joined[f"aside_{on[0]}"].notnull()
    return joined.mutate(fate=ibis.ifelse(found, _fate(reason), joined.fate)).select(*rows.columns)


def _fate(reason: str) -> ir.IntegerScalar:
    return ibis.literal(FATES[reason], "int8")


def _judge(by: _Judgement) -> Stage:
    """The last stage: whether a row is a purchase, and as `fate` the place of the first reason that applies.

    Reasons are kept as small numbers: told anew for each question they took a second for ten million rows, and 160 MB
    as text.
    """
    options = by.options

    def judge(rows: ir.Table) -> dict[str, ir.Value]:
        # An order with a total of nothing was paid by voucher; a line with a price of nothing is a gift or a mistake.
        free_orders = ibis.literal("amount" in by.recognition.columns)
        returned = rows.amount < 0
        if "quantity" in rows.columns:
            returned = returned | (rows.quantity < 0).fill_null(False)
        purchase = ibis.literal(True) if options.returns == "as-is" else ~returned & ((rows.amount > 0) | free_orders)
        tests = _tests(rows, by)
        if options.returns == "ignore":
            tests |= {"return": returned, "no-charge": ~purchase}
        fates = [(tests[slug], _fate(slug)) for slug in REASONS if slug in tests]
        paid = {"amount": rows.amount}
        back = refunded(rows, by.rules) if options.returns != "ignore" else None
        if back is not None:
            paid = {"amount": rows.amount - back, "refunded": back}
        kept = (name for name in rows.columns if name not in {*_ONLY_TO_JUDGE, "amount", "refunded"})
        other = {"other_currency": rows.currency.nullif(by.reading.counted)} if "currency" in rows.columns else {}
        return {
            **{name: rows[name] for name in kept},
            **paid,
            **other,
            "fate": ibis.cases(*fates, else_=ibis.literal(USED, "int8")),
            "is_purchase": purchase.fill_null(False),
        }

    return judge


def _tests(rows: ir.Table, by: _Judgement) -> dict[str, ir.BooleanValue]:
    """Reason -> whether it applies to a row."""
    latest = date(date.today().year + 1, 12, 31)
    tests: dict[str, ir.BooleanValue] = {
        "no-customer": rows.customer_id.isnull(),
        "no-date": rows.order_date_blank,
        "bad-date": rows.order_date.isnull(),
        "implausible-date": ~rows.order_date.between(date(_FIRST_YEAR, 1, 1), latest),
        "no-amount": rows.amount_blank,
        "bad-amount": rows.amount.isnull(),
    }
    if "quantity" in rows.columns:
        tests["bad-quantity"] = rows.quantity.isnull() & ~rows.quantity_blank
    if "refunded" in rows.columns:
        tests["bad-amount"] = tests["bad-amount"] | (rows.refunded.isnull() & ~rows.refunded_blank)
    told = {"not-an-order": not_an_order(rows, by.rules), "not-sold": not_sold(rows, by.rules)}
    tests |= {reason: test for reason, test in told.items() if test is not None}
    if "currency" in rows.columns:
        tests["other-currency"] = rows.currency != ibis.literal(by.reading.counted)
    if by.options.as_of is not None:
        tests["after-as-of"] = rows.order_date > ibis.literal(by.options.as_of)
    return tests


def _without_returns_of_no_sales(engine: Engine, rows: ir.Table) -> ir.Table:
    """What takes back an order that never became a sale, or is a discount on it, takes back nothing."""
    unsold, used = rows.fate == _fate("not-sold"), rows.fate == USED
    found = rows.aggregate(unsold=unsold.any(), back=(used & (rows.amount < 0)).any()).to_pyarrow().to_pylist()[0]
    if not (found["unsold"] and found["back"]):
        return rows
    orders = rows.group_by(["customer_id", "order_key"]).aggregate(
        never=(unsold & (rows.amount > 0)).any(), sold=(used & rows.is_purchase).any()
    )
    never = engine.keep(orders.filter(orders.never & ~orders.sold).select("customer_id", "order_key"), "unsold")
    return _set_aside(rows, never, ["customer_id", "order_key"], "not-sold")


def _nothing_left(lines: OrderLines) -> NoUsableRowsError:
    ledger = lines.ledger
    most = max(ledger.set_aside, key=lambda entry: entry.rows)
    hint = "Check which column is read as customer, date and amount, and how dates and numbers are written."
    if most.reason == "other-currency":
        counted, others = lines.reading.counted, listed([*rows_in_other_currencies(lines.rows)])
        hint = f"The file's amounts are in {others}: let one of these count, and not {counted}."
    return NoUsableRowsError(
        f"None of the {ledger.rows_in:,} rows can be used. The most frequent reason, for {most.rows:,} rows: "
        f"{most.label.lower()}.",
        hint=hint,
    )
