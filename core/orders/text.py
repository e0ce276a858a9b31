"""Text files in the database: by its own parallel reader where every line is plainly a row, else row by row."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from core.engine import Engine
from core.errors import EmptyFileError, NotATableError
from core.orders import dialect as dialects
from core.orders import encodings
from core.orders.counting import regular_rows
from core.orders.dialect import Dialect
from core.orders.rows import Row, TableRows, read_rows

_CELLS_A_BATCH = 400_000
_MOST_CELLS_A_ROW = 16_384
_MOST_LINES_NAMED = 100
_SMALL_BYTES = 256 * 1024
"""Up to here reading row by row takes no time that anyone would notice, and sees more."""
_TAIL_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class TextTable:
    """A text file's table in the database: columns c1..cn, and `line_number` where rows are not one line each."""

    dialect: Dialect
    headers: list[str]
    table: ir.Table
    rows: int
    first_line: int  # of the first row, from 1
    ragged_rows: int = 0  # with more or fewer cells than most
    ragged_lines: tuple[int, ...] = ()  # where the first of them start, from 1
    left_out: tuple[str, ...] = ()  # what is not the table, in words
    plain: bool = False  # known to be ASCII, and to have no blanks in cells but spaces


def open_table(engine: Engine, path: Path, name: str, line: str, *, row_by_row: bool) -> TextTable:
    """The table of a text file.

    Parameters
    ----------
    name : what to call the file for people
    line : the name of the column with line numbers
    row_by_row : do not try the fast reader

    Raises
    ------
    UnreadableFileError, NotATableError, EmptyFileError
    """
    dialect = dialects.detect(path, name)
    if not row_by_row and (fast := _read_fast(engine, path, dialect)) is not None:
        return fast
    return _read_tolerant(engine, path, name, dialect, line)


def rows_as_read(path: Path, name: str | None = None) -> tuple[Iterator[Sequence[str]], list[str]]:
    """Every row with the cells that it has, text unchanged, the header first; and what is left out, in words.

    The second is complete once the rows are read.

    Parameters
    ----------
    name : what to call the file in an error, where its path says nothing

    Raises
    ------
    UnreadableFileError, NotATableError, EmptyFileError
    """
    dialect = dialects.detect(path, name)
    rows = read_rows(path, dialect)
    return _header_first(dialect, rows), rows.left_out


def _header_first(dialect: Dialect, rows: TableRows) -> Iterator[Sequence[str]]:
    if dialect.header is not None:
        yield list(dialect.header)
    for _, cells in rows:
        yield cells


def _read_fast(engine: Engine, path: Path, dialect: Dialect) -> TextTable | None:
    """The file through DuckDB's parallel reader; None where that reader could lose or shift a row.

    Every line has to be a row: as many separators outside quotes as the table has, and quotes only around cells. What
    slips through shows when the rows are kept (`UNEVEN_ROWS`).
    """
    if path.stat().st_size <= _SMALL_BYTES or len(dialect.delimiter) > 1 or not dialect.delimiter.isascii():
        return None
    if dialect.grammar.escape != dialect.grammar.quote:
        return None
    plain = plain_name(engine, path, "csv")
    if dialect.encoding not in {"utf-8", "utf-8-sig"}:
        plain.unlink()
        _transcode(path, dialect.encoding, plain)
    regular = regular_rows(plain, dialect)
    if regular is None or _has_foot(plain, dialect):
        return None
    headers = headers_of(dialect, dialect.width)
    table = engine.backend.read_csv(
        plain,
        table_name=engine.new_name("source"),
        auto_detect=False,
        header=False,
        skip=_first_order(dialect) - 1,
        delim=dialect.delimiter,
        quote=dialect.grammar.quote,
        escape=dialect.grammar.escape,
        strict_mode=True,
        columns={f"c{place}": "VARCHAR" for place in range(1, dialect.width + 1)},
    )
    above = [*TableRows([], dialect, 0).left_out, *_described(dialect)]
    rows = regular.rows - (_first_order(dialect) - dialect.first_line)
    return TextTable(dialect, headers, table, rows, _first_order(dialect), left_out=tuple(above), plain=regular.plain)


def _described(dialect: Dialect) -> list[str]:
    """In words, the row under the header that says what is in the columns. It was read, but is no order."""
    line = dialect.description_line
    return [] if line is None else [f"a row that describes the columns, in line {line:,}"]


def _first_order(dialect: Dialect) -> int:
    """The line of the first row that may be an order: a row about the columns stands above it."""
    return dialect.first_line if dialect.description_line is None else dialect.description_line + 1


