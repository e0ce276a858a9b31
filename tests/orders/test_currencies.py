"""Currencies by code, sign and header."""

from __future__ import annotations

import pytest

from core.engine import Engine
from core.orders import currencies
from tests.orders.reading_columns import read


@pytest.mark.parametrize(
    ("header", "currency", "rest"),
    [
        ("Amount (EUR)", "EUR", "Amount"), ("Net Sales [USD]", "USD", "Net Sales"), ("Total GBP", "GBP", "Total"),
        ("Total £", "GBP", "Total"), ("Total in $", "USD", "Total"), ("price_usd", "USD", "price"),
        ("totalCad", "CAD", "total"), ("Betrag in CHF", "CHF", "Betrag"), ("Montant en euros", "EUR", "Montant"),
        ("Total (US$)", "USD", "Total"), ("CA$ total", "CAD", "total"), ("Preço (R$)", "BRL", "Preço"),
        ("Price (Rs.)", "INR", "Price"), ("Cena zł", "PLN", "Cena"), ("TUTAR (TRY)", "TRY", "TUTAR"),
        ("Total ALL", "ALL", "Total"), ("Total (kr)", None, "Total"), ("Sales dollars", None, "Sales"),
        ("amount", None, "amount"), ("EURO2024 tickets", None, "EURO2024 tickets"), ("Try price", None, "Try price"),
        ("TOTAL ALL", None, "TOTAL ALL"), ("Total (all)", None, "Total (all)"), ("all", None, "all"),
        ("top", None, "top"), ("Created (UTC)", None, "Created (UTC)"), ("Top 10", None, "Top 10"), ("eur", "EUR", ""),
        ("Total in all", None, "Total in all"), ("Rs", None, "Rs"),
    ],
)  # fmt: skip
def test_currency_of_a_header(header: str, currency: str | None, rest: str):
    assert currencies.of_header(header) == currency
    assert currencies.without(header).replace("_", " ").strip() == rest


@pytest.mark.parametrize(
    ("sign", "currency"),
    [("rub", "RUB"), ("$", "USD"), ("r$", "BRL"), ("zł", "PLN"), ("rs.", "INR"), ("kr", None), ("ca$", "CAD")],
)
def test_currency_of_a_sign(sign: str, currency: str | None):
    assert currencies.called(sign) == currency


@pytest.mark.parametrize(
    ("sign", "named", "currency"),
    [("$", "CAD", "CAD"), ("$", "EUR", "USD"), ("kr", "SEK", "SEK"), ("kr", "EUR", None), ("us$", "CAD", "USD"),
     ("¥", "CNY", "CNY"), ("£", "CAD", "GBP"), ("usd", "CAD", "USD")],
)  # fmt: skip
def test_a_sign_of_several_countries_is_of_the_one_that_was_named(sign: str, named: str, currency: str | None):
    assert currencies.called(sign, named) == currency


@pytest.mark.parametrize(
    ("written", "sign"),
    [("$5.00", "$"), ("-US$ 5", "us$"), ("5 EUR", "eur"), ("(€ 5.00)", "€"), ("1.234,50 zł", "zł"), ("5.00", None),
     ("kr. 5", "kr."), ("5 kr.", "kr."), ("Rs.500", "rs."), ("12 Euro", "euro"), ("R 12", "r"), ("refund", None),
     ("free", None), ("order 5", None), (None, None)],
)  # fmt: skip
def test_what_stands_beside_an_amount(engine: Engine, written: str | None, sign: str | None):
    assert read(engine, [written, "x"], currencies.beside)[0] == sign
