"""CSV files: the text of every cell, what makes it safe for spreadsheets, and files that are whole or not there.

UTF-8 without a byte order mark, comma, cells quoted as in RFC 4180 and only where they must be. Lines end with a line
feed: Excel, pandas and the platforms that take lists read both ends, and with RFC 4180's carriage return in front the
last cell of each line would carry it along in awk, cut and their like.

A spreadsheet takes a cell that begins with = + - @ for a formula, and people open lists in spreadsheets. So texts that
could begin a formula get an apostrophe in front (see `safe_text`). Numbers never change.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from unicodedata import category

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.exports.phones import length_exists
from core.exports.rows import ROWS_AT_ONCE, Taker, pass_on

# Signs that begin a formula, with the wide and small forms that some spreadsheets take for the same (OWASP, "CSV
# injection"); blanks, control and invisible characters before them are skipped, since a program may drop them.
_STARTS = r"=+\-@＝＋－＠﹦﹢﹣﹫"
_RISKY = rf"^[\s\pZ\pC]*[{_STARTS}]|^[\t\r\n]"
_UNSEEN = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})
_SIGN = re.compile(f"[{_STARTS}]")
# Digits, points, commas and an exponent: nothing in it can be a formula. Commas, since "-12,50" is a number in Europe.
_NUMBER = re.compile(r"[+-]?(?:\d+(?:[.,]\d+)*[.,]?|[.,]\d+)(?:[eE][+-]?\d+)?")
_E164 = re.compile(r"\+([1-9]\d{6,14})")
_LONG_PLUS = re.compile(r"\+\d{7,}")
_MUST_QUOTE = r'[",\r\n]'


def safe_text(cell: str) -> str:
    """The text as a spreadsheet may have it: nothing that it would run.

    Notes
    -----
    An apostrophe goes before what begins with = + - @ (or a wide or small form of them), also after blanks or
    invisible characters, and before what begins with a tab, a carriage return or a line feed. Left alone are plain
    numbers ("-12.50", "+3", "-1.5e3", "-12,50") and phone numbers in E.164 form ("+442071838750") whose country code
    and length exist according to `phonenumbers`; a plus and seven or more digits that are no such phone get the
    apostrophe.
    """
    if cell[:1] in ("\t", "\r", "\n"):
        return "'" + cell
    start = _visible(cell)
    if not _SIGN.match(start) or _plain_number(start) or _phone(start):
        return cell
    return "'" + cell


def _visible(text: str) -> str:
    """The text from its first letter, sign or digit on: without blanks, control and format characters before it."""
    for place, letter in enumerate(text):
        if category(letter) not in _UNSEEN:
            return text[place:]
    return ""


def _plain_number(text: str) -> bool:
    return bool(_NUMBER.fullmatch(text)) and not _LONG_PLUS.fullmatch(text)


def _phone(text: str) -> bool:
    match = _E164.fullmatch(text)
    if not match:
        return False
    digits = match[1]
    return any(length_exists(int(digits[:size]), len(digits) - size) for size in (1, 2, 3))


def write_csv(table: pd.DataFrame | pa.Table, path: Path, *, safe: bool = True) -> None:
    """Write a frame (its index left out) or an Arrow table.

    Parameters
    ----------
    safe : False leaves every text as it is, for what must equal its source

    Notes
    -----
    Numbers are written with the fewest digits that give the same number back, whole ones without a point; missing
    values as empty cells. The file stands under its name only once it is complete.
    """
    rows = arrow(table).to_reader(ROWS_AT_ONCE)
    pass_on(rows, csv_file(path, rows.schema, safe=safe))


@contextmanager
def csv_file(path: Path, schema: pa.Schema, *, safe: bool = True) -> Iterator[Taker]:
    """A file that takes rows of these columns; it stands under its name only once it is complete."""
    with aside(path) as file:
        file.write(header_bytes(schema.names, safe=safe))
        yield lambda batch: file.write(line_bytes(lines_of(batch, safe=safe)))


def csv_bytes(table: pd.DataFrame | pa.Table, *, safe: bool = True, verbatim: Collection[str] = ()) -> bytes:
    """The same as bytes, for a download button.

    Parameters
    ----------
    verbatim : columns whose texts are known to be safe and stay as they are
    """
    found = arrow(table)
    lines = (
        line_bytes(lines_of(batch, safe=safe, verbatim=verbatim))
        for batch in found.to_batches(max_chunksize=ROWS_AT_ONCE)
    )
    return b"".join([header_bytes(found.column_names, safe=safe), *lines])


def write_rows(rows: Iterable[Sequence[str | None]], path: Path) -> None:
    """Write rows of text unchanged, each with as many cells as it has. Nothing is made safe for spreadsheets here."""
    with aside(path) as file, io.TextIOWrapper(file, "utf-8", newline="", write_through=False) as text:
        # The csv module quotes a lone carriage return only where its own line end holds one.
        csv.writer(_LineFeeds(text), lineterminator="\r\n").writerows(rows)


def write_text(text: str, path: Path) -> None:
    """Write a file of text; it stands under its name only once it is complete."""
    write_bytes(text.encode("utf-8"), path)


def write_bytes(content: bytes, path: Path) -> None:
    """Write a file; it stands under its name only once it is complete."""
    with aside(path) as file:
        file.write(content)


@contextmanager
def aside(path: Path) -> Iterator[IO[bytes]]:
    """A file to write beside `path`, which takes its place when all went well and is removed when not."""
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def header_bytes(names: Sequence[str], *, safe: bool) -> bytes:
    """The line with the names of the columns."""
    told = [safe_text(name) if safe else name for name in names]
    return (",".join(_quoted(pa.array(told, pa.large_string())).to_pylist()) + "\n").encode()


def lines_of(batch: pa.RecordBatch, *, safe: bool, verbatim: Collection[str] = ()) -> pa.Array:
    """The rows as text, without line ends."""
    cells = [
        _cells(column, safe=safe and name not in verbatim)
        for name, column in zip(batch.schema.names, batch.columns, strict=True)
    ]
    if len(cells) == 1:  # a lone empty cell would be an empty line, which readers skip
        cells = [pc.if_else(pc.equal(cells[0], ""), '""', cells[0])]
    return pc.binary_join_element_wise(*cells, pa.scalar(",", pa.large_string()))


def line_bytes(lines: pa.Array) -> bytes:
    """Lines of `lines_of` as a file has them."""
    if not len(lines):
        return b""
    # By Arrow, at a twentieth of the time that strings of Python take.
    together = pa.LargeListArray.from_arrays(pa.array([0, len(lines)], pa.int64()), lines)
    joined = pc.binary_join(together, pa.scalar("\n", pa.large_string()))[0]
    return bytes(joined.as_buffer()) + b"\n"


def _cells(column: pa.Array, *, safe: bool) -> pa.Array:
    """A column as text without missing values, quoted where needed."""
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), None, pc.add(column, 0.0))  # adding 0 turns -0 into 0
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    text = pc.fill_null(pc.cast(column, pa.large_string()), "")
    if pa.types.is_primitive(column.type):  # numbers, truth values and dates
        return text
    return _quoted(_safe(text) if safe else text)


def _safe(text: pa.Array) -> pa.Array:
    risky = pc.match_substring_regex(text, _RISKY)
    if not pc.any(risky).as_py():
        return text
    mended = [safe_text(cell) for cell in pc.filter(text, risky).to_pylist()]
    return pc.replace_with_mask(text, risky, pa.array(mended, pa.large_string()))


def _quoted(text: pa.Array) -> pa.Array:
    special = pc.match_substring_regex(text, _MUST_QUOTE)
    if not pc.any(special).as_py():
        return text
    escaped = pc.replace_substring(text, '"', '""')
    quote = pa.scalar('"', pa.large_string())
    between = pa.scalar("", pa.large_string())
    return pc.if_else(special, pc.binary_join_element_wise(quote, escaped, quote, between), text)


def arrow(table: pd.DataFrame | pa.Table) -> pa.Table:
    """A frame, its index left out, as an Arrow table; objects become text."""
    if isinstance(table, pa.Table):
        return table
    columns = [_column(table.iloc[:, place]) for place in range(table.shape[1])]
    return pa.Table.from_arrays(columns, names=[str(name) for name in table.columns])


def _column(column: pd.Series[Any]) -> pa.Array:
    if column.dtype == object:
        missing = column.isna()
        return pa.array(
            [None if gone else str(cell) for gone, cell in zip(missing, column, strict=True)], pa.large_string()
        )
    array = pa.Array.from_pandas(column)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


class _LineFeeds:
    """Takes lines that end with CR LF and passes them on with LF."""

    def __init__(self, text: IO[str]) -> None:
        self._text = text

    def write(self, line: str) -> int:
        return self._text.write(line[:-2] + "\n")
