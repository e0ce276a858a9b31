"""All CSV writing: segments.csv, one list a segment, what was set aside.

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
import shutil
import zipfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any
from unicodedata import category, combining, normalize

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.exports.control import COLUMN as CONTROL_COLUMN
from core.exports.control import Control
from core.exports.phones import length_exists
from core.segments.segmentation import Segment, Segmentation, not_taken

PLATFORMS = ("google", "meta", "tiktok", "klaviyo", "mailchimp", "hubspot")
ROWS_AT_ONCE = 65_536
LONGEST_SLUG = 48

_OWN_FILES = (
    "segments.csv", "summary.csv", "sweep.csv", "set_aside.csv",
    "recipe.json", "report.html", "rules.json", "segments.xlsx",
)  # fmt: skip
_AUDIENCE_FILES = ("accounts.csv", "contacts_to_check.csv")
_OWN_LIST = re.compile(r"\d{1,3}-.+\.csv")
_LIST_BEGINS = b"customer_id,segment,segment_name,"

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
    with _aside(path) as file:
        _write(_arrow(table), file, safe=safe)


def csv_bytes(table: pd.DataFrame | pa.Table, *, safe: bool = True, verbatim: Collection[str] = ()) -> bytes:
    """The same as bytes, for a download button.

    Parameters
    ----------
    verbatim : columns whose texts are known to be safe and stay as they are
    """
    file = io.BytesIO()
    _write(_arrow(table), file, safe=safe, verbatim=verbatim)
    return file.getvalue()


def write_rows(rows: Iterable[Sequence[str | None]], path: Path) -> None:
    """Write rows of text unchanged, each with as many cells as it has. Nothing is made safe for spreadsheets here."""
    with _aside(path) as file, io.TextIOWrapper(file, "utf-8", newline="", write_through=False) as text:
        # The csv module quotes a lone carriage return only where its own line end holds one.
        csv.writer(_LineFeeds(text), lineterminator="\r\n").writerows(rows)


def write_text(text: str, path: Path) -> None:
    """Write a file of text; it stands under its name only once it is complete."""
    write_bytes(text.encode("utf-8"), path)


def write_bytes(content: bytes, path: Path) -> None:
    """Write a file; it stands under its name only once it is complete."""
    with _aside(path) as file:
        file.write(content)


def write_set_aside(frame: pd.DataFrame, path: Path) -> None:
    """Write the rows that were not used, with the reason for each."""
    write_csv(frame, path)


def table_of(segmentation: Segmentation, control: Control | None = None) -> pa.Table:
    """The columns of segments.csv and of the lists; with a control group a last one says who is in it."""
    table = _arrow(segmentation.table())
    if control is None:
        return table
    return table.append_column(not_taken(CONTROL_COLUMN, table.column_names), pa.array(control.members))


def of(table: pa.Table, segment: Segment) -> pa.Table:
    """The rows of one segment."""
    return table.filter(pc.equal(table.column("segment"), segment.number))


def write_lists(segmentation: Segmentation, out_dir: Path, control: Control | None = None) -> list[Path]:
    """Write segments.csv and lists/NUMBER-SLUG.csv, one a segment.

    Parameters
    ----------
    out_dir : made where it is missing
    control : flags its members in each file

    Returns
    -------
    The files written.
    """
    table = table_of(segmentation, control)
    return write_parts(table.schema, table.to_batches(max_chunksize=ROWS_AT_ONCE), segmentation.segments, out_dir)


def write_parts(
    schema: pa.Schema, batches: Iterable[pa.RecordBatch], segments: Sequence[Segment], out_dir: Path
) -> list[Path]:
    """The files of `write_lists`, of rows that come a batch at a time, so that no more of them are held.

    Parameters
    ----------
    schema : of the batches; `segment` is one of its columns
    """
    lists_dir = out_dir / "lists"
    lists_dir.mkdir(parents=True, exist_ok=True)
    paths = [out_dir / "segments.csv", *(lists_dir / list_name(each) for each in segments)]
    header = _header(schema.names, safe=True)
    with ExitStack() as open_files:
        files = [open_files.enter_context(_aside(path)) for path in paths]
        for file in files:
            file.write(header)
        for batch in batches:
            lines = _lines(batch, safe=True)
            files[0].write(_joined(lines))
            for file, each in zip(files[1:], segments, strict=True):
                file.write(_joined(lines.filter(pc.equal(batch.column("segment"), each.number))))
    return paths


def write_tables(segmentation: Segmentation, sweep_frame: pd.DataFrame | None, out_dir: Path) -> list[Path]:
    """Write summary.csv and sweep.csv.

    Parameters
    ----------
    sweep_frame : k, inertia, silhouette, silhouette_se; None where nothing was swept

    Returns
    -------
    The files written.
    """
    tables = {out_dir / "summary.csv": segmentation.summary()}
    if sweep_frame is not None:
        tables[out_dir / "sweep.csv"] = sweep_frame
    for path, frame in tables.items():
        write_csv(frame, path)
    return list(tables)


def list_bytes(segmentation: Segmentation, number: int, control: Control | None = None) -> bytes:
    """The list of one segment as its file has it."""
    return csv_bytes(of(table_of(segmentation, control), segmentation.segments[number - 1]))


def zip_of_lists(segmentation: Segmentation, control: Control | None = None) -> bytes:
    """Every segment's list in one zip; the same segmentation gives the same bytes."""
    table = table_of(segmentation, control)
    return zip_of({list_name(each): csv_bytes(of(table, each)) for each in segmentation.segments})


