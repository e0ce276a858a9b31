from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from threading import Event

import numpy as np
import pandas as pd
import pytest
import threadpoolctl
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.cluster import KMeans
from sklearn.datasets import make_blobs
from sklearn.metrics import silhouette_samples, silhouette_score

from core.clustering import silhouette as silhouettes
from core.clustering import sweep as sweeping
from core.clustering import workers
from core.clustering.preparation import PreparationOptions, prepare
from core.clustering.silhouette import SilhouetteMeter
from core.clustering.sweep import sweep
from core.clustering.workers import Stopped
from core.errors import TooFewCustomersError

# scikit-learn's documentation, "Selecting the number of clusters with silhouette analysis"; also shared/data/README.md.
PUBLISHED = {2: 0.7049787496, 3: 0.5882004012, 4: 0.6505186633}


@pytest.fixture(scope="module")
def blobs() -> np.ndarray:
    matrix, _ = make_blobs(500, 2, centers=4, cluster_std=1, center_box=(-10.0, 10.0), shuffle=True, random_state=1)
    return matrix


def heavy_tailed(n: int, seed: int = 0) -> np.ndarray:
    """(n, 4) as shops have them, standardised; the biggest spender far from everyone."""
    random = np.random.default_rng(seed)
    lines = 1 + random.poisson(30 * random.gamma(0.8, 1, n))
    order_value = random.lognormal(3, 0.6, n)
    revenue = lines * order_value * random.lognormal(0, 0.2, n)
    revenue[0] *= 100
    quantity = lines * random.lognormal(0.5, 0.5, n)
    features = pd.DataFrame({"r": revenue, "o": order_value, "q": quantity, "d": random.exponential(40, n)})
    return prepare(features, list(features), PreparationOptions(transform="none")).fit_matrix(features)


# --- the numbers


def test_silhouettes_are_the_published_ones(blobs):
    found = sweep(blobs, k_max=4)
    assert {k: each.value for k, each in found.silhouettes.items()} == pytest.approx(PUBLISHED, abs=6e-11)
    assert {each.standard_error for each in found.silhouettes.values()} == {0}
    assert found.exact


def test_fits_are_scikit_learns(blobs):
    found = sweep(blobs, k_max=5, seed=3)
    for k, fit in found.fits.items():
        theirs = KMeans(k, init="k-means++", n_init=10, max_iter=300, random_state=3).fit(blobs)
        assert fit.inertia == pytest.approx(theirs.inertia_, rel=1e-12)
        assert np.array_equal(fit.labels, theirs.labels_)
        assert fit.centers == pytest.approx(theirs.cluster_centers_, rel=1e-12)
        assert fit.sizes.tolist() == np.bincount(theirs.labels_).tolist()


def test_the_frame_has_a_row_for_each_k(blobs):
    frame = sweep(blobs, k_max=3).frame()
    assert list(frame.columns) == ["k", "inertia", "silhouette", "silhouette_se"]
    assert frame["k"].tolist() == [1, 2, 3]
    assert frame["inertia"][0] == pytest.approx(((blobs - blobs.mean(axis=0)) ** 2).sum())
    assert frame["silhouette"].isna().tolist() == [True, False, False]


@settings(max_examples=25)
@given(
    arrays(np.float64, st.tuples(st.integers(3, 40), st.integers(1, 3)), elements=st.integers(-20, 20)),
    st.integers(0, 99),
)
def test_inertia_never_grows_with_k(matrix, seed):
    if len(np.unique(matrix, axis=0)) < 2:
        return
    inertias = list(sweep(matrix, k_max=6, seed=seed).inertias.values())
    # Ten starts find the best solution of so few customers nearly always, a hair above it at worst.
    assert all(after <= before * 1.01 + 1e-9 for before, after in pairwise(inertias))


