"""Order lines that count, and a ledger of all that came in: each row is used, or set aside with a reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal as ExactMoney
from typing import Literal

import ibis
import ibis.expr.types as ir
import pandas as pd

from core.engine import Engine
from core.errors import AmbiguousDatesError, AmbiguousInputError, NoUsableRowsError
from core.orders import columns as roles
from core.orders import values
from core.orders.columns import Recognition
from core.orders.source import FILE, LINE, SourceTable
from core.orders.values import DateEvidence, DateOrder, Decimal, NumberEvidence, Reading

Returns = Literal["net", "ignore", "as-is"]

REASONS: Mapping[str, str] = {
    "no-customer": "No customer",
    "no-date": "No date",
    "bad-date": "The date cannot be read",
    "implausible-date": "The date lies before 1980 or in the future",
    "no-amount": "No amount",
    "bad-amount": "The amount is not a number",
    "bad-quantity": "The quantity is not a number",
    "other-currency": "Another currency",
    "after-as-of": "After the day that the analysis looks back from",
    "return": "Returned or cancelled",
    "no-charge": "Nothing charged",
    "no-purchase": "A customer with returns or free items only",
}
"""Why a row is set aside, in the order in which reasons are tried: slug -> words."""

_USED = "used"
_ONLY_TO_JUDGE = ("date_blank", "amount_blank", "quantity_blank", "currency")
_READ_AS_NUMBERS = ("number", "money")
_DAY = "day_written"
_FIRST_YEAR = 1980
_MONEY = "decimal(38, 6)"
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
    first_order: date
    last_order: date  # the day of the last purchase

    @property
    def table(self) -> ir.Table:
        """The order lines that count: `rows` that are used."""
        return self.rows.filter(self.rows.reason.isnull()).drop("reason")

    @property
    def reference_date(self) -> date:
        """Recency counts back from this day."""
        return self.options.as_of or self.last_order

    @property
    def revenue(self) -> ExactMoney:
        return self.ledger.used.money

    @property
    def warnings(self) -> tuple[str, ...]:
        return (*self.recognition.warnings, *_ledger_warnings(self.ledger))

    def set_aside(self) -> pd.DataFrame:
        """The rows set aside: file, line_number, reason, why, then the file's own columns as they were."""
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
        return pd.concat([frame, originals], axis=1)


def clean(engine: Engine, source: SourceTable, options: CleaningOptions | None = None) -> OrderLines:
    """Tell the columns, decide how values are read, and part the rows that count from those that do not.

    Raises
    ------
    NoCustomerColumnError, NoDateColumnError, NoAmountColumnError, UnknownColumnError, NoUsableRowsError;
    AmbiguousInputError where `options.strict` allows no guess
    """
    options = options or CleaningOptions()
    recognition = roles.recognise(source, options.columns)
    reading = _decide(source, recognition, options)
    if options.strict and reading.ambiguities:
        kind = AmbiguousDatesError if "dates" in reading.ambiguities[0] else AmbiguousInputError
        raise kind(reading.ambiguities[0], hint="Say which reading is right, or leave out --strict to take the likelier.")
    parsed = source.kept(engine, _as_text(source, recognition), _parser(source, recognition, reading))
    rows = _with_reasons(parsed, recognition, options, reading)
    counted = _counted(rows)
    if options.returns == "net" and _USED in counted.index and counted.loc[_USED, "never_bought"] > 0:
        rows = _without_customers_who_never_bought(rows)
        counted = _counted(rows)
    ledger = _ledger(counted, source.rows)
    if ledger.used.rows == 0:
        raise _nothing_left(ledger)
    used = counted.loc[_USED]
    return OrderLines(
        rows,
        source,
        recognition,
        reading,
        options,
        ledger,
        orders=int(used["orders"]),
        first_order=pd.Timestamp(used["first_purchase"]).date(),
        last_order=pd.Timestamp(used["last_purchase"]).date(),
    )


