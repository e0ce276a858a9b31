"""What a file is, told by its first bytes, and the files packed in it, under names of ours and within bounds."""

from __future__ import annotations

import gzip
import lzma
import re
import shutil
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Literal, cast

from core.errors import EmptyFileError, NoRoomError, UnreadableFileError, listed

Kind = Literal["text", "parquet", "workbook", "zip", "gzip"]

_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIPS = (b"PK\x03\x04", b"PK\x05\x06")
_TAR_AT, _TAR = 257, b"ustar"
_MOST_BYTES = 20 * 1024**3
_MOST_RATIO = 250  # orders pack to a tenth, at the very best to a hundredth; zeros to a thousandth
_RATIO_COUNTS_FROM = 64 * 1024**2
_BLOCK = 4 * 1024**2
_MOST_FILES = 200
_LOCKED = 1  # the bit that tells of a member's password
ZIP_DAMAGE = (
    zipfile.BadZipFile,
    EOFError,
    NotImplementedError,  # a way of packing that Python does not know
    OSError,
    RuntimeError,
    ValueError,
    lzma.LZMAError,
    struct.error,
    zlib.error,
)
"""What the standard library raises at a broken archive."""

_JUNK = re.compile(r"(^|/)(__MACOSX/|\.(?!\.?/)|~\$|(thumbs\.db|desktop\.ini)$)", re.IGNORECASE)
_NO_TABLE = re.compile(
    r"\.(pdf|png|jpe?g|gif|svg|webp|heic|docx?|pptx?|rtf|md|html?|css|js|json|xml|exe|dll|bat|sh|py|mp[34]|mov)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Packed:
    """A file to read."""

    name: str  # for people
    path: Path
    kind: Kind  # neither zip nor gzip
    archive: str | None = None  # the zip file that it came in


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What was in one file that was given: itself, where it was packed in nothing."""

    files: tuple[Packed, ...]
    left_out: tuple[str, ...] = ()  # in words


def unpack(path: Path, name: str, new_path: Callable[[], Path]) -> Unpacked:
    """The files to read in one that was given. Archives within archives stay packed.

    Parameters
    ----------
    name : what to call the file for people
    new_path : gives a path that nothing has; no name from an archive ever becomes one

    Raises
    ------
    UnreadableFileError, EmptyFileError
    """
    kind = kind_of(path, name)
    if kind == "gzip":
        return Unpacked((_gunzipped(path, name, new_path()),))
    if kind == "zip":
        return _unzipped(path, name, new_path)
    return Unpacked((Packed(name, path, kind),))


def kind_of(path: Path, name: str) -> Kind:
    """What kind of file it is, whatever its name.

    Raises
    ------
    UnreadableFileError
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(512)
    except OSError as error:
        raise UnreadableFileError(
            f"{name} could not be opened: {error.strerror or type(error).__name__}.",
            hint="Check the name and that the file may be read.",
        ) from error
    if head[_TAR_AT : _TAR_AT + len(_TAR)] == _TAR:
        raise _archive_within(name, "a tar archive")
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"\x1f\x8b"):
        return "gzip"
    if head.startswith(_OLD_OFFICE):
        return "workbook"
    return _kind_of_zip(path, name) if head.startswith(_ZIPS) else "text"


def _kind_of_zip(path: Path, name: str) -> Kind:
    try:
        with zipfile.ZipFile(path) as archive:
            inside = set(archive.namelist())
    except ZIP_DAMAGE as error:
        raise _damaged(name) from error
    if any(member.startswith("xl/") for member in inside) and "[Content_Types].xml" in inside:
        return "workbook"
    if {"mimetype", "content.xml"} <= inside:  # OpenDocument; what is no spreadsheet has no table for its reader
        return "workbook"
    if "[Content_Types].xml" in inside:
        raise UnreadableFileError(
            f"{name} is an Office document, but not a workbook.",
            hint="Save the table with the orders as an Excel workbook or as CSV.",
        )
    return "zip"


def _gunzipped(path: Path, name: str, target: Path) -> Packed:
    bounds = _Bounds(name, path.stat().st_size, target)
    try:
        with gzip.open(path) as stream:
            bounds.copy(cast(IO[bytes], stream), target)
    except ZIP_DAMAGE as error:
        raise _damaged(name) from error
    kind = kind_of(target, name)
    if kind in {"gzip", "zip"}:
        raise _archive_within(name, "an archive in an archive")
    return Packed(name, target, kind)


