from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from core.engine import Engine

# Deadlines measure how busy the machine is. CI repeats the same examples, so that red means a change and not a draw.
settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ci" if os.environ.get("CI") else "local")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real order files with published figures, which stands beside the project and not inside it."""
    folder = Path(__file__).resolve().parents[1] / "../shared/data"
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}")
    return folder.resolve()


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """One database for all tests that do not test the database: opening one takes longer than asking it."""
    from core.engine import Engine

    with Engine() as opened:
        yield opened
