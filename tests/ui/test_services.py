"""What pages ask: choices that change others change no more than they have to."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.analysis import PRESETS
from core.engine import Engine
from core.orders.cleaning import Returns
from core.orders.source import open_sources
from ui import choices, files
from ui.session import Workspace

ROWS = "".join(f"C{n},2024-01-{n:02},{n * 5},EUR,USD\n" for n in range(1, 9))


@pytest.fixture
def workspace(tmp_path: Path):
    path = tmp_path / "orders.csv"
    path.write_text(f"customer,date,amount,currency,settled in\n{ROWS}")
    with Engine() as engine:
        yield Workspace(engine=engine, source=open_sources(engine, [path]))


@pytest.mark.parametrize("said", ["net", "ignore", "as-is"])
def test_without_a_preset_returns_count_as_they_were_said_to(workspace: Workspace, said: Returns) -> None:
    asks_for = {name: preset.returns for name, preset in PRESETS.items() if preset.returns}
    assert asks_for
    files.choose(workspace, returns=said)
    for name, returns in asks_for.items():
        choices.apply_preset(workspace, name)
        assert workspace.cleaning.returns == returns
        choices.apply_preset(workspace, name)
        choices.apply_preset(workspace, None)
        assert workspace.cleaning.returns == said


def test_what_is_said_of_returns_under_a_preset_stays(workspace: Workspace) -> None:
    name = next(name for name, preset in PRESETS.items() if preset.returns not in {None, "ignore"})
    choices.apply_preset(workspace, name)
    files.choose(workspace, returns="ignore")
    choices.apply_preset(workspace, None)
    assert workspace.cleaning.returns == "ignore"


def test_another_column_of_currencies_makes_the_chosen_currency_void(workspace: Workspace) -> None:
    """Else no row would be left, and nothing to take it back with."""
    files.choose(workspace, currency="EUR")
    files.choose_column(workspace, "currency", "settled in")
    assert files.lines(workspace).reading.currency == "USD"
