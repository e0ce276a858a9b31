from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pytest

from charts import lineage, theme
from core.clustering.preparation import PreparationOptions, prepare
from core.clustering.sweep import sweep
from core.segments import naming
from core.segments.generations import Generation, generations
from core.segments.segmentation import segment
from tests.charts import shops


@cache
def line(k_max: int = 6, n_customers: int = 90) -> tuple[Generation, ...]:
    features = shops.shop(n_customers)
    preparation = prepare(features.values, shops.USED, PreparationOptions())
    fits = shops.swept(n_customers, k_max).fits
    return generations(features, preparation, fits, naming.ranks(features.values)).line()


def rows(spec: dict[str, Any], column: str) -> list[dict[str, Any]]:
    """The data of the layer that has this column."""
    return next(data for data in spec["datasets"].values() if column in data[0])


def bars(spec: dict[str, Any]) -> list[dict[str, Any]]:
    return rows(spec, "number")


def bands(spec: dict[str, Any]) -> list[dict[str, Any]]:
    return rows(spec, "band")


def spans(points: Sequence[dict[str, Any]], digits: int) -> list[tuple[float, float]]:
    return sorted((round(each["left"], digits), round(each["right"], digits)) for each in points)


@pytest.mark.parametrize("k_max", [2, 6, 10])
def test_bars_of_every_row_are_as_wide_as_customers_and_stand_beside_each_other(k_max: int):
    spec = lineage.tree(line(k_max), 2, "EUR").to_dict()
    for each in line(k_max):
        row = [bar for bar in bars(spec) if round(bar["y"] + bar["y2"], 6) == 2 * (each.n_segments - 1)]
        widths = np.array([bar["right"] - bar["left"] for bar in row])
        # One scale for all rows: that of the first, whose only bar is everyone.
        whole = bars(spec)[0]["right"] - bars(spec)[0]["left"]
        np.testing.assert_allclose(widths, whole * each.sizes / each.sizes.sum(), atol=1e-9)
        edges = spans(row, 9)
        assert all(right <= left for (_, right), (left, _) in itertools.pairwise(edges))
        assert edges[0][0] >= 0
        assert edges[-1][1] <= 1
        rooms = sorted((bar["middle"] - bar["room"] / 2, bar["middle"] + bar["room"] / 2) for bar in row)
        assert all(right <= left + 1e-9 for (_, right), (left, _) in itertools.pairwise(rooms))
        # Room for a number on a phone: the plot is about 320 px wide there, "10." takes 18 px at most.
        assert min(bar["room"] for bar in row) * 320 > 12


def test_bands_fill_the_bars_they_leave_and_reach():
    spec = lineage.tree(line(), 2, "EUR").to_dict()
    for each in line()[1:]:
        mine = [point for point in bands(spec) if point["band"].startswith(f"{each.n_segments}/")]
        for at, k in ((min(p["y"] for p in mine), each.n_segments - 1), (max(p["y"] for p in mine), each.n_segments)):
            row = [bar for bar in bars(spec) if round((bar["y"] + bar["y2"]) / 2) == k - 1]
            covered = sum(point["right"] - point["left"] for point in mine if point["y"] == at)
            assert covered == pytest.approx(sum(bar["right"] - bar["left"] for bar in row), abs=1e-3)
            edges = spans([point for point in mine if point["y"] == at], 4)
            assert all(right <= left + 2e-4 for (_, right), (left, _) in itertools.pairwise(edges))


def test_colours_are_those_of_all_other_charts():
    features = shops.shop()
    spec = lineage.tree(line(), 4, "EUR").to_dict()
    preparation = prepare(features.values, shops.USED, PreparationOptions())
    found = segment(features, preparation, shops.swept().fits[4], generation=line()[3])
    row = {bar["name"]: bar["colour"] for bar in bars(spec) if round((bar["y"] + bar["y2"]) / 2) == 3}
    assert row == dict(theme.palette(found))


def test_the_chosen_row_is_marked_by_words_and_a_ground():
    found = {k: lineage.tree(line(), k, "EUR").to_dict() for k in (2, 4)}
    for k, spec in found.items():
        assert [text for text in shops.written(spec) if "chosen" in text] == [f"{k} chosen"]
        assert {"1", "3", "5", "6"} <= set(shops.written(spec))
        grounds = {ground["k"]: ground for ground in rows(spec, "y2") if "band" not in ground and "name" not in ground}
        assert grounds[k]["y"] < k - 1 < grounds[k]["y2"] < k  # the first row is 0
    two, four = (re.findall(r'<path[^>]*fill="#767C85"[^>]*>', shops.picture(found[k])) for k in (2, 4))
    assert len(two) == len(four) == 1
    assert two != four


def test_the_step_says_how_many_change_and_draws_them_stronger():
    spec = lineage.step(line(), 3, "EUR").to_dict()
    after = line()[3]
    assert after.step is not None
    stay = sum(after.step.customers[origin, place] for place, origin in enumerate(after.step.origins) if origin >= 0)
    found = shops.written(spec)
    assert any(text.startswith(f"From 3 segments to 4: {90 - stay} of 90 customers") for text in found)
    assert {"3 chosen", "4"} <= set(found)
    strengths = {point["band"]: point["strength"] for point in bands(spec) if point["k"] == 3}
    assert len(strengths) == np.count_nonzero(after.step.customers)
    for source, target in np.argwhere(after.step.customers).tolist():
        stays = after.step.origins[target] == source
        assert strengths[f"4/{source}/{target}"] == (0.3 if stays else 0.6)
    with pytest.raises(ValueError, match="no segments before"):
        lineage.step(line()[:1], 1, "EUR")


def test_at_the_last_number_the_step_is_the_one_before():
    found = shops.written(lineage.step(line(), 6, "EUR").to_dict())
    assert {"5", "6 chosen"} <= set(found)
    assert any(text.startswith("From 5 segments to 6: ") for text in found)


def test_a_bar_says_where_its_customers_come_from():
    (two, other) = (bar for bar in bars(lineage.tree(line(), 2, "EUR").to_dict()) if bar["y"] + bar["y2"] == 2)
    assert two["origin"] == f", from 1. All customers ({line()[1].sizes[0]})"
    assert other["origin"] == f", from 1. All customers ({line()[1].sizes[1]})"


def test_specs_stay_small_however_many_customers():
    small, large = (lineage.tree(line(6, n), 3, "EUR").to_json(indent=None) for n in (90, 3000))
    # Four points for each pair of segments that share customers, at most 2 + 6 + 12 + 20 + 30 pairs.
    assert len(bands(lineage.tree(line(6, 3000), 3, "EUR").to_dict())) <= 4 * 70
    assert max(len(small), len(large)) < 4 * 70 * 220 + 20_000


def test_without_money_bars_tell_customers_alone():
    features = shops.shop(money=False)
    preparation = prepare(features.values, ["recency_days", "order_count"], PreparationOptions())
    fits = sweep(preparation.fit_matrix(features.values), k_max=3).fits
    born = generations(features, preparation, fits, naming.ranks(features.values)).line()
    assert {bar["told"] for bar in bars(lineage.step(born, 2, None).to_dict())} == {
        f"{size:,}" for each in born for size in each.sizes.tolist()
    }
