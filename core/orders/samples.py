"""A few values of each column as the file writes them and as they are understood, by the rules that all rows go by."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from core.engine import Engine
from core.orders import dates, ids, numbers, sales, values
from core.orders import reading as readings
from core.orders.cleaning import CleaningOptions
from core.orders.columns import Recognition
from core.orders.numbers import Decimal
from core.orders.roles import BY_NAME
from core.orders.source_table import UNEVEN_ROWS, SourceTable
from core.orders.values import Reading

_IDENTITIES = ("customer_id", "order_id", "refunded_order", "payee")
_NEEDED = ("customer_id", "order_date")  # before values can be read at all


@dataclass(frozen=True, slots=True)
class UnderstoodValue:
    """One cell, twice."""

    written: str  # as the file has it
    value: str | float | date | None  # None where the rules make nothing of it, or nobody of a guest


def understood_samples(
    engine: Engine,
    source: SourceTable,
    columns: Mapping[str, str],
    reading: Reading,
    *,
    by_header: bool = False,
    most: int = 3,
) -> dict[str, tuple[UnderstoodValue, ...]]:
    """A few different values of each role's column from the first rows, blanks passed over.

    Parameters
    ----------
    columns : role -> header
    by_header : whether the reading tells decimal marks by header, as that of a `CustomerTable` does
    most : values a role

    Returns
    -------
    role -> values, none where the first rows are blank
    """
    sample = source.sample()
    by_email = "customer_id" in columns and values.share(sample[columns["customer_id"]], "email") > 0.5
    places = {role: _telling(sample[header], most) for role, header in columns.items()}
    cells = {
        role: source.top.column(source.headers.index(columns[role])).take(pa.array(found))
        for role, found in places.items()
        if found
    }
    alike: dict[tuple[_Rule, pa.DataType], list[str]] = {}
    for role, column in cells.items():
        rule = _rule(role, reading, columns[role] if by_header else None, by_email=by_email)
        alike.setdefault((rule, column.type), []).append(role)
    together = [(rule, _below([cells[role] for role in roles])) for (rule, _), roles in alike.items()]
    found: dict[str, list[str | float | date | None]] = {}
    for roles, understood in zip(alike.values(), _understood(engine, together, reading), strict=True):
        end = 0
        for role in roles:
            start, end = end, end + len(places[role])
            found[role] = understood[start:end]
    return {
        role: tuple(
            UnderstoodValue(str(sample[header][place]), value)
            for place, value in zip(places[role], found.get(role, ()), strict=True)
        )
        for role, header in columns.items()
    }


@dataclass(frozen=True, slots=True)
class _Rule:
    """How a cell is read. It takes long to put one together, so what shares a rule is read as one column."""

    kind: Literal["date", "number", "id", "text"]
    decimal: Decimal | None = None
    mixed: bool = False
    percent: bool = False  # a sign for it may stand behind the number
    lower: bool = False
    guests: bool = False  # some ids stand for nobody

    def text(self, cell: ir.Value) -> ir.StringValue:
        return values.text(readings.percentless(cell) if self.percent else cell)

    def identity(self, text: ir.StringValue) -> ir.StringValue:
        return ids.identity(text, lower=self.lower) if self.kind == "id" else text

    def value(self, cell: ir.Value, text: ir.StringValue, reading: Reading) -> ir.Value:
        if self.kind == "date":
            cast = values.trusted_day(values.cast_day(cell))
            return ibis.coalesce(cast, dates.day_by_rule(text, reading.date_order, reading.day_count))
        if self.kind == "number":
            ruled = numbers.number_by_rule(text, self.decimal, mixed=self.mixed)
            return ibis.coalesce(values.finite(values.cast_number(cell, self.decimal)), values.finite(ruled))
        return ibis.ifelse(sales.is_guest(text), ibis.null("string"), text) if self.guests else text


def _rule(role: str, reading: Reading, header: str | None, *, by_email: bool) -> _Rule:
    """The rule of a role's cells; with a header, in a table of customers."""
    kind = BY_NAME[role].kind
    if kind == "date":
        return _Rule("date")
    if kind in {"money", "number"}:
        name = role if header is None else header
        return _Rule("number", reading.decimal_of(name), name in reading.mixed, percent=header is not None)
    if role in _IDENTITIES:
        of_customer = role == "customer_id"
        lower = role == "payee" or (of_customer and by_email)
        return _Rule("id", lower=lower, guests=of_customer and header is None)
    return _Rule("text")


def _below(cells: list[pa.ChunkedArray]) -> pa.Array:
    """Columns of one type below each other."""
    return pa.concat_arrays([chunk for each in cells for chunk in each.chunks])


def _understood(
    engine: Engine, together: list[tuple[_Rule, pa.Array]], reading: Reading
) -> list[list[str | float | date | None]]:
    """What each rule makes of its cells.

    In steps, as in the stages that all rows go through: nested, an expression is repeated where it is used.
    """
    if not together:
        return []
    rows = max(len(cells) for _, cells in together)
    written = ibis.memtable(
        pa.table(
            {
                "place": pa.array(range(rows), pa.int64()),
                **{f"c{n}": _filled(cells, rows) for n, (_, cells) in enumerate(together)},
            }
        )
    )
    rules = {f"c{n}": rule for n, (rule, _) in enumerate(together)}
    texts = written.mutate(**{f"{name}_text": rule.text(written[name]) for name, rule in rules.items()})
    named = texts.mutate(**{f"{name}_text": rule.identity(texts[f"{name}_text"]) for name, rule in rules.items()})
    understood = named.select(
        "place",
        **{name: rule.value(named[name], named[f"{name}_text"], reading) for name, rule in rules.items()},
    )
    found = engine.backend.to_pyarrow(understood.order_by("place"))
    return [found.column(name).to_pylist() for name in rules]


def likely_reading(source: SourceTable, recognition: Recognition, options: CleaningOptions) -> Reading | None:
    """How the values would be read of files in which no row can be used; None where a column is missing for that."""
    columns = recognition.columns
    money = "amount" in columns or {"unit_price", "quantity"} <= columns.keys()
    if not money or any(role not in columns for role in _NEEDED):
        return None
    told = {"date_order": options.date_order, "decimal": options.decimal, "currency": options.currency}
    try:
        return readings.decide(source, recognition, **told)  # type: ignore[arg-type]
    except UNEVEN_ROWS:
        return readings.decide(source.reread(), recognition, **told)  # type: ignore[arg-type]


def _telling(sampled: list[object], most: int) -> list[int]:
    """The places of the first different values, those first that are written unlike the ones before."""
    places: dict[str, int] = {}
    for place, value in enumerate(sampled):
        if not values.is_blank(value):
            places.setdefault(str(value), place)
    forms: dict[str, int] = {}
    for text, place in places.items():
        forms.setdefault(re.sub(r"\d+", "9", re.sub(r"[^\W\d]+", "a", text)), place)
    return sorted(list(dict.fromkeys([*forms.values(), *places.values()]))[:most])


def _filled(cells: pa.Array, rows: int) -> pa.Array:
    return pa.concat_arrays([cells, pa.nulls(rows - len(cells), cells.type)])
