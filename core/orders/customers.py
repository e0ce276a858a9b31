"""A file with one row a customer and no orders: its numbers are what customers are compared by."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal as ExactMoney

import ibis
import ibis.expr.types as ir

from core.engine import Engine
from core.errors import AmbiguousInputError, NoUsableRowsError, listed
from core.orders import currencies, ids, numbers, values
from core.orders.cleaning import CleaningOptions
from core.orders.columns import Recognition, detect
from core.orders.ledger import REASONS, Ledger, LedgerEntry
from core.orders.measures import Kinds, kinds_of, meanings, names_a_customer, tells_of_the_customer
from core.orders.names import normalised
from core.orders.numbers import Decimal
from core.orders.reading import decide_numbers, percentless
from core.orders.roles import CONTACTS, ROLES
from core.orders.set_aside import RowsSetAside, rows_set_aside
from core.orders.source_table import FILE, LINE, UNEVEN_ROWS, SourceTable, Stage
from core.orders.values import Reading

ALL_DIFFERENT = 0.9
"""The share of a column's values that must differ for its rows to be customers and not what they bought."""

_ROLES = ("customer_id", "currency", "amount", *CONTACTS)
_MONEY = "decimal(38, 6)"


@dataclass(frozen=True, slots=True)
class Measure:
    """A column of numbers that customers can be compared by."""

    header: str
    column: str  # in `CustomerTable.rows`
    unread: int  # cells that are neither blank nor a number


@dataclass(frozen=True, slots=True)
class CustomerTable:
    """One row a customer; beside `OrderLines`, and as far as both make sense with the same names.

    `rows` has FILE, LINE, customer_id (text), `reason` (missing where the row is used), a float64 column a measure and
    a text column a contact.
    """

    rows: ir.Table
    source: SourceTable
    recognition: Recognition
    reading: Reading
    options: CleaningOptions
    ledger: Ledger
    measures: tuple[Measure, ...]  # in the order of the file
    meanings: Mapping[str, str]  # feature of the catalog -> header of the measure that is the same
    contacts: Mapping[str, str]  # role, or header of a further id -> column of `rows`
    left_out: Mapping[str, str]  # header of a column of numbers that is no measure -> what it is

    @property
    def table(self) -> ir.Table:
        """The customers that count: `rows` that are used."""
        return self.rows.filter(self.rows.reason.isnull()).drop("reason")

    @property
    def orders(self) -> None:
        return None

    @property
    def first_order(self) -> None:
        return None

    @property
    def last_order(self) -> None:
        return None

    @property
    def reference_date(self) -> None:
        return None

    @property
    def revenue(self) -> ExactMoney | None:
        """What all customers spent; None where no column says so."""
        return self.ledger.used.money if "total_revenue" in self.meanings else None

    @property
    def warnings(self) -> tuple[str, ...]:
        options = self.options
        idle = {"--returns": options.returns != "net", "--as-of": options.as_of, "--date-order": options.date_order}
        found = [
            f"{name} has no effect: the file has one row a customer, without orders and dates."
            for name, given in idle.items()
            if given
        ]
        found += [
            f"{entry.rows:,} {'row' if entry.rows == 1 else 'rows'} set aside: {_inner(entry.label)}."
            for entry in self.ledger.set_aside
        ]
        found += [
            f"{each.header}: {each.unread:,} {'value is' if each.unread == 1 else 'values are'} no number, and "
            f"{'counts' if each.unread == 1 else 'count'} as unknown."
            for each in self.measures
            if each.unread
        ]
        if self.left_out:
            told = [f"{header} ({what})" for header, what in self.left_out.items()]
            found.append(f"Not compared by, though numbers: {listed(told)}.")
        return (*self.source.notes, *self.reading.warnings, *found)

    def set_aside(self) -> RowsSetAside:
        """The rows set aside, as the files have them."""
        return rows_set_aside(self.rows, self.ledger, self.source)


