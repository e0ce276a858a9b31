from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.segments.rule_trees import MOST_STEPS, Ranks, tree


@pytest.mark.parametrize("side", [1, -1])
def test_each_node_holds_of_the_customers_whom_the_tree_sends_there(side: int):
    """By scikit-learn's own path of every customer; some have no value, some values are beyond single precision."""
    random = np.random.default_rng(4)
    values = pd.DataFrame({
        "whole": random.integers(0, 30, 500).astype(float),
        "sometimes": np.where(random.random(500) < 0.3, np.nan, random.normal(0, 1e-9, 500)),
        "huge": 1e20 + random.integers(0, 50, 500) * 1e6,
    })  # fmt: skip
    inside = (values["sometimes"].isna() | (values["sometimes"] * side > 0)) & (values["huge"] > 1e20 + 1e7)
    weights = random.uniform(0.5, 2, 500)
    ranks = Ranks(values)
    columns = {name: values[name].to_numpy() for name in values}
    for weighing in (None, "balanced"):
        model = tree(weighing, seed=1)
        grown = ranks.grown(model, (inside | (values["whole"] > 25)).to_numpy(), weights)
        paths = model.decision_path(ranks.codes).toarray().astype(bool)
        by_sklearn = {paths[:, node].tobytes() for node in range(1, paths.shape[1])}
        assert {conjunction.holds(columns, 500).tobytes() for _, conjunction in grown.nodes} == by_sklearn
        assert any(bounds.unknown == "too" for _, one in grown.nodes for bounds in one.bounds)
        assert grown.importance.shape == (3,)


def test_many_values_share_few_steps_and_who_is_alike_is_never_parted():
    """Orders as shops have them: most customers have one, two or three, a few have hundreds."""
    orders = np.r_[np.repeat([1.0, 2.0, 3.0], [500, 200, 100]), np.arange(4.0, 204.0)]
    (steps,) = Ranks(pd.DataFrame({"order_count": orders})).codes.T

    assert np.unique(steps).size <= MOST_STEPS
    assert (np.diff(steps) >= 0).all()
    assert len({steps[0], steps[500], steps[700], steps[800]}) == 4  # each of the frequent numbers has its own
    assert all(np.unique(steps[orders == number]).size == 1 for number in orders)
    assert np.unique(steps[800:], return_counts=True)[1].max() <= 1_000 / MOST_STEPS + 1
