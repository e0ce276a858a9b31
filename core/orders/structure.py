"""Where the table of a file begins: prose above it, its header, a row that describes the columns."""

from __future__ import annotations

import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from core.orders.grammar import Grammar, parse
from core.orders.profile import BLANK, Profile, is_wordy, kind
from core.orders.records import Record

_OTHER_DELIMITERS = (",", ";", "\t", "|")
_MOST_HEADER_ROWS = 6
_FIGURE = re.compile(r"\d{3}")
_WORDS_OF_A_DESCRIPTION = 3.5


@dataclass(frozen=True, slots=True)
class Top:
    """The rows above the first row of values, among the records looked at."""

    header: tuple[str, ...] | None  # joined, where it takes several rows
    header_at: int  # the record with which the table begins: its header, or its first row where there is none
    rows_at: int  # the record that is the first row
    is_described: bool  # whether that first row says what the columns hold


def find_top(rows: Sequence[Record], grammar: Grammar, columns: Profile) -> Top:
    """Where header and rows of the table begin.

    Values begin with the first row that has them where the columns have them. The rows of words right above are the
    header; what stands further above is prose.
    """
    body = next((place for place, row in enumerate(rows) if columns.supported(row.cells)), None)
    if body is None:
        return _top_of_words(rows, columns.width)
    while body > 0 and _is_row(rows[body - 1], columns):
        body -= 1
    header: list[list[str]] = []
    first = body
    while first > 0 and len(header) < _MOST_HEADER_ROWS:
        cells = _header_cells(rows[first - 1], grammar, columns, lowest=not header)
        if cells is None or (header and rows[first].after_blank):
            break
        header.insert(0, cells)
        first -= 1
    # A row of words below the first of the header may be a damaged row: figures of three digits are no names.
    named = next((place for place, cells in enumerate(header) if place and _FIGURE.search(" ".join(cells))), len(header))
    body -= len(header) - named
    del header[named:]
    # Where the header and the row below it were one block of words, the row may be a description of the columns.
    described = len(header) > 1 and _describes(header[-1], header[:-1])
    if described:
        header.pop()
        body -= 1
    return Top(_joined(header) if header else None, first, body, described)


def _top_of_words(rows: Sequence[Record], width: int) -> Top:
    """Where no column holds values: the first row that is filled as the others are is the header."""
    filled = [_filled(row.cells) for row in rows if len(row.cells) == width]
    usual = statistics.median(filled) if filled else 1
    first = next((place for place, row in enumerate(rows) if _filled(row.cells) >= max(1, 0.6 * usual)), 0)
    if len(rows) > 1 and not is_wordy(rows[first].cells):
        return Top(None, first, first, False)
    last = first
    while last + 1 < len(rows) and rows[last + 1].cells == rows[first].cells and last - first < _MOST_HEADER_ROWS:
        last += 1
    header = _joined([row.cells for row in rows[first : last + 1]])
    return Top(header, first, last + 1, False)


def _is_row(row: Record, columns: Profile) -> bool:
    """Whether a row above the first values is one of the table's, with few values in it."""
    if len(row.cells) != columns.width or columns.contradicted(row.cells) or _filled(row.cells) < 2:
        return False
    return not is_wordy(row.cells) and columns.supported(row.cells)


def _header_cells(row: Record, grammar: Grammar, columns: Profile, lowest: bool) -> list[str] | None:
    """The cells of a row as one of the header's; None where it is none."""
    width, filled = columns.width, _filled(row.cells)
    if filled == 1 and lowest and width > 1:
        return _otherwise(row.text, grammar, width)
    if any(kind(cell) in {"date", "time", "email", "address"} for cell in row.cells):
        return None
    if lowest:
        enough = columns.contradicted(row.cells) or filled >= max(1, width / 2) or (len(row.cells) == width > 1 < filled)
        return row.cells if enough else None
    if not is_wordy(row.cells) or filled < 2 or abs(len(row.cells) - width) > 1:
        return None
    spread = any(not cell.strip() for cell in _trimmed(row.cells)) and filled > 1
    return row.cells if filled >= width / 2 or spread else None


def _trimmed(cells: Sequence[str]) -> Sequence[str]:
    """The cells from the first to the last that is filled."""
    places = [place for place, cell in enumerate(cells) if cell.strip()]
    return cells[places[0] : places[-1] + 1] if places else []


def _otherwise(text: str, grammar: Grammar, width: int) -> list[str] | None:
    """A header that alone is written with another separator."""
    for delimiter in (*_OTHER_DELIMITERS, " "):
        if delimiter == grammar.delimiter:
            continue
        cells = parse(text, Grammar(delimiter, grammar.quote or '"', grammar.escape or '"'), lenient=True)
        if isinstance(cells, list) and len(cells) == width and is_wordy(cells):
            return cells
    return None


def _filled(cells: Sequence[str]) -> int:
    return sum(kind(cell) != BLANK for cell in cells)


def _describes(cells: Sequence[str], names: Sequence[Sequence[str]]) -> bool:
    words = _words_a_cell(cells)
    return words >= _WORDS_OF_A_DESCRIPTION and words >= 1.5 * max(_words_a_cell(row) for row in names)


def _words_a_cell(cells: Sequence[str]) -> float:
    return statistics.fmean([len(cell.split()) for cell in cells if cell.strip()] or [0])


def _joined(rows: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Header rows joined cell by cell with a space."""
    if len(rows) == 1:
        return tuple(rows[0])
    widest = max(len(row) for row in rows)
    cells = [[row[place] if place < len(row) else "" for row in rows] for place in range(widest)]
    return tuple(" ".join(part for part in parts if part.strip()) for parts in cells)
