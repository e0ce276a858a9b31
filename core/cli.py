"""The command line: everything that the pages can do, without them."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from core.engine import Engine
from core.errors import EmptyFileError, UserError
from core.orders.cleaning import CleaningOptions, Returns
from core.orders.customers import CustomerTable
from core.orders.grammar import SPACES
from core.orders.remarks import of_copies
from core.orders.source import open_sources
from core.orders.understanding import Understood, understand

if TYPE_CHECKING:
    from core.analysis import Analysis, SegmentOptions

DONE, WRONG_USAGE, UNUSABLE = 0, 2, 3
_MEMORY = "1GB"  # for order lines; what is beyond spills to disk

Figures = Callable[["Analysis"], Mapping[str, Mapping[str, Any]]]


class OverwritesSourceError(UserError):
    """What is to be written would take the place of the file that it is made from."""

    code = "overwrites-source"

    def __init__(self, source: Path) -> None:
        super().__init__(
            f"{source} would be overwritten by what is read from it.", hint="Name another folder to write to."
        )


@dataclass(frozen=True, slots=True)
class Told:
    """What a command has to say: facts for programs, and lines for people."""

    facts: Mapping[str, Any]
    lines: Sequence[str]


def main(arguments: Sequence[str] | None, figures: Figures) -> int:
    """Run one command.

    Parameters
    ----------
    figures : draws the report's charts, as Vega-Lite specs

    Returns
    -------
    0 done, 2 wrong usage, 3 the input can't be used
    """
    parser = _parser()
    try:
        given = parser.parse_args(arguments)
        told = _run(given, figures)
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


def _print_json(facts: Mapping[str, Any]) -> None:
    # In ASCII: programs read it, and some terminals and pipes take nothing else.
    print(json.dumps(facts, allow_nan=False))


def _run(given: argparse.Namespace, figures: Figures) -> Told:
    if given.command == "table":
        return _table(given)
    with Engine(_MEMORY) as engine:
        if given.command == "segment":
            return _segment(engine, given, figures)
        lines = _read(engine, given)
        facts = inspected(lines)
        if not given.drop_duplicates and not isinstance(lines, CustomerTable):
            facts["warnings"] += of_copies(lines.copies)
        return Told(facts, _in_words(facts))


def _read(
    engine: Engine, given: argparse.Namespace, returns: Returns | None = None, carry: tuple[str, ...] = ()
) -> Understood:
    options = CleaningOptions(
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
    return understand(engine, open_sources(engine, given.sources), options)


def inspected(lines: Understood) -> dict[str, Any]:
    """What was understood of the files, as `inspect` prints it."""
    ledger, source = lines.ledger, lines.source
    dialect = source.files[0].dialect
    customers = isinstance(lines, CustomerTable)
    delimiter = None if dialect is None else " " if dialect.delimiter == SPACES else dialect.delimiter
    return {
        "shape": "customers" if customers else "orders",
        "files": [file.name for file in source.files],
        "encoding": dialect.encoding.removesuffix("-sig") if dialect else None,
        "delimiter": delimiter,
        "decimal": lines.reading.decimal or "point",
        "date_order": None if customers else lines.reading.date_order or "ymd",
        "platform": lines.recognition.platform.slug if lines.recognition.platform else None,
        "currency": lines.reading.currency,
        "columns": dict(lines.recognition.columns),
        "rows_read": ledger.rows_in,
        "rows_used": ledger.used.rows,
        "set_aside": {entry.reason: entry.rows for entry in ledger.set_aside},
        "customers": ledger.used.customers,
        "orders": lines.orders,
        "revenue": None if lines.revenue is None else float(lines.revenue),
        "first_order": _iso(lines.first_order),
        "last_order": _iso(lines.last_order),
        "ambiguities": [str(ambiguity) for ambiguity in lines.reading.ambiguities],
        "warnings": [*(f"Left out of {what}." for what in source.left_out), *lines.warnings],
    }


def segmented(analysis: Analysis) -> dict[str, Any]:
    """What `segment` prints beyond `inspect`."""
    advice = analysis.advice
    return {
        "features": list(analysis.preparation.features),
        "k": analysis.segmentation.n_segments,
        "advice": {
            "k": advice.k,
            "elbow": advice.elbow,
            "silhouette": advice.silhouette,
            "stability": advice.stability,
            "natural_grouping": advice.natural_grouping,
            "words": advice.words,
        },
        "sweep": [
            {
                "k": k,
                "inertia": fit.inertia,
                "silhouette": analysis.sweep.silhouettes[k].value if k in analysis.sweep.silhouettes else None,
                "silhouette_se": (
                    analysis.sweep.silhouettes[k].standard_error if k in analysis.sweep.silhouettes else None
                ),
            }
            for k, fit in analysis.sweep.fits.items()
        ],
        "segments": [segment.facts() for segment in analysis.segmentation.segments],
    }


def _segment(engine: Engine, given: argparse.Namespace, figures: Figures) -> Told:
    from core.analysis import PRESETS, analyse, carried
    from core.exports import bundle

    preset = PRESETS.get(given.preset or "")
    options = _segment_options(given)
    lines = _read(engine, given, preset.returns if preset else None, carried(options))
    analysis = analyse(lines, options)
    facts = inspected(lines) | segmented(analysis)
    facts["warnings"] = [*facts["warnings"], *analysis.warnings]
    written = bundle.write(analysis, given.out, figures(analysis), with_rules=given.rules)
    told = [
        *_in_words(facts),
        f"{facts['k']} segments. {analysis.advice.words}",
        *(
            f"  {one.number} {one.name}: {one.customers:,} customers. {one.portrait}"
            for one in analysis.segmentation.segments
        ),
        f"{len(written)} files written to {given.out}.",
    ]
    return Told(facts, told)


def _segment_options(given: argparse.Namespace) -> SegmentOptions:
    from core.analysis import PRESETS, SegmentOptions
    from core.clustering.preparation import PreparationOptions

    preparation = PRESETS[given.preset].preparation if given.preset else PreparationOptions()
    asked = {"transform": given.transform, "outliers": given.outliers, "scaling": given.scale}
    preparation = replace(preparation, **{name: choice for name, choice in asked.items() if choice is not None})
    return SegmentOptions(
        features=given.features,
        preset=given.preset,
        preparation=preparation,
        k=given.k,
        k_max=given.k_max,
        min_share=given.min_share,
        seed=given.seed,
    )


def _table(given: argparse.Namespace) -> Told:
    """Each source as it was read; a source that can't be read does not stop the others."""
    given.out_dir.mkdir(parents=True, exist_ok=True)
    written: list[str] = []
    failed, told = {}, []
    for source in given.sources:
        try:
            with tempfile.TemporaryDirectory(prefix="elbow-room-") as scratch:
                told += _write_tables(source, given.out_dir, Path(scratch), written)
        except UserError as error:
            failed[str(source)] = error.as_dict()
            told.append(f"{source}: {error.message} {error.hint}")
    return Told({"files": written, "failed": failed}, told)


