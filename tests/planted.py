"""Text that a spreadsheet, a browser or Markdown would take for more than text, and files that hold it everywhere."""

from __future__ import annotations

import csv
import io
import re

PLANTED = (
    "=HYPERLINK(\"http://evil.example\")", "+cmd|' /C calc'!A0", "-2+3+cmd", "@SUM(1+1)", "\t=1+1", "\r=1+1",
    "\u200b=1+1", "\uff1d1+1", '<img src=x onerror=alert(1)>', "<script>alert(1)</script>",
    '<a href="http://evil.example">in</a>',
    "[in](http://evil.example)", "![in](http://evil.example/p.png)", "**bold**", "$x$", ":red[red]",
    ":material/delete:", "`code`", "quote\"s; and 'more', here", "{{ 7 * 7 }} {% raw %}", "'; DROP TABLE x; --",
    "../../etc/passwd",
)  # fmt: skip
"""Each a different danger; commas, quotes and line ends among them."""

TOGETHER = "<img src=x onerror=alert(1)> [in](http://evil.example) **bold** $x$ :material/delete: \"q\"; 'r'"
"""For where there is room for one text only."""

ROLES = ("Customer", "Order", "Order date", "Product", "Category", "Amount paid")
"""Labels of the Upload page, in the order of HEADERS, which give nothing away."""
HEADERS = (*(f"{PLANTED[place]} {place}" for place in (0, 8, 10, 11, 18)), TOGETHER)


def orders(n_customers: int = 3 * len(PLANTED)) -> bytes:
    """Orders as CSV: dangers in each header, customer id, product, category, first and last name."""
    header = [*HEADERS, "email", "first name", "last name", "accepts marketing"]
    rows = []
    for customer in range(n_customers):
        danger, other = PLANTED[customer % len(PLANTED)], PLANTED[(customer * 7 + 3) % len(PLANTED)]
        for order in range(1 + customer % 4):
            day = f"2024-{1 + (customer * 5 + order * 3) % 12:02}-{1 + (customer * 11 + order) % 28:02}"
            amount = f"{(1 + customer % 9) * 12.5 + order:.2f}"
            name = f"O{customer}-{order}"
            who = [f"c{customer}@example.com", danger, other, "yes" if customer % 5 else "no"]
            rows.append([f"{danger} {customer}", name, day, other, danger, amount, *who])
    rows.append([f"{TOGETHER} late", "O", "2024-02-30", *PLANTED[8:10], "5.00", "", "", "", "yes"])  # set aside
    return _csv([header, *rows])


def customers(n_customers: int = 60) -> bytes:
    """One row a customer as CSV: dangers in ids and in the headers of the measures."""
    header = ["customer id", *(f"{danger} points" for danger in PLANTED[8:12]), "email"]
    rows = [
        [
            f"{PLANTED[n % len(PLANTED)]} {n}",
            *(str((n * (3 + place) + n % 7 * 11) % 97) for place in range(4)),
            f"c{n}@example.com",
        ]
        for n in range(n_customers)
    ]
    return _csv([header, *rows])


def would_run(cell: str) -> bool:
    """Whether a spreadsheet would take a cell for a formula, or tear it apart. Negative numbers are none."""
    if cell[:1] in ("\t", "\r", "\n"):
        return True
    seen = cell.lstrip(" \t\u00a0\u200b\ufeff\u2060")
    if re.fullmatch(r"[-+]?\d+([.,]\d+)?(e[-+]?\d+)?", seen):
        return False
    return seen[:1] in tuple("=+-@\uff1d\uff0b\uff0d\uff20\ufe62\ufe63\ufe66\ufe6b")


def as_markdown(text: str) -> list[str]:
    """The dangers that Markdown would make something of, because nothing escapes them."""
    marks = ("<img", "<script", "<a href", "[in](", "](http", "**bold", "$x$", ":red[", ":material/delete:", "`code`")
    return [mark for mark in marks if re.search(r"(?<!\\)" + re.escape(mark), text)]


def _csv(rows: list[list[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()
