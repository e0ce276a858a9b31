"""Files -> one table: no row lost, no cell shifted, no text changed, each row with its line."""

from __future__ import annotations

import gzip
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.engine import Engine
from core.errors import EmptyFileError, UnreadableFileError
from core.orders.as_read import TableAsRead, tables_as_read
from core.orders.source import open_sources, unique
from core.orders.source_table import FILE, LINE, SourceTable


def opened(engine: Engine, folder: Path, content: str | bytes, name: str = "orders.csv") -> SourceTable:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return open_sources(engine, [path])


def rows(source: SourceTable) -> list[tuple[object, ...]]:
    """(file, line, cells...) of every row, in the order of the files."""
    table = source.numbered().order_by([FILE, LINE]).to_pyarrow()
    columns = [FILE, LINE, *(source.column(header) for header in source.headers)]
    return list(zip(*(table.column(name).to_pylist() for name in columns), strict=True))


def test_cells_come_as_text_and_blanks_as_missing(engine: Engine, tmp_path: Path):
    source = opened(engine, tmp_path, "id,zip,note\n007,01234, x \n8,,NULL\n")
    assert source.headers == ("id", "zip", "note")
    assert rows(source) == [(0, 2, "007", "01234", " x "), (0, 3, "8", None, "NULL")]


@pytest.mark.parametrize(
    ("content", "expected", "ragged"),
    [
        ("a,b\n1,2\n3,4\n", [(2, "1", "2"), (3, "3", "4")], 0),
        ("a,b\n1,2\n3,4", [(2, "1", "2"), (3, "3", "4")], 0),  # no line feed at the end
        ("a,b\r\n1,2\r\n3,4\r\n", [(2, "1", "2"), (3, "3", "4")], 0),
        ("a,b\r1,2\r3,4\r", [(2, "1", "2"), (3, "3", "4")], 0),
        ("\n\na,b\n1,2\n\n3,4\n\n\n", [(4, "1", "2"), (6, "3", "4")], 0),  # blank lines anywhere
        ('a,b\n"1\nmore",2\n3,4\n', [(2, "1\nmore", "2"), (4, "3", "4")], 0),  # a cell of two lines
        ('a,b\n"1,5",2\n"say ""hi""",4\n', [(2, "1,5", "2"), (3, 'say "hi"', "4")], 0),
        ("a,b\n1\n3,4\n5,6\n", [(2, "1", None), (3, "3", "4"), (4, "5", "6")], 1),  # a short row
        ('a,b\n1,2\n"open,4\n5,6\n', [(2, "1", "2"), (3, '"open', "4"), (4, "5", "6")], 0),  # a quote never closed
        ('a,b\n1,2 "inch"\n3,4\n', [(2, "1", '2 "inch"'), (3, "3", "4")], 0),  # quotes within a cell
    ],
)
def test_every_row_in_its_place_with_its_line(
    engine: Engine, tmp_path: Path, content: str, expected: list[tuple[object, ...]], ragged: int
):
    source = opened(engine, tmp_path, content)
    assert [row[1:] for row in rows(source)] == expected
    assert source.rows == len(expected)
    assert source.files[0].ragged_rows == ragged


def test_a_long_row_widens_the_table(engine: Engine, tmp_path: Path):
    source = opened(engine, tmp_path, "a,b\n1,2\n3,4,5\n6,7\n")
    assert source.headers == ("a", "b", "Column 3")
    assert rows(source) == [(0, 2, "1", "2", None), (0, 3, "3", "4", "5"), (0, 4, "6", "7", None)]


def test_one_ragged_row_far_down_loses_nothing(engine: Engine, tmp_path: Path):
    """Beyond what any reader looks at before it decides."""
    body = "".join(f"C{number},2024-01-31,{number}.00\n" for number in range(30_000))
    source = opened(engine, tmp_path, f"customer,order_date,amount\n{body}C9,2024-01-31\nlast,2024-01-31,1.00\n")
    assert source.rows == 30_002
    assert rows(source)[-2:] == [(0, 30_002, "C9", "2024-01-31", None), (0, 30_003, "last", "2024-01-31", "1.00")]


def test_headers_that_would_clash_as_names(engine: Engine, tmp_path: Path):
    source = opened(engine, tmp_path, 'id,ID,id,,line_number,c1,"a ""b"" ; drop",amount\n1,2,3,4,5,6,7,8\n')
    assert source.headers == ("id", "ID", "id (2)", "Column 4", "line_number", "c1", 'a "b" ; drop', "amount")
    assert rows(source) == [(0, 2, "1", "2", "3", "4", "5", "6", "7", "8")]


def test_unique_keeps_clear_of_names_that_look_numbered():
    assert unique(["a", "a", "a (2)", " a ", ""]) == ["a", "a (2)", "a (2) (2)", "a (3)", "Column 5"]


def test_without_a_header_columns_go_by_place(engine: Engine, tmp_path: Path):
    source = opened(engine, tmp_path, "C1,2024-01-05,5.00\nC2,2024-01-06,6.50\n")
    assert source.headers == ("1", "2", "3")
    assert rows(source) == [(0, 1, "C1", "2024-01-05", "5.00"), (0, 2, "C2", "2024-01-06", "6.50")]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("packed", [False, True])
def test_encoding_and_packing_change_nothing(engine: Engine, tmp_path: Path, encoding: str, packed: bool):
    content = "id,name\n1,Müller €\n2,Zoë €\n".encode(encoding)
    source = opened(engine, tmp_path, gzip.compress(content) if packed else content)
    assert source.headers == ("id", "name")
    assert rows(source) == [(0, 2, "1", "Müller €"), (0, 3, "2", "Zoë €")]


