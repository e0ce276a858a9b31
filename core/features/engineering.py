"""Order lines -> one row a customer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import ibis
import ibis.expr.types as ir
import pandas as pd

from core.errors import UnknownFeatureError
from core.features.catalog import BY_NAME, CATALOG, Feature, Lines
from core.orders.cleaning import OrderLines
from core.orders.roles import CONTACTS


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


def available(lines: OrderLines) -> tuple[Feature, ...]:
    """The features that these order lines can give."""
    return tuple(feature for feature in CATALOG if set(feature.needs) <= set(lines.rows.columns))


def customer_features(lines: OrderLines, names: Sequence[str] | None = None) -> CustomerFeatures:
    """One row a customer, sorted by id as text so that the order of the file's rows changes nothing.

    Parameters
    ----------
    names : the features wanted; all that the lines can give by default. What they build on is computed with them.

    Raises
    ------
    UnknownFeatureError : a name that is not in the catalog, or that needs a column that the file has not got
    """
    wanted = _with_uses(names, lines) if names is not None else [feature.name for feature in available(lines)]
    expression = _customers(lines, wanted)
    frame = expression.select("customer_id", *wanted).to_pandas().set_index("customer_id").sort_index()
    frame.index = frame.index.astype("str")
    contacts = [role for role in CONTACTS if role in lines.rows.columns]
    reach = _contacts(lines.table, contacts).reindex(frame.index)
    return CustomerFeatures(frame.astype("float64"), reach, lines.reference_date, lines.reading.currency)


def _with_uses(names: Sequence[str], lines: OrderLines) -> list[str]:
    """The names in the catalog's order, with the features that they are made of."""
    at_hand = {feature.name for feature in available(lines)}
    for name in names:
        if name not in BY_NAME:
            raise UnknownFeatureError(
                f"There is no feature {name!r}.", hint=f"Use some of: {', '.join(sorted(at_hand))}."
            )
        if name not in at_hand:
            raise UnknownFeatureError(
                f"{BY_NAME[name].label} ({name}) needs a column for {' and '.join(BY_NAME[name].needs)}, "
                "which was not found in the file.",
                hint=f"Say which column holds it, or use some of: {', '.join(sorted(at_hand))}.",
            )
    wanted = set(names).union(*(BY_NAME[name].uses for name in names))
    return [feature.name for feature in CATALOG if feature.name in wanted]


def _customers(lines: OrderLines, wanted: Sequence[str]) -> ir.Table:
    """One expression from order lines to the features wanted."""
    parts = Lines(lines.table, ibis.literal(lines.reference_date))
    features = [BY_NAME[name] for name in wanted]
    first = {feature.name: feature.from_lines(parts) for feature in features if feature.from_lines}
    customers = parts.table.group_by("customer_id").aggregate(**first)
    counted = {feature.name: feature.from_orders(lines.placed) for feature in features if feature.from_orders}
    if counted:
        # Apart from the lines: different orders counted among them would take three times as long.
        orders = lines.placed.group_by("customer_id").aggregate(**counted)
        customers = (
            customers.left_join(orders, "customer_id").drop("customer_id_right").fill_null(dict.fromkeys(counted, 0))
        )
    for feature in features:
        if feature.from_customers:
            customers = customers.mutate(**{feature.name: feature.from_customers(customers)})
    return customers


def _contacts(table: ir.Table, contacts: Sequence[str]) -> pd.DataFrame:
    """How to reach each customer: of each column the value seen last, and of several that day the first by text."""
    reach = pd.DataFrame(index=pd.Index([], dtype="str", name="customer_id"))
    for role in contacts:
        seen = (
            table.filter(table[role].notnull()).group_by(["customer_id", role]).aggregate(last=ibis._.order_date.max())
        )
        newest = ibis.row_number().over(group_by="customer_id", order_by=[ibis.desc("last"), role])
        chosen = seen.mutate(place=newest).filter(ibis._.place == 0).select("customer_id", role).to_pandas()
        reach = reach.join(chosen.set_index("customer_id"), how="outer")
    return reach