def customer_table(engine: Engine, source: SourceTable, options: CleaningOptions | None = None) -> CustomerTable | None:
    """The file as a table of customers; None where its rows are something else.

    It is one where a column (an id, an email, a name) tells the rows apart, no column holds an order or the day of one,
    and at least one holds numbers that are no ids.

    Raises
    ------
    UnknownColumnError, UnknownRoleError; NoUsableRowsError; AmbiguousInputError where `options.strict` allows no guess
    """
    options = options or CleaningOptions()
    before = engine.kept_so_far
    try:
        found = _customer_table(engine, source, options)
    except UNEVEN_ROWS:
        engine.drop_since(before)
        found = _customer_table(engine, source.reread(), options)
    if found is None:
        engine.drop_since(before)
        return None
    if options.strict and found.reading.ambiguities:
        raise AmbiguousInputError(
            str(found.reading.ambiguities[0]),
            hint="Say which reading is right, or leave out --strict to take the likelier.",
        )
    if found.ledger.used.rows == 0:
        raise NoUsableRowsError(
            f"None of the {found.ledger.rows_in:,} rows can be used.", hint="Check which column is the customer."
        )
    return found


def _customer_table(engine: Engine, source: SourceTable, options: CleaningOptions) -> CustomerTable | None:
    recognition = _recognise(source, options)
    if recognition is None:
        return None
    kinds = kinds_of(source, recognition)
    if not kinds.measures:
        return None
    known = meanings(kinds.measures, recognition.header("amount"), chosen="amount" in options.columns)
    recognition = _with_money(recognition, known.get("total_revenue"))
    reading = decide_numbers(source, recognition, kinds.measures, decimal=options.decimal, currency=options.currency)
    contacts = {role: recognition.columns[role] for role in CONTACTS if role in recognition.columns}
    contacts |= {header: header for header in kinds.ids}
    texts = {name: f"text_{source.column(header)}" for name, header in contacts.items()}
    rows = source.kept(engine, *_stages(source, recognition, contacts, reading, kinds.measures))
    measures, constant = _telling(source, rows, kinds)
    if not measures:
        return None
    columns = {each.header: each.column for each in measures}
    known = {feature: header for feature, header in known.items() if header in columns}
    money = known.get("total_revenue")
    amount = None if money is None else columns[money]
    rows = engine.keep(_judged(rows, reading, amount), "customers")
    return CustomerTable(
        rows=rows,
        source=source,
        recognition=_with_money(recognition, money),
        reading=reading,
        options=options,
        ledger=_ledger(rows, source.rows, amount),
        measures=measures,
        meanings=known,
        contacts=texts,
        left_out={**kinds.left_out, **dict.fromkeys(constant, "the same for all")},
    )


def _with_money(found: Recognition, header: str | None) -> Recognition:
    """The roles in their order, the amount being what the customers spent."""
    columns = {**found.columns, "amount": header}
    in_order = {role.name: columns.get(role.name) for role in ROLES}
    return Recognition({role: header for role, header in in_order.items() if header is not None})


def _recognise(source: SourceTable, options: CleaningOptions) -> Recognition | None:
    """Who the customer is and how to reach her; None where the rows are not customers."""
    found = detect(source, options.columns)
    columns = dict(found.columns)
    if columns.get("order_date") is not None and (
        "order_date" in options.columns or not tells_of_the_customer(columns["order_date"], source.headers)
    ):
        return None
    order = columns.pop("order_id", None)
    if order is not None:
        if "order_id" in options.columns or normalised(order) != "name":
            return None
        columns.setdefault("customer_name", order)  # an order's name in some shops, a person's anywhere else
    if "customer_id" in options.columns:
        candidates = [columns.get("customer_id")]
    else:
        candidates = [columns.get("customer_id"), columns.get("email")]
        if "product" not in columns:
            candidates += [header for header in source.headers if names_a_customer(header)]
    customer = _all_different(source, list(dict.fromkeys(header for header in candidates if header is not None)))
    if customer is None:
        return None
    return Recognition({role: header for role, header in columns.items() if role in _ROLES} | {"customer_id": customer})