def _write_tables(source: Path, folder: Path, scratch: Path, written: list[str]) -> list[str]:
    """Write the tables of one source, add their names to those written, and tell what was left out."""
    from core.exports.lists import write_rows
    from core.orders.as_read import tables_as_read

    def target(stem: str) -> Path:
        path = _free_name(folder, stem, written)
        if path.exists() and source.exists() and path.samefile(source):
            raise OverwritesSourceError(source)
        return path

    try:
        tables = tables_as_read(source, scratch)
    except EmptyFileError as error:
        path = target(_stem(source))
        write_rows([], path)
        written.append(str(path))
        return [f"{source}: left out: {error.message}"]
    left_out: list[str] = []
    for table in tables:
        path = target(_stem(source if len(tables) == 1 else Path(table.name)))
        write_rows(table.rows, path)
        written.append(str(path))
        left_out += [*table.beside, *table.left_out]
    return [f"{source}: left out: {what}" for what in left_out]


def _free_name(folder: Path, stem: str, taken: Sequence[str]) -> Path:
    """`STEM.csv`, or `STEM (2).csv` where another source of that name was written before."""
    target, number = folder / f"{stem}.csv", 1
    while str(target) in taken:
        number += 1
        target = folder / f"{stem} ({number}).csv"
    return target


def _stem(source: Path) -> str:
    """The file's name without its extension; of `orders.csv.gz` without both."""
    if source.suffix.lower() != ".gz":
        return source.stem
    inner = Path(source.stem)
    return inner.stem if inner.suffix.lower() in {".csv", ".tsv", ".txt", ".parquet"} else inner.name