def _decide(source: SourceTable, recognition: Recognition, options: CleaningOptions) -> Reading:
    """One date order, one decimal mark and one currency for the file, from all of its values."""
    table, columns = source.table, recognition.columns
    dates = table[source.column(columns["order_date"])]
    money = table[source.column(columns.get("amount") or columns["unit_price"])]
    date_counts, number_counts = values.date_evidence(dates), values.number_evidence(money)
    aggregates = {**date_counts, **number_counts}
    counts = table.aggregate(**aggregates).to_pyarrow().to_pylist()[0] if aggregates else {}
    found_dates = DateEvidence(**{name: counts[name] or 0 for name in date_counts})
    found_numbers = NumberEvidence(**{name: counts[name] or 0 for name in number_counts})
    decimal = options.decimal or found_numbers.decimal
    semicolons = any(file.dialect is not None and file.dialect.delimiter == ";" for file in source.files)
    order, certain = found_dates.order(continental=semicolons or decimal == "comma")
    ambiguities = []
    if options.date_order is None and not certain:
        words = {"dmy": "day first", "mdy": "month first", "ymd": "year first"}[order]
        ambiguities.append(
            f"The dates in {columns['order_date']} never show which number is the day; they are read {words}."
        )
    if options.decimal is None and found_numbers.undecided:
        mark = "thousands" if found_numbers.commas else "decimals"
        ambiguities.append(
            f"The numbers in {columns.get('amount') or columns['unit_price']} have one mark and three digits after it "
            f"throughout; the mark is read as {mark}."
        )
    currency = options.currency or _currency(source, recognition)
    typed = not dates.type().is_string()
    return Reading(None if typed else options.date_order or order, decimal, currency, tuple(ambiguities))


def _currency(source: SourceTable, recognition: Recognition) -> str | None:
    """The most frequent code in the currency column, else a sign or code that stands by the amounts."""
    columns = recognition.columns
    if "currency" in columns:
        codes = values.text(source.table[source.column(columns["currency"])]).upper()
        usual = source.table.select(code=codes).filter(lambda rows: rows.code.notnull()).code.value_counts(name="rows")
        found = usual.order_by([ibis.desc("rows"), "code"]).limit(1).to_pyarrow().to_pylist()
        if found:
            return str(found[0]["code"])
    header = columns.get("amount") or columns["unit_price"]
    return values.currency_of([header, *source.sample(200)[header]])


def _as_text(source: SourceTable, recognition: Recognition) -> Callable[[ir.Table], dict[str, ir.Value]]:
    """The columns that play a role, by role: trimmed, blanks missing. Dates and numbers that are typed stay so."""
    columns = {role: source.column(header) for role, header in recognition.columns.items()}

    def trim(table: ir.Table) -> dict[str, ir.Value]:
        cells = {role: table[column] for role, column in columns.items()}
        typed = {role for role in cells if roles.BY_NAME[role].kind in _READ_AS_NUMBERS and cells[role].type().is_numeric()}
        trimmed = {role: cell if role in typed else values.text(cell) for role, cell in cells.items()}
        day = cells["order_date"]
        typed_day = day.type().is_date() or day.type().is_timestamp()
        return trimmed | {_DAY: day if typed_day else trimmed["order_date"]}

    return trim