@settings(max_examples=15)
@given(scales=st.lists(st.integers(-20, 20), min_size=2, max_size=2))
def test_features_scaled_by_constants_give_the_same_labels(blobs, scales):
    frame = pd.DataFrame(blobs, columns=["a", "b"])
    # Powers of two round nothing, so the scaled space is the same to the last bit.
    other = frame * [2.0**power for power in scales]
    found = [
        sweep(prepare(each, ["a", "b"], PreparationOptions(transform="none")).fit_matrix(each), k_max=4)
        for each in (frame, other)
    ]
    for k in range(1, 5):
        assert np.array_equal(found[0].fits[k].labels, found[1].fits[k].labels)


# --- the same again, whatever else is going on


def test_the_same_seed_gives_the_same_bytes_beside_other_sweeps():
    matrix = heavy_tailed(6_000)
    alone = sweep(matrix, k_max=4)
    with ThreadPoolExecutor(3) as visitors:
        others = list(visitors.map(lambda _: sweep(matrix, k_max=4), range(3)))
    for other in others:
        assert other.frame().equals(alone.frame())
        assert all(np.array_equal(other.fits[k].labels, alone.fits[k].labels) for k in alone.fits)


def test_a_silhouette_does_not_depend_on_what_was_measured_before():
    matrix = heavy_tailed(6_000)
    two, three = (np.arange(6_000) % k for k in (2, 3))
    fresh = SilhouetteMeter(matrix, 1).measure(three)
    used = SilhouetteMeter(matrix, 1)
    used.measure(two)
    assert used.measure(three) == fresh
    assert SilhouetteMeter(matrix, 2).measure(three) != fresh


def test_a_fit_runs_on_one_thread(monkeypatch, blobs):
    seen = []
    fit = sweeping._fit

    def spy(*arguments):
        seen.extend(library["num_threads"] for library in threadpoolctl.threadpool_info())
        return fit(*arguments)

    monkeypatch.setattr(sweeping, "_fit", spy)
    sweep(blobs, k_max=3)
    assert set(seen) == {1}


# --- growing, stopping


def test_the_sweep_is_delivered_as_it_grows(blobs):
    partial = []
    final = sweep(blobs, k_max=4, on_fit=partial.append)
    assert [list(each.fits) for each in partial] == [[1], [1, 2], [1, 2, 3], [1, 2, 3, 4]]
    assert [list(each.silhouettes) for each in partial] == [[], [2], [2, 3], [2, 3, 4]]
    assert [each.complete for each in partial] == [False, False, False, True]
    assert final.complete
    assert not final.lowered


def test_a_stopped_sweep_delivers_no_more(blobs):
    delivered = []
    with pytest.raises(Stopped):
        sweep(blobs, on_fit=delivered.append, should_stop=lambda: len(delivered) == 2)
    assert [list(each.fits) for each in delivered] == [[1], [1, 2]]


def test_one_fit_is_the_sweeps_and_can_be_stopped(blobs):
    alone, swept = sweeping.cluster(blobs, 3), sweep(blobs, k_max=3).fits[3]
    np.testing.assert_array_equal(alone.labels, swept.labels)
    np.testing.assert_array_equal(alone.centers, swept.centers)
    with pytest.raises(Stopped):
        sweeping.cluster(blobs, 3, should_stop=lambda: True)


def test_a_sweep_stops_at_once_and_begins_no_further_fit(monkeypatch, blobs):
    release, asked, begun = Event(), [], []
    fit = sweeping._fit

    def held(matrix, summary, seed, k):
        begun.append(k)
        assert release.wait(20)
        return fit(matrix, summary, seed, k)

    def should_stop() -> bool:
        asked.append(True)
        return len(asked) > 3

    monkeypatch.setattr(sweeping, "_fit", held)
    try:
        with pytest.raises(Stopped):
            sweep(blobs, should_stop=should_stop)
        assert not release.is_set()  # with a fit under way on each thread
    finally:
        release.set()
    sweep(blobs, k_max=2)  # two more fits, behind whatever was left
    assert 1 <= len(begun) - 2 <= workers.pool()[1]


