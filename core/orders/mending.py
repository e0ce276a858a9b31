"""A row that alone is written with another separator, split by that separator."""

from __future__ import annotations

from collections.abc import Sequence

from core.orders.grammar import SPACES, Grammar, Open, parse
from core.orders.profile import Profile
from core.orders.records import Record

_OTHERS = (",", ";", "\t", "|")


def mended(row: Record, grammar: Grammar, columns: Profile) -> list[str]:
    """The cells of a row: its own, or those that another separator gives where these alone are the table's columns."""
    if columns.width < 2 or (len(row.cells) == columns.width and (not columns.typed or columns.supported(row.cells))):
        return row.cells
    for delimiter in _OTHERS:
        if delimiter != grammar.delimiter and row.text.count(delimiter) >= columns.width - 1:
            cells = _cells(row.text, grammar, delimiter)
            if cells is not None and (columns.fits(cells) or (not columns.typed and len(row.cells) == 1)):
                return cells if len(cells) == columns.width else row.cells
    if grammar.delimiter == SPACES or row.text.count(" ") < columns.width - 1:
        return row.cells
    tokens, quoted = _words(row.text, grammar)
    return columns.aligned(tokens, quoted) or row.cells


def _cells(text: str, grammar: Grammar, delimiter: str) -> list[str] | None:
    cells = parse(text, Grammar(delimiter, grammar.quote or '"', grammar.escape or '"'), lenient=True)
    return cells if isinstance(cells, list) else None


def _words(text: str, grammar: Grammar) -> tuple[Sequence[str], Sequence[bool]]:
    """What blanks separate, and which of it was in quotes."""
    words: list[str] = []
    quoted: list[bool] = []
    place = 0
    blanks = Grammar(" ", grammar.quote or '"', grammar.escape or '"')
    while place <= len(text):
        is_quoted = text.startswith(blanks.quote, place)
        end = _end_of_word(text, place, blanks) if is_quoted else text.find(" ", place)
        if is_quoted and end < 0:
            is_quoted, end = False, text.find(" ", place)
        end = len(text) if end < 0 else end
        piece = text[place:end]
        if is_quoted:
            read = parse(piece, blanks, lenient=True)
            words.append(read[0] if isinstance(read, list) else piece)
        else:
            words.append(piece)
        quoted.append(is_quoted)
        place = end + 1
    return words, quoted


def _end_of_word(text: str, place: int, blanks: Grammar) -> int:
    """Where the blank after a quoted word stands, or the end of the text; -1 where the quote stays open."""
    end = place
    while (end := text.find(blanks.quote + " ", end + 1)) >= 0:
        if isinstance(parse(text[place : end + 1], blanks), list):
            return end + 1
    whole = parse(text[place:], blanks)
    return -1 if isinstance(whole, Open) or whole == "broken" else len(text)
