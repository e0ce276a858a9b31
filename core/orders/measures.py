"""What the columns of a customer table hold, told from headers and values: who, ids, or numbers to compare by."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from core.orders import currencies, values
from core.orders.columns import Recognition
from core.orders.names import normalised, of_money
from core.orders.roles import BY_NAME, CONTACTS
from core.orders.source_table import SourceTable

_ID = frozenset(
    {"id", "ids", "key", "code", "nr", "no", "num", "number", "nummer", "numero", "numer", "uuid", "guid", "uid"}
)
_ROW = frozenset({"index", "row", "line", "unnamed", "column"})
_PHONE = frozenset(
    {"phone", "phones", "mobile", "cell", "cellphone", "tel", "telephone", "telefon", "telefono", "handy", "fax"}
)
_POSTAL = frozenset({"zip", "zipcode", "plz", "postcode", "postal", "postleitzahl"})
_CUSTOMER = frozenset(
    {
        "id",
        "uid",
        "name",
        "full name",
        "username",
        "user name",
        "user",
        "member",
        "respondent",
        "participant",
        "company",
    }
)
_EVENTS = frozenset(
    {
        "birth", "birthday", "birthdate", "dob", "born", "registered", "registration", "signup", "signed", "joined",
        "join", "since", "last", "first", "recent", "latest", "active", "geburtsdatum", "geburtstag", "registriert",
        "letzte", "letzter", "letztes", "naissance", "inscription", "derniere", "dernier", "nacimiento", "registro",
        "ultimo", "ultima", "nascita", "geboortedatum", "laatste",
    }
)  # fmt: skip
"""Words in the header of a day in the customer's life, which is not the day of an order."""
_MAY_MEASURE = frozenset({"city", "state", "country"})  # contacts that a survey may well give as numbers

SAME_AS: Mapping[str, tuple[str, ...]] = {
    "total_revenue": (
        "total revenue", "total spent", "total spend", "amount spent", "money spent", "lifetime spend",
        "lifetime value", "lifetime revenue", "customer lifetime value", "ltv", "clv", "monetary", "monetary value",
        "gesamtumsatz", "total depense", "total gastado", "totale speso", "totaal besteed",
    ),
    "order_count": (
        "order count", "orders count", "total orders", "orders", "number of orders", "no of orders", "nr of orders",
        "num orders", "orders placed", "payment count", "purchase count", "number of purchases", "frequency",
        "anzahl bestellungen", "bestellungen", "nombre de commandes", "nombre commandes", "commandes",
        "numero de pedidos", "pedidos", "numero di ordini", "ordini", "aantal bestellingen", "bestellingen",
    ),
    "recency_days": (
        "recency days", "recency", "days since last order", "days since last purchase", "days since last transaction",
        "tage seit letzter bestellung", "tage seit letztem kauf", "jours depuis la derniere commande",
    ),
    "avg_order_value": ("avg order value", "average order value", "aov", "average order amount", "avg order amount"),
}  # fmt: skip
"""Features of the catalog -> headers (normalised) that plainly mean the same, the most telling first."""

_ENOUGH = 0.5  # of the sampled values that must be numbers
_FEW_CODES = 0.05
_FEWEST_ROWS = 10  # before counting up from row to row says anything


@dataclass(frozen=True, slots=True)
class Kinds:
    """The columns of numbers, by what they are."""

    measures: tuple[str, ...]
    ids: tuple[str, ...]  # ids, phone numbers and postal codes beside those that have a role
    left_out: Mapping[str, str]  # header -> what it is


def kinds_of(source: SourceTable, recognition: Recognition) -> Kinds:
    """Which columns customers can be compared by, and which only look so.

    Numbers that name somebody or a place (ids, phone numbers, postal codes, codes with leading zeros or letters), that
    count the rows, or that are days, measure nothing.
    """
    columns = recognition.columns
    # A region may be a number in a survey; an email, a name, a phone or a postal code never measures anything.
    taken = {columns.get("customer_id")} | {columns.get(role) for role in CONTACTS if role not in _MAY_MEASURE}
    sample = source.sample()
    measures: list[str] = []
    ids: list[str] = []
    left_out: dict[str, str] = {}
    for header in source.headers:
        if header in taken:
            continue
        texts = [str(value).strip() for value in sample[header] if not values.is_blank(value)]
        named = _named(header)
        if named is not None and (named != "an id" or _whole_numbers(texts)):
            ids.append(header)
            if _numbers(texts):
                left_out[header] = named
        elif not _numbers(texts):
            continue
        elif _codes(texts):
            ids.append(header)
            left_out[header] = "codes"
        elif _counts_rows(header, texts):
            left_out[header] = "the number of the row"
        else:
            measures.append(header)
    return Kinds(tuple(measures), tuple(ids), left_out)


