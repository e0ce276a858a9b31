"""Where each segment stands among all customers, and the name that says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.features import catalog
from core.features.catalog import Unit
from core.segments.playbook import DIMENSIONS, Archetype, playbook

# The measures that speak for a dimension, the first that the file gives.
EVIDENCE = {
    "value": ("total_revenue", "avg_order_value", "avg_line_value", "total_quantity"),
    "recency": ("recency_days",),
    "frequency": ("order_count", "total_quantity"),
}
MIDDLE = 0.5
# A standing this far from the middle is worth a name of its own where no archetype fits.
OUTSTANDING = 0.15
# What it costs to use an archetype again, where there are more segments than archetypes: two steps of 0.2 on the scale.
REUSE = 0.08


@dataclass(frozen=True, slots=True)
class Naming:
    """A name and the archetype whose plan goes with it."""

    name: str
    archetype: Archetype


def ranks(values: pd.DataFrame) -> pd.DataFrame:
    """Where each customer stands among all in each measure.

    Returns
    -------
    (n_customers, n_features): 0 the smallest value, 1 the largest, ties in the middle of their places; missing where
    the customer has no value, and for everyone in a measure in which all are alike, since it then tells nothing.
    """
    ranked = (values.rank(method="average") - 0.5) / values.notna().sum().clip(lower=1)
    ranked.loc[:, values.max() <= values.min()] = np.nan
    return ranked


def standings(ranked: pd.DataFrame, clusters: np.ndarray, n_clusters: int) -> pd.DataFrame:
    """Where each group's customers stand on average.

    Parameters
    ----------
    ranked : (n_customers, n_features) from `ranks`
    clusters : (n_customers,) 0-based

    Returns
    -------
    (n_clusters, n_features) from 0 to 1, missing where nobody in the group has a value. Ranks and not means, so that
    one giant customer does not make all others small.
    """
    return group_means(ranked, clusters, n_clusters)


def group_means(values: pd.DataFrame, clusters: np.ndarray, n_clusters: int) -> pd.DataFrame:
    """(n_clusters, n_features) means of those who have a value; NaN where nobody has."""
    sums, counts = group_sums(values, clusters, n_clusters)
    return sums / counts.where(counts > 0)


def group_sums(values: pd.DataFrame, clusters: np.ndarray, n_clusters: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Sums of the values, and how many customers have one; both (n_clusters, n_features)."""
    sums, counts = {}, {}
    for name in values.columns:
        column = values[name].to_numpy(dtype=np.float64)
        has = ~np.isnan(column)
        counts[name] = np.bincount(clusters[has], minlength=n_clusters)
        sums[name] = np.bincount(clusters[has], weights=column[has], minlength=n_clusters)
    return pd.DataFrame(sums, columns=values.columns), pd.DataFrame(counts, columns=values.columns)


def positions(standing: pd.DataFrame) -> pd.DataFrame:
    """What is known of value, recency and frequency.

    Parameters
    ----------
    standing : (n_segments, n_features) from `standings`

    Returns
    -------
    (n_segments, up to 3): 1 is best, so that the most recent stand high. A dimension that the file says nothing about,
    or in which all customers are alike, has no column. One measure never speaks for two dimensions.
    """
    known = standing.dropna(axis=1, how="all")
    columns: dict[str, pd.Series[float]] = {}
    taken: set[str] = set()
    for dimension in DIMENSIONS:
        measure = next((name for name in EVIDENCE[dimension] if name in known.columns and name not in taken), None)
        if measure is not None:
            taken.add(measure)
            columns[dimension] = 1 - known[measure] if dimension == "recency" else known[measure]
    return pd.DataFrame(columns, index=standing.index)


def named(standing: pd.DataFrame) -> tuple[Naming, ...]:
    """A name for each segment, never the same one twice.

    Parameters
    ----------
    standing : (n_segments, n_features) from `standings`, in the order of the segments

    Notes
    -----
    Each segment and each archetype of the playbook is a point in value, recency and frequency; names are given so that
    the squared distances add up to the least (the assignment problem). A name is only used where what it speaks of is
    known: nobody hibernates without a date. With more segments than such archetypes some share one and are told apart
    by what differs between them. Where neither value nor dates are known, the most striking measures make the name.
    """
    if len(standing) == 1:
        return (Naming(playbook().everyone.name, playbook().everyone),)
    position = positions(standing)
    if position.empty:
        return _by_measures(standing)
    archetypes = _nearest(position, _usable(standing, position))
    return tuple(map(Naming, _told_apart([each.name for each in archetypes], standing), archetypes))


