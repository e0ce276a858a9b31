"""One whole process, timed from the start of its interpreter to its end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Run:
    seconds: float
    cpu_seconds: float
    peak_mb: float
    found: dict


def run(code: str, path: Path, bytecode: Path) -> Run:
    """One whole process, with threads by default and with the bytecode compiled, as installed packages have it."""
    environment = {
        name: text for name, text in os.environ.items() if name not in {"OMP_NUM_THREADS", "PYTHONDONTWRITEBYTECODE"}
    }
    environment |= {"PYTHONPYCACHEPREFIX": str(bytecode), "PYTHONPATH": str(ROOT)}
    with tempfile.TemporaryFile() as out:
        start = time.perf_counter()
        process = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=out, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"A side of the comparison failed with exit code {process.returncode}.")
        out.seek(0)
        return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, json.load(out))
