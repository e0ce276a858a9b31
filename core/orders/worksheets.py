"""The sheets of a workbook, each table among them written as Parquet: a program of its own.

A workbook of 2 KB can make its reader ask for 550 GB, and the reader (calamine) then ends the process that it is in. So
it runs in one whose memory and time are limited, started by `core.orders.workbooks`, which hears of each sheet by a
line of JSON.
"""

from __future__ import annotations

import json
import os
import re
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import compress, islice
from pathlib import Path
from typing import Any

LINE = "line_number"
MOST_SHEETS = 200
OUT_OF_MEMORY = 3
"""How the program ends when the memory that it may use is not enough."""

_CELLS_A_BATCH = 400_000
_MOST_COLUMNS = 5_000
_COMMA = re.compile(r",\d{1,2}\D*$")
_POINT = re.compile(r"\.\d{1,2}\D*$")
_FIRST_SERIAL, _LAST_SERIAL = 1, 2_958_465  # 1900-01-01 and 9999-12-31
_EARLIEST_ORDER, _LATEST_ORDER = date(1980, 1, 1), date(2100, 1, 1)
_EXACT = 10**15  # a spreadsheet keeps 15 digits


@dataclass(frozen=True, slots=True)
class SheetTable:
    """The table of a sheet, written as Parquet with c1..cn and LINE (the row's number in the sheet)."""

    headers: list[str]  # as the sheet writes them, several lines joined; without a header none
    rows: int
    first_line: int
    left_out: list[str]  # in words
    path: str


@dataclass(slots=True)
class _Column:
    """What was seen of a column's filled cells."""

    types: set[type]
    whole: bool = True
    commas: int = 0  # texts among numbers that end like a decimal comma
    points: int = 0
    lowest: float = float("inf")
    highest: float = float("-inf")

    @property
    def blank(self) -> bool:
        return not self.types


def main(arguments: Sequence[str]) -> int:
    """Write the tables of all sheets; a line of JSON on stdout for each sheet begun, and one for each finished."""
    book, folder, first, memory, seconds, how = arguments
    _limit(int(memory), int(seconds))
    try:
        _write_tables(Path(book), Path(folder), int(first), as_text=how == "text")
    except MemoryError:
        return OUT_OF_MEMORY
    return 0


def _limit(memory: int, seconds: int) -> None:
    try:
        import resource
    except ImportError:  # Windows knows no such limits
        return
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _write_tables(book: Path, folder: Path, first: int, *, as_text: bool) -> None:
    import python_calamine as calamine

    try:
        with calamine.load_workbook(book) as workbook:
            starts_1904 = _starts_1904(book)
            sheets = workbook.sheets_metadata
            for number, sheet in list(enumerate(sheets))[first:MOST_SHEETS]:
                if sheet.typ != calamine.SheetTypeEnum.WorkSheet:
                    continue
                hidden = sheet.visible != calamine.SheetVisibleEnum.Visible
                _tell(sheet=number, name=sheet.name, hidden=hidden, sheets=len(sheets))
                try:
                    table = _table(workbook.get_sheet_by_index(number), folder, number, starts_1904, as_text)
                except BaseException as error:
                    if not _is_damage(error):
                        raise
                    _tell(sheet=number, problem="damaged")
                else:
                    _tell(sheet=number, table=asdict(table) if table else None)
    except calamine.PasswordError:
        _tell(problem="password")
    except BaseException as error:
        if not _is_damage(error):
            raise
        _tell(problem="damaged")


def _is_damage(error: BaseException) -> bool:
    """Whether the reader stumbled: by an error of its own, or by a panic of its Rust, which is no `Exception`."""
    return type(error).__module__ in {"python_calamine", "pyo3_runtime"}


def _tell(**facts: Any) -> None:
    print(json.dumps(facts), flush=True)


def _starts_1904(book: Path) -> bool | None:
    """Whether days are counted from 1904; None where the kind of file keeps that where it is not looked for."""
    if not zipfile.is_zipfile(book):
        return None
    with zipfile.ZipFile(book) as archive:
        if "xl/workbook.xml" not in archive.namelist():
            return None
        with archive.open("xl/workbook.xml") as stream:
            head = stream.read(64 * 1024)
    return re.search(rb"date1904\s*=\s*[\"'](1|true)[\"']", head) is not None


