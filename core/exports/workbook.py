"""All segments as one Excel workbook: a summary, then a sheet a segment.

XlsxWriter makes the workbook; the rows are written here, a batch at a time, as the file format has them. A cell at a
time a million customers would take minutes; and XlsxWriter, when it holds no rows in memory, takes a text between <r>
and </r> for markup, which a file could plant. Every text is an inline string, so nothing is ever a formula or a link.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from core.exports import lists
from core.exports.control import Control
from core.features import catalog
from core.features.catalog import Unit
from core.segments.segmentation import Segment, Segmentation

MOST_ROWS = 1_048_576
"""Of a sheet, its header among them; the file format's limit, as are the next two."""
LONGEST_NAME = 31
LONGEST_TEXT = 32_767
ROWS_AT_ONCE = 16_384
_SAMPLE = 200  # rows that the width of a column is told from
_NARROWEST, _WIDEST = 9, 42
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\\x00-\x1f\x7f]")
# What XML can't hold or changes, and what a reader would take for such a character written out.
_WRITTEN_OUT = "[\\x00-\\x08\\x0b-\\x1f\uffff\ufffe]|_x[0-9A-Fa-f]{4}_"
_EXCELS_DAY_0 = date(1899, 12, 30).toordinal() - date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet as it was written."""

    name: str
    segment: int | None  # None for the summary
    rows: int  # without the header


def write_workbook(
    segmentation: Segmentation, path: Path, control: Control | None = None, *, most_rows: int = MOST_ROWS
) -> tuple[Sheet, ...]:
    """Write the workbook; it stands under its name only once it is complete.

    Parameters
    ----------
    control : adds the column of the control group, as in the lists
    most_rows : of a sheet, at least 2; a segment that has more goes on in a further sheet

    Returns
    -------
    The sheets, the summary first. The sheets of a segment hold what its list holds.
    """
    part = path.with_name(f".{path.name}.part")
    settings = {
        "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
    }  # fmt: skip
    try:
        with xlsxwriter.Workbook(part, settings) as book:
            book.use_zip64()
            sheets = _Sheets(book, segmentation, most_rows)
            summary = book.add_worksheet("Summary")
            table = lists.table_of(segmentation, control)
            written = [
                sheet for segment in segmentation.segments for sheet in sheets.write(segment, lists.of(table, segment))
            ]
            sheets.write_summary(summary, written, control)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return (Sheet("Summary", None, segmentation.n_segments), *written)


def workbook_bytes(segmentation: Segmentation, control: Control | None = None) -> bytes:
    """The same as bytes, for a download button."""
    with tempfile.TemporaryDirectory(prefix="elbow-room-") as folder:
        path = Path(folder) / "segments.xlsx"
        write_workbook(segmentation, path, control)
        return path.read_bytes()


def sheet_name(segment: Segment, part: int = 1) -> str:
    """A name that Excel takes for a segment's sheet, different for each segment and part: "1 Champions (2)".

    Notes
    -----
    At most 31 characters as UTF-16 counts them, none of []:*?/ and the backslash, no apostrophe at an end.
    """
    ending = f" ({part})" if part > 1 else ""
    words = " ".join(_NOT_IN_NAMES.sub(" ", segment.name).split())
    name = f"{segment.number} {words}"
    while len((name + ending).encode("utf-16-le")) > 2 * LONGEST_NAME:
        name = name[:-1]
    return name.rstrip(" '") + ending


class _Sheets:
    """Writes tables as sheets of one workbook."""

    def __init__(self, book: Any, segmentation: Segmentation, most_rows: int) -> None:
        self._book, self._segmentation, self._most_rows = book, segmentation, most_rows
        self._formats: dict[str, Any] = {}
        self._bold = book.add_format({"bold": True, "bottom": 1})
        self._cut = 0  # texts longer than a cell

    def write(self, segment: Segment, table: pa.Table) -> Iterator[Sheet]:
        """The sheets of one segment; one without customers has a sheet with the header alone."""
        fitting = self._most_rows - 1
        styles = [self._style(name, table.column(name)) for name in table.column_names]
        for part, start in enumerate(range(0, max(table.num_rows, 1), fitting), start=1):
            here = table.slice(start, fitting)
            name = sheet_name(segment, part)
            self._fill(self._book.add_worksheet(name), here, styles)
            yield Sheet(name, segment.number, here.num_rows)

    def write_summary(self, sheet: Any, written: Sequence[Sheet], control: Control | None) -> None:
        """A row a segment, then what one should know to read it."""
        table, styles = self._summary(written, control)
        last = self._fill(sheet, table, styles)
        notes = self._notes(control)
        self._rows(sheet, pa.table({"note": notes}), [0], first_row=last + 2)

    def _summary(self, written: Sequence[Sheet], control: Control | None) -> tuple[pa.Table, list[int]]:
        segments, currency = self._segmentation.segments, self._segmentation.features.currency
        columns: dict[str, tuple[list[Any], str]] = {
            "Segment": ([each.number for each in segments], "0"),
            "Name": ([each.name for each in segments], ""),
            "Customers": ([each.customers for each in segments], "#,##0"),
            "Share of customers": ([each.share_of_customers for each in segments], "0.0%"),
        }
        if any(each.revenue is not None for each in segments):
            columns["Revenue"] = ([each.revenue for each in segments], _money(currency))
            columns["Share of revenue"] = ([each.share_of_revenue for each in segments], "0.0%")
        if control is not None:
            columns["In the control group"] = (list(control.by_segment), "#,##0")
        for name in self._segmentation.features.distinct:
            feature = catalog.feature(name)
            means = [each.center.get(name) for each in segments]
            columns[f"Mean: {feature.label}"] = (means, _number(feature.unit, currency, whole=False))
        columns["Sheets"] = (
            [", ".join(sheet.name for sheet in written if sheet.segment == each.number) for each in segments], "",
        )  # fmt: skip
        columns["Portrait"] = ([each.portrait for each in segments], "")
        arrays = [pa.array(values, from_pandas=True) for values, _ in columns.values()]
        return pa.Table.from_arrays(arrays, list(columns)), [self._format(shown) for _, shown in columns.values()]

    def _notes(self, control: Control | None) -> list[str]:
        features = self._segmentation.features
        told = [f"Money is in {features.currency}." if features.currency else "The file does not tell the currency."]
        if features.reference_date is not None:
            told.append(f"Days since the last order count back from {features.reference_date:%-d %b %Y}.")
        if control is not None:
            told.append(
                f"The control group is {control.share:.1%} of each segment, drawn at random (seed {control.seed}): "
                "send them nothing, and compare what they buy with what the others buy."
            )
        if self._cut:
            told.append(
                f"{self._cut:,} texts are longer than a cell can hold ({LONGEST_TEXT:,} characters) and end with …; "
                "the CSV lists have them whole."
            )
        return told

    def _fill(self, sheet: Any, table: pa.Table, styles: Sequence[int]) -> int:
        """Write the header and the rows; gives the number of the last row, from 0."""
        header = pa.Table.from_arrays([pa.array([name]) for name in table.column_names], _places(table))
        self._rows(sheet, header, [self._bold._get_xf_index()] * table.num_columns, first_row=0)
        self._rows(sheet, table, styles, first_row=1)
        for place, name in enumerate(table.column_names):
            sheet.set_column(place, place, _width(name, table.column(place)))
        sheet.freeze_panes(1, 0)
        return int(table.num_rows)

    def _rows(self, sheet: Any, table: pa.Table, styles: Sequence[int], *, first_row: int) -> None:
        """Write rows as the file format has them. What XlsxWriter must know of them is how far they reach."""
        for batch in table.to_batches(max_chunksize=ROWS_AT_ONCE):
            if batch.num_rows:
                for text in self._xml(batch, styles, first_row):
                    sheet.row_data_fh.write(text)
                first_row += batch.num_rows
        sheet.dim_rowmin = sheet.dim_colmin = 0
        sheet.dim_rowmax = max(first_row - 1, sheet.dim_rowmax or 0)
        sheet.dim_colmax = max(table.num_columns - 1, sheet.dim_colmax or 0)

    def _xml(self, batch: pa.RecordBatch, styles: Sequence[int], first_row: int) -> list[str]:
        """A <row> element a row."""
        numbers = pc.cast(pa.array(np.arange(first_row + 1, first_row + 1 + batch.num_rows)), pa.large_string())
        parts = [_text('<row r="'), numbers, _text('">')]
        for place, (column, style) in enumerate(zip(batch.columns, styles, strict=True)):
            cell = [_text(f'<c r="{xl_col_to_name(place)}'), numbers, _text(f'" s="{style}')]
            parts.append(pc.fill_null(self._cells(column, cell), ""))
        xml: list[str] = pc.binary_join_element_wise(*parts, _text("</row>"), _text("")).to_pylist()
        return xml

    def _cells(self, column: pa.Array, begun: list[Any]) -> pa.Array:
        """<c> elements; missing where there is no value, and then so is the cell."""
        kind = column.type
        if pa.types.is_dictionary(kind):
            column, kind = column.dictionary_decode(), kind.value_type
        if pa.types.is_boolean(kind):
            return _joined(
                *begun, _text('" t="b"><v>'), pc.cast(pc.cast(column, pa.int8()), pa.large_string()), _VALUE_END
            )
        if pa.types.is_floating(kind):
            # The format has no infinity: such a value stands as a text.
            finite = pc.if_else(pc.is_finite(column), column, None)
            endless = pc.if_else(pc.is_inf(column), pc.cast(column, pa.large_string()), None)
            return pc.coalesce(
                _joined(*begun, _text('"><v>'), _digits(finite), _VALUE_END), self._texts(endless, begun)
            )
        if pa.types.is_integer(kind):
            return _joined(*begun, _text('"><v>'), _digits(column), _VALUE_END)
        if pa.types.is_date32(kind):
            days = pc.subtract(pc.cast(pc.cast(column, pa.int32()), pa.int64()), _EXCELS_DAY_0)
            return _joined(*begun, _text('"><v>'), _digits(days), _VALUE_END)
        return self._texts(pc.cast(column, pa.large_string()), begun)

    def _texts(self, texts: pa.Array, begun: list[Any]) -> pa.Array:
        odd = pc.fill_null(pc.match_substring_regex(texts, _WRITTEN_OUT), False)
        long = pc.fill_null(pc.greater(pc.utf8_length(texts), LONGEST_TEXT // 2), False)
        if pc.any(pc.or_(odd, long)).as_py():
            texts = pa.array(
                [None if text is None else self._fitting(text) for text in texts.to_pylist()], pa.large_string()
            )
        for sign, written in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
            texts = pc.replace_substring(texts, sign, written)
        return _joined(*begun, _text('" t="inlineStr"><is><t xml:space="preserve">'), texts, _text("</t></is></c>"))

    def _fitting(self, text: str) -> str:
        units = text.encode("utf-16-le")
        if len(units) > 2 * LONGEST_TEXT:
            self._cut += 1
            text = units[: 2 * LONGEST_TEXT - 2].decode("utf-16-le", "ignore") + "…"
        return re.sub(_WRITTEN_OUT, lambda found: f"_x{ord(found[0][0]):04X}_{found[0][1:]}", text)

    def _style(self, name: str, column: pa.ChunkedArray) -> int:
        """The number format of a column of the lists."""
        if pa.types.is_date(column.type):
            return self._format("d mmm yyyy")
        if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
            return 0
        if name in {"segment", "runner_up"}:
            return self._format("0")
        if name == "margin":
            return self._format("0.00")
        if name not in self._segmentation.features.names:
            return 0
        whole = pc.all(pc.equal(column, pc.floor(column))).as_py() is not False
        return self._format(_number(catalog.feature(name).unit, self._segmentation.features.currency, whole=whole))

    def _format(self, shown: str) -> int:
        """The number under which a cell names its number format."""
        if not shown:
            return 0
        if shown not in self._formats:
            self._formats[shown] = self._book.add_format({"num_format": shown})
        return int(self._formats[shown]._get_xf_index())


def _text(text: str) -> pa.Scalar:
    return pa.scalar(text, pa.large_string())


_VALUE_END = _text("</v></c>")


def _joined(*parts: Any) -> pa.Array:
    return pc.binary_join_element_wise(*parts, _text(""))


def _digits(numbers: pa.Array) -> pa.Array:
    return pc.cast(numbers, pa.large_string())


def _places(table: pa.Table) -> list[str]:
    return [str(place) for place in range(table.num_columns)]


def _money(currency: str | None) -> str:
    return f'#,##0.00 "{currency}"' if currency else "#,##0.00"


def _number(unit: Unit, currency: str | None, *, whole: bool) -> str:
    if unit is Unit.MONEY:
        return _money(currency)
    if unit is Unit.SHARE:
        return "0.0%"
    if unit is Unit.NUMBER:
        return ""
    return "#,##0" if whole else "#,##0.0"


def _width(name: str, column: pa.ChunkedArray) -> int:
    shown = pc.cast(column.slice(0, _SAMPLE), pa.large_string()) if not pa.types.is_floating(column.type) else None
    longest = 0 if shown is None else pc.max(pc.utf8_length(shown)).as_py() or 0
    return min(max(len(name) + 2, longest + 1, _NARROWEST), _WIDEST)
