"""See what one segmentation has that another has not."""

import streamlit as st

from charts import comparing as charts
from charts import theme
from ui import comparing, exploring, navigation, services, widgets
from ui.frame import explained, next_step, open_page

workspace = open_page(navigation.COMPARE)

with explained(), exploring.patience(workspace):
    services.segmentation(workspace)
    before, after = comparing.pair(workspace)
    comparison = services.comparison(workspace, before, after)

st.markdown(widgets.plain(comparison.words()))
by = comparing.measure(workspace, comparison)
first, second = services.segmentation(workspace, before), services.segmentation(workspace, after)
widgets.plotly_chart(charts.flows(comparison, theme.palette(first), theme.palette(second), by))

left, right = st.columns(2)
with left:
    comparing.side(first)
with right:
    comparing.side(second)

st.header("Who moved")
comparing.movers(workspace, comparison)
next_step(navigation.COMPARE)
