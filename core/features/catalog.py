"""Every feature of a customer: name, unit, meaning and expression. Pages, guide and reports take them from here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import ibis
import ibis.expr.types as ir

from core.orders import values


class Unit(StrEnum):
    """What a feature counts in."""

    MONEY = "money"
    DAYS = "days"
    ITEMS = "items"
    ORDERS = "orders"
    PRODUCTS = "products"
    SHARE = "share"
    SCORE = "score"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Lines:
    """What expressions are made of: order lines, all of them and the purchases, and the day to count back from."""

    table: ir.Table  # customer_id, order_key, order_date, amount, is_purchase, and quantity, product where at hand
    reference_date: ir.DateValue

    @property
    def bought(self) -> ir.BooleanValue:
        return self.table.is_purchase


@dataclass(frozen=True, slots=True)
class Sums:
    """What expressions are made of where sums are enough: those of `OrderLines.customers`, and the day as above."""

    table: ir.Table
    reference_date: ir.DateValue


FromLines = Callable[[Lines], ir.Value]
FromSums = Callable[[Sums], ir.Value]
FromCustomers = Callable[[ir.Table], ir.Value]


@dataclass(frozen=True, slots=True)
class Feature:
    """One measure of a customer."""

    name: str
    label: str
    unit: Unit
    meaning: str
    needs: tuple[str, ...] = ()  # columns of the order lines beyond those that every file has
    from_sums: FromSums | None = None  # an expression of what one customer's lines come to
    from_lines: FromLines | None = None  # or an aggregate of the lines themselves
    from_customers: FromCustomers | None = None  # or an expression of other features
    uses: tuple[str, ...] = ()  # the features in `from_customers`
    scores: str | None = None  # the feature whose `fifths` it needs beside it

    def format(self, value: float, currency: str | None = None) -> str:
        """The value with its unit, short and for people: "1.2k EUR", "9 days", "12%"."""
        if value != value:  # NaN
            return "unknown"
        if self.unit is Unit.SHARE:
            return f"{value:.0%}"
        if self.unit is Unit.MONEY:
            return f"{short(value)} {currency}" if currency else short(value)
        if self.unit in {Unit.SCORE, Unit.NUMBER}:
            return short(value)
        return f"{short(value)} {self._counted(value)}"

    def exact(self, value: float, currency: str | None = None) -> str:
        """The value with its unit and all its digits: "12,437.5 EUR", "9 days", "12.5%"."""
        if self.unit is Unit.SHARE:
            return f"{digits(value * 100)}%"
        if self.unit is Unit.MONEY:
            return f"{digits(value)} {currency}" if currency else digits(value)
        if self.unit in {Unit.SCORE, Unit.NUMBER}:
            return digits(value)
        return f"{digits(value)} {self._counted(value)}"

    def _counted(self, value: float) -> str:
        word = str(self.unit)
        return word[:-1] if abs(value) == 1 else word


def short(value: float) -> str:
    """A number in at most four digits: 0.25, 9, 13.2, 964, 12.4k, 3.1M."""
    size = abs(value)
    for limit, divisor, suffix in ((999_950_000, 1e9, "B"), (999_950, 1e6, "M"), (9_999.5, 1e3, "k")):
        if size >= limit:
            return f"{value / divisor:.1f}".removesuffix(".0") + suffix
    if size >= 99.95 or value == round(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if size >= 9.995 else f"{value:.2f}".rstrip("0").removesuffix(".")


def digits(value: float) -> str:
    """A number with all the digits that tell it from its neighbours, up to 15: 12,437.5; 0.003; 1e+18."""
    size = abs(value)
    return f"{value:.15g}" if size >= 1e15 or 0 < size < 1e-6 else f"{value:,.15g}"


def _returned_share(lines: Lines) -> ir.Value:
    paid = lines.table.amount
    # What a file tells in a column is taken off the amount already; what has rows of its own is not.
    refunded = lines.table.refunded if "refunded" in lines.table.columns else ibis.literal(0.0)
    charged = paid + refunded
    bought = charged.sum(where=charged > 0)
    came_back = ibis.coalesce(-charged.sum(where=charged < 0), 0.0) + (charged - paid).sum()
    return came_back / bought.nullif(0.0)


def fifths(name: str) -> Mapping[str, float]:
    """The columns that stand beside all customers where a feature is scored: name -> which quantile it is."""
    return {f"{name}_fifth_{part}": part / 5 for part in range(1, 5)}


def _score(name: str, *, high_is_five: bool) -> FromCustomers:
    """Quintiles as R's package rfm draws them: type-7 quantiles plus 1, the lower bound inclusive."""

    def score(customers: ir.Table) -> ir.Value:
        column = customers[name]
        passed = [ibis.ifelse(column >= customers[bound] + 1, 1, 0) for bound in fifths(name)]
        reached = passed[0] + passed[1] + passed[2] + passed[3]
        return (1 + reached if high_is_five else 5 - reached).cast("float64")

    return score


