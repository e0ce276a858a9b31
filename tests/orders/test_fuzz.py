"""Whatever a file holds, it gives a result or an error that says what to do: it never hangs and never falls over."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.engine import Engine
from core.errors import UserError
from core.orders.customers import CustomerTable
from core.orders.overview import overview
from core.orders.samples import understood_samples
from core.orders.source import open_sources
from core.orders.understanding import understand

EXPORTS = sorted((Path(__file__).parent / "shops").glob("*"))
SECONDS = 10  # of processor: by the clock a busy machine would fail what is fast enough
EXCERPT, PROOF = 60, 10_000
ODD = (
    b"",
    b'"',
    b"'",
    b"\\",
    b"\x00",
    b"\r",
    b"\n\n",
    b",",
    b";",
    b"\t",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"1e999",
    b"=1+1",
)


def random_bytes(seed: int) -> bytes:
    """Anything at all, or anything made of what tables are made of."""
    chance = random.Random(seed)
    size = chance.choice((0, 1, 3, 40, 700, 6_000))
    if seed % 2:
        return chance.randbytes(size)
    letters = b"ab 019.,;:|\t\"'\\/-+=@\r\n\xc3\xa9\xe9\x00"
    return bytes(chance.choice(letters) for _ in range(size))


def mutated(seed: int) -> bytes:
    """A shop's export in which some bytes are lost, doubled, swapped or replaced."""
    chance = random.Random(seed)
    content = bytearray(chance.choice(EXPORTS).read_bytes())
    for _ in range(chance.randint(1, 12)):
        start = chance.randrange(len(content) + 1)
        length = chance.choice((1, 2, 9, 80, 600))
        piece = content[start : start + length]
        kind = chance.randrange(4)
        replacement = (b"", bytes(piece) * 2, bytes(reversed(piece)), chance.choice(ODD))[kind]
        content[start : start + length] = replacement
    return bytes(content)


def told(content: bytes, folder: Path) -> str:
    """What comes of a file on the Upload page: that it was understood, or the code of the error."""
    path = folder / "any.csv"
    path.write_bytes(content)
    begun = time.process_time()
    with Engine("1GB") as engine:
        try:
            found = understand(engine, open_sources(engine, [path]))
        except UserError as error:
            result = error.code
        else:
            assert found.ledger.balances
            found.set_aside().frame()
            of_customers = isinstance(found, CustomerTable)
            understood_samples(engine, found.source, found.recognition.columns, found.reading, by_header=of_customers)
            if not of_customers:
                overview(found)
            result = "understood"
    assert time.process_time() - begun < SECONDS, "too slow"
    return result


def seeds(count: int) -> Iterator[int]:
    return iter(range(count))


@pytest.mark.parametrize("make", [random_bytes, mutated])
def test_any_file_gives_a_result_or_an_error(make, tmp_path: Path):
    results = [told(make(seed), tmp_path) for seed in seeds(EXCERPT)]
    assert len(set(results)) > 1
    if make is mutated:  # a dozen bytes more or less are seldom the end of an export
        assert results.count("understood") > EXCERPT / 2


@pytest.mark.proof
@pytest.mark.timeout(4 * 3600)
@pytest.mark.parametrize("make", [random_bytes, mutated])
def test_ten_thousand_of_them(make, tmp_path: Path):
    for seed in seeds(PROOF):
        try:
            told(make(seed), tmp_path)
        except Exception as error:
            error.add_note(f"{make.__name__}({seed})")
            raise
