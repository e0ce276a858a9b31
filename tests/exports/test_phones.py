from __future__ import annotations

import random
import re

import phonenumbers
import pytest

from core.exports import phones
from core.exports.phones import Phone, parsed, phone


@pytest.mark.parametrize(
    ("written", "country", "e164"),
    [
        ("+49 151 23456789", None, "+4915123456789"),
        ("0049 151 23456789", None, "+4915123456789"),
        ("+49 (0)151 / 234 567 89", None, "+4915123456789"),
        ("0151 23456789", "DE", "+4915123456789"),
        ("06 12 34 56 78", "FR", "+33612345678"),
        ("020 7183 8750", "GB", "+442071838750"),
        ("+44 20 7183 8750", "DE", "+442071838750"),
        ("(202) 555-0123", "US", "+12025550123"),
        ("1-202-555-0123", "US", "+12025550123"),
        ("'+12025550123", None, "+12025550123"),
        ("+39 06 1234 5678", None, "+390612345678"),  # in Italy the 0 is part of the number
        ("06 1234 5678", "IT", "+390612345678"),
    ],
)
def test_e164(written: str, country: str | None, e164: str):
    assert phone(written, country) == Phone(e164, "")


@pytest.mark.parametrize(
    ("written", "country", "problem"),
    [
        ("0612345678", None, phones.NO_COUNTRY),
        ("call me", "DE", phones.NO_PHONE),
        ("-", "DE", phones.NO_PHONE),
        ("12345", "DE", phones.TOO_SHORT),
        ("+1 202 555", None, phones.TOO_SHORT),
        ("+1 202 555 0123 4567", None, phones.TOO_LONG),
        ("+999 1234567", None, phones.NO_SUCH_COUNTRY),
        ("000-000-0000", "US", phones.NO_SUCH_RANGE),
    ],
)
def test_what_is_no_number(written: str, country: str | None, problem: str):
    assert phone(written, country) == Phone("", problem)


def test_a_number_of_an_unknown_range_is_kept_and_told():
    # Ofcom sets +44 7700 900000 to 900999 aside for drama.
    assert phone("+44 7700 900123", None) == Phone("+447700900123", phones.NO_SUCH_RANGE)


def examples(code: int, region: str) -> list[phonenumbers.PhoneNumber]:
    if region == "001":
        return [phonenumbers.example_number_for_non_geo_entity(code)]
    known = [phonenumbers.example_number_for_type(region, kind) for kind in range(11)]
    return [each for each in known if each is not None]


@pytest.mark.parametrize("code", sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE))
def test_the_short_way_tells_what_the_library_tells(code: int):
    """An example of each kind of number of each country, as dialled from anywhere and at home, and others near it."""
    draw = random.Random(code)
    for region in phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code]:
        home = None if region == "001" else region
        for example in examples(code, region):
            for style in (phonenumbers.PhoneNumberFormat.E164, phonenumbers.PhoneNumberFormat.NATIONAL):
                written = phonenumbers.format_number(example, style)
                assert phone(written, home) == parsed(written, home)
                for _ in range(2):
                    place = draw.randrange(style == 0 and 1 + len(str(code)), len(written))
                    other = written[:place] + draw.choice("0123456789") + written[place + draw.choice([0, 1, 1, 2]) :]
                    if not re.match("00[1-9]", re.sub(r"\D", "", other)):  # which is a plus to us wherever it stands
                        assert phone(other, home) == parsed(other, home), other