def test_what_goes_wrong_in_the_callers_hands_ends_the_sweep(blobs):
    def on_fit(_):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        sweep(blobs, k_max=4, on_fit=on_fit)
    assert sweep(blobs, k_max=2).complete


# --- few customers, or few that differ (warnings are errors in tests)


def test_k_goes_no_farther_than_there_are_different_customers():
    found = sweep(np.array([[0.0], [0.0], [1.0], [5.0], [5.0]]), k_max=10)
    assert (found.k_max, found.k_asked, found.lowered, found.complete) == (3, 10, True, True)
    assert found.inertias[3] == pytest.approx(0, abs=1e-12)
    # By hand, 0, 0, 1 together and 5, 5 together: mean distances within 0.5, 0.5, 1, 0, 0; to the others 5, 5, 4, 14/3.
    assert found.silhouettes[2].value == pytest.approx((0.9 + 0.9 + 0.75 + 1 + 1) / 5)


def test_two_customers_make_two_clusters():
    found = sweep(np.array([[0.0, 1.0], [2.0, 1.0]]))
    assert found.k_max == 2
    assert found.silhouettes[2].value == 0  # each alone


def test_customers_who_differ_by_rounding_only_count_as_alike():
    found = sweep(np.array([[0.0], [1e-17], [1.0], [1 + 1e-15], [1 + 3e-15]]), k_max=5)
    assert found.k_max == 2
    assert found.complete
    assert found.lowered
    assert found.fits[2].sizes.min() >= 2


@pytest.mark.parametrize(
    ("matrix", "said"), [([[3.0, 4.0]], "only one"), ([[3.0, 4.0]] * 7, "All 7"), (None, "no cust")]
)
def test_without_two_different_customers_there_is_nothing_to_cluster(matrix, said):
    with pytest.raises(TooFewCustomersError, match=said) as caught:
        sweep(np.empty((0, 2)) if matrix is None else np.array(matrix))
    assert caught.value.code == "too-few-customers"
    assert caught.value.hint


def test_wrong_calls_are_refused(blobs):
    with pytest.raises(ValueError, match="at least 2"):
        sweep(blobs, k_max=1)
    with pytest.raises(ValueError, match="missing or infinite"):
        sweep(np.array([[0.0], [np.nan]]))


# --- silhouettes


@pytest.mark.parametrize("shared_bytes", [2**26, 0], ids=["distances kept", "distances made anew"])
def test_in_full_it_equals_scikit_learns(monkeypatch, shared_bytes):
    monkeypatch.setattr(silhouettes, "_SHARED_BYTES", shared_bytes)
    monkeypatch.setattr(silhouettes, "_CHUNK_MIB", 1)  # several chunks
    matrix = np.round(heavy_tailed(700), 1)  # with duplicates
    meter = SilhouetteMeter(matrix, 0)
    for k in (2, 5, 9):
        labels = KMeans(k, n_init=1, random_state=0).fit(matrix).labels_
        assert meter.measure(labels).value == pytest.approx(silhouette_score(matrix, labels), abs=1e-12)
        assert meter.of_each(labels) == pytest.approx(silhouette_samples(matrix, labels), abs=1e-12)


def test_some_customers_are_measured_as_in_full_or_nearly(monkeypatch):
    matrix = heavy_tailed(3_000)
    labels = KMeans(4, n_init=1, random_state=0).fit(matrix).labels_
    rows, meter = np.arange(0, 3_000, 7), SilhouetteMeter(matrix, 0)
    full = silhouette_samples(matrix, labels)[rows]
    assert meter.of_some(labels, rows) == pytest.approx(full, abs=1e-12)
    monkeypatch.setattr(silhouettes, "MOST_IN_FULL", 0)
    near = meter.of_some(labels, rows)
    assert 0 < np.abs(near - full).mean() < 0.03
    # With everyone for a reference there is nothing to be off by.
    monkeypatch.setattr(silhouettes, "_REFERENCES", 3_000)
    assert meter.of_some(labels, rows) == pytest.approx(full, abs=1e-12)


