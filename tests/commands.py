"""The command line in this process: what it says to people, to programs and to the shell."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.__main__ import main as core_main


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one JSON object on stdout; fails where there is anything else."""
        told = json.loads(self.out, parse_constant=lambda word: pytest_fail(f"{word} is not JSON"))
        assert isinstance(told, dict)
        return told


def pytest_fail(message: str) -> None:
    raise AssertionError(message)
