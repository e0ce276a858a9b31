"""The customers of a segmentation as people to reach: contacts in one form, who agreed, who is held out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal
from unicodedata import normalize

import numpy as np
import pandas as pd

from core.exports.control import Control
from core.exports.countries import country_code
from core.exports.phones import Phone, phone
from core.orders.names import normalised
from core.segments.segmentation import Segmentation

Consent = Literal["yes", "no", "unknown"]

FIELDS = ("email", "phone", "first_name", "last_name", "city", "state", "zip", "country")
TO_CHECK = ("customer_id", "contact", "value", "problem", "on_the_lists")

# As `normalised` leaves them.
_AGREED = {
    "yes", "y", "true", "t", "1", "1 0", "on", "x", "ja", "j", "oui", "si", "sim", "da", "tak", "wahr", "vrai",
    "verdadero", "opted in", "opt in", "optin", "single opt in", "double opt in", "subscribed", "granted", "given",
    "agreed", "accepted", "accepts", "accepts marketing", "consented", "confirmed", "active",
}  # fmt: skip
_DECLINED = {
    "no", "n", "false", "f", "0", "0 0", "off", "nein", "non", "nao", "nee", "ne", "nie", "falsch", "faux", "falso",
    "opted out", "opt out", "optout", "unsubscribed", "not subscribed", "never subscribed", "denied", "declined",
    "refused", "withdrawn", "revoked", "rejected", "cleaned",
}  # fmt: skip
_LABEL = r"[^\W_](?:[\w\-]{0,61}[^\W_])?"
_TOP = r"(?:[^\W\d_]{2,63}|xn--[a-z0-9\-]{2,59})"
_EMAIL = re.compile(rf"[^\s@,;:<>()\[\]\"\\]{{1,64}}@(?:{_LABEL}\.)+{_TOP}")
_FORMULA_SIGNS = "=+-"


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """One row a customer of the segmentation, in its order."""

    table: pd.DataFrame  # index customer_id; segment, FIELDS ("" where there is none), consent (Consent), held_out
    segments: dict[int, str]  # number -> name
    known: frozenset[str]  # which of FIELDS the file has a column for
    has_consent: bool  # whether the file says who agreed to marketing
    country: str | None  # the one chosen for those whose own is not known
    to_check: pd.DataFrame  # TO_CHECK: contacts that can't be right, or may not be; each with what is wrong

    def __len__(self) -> int:
        return len(self.table)


def people(segmentation: Segmentation, control: Control | None = None, country: str | None = None) -> People:
    """Bring the contacts of all customers to one form.

    Parameters
    ----------
    control : whom to hold out
    country : ISO 3166-1 alpha-2, for customers whose own country the file does not tell

    Returns
    -------
    Emails trimmed and in lower case, phones in E.164, countries as alpha-2 codes, other texts trimmed. What can't be
    brought to that form is left empty, and is in `to_check`.

    Raises
    ------
    ValueError for a country that is none
    """
    if country is not None and country_code(country) != country:
        raise ValueError(f"{country!r} is not the code of a country, such as DE.")
    contacts = segmentation.features.contacts
    ids = segmentation.assignments.index
    raw = {name: _texts(contacts, name) for name in (*FIELDS, "customer_name", "consent")}
    _name_parts(raw)
    found = {name: raw[name] for name in ("first_name", "last_name", "city", "state", "zip")}
    found["country"] = [_country(text) if text else country or "" for text in raw["country"]]
    found["email"] = [_one_way(text).lower() for text in raw["email"]]
    emails = [email_problem(text) if text else "" for text in found["email"]]
    told = [
        phone(text, own or country) if text else None for text, own in zip(raw["phone"], found["country"], strict=True)
    ]
    to_check = pd.concat(
        [
            _to_check(ids, "email", raw["email"], emails, [False] * len(ids)),
            _to_check(ids, "phone", raw["phone"], [each.problem if each else "" for each in told], _kept(told)),
            _to_check(ids, "country", raw["country"], _unknown(raw["country"], found["country"]), [False] * len(ids)),
        ],
        ignore_index=True,
    )
    found["email"] = ["" if problem else text for text, problem in zip(found["email"], emails, strict=True)]
    found["phone"] = [each.e164 if each else "" for each in told]
    table = pd.DataFrame({name: pd.array(found[name], dtype="str") for name in FIELDS}, index=ids)
    table.insert(0, "segment", segmentation.assignments["segment"].to_numpy())
    table["consent"] = pd.Categorical([consent(text) for text in raw["consent"]], categories=["yes", "no", "unknown"])
    table["held_out"] = np.zeros(len(ids), dtype=bool) if control is None else control.members
    known = {name for name in FIELDS if name in contacts.columns}
    if "customer_name" in contacts.columns:
        known |= {"first_name", "last_name"}
    return People(
        table,
        {segment.number: segment.name for segment in segmentation.segments},
        frozenset(known),
        "consent" in contacts.columns,
        country,
        to_check,
    )


def email_problem(email: str) -> str:
    """What is wrong with an address in lower case, to follow "…: "; "" where nothing is.

    Notes
    -----
    An address that begins with = + or - may exist, but a spreadsheet would run it and a list can't change it.
    """
    if _EMAIL.fullmatch(email):
        local = email.partition("@")[0]
        if email[0] in _FORMULA_SIGNS:
            return "it begins with a sign that a spreadsheet would take for a formula"
        return "it has a point too many" if local[0] == "." or local[-1] == "." or ".." in local else ""
    if email.count("@") != 1:
        return "it has no @" if "@" not in email else "it has more than one @"
    if re.search(r"\s", email):
        return "there is a blank in it"
    local, _, domain = email.partition("@")
    if not local:
        return "there is nothing before the @"
    return "there is no domain such as example.com after the @" if "." not in domain else "it is not an email address"


@lru_cache(maxsize=1024)
def consent(written: str) -> Consent:
    """Whether somebody agreed to marketing, as files say it. What is blank or says neither is "unknown"."""
    words = normalised(written)
    return "yes" if words in _AGREED else "no" if words in _DECLINED else "unknown"


def _one_way(text: str) -> str:
    return text if text.isascii() else normalize("NFC", text)


@lru_cache(maxsize=1024)
def _country(written: str) -> str:
    return country_code(written) or ""


def _texts(contacts: pd.DataFrame, name: str) -> list[str]:
    if name not in contacts.columns:
        return [""] * len(contacts)
    # An apostrophe in front is a shop's way to keep a spreadsheet from changing a number.
    tidy: Callable[[str], str] = str.strip if name not in {"zip", "phone"} else _without_apostrophe
    return [tidy(text) for text in contacts[name].astype("str").fillna("").tolist()]


def _without_apostrophe(text: str) -> str:
    return text.strip().removeprefix("'").strip()


def _name_parts(raw: dict[str, list[str]]) -> None:
    """Fill first and last name from the whole name, where the file has neither for that customer."""
    for place, whole in enumerate(raw["customer_name"]):
        if whole and not raw["first_name"][place] and not raw["last_name"][place]:
            last, comma, first = whole.partition(",")
            if not comma:
                first, _, last = whole.partition(" ")
            raw["first_name"][place], raw["last_name"][place] = first.strip(), last.strip()


def _kept(told: Iterable[Phone | None]) -> list[bool]:
    return [bool(each and each.e164) for each in told]


def _unknown(written: list[str], codes: list[str]) -> list[str]:
    return [
        "no country of that name is known" if text and not code else ""
        for text, code in zip(written, codes, strict=True)
    ]


def _to_check(
    ids: pd.Index[Any], contact: str, values: list[str], problems: list[str], kept: list[bool]
) -> pd.DataFrame:
    rows = [place for place, problem in enumerate(problems) if problem]
    return pd.DataFrame(
        {
            "customer_id": pd.array([str(ids[place]) for place in rows], dtype="str"),
            "contact": pd.array([contact] * len(rows), dtype="str"),
            "value": pd.array([values[place] for place in rows], dtype="str"),
            "problem": pd.array([problems[place] for place in rows], dtype="str"),
            "on_the_lists": np.array([kept[place] for place in rows], dtype=bool),
        },
        columns=list(TO_CHECK),
    )
