"""Text files in the database: the fast reader where every line is a row, the other one wherever it may not be."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from core.engine import Engine
from core.errors import NotATableError
from core.orders.cleaning import clean
from core.orders.counting import RegularRows, regular_rows
from core.orders.dialect import detect
from core.orders.grammar import Grammar
from core.orders.records import records
from core.orders.source import open_sources
from core.orders.source_table import LINE, SourceTable

COUNT = 12_000
PLAIN = [f"C{number},2024-01-{number % 28 + 1:02},{number}.50,Lamp" for number in range(COUNT)]
QUOTED = [f'C{number},2024-01-{number % 28 + 1:02},{number}.50,"Lamp, ""grey"""' for number in range(COUNT)]
HEADER = "customer,day,amount,item"


def opened(engine: Engine, folder: Path, lines: list[str], end: str = "\n") -> SourceTable:
    path = folder / "orders.csv"
    path.write_bytes("".join(line + end for line in lines).encode())
    assert path.stat().st_size > 256 * 1024
    return open_sources(engine, [path])


def rows(source: SourceTable) -> list[tuple[object, ...]]:
    table = source.numbered().order_by(LINE).to_pyarrow()
    return list(zip(*(table.column(f"c{place}").to_pylist() for place in range(1, 5)), strict=True))


def is_fast(source: SourceTable) -> bool:
    return LINE not in source.parts[0].columns


