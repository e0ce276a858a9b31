"""Phone numbers as people write them -> E.164, by `phonenumbers`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

_WRITTEN_OUT = re.compile(r"\+[1-9]\d{6,14}")
_BETWEEN = str.maketrans("", "", " \t\u00a0\u202f-()./")
_KINDS = (
    "fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "voip", "personal_number", "pager", "uan",
    "voicemail",
)  # fmt: skip
NO_COUNTRY = "it has no country code, and no country was chosen"
NO_PHONE = "it is not a phone number"
NO_SUCH_COUNTRY = "its country code does not exist"
TOO_SHORT = "it has too few digits for its country"
TOO_LONG = "it has too many digits for its country"
NO_SUCH_LENGTH = "numbers of its length do not exist in its country"
NO_SUCH_RANGE = "its range of numbers is not known to be in use"
FEWEST_DIGITS = 7
"""Where a number's range is not known, with fewer digits after the country code it is taken for a slip."""


@dataclass(frozen=True, slots=True)
class Phone:
    """What became of a number. Where there are both, it can be used, and should be looked at."""

    e164: str  # "+4915112345678"; "" where it is no usable number
    problem: str  # what is wrong with it, to follow "…: "; "" where nothing is


def phone(written: str, country: str | None) -> Phone:
    """The number in E.164 form.

    Parameters
    ----------
    country : the ISO 3166 code of the country that a number without a country code belongs to, or None

    Notes
    -----
    A number counts where `phonenumbers` knows numbers of its length in its country. Where its range is not known to be
    in use it is kept but told of, since ranges are opened faster than tables of them are renewed; unless it is short or
    one digit over and over. What is plainly written, with its country code or as it is dialled at home, is told by the
    same tables without parsing, which takes a fifth of the time.
    """
    text = written.strip().lstrip("'")  # shops put an apostrophe before a number, so that spreadsheets leave it alone
    digits = text.translate(_BETWEEN)
    if re.match("00[1-9]", digits):
        text = digits = "+" + digits[2:]
    if _WRITTEN_OUT.fullmatch(digits):
        code = _country_code(digits)
        national = digits[1 + len(str(code)) :]
        if code and not _taken_off(code, national) and length_exists(code, len(national)):
            return _judged(digits, national, in_use=_in_use(code, national))
    elif country is not None and digits.isascii() and digits.isdigit():
        code, national = _dialled(digits, country)
        if national and length_exists(code, len(national)):
            return _judged(f"+{code}{national}", national, in_use=_in_use(code, national))
    return parsed(text, country)


def parsed(text: str, country: str | None) -> Phone:
    """The same by `phonenumbers` alone, for whatever way of writing a number."""
    import phonenumbers as library

    try:
        number = library.parse(text, country)
    except library.NumberParseException as error:
        if error.error_type == error.INVALID_COUNTRY_CODE:
            return Phone("", NO_SUCH_COUNTRY if text.startswith("+") else NO_COUNTRY)
        return Phone("", {error.TOO_LONG: TOO_LONG, error.TOO_SHORT_NSN: TOO_SHORT}.get(error.error_type, NO_PHONE))
    verdict = library.is_possible_number_with_reason(number)
    if verdict != library.ValidationResult.IS_POSSIBLE:
        problems = {
            library.ValidationResult.TOO_SHORT: TOO_SHORT,
            library.ValidationResult.IS_POSSIBLE_LOCAL_ONLY: TOO_SHORT,
            library.ValidationResult.TOO_LONG: TOO_LONG,
            library.ValidationResult.INVALID_COUNTRY_CODE: NO_SUCH_COUNTRY,
        }
        return Phone("", problems.get(verdict, NO_SUCH_LENGTH))
    e164 = library.format_number(number, library.PhoneNumberFormat.E164)
    return _judged(e164, library.national_significant_number(number), in_use=library.is_valid_number(number))


def _judged(e164: str, national: str, *, in_use: bool) -> Phone:
    if in_use:
        return Phone(e164, "")
    if len(national) < FEWEST_DIGITS:
        return Phone("", TOO_SHORT)
    return Phone("" if len(set(national)) == 1 else e164, NO_SUCH_RANGE)


