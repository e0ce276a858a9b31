from __future__ import annotations

import json
import math
from itertools import product
from typing import get_args

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.preprocessing import PowerTransformer, QuantileTransformer, StandardScaler

from core.clustering.preparation import (
    Outliers,
    Preparation,
    PreparationOptions,
    Scaling,
    outliers,
    prepare,
    skew,
)
from core.clustering.transforms import Transform

PLAIN = PreparationOptions(transform="none")
EVERY_WAY = [PreparationOptions(*choice) for choice in product(*map(get_args, (Transform, Outliers, Scaling)))]


def one(values: list[float], options: PreparationOptions = PLAIN) -> tuple[pd.DataFrame, Preparation]:
    frame = pd.DataFrame({"x": values}, index=[f"C{place}" for place in range(len(values))], dtype="float64")
    return frame, prepare(frame, ["x"], options)


@pytest.fixture
def customers() -> pd.DataFrame:
    random = np.random.default_rng(5)
    n = 800
    return pd.DataFrame(
        {
            "revenue": random.lognormal(4, 1.2, n) - 20,  # some negative: net of returns
            "left": 100 - random.exponential(9, n),
            "bell": random.normal(50, 5, n),
            "return_rate": np.where(random.random(n) < 0.8, 0, random.random(n)),
            "same": 7.0,
            "gap_days": np.where(random.random(n) < 0.6, np.nan, random.exponential(30, n)),
        },
        index=[f"C{place:03}" for place in range(n)],
    )


# --- scaling


def test_the_articles_preparation_is_standard_scaler_to_the_last_bit(customers):
    features = ["revenue", "left", "bell", "return_rate", "same"]
    expected = StandardScaler().fit_transform(customers[features])
    preparation = prepare(customers, features, PLAIN)
    assert np.array_equal(preparation.fit_matrix(customers), expected)
    assert np.array_equal(preparation.matrix(customers), expected)


def test_robust_scaling_is_by_median_and_interquartile_range():
    frame, preparation = one([1, 2, 3, 4, 1000], PreparationOptions(transform="none", scaling="robust"))
    assert preparation.matrix(frame)[:, 0] == pytest.approx([-1, -0.5, 0, 0.5, 498.5])  # median 3, quartiles 2 and 4


def test_robust_scaling_without_an_interquartile_range_uses_the_standard_deviation():
    frame, preparation = one([0] * 9 + [10], PreparationOptions(transform="none", scaling="robust"))
    assert preparation.matrix(frame)[-1, 0] == pytest.approx(10 / 3)  # mean 1, mean square 10, so deviation 3


def test_minmax_scaling_runs_from_zero_to_one():
    frame, preparation = one([-5, 0, 15], PreparationOptions(transform="none", scaling="minmax"))
    assert preparation.matrix(frame)[:, 0] == pytest.approx([0, 0.25, 1])


def test_weights_multiply_the_scaled_columns(customers):
    features = ["revenue", "bell"]
    weighted = PreparationOptions(transform="none", weights={"bell": 2.5, "not in use": 9})
    plain = prepare(customers, features, PLAIN).matrix(customers)
    assert prepare(customers, features, weighted).matrix(customers) == pytest.approx(plain * [1, 2.5])


@pytest.mark.parametrize("options", EVERY_WAY, ids=str)
def test_whatever_is_chosen_the_space_is_finite_and_a_constant_is_zero(customers, options):
    preparation = prepare(customers, list(customers), options)
    for matrix in (preparation.matrix(customers), preparation.fit_matrix(customers)):
        assert matrix.shape == customers.shape
        assert np.isfinite(matrix).all()
        assert not matrix[:, list(customers).index("same")].any()


def test_a_single_customer_can_be_prepared():
    frame, preparation = one([3.0], PreparationOptions())
    assert preparation.matrix(frame).tolist() == [[0.0]]


# --- transforms


def test_log_is_signed_since_net_revenue_can_be_negative():
    frame, preparation = one([0, math.e - 1, 1 - math.e, math.e**3 - 1], PreparationOptions(transform="log"))
    scaled = preparation.matrix(frame)[:, 0]  # of 0, 1, -1, 3: mean 0.75
    assert (scaled - scaled[0]) / (scaled[1] - scaled[0]) == pytest.approx([0, 1, -1, 3])