@pytest.mark.parametrize("name", ["orders [2024].csv", "or*ers?.csv", "it's.csv", "Bestellungen für März.csv"])
def test_file_names_are_no_patterns(engine: Engine, tmp_path: Path, name: str):
    (tmp_path / "orxers1.csv").write_text("id,amount\n9,9\n")
    source = opened(engine, tmp_path, "id,amount\n1,2\n3,4\n", name)
    assert source.files[0].name == name
    assert rows(source) == [(0, 2, "1", "2"), (0, 3, "3", "4")]


def test_several_files_stand_below_each_other_by_header(engine: Engine, tmp_path: Path):
    (tmp_path / "jan.csv").write_text("id,amount\nC1,1.00\nC2,2.00\n")
    (tmp_path / "feb.csv").write_text("amount;id;coupon\n3,00;C3;X\n4,00;C4;\n")
    source = open_sources(engine, [tmp_path / "jan.csv", tmp_path / "feb.csv"])
    assert source.headers == ("id", "amount", "coupon")
    assert [file.name for file in source.files] == ["jan.csv", "feb.csv"]
    assert rows(source) == [
        (0, 2, "C1", "1.00", None),
        (0, 3, "C2", "2.00", None),
        (1, 2, "C3", "3,00", "X"),
        (1, 3, "C4", "4,00", None),
    ]


def test_parquet_keeps_its_types(engine: Engine, tmp_path: Path):
    path = tmp_path / "orders.parquet"
    at = datetime(2024, 1, 31, 12, 30)
    day = [date(2024, 1, 31), None]
    pq.write_table(pa.table({"id": [17850.0, None], "At": [at, None], "at": ["a", "b"], "day": day}), path)
    source = open_sources(engine, [path])
    assert source.headers == ("id", "At", "at", "day")
    assert rows(source) == [(0, 1, 17850.0, at, "a", date(2024, 1, 31)), (0, 2, None, None, "b", None)]
    assert source.files[0].dialect is None


def test_a_column_that_is_text_in_one_file_and_typed_in_another(engine: Engine, tmp_path: Path):
    pq.write_table(pa.table({"id": [1, 2], "amount": [1.5, 2.5]}), tmp_path / "a.parquet")
    (tmp_path / "b.csv").write_text("id,amount\nC3,3.5\nC4,x\n")
    source = open_sources(engine, [tmp_path / "a.parquet", tmp_path / "b.csv"])
    assert rows(source) == [(0, 1, "1", "1.5"), (0, 2, "2", "2.5"), (1, 2, "C3", "3.5"), (1, 3, "C4", "x")]


def test_numbers_and_days_stay_so_where_files_differ(engine: Engine, tmp_path: Path):
    january = {"id": [1, 2], "amount": [1.5, 2.5], "day": [date(2024, 1, 1)] * 2, "tip": [1.25, 0.5]}
    february = {"id": [3], "amount": [4], "day": [datetime(2024, 2, 1, 8, 30)]}
    for name, columns in (("a", january), ("b", february)):
        pq.write_table(pa.table(columns), tmp_path / name)
    source = open_sources(engine, [tmp_path / "a", tmp_path / "b"])
    assert rows(source) == [
        (0, 1, 1, 1.5, datetime(2024, 1, 1), 1.25),
        (0, 2, 2, 2.5, datetime(2024, 1, 1), 0.5),
        (1, 1, 3, 4.0, datetime(2024, 2, 1, 8, 30), None),
    ]


def test_the_sample_is_the_first_rows(engine: Engine, tmp_path: Path):
    body = "".join(f"C{number},{number}\n" for number in range(3_000))
    sample = opened(engine, tmp_path, f"id,amount\n{body}").sample()
    assert sample["id"] == [f"C{number}" for number in range(1_000)]
    assert opened(engine, tmp_path, f"id,amount\n{body}").sample(2) == {"id": ["C0", "C1"], "amount": ["0", "1"]}


@pytest.mark.parametrize("content", ["id,amount\n", "id,amount", "id,amount\n\n\n"])
def test_a_header_without_rows(engine: Engine, tmp_path: Path, content: str):
    with pytest.raises(EmptyFileError):
        opened(engine, tmp_path, content)


def test_parquet_without_rows(engine: Engine, tmp_path: Path):
    pq.write_table(pa.table({"id": pa.array([], pa.string())}), tmp_path / "none.parquet")
    with pytest.raises(EmptyFileError):
        open_sources(engine, [tmp_path / "none.parquet"])


@pytest.mark.parametrize("content", [b"PAR1 and then nothing", b"PAR1"])
def test_a_broken_parquet_file(engine: Engine, tmp_path: Path, content: bytes):
    with pytest.raises(UnreadableFileError):
        opened(engine, tmp_path, content, "orders.parquet")


def as_read(folder: Path, name: str) -> TableAsRead:
    (folder / "scratch").mkdir()
    (table,) = tables_as_read(folder / name, folder / "scratch")
    return table


def test_rows_as_read_pads_nothing_and_says_what_it_leaves_out(tmp_path: Path):
    (tmp_path / "orders.csv").write_text("\na,b,c\n1, 2\n\n3,4,5,6\n")
    table = as_read(tmp_path, "orders.csv")
    assert list(table.rows) == [["a", "b", "c"], ["1", " 2"], ["3", "4", "5", "6"]]
    assert "1 blank line " in table.left_out[0]


def test_rows_as_read_of_parquet(tmp_path: Path):
    pq.write_table(pa.table({"id": ["a", None], "amount": [1.5, 2.0]}), tmp_path / "orders.parquet")
    assert [list(row) for row in as_read(tmp_path, "orders.parquet").rows] == [
        ["id", "amount"],
        ["a", "1.5"],
        [None, "2"],
    ]
