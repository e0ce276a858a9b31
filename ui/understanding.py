"""How the files were understood: in one sentence, and column by column with a way to change it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial

import streamlit as st

from core.errors import listed
from core.orders import values
from core.orders.dates import DateOrder, DayCount
from core.orders.grammar import SPACES
from core.orders.roles import BY_NAME, ROLES, Role
from core.orders.samples import UnderstoodValue
from core.orders.source_file import SourceFile
from core.orders.source_table import SourceTable
from core.orders.values import Reading
from ui import files, widgets
from ui.session import Workspace
from ui.widgets import plain

_ALWAYS_SHOWN = ("customer_id", "order_id", "order_date", "quantity", "unit_price", "amount", "product")
_OF_CUSTOMERS = ("customer_id", "order_date", "amount")  # a day makes orders of the rows
_NOT_USED = ""
_SEPARATORS = {
    ",": "comma",
    ", ": "comma and blank",
    ";": "semicolon",
    "\t": "tab",
    "|": "bar",
    " ": "blank",
    SPACES: "blanks",
}
_ENCODINGS = {
    "utf-8-sig": "UTF-8", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16", "cp1252": "Windows-1252",
    "latin-1": "ISO-8859-1", "iso8859-1": "ISO-8859-1",
}  # fmt: skip
_DATES: Mapping[DateOrder, str] = {"dmy": "day/month/year", "mdy": "month/day/year", "ymd": "year/month/day"}
_COUNTS: Mapping[DayCount, str] = {
    "excel-serial": "a spreadsheet's day numbers",
    "epoch-seconds": "seconds since 1970",
    "epoch-milliseconds": "milliseconds since 1970",
    "epoch-microseconds": "microseconds since 1970",
}
_CURRENCIES = {
    "USD": "US dollars", "EUR": "euros", "GBP": "British pounds", "CHF": "Swiss francs", "CAD": "Canadian dollars",
    "AUD": "Australian dollars", "NZD": "New Zealand dollars", "JPY": "Japanese yen", "CNY": "Chinese yuan",
    "INR": "Indian rupees", "SEK": "Swedish kronor", "NOK": "Norwegian kroner", "DKK": "Danish kroner",
    "PLN": "Polish zloty", "CZK": "Czech koruny", "BRL": "Brazilian reais", "MXN": "Mexican pesos",
    "KES": "Kenyan shillings", "ZAR": "South African rand",
}  # fmt: skip
_FEW = 5
_LONGEST = 28


def recognised(workspace: Workspace) -> None:
    """What the files are and how they are written, what was left out of them, and rows that are odd."""
    source = workspace.source
    if source is None:
        return
    written = [_written(file) for file in source.files]
    alike = len(set(written)) == 1
    facts = [_kind(workspace), *([written[0]] if alike else []), *_read(source, files.reading(workspace), workspace)]
    sentence = plain(", ".join(fact for fact in facts if fact))
    only, *others = source.files
    if not others:
        st.markdown(f"**{sentence}.** {plain(only.name)}, {_rows(only.rows)}.")
    else:
        st.markdown(f"**{sentence}.** {len(source.files)} files, {_rows(source.rows)}:")
        told = [
            f"- {plain(file.name)}: {_rows(file.rows)}{'' if alike else ', ' + plain(how)}"
            for file, how in zip(source.files, written, strict=True)
        ]
        _list(told)
    _list([f"- Left out of {plain(what)}." for what in source.left_out])
    _list([f"- {plain(_ragged(file, alone=not others))}" for file in source.files if file.ragged_rows])
    if workspace.as_before:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown("Read as you chose for a file with the same columns.", width="content")
            st.button("Start fresh", key="start fresh", on_click=files.start_fresh, args=(workspace,))


def _list(lines: Sequence[str]) -> None:
    """In small print; of many, only the first are seen at once."""
    if lines:
        st.caption("\n".join(lines[:_FEW]))
    if lines[_FEW:]:
        with st.expander(f"and {len(lines) - _FEW:,} more"):
            st.caption("\n".join(lines[_FEW:]))


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _kind(workspace: Workspace) -> str:
    if files.of_customers(workspace):
        return "A table of customers"
    platform = files.recognition(workspace).platform
    return platform.label if platform is not None else "A table of orders"


def _written(file: SourceFile) -> str:
    """How one file is written."""
    header = "" if file.has_header else ", no header (columns are called by their place)"
    if file.sheet is not None:
        return f"Excel, sheet {file.sheet}{header}"
    if file.engine is not None:
        return "Table of a database"
    if file.dialect is None:
        return "Parquet"
    encoding = file.dialect.encoding
    delimiter = file.dialect.delimiter
    separator = _SEPARATORS.get(delimiter, f"separated by “{delimiter}”")
    # A file of one column has no separator.
    return ", ".join([separator, _ENCODINGS.get(encoding, encoding.upper())]) + header


def _read(source: SourceTable, reading: Reading | None, workspace: Workspace) -> list[str]:
    """How dates and numbers are read, as far as the file leaves it open at all, and the money."""
    if reading is None:
        return []
    facts = []
    day = files.recognition(workspace).header("order_date")
    if reading.day_count is not None:
        facts.append(f"dates as {_COUNTS[reading.day_count]}")
    elif reading.date_order is not None:
        facts.append(f"dates as {_DATES[reading.date_order]}")
    elif day is not None and values.year_first(source.sample()[day]):
        facts.append("dates as year-month-day")
    if any(file.dialect is not None for file in source.files) or reading.decimal is not None:
        facts.append(f"decimal {reading.decimal or 'point'}")
    if reading.currency is not None:
        facts.append(_CURRENCIES.get(reading.currency, reading.currency))
    return facts


def _ragged(file: SourceFile, *, alone: bool) -> str:
    """Rows with more or fewer cells than the header; they are kept."""
    one = file.ragged_rows == 1
    where = "line " if one else "lines " if len(file.ragged_lines) == file.ragged_rows else "first in lines "
    lines = listed([f"{line:,}" for line in file.ragged_lines])
    of = "" if alone else f" of {file.name}"
    return (
        f"{_rows(file.ragged_rows)}{of} {'has' if one else 'have'} more or fewer cells than the header "
        f"({where}{lines}). Nothing of {'it' if one else 'them'} is shifted or dropped."
    )


def columns(workspace: Workspace) -> None:
    """Which column plays which role, with values as read and as understood, and a way to change it."""
    source = workspace.source
    if source is None:
        return
    # What was chosen is shown also where the reading makes no use of it.
    found = {**files.recognition(workspace).columns, **workspace.cleaning.columns}
    found = {role: header for role, header in found.items() if header in source.headers}
    samples = files.samples(workspace, found)
    sampled = source.sample(200)
    always = _OF_CUSTOMERS if files.of_customers(workspace) else _ALWAYS_SHOWN

    def row(role: Role) -> None:
        left, right = st.columns([2, 3], vertical_alignment="center")
        header = found.get(role.name)
        with left:
            _choice(workspace, role, header, source.headers)
        with right:
            if header is not None:
                st.caption(_examples(role, samples.get(role.name), sampled[header]))

    with st.expander("Which column is what", expanded=True):
        for role in ROLES:
            if role.name in always or role.name in found:
                row(role)
    with st.expander("More columns"):
        st.caption("What else a column can be. For these no column was found.")
        for role in ROLES:
            if role.name not in always and role.name not in found:
                row(role)


def _choice(workspace: Workspace, role: Role, header: str | None, headers: Sequence[str]) -> None:
    key = f"role {role.name} {workspace.content}/{workspace.revision}"
    # Set at every run: one choice can change what is found for other roles.
    st.session_state[key] = header or _NOT_USED
    st.selectbox(
        role.label,
        [_NOT_USED, *headers],
        key=key,
        format_func=lambda header: header or "(none)",
        on_change=widgets.take_value,
        args=(key, partial(files.choose_column, workspace, role.name)),
    )


def _examples(role: Role, understood: Sequence[UnderstoodValue] | None, sampled: Sequence[object]) -> str:
    """A few values, each as written and, where that is not the same, as understood."""
    if understood is None:  # nothing tells how to read them
        texts = dict.fromkeys(str(value) for value in sampled if not values.is_blank(value))
        return "  \n".join(plain(_short(text)) for text in list(texts)[:3]) or "no values"
    return "  \n".join(_example(role, each) for each in understood) or "no values in the first rows"


def _example(role: Role, sample: UnderstoodValue) -> str:
    written, understood = _short(sample.written), _short(_understood(role, sample.value))
    if written == understood:
        return plain(written)
    return f"{plain(written)} → **{plain(understood)}**"


def _understood(role: Role, value: str | float | date | None) -> str:
    if value is None:
        return "nobody: a guest" if role.name == "customer_id" else f"no {_NOUNS.get(role.kind, 'value')}"
    if isinstance(value, date):
        return f"{value:%-d %b %Y}"
    if isinstance(value, float):
        return f"{value:,.2f}" if BY_NAME[role.name].kind == "money" else f"{value:,.6f}".rstrip("0").rstrip(".")
    return str(value)


_NOUNS = {"date": "date", "money": "number", "number": "number"}


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
