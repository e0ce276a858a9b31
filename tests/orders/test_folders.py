"""Folders and patterns of files."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from core.engine import Engine
from core.errors import UnreadableFileError
from core.orders.cleaning import OrderLines, clean
from core.orders.folders import expanded
from core.orders.source import open_sources
from tests.commands import run


def month(folder: Path, number: int, rows: str = "") -> Path:
    file = folder / f"part-{number:02}.parquet"
    file.parent.mkdir(exist_ok=True, parents=True)
    with duckdb.connect() as here:
        here.execute(
            f"COPY (SELECT 'c' || range AS customer, DATE '2024-{number:02}-01' + range::INT AS day, "
            f"range + {number} + 0.5 AS amount, '{number}-' || range AS order_id "
            f"FROM range({number}) {rows}) TO '{file}'"
        )
    return file


def lines_of(engine: Engine, source: Path) -> OrderLines:
    return clean(engine, open_sources(engine, [source]))


def test_parquet_files_alike_are_one_table_that_is_not_copied(engine: Engine, tmp_path: Path):
    """1 + 2 + 3 + 4 rows; amounts of month n are n + 0.5, n + 1.5, ...: 1.5, 6, 13.5 and 24 in all."""
    for number in (2, 1, 4, 3):
        month(tmp_path / "lake", number)
    (tmp_path / "lake" / "_SUCCESS").write_text("")
    source = open_sources(engine, [tmp_path / "lake"])
    assert len(source.parts) == 1
    assert source.files[0].members == tuple((f"part-{n:02}.parquet", n) for n in (1, 2, 3, 4))
    assert lines_of(engine, tmp_path / "lake").revenue == 45
    assert lines_of(engine, tmp_path / "lake" / "part-0[13].parquet").revenue == 15


def test_rows_set_aside_are_told_by_their_own_file_and_row(engine: Engine, tmp_path: Path):
    for number in (1, 2, 3):
        month(tmp_path, number, "UNION ALL SELECT NULL, DATE '2024-05-05', 1.0, 'x'")
    aside = lines_of(engine, tmp_path).set_aside().frame()
    assert list(zip(aside["file"], aside["line_number"], strict=True)) == [
        ("part-01.parquet", 2), ("part-02.parquet", 3), ("part-03.parquet", 4)
    ]  # fmt: skip


def test_csv_files_stay_files_of_their_own(engine: Engine, tmp_path: Path):
    (tmp_path / "b.csv").write_text("customer;day;amount\nA;2024-01-05;1,50\n")
    (tmp_path / "a.csv").write_text("customer,day,amount\nB,2024-01-06,2.25\n")
    (tmp_path / ".hidden.csv").write_text("customer,day,amount\nB,2024-01-06,9\n")
    lines = lines_of(engine, tmp_path)
    assert [file.name for file in lines.source.files] == [str(tmp_path / "a.csv"), str(tmp_path / "b.csv")]
    assert float(lines.revenue) == 3.75
    ran = run("inspect", tmp_path / "*.csv", "--json")
    assert ran.told["revenue"] == 3.75


@pytest.mark.parametrize(("log", "what"), [("_delta_log", "Delta"), (".hoodie", "Hudi")])
def test_a_table_of_a_lake_is_refused(log: str, what: str, tmp_path: Path):
    """Its folder holds rows that were deleted since."""
    month(tmp_path, 1)
    (tmp_path / log).mkdir()
    with pytest.raises(UnreadableFileError, match=what):
        expanded(tmp_path)


def test_nothing_there(tmp_path: Path):
    for path in (tmp_path, tmp_path / "*.parquet"):
        with pytest.raises(UnreadableFileError):
            expanded(path)
