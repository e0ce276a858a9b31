"""The pieces of the Choose k page: the slider and what moves it, the growing curves, the verdict, the splits."""

from __future__ import annotations

from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from charts import choosing as charts
from charts import lineage, previewing
from charts.steady import Steady, steady
from core.clustering.choice import Advice
from core.clustering.silhouette import MOST_IN_FULL
from core.clustering.sweep import Sweep
from ui import choices, closeup, services, tables, widgets
from ui.frame import explained
from ui.jobs import Ahead
from ui.session import Workspace
from ui.widgets import plain

_REDRAW_SECONDS = 0.4
_PATIENCE_SECONDS = 0.2  # for what is mostly done by then, rather than to draw the page twice
_FEWEST = 2  # segments that can be chosen
_KEYS = {count: str(count % 10) for count in range(_FEWEST, 11)}  # numbers with a key of their own; 10 has 0


def limits(workspace: Workspace) -> None:
    """How far to go, and how small a segment may be."""
    with st.expander("Settings"):
        left, right = st.columns(2)
        grouping = workspace.grouping
        with left:
            st.number_input(
                "Try up to this many segments",
                3,
                20,
                **widgets.bound(workspace, "k max", grouping.k_max, partial(choices.try_up_to, workspace)),
            )
        with right:
            st.number_input(
                "Smallest useful segment, in percent of customers",
                0.0,
                25.0,
                step=0.5,
                help="A segment below this is too small for a campaign of its own; the advice avoids it.",
                **widgets.bound(
                    workspace,
                    "min share",
                    round(100 * grouping.min_share, 9),
                    lambda percent: choices.advise_none_below(workspace, percent / 100),
                ),
            )


def ahead(workspace: Workspace) -> None:
    """Begin what this page will show, while the visitor looks at the one before."""
    customers, k_max = len(services.features(workspace).values), workspace.grouping.k_max
    charts.growing(Sweep({}, {}, k_max, k_max, exact=customers <= MOST_IN_FULL))  # drawn now, and then for all visitors
    services.sweep_job(workspace)


def curves(workspace: Workspace) -> None:
    """Slider, curves and sizes; a change of the number redraws these alone."""
    growing = _growing_still(workspace)
    st.fragment(_curves, run_every=_REDRAW_SECONDS if growing else None)(workspace, growing)


def _growing_still(workspace: Workspace) -> bool:
    """Whether the curves are not whole yet, or their segments not named."""
    if services.sweep_job(workspace).running:
        return True
    naming = services.line_job(workspace)
    naming.wait(_PATIENCE_SECONDS)
    return naming.running


def _curves(workspace: Workspace, was_growing: bool) -> None:
    # There all the time: when the sweep is done, what follows would otherwise stand there twice for a moment.
    place = st.empty()
    with explained():  # the page's own is not there when the fragment runs again by itself
        growing = _growing_still(workspace)
        if was_growing and not growing:
            widgets.run_again()
        if growing:
            _growing(workspace, place)
        else:
            _whole(workspace)


def _growing(workspace: Workspace, place: DeltaGenerator) -> None:
    """The curves as far as they have come."""
    job = services.sweep_job(workspace)
    job.wait_for(lambda sweep: sweep is not None and len(sweep.fits) >= _FEWEST, _REDRAW_SECONDS)
    fitted = job.partial
    widgets.sweep_progress(fitted, workspace.grouping.k_max, place)
    if fitted is None or len(fitted.fits) < _FEWEST:
        st.caption("The first points of the curves will be here in a moment.")
        return
    chosen = _slider(workspace, fitted, workspace.n_clusters or _FEWEST)
    _side_by_side(workspace, charts.growing(fitted), chosen, fitted.k_max)
    if fitted.complete:
        st.caption("The segments are being named.")
    elif chosen not in fitted.fits:
        st.caption(f"{chosen} segments are not computed yet.")


def _whole(workspace: Workspace) -> None:
    """All that there is to say once the sweep is done."""
    fitted, advice = services.sweep(workspace), services.advice(workspace)
    chosen = _slider(workspace, fitted, workspace.n_clusters or advice.k)
    _side_by_side(workspace, _curve_charts(workspace, fitted, advice), chosen, fitted.k_max)
    _look_ahead(workspace, fitted, advice)
    checking = services.evidence_job(workspace).running
    st.fragment(_verdict, run_every=_REDRAW_SECONDS if checking else None)(workspace, chosen, checking)
    widgets.steady_chart(_sizes(workspace), chosen, key="sizes")
    closeup.customers(workspace, chosen)
    closeup.other_measures(workspace, chosen)
    _family(workspace, chosen)


def _slider(workspace: Workspace, fitted: Sweep, current: int) -> int:
    """The number of segments: by slider, by key, by a click in a chart, or as it is."""
    if fitted.k_max <= _FEWEST:
        st.caption("These customers differ too little for more than two segments.")
        return _FEWEST
    current = min(current, fitted.k_max)
    key = f"k {fitted.k_max}/{workspace.revision}"
    if st.session_state.get(key) != current:
        st.session_state[key] = current
    chosen = st.slider(
        "Number of segments (k)",
        _FEWEST,
        fitted.k_max,
        key=key,
        on_change=widgets.take_value,
        args=(key, partial(_choose, workspace)),
        help="Move it by mouse or arrow keys, click in a chart, or press a number while no field has the focus.",
    )
    with st.container(horizontal=True, gap="xxsmall"):
        for count in range(_FEWEST, fitted.k_max + 1):
            shortcut = _KEYS.get(count) if count != chosen else None  # keys are written too pale for a coloured ground
            st.button(
                "" if shortcut == f"{count}" else f"{count}",  # a key is shown, and mostly is the number
                key=f"choose {count}",
                type="primary" if count == chosen else "secondary",
                shortcut=shortcut,
                on_click=_choose,
                args=(workspace, count),
            )
    return chosen


