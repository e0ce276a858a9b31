"""What the cells of each column look like: the evidence for what a row is that does not look like the others."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

TEXT, BLANK = "text", "blank"

# Not any three capital letters: TAX1 is a name.
_MONEY = (
    r"[^\w\s]|kr|zł|EUR|USD|GBP|CHF|SEK|NOK|DKK|PLN|CZK|HUF|RON|BGN|TRY|CAD|AUD|NZD|BRL|MXN|JPY|CNY|INR|ZAR|KES|AED"
)
_KINDS = (
    (
        "date",
        re.compile(
            r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ,]+\d{1,2}:\d{2}.*)?$"
            r"|^(\d{1,2}\.? |[^\W\d_]{3,9},? )?[^\W\d_]{3,10}\.? \d{1,2},? \d{4}\b.{0,24}$"
            r"|^\d{1,2}\.?[- ][^\W\d_]{3,10}\.?[- ]\d{2,4}\b.{0,24}$"
        ),
    ),
    ("time", re.compile(r"^\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?( ?[AaPp]\.?[Mm]\.?)?$")),
    (
        "number",
        re.compile(rf"^[-+(]?\s?({_MONEY})?\s?[-+]?\d[\d.,'’\s]*([eE][-+]?\d+)?\)?-?\s?({_MONEY})?$"),
    ),
    ("email", re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")),
    ("address", re.compile(r"^(https?://|www\.)\S+$", re.I)),
)
_DIGITS = re.compile(r"\d+")
_LETTERS = re.compile(r"[^\W\d_]+")
_TYPED_SHARE = 0.8
_MOST_SHAPES = 200
_MOST_ALIGNMENTS = 200_000


@lru_cache(maxsize=4096)  # emptied by `forget_cells`, which whoever reads a file calls at its end
def kind(cell: str) -> str:
    """What a cell holds: "date", "time", "number", "email", "address", TEXT or BLANK."""
    cell = cell.strip()
    if not cell:
        return BLANK
    if len(cell) > 200:
        return TEXT
    for name, pattern in _KINDS:
        if pattern.match(cell):
            return name
    return TEXT


def forget_cells() -> None:
    """Let go of the cells that were looked at: they are somebody's, and the next file is another's."""
    kind.cache_clear()


def shape(cell: str) -> str:
    """The cell with every run of digits as 9 and every run of letters as a."""
    return _LETTERS.sub("a", _DIGITS.sub("9", cell[:80]))


def is_wordy(cells: Sequence[str]) -> bool:
    """Whether all that is filled in is text, as in a header: no number, date, time or address."""
    kinds = {kind(cell) for cell in cells}
    return TEXT in kinds and kinds <= {TEXT, BLANK}


@dataclass(frozen=True, slots=True)
class Column:
    """What the cells of one column have looked like."""

    kind: str  # of nearly all that is filled in; TEXT where they differ
    shapes: frozenset[str]
    words: tuple[float, ...]  # the share of cells of 0, 1, 2 ... words; the last for all longer ones
    blanks: float  # the share of cells with nothing in them

    def likeness(self, cell: str, is_quoted: bool = False) -> float:
        """How well a cell would stand in this column, from -1 (not at all) to 2."""
        found = kind(cell)
        if found == BLANK:
            return min(1.0, 4 * self.blanks) if self.blanks else -1.0
        if found != self.kind:
            return -1.0
        words = 1 if is_quoted else min(len(cell.split()), len(self.words) - 1)
        return (1.0 if shape(cell) in self.shapes else 0.3) + (0.5 if is_quoted else self.words[words])


@dataclass(frozen=True, slots=True)
class Profile:
    """The columns of a table, as its ordinary rows show them."""

    columns: tuple[Column, ...]

    @property
    def width(self) -> int:
        return len(self.columns)

    @property
    def typed(self) -> tuple[int, ...]:
        """The places of columns that hold numbers, dates and the like."""
        return tuple(place for place, column in enumerate(self.columns) if column.kind not in {TEXT, BLANK})

    def contradicted(self, cells: Sequence[str]) -> bool:
        """Whether a row holds words where the columns hold values, as a header does and no other row."""
        if not is_wordy(cells) or not self.typed:
            return False
        filled = sum(1 for place in self.typed if place < len(cells) and cells[place].strip())
        return filled >= max(1, len(self.typed) / 2)

    def supported(self, cells: Sequence[str], *, may_shift: bool = True) -> bool:
        """Whether a row holds values where the columns do, counted from its left or also from its right end."""
        shift = len(cells) - self.width
        return bool(self.typed) and (
            self._agrees(cells, 0) or (may_shift and shift != 0 and self._agrees(cells, shift))
        )

    def _agrees(self, cells: Sequence[str], shift: int) -> bool:
        kinds = [
            (kind(cells[place + shift]), self.columns[place].kind)
            for place in self.typed
            if 0 <= place + shift < len(cells)
        ]
        same = sum(found == usual for found, usual in kinds)
        other = sum(found not in {usual, BLANK} for found, usual in kinds)
        return same >= max(1, other, len(self.typed) / 3)

    def fits(self, cells: Sequence[str]) -> bool:
        """Whether a row could stand in the table as it is."""
        if len(cells) != self.width or not self.typed:
            return False
        return all(self.columns[place].likeness(cells[place]) > 0 for place in self.typed)

    def likeness(self, cells: Sequence[str]) -> float:
        """How well a row of the table's width would stand in it, all columns together."""
        # A stray quote is part of its cell, and no reason to doubt where the cell stands.
        return sum(column.likeness(cell.strip('"')) for column, cell in zip(self.columns, cells, strict=True))

    def aligned(self, tokens: Sequence[str], quoted: Sequence[bool]) -> list[str] | None:
        """The words of a row put together to cells, one for each column; None where that is not clear.

        Parameters
        ----------
        tokens : the words, in their order
        quoted : which of them were in quotes, and so are cells by themselves
        """
        count, width = len(tokens), self.width
        if not self.typed or count < width or count * count * width > _MOST_ALIGNMENTS:
            return None
        # best[w]: for each number of tokens used by the first w columns, the best total, its rival, and the last cut.
        best: list[dict[int, tuple[float, float, int]]] = [{0: (0.0, float("-inf"), 0)}]
        for column in self.columns:
            row: dict[int, tuple[float, float, int]] = {}
            for used, (total, rival, _) in best[-1].items():
                for end in range(used + 1, count - (width - len(best)) + 1):
                    alone = end == used + 1
                    if not alone and (quoted[end - 1] or quoted[used]):
                        break
                    gain = column.likeness(" ".join(tokens[used:end]), alone and quoted[used])
                    if gain < 0:
                        continue
                    ways = sorted(
                        [(total + gain, used), (rival + gain, used), *_known(row.get(end))], key=lambda way: -way[0]
                    )
                    row[end] = (ways[0][0], ways[1][0], ways[0][1])
            best.append(row)
        if count not in best[-1]:
            return None
        total, rival, _ = best[-1][count]
        if total - rival < 0.05:
            return None
        cells: list[str] = []
        end = count
        for row in reversed(best[1:]):
            start = row[end][2]
            cells.append(" ".join(tokens[start:end]))
            end = start
        return cells[::-1]