@pytest.mark.parametrize("in_full", [5_000, 0], ids=["in full", "by replicates"])
def test_a_customer_alone_in_her_cluster_scores_zero(monkeypatch, in_full):
    monkeypatch.setattr(silhouettes, "MOST_IN_FULL", in_full)
    found = SilhouetteMeter(np.array([[0.0], [1.0], [10.0]]), 0).measure(np.array([0, 0, 1]))
    assert found.value == pytest.approx(((10 - 1) / 10 + (9 - 1) / 9 + 0) / 3)


def test_replicates_of_everyone_give_the_published_values(monkeypatch, blobs):
    for name, value in {"MOST_IN_FULL": 0, "_POINTS": 500, "_REFERENCES": 500}.items():
        monkeypatch.setattr(silhouettes, name, value)
    found = sweep(blobs, k_max=4)
    assert not found.exact
    assert {k: each.value for k, each in found.silhouettes.items()} == pytest.approx(PUBLISHED, abs=6e-11)
    assert max(each.standard_error for each in found.silhouettes.values()) < 1e-15


def test_empty_clusters_do_not_matter(monkeypatch, blobs):
    labels = (blobs[:, 1] > 0).astype(int)
    expected = silhouette_score(blobs, labels)
    assert SilhouetteMeter(blobs, 0).measure(labels * 7 + 1).value == pytest.approx(expected, abs=1e-12)
    monkeypatch.setattr(silhouettes, "MOST_IN_FULL", 0)
    assert SilhouetteMeter(blobs, 0).measure(labels * 7 + 1).value == pytest.approx(expected, abs=0.05)
    with pytest.raises(ValueError, match="single cluster"):
        SilhouetteMeter(blobs, 0).measure(np.zeros(500, dtype=int))


def test_a_tiny_cluster_is_always_seen(monkeypatch):
    random = np.random.default_rng(0)
    matrix = np.concatenate([random.normal(0, 1, (5_998, 2)), [[40.0, 0.0], [40.5, 0.0]]])
    labels = np.repeat([0, 1], [5_998, 2])
    found = SilhouetteMeter(matrix, 0).measure(labels)
    # Everyone else is about 1.8 from her own kind (the mean distance of two such points is sqrt(pi)) and 40 from them.
    assert found.value == pytest.approx(1 - np.sqrt(np.pi) / 40, abs=0.01)


def covers(matrix: np.ndarray, k: int, seeds: int) -> int:
    """For how many seeds the interval by replicates holds the value from every distance."""
    labels = KMeans(k, n_init=1, random_state=0).fit(matrix).labels_
    full = SilhouetteMeter(matrix, 0).of_each(labels).mean()
    intervals = [SilhouetteMeter(matrix, seed).measure(labels).interval for seed in range(seeds)]
    assert np.ptp(intervals, axis=1).max() < 0.05  # an interval that says something
    return sum(low <= full <= high for low, high in intervals)


def test_the_interval_holds_the_full_value():
    # 20 seeded draws that hold with probability 0.95: fewer than 16 would happen in 3 of 1,000 such tests.
    assert covers(heavy_tailed(6_000), k=4, seeds=20) >= 16


@pytest.mark.proof
@pytest.mark.parametrize("k", [2, 3, 4, 6, 8, 10])
@pytest.mark.parametrize("log", [False, True], ids=["raw", "log"])
def test_the_interval_holds_the_full_value_for_90_of_100_seeds(k, log):
    matrix = heavy_tailed(20_000)
    if log:
        frame = pd.DataFrame(matrix - matrix.min(axis=0), columns=list("abcd"))
        matrix = prepare(frame, list("abcd"), PreparationOptions(transform="log")).fit_matrix(frame)
    assert covers(matrix, k, seeds=100) >= 90
