"""How text becomes calendar days: one order of day and month for a column, found from all of its values.

Only the day as written counts: the time of day and the zone are allowed for and left out, so that no day is shifted to
another zone. Every form is a regular expression over the text, which any engine can run; a value that fits none is
missing rather than wrong. A month without a day is no day.
"""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import ibis
import ibis.expr.types as ir

DateOrder = Literal["dmy", "mdy", "ymd"]
DayCount = Literal["excel-serial", "epoch-seconds", "epoch-milliseconds", "epoch-microseconds"]

MONTHS: tuple[str, ...] = (
    "jan january januar jänner jaenner jän janv janvier ene enero gen gennaio januari",
    "feb february februar fév févr février febr febrero febbraio februari",
    "mar march märz maerz mrz mär mars marzo maart mrt",
    "apr april avr avril abr abril aprile",
    "may mai mayo mag maggio mei",
    "jun june juni juin junio giu giugno",
    "jul july juli juil juillet julio lug luglio",
    "aug august aoû août ago agosto augustus",
    "sep sept september septembre septiembre setiembre set settembre",
    "oct october okt oktober octobre octubre ott ottobre",
    "nov november novembre noviembre",
    "dec december dez dezember déc décembre dic diciembre dicembre",
)
"""January to December in English, German, French, Spanish, Italian and Dutch, whole and shortened."""

_WEEKDAYS = (
    "mon monday tue tues tuesday wed weds wednesday thu thur thurs thursday fri friday sat saturday sun sunday "
    "mo montag di dienstag mi mittwoch do donnerstag fr freitag sa samstag sonnabend so sonntag "
    "lun lundi mar mardi mer mercredi jeu jeudi ven vendredi sam samedi dim dimanche "
    "lunes martes mié miércoles jue jueves vie viernes sáb sábado dom domingo "
    "lunedì martedì mercoledì gio giovedì venerdì sabato domenica "
    "ma maandag dinsdag wo woensdag donderdag vr vrijdag za zaterdag zo zondag"
)


def _spellings(words: str) -> list[str]:
    """Each word with its accents in either of their codings, and without; the longest first, so that none hides it."""
    found = set()
    for word in words.split():
        apart = unicodedata.normalize("NFD", word)
        found |= {word, apart, "".join(mark for mark in apart if not unicodedata.combining(mark))}
    return sorted(found, key=lambda word: (-len(word), word))


_BLANK = "[\\s\u00a0\u2009\u202f]"
_MONTH = "|".join(_spellings(" ".join(MONTHS)))
_WEEKDAY = "|".join(_spellings(_WEEKDAYS))

_NOON = rf"[ap]\.?{_BLANK}?m\.?"
_OFFSET = rf"{_BLANK}?[-+−]\d{{1,2}}(?::?\d{{2}})?"
_ZONE = rf"(?:[a-z]{{3,}}/[a-z_/]+|[a-z]{{1,5}})?(?:{_OFFSET})?(?:{_BLANK}?[(\[][^)\]]*[)\]])?"
_CLOCK = rf"[0-2]?\d(?:[:.]|{_BLANK}?h{_BLANK}?)[0-5]\d(?:[:.][0-5]\d)?(?:[.,:]\d+)?"
_HOUR = rf"[0-2]?\d{_BLANK}?(?:h|uhr|{_NOON})"
_AT = rf"(?:[t,;]|{_BLANK}|{_BLANK}-{_BLANK})+(?:(?:at|um|à|a las|alle ore|alle|ore|om){_BLANK}+)?"
_TIME = rf"(?:{_CLOCK}{_BLANK}*(?:{_NOON})?{_BLANK}*{_ZONE}(?:{_BLANK}*uhr)?|{_HOUR})"
_LONE_ZONE = rf"z|[-+]\d{{2}}:\d{{2}}|{_BLANK}+(?:utc|gmt|[a-z]{{1,2}}[sd]t|mesz?)"
_END = rf"(?:{_AT}{_TIME}|{_LONE_ZONE})?{_BLANK}*[.,]?$"

