"""Where a table begins and ends in its file: prose, headers of several lines, descriptions, footers, other tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.orders.dialect import detect
from core.orders.rows import read_rows
from core.orders.text import rows_as_read


def read(folder: Path, content: str | bytes) -> tuple[list[list[str]], list[str]]:
    path = folder / "orders.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    rows, left_out = rows_as_read(path)
    return [list(cells) for cells in rows], left_out


def test_a_report_as_german_spreadsheets_write_it(tmp_path: Path):
    """Title lines padded with separators, a header of two lines, a sum that is a row, a remark that is none."""
    content = (
        "Auswertung Bestellungen;;;\n"
        "Zeitraum:;01.01.2024 - 31.01.2024;;\n"
        "\n"
        "Kunden-;Bestell-;Umsatz;Größe\n"
        "nummer;datum;in €;\n"
        "4711;03.01.2024;1.234,50;XL\n"
        "4712;04.01.2024;99,90;M\n"
        "4713;05.01.2024;12,00;S\n"
        "Summe;;1.346,40;\n"
        "\n"
        "Alle Preise inkl. MwSt., ohne Gewähr.\n"
    )
    rows, left_out = read(tmp_path, content.encode("cp1252"))
    assert rows == [
        ["Kunden- nummer", "Bestell- datum", "Umsatz in €", "Größe"],
        ["4711", "03.01.2024", "1.234,50", "XL"],
        ["4712", "04.01.2024", "99,90", "M"],
        ["4713", "05.01.2024", "12,00", "S"],
        ["Summe", "", "1.346,40", ""],
    ]
    assert left_out == ["3 lines above the table", "1 line below the table, from line 11"]


def test_prose_with_commas_above_the_header(tmp_path: Path):
    content = (
        '"Includes Marketplace, Fulfillment, and Webstore transactions"\n'
        "All amounts in USD, unless specified\n"
        '"date/time","settlement id","type","order id","sku","total"\n'
        '"Sep 4, 2026 1:05:07 AM PDT","123","Order","111-1","AB","12.50"\n'
        '"Sep 5, 2026 1:05:07 AM PDT","123","Transfer","","","-1,200.00"\n'
    )
    rows, left_out = read(tmp_path, content)
    assert rows[0] == ["date/time", "settlement id", "type", "order id", "sku", "total"]
    assert rows[2] == ["Sep 5, 2026 1:05:07 AM PDT", "123", "Transfer", "", "", "-1,200.00"]
    assert left_out == ["2 lines above the table"]


HEADERS = {
    "twice the same": ("id,day,sum\nid,day,sum\n", ["id id", "day day", "sum sum"]),
    "two lines of names": ("Order,Order,Net\nid,day,sum\n", ["Order id", "Order day", "Net sum"]),
    "names that repeat": ("id,id,sum\n", ["id", "id", "sum"]),
    "names that are blank": ("id,,sum\n", ["id", "", "sum"]),
}


@pytest.mark.parametrize("case", HEADERS)
def test_headers(tmp_path: Path, case: str):
    header, expected = HEADERS[case]
    body = [[f"{number}", f"2024-01-0{number}", f"{number}.50"] for number in range(1, 5)]
    rows, left_out = read(tmp_path, header + "".join(",".join(cells) + "\n" for cells in body))
    assert rows == [expected, *body]
    assert left_out == []


def test_groups_above_the_names(tmp_path: Path):
    rows, _ = read(
        tmp_path, ",Buyer,,Order,\nid,name,city,date,sum\n1,Ann,Rome,2024-01-02,5.00\n2,Bob,Oslo,2024-01-03,6.00\n"
    )
    assert rows[0] == ["id", "Buyer name", "city", "Order date", "sum"]


def test_a_row_of_words_below_the_header_is_a_row(tmp_path: Path):
    """It may be all damage: where a name or an order number of the column stands in it, it is no header."""
    rows, _ = read(
        tmp_path, "customer,day,sum\nC7,soon,free\nC1,2024-01-02,5.00\nC2,2024-01-03,6.00\nC3,2024-01-04,7.00\n"
    )
    assert rows[:2] == [["customer", "day", "sum"], ["C7", "soon", "free"]]


def test_a_row_of_words_below_names_that_repeat_is_a_row(tmp_path: Path):
    """Repeated names could be groups above names, but C7 is written as the column's own are."""
    rows, _ = read(tmp_path, "id,day,day\nC7,soon,later\nC1,2024-01-02,2024-01-05\nC2,2024-01-03,2024-01-06\n")
    assert rows[:2] == [["id", "day", "day"], ["C7", "soon", "later"]]


