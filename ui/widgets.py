"""Small pieces of screen that pages share."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NoReturn, TypedDict, TypeVar

import altair as alt
import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from charts import theme
from charts.steady import Steady, as_spec
from core.clustering.evidence import Evidence
from core.clustering.stability import Level, level, two_digits
from core.clustering.sweep import Sweep
from core.errors import UserError
from core.features import catalog
from core.orders.ledger import Ledger
from core.segments.segmentation import Segment
from ui import tables
from ui.session import Workspace

Choice = TypeVar("Choice")
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
# Escaped or not, Markdown makes links of addresses. A word joiner, which nobody sees, stops it.
_ADDRESS = re.compile(r"(?<=:)(?=//)|(?<=www)(?=\.)|(?<=@)", re.IGNORECASE)
_ROW_HEIGHT = 35  # pixels, Streamlit's own
_WORD_JOINER = "\u2060"
STEADINESS = (
    "The customers were drawn anew 20 times and grouped again. Of all who are in this segment or in the one most like "
    "it then, the figure is the share that are in both, on average (Jaccard value): from 0.85 on solid, from 0.75 "
    "fair, from 0.60 doubtful, below that unstable (Hennig 2007). It is of this segment alone, not of all together."
)


def plain(text: str) -> str:
    """Text from a file for where Streamlit takes Markdown: shown as it is, never as a link, a colour or a formula."""
    return _PUNCTUATION.sub(r"\\\1", _ADDRESS.sub(_WORD_JOINER, " ".join(text.split())))


def problem(error: UserError) -> None:
    """What was found, and what to do."""
    st.error(plain(error.message), icon=":material/error:")
    st.markdown(f"**What you can do.** {plain(error.hint)}")


def run_again() -> NoReturn:
    """Draw the page anew, unless the visitor has meanwhile asked for another one: that comes first.

    Streamlit looks for what was clicked while an element is drawn or its session state is read, and forgets a click on
    another page for a rerun that is asked for in between (decision 16).
    """
    _ = "any" in st.session_state  # here a click that waits ends the run; an element might be seen
    st.rerun()


class Bound(TypedDict):
    """What ties a widget to the workspace, for its keyword arguments."""

    key: str
    on_change: Callable[..., None]
    args: tuple[str, Callable[[Any], None]]  # the key again, and what to do with a new value


def bound(workspace: Workspace, name: str, current: object, take: Callable[[Any], None] | None = None) -> Bound:
    """What makes a widget show `current`, also after its page was left or the value was set elsewhere.

    What the visitor sets is taken before the page runs. A number is set by leaving its field, maybe by a click on
    another page, which ends the run of this one before it comes to the widget.

    Parameters
    ----------
    take : what to do with a new value; None to keep it among those that change nothing but what is looked at
    """
    key = field_key(workspace, name, current)
    if st.session_state[key] != current:
        st.session_state[key] = current
    return {"key": key, "on_change": take_value, "args": (key, take or partial(_see, workspace, name))}


def field_key(workspace: Workspace, name: str, current: object) -> str:
    """The key of a widget that shows `current` at first; what is then in it is for its page or form to take."""
    key = f"{name}/{workspace.revision}"
    if key not in st.session_state:
        st.session_state[key] = current
    return key


def take_value(key: str, take: Callable[[Any], None]) -> None:
    """The callback of a widget: hand its new value on."""
    # A single key is read only after a look for what was clicked since, and a click would end this here.
    take(st.session_state.to_dict()[key])


def _see(workspace: Workspace, name: str, value: object) -> None:
    workspace.seen[name] = value


def pick(
    workspace: Workspace,
    name: str,
    label: str,
    options: Sequence[Choice],
    current: Choice,
    take: Callable[[Choice], None] | None = None,
    told: Mapping[Choice, str] | Callable[[Choice], str] = str,
    help: str | None = None,
) -> Choice:
    """A selectbox that keeps its value when the page is left; `take` as in `bound`."""
    shown = told if callable(told) else told.__getitem__
    last = current if take else workspace.seen.get(name, current)
    known = last if last in options else options[0]
    chosen: Choice = st.selectbox(label, options, format_func=shown, help=help, **bound(workspace, name, known, take))
    return chosen


def altair_chart(chart: alt.Chart | None, key: str | None = None) -> None:
    """A chart, which brings its own description for screen readers; nothing where there is none to draw."""
    if chart is not None:
        st.vega_lite_chart(theme.on_screen(as_spec(chart)), width="stretch", key=key)


def steady_chart(chart: Steady, n_clusters: int, key: str) -> None:
    """A chart of which only the number chosen changes."""
    st.vega_lite_chart(theme.on_screen(chart.at(n_clusters)), width="stretch", key=key, alt=chart.alt_text)


def vega_control(
    spec: Mapping[str, Any], key: str, selection: str, on_select: Callable[[], None], alt_text: str
) -> None:
    """The same, with a selection that visitors make in it; it is under st.session_state[key]."""
    st.vega_lite_chart(
        theme.on_screen(spec), width="stretch", key=key, on_select=on_select, selection_mode=selection, alt=alt_text
    )


def plotly_chart(figure: go.Figure, key: str | None = None) -> None:
    """A Plotly figure with its description for screen readers."""
    # The browser colours a figure once: one that differs is coloured anew when the visitor's theme changes.
    figure.update_layout(meta={**figure.layout.meta, "theme": st.context.theme.type})
    st.plotly_chart(
        figure, width="stretch", key=key, alt=theme.alt_text(figure), config={"displaylogo": False, "scrollZoom": False}
    )


def sweep_progress(found: Sweep | None, k_max: int, place: DeltaGenerator | None = None) -> None:
    """How far a sweep has come, here or in a place kept for it."""
    done = len(found.fits) if found else 0
    of = found.k_max if found else k_max
    (place or st).progress(done / of, text=f"Trying numbers of segments: {done} of {of} done. You can go on meanwhile.")


def evidence_progress(found: Evidence | None, k_max: int, place: DeltaGenerator | None = None) -> None:
    """How far the checks of a sweep's solutions have come."""
    done, of = len(found.stabilities) if found else 0, k_max - 1
    last = "; now compared with customers without any groups" if done == of else ""
    (place or st).progress(
        done / (of + 1),
        text=f"Still checking how steady each choice is: {done} of {of}{last}. You can go on meanwhile.",
    )


