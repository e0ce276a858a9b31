from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from charts import closeup, theme
from core.segments.closeup import CloseUp, close_up
from core.segments.segmentation import Segmentation
from tests.charts import shops
from tests.charts.shops import texts


def found(segmentation: Segmentation) -> CloseUp:
    return close_up(segmentation.preparation.fit_matrix(segmentation.features.values), segmentation)


def test_each_segment_has_its_sorted_profile_in_a_band_of_its_own():
    segmentation = shops.segmentation(3)
    close = found(segmentation)
    spec = closeup.silhouettes(close, segmentation, theme.palette(segmentation)).to_dict()
    (rows,) = spec["datasets"].values()
    for number in (1, 2, 3):
        mine = [row for row in rows if row["segment"] == number]
        values = [row["value"] for row in mine]
        assert values == sorted(values, reverse=True)
        assert values == pytest.approx(sorted(close.silhouettes[close.places == number - 1], reverse=True), abs=1e-3)
        assert all(number - 1 < row["y"] < row["y2"] < number for row in mine)
    assert spec["encoding"]["color"]["scale"]["range"] == list(theme.palette(segmentation).values())


def test_misplaced_customers_are_counted():
    segmentation = shops.segmentation(2)
    places = np.repeat([0, 1], [4, 6])
    silhouettes = np.array([0.5, 0.5, 0.5, -0.1] + [0.4] * 6)
    close = replace(found(segmentation), places=places, silhouettes=silhouettes)
    spec = closeup.silhouettes(close, segmentation, theme.palette(segmentation)).to_dict()
    assert "10% of the customers stand nearer to another segment" in " ".join(spec["title"]["text"])
    assert any("25% misplaced" in text for text in texts(spec["encoding"]["y"]))
    assert spec["encoding"]["x"]["scale"]["domain"] == [-0.2, 1]


def test_a_customer_alone_in_her_segment_is_seen():
    segmentation = shops.segmentation(2)
    close = replace(found(segmentation), places=np.array([0, 1, 1]), silhouettes=np.array([0.0, 0.5, 0.6]))
    (rows,) = closeup.silhouettes(close, segmentation, theme.palette(segmentation)).to_dict()["datasets"].values()
    (alone,) = [row for row in rows if row["segment"] == 1]
    assert alone["y2"] - alone["y"] > 0.8


def test_the_map_says_what_its_directions_mean_and_marks_the_middles():
    segmentation = shops.nasty(3)
    close = replace(found(segmentation), meanings=("spend more", ""))
    spec = closeup.where(close, segmentation, theme.palette(segmentation)).to_dict()
    told = texts(spec)
    assert "To the right: spend more" in told
    assert "Further up: no further differences" in told
    points, middles = sorted(spec["datasets"].values(), key=len, reverse=True)
    assert len(points) == close.customers
    assert [row["segment"] for row in middles] == [1, 2, 3]
    assert [row["name"] for row in middles] == [theme.label(segment) for segment in segmentation.segments]
    assert spec["description"].startswith("Scatter plot")


def test_specs_of_many_customers_stay_below_the_limit_of_points():
    features = shops.shop(12_000)
    segmentation = shops.segmentation(3, features)
    close = found(segmentation)
    palette = theme.palette(segmentation)
    points = max(closeup.where(close, segmentation, palette).to_dict()["datasets"].values(), key=len)
    assert 4_900 < len(points) <= 5_000
    (rows,) = closeup.silhouettes(close, segmentation, palette).to_dict()["datasets"].values()
    assert len(rows) <= 3 * 120
