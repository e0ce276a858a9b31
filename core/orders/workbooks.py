"""Excel workbooks: which sheet holds the orders, and its rows. The reading itself runs in `core.orders.worksheets`."""

from __future__ import annotations

import json
import mmap
import os
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from core.errors import EmptyFileError, NotATableError, UnreadableFileError, UserError, listed
from core.orders.archives import ZIP_DAMAGE
from core.orders.layout import order_roles
from core.orders.worksheets import MOST_SHEETS, OUT_OF_MEMORY, SheetTable

_PROJECT = Path(__file__).resolve().parents[2]
_MOST_UNPACKED = 4 * 1024**3
_MOST_RATIO = 200  # sheets pack to a tenth; zeros to a thousandth
_RATIO_COUNTS_FROM = 64 * 1024**2
_MEMORY = 768 * 1024**2  # what the reading needs by itself
_MEMORY_A_BYTE = 6  # measured: 1.7 bytes for each byte of unpacked XML
_MOST_MEMORY = 4 * 1024**3
_SECONDS = 20
_BYTES_A_SECOND = 2 * 1024**2  # measured: 25 MB
_MOST_CRASHES = 3
_HEAD_BYTES = 2_048
_LOCKED = 1  # the bit that tells of a member's password
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")  # the stream of an Office file with a password


@dataclass(frozen=True, slots=True)
class Workbook:
    """The tables that hold orders, one a sheet, all with the same headers; and what else there was, in words."""

    tables: tuple[tuple[str, SheetTable], ...]  # (sheet, table), in the order of the sheets
    left_out: tuple[str, ...]


@dataclass(slots=True)
class _Survey:
    """What the reading told of the sheets."""

    sheets: int = 0
    names: dict[int, str] = field(default_factory=dict)  # of the sheets begun
    hidden: set[int] = field(default_factory=set)
    tables: dict[int, SheetTable] = field(default_factory=dict)
    unreadable: set[int] = field(default_factory=set)
    problem: Literal["password", "damaged"] | None = None


def read(path: Path, name: str, folder: Path, *, as_text: bool = False) -> Workbook:
    """The orders in a workbook, each sheet's table as Parquet.

    Parameters
    ----------
    name : what to call the file in an error
    folder : an empty one, for what is written
    as_text : every cell as text, for those who want to see it as it stands

    Raises
    ------
    UnreadableFileError, NotATableError, EmptyFileError

    Notes
    -----
    Several sheets with the same headers, such as one a month, are all orders.
    """
    unpacked = _checked_size(path, name)
    survey = _survey(_named_by_content(path, folder), folder, unpacked, as_text)
    if survey.problem is not None:
        raise _locked(name) if survey.problem == "password" else _damaged(name)
    filled = {number: table for number, table in survey.tables.items() if table.rows}
    if not filled:
        raise _no_table(name, survey)
    shown = {number: table for number, table in filled.items() if number not in survey.hidden} or filled
    best = max(shown.values(), key=lambda table: (len(order_roles(table.headers)), table.rows))
    chosen = {number: table for number, table in shown.items() if set(table.headers) == set(best.headers)}
    tables = tuple((survey.names[number], table) for number, table in chosen.items())
    return Workbook(tables, tuple(_left_out(survey, chosen)))


def _left_out(survey: _Survey, chosen: dict[int, SheetTable]) -> list[str]:
    told = [f"sheet {survey.names[number]}: {what}" for number, table in chosen.items() for what in table.left_out]
    others = [survey.names[number] for number in survey.names if number not in {*chosen, *survey.unreadable}]
    if others:
        told.append(f"the other {'sheet' if len(others) == 1 else 'sheets'}: {listed(others)}")
    broken = [survey.names[number] for number in sorted(survey.unreadable)]
    if broken:
        told.append(f"what could not be read, damaged or spread over too many cells: {listed(broken)}")
    if survey.sheets > MOST_SHEETS:
        told.append(f"the sheets after the first {MOST_SHEETS:,} of {survey.sheets:,}")
    return told


def _checked_size(path: Path, name: str) -> int:
    """How many bytes the workbook unpacks to, after looking for what no orders look like.

    Raises
    ------
    UnreadableFileError
    """
    packed = path.stat().st_size
    if not _is_zip(path):
        if _holds(path, _ENCRYPTED):
            raise _locked(name)
        return packed
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            unpacked = sum(member.file_size for member in members)
            if any(member.flag_bits & _LOCKED for member in members):
                raise _locked(name)
            if unpacked > _MOST_UNPACKED or (unpacked > _RATIO_COUNTS_FROM and unpacked > _MOST_RATIO * packed):
                raise UnreadableFileError(
                    f"{name} would unpack to {unpacked / 1024**2:,.0f} MB, far more than a workbook of its size holds.",
                    hint="Save the sheet with the orders as CSV and upload that file.",
                )
            for member in members:
                if member.filename.endswith(".xml"):
                    with archive.open(member) as stream:
                        head = stream.read(_HEAD_BYTES)
                    if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
                        raise UnreadableFileError(
                            f"{name} holds definitions (a DTD) that no workbook has.",
                            hint="Open it in Excel, save it again, and upload the new file.",
                        )
    except ZIP_DAMAGE as error:
        raise _damaged(name) from error
    return unpacked


