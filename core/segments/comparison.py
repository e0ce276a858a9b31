"""Two segmentations side by side: who moved, and how much money went with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from core.clustering import lineage
from core.features import catalog
from core.segments.segmentation import Segment, Segmentation

FLOW_COLUMNS = ("from_segment", "to_segment", "customers", "revenue")


@dataclass(frozen=True, slots=True)
class Comparison:
    """What became of the customers of segmentation a in segmentation b."""

    flows: pd.DataFrame  # FLOW_COLUMNS; one row for each pair of segments that share customers
    adjusted_rand: float  # 1 the same grouping, 0 what chance gives; NaN without common customers
    stayed: float  # share of common customers in the best one-to-one matching of segments; NaN without any
    matches: Mapping[int, int]  # that matching, a's segment -> b's; those left over are in neither
    customers: int  # in both
    only_before: int
    only_after: int
    before: tuple[Segment, ...]
    after: tuple[Segment, ...]
    currency: str | None

    @property
    def has_money(self) -> bool:
        return bool(self.flows["revenue"].notna().any())

    def movers(self) -> pd.DataFrame:
        """The flows that leave their match, the largest first."""
        moved = self.flows[self.leave(self.flows)]
        return moved.sort_values("customers", ascending=False, kind="stable", ignore_index=True)

    def leave(self, moves: pd.DataFrame) -> np.ndarray:
        """Which rows, with from_segment and to_segment, lead elsewhere than to the match."""
        matched = moves["from_segment"].map(self.matches)
        return np.asarray(matched.ne(moves["to_segment"]) | matched.isna(), dtype=bool)

    def words(self) -> str:
        """The comparison in one paragraph of plain text."""
        if not self.customers:
            return "The two segmentations have no customer in common, so nothing can be said about who moved."
        movers = self.movers()
        moved = int(movers["customers"].sum())
        if not moved:
            told = [f"All {self.customers:,} customers stay with the segment they had: the two are the same."]
        else:
            told = [
                f"{moved:,} of {self.customers:,} customers ({_percent(moved / self.customers)}) change segment"
                f"{self._with_money(movers['revenue'].sum(min_count=1))}.",
                f"The largest move is {self._largest(movers)}.",
                f"The two agree {_agreement(self.adjusted_rand)}.",
            ]
        told += self._finer()
        alone = self.only_before + self.only_after
        if alone:
            are = "is" if alone == 1 else "are"
            told.append(
                f"{_customers(alone)} {are} in one of the two only ({self.only_before:,} in the first, "
                f"{self.only_after:,} in the second) and not counted here."
            )
        return " ".join(told)

    def _largest(self, movers: pd.DataFrame) -> str:
        largest = movers.iloc[0]
        source = self.before[int(largest["from_segment"]) - 1]
        target = self.after[int(largest["to_segment"]) - 1]
        whence, where = f"“{source.name}”", f"“{target.name}”"
        if target.name == source.name:
            whence += f" (segment {source.number} of the first)"
            where = f"segment {target.number} of the second, which happens to have the same name"
        return f"{_customers(int(largest['customers']))} from {whence} to {where}{self._with_money(largest['revenue'])}"

    def _finer(self) -> list[str]:
        """What the finer segmentation adds: a campaign for each segment that matches none of the coarser one."""
        more = len(self.after) - len(self.before)
        if not more:
            return []
        fine, coarse, end, other = (
            (self.after, self.before, "to_segment", "from_segment")
            if more > 0
            else (self.before, self.after, "from_segment", "to_segment")
        )
        matched = self.matches.values() if more > 0 else self.matches.keys()
        which, elsewhere = ("second", "first") if more > 0 else ("first", "second")
        extra = [segment for segment in fine if segment.number not in matched]
        many = "one segment" if abs(more) == 1 else f"{abs(more)} segments"
        told = [f"The {which} has {many} more, and so {_campaigns(len(extra))} to run."]
        for segment in extra:
            own = f"Segment {segment.number}, “{segment.name}”, would have one of its own"
            reached = self.flows[self.flows[end] == segment.number]
            if reached.empty:
                told.append(f"{own}, with none of these customers in it.")
                continue
            size, revenue = int(reached["customers"].sum()), reached["revenue"].sum(min_count=1)
            main = reached.sort_values("customers", ascending=False, kind="stable").iloc[0]
            there = _there(coarse[int(main[other]) - 1].name, int(main["customers"]), size)
            told.append(f"{own}: {_customers(size)}{self._with_money(revenue)}. In the {elsewhere}, {there}.")
        return told

    def _with_money(self, revenue: float) -> str:
        if pd.isna(revenue):
            return ""
        return f", with {catalog.feature('total_revenue').format(float(revenue), self.currency)} of revenue"


def compare(a: Segmentation, b: Segmentation) -> Comparison:
    """What became of a's segments in b.

    Parameters
    ----------
    a, b : of the same or of overlapping customers; they are matched by id

    Returns
    -------
    Customers who are in one of the two only are counted and else left out. Revenue is a's, or b's where a has none,
    and missing where neither has.

    Notes
    -----
    Adjusted Rand: Hubert & Arabie (1985), as scikit-learn computes it. Matching: the one-to-one pairs of segments that
    together keep the most customers.
    """
    pairs = _pairs(a, b)
    common = pairs.index
    grouped = pairs.groupby(["from_segment", "to_segment"])["revenue"]
    flows = grouped.agg(customers="size", revenue=lambda amounts: amounts.sum(min_count=1)).reset_index()
    matches, stayed = _matched(flows, a.n_segments, b.n_segments)
    return Comparison(
        flows=flows[list(FLOW_COLUMNS)].astype({"customers": "int64", "revenue": "float64"}),
        adjusted_rand=_adjusted_rand(pairs),
        stayed=stayed / len(common) if len(common) else float("nan"),
        matches=matches,
        customers=len(common),
        only_before=len(a.assignments) - len(common),
        only_after=len(b.assignments) - len(common),
        before=a.segments,
        after=b.segments,
        currency=a.features.currency or b.features.currency,
    )


def moved_customers(comparison: Comparison, a: Segmentation, b: Segmentation) -> pd.DataFrame:
    """Who leaves the match of their segment, a row each: by the move, then the highest revenue first.

    Parameters
    ----------
    comparison : of a and b

    Returns
    -------
    customer_id, from_segment, from_name, to_segment, to_name and, where there is money, total_revenue.
    """
    pairs = _pairs(a, b)
    moved = pairs[comparison.leave(pairs)].reset_index(names="customer_id")
    moved = moved.sort_values(
        ["from_segment", "to_segment", "revenue", "customer_id"], ascending=[True, True, False, True], kind="stable"
    )
    table = moved[["customer_id"]].copy()
    for end, segments in (("from", a.segments), ("to", b.segments)):
        table[f"{end}_segment"] = moved[f"{end}_segment"]
        table[f"{end}_name"] = moved[f"{end}_segment"].map({each.number: each.name for each in segments}).astype("str")
    if comparison.has_money:
        table["total_revenue"] = moved["revenue"]
    return table.reset_index(drop=True)


def coloured_like(segmentation: Segmentation, other: Segmentation) -> Segmentation:
    """The same, each segment in the colour of the one of the other that it carries on (`lineage.follow`).

    Both are of the same customers in the same order.
    """
    step = _step(other, segmentation)
    colours = lineage.next_colours([each.colour for each in other.segments], step)
    recoloured = (replace(each, colour=colour) for each, colour in zip(segmentation.segments, colours, strict=True))
    return replace(segmentation, segments=tuple(recoloured))


def same_customers(a: Segmentation, b: Segmentation) -> dict[int, int]:
    """{a's segment: b's} where both are mostly the same customers (Jaccard above `lineage.PERSISTS`).

    Both are of the same customers in the same order.
    """
    return {origin + 1: place + 1 for place, origin in _step(a, b).persisting.items()}


def _step(a: Segmentation, b: Segmentation) -> lineage.Step:
    before, after = (each.assignments["segment"].to_numpy(dtype=np.int64) - 1 for each in (a, b))
    return lineage.follow(before, after, a.n_segments, b.n_segments)


def _pairs(a: Segmentation, b: Segmentation) -> pd.DataFrame:
    """The customers in both, by id: from_segment, to_segment, revenue."""
    common = a.assignments.index.intersection(b.assignments.index)
    return pd.DataFrame(
        {
            "from_segment": a.assignments["segment"].reindex(common).astype("int64"),
            "to_segment": b.assignments["segment"].reindex(common).astype("int64"),
            "revenue": _revenue(a, b, common),
        }
    )


def _revenue(a: Segmentation, b: Segmentation, common: pd.Index[str]) -> pd.Series[float]:
    for side in (a, b):
        if "total_revenue" in side.features.values.columns:
            return side.features.values["total_revenue"].reindex(common)
    return pd.Series(np.nan, index=common)


def _matched(flows: pd.DataFrame, n_before: int, n_after: int) -> tuple[dict[int, int], int]:
    from scipy.optimize import linear_sum_assignment  # here, since it costs more to import than the rest of core

    shared = np.zeros((n_before, n_after), dtype=np.int64)
    shared[flows["from_segment"] - 1, flows["to_segment"] - 1] = flows["customers"]
    rows, columns = linear_sum_assignment(shared, maximize=True)
    matches = {int(row) + 1: int(column) + 1 for row, column in zip(rows, columns, strict=True) if shared[row, column]}
    return matches, int(shared[rows, columns].sum())


def _adjusted_rand(pairs: pd.DataFrame) -> float:
    from sklearn.metrics import adjusted_rand_score  # here, since it takes a second to import

    if pairs.empty:
        return float("nan")
    return float(adjusted_rand_score(pairs["from_segment"], pairs["to_segment"]))


def _agreement(adjusted_rand: float) -> str:
    """Steinley (2004): above 0.90 excellent, 0.80 good, 0.65 moderate recovery."""
    from core.clustering.stability import two_digits  # here, as it brings scikit-learn along

    bounds = ((0.9, "almost fully"), (0.8, "well"), (0.65, "moderately"), (0.3, "loosely"))
    word = next((word for bound, word in bounds if adjusted_rand >= bound), "hardly")
    return f"{word} (adjusted Rand index {two_digits(adjusted_rand)})"


def _campaigns(count: int) -> str:
    return "one more campaign" if count == 1 else f"{count} more campaigns"


def _there(name: str, part: int, size: int) -> str:
    """Where the customers of a segment are in the coarser segmentation, most of them in the one named."""
    if part == size:
        whole = "that one is" if size == 1 else "all of them are"
        return f"{whole} in “{name}” and {'gets' if size == 1 else 'get'} the campaign of that one"
    some = "1 of them is" if part == 1 else f"{part:,} of them are"
    gets = "gets" if part == 1 else "get"
    return f"{some} in “{name}” and {gets} the campaign of that one, the others in other segments"


def _customers(count: int) -> str:
    return "1 customer" if count == 1 else f"{count:,} customers"


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.005 else "under 1%"
