"""See what one segmentation has that another has not."""

import streamlit as st

from charts import comparing as charts
from charts import theme
from ui import comparing, exploring, navigation, services, sides, widgets
from ui.frame import explained, next_step, open_page

workspace = open_page(navigation.COMPARE)

with explained(), exploring.patience(workspace):
    services.segmentation(workspace)
    pair = comparing.pair(workspace)
    if not all(map(sides.ready, pair)):
        st.stop()
    for side in pair:
        comparing.waited_for(workspace, side)
    first, second = sides.both(workspace, *pair)
    comparison = sides.comparison(workspace, *pair)

st.markdown(widgets.plain(comparison.words()))
comparing.adoption(workspace, pair)
by = comparing.measure(workspace, comparison)
widgets.plotly_chart(charts.flows(comparison, theme.palette(first), theme.palette(second), by))

comparing.side("First", first)
comparing.side("Second", second)

st.header("Who moved")
comparing.movers(comparison, first, second)
next_step(navigation.COMPARE)
