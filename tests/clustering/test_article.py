"""The sweep that the "article" preset runs against the article's own way to the same numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from core.clustering.preparation import PreparationOptions, prepare
from core.clustering.sweep import sweep
from tests.article import FEATURES, Article, article


def order_lines(n_customers: int = 400, n_lines: int = 8_000) -> pd.DataFrame:
    """Lines of a made-up shop: some buy much more than others, and some stopped coming."""
    random = np.random.default_rng(7)
    appetite = random.gamma(0.8, 1, n_customers)
    buyer = random.choice(n_customers, n_lines, p=appetite / appetite.sum())
    last_day = random.integers(30, 213, n_customers)
    day = (random.random(n_lines) * last_day[buyer]).astype(int)
    quantity = 1 + random.poisson(4, n_lines)
    return pd.DataFrame(
        {
            "customer_number": [f"CKE{number}" for number in buyer],
            "order_date": pd.Timestamp("2024-01-01") + pd.to_timedelta(day, unit="D"),
            "quantity": quantity,
            "revenue": np.round(quantity * random.lognormal(1, 0.7, n_lines), 2),
        }
    )


@pytest.fixture(scope="module")
def theirs() -> Article:
    return article(order_lines())


@pytest.fixture(scope="module")
def ours(theirs: Article):
    options = PreparationOptions(transform="none", outliers="keep", scaling="standard")
    preparation = prepare(theirs.customers, FEATURES, options)
    return sweep(preparation.fit_matrix(theirs.customers), k_max=10, seed=42)


def test_customers_come_sorted_by_id_as_text(theirs: Article):
    assert list(theirs.customers.index) == sorted(theirs.customers.index, key=str)


def test_inertia_is_the_articles(theirs: Article, ours):
    assert ours.inertias == pytest.approx(theirs.inertias, rel=1e-9)


def test_silhouette_is_the_articles(theirs: Article, ours):
    assert {k: each.value for k, each in ours.silhouettes.items()} == pytest.approx(theirs.silhouettes, rel=1e-9)


def test_summary_at_three_is_the_articles_up_to_the_numbering(theirs: Article, ours):
    customers = theirs.customers.assign(cluster=ours.fits[3].labels)
    summary = customers.groupby("cluster").agg(
        avg_total_revenue=("total_revenue", "mean"),
        sum_total_revenue=("total_revenue", "sum"),
        avg_order_value=("avg_order_value", "mean"),
        avg_total_quantity=("total_quantity", "mean"),
        avg_recency=("recency", "mean"),
        customer_count=("recency", "size"),
    )
    by_revenue = [each.sort_values("avg_total_revenue").reset_index(drop=True) for each in (summary, theirs.summary)]
    pd.testing.assert_frame_equal(*by_revenue, rtol=1e-9)