def meanings(headers: Sequence[str], amount: str | None, *, chosen: bool) -> dict[str, str]:
    """Features of the catalog that a measure gives under another name.

    Parameters
    ----------
    headers : of the measures
    amount : the header that plays the role of the amount
    chosen : whether somebody said so

    Returns
    -------
    {feature: header}; a feature that is a header itself stands for itself. What has the role of an amount is what the
    customer spent, unless it is named as the price of something.
    """
    known: dict[str, str] = {}
    for feature, names in SAME_AS.items():
        alike = [header for name in names for header in headers if name in {normalised(header), of_money(header)}]
        if feature == "total_revenue" and amount in headers and amount is not None:
            if chosen:
                known[feature] = amount
                continue
            if not _prices(amount):
                alike.append(amount)
        found = feature if feature in headers else next(iter(alike), None)
        if found is not None:
            known[feature] = found
    return known


def _prices(header: str) -> bool:
    """Whether a header speaks of the price of something rather than of what was paid in all."""
    words = normalised(header)
    priced = any(f" {name} " in f" {words} " for name in BY_NAME["unit_price"].names)
    return priced and {words, of_money(header)}.isdisjoint(BY_NAME["amount"].names)


def names_a_customer(header: str) -> bool:
    """Whether a header alone lets a column of different values name the customers."""
    words = normalised(header)
    return words in _CUSTOMER or (bool(words) and words.split()[-1] in _ID)


def tells_of_the_customer(header: str, headers: Sequence[str]) -> bool:
    """Whether days are of the customer's life, such as her birthday or her last order, and not each of an order."""
    words = set(normalised(header).split())
    counted = any(normalised(other) in SAME_AS["order_count"] for other in headers)
    return bool(words & _EVENTS) or ("created" in words and counted)


def _named(header: str) -> str | None:
    """What a header says that a number is, where it measures nothing."""
    words = re.sub(r"[\d ]+$", "", normalised(header)).split()
    if not words:
        return None
    bare = [word for word in words if word not in _ID] or words
    if bare[-1] in _PHONE:
        return "a phone number"
    if bare[-1] in _POSTAL:
        return "a postal code"
    return "an id" if words[-1] in _ID else None


def _numbers(texts: Sequence[str]) -> bool:
    if values.share(texts, "number") < _ENOUGH and _percents(texts) < _ENOUGH:
        return False
    return not values.share(texts, "date") >= _ENOUGH > values.share(texts, "integer")


def _percents(texts: Sequence[str]) -> float:
    return values.share([text.removesuffix("%") for text in texts if text.endswith("%")], "number")


def _whole_numbers(texts: Sequence[str]) -> bool:
    """Whether nothing speaks against an id: numbers with a fraction are none."""
    return values.share(texts, "number") < _ENOUGH or values.share(texts, "integer") > 0.9


def _codes(texts: Sequence[str]) -> bool:
    """Whether the numbers have leading zeros, or letters that are no currency."""
    padded = sum(bool(re.fullmatch(r"0\d+", text)) for text in texts)
    # A rand is written R12.50; what is R1, R2 and R3 throughout is a code.
    money = {code.lower() for code in currencies.CODES} | {sign for sign in currencies.SIGNS if len(sign) > 1}
    glued = [found[1].lower() for text in texts if (found := re.fullmatch(r"([A-Za-z]{1,3}\.?)\d+", text))]
    lettered = len(glued) > _ENOUGH * len(texts) and not set(glued) <= money
    return lettered or padded > _FEW_CODES * len(texts)


def _counts_rows(header: str, texts: Sequence[str]) -> bool:
    words = normalised(header).split()
    if not all(re.fullmatch(r"\d+(\.0)?", text) for text in texts):
        return False
    counted = all(int(float(after)) - int(float(before)) == 1 for before, after in pairwise(texts))
    return counted and (len(texts) >= _FEWEST_ROWS or not words or words[0] in _ROW)
