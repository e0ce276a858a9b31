from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import make_blobs
from sklearn.metrics import adjusted_rand_score

from core.clustering import evidence as evidences
from core.clustering import stability as stabilities
from core.clustering.choice import advise
from core.clustering.evidence import Evidence, gather
from core.clustering.stability import Stability, level, stability, two_digits
from core.clustering.sweep import ClusterFit, Sweep, sweep
from core.clustering.workers import Stopped, pool


@pytest.fixture(scope="module")
def apart() -> np.ndarray:
    """Three round groups far from each other, (150, 2)."""
    return np.asarray(make_blobs(150, centers=[[0, 0], [20, 0], [0, 20]], random_state=0)[0])


@pytest.fixture(scope="module")
def cloud() -> np.ndarray:
    return np.random.default_rng(1).normal(size=(150, 2))


@pytest.fixture(scope="module")
def swept(cloud: np.ndarray) -> Sweep:
    return sweep(cloud, k_max=4)


# --- the numbers


def test_the_adjusted_rand_index_is_scikit_learns():
    random = np.random.default_rng(0)
    for k in (1, 2, 5):
        one, other = random.integers(0, k, (2, 40))
        ours = stabilities._adjusted_rand(stabilities._crossed(one, other, k))
        assert ours == pytest.approx(adjusted_rand_score(one, other), abs=1e-12)


def test_a_clusters_jaccard_value_is_that_with_the_most_similar_one():
    # Of the first, 3 are in column 0 and 1 in column 1, which holds 4 others: 3 / 4 against 1 / 8. Of the second, 4 of
    # 4 are in column 1 with its 5 customers: 4 / 5. Nobody of the third was drawn.
    found = stabilities._jaccards(np.array([[3, 1, 0], [0, 4, 0], [0, 0, 0]]))
    assert found == pytest.approx([3 / 4, 4 / 5, np.nan], nan_ok=True)


def test_the_mean_over_pairs_and_its_jackknife_by_hand():
    # Pairs 0.9, 0.8, 0.4: mean 0.7. Leaving out one of three leaves one pair: 0.4, 0.8, 0.9, which are 0.3, 0.1, 0.2
    # from their mean: the root of 2 / 3 * (0.09 + 0.01 + 0.04).
    pairs = np.array([[1, 0.9, 0.8], [0.9, 1, 0.4], [0.8, 0.4, 1]])
    assert stabilities._mean_over_pairs(pairs) == pytest.approx((0.7, np.sqrt(2 / 3 * 0.14)))


@pytest.mark.parametrize(
    ("jaccard", "called"),
    [(0.0, "unstable"), (0.599, "unstable"), (0.6, "doubtful"), (0.75, "fair"), (0.849, "fair"), (0.85, "solid")],
)
def test_the_levels_are_hennigs(jaccard, called):
    assert level(jaccard) == called


@pytest.mark.parametrize(
    ("value", "printed"),
    [(0.8499, "0.84"), (0.85, "0.85"), (0.29, "0.29"), (0.996, "0.99"), (1.0, "1.00"), (-0.004, "-0.01")],
)
def test_a_value_is_printed_rounded_down(value, printed):
    assert two_digits(np.float64(value)) == printed


@given(st.floats(0, 1))
def test_the_value_printed_is_called_what_the_value_is_called(value):
    assert level(float(two_digits(value))) == level(value)


def test_groups_far_apart_come_out_again(apart):
    found = stability(apart, sweep(apart, k_max=3).fits[3])
    assert found == Stability(1.0, 0.0, (1.0, 1.0, 1.0))
    assert found.levels == ("solid", "solid", "solid")


def test_one_group_cut_in_two_is_found_out(apart):
    # With four clusters one of the three groups is cut, each time another or another way; the other two stay.
    found = stability(apart, sweep(apart, k_max=4).fits[4])
    assert found is not None
    assert sorted(found.levels) != ["solid"] * 4
    assert found.agreement < 0.95
    assert found.standard_error > 0


