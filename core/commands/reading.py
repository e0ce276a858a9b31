"""The sources, read as the options say."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import cast

from core.engine import Engine
from core.orders.cleaning import CleaningOptions, Returns
from core.orders.source import open_sources
from core.orders.source_table import SourceTable
from core.orders.understanding import Understood, understand
from core.warehouse.address import address, is_address
from core.warehouse.connecting import Terms


def options_of(
    given: argparse.Namespace, returns: Returns | None = None, carry: tuple[str, ...] = ()
) -> CleaningOptions:
    """What was said of the sources.

    Parameters
    ----------
    returns : how returns count where nothing was said
    """
    return CleaningOptions(
        columns=dict(given.map),
        date_order=given.date_order,
        decimal=given.decimal,
        currency=given.currency,
        returns=cast(Returns, given.returns or returns or "net"),
        as_of=given.as_of,
        strict=given.strict,
        drop_duplicates=given.drop_duplicates,
        carry=carry,
    )


def read(
    engine: Engine, given: argparse.Namespace, returns: Returns | None = None, carry: tuple[str, ...] = ()
) -> Understood:
    """The sources, opened and judged."""
    return understand(engine, opened(engine, given), options_of(given, returns, carry))


def opened(engine: Engine, given: argparse.Namespace) -> SourceTable:
    """The sources, on the terms that were typed."""
    sources = [address(source) if is_address(source) else Path(source) for source in given.sources]
    return open_sources(engine, sources, terms=Terms(given.timeout, given.bring))