# A weekday ("Mon,"), an article ("le"), a time of day: what can stand before a date.
_START = rf"(?i)^(?:(?:{_WEEKDAY})\.?,?{_BLANK}*)?"
_NAMED_START = (
    rf"(?i)^(?:{_CLOCK}{_BLANK}+)?(?:(?:{_WEEKDAY})\.?,?{_BLANK}+)?(?:(?:le|am|den|el|il|on|op|the){_BLANK}+)?"
)


def _three(first: str, second: str, third: str) -> str:
    """Three numbers parted by one mark, the same both times."""
    marks = ("/", "-", rf"\.{_BLANK}?", f"{_BLANK}")
    return first + "(?:" + "|".join(f"{mark}{second}{mark}{third}" for mark in marks) + ")"


_YEAR_FIRST = _START + _three(r"\d{4}", r"\d{1,2}", r"\d{1,2}") + _END
_YEAR_LAST = _START + _three(r"\d{1,2}", r"\d{1,2}", r"(?:\d{4}|\d{2})") + _END
_COMPACT_DAY = r"((?:19|20)\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])"
_COMPACT = (
    rf"(?i)^{_COMPACT_DAY}(?:\.0+|(?:t|{_BLANK})?[0-2]\d[0-5]\d(?:[0-5]\d(?:\.\d+)?)?(?:z|{_OFFSET})?|{_AT}{_TIME})?$"
)
# The first three numbers of what was already found to be a date. No digit can belong to two parts of the pattern, which
# lets an engine find them in one pass.
_NUMBERS = r"^\D*(\d+)\D+(\d+)\D+(\d+)(?:\D.*)?$"

_NTH = r"(?:st|nd|rd|th|er|e|ère|º|°|ª)"
_PARTED = rf"(?:[-/.,]|{_BLANK})"
_LINK = rf"(?:(?:de|del|di|of){_BLANK}+)?"
_YEAR = r"['’]?(\d{4}|\d{2})"
_WORD = "([^\\d\\s\u00a0\u2009\u202f:/.,'’-]+)"


@dataclass(frozen=True, slots=True)
class _NamedForm:
    """A way to write a day with the name of its month.

    Telling the form needs all names of months; taking it apart does not, which is ten times as fast.
    """

    whole: str
    parts: str
    groups: tuple[int, int, int]  # which groups of `parts` hold the year, the month and the day


_NAMED = (
    # 4 Mar 2024, 4. März 24, 4 de marzo de 2024, 04MAR2024
    _NamedForm(
        rf"{_NAMED_START}\d{{1,2}}{_NTH}?{_PARTED}*{_LINK}(?:{_MONTH}){_PARTED}*{_LINK}{_YEAR}{_END}",
        rf"(?i)^(?:\d{{1,2}}[:.h]\S*{_BLANK}+)?\D*(\d{{1,2}})(?:{_NTH}{_PARTED}+|{_PARTED}*){_LINK}{_WORD}"
        rf"{_PARTED}*{_LINK}{_YEAR}(?:\D.*)?$",
        (3, 2, 1),
    ),
    # March 4th, 2024; Mar-04-24
    _NamedForm(
        rf"{_NAMED_START}(?:{_MONTH}){_PARTED}*\d{{1,2}}{_NTH}?{_PARTED}+{_YEAR}{_END}",
        rf"(?i)^.*?{_WORD}{_PARTED}*(\d{{1,2}}){_NTH}?{_PARTED}+{_YEAR}(?:\D.*)?$",
        (3, 1, 2),
    ),
    # 2024-Mar-04
    _NamedForm(
        rf"{_NAMED_START}\d{{4}}{_PARTED}*{_LINK}(?:{_MONTH}){_PARTED}*\d{{1,2}}{_NTH}?{_END}",
        rf"(?i)^\D*(\d{{4}}){_PARTED}*{_LINK}{_WORD}{_PARTED}*(\d{{1,2}})(?:\D.*)?$",
        (1, 2, 3),
    ),
    # Mon Mar  4 10:00:00 UTC 2024
    _NamedForm(
        rf"{_NAMED_START}(?:{_MONTH}){_BLANK}+\d{{1,2}},?{_BLANK}+{_CLOCK}{_BLANK}*(?:{_NOON})?{_BLANK}*{_ZONE}"
        rf"{_BLANK}+\d{{4}}$",
        rf"(?i)^.*?{_WORD}{_BLANK}+(\d{{1,2}}),?{_BLANK}+\d{{1,2}}[:.h].*{_BLANK}(\d{{4}})$",
        (3, 1, 2),
    ),
)

