from __future__ import annotations

import re
from functools import cache

import pytest

from charts import choosing, lineage, previewing
from charts.steady import Steady, steady
from core.clustering.preparation import PreparationOptions, prepare
from core.segments import naming
from core.segments.generations import Generation, generations
from tests.charts import shops

MOVES = (2, 4, 6)


@cache
def line() -> tuple[Generation, ...]:
    features = shops.shop()
    preparation = prepare(features.values, shops.USED, PreparationOptions())
    return generations(features, preparation, shops.swept().fits, naming.ranks(features.values)).line()


@cache
def charts() -> dict[str, Steady]:
    """All that follows the slider, drawn with another number than those that are looked at."""
    previewed = previewing.preview(line(), "EUR")
    return {
        "elbow": steady(choosing.elbow(shops.swept(), 3, shops.advice(), 6, previewed)),
        "silhouette": steady(choosing.silhouette(shops.swept(), 3, shops.advice(), 6, previewed)),
        "sizes": steady(choosing.sizes(line(), 3)),
        "step": steady(lineage.step(line(), 3, "EUR")),
        "tree": steady(lineage.tree(line(), 3, "EUR")),
    }


@pytest.mark.parametrize("name", charts())
def test_another_number_chosen_changes_one_data_set_and_nothing_else(name: str):
    """Else the browser would build the chart anew."""
    moved = [charts()[name].at(k) for k in MOVES]
    assert [name for name in moved[0]["datasets"] if len({each["datasets"][name] for each in moved}) > 1] == ["number"]
    frames = [{part: value for part, value in each.items() if part != "datasets"} for each in moved]
    assert frames[0] == frames[1] == frames[2]
    assert "description" not in frames[0]  # which Streamlit is given apart


@pytest.mark.parametrize("k", MOVES)
def test_each_chart_shows_the_number_chosen(k: int):
    found = {name: shops.written(shops.inline(chart, k)) for name, chart in charts().items()}
    titles = {name: " ".join(texts) for name, texts in found.items()}
    assert f"{k} segments leave " in titles["elbow"]
    assert f"With {k} segments customers fit" in titles["silhouette"]
    chosen = {f"{k} chosen", f"advised and chosen: {k}"}
    for name in ("elbow", "silhouette", "step", "tree"):
        assert chosen & set(found[name])
        assert not {f"{other} chosen" for other in MOVES if other != k} & set(found[name])
    picture = shops.picture(shops.inline(charts()["sizes"], k))
    assert len(re.findall('aria-roledescription="bar"', picture)) == k
    assert f"From {min(k, 5)} segments to {min(k, 5) + 1}: " in titles["step"]


def test_a_chart_is_as_high_as_its_rows():
    heights = []
    for k in MOVES:
        size = re.search(r'<svg[^>]* height="([0-9.]+)"', shops.picture(shops.inline(charts()["sizes"], k)))
        assert size is not None
        heights.append(float(size[1]))
    assert heights[1] - heights[0] == pytest.approx(2 * 44, abs=20)  # a title may take a line more
    assert heights[2] - heights[1] == pytest.approx(2 * 44, abs=20)
