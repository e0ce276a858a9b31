"""How text becomes values: what stands for nothing, what a cast can be trusted with, and the rules for one file.

Each rule is a regular expression that rearranges text into what every engine can cast, so that the same rule runs in
DuckDB and elsewhere, and a value that fits no rule is missing rather than wrong.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

import ibis
import ibis.expr.types as ir

from core.orders import dates, numbers
from core.orders.dates import DateOrder, DayCount
from core.orders.numbers import Decimal

BLANKS = ("", "-", "--", "---", "–", "—", "n/a", "n.a.", "na", "nan", "nat", "null", "none", "#n/a", "<na>")
"""Texts (in lower case) that stand for nothing."""

MOST = 1e15
"""A number from here up has gone wrong, and money would not fit the exact sum."""

_WHOLE_FLOATS = 2.0**53  # below, a float holds each whole number
_LONGEST_BLANK = max(len(blank) for blank in BLANKS)
_NO_BREAKS = ("\u00a0", "\u202f")

_INTEGER = re.compile(r"^[-+]?\d+(?:\.0+)?$")
_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to read what can be read in two."""

    option: DateOrder | Decimal  # what to choose for it
    words: str  # what the example then is


@dataclass(frozen=True, slots=True)
class Ambiguity:
    """What in a file can be read in two ways, with a value of the file read both ways. `str` tells it in a sentence."""

    kind: Literal["date-order", "decimal"]
    column: str  # its header
    example: str  # as the file writes it
    taken: Choice
    other: Choice
    because: str  # why the one was taken, as part of a sentence

    def __str__(self) -> str:
        what = {
            "date-order": f"No date in {self.column} shows which number is the day",
            "decimal": f"No number in {self.column} shows whether its mark parts thousands or decimals",
        }[self.kind]
        return (
            f"{what}: {self.example} is read as {self.taken.words}, since {self.because}; it could also be "
            f"{self.other.words}."
        )


@dataclass(frozen=True, slots=True)
class Reading:
    """The rules by which a file's values are read."""

    date_order: DateOrder | None  # None where every date can be read in one way, or is typed
    decimal: Decimal | None  # of the money; None where every number is plain, or typed
    currency: str | None  # ISO 4217
    ambiguities: tuple[Ambiguity, ...] = ()
    day_count: DayCount | None = None  # where dates are numbers
    decimals: Mapping[str, Decimal] = field(default_factory=dict)  # by role, where it is not `decimal`
    mixed: frozenset[str] = frozenset()  # roles whose columns use both marks
    whole: frozenset[str] = frozenset()  # roles whose first values have no mark, and all of whose values must have none
    signed: str | None = None  # where signs of several currencies stand beside amounts: the code or sign that counts
    warnings: tuple[str, ...] = ()

    @property
    def counted(self) -> str | None:
        """The currency that counts, or its sign where that is of no one country."""
        return self.signed or self.currency

    def decimal_of(self, role: str) -> Decimal | None:
        """The decimal mark of the column that plays a role."""
        return self.decimals.get(role, self.decimal)


def is_blank(value: object) -> bool:
    """Whether a sampled value stands for nothing."""
    return value is None or str(value).strip().lower() in BLANKS


def share(values: Sequence[object], kind: Literal["date", "number", "integer", "email"]) -> float:
    """How many of the sampled values, blanks aside, look like a kind: 0 to 1. 0 where all are blank."""
    texts = [str(value).strip() for value in values if not is_blank(value)]
    if not texts:
        return 0.0
    looks = {
        "date": dates.is_date,
        "number": numbers.is_number,
        "integer": lambda text: _INTEGER.match(text) is not None,
        "email": lambda text: _EMAIL.match(text) is not None,
    }[kind]
    return sum(map(looks, texts)) / len(texts)


def are_day_counts(sampled: Sequence[object]) -> bool:
    """Whether nearly all sampled values are numbers that count days, seconds or their parts up to about these years."""
    texts = [str(value).strip() for value in sampled if not is_blank(value)]
    return dates.count_of(texts, date.today()) is not None


def year_first(sampled: Sequence[object]) -> bool:
    """Whether all sampled days have the year first or are typed, so that none can be read in two ways."""
    texts = [str(value).strip() for value in sampled if not is_blank(value)]
    return all(dates.is_plain_date(text) for text in texts)