_SURE = (_YEAR_FIRST, _COMPACT)
_ALL_FORMS = tuple(re.compile(form) for form in (*_SURE, _YEAR_LAST, *(form.whole for form in _NAMED)))

_COUNTED = r"^\d+(?:[.,]\d+)?(?:[eE]\+?\d{1,2})?$"
_COUNTS: Mapping[DayCount, tuple[date, float]] = {
    "excel-serial": (date(1899, 12, 30), 1.0),  # day 60 is 29 Feb 1900, which never was: right from March 1900 on
    "epoch-seconds": (date(1970, 1, 1), 86_400.0),
    "epoch-milliseconds": (date(1970, 1, 1), 86_400e3),
    "epoch-microseconds": (date(1970, 1, 1), 86_400e6),
}
"""The day that counts as 0, and how many units a day has."""

_EARLIEST = date(1980, 1, 1)
_MOSTLY = 0.9  # of a column's values that must be counted days before any is read so


def is_date(written: str) -> bool:
    """Whether trimmed text has the form of a day, whether or not the calendar knows it. Counted days do not."""
    return any(form.match(written.lower()) for form in _ALL_FORMS)


def is_plain_date(written: str) -> bool:
    """Whether trimmed text has the year first, so that there is one way to read it."""
    return any(form.match(written.lower()) for form in _ALL_FORMS[: len(_SURE)])


def count_of(texts: Sequence[str], today: date) -> DayCount | None:
    """By which count trimmed texts are days, if they are; as `DateEvidence.count` tells from a whole column."""
    numbers = [float(text.replace(",", ".")) for text in texts if re.match(_COUNTED, text)]
    for count in _COUNTS:
        low, high = _range(count, today)
        if texts and sum(low <= number < high for number in numbers) >= _MOSTLY * len(texts):
            return count
    return None


def _range(count: DayCount, today: date) -> tuple[float, float]:
    """The numbers that are days from 1980 to the end of next year."""
    zero, a_day = _COUNTS[count]
    return (_EARLIEST - zero).days * a_day, (date(today.year + 2, 1, 1) - zero).days * a_day


def day_by_rule(written: ir.StringValue, order: DateOrder | None, count: DayCount | None = None) -> ir.DateValue:
    """The calendar day of each value of `text`, missing where it is none.

    `order` tells which of the first two numbers is the day where the year stands last (or, for `ymd`, that it stands
    first even with two digits); without it only days that can be read in one way are. `count` tells what plain
    numbers count, if they are days.
    """
    forms = [
        (written.re_search(_YEAR_FIRST), _day(written.re_replace(_NUMBERS, r"\1-\2-\3"))),
        (written.re_search(_COMPACT), _day(written.re_replace(rf"^{_COMPACT_DAY}.*$", r"\1-\2-\3"))),
    ]
    if order is not None:
        forms.append((written.re_search(_YEAR_LAST), _year_last(written, order)))
    forms += [(written.re_search(form.whole), _named(written, form)) for form in _NAMED]
    if count is not None:
        forms.append((written.re_search(_COUNTED), _counted(written, count)))
    return ibis.cases(*forms, else_=ibis.null("date"))


def _day(iso: ir.StringValue) -> ir.DateValue:
    """The day of `y-m-d`; years of two digits are those from 1970 to 2069."""
    return iso.re_replace(r"^([0-6]\d)-", r"20\1-").re_replace(r"^([7-9]\d)-", r"19\1-").try_cast("date")


