"""Lines become records: quotes that hold line breaks are followed, quotes that hold nothing swallow nothing."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from core.orders.grammar import SPACES, Grammar, Open, most_likely, parse

_MOST_LINES_AHEAD = 2_000
_MOST_CHARACTERS_AHEAD = 1_000_000
_FREE_CHARACTERS_AHEAD = 1_000_000
"""What may be looked at ahead before it has to stand in proportion to what has been read: keeps reading linear."""
_CHARACTERS_AHEAD_A_CHARACTER = 2


@dataclass(frozen=True, slots=True)
class Record:
    """One row as the file writes it."""

    line: int  # the line on which it starts, from 1 as an editor counts
    cells: list[str]
    text: str  # without the line end
    after_blank: bool  # whether a blank line stands before it


def records(
    lines: Iterable[str],
    grammar: Grammar,
    width: int | None,
    lines_before: int = 0,
    likeness: Callable[[list[str]], float] | None = None,
) -> Iterator[Record]:
    """The records of some lines; blank lines are none.

    Parameters
    ----------
    lines : with their line ends
    width : how many cells a row of the table has, where that is known: the evidence for what a broken quote means
    lines_before : lines of the file above these
    likeness : how like the table's rows some cells are, to choose between ways to read broken quotes
    """
    ahead = _Ahead(lines, grammar)
    number, after_blank = lines_before, False
    plain = not grammar.quote or grammar.delimiter == SPACES
    quote = grammar.quote
    blanks_separate = grammar.delimiter.isspace()
    while (line := ahead.take()) is not None:
        number += 1
        text = line.rstrip("\r\n")
        if not text or (text.isspace() and not (blanks_separate and grammar.delimiter in text)):
            after_blank = True
            continue
        used = 1
        if plain or quote not in text:
            cells = grammar.split(text)
        else:
            whole = grammar.complete(text)
            read = parse(whole, grammar)
            if isinstance(read, list):
                cells = read
            else:
                cells, used, text = _resolve(line, whole, read, ahead, grammar, width, likeness)
        yield Record(number, cells, text, after_blank)
        ahead.skip(used - 1)
        number += used - 1
        after_blank = False


class _Ahead:
    """Lines that can be looked at before they are taken, within a budget in proportion to what was read."""

    def __init__(self, lines: Iterable[str], grammar: Grammar) -> None:
        self._lines = iter(lines)
        self._grammar = grammar
        self._seen: deque[str] = deque()
        self._widths: deque[int] = deque()  # of the first of the lines seen, as far as someone has asked
        self._budget = _FREE_CHARACTERS_AHEAD

    def take(self) -> str | None:
        line = self._seen.popleft() if self._seen else next(self._lines, None)
        if self._widths:
            self._widths.popleft()
        if line is not None:
            self._budget += _CHARACTERS_AHEAD_A_CHARACTER * len(line)
        return line

    def skip(self, count: int) -> None:
        for _ in range(count):
            self.take()

    def look(self, place: int) -> str | None:
        """The line that comes after `place` others; None at the end of the file or of the budget."""
        while len(self._seen) <= place:
            line = next(self._lines, None)
            if line is None:
                return None
            self._seen.append(line)
        self.spend(len(self._seen[place]))
        return self._seen[place] if self._budget > 0 else None

    def spend(self, characters: int) -> None:
        self._budget -= characters

    def width(self, place: int) -> int:
        """How many cells the line after `place` others has by itself, which `look` has been asked for."""
        while len(self._widths) <= place:
            line = self._seen[len(self._widths)]
            self._widths.append(len(self._grammar.split(line.rstrip("\r\n"))))
        return self._widths[place]


def _resolve(
    line: str,
    text: str,
    read: Open | str,
    ahead: _Ahead,
    grammar: Grammar,
    width: int | None,
    likeness: Callable[[list[str]], float] | None,
) -> tuple[list[str], int, str]:
    """What a line with a quote that is open or broken means: its cells, how many lines they take, and their text.

    Either a cell goes on over the next lines, or the quote is part of a cell and the next lines are rows of their own.
    The number of cells tells, in this line and in those that the quote would take in.
    """
    single = most_likely(text, grammar, width, likeness)
    if width is not None and width > 1 and len(single) == width and not isinstance(read, Open):
        return single, 1, text
    found = _over_lines(line, ahead, grammar, width)
    if found is None:
        return single, 1, text
    multi, following, joined = found
    if width is None or width == 1:
        return multi, 1 + len(following), joined
    rows = sum(ahead.width(place) == width for place in range(len(following)))
    if len(single) == width:
        takes_rows = len(multi) != width or rows == len(following)
    else:
        takes_rows = len(multi) != width and 2 * rows >= len(following)
    return (single, 1, text) if takes_rows else (multi, 1 + len(following), joined)


def _over_lines(
    line: str, ahead: _Ahead, grammar: Grammar, width: int | None
) -> tuple[list[str], list[str], str] | None:
    """The record that ends where the open quote does: its cells, the lines that it takes in, its text; or None."""
    following: list[str] = []
    parts, length, rows_in_turn = [line], len(line), 0
    state = parse(line.rstrip("\r\n"), grammar, lenient=True)
    # Text that happens to hold as many separators as a row does so for a line or two.
    enough = 3 if width is None or width > 2 else 10
    if not isinstance(state, Open):
        return None
    while len(following) < _MOST_LINES_AHEAD and length < _MOST_CHARACTERS_AHEAD:
        after = ahead.look(len(following))
        if after is None:
            return None
        is_row = width is not None and ahead.width(len(following)) == width
        rows_in_turn = rows_in_turn + 1 if is_row else 0
        following.append(after)
        parts.append(after)
        length += len(after)
        if width is not None and width > 1 and rows_in_turn == enough:
            return None
        if grammar.quote not in after:
            continue
        joined = "".join(parts)
        ahead.spend(length)
        parts = [joined]
        state = parse(joined.rstrip("\r\n"), grammar, lenient=True, start=state)
        if isinstance(state, list):
            return state, following, joined.rstrip("\r\n")
        if not isinstance(state, Open):
            return None
    return None
