"""Lists as email and ad platforms take them: their columns, their way of writing, hashed where they want it.

Which rule comes from which public documentation is in docs/audiences.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from unicodedata import normalize

import numpy as np
import pandas as pd

from core.exports.csv_files import csv_bytes
from core.exports.people import People

FEWEST_PEOPLE = 100
REASONS: Mapping[str, str] = {
    "declined": "did not agree to marketing",
    "consent-unknown": "the file does not say that they agreed to marketing",
    "control-group": "held out as the control group",
    "bad-contact": "their email or phone can't be right",
    "no-contact": "nothing that the platform could find them by",
    "merged": "the same person is on this list already, or on that of a segment before",
}
"""Why somebody is on no list, in the order in which reasons are tried."""

_NO_LETTER = re.compile(r"[\W\d_]")
Form = Callable[[str], str]
SEGMENT = "segment"  # the name of the segment, as a column of a list


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a platform's file."""

    header: str
    field: str  # of `people.FIELDS`, or SEGMENT
    form: Form = str
    hashed: bool = False


@dataclass(frozen=True, slots=True)
class Platform:
    """A place that takes lists."""

    key: str
    label: str
    columns: tuple[Column, ...]
    found_by: tuple[tuple[str, ...], ...]  # each a set of fields that is enough to find somebody
    most_bytes: int | None = None  # of one file


@dataclass(frozen=True, slots=True, eq=False)
class Audience:
    """One segment's list for one platform. customers = rows + all left out."""

    platform: Platform
    segment: int
    segment_name: str
    customers: int  # of the segment
    rows: pd.DataFrame  # text, the platform's columns
    left_out: Mapping[str, int]  # reason of REASONS -> customers; all reasons, in their order
    warnings: tuple[str, ...]

    @property
    def may_be_parted(self) -> bool:
        """Whether the list may be several files for this platform, told from its texts without writing it."""
        if self.platform.most_bytes is None:
            return False
        texts = sum(int(self.rows[name].str.len().sum()) for name in self.rows.columns)
        # A letter has up to four bytes; quotes and commas come on top.
        return 4 * texts + 3 * self.rows.size > self.platform.most_bytes

    def facts(self) -> dict[str, Any]:
        """The account as the command line prints it."""
        return {
            "platform": self.platform.key,
            "segment": self.segment,
            "customers": self.customers,
            "listed": len(self.rows),
            "left_out": {reason: count for reason, count in self.left_out.items() if count},
            "warnings": list(self.warnings),
        }


def spaced(text: str) -> str:
    """Lower case, without blanks around it and with one between words."""
    return " ".join(normalize("NFC", text).lower().split())


def google_email(email: str) -> str:
    """As Google tells addresses apart: at Gmail neither points nor what follows a plus make another one."""
    local, _, domain = email.partition("@")
    if domain in {"gmail.com", "googlemail.com"}:
        local = local.partition("+")[0].replace(".", "")
    return f"{local}@{domain}"


def digits(e164: str) -> str:
    """The number without its plus."""
    return e164.removeprefix("+")


def meta_place(text: str) -> str:
    """A city or state as Meta compares it: letters alone."""
    return _NO_LETTER.sub("", spaced(text))


def meta_zip(text: str) -> str:
    """A postal code as Meta compares it: without blanks, and of a ZIP+4 the first five digits."""
    return "".join(text.lower().split()).partition("-")[0]


def lower(text: str) -> str:
    """Lower case without blanks around it."""
    return normalize("NFC", text).strip().lower()


