"""What lies behind the curves of the Choose k page: drawn only where a visitor opens it."""

from __future__ import annotations

import streamlit as st

from charts import choosing, theme
from charts import closeup as charts
from ui import services, tables, widgets
from ui.session import Workspace


def customers(workspace: Workspace, chosen: int) -> None:
    """How well each customer fits, and where customers stand."""
    place = st.expander("Each customer: how well they fit, and where they stand", key="close-up", on_change="rerun")
    if not place.open:
        return
    found = services.close_up(workspace, chosen)
    segmentation = services.segmentation(workspace, chosen)
    palette = theme.palette(segmentation)
    with place:
        left, right = st.columns(2)
        with left:
            widgets.altair_chart(charts.silhouettes(found, segmentation, palette), key="silhouettes")
        with right:
            widgets.altair_chart(charts.where(found, segmentation, palette), key="where")
        names = ", ".join(widgets.plain(theme.label(segment)) for segment in segmentation.segments)
        st.caption(f"The numbers on the map: {names}.")
        if found.sampled:
            st.caption(
                f"{len(found.places):,} of {found.customers:,} customers are shown, of each segment its share; how "
                "well they fit is measured against a sample of each segment."
            )


def other_measures(workspace: Workspace, chosen: int) -> None:
    """Agreement and two measures that statisticians know, for each number of segments."""
    place = st.expander("Other measures", key="other measures", on_change="rerun")
    if not place.open:
        return
    found, known = services.other_measures(workspace), services.evidence(workspace)
    best = {"Calinski-Harabasz": found.best_calinski_harabasz, "Davies-Bouldin": found.best_davies_bouldin}
    with place:
        if known is None:
            st.caption("How steady each choice is, is still being checked.")
        else:
            k_max = services.sweep(workspace).k_max
            advice = services.advice(workspace)
            widgets.altair_chart(choosing.stability(known, chosen, advice, k_max), key="stability")
            if known.customers < services.features(workspace).values.shape[0]:
                st.caption(f"Checked on a sample of {known.customers:,} customers.")
        widgets.frame(tables.other_measures(found, known), "Other measures of each number of segments.")
        st.caption(
            "**Agreement**: how alike all segments together come out when the customers are drawn anew; 1 is the same, "
            "0 as by chance. How much of one segment comes out again is another figure, on its card. "
            "**Gaps**: whether there are fewer customers between any two neighbouring segments than within them. "
            "**Calinski-Harabasz**: how far apart segments are for how wide they are; higher is better. "
            "**Davies-Bouldin**: how much each segment is like the one most like it; lower is better. "
            "The last two have no say in the advice. They favour "
            + " and ".join(f"{k} segments ({name})" for name, k in best.items() if k is not None)
            + "."
        )
