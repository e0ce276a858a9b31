"""Columns of text, read as the stages of `core.orders.reading` read them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Literal

import ibis
import ibis.expr.types as ir

from core.engine import Engine
from core.orders import dates, numbers, values
from core.orders.dates import DateEvidence, DateOrder, DayCount
from core.orders.numbers import Decimal, NumberEvidence

TODAY = date(2026, 11, 25)


def read(engine: Engine, texts: Sequence[object], rule: Callable[[ir.Value], ir.Value]) -> list[object]:
    """What a rule makes of each value, None where it is missing."""
    return _made(engine, _column(texts), lambda table: rule(table.cell))


def read_numbers(
    engine: Engine, texts: Sequence[str | None], decimal: Decimal | None, *, mixed: bool = False
) -> list[object]:
    """What a cast does not tell, the rule does."""

    def number(table: ir.Table) -> ir.FloatingValue:
        ruled = numbers.number_by_rule(table.written, decimal, mixed=mixed)
        return ibis.coalesce(values.finite(values.cast_number(table.cell, decimal)), values.finite(ruled))

    return _made(engine, _with_text(_column(texts)), number)


def read_days(
    engine: Engine, texts: Sequence[object], order: DateOrder | None, count: DayCount | None = None
) -> list[object]:
    def day(table: ir.Table) -> ir.DateValue:
        ruled = dates.day_by_rule(table.written, order, count)
        return ibis.coalesce(values.trusted_day(values.cast_day(table.cell)), ruled)

    return _made(engine, _with_text(_column(texts)), day)


def _column(texts: Sequence[object]) -> ir.Table:
    kind = "string" if all(text is None or isinstance(text, str) for text in texts) else "float64"
    schema = {"place": "int64", "cell": kind}
    return ibis.memtable({"place": range(len(texts)), "cell": list(texts)}, schema=schema)


def _with_text(table: ir.Table) -> ir.Table:
    """A step of its own, as in the stages: nested, an expression is repeated in all that it is part of."""
    return table.mutate(written=values.text(table.cell))


def _made(engine: Engine, table: ir.Table, rule: Callable[[ir.Table], ir.Value]) -> list[object]:
    made = engine.backend.to_pyarrow(table.select("place", value=rule(table)).order_by("place"))
    return made.column("value").to_pylist()


def weigh(
    engine: Engine, texts: Sequence[str | None], kind: Literal["dates", "numbers"], today: date = TODAY
) -> tuple[DateEvidence, NumberEvidence]:
    """The evidence in a whole column; the one that was not asked for is empty."""
    table = _with_text(ibis.memtable({"cell": list(texts)}, schema={"cell": "string"})).select("written")
    written = table.written
    if kind == "numbers":
        first = table.select(**numbers.clues(written))
        seen = first.select(**numbers.further_clues({name: first[name] for name in first.columns}))
        counts = engine.backend.to_pyarrow(seen.aggregate(**numbers.tally({name: seen[name] for name in seen.columns})))
        found = {name: count for name, count in counts.to_pylist()[0].items() if count is not None}
        return DateEvidence(), NumberEvidence(**found)
    first = table.select(**dates.clues(written))
    seen = first.select(**dates.further_clues({name: first[name] for name in first.columns}))
    tally = dates.tally({name: seen[name] for name in seen.columns}, today)
    return dates.evidence(engine.backend.to_pyarrow(seen.aggregate(**tally)).to_pylist()[0]), NumberEvidence()