@pytest.mark.parametrize(
    ("transform", "reference"),
    [
        ("power", PowerTransformer()),
        ("quantile", QuantileTransformer(n_quantiles=800, output_distribution="normal")),
    ],
)
def test_power_and_quantile_are_scikit_learns(customers, transform, reference):
    preparation = prepare(customers, ["revenue"], PreparationOptions(transform=transform))
    expected = StandardScaler().fit_transform(reference.fit_transform(customers[["revenue"]]))
    assert preparation.matrix(customers) == pytest.approx(expected, abs=1e-9)


def test_auto_takes_the_log_of_what_leans_right_and_yeo_johnson_of_what_leans_left(customers):
    preparation = prepare(customers, ["revenue", "left", "bell", "same"], PreparationOptions())
    assert preparation.transforms == {"revenue": "log", "left": "power", "bell": "none", "same": "none"}


def test_auto_leaves_alone_what_the_log_would_skew_more():
    # By hand: skewness 1.55 as it is, -3.03 after the log, for which the six zeros lie far below.
    _, preparation = one([100] * 80 + [300] * 14 + [0] * 6, PreparationOptions(transform="auto"))
    assert preparation.transforms == {"x": "none"}


@pytest.mark.parametrize("side", [1, -1], ids=["flattened", "blown up"])
def test_a_power_that_cannot_be_undone_in_double_precision_is_not_used(side):
    # Seconds since 1970, most of them within a day of each other and some much later, or much earlier.
    values = [1.7e9 + side * 1e5 * -math.log(1 - place / 300) for place in range(300)]
    frame, preparation = one(values, PreparationOptions(transform="power"))
    assert preparation.transforms == {"x": "none"}
    assert preparation.real_units(preparation.matrix(frame))["x"].tolist() == pytest.approx(values, rel=1e-14)


def test_skewness_of_known_shapes():
    found = skew(pd.DataFrame({"even": [1.0, 2, 3, 4], "right": [0.0, 0, 0, 1], "few": [1.0, np.nan, np.nan, 2]}))
    # Three zeros and a one: population skewness 2/sqrt(3), times sqrt(n(n-1))/(n-2) = sqrt(3).
    assert found.to_dict() == pytest.approx({"even": 0, "right": 2, "few": 0})


@pytest.mark.parametrize("transform", get_args(Transform))
@given(
    values=st.lists(st.floats(-1e7, 1e7).map(lambda value: round(value, 2)), min_size=2, max_size=60),
    scaling=st.sampled_from(get_args(Scaling)),
    weight=st.floats(0.1, 10),
)
def test_real_units_undoes_the_preparation(transform, values, scaling, weight):
    frame, preparation = one(values, PreparationOptions(transform, "keep", scaling, {"x": weight}))
    back = preparation.real_units(preparation.matrix(frame))["x"].to_numpy()
    assert np.abs(back - values).max() <= 1e-5 * (max(values) - min(values)) + 1e-9


# --- missing values


def test_missing_values_become_the_median_and_are_counted():
    frame, preparation = one([1, 2, np.nan, 9, np.nan])
    assert preparation.filled == {"x": 2}
    assert preparation.real_units(preparation.matrix(frame))["x"].tolist() == pytest.approx([1, 2, 2, 9, 2])


def test_a_feature_that_nobody_has_is_zero_for_all():
    frame, preparation = one([np.nan, np.nan])
    assert preparation.filled == {"x": 2}
    assert preparation.matrix(frame).tolist() == [[0], [0]]


def test_customers_without_a_value_do_not_make_those_with_one_outliers(customers):
    assert (customers["gap_days"].isna().mean()) > 0.5
    assert outliers(customers, ["gap_days"]).empty


def test_new_customers_get_the_old_median():
    _, preparation = one([1, 2, 9])
    newcomers = pd.DataFrame({"x": [np.nan, 100.0]})
    assert preparation.real_units(preparation.matrix(newcomers))["x"].tolist() == pytest.approx([2, 100])


# --- outliers

# 1..9 and 100: quartiles 3.25 and 7.75, so the fences are 3.25 - 13.5 and 7.75 + 13.5.
NINE_AND_ONE = [*range(1, 10), 100]


def test_outliers_are_named_with_their_value_and_the_usual_bounds():
    found = one(NINE_AND_ONE)[1].outliers(one(NINE_AND_ONE)[0])
    assert found.to_dict("records") == [
        {"customer_id": "C9", "feature": "x", "value": 100, "low": 1, "high": 21.25, "distance": 78.75 / 4.5}
    ]


