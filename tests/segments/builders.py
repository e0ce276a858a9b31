"""Small customer tables, and segmentations of them without k-means: the test says who belongs together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from core.clustering.preparation import PreparationOptions, prepare
from core.clustering.sweep import ClusterFit
from core.features.engineering import CustomerFeatures
from core.segments.segmentation import Segmentation, segment

AS_THEY_ARE = PreparationOptions(transform="none")


def customers(
    columns: Mapping[str, Sequence[float]],
    *,
    ids: Sequence[str] | None = None,
    contacts: Mapping[str, Sequence[str | None]] | None = None,
    currency: str | None = "EUR",
) -> CustomerFeatures:
    n_customers = len(next(iter(columns.values())))
    index = pd.Index(ids or [f"C{place:04}" for place in range(n_customers)], name="customer_id")
    return CustomerFeatures(
        values=pd.DataFrame(columns, index=index, dtype="float64"),
        contacts=pd.DataFrame(contacts or {}, index=index),
        reference_date=None,
        currency=currency,
    )


def grouped(
    features: CustomerFeatures,
    labels: Sequence[int],
    *,
    used: Sequence[str] | None = None,
    options: PreparationOptions = AS_THEY_ARE,
    names: Mapping[int, str] | None = None,
) -> Segmentation:
    """The segmentation whose clusters are the labels, each with its centre at the mean of its customers."""
    preparation = prepare(features.values, list(used or features.names), options)
    matrix = preparation.fit_matrix(features.values)
    clusters = np.asarray(labels)
    centers = np.array([matrix[clusters == cluster].mean(axis=0) for cluster in range(clusters.max() + 1)])
    inertia = float(((matrix - centers[clusters]) ** 2).sum())
    return segment(features, preparation, ClusterFit(centers, clusters, inertia), names)