def _table(sheet: Any, folder: Path, number: int, starts_1904: bool | None, as_text: bool) -> SheetTable | None:
    from core.orders import layout as layouts

    if sheet.start is None or sheet.width > _MOST_COLUMNS:
        return None
    first_column = sheet.start[1]
    merged = [
        ((top + 1, left - first_column), (bottom + 1, right - first_column))
        for (top, left), (bottom, right) in sheet.merged_cell_ranges or ()
        if left >= first_column
    ]
    filled = (row for row in enumerate(sheet.iter_rows(), 1) if not layouts.is_blank(row[1]))
    layout = layouts.find(list(islice(filled, layouts.sample_size(sheet.width))), merged)
    if layout is None:
        return None
    left_out = layouts.LeftOut()
    seen = [_Column(set()) for _ in range(sheet.width)]
    kept = bytearray(sheet.end[0] + 1)  # 1 for each row of the sheet that is the table's
    for batch in _batches(layouts.table_rows(enumerate(sheet.iter_rows(), 1), layout, left_out), sheet.width):
        for row, _ in batch:
            kept[row - 1] = 1
        for column, cells in zip(seen, zip(*(cells for _, cells in batch), strict=True), strict=True):
            _look_at(column, cells)
    headers = layout.headers or ("",) * sheet.width
    places = [place for place, column in enumerate(seen) if headers[place] or not column.blank]
    path, rows = folder / f"sheet_{number}.parquet", kept.count(1)
    if rows:
        columns = {place: _conversion(seen[place], headers[place], starts_1904, as_text) for place in places}
        _write(path, columns, _batches(compress(enumerate(sheet.iter_rows(), 1), kept), sheet.width))
    told = [f"{layouts.rows_in_words(layout.passed_over)}: titles or notes"] if layout.passed_over else []
    used = [headers[place] for place in places] if layout.headers else []
    return SheetTable(used, rows, kept.find(1) + 1, told + left_out.in_words(), str(path))


