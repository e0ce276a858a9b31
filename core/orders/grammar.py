"""How one line of text becomes cells: separator, quote and escape, and what a broken quote leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal

SPACES = "spaces"
"""The separator of files whose cells stand apart by one or more blanks."""

_MOST_QUOTES_TRIED = 64
_MOST_QUOTES_PAIRED = 16
_CLEARLY = 0.5


@dataclass(frozen=True, slots=True)
class Grammar:
    """What stands between cells, around them, and before a quote within them."""

    delimiter: str  # one character or more, or SPACES
    quote: str = '"'  # "" where nothing is quoted
    escape: str = '"'  # the quote itself where quotes are doubled, or a backslash

    def split(self, line: str) -> list[str]:
        """The cells of a line without its line end, as far as quotes can be taken at their word, and further."""
        if not self.quote or self.quote not in line or self.delimiter == SPACES:
            return self._split_at_delimiters(line)
        cells = parse(line, self)
        return cells if isinstance(cells, list) else most_likely(line, self, None)

    def _split_at_delimiters(self, line: str) -> list[str]:
        return line.split() if self.delimiter == SPACES else self.complete(line).split(self.delimiter)

    def complete(self, line: str) -> str:
        """The line with the blank that an editor may have trimmed from a last ", "."""
        bare = self.delimiter.rstrip(" ")
        return line + self.delimiter[len(bare) :] if bare and bare != self.delimiter and line.endswith(bare) else line


@dataclass(frozen=True, slots=True)
class Open:
    """A quote without an end: where it stands, and from where to go on when more text has come."""

    cells: list[str]
    at: int
    resume: int


Broken = Literal["broken"]


def parse(
    text: str,
    grammar: Grammar,
    *,
    lenient: bool = False,
    tight: bool = False,
    literal: frozenset[int] = frozenset(),
    start: Open | None = None,
) -> list[str] | Open | Broken:
    """The cells of a record; or where a quote stays open; or "broken" where a quote ends and its cell goes on.

    Parameters
    ----------
    lenient : a quote within a quoted cell that nothing but more of the cell follows is part of the cell
    tight : of two quotes at the very end of a cell the first is part of it, and the second ends it
    literal : places of quotes that are to be taken as part of their cell
    start : what an earlier call for a shorter text came to
    """
    delimiter, quote = grammar.delimiter, grammar.quote
    cells = list(start.cells) if start else []
    place = start.at if start else 0
    while True:
        if text.startswith(quote, place) and place not in literal:
            end = _closing_quote(text, grammar, start.resume if start else place + 1, lenient, tight, literal)
            start = None
            if end is None:
                return Open(cells, place, len(text))
            if end < 0:
                return "broken"
            cells.append(_unescaped(text[place + 1 : end], grammar))
            place = end + 1
        else:
            end = text.find(delimiter, place)
            if end < 0:
                cells.append(text[place:])
                return cells
            cells.append(text[place:end])
            place = end
        if place == len(text):
            return cells
        place += len(delimiter)


def _closing_quote(
    text: str, grammar: Grammar, place: int, lenient: bool, tight: bool, literal: frozenset[int]
) -> int | None:
    """Where the cell's last quote stands; None where there is none, -1 where one stands that ends nothing."""
    quote, doubled = grammar.quote, grammar.escape == grammar.quote
    while (end := text.find(quote, place)) >= 0:
        after = end + 1
        if end in literal or (not doubled and _is_escaped(text, end, grammar.escape)):
            place = after
        elif doubled and text.startswith(quote, after):
            place = after if tight and _ends(text, after + 1, grammar.delimiter) else after + 1
        elif _ends(text, after, grammar.delimiter):
            return end
        elif lenient:
            place = after
        else:
            return -1
    return None


def _ends(text: str, place: int, delimiter: str) -> bool:
    return place == len(text) or text.startswith(delimiter, place)


def _is_escaped(text: str, place: int, escape: str) -> bool:
    before = place
    while before > 0 and text[before - 1] == escape:
        before -= 1
    return (place - before) % 2 == 1


def _unescaped(text: str, grammar: Grammar) -> str:
    if grammar.escape == grammar.quote:
        return text.replace(grammar.quote * 2, grammar.quote)
    # Only what had to be escaped: in 8\'9\" the first backslash is the text's own.
    parts = text.split(grammar.escape * 2)
    return grammar.escape.join(part.replace(grammar.escape + grammar.quote, grammar.quote) for part in parts)


def most_likely(
    line: str, grammar: Grammar, width: int | None, likeness: Callable[[list[str]], float] | None = None
) -> list[str]:
    """The cells of a line whose quotes are at odds: of the readings with `width` cells the one most like other rows.

    A reading more strained than others has to be clearly more like them. Where none has so many cells, it is the least
    strained of all.
    """
    first: list[str] | None = None
    best: list[str] | None = None
    best_likeness = 0.0
    for cells in _readings(line, grammar):
        if width is None:
            return cells
        first = first or cells
        if len(cells) != width:
            continue
        if likeness is None:
            return cells
        found = likeness(cells)
        if best is None or found > best_likeness + _CLEARLY:
            best, best_likeness = cells, found
    return best or first or [line]


def _readings(line: str, grammar: Grammar) -> Iterator[list[str]]:
    """Ways to read the quotes of a line, the least strained first; the last one ends every line."""
    for tight in (False, True):
        cells = parse(line, grammar, lenient=True, tight=tight)
        if isinstance(cells, list):
            yield cells
    for places in _quotes_in_doubt(line, grammar):
        for tight in (False, True):
            cells = parse(line, grammar, lenient=True, tight=tight, literal=places)
            if isinstance(cells, list):
                yield cells
    literal: frozenset[int] = frozenset()
    while isinstance(cells := parse(line, grammar, lenient=True, literal=literal), Open):
        literal |= {cells.at}
    if isinstance(cells, list):
        yield cells
    if grammar.escape != grammar.quote:
        yield from _readings(line, replace(grammar, escape=grammar.quote))


def _quotes_in_doubt(line: str, grammar: Grammar) -> Iterator[frozenset[int]]:
    """Quotes at the beginning or end of what may be a cell, one at a time and then two."""
    quote, delimiter = grammar.quote, grammar.delimiter
    places = [0] if line.startswith(quote) else []
    place = line.find(quote, 1)
    while place >= 0 and len(places) < _MOST_QUOTES_TRIED:
        if line.endswith(delimiter, 0, place) or line.startswith(delimiter, place + 1):
            places.append(place)
        place = line.find(quote, place + 1)
    yield from (frozenset([place]) for place in places)
    if len(places) <= _MOST_QUOTES_PAIRED:
        yield from (frozenset(pair) for pair in combinations(places, 2))
