"""Where the table stands among rows of cells: title lines above it, its header, and what follows below it."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from operator import itemgetter

from core.orders.names import normalised, of_money
from core.orders.roles import ORDER_ROLES, ROLES

Cell = str | int | float | bool | date | datetime | time | timedelta
"""A blank cell is an empty text."""

Row = Sequence[Cell]
Numbered = tuple[int, Row]
"""A row with its number, from 1 as the spreadsheet shows it."""

Merged = Sequence[tuple[tuple[int, int], tuple[int, int]]]
"""Cells shown as one: ((first row, first column), (last row, last column)); rows from 1, columns from 0."""

_SAMPLE_ROWS = 300
_SAMPLE_CELLS = 200_000
_DEEPEST_HEADER = 100  # filled rows
_ROWS_BELOW = 50  # rows that show what a header stands above
_MOST_FOOT_ROWS = 50
_LONGEST_HEADER_CELL = 40
_NUMBER = re.compile(r"^[-+(]?\s?[^\w\s]?\s?\d[\d.,'’\s]*(e[-+]?\d+)?\)?-?\s?(%|[^\w\s]|[A-Z]{3})?$", re.IGNORECASE)
_DATE = re.compile(r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ,]+\d{1,2}:\d{2}.*)?$")
_TOTAL = re.compile(
    r"^\W*(grand |sub ?|sum |running |report |overall )?"
    r"(totals?|sums?|summen?|gesamt\w*|zwischensumme|somme|totale|suma|totaal|som)\b",
    re.IGNORECASE,
)
_CURRENCY = re.compile(r"^\s*([A-Z]{3}|\W{1,2})\s*$")
_VALUES = frozenset({"number", "date"})
_NAMES = {name for role in ROLES for name in role.names}
_OF_MONEY = {name for role in ROLES if role.kind == "money" for name in role.names}
_ORDER_NAMES: Mapping[str, str] = {name: role.name for role in ROLES if role.name in ORDER_ROLES for name in role.names}


@dataclass(frozen=True, slots=True)
class Layout:
    """The table's place. Columns are counted from 0, rows as they are numbered."""

    headers: tuple[str, ...]  # one a column of the sheet; empty where there is no header
    header_line: Row  # the header's last line as it stands in the sheet
    header_rows: tuple[int, ...]
    passed_over: tuple[int, ...]  # filled rows above the first row of the table that are not its header
    body: Body

    @property
    def last_row_above(self) -> int:
        """The number of the last row that is not the table's own; 0 where it begins with the first."""
        return max((*self.header_rows, *self.passed_over), default=0)


@dataclass(frozen=True, slots=True)
class Body:
    """What most rows of the table are like."""

    kinds: tuple[str, ...]  # "number", "date", "text" or "blank": of most filled cells of each column
    always: frozenset[int]  # columns that nearly all rows fill
    filled: int  # cells that a row usually fills


@dataclass(slots=True)
class LeftOut:
    """Rows of a sheet that are not the table's, as they are come upon."""

    repeated_headers: int = 0
    foot: list[int] = field(default_factory=list)  # totals and notes below the table
    second_table: int | None = None  # the row at which another table begins

    def in_words(self) -> list[str]:
        """One sentence for each kind of row that was left out."""
        told = []
        if self.repeated_headers:
            told.append(f"the header, repeated {_times(self.repeated_headers)} between the rows")
        if self.foot:
            told.append(f"{rows_in_words(self.foot)} below the table: totals or notes")
        if self.second_table is not None:
            told.append(f"everything from row {self.second_table} on, where a second table begins")
        return told


@dataclass(frozen=True, slots=True)
class _Line:
    """A sampled row."""

    number: int
    cells: Row
    kinds: Sequence[str]  # of the cells

    @property
    def filled(self) -> list[int]:
        return [place for place, found in enumerate(self.kinds) if found != "blank"]

    @property
    def all_words(self) -> bool:
        return all(found in {"text", "blank"} for found in self.kinds)


