from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA

from core.clustering.axes import principal_axes


def test_the_axes_are_those_of_scikit_learn_up_to_their_direction():
    matrix = np.random.default_rng(3).normal(size=(300, 4)) @ np.diag([5.0, 0.3, 2, 1]) + [9, 0, -2, 4]
    found, known = principal_axes(matrix), PCA(2).fit(matrix)
    assert np.abs(found.directions) == pytest.approx(np.abs(known.components_), abs=1e-9)
    assert found.shares == pytest.approx(known.explained_variance_ratio_)
    assert np.abs(found.place(matrix)) == pytest.approx(np.abs(known.transform(matrix)), abs=1e-8)


def test_a_direction_points_to_where_its_strongest_feature_grows():
    # Along (1, -2) customers differ by 5 a step, across it not at all.
    steps = np.arange(-3.0, 4)[:, None]
    for matrix in (steps * [1, -2], -steps * [1, -2]):
        found = principal_axes(matrix)
        assert found.directions[0] == pytest.approx(np.array([-1, 2]) / 5**0.5)
        assert found.shares == pytest.approx((1, 0))


def test_a_single_feature_has_no_second_axis():
    found = principal_axes(np.array([[1.0], [2], [6]]))
    assert found.directions.tolist() == [[1], [0]]
    assert found.place(np.array([[4.0]])).tolist() == [[1, 0]]  # 3 is the mean


def test_customers_who_are_all_alike_have_none():
    found = principal_axes(np.ones((4, 3)))
    assert found.shares == (0, 0)
    assert np.isfinite(found.place(np.ones((4, 3)))).all()
