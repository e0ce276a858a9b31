"""How a file's values are read: decided from all of them, then applied once."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import ibis
import ibis.expr.types as ir

from core.orders import sales, values
from core.orders.columns import Recognition
from core.orders.relating import NUMBERED
from core.orders.roles import BY_NAME, DESCRIPTIVE
from core.orders.selling import SaleRules, takes_back
from core.orders.source import SourceTable, Stage
from core.orders.values import DateEvidence, DateOrder, Decimal, NumberEvidence, Reading

_MOMENT = "moment"
_SETTLED = ("customer_id", "order_id", "order_time", "payee", "refunded_order")  # in what is made of them


def plain(source: SourceTable, recognition: Recognition, currency: str | None) -> Reading | None:
    """The reading that needs no decision: days with the year first, numbers as a computer writes them.

    None where the first rows already show that the file is not so. Whether all of it is shows in what stays unread.
    """
    columns, sample = recognition.columns, source.sample()
    days = sample[columns["order_date"]]
    if values.share(days, "date") < 1 or not values.year_first(days):
        return None
    money = sample[_money(columns)]
    if not values.plain_numbers(money) or not all(
        values.plain_numbers(sample[columns[role]]) for role in columns if role == "quantity"
    ):
        return None
    return Reading(None, None, currency or _currency(source, recognition))


def decide(
    source: SourceTable,
    recognition: Recognition,
    *,
    date_order: DateOrder | None = None,
    decimal: Decimal | None = None,
    currency: str | None = None,
) -> Reading:
    """One date order, one decimal mark and one currency for the file, from all of its values."""
    table, columns = source.table, recognition.columns
    dates = table[source.column(columns["order_date"])]
    money = table[source.column(_money(columns))]
    date_counts, number_counts = values.date_evidence(dates), values.number_evidence(money)
    aggregates = {**date_counts, **number_counts}
    counts = table.aggregate(**aggregates).to_pyarrow().to_pylist()[0] if aggregates else {}
    found_dates = DateEvidence(**{name: counts[name] or 0 for name in date_counts})
    found_numbers = NumberEvidence(**{name: counts[name] or 0 for name in number_counts})
    given_decimal = decimal
    decimal = decimal or found_numbers.decimal
    semicolons = any(file.dialect is not None and file.dialect.delimiter == ";" for file in source.files)
    order, certain = found_dates.order(continental=semicolons or decimal == "comma")
    ambiguities = []
    if date_order is None and not certain:
        words = {"dmy": "day first", "mdy": "month first", "ymd": "year first"}[order]
        ambiguities.append(
            f"The dates in {columns['order_date']} never show which number is the day; they are read {words}."
        )
    if given_decimal is None and found_numbers.undecided:
        mark = "thousands" if found_numbers.commas else "decimals"
        ambiguities.append(
            f"The numbers in {columns.get('amount') or columns['unit_price']} have one mark and three digits after it "
            f"throughout; the mark is read as {mark}."
        )
    currency = currency or _currency(source, recognition)
    # Without a date that has the year last there is no order to tell.
    return Reading(date_order or (order if found_dates.year_last else None), decimal, currency, tuple(ambiguities))


def _currency(source: SourceTable, recognition: Recognition) -> str | None:
    """The most frequent code in the currency column, else a sign or code that stands by the amounts."""
    columns = recognition.columns
    if "currency" in columns:
        rows = source.table
        if "transaction_type" in columns:  # conversions and withdrawals say nothing of what is sold in
            kind = values.text(rows[source.column(columns["transaction_type"])])
            strictly = recognition.platform is not None and recognition.platform.payments
            rows = rows.filter(~sales.is_no_sale_kind(kind, strictly=strictly))
        codes = rows.select(code=_currency_code(values.text(rows[source.column(columns["currency"])])))
        usual = codes.filter(codes.code.notnull()).code.value_counts(name="rows")
        found = usual.order_by([ibis.desc("rows"), "code"]).limit(1).to_pyarrow().to_pylist()
        if found:
            return str(found[0]["code"])
    header = _money(columns)
    return values.currency_of([header, *source.sample(200)[header]])


def _currency_code(written: ir.StringValue) -> ir.StringValue:
    """ISO 4217 of codes in any case and of signs."""
    plain = written.upper()
    signs = [(plain == sign.upper(), ibis.literal(code)) for sign, code in values.CURRENCY_SIGNS.items()]
    return ibis.cases(*signs, else_=plain)


def _money(columns: Mapping[str, str]) -> str:
    return columns["amount"] if "amount" in columns else columns["unit_price"]


def stages(
    source: SourceTable, recognition: Recognition, reading: Reading, rules: SaleRules, carry: Collection[str]
) -> tuple[Stage, Stage, Stage]:
    """The steps from a file's columns to values by role: a glance, a second look at what it left, what comes of both.

    Days and numbers are cast as they stand; only what fails is stripped, looked up among the words for nothing and read
    by the rules. Most cells of most files need none of that, and a cast is a tenth of its work. The steps are stages,
    since nested expressions would be repeated in all that they are part of.

    Parameters
    ----------
    carry : which descriptive roles come along: few ask for them, and they ask for few different values
    """
    columns = {role: source.column(header) for role, header in recognition.columns.items()}
    if "amount" in columns:
        columns.pop("unit_price", None)
    numbers = [role for role in columns if BY_NAME[role].kind in {"number", "money"}]
    carried = [role for role in columns if role in DESCRIPTIVE and role in carry]
    texts = [role for role in columns if role not in {*numbers, *DESCRIPTIVE, "order_date"}]
    emails = values.share(source.sample()[recognition.columns["customer_id"]], "email") > 0.5

    def glance(table: ir.Table) -> dict[str, ir.Value]:
        cells = {role: table[columns[role]] for role in (*texts, *carried, "order_date", *numbers)}
        return {
            **{role: values.stripped(cells[role]) for role in texts},
            **{role: cells[role].cast("string") for role in carried},
            "order_date": values.cast_day(cells["order_date"]),
            **{role: values.cast_number(cells[role], reading.decimal) for role in numbers},
            **{_cell(role): cells[role] for role in ("order_date", *numbers)},
        }

    def second_look(seen: ir.Table) -> dict[str, ir.Value]:
        found = {
            **{role: values.unless_blank(seen[role]) for role in texts},
            **{role: seen[role] for role in carried},
            "order_date": values.trusted_day(seen.order_date),
            **{role: values.finite(seen[role]) for role in numbers},
        }
        unread = {
            _cell(role): ibis.ifelse(found[role].isnull(), values.text(seen[_cell(role)]), ibis.null("string"))
            for role in ("order_date", *numbers)
        }
        moment = values.text(seen[_cell("order_date")])
        if "order_time" in found:
            moment = moment.concat(" ", ibis.coalesce(found["order_time"], ""))
        if "order_id" in found:
            moment = ibis.ifelse(found["order_id"].isnull(), moment, ibis.null("string"))
        return {**found, **unread, _MOMENT: moment}

    def conclude(found: ir.Table) -> dict[str, ir.Value]:
        blank = {_blank(role): found[role].isnull() & found[_cell(role)].isnull() for role in ("order_date", *numbers)}
        read = {
            role: ibis.coalesce(found[role], values.finite(values.number_by_rule(found[_cell(role)], reading.decimal)))
            for role in numbers
        }
        if "amount" not in read:
            read["amount"] = values.finite(read["unit_price"] * read["quantity"])
            blank["amount_blank"] = blank.pop("unit_price_blank") | blank["quantity_blank"]
        undone = takes_back(found, rules)
        if undone is not None:
            back = {role: read[role] for role in ("amount", "quantity") if role in read}
            read |= {role: ibis.ifelse(undone, -number.abs(), number) for role, number in back.items()}
        return {
            "customer_id": _customer(found, read["amount"], own=recognition.columns, emails=emails),
            **_order(found, undone),
            "order_date": ibis.coalesce(
                found.order_date, values.day_by_rule(found[_cell("order_date")], reading.date_order)
            ),
            **{role: read[role] for role in read if role != "unit_price"},
            **blank,
            **{role: found[role] for role in (*texts, *carried) if role not in _SETTLED},
            **({"currency": _currency_code(found.currency)} if "currency" in found.columns else {}),
        }

    return glance, second_look, conclude


def _customer(found: ir.Table, amount: ir.FloatingValue, *, own: Mapping[str, str], emails: bool) -> ir.StringValue:
    """Who bought. Guests are known by their email alone, if at all; a refund is paid to who bought."""
    written = values.identity(found.customer_id, lower=emails)
    customer = ibis.ifelse(sales.is_guest(written), ibis.null("string"), written)
    if own.get("email") not in {None, own["customer_id"]}:
        customer = ibis.coalesce(customer, values.identity(found.email, lower=True))
    if "payee" in found.columns:
        refunded = (amount < 0).fill_null(False) & found.payee.notnull()
        customer = ibis.ifelse(refunded, values.identity(found.payee, lower=True), customer)
    return customer


def _order(found: ir.Table, undone: ir.BooleanValue | None) -> dict[str, ir.Value]:
    """Which order a row belongs to, and whether by a number: else all that a customer bought at one moment is one."""
    if "order_id" not in found.columns:
        return {"order_key": found[_MOMENT], NUMBERED: ibis.literal(False)}
    number = values.identity(found.order_id)
    if "refunded_order" in found.columns and undone is not None:
        number = ibis.ifelse(undone, ibis.coalesce(values.identity(found.refunded_order), number), number)
    return {"order_key": ibis.coalesce(number, found[_MOMENT]), NUMBERED: number.notnull()}


def _cell(role: str) -> str:
    return f"{role}_cell"


def _blank(role: str) -> str:
    return f"{role}_blank"
