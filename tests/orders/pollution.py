"""Clean tables, and every way in which the Pollock benchmark pollutes one, each with the table that should be read.

The kinds of pollution, their weights and the scores are those of Vitagliano et al., "Pollock: A Data Loading Benchmark"
(VLDB 2023); tables and code are our own. Where the benchmark wants a row mended and our contract wants it as it is (a
separator too few or too many), `expected` is the benchmark's answer and `as_read` ours.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

Rows = list[list[str]]

# The share of each kind among files of open data, from the benchmark; of kinds by row and column, each file's.
WEIGHTS = {
    "source": 1.0,
    "no_payload": 15.0,
    "no_trailing_newline": 184.0,
    "double_trailing_newline": 5.0,
    "no_header": 470.0,
    "header_multirow": 47.0,
    "preamble": 282.0,
    "multitable": 62.667,
    "header_only": 3.0,
    "one_data_row": 4.0,
    "record_delimiter_cr": 7.0,
    "record_delimiter_lf": 1691.0,
    "field_delimiter_tab": 4.0,
    "field_delimiter_semicolon": 834.0,
    "field_delimiter_space": 4.0,
    "field_delimiter_comma_space": 101.0,
    "quotation_char": 11.0,
    "escape_backslash": 1.0,
    "escape_none": 7.0,
    "row_less_sep": 0.368,
    "row_more_sep": 0.368,
    "row_extra_quote": 0.0093,
    "row_field_delimiter": 0.0093,
}


@dataclass(frozen=True)
class CleanTable:
    """A table and how it is written before it is polluted: commas, CRLF, doubled quotes."""

    name: str
    header: list[str]
    rows: Rows
    quoted: frozenset[int] = frozenset()  # columns whose cells are quoted even where they need not be

    def line(self, cells: Sequence[str], **how: str) -> str:
        return _written(cells, self.quoted, **how)

    @property
    def clean(self) -> Rows:
        return [self.header, *self.rows]


@dataclass(frozen=True)
class Polluted:
    kind: str
    name: str
    content: bytes
    expected: Rows
    as_read: Rows = field(default_factory=list)
    free: int | None = None  # the row of `as_read` whose cells may be cut in other places

    def __post_init__(self) -> None:
        if not self.as_read:
            object.__setattr__(self, "as_read", self.expected)


def _written(
    cells: Sequence[str], quoted: frozenset[int], delimiter: str = ",", quote: str = '"', escape: str = '"'
) -> str:
    """One line, without its end. A *comma* in a cell has it quoted, whatever the separator becomes."""
    return delimiter.join(
        quote + cell.replace('"', escape + '"') + quote if place in quoted or "," in cell or '"' in cell else cell
        for place, cell in enumerate(cells)
    )


def _file(lines: Sequence[str], end: str = "\r\n") -> bytes:
    return "".join(line + end for line in lines).encode()


def pollutions(table: CleanTable) -> Iterator[Polluted]:
    """Every file that the benchmark makes of a table."""
    yield from _whole_files(table)
    yield from _dialects(table)
    for row in range(len(table.clean)):
        yield from _polluted_row(table, row)


def _whole_files(table: CleanTable) -> Iterator[Polluted]:
    clean, header, rows = table.clean, table.header, table.rows
    lines = [table.line(cells) for cells in clean]
    width = len(header)
    yield Polluted("source", "source", _file(lines), clean)
    yield Polluted("no_payload", "no_payload", b"", [])
    yield Polluted("no_trailing_newline", "no_trailing_newline", _file(lines)[:-2], clean)
    yield Polluted("double_trailing_newline", "double_trailing_newline", _file(lines) + b"\r\n", clean)
    yield Polluted("no_header", "no_header", _file(lines[1:]), rows)
    for times in (2, 3):
        joined = [" ".join([name] * times) for name in header]
        yield Polluted(
            "header_multirow", f"header_multirow_{times}", _file([lines[0]] * times + lines[1:]), [joined, *rows]
        )
    blank = "," * (width - 1)
    yield Polluted("preamble", "preamble", _file([f"PREAMBLE{blank}", blank, *lines]), clean)
    for name, second in (
        ("less", [cells[:-1] for cells in clean[:-1]]),
        ("same", clean[:-1]),
        ("more", [[*header, "col1"], *([*cells, cells[-1]] for cells in rows[:-1])]),
    ):
        below = [table.line(cells) for cells in second]
        yield Polluted("multitable", f"multitable_{name}", _file(lines + below), clean)
    yield Polluted("header_only", "header_only", _file(lines[:1]), [header])
    yield Polluted("one_data_row", "one_data_row", _file(lines[:2]), clean[:2])


def _dialects(table: CleanTable) -> Iterator[Polluted]:
    clean = table.clean
    lines = [table.line(cells) for cells in clean]
    yield Polluted("record_delimiter_lf", "record_delimiter_lf", _file(lines, "\n"), clean)
    yield Polluted("record_delimiter_cr", "record_delimiter_cr", _file(lines, "\r"), clean)
    for name, delimiter in (("semicolon", ";"), ("tab", "\t"), ("comma_space", ", "), ("space", " ")):
        written = [table.line(cells, delimiter=delimiter) for cells in clean]
        yield Polluted(f"field_delimiter_{name}", f"field_delimiter_{name}", _file(written), clean)
    written = [table.line(cells, quote="'") for cells in clean]
    # The benchmark leaves double quotes doubled although they need it no longer; its answer has them single.
    doubled = [[cell.replace('"', '""') for cell in cells] for cells in clean]
    yield Polluted("quotation_char", "quotation_char", _file(written), clean, doubled)
    written = [table.line(cells, escape="\\") for cells in clean]
    yield Polluted("escape_backslash", "escape_backslash", _file(written), clean)
    written = [table.line(cells, escape="") for cells in clean]
    yield Polluted("escape_none", "escape_none", _file(written), clean)


def _polluted_row(table: CleanTable, row: int) -> Iterator[Polluted]:
    clean, width = table.clean, len(table.header)
    lines = [table.line(cells) for cells in clean]

    def file(changed: str) -> bytes:
        return _file([*lines[:row], changed, *lines[row + 1 :]])

    def with_row(cells: list[str]) -> Rows:
        return [*clean[:row], cells, *clean[row + 1 :]]

    parts = [
        _written([cell], frozenset([0]) if place in table.quoted else frozenset())
        for place, cell in enumerate(clean[row])
    ]
    for column in range(width):
        name = f"{row}_{column}"
        more = [*clean[row][:column], "", *clean[row][column:]]
        changed = ",".join([*parts[:column], "", *parts[column:]])
        yield Polluted("row_more_sep", f"row_more_sep_{name}", file(changed), clean, with_row(more))
        if column:
            changed = ",".join([*parts[: column - 1], parts[column - 1] + parts[column], *parts[column + 1 :]])
            glued = [*clean[row][: column - 1], clean[row][column - 1] + clean[row][column], *clean[row][column + 1 :]]
            quotes = '"' in parts[column - 1] + parts[column]
            # Where quotes are glued too, no rule says what the cells are; only that no other row suffers.
            yield Polluted(
                "row_less_sep", f"row_less_sep_{name}", file(changed), clean, with_row(glued), row if quotes else None
            )
        stray = clean[row][column]
        # The quote is put in front of the text, inside the quotes that stand around it, and is not doubled.
        bare = parts[column]
        around = bare[:1] == '"'
        changed = ",".join([*parts[:column], '"' + bare if not around else '""' + bare[1:], *parts[column + 1 :]])
        quoted = [*clean[row][:column], '"' + stray, *clean[row][column + 1 :]]
        yield Polluted("row_extra_quote", f"row_extra_quote_{name}", file(changed), with_row(quoted))
    spaced = table.line(clean[row], delimiter=" ")
    yield Polluted("row_field_delimiter", f"row_field_delimiter_{row}", file(spaced), clean)


def score(expected: Rows, found: Rows | None) -> float:
    """From 0 to 10 as the benchmark counts: success, and precision, recall and F1 of header, records and cells.

    Texts are compared as they stand; the benchmark first makes numbers and dates alike, so its scores are no lower.
    """
    if found is None:
        return 0.0
    if not expected:
        return 10.0
    if not found:
        return 1.0
    header = _three(expected[0], found[0])
    records = _three(["".join(row) for row in expected[1:]], ["".join(row) for row in found[1:]])
    cells = _three([cell for row in expected for cell in row], [cell for row in found for cell in row])
    return 1.0 + header + records + cells


def _three(expected: Sequence[str], found: Sequence[str]) -> float:
    if not expected:
        return 3.0
    shared = sum((Counter(expected) & Counter(found)).values())
    if not shared:
        return 0.0
    first, second = shared / len(expected), shared / len(found)
    return first + second + 2 * first * second / (first + second)


def shop_sales(rows: int = 84, seed: int = 7) -> CleanTable:
    """Like the benchmark's: day, time, count, code, price, product, description, address, and an empty column."""
    draw = random.Random(seed)
    things = ["Kettle", "Desk Lamp", "Wool Blanket, Grey", "Men's Raincoat", 'Frame 12"', "Oak Shelf", "Kids' Scooter"]
    praise = [
        "Holds two litres, boils in a minute, and stays quiet.",
        "A lamp you'll keep, with three steps of light.",
        "Soft, warm and made to last",
        'Fits pictures of 12" by 9", glass included, hook not.',
        "Our customers' favourite, now lighter.",
    ]
    body = []
    for number in range(rows):
        code = f"{draw.choice('ABCD')}{draw.choice('XYZ')}-{draw.randint(1000, 9999)}"
        body.append(
            [
                f"{draw.randint(10, 28)}/{draw.randint(1, 12):02d}/2021",
                f"{number // 4 % 24:02d}:{15 * (number % 4):02d}",
                str(draw.randint(0, 30)),
                code,
                f"${draw.randint(1, 99)}.{draw.randint(10, 99)}",
                draw.choice(things),
                draw.choice(praise),
                f"https://shop.example/item/{code.replace('-', '_')}",
                "",
            ]
        )
    header = ["Day", "Time", "Units", "ItemCode", "Price", "Item", "About", "Link", "Remarks"]
    return CleanTable("shop_sales", header, body, frozenset({6, 7}))


