"""Files as they were read, row by row: what `python -m core table` writes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from core.errors import EmptyFileError, NotATableError, UnreadableFileError, UserError
from core.orders import archives, parquet, workbooks
from core.orders import dialect as dialects
from core.orders.archives import Packed
from core.orders.worksheets import LINE, SheetTable

Rows = Iterator[Sequence[str | None]]


@dataclass(frozen=True, slots=True)
class TableAsRead:
    """Every row with the cells that it has, the header first; and what is not the table's, in words."""

    name: str
    rows: Rows
    left_out: tuple[str, ...]


def tables_as_read(path: Path, folder: Path) -> list[TableAsRead]:
    """The tables of one file: as many as an archive holds, else one.

    Parameters
    ----------
    folder : where what is unpacked stays for as long as rows are read

    Raises
    ------
    UnreadableFileError, NotATableError, EmptyFileError
    """
    taken = 0

    def new_path() -> Path:
        nonlocal taken
        taken += 1
        return folder / f"unpacked_{taken}"

    unpacked = archives.unpack(path, path.name, new_path)
    tables: list[TableAsRead] = []
    refused: list[UserError] = []
    for file in unpacked.files:
        try:
            rows, left_out = _rows(file, new_path())
        except (UnreadableFileError, NotATableError, EmptyFileError) as error:
            if file.archive is None:
                raise
            refused.append(error)
        else:
            tables.append(TableAsRead(file.name, rows, tuple(left_out)))
    if not tables:
        raise refused[0]
    first = tables[0]
    told = (*unpacked.left_out, *(error.message for error in refused), *first.left_out)
    return [TableAsRead(first.name, first.rows, told), *tables[1:]]


def _rows(file: Packed, scratch: Path) -> tuple[Rows, Sequence[str]]:
    if file.kind == "parquet":
        return parquet.as_text(parquet.opened(file.path, file.name), file.name), []
    if file.kind == "workbook":
        scratch.mkdir()
        book = workbooks.read(file.path, file.name, scratch, as_text=True)
        return _sheet_rows([table for _, table in book.tables]), book.left_out
    dialect = dialects.detect(file.path, file.name)
    lines = "blank line" if dialect.skipped_lines == 1 else "blank lines"
    left_out = [f"{dialect.skipped_lines} {lines} above the header"] if dialect.skipped_lines else []
    return (cells for _, cells in dialects.read_rows(file.path, dialect)), left_out


def _sheet_rows(tables: Sequence[SheetTable]) -> Rows:
    headers = tables[0].headers
    if headers:
        yield headers
    for table in tables:
        places = [f"c{table.headers.index(header) + 1}" for header in headers] if _can_reorder(table) else None
        for batch in pq.ParquetFile(table.path).iter_batches():
            rows = batch.drop_columns([LINE]) if places is None else batch.select(places)
            yield from zip(*(column.to_pylist() for column in rows.columns), strict=True)


def _can_reorder(table: SheetTable) -> bool:
    """Whether each column can be told by its header: sheets may have the same ones in another order."""
    return bool(table.headers) and len(set(table.headers)) == len(table.headers)
