"""Each kind of pollution of the Pollock benchmark, on tables of our own: what is read, and how it would score."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from core.errors import EmptyFileError, UserError
from core.orders.text import rows_as_read
from tests.orders.pollution import TABLES, WEIGHTS, CleanTable, Polluted, Rows, pollutions, score, shop_sales

BY_ROW = ("row_more_sep", "row_less_sep", "row_extra_quote", "row_field_delimiter")


def read(folder: Path, content: bytes) -> Rows:
    path = folder / "polluted.csv"
    path.write_bytes(content)
    try:
        rows, _ = rows_as_read(path)
    except EmptyFileError:
        return []
    return [list(cells) for cells in rows]


def excerpt(table: CleanTable, count: int) -> list[Polluted]:
    """Every whole-file pollution, and `count` of each of those that every row and column has."""
    draw = random.Random(20_240_131)
    files = list(pollutions(table))
    chosen = [file for file in files if file.kind not in BY_ROW]
    for kind in BY_ROW:
        chosen += draw.sample([file for file in files if file.kind == kind], count)
    return chosen


def scores(folder: Path, files: Iterable[Polluted]) -> tuple[float, float]:
    """The simple and the weighted score."""
    total = weighted = weights = count = 0.0
    for file in files:
        points = score(file.expected, read(folder, file.content))
        total, count = total + points, count + 1
        weighted, weights = weighted + points * WEIGHTS[file.kind], weights + WEIGHTS[file.kind]
    return total / count, weighted / weights


def assert_as_read(file: Polluted, found: Rows) -> None:
    expected = list(file.as_read)
    if file.free is not None:
        # Of the row whose quotes were glued together nothing is lost, wherever its cells are cut.
        assert letters(found[file.free]) == letters(expected[file.free]), file.name
        expected[file.free] = found[file.free]
    assert found == expected, file.name


def letters(cells: list[str]) -> str:
    return "".join(cells).replace('"', "").replace(",", "")


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_kind_of_pollution_gives_the_table_as_it_was_written(tmp_path: Path, table: CleanTable):
    files = excerpt(table, count=12)
    assert {file.kind for file in files} == set(WEIGHTS)
    for file in files:
        assert_as_read(file, read(tmp_path, file.content))


def test_the_score_of_an_example_worked_out_by_hand():
    """Header and records as expected, 3 + 3; of 4 cells 2 are among the 3 found: 1/2 + 2/3 + 4/7; and 1 for success."""
    expected = [["a", "b"], ["x", "y"]]
    assert score(expected, [["a", "b"], ["xy"]]) == pytest.approx(1 + 3 + 3 + 1 / 2 + 2 / 3 + 4 / 7)
    assert score(expected, expected) == 10
    assert score(expected, None) == 0
    assert score([], [["anything"]]) == 10


def test_an_excerpt_reaches_the_bar(tmp_path: Path):
    simple, weighted = scores(tmp_path, excerpt(shop_sales(), count=25))
    assert simple >= 9.97
    assert weighted >= 9.90


@pytest.mark.proof
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_all_of_the_collection(tmp_path: Path, table: CleanTable):
    """Rows with a separator too few are not mended, which weighs more the fewer cells a table has."""
    files = list(pollutions(table))
    for file in files:
        assert_as_read(file, read(tmp_path, file.content))
    simple, weighted = scores(tmp_path, files)
    print(f"\n{table.name}: {len(files)} files, simple {simple:.4f}, weighted {weighted:.4f}")
    assert simple >= (9.97 if table.name == "shop_sales" else 9.96)
    assert weighted >= 9.90


PIECES = (
    b'"',
    b",",
    b";",
    b"\n",
    b"\r",
    b"\r\n",
    b"'",
    b"\\",
    b"\t",
    b"\0",
    b" ",
    b"\xff",
    b'""',
    b"\xc3",
    b",,,",
    b"7",
)


def random_bytes(draw: random.Random) -> bytes:
    length = draw.choice([3, 50, 500, 5_000])
    return draw.choice(
        [draw.randbytes(length), b"".join(draw.choices((*PIECES, b"word", b"2024-01-01"), k=length // 2))]
    )


def mutated(draw: random.Random) -> bytes:
    table = draw.choice(TABLES)
    content = bytearray("".join(table.line(cells) + "\r\n" for cells in table.clean).encode())
    for _ in range(draw.choice([1, 3, 20, 200])):
        place = draw.randrange(len(content) + 1)
        match draw.randrange(3):
            case 0:
                content[place:place] = draw.choice(PIECES)
            case 1:
                del content[place : place + draw.randrange(1, 40)]
            case _:
                content[place:place] = content[max(0, place - 200) : place]
    return bytes(content)


def assert_harmless(folder: Path, seed: int, count: int) -> None:
    draw = random.Random(seed)
    for number in range(count):
        content = random_bytes(draw) if number % 2 else mutated(draw)
        path = folder / "fuzz.csv"
        path.write_bytes(content)
        start = time.perf_counter()
        try:
            rows, _ = rows_as_read(path)
            assert all(isinstance(cell, str) for cells in rows for cell in cells)
        except UserError as error:
            assert error.hint  # noqa: PT017 - what it says matters as little as that it may come
        assert time.perf_counter() - start < 10


def test_random_and_mutated_files_give_rows_or_a_reason(tmp_path: Path):
    assert_harmless(tmp_path, seed=1, count=60)


@pytest.mark.proof
@pytest.mark.timeout(3600)
def test_twenty_thousand_random_and_mutated_files(tmp_path: Path):
    assert_harmless(tmp_path, seed=2, count=20_000)
