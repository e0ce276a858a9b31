"""What the orders show as a whole: months, products and channels, recency against revenue, who comes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from charts import theme
from charts.bars import number_axis, with_figures
from charts.cells import cells
from charts.features import BAR
from core.features.distributions import RecencyByRevenue
from core.orders.overview import Cohorts, Overview, Split
from core.orders.roles import BY_NAME
from core.segments.naming import inner

_TITLE = {"titleFontSize": 12, "titlePadding": 8, "titleLimit": 320}
_MONTHS = 150  # pixels
_ITEM = 38
_CELL = 26
_FEW_TO_MANY = ["#E4F0F8", "#0B5C94"]
_DARK = 0.79
"""From this part of the darkest colour on, white text is read more easily than black; either has 4.5:1 or more."""


def months(overview: Overview, measure: str) -> Any:
    """A bar a month, those that the file covers only partly in grey.

    Parameters
    ----------
    measure : "revenue" or "orders"
    """
    table, word = overview.months, measure.capitalize()
    told = [
        theme.money(value, overview.currency) if measure == "revenue" else theme.count(int(value), "order")
        for value in table[measure]
    ]
    named = [f"{month:%b %Y}" for month in table["month"]]
    # A month that was cut off is no low one.
    whole = table[~table["partial"]] if not table["partial"].all() else table
    highest = int(table[measure].to_numpy().argmax())
    lowest = int(np.asarray(whole.index)[whole[measure].to_numpy().argmin()])
    title = f"Best month by {measure}: {named[highest]}, {told[highest]}"
    rows = pd.DataFrame({"place": range(len(table)), "name": named, "value": table[measure], "told": told})
    rows["covered"] = np.where(table["partial"], "only partly", "in full")
    partly = [name for name, partial in zip(named, table["partial"], strict=True) if partial]
    notes = [f"Grey: covered only partly ({', '.join(partly)})"] if partly else []
    across = alt.Axis(
        labelExpr=theme.lookup({place: [name] for place, name in enumerate(named)}),
        **theme.bare_axis(
            title=["Month", *notes], labelAngle=0, labelOverlap="parity", labelSeparation=6, labelPadding=5
        )
        | _TITLE,
    )
    unit = f" ({overview.currency})" if measure == "revenue" and overview.currency else ""
    upwards = alt.Axis(
        labelExpr=theme.SHORT_NUMBERS, tickCount=4, tickMinStep=1, **theme.lying_title(f"{word}{unit}")
    )  # fmt: skip
    bars = (
        alt.Chart(rows)
        .mark_bar()
        .encode(
            x=alt.X("place:O", axis=across, scale=alt.Scale(paddingInner=0.08)),
            y=alt.Y("value:Q", axis=upwards),
            color=alt.Color(
                "covered:N", scale=alt.Scale(domain=["in full", "only partly"], range=[BAR, theme.NEUTRAL]), legend=None
            ),
            tooltip=[
                alt.Tooltip("name:N", title="Month"),
                alt.Tooltip("told:N", title=word),
                alt.Tooltip("covered:N", title="Covered"),
            ],
        )
    )
    alt_text = f"Bar chart of {measure} by month, {named[0]} to {named[-1]}. {title}; lowest {named[lowest]}, "
    alt_text += f"{told[lowest]}." + "".join(f" {note}." for note in notes)
    return theme.finish_altair(bars, title, alt_text, _MONTHS, above=10)


def items(split: Split, currency: str | None) -> Any:
    """The products, or the values of another column, with the highest revenue; all others together in grey.

    Where the others would dwarf them, they are told below instead.
    """
    role, listed, whole = BY_NAME[split.role], split.items, split.revenue
    single = [
        (str(item), float(revenue), f"{_money(value, currency)} an order")
        for item, revenue, value in zip(listed["item"], listed["revenue"], split.avg_order_values, strict=True)
    ]
    others = split.n_items - len(listed)
    together = [(f"{others:,} others", split.rest_revenue, "")] if others else []
    together += [("Nothing given", split.blank_revenue, "")] if split.blank_revenue else []
    largest = float(listed["revenue"].abs().max())
    below = [f"{name}: {_figure(revenue, whole, currency)}" for name, revenue, _ in together if revenue > largest]
    rows = [*single, *(row for row in together if row[1] <= largest)]
    figures = [[_figure(revenue, whole, currency), *([more] if more else [])] for _, revenue, more in rows]
    frame = pd.DataFrame(
        {
            "place": range(len(rows)),
            "name": [theme.plain(name) for name, _, _ in rows],
            "value": [revenue for _, revenue, _ in rows],
            "told": [", ".join(told) for told in figures],
            "single": [place < len(single) for place in range(len(rows))],
        }
    )
    if others:
        share = _share(_part(float(listed["revenue"].sum()), whole))
        title = f"{len(listed)} {_plural(role.label)} of {split.n_items:,} bring {share} of the revenue"
    else:
        share = _share(_part(single[0][1], whole))
        title = f"{role.label}: {theme.shorten(single[0][0])} brings {share} of the revenue"
    axis = f"Revenue ({currency})" if currency else "Revenue"
    bars = (
        alt.Chart(frame)
        .mark_bar(height={"band": 0.62}, cornerRadiusEnd=2)
        .encode(
            x=alt.X("value:Q", title=[axis, *below], axis=number_axis()),
            color=alt.Color("single:N", scale=alt.Scale(domain=[True, False], range=[BAR, theme.NEUTRAL]), legend=None),
            tooltip=[alt.Tooltip("name:N", title=role.label), alt.Tooltip("told:N", title="Revenue")],
        )
    )
    read = "; ".join(f"{theme.shorten(row[0])}: {', '.join(told)}" for row, told in zip(rows, figures, strict=True))
    return with_figures(
        bars,
        "place",
        {place: theme.lines(row[0], 18, 2) for place, row in enumerate(rows)},
        dict(enumerate(figures)),
        title,
        f"Bar chart of revenue by {inner(role.label)}. {title}. {'; '.join([read, *below])}.",
        row=_ITEM,
    )


def recency_by_revenue(found: RecencyByRevenue, currency: str | None) -> Any:
    """How lately each quarter of the customers by revenue ordered: their number, and by colour their share."""
    low, middle, high = (theme.money(bound, currency) for bound in found.revenue_bounds)
    names = {
        0: ["Highest quarter", f"over {high}"],
        1: ["Second quarter", f"over {middle}"],
        2: ["Third quarter", f"over {low}"],
        3: ["Lowest quarter", f"up to {low}"],
    }
    days = found.day_bounds
    if not days:
        steps = ["any day"]
    else:
        after = [f"{before + 1}–{bound}" for before, bound in pairwise(days)]
        steps = [f"0–{days[0]}", *after, f"over {days[-1]}"]
    rows = pd.DataFrame(
        [
            (quarter, step, int(count), share, f"{names[quarter][0]}, {names[quarter][1]}", steps[step])
            for quarter in range(4)
            for step, (count, share) in enumerate(zip(found.counts[quarter], found.shares[quarter], strict=True))
        ],
        columns=["row", "column", "count", "share", "name", "step"],
    )
    best, worst = (_of(int(found.counts[quarter][0]), int(found.counts[quarter].sum())) for quarter in (0, 3))
    within = f"in the last {days[0]} days" if days else "on the same days"
    title = f"Ordered {within}: {best} of the highest quarter by revenue, {worst} of the lowest"
    notes = [f"{theme.count(found.unknown)} without one of the two"] if found.unknown else []
    texts = [
        f"{names[quarter][0]}: " + ", ".join(f"{steps[at]} days {count:,}" for at, count in enumerate(counts))
        for quarter, counts in enumerate(found.counts)
    ]
    chart = _drawn(
        rows,
        names,
        {step: [words] for step, words in enumerate(steps)},
        ["Days since the last order", "Numbers: customers. Darker: a larger share of the quarter", *notes],
        [
            alt.Tooltip("name:N", title="By revenue"),
            alt.Tooltip("step:N", title="Days since the last order"),
            alt.Tooltip("count:Q", title="Customers", format=","),
            alt.Tooltip("share:Q", title="Of the quarter", format=".0%"),
        ],
    )
    return theme.finish_altair(chart, title, f"Heatmap. {title}. {'; '.join(texts)}.", height=4 * 34)


def retention(cohorts: Cohorts) -> Any | None:
    """Who ordered again in each month after the first order: their number, and by colour their share of the cohort.

    None where no month follows the first of any cohort.
    """
    found = cohorts.cells
    if found.empty:
        return None
    starts = {start: place for place, start in enumerate(cohorts.sizes.index)}
    rows = pd.DataFrame(
        {
            "row": [starts[start] for start in found["cohort"]],
            "column": found["months_since"] - 1,
            "count": found["again"],
            "share": found["share"],
            "name": [f"{start:%b %Y}" for start in found["cohort"]],
            "step": found["months_since"],
        }
    )
    followed = rows["row"].unique()
    names = {
        place: [f"{start:%b %Y}: {size:,}"]
        for (start, place), size in zip(starts.items(), cohorts.sizes, strict=True)
        if place in followed
    }
    widest = int(found["months_since"].max())
    title = _coming_back(cohorts)
    notes = ["Numbers: customers who ordered again", "Darker: a larger share of the row"]
    if cohorts.unfinished:
        notes.append("The last of each row: an unfinished month")
    chart = _drawn(
        rows,
        names,
        {step: [str(step + 1)] for step in range(widest)},
        ["Months since the first order", *notes],
        [
            alt.Tooltip("name:N", title="First order in"),
            alt.Tooltip("step:Q", title="Months since"),
            alt.Tooltip("count:Q", title="Ordered again", format=","),
            alt.Tooltip("share:Q", title="Of the row", format=".0%"),
        ],
    )
    read = "; ".join(
        f"{mine['name'].iloc[0]}: " + ", ".join(_share(share) for share in mine["share"])
        for _, mine in rows.groupby("row")
    )
    alt_text = f"Heatmap of customers by month of their first order and months since. {title}. {read}."
    return theme.finish_altair(chart, title, alt_text, height=_CELL * len(names))


def _coming_back(cohorts: Cohorts) -> str:
    """What became of the cohorts shown, a month after their first order, as far as that month is covered in full."""
    found = cohorts.cells
    if cohorts.unfinished:
        found = found[found.groupby("cohort")["months_since"].transform("max") > found["months_since"]]
    after = found[found["months_since"] == 1]
    if after.empty:
        return "Customers who ordered again, by the month of their first order"
    first, last = (f"{month:%b %Y}" for month in (after["cohort"].min(), after["cohort"].max()))
    when = f"in {first}" if first == last else f"from {first} to {last}"
    told = _of(int(after["again"].sum()), int(after["customers"].sum()))
    return f"{told} of those who first ordered {when} order again in the month after"


def _drawn(
    rows: pd.DataFrame,
    names: Mapping[int, Sequence[str]],
    steps: Mapping[int, Sequence[str]],
    axis_title: Sequence[str],
    tooltip: Sequence[alt.Tooltip],
) -> Any:
    """Cells with their count, the darker the larger their share."""
    darkest = float(rows["share"].max()) or 1.0
    told = rows.assign(
        value=rows["share"], told=[_short(count) for count in rows["count"]], white=rows["share"] > _DARK * darkest
    )
    return cells(told, names, steps, axis_title, tooltip, alt.Scale(domain=[0, darkest], range=_FEW_TO_MANY))


def _short(count: int) -> str:
    """Short enough for a cell."""
    return f"{count:,}" if count < 10_000 else f"{count / 1000:,.0f}k"


def _figure(revenue: float, whole: float, currency: str | None) -> str:
    share = _part(revenue, whole)
    written = f"{share:.1%}" if 0.0005 <= share < 0.0995 else _share(share)
    return f"{_money(revenue, currency)}, {written}"


def _of(part: int, whole: int) -> str:
    """Such as "13% (12 of 92)"."""
    return f"{_share(_part(part, whole))} ({part:,} of {whole:,})"


def _share(share: float) -> str:
    return "–" if share != share else theme.percent(share)


def _part(revenue: float, whole: float) -> float:
    return revenue / whole if whole > 0 else float("nan")


def _money(amount: float, currency: str | None) -> str:
    return "–" if amount != amount else theme.money(amount, currency)


def _plural(label: str) -> str:
    word = inner(label)
    return f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"
