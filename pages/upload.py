"""Bring a file of orders, or of customers, and see how it was understood."""

import streamlit as st

from ui import files, navigation, overview, questions, reading, understanding
from ui.frame import next_step, open_page

workspace = open_page(navigation.UPLOAD)

reading.drop_zone(workspace)
if not workspace.has_orders:
    st.stop()

st.header("What was understood")
lines = reading.read(workspace)
understanding.recognised(workspace)
if lines is not None:
    reading.headline(lines)
questions.ask(workspace)
place_for_copies = st.empty()
understanding.columns(workspace)
if lines is None:
    st.stop()

st.header("What is used, and what is not")
reading.account(workspace, lines)

overview.show(workspace)
next_step(navigation.UPLOAD)
questions.copies(workspace, place_for_copies)
files.rest(workspace)
