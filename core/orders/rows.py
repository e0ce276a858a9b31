"""The rows of a text file's table: each as it was read, up to where the table ends."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from core.orders import encodings
from core.orders.dialect import Dialect
from core.orders.grammar import SPACES
from core.orders.mending import mended
from core.orders.profile import TEXT, forget_cells, is_wordy, kind, shape
from core.orders.records import Record, records

Row = tuple[int, list[str]]
"""The line on which a row starts, from 1, and its cells."""

_VALUE_STARTS = frozenset("0123456789+-($€£¥.")
_NUMERIC = {"number", "date", "time"}
_MOST_PROSE = 200
_ROWS_OF_EVIDENCE = 3
_SAME_NAMES = 0.8


class TableRows:
    """The rows of a table, to be read once; a row of any length is one, prose below and a second table are not.

    Parameters
    ----------
    goes_on : rows below the same header once more are the table's too, since files were put one below the other

    A row's cells keep their text, and the row the number of cells that it has. `left_out` says in words what was no
    part of the table; it is complete once the rows are.
    """

    def __init__(self, lines: Iterable[str], dialect: Dialect, lines_before: int, *, goes_on: bool = False) -> None:
        self._dialect = dialect
        self._records = records(lines, dialect.grammar, dialect.width, lines_before, dialect.columns.likeness)
        self._ahead: deque[Record] = deque()
        self._header = list(dialect.header or ())
        numeric = [place for place, column in enumerate(dialect.columns.columns) if column.kind in _NUMERIC]
        self._telling = numeric[:2]
        self._first_name = self._header[0] if self._header else None
        self._goes_on = goes_on
        self._headers_again: list[int] = []  # on which lines
        self.left_out: list[str] = []
        if dialect.header_line > 1:
            what = "line" if dialect.has_prose else "blank line"
            self.left_out.append(f"{_counted(dialect.header_line - 1, what)} above the table")

    def __iter__(self) -> Iterator[Row]:
        try:
            yield from self._rows()
        finally:
            forget_cells()

    def _rows(self) -> Iterator[Row]:
        width, columns, grammar = self._dialect.width, self._dialect.columns, self._dialect.grammar
        held: list[Record] = []
        while (record := self._take()) is not None:
            cells = record.cells
            stands_out = len(cells) != width or self._stands_out(cells)
            if stands_out:
                cells = mended(record, grammar, columns)
                if self._goes_on and not held and self._is_header_again(cells):
                    self._headers_again.append(record.line)
                    continue
            if not stands_out or columns.fits(cells):
                pass
            elif self._begins_table(record, cells):
                self._leave_out_table(held[0] if held else record, record)
                self._tell_headers_again()
                return
            elif self._is_prose(record, cells) and len(held) < _MOST_PROSE:
                held.append(record)
                continue
            if held:
                yield from ((waiting.line, waiting.cells) for waiting in held)
                held.clear()
            yield record.line, cells
        if held:
            self.left_out.append(f"{_counted(len(held), 'line')} below the table, from line {held[0].line:,}")
        self._tell_headers_again()

    def _take(self) -> Record | None:
        return self._ahead.popleft() if self._ahead else next(self._records, None)

    def _next(self, count: int) -> list[Record]:
        while len(self._ahead) < count and (record := next(self._records, None)) is not None:
            self._ahead.append(record)
        return list(self._ahead)[:count]

    def _stands_out(self, cells: Sequence[str]) -> bool:
        """Whether a row of the table's width may be something else: told from a few cells, since all rows are asked."""
        if not self._telling:
            return sum(bool(cell) for cell in cells) <= 1 or list(cells) == self._header
        return cells[0] == self._first_name or not any(cells[place][:1] in _VALUE_STARTS for place in self._telling)

    def _is_header_again(self, cells: Sequence[str]) -> bool:
        """Whether the very header stands here once more, as where files were put one below the other."""
        return list(cells) == self._header and sum(bool(cell.strip()) for cell in cells) > 1

    def _tell_headers_again(self) -> None:
        if self._headers_again:
            again = _counted(len(self._headers_again), "time")
            self.left_out.append(
                f"the header, which stands there {again} more, first in line {self._headers_again[0]:,}"
            )

    def _begins_table(self, record: Record, cells: Sequence[str]) -> bool:
        """Whether a row is the header of another table: it names columns, and the rows below it are of its length."""
        filled = sum(bool(cell.strip()) for cell in cells)
        if filled < 2 or not is_wordy(cells) or self._dialect.columns.supported(cells):
            return False
        if self._header and _same_names(cells, self._header):
            return True
        below = self._next(_ROWS_OF_EVIDENCE)
        if not below or filled < len(cells) / 2 or any(len(row.cells) != len(cells) for row in below):
            return False
        if all(is_wordy(row.cells) for row in below):
            return False
        if len(cells) == self._dialect.width and not self._dialect.columns.contradicted(cells):
            return False
        # Where the rows below are like the table's, this one may be damaged: unless it stands apart and is all names.
        if any(self._dialect.columns.supported(row.cells, may_shift=False) for row in below):
            return record.after_blank and _are_names(cells)
        return record.after_blank or len(below) > 1

    def _is_prose(self, record: Record, cells: Sequence[str]) -> bool:
        """Whether a row could be a remark below the table: words that stand in no column."""
        width = self._dialect.width
        if width < 2 or self._dialect.grammar.delimiter == SPACES:
            return False
        filled = [cell for cell in cells if cell.strip()]
        if len(filled) == 1:
            remark = filled[0]
            if kind(remark) != TEXT or shape(remark) in self._dialect.columns.columns[0].shapes:
                return False
            return len(remark.split()) > 1 or record.after_blank or not remark[:1].isalnum()
        if len(cells) >= width or self._dialect.columns.supported(cells):
            return False
        # A sentence cut at its commas.
        sentence = all(cell.startswith(" ") for cell in cells[1:]) and len(record.text.split()) > 2 * len(cells)
        return bool(filled) and sentence

    def _leave_out_table(self, first: Record, header: Record) -> None:
        rows = len(self._ahead) + sum(1 for _ in self._records)
        same = " with the same header" if _same_names(header.cells, self._header) else ""
        self.left_out.append(f"a second table{same} of {_counted(rows, 'row')}, from line {first.line:,}")
        self._ahead.clear()


def _same_names(cells: Sequence[str], header: Sequence[str]) -> bool:
    """Whether two headers name the same columns, apart from some at the end."""
    shared = min(len(cells), len(header))
    same = sum(one.strip() == other.strip() for one, other in zip(cells, header, strict=False))
    return shared > 0 and same >= max(1, _SAME_NAMES * shared) and shared >= max(len(cells), len(header)) / 2


def _are_names(cells: Sequence[str]) -> bool:
    names = {cell.strip() for cell in cells}
    return "" not in names and len(names) == len(cells) and not any(map(str.isdigit, "".join(cells)))


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def read_rows(path: Path, dialect: Dialect, *, goes_on: bool = False) -> TableRows:
    """Every row below the header with the number (from 1) of the line on which it starts; blank lines are no rows.

    Parameters
    ----------
    goes_on : as for `TableRows`
    """
    return TableRows(_lines_below(path, dialect), dialect, dialect.first_line - 1, goes_on=goes_on)


def _lines_below(path: Path, dialect: Dialect) -> Iterator[str]:
    # Opened by who reads the first line, so that nothing is left open where nobody does.
    with encodings.open_text(path, dialect.encoding) as text:
        yield from islice(text, dialect.first_line - 1, None)
