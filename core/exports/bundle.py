"""All files of one analysis, as `python -m core segment` leaves them."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, get_args

import pyarrow as pa

from core.exports import csv_files, lists, takeaway
from core.exports.parquet_files import parquet_file
from core.exports.recipe import Recipe, recipe_of
from core.exports.report import LedgerRow, ReportFacts, render
from core.exports.rows import Place, pass_on
from core.exports.takeaway import Wanted, Written
from core.orders.cleaning import RETURNS, OrderLines
from core.orders.overview import Overview, overview
from core.segments.rules import Rules, rules
from core.segments.rules_sql import Dialect, case

if TYPE_CHECKING:
    from core.analysis import Analysis
    from core.exports.control import Control
    from core.large.analysing import EveryCustomer
    from core.orders.understanding import Understood
    from core.scoring import Scored
    from core.segments.segmentation import Segmentation

Into: TypeAlias = Callable[[Callable[[], pa.RecordBatchReader]], Mapping[str, Any]]
"""Asks for the rows of segments.csv, puts them somewhere and tells facts of it."""


def recipe(analysis: Analysis) -> Recipe:
    """The analysis as a recipe: how its files were read, prepared and grouped."""
    lines = analysis.lines
    reading = {
        "columns": dict(lines.recognition.columns),
        "date_order": lines.reading.date_order,
        "decimal": lines.reading.decimal,
        "currency": lines.reading.currency,
        "drop_duplicates": lines.options.drop_duplicates,
    }
    return recipe_of(
        analysis.segmentation,
        reading=reading,
        returns=lines.options.returns,
        seed=analysis.options.seed,
        as_of=lines.options.as_of,
    )


def write(
    analysis: Analysis,
    out: Path,
    figures: Mapping[str, Mapping[str, Any]],
    wanted: Wanted | None = None,
    *,
    with_rules: bool = False,
    into: Into | None = None,
) -> Written:
    """Write segments.csv, summary.csv, sweep.csv, set_aside.csv, lists/, recipe.json, report.html, and what is wanted.

    Our own files of an earlier run are removed first; whatever else lies in the folder stays.

    Parameters
    ----------
    with_rules : write rules.json too
    into : called once all files are written

    Raises
    ------
    ValueError : lists for platforms or the workbook are wanted of customers who stayed in the engine: those in memory
        only stand for them
    """
    wanted = wanted or Wanted()
    control, rows = _rows(analysis.segmentation, analysis.everyone, wanted)
    out.mkdir(parents=True, exist_ok=True)
    lists.clear(out)
    files = lists.write_lists(rows(), analysis.segmentation.segments, out, parquet=wanted.parquet)
    files += lists.write_tables(analysis.segmentation, analysis.sweep.frame(), out)
    files += _write_set_aside(analysis.lines, out, wanted)
    csv_files.write_text(recipe(analysis).to_json(), out / "recipe.json")
    found = rules(analysis.segmentation, analysis.options.seed)
    sold = overview(analysis.lines) if isinstance(analysis.lines, OrderLines) else None
    csv_files.write_text(report_of(analysis, figures, found, sold), out / "report.html")
    more = takeaway.write(analysis.segmentation, out, wanted, control)
    files += [out / "recipe.json", out / "report.html"]
    if with_rules:
        csv_files.write_text(rules_json(found), out / "rules.json")
        files.append(out / "rules.json")
    return _together(files, more, {} if into is None else into(rows))


def write_scored(lines: Understood, scored: Scored, out: Path, wanted: Wanted, *, into: Into | None = None) -> Written:
    """Write segments.csv, lists/, set_aside.csv, and what is wanted, of customers scored by a recipe.

    Parameters
    ----------
    into : called once all files are written

    Raises
    ------
    ValueError : as `write`
    """
    control, rows = _rows(scored.segmentation, scored.everyone, wanted)
    out.mkdir(parents=True, exist_ok=True)
    lists.clear(out)
    files = lists.write_lists(rows(), scored.segmentation.segments, out, parquet=wanted.parquet)
    files += _write_set_aside(lines, out, wanted)
    more = takeaway.write(scored.segmentation, out, wanted, control)
    return _together(files, more, {} if into is None else into(rows))


def _rows(
    segmentation: Segmentation, everyone: EveryCustomer | None, wanted: Wanted
) -> tuple[Control | None, Callable[[], pa.RecordBatchReader]]:
    """The control group, and the rows of segments.csv as often as they are asked for."""
    if everyone is None:
        control = wanted.control(segmentation)
        return control, partial(lists.rows_of, segmentation, control)
    if wanted.platforms or wanted.workbook:
        raise ValueError("Lists for platforms and the workbook are made of customers in memory; leave out the engine.")
    control = everyone.drawn(wanted.control_share, wanted.seed)
    return control, partial(everyone.batches, control)


def _write_set_aside(lines: Understood, out: Path, wanted: Wanted) -> list[Path]:
    """Write set_aside.csv, and set_aside.parquet where it is wanted."""
    rows = lines.set_aside().batches()
    places: dict[Path, Callable[[Path, pa.Schema], Place]] = {out / "set_aside.csv": csv_files.csv_file}
    if wanted.parquet:
        places[out / "set_aside.parquet"] = parquet_file
    pass_on(rows, *(place(path, rows.schema) for path, place in places.items()))
    return list(places)


def _together(files: Sequence[Path], more: Written, told: Mapping[str, Any]) -> Written:
    for_programs = [path.name for path in files if path.suffix == ".parquet"]
    facts = {**more.facts, **({"parquet": for_programs} if for_programs else {}), **told}
    return Written((*files, *more.files), facts)


def zip_of_everything(analysis: Analysis, figures: Mapping[str, Mapping[str, Any]], wanted: Wanted) -> bytes:
    """All that `write` writes, rules included, as one zip."""
    with tempfile.TemporaryDirectory(prefix="elbow-room-") as scratch:
        folder = Path(scratch)
        files = write(analysis, folder, figures, wanted, with_rules=True).files
        return lists.zip_of({str(path.relative_to(folder)): path for path in files})


def rules_json(found: Rules) -> str:
    """The rules with their figures, and as SQL of each warehouse."""
    told = found.as_dict() | {"sql": {dialect: case(found, dialect) for dialect in get_args(Dialect)}}
    return json.dumps(told, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def report_of(
    analysis: Analysis, figures: Mapping[str, Mapping[str, Any]], found: Rules, sold: Overview | None = None
) -> str:
    """The analysis as one HTML page.

    Parameters
    ----------
    figures : the charts as Vega-Lite specs
    found : the segments' rules
    sold : the orders at a glance, where the files hold orders
    """
    lines = analysis.lines
    files = tuple(file.name for file in lines.source.files)
    facts = ReportFacts(
        title=f"Customer segments from {files[0]}" + (f" and {len(files) - 1} more" if len(files) > 1 else ""),
        files=files,
        customers=lines.ledger.used.customers,
        orders=lines.orders,
        revenue=None if lines.revenue is None else float(lines.revenue),
        currency=lines.reading.currency,
        first_order=lines.first_order,
        last_order=lines.last_order,
        reference_date=lines.reference_date,
        returns=None if lines.orders is None else RETURNS[lines.options.returns],
        ledger=tuple(
            LedgerRow(entry.label, entry.rows, entry.customers, None if lines.revenue is None else float(entry.money))
            for entry in lines.ledger.entries
        ),
        notes=(
            *map(str, lines.reading.ambiguities),
            *(f"Left out of {what}." for what in lines.source.left_out),
            *lines.warnings,
            *analysis.warnings,
        ),
        seed=analysis.options.seed,
        versions={name: version(name) for name in ("scikit-learn", "pandas", "duckdb", "ibis-framework")},
    )
    return render(facts, analysis.sweep, analysis.advice, analysis.segmentation, figures, found, sold)
