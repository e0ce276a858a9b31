"""Text to days. Each expectation is the day that a person reads there; names of months are CLDR's, written out here."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import ibis
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.engine import Engine
from core.orders import dates, values
from core.orders.dates import DateEvidence, DateOrder, DayCount
from core.orders.running import TimeOrder, time_order
from tests.orders.reading_columns import TODAY, read, read_days, weigh

FOURTH = date(2024, 3, 4)
WITHOUT_ORDER = {
    "2024-03-04": FOURTH, "2024/3/4": FOURTH, "2024.03.04": FOURTH, "2024 03 04": FOURTH, "20240304": FOURTH,
    "20240304.0": FOURTH, "20240304235959": FOURTH, "202403042359": FOURTH, "20240304T101500Z": FOURTH,
    "20240304 10:15": FOURTH, "2024-03-04 23:59": FOURTH, "2024-03-04T23:59:59.123Z": FOURTH,
    "2024-03-04T23:59:59+00:00": FOURTH, "2024-03-04 10:00:00 -0500": FOURTH, "2024-03-04 23:59:59-05": FOURTH,
    "2024-03-04 10:00:00 UTC": FOURTH, "2024-03-04Z": FOURTH, "2024-03-04T10:00:00+01:00[Europe/Paris]": FOURTH,
    "2024-03-04 10:00 Europe/Berlin": FOURTH, "\u00a02024-03-04\u00a0": FOURTH, "Mon 2024-03-04": FOURTH,
    "2025-01-15 17:41:00 -0500": date(2025, 1, 15), "2024-02-29": date(2024, 2, 29),
    "2023-02-29": None, "2024-13-01": None, "2024-00-10": None, "20241301": None, "20240230": None,
    "03/04/2024": None, "24-03-04": None, "soon": None, "": None, "45000": None, "2024": None,
    "2024-03": None, "2024/03": None, "202403": None, "03/2024": None, "12.50": None, "10:15": None,
    "2024-03-04 abcdef": None, "2024-03/04": None, "2024-03-04-05": None, "120240304": None, "2024-03-04 99:99": None,
}  # fmt: skip
NAMED = {
    "Sep 4, 2026 1:05:07 AM PDT": date(2026, 9, 4), "4 sept. 2026": date(2026, 9, 4),
    "15. März 2024": date(2024, 3, 15), "2024-03-04+01:00": FOURTH,
    "4 de marzo de 2024": FOURTH, "4 de marzo del 2024": FOURTH, "Mon, 04 Mar 2024 10:00": FOURTH,
    "Mon, 04 Mar 2024 10:00:00 +0000 (UTC)": FOURTH, "Mon Mar 04 2024 10:00:00 GMT+0100 (CET)": FOURTH,
    "Mon Mar  4 10:00:00 UTC 2024": FOURTH, "20:12:59 Jan 13, 2009 PST": date(2009, 1, 13),
    "March 4th, 2024": FOURTH, "4th of March 2024": FOURTH, "MARCH 4 2024": FOURTH, "04-MAR-24": FOURTH,
    "04MAR2024": FOURTH, "2024-Mar-04": FOURTH, "2024 Mar 4": FOURTH, "Mar  4 2024 10:15:00:123AM": FOURTH,
    "Monday, March 4, 2024 at 10:15 PM": FOURTH,
    "Montag, 4. März 2024 um 10:15 Uhr": FOURTH, "Mo., 4. Mrz. 2024": FOURTH, "4.März 2024": FOURTH,
    "4 maerz 2024": FOURTH, "4. MÄRZ 2024": FOURTH, "4. Ma\u0308rz 2024": FOURTH, "1. Jänner 2024": date(2024, 1, 1),
    "mardi 5 mars 2024 à 10h30": date(2024, 3, 5), "mar. 5 mars 2024": date(2024, 3, 5),
    "mer. 1er mai 2024": date(2024, 5, 1), "le 1er août 2024": date(2024, 8, 1), "1 aout 2024": date(2024, 8, 1),
    "4 févr. 2024": date(2024, 2, 4), "4 DÉC. 2024": date(2024, 12, 4), "14 juil. 2024": date(2024, 7, 14),
    "lunes, 4 de marzo de 2024": FOURTH, "4 ene 2024": date(2024, 1, 4), "04ENE2024": date(2024, 1, 4),
    "4-dic-2024": date(2024, 12, 4), "4 gen 2024": date(2024, 1, 4), "lunedì 4 marzo 2024 alle 10:15": FOURTH,
    "1º luglio 2024": date(2024, 7, 1), "4 mrt. 2024": FOURTH, "ma 4 mei '24": date(2024, 5, 4),
    "maandag 4 maart 2024 om 10:15": FOURTH,
    "Mar 2024": None, "Mar-24": None, "March": None, "4 March": None, "31 Feb 2024": None, "32 Mar 2024": None,
    "4 marvel 2024": None, "Maybe 4, 2024": None, "4 Mar 20245": None, "4 Mar 2024 or so": None,
}  # fmt: skip
DAY_FIRST = {
    "03/04/2024": date(2024, 4, 3), "3.4.2024": date(2024, 4, 3), "3. 4. 2024": date(2024, 4, 3),
    "03-04-24": date(2024, 4, 3), "03 04 2024": date(2024, 4, 3), "3.4.2024.": date(2024, 4, 3),
    "31/12/99": date(1999, 12, 31), "03/04/2024 11:15 PM": date(2024, 4, 3), "03.04.2024, 23:15": date(2024, 4, 3),
    "03.04.2024 23:15 Uhr": date(2024, 4, 3), "03.04.2024 23.15 Uhr.": date(2024, 4, 3),
    "03.04.2024 - 23:15": date(2024, 4, 3), "Mi., 03.04.2024": date(2024, 4, 3), "03/04/2024 à 10h30": date(2024, 4, 3),
    "03/04/2024 11:15:00 p. m.": date(2024, 4, 3), "03/04/2024 11PM": date(2024, 4, 3),
    "2024-03-04": FOURTH, "4 mars 2024": FOURTH, "04/13/2024": None, "32/01/2024": None, "30.02.2024": None,
    "3/4-2024": None, "3/4/20245": None, "100/4/2024": None, "3/4/2": None, "1,5,2024": None,
}  # fmt: skip
MONTH_FIRST = {
    "03/04/2024": FOURTH, "12/1/2010 8:26": date(2010, 12, 1), "3/4/24": FOURTH, "3-4-69": date(2069, 3, 4),
    "3-4-70": date(1970, 3, 4), "2024-03-04": FOURTH, "13/04/2024": None, "02/30/2024": None,
}  # fmt: skip
YEAR_FIRST = {
    "24/03/04": FOURTH, "2024-03-04": FOURTH, "99-12-31": date(1999, 12, 31), "03-04-2024": None,
}  # fmt: skip


@pytest.mark.parametrize(
    ("cases", "order"),
    [
        (WITHOUT_ORDER, None),
        (NAMED, None),
        (NAMED, "mdy"),  # a name leaves nothing to an order
        (DAY_FIRST, "dmy"),
        (MONTH_FIRST, "mdy"),
        (YEAR_FIRST, "ymd"),
    ],
)
def test_days(engine: Engine, cases: dict[str, date | None], order: DateOrder | None):
    assert dict(zip(cases, read_days(engine, list(cases), order), strict=True)) == cases


def test_what_is_read_looks_like_a_date():
    assert [text for text, day in (NAMED | DAY_FIRST).items() if day and not dates.is_date(text)] == []
    assert not any(dates.is_date(text) for text in ("soon", "12.50", "2024-03", "Mar 2024", "45366", "CKE0000123"))


@pytest.mark.parametrize(
    ("count", "cases"),
    [
        # Excel's own: 1 Jan 2024 is 45292, and a day is 1.
        ("excel-serial", {"45292": date(2024, 1, 1), "45366.5": date(2024, 3, 15), "45366,99": date(2024, 3, 15),
                          "4.5292E+4": date(2024, 1, 1), "29221": date(1980, 1, 1),
                          "29220": None, "12": None, "1709546400": None, "2024-03-04": FOURTH, "soon": None}),
        # 1709546400 is 2024-03-04T10:00:00Z.
        ("epoch-seconds", {"1709546400": FOURTH, "1.7095464E9": FOURTH, "1709596799.9": FOURTH,
                           "1709596800": date(2024, 3, 5), "45292": None}),
        ("epoch-milliseconds", {"1709546400000": FOURTH, "1709546400": None}),
        ("epoch-microseconds", {"1709546400000000": FOURTH}),
    ],
)  # fmt: skip
def test_counted_days(engine: Engine, count: DayCount, cases: dict[str, date | None]):
    assert dict(zip(cases, read_days(engine, list(cases), None, count), strict=True)) == cases


def test_counted_days_of_a_typed_column(engine: Engine):
    assert read_days(engine, [45292.0, 45366.5, None], None, "excel-serial") == [
        date(2024, 1, 1), date(2024, 3, 15), None,
    ]  # fmt: skip


def test_typed_days_are_kept(engine: Engine):
    table = ibis.memtable(pd.DataFrame({"day": pd.to_datetime(["2024-01-31 23:59"])}))
    day = engine.backend.to_pyarrow(table.select(day=values.cast_day(table.day))).column("day").to_pylist()
    assert day == [date(2024, 1, 31)]


LANGUAGES = {
    "en": ("January February March April May June July August September October November December",
           "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"),
    "de": ("Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
           "Jan. Feb. Mär. Apr. Mai Jun. Jul. Aug. Sept. Okt. Nov. Dez."),
    "fr": ("janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
           "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc."),
    "es": ("enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
           "ene feb mar abr may jun jul ago sept oct nov dic"),
    "it": ("gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
           "gen feb mar apr mag giu lug ago set ott nov dic"),
    "nl": ("januari februari maart april mei juni juli augustus september oktober november december",
           "jan. feb. mrt. apr. mei jun. jul. aug. sep. okt. nov. dec."),
}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("short", [False, True])
def test_each_month_in_each_language(engine: Engine, language: str, short: bool):
    names = LANGUAGES[language][short].split()
    assert len(names) == 12
    days = [date(2024, month, 17) for month in range(1, 13)]
    forms = ("17 {} 2024", "17. {} 2024 10:15", "{} 17, 2024", "17-{}-24")
    changes = (str, str.upper, str.lower)
    texts = [change(form.format(name)) for form in forms for change in changes for name in names]
    assert read_days(engine, texts, None) == days * len(forms) * len(changes)


CLOCKS = ["", " 10:15", "T23:59:59", " 23:59:59.999", " 9:05 PM", ", 10:15 Uhr", " 10:15:00 +0200", " 1:05:07 AM PDT"]
WRITTEN: list[tuple[DateOrder | None, str]] = [
    (None, "{d:%Y-%m-%d}"), (None, "{d:%Y/%m/%d}"), (None, "{d.day} {d:%b} {d.year}"), (None, "{d:%A, %d %B %Y}"),
    ("dmy", "{d:%d/%m/%Y}"), ("dmy", "{d.day}.{d.month}.{d.year}"), ("dmy", "{d:%d-%m-%y}"), ("mdy", "{d:%m/%d/%Y}"),
    ("mdy", "{d.month}/{d.day}/{d:%y}"), ("ymd", "{d:%y-%m-%d}"),
]  # fmt: skip


@settings(max_examples=20)  # each asks the database, of many values at once
@given(
    days=st.lists(
        st.tuples(st.dates(date(1980, 1, 1), date(2060, 12, 31)), st.sampled_from(CLOCKS)), min_size=1, max_size=50
    ),
    written=st.sampled_from(WRITTEN),
)
def test_days_written_are_the_days_read(
    engine: Engine, days: list[tuple[date, str]], written: tuple[DateOrder | None, str]
):
    order, form = written
    texts = [form.format(d=day) + clock for day, clock in days]
    assert read_days(engine, texts, order) == [day for day, _ in days]


@settings(max_examples=20)
@given(days=st.lists(st.datetimes(datetime(1980, 1, 1), datetime(2027, 12, 31)), min_size=1, max_size=50))
def test_counted_days_come_back(engine: Engine, days: list[datetime]):
    expected = [day.date() for day in days]
    seconds = [int(day.replace(tzinfo=UTC, microsecond=0).timestamp()) for day in days]
    assert read_days(engine, [str(second) for second in seconds], None, "epoch-seconds") == expected
    assert read_days(engine, [str(second * 1000) for second in seconds], None, "epoch-milliseconds") == expected
    serials = [(day - datetime(1899, 12, 30)) // timedelta(days=1) for day in days]
    assert read_days(engine, [f"{serial}.25" for serial in serials], None, "excel-serial") == expected


@settings(max_examples=20)
@given(texts=st.lists(st.text(max_size=30), max_size=30))
def test_any_text_is_a_day_or_missing(engine: Engine, texts: list[str]):
    for day in read_days(engine, [text.replace("\0", "") for text in texts], "dmy", "excel-serial"):
        assert day is None or isinstance(day, date)


@pytest.mark.parametrize(
    ("texts", "order", "undecided"),
    [
        (["31/01/2024", "02/03/2024"], "dmy", False),
        (["01/31/2024", "02/03/2024"], "mdy", False),
        (["01.02.2024", "02.03.2024"], "dmy", False),  # points stand only where the day is first
        (["01/02/2024", "02/03/2024"], None, True),
        (["01-02-2024", "2024-02-03", "4 Mar 2024"], None, True),
        (["2024-01-31", "2024-02-03"], None, False),  # nothing to decide
        (["03/03/2024", "04/04/2024"], None, False),  # the same either way
        (["31/01/2024", "30/01/2024", "01/31/2024"], "dmy", False),  # one slip does not turn the file over
        (["29/02/2024", "01/02/2024"], "dmy", False),
        (["05/12/2026", "06/11/2026"], "mdy", False),  # 5 and 6 Dec 2026 would be to come
        (["12/05/2026", "11/06/2026"], "dmy", False),
        (["05/12/2027", "06/11/2027"], None, True),  # to come either way
        (["24-02-27", "24-03-31", "24-11-02"], "ymd", False),
        (["27/02/24", "31/03/24", "02/11/24"], "dmy", False),
        (["05/01/24", "06/02/24", "07/03/24"], None, True),
        (["soon", ""], None, False),
        ([], None, False),
    ],
)
def test_date_order_from_the_values(engine: Engine, texts: list[str], order: str | None, undecided: bool):
    found, _ = weigh(engine, texts, "dates")
    assert (found.decided, found.undecided) == (order, undecided)


@pytest.mark.parametrize(("odd", "order"), [("13/01/2024", "dmy"), ("01/13/2024", "mdy")])
def test_one_value_among_thousands_decides(engine: Engine, odd: str, order: str):
    texts = [f"{number % 12 + 1:02}/{number % 11 + 1:02}/2024" for number in range(5_000)]
    assert weigh(engine, texts, "dates")[0].decided is None
    assert weigh(engine, [*texts, odd], "dates")[0].decided == order


@settings(max_examples=20)
@given(
    days=st.lists(st.dates(date(1980, 1, 1), TODAY), min_size=1, max_size=60),
    order=st.sampled_from(["dmy", "mdy"]),
    form=st.sampled_from(["%d/%m/%Y", "%d-%m-%Y", "%d/%m/%Y 10:15"]),
)
def test_a_decided_order_is_the_one_that_was_written(engine: Engine, days: list[date], order: DateOrder, form: str):
    form = form if order == "dmy" else form.replace("%d", "%_").replace("%m", "%d").replace("%_", "%m")
    found, _ = weigh(engine, [f"{day:{form}}" for day in days], "dates")
    assert found.decided in {order, None}
    if any(day.day > 12 for day in days):
        assert found.decided == order
    assert not found.undecided or found.decided is None


@pytest.mark.parametrize(
    ("texts", "count"),
    [
        (["45366", "45366.5", "44000"], "excel-serial"),
        (["1709546400", "1.7E9"], "epoch-seconds"),
        (["1709546400000"], "epoch-milliseconds"),
        (["45366"] * 9 + ["soon"], "excel-serial"),
        (["45366"] * 9 + ["2024-03-04"], None),  # not of one kind
        (["45366", "1709546400"], None),
        (["7", "12"], None),
        (["99999"], None),  # 2173
        (["20240304"], None),
        ([], None),
    ],
)
def test_counts_are_told_from_the_whole_column(engine: Engine, texts: list[str], count: str | None):
    assert weigh(engine, texts, "dates")[0].count == count
    if "2024-03-04" not in texts:
        assert dates.count_of(texts, TODAY) == count


def test_the_example_is_a_value_that_can_be_two_days(engine: Engine):
    found, _ = weigh(engine, ["02/02/2024", "03/04/2024", "2024-01-01", "05/06/2024"], "dates")
    assert (found.either, found.example) == (2, "03/04/2024")
    assert dates.days_of("03/04/2024 10:15") == {"dmy": date(2024, 4, 3), "mdy": date(2024, 3, 4)}
    assert dates.days_of("24-02-03")["ymd"] == date(2024, 2, 3)


def steps(engine: Engine, days: list[tuple[date, date]]) -> TimeOrder:
    rows = [{"file": 0, "line": line, "dmy": dmy, "mdy": mdy} for line, (dmy, mdy) in enumerate(days)]
    counted = time_order(ibis.memtable(pd.DataFrame(rows)), "file", "line")
    return TimeOrder(**engine.backend.to_pyarrow(counted).to_pylist()[0])


def test_time_that_runs_one_way_tells_the_order(engine: Engine):
    rising = [date(2024, month, day) for month in (1, 2, 3) for day in (1, 5, 9)]
    turned = [date(2024, day.day, day.month) for day in rising]
    assert steps(engine, list(zip(rising, turned, strict=True))).decided == "dmy"
    assert steps(engine, list(zip(turned, rising, strict=True))).decided == "mdy"
    assert steps(engine, list(zip(rising[::-1], turned[::-1], strict=True))).decided == "dmy"  # the newest first
    assert steps(engine, list(zip(rising[:4], turned[:4], strict=True))).decided is None  # too few to mean anything
    assert steps(engine, list(zip(rising, rising, strict=True))).decided is None


def test_evidence_of_nothing():
    assert DateEvidence().decided is None
    assert not DateEvidence().undecided
    assert DateEvidence().count is None


def test_read_is_for_columns_of_floats_too(engine: Engine):
    assert read(engine, [17850.0, 0.5, float("nan"), None], values.text) == ["17850", "0.5", None, None]
