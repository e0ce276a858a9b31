from __future__ import annotations

from dataclasses import astuple
from itertools import chain

import numpy as np
import pytest

from core.clustering.reference import Look, Reference, reference
from core.clustering.separation import Valley, valleys
from core.clustering.sweep import ClusterFit, cluster
from tests.clustering.collection import one_of


def test_the_customers_on_the_way_are_counted_by_hand():
    # Centres at 0 and 6: midway is 2 to 4, around the centres -1 to 1 and 5 to 7.
    along = np.array([-2.0, -0.9, 0.5, 0.9, 1.5, 2.1, 3.9, 4.5, 5.1, 6.9, 7.5])
    across = np.linspace(-40, 40, len(along))  # how far from the line does not count
    fit = ClusterFit(np.array([[0.0, 0], [6, 0]]), (along > 3).astype(int), 1.0)
    (valley,) = valleys(np.column_stack([along, across]), fit)
    assert valley == Valley((0, 1), midway=2, centre=2)


def test_a_third_cluster_in_between_parts_neighbours():
    matrix = np.array([[0.0], [1], [2]])
    found = valleys(matrix, ClusterFit(matrix, np.arange(3), 0.0))
    assert [valley.clusters for valley in found] == [(0, 1), (1, 2)]


@pytest.mark.parametrize(
    ("midway", "centre", "clear"),
    [
        (0, 5, True),  # once in 2 ** 5: beyond chance
        (0, 4, False),  # once in 2 ** 4: not
        (0, 0, False),  # nobody anywhere
        (40, 60, True),
        (60, 40, False),
        (9_300, 10_000, False),  # beyond chance, but a trace
    ],
)
def test_a_valley_is_clear_when_chance_hardly_makes_it(midway, centre, clear):
    assert Valley((0, 1), midway, centre).clear == clear


@pytest.mark.parametrize("draw", ["normal", "uniform", "exponential"])
def test_a_single_cloud_has_no_valley_where_it_is_cut(draw):
    cloud = getattr(np.random.default_rng(3), draw)(size=(2_000, 3))
    (valley,) = valleys(cloud, cluster(cloud, 2))
    assert not valley.clear


@pytest.mark.parametrize("shift", [4, 8])
def test_groups_apart_have_one(shift):
    random = np.random.default_rng(3)
    groups = np.vstack([random.normal(size=(300, 3)), random.normal(size=(300, 3)) + shift * np.eye(3)[0]])
    (valley,) = valleys(groups, cluster(groups, 2))
    assert valley.clear


# --- clouds without groups


@pytest.mark.parametrize("shift", [0, 5])
def test_only_groups_beat_the_clouds(shift):
    random = np.random.default_rng(4)
    groups = np.vstack([random.normal(size=(150, 2)), random.normal(size=(150, 2)) + np.full(2, shift)])
    found = reference(groups, 2)
    assert found is not None
    assert found.tighter == bool(shift)
    assert (found.supported is not None) == bool(shift)
    drawn = {len(looks) for looks in found.clouds.values()}
    assert drawn == {39} if shift else max(drawn) < 39


def test_each_shape_is_there_for_its_own_kind():
    random = np.random.default_rng(5)
    box = reference(random.uniform(size=(600, 2)), 4)
    skewed = reference(random.lognormal(0, 1, (600, 2)), 2)
    assert box is not None
    assert box.customers.silhouette > max(look.silhouette for look in box.clouds["bell"])
    assert box.supported is None
    assert skewed is not None
    assert skewed.customers.silhouette > max(look.silhouette for look in skewed.clouds["box"])
    assert skewed.supported is None


def test_groups_too_close_for_a_valley_are_flat_one_way():
    # Twice as many in one group, 3.2 spreads from the other: midway there are as many as around the smaller one.
    # Drawn a little less apart, the flattest of 39 boxes may be as flat: then they are called one cloud.
    random = np.random.default_rng(10)
    groups = np.vstack([random.normal(size=(800, 4)), random.normal(size=(400, 4)) + 3.2 * np.eye(4)[0]])
    (valley,) = valleys(groups, cluster(groups, 2))
    found = reference(groups, 2)
    assert not valley.clear
    assert found is not None
    assert found.flat_one_way
    assert found.supported == 2


def test_what_speaks_for_what():
    bell, box = Look(0.3, 0, 0), Look(0.4, -1.2, -1.2)

    def against(customers: Look) -> Reference:
        flatter = Look(0.3, -1.5, 0)  # one of forty may be so by chance
        return Reference(5, customers, {"bell": (bell, bell, flatter), "box": (box, box)})

    assert against(Look(0.5, 0, 0)).supported == 5
    assert against(Look(0.35, -0.8, 0)).supported == 2
    assert against(Look(0.35, -1.2, -1.2)).supported is None
    assert against(Look(0.35, 3, 9)).supported is None  # less of a peak is not flat


def test_what_is_tailed_every_way_is_flat_beside_bells_with_such_tails():
    bell, box = Look(0.4, 2, 3), Look(0.4, -1.2, -1.2)
    clouds = {"bell": (bell, bell), "box": (box, box)}
    assert Reference(3, Look(0.35, 0.8, 5), clouds).supported == 2
    assert Reference(3, Look(0.35, 2.5, 9), clouds).supported is None


def test_groups_of_patients_whose_measures_have_long_tails_are_two():
    """Breast tumours, benign and malignant: no valley, and long tails in most of thirty measures."""
    matrix = one_of("breast cancer", 0).matrix
    found = reference(matrix, 2)
    assert found is not None
    assert found.customers.along > 0
    assert found.supported == 2


def test_features_that_do_not_vary_and_single_ones_are_no_trouble():
    random = np.random.default_rng(6)
    one = random.normal(size=(50, 1))
    for matrix in (one, np.column_stack([one, np.zeros(50)])):
        found = reference(matrix, 2)
        assert found is not None
        assert np.isfinite([astuple(look) for look in (found.customers, *chain(*found.clouds.values()))]).all()


def test_very_few_or_very_uneven_customers_are_no_trouble():
    few = np.array([[0.0, 1], [0, 1], [1, 0]])
    giant = np.append(np.random.default_rng(7).normal(size=99), 1e6)[:, None]
    for matrix in (few, giant, few[:, :1]):
        found = reference(matrix, 2)
        assert found is not None
        assert np.isfinite([astuple(look) for look in (found.customers, *chain(*found.clouds.values()))]).all()


def test_a_comparison_that_is_stopped_gives_nothing():
    assert reference(np.arange(10.0)[:, None], 2, should_stop=lambda: True) is None


def test_a_few_customers_are_compared_with_clouds_that_may_fall_together():
    for seed in range(5):  # of two customers, some cloud has both at one end
        found = reference(np.array([[0.0], [1.0]]), 2, seed=seed)
        assert found is not None
        assert found.supported is None  # each alone: 0, as in any cloud