def _all_different(source: SourceTable, headers: Sequence[str]) -> str | None:
    """The first column in which nearly each row has a value of its own."""
    if not headers:
        return None
    table = values.texts(source.table, {header: source.table[source.column(header)] for header in headers})
    counts: dict[str, ir.Value] = {}
    for place, header in enumerate(headers):
        counts |= {f"filled_{place}": table[header].count(), f"different_{place}": table[header].nunique()}
    row = table.aggregate(**counts).to_pyarrow().to_pylist()[0]
    for place, header in enumerate(headers):
        filled, different = row[f"filled_{place}"], row[f"different_{place}"]
        if 2 * filled > source.rows and different >= ALL_DIFFERENT * filled:
            return header
    return None


def _stages(
    source: SourceTable,
    recognition: Recognition,
    contacts: Mapping[str, str],
    reading: Reading,
    measures: Sequence[str],
) -> tuple[Stage, ...]:
    """From cells to numbers and texts: a cast of each number, two more looks at what it left, what comes of all."""
    customer, amount = recognition.columns["customer_id"], recognition.header("amount")
    told = {
        "customer_id": customer,
        "fallback": recognition.header("email"),
        "currency": recognition.header("currency"),
    }
    cells = {name: source.column(header) for name, header in told.items() if header is not None}
    steps = _Steps(
        cells=cells | {f"text_{column}": column for column in sorted(map(source.column, contacts.values()))},
        marks={source.column(header): reading.decimal_of(header) for header in measures},
        mixed={source.column(header) for header in reading.mixed},
        by_email=values.share(source.sample()[customer], "email") > 0.5,
        money=None if amount is None else source.column(amount),
        signed=reading.signed,
    )
    return steps.glance, steps.second_look, steps.look_up, steps.conclude


@dataclass(frozen=True, slots=True)
class _Steps:
    """The stages, and what they all go by."""

    cells: Mapping[str, str]  # text to be read -> its column
    marks: Mapping[str, Decimal | None]  # column of a measure -> its decimal mark
    mixed: Collection[str]  # columns that use both marks
    by_email: bool  # customers are known by their email
    money: str | None  # the column of what they spent
    signed: str | None  # as in `Reading`

    def glance(self, table: ir.Table) -> dict[str, ir.Value]:
        marks = self.marks
        return {
            **{name: values.stripped(table[column]) for name, column in self.cells.items()},
            **{f"number_{column}": values.finite(values.cast_number(table[column], marks[column])) for column in marks},
            **{f"cell_{column}": percentless(table[column]) for column in marks},
        }

    def second_look(self, seen: ir.Table) -> dict[str, ir.Value]:
        unread = {
            f"cell_{column}": ibis.ifelse(
                seen[f"number_{column}"].isnull(), values.stripped(seen[f"cell_{column}"]), ibis.null("string")
            )
            for column in self.marks
        }
        return {name: seen[name] for name in seen.columns} | unread

    def look_up(self, seen: ir.Table) -> dict[str, ir.Value]:
        texts = (column for column in seen.columns if seen[column].type().is_string())
        return {name: seen[name] for name in seen.columns} | {name: values.looked_up(seen[name]) for name in texts}

    def conclude(self, found: ir.Table) -> dict[str, ir.Value]:
        read = {"customer_id": ids.identity(found.customer_id, lower=self.by_email), "currency": self._currency(found)}
        if "fallback" in self.cells:
            read["customer_id"] = ibis.coalesce(read["customer_id"], ids.identity(found.fallback, lower=True))
        for column, mark in self.marks.items():
            number, cell = found[f"number_{column}"], found[f"cell_{column}"]
            read[f"number_{column}"] = ibis.coalesce(
                number, values.finite(numbers.number_by_rule(cell, mark, mixed=column in self.mixed))
            )
            read[f"unread_{column}"] = cell.notnull() & read[f"number_{column}"].isnull()
        kept = {name: found[name] for name in found.columns if not name.startswith(("cell_", "number_", "fallback"))}
        return kept | read

    def _currency(self, found: ir.Table) -> ir.StringValue:
        if self.money is not None and self.signed is not None:
            return currencies.told(found[f"cell_{self.money}"], self.signed)
        return currencies.code(found.currency) if "currency" in self.cells else ibis.null("string")


