"""How a text file is written, told from its bytes alone: encoding, separator, quotes, and where its table begins."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from core.errors import EmptyFileError, NotATableError, UnreadableFileError
from core.orders import encodings
from core.orders.grammar import SPACES, Grammar, parse
from core.orders.mending import mended
from core.orders.profile import BLANK, TEXT, Profile, forget_cells, kind, profile
from core.orders.records import Record, records
from core.orders.structure import Top, find_top

_SAMPLE_BYTES = 256 * 1024
_SAMPLE_LINES = 1_000
_SCORED_LINES = 300
_SCORED_ROWS = 100
_DELIMITERS = ("||", "::", ",", ";", "\t", "|", "~", "^", "\x1f", "\x01", "§", "¦")
_COMMENTS = re.compile(r"^[\ufeff\s]*(?:<!--.*?-->\s*)+", re.DOTALL)
_LINE_END = re.compile(r"\r\n|\r|\n")
_WORD = re.compile(r"^[\w#&'()./: -]{1,60}$")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the cells of a text file stand apart, and where its table begins."""

    encoding: str  # a Python codec
    grammar: Grammar
    header: tuple[str, ...] | None  # as the file writes it, several rows of it joined; None where there is none
    header_line: int  # the line on which the table begins, from 1: its header, or its first row
    first_line: int  # the line of its first row, from 1; where there is no row, the line after the header
    has_prose: bool  # whether anything but blank lines stands above the table
    description_line: int | None  # the line of a row under the header that says what the columns hold
    columns: Profile  # what the rows looked at hold

    @property
    def delimiter(self) -> str:
        """What stands between cells: one character or more, or SPACES."""
        return self.grammar.delimiter

    @property
    def has_header(self) -> bool:
        return self.header is not None

    @property
    def width(self) -> int:
        """How many cells most rows have."""
        return self.columns.width


def detect(path: Path, name: str | None = None) -> Dialect:
    """How the file is written, judged by its first 256 KB and, for the encoding, by all of it.

    Parameters
    ----------
    name : what to call the file in an error, where its path says nothing

    Raises
    ------
    EmptyFileError, NotATableError, UnreadableFileError
    """
    name = name or path.name
    try:
        with path.open("rb") as stream:
            head = stream.read(_SAMPLE_BYTES)
            encoding = encodings.unicode_encoding(head)
            encodings.refuse_non_text(name, head, encoding)
            encoding = encodings.of_all(head, stream, encoding)
    except OSError as error:
        raise UnreadableFileError(
            f"{name} could not be opened: {type(error).__name__}.",
            hint="Check that the file is complete and not in use, and save or export it again.",
        ) from error
    text = encodings.decode_head(head, encoding)
    if not text.replace("\ufeff", "").strip():
        raise EmptyFileError(f"{name} is empty.", hint="Export the orders again and check that the file has rows.")
    _refuse_markup(name, text)
    lines = list(io.StringIO(text, newline=""))  # str.splitlines would also break at form feeds and the like
    if len(head) == _SAMPLE_BYTES:
        lines = lines[:-1] or lines  # the last line of a sample may be cut
    try:
        return _described(encoding, lines[:_SAMPLE_LINES])
    finally:
        forget_cells()


def _described(encoding: str, lines: Sequence[str]) -> Dialect:
    grammar, width = _grammar(lines)
    rough = list(records(lines, grammar, width))
    columns = profile([row.cells for row in rough], width)
    rows = [replace(row, cells=mended(row, grammar, columns)) for row in rough]
    top = find_top(rows, grammar, columns)
    below = [row.cells for row in rows[top.rows_at :]]
    columns = profile([list(top.header or ()), *below] if below else [], width)
    return Dialect(
        encoding,
        grammar,
        _unquoted(top.header, grammar),
        rows[top.header_at].line,
        _line_of(rows, top),
        top.header_at > 0,
        rows[top.rows_at].line if top.is_described else None,
        columns,
    )


def _unquoted(header: tuple[str, ...] | None, grammar: Grammar) -> tuple[str, ...] | None:
    """Names without the quotes that a blank before them left on."""
    if header is None or not grammar.quote:
        return header
    padded = re.compile(rf"\s+{grammar.quote}([^{grammar.quote}]*){grammar.quote}")
    return tuple(padded.sub(r"\1", name) if padded.fullmatch(name) else name for name in header)


def _line_of(rows: Sequence[Record], top: Top) -> int:
    if top.rows_at < len(rows):
        return rows[top.rows_at].line
    return rows[-1].line + 1 + len(_LINE_END.findall(rows[-1].text))


