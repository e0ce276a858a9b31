"""What was given, understood: order lines, or a table of customers."""

from __future__ import annotations

from typing import TypeAlias

import duckdb

from core.engine import Engine
from core.errors import EngineError, UserError, listed
from core.orders import parquet
from core.orders.cleaning import CleaningOptions, OrderLines, clean
from core.orders.customers import CustomerTable, customer_table
from core.orders.measures import tells_of_the_customer
from core.orders.source_table import SourceTable
from core.orders.staying import why_not_there
from core.warehouse.faults import NotDoneThereError

Understood: TypeAlias = OrderLines | CustomerTable


def understand(engine: Engine, source: SourceTable, options: CleaningOptions | None = None) -> Understood:
    """The order lines of the files; or their customers, where each row is one and none is an order.

    Raises
    ------
    What `cleaning.clean` raises, where the files hold no table of customers either; UnreadableFileError where a Parquet
    file turns out to be damaged further down.
    """
    options = options or CleaningOptions()
    if source.bring is not None:
        before, why = engine.kept_so_far, why_not_there(source, options)
        if why is None:
            try:
                return clean(engine, source, options)
            except NotDoneThereError as error:
                why = error.message
            except EngineError:
                raise
            except UserError:
                why = "its rows may be customers, not orders"
        engine.drop_since(before)
        source = source.bring(why)
    try:
        return _understand(engine, source, options)
    except duckdb.Error as error:
        typed = [file.name for file in source.files if file.dialect is None and file.sheet is None]
        # What the engine says of damage; a query that it can't take, memory and disks have kinds of their own.
        if not typed or type(error) not in {duckdb.Error, duckdb.InvalidInputException}:
            raise
        raise parquet.damaged(listed(typed)) from error


def _understand(engine: Engine, source: SourceTable, options: CleaningOptions) -> Understood:
    before = engine.kept_so_far
    lines: OrderLines | None = None
    try:
        lines = clean(engine, source, options)
        if not _may_be_customers(lines):
            return lines
    except EngineError:
        raise
    except UserError:
        engine.drop_since(before)
        customers = customer_table(engine, source, options)
        if customers is None:
            raise
        return customers
    customers = customer_table(engine, source, options)
    if customers is None:
        return lines
    return customers


def _may_be_customers(lines: OrderLines) -> bool:
    """Whether the day of each "order" is rather one of the customer's, such as her birthday."""
    columns = lines.recognition.columns
    return (
        "order_date" not in lines.options.columns
        and "order_id" not in lines.options.columns
        and tells_of_the_customer(columns["order_date"], lines.source.headers)
    )
