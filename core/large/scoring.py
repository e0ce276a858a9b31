"""The segments of a recipe for customers who stay in the engine."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.engine import Engine
from core.exports import scoring
from core.exports.recipe import Recipe
from core.features.engineering import customer_table
from core.large.analysing import EveryCustomer, assign, everyone, in_memory, with_totals
from core.large.lots import with_lots
from core.large.sweeping import draw
from core.orders.cleaning import OrderLines
from core.segments.segmentation import Segmentation


def score(
    engine: Engine, lines: OrderLines, recipe: Recipe, names: Sequence[str]
) -> tuple[Segmentation, EveryCustomer]:
    """Give every customer a segment where she is, as `exports.scoring.score` does for customers in memory.

    Parameters
    ----------
    names : the features to compute, the recipe's among them

    Returns
    -------
    The segments of those drawn to stand for all, with what all come to; and all customers in their segments.

    Raises
    ------
    UnknownFeatureError, RecipeError
    """
    customers = engine.here(with_lots(customer_table(lines, names), recipe.seed), "customers")
    centers = np.array(recipe.centers, dtype=np.float64)
    assigned = assign(engine, customers, names, recipe.fitted_preparation(), centers)
    drawn = in_memory(draw(assigned.rows, {"cluster": assigned.sizes}).to_pyarrow(), names, lines)
    segmentation = with_totals(scoring.score(recipe, drawn), assigned)
    return segmentation, everyone(engine, lines, segmentation, assigned)
