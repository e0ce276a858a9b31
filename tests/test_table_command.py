"""`python -m core table` writes each source as it was read."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.commands import run

ROOT = Path(__file__).parents[1]
PHARMACY = ROOT / "sample_data" / "pharmacy_sales.csv.gz"


def test_table_keeps_every_row_as_it_was(tmp_path: Path):
    text = 'id;note;sum\n 1 ;"a;b";007\n2;x\n3;y;1,50;more\n"=1+1";"say ""hi""";"two\nlines"\n5;NULL;\n'
    (tmp_path / "ragged.csv").write_bytes(text.encode("cp1252"))
    ran = run("table", tmp_path / "ragged.csv", "--out-dir", tmp_path / "out", "--json")
    assert ran.code == 0
    assert ran.told == {"files": [str(tmp_path / "out" / "ragged.csv")], "failed": {}}
    assert (tmp_path / "out" / "ragged.csv").read_text(encoding="utf-8") == (
        'id,note,sum\n 1 ,a;b,007\n2,x\n3,y,"1,50",more\n=1+1,"say ""hi""","two\nlines"\n5,NULL,\n'
    )


def test_table_of_several_sources_with_a_bad_one(tmp_path: Path):
    (tmp_path / "good.csv").write_text("a,b\n1,2\n")
    (tmp_path / "page.csv").write_text("<html><body>no</body></html>")
    (tmp_path / "packed.tsv.gz").write_bytes(gzip.compress("a\tb\nMüller\t2\n".encode("cp1252")))
    (tmp_path / "spaces.txt").write_text(" 00004 19970101  29.33\n 00021 19970118  29.73\n\n")
    pq.write_table(pa.table({"a": ["x", None], "b": [1, 2]}), tmp_path / "typed.parquet")
    names = ["good.csv", "page.csv", "missing.csv", "packed.tsv.gz", "spaces.txt", "typed.parquet"]
    ran = run("table", *(tmp_path / name for name in names), "--out-dir", tmp_path / "out", "--json")
    assert {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "out").iterdir()} == {
        "good.csv": "a,b\n1,2\n",
        "packed.csv": "a,b\nMüller,2\n",
        "spaces.csv": "00004,19970101,29.33\n00021,19970118,29.73\n",
        "typed.csv": "a,b\nx,1\n,2\n",
    }
    failed = {Path(name).name: error["code"] for name, error in ran.told["failed"].items()}
    assert failed == {"page.csv": "not-a-table", "missing.csv": "unreadable-file"}
    assert "page.csv" in ran.err


def test_table_of_bad_sources_only(tmp_path: Path):
    ran = run("table", tmp_path / "missing.csv", "--out-dir", tmp_path / "out", "--json")
    assert ran.code == 3
    assert next(iter(ran.told["failed"].values()))["code"] == "unreadable-file"


def test_table_says_what_it_leaves_out(tmp_path: Path):
    (tmp_path / "orders.csv").write_text("\n\na,b\n1,2\n")
    ran = run("table", tmp_path / "orders.csv", "--out-dir", tmp_path / "out")
    assert "2 blank lines" in ran.err
    assert (tmp_path / "out" / "orders.csv").read_text() == "a,b\n1,2\n"


def test_table_of_two_sources_of_one_name_loses_neither(tmp_path: Path):
    for folder, text in (("jan", "a\n1\n"), ("feb", "a\n2\n")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "orders.csv").write_text(text)
    run("table", tmp_path / "jan" / "orders.csv", tmp_path / "feb" / "orders.csv", "--out-dir", tmp_path / "out")
    assert {path.name: path.read_text() for path in (tmp_path / "out").iterdir()} == {
        "orders.csv": "a\n1\n",
        "orders (2).csv": "a\n2\n",
    }


def test_table_never_writes_over_its_source(tmp_path: Path):
    (tmp_path / "orders.csv").write_text("a;b\n1;2\n")
    ran = run("table", tmp_path / "orders.csv", "--out-dir", tmp_path, "--json")
    assert ran.code == 3
    assert next(iter(ran.told["failed"].values()))["code"] == "overwrites-source"
    assert (tmp_path / "orders.csv").read_text() == "a;b\n1;2\n"


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("orders.csv", "orders.csv"), ("orders.CSV.GZ", "orders.csv"), ("orders.dat", "orders.csv"),
        ("orders.2024.csv", "orders.2024.csv"), ("orders.2024.gz", "orders.2024.csv"), ("orders", "orders.csv"),
    ],
)  # fmt: skip
def test_the_name_of_a_table(tmp_path: Path, name: str, target: str):
    packed = name.lower().endswith(".gz")
    (tmp_path / name).write_bytes(gzip.compress(b"a,b\n1,2\n") if packed else b"a,b\n1,2\n")
    assert run("table", tmp_path / name, "--out-dir", tmp_path / "out").code == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == [target]


def test_table_of_real_files_equals_python_s_own_reader(shared_data: Path, tmp_path: Path):
    names = ["rfm_data_orders.csv", "shopify_orders.csv", "shopify_cohort.csv"]
    assert run("table", *(shared_data / name for name in names), "--out-dir", tmp_path).code == 0
    for name in names:
        theirs, ours = ((folder / name).read_text(encoding="utf-8-sig") for folder in (shared_data, tmp_path))
        assert list(csv.reader(io.StringIO(ours))) == list(csv.reader(io.StringIO(theirs))), name
    assert run("table", shared_data / "cdnow_sample.txt", "--out-dir", tmp_path).code == 0
    lines = (shared_data / "cdnow_sample.txt").read_text().splitlines()
    assert (tmp_path / "cdnow_sample.csv").read_text() == "".join(",".join(line.split()) + "\n" for line in lines)
