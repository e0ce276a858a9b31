"""How a text file is written: encoding, separator, header; and its rows, read so that nothing is lost."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import numpy as np

from core.errors import EmptyFileError, NotATableError, UnreadableFileError

SPACES = "spaces"
"""The separator of files whose cells stand apart by one or more blanks."""

_SAMPLE_BYTES = 256 * 1024
_SAMPLE_ROWS = 500
_CHUNK_BYTES = 1024 * 1024
_DELIMITERS = (",", ";", "\t", "|")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SIGNATURES = (
    (b"PK\x03\x04", "a zip archive or a spreadsheet"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"SQLite format 3", "a database"),
)
_CONTROLS_OF_TEXT = b"\t\n\v\f\r\x1a\x1c\x1d\x1e\x1f"
_NUMBER = re.compile(r"^[-+(]?[^\w\s]?\s?\d[\d.,'\s]*(e[-+]?\d+)?\)?-?\s?(%|[^\w\s]|[A-Z]{3})?$", re.IGNORECASE)
_DATE = re.compile(r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ,]+\d{1,2}:\d{2}.*)?$")
_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
_COMMENTS = re.compile(r"^[\ufeff\s]*(?:<!--.*?-->\s*)+", re.DOTALL)
_WORD = re.compile(r"^[\w#&'()./: -]{1,60}$")

csv.field_size_limit(16 * 1024 * 1024)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the cells of a text file stand apart."""

    encoding: str  # a Python codec
    delimiter: str  # one character, or SPACES
    has_header: bool
    skipped_lines: int  # lines above the header (or above the first row)
    line_breaks: int  # line feeds in the whole file, to tell whether cells hold line breaks
    ends_with_break: bool


def is_packed(path: Path) -> bool:
    """Whether the file is gzip, whatever its name."""
    with path.open("rb") as start:
        return start.read(2) == b"\x1f\x8b"


def open_binary(path: Path) -> IO[bytes]:
    """The file's bytes, unpacked where it is gzip."""
    return cast(IO[bytes], gzip.open(path)) if is_packed(path) else path.open("rb")


def open_text(path: Path, encoding: str) -> io.TextIOWrapper:
    """The file's text, line ends untouched; bytes that the encoding does not know become U+FFFD."""
    return io.TextIOWrapper(open_binary(path), encoding=encoding, errors="replace", newline="")


def detect(path: Path, name: str | None = None) -> Dialect:
    """How the file is written, judged by its first 256 KB and, for the encoding, by all of it.

    Parameters
    ----------
    name : what to call the file in an error, where its path says nothing

    Raises
    ------
    EmptyFileError, NotATableError, UnreadableFileError
    """
    name = name or path.name
    try:
        with open_binary(path) as stream:
            head = stream.read(_SAMPLE_BYTES)
            encoding, line_breaks, last = _scan(head, stream)
    except (OSError, EOFError, gzip.BadGzipFile) as error:
        raise UnreadableFileError(
            f"{name} could not be opened: {type(error).__name__}.",
            hint="Check that the file is complete and not in use, and save or export it again.",
        ) from error
    _refuse_non_text(name, head, encoding)
    text = _decode_head(head, encoding)
    if not text.strip():
        raise EmptyFileError(f"{name} is empty.", hint="Export the orders again and check that the file has rows.")
    _refuse_markup(name, text)
    lines = list(io.StringIO(text, newline=""))  # str.splitlines would also break at form feeds and the like
    if len(head) == _SAMPLE_BYTES:
        lines = lines[:-1] or lines  # the last line of a sample may be cut
    skipped = next(number for number, line in enumerate(lines) if line.strip())
    delimiter, rows = _best_delimiter(lines[skipped : skipped + _SAMPLE_ROWS])
    return Dialect(encoding, delimiter, _has_header(rows), skipped, line_breaks, last == b"\n")


def unquoted_separators(path: Path, delimiter: str) -> int | None:
    """How often the separator stands in a UTF-8 file; None where a quote or a carriage return makes that say little."""
    count, separator = 0, ord(delimiter)
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            if b'"' in chunk or b"\r" in chunk:
                return None
            count += _count(chunk, separator)
    return count


def _count(chunk: bytes, byte: int) -> int:
    # `bytes.count` takes 2 s for the commas of 10 million rows, and this 0.1.
    return int(np.count_nonzero(np.frombuffer(chunk, np.uint8) == byte))


def read_rows(path: Path, dialect: Dialect) -> Iterator[tuple[int, list[str]]]:
    """Every row with the number (from 1) of the line on which it starts; blank lines are no rows.

    Cells keep their text and rows the number of cells that they have.
    """
    with open_text(path, dialect.encoding) as text:
        for _ in range(dialect.skipped_lines):
            next(text)
        yield from _split(text, dialect.delimiter, dialect.skipped_lines)


def _split(lines: Iterable[str], delimiter: str, lines_before: int = 0) -> Iterator[tuple[int, list[str]]]:
    if delimiter == SPACES:
        for number, line in enumerate(lines, lines_before + 1):
            cells = line.split()
            if cells:
                yield number, cells
        return
    reader = csv.reader(lines, delimiter=delimiter)
    starts = lines_before + 1
    for row in reader:
        if row:
            yield starts, row
        starts = lines_before + reader.line_num + 1


