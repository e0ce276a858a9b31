from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from charts import choosing, theme
from core.clustering.silhouette import Silhouette
from core.clustering.sweep import Sweep
from tests.charts import shops
from tests.charts.shops import texts


def rows(spec: dict[str, Any]) -> list[list[dict[str, Any]]]:
    return list(spec["datasets"].values())


def partial(sweep: Sweep, upto: int) -> Sweep:
    return replace(
        sweep,
        fits={k: fit for k, fit in sweep.fits.items() if k <= upto},
        silhouettes={k: each for k, each in sweep.silhouettes.items() if k <= upto},
    )


@pytest.mark.parametrize("chart", [choosing.elbow, choosing.silhouette])
def test_advised_and_chosen_are_marked_by_words_and_shapes(chart: Any):
    spec = chart(shops.swept(), 4, replace(shops.advice(), k=3), 6).to_dict()
    marks = [layer["mark"] for layer in spec["layer"]]
    assert {"advised: 3", "4 chosen"} <= set(texts(spec))
    assert [mark["type"] for mark in marks if mark["type"] == "rule"] == ["rule"]
    assert [mark["shape"] for mark in marks if "shape" in mark] == ["diamond"]
    assert sorted(row[0]["k"] for row in rows(spec) if len(row) == 1) == [3, 4]


def test_one_number_advised_and_chosen_is_said_once():
    found = texts(choosing.elbow(shops.swept(), 3, replace(shops.advice(), k=3), 6).to_dict())
    assert "advised and chosen: 3" in found


def test_the_elbow_begins_at_all_there_is_and_keeps_the_inertia():
    sweep = shops.swept()
    spec = choosing.elbow(sweep, 3, shops.advice(), 6).to_dict()
    curve = max(rows(spec), key=len)
    assert [row["k"] for row in curve] == [1, 2, 3, 4, 5, 6]
    assert curve[0]["value"] == 1
    assert curve[2]["value"] == pytest.approx(sweep.inertias[3] / sweep.inertias[1])
    assert float(curve[2]["inertia"].replace(",", "")) == pytest.approx(sweep.inertias[3], rel=1e-3)


@pytest.mark.parametrize("chart", [choosing.elbow, choosing.silhouette])
def test_the_curve_grows_in_place(chart: Any):
    whole = chart(shops.swept(), 3, shops.advice(), 6).to_dict()
    for upto in (1, 2, 4):
        part = chart(partial(shops.swept(), upto), 3, None, 6).to_dict()
        assert part["encoding"]["x"] == whole["encoding"]["x"]
        assert part["height"] == whole["height"] or upto < 3  # the title may be a line shorter
        assert part["layer"][0]["encoding"]["y"]["scale"] == whole["layer"][-1]["encoding"]["y"]["scale"]
    assert whole["encoding"]["x"]["axis"]["values"] == [1, 2, 3, 4, 5, 6]
    assert whole["encoding"]["x"]["axis"]["format"] == "d"


def test_the_silhouette_shows_its_band_where_it_is_an_estimate():
    sweep = shops.swept()
    sure = choosing.silhouette(sweep, 3, shops.advice(), 6).to_dict()
    estimated = replace(sweep, silhouettes={k: Silhouette(0.4, 0.02) for k in sweep.silhouettes}, exact=False)
    doubtful = choosing.silhouette(estimated, 3, shops.advice(), 6).to_dict()
    assert "area" not in [layer["mark"]["type"] for layer in sure["layer"]]
    assert doubtful["layer"][0]["mark"]["type"] == "area"
    row = max(rows(doubtful), key=len)[0]
    # Student's t with 9 degrees of freedom: 0.975 quantile 2.262.
    assert (row["low"], row["high"]) == pytest.approx((0.4 - 2.262 * 0.02, 0.4 + 2.262 * 0.02), abs=1e-4)
    assert row["told"] == "0.40 ± 0.05"


def test_specs_stay_small_however_many_customers():
    small = choosing.elbow(shops.swept(90), 3, shops.advice(90), 6).to_json()
    large = choosing.elbow(shops.swept(3000), 3, shops.advice(3000), 6).to_json()
    assert len(large) < len(small) + 200
    assert len(small) < 14_000


def test_titles_and_alternative_texts_tell_the_numbers():
    sweep, advice = shops.swept(), replace(shops.advice(), k=3)
    elbow, silhouette = choosing.elbow(sweep, 3, advice, 6), choosing.silhouette(sweep, 3, advice, 6)
    left = theme.percent(sweep.inertias[3] / sweep.inertias[1])
    assert f"3 segments leave {left} of the differences" in " ".join(elbow.to_dict()["title"]["text"])
    assert f"({sweep.silhouettes[3].value:.2f} of 1)" in " ".join(silhouette.to_dict()["title"]["text"])
    for chart, term in ((elbow, "(inertia"), (silhouette, "(silhouette")):
        assert any(term in text for text in texts(chart.to_dict()["layer"]))
        assert theme.alt_text(chart).endswith("Advised: 3.")


def test_sizes_name_segments_that_are_too_small():
    segmentation = shops.segmentation(names={1: "Best", 2: "Rest", 3: "Lost"})
    palette = theme.palette(segmentation)
    least = min(segment.share_of_customers for segment in segmentation.segments)
    fine = choosing.sizes(segmentation, palette, min_share=least / 2).to_dict()
    small = choosing.sizes(segmentation, palette, min_share=least + 0.001).to_dict()
    assert "smallest segment holds" in " ".join(fine["title"]["text"])
    assert "less than" in " ".join(small["title"]["text"])
