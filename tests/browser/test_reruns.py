"""A page that draws itself anew does not take back the visitor's click on another one."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.driving import PROJECT, App, running_app, settle

SCRIPT = f"""
import sys
import time

sys.path.insert(0, {str(PROJECT)!r})

import streamlit as st

from ui.widgets import run_again


def first():
    st.title("First")
    if st.button("Work"):
        time.sleep(2)
        run_again()


st.navigation([st.Page(first), st.Page(lambda: st.title("Second"), title="Second", url_path="second")]).run()
"""


@pytest.fixture(scope="module")
def two_pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("two_pages")
    script = folder / "two_pages.py"
    script.write_text(SCRIPT)
    # As the app itself is served.
    with running_app(script, folder, "--browser.gatherUsageStats=false", "--runner.fastReruns=false") as app:
        yield app


def test_a_click_on_another_page_is_not_forgotten_for_a_rerun(page: Page, two_pages: App) -> None:
    page.goto(two_pages.url)
    settle(page)
    page.get_by_role("button", name="Work").click()
    page.wait_for_timeout(500)  # in the midst of the work, during which nothing is drawn
    page.get_by_role("link", name="Second").click()
    expect(page.get_by_role("heading", name="Second")).to_be_visible(timeout=15_000)
    expect(page).to_have_url(re.compile("/second$"))
