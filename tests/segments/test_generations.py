from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clustering.preparation import prepare
from core.clustering.sweep import ClusterFit, sweep
from core.clustering.workers import Stopped
from core.features.engineering import CustomerFeatures
from core.segments import naming
from core.segments.generations import Generation, generation, generations, line
from core.segments.naming import Naming, named
from core.segments.playbook import playbook
from core.segments.segmentation import segment
from tests.segments.builders import AS_THEY_ARE, customers, grouped

CHAMPIONS, LOYAL, STEADY, LAPSING = (
    playbook().archetype(key) for key in ("champions", "loyal", "steady", "lapsing_low")
)


def standing(*positions: dict[str, float] | tuple[float, float, float]) -> pd.DataFrame:
    """Mean ranks that stand at these points in value, recency and frequency."""
    rows = [tuple(each.values()) if isinstance(each, dict) else each for each in positions]
    table = pd.DataFrame(rows, columns=["total_revenue", "recency_days", "order_count"])
    return table.assign(recency_days=1 - table["recency_days"])


def keys(namings: tuple[Naming, ...]) -> list[str]:
    return [each.archetype.key for each in namings]


def test_a_name_holds_where_another_would_fit_a_little_better():
    # Squared distances by hand: 0.0174 to Champions, 0.0093 to Loyal customers.
    found = standing((0.75, 0.66, 0.79), LAPSING.position)

    assert keys(named(found)) == ["loyal", "lapsing_low"]
    assert keys(named(found, {0: Naming("Champions", CHAMPIONS)})) == ["champions", "lapsing_low"]


def test_a_name_that_would_be_false_is_given_up():
    found = standing(STEADY.position, LAPSING.position)

    assert keys(named(found, {0: Naming("Champions", CHAMPIONS)})) == ["steady", "lapsing_low"]


def test_a_name_is_given_up_where_the_segment_has_strayed_from_it():
    # By hand: 0.25 from "About to sleep" (0.36, 0.34, 0.35), and d from "Steady middle" (0.46, 0.54, 0.46) on the line
    # between them: at a tenth of the way it is 9 times as far, at 0.6 of it 0.67 times.
    sleepy, middle = (
        np.array(list(playbook().archetype(key).position.values())) for key in ("about_to_sleep", "steady")
    )
    held = {0: Naming("About to sleep", playbook().archetype("about_to_sleep"))}

    def called(share: float) -> str:
        return keys(named(standing(tuple(middle + share * (sleepy - middle)), CHAMPIONS.position), held))[0]

    assert called(0.6) == called(0.42) == "about_to_sleep"  # 0.58 / 0.42 = 1.4 times as far
    assert called(0.38) == called(0.1) == "steady"  # 0.62 / 0.38 = 1.6


def test_a_held_name_that_is_not_true_is_given_up():
    # Nearest to "Need attention", held or not; but the customers were here more lately than most.
    attention = playbook().archetype("need_attention")
    found = standing((0.62, 0.52, 0.60), LAPSING.position)

    assert keys(named(found, {0: Naming(attention.name, attention)}))[0] != "need_attention"


def test_a_name_goes_to_a_segment_with_a_far_better_claim():
    # Held, the second one would have to be Loyal: 0.0521 off each, 0.104 together, more than HOLD.
    found = standing(CHAMPIONS.position, LOYAL.position, LAPSING.position)

    assert keys(named(found, {1: Naming("Champions", CHAMPIONS)})) == ["champions", "loyal", "lapsing_low"]


def test_a_name_of_measures_holds_while_it_is_true():
    def told(age: float, visits: float, held: dict[int, Naming] | None = None) -> str:
        return named(pd.DataFrame({"age": [age, 0.5], "visits": [visits, 0.5]}), held)[0].name

    former = named(pd.DataFrame({"age": [0.9, 0.5], "visits": [0.3, 0.5]}))[0]
    assert former.name == "High age, low visits"
    assert told(0.62, 0.2) == "Low visits"
    assert told(0.62, 0.2, {0: former}) == "High age, low visits"
    assert told(0.58, 0.2, {0: former}) == "Low visits"  # age is nearer to the middle than STILL
    assert told(0.2, 0.2, {0: former}) == "Low age, low visits"


def test_a_name_of_measures_that_holds_is_not_numbered_anew():
    table = pd.DataFrame({"age": [0.9, 0.9, 0.1]})
    former = named(pd.DataFrame({"age": [0.9, 0.1]}))[0]

    assert [each.name for each in named(table)] == ["High age", "High age 2", "Low age"]
    assert [each.name for each in named(table, {1: former})] == ["High age 2", "High age", "Low age"]


def shop(seed: int = 3, n_customers: int = 240, money: bool = True) -> CustomerFeatures:
    random = np.random.default_rng(seed)
    appetite = random.gamma(1.5, 1, n_customers)
    columns = {
        "recency_days": np.round(random.exponential(30, n_customers)),
        "order_count": 1 + random.poisson(3 * appetite),
    }
    if money:
        columns["total_revenue"] = 40 * appetite * random.lognormal(0, 0.5, n_customers)
    return customers(columns)


