"""The command line in this process: what it says to people, to programs and to the shell."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from charts.report import figures
from core.analysis import Analysis
from core.cli import main


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def told(self) -> dict[str, Any]:
        """The one JSON object on stdout; fails where there is anything else."""
        told = json.loads(self.out, parse_constant=_no_json)
        assert isinstance(told, dict)
        return told


def some_orders(file: Path, customers: int, *more: str) -> Path:
    """Orders of three kinds of customers: some emails would be formulas, the fifth's is missing; and rows as given."""
    rows = ["customer_id,order_date,amount,email"]
    for who in range(customers):
        email = "" if who == 5 else f"=cmd|{who}" if who % 9 == 0 else f"c{who}@shop.example"
        amount = f"{(1 + who % 3) * 20 + who / 7:.2f}"
        rows += [f"C{who:02},2024-{1 + order:02}-07,{amount},{email}" for order in range(1 + who % 3 * 4)]
    file.write_text("\n".join([*rows, *more]) + "\n")
    return file


def run(*arguments: object, charts: bool = False) -> Ran:
    """`python -m core` with these arguments; drawing the report's charts takes longer than all the rest."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([str(argument) for argument in arguments], _figures if charts else lambda _: {})
    return Ran(code, out.getvalue(), err.getvalue())


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file as text, by column."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _figures(analysis: Analysis) -> Mapping[str, Mapping[str, Any]]:
    return figures(analysis.sweep, analysis.advice, analysis.segmentation)


def _no_json(word: str) -> NoReturn:
    raise AssertionError(f"{word} is not JSON")
