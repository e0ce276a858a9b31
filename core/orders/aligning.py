"""Files that differ in columns and types, so that they can stand below each other."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir


def lay_out(table: ir.Table, own: Sequence[str], headers: Sequence[str], also: str) -> ir.Table:
    """One file's table with a column for each header of all files, and `also` where it has that."""
    if list(own) == list(headers):
        return table
    places = {header: f"c{place}" for place, header in enumerate(own, 1)}
    columns = {
        f"c{place}": table[places[header]] if header in places else ibis.null()
        for place, header in enumerate(headers, 1)
    }
    return table.select(**columns, **({also: table[also]} if also in table.columns else {}))


def one_type_a_column(parts: Sequence[ir.Table], headers: Sequence[str]) -> list[ir.Table]:
    """Columns that differ in type from file to file get one, so that the files can stand below each other."""
    names = [f"c{place}" for place in range(1, len(headers) + 1)]
    targets = {name: _one_type([part[name].type() for part in parts]) for name in names}
    casts = [
        {name: part[name].cast(target) for name, target in targets.items() if part[name].type() != target}
        for part in parts
    ]
    return [part.mutate(**cast) if cast else part for part, cast in zip(parts, casts, strict=True)]


def _one_type(types: Sequence[dt.DataType]) -> dt.DataType:
    """What holds the values of all: numbers stay numbers and days stay days, else text. A missing column has no say."""
    kinds = {kind.copy(nullable=True) for kind in types if not kind.is_null()}
    if len(kinds) == 1:
        return next(iter(kinds))
    if kinds and all(kind.is_integer() for kind in kinds):
        return dt.int64
    if kinds and all(kind.is_numeric() for kind in kinds):
        return dt.float64
    if kinds and all(kind.is_date() or kind.is_timestamp() for kind in kinds):
        return dt.timestamp
    return dt.string