def test_starts_tried_on_some_customers_end_where_those_tried_on_all_do(monkeypatch):
    groups, _ = make_blobs(3_000, centers=[[0, 0], [4, 0], [0, 4], [4, 4]], random_state=3)
    fit = sweep(groups, k_max=4).fits[4]
    some = stability(groups, fit)
    monkeypatch.setattr(stabilities, "_MOST_TRIED", len(groups))
    everyone = stability(groups, fit)
    assert some is not None
    assert everyone is not None
    # Two of the four overlap a little, so that neither is 1 for want of anything to tell.
    assert 0.8 < everyone.agreement < 0.999
    assert some.agreement == pytest.approx(everyone.agreement, abs=0.01)
    assert some.jaccards == pytest.approx(everyone.jaccards, abs=0.01)


def test_a_cluster_that_is_never_drawn_has_no_value(apart):
    labels = np.zeros(150, dtype=int)
    found = stability(apart, ClusterFit(np.array([[0.0, 0], [50, 50]]), labels, 1.0))
    assert found is not None
    assert found.jaccards[1] is None
    assert found.levels[1] is None


def test_fewer_customers_drawn_than_clusters():
    few = np.arange(4.0)[:, None]
    found = stability(few, sweep(few, k_max=4).fits[4])
    assert found is not None
    assert all(value is None or 0 <= value <= 1 for value in found.jaccards)


# --- all k together


def test_the_evidence_grows_by_one_k_at_a_time(cloud, swept):
    seen: list[Evidence] = []
    done = gather(cloud, swept, on_evidence=seen.append)
    assert [list(each.stabilities) for each in seen] == [[2], [2, 3], [2, 3, 4]]
    assert {each.natural_grouping for each in seen} == {None}
    assert (done.complete, done.k_max, done.customers) == (True, 4, 150)
    assert done.natural_grouping is not None


def test_the_order_of_customers_and_the_threads_at_hand_change_nothing(cloud, swept, monkeypatch):
    usual = gather(cloud, swept)
    order = np.random.default_rng(5).permutation(len(cloud))
    fits = {k: ClusterFit(fit.centers, fit.labels[order], fit.inertia) for k, fit in swept.fits.items()}
    shuffled = Sweep(fits, swept.silhouettes, swept.k_max, swept.k_asked, swept.exact)
    with ThreadPoolExecutor(1) as alone:
        monkeypatch.setattr("core.clustering.workers.pool", lambda: (alone, 1))
        assert gather(cloud[order], shuffled) == usual


def test_another_seed_draws_others(cloud, swept):
    assert gather(cloud, swept, seed=1).stabilities != gather(cloud, swept, seed=2).stabilities


def test_a_sample_stands_for_many_customers(cloud, swept, monkeypatch):
    monkeypatch.setattr(evidences, "MOST_CUSTOMERS", 100)
    assert gather(cloud, swept).customers == 100


def test_who_does_not_want_it_any_more_is_heard(cloud, swept, monkeypatch):
    begun = []
    inner = stabilities.KMeans

    def counted(*args, **options):
        begun.append(args)
        return inner(*args, **options)

    monkeypatch.setattr(stabilities, "KMeans", counted)
    with pytest.raises(Stopped):
        gather(cloud, swept, should_stop=lambda: bool(begun))
    before = len(begun)
    executor, threads = pool()
    every_worker_is_free = Barrier(threads)
    list(executor.map(lambda _: every_worker_is_free.wait(timeout=60), range(threads)))
    assert len(begun) <= before + threads  # the resample that each was at, and none more


@pytest.mark.parametrize(
    "matrix",
    [
        [[0.0], [1.0]],
        [[0.0, 0], [0, 0], [1, 0]],
        [[0.0]] * 30 + [[1.0]] * 2,
        [[float(each), 0.0] for each in range(12)],
        [[0.0, 1.0]] * 99 + [[1e9, -1e9]],
    ],
    ids=["two", "two places", "hardly any", "a row", "a giant"],
)
def test_odd_customers_are_no_trouble(matrix):
    customers = np.array(matrix)
    curve = sweep(customers, k_max=10)
    found = gather(customers, curve)
    assert found.complete
    assert list(found.stabilities) == [k for k in curve.fits if k > 1]
    assert 2 <= advise(curve, found).k <= curve.k_max
