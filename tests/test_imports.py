"""Imports go one way: app, pages -> ui -> charts -> core. And inspecting a file loads nothing that it does not need."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEIGHT = {"core": 0, "charts": 1, "ui": 2, "pages": 3, "app": 3}
IMPORTING_CALLS = {"__import__", "import_module", "importlib.import_module"}
NOT_FOR_PAGES = {"pandas", "numpy", "ibis", "duckdb", "sklearn", "scipy", "pyarrow"}


MODULES = [*(path for part in HEIGHT for path in sorted((ROOT / part).rglob("*.py"))), ROOT / "app.py"]


def part_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imported(source: str) -> set[str]:
    """The top-level packages that a module imports, wherever in it and for whatever purpose."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are written in full"
            names.add((node.module or "").partition(".")[0])
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in IMPORTING_CALLS:
            names |= {str(part.value).partition(".")[0] for part in node.args if isinstance(part, ast.Constant)}
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_one_way(path: Path):
    here = part_of(path)
    names = imported(path.read_text(encoding="utf-8"))
    ours = names & HEIGHT.keys()
    allowed = {part for part, height in HEIGHT.items() if height < HEIGHT[here]} | {here}
    if path == ROOT / "core" / "__main__.py":
        allowed |= {"charts"}  # it hands finished figures to the report
    if here == "pages":
        allowed -= {"pages"}  # a page stands alone: a cold server may run it first
    assert ours <= allowed
    assert "tests" not in names
    if here in {"core", "charts"}:
        assert "streamlit" not in names
    if here in {"pages", "app"}:
        assert names.isdisjoint(NOT_FOR_PAGES)


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import pandas as pd", {"pandas"}),
        ("def later():\n    from charts.theme import palette", {"charts"}),
        ("import importlib\nimportlib.import_module('ui.frame')", {"importlib", "ui"}),
    ],
)
def test_imports_are_seen_wherever_they_stand(source: str, names: set[str]):
    assert imported(source) == names


def test_there_are_modules_in_every_part():
    assert {part_of(path) for path in MODULES} == HEIGHT.keys()


def test_inspect_loads_neither_models_nor_charts(tmp_path: Path):
    """scikit-learn, Plotly and Altair take seconds to load that a look at a file need not wait for."""
    orders = tmp_path / "orders.csv"
    orders.write_text("customer,date,amount\nA,2024-01-05,1.00\nB,2024-01-06,2.00\n")
    script = (
        "import runpy, sys\n"
        f"sys.argv = ['core', 'inspect', {str(orders)!r}, '--json']\n"
        "try:\n    runpy.run_module('core', run_name='__main__')\n"
        "except SystemExit as stop:\n    assert not stop.code, stop.code\n"
        "print('loaded:', *sorted({name.partition('.')[0] for name in sys.modules}))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stderr
    loaded = set(ran.stdout.splitlines()[-1].split()[1:])
    assert {"core", "ibis", "duckdb"} <= loaded
    assert loaded.isdisjoint({"sklearn", "plotly", "altair", "streamlit", "scipy", "kneed", "charts"})