def _year_last(written: ir.StringValue, order: DateOrder) -> ir.DateValue:
    return _day(written.re_replace(_NUMBERS, {"dmy": r"\3-\2-\1", "mdy": r"\3-\1-\2", "ymd": r"\1-\2-\3"}[order]))


def _named(written: ir.StringValue, form: _NamedForm) -> ir.DateValue:
    year, word, day = (written.re_extract(form.parts, group) for group in form.groups)
    # One look into one text: a CASE over the words would be worked out anew for each of them.
    names = ibis.literal(_MONTH_NUMBERS)
    month = names.substr(names.find("|" + word.lower() + "|") - 2, 2)
    return _day(year + "-" + month + "-" + day)


_MONTH_NUMBERS = "".join(f"{number:02}|{word}|" for number, words in enumerate(MONTHS, 1) for word in _spellings(words))
"""Each name with its number before it: 01|januar|01|jan|..."""


def _counted(written: ir.StringValue, count: DayCount) -> ir.DateValue:
    zero, a_day = _COUNTS[count]
    low, high = _range(count, date.today())
    number = written.replace(",", ".").try_cast("float64")
    plausible = ibis.ifelse((number >= low) & (number < high), number, ibis.null("float64"))
    day: ir.DateValue = ibis.literal(zero) + (plausible / a_day).floor().cast("int64").as_interval("D")
    return day


@dataclass(frozen=True, slots=True)
class DateEvidence:
    """What a whole column of dates says of their order; counts of values, or of steps from row to row."""

    written: int = 0  # values that are not blank
    read: int = 0  # of them days by any form
    year_last: int = 0  # three numbers, of which the third can be a year
    dotted: int = 0  # 31.12.2024: written so only where the day stands first
    dmy: int = 0  # days that the calendar knows under each order
    mdy: int = 0
    ymd: int = 0
    dmy_ahead: int = 0  # of them in the future
    mdy_ahead: int = 0
    ymd_ahead: int = 0
    first_low: int | None = None  # the range of the first and of the third number
    first_high: int | None = None
    third_low: int | None = None
    third_high: int | None = None
    either: int = 0  # values that are two different days
    example: str | None = None  # the first of these in the order of text
    counted: Mapping[DayCount, int] | None = None  # plain numbers that are days of about these years

    @property
    def count(self) -> DayCount | None:
        """What the numbers count, where nearly all values are such numbers and none is a day in another form."""
        if self.counted is None or self.read:
            return None
        most = max(self.counted, key=lambda count: (self.counted or {})[count])
        return most if 0 < _MOSTLY * self.written <= self.counted[most] else None

    @property
    def year_may_lead(self) -> bool:
        """Whether the first of three short numbers changes less than the third, as only years do."""
        if self.first_low is None or self.first_high is None or self.third_low is None or self.third_high is None:
            return False
        return self.third_high < 100 and self.first_high - self.first_low < self.third_high - self.third_low

    @property
    def best(self) -> tuple[DateOrder, ...]:
        """The orders under which the most values are days of the calendar, and of these the fewest in the future."""
        orders: list[DateOrder] = ["dmy", "mdy"]
        if self.year_may_lead:
            orders.append("ymd")
        fits = {order: (getattr(self, order), -getattr(self, f"{order}_ahead")) for order in orders}
        return tuple(order for order in orders if fits[order] == max(fits.values()))

    @property
    def decided(self) -> DateOrder | None:
        """The one best order, if there is one; between equals dots decide."""
        if len(self.best) == 1:
            return self.best[0]
        return "dmy" if "dmy" in self.best and self.dotted > self.year_last / 2 else None

    @property
    def undecided(self) -> bool:
        """Whether there are values that can be two days, and nothing in the column says which."""
        return self.decided is None and self.either > 0


def clues(written: ir.StringValue) -> dict[str, ir.Value]:
    """What each value of `text` could be; for `further_clues`, since nested expressions are repeated in all above."""
    return {
        "written": written,
        "year_last": ibis.ifelse(written.re_search(_YEAR_LAST), written, ibis.null("string")),
    }


