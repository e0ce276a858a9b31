"""The article's method (Malla 2024) with nothing of ours in it: what the "article" preset has to reproduce."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score
from sklearn.preprocessing import StandardScaler

FEATURES = ["total_revenue", "avg_order_value", "total_quantity", "recency"]


@dataclass(frozen=True)
class Article:
    customers: pd.DataFrame  # index customer_number, sorted; columns FEATURES and cluster (0-based, of k = 3)
    inertias: dict[int, float]  # k = 1..10
    silhouettes: dict[int, float]  # k = 2..10
    summary: pd.DataFrame  # index cluster; columns as in the article's table


def article(lines: pd.DataFrame) -> Article:
    """`lines` has customer_number (text), order_date (datetime64), quantity and revenue, one row an order line."""
    by_customer = lines.groupby("customer_number")
    last_order = by_customer["order_date"].max()
    customers = pd.DataFrame(
        {
            "total_revenue": by_customer["revenue"].sum(),
            "avg_order_value": by_customer["revenue"].mean(),
            "total_quantity": by_customer["quantity"].sum(),
            "recency": (lines["order_date"].max() - last_order).dt.days,
        }
    )
    scaled = StandardScaler().fit_transform(customers[FEATURES])
    fits = {
        k: KMeans(n_clusters=k, init="k-means++", max_iter=300, n_init=10, random_state=42).fit(scaled)
        for k in range(1, 11)
    }
    customers["cluster"] = fits[3].labels_
    summary = customers.groupby("cluster").agg(
        avg_total_revenue=("total_revenue", "mean"),
        sum_total_revenue=("total_revenue", "sum"),
        avg_order_value=("avg_order_value", "mean"),
        avg_total_quantity=("total_quantity", "mean"),
        avg_recency=("recency", "mean"),
        customer_count=("recency", "size"),
    )
    return Article(
        customers,
        {k: float(fit.inertia_) for k, fit in fits.items()},
        {k: float(silhouette_score(scaled, fit.labels_)) for k, fit in fits.items() if k > 1},
        summary,
    )
