"""Workbooks for tests: new ones by XlsxWriter, old ones (.xls) and broken ones byte by byte."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

Fill = Callable[[Worksheet], None]
DAY, MOMENT = "yyyy-mm-dd", "dd.mm.yyyy hh:mm:ss"


def book(path: Path, sheets: Mapping[str, Sequence[Sequence[object]]], **options: object) -> Path:
    """A workbook with these rows on each sheet, dates as date cells; None leaves a cell out."""
    with xlsxwriter.Workbook(path, options) as workbook:
        formats = {
            date: workbook.add_format({"num_format": DAY}),
            datetime: workbook.add_format({"num_format": MOMENT}),
        }
        for name, rows in sheets.items():
            sheet = workbook.add_worksheet(name)
            for number, row in enumerate(rows):
                for place, cell in enumerate(row):
                    if isinstance(cell, date):
                        sheet.write_datetime(number, place, cell, formats[type(cell)])
                    elif cell is not None:
                        sheet.write(number, place, cell)
    return path


def rewritten(path: Path, target: Path, parts: Mapping[str, bytes | None]) -> Path:
    """A copy of a zip file in which some members hold something else, are new, or are missing (None)."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.namelist():
            if member not in parts:
                new.writestr(member, old.read(member))
        for member, content in parts.items():
            if content is not None:
                new.writestr(member, content)
    return target


def worksheet_xml(*rows: str, dimension: str = "A1:B2") -> bytes:
    """A sheet's part with these `<row>` elements."""
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f'<dimension ref="{dimension}"/><sheetData>{"".join(rows)}</sheetData></worksheet>'
    ).encode()


def old_book(cells: Mapping[tuple[int, int], str | float], *, locked: bool = False) -> bytes:
    """An .xls file (BIFF8) with one sheet; what is a float from 20,000 on in column 1 is shown as a day.

    Written after Microsoft's [MS-XLS] and [MS-CFB]: what writers of .xls there are have not been kept up.
    """
    globals_start = _record(0x809, struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 0))
    if locked:
        globals_start += _record(0x2F, struct.pack("<HHHHH", 1, 1, 1, 0, 0) + bytes(48))
    plain, day = (_record(0xE0, struct.pack("<HH", 0, number) + bytes(16)) for number in (0, 14))
    name = "Orders"
    sheet_record_bytes = 4 + 8 + len(name)
    end = _record(0x0A, b"")
    offset = len(globals_start) + len(plain) + len(day) + sheet_record_bytes + len(end)
    bound = _record(0x85, struct.pack("<IBBBB", offset, 0, 0, len(name), 0) + name.encode())
    body = _record(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0, 0, 0, 0))
    for (row, column), value in sorted(cells.items()):
        if isinstance(value, str):
            text = struct.pack("<HB", len(value), 1) + value.encode("utf-16-le")
            body += _record(0x204, struct.pack("<HHH", row, column, 0) + text)
        else:
            style = 1 if column == 1 and value >= 20_000 else 0
            body += _record(0x203, struct.pack("<HHHd", row, column, style, value))
    return _compound(globals_start + plain + day + bound + end + body + end, "Workbook")


def _record(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def encrypted_book() -> bytes:
    """What Excel makes of a workbook with a password, as far as it can be told without the password."""
    return _compound(bytes(5_000), "EncryptedPackage")


def _compound(stream: bytes, name: str) -> bytes:
    """A compound file with one stream."""
    sector, no_sector, end_of_chain, of_the_table = 512, 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
    stream = stream.ljust(4_096, b"\0")  # shorter ones are kept in another way
    sectors = -(-len(stream) // sector)
    stream = stream.ljust(sectors * sector, b"\0")
    table_sectors = -(-(sectors + 2) // 127)
    chain = [*range(1, sectors), end_of_chain, end_of_chain, *[of_the_table] * table_sectors]
    table = struct.pack(f"<{len(chain)}I", *chain).ljust(table_sectors * sector, b"\xff")
    first_of_table = sectors + 1
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, table_sectors, sectors, 0, 4_096, end_of_chain, 0, end_of_chain, 0)
    places = [*range(first_of_table, first_of_table + table_sectors)]
    header += struct.pack("<109I", *places, *[no_sector] * (109 - len(places)))
    directory = _entry("Root Entry", 5, end_of_chain, 0, child=1) + _entry(name, 2, 0, len(stream))
    return header + stream + directory.ljust(sector, b"\0") + table


def _entry(name: str, kind: int, start: int, size: int, child: int = 0xFFFFFFFF) -> bytes:
    text = (name + "\0").encode("utf-16-le")
    none = 0xFFFFFFFF
    return (
        text.ljust(64, b"\0")
        + struct.pack("<HBBIII", len(text), kind, 1, none, none, child)
        + bytes(36)
        + struct.pack("<IQ", start, size)
    )
