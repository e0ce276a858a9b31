"""What one more segment changes: who moved, how many, how much money, and what sets them apart, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.features import catalog
from core.features.engineering import CustomerFeatures
from core.segments.comparison import FLOW_COLUMNS
from core.segments.generations import Generation
from core.segments.portrait import contrast

CLEAN = 0.8
"""A new segment comes from another one, and one goes into another, where at least this share of it does."""
NOTABLE = 0.2
"""Customers who move between segments that were there before are named where they are this share of either."""
MOST_NAMED = 3


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """How k segments became k + 1. Segments by their numbers, from 1."""

    before: tuple[str, ...]  # names
    after: tuple[str, ...]
    flows: pd.DataFrame  # FLOW_COLUMNS; a row for each pair of segments that share customers; revenue NaN without money
    carried_on: dict[int, int]  # {segment before: the segment after that carries it on}; neither comes twice
    differences: dict[int, str]  # {new segment: what sets it apart from the others it was with}; "" where nothing
    currency: str | None

    @property
    def k(self) -> int:
        return len(self.before)

    @property
    def newcomers(self) -> tuple[int, ...]:
        """The segments after that carry on none, the largest first."""
        return tuple(self.differences)

    def sentences(self) -> list[str]:
        """One for each new segment, then whatever else happens. Plain text."""
        told = [self._newcomer(number) for number in self.newcomers]
        return [*told, *self._ended(), *self._exchanged(), *self._renamed()]

    def words(self) -> str:
        """The sentences in one paragraph."""
        return " ".join(self.sentences())

    def _newcomer(self, number: int) -> str:
        parts = self._flows("to_segment", number)
        name, apart = self.after[number - 1], self.differences[number]
        told = f": {apart}." if apart else "."
        if parts.empty:
            return f"{quoted(name)} is new and holds nobody."
        size, largest = int(parts["customers"].sum()), int(parts["customers"].iloc[0])
        if largest < CLEAN * size:
            new = f"a new {quoted(name)}" if name in self.before else f"{quoted(name)} is new and"
            return f"No one segment splits: {new} draws {self._listed(parts, 'from_segment')}{told}"
        source = int(parts["from_segment"].iloc[0])
        former = self.before[source - 1]
        becoming = _agreeing("keep that name" if name == former else f"become {quoted(name)}", largest)
        who = f"{self._amount(parts.iloc[:1])} {becoming}"
        if largest < size:
            who += f", with {size - largest:,} more from other segments"
        how = (
            f"{quoted(former)} splits in two" if self._halves(source, number) else f"A part of {quoted(former)} leaves"
        )
        return f"{how}: {who}{told}"

    def _halves(self, source: int, number: int) -> bool:
        """Nearly all of the segment before are in the new one and in the one that carries it on."""
        parts = self._flows("from_segment", source)
        both = parts[parts["to_segment"].isin([number, self.carried_on.get(source)])]
        return bool(both["customers"].sum() >= CLEAN * parts["customers"].sum())

    def _ended(self) -> list[str]:
        """The segments that none carries on."""
        told = []
        for number, name in enumerate(self.before, start=1):
            parts = self._flows("from_segment", number)
            if number in self.carried_on or parts.empty:
                continue
            if parts["customers"].iloc[0] >= CLEAN * parts["customers"].sum():
                into = self._known_as(int(parts["to_segment"].iloc[0]))
                told.append(f"{quoted(name)} merges into {into}: {self._amount(parts.iloc[:1])}.")
            else:
                told.append(f"{quoted(name)} is spread over others: {self._listed(parts, 'to_segment')}.")
        return told

    def _exchanged(self) -> list[str]:
        """Those who change between segments that go on; that nobody does is said as well."""
        moved = self._moved()
        if moved.empty:
            return ["Nobody else moves."] if self.k > 1 and len(self.carried_on) == self.k else []
        sizes = [self.flows.groupby(end)["customers"].sum() for end in ("from_segment", "to_segment")]
        either = np.minimum(moved["from_segment"].map(sizes[0]), moved["to_segment"].map(sizes[1]))
        notable = moved[moved["customers"] >= NOTABLE * either].iloc[:MOST_NAMED]
        told = [
            f"{self._moving(notable.iloc[[place]])} from {quoted(self.before[source - 1])} to {self._known_as(target)}."
            for place, (source, target) in enumerate(zip(notable["from_segment"], notable["to_segment"], strict=True))
        ]
        rest = moved.drop(notable.index)
        if len(rest):
            others = "other segments" if told else "segments that were there before"
            told.append(f"{self._moving(rest)} between {others}.")
        return told

    def _renamed(self) -> list[str]:
        """A name that is not true any more is given up; the segment goes on under another one."""
        told = []
        for source, target in self.carried_on.items():
            former, name = self.before[source - 1], self.after[target - 1]
            if former != name:
                parted = self._flows("from_segment", source)["to_segment"].isin(self.newcomers).any()
                told.append(f"{'The rest of' if parted else 'What was'} {quoted(former)} is now {quoted(name)}.")
        return told

    def _known_as(self, number: int) -> str:
        """A segment after by its name there; where it carries one on that had another name, that one in brackets."""
        former = {target: self.before[source - 1] for source, target in self.carried_on.items()}
        name = self.after[number - 1]
        return (
            quoted(name) if former.get(number, name) == name else f"{quoted(name)} (before: {quoted(former[number])})"
        )

    def _moving(self, parts: pd.DataFrame) -> str:
        return f"{self._amount(parts)} {_agreeing('move', int(parts['customers'].sum()))}"

    def _moved(self) -> pd.DataFrame:
        """The flows from a segment that goes on into another one that does, the largest first."""
        goes_on = self.flows["from_segment"].map(self.carried_on)
        target = self.flows["to_segment"]
        moved = self.flows[goes_on.notna() & (goes_on != target) & target.isin(list(self.carried_on.values()))]
        return moved.sort_values("customers", ascending=False, kind="stable")

    def _flows(self, end: str, number: int) -> pd.DataFrame:
        """Those of one segment, the largest first."""
        parts = self.flows[self.flows[end] == number]
        return parts.sort_values("customers", ascending=False, kind="stable")

    def _listed(self, parts: pd.DataFrame, end: str) -> str:
        """Such as "212 customers with 38k EUR of revenue from “A” and 90 customers from “B”"."""
        word = "from" if end == "from_segment" else "to"
        told = [
            f"{self._amount(parts.iloc[[place]])} {word} "
            + (quoted(self.before[number - 1]) if word == "from" else self._known_as(number))
            for place, number in enumerate(parts[end].iloc[:MOST_NAMED])
        ]
        if len(parts) > MOST_NAMED:
            told.append(f"{self._amount(parts.iloc[MOST_NAMED:])} {word} others")
        return _and(told)

    def _amount(self, parts: pd.DataFrame) -> str:
        """Such as "212 customers with 38k EUR of revenue"."""
        customers, revenue = int(parts["customers"].sum()), parts["revenue"].sum(min_count=1)
        told = "1 customer" if customers == 1 else f"{customers:,} customers"
        if pd.isna(revenue):
            return told
        return f"{told} with {catalog.feature('total_revenue').format(float(revenue), self.currency)} of revenue"


def split(after: Generation, features: CustomerFeatures, ranked: pd.DataFrame, used: Sequence[str]) -> Split:
    """How a generation of segments came from the one with a segment less.

    Parameters
    ----------
    after : a generation that has one before it
    features : the customers, in the generation's order
    ranked : `naming.ranks` of the features' values
    used : features used for clustering; they win where two measures say as much

    Raises
    ------
    ValueError where there is no generation before
    """
    before, step = after.before, after.step
    if before is None or step is None:
        raise ValueError("There are no segments before these.")
    values = features.values
    shape = (before.n_segments, after.n_segments)
    revenue = np.full(shape, np.nan)
    if "total_revenue" in values.columns:
        cells = before.places.astype(np.intp) * shape[1] + after.places
        amounts = np.nan_to_num(values["total_revenue"].to_numpy(dtype=np.float64))
        revenue = np.bincount(cells, weights=amounts, minlength=shape[0] * shape[1]).reshape(shape)
    source, target = np.nonzero(step.customers)
    flows = pd.DataFrame(
        {
            "from_segment": source + 1,
            "to_segment": target + 1,
            "customers": step.customers[source, target],
            "revenue": revenue[source, target],
        },
        columns=list(FLOW_COLUMNS),
    )
    differences = {}
    for place in step.newcomers:
        group = _with_whom(step.customers, before.places, place)
        joined = after.places[group] == place
        differences[place + 1] = contrast(values[group], ranked[group], joined, used=used, currency=features.currency)
    return Split(
        before=before.names,
        after=after.names,
        flows=flows,
        carried_on={origin + 1: place + 1 for place, origin in enumerate(step.origins) if origin >= 0},
        differences=differences,
        currency=features.currency,
    )


def quoted(name: str) -> str:
    """A name as it stands in a sentence."""
    return f"“{name}”"


def _with_whom(customers: np.ndarray, before: np.ndarray, place: int) -> np.ndarray:
    """(n_customers,) whether somebody was in one of the segments that a new one notably draws from."""
    drawn = customers[:, place]
    sources = drawn >= NOTABLE * max(int(drawn.max()), 1)
    return np.asarray(sources[before])


def _agreeing(plural: str, count: int) -> str:
    """A verb, with what follows it, as it goes with so many customers."""
    verb, space, rest = plural.partition(" ")
    return plural if count != 1 else f"{verb}s{space}{rest}"


def _and(told: Sequence[str]) -> str:
    return " and ".join([", ".join(told[:-1]), told[-1]] if len(told) > 1 else told)
