"""The scaled space in the engine is that of scikit-learn in memory."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pytest

from core.clustering.preparation import PreparationOptions
from core.clustering.preparation import prepare as prepare_in_memory
from core.clustering.transforms import FittedTransform
from core.engine import Engine
from core.large.lots import LOT, with_lots
from core.large.preparing import prepare
from core.large.space import QUANTILE_KNOTS, axis, place_of_least, scaled, squared_distances, transformed

FEATURES = ("revenue", "order_value", "gap", "balance")


@pytest.fixture(scope="module")
def values() -> pd.DataFrame:
    """Customers with a long tail, a bell, gaps, and values below 0 with a long tail downwards."""
    random = np.random.default_rng(11)
    size = 4_000
    gap = np.where(random.random(size) < 0.2, np.nan, random.exponential(30, size))
    return pd.DataFrame(
        {
            "revenue": random.lognormal(4, 1.2, size),
            "order_value": random.normal(50, 5, size),
            "gap": gap,
            "balance": -random.lognormal(1, 0.8, size),
        },
        index=pd.Index([f"C{number:05}" for number in range(size)], name="customer_id"),
    )


@pytest.fixture
def customers(engine: Engine, values: pd.DataFrame) -> ir.Table:
    return engine.keep(ibis.memtable(values.reset_index()), "customers")


def drawn(values: pd.DataFrame) -> dict[str, np.ndarray]:
    return {name: values[name].to_numpy() for name in FEATURES}


@pytest.mark.parametrize("transform", ["none", "log", "auto", "power"])
@pytest.mark.parametrize("outliers", ["keep", "cap"])
@pytest.mark.parametrize("scaling", ["standard", "robust", "minmax"])
def test_the_engine_learns_what_is_learnt_in_memory(
    customers: ir.Table, values: pd.DataFrame, transform: str, outliers: str, scaling: str
):
    options = PreparationOptions(transform, outliers, scaling, weights={"revenue": 2.0})
    expected = prepare_in_memory(values, FEATURES, options)
    found = prepare(customers, drawn(values), FEATURES, options).preparation
    assert found.transforms == expected.transforms
    for one, other in zip(found.fitted, expected.fitted, strict=True):
        for figure in ("fill", "filled", "low", "high", "spread", "location", "scale", "weight"):
            assert getattr(one, figure) == pytest.approx(getattr(other, figure), rel=1e-9, abs=1e-12), figure


@pytest.mark.parametrize("transform", ["none", "log", "auto", "power"])
@pytest.mark.parametrize("capped", [True, False])
def test_places_are_those_in_memory(customers: ir.Table, values: pd.DataFrame, transform: str, capped: bool):
    preparation = prepare_in_memory(values, FEATURES, PreparationOptions(transform, "cap", "robust"))
    expected = preparation.fit_matrix(values) if capped else preparation.matrix(values)
    rows = scaled(customers, preparation, capped=capped).order_by("customer_id")
    found = rows.select(*map(axis, range(len(FEATURES)))).to_pandas().to_numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_a_constant_feature_becomes_nothing(engine: Engine):
    values = pd.DataFrame({"customer_id": list("abc"), "same": [2.5] * 3})
    customers = engine.keep(ibis.memtable(values), "customers")
    for scaling in ("standard", "robust", "minmax"):
        options = PreparationOptions("auto", "cap", scaling)
        preparation = prepare(customers, {"same": values["same"].to_numpy()}, ["same"], options).preparation
        rows = scaled(customers, preparation, capped=True)
        assert rows.select(axis(0)).to_pandas()[axis(0)].tolist() == [0.0] * 3


@pytest.mark.parametrize("column", ["continuous", "counts"])
def test_the_quantile_transform_is_off_by_no_more_than_is_said(engine: Engine, column: str):
    random = np.random.default_rng(5)
    own = random.lognormal(3, 1, 3_000) if column == "continuous" else random.poisson(3, 3_000).astype(float)
    values = pd.DataFrame({"customer_id": [f"C{number}" for number in range(len(own))], "own": own})
    customers = engine.keep(ibis.memtable(values), "customers")
    learnt = prepare(customers, {"own": own}, ["own"], PreparationOptions("quantile", "keep", "standard"))
    transform = learnt.preparation.fitted[0].transform
    found = customers.select(told=transformed(customers.own, transform)).to_pandas()["told"].to_numpy()
    off = np.abs(found - transform.forward(own)).max()
    assert off < (0.06 if column == "continuous" else 1e-9)
    assert f"{QUANTILE_KNOTS} points" in learnt.notes[0]
    assert float(learnt.notes[0].split(" standard")[0].split()[-1]) == pytest.approx(off, rel=0.05, abs=1e-9)


@pytest.mark.parametrize("power", [0.0, 2.0, -0.7, 1.3, 3.1])
def test_yeo_johnson_is_that_of_scikit_learn(engine: Engine, power: float):
    values = pd.DataFrame({"own": [-3.5, -1.0, -0.2, 0.0, 0.1, 1.0, 4.2, 900.0]})
    rows = engine.keep(ibis.memtable(values), "values")
    transform = FittedTransform("power", power=power)
    found = rows.select(told=transformed(rows.own, transform)).to_pandas()["told"].to_numpy()
    np.testing.assert_allclose(found, transform.forward(values["own"].to_numpy()), rtol=1e-12)


def test_of_two_centres_equally_near_the_first_is_taken(engine: Engine):
    rows = engine.keep(ibis.memtable(pd.DataFrame({axis(0): [0.0, 1.4, 1.6], axis(1): [0.0] * 3})), "places")
    centers = np.array([[1.0, 0.0], [-1.0, 0.0], [2.0, 0.0]])
    distances = squared_distances(rows, centers)
    found = rows.select(place=place_of_least(distances), first=distances[0]).to_pandas()
    assert found["place"].tolist() == [0, 0, 2]
    np.testing.assert_allclose(found["first"], [1.0, 0.16, 0.36])


def test_lots_are_those_that_the_digest_says(engine: Engine):
    """By hand: the first eight hexadecimal digits of MD5, over 16 to the eighth."""
    from hashlib import md5

    ids = ["a", "b", "Zoë", "O'Brien; DROP TABLE x --", ""]
    rows = engine.keep(ibis.memtable({"customer_id": ids}), "customers")
    found = with_lots(rows, 42).to_pandas().set_index("customer_id")[LOT]
    for who in ids:
        digits = md5(f"{who} 42".encode(), usedforsecurity=False).hexdigest()[:8]
        assert found[who] == int(digits, 16) / 16**8