def test_outliers_come_farthest_first_over_all_features():
    frame = pd.DataFrame({"x": NINE_AND_ONE, "y": [-400, *range(1, 10)]}, index=list("abcdefghij"))
    found = outliers(frame, ["x", "y"], PLAIN)
    assert list(found["customer_id"]) == ["a", "j"]
    assert list(found["feature"]) == ["y", "x"]


def test_bounds_are_in_units_after_a_transform_too():
    frame, preparation = one([math.expm1(value) for value in NINE_AND_ONE], PreparationOptions(transform="log"))
    found = preparation.outliers(frame)
    assert found["high"].tolist() == pytest.approx([math.expm1(21.25)])
    assert found["low"].tolist() == pytest.approx([math.expm1(1)])  # nobody is lower, wherever the fence is


def test_the_usual_ends_with_the_highest_value_where_the_fence_lies_beyond():
    frame, preparation = one([-100, *range(1, 10)])  # the fences of 2.25 and 6.75 are at -11.25 and 20.25
    assert preparation.outliers(frame)[["low", "high"]].to_numpy().tolist() == [[-11.25, 9]]


def test_capping_draws_in_the_fit_and_leaves_every_customer_where_she_is():
    frame, preparation = one(NINE_AND_ONE, PreparationOptions(transform="none", outliers="cap"))
    fitted = preparation.real_units(preparation.fit_matrix(frame))["x"]
    assert fitted.tolist() == pytest.approx([*range(1, 10), 21.25])
    assert preparation.real_units(preparation.matrix(frame))["x"].tolist() == pytest.approx(NINE_AND_ONE)
    assert preparation.fit_matrix(frame).std() == pytest.approx(1)  # scaled as capped


def test_where_most_customers_share_one_value_the_fences_are_three_standard_deviations():
    frame, preparation = one([0] * 99 + [100])  # mean 1, standard deviation sqrt(99)
    assert preparation.outliers(frame)["high"].tolist() == pytest.approx([1 + 3 * math.sqrt(99)])


def test_nothing_is_far_out_after_the_quantile_transform(customers):
    assert outliers(customers, list(customers), PreparationOptions(transform="quantile")).empty


def test_nobody_is_an_outlier_where_all_are_alike():
    assert outliers(pd.DataFrame({"x": [0.1] * 50}), ["x"]).empty


# --- what is refused


@pytest.mark.parametrize(
    ("values", "features"),
    [
        (pd.DataFrame({"x": [1.0, math.inf]}), ["x"]),
        (pd.DataFrame({"x": [1.0, 2.0]}), ["y"]),
        (pd.DataFrame({"x": [1.0, 2.0]}), ["x", "x"]),
        (pd.DataFrame({"x": [1.0, 2.0]}), []),
        (pd.DataFrame({"x": []}, dtype="float64"), ["x"]),
    ],
    ids=["infinite", "unknown", "twice", "no feature", "no customer"],
)
def test_what_cannot_be_prepared_is_refused(values, features):
    with pytest.raises(ValueError, match=r"feature|nfinite"):
        prepare(values, features, PLAIN)


@pytest.mark.parametrize(
    "wrong",
    [
        {"transform": "sqrt"},
        {"outliers": "drop"},
        {"scaling": "none"},
        {"weights": {"x": 0.0}},
        {"weights": {"x": math.nan}},
    ],
)
def test_unknown_options_are_refused(wrong):
    with pytest.raises(ValueError, match=r"is none of|must be a positive number"):
        PreparationOptions(**wrong)


# --- written down


@pytest.mark.parametrize("options", EVERY_WAY, ids=str)
def test_a_preparation_read_back_from_json_is_equal_to_the_last_bit(customers, options):
    preparation = prepare(customers, list(customers), options)
    again = Preparation.from_dict(json.loads(json.dumps(preparation.as_dict(), allow_nan=False)))
    assert again == preparation
    assert np.array_equal(again.matrix(customers), preparation.matrix(customers))


@pytest.mark.parametrize("recipe", [{}, {"options": {}, "features": [{}]}, {"options": {"colour": 1}, "features": []}])
def test_what_is_no_preparation_is_not_read_as_one(recipe):
    with pytest.raises(ValueError, match="not a preparation"):
        Preparation.from_dict(recipe)


def test_options_are_hashable_and_keep_their_weights():
    weights = {"a": 2.0}
    options = PreparationOptions(weights=weights)
    weights["a"] = 3.0
    assert options.weights == {"a": 2.0}
    assert hash(options) == hash(PreparationOptions(weights={"a": 2}))
