"""How text becomes days, numbers and ids: rules inferred from the whole column, applied as one expression.

Each rule is a regular expression that rearranges text into what every engine can cast, so that the same rule runs in
DuckDB and elsewhere, and a value that fits no rule is missing rather than wrong.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import ibis
import ibis.expr.types as ir

DateOrder = Literal["dmy", "mdy", "ymd"]
Decimal = Literal["point", "comma"]

BLANKS = ("", "-", "--", "n/a", "na", "nan", "nat", "null", "none", "#n/a")
"""Texts (in lower case) that stand for nothing."""

MOST = 1e15
"""A number from here up has gone wrong, and money would not fit the exact sum."""

_WHOLE_FLOATS = 2.0**53  # below, a float holds each whole number
_LONGEST_BLANK = max(len(blank) for blank in BLANKS)

# Time of day and zone are allowed for and left out: the local day as written counts.
_TIME = (
    r"(?:[T ,]+\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:[.,]\d+)?)?"
    r"\s*(?:[AaPp]\.?[Mm]\.?)?\s*(?:Z|[A-Z]{3,4}|[+-]\d{2}:?\d{2})?"
)
_YEAR_FIRST = rf"^(\d{{4}})[-/.](\d{{1,2}})[-/.](\d{{1,2}}){_TIME}$"
_COMPACT = r"^(\d{4})(\d{2})(\d{2})$"
_YEAR_LAST = rf"^(\d{{1,2}})[-/.](\d{{1,2}})[-/.](\d{{2}}|\d{{4}}){_TIME}$"
_DATE_PATTERNS = tuple(re.compile(pattern) for pattern in (_YEAR_FIRST, _COMPACT, _YEAR_LAST))

_NUMBER = re.compile(
    r"^[^\w\s]{0,3}\s?(?:[A-Z]{1,3}\s?)?[^\w\s]?[\d][\d.,'’\s]*(?:[eE][-+]?\d+)?\s?(?:[^\w\s]|[A-Z]{3})?[)-]?$"
)
_INTEGER = re.compile(r"^[-+]?\d+(?:\.0+)?$")
_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")

CURRENCY_SIGNS = {"€": "EUR", "£": "GBP", "$": "USD", "¥": "JPY", "₹": "INR", "₩": "KRW", "₺": "TRY", "zł": "PLN"}
CURRENCY_CODES = (
    "EUR",
    "USD",
    "GBP",
    "CHF",
    "SEK",
    "NOK",
    "DKK",
    "PLN",
    "CZK",
    "HUF",
    "RON",
    "TRY",
    "JPY",
    "CNY",
    "INR",
    "KRW",
    "AUD",
    "NZD",
    "CAD",
    "MXN",
    "BRL",
    "ZAR",
    "KES",
    "NGN",
    "AED",
    "SAR",
    "ILS",
    "SGD",
    "HKD",
    "THB",
    "IDR",
    "MYR",
    "PHP",
    "VND",
)


@dataclass(frozen=True, slots=True)
class Reading:
    """The rules by which a file's values are read."""

    date_order: DateOrder | None  # None where every date has the year first, or is typed
    decimal: Decimal | None  # None where every number is plain, or typed
    currency: str | None  # ISO 4217
    ambiguities: tuple[str, ...] = ()


def is_blank(value: object) -> bool:
    """Whether a sampled value stands for nothing."""
    return value is None or str(value).strip().lower() in BLANKS


def share(values: Sequence[object], kind: Literal["date", "number", "integer", "email"]) -> float:
    """How many of the sampled values, blanks aside, look like a kind: 0 to 1. 0 where all are blank."""
    texts = [str(value).strip() for value in values if not is_blank(value)]
    if not texts:
        return 0.0
    patterns = {"date": _DATE_PATTERNS, "number": (_NUMBER,), "integer": (_INTEGER,), "email": (_EMAIL,)}[kind]
    return sum(any(pattern.match(text) for pattern in patterns) for text in texts) / len(texts)


def year_first(sampled: Sequence[object]) -> bool:
    """Whether all sampled days have the year first or are typed, so that none can be read in two ways."""
    texts = [str(value).strip() for value in sampled if not is_blank(value)]
    return all(re.match(_YEAR_FIRST, text) or re.match(_COMPACT, text) for text in texts)


