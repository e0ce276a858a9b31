"""The router. Pages stand on their own: a cold server may run one without this file."""

import streamlit as st

from ui.navigation import STEPS, UPLOAD

st.navigation(
    [st.Page(step.script, title=step.title, default=step is UPLOAD) for step in STEPS], position="hidden"
).run()
