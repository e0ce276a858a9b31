"""Whether the rows of a table can be judged where they lie, or have to be brought here first."""

from __future__ import annotations

import ibis.expr.datatypes as dt

from core.errors import UserError
from core.orders.cleaning import CleaningOptions
from core.orders.columns import detect
from core.orders.measures import tells_of_the_customer
from core.orders.roles import BY_NAME
from core.orders.source_table import SourceTable

_NEEDED = ("customer_id", "order_date")


def why_not_there(source: SourceTable, options: CleaningOptions) -> str | None:
    """Why the database cannot give the answers that are given here, as the end of a sentence; None where it can.

    It can where days are days there, numbers are numbers, and all else is text or whole numbers: how text is read as
    days and numbers is told in ways that not all engines have, and more slowly than rows are brought here.
    """
    if options.drop_duplicates:
        return "copies of a row are told by its place, and rows of a table have none"
    try:
        recognition = detect(source, options.columns)
    except UserError:
        return "its columns have to be looked at more closely"
    columns = recognition.columns
    if any(role not in columns for role in _NEEDED) or tells_of_the_customer(columns["order_date"], source.headers):
        return "its rows may be customers, not orders"
    for role, header in columns.items():
        kind = source.table[source.column(header)].type()
        if not _fits(BY_NAME[role].kind, kind):
            return f"the column {header} holds {_called(kind)}, not what {BY_NAME[role].label.lower()} is counted in"
    return None


def _fits(wanted: str, kind: dt.DataType) -> bool:
    if wanted == "date":
        return bool(kind.is_date() or kind.is_timestamp())
    if wanted in {"number", "money"}:
        return bool(kind.is_numeric() and not kind.is_boolean())
    whole = kind.is_integer() or (kind.is_decimal() and kind.scale == 0)
    return bool(kind.is_string() or whole or kind.is_floating() or kind.is_boolean())


def _called(kind: dt.DataType) -> str:
    names = {"string": "text", "int64": "whole numbers", "int32": "whole numbers", "float64": "numbers"}
    return names.get(str(kind).removeprefix("!"), str(kind))