def test_a_row_that_describes_the_columns_is_a_row_and_known(tmp_path: Path):
    """As in TikTok Shop's exports."""
    content = (
        "Order ID\tOrder Status\tCreated Time\tSubtotal\n"
        "Platform unique order ID.\tCurrent order status of this order.\tThe time when the order was created.\t"
        "The subtotal of this SKU after discounts.\n"
        "576461413038785752\tCompleted\t01/02/2024 10:11:12\tUSD 12.50\n"
        "576461413038785753\tCompleted\t01/03/2024 10:11:12\tUSD 9.00\n"
    )
    rows, left_out = read(tmp_path, content)
    assert len(rows) == 4
    assert rows[1][0] == "Platform unique order ID."
    assert left_out == []
    assert detect(tmp_path / "orders.csv").description_line == 2


FIRST = "id,day,sum\n1,2024-01-02,5.00\n2,2024-01-03,6.00\n3,2024-01-04,7.00\n"


@pytest.mark.parametrize(
    ("below", "told"),
    [
        ("\nRefunds of January\nrefund,order,reason,money\nR1,1,broken,5.00\nR2,2,late,1.00\n", "line 6"),
        ("refund,order,reason,money\nR1,1,broken,5.00\nR2,2,late,1.00\n", "line 5"),
        ("\nname,city,country\nAnn,Rome,IT\nBob,Oslo,NO\n", None),  # words alone may be rows
        ("\nname,city,age\nAnn,Rome,30\nBob,Oslo,40\n", "line 6"),
        ("id,day,sum\n1,2024-01-02,5.00\n", "same header"),
        ("id,day\n1,2024-01-02\n2,2024-01-03\n", "same header"),
        ("id,day,sum,more\n1,2024-01-02,5.00,x\n", "same header"),
    ],
)
def test_the_rows_of_a_second_table_are_not_the_first_ones(tmp_path: Path, below: str, told: str | None):
    rows, left_out = read(tmp_path, FIRST + below)
    if told is None:
        assert len(rows) > 4
        assert left_out == []
    else:
        assert rows == [line.split(",") for line in FIRST.splitlines()]
        assert len(left_out) == 1
        assert told in left_out[0]


@pytest.mark.parametrize("between", ["", "\n", "\n\n"])
def test_orders_below_the_same_header_once_more_are_orders(tmp_path: Path, between: str):
    """`cat january.csv february.csv`."""
    path = tmp_path / "orders.csv"
    again = between + "id,day,sum\n4,2024-02-02,5.00\n5,2024-02-03,6.00\n"
    path.write_text(FIRST + again + again)
    rows = read_rows(path, detect(path), goes_on=True)
    below = [["4", "2024-02-02", "5.00"], ["5", "2024-02-03", "6.00"]]
    assert [cells for _, cells in rows] == [line.split(",") for line in FIRST.splitlines()[1:]] + below * 2
    assert rows.left_out == [f"the header, which stands there 2 times more, first in line {5 + len(between)}"]


@pytest.mark.parametrize("goes_on", [False, True])
def test_the_same_header_below_a_title_begins_another_table(tmp_path: Path, goes_on: bool):
    path = tmp_path / "orders.csv"
    path.write_text(FIRST + "\nRefunds of January\nid,day,sum\n1,2024-01-02,5.00\n")
    rows = read_rows(path, detect(path), goes_on=goes_on)
    assert len(list(rows)) == 3
    assert rows.left_out == ["a second table with the same header of 1 row, from line 6"]


