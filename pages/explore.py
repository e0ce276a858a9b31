"""Meet each segment: who they are, what they bring, what to do."""

import streamlit as st

from charts import exploring as detailed
from charts import segments as charts
from charts import theme
from ui import buying, describing, exploring, navigation, planning, services, widgets
from ui.frame import explained, next_step, open_page

workspace = open_page(navigation.EXPLORE)

with explained(), exploring.patience(workspace):
    segmentation = services.segmentation(workspace)
palette = theme.palette(segmentation)

st.header("The segments")
exploring.cards(workspace, segmentation)

st.header("What would a campaign bring?")
planning.campaign(workspace, segmentation)

st.header("Side by side")
left, right = st.columns(2)
with left:
    widgets.altair_chart(charts.customers_per_segment(segmentation, palette))
    widgets.altair_chart(charts.shares(segmentation, palette))
with right:
    widgets.altair_chart(charts.mean_revenue_per_segment(segmentation, palette))
    widgets.altair_chart(charts.recency_by_segment(segmentation, palette))
exploring.summary(segmentation)

st.header("What sets them apart")
widgets.plotly_chart(detailed.profile_heatmap(segmentation))

buying.show(workspace, segmentation, palette)

describing.classic_groups(workspace, segmentation)

st.header("Rules to rebuild them")
describing.rules(workspace, segmentation)
describing.sql(workspace)

st.header("Any two features")
exploring.cloud(workspace, segmentation, palette)

st.header("The customers of one segment")
exploring.members(workspace, segmentation)
next_step(navigation.EXPLORE)