def born(features: CustomerFeatures, k_max: int = 6) -> Generation:
    preparation = prepare(features.values, features.names, AS_THEY_ARE)
    fits = sweep(preparation.fit_matrix(features.values), k_max=k_max).fits
    return generations(features, preparation, fits, naming.ranks(features.values))


@given(st.integers(0, 500))
def test_in_every_generation_names_and_colours_differ_and_who_stays_keeps_them(seed: int):
    for each in born(shop(seed, n_customers=60, money=seed % 2 == 0), 5).line():
        assert len(set(each.names)) == len(set(each.colours)) == each.n_segments
        assert each.sizes.sum() == 60
        if each.before is not None and each.step is not None:
            for place, origin in enumerate(each.step.origins):
                if origin >= 0:
                    assert each.colours[place] == each.before.colours[origin]


def test_most_names_hold_where_most_customers_stay():
    """Over twenty shops; without holding it is three in four. Names that fit no more are the rest (decision 33)."""
    stayed = kept = 0
    for seed in range(20):
        for each in born(shop(seed)).line()[2:]:
            assert each.before is not None
            assert each.step is not None
            for place, origin in each.step.persisting.items():
                stayed += 1
                kept += each.namings[place].archetype == each.before.namings[origin].archetype
    assert stayed > 150
    assert kept > 0.82 * stayed


def test_all_customers_is_the_name_of_no_part():
    line = born(shop()).line()
    assert line[0].names == ("All customers",)
    assert "All customers" not in line[1].names


def test_a_generation_does_not_depend_on_those_after_it():
    few, many = born(shop(), 4), born(shop(), 6).line()[3]
    assert (few.names, few.colours, few.order) == (many.names, many.colours, many.order)
    np.testing.assert_array_equal(few.places, many.places)


def test_a_line_gone_beside_other_work_is_the_same_and_ends_when_told():
    features = shop()
    prepared = prepare(features.values, list(features.values.columns), AS_THEY_ARE)
    fits = sweep(prepared.fit_matrix(features.values), k_max=4).fits
    ranked = naming.ranks(features.values)
    found, usual = line(features, prepared, fits), generations(features, prepared, fits, ranked)

    pd.testing.assert_frame_equal(found.ranked, ranked)
    assert found.last.n_segments == 4
    assert [each.names for each in found.last.line()] == [each.names for each in usual.line()]
    asked: list[int] = []
    with pytest.raises(Stopped):
        line(features, prepared, fits, ranked, should_stop=lambda: len(asked) == 2 or bool(asked.append(1)))
    assert len(asked) == 2


def test_a_segmentation_has_its_generations_names_and_colours():
    features = shop()
    last = born(features, 4)
    preparation = prepare(features.values, features.names, AS_THEY_ARE)
    fits = sweep(preparation.fit_matrix(features.values), k_max=4).fits
    found = segment(features, preparation, fits[4], generation=last)
    assert tuple(each.name for each in found.segments) == last.names
    assert tuple(each.colour for each in found.segments) == last.colours
    np.testing.assert_array_equal(found.assignments["segment"], last.places + 1)
    with pytest.raises(ValueError, match="another fit"):
        segment(features, preparation, fits[3], generation=last)


def test_capped_outliers_are_followed_to_where_they_stand():
    features = shop()
    options = AS_THEY_ARE.__class__(transform="none", outliers="cap")
    preparation = prepare(features.values, features.names, options)
    fits = sweep(preparation.fit_matrix(features.values), k_max=5).fits
    last = generations(features, preparation, fits, naming.ranks(features.values))
    found = segment(features, preparation, fits[5], generation=last)
    assert [each.customers for each in found.segments] == last.sizes.tolist()
    # The nearest centre in the space that is not capped, by brute force.
    matrix = preparation.matrix(features.values)
    nearest = ((matrix[:, None] - found.centers[None]) ** 2).sum(axis=2).argmin(axis=1)
    np.testing.assert_array_equal(last.places, nearest)


def test_a_fit_of_other_customers_is_refused():
    features = customers({"total_revenue": [1.0, 2.0]})
    preparation = prepare(features.values, ["total_revenue"], AS_THEY_ARE)
    fit = ClusterFit(np.zeros((1, 1)), np.zeros(5, dtype=int), 0.0)
    with pytest.raises(ValueError, match="The fit is of 5 customers, the features of 2"):
        generation(features, preparation, fit, ranked=naming.ranks(features.values))


def test_alone_the_largest_segment_has_the_first_colour():
    found = grouped(customers({"total_revenue": [9.0, 8, 1, 2, 3]}), [0, 0, 1, 1, 1])
    assert [each.colour for each in found.segments] == [1, 0]
