from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.exports import audiences
from core.exports.audiences import BY_KEY, PLATFORMS, REASONS, Audience
from core.exports.control import draw
from core.exports.people import People, consent, email_problem, people
from core.segments.segmentation import Segmentation
from tests.segments.builders import customers, grouped

Cells = Mapping[str, Sequence[str | None]]


def segmentation(contacts: Cells, labels: Sequence[int] | None = None, ids: Sequence[str] | None = None, **names: str):
    count = len(next(iter(contacts.values())))
    labels = labels or [0] * count
    features = customers(
        {"total_revenue": [1000.0 - 100 * label + place / count for place, label in enumerate(labels)]},
        ids=ids,
        contacts=contacts,
    )
    return grouped(features, labels, names={int(key[1:]): name for key, name in names.items()})


def made(contacts: Cells, platform: str, country: str | None = None, **more: object) -> Audience:
    (only,) = audiences.audiences(people(segmentation(contacts), country=country), BY_KEY[platform], **more)  # type: ignore[arg-type]
    return only


def one(field: str, written: str, platform: str, column: str, country: str | None = None) -> str:
    """The cell of a single person, who has an email besides so that she is on the list."""
    contacts = {"email": ["a@example.com"]} | {field: [written]}
    return made(contacts, platform, country).rows[column].iloc[0]


def hashed(text: str) -> str:
    return sha256(text.encode("utf-8")).hexdigest()


# What is hashed is written here by hand, by the documentation named in docs/audiences.md.
GOOGLE = [
    ("email", "jane@example.com", None, "Email", "jane@example.com"),
    ("email", "  Jane@Example.COM ", None, "Email", "jane@example.com"),
    ("email", "user.name+NYC@Example.com", None, "Email", "user.name+nyc@example.com"),  # the documentation's own
    ("email", "cloudy.sanfrancisco+shopping@gmail.com", None, "Email", "cloudysanfrancisco@gmail.com"),  # this one too
    ("email", "J.A.N.E@googlemail.com", None, "Email", "jane@googlemail.com"),
    ("email", "JOSÉ@Exämple.com", None, "Email", "josé@exämple.com"),
    ("phone", "(800) 555-0100", "US", "Phone", "+18005550100"),  # the documentation's own
    ("phone", "+44 20 7183 8750", None, "Phone", "+442071838750"),
    ("phone", "0151 23456789", "DE", "Phone", "+4915123456789"),
    ("phone", "06 12 34 56 78", "FR", "Phone", "+33612345678"),
    ("phone", "06 1234 5678", "IT", "Phone", "+390612345678"),
    ("first_name", " ZOË ", None, "First Name", "zoë"),
    ("first_name", "Anna  Maria", None, "First Name", "anna maria"),
    ("first_name", "Jose\u0301", None, "First Name", "jos\u00e9"),  # two ways to write one letter
    ("last_name", "PÉREZ", None, "Last Name", "pérez"),
    ("last_name", "Müller-Lüdenscheidt", None, "Last Name", "müller-lüdenscheidt"),
]
META = [
    ("email", " Jane@Example.COM ", None, "email", "jane@example.com"),
    ("email", "Jane.Doe+Shop@Gmail.com", None, "email", "jane.doe+shop@gmail.com"),
    ("email", "JOSÉ@example.com", None, "email", "josé@example.com"),
    ("phone", "+44 20 7183 8750", None, "phone", "442071838750"),
    ("phone", "(202) 555-0123", "US", "phone", "12025550123"),
    ("phone", "0151 / 234 567 89", "DE", "phone", "4915123456789"),
    ("first_name", " ZOË", None, "fn", "zoë"),
    ("last_name", "Van der Berg ", None, "ln", "van der berg"),
    ("city", "New York", None, "ct", "newyork"),
    ("city", " São Paulo", None, "ct", "sãopaulo"),
    ("city", "St. John's", None, "ct", "stjohns"),
    ("state", "CA", None, "st", "ca"),
    ("state", "Baden-Württemberg", None, "st", "badenwürttemberg"),
    ("zip", "94016-1234", None, "zip", "94016"),
    ("zip", "'02108", None, "zip", "02108"),
    ("zip", "WC2H 8LG", None, "zip", "wc2h8lg"),
    ("country", "United Kingdom", None, "country", "gb"),
    ("country", "", "DE", "country", "de"),
]


@pytest.mark.parametrize(("field", "written", "country", "column", "normal"), GOOGLE)
def test_googles_hashes(field: str, written: str, country: str | None, column: str, normal: str):
    assert one(field, written, "google", column, country) == hashed(normal)