def german_orders(rows: int = 40, seed: int = 3) -> CleanTable:
    """Numbers with a decimal comma, so nearly every row has a quoted one; names with umlauts; no free text."""
    draw = random.Random(seed)
    body = [
        [
            f"{10000 + number}",
            f"{draw.randint(1, 28):02d}.{draw.randint(1, 12):02d}.2023",
            draw.choice(["Müller", "Weiß", "Özgür", "Schmidt-Bär"]),
            f"{draw.randint(1, 900)},{draw.randint(0, 99):02d}",
            draw.choice(["bezahlt", "offen"]),
        ]
        for number in range(rows)
    ]
    return CleanTable("german_orders", ["Bestellnr", "Datum", "Kunde", "Betrag", "Status"], body)


def three_columns(rows: int = 25, seed: int = 5) -> CleanTable:
    """A narrow table where nothing is quoted."""
    draw = random.Random(seed)
    body = [
        [f"C{draw.randint(1, 9)}", f"2024-0{draw.randint(1, 9)}-1{draw.randint(0, 9)}", f"{number}.50"]
        for number in range(rows)
    ]
    return CleanTable("three_columns", ["customer", "day", "amount"], body)


def wide(rows: int = 15, columns: int = 30, seed: int = 9) -> CleanTable:
    """Thirty columns: an id, then figures and words by turns."""
    draw = random.Random(seed)
    words = ["red", "blue", "green", "plain"]
    body = [
        [f"K{number:04d}"]
        + [str(draw.randint(0, 999)) if place % 2 else draw.choice(words) for place in range(1, columns)]
        for number in range(rows)
    ]
    header = ["id", *(f"figure{place}" if place % 2 else f"word{place}" for place in range(1, columns))]
    return CleanTable("wide", header, body)


def reviews(rows: int = 60, seed: int = 2) -> CleanTable:
    """Two long texts with commas and quotes beside each other, and a rating."""
    draw = random.Random(seed)
    parts = ["great", "arrived late", 'said "wow"', "soft, light", "it's fine", "would buy again, perhaps", "so-so"]
    body = [
        [
            f"U-{draw.randint(100, 999)}",
            f"{draw.choice(parts)}, {draw.choice(parts)}",
            f"{draw.choice(parts)}; {draw.choice(parts)}",
            str(draw.randint(1, 5)),
            f"2022-1{draw.randint(0, 2)}-0{draw.randint(1, 9)}",
        ]
        for _ in range(rows)
    ]
    return CleanTable("reviews", ["user", "liked", "disliked", "stars", "day"], body, frozenset({1, 2}))


TABLES = (shop_sales(), german_orders(), three_columns(), wide(), reviews())