def zip_of(files: Mapping[str, bytes | Path]) -> bytes:
    """A zip of files under these names; the same files give the same bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            # The date is the earliest a zip can hold, and the permissions are fixed: neither tells anything here.
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            with archive.open(entry, "w", force_zip64=True) as packing, _opened(content) as source:
                shutil.copyfileobj(source, packing)
    return packed.getvalue()


def _opened(content: bytes | Path) -> IO[bytes]:
    return io.BytesIO(content) if isinstance(content, bytes) else content.open("rb")


def list_name(segment: Segment) -> str:
    """The file name of a segment's list: "1-champions.csv"."""
    return f"{segment.number}-{slug(segment.name)}.csv"


def slug(name: str) -> str:
    """The name in lower case letters, digits and hyphens; accents dropped, other scripts kept; never empty."""
    plain = "".join(letter for letter in normalize("NFKD", name) if not combining(letter))
    words = re.findall(r"[^\W_]+", normalize("NFKC", plain).replace("'", "").lower())
    return "-".join(words)[:LONGEST_SLUG].strip("-") or "segment"


def clear(out_dir: Path) -> None:
    """Remove the files of an earlier run, and nothing else: a file of the user's own lying there is left.

    A list is known by its name and by the columns that it begins with; an audience file by its name and its platform's
    folder. Folders are removed where that leaves them empty.
    """
    if not out_dir.is_dir():
        return
    for name in _OWN_FILES:
        _remove(out_dir / name)
    for path in _files(out_dir):
        if _unfinished(path.name) in _OWN_FILES:
            _remove(path)
    lists_dir = out_dir / "lists"
    for path in _files(lists_dir):
        own = _OWN_LIST.fullmatch(path.name) and _begins_as_a_list(path)
        if own or _OWN_LIST.fullmatch(_unfinished(path.name)):
            _remove(path)
    _remove_if_empty(lists_dir)
    for platform in PLATFORMS:
        folder = out_dir / "audiences" / platform
        for path in _files(folder):
            if _OWN_LIST.fullmatch(path.name):
                _remove(path)
        _remove_if_empty(folder)
    for name in _AUDIENCE_FILES:
        _remove(out_dir / "audiences" / name)
    _remove_if_empty(out_dir / "audiences")


def _write(table: pa.Table, file: IO[bytes], *, safe: bool, verbatim: Collection[str] = ()) -> None:
    file.write(_header(table.column_names, safe=safe))
    for batch in table.to_batches(max_chunksize=ROWS_AT_ONCE):
        file.write(_joined(_lines(batch, safe=safe, verbatim=verbatim)))


def _header(names: Sequence[str], *, safe: bool) -> bytes:
    told = [safe_text(name) if safe else name for name in names]
    return (",".join(_quoted(pa.array(told, pa.large_string())).to_pylist()) + "\n").encode()


def _lines(batch: pa.RecordBatch, *, safe: bool, verbatim: Collection[str] = ()) -> pa.Array:
    """The rows as text, without line ends."""
    cells = [
        _cells(column, safe=safe and name not in verbatim)
        for name, column in zip(batch.schema.names, batch.columns, strict=True)
    ]
    if len(cells) == 1:  # a lone empty cell would be an empty line, which readers skip
        cells = [pc.if_else(pc.equal(cells[0], ""), '""', cells[0])]
    return pc.binary_join_element_wise(*cells, pa.scalar(",", pa.large_string()))


def _joined(lines: pa.Array) -> bytes:
    return "".join(f"{line}\n" for line in lines.to_pylist()).encode()


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


def _arrow(table: pd.DataFrame | pa.Table) -> pa.Table:
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


@contextmanager
def _aside(path: Path) -> Iterator[IO[bytes]]:
    """A file to write beside `path`, which takes its place when all went well and is removed when not."""
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []


def _unfinished(name: str) -> str:
    """What a file left by a run that broke off would have been called; "" for any other."""
    return name[1:].removesuffix(".part") if name.startswith(".") and name.endswith(".part") else ""


def _begins_as_a_list(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_LIST_BEGINS)) == _LIST_BEGINS


def _remove(path: Path) -> None:
    if path.is_file() or path.is_symlink():
        path.unlink()


def _remove_if_empty(folder: Path) -> None:
    if folder.is_dir() and not folder.is_symlink() and not any(folder.iterdir()):
        folder.rmdir()
