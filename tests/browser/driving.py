"""Serving an app for a browser, and waiting for it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page

PROJECT = Path(__file__).resolve().parents[2]
START_SECONDS = 90

# The first look after a click can come before the browser has even sent it: only a lasting calm counts.
_CALM = """milliseconds => {
    const app = document.querySelector('[data-testid="stApp"]');
    const calm = app?.dataset.testScriptState === 'notRunning' && app.dataset.testConnectionState === 'CONNECTED';
    const now = performance.now();
    window.calmSince = calm ? (window.calmSince ?? now) : null;
    return calm && now - window.calmSince >= milliseconds;
}"""


@dataclass(frozen=True, slots=True)
class App:
    """A running server."""

    url: str  # without a slash at its end
    log_file: Path

    def log(self) -> str:
        """What the server has printed so far; a traceback in it is a defect."""
        return self.log_file.read_text(encoding="utf-8", errors="replace")


@contextmanager
def running_app(script: Path, folder: Path, *options: str) -> Iterator[App]:
    """A server of `script` that nobody has visited yet. Its log and its home are in `folder`."""
    app = App(f"http://127.0.0.1:{_free_port()}", folder / "server.log")
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.headless=true"]
    command += ["--server.address=127.0.0.1", f"--server.port={app.url.rpartition(':')[2]}", *options]
    # Settings of whoever runs the tests, from the environment or the home, must not decide how they end.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("STREAMLIT_")}
    environment["HOME"] = str(folder)
    with app.log_file.open("wb") as log:
        server = subprocess.Popen(
            command,
            cwd=script.parent,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        _wait_until_healthy(app, server)
        yield app
    finally:
        _stop(server)


def settle(page: Page, *, calm: float = 0.3, timeout: float = 60) -> None:
    """Wait until the script has not run for `calm` seconds; fail after `timeout` seconds."""
    page.locator('[data-testid="stApp"]').wait_for(timeout=timeout * 1000)
    page.evaluate("window.calmSince = null")
    page.wait_for_function(_CALM, arg=calm * 1000, polling=50, timeout=timeout * 1000)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def _wait_until_healthy(app: App, server: subprocess.Popen[bytes]) -> None:
    local = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if server.poll() is not None:
            raise RuntimeError(f"the server ended with {server.returncode}:\n{app.log()}")
        try:
            with local.open(f"{app.url}/_stcore/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.1)
    raise RuntimeError(f"the server was not healthy within {START_SECONDS} s:\n{app.log()}")


def _stop(server: subprocess.Popen[bytes]) -> None:
    for attempt in (signal.SIGTERM, signal.SIGKILL):
        try:
            # Whatever the server started goes with it.
            os.killpg(server.pid, attempt)
        except ProcessLookupError:
            break
        try:
            server.wait(timeout=10)
            break
        except subprocess.TimeoutExpired:
            continue
    server.wait()