def money(amount: float | None, currency: str | None) -> str:
    """An amount short and with its currency; a dash where there is none."""
    return "–" if amount is None else catalog.feature("total_revenue").format(float(amount), currency)


def numbers(facts: Mapping[str, str]) -> None:
    """A row of key figures that wraps on narrow screens."""
    with st.container(horizontal=True, gap="medium"):
        for label, value in facts.items():
            st.metric(label, value, width="content")


def ledger(account: Ledger, currency: str | None, *, money: bool = True) -> None:
    """What came in = what is used + what was set aside; without `money` rows and customers alone."""
    rows = [
        ("Came in", account.rows_in, account.customers_in, account.money_in),
        ("Used", account.used.rows, account.used.customers, account.used.money),
        *(
            (f"Set aside: {entry.label.lower()}", entry.rows, entry.customers, entry.money)
            for entry in account.set_aside
        ),
    ]
    table = pd.DataFrame(rows, columns=["What happened", "Rows", "Customers", "Money"])
    table["Money"] = table["Money"].astype("float64")
    if not money:
        table = table.drop(columns="Money")
    st.dataframe(
        table,
        hide_index=True,
        column_config={
            "Rows": st.column_config.NumberColumn(format="localized"),
            "Customers": st.column_config.NumberColumn(
                format="localized", help="A customer with rows of both kinds stands in both lines."
            ),
            "Money": st.column_config.NumberColumn(f"Money ({currency})" if currency else "Money", format="localized"),
        },
        alt=f"The ledger: {'rows, customers and money' if money else 'rows and customers'} that came in, are used, "
        "and were set aside by reason.",
    )


def features_table(
    names: Sequence[str], values: pd.DataFrame, skews: Mapping[str, float], currency: str | None
) -> None:
    """Meaning, unit, shape and skew of each feature."""
    used = [catalog.feature(name) for name in names]
    # Not in the table, whose cells would cut it.
    st.markdown("\n".join(f"- **{plain(each.label)}.** {plain(each.meaning)}" for each in used))
    rows = []
    for name in names:
        feature, column = catalog.feature(name), values[name].dropna()
        spread = column.clip(upper=column.quantile(0.99)) if len(column) else column
        counts = pd.cut(spread, 12).value_counts(sort=False).tolist() if spread.nunique() > 1 else []
        unit = (currency or "money") if feature.unit is catalog.Unit.MONEY else feature.unit.value
        rows.append((feature.label, unit, feature.format(column.median(), currency), counts, skews[name]))
    st.dataframe(
        pd.DataFrame(rows, columns=["Feature", "Unit", "Half are below", "Customers", "Skew"]),
        hide_index=True,
        column_config={
            "Customers": st.column_config.BarChartColumn(
                help="How many customers have small, middle and large values; the top hundredth is drawn together."
            ),
            "Skew": st.column_config.NumberColumn(
                format="%.1f", help="0: even on both sides. Above 1: a few customers tower over the others."
            ),
        },
        alt="The features with unit, median, distribution and skew.",
    )


_LIGHTS: Mapping[Level, tuple[str, str]] = {
    "solid": (":material/verified:", "Solid: comes out again with other customers"),
    "fair": (":material/check_circle:", "Fair: mostly comes out again with other customers"),
    "doubtful": (":material/help:", "Doubtful: with other customers only a part of it comes out again"),
    "unstable": (":material/warning:", "Unstable: with other customers it may not come out at all"),
}


def steadiness(jaccard: float) -> None:
    """How solid a segment is, in a word, a sign and the figure behind it."""
    sign, words = _LIGHTS[level(jaccard)]
    st.caption(f"{sign} {words} ({two_digits(jaccard)} of its customers together again)", help=STEADINESS)


def frame(
    table: pd.DataFrame, alt_text: str, labels: Mapping[str, str] | None = None, height: int | None = None
) -> None:
    """A table that is only looked at, at most as high as given."""
    told, amounts = labels or {}, tables.amounts(table)
    config: dict[str, Any] = {
        name: st.column_config.Column(told.get(name), alignment="right" if name in amounts else None)
        for name in {*told, *amounts}
    }
    fits = height is None or (len(table) + 1) * _ROW_HEIGHT <= height
    sized: dict[str, Any] = {} if fits else {"height": height}
    st.dataframe(table, hide_index=True, column_config=config, alt=alt_text, **sized)


def plan(segment: Segment) -> None:
    """What to do for a segment, why, and how to see whether it worked."""
    for action in segment.plan.actions:
        st.markdown(f"**{plain(action.what)}** {plain(action.why)}")
    if segment.plan.measure:
        st.caption(f"Watch: {plain(segment.plan.measure)}")
    if segment.plan.subject_line:
        st.caption(f"A subject line to start from: “{plain(segment.plan.subject_line)}”")
