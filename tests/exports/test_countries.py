from __future__ import annotations

import pytest

from core.exports.countries import country_code, names


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("DE", "DE"), ("de ", "DE"), ("Germany", "DE"), ("Deutschland", "DE"), ("ALLEMAGNE", "DE"), ("DEU", "DE"),
        ("United States", "US"), ("USA", "US"), ("U.S.A.", "US"), ("UK", "GB"), ("England", "GB"),
        ("Österreich", "AT"), ("Espana", "ES"), ("The Netherlands", "NL"), ("Côte d’Ivoire", "CI"),
        ("XX", None), ("Atlantis", None), ("", None), ("日本", None),
    ],
)  # fmt: skip
def test_a_country_by_code_or_name(written: str, code: str | None):
    assert country_code(written) == code


def test_names_are_in_english_and_in_order():
    assert {"DE": "Germany", "US": "United States", "GB": "United Kingdom"}.items() <= names().items()
    assert list(names().values())[:2] == ["Afghanistan", "Åland Islands"]
