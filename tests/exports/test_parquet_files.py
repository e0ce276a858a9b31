"""Parquet holds what the CSV files hold, cell by cell, in types and without apostrophes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.analysis import MOST_IN_MEMORY, SegmentOptions, analyse
from core.engine import Engine
from core.exports import bundle, lists
from core.exports.control import draw
from core.exports.csv_files import safe_text
from core.exports.parquet_files import parquet_file
from core.exports.rows import pass_on
from core.exports.takeaway import Wanted
from core.orders.source import open_sources
from core.orders.understanding import understand
from tests.commands import rows_of, run, some_orders
from tests.segments.builders import customers, grouped

TEXT = {"customer_id", "segment_name", "email"}


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    """90 customers, and four rows that can't be used."""
    unusable = (",2024-01-01,5,", "C01,someday,5,+1@y.example", "C02,2024-01-01,much,", ",,,")
    return some_orders(tmp_path / "orders.csv", 90, *unusable)


def assert_same_cells(parquet: Path, csv: Path) -> None:
    """As text and numbers, read by the csv module and by Arrow."""
    table, rows = pq.read_table(parquet), rows_of(csv)
    assert table.column_names == list(rows[0])
    assert table.num_rows == len(rows)
    for name in table.column_names:
        for cell, text in zip(table.column(name).to_pylist(), (row[name] for row in rows), strict=True):
            if cell is None:
                assert text == ""
            elif isinstance(cell, bool):
                assert text == str(cell).lower()
            elif isinstance(cell, str):
                assert text == safe_text(cell)
            else:
                assert not math.isnan(cell)
                assert float(text) == cell


def assert_typed(schema: pa.Schema, beside: Sequence[str] = ()) -> None:
    for field in schema:
        expected = pa.float64()
        if field.name in TEXT:
            expected = pa.string()
        elif field.name in {"segment", "runner_up"}:
            expected = pa.int64()
        elif field.name == "control_group":
            expected = pa.bool_()
        assert field.type == expected, field.name
    assert {*TEXT, *beside} <= set(schema.names)


def test_customers_in_memory_and_in_the_engine(orders: Path, tmp_path: Path):
    for name, most in (("memory", MOST_IN_MEMORY), ("engine", 0)):
        with Engine() as engine:
            lines = understand(engine, open_sources(engine, [orders]))
            analysis = analyse(lines, SegmentOptions(k=3, k_max=3), engine=engine, most_in_memory=most)
            assert (analysis.everyone is None) == (name == "memory")
            written = bundle.write(analysis, tmp_path / name, {}, Wanted(control_share=0.2, parquet=True))
        out = tmp_path / name
        assert {out / "segments.parquet", out / "set_aside.parquet"} <= set(written.files)
        assert written.facts["parquet"] == ["segments.parquet", "set_aside.parquet"]
        assert_same_cells(out / "segments.parquet", out / "segments.csv")
        assert_same_cells(out / "set_aside.parquet", out / "set_aside.csv")
        segments = pq.read_table(out / "segments.parquet")
        assert_typed(segments.schema, beside=["control_group"])
        emails = dict(
            zip(segments.column("customer_id").to_pylist(), segments.column("email").to_pylist(), strict=True)
        )
        assert (emails["C05"], emails["C09"], emails["C10"]) == (None, "=cmd|9", "c10@shop.example")
        assert sum(segments.column("control_group").to_pylist()) == written.facts["control"]["customers"] > 0
        assert pq.read_table(out / "set_aside.parquet").num_rows == 4
    both = [pq.read_schema(tmp_path / name / "segments.parquet") for name in ("memory", "engine")]
    assert both[0].equals(both[1], check_metadata=True)


def test_what_is_unknown_is_missing_and_not_a_number_that_is_none(tmp_path: Path):
    features = customers(
        {"total_revenue": [100, 90, 3, 4], "days_between_orders": [7, np.nan, 9.5, 8]},
        ids=["=1+1", "b,c", 'd"e', "f"],
        contacts={"email": ["a@x.eu", None, "@SUM(A1)", "ü@x.eu"]},
    )
    segmentation = grouped(features, [0, 0, 1, 1], used=["total_revenue"])
    rows = lists.rows_of(segmentation, draw(segmentation, 0.5))
    lists.write_lists(rows, segmentation.segments, tmp_path, parquet=True)
    assert_same_cells(tmp_path / "segments.parquet", tmp_path / "segments.csv")
    table = pq.read_table(tmp_path / "segments.parquet")
    assert table.column("days_between_orders").to_pylist() == [7, None, 9.5, 8]
    assert table.column("customer_id").to_pylist() == ["=1+1", "b,c", 'd"e', "f"]
    assert table.column("email").to_pylist() == ["a@x.eu", None, "@SUM(A1)", "ü@x.eu"]


def test_a_file_that_broke_off_is_not_there(tmp_path: Path):
    schema = pa.schema([("n", pa.int64())])

    def broken():
        yield pa.record_batch([pa.array([1])], schema=schema)
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        pass_on(pa.RecordBatchReader.from_batches(schema, broken()), parquet_file(tmp_path / "n.parquet", schema))
    assert list(tmp_path.iterdir()) == []


def test_the_commands_write_them_and_remove_those_of_an_earlier_run(orders: Path, tmp_path: Path):
    first, again = tmp_path / "first", tmp_path / "again"
    ran = run("segment", orders, "--k", "2", "--k-max", "2", "--out", first, "--parquet", "--json")
    assert (ran.code, ran.told["parquet"]) == (0, ["segments.parquet", "set_aside.parquet"])
    for _ in range(2):
        scored = run("score", orders, "--recipe", first / "recipe.json", "--out", again, "--parquet", "--json")
        assert scored.told["parquet"] == ["segments.parquet", "set_aside.parquet"]
    assert pq.read_table(again / "segments.parquet").equals(pq.read_table(first / "segments.parquet"))
    assert pq.read_table(again / "set_aside.parquet").equals(pq.read_table(first / "set_aside.parquet"))
    without = run("score", orders, "--recipe", first / "recipe.json", "--out", again, "--json")
    assert "parquet" not in without.told
    assert not list(again.rglob("*.parquet"))