_ADDRESS = ("first_name", "last_name", "country", "zip")
PLATFORMS: tuple[Platform, ...] = (
    Platform(
        "google",
        "Google Customer Match",
        (
            Column("Email", "email", google_email, hashed=True),
            Column("Phone", "phone", hashed=True),
            Column("First Name", "first_name", spaced, hashed=True),
            Column("Last Name", "last_name", spaced, hashed=True),
            Column("Country", "country"),
            Column("Zip", "zip"),
        ),
        (("email",), ("phone",), _ADDRESS),
    ),
    Platform(
        "meta",
        "Meta custom audience",
        (
            Column("email", "email", hashed=True),
            Column("phone", "phone", digits, hashed=True),
            Column("fn", "first_name", lower, hashed=True),
            Column("ln", "last_name", lower, hashed=True),
            Column("zip", "zip", meta_zip, hashed=True),
            Column("ct", "city", meta_place, hashed=True),
            Column("st", "state", meta_place, hashed=True),
            Column("country", "country", lower, hashed=True),
        ),
        (("email",), ("phone",), _ADDRESS),
    ),
    Platform(
        "tiktok",
        "TikTok custom audience",
        (Column("Email_SHA256", "email", hashed=True), Column("Phone_SHA256", "phone", hashed=True)),
        (("email",), ("phone",)),
    ),
    Platform(
        "klaviyo",
        "Klaviyo",
        (
            Column("Email", "email"),
            Column("Phone Number", "phone"),
            Column("First Name", "first_name"),
            Column("Last Name", "last_name"),
            Column("Segment", SEGMENT),
        ),
        (("email",), ("phone",)),
        most_bytes=50_000_000,
    ),
    Platform(
        "mailchimp",
        "Mailchimp",
        (
            Column("Email Address", "email"),
            Column("First Name", "first_name"),
            Column("Last Name", "last_name"),
            Column("Tags", SEGMENT, lambda name: name.replace(",", " ")),  # a comma would begin another tag
        ),
        (("email",),),
    ),
    Platform(
        "hubspot",
        "HubSpot",
        (
            Column("Email", "email"),
            Column("First Name", "first_name"),
            Column("Last Name", "last_name"),
            Column("Phone Number", "phone"),
            Column("Segment", SEGMENT),
        ),
        (("email",),),
    ),
)
BY_KEY: Mapping[str, Platform] = {platform.key: platform for platform in PLATFORMS}


def audiences(people: People, platform: Platform, *, regardless_of_consent: bool = False) -> Iterator[Audience]:
    """The lists of all segments for one platform, in the order of the segments, each made when it is asked for.

    Parameters
    ----------
    regardless_of_consent : True where the marketer has everyone's consent from elsewhere

    Yields
    ------
    Every customer is on exactly one list or left out for exactly one reason. Customers whom the platform would take
    for one person are on one list once, with what is known of any of them; where one of them declined or is held out,
    all are.
    """
    table, segments = people.table, people.table["segment"].to_numpy()
    written = _as_wanted(people, platform)
    who = _persons(table, written, platform)
    reason = np.full(len(table), "", dtype=object)

    def give(name: str, where: np.ndarray) -> None:
        reason[where & (reason == "")] = name

    if people.has_consent and not regardless_of_consent:
        give("declined", _with_the_same(who, (table["consent"] == "no").to_numpy()))
        give("consent-unknown", (table["consent"] == "unknown").to_numpy())
    give("control-group", _with_the_same(who, table["held_out"].to_numpy()))
    wrong = people.to_check.loc[~people.to_check["on_the_lists"], "customer_id"]
    give("bad-contact", (who < 0) & table.index.isin(wrong))
    give("no-contact", who < 0)
    give("merged", _again(who, segments, reason == ""))
    listed = _completed(written, who, reason)
    where = segments[reason == ""]
    for number, name in people.segments.items():
        rows = _hashed(listed[where == number].reset_index(drop=True), platform)
        here = reason[segments == number]
        left_out = {each: int((here == each).sum()) for each in REASONS}
        warnings = _warnings(people, platform, rows, regardless_of_consent=regardless_of_consent)
        yield Audience(platform, number, name, len(here), rows, left_out, warnings)


def csv_parts(audience: Audience) -> list[bytes]:
    """The list as the files that the platform takes: one, or several where one would be too large for it."""
    verbatim = {
        column.header for column in audience.platform.columns if column.hashed or column.field in {"email", "phone"}
    }

    def parts(rows: pd.DataFrame) -> list[bytes]:
        whole = csv_bytes(rows, verbatim=verbatim)
        most = audience.platform.most_bytes
        if most is None or len(whole) <= most or len(rows) < 2:
            return [whole]
        half = len(rows) // 2
        return [*parts(rows.iloc[:half]), *parts(rows.iloc[half:])]

    return parts(audience.rows)


def accounts(made: Iterable[Audience]) -> pd.DataFrame:
    """What became of each segment's customers: platform, segment, segment_name, outcome, customers."""
    rows = []
    for each in made:
        outcomes = {
            "customers of the segment": each.customers,
            "on the list": len(each.rows),
            **{REASONS[reason]: count for reason, count in each.left_out.items()},
        }
        rows += [
            (each.platform.key, each.segment, each.segment_name, outcome, count) for outcome, count in outcomes.items()
        ]
    return pd.DataFrame(rows, columns=["platform", "segment", "segment_name", "outcome", "customers"])


