"""The segments of a recipe for the customers of another file."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, get_args

from core.analysis import MOST_IN_MEMORY, computed
from core.errors import TooFewCustomersError
from core.exports import scoring
from core.exports.recipe import Recipe, RecipeError
from core.features.engineering import customer_features
from core.orders.cleaning import CleaningOptions
from core.orders.customers import CustomerTable
from core.orders.dates import DateOrder
from core.orders.numbers import Decimal
from core.orders.understanding import Understood
from core.segments.segmentation import Segmentation

if TYPE_CHECKING:
    from core.engine import Engine
    from core.large.analysing import EveryCustomer


@dataclass(frozen=True, slots=True)
class Scored:
    """Customers in the segments of a recipe."""

    segmentation: Segmentation  # of all customers, or of those drawn to stand for them
    everyone: EveryCustomer | None = None  # where all customers stayed in the engine
    notes: tuple[str, ...] = ()  # what one should know of it


def reading(recipe: Recipe, headers: Collection[str], said: CleaningOptions) -> tuple[CleaningOptions, tuple[str, ...]]:
    """How to read another file as the recipe's own was read.

    Parameters
    ----------
    headers : of the other file
    said : what was said of it, which goes before what the recipe has

    Returns
    -------
    The options, and in words what one should know of them. A column of the recipe that the file has not got is looked
    for anew, by its name and values.

    Raises
    ------
    RecipeError
    """
    columns = _columns(recipe.reading)
    gone = [
        f"{role} ({header})" for role, header in columns.items() if header not in headers and role not in said.columns
    ]
    options = replace(
        said,
        columns={role: header for role, header in columns.items() if header in headers} | dict(said.columns),
        date_order=said.date_order or _one_of(recipe.reading, "date_order", get_args(DateOrder)),
        decimal=said.decimal or _one_of(recipe.reading, "decimal", get_args(Decimal)),
        currency=said.currency or _currency(recipe.reading),
        as_of=said.as_of or recipe.as_of,
        drop_duplicates=said.drop_duplicates or recipe.reading.get("drop_duplicates") is True,
    )
    notes = []
    if gone:
        notes.append(f"Columns of the recipe that the file has not got were looked for anew: {', '.join(gone)}.")
    if said.as_of is None and recipe.as_of is not None:
        notes.append(
            f"Recency counts back from {recipe.as_of}, as the recipe says; later orders are set aside. Give --as-of "
            "for another day."
        )
    return options, tuple(notes)


def score(
    lines: Understood, recipe: Recipe, *, engine: Engine | None = None, most_in_memory: int = MOST_IN_MEMORY
) -> Scored:
    """Give the customers of a file the segments of a recipe; see `exports.scoring.score`.

    Parameters
    ----------
    engine : where the lines are; more than `most_in_memory` customers then stay there. Without it all come to Python.

    Raises
    ------
    RecipeError, TooFewCustomersError
    UnknownFeatureError : the file can't give a feature of the recipe
    """
    customers, names = lines.ledger.used.customers, computed(recipe.features)
    if not customers:
        raise TooFewCustomersError(
            "There are no customers with usable rows.",
            hint="Check which columns are read as customer, date and amount.",
        )
    if engine is None or customers <= most_in_memory or isinstance(lines, CustomerTable):
        return Scored(scoring.score(recipe, customer_features(lines, names)))
    from core.large import scoring as of_many

    segmentation, everyone = of_many.score(engine, lines, recipe, names)
    drawn = len(segmentation.features)
    told = (
        f"{customers:,} customers were given their segments where they are stored. Sizes, sums, means and lists are of "
        f"all of them; portraits are of {drawn:,} drawn at random.",
    )
    return Scored(segmentation, everyone, told if drawn < customers else ())


def _columns(reading: Mapping[str, Any]) -> dict[str, str]:
    columns = reading.get("columns", {})
    if not isinstance(columns, dict) or not all(isinstance(header, str) and header for header in columns.values()):
        raise RecipeError("its columns are not texts")
    return columns


def _one_of(reading: Mapping[str, Any], name: str, known: tuple[str, ...]) -> Any:
    value = reading.get(name)
    if value is not None and value not in known:
        raise RecipeError(f"{name} must be one of {', '.join(known)}")
    return value


def _currency(reading: Mapping[str, Any]) -> str | None:
    value = reading.get("currency")
    if value is not None and not (isinstance(value, str) and len(value) == 3 and value.isascii() and value.isupper()):
        raise RecipeError("currency must be a code of three letters, such as EUR")
    return value
