"""Tables as people read them: labels for names, numbers with their units, nothing to compute from."""

from __future__ import annotations

import re

import pandas as pd

from charts import theme
from core.clustering.choice import Advice
from core.clustering.evidence import Evidence
from core.clustering.indices import OtherMeasures
from core.clustering.stability import two_digits
from core.features import catalog
from core.features.catalog import Unit
from core.orders.roles import BY_NAME, CONTACTS
from core.segments.buying import Affinity
from core.segments.comparison import Comparison
from core.segments.planner import CampaignPlan, Outlook
from core.segments.segmentation import BORDERLINE, Segmentation, not_taken

ON_THE_BORDER = "On the border"
_AMOUNT = re.compile(r"–||[-−]?[\d,]+(\.\d+)?[kMB%]?( ± \d+(\.\d+)?)?( \D+)?")


def amounts(table: pd.DataFrame) -> list[str]:
    """The columns, after the first, whose texts are all amounts, such as "5,473 EUR": people compare their ends."""
    texts = [name for name in table.columns[1:] if len(table) and isinstance(table[name].iloc[0], str)]
    return [name for name in texts if all(_AMOUNT.fullmatch(str(value)) for value in table[name])]


def votes(advice: Advice, checking: bool) -> pd.DataFrame:
    """Each measure in plain words, the number that it suggests, and what it looks at."""

    def told(k: int | None) -> str:
        return "none" if k is None else str(k)

    rows = [
        ("Where the curve bends (elbow)", told(advice.elbow), "From where on one more segment explains little more"),
        ("Best fit (silhouette)", told(advice.silhouette), "Where customers are closest to their own segment"),
        (
            "Last good fit (silhouette drop)",
            told(advice.silhouette_drop),
            "After which one more segment fits far worse",
        ),
        (
            "Steadiness (agreement)",
            "checking" if checking else told(advice.stability),
            "Where segments come out most alike with other customers",
        ),
    ]
    return pd.DataFrame(rows, columns=["Measure", "Suggests", "What it looks at"])


def other_measures(found: OtherMeasures, known: Evidence | None) -> pd.DataFrame:
    """Agreement and two more measures, a row a number of segments."""
    table = pd.DataFrame({"Segments": list(found.calinski_harabasz)})
    if known is not None:
        each = [known.stabilities.get(k) for k in table["Segments"]]
        table["Agreement"] = [
            "–" if s is None else f"{two_digits(s.agreement)} ± {2 * s.standard_error:.2f}" for s in each
        ]
        table["Gaps"] = ["clear" if k in known.separated else "not all clear" for k in table["Segments"]]
    table["Calinski-Harabasz"] = [f"{value:,.1f}" for value in found.calinski_harabasz.values()]
    table["Davies-Bouldin"] = [f"{value:.2f}" for value in found.davies_bouldin.values()]
    return table


def summary(segmentation: Segmentation) -> pd.DataFrame:
    """Segment, size and the mean of each feature in use, in units."""
    currency = segmentation.features.currency
    names = [*segmentation.preparation.features]
    names += [name for name in ("total_revenue",) if name in segmentation.features.distinct and name not in names]
    table: dict[str, list[str]] = {
        "Segment": [theme.label(segment) for segment in segmentation.segments],
        "Customers": [f"{segment.customers:,}" for segment in segmentation.segments],
    }
    for name in names:
        feature = catalog.feature(name)
        table[f"{feature.label} (mean)"] = [
            feature.format(segment.center[name], currency) for segment in segmentation.segments
        ]
    if all(segment.revenue is not None for segment in segmentation.segments):
        table["Revenue of all together"] = [
            theme.money(segment.revenue or 0.0, currency) for segment in segmentation.segments
        ]
    return pd.DataFrame(table)


def campaign(found: CampaignPlan, currency: str | None) -> pd.DataFrame:
    """What a campaign would cost and bring in each segment; blank where no order's value is known."""

    def money(amount: float | None) -> str:
        return "" if amount is None else theme.money(amount, currency)

    rows = [
        (
            theme.label(each.segment),
            _verdict(each),
            money(each.profit),
            "" if each.smallest_uplift is None else f"{each.smallest_uplift:.1%}",
            money(each.cost),
            money(each.order_value),
            "" if each.order_value is None else f"{each.extra_orders:,.1f}",
            f"{each.segment.customers:,}",
        )
        for each in found.outlooks
    ]
    columns = ["Segment", "In words", "Expected profit", "Smallest uplift that pays", "Cost", "Average order"]
    return pd.DataFrame(rows, columns=[*columns, "Extra orders", "Customers"])


