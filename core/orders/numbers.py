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

Decimal = Literal["point", "comma"]

_CODES = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF "
    "CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG "
    "HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA "
    "MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD "
    "RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX "
    "USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWL HRK"
)
CURRENCY_CODES: tuple[str, ...] = tuple(_CODES.split())
"""ISO 4217, and the kuna of files from before 2023."""

CURRENCY_SIGNS: Mapping[str, str | None] = {
    "us$": "USD", "ca$": "CAD", "c$": "CAD", "au$": "AUD", "a$": "AUD", "nz$": "NZD", "hk$": "HKD", "s$": "SGD",
    "mx$": "MXN", "nt$": "TWD", "r$": "BRL", "$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "￥": "JPY", "₹": "INR",
    "₩": "KRW", "₺": "TRY", "₽": "RUB", "₴": "UAH", "₫": "VND", "฿": "THB", "₪": "ILS", "₦": "NGN", "₱": "PHP",
    "₡": "CRC", "₵": "GHS", "₲": "PYG", "₸": "KZT", "₾": "GEL", "rs.": "INR", "rs": "INR", "zł": "PLN", "zl": "PLN",
    "kč": "CZK", "ft": "HUF", "lei": "RON", "лв.": "BGN", "лв": "BGN", "sfr.": "CHF", "sfr": "CHF", "fr.": "CHF",
    "rm": "MYR", "rp": "IDR", "tl": "TRY", "r": "ZAR",
    "kr.": None, "kr": None,  # of Sweden, Norway or Denmark
}  # fmt: skip
"""Signs in lower case; the longer stand before those that they begin with. `$` alone is USD."""

_BLANK = "[\\s\u00a0\u2007\u2009\u202f]"
_MINUS = "[-−–]"
_CURRENCY = "|".join([*(re.escape(sign) for sign in CURRENCY_SIGNS), *(code.lower() for code in CURRENCY_CODES)])
_FIRST = r"[1-9]\d{0,2}"  # thousands begin with no zero
_GROUPED: Mapping[Decimal, str] = {
    "point": rf"{_FIRST}(?:,\d{{3}})+|[1-9]\d?(?:,\d\d)+,\d{{3}}",  # in India groups are of two above the last
    "comma": rf"{_FIRST}(?:\.\d{{3}})+",
}
_EITHER = rf"{_FIRST}(?:{_BLANK}\d{{3}})+|{_FIRST}(?:['’]\d{{3}})+|\d+"
_MARK: Mapping[Decimal, str] = {"point": r"\.", "comma": ","}
_POWER = r"(?:e[-+]?\d{1,3})?"


def _form(decimal: Decimal) -> str:
    number = rf"(?:{_GROUPED[decimal]}|{_EITHER})(?:{_MARK[decimal]}\d+)?{_POWER}"
    before, after = rf"(?:(?:{_CURRENCY}){_BLANK}*)", rf"(?:{_BLANK}*(?:{_CURRENCY}))"
    signed = rf"(?:[-+−–]{_BLANK}*{before}?|{before}(?:[-+−–]{_BLANK}*)?)?{number}{after}?"
    signed_after = rf"{before}?{number}{_BLANK}*(?:{_MINUS}{after}?|{after}{_MINUS})"
    in_parentheses = rf"{before}?\({_BLANK}*{before}?{number}{after}?{_BLANK}*\){after}?"
    return rf"(?i)^{_BLANK}*(?:{signed}|{signed_after}|{in_parentheses}){_BLANK}*$"


_FORMS: Mapping[Decimal, str] = {"point": _form("point"), "comma": _form("comma")}
_BARE: Mapping[Decimal, str] = {
    decimal: rf"^[-+]?(?:{mark}\d+|\d+{mark})(?:[eE][-+]?\d{{1,3}})?$" for decimal, mark in _MARK.items()
}
"""Numbers that begin or end with the mark, as computers write them. Beside a sign it could be part of that: `Rs.50`."""

_COMPILED = {decimal: re.compile(f"{_FORMS[decimal]}|{_BARE[decimal]}") for decimal in _FORMS}
# The number within what was already found to be one: no sign or code has a digit.
_DIGITS = "^\\D*(\\d[\\d.,'’\\s\u00a0\u2007\u2009\u202f]*(?:[eE][-+]?\\d+)?)"
_NEGATIVE = rf"^\D*[-−–(]|{_MINUS}\D*$"


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


def currency_of(header: str) -> str | None:
    """The ISO 4217 code of a currency that a header names: `Amount (EUR)`, `price_usd`, `Total €`."""
    words = re.split(r"[^\w$€£¥₹₩₺₽]+|_", header)
    for word in words:
        if word in CURRENCY_CODES or (word.upper() in _USUAL and word.islower()):
            return word.upper()
        for sign, code in CURRENCY_SIGNS.items():
            if not sign[0].isalpha() and sign in word:
                return code
    return None


_USUAL = (
    "EUR",
    "USD",
    "GBP",
    "CHF",
    "SEK",
    "NOK",
    "DKK",
    "PLN",
    "CZK",
    "JPY",
    "INR",
    "AUD",
    "NZD",
    "CAD",
    "BRL",
    "KES",
)
"""Codes that are no words, and so mean money in lower case too."""


def currency_code(written: ir.StringValue) -> ir.StringValue:
    """ISO 4217 of codes in any case and of signs."""
    plain = written.upper()
    signs = [(plain == sign.upper(), ibis.literal(code)) for sign, code in CURRENCY_SIGNS.items() if code]
    return ibis.cases((plain.re_search("^[A-Z]{3}$"), plain), *signs, else_=plain)


def currency_beside(written: ir.StringValue) -> ir.StringValue:
    """The sign or code beside each number, in lower case; for `currency_called`."""
    codes = "|".join(code.lower() for code in CURRENCY_CODES)
    signs = "|".join(re.escape(sign) for sign in CURRENCY_SIGNS)
    beside: ir.StringValue = written.re_extract(rf"(?i)({codes}|{signs})", 1).lower().nullif("")
    return beside


def currency_told(written: ir.StringValue) -> ir.StringValue:
    """ISO 4217 of the sign or code beside each number; missing where there is none, or one of several countries."""
    beside = currency_beside(written)
    shared = [sign for sign, code in CURRENCY_SIGNS.items() if code is None]
    return currency_code(beside.nullif("").cases(*((sign, ibis.null("string")) for sign in shared), else_=beside))


def currency_called(beside: str) -> str | None:
    """The ISO 4217 code of what `currency_beside` found; None for a sign that several countries share."""
    return CURRENCY_SIGNS[beside] if beside in CURRENCY_SIGNS else beside.upper()
