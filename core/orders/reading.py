"""How a file's values are read: decided from all of them, then applied once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir

from core.orders import currencies, dates, ids, numbers, running, sales, values
from core.orders.columns import Recognition
from core.orders.dates import DateEvidence, DateOrder
from core.orders.names import normalised
from core.orders.numbers import Decimal, NumberEvidence
from core.orders.roles import BY_NAME
from core.orders.source_table import FILE, LINE, SourceTable
from core.orders.values import Ambiguity, Choice, Reading

_IN_WORDS: Mapping[DateOrder, str] = {"dmy": "day first", "mdy": "month first", "ymd": "year first"}
_WORDS = (
    "datum bestelldatum rechnungsdatum kaufdatum betrag menge umsatz preis waehrung kunde kundennr bestellnr fecha "
    "importe cantidad precio pedido moneda montant quantite prix commande facture devise importo quantita prezzo "
    "ordine valuta bedrag aantal prijs klant bestelling besteldatum"
)
_DAY_FIRST_WORDS = frozenset(_WORDS.split())
"""Words in headers of languages whose speakers write the day first."""

_NOT_DAY_FIRST = frozenset({"USD", "CAD", "PHP", "JPY", "CNY", "KRW", "TWD", "HUF"})
"""Currencies of places that write the month or the year first, or both ways."""

_MOST_CURRENCIES = 300  # more than there are


def plain(source: SourceTable, recognition: Recognition, currency: str | None) -> Reading | None:
    """The reading that needs no decision: days with the year first, numbers as a computer writes them.

    None where the first rows already show that the file is not so. Whether all of it is shows in what stays unread.
    """
    columns, sample = recognition.columns, source.sample()
    days = sample[columns["order_date"]]
    if values.share(days, "date") < 1 or not values.year_first(days):
        return None
    if not all(values.plain_numbers(sample[columns[role]]) for role in _number_roles(columns)):
        return None
    told = currency or _currency(source, recognition) or currencies.of_header(_money_header(recognition))
    whole = frozenset(
        role for role in _number_roles(columns) if not any("." in str(cell) for cell in sample[columns[role]])
    )
    return Reading(None, None, told, whole=whole, warnings=_lost_digits(source, recognition))


def decide(
    source: SourceTable,
    recognition: Recognition,
    *,
    date_order: DateOrder | None = None,
    decimal: Decimal | None = None,
    currency: str | None = None,
    today: date | None = None,
) -> Reading:
    """One order of day and month, a decimal mark for each column of numbers, one currency: from all values of the file.

    Parameters
    ----------
    date_order, decimal, currency : what somebody said, which stands
    today : orders lie before it; None for the day that it is
    """
    found_dates, found_numbers = _evidence(source, recognition, today or date.today())
    currency, signed = _money(source, recognition, currency)
    told = _Surroundings.of(source, found_numbers, currency)
    ambiguities = []
    if date_order is None and found_dates.year_last:
        date_order = found_dates.decided or (_time_order(source, recognition) if found_dates.undecided else None)
        if date_order is None:
            date_order = told.likelier_order(found_dates)
            if found_dates.undecided:
                ambiguities.append(_two_days(recognition.columns["order_date"], found_dates, date_order, told))
    marks, doubtful = _marks(found_numbers, recognition.columns, told, decimal)
    ambiguities += doubtful
    usual = decimal or marks.get(_money_role(recognition.columns)) or told.decimal or "point"
    return Reading(
        date_order,
        usual,
        currency,
        tuple(ambiguities),
        day_count=found_dates.count,
        decimals={role: mark for role, mark in marks.items() if mark != usual},
        mixed=frozenset(role for role, found in found_numbers.items() if found.mixed),
        signed=signed,
        warnings=_lost_digits(source, recognition),
    )


def decide_numbers(
    source: SourceTable,
    recognition: Recognition,
    headers: Sequence[str],
    *,
    decimal: Decimal | None = None,
    currency: str | None = None,
) -> Reading:
    """As `decide`, of these columns of a file without orders; `decimals` and `mixed` go by header, not by role.

    Parameters
    ----------
    recognition : has an amount where there is money
    """
    columns = [source.column(header) for header in headers]
    table = source.table.select(**{column: percentless(source.table[column]) for column in columns})
    counted = {column: table[column] for column in columns if table[column].type().is_string()}
    evidence = _counted(table, counted, date.today())[1] if counted else {}
    found = {header: evidence[source.column(header)] for header in headers if source.column(header) in evidence}
    amount, signed = recognition.header("amount"), None
    if amount is not None:
        currency, signed = _money(source, recognition, currency)
    told = _Surroundings.of(source, found, currency)
    marks, ambiguities = _marks(found, {header: header for header in headers}, told, decimal)
    usual = decimal or marks.get(amount or "") or told.decimal or "point"
    return Reading(
        None,
        usual,
        currency,
        tuple(ambiguities),
        decimals={header: mark for header, mark in marks.items() if mark != usual},
        mixed=frozenset(header for header, each in found.items() if each.mixed),
        signed=signed,
        warnings=_lost_digits(source, recognition),
    )


def percentless(cell: ir.Value) -> ir.Value:
    """The text of a cell without a percent sign at its end: `12.5 %` is 12.5 like all of its column."""
    return cell.re_replace(r"\s*%\s*$", "") if cell.type().is_string() else cell


def _marks(
    found: Mapping[str, NumberEvidence], headers: Mapping[str, str], told: _Surroundings, decimal: Decimal | None
) -> tuple[dict[str, Decimal], list[Ambiguity]]:
    """The decimal mark of each column, and the first that can be read in two ways."""
    marks: dict[str, Decimal] = {}
    ambiguities: list[Ambiguity] = []
    settled = decimal or told.decimal
    for name, each in found.items():
        marks[name] = decimal or each.decimal or told.decimal or ("comma" if told.semicolons else "point")
        if each.undecided and (each.mixed or not settled) and not ambiguities:
            ambiguities.append(_two_numbers(headers[name], each, marks[name], told))
    return marks, ambiguities


def _evidence(
    source: SourceTable, recognition: Recognition, today: date
) -> tuple[DateEvidence, dict[str, NumberEvidence]]:
    """What all values say; nothing of columns whose types say it already."""
    table, columns = source.table, recognition.columns
    cells = {role: table[source.column(columns[role])] for role in ("order_date", *_number_roles(columns))}
    counted = {
        role: cell
        for role, cell in cells.items()
        if (cell.type().is_string() or (role == "order_date" and cell.type().is_numeric()))
    }
    return _counted(table, counted, today) if counted else (DateEvidence(), {})


def _counted(
    table: ir.Table, counted: Mapping[str, ir.Value], today: date
) -> tuple[DateEvidence, dict[str, NumberEvidence]]:
    """What all values of these cells say, counted in one pass. "order_date" has days, all others numbers."""
    # Each step a projection of its own, since nested expressions are repeated in all that they are part of.
    texts = values.texts(table, counted)
    modules = {role: dates if role == "order_date" else numbers for role in counted}
    first = texts.select(
        **{f"{role}.{name}": clue for role in counted for name, clue in modules[role].clues(texts[role]).items()}
    )
    seen = first.select(
        **{
            f"{role}.{name}": clue
            for role in counted
            for name, clue in modules[role].further_clues(_of(first, role)).items()
        }
    )
    tallies = {
        role: dates.tally(_of(seen, role), today) if role == "order_date" else numbers.tally(_of(seen, role))
        for role in counted
    }
    counts = seen.aggregate(
        **{f"{role}.{name}": scalar for role, tally in tallies.items() for name, scalar in tally.items()}
    )
    results = counts.to_pyarrow().to_pylist()[0]
    by_role = {role: {name: results[f"{role}.{name}"] for name in tally} for role, tally in tallies.items()}
    found_dates = dates.evidence(by_role.pop("order_date")) if "order_date" in by_role else DateEvidence()
    # Over a column without any value sums are missing.
    return found_dates, {
        role: NumberEvidence(**{name: count for name, count in each.items() if count is not None})
        for role, each in by_role.items()
    }


def _of(seen: ir.Table, role: str) -> dict[str, ir.Value]:
    return {name.removeprefix(f"{role}."): seen[name] for name in seen.columns if name.startswith(f"{role}.")}


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """What the rest of a file says where a column says nothing: the habits of the place that it was written in."""

    semicolons: bool
    decimal: Decimal | None  # what most values of all columns that decide decide for
    currency: str | None
    day_first_headers: bool

    @classmethod
    def of(cls, source: SourceTable, found: Mapping[str, NumberEvidence], currency: str | None) -> _Surroundings:
        points, commas = (sum(getattr(each, f"{mark}_only") for each in found.values()) for mark in ("point", "comma"))
        words = {word for header in source.headers for word in normalised(header).split()}
        return cls(
            any(file.dialect is not None and file.dialect.delimiter == ";" for file in source.files),
            None if points == commas else "point" if points > commas else "comma",
            currency,
            not _DAY_FIRST_WORDS.isdisjoint(words),
        )

    def for_the_day_first(self) -> str | None:
        """What speaks for dates with the day first, as the end of a sentence."""
        if self.decimal == "comma":
            return "the file's numbers have decimal commas"
        if self.day_first_headers:
            return "the file's headers are in a language that puts the day first"
        if self.currency is not None and self.currency not in _NOT_DAY_FIRST:
            return f"its money is {self.currency}"
        return "the file is separated by semicolons" if self.semicolons else None

    def likelier_order(self, found: DateEvidence) -> DateOrder:
        if "ymd" in found.best:
            return "ymd"
        return "dmy" if self.for_the_day_first() else "mdy"


def _two_days(column: str, found: DateEvidence, taken: DateOrder, told: _Surroundings) -> Ambiguity:
    other = next(order for order in ("mdy", "dmy") if order != taken and order in found.best)
    days = dates.days_of(found.example or "")
    because = {
        "dmy": told.for_the_day_first() or "",
        "mdy": "its money is USD" if told.currency == "USD" else "nothing in the file speaks for the day first",
        "ymd": "the first number changes least",
    }[taken]
    words = {order: f"{days[order]:%-d %b %Y}" if order in days else "no date" for order in (taken, other)}
    choices = [Choice(order, f"{words[order]} ({_IN_WORDS[order]})") for order in (taken, other)]
    return Ambiguity("date-order", column, found.example or "", choices[0], choices[1], because)


def _two_numbers(column: str, found: NumberEvidence, taken: Decimal, told: _Surroundings) -> Ambiguity:
    example = found.example or ""
    words = numbers.readings_of(example)
    parts_thousands = ("," in example) == (taken == "point")
    if found.mixed:
        because = f"most numbers of this column have a decimal {taken}, though not all"
    elif taken == "comma" and told.semicolons:
        because = "files separated by semicolons mostly have decimal commas"
    else:
        because = "a comma mostly parts thousands" if parts_thousands else "a point mostly is a decimal mark"
    other: Decimal = "comma" if taken == "point" else "point"
    choices = [Choice(mark, f"{words[mark]} (decimal {mark})") for mark in (taken, other)]
    return Ambiguity("decimal", column, example, choices[0], choices[1], because)


def _time_order(source: SourceTable, recognition: Recognition) -> DateOrder | None:
    """The order of day and month under which the rows, or else the order numbers, run through time."""
    columns, table = recognition.columns, source.numbered()
    cells = {"day": table[source.column(columns["order_date"])], "order": ibis.null("string")}
    if "order_id" in columns:
        cells["order"] = table[source.column(columns["order_id"])]
    texts = values.texts(table, cells, keep=(FILE, LINE))
    days = texts.select(
        FILE,
        LINE,
        number=texts.order.re_extract(r"(\d{1,18})\D*$", 1).try_cast("int64"),
        dmy=dates.day_by_rule(texts.day, "dmy"),
        mdy=dates.day_by_rule(texts.day, "mdy"),
    )
    by_number = days.filter(days.number.notnull())
    for rows, along in ((days, LINE), (by_number, "number")):
        steps = running.time_order(rows, FILE, along).to_pyarrow().to_pylist()[0]
        decided = running.TimeOrder(**{name: count or 0 for name, count in steps.items()}).decided
        if decided is not None:
            return decided
    return None


def _lost_digits(source: SourceTable, recognition: Recognition) -> tuple[str, ...]:
    """Warnings of ids that a spreadsheet shortened. It shortens all long ones, so that the first rows tell."""
    sample = source.sample()
    found = []
    for role, who in (("customer_id", "customers"), ("order_id", "orders")):
        header = recognition.columns.get(role)
        short = ids.shortened(str(value).strip() for value in sample.get(header or "", []) if value is not None)
        if short:
            found.append(
                f"The column {header} holds numbers that a spreadsheet shortened, such as {short[0]}: the digits it "
                f"left out are gone, and different {who} may count as one. Export the file again without opening it in "
                "a spreadsheet, or with that column formatted as text."
            )
    return tuple(found)


def _money(source: SourceTable, recognition: Recognition, named: str | None) -> tuple[str | None, str | None]:
    """The currency of the amounts that count; and the same, or the sign that is of no one country, where signs differ.

    What somebody named stands, else what a column of currencies says; else the most frequent of what stands beside the
    amounts counts, amounts without a sign being of the currency that their header names.

    Parameters
    ----------
    named : by somebody
    """
    if "currency" in recognition.columns:
        found = named or _currency(source, recognition)
        if found:
            return found, None
    known = named or currencies.of_header(_money_header(recognition))
    rows: Counter[str] = Counter()
    for sign, count in _beside_amounts(source, recognition).items():
        code = known if sign is None else currencies.called(sign, known) or sign.rstrip(".")
        if code is not None:
            rows[code] += count
    counted = named or max(rows, key=lambda code: (rows[code], code == known), default=known)
    signed = counted if len({*rows, counted}) > 1 else None
    return None if counted in currencies.SIGNS else counted, signed


def _currency(source: SourceTable, recognition: Recognition) -> str | None:
    """The most frequent code in the currency column; None where there is none."""
    columns = recognition.columns
    if "currency" not in columns:
        return None
    asked = [role for role in ("currency", "transaction_type") if role in columns]
    rows = values.texts(source.table, {role: source.table[source.column(columns[role])] for role in asked})
    if "transaction_type" in columns:  # conversions and withdrawals say nothing of what is sold in
        strictly = recognition.platform is not None and recognition.platform.payments
        rows = rows.filter(~sales.is_no_sale_kind(rows.transaction_type, strictly=strictly))
    found = _by_frequency(rows.select(found=currencies.code(rows.currency)).filter(ibis._.found.notnull()))
    return next(iter(found), None)


def _beside_amounts(source: SourceTable, recognition: Recognition) -> dict[str | None, int]:
    """{sign or code beside amounts: rows}, the most frequent first; None for amounts without one."""
    cell = source.table[source.column(_money_header(recognition))]
    if not cell.type().is_string():
        return {}
    return _by_frequency(source.table.filter(cell.re_search(r"\d")).select(found=currencies.beside(cell)))


def _by_frequency(texts: ir.Table) -> dict[Any, int]:
    counts = texts.found.value_counts(name="rows").order_by([ibis.desc("rows"), "found"]).limit(_MOST_CURRENCIES)
    return dict(row.values() for row in counts.to_pyarrow().to_pylist())


def _money_header(recognition: Recognition) -> str:
    return recognition.columns[_money_role(recognition.columns)]


def _money_role(columns: Mapping[str, str]) -> str:
    return "amount" if "amount" in columns else "unit_price"


def _number_roles(columns: Mapping[str, str]) -> list[str]:
    """The roles whose columns are read as numbers; a price is not where there is an amount."""
    read = [role for role in columns if BY_NAME[role].kind in {"number", "money"}]
    return [role for role in read if role != "unit_price" or "amount" not in columns]
