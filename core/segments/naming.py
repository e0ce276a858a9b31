"""Where each segment stands among all customers, and the name that says so."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

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
# What it costs to use an archetype again: more than nearly any other one is off.
REUSE = 1.0
# What it costs to use an archetype that is not true of a segment: more than using any other one however often.
UNTRUE = 1e6
# What it costs to give up an archetype that a segment of mostly the same customers had: two steps of 0.2 on the scale.
HOLD = 0.08
# It is not held where the segment stands farther from it than this many times as far as from the nearest.
STRAYED = 1.5
# A name made of measures is given up where one of them comes nearer to the middle than this.
STILL = 0.1
LONGEST_NAME = 80
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Naming:
    """A name and the archetype whose plan goes with it."""

    name: str
    archetype: Archetype
    says: Mapping[str, int] = field(default_factory=dict)  # measure -> 1 high, -1 low, where the name is made of them


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
    clusters = clusters.astype(np.intp)
    sizes = np.bincount(clusters, minlength=n_clusters)
    for name in values.columns:
        column = values[name].to_numpy(dtype=np.float64)
        missing = np.isnan(column)
        if missing.any():
            here, column = clusters[~missing], column[~missing]
            counts[name] = np.bincount(here, minlength=n_clusters)
        else:
            here, counts[name] = clusters, sizes
        sums[name] = np.bincount(here, weights=column, minlength=n_clusters)
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
    columns = {
        dimension: 1 - standing[measure] if dimension == "recency" else standing[measure]
        for dimension, measure in evidence(standing).items()
    }
    return pd.DataFrame(columns, index=standing.index)


def evidence(standing: pd.DataFrame) -> dict[str, str]:
    """{dimension: the measure that speaks for it}, of those that are known."""
    known = standing.dropna(axis=1, how="all").columns
    measures: dict[str, str] = {}
    for dimension in DIMENSIONS:
        measure = next((name for name in EVIDENCE[dimension] if name in known and name not in measures.values()), None)
        if measure is not None:
            measures[dimension] = measure
    return measures


def named(standing: pd.DataFrame, held: Mapping[int, Naming] | None = None) -> tuple[Naming, ...]:
    """A name for each segment, never the same one twice.

    Parameters
    ----------
    standing : (n_segments, n_features) from `standings`, in the order of the segments
    held : {place of a segment: what it was called}, for those that were there before

    Notes
    -----
    Each segment and each archetype of the playbook is a point in value, recency and frequency; names are given so that
    the squared distances add up to the least (the assignment problem). A name is only used where what it speaks of is
    known (nobody hibernates without a date), and where it is true: within the archetype's bounds. It is used again only
    where no other is true; then what differs tells the two apart. Where none is true, or neither value nor dates are
    known, the most striking measures make the name.

    A held archetype counts as nearer by HOLD while it is true and the segment has not STRAYED from it. So it is given
    up where the segment has moved, or where all names together become truer by more than that. A held name made of
    measures stays while each of them is still as it says.
    """
    held = held or {}
    if len(standing) == 1:
        return (Naming(playbook().everyone.name, playbook().everyone),)
    position = positions(standing)
    if position.empty:
        return _by_measures(standing, held)
    archetypes = _nearest(position, _usable(standing, position), held)
    sides = _comparable(standing) - MIDDLE
    namings = [
        Naming(each.name, each) if each else _measured(sides.iloc[place], place, held)
        for place, each in enumerate(archetypes)
    ]
    names = _told_apart([_worded(each.says) or each.name for each in namings], standing)
    return tuple(replace(each, name=name) for name, each in zip(names, namings, strict=True))


def _usable(standing: pd.DataFrame, position: pd.DataFrame) -> list[Archetype]:
    known = set(position.columns)
    value = next((name for name in EVIDENCE["value"] if not standing.get(name, pd.Series()).dropna().empty), None)
    if value is not None and catalog.feature(value).unit is Unit.MONEY:
        known.add("money")
    return [each for each in playbook().archetypes if each.needs <= known] or [playbook().unnamed]


def _nearest(
    position: pd.DataFrame, archetypes: Sequence[Archetype], held: Mapping[int, Naming]
) -> list[Archetype | None]:
    """An archetype for each segment; None where none is true of it."""
    from scipy.optimize import linear_sum_assignment  # here, since it costs more to import than the rest of core

    here = position.fillna(MIDDLE).to_numpy()
    there = np.array([[each.position.get(name, MIDDLE) for name in position.columns] for each in archetypes])
    distances = ((here[:, None, :] - there[None, :, :]) ** 2).sum(axis=2)
    places = [dict(zip(position.columns, row, strict=True)) for row in here.tolist()]
    true = np.array([[each.is_true_of(place) for each in archetypes] for place in places])
    costs = np.where(true, distances, UNTRUE)
    nearest = costs.min(axis=1)
    keys = [each.key for each in archetypes]
    for place, former in held.items():
        column = keys.index(former.archetype.key) if former.archetype.key in keys else None
        if column is not None and distances[place, column] <= STRAYED**2 * nearest[place]:
            costs[place, column] -= HOLD
    _, chosen = linear_sum_assignment(np.hstack([costs + REUSE * again for again in range(len(here))]))
    columns = (chosen % len(there)).tolist()
    return [archetypes[column] if true[place, column] else None for place, column in enumerate(columns)]


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


def _by_measures(standing: pd.DataFrame, held: Mapping[int, Naming]) -> tuple[Naming, ...]:
    """Names such as "High age, low visits" for tables that tell neither value nor recency nor frequency."""
    sides = _comparable(standing) - MIDDLE
    namings = [_measured(row, place, held) for place, (_, row) in enumerate(sides.iterrows())]
    settled = [place for place, naming in enumerate(namings) if naming is held.get(place)]
    names = unique([each.name for each in namings], settled)
    return tuple(replace(each, name=name) for name, each in zip(names, namings, strict=True))


def _measured(sides: pd.Series[float], place: int, held: Mapping[int, Naming]) -> Naming:
    """What it was called while that is true, else a name of its most striking measures."""
    if place in held and _still_true(held[place], sides):
        return held[place]
    ordered = sides.sort_values(key=np.abs, ascending=False, kind="stable").iloc[:2]
    says = {str(measure): 1 if side > 0 else -1 for measure, side in ordered.items() if abs(side) >= OUTSTANDING}
    unnamed = playbook().unnamed
    return Naming(_worded(says) or f"{unnamed.name} {place + 1}", unnamed, says)


def _worded(says: Mapping[str, int]) -> str:
    """Such as "High age, low visits"; empty where nothing is said."""
    words = [f"{'high' if side > 0 else 'low'} {inner(catalog.feature(name).label)}" for name, side in says.items()]
    return sentence(", ".join(words))


def _still_true(former: Naming, sides: pd.Series[float]) -> bool:
    told = former.says.items()
    return bool(told) and all(name in sides.index and sides[name] * side >= STILL for name, side in told)


def _comparable(standing: pd.DataFrame) -> pd.DataFrame:
    """Without scores, which only repeat the measures that they are made from."""
    kept = [name for name in standing.columns if catalog.feature(str(name)).unit is not Unit.SCORE]
    return standing[kept].dropna(axis=1, how="any")


def labels(given: Sequence[str], own: Mapping[int, str]) -> list[str]:
    """The playbook's names with the marketer's own, by number, put in their places; blank ones are no names.

    Hers stay as they are: where the playbook has the same one for another segment, that one gets a number.
    """
    wanted = {number: _fitting(name) for number, name in own.items() if _fitting(name)}
    names = [wanted.get(number) or _fitting(name) for number, name in enumerate(given, start=1)]
    first = {wanted[number].casefold(): number for number in sorted(wanted, reverse=True)}
    return unique(names, [number - 1 for number in first.values()])


def _fitting(name: str) -> str:
    """A name that fits on a card."""
    return one_line(name)[:LONGEST_NAME].rstrip()


def one_line(text: str) -> str:
    """The text without line breaks and other control characters, which a file's header may well hold."""
    return " ".join(_CONTROL.sub(" ", text).split())


def unique(names: Sequence[str], settled: Collection[int] = ()) -> list[str]:
    """The names, the later of two alike with a number after it. Case makes no difference: file names ignore it.

    Those at the places `settled`, which must differ, stay as they are.
    """
    given = {place: names[place] for place in settled}
    taken = {name.casefold() for name in names}
    for place, name in enumerate(names):
        if place in given:
            continue
        alike = {other.casefold() for other in given.values()}
        candidate, number = name, 2
        while candidate.casefold() in alike or (candidate != name and candidate.casefold() in taken):
            candidate, number = f"{name} {number}", number + 1
        given[place] = candidate
    return [given[place] for place in range(len(names))]


def inner(label: str) -> str:
    """A label as it reads within a sentence: "Total revenue" -> "total revenue"; "RFM score", "Annual Income" stay."""
    return label.lower() if label[1:2].islower() and label[1:] == label[1:].lower() else label


def sentence(text: str) -> str:
    """The text with a capital to begin with."""
    return text[:1].upper() + text[1:]
