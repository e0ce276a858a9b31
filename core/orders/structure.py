"""Where the table of a file begins: prose above it, its header, a row that describes the columns."""

from __future__ import annotations

import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from core.orders.grammar import Grammar, parse
from core.orders.profile import BLANK, Profile, is_wordy, kind, shape
from core.orders.records import Record

_OTHER_DELIMITERS = (",", ";", "\t", "|")
_MOST_HEADER_ROWS = 6
_DIGIT = re.compile(r"\d")
_NEVER_NAMES = {"date", "time"}
_SELDOM_NAMES = {"email", "address"}
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

    The header is the first row that is filled as the table's rows are, with words where these have values; what stands
    above it is prose. A row below it is more of the header only where nothing speaks for its being a row.
    """
    body = next((place for place, row in enumerate(rows) if columns.supported(row.cells)), None)
    if body is None:
        return _top_of_words(rows, columns.width)
    first = _first_header(rows[:body], columns)
    if first is None:
        first = next((place for place in range(body) if _may_be_header(rows, place, grammar, columns)), body)
    if first == body or _holds_values(rows[first].cells, columns):
        return Top(None, first, first, False)
    names = rows[first].cells
    if _filled(names) == 1 < columns.width:
        names = _otherwise(rows[first].text, grammar, columns.width) or names
    header, last = [names], first
    while first > 0 and not rows[first].after_blank and _is_group(rows[first - 1].cells, columns.width):
        first -= 1
        header.insert(0, rows[first].cells)
    while last + 1 < body and len(header) < _MOST_HEADER_ROWS and _continues(rows[last + 1], header, rows, columns):
        last += 1
        header.append(rows[last].cells)
    following = rows[last + 1].cells
    described = columns.contradicted(following) and _describes(following, header)
    return Top(_joined(header), first, last + 1, described)


def _holds_values(cells: Sequence[str], columns: Profile) -> bool:
    """Whether some cell is no name of its column: a day, or an address over others of its kind."""
    below = [column.kind for column in columns.columns]
    return any(
        found in _NEVER_NAMES or (found in _SELDOM_NAMES and (place >= len(below) or below[place] == found))
        for place, found in enumerate(map(kind, cells))
    )


def _first_header(rows: Sequence[Record], columns: Profile) -> int | None:
    """The first row that could be the header, unless one that is filled further or stands apart from it comes later."""
    first: int | None = None
    for place, row in enumerate(rows):
        if not _is_header(row.cells, columns):
            continue
        is_apart = first is not None and any(other.after_blank for other in rows[first + 1 : place + 1])
        if first is None or is_apart or _filled(row.cells) > _filled(rows[first].cells):
            first = place
    return first


def _is_header(cells: Sequence[str], columns: Profile) -> bool:
    """Whether a row is as wide as the table and names what the columns hold."""
    return len(cells) == columns.width and columns.contradicted(cells) and _filled(cells) >= columns.width / 2


def _may_be_header(rows: Sequence[Record], place: int, grammar: Grammar, columns: Profile) -> bool:
    """Whether a row right above the first values, or filled nearly as they are, is a damaged header."""
    cells, width = rows[place].cells, columns.width
    if _filled(cells) >= max(min(width, 2), 0.6 * width) and len(cells) >= width - 1:
        return True
    is_above = columns.supported(rows[place + 1].cells)
    if _filled(cells) == 1 < width:
        return is_above and _otherwise(rows[place].text, grammar, width) is not None
    return is_above and len(cells) == width and is_wordy(cells)


def _is_group(cells: Sequence[str], width: int) -> bool:
    """Whether a row stands over others of the header, with a name over several columns."""
    places = [place for place, cell in enumerate(cells) if cell.strip()]
    if len(places) < 2 or not is_wordy(cells) or len(cells) != width:
        return False
    return places[-1] - places[0] >= len(places)


def _continues(row: Record, header: Sequence[Sequence[str]], rows: Sequence[Record], columns: Profile) -> bool:
    """Whether a row below a header is more of it: the same names, names below groups, or names where rows have none."""
    cells = row.cells
    if row.after_blank or len(cells) != columns.width:
        return False
    if cells == header[-1]:
        return True
    if not columns.contradicted(cells) or _describes(cells, header):
        return False
    if any(
        shape(cell) in column.shapes and _DIGIT.search(cell)
        for cell, column in zip(cells, columns.columns, strict=True)
    ):
        return False
    above = [cell.strip() for cell in header[-1]]
    if "" in above or len(set(above)) < len(above):
        return _filled(cells) >= _filled(above)
    valued = sum(columns.supported(other.cells) for other in rows)
    is_cut = any(cell.endswith("-") for cell in above)  # Kunden- over nummer
    filled = len(above) if not is_cut else _filled(cells)
    is_named = len({cell.strip() for cell in cells if cell.strip()}) == filled and not _DIGIT.search("".join(cells))
    return valued >= 3 and len(columns.typed) >= 2 and is_named and all(cells[place].strip() for place in columns.typed)


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
