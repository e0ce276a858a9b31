"""Take the lists, the tables and the report with you."""

import streamlit as st

from ui import audiences, exploring, leaving, navigation, services
from ui.frame import explained, open_page

workspace = open_page(navigation.DOWNLOAD)

with explained(), exploring.patience(workspace):
    segmentation = services.segmentation(workspace)

audiences.control_group(workspace, segmentation)

st.header("A list for each segment")
leaving.lists(workspace, segmentation)

st.header("Lists for ad and email platforms")
audiences.for_platform(workspace, segmentation)

st.header("Everything about the segments")
leaving.tables(workspace)

st.header("To show, and to use again")
leaving.report_and_recipe(workspace)
