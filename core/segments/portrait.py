"""One sentence of evidence a segment: the measures in which it stands out, in units, against all others."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from core.features import catalog
from core.features.catalog import Unit
from core.segments.naming import MIDDLE, group_means, group_sums, inner, sentence
from core.segments.playbook import playbook

MOST_MEASURES = 3
# A standing this near to the middle is no trait.
TRAIT = 0.1
# Two measures that rank the customers this much alike would say one thing twice.
SAME = 0.9


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
    names = [str(name) for name in values.columns if catalog.feature(str(name)).unit is not Unit.SCORE]
    ordered = [name for name in used if name in names] + [name for name in names if name not in used]
    here = _rows(group_means(values[ordered], clusters, len(standing)))
    if len(standing) == 1:
        return [_sentence([_phrase(name, here[0][name], None, currency) for name in ordered[:MOST_MEASURES]])]
    others = _rows(_others(values[ordered], clusters, len(standing)))
    # Missing ranks stand in the middle, where they pull the correlation towards none.
    alike = _correlations(ranked[ordered].fillna(MIDDLE))
    told = []
    for place, row in enumerate(_rows(standing[ordered])):
        traits = _traits(row, here[place], others[place], alike, currency)
        told.append(_sentence([_phrase(name, here[place][name], others[place][name], currency) for name in traits]))
    return told


def _traits(
    standing: Mapping[str, float],
    here: Mapping[str, float],
    others: Mapping[str, float],
    alike: Mapping[str, Mapping[str, float]],
    currency: str | None,
) -> list[str]:
    """Up to three measures, the most striking first; a second is named even where it is no strong trait."""
    sides = {name: share - MIDDLE for name, share in standing.items() if not math.isnan(share)}
    told: list[str] = []
    for name, side in sorted(sides.items(), key=lambda each: -abs(each[1])):
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
    with np.errstate(all="ignore"):
        matrix = np.atleast_2d(np.corrcoef(ranked.to_numpy(), rowvar=False))
    rows = _rows(pd.DataFrame(np.abs(np.nan_to_num(matrix)), columns=ranked.columns))
    return dict(zip(rows[0] if rows else (), rows, strict=True))


def _phrase(name: str, here: float, others: float | None, currency: str | None) -> str:
    feature = catalog.feature(name)
    phrase = playbook().phrases.get(name)
    if math.isnan(here):
        return ""
    figure = feature.format(here, currency)
    told = phrase.replace("{}", figure) if phrase else f"{inner(feature.label)} {figure} on average"
    return told if others is None else f"{told}, all others {feature.format(others, currency)}"


def _sentence(told: Sequence[str]) -> str:
    told = [each for each in told if each]
    return sentence("; ".join(told)) + "." if told else "Much like all others in every measure."
