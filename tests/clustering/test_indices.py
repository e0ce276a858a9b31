from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score

from core.clustering import indices
from core.clustering.indices import OtherMeasures, other_measures
from core.clustering.sweep import sweep


def test_both_are_scikit_learns(monkeypatch):
    monkeypatch.setattr(indices, "_BLOCK", 70)  # several blocks, the last one short
    matrix = np.random.default_rng(0).gamma(1, size=(200, 3))
    swept = sweep(matrix, k_max=5)
    found = other_measures(matrix, swept)
    assert list(found.calinski_harabasz) == list(found.davies_bouldin) == [2, 3, 4, 5]
    for k, fit in swept.fits.items():
        if k > 1:
            assert found.calinski_harabasz[k] == pytest.approx(calinski_harabasz_score(matrix, fit.labels), rel=1e-6)
            assert found.davies_bouldin[k] == pytest.approx(davies_bouldin_score(matrix, fit.labels), rel=1e-3)


def test_more_is_better_for_one_and_less_for_the_other():
    found = OtherMeasures({2: 5.0, 3: 9.0, 4: 9.0}, {2: 0.7, 3: 0.7, 4: 0.9})
    assert (found.best_calinski_harabasz, found.best_davies_bouldin) == (3, 2)
    assert OtherMeasures({}, {}).best_davies_bouldin is None
