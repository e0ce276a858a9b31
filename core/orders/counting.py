"""Whether every line of a file is plainly a row, told from its bytes at a fraction of the time that reading takes."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.orders.dialect import Dialect

_BLOCK_BYTES = 512 * 1024  # with 1 MB each array of quotes is memory that the system hands out anew: twice the time
_THREADS = min(4, os.cpu_count() or 1)
_LINE_FEED, _CARRIAGE_RETURN = ord("\n"), ord("\r")

_BLANKS = (b"\t", b"\v", b"\f")

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class RegularRows:
    """A file each of whose lines is a row with the table's number of cells."""

    rows: int
    plain: bool  # ASCII, and the space is the only blank that cells can have


def regular_rows(path: Path, dialect: Dialect) -> RegularRows | None:
    """How many rows there are where each line is one, with the table's number of cells; None where one may not be.

    Parameters
    ----------
    path : a file in UTF-8

    Notes
    -----
    Where nothing is quoted, separators are counted in blocks of 512 KB: a row too short and one too long in the same
    block make up for each other here, and show in the number of rows once they are kept.
    """
    size = path.stat().st_size
    look = partial(_look, path, size, dialect, _header_bytes(path, dialect))
    rows = returns = 0
    plain = True
    with ThreadPoolExecutor(_THREADS) as threads:
        for found in _in_turn(threads, look, _ranges(path, size, dialect.first_line - 1)):
            if found is None:
                return None
            rows += found.lines
            returns += found.returns
            plain = plain and found.plain
    return RegularRows(rows, plain) if returns in {0, rows} and rows else None


@dataclass(frozen=True, slots=True)
class _Block:
    lines: int
    returns: int
    plain: bool


def _in_turn(
    threads: ThreadPoolExecutor, look: Callable[[range], _Block | None], ranges: Iterator[range]
) -> Iterator[_Block | None]:
    """What comes of each range of bytes, in their order; only a few are held at a time."""
    waiting: deque[Future[_Block | None]] = deque()
    for places in ranges:
        waiting.append(threads.submit(look, places))
        if len(waiting) > _THREADS:
            yield waiting.popleft().result()
    yield from (future.result() for future in waiting)


def _look(path: Path, size: int, dialect: Dialect, header: bytes, places: range) -> _Block | None:
    """What a range of bytes holds; None where a line may be no row."""
    # Each thread reads for itself: to take blocks apart at their lines and hand them on takes as long as all the rest.
    with path.open("rb", buffering=0) as stream:
        stream.seek(places.start)
        block = stream.read(len(places))
    if places.stop == size:
        block = _ended(block)
    if not block.endswith(b"\n") or b"\0" in block:
        return None
    if header and (header in block or block.startswith(header[1:])):
        return None
    values = np.frombuffer(block, np.uint8)
    lines = _count(values, _LINE_FEED)
    # To look for a byte that is nowhere takes a tenth of what counting takes.
    returns = _count(values, _CARRIAGE_RETURN) if b"\r" in block else 0
    delimiter, quote = dialect.delimiter.encode(), dialect.grammar.quote.encode()
    quoted = quote in block
    separators = _separators(values, ord(delimiter), ord(quote)) if quoted else _count(values, ord(delimiter))
    if separators != lines * (dialect.width - 1):
        return None
    blanks = [mark for mark in _BLANKS if mark != delimiter or quoted]
    plain = block.isascii() and not any(mark in block for mark in blanks)
    return _Block(lines, returns, plain and (not returns or block.count(b"\r\n") == returns))


def _ranges(path: Path, size: int, skipped_lines: int) -> Iterator[range]:
    """The file's bytes in ranges of whole lines; only the last one may end without a line's end.

    A line longer than a range is cut, which gives the range away.
    """
    with path.open("rb") as stream:
        for _ in range(skipped_lines):
            stream.readline()
        start = stream.tell()
        while start < size:
            stream.seek(start + _BLOCK_BYTES)
            stream.readline(_BLOCK_BYTES)
            end = min(stream.tell(), size)
            yield range(start, end)
            start = end


def _ended(block: bytes) -> bytes:
    """The last block, its last line with an end. Blank lines at the very end are no rows for any reader."""
    last = block[block.rfind(b"\n") + 1 :]
    if not last.strip(b"\r"):
        return block.removesuffix(last)
    return block + (b"\r\n" if last.endswith(b"\r") else b"\n")


def _header_bytes(path: Path, dialect: Dialect) -> bytes:
    with path.open("rb") as stream:
        lines = [stream.readline() for _ in range(dialect.first_line - 1)]
    return b"\n" + lines[-1].rstrip(b"\r\n") if lines and dialect.has_header else b""


def _count(values: Bytes, byte: int) -> int:
    # `bytes.count` takes 2 s for the commas of 10 million rows, and this 0.1.
    return int(np.count_nonzero(values == byte))


def _separators(values: Bytes, separator: int, quote: int) -> int:
    """How many separators stand outside quotes; -1 where a quote is not at the beginning or end of a cell."""
    quotes = np.flatnonzero(values == quote)
    if len(quotes) % 2:
        return -1
    begins, ends = quotes[::2], quotes[1::2]
    before = np.where(begins > 0, values[begins - 1], _LINE_FEED)
    after = values[ends + 1]
    bounds = np.zeros(256, dtype=bool)
    bounds[[separator, quote, _LINE_FEED]] = True
    if not bounds[before].all():
        return -1
    bounds[_CARRIAGE_RETURN] = True
    if not bounds[after].all():
        return -1
    counted = values == separator
    separators = np.count_nonzero(counted)
    counted |= values == _LINE_FEED
    counts = np.uint16 if int((ends - begins).max()) <= np.iinfo(np.uint16).max else np.int64  # the small ones are fast
    # Sums from each quote to the next: every other one is of what stands within quotes. A line feed there counts as a
    # separator too few, and so gives the block away.
    within = np.add.reduceat(counted.view(np.uint8), quotes, dtype=counts)[::2]
    return int(separators - within.sum(dtype=np.int64))
