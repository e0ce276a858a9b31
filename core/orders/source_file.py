"""What is known of one file, sheet or table among those that were given."""

from __future__ import annotations

from dataclasses import dataclass

from core.orders.dialect import Dialect


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file, one sheet of a workbook or one table of a database, and how it was read."""

    name: str
    dialect: Dialect | None  # None for Parquet, workbooks and tables
    rows: int
    first_line: int  # the line of the first row, from 1 as an editor or a spreadsheet counts
    ragged_rows: int = 0  # rows with more or fewer cells than most
    ragged_lines: tuple[int, ...] = ()  # where the first of them start, from 1
    sheet: str | None = None  # of a workbook
    engine: str | None = None  # of a table, whose rows have no numbers
    members: tuple[tuple[str, int], ...] = ()  # of Parquet files read as one: name and rows of each
    has_header: bool = True
    plain: bool = False  # known to be ASCII, and to have no blanks in cells but spaces