def _batches(rows: Iterator[tuple[int, Any]], width: int) -> Iterator[list[tuple[int, Any]]]:
    while batch := list(islice(rows, max(1, _CELLS_A_BATCH // width))):
        yield batch


def _look_at(column: _Column, cells: Sequence[Any]) -> None:
    types = set(map(type, cells))
    if types == {str}:
        if any(cell.strip() for cell in cells):
            column.types.add(str)
        return
    if str in types:
        texts = [cell for cell in cells if cell.__class__ is str and cell.strip()]
        if texts:
            column.commas += sum(bool(_COMMA.search(text)) for text in texts)
            column.points += sum(bool(_POINT.search(text)) for text in texts)
        else:
            types.discard(str)
    column.types |= types
    if types & {int, float}:
        numbers = [cell for cell in cells if cell.__class__ is float or cell.__class__ is int]
        column.lowest, column.highest = min(column.lowest, *numbers), max(column.highest, *numbers)
        column.whole = column.whole and all(float(number).is_integer() for number in numbers)


Convert = Callable[[Sequence[Any]], Any]


def _conversion(column: _Column, header: str, starts_1904: bool | None, as_text: bool) -> tuple[Any, Convert]:
    """The type in which a column is kept, and how its cells come to it.

    A column of nothing but numbers, or nothing but days, keeps its type: nobody then has to guess whether `1.234` was
    one and a bit. Everything else is text, for the rules that read text files.
    """
    import pyarrow as pa

    numbers, days = column.types & {int, float}, column.types & {date, datetime}
    serial = starts_1904 is not None and numbers and _FIRST_SERIAL <= column.lowest <= column.highest <= _LAST_SERIAL
    date_of = _serial_day(starts_1904) if starts_1904 is not None and serial else None
    if date_of is not None and not days and not _named_and_read_as_days(column, header, date_of):
        date_of = None
    kinds = (column.types - {int, float}) | {datetime} if date_of is not None else column.types
    if not as_text and kinds and kinds <= {date, datetime}:
        return (pa.timestamp("us"), _moments(date_of)) if datetime in kinds else (pa.date32(), _days(None))
    if not as_text and kinds and kinds <= {int, float} and max(-column.lowest, column.highest) < _EXACT:
        return (pa.int64(), _whole_numbers) if column.whole else (pa.float64(), _numbers)
    return pa.string(), _texts("," if column.commas > column.points else ".", date_of)


def _named_and_read_as_days(column: _Column, header: str, date_of: Callable[[float], datetime]) -> bool:
    """Whether numbers under a header that names a day count days, as a spreadsheet does where the format is lost."""
    from core.orders.names import normalised
    from core.orders.roles import BY_NAME

    named = not column.types - {int, float} and normalised(header) in BY_NAME["order_date"].names
    return named and _EARLIEST_ORDER <= date_of(column.lowest).date() <= date_of(column.highest).date() <= _LATEST_ORDER


def _serial_day(starts_1904: bool) -> Callable[[float], datetime]:
    def day(serial: float) -> datetime:
        if starts_1904:
            start = datetime(1904, 1, 1)
        else:  # the system counts a 29 February 1900 that never was
            start = datetime(1899, 12, 31) if serial < 60 else datetime(1899, 12, 30)
        return start + timedelta(milliseconds=round(serial * 86_400_000))

    return day


def _is_serial(cell: Any) -> bool:
    return (cell.__class__ is float or cell.__class__ is int) and _FIRST_SERIAL <= cell <= _LAST_SERIAL


def _days(date_of: Callable[[float], datetime] | None) -> Convert:
    def day(cell: Any) -> Any:
        return date_of(cell) if date_of is not None and _is_serial(cell) else cell

    # What is text in such a column is blank.
    return lambda cells: [None if cell.__class__ is str else day(cell) for cell in cells]


def _moments(date_of: Callable[[float], datetime] | None) -> Convert:
    days = _days(date_of)
    return lambda cells: [
        datetime.combine(day, datetime.min.time()) if day.__class__ is date else day for day in days(cells)
    ]


def _numbers(cells: Sequence[Any]) -> list[float | None]:
    return [None if cell.__class__ is str else float(cell) for cell in cells]


def _whole_numbers(cells: Sequence[Any]) -> list[int | None]:
    return [None if cell.__class__ is str else int(cell) for cell in cells]


def _texts(mark: str, date_of: Callable[[float], datetime] | None) -> Convert:
    """How cells are written; numbers with the decimal mark that the texts among them have."""

    def write(cell: Any) -> str | None:
        if isinstance(cell, str):
            return cell or None
        if date_of is not None and _is_serial(cell):
            cell = date_of(cell)
            cell = cell if cell.time() != datetime.min.time() else cell.date()
        if isinstance(cell, bool):
            return str(cell).upper()
        if isinstance(cell, int | float):
            return _number_in_text(cell).replace(".", mark)
        if isinstance(cell, datetime):
            return cell.isoformat(sep=" ")
        if isinstance(cell, timedelta):
            minutes, seconds = divmod(round(cell.total_seconds()), 60)
            return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
        return str(cell.isoformat())

    return lambda cells: list(map(write, cells))


def _number_in_text(number: float) -> str:
    """As short as it can be without losing anything; no exponent, no `.0`."""
    text = format(Decimal(repr(number)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _write(path: Path, columns: dict[int, tuple[Any, Convert]], batches: Iterator[list[Any]]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    fields = [(f"c{number}", kind) for number, (kind, _) in enumerate(columns.values(), 1)]
    schema = pa.schema([*fields, (LINE, pa.int64())])
    with pq.ParquetWriter(path, schema) as writer:
        for batch in batches:
            by_place = list(zip(*(cells for _, cells in batch), strict=True))
            arrays = [pa.array(convert(by_place[place]), kind) for place, (kind, convert) in columns.items()]
            lines = pa.array([number for number, _ in batch], pa.int64())
            writer.write_table(pa.Table.from_arrays([*arrays, lines], schema=schema))


if __name__ == "__main__":
    os.environ["ARROW_DEFAULT_MEMORY_POOL"] = "system"  # others reserve address space that the limit counts
    sys.exit(main(sys.argv[1:]))
