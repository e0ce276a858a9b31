"""Rows reach every place in types that programs can rely on, or no place at all."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from core.exports.csv_files import csv_file
from core.exports.rows import pass_on, typed


def test_whatever_a_column_came_as_there_are_four_kinds_and_nothing_is_nan():
    batch = pa.record_batch(
        {
            "id": pa.array(["a", "", None], pa.large_string()),
            "name": pa.array(["x", None, "x"]).dictionary_encode(),
            "segment": pa.array([1, 2, None], pa.int16()),
            "margin": pa.array([0.5, float("nan"), None], pa.float32()),
            "held": pa.array([True, False, None]),
            "day": pa.array([19_000, None, 19_001], pa.date32()),
        }
    )
    found = typed(pa.RecordBatchReader.from_batches(batch.schema, [batch])).read_all()
    assert found.schema.types == [pa.string(), pa.string(), pa.int64(), pa.float64(), pa.bool_(), pa.string()]
    assert found.to_pydict() == {
        "id": ["a", "", None], "name": ["x", None, "x"], "segment": [1, 2, None], "margin": [0.5, None, None],
        "held": [True, False, None], "day": ["2022-01-08", None, "2022-01-09"],
    }  # fmt: skip


def test_every_place_gets_every_row_or_stays_as_it_was(tmp_path: Path):
    table = pa.table({"n": range(10)})
    paths = [tmp_path / "one.csv", tmp_path / "two.csv"]
    assert pass_on(table.to_reader(3), *(csv_file(path, table.schema) for path in paths)) == 10
    assert {path.read_text() for path in paths} == {"n\n" + "".join(f"{n}\n" for n in range(10))}

    def broken():
        yield from table.slice(0, 2).to_batches()
        raise ValueError("no more")

    rows = pa.RecordBatchReader.from_batches(table.schema, broken())
    with pytest.raises(ValueError, match="no more"):
        pass_on(rows, *(csv_file(path, table.schema) for path in paths))
    assert {path.read_text().count("\n") for path in paths} == {11}
    assert sorted(tmp_path.iterdir()) == paths
