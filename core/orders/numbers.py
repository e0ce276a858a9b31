"""How text becomes numbers: one decimal mark for a column, found from all of its values.

A number has to be written right under the column's mark to be read at all: thousands in groups by one and the same
sign, currency signs and codes that there are, one minus. What is written otherwise is missing rather than wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import ibis
import ibis.expr.types as ir

from core.orders import currencies

Decimal = Literal["point", "comma"]

_BLANK = "[\\s\u00a0\u2007\u2009\u202f]"
_MINUS = "[-−–]"
_CURRENCY = "|".join([*map(re.escape, currencies.SIGNS), *(code.lower() for code in currencies.CODES)])
_FIRST = r"[1-9]\d{0,2}"  # thousands begin with no zero
_GROUPED: Mapping[Decimal, str] = {
    "point": rf"{_FIRST}(?:,\d{{3}})+|[1-9]\d?(?:,\d\d)+,\d{{3}}",  # in India groups are of two above the last
    "comma": rf"{_FIRST}(?:\.\d{{3}})+",
}
_EITHER = rf"{_FIRST}(?:{_BLANK}\d{{3}})+|{_FIRST}(?:['’]\d{{3}})+|\d+"
_NO_CENTS = "[-−–—]{1,2}"  # `25.-` and `25,--`, as prices are written in shops
_MARK: Mapping[Decimal, str] = {"point": r"\.", "comma": ","}
_POWER = r"(?:e[-+]?\d{1,3})?"


def _form(decimal: Decimal) -> str:
    number = rf"(?:{_GROUPED[decimal]}|{_EITHER})(?:{_MARK[decimal]}\d+)?{_POWER}"
    priced = rf"(?:{number}|(?:{_GROUPED[decimal]}|{_EITHER}){_MARK[decimal]}{_NO_CENTS})"
    before, after = rf"(?:(?:{_CURRENCY}){_BLANK}*)", rf"(?:{_BLANK}*(?:{_CURRENCY}))"
    signed = rf"(?:[-+−–]{_BLANK}*{before}?|{before}(?:[-+−–]{_BLANK}*)?)?{priced}{after}?"
    signed_after = rf"{before}?{number}{_BLANK}*(?:{_MINUS}{after}?|{after}{_MINUS})"
    in_parentheses = rf"{before}?\({_BLANK}*{before}?{priced}{after}?{_BLANK}*\){after}?"
    return rf"(?i)^{_BLANK}*(?:{signed}|{signed_after}|{in_parentheses}){_BLANK}*$"


_FORMS: Mapping[Decimal, str] = {"point": _form("point"), "comma": _form("comma")}
_BARE: Mapping[Decimal, str] = {
    decimal: rf"^[-+]?(?:{mark}\d+|\d+{mark})(?:[eE][-+]?\d{{1,3}})?$" for decimal, mark in _MARK.items()
}
"""Numbers that begin or end with the mark, as computers write them. Beside a sign it could be part of that: `Rs.50`."""

_COMPILED = {decimal: re.compile(f"{_FORMS[decimal]}|{_BARE[decimal]}") for decimal in _FORMS}
# The number within what was already found to be one: no sign or code has a digit.
_DIGITS = "^\\D*(\\d[\\d.,'’\\s\u00a0\u2007\u2009\u202f]*(?:[eE][-+]?\\d+)?)"
BELOW_NOTHING = r"^\D{0,4}[-−]|^\(|[^.,\-−–—]-$"
"""What a glance at trimmed text tells of amounts that are less than nothing."""
_NEGATIVE = rf"^\D*[-−–(]|[^.,\-−–—]{_MINUS}\D*$"


def is_number(written: str) -> bool:
    """Whether trimmed text is a number under one of the marks."""
    return is_plain_number(written) or any(form.match(written) for form in _COMPILED.values())


def is_plain_number(written: str) -> bool:
    """Whether trimmed text is a number as computers write it."""
    return re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", written) is not None


def sure_points(written: Iterable[str]) -> bool:
    """Whether the points in plain numbers, if there are any, surely are decimal marks."""
    marked = [text for text in written if "." in text]
    return not marked or any(not _COMPILED["comma"].match(text) for text in marked)


def number_by_rule(written: ir.StringValue, decimal: Decimal | None, *, mixed: bool = False) -> ir.FloatingValue:
    """Each value of `text` as a number, missing where it is none.

    Currency signs and codes, blanks and thousands marks are passed over; parentheses and a minus before or after mean
    less than nothing. Without a decimal mark nothing is read: all that is plain can be cast.

    Parameters
    ----------
    mixed : whether what can only be read by the other mark is read by it
    """
    if decimal is None:
        return ibis.null("float64")
    marks: list[Decimal] = [decimal]
    if mixed:
        marks.append("comma" if decimal == "point" else "point")
    forms = []
    for mark in marks:
        forms.append((written.re_search(_FORMS[mark]), _number(written, mark)))
        forms.append((written.re_search(_BARE[mark]), written.replace(",", ".").try_cast("float64")))
    return ibis.cases(*forms, else_=ibis.null("float64"))


def _number(written: ir.StringValue, decimal: Decimal) -> ir.FloatingValue:
    """The number of text that has the form of one."""
    thousands = "," if decimal == "point" else "."
    digits = written.re_extract(_DIGITS, 1).re_replace(f"[{thousands}'’\\s\u00a0\u2007\u2009\u202f]", "")
    size = digits.replace(",", ".").try_cast("float64")
    return ibis.ifelse(written.re_search(_NEGATIVE), -size, size)


@dataclass(frozen=True, slots=True)
class NumberEvidence:
    """What a whole column of numbers written as text says of its decimal mark; counts of values."""

    point_only: int = 0  # 1,234.50 and 12.5: a number only if the point is the decimal mark
    comma_only: int = 0
    either_comma: int = 0  # 1,234: a number by both marks, and another one by each
    either_point: int = 0
    long: int = 0  # 1234: whoever parts thousands would have parted this
    example: str | None = None  # the first, in the order of text, of those that are either

    @property
    def decimal(self) -> Decimal | None:
        """The mark that the column's own values decide for, if they do."""
        if self.point_only != self.comma_only:
            return "point" if self.point_only > self.comma_only else "comma"
        if self.long and bool(self.either_comma) != bool(self.either_point):
            return "comma" if self.either_comma else "point"
        return None

    @property
    def mixed(self) -> bool:
        """Whether both marks are in use: too many values for slips can be read by one alone, and by the other."""
        fewer, more = sorted((self.point_only, self.comma_only))
        return fewer >= _MORE_THAN_SLIPS * (fewer + more) > 0

    @property
    def undecided(self) -> bool:
        """Whether there are values that can be two numbers, and nothing in the column says which."""
        return self.either_comma + self.either_point > 0 and (self.decimal is None or self.mixed)