def test_odd_rows_within_a_table_are_rows(tmp_path: Path):
    """A remark between rows, a name alone, a row too short: only what nothing but prose follows is below the table."""
    content = FIRST + "see the note, below\n4,2024-01-05,8.00\n5\nmoved\n6,2024-01-07,9.00\n7\n"
    rows, left_out = read(tmp_path, content)
    assert rows[4:] == [
        ["see the note", " below"],
        ["4", "2024-01-05", "8.00"],
        ["5"],
        ["moved"],
        ["6", "2024-01-07", "9.00"],
        ["7"],
    ]
    assert left_out == []


def test_one_row_with_another_separator(tmp_path: Path):
    rows, _ = read(tmp_path, FIRST.replace(",", ";") + "4,2024-01-05,8.00\n5;2024-01-06;9.00\n")
    assert rows[4:] == [["4", "2024-01-05", "8.00"], ["5", "2024-01-06", "9.00"]]


def test_a_remark_with_as_many_words_as_there_are_columns_is_not_cut_to_cells(tmp_path: Path):
    rows, left_out = read(tmp_path, FIRST + "see note below\n")
    assert rows == [line.split(",") for line in FIRST.splitlines()]
    assert left_out == ["1 line below the table, from line 5"]


@pytest.mark.parametrize("delimiter", ["~", "^", "||", "::", "\x1f", "§", ", "])
def test_rarer_separators(tmp_path: Path, delimiter: str):
    rows, _ = read(tmp_path, FIRST.replace(",", delimiter))
    assert rows == [line.split(",") for line in FIRST.splitlines()]


def test_quotes_of_another_kind(tmp_path: Path):
    rows, _ = read(tmp_path, "id;note;sum\n'1';'it's here; now';'5,00'\n'2';'none';'6,00'\n")
    assert rows == [["id", "note", "sum"], ["1", "it's here; now", "5,00"], ["2", "none", "6,00"]]


def test_an_apostrophe_before_a_zip_code_is_no_quote(tmp_path: Path):
    """Shopify writes '01234 so that spreadsheets keep the zero."""
    rows, _ = read(tmp_path, "zip,name,sum\n'01234,Ann,5.00\n'02345,Bob,6.00\n'03456,Eve,7.00\n")
    assert rows[1] == ["'01234", "Ann", "5.00"]


def test_a_blank_before_a_quoted_name(tmp_path: Path):
    """PayPal writes a blank before each header."""
    rows, _ = read(
        tmp_path, '"Date", "Time", "Gross"\n"01/02/2024","10:00:00","1,653.75"\n"01/03/2024","11:00:00","-3.00"\n'
    )
    assert rows[0] == ["Date", "Time", "Gross"]
    assert rows[1] == ["01/02/2024", "10:00:00", "1,653.75"]


@pytest.mark.parametrize("odd", ["Eve,soon,free", "Eve,soon", "\nEve,O5,soon"])
def test_a_row_all_damage_above_rows_of_its_length_begins_no_table(tmp_path: Path, odd: str):
    """What looks like a header is none where the rows below it are the table's own, short as they may be."""
    below = ["4,2024-01-05", "5,2024-01-06"] if odd.count(",") == 1 else ["4,2024-01-05,8.00", "5,2024-01-06,9.00"]
    rows, left_out = read(tmp_path, FIRST + odd + "\n" + "\n".join(below) + "\n")
    assert rows[4:] == [odd.strip().split(","), *(line.split(",") for line in below)]
    assert left_out == []


def test_a_name_that_looks_like_an_address_is_one_over_other_things(tmp_path: Path):
    """Nobody's mail stands under it; under `ann@example.com` in the second file stand other people's."""
    path = tmp_path / "orders.csv"
    path.write_text("customer,day,a_b@example.com\nAnn,2024-01-31,seen\nBob,2024-02-01,seen\nCy,2024-02-02,sent\n")
    assert detect(path).header == ("customer", "day", "a_b@example.com")
    path.write_text("Ann,2024-01-31,ann@example.com\nBob,2024-02-01,bob@example.com\nCy,2024-02-02,cy@example.com\n")
    assert detect(path).header is None
