"""Files that cannot be used, or that hold something odd, as people bring them: for the app and for the command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

_HEADER = ("customer_id", "order_id", "order_date", "quantity", "amount")
_ROWS = 30
BINARY = b"\x7fELF\x02\x01\x01\x00" + bytes(range(256)) * 40
WEB_PAGE = b"""<!DOCTYPE html>
<html><head><title>502 Bad Gateway</title></head>
<body><h1>502 Bad Gateway</h1><p>Orders, customers, amounts</p></body></html>
"""


@dataclass(frozen=True, slots=True)
class Input:
    """A file to hand in, and what is to be heard of it."""

    name: str
    content: bytes
    code: str | None  # of the error; None where the file can be used, if not all of it
    page: str = "upload"  # where the app says so
    set_aside: int = 0  # rows


def orders(**column: Callable[[int], str]) -> bytes:
    """Thirty orders of ten customers, a column written differently where a function of the row number is given."""
    usual: dict[str, Callable[[int], str]] = {
        "customer_id": lambda row: f"C{row % 10:02}",
        "order_id": lambda row: f"O{row}",
        "order_date": lambda row: f"2024-0{1 + row % 6}-{10 + row % 15}",
        "quantity": lambda row: str(1 + row % 3),
        "amount": lambda row: f"{5 + row * 1.5:.2f}",
    }
    written = usual | column
    lines = [",".join(_HEADER), *(",".join(written[name](row) for name in _HEADER) for row in range(_ROWS))]
    return ("\n".join(lines) + "\n").encode()


def _without(*names: str) -> bytes:
    kept = [place for place, name in enumerate(_HEADER) if name not in names]
    lines = orders().decode().splitlines()
    return "".join(",".join(line.split(",")[place] for place in kept) + "\n" for line in lines).encode()


def _wide() -> bytes:
    header, *rows = orders().decode().splitlines()
    header += "".join(f",extra {number}" for number in range(4_995))
    return "\n".join([header, *(row + "," * 4_995 for row in rows), ""]).encode()


UNUSABLE = (
    Input("empty.csv", b"", "empty-file"),
    Input("header only.csv", (",".join(_HEADER) + "\n").encode(), "empty-file"),
    Input("binary.csv", BINARY, "unreadable-file"),
    Input("error page.csv", WEB_PAGE, "not-a-table"),
    Input("no customer.csv", _without("customer_id", "order_id"), "no-customer-column"),
    Input("no date.csv", _without("order_date"), "no-date-column"),
    Input("no amount.csv", _without("amount", "quantity"), "no-amount-column"),
    Input(
        "no day in our time.csv",
        orders(order_date=lambda row: ("1970-01-01", "2999-12-31")[row % 2]),
        "no-usable-rows",
    ),
    Input("one customer.csv", orders(customer_id=lambda _: "C1"), "too-few-customers", "choose_k"),
    Input("two customers.csv", orders(customer_id=lambda row: f"C{row % 2}"), "too-few-customers", "choose_k"),
    Input(
        "all alike.csv",
        orders(
            customer_id=lambda row: f"C{row}",
            order_date=lambda _: "2024-01-01",
            quantity=lambda _: "1",
            amount=lambda _: "10.00",
        ),
        "too-few-customers",
        "choose_k",
    ),
)

ODD = (
    Input("text as quantity.csv", orders(quantity=lambda row: "many" if row % 5 == 0 else "2"), None, set_aside=6),
    Input(
        "1970 and 2999.csv",
        orders(order_date=lambda row: ("1970-01-01", "2999-12-31", "2024-03-05", "2024-04-09")[row % 4]),
        None,
        set_aside=16,
    ),
    Input("5000 columns.csv", _wide(), None),
    Input(
        "nan and infinity.csv",
        orders(amount=lambda row: ("nan", "inf", "-inf", "12.50", "3.20")[row % 5]),
        None,
        set_aside=18,
    ),
    Input(
        "names.csv",
        orders(
            customer_id=lambda row: ("🦄 Zoë", "محمد علي", "=1+1", "<b>דנה</b>", "[x](http://example.com)")[row % 5]
        ),
        None,
    ),
)
