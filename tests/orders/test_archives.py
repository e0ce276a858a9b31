"""Archives: each table in one is a source of its own; nothing in one writes, grows or hides."""

from __future__ import annotations

import gzip
import io
import random
import tarfile
import time
import zipfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.engine import Engine
from core.errors import EmptyFileError, NotATableError, UnreadableFileError, UserError
from core.orders import archives
from core.orders.archives import unpack
from core.orders.cleaning import clean
from core.orders.source import open_sources
from core.orders.source_table import FILE, LINE, SourceTable
from tests.commands import run
from tests.orders.workbooks import book

JAN = b"customer_id,order_date,amount\nC1,2024-01-05,5.00\nC2,2024-01-06,6.50\n"
FEB = b"amount;customer_id;order_date\n3,50;C3;2024-02-01\n4,25;C1;2024-02-02\n"


def packed(path: Path, members: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def opened(engine: Engine, *paths: Path) -> SourceTable:
    return open_sources(engine, paths)


def cells(source: SourceTable) -> list[tuple[object, ...]]:
    """(file, line, cells...) of every row."""
    table = source.numbered().order_by([FILE, LINE]).to_pyarrow()
    names = [file.name for file in source.files]
    columns = [[names[place] for place in table.column(FILE).to_pylist()], table.column(LINE).to_pylist()]
    columns += [table.column(source.column(header)).to_pylist() for header in source.headers]
    return list(zip(*columns, strict=True))


EXPECTED = [
    ("jan.csv", 2, "C1", "2024-01-05", "5.00"),
    ("jan.csv", 3, "C2", "2024-01-06", "6.50"),
    ("feb.csv", 2, "C3", "2024-02-01", "3,50"),
    ("feb.csv", 3, "C1", "2024-02-02", "4,25"),
]


def test_each_table_in_a_zip_is_a_source_of_its_own(engine: Engine, tmp_path: Path):
    source = opened(engine, packed(tmp_path / "orders.zip", {"2024/jan.csv": JAN, "2024/feb.csv": FEB}))
    assert cells(source) == EXPECTED
    assert source.left_out == ()


def test_junk_is_passed_over_and_said(engine: Engine, tmp_path: Path):
    junk = {
        "__MACOSX/._jan.csv": b"\0\5\x16\7" * 20,
        ".DS_Store": b"\0\0\0\1Bud1" * 20,
        "~$book.xlsx": b"Ann",
        "readme.pdf": b"%PDF-1.7",
        "photo": b"\x89PNG\r\n\x1a\n" + bytes(50),
        "empty.csv": b"",
    }
    source = opened(engine, packed(tmp_path / "orders.zip", {**junk, "jan.csv": JAN, "feb.csv": FEB}))
    assert cells(source) == EXPECTED
    (told,) = {what.split(":")[0] for what in source.left_out}
    assert told == "orders.zip"
    said = " ".join(source.left_out)
    assert all(name.rpartition("/")[2] in said for name in junk)


def test_prose_and_other_tables_in_a_zip_are_passed_over_and_said(engine: Engine, tmp_path: Path):
    others = {
        "README.txt": b"Orders of our shop\nall of them, as of today\nask Ann\n",
        "customers.csv": b"customer_id,name,city\n" + b"".join(b"C%d,Ann,Rome\n" % number for number in range(9)),
    }
    source = opened(engine, packed(tmp_path / "orders.zip", {**others, "jan.csv": JAN, "feb.csv": FEB}))
    assert cells(source) == EXPECTED
    assert "README.txt" in " ".join(source.left_out)
    assert "customers.csv" in " ".join(source.left_out)


def test_a_zip_with_files_of_every_kind(engine: Engine, tmp_path: Path):
    header = ["order_date", "customer_id", "amount"]
    book(tmp_path / "mar.xlsx", {"S": [header, [date(2024, 3, 1), "C4", 7.75]]})
    april = pa.table({"customer_id": ["C5"], "amount": [1.25], "order_date": [date(2024, 4, 1)]})
    pq.write_table(april, tmp_path / "apr.parquet")
    members = {name: (tmp_path / name).read_bytes() for name in ("mar.xlsx", "apr.parquet")}
    lines = clean(engine, opened(engine, packed(tmp_path / "orders.zip", {"jan.csv": JAN, **members})))
    assert [file.name for file in lines.source.files] == ["jan.csv", "mar.xlsx", "apr.parquet"]
    assert str(lines.revenue) == "20.500000"
    assert lines.ledger.used.rows == 4


def test_several_files_of_different_kinds(engine: Engine, tmp_path: Path):
    header = ["order_date", "customer_id", "amount"]
    paths = [
        packed(tmp_path / "a.zip", {"jan.csv": JAN}),
        book(tmp_path / "b.xlsx", {"S": [header, [date(2024, 3, 1), "C4", 7.75]]}),
        tmp_path / "c.csv.gz",
    ]
    paths[2].write_bytes(gzip.compress(FEB.replace(b"3,50", b"3.50").replace(b"4,25", b"4.25")))
    lines = clean(engine, opened(engine, *paths))
    assert [file.name for file in lines.source.files] == ["jan.csv", "b.xlsx", "c.csv.gz"]
    assert str(lines.revenue) == "27.000000"


@pytest.mark.parametrize("inner", [b"parquet", b"workbook", b"text"])
def test_what_gzip_holds_is_told_by_content(engine: Engine, tmp_path: Path, inner: bytes):
    made = tmp_path / "made"
    if inner == b"parquet":
        pq.write_table(pa.table({"customer_id": ["C1", "C2"]}), made)
    elif inner == b"workbook":
        book(tmp_path / "made.xlsx", {"S": [["customer_id", "amount"], ["C1", 1], ["C2", 2]]}).rename(made)
    else:
        made.write_bytes(JAN)
    (tmp_path / "a.gz").write_bytes(gzip.compress(made.read_bytes()))
    assert opened(engine, tmp_path / "a.gz").rows == 2


def test_a_row_of_another_length_in_a_zip(engine: Engine, tmp_path: Path):
    """All is read again, by the reader for such rows."""
    body = b"".join(b"C%d,2024-01-31,5.00\n" % number for number in range(30_000))
    long_then_short = JAN + body + b"C9,2024-01-31,1.00,more\nC9,2024-01-31\n"
    source = opened(engine, packed(tmp_path / "orders.zip", {"jan.csv": long_then_short, "feb.csv": FEB}))
    lines = clean(engine, source)
    assert lines.ledger.rows_in == 30_006
    assert [file.ragged_rows for file in lines.source.files] == [2, 0]


# What is made to do harm.


@pytest.mark.parametrize(
    "name",
    [
        "../../evil.csv",
        "/etc/evil.csv",
        "C:\\Windows\\evil.csv",
        "..\\..\\evil.csv",
        "a/../../evil.csv",
        "evil.csv\0.txt",
        "evil\n\x1b[31m.csv",
        "//server/share/evil.csv",
        "x" * 5_000 + ".csv",
        "con.csv",
        "|rm -rf.csv",
    ],
)
def test_names_in_archives_name_nothing_outside(engine: Engine, tmp_path: Path, name: str):
    (tmp_path / "in").mkdir()
    path = packed(tmp_path / "in" / "orders.zip", {name: JAN})
    before = sorted(tmp_path.rglob("*"))
    source = opened(engine, path)
    assert source.rows == 2
    shown = source.files[0].name
    assert "/" not in shown
    assert "\\" not in shown
    assert shown.isprintable()
    assert sorted(tmp_path.rglob("*")) == before
    assert not [part for part in engine.folder.rglob("*") if "evil" in part.name]


def test_members_are_written_under_names_of_ours(tmp_path: Path):
    names = iter(range(10))
    path = packed(tmp_path / "orders.zip", {"../a.csv": JAN, "b\\a.csv": FEB})
    (tmp_path / "out").mkdir()
    found = unpack(path, "orders.zip", lambda: tmp_path / "out" / str(next(names)))
    assert [file.name for file in found.files] == ["a.csv", "a.csv (2)"]
    assert {file.path.parent for file in found.files} == {tmp_path / "out"}
    assert all(file.path.name.isdecimal() for file in found.files)
    assert {each.name for each in tmp_path.iterdir()} == {"orders.zip", "out"}


def test_two_members_of_one_name(engine: Engine, tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "orders.zip", "w") as archive:
        archive.writestr("a.csv", JAN)
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a.csv", FEB)
    source = opened(engine, tmp_path / "orders.zip")
    assert [(file.name, file.rows) for file in source.files] == [("a.csv", 2), ("a.csv (2)", 2)]
    assert [row[2:] for row in cells(source)] == [row[2:] for row in EXPECTED]


def test_archives_within_archives_stay_packed(engine: Engine, tmp_path: Path):
    inner = packed(tmp_path / "inner.zip", {"feb.csv": FEB}).read_bytes()
    members = {"inner.zip": inner, "feb.csv.gz": gzip.compress(FEB), "jan.csv": JAN}
    source = opened(engine, packed(tmp_path / "orders.zip", members))
    assert cells(source) == EXPECTED[:2]
    assert source.left_out == ("orders.zip: archives in the archive: inner.zip, feb.csv.gz; unpack them first",)
    with pytest.raises(EmptyFileError, match=r"inner\.zip"):
        opened(engine, packed(tmp_path / "only.zip", {"inner.zip": inner}))
    (tmp_path / "a.zip.gz").write_bytes(gzip.compress(inner))
    with pytest.raises(UnreadableFileError, match="an archive in an archive"):
        opened(engine, tmp_path / "a.zip.gz")


def _zeros(size: int) -> bytes:
    """Gzip of zeros, packed to a thousandth."""
    target = io.BytesIO()
    with gzip.GzipFile(fileobj=target, mode="wb") as stream:
        for _ in range(size // 2**20):
            stream.write(bytes(2**20))
    return target.getvalue()


@pytest.mark.parametrize("kind", ["gzip", "zip", "zip of many"])
def test_bombs_are_stopped_long_before_they_go_off(engine: Engine, tmp_path: Path, kind: str):
    size = 300 * 2**20
    if kind == "gzip":
        (tmp_path / "bomb").write_bytes(_zeros(size))
    else:
        count = 1 if kind == "zip" else 100
        packed(tmp_path / "bomb", {f"{number}.csv": bytes(size // count) for number in range(count)})
    assert (tmp_path / "bomb").stat().st_size < 400_000
    before, began = _used(engine.folder), time.monotonic()
    with pytest.raises(UnreadableFileError, match="unpacks to far more"):
        opened(engine, tmp_path / "bomb")
    assert time.monotonic() - began < 10
    assert _used(engine.folder) - before < 80 * 2**20


def test_a_member_that_lies_about_its_size_is_counted(engine: Engine, tmp_path: Path):
    path = packed(tmp_path / "bomb.zip", {"a.csv": bytes(300 * 2**20)})
    content = bytearray(path.read_bytes())
    size = (300 * 2**20).to_bytes(4, "little")
    assert content.count(size) == 2
    path.write_bytes(content.replace(size, (50).to_bytes(4, "little")))
    with pytest.raises(UnreadableFileError):
        opened(engine, path)


def _used(folder: Path) -> int:
    return sum(each.stat().st_size for each in folder.rglob("*") if each.is_file())


def test_more_than_the_most_bytes(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(archives, "_MOST_BYTES", 100)
    path = packed(tmp_path / "orders.zip", {"jan.csv": JAN, "feb.csv": FEB})
    with pytest.raises(UnreadableFileError, match="unpacks to far more"):
        opened(engine, path)
    monkeypatch.setattr(archives, "_MOST_BYTES", 200)
    assert opened(engine, path).rows == 4


def test_orders_that_pack_well_are_no_bomb(engine: Engine, tmp_path: Path):
    body = b"".join(b"C%d,2024-01-31,5.00\n" % (number % 7) for number in range(1_000_000))
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(JAN + body))
    assert opened(engine, tmp_path / "a.csv.gz").rows == 1_000_002


def test_too_many_files(engine: Engine, tmp_path: Path):
    with pytest.raises(UnreadableFileError, match="holds 201 files"):
        opened(engine, packed(tmp_path / "a.zip", {f"{number}.csv": JAN for number in range(201)}))


def test_an_archive_with_a_password(engine: Engine, tmp_path: Path):
    content = bytearray(packed(tmp_path / "orders.zip", {"jan.csv": JAN}).read_bytes())
    for mark, flags_at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        content[content.index(mark) + flags_at] |= 1
    (tmp_path / "orders.zip").write_bytes(content)
    with pytest.raises(UnreadableFileError, match="password") as refused:
        opened(engine, tmp_path / "orders.zip")
    assert "Unpack it with the password" in refused.value.hint


@pytest.mark.parametrize("kept", [0.2, 0.6, 0.95])
@pytest.mark.parametrize("kind", ["zip", "gzip"])
def test_an_archive_cut_short(engine: Engine, tmp_path: Path, kind: str, kept: float):
    whole = packed(tmp_path / "a.zip", {"jan.csv": JAN}).read_bytes() if kind == "zip" else gzip.compress(JAN * 50)
    (tmp_path / "a").write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(UnreadableFileError):
        opened(engine, tmp_path / "a")


def test_a_member_whose_bytes_were_changed(engine: Engine, tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("jan.csv", JAN)
    content = (tmp_path / "a.zip").read_bytes()
    (tmp_path / "a.zip").write_bytes(content.replace(b"5.00", b"9.00", 1))
    with pytest.raises(UnreadableFileError):
        opened(engine, tmp_path / "a.zip")


def test_other_archives_and_documents_are_named(engine: Engine, tmp_path: Path):
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as archive:
        info = tarfile.TarInfo("jan.csv")
        info.size = len(JAN)
        archive.addfile(info, io.BytesIO(JAN))
    with pytest.raises(UnreadableFileError, match="tar archive"):
        opened(engine, tmp_path / "a.tar.gz")
    packed(tmp_path / "a.docx", {"[Content_Types].xml": b"<a/>", "word/document.xml": b"<a/>"})
    with pytest.raises(UnreadableFileError, match="not a workbook"):
        opened(engine, tmp_path / "a.docx")


@pytest.mark.parametrize("members", [{}, {"readme.pdf": b"%PDF"}, {"folder/": b""}])
def test_an_archive_without_tables(engine: Engine, tmp_path: Path, members: Mapping[str, bytes]):
    with pytest.raises(EmptyFileError, match="holds no file with a table"):
        opened(engine, packed(tmp_path / "a.zip", members))


def test_an_archive_whose_one_file_is_no_table(engine: Engine, tmp_path: Path):
    with pytest.raises(NotATableError, match="page"):
        opened(engine, packed(tmp_path / "a.zip", {"page": b"<html><body>no</body></html>"}))


# The command line.


def test_table_writes_each_member(tmp_path: Path):
    path = packed(tmp_path / "orders.zip", {"2024/jan.csv": JAN, "2023/jan.csv": FEB, "a.pdf": b"%PDF"})
    ran = run("table", path, "--out-dir", tmp_path / "out")
    assert ran.code == 0
    assert "a.pdf" in ran.err
    written = {each.name: each.read_text().splitlines()[1] for each in (tmp_path / "out").iterdir()}
    assert written == {"jan.csv": "C1,2024-01-05,5.00", "jan (2).csv": '"3,50",C3,2024-02-01'}


def test_table_of_one_member_is_called_like_the_archive(tmp_path: Path):
    ran = run("table", packed(tmp_path / "orders.zip", {"jan.csv": JAN}), "--out-dir", tmp_path / "out")
    assert ran.code == 0
    assert (tmp_path / "out" / "orders.csv").read_bytes().splitlines() == JAN.splitlines()


def test_inspect_says_what_was_passed_over(tmp_path: Path):
    told = run("inspect", packed(tmp_path / "o.zip", {"jan.csv": JAN, "a.pdf": b"%PDF"}), "--json").told
    assert (told["files"], told["rows_read"]) == (["jan.csv"], 2)
    assert "Left out of o.zip: what holds no table: a.pdf." in told["warnings"]


def test_broken_archives_are_read_or_refused(tmp_path: Path):
    """2,000 zip files with a few bytes changed, by a seed."""
    whole = packed(tmp_path / "whole.zip", {"jan.csv": JAN, "feb.csv": FEB}).read_bytes()
    draw = random.Random(22)
    outcomes = set()
    for _ in range(2_000):
        content = bytearray(whole)
        for _ in range(draw.choice([1, 2, 8])):
            place = draw.randrange(4, len(content))
            content[place : place + draw.randrange(3)] = draw.choice([b"", b"\0", b"\xff\xff", draw.randbytes(2)])
        (tmp_path / "a.zip").write_bytes(content)
        try:
            unpack(tmp_path / "a.zip", "a.zip", lambda: tmp_path / "out")
        except UserError as error:
            outcomes.add(error.code)
        else:
            outcomes.add("read")
    assert {"unreadable-file", "read"} <= outcomes


def test_a_member_without_a_name(engine: Engine, tmp_path: Path):
    content = packed(tmp_path / "a.zip", {"x": JAN}).read_bytes()
    (tmp_path / "a.zip").write_bytes(content.replace(b"x", b"\0"))
    assert [file.name for file in opened(engine, tmp_path / "a.zip").files] == ["(no name)"]