@pytest.mark.parametrize(("field", "written", "country", "column", "normal"), META)
def test_metas_hashes(field: str, written: str, country: str | None, column: str, normal: str):
    assert one(field, written, "meta", column, country) == hashed(normal)


def test_the_hash_is_sha_256_in_hexadecimal():
    # FIPS 180-4's example message, as an address would be hashed: known without hashlib.
    assert hashed("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert one("first_name", "ABC ", "google", "First Name") == hashed("abc")


FULL = {
    "email": ["Ann@Example.com"], "phone": ["+1 202 555 0123"], "first_name": ["Ann"], "last_name": ["Doe"],
    "city": ["Boston"], "state": ["MA"], "zip": ["'02108"], "country": ["USA"], "consent": ["yes"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("platform", "row"),
    [
        (
            "google",
            {
                "Email": hashed("ann@example.com"), "Phone": hashed("+12025550123"), "First Name": hashed("ann"),
                "Last Name": hashed("doe"), "Country": "US", "Zip": "02108",
            },
        ),
        (
            "meta",
            {
                "email": hashed("ann@example.com"), "phone": hashed("12025550123"), "fn": hashed("ann"),
                "ln": hashed("doe"), "zip": hashed("02108"), "ct": hashed("boston"), "st": hashed("ma"),
                "country": hashed("us"),
            },
        ),
        ("tiktok", {"Email_SHA256": hashed("ann@example.com"), "Phone_SHA256": hashed("+12025550123")}),
        (
            "klaviyo",
            {
                "Email": "ann@example.com", "Phone Number": "+12025550123", "First Name": "Ann", "Last Name": "Doe",
                "Segment": "VIPs, all",
            },
        ),
        (
            "mailchimp",
            {"Email Address": "ann@example.com", "First Name": "Ann", "Last Name": "Doe", "Tags": "VIPs  all"},
        ),
        (
            "hubspot",
            {
                "Email": "ann@example.com", "First Name": "Ann", "Last Name": "Doe", "Phone Number": "+12025550123",
                "Segment": "VIPs, all",
            },
        ),
    ],
)  # fmt: skip
def test_the_columns_of_each_platform(platform: str, row: dict[str, str]):
    (only,) = audiences.audiences(people(segmentation(FULL, _1="VIPs, all")), BY_KEY[platform])

    assert list(only.rows.columns) == list(row)
    assert only.rows.to_dict("records") == [row]


def test_there_are_the_six_platforms_that_lists_knows():
    from core.exports import lists

    assert tuple(BY_KEY) == lists.PLATFORMS


def test_everyone_is_on_the_list_or_left_out_for_one_reason():
    contacts = {
        "email": ["a@x.co", "b@x.co", "c@x.co", "no address", None, "A@x.co ", "d@x.co", "e@x.co"],
        "consent": ["yes", "NO", None, "true", "yes", "1", "maybe", "opted in"],
    }

    audience = made(contacts, "klaviyo")

    assert audience.rows["Email"].tolist() == ["a@x.co", "e@x.co"]
    assert audience.left_out == {
        "declined": 1, "consent-unknown": 2, "control-group": 0, "bad-contact": 1, "no-contact": 1, "merged": 1,
    }  # fmt: skip
    assert audience.customers == 8


def test_consent_is_put_aside_only_when_asked():
    contacts = {"email": ["a@x.co", "b@x.co"], "consent": ["no", None]}

    assert len(made(contacts, "meta").rows) == 0
    whole = made(contacts, "meta", regardless_of_consent=True)
    assert len(whole.rows) == 2
    assert any("put aside" in warning for warning in whole.warnings)


def test_a_file_without_consent_is_said_to_have_none():
    audience = made({"email": ["a@x.co"]}, "klaviyo")

    assert len(audience.rows) == 1
    assert any("does not say who agreed" in warning for warning in audience.warnings)
    assert not any("does not say" in warning for warning in made(FULL, "klaviyo").warnings)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("yes", "yes"), ("TRUE", "yes"), ("1", "yes"), ("Ja", "yes"), ("oui", "yes"), ("sí", "yes"),
        ("SUBSCRIBED", "yes"), ("no", "no"), ("False", "no"), ("0", "no"), ("nein", "no"), ("Unsubscribed", "no"),
        ("NOT_SUBSCRIBED", "no"), ("", "unknown"), ("pending", "unknown"), ("2024-01-31", "unknown"),
    ],
)  # fmt: skip
def test_consent_in_words(written: str, told: str):
    assert consent(written) == told