def _scan(head: bytes, rest: IO[bytes]) -> tuple[str, int, bytes]:
    """The encoding that fits all bytes, the number of line feeds, and the last byte."""
    for mark, name in _BOMS:
        if head.startswith(mark):
            encoding = name
            break
    else:
        encoding = _utf16_without_bom(head) or "utf-8"
    decoder = codecs.getincrementaldecoder(encoding)()
    # Elsewhere ASCII stands for itself and needs no decoding, unless a character is cut before it: 0.4 s for 1 a GB.
    wide = encoding.startswith(("utf-16", "utf-32"))
    chunk, last, line_breaks = head, b"", 0
    while chunk:
        line_breaks += _count(chunk, ord("\n"))
        last = chunk[-1:]
        try:
            if wide or decoder.getstate()[0] or not chunk.isascii():
                decoder.decode(chunk)
        except UnicodeDecodeError:
            encoding, wide = _single_byte(head), False
            decoder = codecs.getincrementaldecoder("latin-1")()
        chunk = rest.read(_CHUNK_BYTES)
    return encoding, line_breaks, last


def _utf16_without_bom(head: bytes) -> str | None:
    pairs = len(head) // 2
    if pairs < 2:
        return None
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd > 0.4 * pairs and even < 0.05 * pairs:
        return "utf-16-le"
    if even > 0.4 * pairs and odd < 0.05 * pairs:
        return "utf-16-be"
    return None


def _single_byte(head: bytes) -> str:
    """Windows' Western encoding, or ISO 8859-1 where bytes occur that the former leaves undefined."""
    return "latin-1" if any(byte in head for byte in b"\x81\x8d\x8f\x90\x9d") else "cp1252"


def _refuse_non_text(name: str, head: bytes, encoding: str) -> None:
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            raise UnreadableFileError(
                f"{name} is {kind}, not a text file with rows.",
                hint="Export the orders as CSV and upload that file.",
            )
    if encoding.startswith(("utf-16", "utf-32")):
        return
    controls = sum(head.count(byte) for byte in range(32) if byte not in _CONTROLS_OF_TEXT)
    if controls > 0.01 * len(head):
        raise UnreadableFileError(
            f"{name} holds binary data, not text with rows.",
            hint="It may be damaged or of another kind than its name says. Export the orders as CSV again.",
        )


def _decode_head(head: bytes, encoding: str) -> str:
    return codecs.getincrementaldecoder(encoding)(errors="replace").decode(head)


def _refuse_markup(name: str, text: str) -> None:
    start = _COMMENTS.sub("", text).lstrip("\ufeff \t\r\n")[:300].lower()
    if start.startswith(("<!doctype", "<html", "<?xml", "<head", "<body", "<svg", "<div")):
        raise NotATableError(
            f"{name} is a web page or an XML document, not a table of orders.",
            hint="A download that ended on a sign-in or error page looks like this. Export the orders again.",
        )
    if start.startswith(("{", "[{")):
        raise NotATableError(
            f"{name} is JSON, not a table of orders.", hint="Export the orders as CSV and upload that file."
        )


def _best_delimiter(lines: Sequence[str]) -> tuple[str, list[list[str]]]:
    """The separator that gives rows of one length and cells that look like values.

    The idea of scoring by pattern and by cell type is van den Burg et al. (2019), "Wrangling messy CSV files".
    """
    best, best_rows, best_score = ",", [[line] for line in lines], 0.0
    for delimiter in (*_DELIMITERS, SPACES):
        rows = [cells for _, cells in _split(lines, delimiter)]
        score = _score(rows) * (0.8 if delimiter == SPACES else 1.0)
        if score > best_score:
            best, best_rows, best_score = delimiter, rows, score
    if best_score == 0.0:
        return ",", [cells for _, cells in _split(lines, ",")]
    return best, best_rows


def _score(rows: Sequence[Sequence[str]]) -> float:
    if not rows:
        return 0.0
    lengths = Counter(len(row) for row in rows)
    usual, times = max(lengths.items(), key=lambda item: (item[1], item[0]))
    if usual < 2:
        return 0.0
    cells = [cell.strip() for row in rows[:100] for cell in row]
    known = sum(1 for cell in cells if not cell or any(kind.match(cell) for kind in (_NUMBER, _DATE, _EMAIL, _WORD)))
    return (times / len(rows)) * (known / len(cells)) * (1 - 1 / usual)


def _kind(cell: str) -> str:
    cell = cell.strip()
    if not cell:
        return "blank"
    for name, pattern in (("date", _DATE), ("number", _NUMBER), ("email", _EMAIL)):
        if pattern.match(cell):
            return name
    return "text"


def _has_header(rows: Sequence[Sequence[str]]) -> bool:
    """True unless the first row holds values of the same kinds as the rows under it."""
    if len(rows) < 2:
        return bool(rows) and all(_kind(cell) in {"text", "blank"} for cell in rows[0])
    header_like = row_like = 0
    for place, cell in enumerate(rows[0]):
        below = Counter(_kind(row[place]) for row in rows[1:] if place < len(row) and row[place].strip())
        if not below or not cell.strip():
            continue
        usual = below.most_common(1)[0][0]
        if _kind(cell) == "text":
            header_like += usual != "text"
        elif _kind(cell) == usual:
            row_like += 1
    return header_like >= row_like