def _has_foot(plain: Path, dialect: Dialect) -> bool:
    """Whether the last lines hold something that is not the table."""
    with plain.open("rb") as stream:
        stream.seek(-min(_TAIL_BYTES, plain.stat().st_size), 2)
        tail = stream.read().decode("utf-8", errors="replace")
    lines = list(io.StringIO(tail, newline=""))[1:]
    rows = TableRows(lines, dialect, 0)
    above = len(rows.left_out)
    for _ in rows:
        pass
    return len(rows.left_out) > above


def _transcode(path: Path, encoding: str, copy: Path) -> None:
    with encodings.open_text(path, encoding) as source, copy.open("w", encoding="utf-8", newline="") as target:
        shutil.copyfileobj(source, target, 4 * 1024 * 1024)


def _read_tolerant(engine: Engine, path: Path, name: str, dialect: Dialect, line: str) -> TextTable:
    """The file row by row into Parquet scratch files. Short rows are filled with blanks; nothing is shifted.

    A row wider than all before it begins a new file, so that the rows need to be read only once.
    """
    rows = read_rows(path, dialect, goes_on=True)
    width = max(dialect.width, len(dialect.header or ()))
    scratch: list[Path] = []
    count = ragged = 0
    ragged_lines: list[int] = []
    source = (row for row in rows if row[0] != dialect.description_line)
    writer: pq.ParquetWriter | None = None
    try:
        while batch := list(islice(source, max(1, _CELLS_A_BATCH // width))):
            lengths = [len(cells) for _, cells in batch]
            if max(lengths) > width or writer is None:
                width = max(width, *lengths)
                if width > _MOST_CELLS_A_ROW:
                    raise _too_wide(name, batch)
                if writer is not None:
                    writer.close()
                scratch.append(engine.folder / engine.new_name("rows"))
                writer = pq.ParquetWriter(scratch[-1], _schema(width, line))
            writer.write_table(_as_columns(batch, width, line))
            count += len(batch)
            odd = [number for (number, _), length in zip(batch, lengths, strict=True) if length != dialect.width]
            ragged += len(odd)
            ragged_lines += odd[: _MOST_LINES_NAMED - len(ragged_lines)]
    finally:
        if writer is not None:
            writer.close()
    if not scratch:
        raise EmptyFileError(
            f"{name} has a header but no rows under it.", hint="Export the orders again for a period that has some."
        )
    table = engine.backend.read_parquet(
        [str(one) for one in scratch], table_name=engine.new_name("source"), union_by_name=True
    )
    table = table.select(*(f"c{place}" for place in range(1, width + 1)), line)
    headers = headers_of(dialect, width)
    left_out = (*rows.left_out, *_described(dialect))
    return TextTable(dialect, headers, table, count, _first_order(dialect), ragged, tuple(ragged_lines), left_out)


def _as_columns(batch: Sequence[Row], width: int, line: str) -> pa.Table:
    rows = [cells if len(cells) == width else [*cells, *([""] * (width - len(cells)))] for _, cells in batch]
    columns = []
    for cells in zip(*rows, strict=True):
        texts = pa.array(cells, pa.string())
        columns.append(pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts))
    lines = pa.array([number for number, _ in batch], pa.int64())
    return pa.Table.from_arrays([*columns, lines], schema=_schema(width, line))


def _schema(width: int, line: str) -> pa.Schema:
    return pa.schema([*((f"c{place}", pa.string()) for place in range(1, width + 1)), (line, pa.int64())])


def _too_wide(name: str, batch: Sequence[Row]) -> NotATableError:
    number, cells = max(batch, key=lambda row: len(row[1]))
    return NotATableError(
        f"{name} has {len(cells):,} cells in line {number:,}; a table can have {_MOST_CELLS_A_ROW:,}.",
        hint="The line ends may be lost. Export the orders again, with a row a line.",
    )


def headers_of(dialect: Dialect, width: int) -> list[str]:
    """A name for each of `width` columns: the header's, or their places where there is none."""
    if dialect.header is None:
        return [str(place) for place in range(1, width + 1)]
    return unique([*dialect.header, *([""] * (width - len(dialect.header)))])


def unique(headers: Sequence[str]) -> list[str]:
    """Headers trimmed, the blank ones named by place, repeated ones numbered: every column can be told by its own."""
    seen: set[str] = set()
    names = []
    for place, header in enumerate(headers, 1):
        wanted = name = " ".join(header.replace("\ufeff", "").split()) or f"Column {place}"
        number = 1
        while name in seen:
            number += 1
            name = f"{wanted} ({number})"
        seen.add(name)
        names.append(name)
    return names


def plain_name(engine: Engine, path: Path, what: str) -> Path:
    """A name for the file that holds no `*`, `?` or `[`: DuckDB would take them for a pattern of many files."""
    link = engine.folder / engine.new_name(what)
    link.symlink_to(path.resolve())
    return link