def _telling(source: SourceTable, rows: ir.Table, kinds: Kinds) -> tuple[tuple[Measure, ...], tuple[str, ...]]:
    """The columns that tell customers apart, and those that are the same for all."""
    asked: dict[str, ir.Value] = {}
    for header in kinds.measures:
        column = source.column(header)
        number = rows[f"number_{column}"]
        asked |= {f"read_{column}": number.count(), f"unread_{column}": rows[f"unread_{column}"].sum()}
        asked |= {f"least_{column}": number.min(), f"most_{column}": number.max()}
    counts = rows.aggregate(**asked).to_pyarrow().to_pylist()[0]
    measures, constant = [], []
    for header in kinds.measures:
        column = source.column(header)
        unread = counts[f"unread_{column}"] or 0
        if counts[f"read_{column}"] <= unread:
            continue  # mostly text after all
        if counts[f"least_{column}"] == counts[f"most_{column}"]:
            constant.append(header)
        else:
            measures.append(Measure(header, f"number_{column}", unread))
    return tuple(measures), tuple(constant)


def _judged(rows: ir.Table, reading: Reading, money: str | None) -> ir.Table:
    """The rows with the reason for which each is set aside, missing where it is used."""
    elsewhere = ibis.literal(False)
    if money is not None and reading.counted is not None:
        elsewhere = (rows.currency != ibis.literal(reading.counted)).fill_null(False)
    told = rows.mutate(
        reason=ibis.cases(
            (rows.customer_id.isnull(), "no-customer"), (elsewhere, "other-currency"), else_=ibis.null("string")
        )
    )
    # Apart from those set aside already, which take nobody's place.
    place = ibis.row_number().over(group_by=[told.customer_id, told.reason.isnull()], order_by=[told[FILE], told[LINE]])
    told = told.mutate(place=place)
    again = ibis.ifelse(told.place > 0, ibis.literal("repeated-customer"), ibis.null("string"))
    kept = [name for name in rows.columns if name != "currency" and not name.startswith("unread_")]
    return told.select(*kept, reason=ibis.coalesce(told.reason, again))


def _ledger(rows: ir.Table, rows_in: int, money: str | None) -> Ledger:
    """The account of judged rows; money is 0 throughout where there is none."""
    amount = ibis.literal(0.0) if money is None else rows[money]
    fates = rows.select("customer_id", fate=rows.reason.fill_null("used"), money=amount.cast(_MONEY))
    used = fates.filter(fates.fate == "used").select(known=fates.customer_id)
    told = fates.left_join(used, fates.customer_id == used.known)
    counts = told.group_by("fate").aggregate(
        rows=told.count(),
        customers=told.customer_id.nunique(),
        lost=told.customer_id.nunique(where=told.known.isnull()),
        money=told.money.sum(),
    )
    entries = {
        row["fate"]: LedgerEntry(row["fate"], row["rows"], row["customers"], row["lost"], row["money"] or ExactMoney(0))
        for row in counts.to_pyarrow().to_pylist()
    }
    nothing = LedgerEntry("used", 0, 0, 0, ExactMoney(0))
    aside = tuple(entries[reason] for reason in REASONS if reason in entries)
    return Ledger(entries.get("used", nothing), aside, rows_in)


def _inner(label: str) -> str:
    return label[:1].lower() + label[1:]
