"""`--preset article` is the article's own method."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.article import Article, article
from tests.commands import run

ROOT = Path(__file__).parents[1]
PHARMACY = ROOT / "sample_data" / "pharmacy_sales.csv.gz"


def article_of(lines: pd.DataFrame) -> Article:
    return article(
        lines.assign(
            order_date=pd.to_datetime(lines["order_date"]),
            quantity=lines["quantity"].astype(float),
            revenue=lines["revenue"].astype(float),
        )
    )


def made_up_lines() -> pd.DataFrame:
    """A shop with returns and gifts, since the article counts every row as a sale."""
    draw = np.random.default_rng(11)
    n_lines = 4_000
    buyer = draw.integers(0, 250, n_lines)
    quantity = np.where(draw.random(n_lines) < 0.08, -1, 1) * draw.integers(1, 9, n_lines)
    price = np.where(draw.random(n_lines) < 0.02, 0, draw.lognormal(2, 0.6, n_lines) * (1 + buyer % 3))
    day = draw.integers(0, 90 + 40 * (buyer % 3), n_lines)
    return pd.DataFrame(
        {
            "customer_number": [f"CKE{number}" for number in buyer],
            "order_date": (pd.Timestamp("2024-01-01") + pd.to_timedelta(day, unit="D")).strftime("%Y-%m-%d"),
            "quantity": quantity,
            "revenue": np.round(quantity * price, 2),
        }
    )


@pytest.mark.parametrize("case", ["the sample", "a shop with returns"])
def test_the_article_s_preset_is_the_article_s_own_method(tmp_path: Path, case: str):
    """To 1e-9 what tests/article.py gets from pandas and scikit-learn alone, up to the numbering."""
    if case == "the sample":
        source, lines = PHARMACY, pd.read_csv(PHARMACY)
    else:
        source, lines = tmp_path / "orders.csv", made_up_lines()
        lines.to_csv(source, index=False)
    theirs = article_of(lines)
    ran = run("segment", source, "--out", tmp_path / "out", "--preset", "article", "--k", 3, "--json")
    assert ran.code == 0
    told = ran.told
    assert told["features"] == ["total_revenue", "avg_line_value", "total_quantity", "recency_days"]
    assert told["rows_used"] == len(lines)
    assert {step["k"]: step["inertia"] for step in told["sweep"]} == pytest.approx(theirs.inertias, rel=1e-9)
    silhouettes = {step["k"]: step["silhouette"] for step in told["sweep"] if step["k"] > 1}
    assert silhouettes == pytest.approx(theirs.silhouettes, rel=1e-9)
    summary = pd.read_csv(tmp_path / "out" / "summary.csv")
    expected = theirs.summary.sort_values("avg_total_revenue", ascending=False).reset_index(drop=True)
    assert list(summary.columns) == ["cluster", *expected.columns]
    pd.testing.assert_frame_equal(summary.drop(columns="cluster"), expected, rtol=1e-9, check_dtype=False)
    ours = pd.read_csv(tmp_path / "out" / "segments.csv").set_index("customer_id")
    together = pd.crosstab(ours["segment"], theirs.customers["cluster"].reindex(ours.index))
    assert (together > 0).sum().tolist() == [1, 1, 1]
    recency = ours["recency_days"].rename("recency").astype("int64")
    pd.testing.assert_series_equal(recency, theirs.customers["recency"], check_names=False)