def _choose(workspace: Workspace, count: int) -> None:
    workspace.n_clusters = count


def _choose_picked(workspace: Workspace, key: str, k_max: int) -> None:
    """What was clicked on in a chart; one segment is shown there but is no choice."""
    workspace.clicks += 1
    for each in st.session_state[key].selection.get(charts.PICKED, []):
        if _FEWEST <= each["k"] <= k_max:
            _choose(workspace, int(each["k"]))


def _side_by_side(workspace: Workspace, curves: tuple[Steady, Steady], chosen: int, k_max: int) -> None:
    """Elbow and silhouette, as charts and as controls."""
    for place, drawn, key in zip(st.columns(2), curves, ("elbow", "silhouette"), strict=True):
        with place:
            take = partial(_choose_picked, workspace, key, k_max)
            spec = charts.at_turn(drawn.at(chosen), workspace.clicks)
            widgets.vega_control(spec, key, charts.PICKED, take, drawn.alt_text)


def _curve_charts(workspace: Workspace, fitted: Sweep, advice: Advice) -> tuple[Steady, Steady]:
    """Elbow and silhouette for every number of segments. To draw them takes many times as long as a move."""

    def draw() -> tuple[Steady, Steady]:
        asked = (fitted, advice.k, advice, fitted.k_max, _preview(workspace))
        return steady(charts.elbow(*asked)), steady(charts.silhouette(*asked))

    return workspace.answer(("curves", *services.shown_key(workspace), advice.k), draw)


def _preview(workspace: Workspace) -> previewing.Preview:
    """The segments of every number."""
    key = ("preview", *services.shown_key(workspace))
    currency = services.features(workspace).currency
    return workspace.answer(key, lambda: previewing.preview(services.generations(workspace), currency))


def _sizes(workspace: Workspace) -> Steady:
    """The sizes for every number of segments."""
    least = workspace.grouping.min_share

    def draw() -> Steady:
        return steady(charts.sizes(services.generations(workspace), _FEWEST, least))

    return workspace.answer(("sizes", *services.shown_key(workspace), least), draw)


def _verdict(workspace: Workspace, chosen: int, was_checking: bool) -> None:
    """The advice in words with each measure's vote; while it is checked, how far that has come."""
    with explained():
        job = services.evidence_job(workspace)
        checking = job.running
        if was_checking and not checking:
            widgets.run_again()
        fitted, advice = services.sweep(workspace), services.advice(workspace)
        first, *others = advice.reasons
        with st.container(border=True):
            st.markdown(f"**{plain(first)}**" + ("" if chosen == advice.k else f" You chose {chosen}."))
            for place, reason in enumerate(others):
                finding, colon, more = reason.partition(": ")
                if place == 0 and advice.natural_grouping is False:  # what matters most then
                    st.markdown(f"**{plain(finding + colon)}** {plain(more)}")
                else:
                    st.markdown(plain(reason))
            if checking:
                widgets.evidence_progress(job.partial, fitted.k_max)
            # Unlike a data frame's, its cells wrap.
            st.table(tables.votes(advice, checking), hide_index=True, alt="What each measure suggests.")


def _look_ahead(workspace: Workspace, sweep: Sweep, advice: Advice) -> None:
    """Say what each step changes, those around the advised one first, before the slider gets there."""

    def choice() -> tuple[object, ...]:
        return workspace.content, workspace.cleaning, workspace.grouping

    asked = choice()

    def look(count: int) -> None:
        # Not the answers' key, for which a choice that cannot be met raises an error: here it is the page's to show.
        if choice() == asked:
            _told(workspace, count)

    def begin() -> Ahead:
        if workspace.ahead is not None:
            workspace.ahead.stop()
        counts = sorted(range(_FEWEST, sweep.k_max + 1), key=lambda count: abs(count - advice.k))
        workspace.ahead = Ahead([partial(look, count) for count in counts], workspace.alone)
        return workspace.ahead

    services.going_on(workspace, ("ahead", *services.shown_key(workspace), advice.k), begin)


def _family(workspace: Workspace, chosen: int) -> None:
    """How these segments came about, what one more would change, and the tree of all."""
    st.header("How the segments split")
    place = st.container()  # one sentence or two: outside, the charts would change places, and be built anew
    step, tree = _family_charts(workspace)
    widgets.steady_chart(step, chosen, key="step")
    widgets.steady_chart(tree, chosen, key="tree")
    with place:  # last, since of a million customers they may take a moment
        for sentence in _told(workspace, chosen):
            st.markdown(sentence)


def _told(workspace: Workspace, chosen: int) -> list[str]:
    """The step to one segment more, and the one before, in words."""
    last = services.sweep(workspace).k_max

    def tell() -> list[str]:
        told = []
        if chosen < last:
            more = services.split(workspace, chosen)
            told.append(f"**One more segment, {chosen} → {chosen + 1}.** {plain(more.words())}")
        if chosen > 2 or chosen == last:
            before = services.split(workspace, chosen - 1)
            told.append(f"**Before, {chosen - 1} → {chosen}.** {plain(before.words())}")
        return told

    return workspace.answer(("told", *services.shown_key(workspace), chosen), tell)


def _family_charts(workspace: Workspace) -> tuple[Steady, Steady]:
    """Each step, and the tree, for every number of segments."""

    def draw() -> tuple[Steady, Steady]:
        born, currency = services.generations(workspace), services.features(workspace).currency
        return steady(lineage.step(born, _FEWEST, currency)), steady(lineage.tree(born, _FEWEST, currency))

    return workspace.answer(("family", *services.shown_key(workspace)), draw)
