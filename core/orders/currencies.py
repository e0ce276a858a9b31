"""Currencies as files name them: by a code or a sign, beside an amount, in a column of their own or in a header."""

from __future__ import annotations

import re
from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

_CODES = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF "
    "CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG "
    "HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA "
    "MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD "
    "RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX "
    "USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWL HRK"
)
CODES: tuple[str, ...] = tuple(_CODES.split())
"""ISO 4217, and the kuna of files from before 2023."""

SIGNS: Mapping[str, str | None] = {
    "us$": "USD", "ca$": "CAD", "c$": "CAD", "au$": "AUD", "a$": "AUD", "nz$": "NZD", "hk$": "HKD", "s$": "SGD",
    "mx$": "MXN", "nt$": "TWD", "r$": "BRL", "$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "￥": "JPY", "₹": "INR",
    "₩": "KRW", "₺": "TRY", "₽": "RUB", "₴": "UAH", "₫": "VND", "฿": "THB", "₪": "ILS", "₦": "NGN", "₱": "PHP",
    "₡": "CRC", "₵": "GHS", "₲": "PYG", "₸": "KZT", "₾": "GEL", "rs.": "INR", "rs": "INR", "zł": "PLN", "zl": "PLN",
    "kč": "CZK", "ft": "HUF", "lei": "RON", "лв.": "BGN", "лв": "BGN", "sfr.": "CHF", "sfr": "CHF", "fr.": "CHF",
    "rm": "MYR", "rp": "IDR", "tl": "TRY", "r": "ZAR", "euros": "EUR", "euro": "EUR",
    "kr.": None, "kr": None,  # of Sweden, Norway, Denmark or Iceland
}  # fmt: skip
"""Signs in lower case; the longer stand before those that they begin with. `$` alone is USD."""

_DOLLARS = (
    "ARS AUD BBD BMD BND BRL BSD BZD CAD CLP COP CUP DOP FJD GYD HKD JMD KYD LRD MXN NAD NZD SBD SGD SRD TTD TWD USD "
    "UYU XCD"
)
_SHARED: Mapping[str, frozenset[str]] = {
    sign: frozenset(codes.split())
    for signs, codes in {
        "$": _DOLLARS,
        "£": "GBP EGP FKP GIP LBP SHP SSP SYP",
        "¥ ￥": "JPY CNY",
        "₩": "KRW KPW",
        "rs rs.": "INR LKR MUR NPR PKR SCR",
        "kr kr.": "SEK NOK DKK ISK",
        "lei": "RON MDL",
        "c$": "CAD NIO",
    }.items()
    for sign in signs.split()
}
"""Signs that several countries write, and of which currencies."""

_BEFORE = rf"^\W*({'|'.join([*map(re.escape, SIGNS), *(code.lower() for code in CODES)])})\W*\d"
_AFTER = rf"\d\W*({'|'.join([*map(re.escape, SIGNS), *(code.lower() for code in CODES)])})\W*$"

_WORDS = frozenset({"ALL", "AMD", "BAM", "BOB", "COP", "CUP", "GEL", "LAK", "MAD", "MOP", "PEN", "SOS", "TOP", "TRY"})
"""Codes that are words too: they name a currency in capitals alone."""
_NAMES: Mapping[str, str | None] = {"dollars": None, "dollar": None}
"""What headers call currencies beyond codes and signs; None where several countries do."""
_SYMBOLS = [sign for sign in SIGNS if not sign.rstrip(".").isalpha()]
_SYMBOL = re.compile(
    rf"(?<![A-Za-z])(?:{'|'.join(re.escape(sign) for sign in _SYMBOLS if sign[0].isalpha())})"
    rf"|{'|'.join(re.escape(sign) for sign in _SYMBOLS if not sign[0].isalpha())}",
    re.IGNORECASE,
)
_BRACKETS = re.compile(r"[(\[{]\s*(?:(?:in|en)\s+)?([^)\]}]*?)\s*[)\]}]", re.IGNORECASE)
_IN = re.compile(rf"(?:^|(?<=[\s_]))(?:in|en)[\s_]+((?:{_SYMBOL.pattern})|[^\W\d_]+\.?)(?![^\W_])", re.IGNORECASE)
_WORD = re.compile(r"(?<![^\W_])[^\W\d_]+(?![^\W_])")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def called(sign: str, named: str | None = None) -> str | None:
    """The ISO 4217 code of what `beside` found; None for a sign that is of no one country.

    Parameters
    ----------
    named : the currency that the file or somebody named: a sign of several countries is of this one if it can be
    """
    if sign not in SIGNS:
        return sign.upper()
    return named if named in _SHARED.get(sign, ()) else SIGNS[sign]