def plain_numbers(sampled: Sequence[object]) -> bool:
    """Whether all sampled numbers are as a computer writes them, and their decimal mark, if any, is surely one."""
    texts = [str(value).strip() for value in sampled if not is_blank(value)]
    marked = [text for text in texts if "." in text]
    sure = not marked or any(not re.search(r"^\D*\d{1,3}\.\d{3}$", text) for text in marked)
    return sure and all(re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", text) for text in texts)


def text(column: ir.Value) -> ir.StringValue:
    """The trimmed text of a column, missing where it stands for nothing. Whole floats lose their `.0`."""
    return unless_blank(stripped(column))


def stripped(column: ir.Value) -> ir.StringValue:
    """A column as text without white space around it. Whole floats lose their `.0`."""
    if column.type().is_floating():
        whole = ibis.ifelse(column == column.floor(), column.cast("int64").cast("string"), column.cast("string"))
        # Infinity cannot be cast to a whole number, and NaN stands for nothing.
        plain = ibis.ifelse(column.abs() < _WHOLE_FLOATS, whole, column.cast("string"))
        return ibis.ifelse(column.isnan(), ibis.null("string"), plain)
    written = column.cast("string")
    # Stripping costs ten times as much as telling that there is nothing to strip: 2.8 s for ten million cells.
    padded = (written < "!") | ibis.or_(*(written.endswith(mark) for mark in " \t\r\n\v\f"))
    return ibis.ifelse(padded, written.strip(), written)


def unless_blank(trimmed: ir.StringValue) -> ir.StringValue:
    """Stripped text, missing where it stands for nothing."""
    # What is longer than the longest blank needs no look at the list.
    return ibis.cases(
        (trimmed.length() > _LONGEST_BLANK, trimmed),
        (trimmed.lower().isin(BLANKS), ibis.null("string")),
        else_=trimmed,
    )


def identity(written: ir.StringValue, *, lower: bool = False) -> ir.StringValue:
    """Ids from `text`: leading zeros stay, `17850.0` is `17850`, and emails (`lower`) do not differ by case."""
    ids = ibis.ifelse(written.endswith(".0"), written.re_replace(r"^(\d+)\.0$", r"\1"), written)
    return ids.lower() if lower else ids


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


def day_by_rule(written: ir.StringValue, order: DateOrder | None) -> ir.DateValue:
    """The calendar day of each value of `text`, missing where it is none.

    `order` tells which of the first two numbers is the day where the year stands last (or, for `ymd`, that it stands
    first even with two digits); without it only days with the year first are read.
    """
    formats = [
        (written.re_search(_YEAR_FIRST), _rearranged(written, _YEAR_FIRST, r"\1-\2-\3")),
        (written.re_search(_COMPACT), _rearranged(written, _COMPACT, r"\1-\2-\3")),
    ]
    if order is not None:
        formats.append((written.re_search(_YEAR_LAST), _year_last(written, order)))
    return ibis.cases(*formats, else_=ibis.null("date"))


def _year_last(written: ir.StringValue, order: DateOrder) -> ir.DateValue:
    if order == "ymd":
        year, rest = written.re_extract(_YEAR_LAST, 1), r"-\2-\3"
    else:
        year, rest = written.re_extract(_YEAR_LAST, 3), r"-\1-\2" if order == "mdy" else r"-\2-\1"
    century = ibis.ifelse(year.length() == 4, "", ibis.ifelse(year.try_cast("int64") < 70, "20", "19"))
    return (century + year + written.re_replace(_YEAR_LAST, rest)).try_cast("date")


def _rearranged(written: ir.StringValue, pattern: str, iso: str) -> ir.DateValue:
    return written.re_replace(pattern, iso).try_cast("date")


def cast_number(cell: ir.Value, decimal: Decimal | None) -> ir.FloatingValue:
    """Numbers of a typed column, or of text as a computer writes them. May be NaN or infinite."""
    if cell.type().is_numeric():
        return cell.cast("float64")
    if decimal == "comma":
        return ibis.null("float64")  # `1.234` is more than a thousand
    return cell.cast("string").try_cast("float64")


def number_by_rule(written: ir.StringValue, decimal: Decimal | None) -> ir.FloatingValue:
    """Each value of `text` as a number, missing where it is none.

    Currency signs and codes, blanks and thousands marks are passed over; parentheses and a trailing minus mean less
    than nothing. Without a decimal mark nothing is read: all that is plain can be cast.
    """
    if decimal is None:
        return ibis.null("float64")
    bare = written.re_replace(r"[A-Za-z]{3}$|^[A-Za-z]{1,3}|[\s\x{00A0}\x{202F}'’$€£¥₹₩₺]|zł", "")
    bare = bare.replace(",", "") if decimal == "point" else bare.replace(".", "").replace(",", ".")
    return bare.re_replace(r"^\((.*)\)$|^(.*)-$", r"-\1\2").try_cast("float64")


def finite(numbers: ir.FloatingValue) -> ir.FloatingValue:
    """Numbers whose size is less than `MOST`; NaN, infinity and larger ones are missing."""
    return ibis.ifelse(numbers.abs() < MOST, numbers, ibis.null("float64"))


@dataclass(frozen=True, slots=True)
class DateEvidence:
    """Counts over a whole column of dates with the year last."""

    year_last: int = 0
    dotted: int = 0  # 31.12.2024: written so only where the day stands first
    first_over_12: int = 0  # can only be a day
    second_over_12: int = 0

    def order(self, *, continental: bool) -> tuple[DateOrder, bool]:
        """The likelier order, and whether the values decide it.

        `continental` tells that the file's other marks (semicolons, decimal commas) are those of places that write the
        day first.
        """
        if self.first_over_12 != self.second_over_12:
            return ("dmy" if self.first_over_12 > self.second_over_12 else "mdy"), True
        if self.dotted > self.year_last / 2:
            return "dmy", True
        return ("dmy" if continental else "mdy"), self.year_last == 0


def date_evidence(column: ir.Value) -> dict[str, ir.IntegerScalar]:
    """Aggregates that fill a `DateEvidence`; none for typed columns."""
    if not column.type().is_string():
        return {}
    written = text(column)
    last = (written.length() <= 40) & ~written.re_search(r"^\d{4}[-/.]") & written.re_search(_YEAR_LAST)
    first = ibis.ifelse(last, written.re_extract(_YEAR_LAST, 1).try_cast("int64"), 0)
    second = ibis.ifelse(last, written.re_extract(_YEAR_LAST, 2).try_cast("int64"), 0)
    return {
        "year_last": last.sum(),
        "dotted": (last & written.re_search(r"^\d{1,2}\.")).sum(),
        "first_over_12": (first > 12).sum(),
        "second_over_12": (second > 12).sum(),
    }


@dataclass(frozen=True, slots=True)
class NumberEvidence:
    """Counts over a whole column of numbers written as text."""

    commas: int = 0  # values that hold a comma
    points: int = 0
    comma_decides: int = 0  # `1,5` and `1.234,50`: the comma can only be the decimal mark
    point_decides: int = 0
    one_mark_three_digits: int = 0  # `1,234` and `1.234`: either way

    @property
    def decimal(self) -> Decimal:
        """The mark that the values decide for; where none does, the usual reading of the mark at hand."""
        return "comma" if self.comma_decides > self.point_decides else "point"

    @property
    def undecided(self) -> bool:
        """Whether all values with a mark can be read either way, and none decides."""
        return self.one_mark_three_digits > 0 and self.comma_decides == 0 == self.point_decides


def number_evidence(column: ir.Value) -> dict[str, ir.IntegerScalar]:
    """Aggregates that fill a `NumberEvidence`; none for typed columns."""
    if not column.type().is_string():
        return {}
    commas, points = column.contains(","), column.contains(".")
    # A mark that stands twice can only part thousands.
    return {
        "commas": commas.sum(),
        "points": points.sum(),
        "comma_decides": (
            (commas & column.re_search(r",(\d{1,2}|\d{4,})(\D|$)|\.\d{3},\d"))
            | (points & column.re_search(r"\d\.\d{3}\.\d{3}(\D|$)"))
        ).sum(),
        "point_decides": (
            (points & column.re_search(r"\.(\d{1,2}|\d{4,})(\D|$)|,\d{3}\.\d"))
            | (commas & column.re_search(r"\d,\d{3},\d{3}(\D|$)"))
        ).sum(),
        "one_mark_three_digits": (column.re_search(r"^\D*\d{1,3}[.,]\d{3}\D*$")).sum(),
    }


def currency_of(texts: Sequence[object]) -> str | None:
    """The currency of the first sign or code that stands by an amount or in its header. `$` alone is USD."""
    for written in texts:
        for sign, code in CURRENCY_SIGNS.items():
            if sign in str(written):
                return code
        found = re.search(r"(?<![A-Za-z])(?:" + "|".join(CURRENCY_CODES) + r")(?![A-Za-z])", str(written))
        if found:
            return found.group()
    return None