@pytest.mark.parametrize("body", [PLAIN, QUOTED], ids=["plain", "quoted"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_clean_file_is_read_fast_and_alike(engine: Engine, tmp_path: Path, body: list[str], end: str):
    source = opened(engine, tmp_path, [HEADER, *body], end)
    assert is_fast(source)
    slow = source.reread()
    assert not is_fast(slow)
    assert source.rows == slow.rows == COUNT
    assert rows(source) == rows(slow)
    item = "Lamp" if body is PLAIN else 'Lamp, "grey"'
    assert rows(source)[7] == ("C7", "2024-01-08", "7.50", item)


MIDDLE = COUNT // 2
ODD_LINES = {
    "a line break in a cell": ('C,2024-01-01,1.50,"two\nlines"', [("C", "2024-01-01", "1.50", "two\nlines")]),
    "a quote that stays open": ('C,2024-01-01,1.50,"open', [("C", "2024-01-01", "1.50", '"open')]),
    "a quote that ends early": ('C,2024-01-01,1.50,"a" b', [("C", "2024-01-01", "1.50", '"a" b')]),
    "two quotes that stay open": ('C,2024-01-01,"1.50,"open', [("C", "2024-01-01", '"1.50', '"open')]),
    "too few cells": ("C,2024-01-01,1.50", [("C", "2024-01-01", "1.50", None)]),
    "a blank line": ("", []),
    "one short and one long": (
        "C,2024-01-01,1.50\nD,2024-01-01,1.50,Lamp,more",
        [("C", "2024-01-01", "1.50", None), ("D", "2024-01-01", "1.50", "Lamp")],
    ),
    "another separator": ("C;2024-01-01;1.50;Lamp", [("C", "2024-01-01", "1.50", "Lamp")]),
}


@pytest.mark.parametrize("body", [PLAIN, QUOTED], ids=["plain", "quoted"])
@pytest.mark.parametrize("case", ODD_LINES)
def test_one_odd_line_far_down_costs_no_row_and_shifts_none(engine: Engine, tmp_path: Path, body: list[str], case: str):
    line, expected = ODD_LINES[case]
    source = opened(engine, tmp_path, [HEADER, *body[:MIDDLE], line, *body[MIDDLE:]])
    if is_fast(source):  # rows that make up for each other show when they are kept, and then the file is read anew
        assert case == "one short and one long"
        source = source.reread()
    item = "Lamp" if body is PLAIN else 'Lamp, "grey"'
    found = rows(source)
    assert source.rows == COUNT + len(expected)
    assert found[MIDDLE - 1] == (f"C{MIDDLE - 1}", f"2024-01-{(MIDDLE - 1) % 28 + 1:02}", f"{MIDDLE - 1}.50", item)
    assert found[MIDDLE : MIDDLE + len(expected)] == expected
    assert found[-1] == (f"C{COUNT - 1}", f"2024-01-{(COUNT - 1) % 28 + 1:02}", f"{COUNT - 1}.50", item)


@pytest.mark.parametrize(
    "line",
    [
        'C,2024-01-01,1.50,5" by 6" wide',
        'C,2024-01-01,1.50,5" by 6"',
        'C,2024-01-01,1.50,"a" b',
        'C,2024-01-01,1.50,"open',
        'C,2024-01-01,"1.50,x\ny,"Lamp"',
        "C,2024-01-01,1.50",
        "C,2024-01-01,1.50,Lamp\rD,2024-01-01,1.50,Lamp",
        "C,2024-01-01,1.50,La\0mp",
    ],
)
def test_a_line_that_is_not_plainly_a_row_is_seen_in_the_bytes(tmp_path: Path, line: str):
    path = tmp_path / "orders.csv"
    path.write_text("\n".join([HEADER, *PLAIN, *QUOTED]) + "\n", newline="")
    dialect = detect(path)
    assert regular_rows(path, dialect) == RegularRows(2 * COUNT, plain=True)
    path.write_text("\n".join([HEADER, *PLAIN, line, *QUOTED]) + "\n", newline="")
    assert regular_rows(path, dialect) is None


@pytest.mark.parametrize(
    "line", ["C\t,2024-01-01,1.50,Lamp", "C,2024-01-01,1.50,L\u00e1mp", "C,2024-01-01,1.50,La\fmp"]
)
def test_a_file_with_other_blanks_than_spaces_is_not_plain(tmp_path: Path, line: str):
    path = tmp_path / "orders.csv"
    path.write_text("\n".join([HEADER, *PLAIN, line]) + "\n", newline="", encoding="utf-8")
    assert regular_rows(path, detect(path)) == RegularRows(COUNT + 1, plain=False)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("blank", [" ", "\t", "\u00a0"])
def test_ids_of_a_large_file_lose_the_blanks_around_them(engine: Engine, tmp_path: Path, blank: str, end: str):
    odd = [f"X1{blank},2024-01-01,1.50,Lamp", f"{blank}X1,2024-01-02,1.50,Lamp", "X1,2024-01-03,1.50,Lamp"]
    source = opened(engine, tmp_path, [HEADER, *PLAIN, *odd], end)
    assert is_fast(source)
    customers = clean(engine, source).table.customer_id
    assert set(customers.to_pyarrow().to_pylist()) == {"X1"} | {f"C{number}" for number in range(COUNT)}


def test_lines_are_numbered_as_an_editor_counts_them(engine: Engine, tmp_path: Path):
    source = opened(engine, tmp_path, ["Orders", "", HEADER, *PLAIN[:9], "C,2024-01-01", *PLAIN[9:]])
    assert source.files[0].first_line == 4
    assert source.files[0].ragged_rows == 1
    assert source.files[0].ragged_lines == (13,)
    assert source.left_out == ("orders.csv: 2 lines above the table",)


@pytest.mark.parametrize(
    ("below", "told"),
    [
        (["", "Refunds", HEADER, *PLAIN[:50]], "a second table with the same header of 50 rows, from line 12,003"),
        (["", "All prices include VAT"], "1 line below the table, from line 12,003"),
        (["All prices include VAT,,,"], "1 line below the table, from line 12,002"),
    ],
)
def test_what_stands_below_a_long_table_is_seen(engine: Engine, tmp_path: Path, below: list[str], told: str):
    source = opened(engine, tmp_path, [HEADER, *PLAIN, *below])
    assert source.rows == COUNT
    assert source.left_out == (f"orders.csv: {told}",)


def test_a_second_table_in_the_middle_of_a_long_file(engine: Engine, tmp_path: Path):
    source = opened(engine, tmp_path, [HEADER, *PLAIN, "", "Refunds", HEADER, *PLAIN])
    assert source.rows == COUNT
    assert source.left_out == ("orders.csv: a second table with the same header of 12,000 rows, from line 12,003",)


def test_long_files_put_one_below_the_other(engine: Engine, tmp_path: Path):
    source = opened(engine, tmp_path, [HEADER, *PLAIN, HEADER, *PLAIN])
    assert source.rows == 2 * COUNT
    assert source.left_out == ("orders.csv: the header, which stands there 1 time more, first in line 12,002",)


def test_a_second_table_at_the_beginning_of_a_block(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Bytes are looked at in blocks: the second header is the first line of one."""
    first = "".join(line + "\n" for line in [HEADER, *PLAIN])
    monkeypatch.setattr("core.orders.counting._BLOCK_BYTES", len(first) - len(HEADER) - 1)
    source = opened(engine, tmp_path, [HEADER, *PLAIN, HEADER, *PLAIN[:4_000]])
    assert source.rows == COUNT + 4_000
    assert not is_fast(source)


def test_a_wide_row_after_many_widens_the_table(engine: Engine, tmp_path: Path):
    source = opened(engine, tmp_path, [HEADER, *PLAIN, "C,2024-01-01,1.50,Lamp,5,6,7"])
    assert source.headers == ("customer", "day", "amount", "item", "Column 5", "Column 6", "Column 7")
    last = source.numbered().filter(lambda table: table[LINE] == COUNT + 2).to_pyarrow().to_pylist()[0]
    assert [last[f"c{place}"] for place in range(1, 8)] == ["C", "2024-01-01", "1.50", "Lamp", "5", "6", "7"]


def test_a_row_of_absurd_width_is_refused(engine: Engine, tmp_path: Path):
    with pytest.raises(NotATableError, match="line 12,002"):
        opened(engine, tmp_path, [HEADER, *PLAIN, "," * 20_000])


def test_a_file_full_of_open_quotes_is_read_in_time_that_grows_with_its_length():
    """Each quote could reach to the end: what is looked at ahead has to stay in proportion."""

    def seconds(count: int) -> float:
        start = time.process_time()
        assert len(list(records((f'x,"{number} y z\n' for number in range(count)), Grammar(","), width=3))) == count
        return time.process_time() - start

    seconds(1_000)
    assert seconds(80_000) < 12 * seconds(20_000)  # four times where it is linear, sixteen where it is not
