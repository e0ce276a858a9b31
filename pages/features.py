"""Choose what customers are compared by."""

import streamlit as st

from charts import features as charts
from ui import choosing, inspecting, measuring, navigation, services, widgets
from ui.frame import explained, next_step, open_page

workspace = open_page(navigation.FEATURES)

with explained():
    features = services.features(workspace)
    measuring.presets(workspace)
    measuring.settings(workspace)
    chosen = services.chosen_features(workspace)
    preparation = services.preparation(workspace)

st.header("The features in use")
skews = inspecting.skews(workspace)
widgets.features_table(chosen, features.values, skews, features.currency)

st.header("Before and after preparation")
studied = measuring.studied(workspace, chosen)
before, after = charts.before_after(
    studied, features.values[studied], inspecting.prepared_column(workspace, studied), features.currency
)
left, right = st.columns(2)
with left:
    widgets.altair_chart(before)
with right:
    widgets.altair_chart(after)
measuring.what_was_done(workspace, studied)

st.header("Do two features say the same?")
measuring.alike(workspace)
widgets.altair_chart(charts.correlations(inspecting.correlations(workspace)))

st.header("Unusual customers")
measuring.unusual(workspace)
next_step(navigation.FEATURES)
with explained():
    choosing.ahead(workspace)