def _usable(standing: pd.DataFrame, position: pd.DataFrame) -> list[Archetype]:
    known = set(position.columns)
    value = next((name for name in EVIDENCE["value"] if not standing.get(name, pd.Series()).dropna().empty), None)
    if value is not None and catalog.feature(value).unit is Unit.MONEY:
        known.add("money")
    return [each for each in playbook().archetypes if each.needs <= known] or [playbook().unnamed]


def _nearest(position: pd.DataFrame, archetypes: Sequence[Archetype]) -> list[Archetype]:
    from scipy.optimize import linear_sum_assignment  # here, since it costs more to import than the rest of core

    here = position.fillna(MIDDLE).to_numpy()
    there = np.array([[each.position.get(name, MIDDLE) for name in position.columns] for each in archetypes])
    distances = ((here[:, None, :] - there[None, :, :]) ** 2).sum(axis=2)
    rounds = -(-len(here) // len(there))
    _, chosen = linear_sum_assignment(np.hstack([distances + REUSE * again for again in range(rounds)]))
    return [archetypes[place % len(there)] for place in chosen]


def _told_apart(names: Sequence[str], standing: pd.DataFrame) -> list[str]:
    """The names, with what differs added where two share one, and a number where more do."""
    apart = list(names)
    for name in dict.fromkeys(names):
        places = [place for place, other in enumerate(names) if other == name]
        if len(places) == 2:
            difference = _comparable(standing.iloc[places]).diff().iloc[1].abs()
            if difference.max() > 0:
                measure = str(difference.idxmax())
                ordered = standing[measure].iloc[places].argsort().to_numpy()
                for place, word in zip(np.array(places)[ordered], ("lower", "higher"), strict=True):
                    apart[place] = f"{name} ({word} {inner(catalog.feature(measure).label)})"
        elif len(places) > 2:
            for number, place in enumerate(places, start=1):
                apart[place] = f"{name} {number}"
    return unique(apart)


def _by_measures(standing: pd.DataFrame) -> tuple[Naming, ...]:
    """Names such as "High age, low visits" for tables that tell neither value nor recency nor frequency."""
    unnamed = playbook().unnamed
    names = []
    comparable = _comparable(standing)
    for number, (_, row) in enumerate(comparable.iterrows(), start=1):
        striking = (row.dropna() - MIDDLE).sort_values(key=np.abs, ascending=False, kind="stable")
        words = [
            f"{'high' if side > 0 else 'low'} {inner(catalog.feature(str(measure)).label)}"
            for measure, side in striking.iloc[:2].items()
            if abs(side) >= OUTSTANDING
        ]
        names.append(sentence(", ".join(words)) if words else f"{unnamed.name} {number}")
    return tuple(Naming(name, unnamed) for name in unique(names))


def _comparable(standing: pd.DataFrame) -> pd.DataFrame:
    """Without scores, which only repeat the measures that they are made from."""
    kept = [name for name in standing.columns if catalog.feature(str(name)).unit is not Unit.SCORE]
    return standing[kept].dropna(axis=1, how="any")


def unique(names: Sequence[str]) -> list[str]:
    """The names, the later of two alike with a number after it. Case makes no difference: file names ignore it."""
    given: list[str] = []
    taken = {name.casefold() for name in names}
    for place, name in enumerate(names):
        alike = {other.casefold() for other in given}
        candidate, number = name, 2
        while candidate.casefold() in alike or (candidate != names[place] and candidate.casefold() in taken):
            candidate, number = f"{name} {number}", number + 1
        given.append(candidate)
    return given


def inner(label: str) -> str:
    """A label as it reads within a sentence: "Total revenue" -> "total revenue"; "RFM score", "Annual Income" stay."""
    return label.lower() if label[1:2].islower() and label[1:] == label[1:].lower() else label


def sentence(text: str) -> str:
    """The text with a capital to begin with."""
    return text[:1].upper() + text[1:]