def test_who_declined_under_another_id_is_left_out_everywhere():
    contacts = {"email": ["ann@x.co", "ANN@x.co", "bob@x.co"], "consent": ["yes", "no", "yes"]}

    audience = made(contacts, "klaviyo")

    assert audience.rows["Email"].tolist() == ["bob@x.co"]
    assert audience.left_out["declined"] == 2


def test_duplicates_are_merged_with_what_is_known_of_any():
    contacts = {
        "email": ["ann@x.co", "Ann@x.co", None, None],
        "phone": [None, "+12025550123", "+1 (202) 555-0123", "+442071838750"],
        "first_name": [None, "Ann", None, None],
        "last_name": ["Doe", "Other", None, None],
    }

    audience = made(contacts, "klaviyo")

    # The third has no email, but a phone: no other row's own phone is hers but that of a row merged away.
    assert audience.rows[["Email", "Phone Number", "First Name", "Last Name"]].to_numpy().tolist() == [
        ["ann@x.co", "+12025550123", "Ann", "Doe"],
        ["", "+442071838750", "", ""],
    ]
    assert audience.left_out["merged"] == 2


def test_a_person_in_two_segments_is_on_the_list_of_the_first():
    found = people(segmentation({"email": ["a@x.co", "b@x.co", "A@x.co", "c@x.co"]}, labels=[1, 1, 0, 0]))

    first, second = audiences.audiences(found, BY_KEY["hubspot"])

    assert first.rows["Email"].tolist() == ["a@x.co", "c@x.co"]
    assert second.rows["Email"].tolist() == ["b@x.co"]
    assert second.left_out["merged"] == 1


def test_a_household_with_one_phone_is_two_people():
    assert len(made({"email": ["a@x.co", "b@x.co"], "phone": ["+12025550123"] * 2}, "meta").rows) == 2


def test_an_address_is_enough_for_google_only_when_whole():
    contacts = {
        "first_name": ["Ann", "Bob", "Ann"], "last_name": ["Doe", "Ray", "Doe"], "zip": ["02108", None, "02108"],
        "country": ["US"] * 3,
    }  # fmt: skip

    google, tiktok = made(contacts, "google"), made(contacts, "tiktok")

    assert (len(google.rows), google.left_out["no-contact"], google.left_out["merged"]) == (1, 1, 1)
    assert (len(tiktok.rows), tiktok.left_out["no-contact"]) == (0, 3)
    assert any("no column of emails or phones" in warning for warning in tiktok.warnings)


def test_a_whole_name_is_parted():
    contacts = {"email": ["a@x.co", "b@x.co", "c@x.co"], "customer_name": ["Ann Doe", "van Berg, Jan", "Cher"]}

    rows = made(contacts, "hubspot").rows

    assert rows[["First Name", "Last Name"]].to_numpy().tolist() == [["Ann", "Doe"], ["Jan", "van Berg"], ["Cher", ""]]


@pytest.mark.parametrize(("count", "warned"), [(99, True), (100, False)])
def test_fewer_than_a_hundred_are_warned_of(count: int, warned: bool):
    contacts = {"email": [f"c{place}@x.co" for place in range(count)], "consent": ["yes"] * count}

    assert bool(made(contacts, "google", "DE").warnings) is warned


def test_the_control_group_is_held_out_and_counted():
    made_of = segmentation({"email": [f"c{place}@x.co" for place in range(100)]}, labels=[0] * 60 + [1] * 40)
    control = draw(made_of, 0.1)

    found = list(audiences.audiences(people(made_of, control), BY_KEY["klaviyo"]))

    held = {f"c{int(each[1:])}@x.co" for each in made_of.assignments.index[control.members]}
    assert len(held) == 10
    assert [each.left_out["control-group"] for each in found] == [6, 4]
    assert held.isdisjoint(email for each in found for email in each.rows["Email"])


def test_what_cannot_be_right_is_listed_apart():
    found = people(
        segmentation({"email": ["a@x", "ok@x.co"], "phone": ["12", "+447700900123"], "country": ["Mars", "GB"]})
    )

    assert found.to_check.drop(columns="problem").to_numpy().tolist() == [
        ["C0000", "email", "a@x", False],
        ["C0000", "phone", "12", False],
        ["C0001", "phone", "+447700900123", True],
        ["C0000", "country", "Mars", False],
    ]
    assert found.to_check["problem"].str.len().min() > 10


