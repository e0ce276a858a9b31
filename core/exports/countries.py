"""Countries as files write them -> ISO 3166-1 alpha-2."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from core.orders.names import normalised

_ALSO = {
    "US": "usa, u s a, u s, america, united states of america",
    "GB": "uk, u k, gbr, great britain, england, scotland, wales, northern ireland, grossbritannien",
    "DE": "deu, ger, brd", "AT": "aut", "CH": "che, schweiz suisse", "FR": "fra", "ES": "esp", "IT": "ita",
    "NL": "nld, holland, the netherlands", "BE": "bel", "LU": "lux", "IE": "irl, republic of ireland", "PT": "prt",
    "DK": "dnk", "SE": "swe", "NO": "nor", "FI": "fin", "PL": "pol", "CZ": "cze, czechia, czech republic",
    "GR": "grc", "HU": "hun", "RO": "rou", "CA": "can", "AU": "aus", "NZ": "nzl", "JP": "jpn", "CN": "chn",
    "IN": "ind", "BR": "bra", "MX": "mex", "TR": "tur, turkiye", "ZA": "zaf", "KR": "kor, korea, south korea",
    "RU": "rus", "AE": "are, uae",
}  # fmt: skip


def country_code(written: str) -> str | None:
    """The code of a country written as a code or by its name in any of some languages; None where it is neither.

    Notes
    -----
    The names are those of `phonenumbers` (from the Unicode CLDR), which is here for phones; a name that two countries
    have in two languages is none.
    """
    text = written.strip()
    if len(text) == 2 and text.upper() in names():
        return text.upper()
    return _by_name().get(normalised(text))


@cache
def names() -> Mapping[str, str]:
    """{code: English name} of all countries, by name."""
    from phonenumbers import SUPPORTED_REGIONS
    from phonenumbers.geodata.locale import LOCALE_DATA

    named = {code: _name(LOCALE_DATA[code]) for code in SUPPORTED_REGIONS if code in LOCALE_DATA}
    return dict(sorted(named.items(), key=lambda each: normalised(each[1])))


def _name(in_languages: Mapping[str, str]) -> str:
    name = in_languages["en"]
    return in_languages[name[1:]] if name.startswith("*") else name  # "*aa": as in that language


@cache
def _by_name() -> Mapping[str, str]:
    from phonenumbers.geodata.locale import LOCALE_DATA

    found: dict[str, set[str]] = {}
    for code in names():
        for name in LOCALE_DATA[code].values():
            if not name.startswith("*"):
                found.setdefault(normalised(name), set()).add(code)
    settled = {name: codes.pop() for name, codes in found.items() if name and len(codes) == 1}
    return settled | {name: code for code, also in _ALSO.items() for name in also.split(", ")}
