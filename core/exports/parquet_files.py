"""Parquet files, for programs: typed, and every text as it is. Nothing here runs a formula, so none is escaped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from core.exports.csv_files import aside
from core.exports.rows import Taker


@contextmanager
def parquet_file(path: Path, schema: pa.Schema) -> Iterator[Taker]:
    """A file that takes rows of these columns; it stands under its name only once it is complete."""
    with aside(path) as file, pq.ParquetWriter(file, schema) as writer:
        yield writer.write_batch