def told(written: ir.StringValue, counted: str) -> ir.StringValue:
    """The currency of each amount: `called`, or the sign itself where that is of no one country.

    Parameters
    ----------
    counted : that of amounts without a sign
    """
    found = beside(written)
    codes = [(sign, ibis.literal(called(sign, counted) or sign.rstrip("."))) for sign in SIGNS]
    return ibis.coalesce(found.cases(*codes, else_=found.upper()), ibis.literal(counted))


def beside(written: ir.StringValue) -> ir.StringValue:
    """The sign or code before or after each number, in lower case; missing where there is none."""
    found = [written.lower().re_extract(form, 1).nullif("") for form in (_BEFORE, _AFTER)]
    return ibis.coalesce(*found)


def code(written: ir.StringValue) -> ir.StringValue:
    """ISO 4217 of codes in any case and of signs."""
    plain = written.upper()
    signs = [(plain == sign.upper(), ibis.literal(code)) for sign, code in SIGNS.items() if code]
    return ibis.cases((plain.re_search("^[A-Z]{3}$"), plain), *signs, else_=plain)


def of_header(header: str) -> str | None:
    """The ISO 4217 code of a currency that a header names: `Amount (EUR)`, `price_usd`, `Total €`."""
    return _parted(header)[1]


def without(header: str) -> str:
    """A header without the currency that it names; as it is where it names none."""
    return _parted(header)[0]


def _parted(header: str) -> tuple[str, str | None]:
    """What a header says beside a currency, and the code of that; None where there is none, or of several countries.

    Signs tell wherever they stand. Letters do in brackets, after `in`, or as a code that is a word of the header; what
    else is a word (`try`, `all`) does in capitals alone, and not where the whole header is in capitals.
    """
    codes: list[str | None] = []

    def drop(pattern: re.Pattern[str], text: str, *, marked: bool, signs: bool = False) -> str:
        def each(found: re.Match[str]) -> str:
            word = found[found.lastindex or 0]
            told = (SIGNS.get(word.lower()),) if signs else _named(word, marked=marked, loud=loud)
            if told is None:
                return found[0]
            codes.extend(told)
            return " "

        return pattern.sub(each, text)

    loud = header.isupper()
    rest = drop(_BRACKETS, header, marked=True)
    rest = drop(_IN, rest, marked=True)
    rest = drop(_SYMBOL, rest, marked=True, signs=True)
    rest = drop(_WORD, _CAMEL.sub(" ", rest), marked=False)
    return (rest if codes else header), next((code for code in codes if code is not None), None)


def _named(word: str, *, marked: bool, loud: bool) -> tuple[str | None] | None:
    """The code that a word names, in a tuple; nothing where it is just a word.

    Parameters
    ----------
    marked : its place says that it may be a currency
    loud : all of the header is in capitals
    """
    upper, lower = word.upper(), word.lower()
    if upper in CODES:
        plain = upper not in _WORDS or (word.isupper() and (marked or not loud))
        return (upper,) if plain else None
    if lower in _NAMES:
        return (_NAMES[lower],)
    sure = marked or lower in {"euro", "euros"} or not lower.isascii()
    return (SIGNS[lower],) if lower in SIGNS and sure else None