def sample_size(width: int) -> int:
    """How many filled rows of a sheet `find` asks for."""
    return max(20, min(_SAMPLE_ROWS, _SAMPLE_CELLS // max(1, width)))


def find(rows: Sequence[Numbered], merged: Merged = ()) -> Layout | None:
    """The table among the first `sample_size` filled rows of a sheet, or None where nothing looks like one.

    Parameters
    ----------
    rows : all as wide as each other
    """
    lines = [_Line(number, cells, [kind(cell) for cell in cells]) for number, cells in rows]
    best, best_score = None, (0, 0, 0)
    for place, line in enumerate(lines[:_DEEPEST_HEADER]):
        score = _header_score(line, lines[place + 1 : place + 1 + _ROWS_BELOW])
        if score > best_score:
            best, best_score = place, score
    if best is None:
        return _without_header(lines)
    return _with_header(lines, best, merged)


def table_rows(rows: Iterable[Numbered], layout: Layout, left_out: LeftOut) -> Iterator[Numbered]:
    """The rows of the table: no blank ones, no repeated header, no totals or notes at the foot, no second table.

    What is not the table's is written down in `left_out`. A row in doubt is kept, to be judged with its values.
    """
    held: deque[Numbered] = deque()
    header = list(layout.header_line)
    foot = _foot_test(layout.body)
    above = previous = layout.last_row_above
    for number, cells in rows:
        if number <= above or is_blank(cells):
            continue
        if header and list(cells) == header:
            left_out.repeated_headers += 1
            previous = number
            continue
        if number > previous + 1 and _begins_another_table(cells, layout.body):
            left_out.second_table = number
            break
        previous = number
        if foot(cells):
            held.append((number, cells))
            if len(held) > _MOST_FOOT_ROWS:
                yield held.popleft()
            continue
        yield from held
        held.clear()
        yield number, cells
    left_out.foot.extend(number for number, _ in held)


def order_roles(headers: Iterable[str]) -> set[str]:
    """Which of the roles that orders need are named by headers."""
    return {_ORDER_NAMES[name] for header in headers if (name := _name(header)) in _ORDER_NAMES}


def _name(header: str) -> str:
    """A header as the names of roles are written."""
    words, money = normalised(header), of_money(header)
    return money if money in _OF_MONEY and words not in _NAMES else words


def is_blank(cells: Row) -> bool:
    """Whether a row holds nothing but blanks."""
    # Counting takes a tenth of the time of looking at each cell; few blanks are made of blanks.
    empty = cells.count("")
    return empty == len(cells) or (
        empty > len(cells) / 2 and all(isinstance(cell, str) and not cell.strip() for cell in cells)
    )


def kind(cell: Cell) -> str:
    """What a cell looks like: "blank", "date", "number" or "text"."""
    if isinstance(cell, bool):
        return "text"
    if isinstance(cell, int | float):
        return "number"
    if not isinstance(cell, str):
        return "date"
    text = cell.strip()
    if not text:
        return "blank"
    if _DATE.match(text):
        return "date"
    return "number" if _NUMBER.match(text) else "text"


def rows_in_words(numbers: Sequence[int]) -> str:
    """Row 3; rows 3 to 5; 4 rows (3, 5, 8 and 12)."""
    if len(numbers) == 1:
        return f"row {numbers[0]}"
    if numbers[-1] - numbers[0] == len(numbers) - 1:
        return f"rows {numbers[0]} to {numbers[-1]}"
    shown = ", ".join(str(number) for number in numbers[:5])
    return f"{len(numbers)} rows ({shown}{', …' if len(numbers) > 5 else ''})"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _header_score(line: _Line, below: Sequence[_Line]) -> tuple[int, int, int]:
    """How much a row looks like a header: known names, words above values of other kinds, cells filled. 0s: not one."""
    filled = line.filled
    if len(filled) < 2 or line.kinds.count("text") < 0.75 * len(filled):
        return (0, 0, 0)
    names = sum(_name(_text(line.cells[place])) in _NAMES for place in filled)
    if not below:
        return (names, 0, len(filled))
    body = _body(below)
    words_above_values = sum(line.kinds[place] == "text" and body.kinds[place] in _VALUES for place in filled)
    if len(filled) < 0.5 * body.filled:
        return (0, 0, 0)
    if any(found in _VALUES for found in body.kinds) and not words_above_values and names < 2:
        return (0, 0, 0)
    return (names, words_above_values, len(filled))


def _body(lines: Sequence[_Line]) -> Body:
    widths = Counter(len(line.filled) for line in lines)
    filled = max(widths, key=lambda width: (widths[width], width))
    usual = []
    for column in zip(*(line.kinds for line in lines), strict=True):
        counts = Counter(column)
        counts.pop("blank", 0)
        usual.append(max(counts, key=lambda one: counts[one]) if counts else "blank")
    # Totals and notes fill less than rows do, and would hide what rows always fill where there are few.
    whole = [line.kinds for line in lines if len(line.filled) >= filled]
    always = {
        place for place, column in enumerate(zip(*whole, strict=True)) if column.count("blank") <= 0.05 * len(whole)
    }
    return Body(tuple(usual), frozenset(always), filled)


def _with_header(lines: Sequence[_Line], place: int, merged: Merged) -> Layout:
    header: list[int] = [place]
    described: list[int] = []
    last = place
    while last + 2 < len(lines) and lines[last + 1].number == lines[last].number + 1:
        found = _under_the_header(lines[place], lines[last + 1], lines[last + 2 :], merged)
        if found == "row":
            break
        last += 1
        (header if found == "header" else described).append(last)
    while header[0] > 0 and _is_group_row(lines[header[0] - 1], lines[header[0]], merged):
        header.insert(0, header[0] - 1)
    texts = [_spread(lines[one], merged) for one in header]
    headers = tuple(" ".join(dict.fromkeys(filter(None, column))) for column in zip(*texts, strict=True))
    passed_over = (*range(header[0]), *described)
    below = lines[last + 1 :]
    body = _body(below) if below else Body(("blank",) * len(headers), frozenset(), len(headers))
    return Layout(
        headers,
        lines[header[-1]].cells,
        tuple(lines[one].number for one in header),
        tuple(lines[one].number for one in passed_over),
        body,
    )


def _without_header(lines: Sequence[_Line]) -> Layout | None:
    if not lines:
        return None
    body = _body(lines)
    if body.filled < 2:
        return None
    foot, above = _foot_test(body), 0
    while above < len(lines) and foot(lines[above].cells):
        above += 1
    return Layout((), (), (), tuple(line.number for line in lines[:above]), body)


def _under_the_header(header: _Line, line: _Line, below: Sequence[_Line], merged: Merged) -> str:
    """Whether the row under a header is a second line of it ("header"), describes it ("description") or is a "row"."""
    filled = line.filled
    if not line.all_words or len(filled) < 2:
        return "row"
    if any(first[0] == header.number == last[0] and first[1] < last[1] for first, last in merged):
        return "header"
    body = _body(below[:_ROWS_BELOW])
    if sum(body.kinds[place] in _VALUES for place in filled) < 2:
        return "row"
    texts, above = ([_text(row.cells[place]) for place in filled] for row in (line, header))
    longer = sum(map(len, texts)) > 2 * sum(map(len, above)) or any(len(text) > _LONGEST_HEADER_CELL for text in texts)
    # Units under names: joined, nobody would know them again.
    alone, joined = order_roles(above), order_roles(" ".join(pair) for pair in zip(above, texts, strict=True))
    return "description" if longer or len(alone) > len(joined) else "header"


def _is_group_row(line: _Line, header: _Line, merged: Merged) -> bool:
    """Whether a row above the header names groups of its columns: at least two cells, one of them over several."""
    wide = any(first[0] == line.number == last[0] and last[1] > first[1] for first, last in merged)
    return wide and len(line.filled) >= 2 and line.all_words and line.number == header.number - 1


def _spread(line: _Line, merged: Merged) -> list[str]:
    """A header line's texts, that of a merged cell under each column that it covers."""
    texts = [_text(cell) for cell in line.cells]
    for first, last in merged:
        if first[0] == line.number:
            for place in range(first[1] + 1, min(last[1], len(texts) - 1) + 1):
                texts[place] = texts[first[1]]
    return texts


def _text(cell: Cell) -> str:
    return " ".join(str(cell).split())


def _begins_another_table(cells: Row, body: Body) -> bool:
    """Whether a row after a gap is a header: words, where the table has numbers or days."""
    kinds = [kind(cell) for cell in cells]
    filled = len(kinds) - kinds.count("blank")
    if filled < 2 or kinds.count("text") < filled:
        return False
    misfits = sum(here == "text" and there in _VALUES for here, there in zip(kinds, body.kinds, strict=False))
    return misfits >= 2 or (misfits == 1 and len(order_roles(_text(cell) for cell in cells)) >= 2)


def _foot_test(body: Body) -> Callable[[Row], bool]:
    """A test whether a row, at the end of a table, would be a total or a note rather than one of its rows."""
    places = sorted(body.always)
    always = itemgetter(*places, places[0]) if places else None  # of one place alone it would give no tuple

    def foot(cells: Row) -> bool:
        # Nearly all rows fill what rows fill, and need no second look.
        if always is not None and "" not in always(cells):
            return False
        missing = {place for place in places if cells[place] == ""}
        if missing and _is_total(cells):
            return True
        if len(missing) < 2 and len(cells) - cells.count("") > 1:
            return False
        kinds = [kind(cell) for cell in cells]
        filled = [place for place, found in enumerate(kinds) if found != "blank"]
        if len(filled) == 1:
            return body.filled >= 3
        if all(kinds[place] == "number" for place in filled):  # sums without a word
            keys = {place for place in places if body.kinds[place] != "number"}
            return len(keys) >= 2 and keys <= missing
        words = all(kinds[place] == "text" for place in filled)
        return words and len(filled) <= body.filled / 2 and len(missing) >= 2

    return foot


def _is_total(cells: Row) -> bool:
    """Whether a row is a word for a total beside nothing but numbers, and a currency: no name, no id, no day."""
    filled = [cell for cell in cells if not isinstance(cell, str) or cell.strip()]
    named = [cell for cell in filled if isinstance(cell, str) and _TOTAL.match(cell)]
    return bool(named) and all(
        cell in named or kind(cell) == "number" or (isinstance(cell, str) and _CURRENCY.match(cell) is not None)
        for cell in filled
    )