def _verdict(outlook: Outlook) -> str:
    if outlook.order_value is None:
        return "Order value not known"
    if outlook.pays:
        return "Pays"
    if outlook.gain is not None and outlook.gain <= 0:
        return "Cannot pay, no margin"
    if outlook.smallest_uplift is None:
        return "Cannot pay, too costly"
    return f"Pays from {outlook.smallest_uplift:.1%} on"


def most_bought(affinity: Affinity, segmentation: Segmentation) -> pd.DataFrame:
    """What each segment spends the most on, with its share of the segment's money and of everyone's."""
    label = BY_NAME[affinity.role].label
    rows = [
        (
            theme.label(segment),
            theme.plain(cell.item),
            theme.money(cell.revenue, segmentation.features.currency),
            f"{cell.share:.1%}" if cell.share == cell.share else "–",
            f"{cell.share_of_all:.1%}",
            f"{cell.index:,.0f}" if cell.index == cell.index else "–",
            f"{cell.customers:,}",
        )
        for segment in segmentation.segments
        for cell in affinity.most_bought(segment.number).itertuples()
    ]
    columns = ["Segment", label, "Revenue", "Of its money", "Of everyone's", "Index", "Customers"]
    return pd.DataFrame(rows, columns=columns)


def members(segmentation: Segmentation, number: int) -> pd.DataFrame:
    """The customers of one segment, the highest revenue first, with contacts and whether they stand on the border."""
    chosen = segmentation.members(number)
    assigned = segmentation.assignments.loc[chosen]
    names = {segment.number: theme.label(segment) for segment in segmentation.segments}
    features = segmentation.features
    by = "total_revenue" if "total_revenue" in features.names else segmentation.preparation.features[0]
    order = features.values.loc[chosen, by].sort_values(ascending=False, kind="stable").index
    assigned = assigned.loc[order]
    table = pd.DataFrame({"Customer": order})
    table[ON_THE_BORDER] = (assigned["margin"] < BORDERLINE).to_numpy()
    table["Next segment"] = [names.get(other, "–") for other in assigned["runner_up"].fillna(0)]
    for name in dict.fromkeys((*segmentation.preparation.features, *features.distinct)):
        feature, column = catalog.feature(name), features.values.loc[order, name]
        if feature.unit is Unit.SHARE:
            label, column = f"{feature.label} (%)", 100 * column
        else:
            label = theme.axis_title(feature, features.currency)
        table[not_taken(label, list(table.columns))] = column.round(2).to_numpy()
    for role in features.contacts.columns:
        label = role.replace("_", " ").capitalize() if role in CONTACTS else role
        table[not_taken(label, list(table.columns))] = features.contacts.loc[order, role].to_numpy()
    return table


def outliers(found: pd.DataFrame, currency: str | None) -> pd.DataFrame:
    """Customers far outside the usual range of a feature, in units."""
    rows = []
    for row in found.itertuples(index=False):
        feature = catalog.feature(str(row.feature))
        low, high = (feature.format(bound, currency) for bound in (row.low, row.high))
        rows.append((row.customer_id, feature.label, feature.format(row.value, currency), f"{low} to {high}"))
    return pd.DataFrame(rows, columns=["Customer", "Feature", "Value", "Usual range"])


def movers(comparison: Comparison) -> pd.DataFrame:
    """Who leaves the segment that their old one became, the largest group first."""
    before = {segment.number: theme.label(segment) for segment in comparison.before}
    after = {segment.number: theme.label(segment) for segment in comparison.after}
    moved = comparison.movers()
    table = pd.DataFrame(
        {
            "From": [before[number] for number in moved["from_segment"]],
            "To": [after[number] for number in moved["to_segment"]],
            "Customers": moved["customers"].to_numpy(),
        }
    )
    if comparison.has_money:
        table["Revenue"] = [
            "–" if pd.isna(amount) else theme.money(amount, comparison.currency) for amount in moved["revenue"]
        ]
    return table