def _known(entry: tuple[float, float, int] | None) -> list[tuple[float, int]]:
    return [] if entry is None else [(entry[0], entry[2]), (entry[1], entry[2])]


def profile(rows: Sequence[Sequence[str]], width: int) -> Profile:
    """What the columns hold, by the rows that are as wide as the table."""
    regular = [row for row in rows if len(row) == width]
    regular = regular[1:] or regular  # the first may be a header, and one row less tells no less
    valued = [row for row in regular if not is_wordy(row)]
    return Profile(tuple(_column([row[place] for row in valued or regular]) for place in range(width)))


def _column(cells: Sequence[str]) -> Column:
    filled = [cell for cell in cells if cell.strip()]
    kinds = Counter(kind(cell) for cell in filled)
    usual, times = kinds.most_common(1)[0] if kinds else (BLANK, 0)
    longest = 8
    words = Counter(min(len(cell.split()), longest) for cell in filled)
    return Column(
        kind=usual if times >= _TYPED_SHARE * len(filled) else TEXT,
        shapes=frozenset(shape(cell) for cell in filled[:_MOST_SHAPES]),
        words=tuple(words[count] / max(1, len(filled)) for count in range(longest + 1)),
        blanks=(len(cells) - len(filled)) / max(1, len(cells)),
    )
