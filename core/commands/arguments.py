"""The commands and their options."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import NoReturn

# All between :// and the last @: a password that was typed as it is may hold any sign.
_PASSWORD = re.compile(r"://[^\s'\"]*@")


class _Parser(argparse.ArgumentParser):
    """One that repeats what was typed without the passwords in it."""

    def error(self, message: str) -> NoReturn:
        super().error(_PASSWORD.sub("://***@", message))


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    """What was typed; ends the program where it can't be."""
    commands = parser()
    given = commands.parse_args(arguments)
    if getattr(given, "replace", False) and given.to is None:
        commands.error("--replace is about the table of --to, which is missing")
    return given


def parser() -> argparse.ArgumentParser:
    """What can be typed after `python -m core`."""
    parser = _Parser(prog="python -m core", description="Customer segments from order files.")
    commands = parser.add_subparsers(dest="command", required=True)
    table = commands.add_parser("table", help="write each source as it was read")
    table.add_argument("sources", nargs="+", type=_file, metavar="SOURCE")
    table.add_argument("--out-dir", required=True, type=_folder, metavar="DIR")
    table.add_argument("--json", action="store_true", help="print one JSON object on stdout and nothing else")
    inspect = commands.add_parser("inspect", help="say what was understood")
    segment = commands.add_parser("segment", help="group the customers and write lists, tables and a report")
    score = commands.add_parser("score", help="give the customers of a file their segments from a recipe")
    for command in (inspect, segment, score):
        _reading_arguments(command)
    for command in (segment, score):
        _leaving_arguments(command)
    score.add_argument("--recipe", required=True, type=Path, metavar="RECIPE.json")
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
    command.add_argument(
        "sources",
        nargs="+",
        metavar="SOURCE",
        help="a file, a folder, a pattern of files in quotes, or a table: postgres://user@host:port/database/table, "
        "duckdb://file/table, spark://host:port/table",
    )
    command.add_argument(
        "--timeout", type=_whole(1, 86_400), metavar="SECONDS", help="the longest that a database may take to answer"
    )
    command.add_argument(
        "--bring", action="store_true", help="bring the rows of a database here, even where it could do the work"
    )
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


def _leaving_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("--out", required=True, type=_folder, metavar="DIR")
    command.add_argument("--audience", type=_platforms, default=(), metavar="NAME,NAME", help="lists for platforms")
    command.add_argument("--default-country", type=_country, metavar="DE", help="of phones without a country code")
    command.add_argument("--control-share", type=_share, default=0.0, metavar="SHARE")
    command.add_argument("--ignore-consent", action="store_true", help="list also who did not agree to marketing")
    command.add_argument("--workbook", action="store_true", help="write segments.xlsx as well")
    command.add_argument(
        "--parquet", action="store_true", help="write segments.parquet and set_aside.parquet as well, for programs"
    )
    command.add_argument(
        "--to",
        type=_table,
        metavar="URL",
        help="write the rows of segments.csv to a table as well: duckdb://file/table, "
        "postgres://user@host:port/database/table",
    )
    command.add_argument("--replace", action="store_true", help="let that table take the place of one that is there")


def _file(text: str) -> Path:
    if "://" in text:
        raise argparse.ArgumentTypeError(f"{text!r} is a table already: this command takes files")
    return Path(text)


def _table(text: str) -> str:
    if "://" not in text:
        # Not repeated, since an address that is written wrong may hold a password too.
        raise argparse.ArgumentTypeError("an address of a table is wanted, such as duckdb://file.duckdb/table")
    return text


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


def _platforms(text: str) -> tuple[str, ...]:
    from core.exports.lists import PLATFORMS  # here, since it brings pandas along

    names = _names(text)
    if unknown := [name for name in names if name not in PLATFORMS]:
        raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none of {', '.join(PLATFORMS)}")
    return tuple(dict.fromkeys(names))


def _country(text: str) -> str:
    from core.exports.countries import country_code  # here, since it loads the names of all countries

    code = country_code(text)
    if code is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no country, such as DE")
    return code


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
