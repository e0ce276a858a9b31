"""How a file's values are read: decided from all of them, then applied once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import ibis
import ibis.expr.types as ir

from core.orders import values
from core.orders.columns import Recognition
from core.orders.roles import BY_NAME, DESCRIPTIVE
from core.orders.source import LINE, SourceTable
from core.orders.values import DateEvidence, DateOrder, Decimal, NumberEvidence, Reading


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
        codes = values.text(source.table[source.column(columns["currency"])]).upper()
        usual = source.table.select(code=codes).filter(lambda rows: rows.code.notnull()).code.value_counts(name="rows")
        found = usual.order_by([ibis.desc("rows"), "code"]).limit(1).to_pyarrow().to_pylist()
        if found:
            return str(found[0]["code"])
    header = _money(columns)
    return values.currency_of([header, *source.sample(200)[header]])


def _money(columns: Mapping[str, str]) -> str:
    return columns["amount"] if "amount" in columns else columns["unit_price"]


def as_text(
    source: SourceTable, recognition: Recognition, carry: Collection[str]
) -> Callable[[ir.Table], dict[str, ir.Value]]:
    """The columns that play a role, by role: ids and contacts as trimmed text, all others as they are.

    What only describes a line comes along where `carry` names it: few ask for it, and they ask for few different
    values.
    """
    columns = {
        role: source.column(header)
        for role, header in recognition.columns.items()
        if role in carry or role not in DESCRIPTIVE
    }

    def trim(table: ir.Table) -> dict[str, ir.Value]:
        return {
            role: values.stripped(table[column]) if _is_trimmed(role) else table[column]
            for role, column in columns.items()
        }

    return trim


def without_blanks(cells: ir.Table) -> dict[str, ir.Value]:
    """The cells of `as_text`, those trimmed missing where they stand for nothing."""
    # A stage of its own: nested in what follows, each expression would be repeated in all that it is part of.
    return {
        role: values.unless_blank(cells[role]) if _is_trimmed(role) else cells[role]
        for role in cells.columns
        if role != LINE
    }


def _is_trimmed(role: str) -> bool:
    return role not in DESCRIPTIVE and BY_NAME[role].kind not in {"date", "number", "money"}


def parser(
    source: SourceTable, recognition: Recognition, reading: Reading
) -> Callable[[ir.Table], dict[str, ir.Value]]:
    """What each row of `without_blanks` becomes: its roles' values, and whether cells that decide were blank.

    Dates and numbers are first tried as they are; only what fails is trimmed, looked up among the words for nothing,
    and read by the rules. Most cells of most files need none of that.
    """
    columns = recognition.columns
    emails = values.share(source.sample()[columns["customer_id"]], "email") > 0.5

    def parse(cells: ir.Table) -> dict[str, ir.Value]:
        day = values.day(cells.order_date, reading.date_order)
        parsed: dict[str, ir.Value] = {
            "customer_id": values.identity(cells.customer_id, lower=emails),
            "order_date": day,
            "date_blank": values.blank(cells.order_date, day),
        }
        # Without an order's own number, all that a customer bought at one moment is one order.
        if "order_id" in columns:
            moment = ibis.ifelse(cells.order_id.isnull(), values.text(cells.order_date), ibis.null("string"))
            parsed["order_key"] = ibis.coalesce(values.identity(cells.order_id), moment)
        else:
            parsed["order_key"] = values.text(cells.order_date)
        if "quantity" in columns:
            parsed["quantity"] = values.number(cells.quantity, reading.decimal)
            parsed["quantity_blank"] = values.blank(cells.quantity, parsed["quantity"])
        money = cells.amount if "amount" in columns else cells.unit_price
        parsed["amount"] = values.number(money, reading.decimal)
        parsed["amount_blank"] = values.blank(money, parsed["amount"])
        if "amount" not in columns:
            parsed["amount"] = parsed["amount"] * parsed["quantity"]
            parsed["amount_blank"] = parsed["amount_blank"] | parsed["quantity_blank"]
        described = [role for role in columns if role in DESCRIPTIVE or BY_NAME[role].kind in {"text", "email"}]
        return parsed | {role: cells[role].cast("string") for role in described if role in cells.columns}

    return parse