_MORE_THAN_SLIPS = 0.05


def clues(written: ir.StringValue) -> dict[str, ir.Value]:
    """What of `text` can tell a mark: all but numbers below 1000 without one. For `further_clues`."""
    telling = (written.length() > 3) | written.contains(".") | written.contains(",")
    return {"written": ibis.ifelse(telling, written, ibis.null("string"))}


def further_clues(seen: Mapping[str, ir.Value]) -> dict[str, ir.Value]:
    """Under which marks each of the `clues` is a number; for `tally`."""
    written = seen["written"]
    fits: dict[str, ir.Value] = {
        mark: written.re_search(_FORMS[mark]) | written.re_search(_BARE[mark]) for mark in _FORMS
    }
    return {"written": written, **fits}


def tally(seen: Mapping[str, ir.Value]) -> dict[str, ir.Scalar]:
    """Aggregates of `further_clues` that fill a `NumberEvidence`."""
    written, point, comma = seen["written"], seen["point"], seen["comma"]
    either = point & comma & written.re_search(r"\d[.,]\d")
    return {
        "point_only": (point & ~comma).sum(),
        "comma_only": (comma & ~point).sum(),
        "either_comma": (either & written.contains(",")).sum(),
        "either_point": (either & written.contains(".") & ~written.contains(",")).sum(),
        "long": (point & written.re_search(r"^\D*\d{4,}\D*$")).sum(),
        "example": written.min(where=either),
    }


def readings_of(written: str) -> dict[Decimal, str]:
    """What text with one mark is by each decimal mark, in digits that no one can mistake."""
    found = re.search(r"(\d+)([.,])(\d+)", written)
    if found is None:
        return {}
    whole, mark, rest = found.groups()
    sign = "-" if re.search(_NEGATIVE, written) else ""
    fraction, thousands = f"about {float(f'{sign}{whole}.{rest}'):.2f}".replace(".", mark), sign + whole + rest
    return {"point": fraction, "comma": thousands} if mark == "." else {"point": thousands, "comma": fraction}
