from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clustering import lineage
from core.clustering.lineage import Step, first_colours, follow, next_colours


def followed(before: list[int], after: list[int]) -> Step:
    return follow(np.array(before), np.array(after), max(before) + 1, max(after) + 1)


def test_the_larger_part_of_a_split_carries_on():
    # Cluster 0 of five customers splits three to two; cluster 1 stays and changes its number only.
    step = followed([0, 0, 0, 0, 0, 1, 1], [2, 2, 1, 1, 1, 0, 0])

    assert step.customers.tolist() == [[0, 3, 2], [2, 0, 0]]
    assert step.origins == (1, 0, -1)
    assert step.newcomers == (2,)
    # Overlaps: 2 of 2, and 3 of 5; the new one's is 2 of 5.
    np.testing.assert_allclose(step.overlap, [[0, 3 / 5, 2 / 5], [1, 0, 0]])
    assert step.persisting == {0: 1, 1: 0}


def test_a_cluster_carries_on_the_one_it_mostly_came_from_even_if_others_would_fit_together_better():
    # A' takes 60 of A and all 50 of X, B' the other 40 of A. Matching A-B' and X-A' would keep 90, A-A' keeps 60.
    step = followed([0] * 100 + [1] * 50, [0] * 60 + [1] * 40 + [0] * 50)

    assert step.origins == (0, -1)
    # 60 of all 150 who are in A or in A' are too few to say that it is the same segment.
    assert step.persisting == {}


def test_a_cluster_that_is_swallowed_ends_and_two_are_new():
    # Cluster 1 goes into cluster 0's heir; cluster 2 splits in three.
    step = followed([0] * 6 + [1] * 2 + [2] * 9, [0] * 8 + [1] * 4 + [2] * 3 + [3] * 2)

    assert step.origins == (0, 2, -1, -1)
    assert step.newcomers == (2, 3)
    # The largest new one takes the colour never used, the next the one that cluster 1 has left.
    assert next_colours((2, 0, 1), step) == (2, 1, 3, 0)


def test_of_two_equal_parts_the_one_of_the_earlier_customer_carries_on():
    assert followed([0, 0, 0, 0], [1, 0, 0, 1]).origins == (-1, 0)
    assert followed([0, 0, 0, 0], [0, 1, 1, 0]).origins == (0, -1)


def test_exactly_half_is_not_mostly():
    assert followed([0, 0], [0, 1]).persisting == {}
    assert followed([0, 0, 0], [0, 0, 1]).persisting == {0: 0}


def test_an_empty_cluster_is_new_and_gets_a_colour():
    step = follow(np.array([0, 0, 0]), np.array([0, 0, 2]), 1, 3)

    assert step.origins == (0, -1, -1)
    assert step.newcomers == (2, 1)
    assert next_colours((0,), step) == (0, 2, 1)


def test_first_colours_go_by_size():
    assert first_colours(np.array([1, 0, 2, 2, 1, 2]), 3) == (2, 1, 0)


def test_others_customers_are_refused():
    with pytest.raises(ValueError, match="3 customers before, 2 after"):
        follow(np.zeros(3, dtype=int), np.zeros(2, dtype=int), 1, 1)


@st.composite
def sweeps(draw: st.DrawFn) -> list[np.ndarray]:
    """Labels of the same customers for k = 1, 2, ..., no cluster empty, none like the one before."""
    n_customers = draw(st.integers(4, 40))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    levels = []
    for k in range(1, draw(st.integers(2, min(n_customers, 8))) + 1):
        labels = random.integers(0, k, n_customers)
        labels[:k] = np.arange(k)
        levels.append(random.permutation(labels))
    return levels


def colours(levels: list[np.ndarray]) -> list[tuple[int, ...]]:
    told = [first_colours(levels[0], 1)]
    for k, (before, after) in enumerate(pairwise(levels), start=1):
        told.append(next_colours(told[-1], follow(before, after, k, k + 1)))
    return told


@given(sweeps())
def test_every_customer_flows_and_no_colour_comes_twice(levels: list[np.ndarray]):
    for k, (before, after) in enumerate(pairwise(levels), start=1):
        step = follow(before, after, k, k + 1)
        np.testing.assert_array_equal(step.customers.sum(axis=1), np.bincount(before, minlength=k))
        np.testing.assert_array_equal(step.customers.sum(axis=0), np.bincount(after, minlength=k + 1))
        carried = [origin for origin in step.origins if origin >= 0]
        assert len(set(carried)) == len(carried)
        assert len(step.newcomers) == k + 1 - len(carried) >= 1
    for k, told in enumerate(colours(levels), start=1):
        assert sorted(told) == list(range(k))


@given(sweeps())
def test_who_is_mostly_the_same_is_always_matched(levels: list[np.ndarray]):
    for k, (before, after) in enumerate(pairwise(levels), start=1):
        step = follow(before, after, k, k + 1)
        # By sets, as the definition has it.
        for source in range(k):
            for target in range(k + 1):
                here, there = set(np.flatnonzero(before == source)), set(np.flatnonzero(after == target))
                if len(here & there) > lineage.PERSISTS * len(here | there):
                    assert step.persisting[target] == source


@given(sweeps(), st.integers(0, 2**32 - 1))
def test_the_numbers_of_clusters_make_no_difference(levels: list[np.ndarray], seed: int):
    random = np.random.default_rng(seed)
    renumbered = [random.permutation(k) for k in range(1, len(levels) + 1)]
    others = [new[labels] for new, labels in zip(renumbered, levels, strict=True)]

    for labels, told, new, other in zip(levels, colours(levels), renumbered, colours(others), strict=True):
        assert [told[cluster] for cluster in labels] == [other[cluster] for cluster in new[labels]]
