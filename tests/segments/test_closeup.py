from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import silhouette_samples

from core.clustering.sampling import MOST_POINTS
from core.features import catalog
from core.segments.closeup import close_up, meaning
from core.segments.playbook import playbook
from tests.segments.builders import customers, grouped


def test_a_direction_is_said_by_its_strongest_features():
    told = meaning({"total_revenue": 0.7, "order_count": 0.6, "recency_days": -0.4, "return_rate": 0.1})
    assert told == "spend more, order more often, ordered more lately"
    assert meaning({"recency_days": 0.9, "total_revenue": -0.1}) == "ordered longer ago"
    assert meaning({"Annual Income": -0.9, "age": 0.8}) == "lower Annual Income, higher age"
    assert meaning({"total_revenue": 0.0}) == ""


def test_every_measure_of_the_catalog_has_words_for_both_sides():
    assert set(playbook().leanings) == {each.name for each in catalog.CATALOG}
    assert all(more != less for more, less in playbook().leanings.values())


def test_of_few_customers_all_are_shown_as_scikit_learn_measures_them():
    random = np.random.default_rng(5)
    revenue = np.concatenate([random.normal(9, 1, 20), random.normal(50, 3, 30), random.normal(200, 9, 10)])
    features = customers({"total_revenue": revenue, "order_count": revenue / 9 + random.normal(5, 1, 60)})
    labels = np.repeat([0, 1, 2], [20, 30, 10])
    segmentation = grouped(features, labels)
    matrix = segmentation.preparation.fit_matrix(features.values)
    found = close_up(matrix, segmentation)
    assert not found.sampled
    # The highest mean revenue is segment 1: the last cluster.
    assert found.places.tolist() == np.repeat([2, 1, 0], [20, 30, 10]).tolist()
    assert found.silhouettes == pytest.approx(silhouette_samples(matrix, labels), abs=1e-12)
    for place in range(3):
        assert found.at[found.places == place].mean(axis=0) == pytest.approx(found.centers[place], abs=1e-9)
    assert set(found.meanings[0].split(", ")) == {"spend more", "order more often"}


def test_of_many_customers_a_sample_with_every_segment_is_shown():
    random = np.random.default_rng(6)
    sizes = [9_000, 2_960, 40]
    revenue = np.concatenate([random.normal(mean, 1, size) for mean, size in zip((10, 16, 30), sizes, strict=True)])
    features = customers({"total_revenue": revenue, "order_count": random.normal(5, 1, sum(sizes))})
    segmentation = grouped(features, np.repeat([0, 1, 2], sizes))
    matrix = segmentation.preparation.fit_matrix(features.values)
    found, again = close_up(matrix, segmentation), close_up(matrix, segmentation)
    assert found.sampled
    assert len(found.places) <= MOST_POINTS
    assert np.bincount(found.places).tolist()[0] >= 30  # of the 40
    assert found.silhouettes.tolist() == again.silhouettes.tolist()
