"""What is said of a real shop's segments, worked out again from the lists that its marketer downloads."""

from __future__ import annotations

import re
import statistics
import tomllib
from pathlib import Path

import pytest

from tests.commands import Ran, rows_of, run

PLAYBOOK = Path(__file__).resolve().parents[2] / "core/segments/playbook.toml"
SEGMENT = re.compile(r"^ +(\d+) .+?: ([\d,]+) customers\. (.+)\.$", re.MULTILINE)
FIGURE = r"([\d,.]+)(k?)(?: days| orders| items)?"


@pytest.fixture(scope="module")
def told(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Ran, Path]:
    """Online Retail at the number of segments that is advised."""
    folder = tmp_path_factory.mktemp("lists")
    ran = run("segment", shared_data / "online_retail.parquet", "--out", folder)
    assert ran.code == 0, ran.err
    return ran, folder


def test_every_number_of_a_portrait_is_the_mean_of_a_list(told: tuple[Ran, Path]):
    ran, folder = told
    lists = {int(path.name.split("-")[0]): rows_of(path) for path in sorted((folder / "lists").iterdir())}
    portraits = SEGMENT.findall(ran.out + ran.err)
    phrases = tomllib.loads(PLAYBOOK.read_text())["phrases"]
    assert len(portraits) == len(lists) >= 2
    compared = 0
    for number, customers, portrait in portraits:
        mine = lists[int(number)]
        rest = [row for other, rows in lists.items() if other != int(number) for row in rows]
        assert int(customers.replace(",", "")) == len(mine)
        for part in portrait.split("; "):
            name, here, others = read(part, phrases)
            assert here == pytest.approx(mean(mine, name), rel=0.005)
            assert others == pytest.approx(mean(rest, name), rel=0.005)
            compared += 1
    assert compared >= 2 * len(lists)


def read(part: str, phrases: dict[str, str]) -> tuple[str, float, float]:
    """Which measure a part of a portrait tells, of the segment and of all others."""
    for name, phrase in phrases.items():
        pattern = re.escape(phrase).replace(re.escape("{}"), FIGURE)
        if found := re.fullmatch(f"{pattern}, all others {FIGURE}", part, re.IGNORECASE):
            here, thousands, others, other_thousands = found.groups()
            return name, number_of(here, thousands), number_of(others, other_thousands)
    raise AssertionError(f"nobody knows what is said by: {part}")


def number_of(digits: str, thousands: str) -> float:
    return float(digits.replace(",", "")) * (1000 if thousands else 1)


def mean(rows: list[dict[str, str]], name: str) -> float:
    return statistics.fmean(float(row[name]) for row in rows if row[name])