def _named_by_content(path: Path, folder: Path) -> Path:
    """A link to the workbook: the reader goes by the name's ending, and without one it can't tell of a password."""
    ending = "xls"
    if _is_zip(path):
        with zipfile.ZipFile(path) as archive:
            inside = set(archive.namelist())
        ending = "ods" if "content.xml" in inside else "xlsb" if "xl/workbook.bin" in inside else "xlsx"
    link = folder / f"book.{ending}"
    link.symlink_to(path.resolve())
    return link


def _is_zip(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(2) == b"PK"


def _holds(path: Path, mark: bytes) -> bool:
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as whole:
        return whole.find(mark) >= 0


def _survey(path: Path, folder: Path, unpacked: int, as_text: bool) -> _Survey:
    """All sheets read; one that ends its reader is passed over."""
    survey = _Survey()
    first = 0
    for _ in range(_MOST_CRASHES):
        reached = _run(survey, path, folder, first, unpacked, as_text)
        if reached is None:
            return survey
        survey.unreadable.add(reached)
        first = reached + 1
    return survey


def _run(survey: _Survey, path: Path, folder: Path, first: int, unpacked: int, as_text: bool) -> int | None:
    """Read from the first-th sheet on: None at the end, or the sheet that could not be read within the limits."""
    memory = min(_MOST_MEMORY, _MEMORY + _MEMORY_A_BYTE * unpacked)
    seconds = _SECONDS + unpacked // _BYTES_A_SECOND
    arguments = [path, folder, first, memory, seconds, "text" if as_text else "typed"]
    try:
        ran = subprocess.run(
            [sys.executable, "-m", "core.orders.worksheets", *map(str, arguments)],
            cwd=_PROJECT,
            env={**os.environ, "RUST_BACKTRACE": "0"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=2 * seconds,  # on a busy machine; of the processor it gets no more than its seconds
            check=False,
        )
        code, out = ran.returncode, ran.stdout
    except subprocess.TimeoutExpired as late:
        code, out = OUT_OF_MEMORY, late.stdout or b""
    whole_lines = out.decode().split("\n")[:-1]  # the last one may be cut
    under_way = _take_down(survey, whole_lines)
    if code == 0:
        return None
    if code != OUT_OF_MEMORY and code > 0:
        raise ChildProcessError(f"the reader of workbooks ended with {code}: {_last_line(ran.stderr)}")
    if under_way is None:
        survey.problem = survey.problem or "damaged"
        return None
    return under_way


def _take_down(survey: _Survey, lines: Sequence[str]) -> int | None:
    """Note what was told; the sheet that was begun and not finished."""
    under_way: int | None = None
    for line in lines:
        told: dict[str, Any] = json.loads(line)
        if "sheet" not in told:
            survey.problem = told["problem"]
        elif "name" in told:
            under_way = told["sheet"]
            survey.names[told["sheet"]] = told["name"]
            survey.sheets = told["sheets"]
            if told["hidden"]:
                survey.hidden.add(told["sheet"])
        else:
            under_way = None
            if "problem" in told:
                survey.unreadable.add(told["sheet"])
            elif told["table"] is not None:
                survey.tables[told["sheet"]] = SheetTable(**told["table"])
    return under_way


def _last_line(stderr: bytes) -> str:
    lines = stderr.decode(errors="replace").strip().splitlines()
    return lines[-1].split(":")[0] if lines else "nothing said"  # the kind of error alone: no text from the file


def _locked(name: str) -> UnreadableFileError:
    return UnreadableFileError(
        f"{name} is protected by a password.",
        hint="Open it in Excel, take the password off (File, Info, Protect Workbook), save it and upload it again.",
    )


def _damaged(name: str) -> UnreadableFileError:
    return UnreadableFileError(
        f"{name} starts like a workbook but could not be read.",
        hint="It may be damaged or cut short. Open it in Excel and save it again, or save the orders as CSV.",
    )


def _no_table(name: str, survey: _Survey) -> UserError:
    if survey.unreadable:
        broken = listed([survey.names[number] for number in sorted(survey.unreadable)])
        return UnreadableFileError(
            f"{name} could not be read: its sheet {broken} is damaged or spread over too many cells.",
            hint="Copy the orders to a new workbook, or save their sheet as CSV, and upload that file.",
        )
    if survey.tables:
        return EmptyFileError(
            f"{name} has a header but no rows under it.", hint="Export the orders again for a period that has some."
        )
    return NotATableError(
        f"{name} has no sheet with a table of orders. Its sheets: {listed(list(survey.names.values())) or 'none'}.",
        hint="There should be one sheet with a row for each order, under a row of column names.",
    )
