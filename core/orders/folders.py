"""Folders and globs: the files of data in them, in the order of their names."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from pathlib import Path

from core.errors import UnreadableFileError

_DATA = (".parquet", ".parq", ".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz", ".xlsx", ".xlsm", ".xls", ".zip")
_LAKES = {"_delta_log": "Delta Lake", ".hoodie": "Hudi", "metadata": "Iceberg"}


def expanded(path: Path) -> list[Path]:
    """The files that a path stands for: itself, those of a folder at any depth, or those that a glob finds.

    Raises
    ------
    UnreadableFileError : a folder or glob without a file of data; a table of a lake, whose folder holds rows that were
        deleted since
    """
    if path.is_dir():
        _refuse_lakes(path)
        return _some(path, sorted(found for found in path.rglob("*") if _is_data(found, path)))
    if not path.exists() and glob.has_magic(str(path)):
        # Not `Path.glob`, which takes no pattern that begins at the root.
        found = [Path(name) for name in glob.glob(str(path), recursive=True)]  # noqa: PTH207
        return _some(path, sorted(file for file in found if file.is_file()))
    return [path]


def _is_data(file: Path, folder: Path) -> bool:
    """Whether a file of a folder holds rows. What begins with a point or an underscore is an engine's own."""
    hidden = any(part.startswith((".", "_")) for part in file.relative_to(folder).parts)
    return not hidden and file.name.lower().endswith(_DATA) and file.is_file()


def _refuse_lakes(folder: Path) -> None:
    for name, what in _LAKES.items():
        if (folder / name).is_dir() and (what != "Iceberg" or any((folder / name).glob("*.metadata.json"))):
            raise UnreadableFileError(
                f"{folder} is a table of {what}: its files hold rows that were deleted or changed since.",
                hint="Name the table in an engine that reads it (spark://host:7077/table), or export it as Parquet.",
            )


def _some(path: Path, files: Sequence[Path]) -> list[Path]:
    if not files:
        raise UnreadableFileError(
            f"{path} has no file of data in it.",
            hint="Name a folder, or a pattern in quotes, with Parquet or CSV files.",
        )
    return list(files)