@lru_cache(maxsize=4096)
def length_exists(country_code: int, n_digits: int) -> bool:
    """Whether numbers of that length exist in that country. By length alone, since parsing 100,000 phones takes 4 s."""
    import phonenumbers as library  # here, since it loads tables of all countries, for files that have phones at all

    if country_code not in library.COUNTRY_CODE_TO_REGION_CODE or n_digits < 1:
        return False
    example = library.PhoneNumber(country_code=country_code, national_number=10 ** (n_digits - 1))
    # Not is_possible_number: that also takes a number that can only be dialled within its town.
    return bool(library.is_possible_number_with_reason(example) == library.ValidationResult.IS_POSSIBLE)


def _country_code(e164: str) -> int:
    """The country code that a number begins with; none is the beginning of another. 0 where there is none."""
    known = _regions()
    return next((int(e164[1:end]) for end in (2, 3, 4) if int(e164[1:end]) in known), 0)


def _dialled(digits: str, country: str) -> tuple[int, str]:
    """The country's code, and the number without what is dialled before it at home; "" where that is not plain."""
    home = _home(country)
    if home is None:
        return 0, ""
    before = home.prefix.match(digits) if home.prefix else None
    national = digits[before.end() :] if before else digits
    plain = (
        not home.abroad.match(digits)
        and home.general.fullmatch(national)
        and (before is None or (not home.rewritten and before.lastindex is None and not home.general.fullmatch(digits)))
    )
    return home.code, national if plain else ""


@dataclass(frozen=True, slots=True)
class _Home:
    """How numbers are dialled within a country."""

    code: int
    abroad: re.Pattern[str]  # what is dialled before a number of another country
    prefix: re.Pattern[str] | None  # what is dialled before one of this country
    rewritten: bool  # whether that is replaced by something else
    general: re.Pattern[str]  # every number of the country


@cache
def _home(country: str) -> _Home | None:
    import phonenumbers as library

    # Of Any, since each field may be missing by its type, but these are there for every region.
    table: Any = library.PhoneMetadata.metadata_for_region(country)
    if table is None:
        return None
    return _Home(
        table.country_code,
        re.compile(table.international_prefix),
        re.compile(table.national_prefix_for_parsing) if table.national_prefix_for_parsing else None,
        table.national_prefix_transform_rule is not None,
        re.compile(table.general_desc.national_number_pattern),
    )


@cache
def _regions() -> dict[int, tuple[Any, ...]]:
    """The tables of each country code's regions, the main one first."""
    import phonenumbers as library

    found = {}
    for code, regions in library.COUNTRY_CODE_TO_REGION_CODE.items():
        tables = [library.PhoneMetadata.metadata_for_region_or_calling_code(code, region) for region in regions]
        found[code] = tuple(table for table in tables if table is not None)
    return found


def _taken_off(code: int, national: str) -> bool:
    """Whether something before the number proper may have to be taken off, such as the 0 in +44 (0)20."""
    prefix = _prefix(code)
    return prefix is not None and prefix.match(national) is not None


@cache
def _prefix(code: int) -> re.Pattern[str] | None:
    main = _regions()[code][0]
    return re.compile(main.national_prefix_for_parsing) if main.national_prefix_for_parsing else None


def _in_use(code: int, national: str) -> bool:
    return any(general.fullmatch(national) and kinds.fullmatch(national) for general, kinds in _ranges(code))


@cache
def _ranges(code: int) -> tuple[tuple[re.Pattern[str], re.Pattern[str]], ...]:
    ranges = []
    for table in _regions()[code]:
        kinds = [getattr(table, kind) for kind in _KINDS]
        patterns = [kind.national_number_pattern for kind in kinds if kind and kind.national_number_pattern]
        if patterns:
            ranges.append((re.compile(table.general_desc.national_number_pattern), re.compile("|".join(patterns))))
    return tuple(ranges)
