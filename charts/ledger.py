"""What became of all rows and of the money in them."""

from __future__ import annotations

import altair as alt
import pandas as pd

from charts import theme
from core.orders.ledger import Ledger, LedgerEntry

_BAR, _GAP = 13, 6
_ROWS, _MONEY = theme.COLOURS[0], theme.COLOURS[1]


def fates(ledger: Ledger, currency: str | None, *, money: bool = True) -> alt.LayerChart:
    """Two bars for what is used and for each reason: its share of the rows, and of the money (without its sign).

    Parameters
    ----------
    money : whether there is any; else rows alone
    """
    entries = [entry for entry in ledger.entries if entry.rows]
    whole = float(sum(abs(entry.money) for entry in entries))
    bars = []
    for place, entry in enumerate(entries):
        bars.append((place, 0, entry.rows / ledger.rows_in, _rows_words(entry, ledger)))
        if money:
            share = abs(float(entry.money)) / whole if whole else 0.0
            bars.append((place, 1, share, theme.money(float(entry.money), currency)))
    frame = pd.DataFrame(bars, columns=["place", "measure", "share", "words"])
    step = (2 if money else 1) * _BAR + _GAP + 18
    frame["y"] = frame["place"] * step + 18 + frame["measure"] * _BAR
    frame["y2"] = frame["y"] + _BAR - 2
    frame["middle"] = (frame["y"] + frame["y2"]) / 2
    names = pd.DataFrame(
        {"y": [place * step + 9 for place in range(len(entries))], "name": [entry.label for entry in entries]}
    )
    height = step * len(entries)
    scale = alt.Scale(domain=[0, height], reverse=True, nice=False, zero=False)
    axis = alt.Axis(labels=False, ticks=False, domain=False, grid=False, title=None)
    across = alt.X("share:Q", scale=alt.Scale(domain=[0, 1.6], nice=False), axis=None)
    drawn = alt.Chart(frame)
    marks = drawn.mark_bar(cornerRadiusEnd=2).encode(
        x=across,
        x2=alt.datum(0),
        y=alt.Y("y:Q", scale=scale, axis=axis),
        y2="y2:Q",
        color=alt.Color("measure:N", scale=alt.Scale(domain=[0, 1], range=[_ROWS, _MONEY]), legend=None),
        tooltip=[alt.Tooltip("words:N", title="In all"), alt.Tooltip("share:Q", format=".1%", title="Share")],
    )
    words = drawn.mark_text(align="left", baseline="middle", dx=5, fontSize=12, color=theme.INK).encode(
        x=across, y=alt.Y("middle:Q", scale=scale, axis=axis), text="words:N"
    )
    headings = (
        alt.Chart(names)
        .mark_text(align="left", baseline="middle", fontSize=12, fontWeight="bold", color=theme.INK)
        .encode(x=alt.value(0), y=alt.Y("y:Q", scale=scale, axis=axis), text="name:N")
    )
    used = ledger.used.rows / ledger.rows_in
    measures = f" Blue: rows. Orange: money{f' in {currency}' if currency else ''}." if money else ""
    title = f"{theme.percent(used)} of the rows are used, the others set aside.{measures}"
    chart: alt.LayerChart = theme.finish_altair(
        (marks + words + headings).configure_view(stroke=None),
        title,
        _alt_text(entries, ledger, currency, money),
        height,
    )
    return chart


def _rows_words(entry: LedgerEntry, ledger: Ledger) -> str:
    return f"{theme.count(entry.rows, 'row')} ({theme.percent(entry.rows / ledger.rows_in)})"


def _alt_text(entries: list[LedgerEntry], ledger: Ledger, currency: str | None, money: bool) -> str:
    told = [
        f"{entry.label}: {_rows_words(entry, ledger)}"
        + (f", {theme.money(float(entry.money), currency)}" if money else "")
        for entry in entries
    ]
    return f"Bars of what became of {theme.count(ledger.rows_in, 'row')}. {'. '.join(told)}."
