"""A few values of each column as the file writes them and as they are understood, by the rules that all rows go by."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from core.engine import Engine
from core.orders import dates, ids, numbers, sales, values
from core.orders import reading as readings
from core.orders.cleaning import CleaningOptions
from core.orders.columns import Recognition
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
    places = {role: _telling(sample[header], most) for role, header in columns.items()}
    if not any(places.values()):
        return dict.fromkeys(columns, ())
    cells = pa.table(
        {
            "place": pa.array(range(most), pa.int64()),
            **{
                role: source.top.column(source.headers.index(header)).take(_filled(places[role], most))
                for role, header in columns.items()
            },
        }
    )
    by_email = "customer_id" in columns and values.share(sample[columns["customer_id"]], "email") > 0.5
    understood = _understood(ibis.memtable(cells), columns, reading, by_header=by_header, by_email=by_email)
    found = engine.backend.to_pyarrow(understood.order_by("place"))
    return {
        role: tuple(
            UnderstoodValue(str(sample[header][place]), value)
            for place, value in zip(places[role], found.column(role).to_pylist(), strict=False)
        )
        for role, header in columns.items()
    }


def _understood(
    written: ir.Table, columns: Mapping[str, str], reading: Reading, *, by_header: bool, by_email: bool
) -> ir.Table:
    """Each role's cells by the rules, beside their place.

    In steps, as in the stages that all rows go through: nested, an expression is repeated where it is used.
    """
    lower = {"payee", *(["customer_id"] if by_email else [])}
    texts = written.mutate(
        **{
            f"{role}_text": values.text(
                readings.percentless(written[role]) if by_header and _is_number(role) else written[role]
            )
            for role in columns
        }
    )
    named = texts.mutate(
        **{
            f"{role}_text": ids.identity(texts[f"{role}_text"], lower=role in lower)
            for role in columns
            if role in _IDENTITIES
        }
    )
    return named.select(
        "place",
        **{
            role: _value(named, role, reading, header if by_header else role, guests=not by_header)
            for role, header in columns.items()
        },
    )


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


def _value(table: ir.Table, role: str, reading: Reading, name: str, *, guests: bool) -> ir.Value:
    cell, text = table[role], table[f"{role}_text"]
    if BY_NAME[role].kind == "date":
        cast = values.trusted_day(values.cast_day(cell))
        return ibis.coalesce(cast, dates.day_by_rule(text, reading.date_order, reading.day_count))
    if _is_number(role):
        decimal = reading.decimal_of(name)
        ruled = numbers.number_by_rule(text, decimal, mixed=name in reading.mixed)
        return ibis.coalesce(values.finite(values.cast_number(cell, decimal)), values.finite(ruled))
    if role == "customer_id" and guests:
        return ibis.ifelse(sales.is_guest(text), ibis.null("string"), text)
    return text


def _is_number(role: str) -> bool:
    return BY_NAME[role].kind in {"money", "number"}


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


def _filled(places: list[int], length: int) -> pa.Array:
    # With a type of its own: of nothing but blanks Arrow would not know that they are places.
    return pa.array([*places, *([None] * (length - len(places)))], pa.int64())
