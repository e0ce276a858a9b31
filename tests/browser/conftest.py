"""A real server and Debian's Chromium, for what only a browser shows. Importable helpers are in `driving`."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.browser.driving import PROJECT, App, running_app

# The last flags keep Chromium itself from calling home; the resolver rules keep every page from it too.
CHROMIUM_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
    # Playwright leaves an event loop running in this thread until the session ends: asyncio.run() would then fail.
    items.sort(key=lambda item: here in item.path.parents)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """How pytest-playwright starts the browser: Debian's, since Playwright's own can't be fetched everywhere."""
    chromium = shutil.which("chromium")
    if chromium is None:
        missing = "chromium is not installed: apt-get install chromium"
        if os.environ.get("CI"):
            pytest.fail(missing, pytrace=False)
        pytest.skip(missing)
    return {**browser_type_launch_args, "executable_path": chromium, "args": CHROMIUM_FLAGS}


@pytest.fixture(scope="session")
def base_url() -> None:
    """None: a test names the server it means. (pytest-playwright's own is a form that pytest 9 warns of.)"""


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """What every context gets. A test asks for more by `new_context(color_scheme="dark")` or by its marker."""
    return {
        **browser_context_args,
        "viewport": {"width": 1280, "height": 900},
        "locale": "en-GB",
        "timezone_id": "UTC",
        "reduced_motion": "reduce",
    }


@pytest.fixture
def outside_requests() -> Iterator[list[str]]:
    """Addresses beyond this machine that pages asked for. They get no answer, and fail the test at its end."""
    addresses: list[str] = []
    yield addresses
    assert not addresses, f"requests left the machine: {addresses}"


@pytest.fixture
def new_context(
    new_context: Callable[..., BrowserContext], outside_requests: list[str]
) -> Callable[..., BrowserContext]:
    """pytest-playwright's, watched. `context` and `page` are made by it too."""

    def note(address: str) -> None:
        parts = urlsplit(address)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.hostname not in {"127.0.0.1", "localhost"}:
            outside_requests.append(address)

    def watch(page: Page) -> None:
        page.on("websocket", lambda socket: note(socket.url))

    def watched(**options: Any) -> BrowserContext:
        context = new_context(**options)
        context.on("request", lambda request: note(request.url))
        context.on("page", watch)
        return context

    return watched


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app on one server for all tests; each page still gets a session of its own."""
    with running_app(PROJECT / "app.py", tmp_path_factory.mktemp("app")) as app:
        yield app


@pytest.fixture
def cold_app(tmp_path: Path) -> Iterator[App]:
    """The app on a server that nobody has visited yet, for this test alone."""
    with running_app(PROJECT / "app.py", tmp_path) as app:
        yield app
