"""segments.csv and one list a segment: as files, as bytes, in a zip; and what an earlier run left, removed."""

from __future__ import annotations

import io
import re
import shutil
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO
from unicodedata import combining, normalize

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.exports.control import COLUMN as CONTROL_COLUMN
from core.exports.control import Control
from core.exports.csv_files import arrow, aside, csv_bytes, header_bytes, line_bytes, lines_of, write_csv
from core.exports.parquet_files import parquet_file
from core.exports.rows import ROWS_AT_ONCE, Taker, pass_on, typed
from core.segments.segmentation import Segment, Segmentation, not_taken

PLATFORMS = ("google", "meta", "tiktok", "klaviyo", "mailchimp", "hubspot")
LONGEST_SLUG = 48

_OWN_FILES = (
    "segments.csv", "summary.csv", "sweep.csv", "set_aside.csv",
    "recipe.json", "report.html", "rules.json", "segments.xlsx", "segments.parquet", "set_aside.parquet",
)  # fmt: skip
_AUDIENCE_FILES = ("accounts.csv", "contacts_to_check.csv")
_OWN_LIST = re.compile(r"\d{1,3}-.+\.csv")
_LIST_BEGINS = b"customer_id,segment,segment_name,"


def table_of(segmentation: Segmentation, control: Control | None = None) -> pa.Table:
    """The columns of segments.csv and of the lists; with a control group a last one says who is in it."""
    table = arrow(segmentation.table())
    if control is None:
        return table
    return table.append_column(not_taken(CONTROL_COLUMN, table.column_names), pa.array(control.members))


def of(table: pa.Table, segment: Segment) -> pa.Table:
    """The rows of one segment."""
    return table.filter(pc.equal(table.column("segment"), segment.number))


def rows_of(segmentation: Segmentation, control: Control | None = None) -> pa.RecordBatchReader:
    """The same a batch at a time, as all that leaves is made of."""
    return typed(table_of(segmentation, control).to_reader(ROWS_AT_ONCE))


def write_lists(
    rows: pa.RecordBatchReader, segments: Sequence[Segment], out_dir: Path, *, parquet: bool = False
) -> list[Path]:
    """Write segments.csv and lists/NUMBER-SLUG.csv, one a segment, holding no more rows than come at a time.

    Parameters
    ----------
    rows : of all customers, with the columns of `table_of`
    out_dir : made where it is missing
    parquet : write segments.parquet too

    Returns
    -------
    The files written.
    """
    (out_dir / "lists").mkdir(parents=True, exist_ok=True)
    paths = [out_dir / "segments.csv", *(out_dir / "lists" / list_name(each) for each in segments)]
    places = [_list_files(paths, segments, rows.schema)]
    if parquet:
        paths = [*paths, out_dir / "segments.parquet"]
        places.append(parquet_file(paths[-1], rows.schema))
    pass_on(rows, *places)
    return paths


@contextmanager
def _list_files(paths: Sequence[Path], segments: Sequence[Segment], schema: pa.Schema) -> Iterator[Taker]:
    """The files of everyone and of each segment: a row is put into text once for both that it goes to."""
    with ExitStack() as open_files:
        files = [open_files.enter_context(aside(path)) for path in paths]
        for file in files:
            file.write(header_bytes(schema.names, safe=True))

        def take(batch: pa.RecordBatch) -> None:
            lines = lines_of(batch, safe=True)
            files[0].write(line_bytes(lines))
            for file, each in zip(files[1:], segments, strict=True):
                file.write(line_bytes(lines.filter(pc.equal(batch.column("segment"), each.number))))

        yield take


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