def further_clues(seen: Mapping[str, ir.Value]) -> dict[str, ir.Value]:
    """The forms and the numbers of each value, from `clues`."""
    written, last = seen["written"], seen["year_last"]
    sure = ibis.or_(*(written.re_search(form) for form in (*_SURE, *(form.whole for form in _NAMED))))
    number = ibis.ifelse(
        written.re_search(_COUNTED), written.replace(",", ".").try_cast("float64"), ibis.null("float64")
    )
    return {
        **seen,
        "sure": ibis.ifelse(last.isnull(), sure, ibis.literal(False)),
        "number": ibis.ifelse(last.isnull(), number, ibis.null("float64")),
        **{
            part: last.re_replace(_NUMBERS, rf"\{group}").try_cast("int64")
            for group, part in enumerate(("first", "second", "third"), 1)
        },
    }


def _known_day(year: ir.IntegerValue, month: ir.IntegerValue, day: ir.IntegerValue) -> ir.IntegerValue:
    """A day of the calendar as the number yyyymmdd, missing where there is none; a third of the work of a date."""
    whole = year + ibis.cases((year < 70, 2000), (year < 100, 1900), else_=0)
    leap = (whole % 4 == 0) & ((whole % 100 != 0) | (whole % 400 == 0))
    longest = ibis.cases((month == 2, ibis.ifelse(leap, 29, 28)), (month.isin([4, 6, 9, 11]), 30), else_=31)
    known = month.between(1, 12) & (day >= 1) & (day <= longest)
    return ibis.ifelse(known, whole * 10_000 + month * 100 + day, ibis.null("int64"))


def tally(seen: Mapping[str, ir.Value], today: date) -> dict[str, ir.Scalar]:
    """Aggregates of `further_clues` that `evidence` takes."""
    last = seen["year_last"]
    first, second, third = (seen[part] for part in ("first", "second", "third"))
    days = {
        "dmy": _known_day(third, second, first),
        "mdy": _known_day(third, first, second),
        "ymd": _known_day(first, second, third),
    }
    either = days["dmy"] != days["mdy"]
    tomorrow = int(f"{today + timedelta(days=1):%Y%m%d}")  # somewhere it is tomorrow already
    counts = {
        "written": seen["written"].count(),
        "read": last.count() + seen["sure"].sum(),
        "year_last": last.count(),
        "dotted": last.re_search(r"\d\.").sum(),
        "either": either.sum(),
        "example": last.min(where=either),
        **{f"{end}_low": seen[end].min() for end in ("first", "third")},
        **{f"{end}_high": seen[end].max() for end in ("first", "third")},
    }
    for order, day in days.items():
        counts[order] = day.count()
        counts[f"{order}_ahead"] = (day > tomorrow).sum()
    for count in _COUNTS:
        low, high = _range(count, today)
        counts[count] = ((seen["number"] >= low) & (seen["number"] < high)).sum()
    return counts


def evidence(counts: Mapping[str, int | str | None]) -> DateEvidence:
    """The evidence from the results of `tally`."""
    plain = {name: value for name, value in counts.items() if name not in _COUNTS and value is not None}
    return DateEvidence(**plain, counted={count: int(counts[count] or 0) for count in _COUNTS})  # type: ignore[arg-type]


def days_of(written: str) -> dict[DateOrder, date]:
    """The days that one text with the year last can be."""
    found = re.match(_NUMBERS, written)
    if found is None:
        return {}
    first, second, third = (int(number) for number in found.groups())
    days: dict[DateOrder, date] = {}
    for order, parts in (
        ("dmy", (third, second, first)),
        ("mdy", (third, first, second)),
        ("ymd", (first, second, third)),
    ):
        year, month, day = parts
        if year < 100:
            year += 2000 if year < 70 else 1900
        if 1 <= month <= 12 and year >= 1 and 1 <= day <= monthrange(year, month)[1]:
            days[order] = date(year, month, day)  # type: ignore[index]
    return days
