"""`table`: each source as it was read."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

from core.commands.telling import Told
from core.errors import EmptyFileError, OverwritesSourceError, UserError


def table(given: argparse.Namespace) -> Told:
    """Each source as it was read; a source that can't be read does not stop the others."""
    given.out_dir.mkdir(parents=True, exist_ok=True)
    written: list[str] = []
    failed, told = {}, []
    for source in given.sources:
        try:
            with tempfile.TemporaryDirectory(prefix="elbow-room-") as scratch:
                told += _write_tables(source, given.out_dir, Path(scratch), written)
        except UserError as error:
            failed[str(source)] = error.as_dict()
            told.append(f"{source}: {error.message} {error.hint}")
    return Told({"files": written, "failed": failed}, told)


def _write_tables(source: Path, folder: Path, scratch: Path, written: list[str]) -> list[str]:
    """Write the tables of one source, add their names to those written, and tell what was left out."""
    from core.exports.csv_files import write_rows
    from core.orders.as_read import tables_as_read

    def target(stem: str) -> Path:
        path = _free_name(folder, stem, written)
        if path.exists() and source.exists() and path.samefile(source):
            raise OverwritesSourceError(source, another="folder")
        return path

    try:
        tables = tables_as_read(source, scratch)
    except EmptyFileError as error:
        path = target(_stem(source))
        write_rows([], path)
        written.append(str(path))
        return [f"{source}: left out: {error.message}"]
    left_out: list[str] = []
    for table in tables:
        path = target(_stem(source if len(tables) == 1 else Path(table.name)))
        write_rows(table.rows, path)
        written.append(str(path))
        left_out += [*table.beside, *table.left_out]
    return [f"{source}: left out: {what}" for what in left_out]


def _free_name(folder: Path, stem: str, taken: Sequence[str]) -> Path:
    """`STEM.csv`, or `STEM (2).csv` where another source of that name was written before."""
    target, number = folder / f"{stem}.csv", 1
    while str(target) in taken:
        number += 1
        target = folder / f"{stem} ({number}).csv"
    return target


def _stem(source: Path) -> str:
    """The file's name without its extension; of `orders.csv.gz` without both."""
    if source.suffix.lower() != ".gz":
        return source.stem
    inner = Path(source.stem)
    return inner.stem if inner.suffix.lower() in {".csv", ".tsv", ".txt", ".parquet"} else inner.name
