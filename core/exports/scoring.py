"""The customers of a file in the segments of a recipe: no clustering anew, each goes to the nearest centre."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from core.clustering import lineage
from core.clustering.sweep import ClusterFit
from core.errors import UserError, listed
from core.exports.recipe import Recipe, RecipeSegment
from core.features import catalog
from core.features.engineering import CustomerFeatures
from core.orders.cleaning import RETURNS, Returns
from core.segments import naming
from core.segments.assignment import assign
from core.segments.generations import Generation
from core.segments.naming import Naming
from core.segments.playbook import Archetype, playbook
from core.segments.segmentation import Segmentation, segment


class RecipeMisfitError(UserError):
    """The recipe is sound, but of measures that this file cannot give."""

    code = "recipe-does-not-fit"

    def __init__(self, missing: list[str], at_hand: list[str]) -> None:
        super().__init__(
            f"This recipe tells customers apart by {listed(missing)}, which this file does not give. "
            f"It gives: {listed(at_hand)}.",
            hint="Use a recipe that was made from such a file, or a file with the columns that the recipe's had.",
        )


def score(recipe: Recipe, features: CustomerFeatures, ranked: pd.DataFrame | None = None) -> Segmentation:
    """Give customers the segments of a recipe.

    Parameters
    ----------
    features : of the customers, whether or not the recipe was made from them
    ranked : `naming.ranks` of the features' values, where they are at hand

    Returns
    -------
    The recipe's segments in its order, under its names and with its plans; one may be empty. Each customer is in the
    segment whose centre is nearest in the recipe's own scaled space. Shares, portraits and colours are of these
    customers.

    Raises
    ------
    RecipeMisfitError : a feature of the recipe that these customers do not have
    RecipeError : where its preparation is damaged
    """
    values = features.values
    missing = [name for name in recipe.features if name not in values.columns]
    if missing:
        raise RecipeMisfitError(
            [catalog.feature(name).label for name in missing],
            [catalog.feature(name).label for name in features.distinct],
        )
    preparation = recipe.fitted_preparation()
    matrix, centers = preparation.matrix(values), np.array(recipe.centers, dtype=np.float64)
    nearest = assign(matrix, centers).nearest
    fit = ClusterFit(centers, nearest, float(((matrix - centers[nearest]) ** 2).sum()))
    ranked = naming.ranks(values) if ranked is None else ranked
    born = _as_in(recipe, values, ranked, nearest)
    found = segment(features, preparation, fit, ranked=ranked, generation=born)
    plans = [kept.plan or made.plan for kept, made in zip(recipe.segments, found.segments, strict=True)]
    return found.called([kept.name for kept in recipe.segments], plans)


def remarks(recipe: Recipe, *, currency: str | None, returns: Returns, as_of: date | None) -> tuple[str, ...]:
    """What makes customers of this file not quite comparable with those that the recipe was made from.

    Parameters
    ----------
    currency, returns, as_of : how this file is read
    """
    told = []
    theirs = recipe.reading.get("currency")
    if isinstance(theirs, str) and currency and theirs != currency:
        told.append(f"The recipe was made with amounts in {theirs}, and these are in {currency}.")
    if recipe.returns != returns:
        told.append(f"Returned goods. In the recipe: {RETURNS[recipe.returns]} Here: {RETURNS[returns]}")
    if "recency_days" in recipe.features and recipe.as_of != as_of:
        there, here = (f"from {day:%Y-%m-%d}" if day else "from the last order" for day in (recipe.as_of, as_of))
        told.append(f"The recipe counts days back {there}, this page {here}.")
    return tuple(told)


def _as_in(recipe: Recipe, values: pd.DataFrame, ranked: pd.DataFrame, nearest: np.ndarray) -> Generation:
    """The recipe's segments, in its order, as those of these customers."""
    sizes = np.bincount(nearest, minlength=recipe.k)
    revenue = None
    if "total_revenue" in values.columns:
        amounts = np.nan_to_num(values["total_revenue"].to_numpy(dtype=np.float64))
        revenue = np.bincount(nearest, weights=amounts, minlength=recipe.k)
    return Generation(
        places=nearest,
        order=tuple(range(recipe.k)),
        namings=tuple(Naming(each.name, _archetype(each)) for each in recipe.segments),
        colours=lineage.first_colours(nearest, recipe.k),
        sizes=sizes,
        revenue=revenue,
        standing=naming.standings(ranked, nearest, recipe.k),
        before=None,
        step=None,
    )


def _archetype(kept: RecipeSegment) -> Archetype:
    """The playbook's, or the one for segments without a name where it has none of that key any more."""
    try:
        return playbook().archetype(kept.archetype)
    except KeyError:
        return playbook().unnamed
