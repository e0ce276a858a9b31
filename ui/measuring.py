"""The pieces of the Features page: presets, choices, preparation, unusual customers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from charts import features as charts
from charts import theme
from core.clustering.preparation import Outliers, PreparationOptions, Scaling, Transform
from core.errors import UserError
from core.features import catalog
from core.segments.naming import inner
from ui import choices, files, inspecting, services, tables, widgets
from ui.session import Workspace
from ui.widgets import plain

_TRANSFORMS: dict[Transform, str] = {
    "auto": "Automatic",
    "none": "None",
    "log": "Logarithm",
    "power": "Power (Yeo-Johnson)",
    "quantile": "Rank (quantile)",
}
_OUTLIERS: dict[Outliers, str] = {"keep": "Keep", "cap": "Cap while grouping"}
_SCALINGS: dict[Scaling, str] = {"standard": "Standard", "robust": "Robust", "minmax": "Range (min-max)"}
_MEANINGS = {
    "auto": "Evens out only where a few customers tower over the others.",
    "none": "Amounts as they are; large customers weigh much.",
    "log": "Ten times as much is one step.",
    "power": "As even as it gets.",
    "quantile": "Only who is ahead of whom counts.",
    "keep": "Unusual values weigh as much as they are.",
    "cap": "Unusual values count as the largest usual one. Nobody is left out of a list.",
    "standard": "Mean 0, standard deviation 1.",
    "robust": "Median 0, the middle half of customers 1 wide.",
    "minmax": "Smallest 0, largest 1.",
}
_MOST_ROWS = 200


def presets(workspace: Workspace) -> None:
    """Ready-made choices, one click each."""
    st.markdown("**Start from**")
    with st.container(horizontal=True):
        whole = files.of_customers(workspace)
        usual = "All columns of numbers" if whole else "The usual four"
        meaning = "Every number of the file." if whole else "Total revenue, average order value, quantity and recency."
        st.button(usual, help=meaning, on_click=choices.apply_preset, args=(workspace, None))
        for preset in services.presets(workspace):
            st.button(preset.label, help=preset.meaning, on_click=choices.apply_preset, args=(workspace, preset.name))
    for told in inspecting.left_out(workspace):
        st.caption(f":material/info: {plain(told)}")


def settings(workspace: Workspace) -> None:
    """Features and their preparation, each with what it means."""
    # Without any, the field must be there to choose some.
    chosen = () if workspace.grouping.features == () else services.chosen_features(workspace)
    at_hand = tuple(dict.fromkeys((*chosen, *services.features(workspace).distinct)))
    features(workspace, "Compare customers by", "features", at_hand, chosen, partial(choices.compare_by, workspace))
    preparation(workspace, workspace.grouping.preparation, partial(choices.make_comparable, workspace))
    _weights(workspace, chosen)


def features(
    workspace: Workspace,
    label: str,
    name: str,
    at_hand: Sequence[str],
    current: Sequence[str],
    take: Callable[[Sequence[str]], None],
) -> None:
    """Which features to compare customers by."""
    st.multiselect(
        label,
        at_hand,
        format_func=lambda feature: catalog.feature(feature).label,
        help="Three to five features that say different things work best.",
        **widgets.bound(workspace, name, list(current), take),
    )


def preparation(
    workspace: Workspace, prepared: PreparationOptions, change: Callable[..., None], prefix: str = ""
) -> None:
    """How features are made comparable, weights aside.

    Parameters
    ----------
    change : takes new values by the names of their fields
    prefix : tells apart what stands twice on a page
    """
    columns = st.columns(3)
    with columns[0]:
        transform = widgets.pick(
            workspace,
            f"{prefix}transform",
            "Even out (transform)",
            list(_TRANSFORMS),
            prepared.transform,
            lambda transform: change(transform=transform),
            _TRANSFORMS,
        )
        st.caption(_MEANINGS[transform])
    with columns[1]:
        outliers = widgets.pick(
            workspace,
            f"{prefix}outliers",
            "Unusual values (outliers)",
            list(_OUTLIERS),
            prepared.outliers,
            lambda outliers: change(outliers=outliers),
            _OUTLIERS,
        )
        st.caption(_MEANINGS[outliers])
    with columns[2]:
        scaling = widgets.pick(
            workspace,
            f"{prefix}scaling",
            "Make comparable (scaling)",
            list(_SCALINGS),
            prepared.scaling,
            lambda scaling: change(scaling=scaling),
            _SCALINGS,
        )
        st.caption(_MEANINGS[scaling])


def _weights(workspace: Workspace, chosen: tuple[str, ...]) -> None:
    """How much each feature counts."""
    given = workspace.grouping.preparation.weights
    with st.expander("Let a feature count more or less (weights)"):
        for name in chosen:
            weight, take = float(given.get(name, 1.0)), partial(choices.weigh, workspace, name)
            st.slider(
                plain(catalog.feature(name).label),
                0.1,
                3.0,
                step=0.1,
                **widgets.bound(workspace, f"weight {name}", weight, take),
            )


def studied(workspace: Workspace, chosen: tuple[str, ...]) -> str:
    """The feature to look at more closely."""
    return widgets.pick(
        workspace, "studied", "Look at", list(chosen), chosen[0], told=lambda name: catalog.feature(name).label
    )


def what_was_done(workspace: Workspace, name: str) -> None:
    """What the preparation did to a feature, in a sentence."""
    prepared = services.preparation(workspace)
    words = {
        "none": "is left as it is",
        "log": "is put on a logarithmic scale",
        "power": "is evened out by a power (Yeo-Johnson)",
        "quantile": "is replaced by rank",
    }
    filled = prepared.filled.get(name, 0)
    have = "has" if filled == 1 else "have"
    missing = f" {theme.count(filled)} {have} no value, and the median stands in for it." if filled else ""
    st.caption(f"{plain(catalog.feature(name).label)} {words[prepared.transforms[name]]}.{missing}")


def alike(workspace: Workspace) -> None:
    """A warning for each pair of features that repeat each other."""
    pairs = charts.alike(inspecting.correlations(workspace))
    for one, other, correlation in pairs:
        st.warning(
            f"{plain(catalog.feature(one).label)} and {plain(inner(catalog.feature(other).label))} say nearly the same "
            f"(rank correlation {correlation:.2f}): together they count twice. Consider leaving one out."
        )
    if not pairs:
        st.caption("No two features repeat each other.")


def unusual(workspace: Workspace) -> None:
    """Who stands far out, and what the segments look like with such values kept and capped."""
    table = inspecting.outliers(workspace)
    if table.empty:
        st.caption("No customer stands far out in the features as prepared.")
        return
    customers = table["customer_id"].nunique()
    stand = "stands" if customers == 1 else "stand"
    st.markdown(
        f"**{theme.count(customers)}** {stand} far out in at least one feature. Behind that may be "
        "your best customers, shops that resell, or typing errors: look before you decide."
    )
    if len(table) > _MOST_ROWS:
        st.caption(f"The {_MOST_ROWS} furthest out of {len(table):,}.")
    widgets.frame(
        tables.outliers(table.head(_MOST_ROWS), services.features(workspace).currency),
        "Customers far outside the usual range, with the feature, the value and the usual range.",
        height=240,
    )
    if st.toggle(
        "Show the segments with these values kept, and capped", key=widgets.field_key(workspace, "capping", False)
    ):
        try:
            both = inspecting.with_and_without_capping(workspace)
        except UserError as error:
            widgets.problem(error)
            return
        for title, found in (("Kept", both["keep"]), ("Capped while grouping", both["cap"])):
            st.markdown(f"**{title}**")
            widgets.frame(tables.summary(found), f"Segments with unusual values {plain(title.lower())}.")
