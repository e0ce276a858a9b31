"""Bring a file of orders, or of customers, and see how it was understood."""

import streamlit as st

from ui import navigation, reading, services
from ui.frame import explained, next_step, open_page

workspace = open_page(navigation.UPLOAD)

reading.drop_zone(workspace)
if not workspace.has_orders:
    st.stop()

st.header("What was understood")
reading.columns(workspace)
reading.questions(workspace)
with explained():
    lines = services.lines(workspace)
    reading.headline(lines)

st.header("What is used, and what is not")
reading.account(workspace, lines)
next_step(navigation.UPLOAD)
