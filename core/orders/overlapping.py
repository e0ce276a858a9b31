"""What stands twice: orders that several files hold, and rows that are exact copies of another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from core.engine import Engine
from core.orders.relating import NUMBERED
from core.orders.source_table import FILE, LINE, SourceTable

_ORDER = ("customer_id", "order_key")


@dataclass(frozen=True, slots=True)
class Copies:
    """How many rows equal an earlier one in every cell."""

    rows: int
    of_another_file: int  # of them those whose earlier one is in another file only


def copies(source: SourceTable, *, numbered: bool) -> ir.Table:
    """FILE and LINE of each row that equals an earlier one in every cell.

    Parameters
    ----------
    numbered : orders have numbers, which tell better what several files both hold: only rows of one file are compared
    """
    rows = source.numbered()
    cells = [name for name in rows.columns if name not in {FILE, LINE}]
    return _again(rows, [FILE, *cells] if numbered else cells, order_by=(FILE, LINE))


def count_copies(source: SourceTable, *, numbered: bool) -> Copies:
    """How many rows `copies` tells of. Reads all cells once more."""
    within = source.rows - sum(part.distinct().count().to_pyarrow().as_py() for part in source.contents())
    if numbered or len(source.files) == 1:
        return Copies(within, 0)
    found = source.rows - source.table.distinct().count().to_pyarrow().as_py()
    return Copies(found, found - within)


def lines_in_another_file(engine: Engine, source: SourceTable, rows: ir.Table, *, whole_orders: bool) -> ir.Table:
    """FILE and LINE of each row whose order another file holds as well, and better.

    Better is more of its rows that count, then more of its rows, then the file that reaches the later day: an order
    that was pending in one export is paid in the next, or refunded. Of equals the earlier file's stands. An order that
    one file ends with and another begins with was cut in two: of the lesser part only what the other has too is told.

    Parameters
    ----------
    rows : FILE, LINE, customer_id, order_key, order_date, NUMBERED, and whether the row counts but for the other file
    whole_orders : amounts are whole orders', so that there is nothing to gain from the lesser part
    """
    held = engine.keep(_held(rows.filter(rows[NUMBERED] & rows.customer_id.notnull()), rows), "held")
    lesser = held.filter(held.place > 0)
    if whole_orders or not held.cut.any().to_pyarrow().as_py():
        return _lines(rows, lesser).select(FILE, LINE)
    parts = engine.keep(_lines(rows, held.filter(held.cut)), "parts")
    return _lines(rows, lesser.filter(~lesser.cut)).select(FILE, LINE).union(_in_the_better_part(source, parts))


def _in_the_better_part(source: SourceTable, parts: ir.Table) -> ir.Table:
    """FILE and LINE of rows of the lesser parts that equal one of the better part; of two such, two."""
    numbered = source.numbered()
    cells = [name for name in numbered.columns if name not in {FILE, LINE}]
    rows = numbered.inner_join(parts, [FILE, LINE])
    which = ibis.row_number().over(ibis.window(group_by=[FILE, *cells], order_by=LINE))
    counted = rows.mutate(which=which)
    return _again(counted, [*cells, "which"], order_by=("place",))


def _held(rows: ir.Table, all_rows: ir.Table) -> ir.Table:
    """Orders that several files hold, once a file: its place among them, and whether it was cut in two."""
    ends = all_rows.group_by(FILE).aggregate(
        begin=all_rows[LINE].min(), end=all_rows[LINE].max(), latest=all_rows.order_date.max()
    )
    each = (
        rows.group_by([*_ORDER, FILE])
        .aggregate(used=rows.counts.sum(), lines=ibis._.count(), first=rows[LINE].min(), last=rows[LINE].max())
        .join(ends, FILE)
    )
    order = ibis.window(group_by=_ORDER)
    best = ibis.row_number().over(
        ibis.window(group_by=_ORDER, order_by=[*(ibis.desc(name) for name in ("used", "lines", "latest")), FILE])
    )
    ending, beginning = each["last"] == each["end"], each["first"] == each["begin"]
    return (
        each.mutate(
            files=each.count().over(order),
            place=best,
            cut=ending.any().over(order) & beginning.any().over(order),
        )
        .filter(ibis._.files > 1)
        .select(FILE, *_ORDER, "place", "cut")
    )


def _lines(rows: ir.Table, orders: ir.Table) -> ir.Table:
    named = orders.rename({f"of_{name}": name for name in (FILE, *_ORDER)})
    return rows.inner_join(named, [rows[name] == named[f"of_{name}"] for name in (FILE, *_ORDER)]).select(
        FILE, LINE, "place"
    )


def _again(rows: ir.Table, cells: Sequence[str], order_by: Sequence[str] = (LINE,)) -> ir.Table:
    """FILE and LINE of rows that equal an earlier one in these cells."""
    earlier = ibis.row_number().over(ibis.window(group_by=cells, order_by=order_by))
    return rows.select(FILE, LINE, earlier=earlier).filter(ibis._.earlier > 0).select(FILE, LINE)
