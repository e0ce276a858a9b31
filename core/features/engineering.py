"""Order lines -> one row a customer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd


@dataclass(frozen=True, slots=True)
class CustomerFeatures:
    """What is known of each customer: her measures, and how to reach her."""

    values: pd.DataFrame  # (n_customers, n_features) float64; index customer_id as text, sorted; columns catalog names
    contacts: pd.DataFrame  # (n_customers, n_contact_columns) text or missing; the same index
    reference_date: date | None  # recency counts back from this day; None for customer tables
    currency: str | None  # ISO 4217 of every money column

    @property
    def names(self) -> tuple[str, ...]:
        """The features at hand, in the catalog's order."""
        return tuple(self.values.columns)

    def __len__(self) -> int:
        return len(self.values)
