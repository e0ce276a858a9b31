"""One sentence of evidence a segment: the measures in which it stands out, in units, against all others."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from core.features import catalog
from core.features.catalog import Unit
from core.segments.naming import MIDDLE, Naming, evidence, group_means, group_sums, inner, sentence
from core.segments.playbook import playbook

MOST_MEASURES = 3
# A standing this near to the middle is no trait.
TRAIT = 0.1
# Two measures that rank the customers this much alike would say one thing twice.
SAME = 0.9
# Of two parts of a segment no more is said; they are alike in what their mean ranks and means are as near as this.
MOST_DIFFERENCES = 2
ALIKE = 0.05
ALIKE_MEANS = 0.1  # as a share of the larger mean


def portraits(
    values: pd.DataFrame,
    ranked: pd.DataFrame,
    clusters: np.ndarray,
    standing: pd.DataFrame,
    *,
    used: Sequence[str],
    currency: str | None,
) -> list[str]:
    """A sentence a segment: "Spend 964 EUR each, all others 663 EUR; order every 9 days, all others 31 days.".

    Parameters
    ----------
    values : (n_customers, n_features) in units
    ranked : the same, from `naming.ranks`
    clusters : (n_customers,) 0-based
    standing : (n_segments, n_features) from `naming.standings`
    used : features used for clustering; they win where two measures say as much
    currency : of every money column

    Notes
    -----
    Chosen by rank, told as means of those who have a value. A measure whose mean points the other way than the ranks
    (a few giants among the others) would contradict itself and is left out; so is one that ranks customers nearly as
    one told already, and one that reads the same for both sides.
    """
    ordered = _ordered(values, used)
    here = _rows(group_means(values[ordered], clusters, len(standing)))
    if len(standing) == 1:
        return [_sentence([_phrase(name, here[0][name], None, currency) for name in ordered[:MOST_MEASURES]])]
    others = _rows(_others(values[ordered], clusters, len(standing)))
    # Missing ranks stand in the middle, where they pull the correlation towards none.
    alike = _correlations(ranked[ordered].fillna(MIDDLE))
    told = []
    for place, row in enumerate(_rows(standing[ordered] - MIDDLE)):
        traits = _traits(row, here[place], others[place], alike, currency)
        told.append(_sentence([_phrase(name, here[place][name], others[place][name], currency) for name in traits]))
    return told


def contrast(
    values: pd.DataFrame, ranked: pd.DataFrame, joined: np.ndarray, *, used: Sequence[str], currency: str | None
) -> str:
    """What sets some customers apart from those they were with, and in what they are alike.

    Parameters
    ----------
    values : (n_customers, n_features) in units, of all who were together
    ranked : the same, from `naming.ranks` over all customers
    joined : (n_customers,) whether each is one of those described
    used : features used for clustering; they win where two measures say as much
    currency : of every money column

    Returns
    -------
    "spend 180 EUR each, the others 360 EUR; placed 9 orders each, much like the others"; empty where nothing can be
    said, or nobody is on one of the sides.
    """
    if joined.all() or not joined.any():
        return ""
    ordered, sides = _ordered(values, used), joined.astype(np.intp)
    others, here = _rows(group_means(values[ordered], sides, 2))
    there, stand = group_means(ranked[ordered], sides, 2).to_numpy()
    differences = dict(zip(ordered, (stand - there).tolist(), strict=True))
    alike = _correlations(ranked[ordered].fillna(MIDDLE))
    traits = _traits(differences, here, others, alike, currency)[:MOST_DIFFERENCES]
    told = [_phrase(name, here[name], others[name], currency, "the others") for name in traits]
    nearest = min((name for name in used if name in differences), key=lambda name: abs(differences[name]), default="")
    if nearest and nearest not in traits and _alike(differences[nearest], here[nearest], others[nearest]):
        told.append(f"{_phrase(nearest, here[nearest], None, currency)}, much like the others")
    return "; ".join(each for each in told if each)


def reasons(standing: pd.DataFrame, namings: Sequence[Naming]) -> list[str]:
    """Why each segment bears its name: where its customers stand, beside what the playbook means by it.

    Parameters
    ----------
    standing : (n_segments, n_features) from `naming.standings`

    Returns
    -------
    "On average they spend more than 86 of 100 customers and ordered more lately than 68 of 100. “Champions” are: ..."
    """
    measures = list(evidence(standing).values())
    return [
        _reason(row, naming, list(naming.says) or measures)
        for row, naming in zip(_rows(standing), namings, strict=True)
    ]


def _reason(row: Mapping[str, float], naming: Naming, measures: Sequence[str]) -> str:
    if naming.archetype.key == "everyone":
        return "There is one segment, of all customers."
    told = [_stands(name, row[name]) for name in measures if not math.isnan(row[name])]
    if not told:
        return "Nothing sets them apart enough to be named by."
    listed = " and ".join([*([", ".join(told[:-1])] if told[:-1] else []), told[-1]])
    facts = f"On average they {listed.replace(' of 100', ' of 100 customers', 1)}."
    if naming.says:
        return facts
    return f"{facts} What the playbook calls “{naming.archetype.name}”: {naming.archetype.description}"


def _stands(name: str, standing: float) -> str:
    """Such as "spend more than 86 of 100"."""
    label = inner(catalog.feature(name).label)
    more, less = playbook().leanings.get(name, (f"have a higher {label}", f"have a lower {label}"))
    side, share = (more, standing) if standing >= MIDDLE else (less, 1 - standing)
    return f"{side} than {share * 100:.0f} of 100"


def _alike(difference: float, here: float, others: float) -> bool:
    """By rank and by mean: of a few giants either alone would be wrong."""
    return abs(difference) < ALIKE and abs(here - others) <= ALIKE_MEANS * max(abs(here), abs(others))


def _ordered(values: pd.DataFrame, used: Sequence[str]) -> list[str]:
    """The measures without scores, those used first."""
    names = [str(name) for name in values.columns if catalog.feature(str(name)).unit is not Unit.SCORE]
    return [name for name in used if name in names] + [name for name in names if name not in used]


def _traits(
    sides: Mapping[str, float],
    here: Mapping[str, float],
    others: Mapping[str, float],
    alike: Mapping[str, Mapping[str, float]],
    currency: str | None,
) -> list[str]:
    """Up to three measures, the most striking first; a second is named even where it is no strong trait.

    `sides` says how far, on the scale of ranks, somebody stands from those compared with, and on which side.
    """
    known = {name: side for name, side in sides.items() if not math.isnan(side)}
    told: list[str] = []
    for name, side in sorted(known.items(), key=lambda each: -abs(each[1])):
        if len(told) == MOST_MEASURES or (abs(side) < TRAIT and len(told) == 2):
            break
        feature = catalog.feature(name)
        repeats = any(alike[name][other] > SAME for other in told)
        agrees = (here[name] - others[name]) * side > 0
        if agrees and not repeats and feature.format(here[name], currency) != feature.format(others[name], currency):
            told.append(name)
    return told


def _rows(table: pd.DataFrame) -> list[dict[str, float]]:
    return [dict(zip(map(str, table.columns), row, strict=True)) for row in table.to_numpy(dtype=np.float64).tolist()]


def _others(values: pd.DataFrame, clusters: np.ndarray, n_segments: int) -> pd.DataFrame:
    """(n_segments, n_features) means of all customers outside each segment."""
    sums, counts = group_sums(values, clusters, n_segments)
    # Summed from the others, not taken from the total: a small sum beside a giant one would lose its digits.
    rest = {place: sums.drop(place).sum() / counts.drop(place).sum() for place in range(n_segments)}
    return pd.DataFrame(rest, index=values.columns).T


def _correlations(ranked: pd.DataFrame) -> dict[str, dict[str, float]]:
    if len(ranked) < 2:  # one customer says nothing of what goes together
        matrix = np.zeros((ranked.shape[1], ranked.shape[1]))
    else:
        with np.errstate(all="ignore"):
            matrix = np.atleast_2d(np.corrcoef(ranked.to_numpy(), rowvar=False))
    rows = _rows(pd.DataFrame(np.abs(np.nan_to_num(matrix)), columns=ranked.columns))
    return dict(zip(rows[0] if rows else (), rows, strict=True))


def _phrase(name: str, here: float, others: float | None, currency: str | None, who: str = "all others") -> str:
    feature = catalog.feature(name)
    phrase = playbook().phrases.get(name)
    if math.isnan(here):
        return ""
    figure = feature.format(here, currency)
    told = phrase.replace("{}", figure) if phrase else f"{inner(feature.label)} {figure} on average"
    return told if others is None else f"{told}, {who} {feature.format(others, currency)}"


def _sentence(told: Sequence[str]) -> str:
    told = [each for each in told if each]
    return sentence("; ".join(told)) + "." if told else "Much like all others in every measure."