def _refuse_markup(name: str, text: str) -> None:
    start = _COMMENTS.sub("", text).lstrip("\ufeff \t\r\n")[:300].lower()
    if start.startswith(("<!doctype", "<html", "<?xml", "<head", "<body", "<svg", "<div")):
        raise NotATableError(
            f"{name} is a web page or an XML document, not a table of orders.",
            hint="A download that ended on a sign-in or error page looks like this. Export the orders again.",
        )
    if start.startswith(("{", "[{")):
        raise NotATableError(
            f"{name} is JSON, not a table of orders.", hint="Export the orders as CSV and upload that file."
        )


def _grammar(lines: Sequence[str]) -> tuple[Grammar, int]:
    """The separator and quotes that give rows of one length and cells that look like values, and that length.

    The idea of scoring by pattern and by cell type is van den Burg et al. (2019), "Wrangling messy CSV files".
    """
    best, best_width, best_score = Grammar(","), 1, 0.0
    for grammar in _candidates(lines):
        rows = [row.cells for row in records(lines[:_SCORED_LINES], grammar, None)]
        width = _usual_width(rows, grammar)
        rows = [row.cells for row in records(lines[:_SCORED_LINES], grammar, width)]
        width = _usual_width(rows, grammar)
        score = _score(rows, width, grammar)
        if score > best_score:
            best, best_width, best_score = grammar, width, score
    return best, best_width


def _candidates(lines: Sequence[str]) -> Iterator[Grammar]:
    text = "".join(lines)
    # The blank belongs to the separator where it does not cost a column, so this one comes before the comma.
    for delimiter in (", ", *_DELIMITERS, SPACES, " "):
        if delimiter == SPACES and " " in text:
            yield Grammar(SPACES, "", "")
        elif delimiter in text:
            quote = _quote(lines, delimiter)
            yield Grammar(delimiter, quote, _escape(lines, delimiter, quote))


def _quote(lines: Sequence[str], delimiter: str) -> str:
    """The single quote where cells begin and end with it as often, and no less often than with the double one."""
    cells = [cell for line in lines for cell in line.rstrip("\r\n").split(delimiter)]
    begun = sum(cell.startswith("'") for cell in cells)
    ended = sum(len(cell) > 1 and cell.endswith("'") for cell in cells)
    double = sum(cell.startswith('"') for cell in cells)
    return "'" if begun >= max(2, 0.3 * len(lines)) and begun > double and abs(begun - ended) <= 0.1 * begun else '"'


def _escape(lines: Sequence[str], delimiter: str, quote: str) -> str:
    """A backslash where it explains quotes within cells that doubling does not."""
    marked = [line.rstrip("\r\n") for line in lines if "\\" + quote in line]
    doubled = sum(isinstance(parse(line, Grammar(delimiter, quote, quote)), list) for line in marked)
    escaped = sum(isinstance(parse(line, Grammar(delimiter, quote, "\\")), list) for line in marked)
    return "\\" if escaped > doubled else quote


def _usual_width(rows: Sequence[Sequence[str]], grammar: Grammar) -> int:
    """How many cells most rows have; a few lines of prose around a small table do not outvote it.

    Of two lengths that are about as frequent the one that comes first is the table's, and the other a second table's.
    """
    lengths = [len(row) for row in rows]
    counts = Counter(lengths)
    if grammar.delimiter == " " and counts and counts[min(counts)] >= 0.1 * len(lengths):
        return min(counts)  # a blank within a cell that is not quoted only ever adds one
    weights = {length: count * (1 - 1 / (length + 0.5)) for length, count in counts.items()}
    strong = {length for length, weight in weights.items() if weight >= 0.6 * max(weights.values())}
    pairs = (one for one, other in pairwise(lengths) if one == other and one in strong)
    return next(pairs, max(weights, key=lambda length: (weights[length], length), default=1))


def _score(rows: Sequence[Sequence[str]], width: int, grammar: Grammar) -> float:
    regular = [row for row in rows if len(row) == width]
    if width < 2:
        return 0.0
    cells = [cell.strip() for row in regular[:_SCORED_ROWS] for cell in row]
    kinds = [kind(cell) for cell in cells]
    known = sum(
        (found != TEXT or bool(_WORD.match(cell))) and '"' not in (cell[:1], cell[-1:])
        for cell, found in zip(cells, kinds, strict=True)
    )
    share = (len(regular) / len(rows)) * (known / len(cells))
    filled = sum(any(row[place].strip() for row in regular) for place in range(width))
    score = share * (1 - 1 / max(1, filled))
    if grammar.delimiter not in {" ", SPACES}:
        return score
    # Words stand apart by blanks as well: only where some of them are values may blanks be the separator.
    return 0.8 * score if any(found not in {TEXT, BLANK} for found in kinds) else 0.0