@pytest.mark.parametrize(
    ("email", "right"),
    [
        ("jane.doe+tag@example.co.uk", True), ("jürgen@müller.de", True), ("o'brien@x.ie", True),
        ("x@sub.x.museum", True), ("x@example.xn--p1ai", True),
        ("a@b", False), ("a@@b.co", False), ("a b@x.co", False), ("@x.co", False), ("a@x.c0", False),
        ("a..b@x.co", False),
        ("a@-x.co", False), ("a@x.co,b@x.co", False), ("=1+1@x.co", False), ("none", False), ("<a@x.co>", False),
    ],
)  # fmt: skip
def test_addresses(email: str, right: bool):
    assert (email_problem(email) == "") is right


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
EMAILS = st.one_of(st.none(), TEXT, st.sampled_from(["a@x.co", "A@X.co", "b@gmail.com", "b+1@gmail.com", "c@x.co"]))
PHONES = st.one_of(st.none(), TEXT, st.sampled_from(["+12025550123", "202 555 0123", "+44 20 7183 8750", "12"]))


@settings(max_examples=30)
@given(
    rows=st.lists(
        st.tuples(st.integers(0, 1), EMAILS, PHONES, st.sampled_from(["yes", "no", None])), min_size=1, max_size=12
    ),
    share=st.sampled_from([0, 0.3, 0.5]),
)
def test_nobody_is_lost(rows: list[tuple[int, str | None, str | None, str | None]], share: float):
    rows = [(0, "first@x.co", None, "yes"), *rows]
    labels = [row[0] for row in rows]
    made_of = segmentation(
        {"email": [r[1] for r in rows], "phone": [r[2] for r in rows], "consent": [r[3] for r in rows]}, labels
    )
    found = people(made_of, draw(made_of, share), "US")

    for platform in PLATFORMS:
        lists = list(audiences.audiences(found, platform))
        assert [each.customers for each in lists] == [each.customers for each in made_of.segments]
        for each in lists:
            assert each.customers == len(each.rows) + sum(each.left_out.values())
            assert list(each.left_out) == list(REASONS)


def read(text: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.decode("utf-8"), newline="")))


def test_texts_are_safe_for_spreadsheets_and_contacts_are_as_they_are():
    contacts = {
        "email": ["a@x.co"], "phone": ["+442071838750"], "first_name": ["=1+1"], "last_name": ["<b>**x**</b>"],
        "zip": ["@SUM(A1)"], "country": ["GB"],
    }  # fmt: skip
    found = people(segmentation(contacts, _1="=cmd|' /C calc'!A0"))

    def cells(platform: str) -> list[str]:
        (only,) = audiences.audiences(found, BY_KEY[platform])
        (part,) = audiences.csv_parts(only)
        return read(part)[1]

    assert cells("klaviyo") == ["a@x.co", "+442071838750", "'=1+1", "<b>**x**</b>", "'=cmd|' /C calc'!A0"]
    assert cells("mailchimp")[3] == "'=cmd|' /C calc'!A0"
    assert cells("google")[4:] == ["GB", "'@SUM(A1)"]


def test_a_list_too_large_for_a_platform_is_several_files():
    (whole,) = audiences.audiences(
        people(segmentation({"email": [f"c{place}@x.co" for place in range(50)]})), BY_KEY["klaviyo"]
    )
    small = replace(whole, platform=replace(whole.platform, most_bytes=700))

    parts = audiences.csv_parts(small)

    assert len(parts) > 1
    assert all(len(part) <= 700 for part in parts)
    assert all(read(part)[0] == read(parts[0])[0] for part in parts)
    assert [row for part in parts for row in read(part)[1:]] == whole.rows.to_numpy().tolist()
    assert len(audiences.csv_parts(whole)) == 1
    assert BY_KEY["klaviyo"].most_bytes == 50_000_000


def test_accounts_add_up():
    made_of = segmentation({"email": ["a@x.co", None, "c@x.co"]}, labels=[0, 0, 1])

    table = audiences.accounts(audiences.audiences(people(made_of), BY_KEY["meta"]))

    for _, rows in table.groupby("segment"):
        counts = dict(zip(rows["outcome"], rows["customers"], strict=True))
        assert counts.pop("customers of the segment") == sum(counts.values())


def test_a_country_that_is_none_is_refused():
    with pytest.raises(ValueError, match="country"):
        people(segmentation({"email": ["a@x.co"]}), country="Germany")


def test_people_are_in_the_segmentations_order():
    made_of: Segmentation = segmentation({"email": ["a@x.co", "b@x.co"]}, ids=["z", "a"])
    found: People = people(made_of)

    assert found.table.index.tolist() == made_of.assignments.index.tolist()


def test_a_short_list_is_of_little_use_where_people_are_looked_up_and_tells_little_elsewhere():
    (looked_up,), (written_to,) = made(FULL, "meta", "DE").warnings, made(FULL, "klaviyo", "DE").warnings
    assert "finds too few" in looked_up
    assert "finds" not in written_to
    assert "told from chance" in written_to