CATALOG: tuple[Feature, ...] = (
    Feature(
        "total_revenue", "Total revenue", Unit.MONEY,
        "All that the customer paid, less what came back.",
        from_sums=lambda sums: sums.table.revenue.round(8),
    ),
    Feature(
        "avg_order_value", "Average order value", Unit.MONEY,
        "Total revenue divided by the number of orders.",
        from_customers=lambda customers: customers.total_revenue / customers.order_count.nullif(0),
        uses=("total_revenue", "order_count"),
    ),
    Feature(
        "avg_line_value", "Average line value", Unit.MONEY,
        "The mean of the customer's order lines; what the article (Malla 2024) calls average order value.",
        from_sums=lambda sums: (sums.table.revenue / sums.table["rows"]).round(10),
    ),
    Feature(
        "total_quantity", "Total quantity", Unit.ITEMS,
        "How many items the customer bought, less those that came back.", ("quantity",),
        from_sums=lambda sums: ibis.coalesce(sums.table.quantity, 0.0).round(8),
    ),
    Feature(
        "recency_days", "Days since last order", Unit.DAYS,
        "Days from the customer's last purchase to the day that the analysis looks back from.",
        # Customers who returned goods lately have a recent line but no recent purchase: they would look active.
        from_sums=lambda sums: sums.reference_date.delta(sums.table.last_purchase, unit="day"),
    ),
    Feature(
        "order_count", "Number of orders", Unit.ORDERS,
        "How many different orders the customer placed; pure returns are none.",
        from_sums=lambda sums: sums.table.orders,
    ),
    Feature(
        "tenure_days", "Days as a customer", Unit.DAYS,
        "Days from the customer's first purchase to the day that the analysis looks back from.",
        from_sums=lambda sums: sums.reference_date.delta(sums.table.first_purchase, unit="day"),
    ),
    Feature(
        "days_between_orders", "Days between orders", Unit.DAYS,
        "The mean number of days from one order to the next; unknown for customers with a single order.",
        from_customers=lambda customers: (customers.tenure_days - customers.recency_days)
        / (customers.order_count - 1).nullif(0),
        uses=("tenure_days", "recency_days", "order_count"),
    ),
    Feature(
        "distinct_products", "Different products", Unit.PRODUCTS,
        "How many different products the customer bought.", ("product",),
        from_lines=lambda lines: values.unless_blank(lines.table["product"].strip()).nunique(where=lines.bought),
    ),
    Feature(
        "return_rate", "Share returned", Unit.SHARE,
        "The value of what came back, as a share of the value bought.",
        from_lines=_returned_share,
    ),
    Feature(
        "rfm_recency", "RFM score: recency", Unit.SCORE,
        "1 to 5 by fifths of all customers; 5 for the most recent buyers.",
        from_customers=_score("recency_days", high_is_five=False), uses=("recency_days",), scores="recency_days",
    ),
    Feature(
        "rfm_frequency", "RFM score: frequency", Unit.SCORE,
        "1 to 5 by fifths of all customers; 5 for those with the most orders.",
        from_customers=_score("order_count", high_is_five=True), uses=("order_count",), scores="order_count",
    ),
    Feature(
        "rfm_monetary", "RFM score: revenue", Unit.SCORE,
        "1 to 5 by fifths of all customers; 5 for those who spent the most.",
        from_customers=_score("total_revenue", high_is_five=True), uses=("total_revenue",), scores="total_revenue",
    ),
)  # fmt: skip
BY_NAME: Mapping[str, Feature] = {feature.name: feature for feature in CATALOG}

DEFAULT = ("total_revenue", "avg_order_value", "total_quantity", "recency_days")


def feature(name: str) -> Feature:
    """The catalog's entry, or, for a customer table's own column, a plain number under the column's name."""
    return BY_NAME.get(name) or Feature(name, name, Unit.NUMBER, f"The column {name} of the file.")