def plain_numbers(sampled: Sequence[object]) -> bool:
    """Whether all sampled numbers are as a computer writes them, and their decimal mark, if any, is surely one."""
    texts = [str(value).strip() for value in sampled if not is_blank(value)]
    return all(numbers.is_plain_number(text) for text in texts) and numbers.sure_points(texts)


def text(column: ir.Value) -> ir.StringValue:
    """The trimmed text of a column, missing where it stands for nothing. Whole floats lose their `.0`."""
    return looked_up(stripped(column))


def looked_up(written: ir.StringValue) -> ir.StringValue:
    """What `text` makes of stripped text: without blanks that do not break around it, missing where it is nothing."""
    padded = ibis.or_(*(written.startswith(mark) | written.endswith(mark) for mark in _NO_BREAKS))
    around = f"[\\s{''.join(_NO_BREAKS)}]+"
    return unless_blank(ibis.ifelse(padded, written.re_replace(f"^{around}|{around}$", ""), written))


def texts(table: ir.Table, cells: Mapping[str, ir.Value], keep: Sequence[str] = ()) -> ir.Table:
    """The `text` of several cells as columns of their own, beside the columns to keep.

    In two steps, since an expression within another is repeated in all places where that one names it: nested, the
    text of a cell is 11,000 characters of SQL, and a question that uses it ten times takes the engine seconds to read.
    """
    rows = table.select(*keep, **{name: stripped(cell) for name, cell in cells.items()})
    return rows.select(*keep, **{name: looked_up(rows[name]) for name in cells})


def stripped(column: ir.Value, *, plain: bool = False) -> ir.StringValue:
    """A column as text without white space around it. Whole floats lose their `.0`.

    Parameters
    ----------
    plain : the column is known to have no blanks but spaces
    """
    if column.type().is_floating():
        whole = ibis.ifelse(column == column.floor(), column.cast("int64").cast("string"), column.cast("string"))
        # Infinity cannot be cast to a whole number, and NaN stands for nothing.
        plain = ibis.ifelse(column.abs() < _WHOLE_FLOATS, whole, column.cast("string"))
        return ibis.ifelse(column.isnan(), ibis.null("string"), plain)
    written = column.cast("string")
    if not column.type().is_string():
        return written  # nothing stands around a number, a day or a yes
    # Stripping costs ten times as much as telling that there is nothing to strip: 2.8 s for ten million cells.
    padded = (written < "!") | (written.endswith(" ") if plain else written.right(1) < "!")
    return ibis.ifelse(padded, written.strip(), written)


def unless_blank(trimmed: ir.StringValue) -> ir.StringValue:
    """Stripped text, missing where it stands for nothing."""
    # What is longer than the longest blank needs no look at the list.
    return ibis.cases(
        (trimmed.length() > _LONGEST_BLANK, trimmed),
        (trimmed.lower().isin(BLANKS), ibis.null("string")),
        else_=trimmed,
    )


def cast_day(cell: ir.Value) -> ir.DateValue:
    """Days of a typed column, or of text as long as `2024-12-31` as far as a cast tells; for `trusted_day` to judge."""
    kind = cell.type()
    if kind.is_date():
        return cell
    if kind.is_timestamp():
        return cell.date()
    written = cell.cast("string")
    return ibis.ifelse(written.length() == len("2024-12-31"), written.try_cast("date"), ibis.null("date"))


def trusted_day(cast: ir.DateValue) -> ir.DateValue:
    """What a cast of text can be trusted with: it also reads `24-12-31  `, with the year 24."""
    return ibis.ifelse(cast.between(date(1000, 1, 1), date(9999, 12, 31)), cast, ibis.null("date"))


def cast_number(cell: ir.Value, decimal: Decimal | None, *, whole: bool = False) -> ir.FloatingValue:
    """Numbers of a typed column, or of text as a computer writes them. May be NaN or infinite.

    Parameters
    ----------
    whole : nothing tells yet what a point would mean, so that texts with one are left unread
    """
    if cell.type().is_numeric():
        return cell.cast("float64")
    if decimal == "comma":
        return ibis.null("float64")  # `1.234` is more than a thousand
    written = cell.cast("string")
    read = written.try_cast("float64")
    return ibis.ifelse(written.contains("."), ibis.null("float64"), read) if whole else read


def finite(numbers: ir.FloatingValue) -> ir.FloatingValue:
    """Numbers whose size is less than `MOST`; NaN, infinity and larger ones are missing."""
    return ibis.ifelse(numbers.abs() < MOST, numbers, ibis.null("float64"))
