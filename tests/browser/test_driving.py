"""The other browser tests stand on these: that waiting waits, and that nothing leaves unseen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.driving import App, running_app, settle

SCRIPT = """
import time

import streamlit as st

st.title("Small")
if st.button("Work"):
    time.sleep(2)
    st.write("worked")
"""


@pytest.fixture(scope="module")
def small_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("small_app")
    script = folder / "small.py"
    script.write_text(SCRIPT)
    with running_app(script, folder, "--browser.gatherUsageStats=false") as app:
        yield app


def test_settle_outlasts_a_slow_run(page: Page, small_app: App) -> None:
    page.goto(small_app.url)
    settle(page)
    assert page.get_by_text("worked").count() == 0
    page.get_by_role("button", name="Work").click()
    settle(page)
    assert page.get_by_text("worked").count() == 1


def test_a_streamlit_page_asks_nothing_of_the_outside(page: Page, small_app: App, outside_requests: list[str]) -> None:
    page.goto(small_app.url)
    settle(page)
    expect(page.get_by_role("heading", name="Small")).to_be_visible()
    assert outside_requests == []


@pytest.mark.parametrize("scheme", ["http", "ws"])
@pytest.mark.parametrize("host", ["example.com", "192.0.2.1"])
def test_what_asks_the_outside_is_noted_and_gets_no_answer(
    scheme: str,
    host: str,
    new_context: Callable[..., BrowserContext],
    small_app: App,
    outside_requests: list[str],
) -> None:
    page = new_context().new_page()
    page.goto(small_app.url)
    outcome = page.evaluate(
        """address => new Promise(done => {
            if (address.startsWith('http')) {
                fetch(address, {mode: 'no-cors'}).then(() => done('answer'), () => done('none'));
                return;
            }
            const socket = new WebSocket(address);
            socket.onopen = () => done('answer');
            socket.onerror = () => done('none');
        })""",
        f"{scheme}://{host}/ask",
    )
    assert outcome == "none"
    assert outside_requests == [f"{scheme}://{host}/ask"]
    outside_requests.clear()


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="does not exist"), running_app(tmp_path / "absent.py", tmp_path):
        pass