def _as_wanted(people: People, platform: Platform) -> pd.DataFrame:
    """The platform's columns before anything is hashed, a row a customer; "" where there is nothing."""
    table = people.table.assign(**{SEGMENT: people.table["segment"].map(people.segments).astype("str")})
    columns = {column.header: _each(table[column.field], column.form) for column in platform.columns}
    return pd.DataFrame(columns, copy=False)


def _each(texts: pd.Series[Any], form: Form) -> Any:
    """The texts in another form, each different one formed once; what is empty stays so."""
    if form is str:
        return texts.array
    codes, different = pd.factorize(texts)
    return pd.array([form(text) if text else "" for text in different.tolist()], dtype="str").take(codes)


def _persons(table: pd.DataFrame, written: pd.DataFrame, platform: Platform) -> np.ndarray:
    """(n_customers,) the same number for those whom the platform takes for one person; -1 whom it can't find.

    Who has an email is told by it alone, since households share phones. Who has none is the first of those with her
    phone. An address tells only who has neither.
    """
    header = {column.field: column.header for column in platform.columns}
    who = np.full(len(table), -1, dtype=np.int64)
    for fields in platform.found_by:
        key = pd.Series(written[header[fields[0]]].to_numpy(dtype=object))
        full = (key != "").to_numpy(copy=True)
        for field in fields[1:]:
            part = written[header[field]].to_numpy(dtype=object)
            full &= part != ""
            key = key + "\n" + part
        first: pd.Series[Any] = pd.Series(who[full & (who >= 0)], index=key[full & (who >= 0)])
        new = full & (who < 0)
        if fields != _ADDRESS:
            known = key[new].map(first[~first.index.duplicated()])
            who[new] = known.fillna(-1).to_numpy(dtype=np.int64)
            new &= who < 0
        who[new] = pd.factorize(key[new])[0] + who.max() + 1
    return who


def _with_the_same(who: np.ndarray, flagged: np.ndarray) -> np.ndarray:
    """Those flagged, and whoever is the same person as one of them."""
    return flagged | ((who >= 0) & np.isin(who, who[flagged & (who >= 0)]))


def _again(who: np.ndarray, segments: np.ndarray, free: np.ndarray) -> np.ndarray:
    """Whoever is on a list already: the first customer of the first segment stands for all."""
    order = np.argsort(segments, kind="stable")
    order = order[free[order]]
    again = np.zeros(len(who), dtype=bool)
    again[order] = pd.Series(who[order]).duplicated().to_numpy()
    return again


def _completed(written: pd.DataFrame, who: np.ndarray, reason: np.ndarray) -> pd.DataFrame:
    """The rows that are listed, their gaps filled from those who were merged into them."""
    listed, merged = reason == "", reason == "merged"
    rows: pd.DataFrame = written[listed].copy()
    if merged.any():
        others = written[merged].replace("", np.nan).groupby(who[merged]).first()
        several = np.isin(who[listed], who[merged])
        own = rows[several]
        rows.loc[several] = own.where(own != "", others.loc[who[listed][several]].set_axis(own.index)).fillna("")
    return rows.reset_index(drop=True)


def _hashed(rows: pd.DataFrame, platform: Platform) -> pd.DataFrame:
    hashed = [column.header for column in platform.columns if column.hashed]
    return rows.assign(**{header: _each(rows[header], _sha256) for header in hashed})


def _sha256(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _warnings(
    people: People, platform: Platform, rows: pd.DataFrame, *, regardless_of_consent: bool
) -> tuple[str, ...]:
    told = []
    fields = {field for found_by in platform.found_by for field in found_by[:1]} & {"email", "phone"}
    if not fields & people.known:
        told.append(f"The file has no column of {' or '.join(sorted(f'{field}s' for field in fields))}.")
    elif len(rows) < FEWEST_PEOPLE:
        # Who takes hashes looks the people up among its own, and finds a part of them.
        little = (
            f"of fewer than {FEWEST_PEOPLE} a platform finds too few to be of use, or it takes no such list."
            if any(column.hashed for column in platform.columns)
            else f"with fewer than {FEWEST_PEOPLE}, what a campaign did can hardly be told from chance."
        )
        told.append(f"Only {len(rows):,} on the list: {little}")
    if not people.has_consent:
        told.append(
            "The file does not say who agreed to marketing: make sure that everyone did before you use the list."
        )
    elif regardless_of_consent:
        told.append("What the file says of consent was put aside, as you asked.")
    country = next((column.header for column in platform.columns if column.field == "country"), None)
    if country is not None and (missing := int((rows[country] == "").sum())):
        told.append(
            f"{missing:,} have no country, and {platform.label} finds people better with one: choose the country that "
            "most of them live in."
        )
    return tuple(told)
