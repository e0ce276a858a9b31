"""How a text file is written, told from its bytes alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import EmptyFileError, NotATableError, UnreadableFileError, UserError
from core.orders.dialect import detect
from core.orders.grammar import SPACES
from core.orders.rows import read_rows

ORDERS = "customer,order_date,amount\nMüller,2024-01-31,12.50\nŁukasz,2024-02-01,3.00\n"
WESTERN = "customer,order_date,amount\nMüller,2024-01-31,12.50 €\nZoë,2024-02-01,3.00 €\n"


def written(folder: Path, content: str | bytes, name: str = "orders.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def rows_of(path: Path) -> list[list[str]]:
    """The header, where there is one, and the rows."""
    dialect = detect(path)
    header = [list(dialect.header)] if dialect.header else []
    return header + [cells for _, cells in read_rows(path, dialect)]


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (ORDERS.encode("utf-8"), "utf-8"),
        (ORDERS.encode("utf-8-sig"), "utf-8-sig"),
        (ORDERS.encode("utf-16"), "utf-16"),
        (b"\xfe\xff" + ORDERS.encode("utf-16-be"), "utf-16"),
        (ORDERS.encode("utf-16-le"), "utf-16-le"),
        (ORDERS.encode("utf-16-be"), "utf-16-be"),
        (ORDERS.encode("utf-32"), "utf-32"),
    ],
)
def test_unicode_in_any_dress_gives_the_same_text(tmp_path: Path, content: bytes, encoding: str):
    path = written(tmp_path, content)
    assert detect(path).encoding == encoding
    assert rows_of(path) == [line.split(",") for line in ORDERS.splitlines()]


def test_windows_western_is_told_from_bytes_that_are_no_utf8(tmp_path: Path):
    path = written(tmp_path, WESTERN.encode("cp1252"))
    assert detect(path).encoding == "cp1252"
    assert rows_of(path)[1] == ["Müller", "2024-01-31", "12.50 €"]


def test_german_with_foreign_names_is_not_taken_for_greek(tmp_path: Path):
    """As Greek, all letters beyond ASCII would be of one alphabet: Zoλ, Chloι, Jόrgen. But no word mixes scripts."""
    names = ("Zoë Groß", "Chloé Nuñez", "Jürgen Schröder", "Anaïs Côté", "Lukasz", "Zubehör")
    path = written(tmp_path, ("kunde;betrag\n" + "".join(f"{name};1,50\n" for name in names)).encode("cp1252"))
    assert detect(path).encoding == "cp1252"
    assert [row[0] for row in rows_of(path)[1:]] == list(names)


def test_greek_beside_latin_words_stays_greek(tmp_path: Path):
    names = ("Άννα Παπαδοπούλου", "Γιώργος", "Nokia Ελλάς", "Shampoo 250ml", "Κρέμα χεριών")
    path = written(tmp_path, ("πελάτης;ποσό\n" + "".join(f"{name};1,50\n" for name in names)).encode("cp1253"))
    assert detect(path).encoding == "cp1253"


def test_a_byte_far_down_the_file_still_decides_the_encoding(tmp_path: Path):
    """The sample is 256 KB; a surname beyond it may be the first that is not ASCII."""
    many = "Miller,2024-01-31,12.50\n" * 20_000
    path = written(tmp_path, ("customer,order_date,amount\n" + many + "Müller,2024-01-31,1.00\n").encode("cp1252"))
    assert path.stat().st_size > 300_000
    assert rows_of(path)[-1] == ["Müller", "2024-01-31", "1.00"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_separator(tmp_path: Path, delimiter: str):
    path = written(tmp_path, ORDERS.replace(",", delimiter))
    assert detect(path).delimiter == delimiter
    assert detect(path).has_header


def test_decimal_commas_do_not_pass_for_separators(tmp_path: Path):
    path = written(tmp_path, "kunde;datum;betrag\n1;31.01.2024;1,50\n2;01.02.2024;2,75\n3;02.02.2024;3,10\n")
    assert detect(path).delimiter == ";"


def test_separators_within_quotes_do_not_count(tmp_path: Path):
    path = written(tmp_path, 'name;note\n"a;b";"1,2,3"\n"c;d";"4,5,6"\n')
    assert rows_of(path) == [["name", "note"], ["a;b", "1,2,3"], ["c;d", "4,5,6"]]


def test_blanks_apart_and_no_header(tmp_path: Path):
    rows = (" 00004 0001 19970101  2   29.33", " 00004 0001 19970118  2   29.73", " 00021 0002 19970101  3   63.34")
    path = written(tmp_path, "\n".join(rows))
    dialect = detect(path)
    assert (dialect.delimiter, dialect.has_header) == (SPACES, False)
    assert rows_of(path)[0] == ["00004", "0001", "19970101", "2", "29.33"]


@pytest.mark.parametrize(
    ("first", "has_header"),
    [
        ("id,day,money", True),
        ("C7,2024-01-09,9.99", False),
        ("2023,2024,2025", False),  # years above numbers could be either; numbers above numbers are rows
    ],
)
def test_header(tmp_path: Path, first: str, has_header: bool):
    rows = "C1,2024-01-05,5.00\nC2,2024-01-06,6.50\n" if not first.startswith("2023") else "10,20,30\n11,21,31\n"
    assert detect(written(tmp_path, f"{first}\n{rows}")).has_header is has_header


def test_blank_lines_are_no_rows_but_count_as_lines(tmp_path: Path):
    path = written(tmp_path, "\n\nid,amount\nC1,1.0\n\nC2,2.0\n")
    dialect = detect(path)
    assert (dialect.header_line, dialect.header, dialect.first_line) == (3, ("id", "amount"), 4)
    assert list(read_rows(path, dialect)) == [(4, ["C1", "1.0"]), (6, ["C2", "2.0"])]


def test_a_row_counts_from_the_line_on_which_it_starts(tmp_path: Path):
    path = written(tmp_path, 'id,note,amount\nC1,"two\nlines",1.0\nC2,one,2.0\n')
    assert list(read_rows(path, detect(path))) == [(2, ["C1", "two\nlines", "1.0"]), (4, ["C2", "one", "2.0"])]


@pytest.mark.parametrize("break_", ["\n", "\r\n", "\r"])
def test_line_ends_of_any_system(tmp_path: Path, break_: str):
    path = written(tmp_path, ORDERS.replace("\n", break_))
    assert rows_of(path) == [line.split(",") for line in ORDERS.splitlines()]


@pytest.mark.parametrize("mark", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
def test_what_python_calls_a_line_end_and_a_csv_does_not(tmp_path: Path, mark: str):
    path = written(tmp_path, f"id,note,amount\nC1,up{mark}down,1.0\nC2,plain,2.0\n")
    assert rows_of(path)[1] == ["C1", f"up{mark}down", "1.0"]


def test_cells_stay_as_they_are_and_rows_as_long_as_they_are(tmp_path: Path):
    path = written(tmp_path, 'a,b,c\n 1 ,"",007\n1,2\n1,2,3,4\n=1+1,"say ""hi""",NULL\n')
    assert rows_of(path)[1:] == [
        [" 1 ", "", "007"],
        ["1", "2"],
        ["1", "2", "3", "4"],
        ["=1+1", 'say "hi"', "NULL"],
    ]


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", EmptyFileError),
        (b" \n\t\n", EmptyFileError),
        (b"\xef\xbb\xbf", EmptyFileError),
        (b"PK\x03\x04 and the rest of a workbook", UnreadableFileError),
        (b"%PDF-1.7\n1 0 obj", UnreadableFileError),
        (b"\x89PNG\r\n\x1a\n", UnreadableFileError),
        (bytes(range(256)) * 20, UnreadableFileError),
        (b"<!DOCTYPE html><html></html>", NotATableError),
        (b"\n <HTML>\n<body>Sign in</body>", NotATableError),
        (b"<!-- proxy --> <!-- 502 -->\n<html>", NotATableError),
        (b'<?xml version="1.0"?><orders/>', NotATableError),
        (b'{"orders": []}', NotATableError),
        (b'[{"id": 1}]', NotATableError),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes, error: type[UserError]):
    with pytest.raises(error) as refusal:
        detect(written(tmp_path, content))
    assert "orders.csv" in refusal.value.message
    assert refusal.value.hint


def test_a_comment_sign_in_a_table_does_not_make_it_a_web_page(tmp_path: Path):
    path = written(tmp_path, "note,amount\n<!-- x -->,1.0\n<html>,2.0\n")
    assert len(rows_of(path)) == 3