def _in_words(facts: Mapping[str, Any]) -> list[str]:
    figures = [f"{facts['customers']:,} customers"]
    if facts["orders"] is not None:
        figures.append(f"{facts['orders']:,} orders")
    if facts["revenue"] is not None:
        figures.append(f"{facts['revenue']:,.2f} {facts['currency'] or '(currency unknown)'}")
    if facts["first_order"] is not None:
        figures.append(f"{facts['first_order']} to {facts['last_order']}")
    told = [
        f"{facts['rows_read']:,} rows read, {facts['rows_used']:,} used: {', '.join(figures)}.",
        *(["One row a customer: each column of numbers is a feature."] if facts["shape"] == "customers" else []),
        "Columns: " + ", ".join(f"{role} = {header}" for role, header in facts["columns"].items()) + ".",
    ]
    told += [f"Set aside, {reason}: {rows:,} rows." for reason, rows in facts["set_aside"].items()]
    told += [f"Ambiguous: {text}" for text in facts["ambiguities"]]
    return told + [f"Note: {text}" for text in facts["warnings"]]


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m core", description="Customer segments from order files.")
    commands = parser.add_subparsers(dest="command", required=True)
    table = commands.add_parser("table", help="write each source as it was read")
    table.add_argument("sources", nargs="+", type=Path, metavar="SOURCE")
    table.add_argument("--out-dir", required=True, type=_folder, metavar="DIR")
    table.add_argument("--json", action="store_true", help="print one JSON object on stdout and nothing else")
    inspect = commands.add_parser("inspect", help="say what was understood")
    segment = commands.add_parser("segment", help="group the customers and write lists, tables and a report")
    for command in (inspect, segment):
        _reading_arguments(command)
    segment.add_argument("--out", required=True, type=_folder, metavar="DIR")
    segment.add_argument("--k", type=_k, default=None, metavar="N|auto")
    segment.add_argument("--k-max", type=_whole(2, 50), default=10, metavar="N")
    chosen = segment.add_mutually_exclusive_group()
    chosen.add_argument("--features", type=_names, default=None, metavar="NAME,NAME")
    chosen.add_argument("--preset", choices=("article", "rfm", "full"))
    segment.add_argument("--transform", choices=("none", "log", "power", "quantile", "auto"))
    segment.add_argument("--outliers", choices=("keep", "cap"))
    segment.add_argument("--scale", choices=("standard", "robust", "minmax"))
    segment.add_argument("--min-share", type=_share, default=0.03, metavar="SHARE")
    segment.add_argument("--rules", action="store_true", help="write rules.json: conditions that rebuild each segment")
    segment.add_argument("--seed", type=_whole(0, 2**32 - 1), default=42, metavar="N")
    return parser


def _reading_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("sources", nargs="+", type=Path, metavar="SOURCE")
    command.add_argument("--map", type=_role_and_column, action="append", default=[], metavar="ROLE=COLUMN")
    command.add_argument("--date-order", choices=("dmy", "mdy", "ymd"))
    command.add_argument("--decimal", choices=("point", "comma"))
    command.add_argument("--currency", type=_currency, metavar="EUR")
    command.add_argument("--returns", choices=("net", "ignore", "as-is"))
    command.add_argument("--as-of", type=_day, metavar="YYYY-MM-DD")
    command.add_argument(
        "--drop-duplicates", action="store_true", help="set aside rows that are exact copies of another"
    )
    command.add_argument("--strict", action="store_true", help="refuse a file that can be read in two ways")
    command.add_argument("--json", action="store_true", help="print one JSON object on stdout and nothing else")


def _role_and_column(text: str) -> tuple[str, str]:
    role, equals, column = text.partition("=")
    if not equals or not role:
        raise argparse.ArgumentTypeError(f"{text!r} is not ROLE=COLUMN, such as amount=Total")
    return role, column


def _folder(text: str) -> Path:
    path = Path(text)
    if path.exists() and not path.is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} is a file, not a folder")
    return path


def _currency(text: str) -> str:
    if len(text) != 3 or not text.isalpha() or not text.isascii():
        raise argparse.ArgumentTypeError(f"{text!r} is not a code of three letters, such as EUR")
    return text.upper()


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day such as 2024-03-31") from error


def _k(text: str) -> int | None:
    return None if text == "auto" else _whole(1, 50)(text)


def _whole(least: int, most: int) -> Callable[[str], int]:
    def whole(text: str) -> int:
        if not text.isdecimal() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} to {most}")
        return int(text)

    return whole


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 0.5:
        raise argparse.ArgumentTypeError(f"{text!r} is not a share from 0 to 0.5")
    return share


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
