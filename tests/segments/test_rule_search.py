from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest

from core.segments.conditions import Bounds, Conjunction, any_holds
from core.segments.rule_search import NOT_WORTH_IT, ROUNDING, Sample, best_rules


def f1_of(sample: Sample, number: int, any_of: tuple[Conjunction, ...]) -> float:
    columns = {str(name): sample.values[name].to_numpy() for name in sample.values}
    held, inside = any_holds(any_of, columns, len(sample.labels)), sample.labels == number
    right = sample.weights[held & inside].sum()
    return float(2 * right / (sample.weights[held].sum() + sample.weights[inside].sum()))


@pytest.mark.parametrize("seed", range(4))
def test_with_one_condition_nothing_beats_it(seed: int):
    """Against every threshold of every measure, on either side."""
    random = np.random.default_rng(seed)
    values = pd.DataFrame({"a": random.integers(0, 40, 80).astype(float), "b": random.normal(0, 1, 80)})
    labels = 1 + (values["a"] + 8 * values["b"] + random.normal(0, 5, 80) > 20).to_numpy().astype(int)
    sample = Sample(values, labels, random.uniform(0.5, 3, 80))
    found = best_rules(sample, [1, 2], 1, seed=0)
    for number in (1, 2):
        every = [
            Bounds(name, **{side: threshold})
            for name, side in product(values, ("over", "up_to"))
            for threshold in values[name]
        ]
        best = max(f1_of(sample, number, (Conjunction((bounds,)),)) for bounds in every)
        assert f1_of(sample, number, found[number]) >= best - ROUNDING


def test_a_longer_rule_must_be_worth_it():
    """Two ranges of one measure hold the segment; the second holds so few that asking for it is not worth the words."""
    values = pd.DataFrame({"a": np.arange(2000.0)})
    for few, conditions in ((2, 1), (100, 3)):
        inside = (values["a"] < 500) | ((values["a"] >= 1500) & (values["a"] < 1500 + few))
        sample = Sample(values, np.where(inside, 1, 2), np.ones(2000))
        (rule,) = [best_rules(sample, [1, 2], 4, seed=0)[1]]
        assert sum(each.n_conditions for each in rule) == conditions
        lost = 1 - f1_of(sample, 1, rule)
        assert lost <= NOT_WORTH_IT


def test_segments_without_customers_have_no_rule():
    sample = Sample(pd.DataFrame({"a": [1.0, 2.0, 3.0]}), np.array([1, 1, 3]), np.ones(3))
    found = best_rules(sample, [1, 2, 3], 4, seed=0)
    assert found[2] == ()
    assert f1_of(sample, 1, found[1]) == f1_of(sample, 3, found[3]) == 1
