"""The command line: everything that the pages can do, without them. Each command is in core/commands."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from core.commands.arguments import parsed
from core.errors import CancelledError, UserError

if TYPE_CHECKING:
    from core.commands.segmenting import Figures
    from core.commands.telling import Told

DONE, WRONG_USAGE, UNUSABLE = 0, 2, 3


def main(arguments: Sequence[str] | None, figures: Figures) -> int:
    """Run one command.

    Parameters
    ----------
    figures : draws the report's charts, as Vega-Lite specs

    Returns
    -------
    0 done, 2 wrong usage, 3 the input can't be used
    """
    try:
        given = parsed(arguments)
        told = _stoppable(given, figures)
    except SystemExit as stop:  # argparse's way to end; it has told why
        return DONE if stop.code in {0, None} else WRONG_USAGE
    except UserError as error:
        print(f"{error.message}\n{error.hint}", file=sys.stderr)
        if getattr(given, "json", False):
            _print_json({"error": error.as_dict()})
        return UNUSABLE
    for line in told.lines:
        print(line, file=sys.stderr)
    if given.json:
        _print_json(told.facts)
    return UNUSABLE if told.facts.get("failed") and not told.facts.get("files") else DONE


def _stoppable(given: argparse.Namespace, figures: Figures) -> Told:
    """Ctrl+C ends a question that a database is asked, and closes all that was opened."""
    try:
        return _run(given, figures)
    except KeyboardInterrupt:
        raise CancelledError from None


def _print_json(facts: Mapping[str, Any]) -> None:
    # In ASCII: programs read it, and some terminals and pipes take nothing else.
    print(json.dumps(facts, allow_nan=False))


def _run(given: argparse.Namespace, figures: Figures) -> Told:
    # Here, since the databases take a second to load that a wrong option or a look at the help need not wait for.
    from core.commands.reading import read
    from core.commands.segmenting import score, segment
    from core.commands.tables import table
    from core.commands.telling import Told, in_words, inspected
    from core.engine import Engine, Limits
    from core.orders.customers import CustomerTable
    from core.orders.remarks import of_copies

    if given.command == "table":
        return table(given)
    with Engine(Limits.from_environment()) as engine:
        if given.command == "segment":
            return segment(engine, given, figures)
        if given.command == "score":
            return score(engine, given)
        lines = read(engine, given)
        facts = inspected(lines)
        if not given.drop_duplicates and not isinstance(lines, CustomerTable):
            facts["warnings"] += of_copies(lines.copies)
        return Told(facts, in_words(facts))
