"""A few weighted points stand for many customers."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.datasets import make_blobs
from sklearn.preprocessing import StandardScaler

from core.clustering import summary
from core.clustering.summary import Points, summarise
from core.clustering.sweep import sweep

N_CUSTOMERS = summary.MOST_EXACT + 10_000


def customers(shape: str, n_features: int) -> np.ndarray:
    """Scaled customers of a made-up shop: with long tails as they are, on a log scale, or bell-shaped."""
    random = np.random.default_rng(7)
    if shape == "normal":
        return StandardScaler().fit_transform(random.normal(size=(N_CUSTOMERS, n_features)))
    size = random.gamma(0.8, 30, N_CUSTOMERS)
    tailed = size[:, None] * random.lognormal(0, 0.6, (N_CUSTOMERS, n_features))
    return StandardScaler().fit_transform(np.log1p(tailed) if shape == "log" else tailed)


def test_few_customers_are_not_summed_up():
    assert summarise(np.random.default_rng(1).normal(size=(summary.MOST_EXACT, 2))) is None


@pytest.mark.parametrize("shape", ["heavy", "log", "normal"])
@pytest.mark.parametrize("n_features", [4, 12])
def test_the_points_weigh_as_much_as_the_customers(shape: str, n_features: int):
    matrix = customers(shape, n_features)
    made = summarise(matrix)
    for points in (made.coarse, made.fine):
        assert points.weights.sum() == pytest.approx(N_CUSTOMERS)
        assert (points.weights > 0).all()
    assert len(made.coarse) <= 8_000 < N_CUSTOMERS
    assert len(made.coarse) <= len(made.fine) <= 60_000


def test_cells_keep_the_mean_of_their_customers():
    """Sums over a grid's cells are the sums over all customers, whatever the cells."""
    matrix = customers("heavy", 4)
    fine = summary._gridded(Points(matrix, np.ones(len(matrix))), 24, 60_000)
    np.testing.assert_allclose(fine.weights @ fine.at, matrix.sum(axis=0), atol=1e-6)


def test_a_cell_is_a_cell_in_every_dimension():
    """Two values in each of 30 dimensions: more corners than an integer could number, and three of them taken."""
    corners = np.array([[0.0] * 30, [1.0] * 30, [0.0] * 29 + [1.0]])
    points = Points(np.repeat(corners, [2, 3, 4], axis=0), np.ones(9))
    found = summary._gridded(points, 24, 60_000)
    assert sorted(zip(found.weights.tolist(), found.at.sum(axis=1).tolist(), strict=True)) == [(2, 0), (3, 30), (4, 1)]


@pytest.mark.parametrize("shape", ["heavy", "log", "normal"])
@pytest.mark.parametrize("n_features", [4, 12])
def test_the_inertia_is_hardly_above_that_of_fitting_every_customer(shape: str, n_features: int):
    """The bar of 1.005 that the project sets itself, against scikit-learn's KMeans on all customers."""
    matrix = customers(shape, n_features)
    found = sweep(matrix, k_max=6)
    for k in (2, 6):
        full = KMeans(k, n_init=3, random_state=42).fit(matrix)
        assert found.fits[k].inertia <= 1.005 * full.inertia_


def test_labels_and_inertia_are_those_of_all_customers():
    matrix, _ = make_blobs(N_CUSTOMERS, n_features=3, centers=5, random_state=3)
    fit = sweep(matrix, k_max=5).fits[5]
    distances = np.linalg.norm(matrix[:, None, :] - fit.centers[None], axis=2)
    np.testing.assert_array_equal(fit.labels, distances.argmin(axis=1))
    assert fit.inertia == pytest.approx((distances.min(axis=1) ** 2).sum())


def test_the_same_seed_gives_the_same_fit():
    matrix = customers("normal", 12)
    first, again = (sweep(matrix, k_max=4, seed=5).fits[4] for _ in range(2))
    np.testing.assert_array_equal(first.labels, again.labels)
    assert first.inertia == again.inertia
