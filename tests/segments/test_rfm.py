from __future__ import annotations

from datetime import date
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.engine import Engine
from core.features.engineering import CustomerFeatures, customer_features
from core.orders.cleaning import CleaningOptions, clean
from core.orders.source import open_sources
from core.segments.rfm import CLASSIC, OTHERS, SCORES, RfmGroup, crosswalk, rfm_groups
from tests.segments.builders import customers, grouped

# The ranges in the documentation of rfm 0.3.0, which prints the table below for rfm_data_orders:
# https://rfm.rsquaredacademy.com/reference/rfm_segment_summary
LATER = (
    RfmGroup("Champions", (5, 5), (5, 5), (5, 5)),
    RfmGroup("Potential Loyalist", (3, 5), (3, 5), (2, 5)),
    RfmGroup("Loyal Customers", (2, 4), (2, 4), (2, 4)),
    RfmGroup("Promising", (3, 4), (1, 3), (3, 5)),
    RfmGroup("New Customers", (4, 5), (1, 3), (1, 5)),
    RfmGroup("Can't Lose Them", (1, 2), (3, 4), (4, 5)),
    RfmGroup("At Risk", (1, 2), (2, 5), (4, 5)),
    RfmGroup("Need Attention", (1, 3), (3, 5), (3, 5)),
    RfmGroup("About To Sleep", (2, 3), (1, 3), (1, 4)),
    RfmGroup("Lost", (1, 1), (1, 5), (1, 5)),
)
PUBLISHED = {  # customers, orders, revenue
    "About To Sleep": (102, 283, 23449),
    "At Risk": (28, 216, 22227),
    "Can't Lose Them": (47, 274, 32446),
    "Champions": (35, 316, 31646),
    "Lost": (148, 393, 35324),
    "Loyal Customers": (170, 799, 76562),
    "Need Attention": (10, 57, 4562),
    "New Customers": (104, 329, 28837),
    "Potential Loyalist": (342, 2211, 204856),
    "Promising": (9, 28, 4249),
}


@pytest.fixture(scope="module")
def rfm_data(engine: Engine, shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> CustomerFeatures:
    """R counts every row as an order. The file has no order ids, and we would take two rows of a day for one order."""
    header, *rows = (shared_data / "rfm_data_orders.csv").read_text("utf-8").splitlines()
    path = tmp_path_factory.mktemp("rfm") / "orders.csv"
    path.write_text("\n".join([f"order_id,{header}", *(f"O{place},{row}" for place, row in enumerate(rows))]), "utf-8")
    return customer_features(clean(engine, open_sources(engine, [path]), CleaningOptions(as_of=date(2006, 12, 31))))


def totals(features: CustomerFeatures, groups: pd.Series[str]) -> dict[str, tuple[int, int, int]]:
    summed = features.values.groupby(groups)[["order_count", "total_revenue"]].agg(["size", "sum"])
    return {
        str(name): (int(row["order_count", "size"]), int(row["order_count", "sum"]), int(row["total_revenue", "sum"]))
        for name, row in summed.iterrows()
    }


def test_groups_published_with_r_s_package_rfm(rfm_data: CustomerFeatures):
    groups = rfm_groups(rfm_data, LATER)
    assert totals(rfm_data, groups) == PUBLISHED


def test_classic_groups_as_the_tests_of_r_s_package_have_them(rfm_data: CustomerFeatures):
    """tests/testthat/test-rfm-segment.R: Champions are 158 customers with 1,234 orders and 120,178; the first ten."""
    groups = rfm_groups(rfm_data)
    assert totals(rfm_data, groups)["Champions"] == (158, 1234, 120178)
    published = {
        "Abbey O'Reilly": "Loyal Customers", "Add Senger": "Potential Loyalist", "Aden Lesch": "Potential Loyalist",
        "Admiral Senger": "Loyal Customers", "Agness O'Keefe": "Champions", "Aileen Barton": "Champions",
        "Ailene Hermann": "Loyal Customers", "Aiyanna Bruen": "Potential Loyalist", "Ala Schmidt": "About To Sleep",
        "Alannah Borer": "Lost",
    }  # fmt: skip
    titled = {
        str(name).removesuffix(" DVM").removesuffix(" Sr.").removesuffix(" PhD").removesuffix(" DDS"): group
        for name, group in groups.items()
    }
    assert {name: titled.get(name) for name in published} == published


def test_every_combination_of_scores_is_in_the_first_group_that_holds():
    combinations = list(product(range(1, 6), repeat=3))
    features = customers(dict(zip(SCORES, map(list, zip(*combinations, strict=True)), strict=True)))
    groups = rfm_groups(features)
    for (r, f, m), found in zip(combinations, groups, strict=True):
        first = OTHERS
        for group in CLASSIC:
            ranges = zip((r, f, m), (group.recency, group.frequency, group.monetary), strict=True)
            if all(low <= score <= high for score, (low, high) in ranges):
                first = group.name
                break
        assert found == first
    assert groups.iloc[combinations.index((5, 5, 5))] == "Champions"
    assert (
        groups.iloc[combinations.index((5, 1, 5))] == OTHERS
    )  # one large order, just now: no classic group knows them


def test_the_crosswalk_counts_each_customer_once():
    features = customers({
        "total_revenue": [900, 800, 30, 20, 10, 5],
        "rfm_recency": [5, 4, 1, 1, 5, np.nan],
        "rfm_frequency": [5, 5, 1, 2, 1, 1],
        "rfm_monetary": [5, 4, 1, 1, 5, 1],
    })  # fmt: skip
    found = crosswalk(grouped(features, [0, 0, 1, 1, 1, 1], used=["total_revenue"]))
    assert found.groups == ("Champions", "Lost", OTHERS)
    assert found.customers.tolist() == [[2, 0, 0], [0, 2, 1]]
    assert found.unscored == 1
    assert found.shares.tolist() == [[1, 0, 0], [0, pytest.approx(2 / 3), pytest.approx(1 / 3)]]
    assert found.in_words() == ("100% are Champions.", "67% are Lost and 33% are Others.")


def test_scores_may_come_from_elsewhere_but_not_of_others():
    plain = customers({"total_revenue": [900, 800, 30, 20]})
    segmentation = grouped(plain, [0, 0, 1, 1])
    with pytest.raises(KeyError, match="rfm_recency"):
        crosswalk(segmentation)
    scores = customers({name: [5, 5, 1, 1] for name in SCORES})
    found = crosswalk(segmentation, scores)
    assert found.customers.tolist() == [[2, 0], [0, 2]]
    with pytest.raises(ValueError, match="other customers"):
        crosswalk(segmentation, customers({name: [5, 5, 1, 1] for name in SCORES}, ids=list("abcd")))
