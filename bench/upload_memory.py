"""The server's memory around an upload of 200 MB, in Chromium: at its start, once the file is read, once forgotten.

The peak between two looks is the kernel's own mark (VmHWM), which is set back before each step.

    python bench/upload_memory.py [MEGABYTES]
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import expect, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tests.browser import visiting
from tests.browser.conftest import CHROMIUM_FLAGS
from tests.browser.driving import PROJECT, running_app, settle

MINUTES = 60 * visiting.SECONDS
ROWS_AT_ONCE = 200_000


def order_file(megabytes: int, folder: Path) -> Path:
    """Order lines as a shop exports them; of one in a hundred the customer is missing."""
    random = np.random.default_rng(7)
    file = folder / "orders.csv"
    line = 0
    with file.open("w", encoding="utf-8") as text:
        text.write("order_id,order_date,customer_id,email,product,quantity,amount,country\n")
        while text.tell() < megabytes * 1_000_000:
            who = random.integers(0, 150_000, ROWS_AT_ONCE)
            day = random.integers(1, 29, ROWS_AT_ONCE)
            month = random.integers(1, 13, ROWS_AT_ONCE)
            amount = random.lognormal(3, 0.8, ROWS_AT_ONCE)
            known = random.random(ROWS_AT_ONCE) > 0.01
            text.writelines(
                f"O{line + place},2024-{month[place]:02}-{day[place]:02},{f'C{who[place]:06}' if known[place] else ''},"
                f"{f'customer{who[place]}@example.com' if known[place] else ''},SKU-{place % 997:04},"
                f"{1 + place % 5},{amount[place]:.2f},Kenya\n"
                for place in range(ROWS_AT_ONCE)
            )
            line += ROWS_AT_ONCE
    return file


class Server:
    """The memory of a process that listens at an address, in MB of 1,000,000 bytes."""

    def __init__(self, port: str) -> None:
        self.process = next(
            process
            for process in Path("/proc").iterdir()
            if process.name.isdecimal() and f"--server.port={port}" in _arguments(process)
        )

    def memory(self, what: str = "VmRSS") -> float:
        status = (self.process / "status").read_text()
        kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith(f"{what}:"))
        return int(kilobytes) * 1024 / 1e6

    def forget_peak(self) -> None:
        (self.process / "clear_refs").write_text("5")


def _arguments(process: Path) -> list[str]:
    try:
        return (process / "cmdline").read_text().split("\0")
    except OSError:  # it ended meanwhile
        return []


def main() -> None:
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = order_file(megabytes, Path(folder))
        size = file.stat().st_size / 1e6
        with running_app(PROJECT / "app.py", Path(folder)) as app:
            server = Server(app.url.rpartition(":")[2])
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_FLAGS)
            page = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB").new_page()
            # What every visit loads once and for all is no part of what the file takes.
            visiting.take_sample(page, app)
            page.get_by_role("button", name="Forget my data").click()
            visiting.arrived(page, "Upload")

            def look(what: str, begun: float) -> None:
                now, peak = server.memory(), server.memory("VmHWM")
                seconds = time.perf_counter() - begun
                print(
                    f"{what:<20} {now:>6.0f} MB ({now / size:.2f} times the file), peak {peak:>5.0f}, {seconds:.0f} s",
                    flush=True,
                )
                server.forget_peak()

            print(f"file: {size:.0f} MB")
            look("at the start", time.perf_counter())
            begun = time.perf_counter()
            visiting.upload(page, file)
            expect(page.get_by_role("heading", name="What was understood")).to_be_visible(timeout=10 * MINUTES)
            page.get_by_role("link", name="Next: Features").wait_for(timeout=10 * MINUTES)
            settle(page, timeout=600)
            look("read", begun)
            begun = time.perf_counter()
            page.get_by_text("Leave returns out", exact=True).click()
            settle(page, timeout=600)
            look("after another choice", begun)
            begun = time.perf_counter()
            page.get_by_role("button", name="Forget my data").click()
            visiting.arrived(page, "Upload")
            look("forgotten", begun)
            browser.close()


if __name__ == "__main__":
    main()