def _unzipped(path: Path, name: str, new_path: Callable[[], Path]) -> Unpacked:
    files: list[Packed] = []
    junk: list[str] = []
    archives: list[str] = []
    refused: list[UnreadableFileError] = []
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.filename.endswith("/")]
            wanted = [member for member in members if not _is_junk(member.filename)]
            junk += [_shown(member.filename, junk) for member in members if _is_junk(member.filename)]
            if len(wanted) > _MOST_FILES:
                raise UnreadableFileError(
                    f"{name} holds {len(wanted):,} files; at most {_MOST_FILES} are read at once.",
                    hint="Put the files with the orders into an archive of their own.",
                )
            if any(member.flag_bits & _LOCKED for member in wanted):
                raise UnreadableFileError(
                    f"{name} is protected by a password.",
                    hint="Unpack it with the password, and upload the files that were in it.",
                )
            bounds = _Bounds(name, path.stat().st_size, new_path())
            for member in wanted:
                shown = _shown(member.filename, [file.name for file in files])
                target = new_path()
                with archive.open(member) as stream:
                    bounds.copy(stream, target)
                try:
                    kind = kind_of(target, shown)
                except UnreadableFileError as error:  # one bad file among many is passed over, and told
                    refused.append(error)
                    continue
                if kind in {"gzip", "zip"}:
                    archives.append(shown)
                    target.unlink()
                else:
                    files.append(Packed(shown, target, kind, archive=name))
    except ZIP_DAMAGE as error:
        raise _damaged(name) from error
    left_out = [f"archives in the archive: {listed(archives)}; unpack them first"] if archives else []
    left_out += [f"what holds no table: {listed(junk)}"] if junk else []
    left_out += [error.message for error in refused]
    if not files and refused:
        raise refused[0]
    if not files:
        raise EmptyFileError(
            f"{name} holds no file with a table" + (f" ({'; '.join(left_out)})." if left_out else "."),
            hint="Put the export of the orders into it, or upload that file itself.",
        )
    return Unpacked(tuple(files), tuple(left_out))


class _Bounds:
    """How much one archive may unpack to, all of its files together: counted, since what it declares may be a lie."""

    def __init__(self, name: str, packed: int, beside: Path) -> None:
        self._name = name
        self._packed = packed
        self._most = min(_MOST_BYTES, shutil.disk_usage(beside.parent).free // 2)
        self._unpacked = 0

    def copy(self, source: IO[bytes], target: Path) -> None:
        """Write what the source holds, block by block, as long as it stays within bounds."""
        with target.open("wb") as copy:
            while block := source.read(_BLOCK):
                self._unpacked += len(block)
                if self._unpacked > self._most or (
                    self._unpacked > _RATIO_COUNTS_FROM and self._unpacked > _MOST_RATIO * self._packed
                ):
                    copy.close()
                    target.unlink()
                    raise UnreadableFileError(
                        f"{self._name} unpacks to far more than a file of its size holds "
                        f"(stopped after {self._unpacked / 1024**2:,.0f} MB).",
                        hint="Unpack it yourself, look at what it is, and upload the file with the orders.",
                    )
                try:
                    copy.write(block)
                except OSError as error:  # else taken for damage of the archive
                    raise NoRoomError(
                        f"{self._name} could not be unpacked: {error.strerror or type(error).__name__}.",
                        hint="Make room on the disk of the machine that Elbow Room runs on, and try again.",
                    ) from error


def _is_junk(member: str) -> bool:
    plain = member.replace("\\", "/")
    return bool(_JUNK.search(plain) or _NO_TABLE.search(plain))


def _shown(member: str, taken: Sequence[str]) -> str:
    """A member's name for people: the last part of its path, printable, different from those before it."""
    last = PurePosixPath(member.replace("\\", "/")).name
    plain = "".join(mark if mark.isprintable() else "�" for mark in last) or "(no name)"
    name, number = plain, 1
    while name in taken:
        number += 1
        name = f"{plain} ({number})"
    return name


def _archive_within(name: str, what: str) -> UnreadableFileError:
    return UnreadableFileError(
        f"{name} is {what}.", hint="Unpack it, and upload the files with the orders, or one zip of them."
    )


def _damaged(name: str) -> UnreadableFileError:
    return UnreadableFileError(
        f"{name} is packed, and could not be unpacked.",
        hint="It may be damaged or cut short. Download or pack it again.",
    )
