"""Customers who stay in the engine get the segments of a recipe that they would get in memory."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.analysis import SegmentOptions, analyse
from core.clustering.preparation import PreparationOptions
from core.engine import Engine
from core.exports import bundle
from core.exports.recipe import Recipe
from core.exports.takeaway import Wanted
from core.large import sweeping
from core.orders.cleaning import OrderLines
from core.orders.source import open_sources
from core.orders.understanding import understand
from core.scoring import Scored, score

SAMPLE = Path(__file__).parents[2] / "sample_data" / "pharmacy_sales.csv.gz"


@pytest.fixture
def lines(engine: Engine) -> OrderLines:
    understood = understand(engine, open_sources(engine, [SAMPLE]))
    assert isinstance(understood, OrderLines)
    return understood


def recipe_of(lines: OrderLines, options: SegmentOptions) -> Recipe:
    return bundle.recipe(analyse(lines, options))


def both_ways(engine: Engine, lines: OrderLines, recipe: Recipe) -> tuple[Scored, Scored]:
    in_memory, stayed = score(lines, recipe), score(lines, recipe, engine=engine, most_in_memory=0)
    assert in_memory.everyone is None
    assert stayed.everyone is not None
    return in_memory, stayed


def files_of(folder: Path) -> dict[Path, pd.DataFrame]:
    return {path.relative_to(folder): pd.read_csv(path) for path in folder.rglob("*.csv")}


@pytest.mark.parametrize("far", [False, True], ids=["all are somebody's", "one is nobody's"])
@pytest.mark.parametrize(
    "options",
    [
        SegmentOptions(k=3),
        SegmentOptions(
            preset="rfm", k=4, preparation=PreparationOptions("log", "cap", "robust", {"recency_days": 2.0})
        ),
    ],
    ids=["usual", "weighted"],
)
def test_files_are_those_of_customers_in_memory(
    options: SegmentOptions, far: bool, lines: OrderLines, engine: Engine, tmp_path: Path
):
    recipe = recipe_of(lines, options)
    if far:  # so far from everybody that nobody's nearest centre is there
        recipe = replace(recipe, centers=(*recipe.centers[:-1], tuple(50.0 for _ in recipe.features)))
    for name, scored in zip(("memory", "engine"), both_ways(engine, lines, recipe), strict=True):
        bundle.write_scored(lines, scored, tmp_path / name, Wanted(control_share=0.1, seed=recipe.seed))
        facts = [each.facts() for each in scored.segmentation.segments]
        (tmp_path / name / "facts.json").write_text(json.dumps(facts))
    in_memory, stayed = files_of(tmp_path / "memory"), files_of(tmp_path / "engine")
    assert in_memory.keys() == stayed.keys()
    for path, expected in in_memory.items():
        pd.testing.assert_frame_equal(stayed[path], expected, rtol=1e-9, atol=1e-9, check_dtype=False)
    expected, found = (json.loads((tmp_path / name / "facts.json").read_text()) for name in ("memory", "engine"))
    for one, other in zip(expected, found, strict=True):
        assert one.keys() == other.keys()
        for name, value in one.items():
            assert other[name] == (pytest.approx(value) if isinstance(value, float) else value)


def test_figures_are_of_all_where_some_stand_for_them(
    lines: OrderLines, engine: Engine, monkeypatch: pytest.MonkeyPatch
):
    recipe = recipe_of(lines, SegmentOptions(k=3))
    in_memory = score(lines, recipe)
    monkeypatch.setattr(sweeping, "DRAWN", 200)
    stayed = score(lines, recipe, engine=engine, most_in_memory=0)
    assert len(stayed.segmentation.features) < len(in_memory.segmentation.features)
    for one, other in zip(in_memory.segmentation.segments, stayed.segmentation.segments, strict=True):
        assert (other.name, other.customers) == (one.name, one.customers)
        np.testing.assert_allclose([other.revenue, other.share_of_revenue], [one.revenue, one.share_of_revenue])
    [note] = stayed.notes
    assert f"{len(in_memory.segmentation.features):,} customers were given their segments where they are" in note


def test_lists_for_platforms_are_of_customers_in_memory(lines: OrderLines, engine: Engine, tmp_path: Path):
    _, stayed = both_ways(engine, lines, recipe_of(lines, SegmentOptions(k=3)))
    with pytest.raises(ValueError, match="in memory"):
        bundle.write_scored(lines, stayed, tmp_path / "out", Wanted(workbook=True))
    assert not (tmp_path / "out").exists()