def _parser(
    source: SourceTable, recognition: Recognition, reading: Reading
) -> Callable[[ir.Table], dict[str, ir.Value]]:
    """What each row becomes: its roles' values, and whether the cells that decide were blank (`*_blank`)."""
    columns = recognition.columns
    emails = values.share(source.sample()[columns["customer_id"]], "email") > 0.5
    texts = [role for role in columns if roles.BY_NAME[role].kind in {"text", "email"} or role == "product"]

    def parse(cells: ir.Table) -> dict[str, ir.Value]:
        # Without an order's own number, all that a customer bought at one moment is one order.
        moment = cells.order_date
        order = ibis.coalesce(values.identity(cells.order_id), moment) if "order_id" in columns else moment
        parsed: dict[str, ir.Value] = {
            "customer_id": values.identity(cells.customer_id, lower=emails),
            "order_key": order,
            "order_date": values.day(cells[_DAY], reading.date_order),
            "date_blank": cells.order_date.isnull(),
        }
        if "quantity" in columns:
            parsed["quantity"] = values.number(cells.quantity, reading.decimal)
            parsed["quantity_blank"] = cells.quantity.isnull()
        money = cells.amount if "amount" in columns else cells.unit_price
        parsed["amount"] = values.number(money, reading.decimal)
        parsed["amount_blank"] = money.isnull()
        if "amount" not in columns:
            parsed["amount"] = parsed["amount"] * parsed["quantity"]
        return parsed | {role: cells[role] for role in texts}

    return parse


def _with_reasons(
    rows: ir.Table, recognition: Recognition, options: CleaningOptions, reading: Reading
) -> ir.Table:
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
        tests.append((rows.currency.notnull() & (rows.currency.upper() != ibis.literal(reading.currency)), "other-currency"))
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
    reason = ibis.cases(*((test.fill_null(False), ibis.literal(slug)) for test, slug in tests), else_=ibis.null("string"))
    judged = rows.mutate(reason=reason, is_purchase=purchase.fill_null(False))
    return judged.drop(*(name for name in _ONLY_TO_JUDGE if name in rows.columns))


def _without_customers_who_never_bought(rows: ir.Table) -> ir.Table:
    buyers = rows.filter(rows.reason.isnull() & rows.is_purchase).select(buyer="customer_id").distinct()
    joined = rows.left_join(buyers, rows.customer_id == buyers.buyer)
    reason = ibis.ifelse(joined.reason.isnull() & joined.buyer.isnull(), "no-purchase", joined.reason)
    return joined.mutate(reason=reason).drop("buyer")


def _counted(rows: ir.Table) -> pd.DataFrame:
    """One row a fate ("used" or a reason): what `LedgerEntry` holds, and what purchases there were.

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
            orders=ibis._.order_key.nunique(where=bought),
            first_purchase=ibis._.order_date.min(where=bought),
            last_purchase=ibis._.order_date.max(where=bought),
        )
    )
    ranked = by_customer.mutate(rank=by_customer.fate.cases(*ranks.items(), else_=len(ranks)))
    first = ranked.mutate(first_rank=ranked["rank"].min().over(group_by="customer_id"))
    known = first.customer_id.notnull()
    counts = first.group_by("fate").aggregate(
        rows=first.rows.sum(),
        customers=known.sum(),
        customers_lost=(known & (first["rank"] == first.first_rank) & (first.fate != _USED)).sum(),
        money=first.money.sum(),
        orders=first.orders.sum(),
        never_bought=(first.orders == 0).sum(),
        first_purchase=first.first_purchase.min(),
        last_purchase=first.last_purchase.max(),
    )
    return counts.to_pandas().set_index("fate")


def _ledger(counted: pd.DataFrame, rows_in: int) -> Ledger:
    entries = {
        str(fate): LedgerEntry(
            str(fate), int(row["rows"]), int(row["customers"]), int(row["customers_lost"]), _exact(row["money"])
        )
        for fate, row in counted.iterrows()
    }
    used = entries.pop(_USED, LedgerEntry(_USED, 0, 0, 0, ExactMoney(0)))
    return Ledger(used, tuple(entries[reason] for reason in REASONS if reason in entries), rows_in)


def _exact(money: object) -> ExactMoney:
    return ExactMoney(0) if money is None or pd.isna(money) else ExactMoney(str(money)).normalize() + ExactMoney(0)


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
    for entry in ledger.set_aside:
        if entry.reason in {"bad-date", "implausible-date", "bad-amount", "bad-quantity", "other-currency"}:
            found.append(f"{entry.rows:,} rows set aside: {entry.label.lower()}.")
    return found
