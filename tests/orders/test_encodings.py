"""Which code page a text without a mark is written in, told from its words."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.engine import Engine
from core.orders.dialect import detect
from core.orders.encodings import code_page
from core.orders.source import open_sources

WESTERN = {
    "German": "Kunde;Betrag\nMüller;1,00 €\nJörg Weiß;2,00 €\n",
    "French": "client;montant\nFrançois Lefèvre;12,50 €\nHélène;3,20 €\nNoël;5\n",
    "Spanish": "cliente;importe\nMuñoz Niño;12,50\nPeña;3\nIbáñez;4\n",
    "Portuguese": "cliente;valor\nJoão Conceição;12,50\nAntônio Guimarães;3\n",
    "Italian": "città;importo\nForlì;12\nCantù;3\nperché;4\n",
    "Danish": "kunde;beløb\nSøren Ågård;12,50\nLærke Nørgaard;3\n",
    "Swedish": "kund;belopp\nÅsa Öberg;12\nBjörn Sjöström;3\n",
    "one name": "customer,amount\n" + "Smith,1.00\n" * 50 + "Peña,1.00\n",
    "signs only": "customer;note\nSmith;it’s “fine” – ok, 3 €\n",
}
OTHERS = {
    "cp1250": (
        "zákazník;částka\nŘehoř Novák;12,50\nŽaneta Dvořáková;3,20\n",
        "klient;kwota\nŁukasz Wiśniewski;1,0\nMałgorzata Dąbrowska;3\n",
        "vevő;összeg\nSzűcs Győző;3\nNagy Ödön;4\n",
    ),
    "cp1251": ("клиент;сумма\nИванов Иван;12\nПетрова Анна;3\n",),
    "cp1253": ("πελάτης;ποσό\nΓιώργος Παπαδόπουλος;12,50\nΜαρία;3,20\n",),
    "cp1254": ("müşteri;tutar\nŞükrü Yılmaz;12,50\nÇiğdem Güneş;3,20\n",),
    "cp850": ("kund;belopp\nÅsa Öberg;12\nBjörn Sjöström;3\n",),
    "mac_roman": ("client;montant\nFrançois Lefèvre;12\nHélène;3\n",),
}


@pytest.mark.parametrize("language", WESTERN)
def test_western_languages(language: str):
    assert code_page(WESTERN[language].encode("cp1252")) == "cp1252"


@pytest.mark.parametrize(("page", "text"), [(page, text) for page, texts in OTHERS.items() for text in texts])
def test_other_code_pages(page: str, text: str):
    assert text.encode(page).decode(code_page(text.encode(page))) == text


def test_a_few_odd_bytes_do_not_turn_utf8_into_something_else(tmp_path: Path, engine: Engine):
    """Two exports put together, one line of one encoding among those of another: no name is garbled, none lost."""
    path = tmp_path / "orders.csv"
    path.write_bytes(b"name,amount\n" + "Müller,1\n".encode() * 40 + "Zoë,2\n".encode("cp1252"))
    assert detect(path).encoding == "utf-8"
    names = open_sources(engine, [path]).sample()["name"]
    assert names == ["Müller"] * 40 + ["Zoë"]


def test_odd_bytes_in_a_long_file(tmp_path: Path, engine: Engine):
    path = tmp_path / "orders.csv"
    path.write_bytes(b"name,amount\n" + "Müller,1\n".encode() * 40_000 + "Zoë,2\n".encode("cp1252"))
    source = open_sources(engine, [path]).reread()
    last = source.numbered().filter(lambda rows: rows.line_number == 40_002).to_pyarrow().to_pylist()
    assert [row["c1"] for row in last] == ["Zoë"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_long_files_in_any_encoding(tmp_path: Path, engine: Engine, encoding: str):
    """Without a header, so that a mark at the beginning would stick to the first cell."""
    path = tmp_path / "orders.csv"
    path.write_bytes("".join(f"Zoë{number},2024-01-05,{number}.50\n" for number in range(20_000)).encode(encoding))
    source = open_sources(engine, [path])
    assert source.rows == 20_000
    assert source.sample(2) == {"1": ["Zoë0", "Zoë1"], "2": ["2024-01-05"] * 2, "3": ["0.50", "1.50"]}
