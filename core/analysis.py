"""The whole way from order lines, or a table of customers, to segments: what the pages do in steps, in one call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from core.clustering.preparation import PreparationOptions, prepare
from core.errors import NoOrdersError, TooFewCustomersError, UnknownFeatureError, listed
from core.features import catalog
from core.features.engineering import CustomerFeatures, available, customer_features, named_as
from core.orders.cleaning import OrderLines, Returns
from core.orders.customers import CustomerTable
from core.orders.roles import DESCRIPTIVE
from core.orders.understanding import Understood

if TYPE_CHECKING:
    import numpy as np

    from core.clustering.choice import Advice
    from core.clustering.evidence import Evidence
    from core.clustering.preparation import Preparation
    from core.clustering.sweep import Sweep
    from core.engine import Engine
    from core.large.analysing import EveryCustomer
    from core.segments.segmentation import Segmentation

MOST_IN_MEMORY = 1_000_000
"""Customers up to whom the customer table comes to Python."""

_MANY_ROWS = 1_000_000

FEWEST_CUSTOMERS = 3
"""With fewer, a segment could only be a single customer."""


@dataclass(frozen=True, slots=True)
class Preset:
    """Features and how they are prepared, under one name."""

    name: str
    label: str
    meaning: str
    features: tuple[str, ...]
    preparation: PreparationOptions = field(default_factory=PreparationOptions)
    returns: Returns | None = None  # where the preset says how returns count


PRESETS: Mapping[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset(
            "article",
            "Article",
            "Exactly the article (Malla 2024): the mean of a customer's lines, every row a sale, no transform, "
            "standard scaling.",
            ("total_revenue", "avg_line_value", "total_quantity", "recency_days"),
            PreparationOptions(transform="none", outliers="keep", scaling="standard"),
            returns="as-is",
        ),
        Preset(
            "rfm",
            "RFM",
            "Recency, frequency and monetary value: the three measures that direct marketers know.",
            ("recency_days", "order_count", "total_revenue"),
        ),
        Preset(
            "full",
            "Full",
            "Every measure that the file can give, apart from the scores that repeat them.",
            tuple(f.name for f in catalog.CATALOG if f.unit is not catalog.Unit.SCORE and f.name != "avg_line_value"),
        ),
    )
}


@dataclass(frozen=True, slots=True)
class SegmentOptions:
    """How customers are grouped."""

    features: tuple[str, ...] | None = None  # None: the preset's, else the usual four, or all of a customer table
    preset: str | None = None
    preparation: PreparationOptions = field(default_factory=PreparationOptions)
    k: int | None = None  # None: as advised
    k_max: int = 10
    min_share: float = 0.03
    seed: int = 42


@dataclass(frozen=True, slots=True)
class Analysis:
    """What was read and all that was made of it."""

    lines: Understood
    features: CustomerFeatures  # of all customers, or of those drawn to stand for them
    preparation: Preparation
    sweep: Sweep
    advice: Advice
    segmentation: Segmentation
    options: SegmentOptions
    warnings: tuple[str, ...]
    evidence: Evidence | None = None  # None where none was gathered
    everyone: EveryCustomer | None = None  # where all customers stayed in the engine


def chosen_features(lines: Understood, options: SegmentOptions) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The features to cluster on, and a warning for each usual one that the file cannot give.

    Raises
    ------
    UnknownFeatureError : a feature asked for by name that the file cannot give
    NoOrdersError : a preset that needs orders, of a customer table
    """
    if isinstance(lines, CustomerTable):
        return _measures_of(lines, options), ()
    at_hand = {feature.name for feature in available(lines)}
    if options.features is not None:
        if not options.features:
            raise UnknownFeatureError("No feature was chosen.", hint=f"Use some of: {', '.join(sorted(at_hand))}.")
        return tuple(dict.fromkeys(options.features)), ()
    if options.preset == "article":
        return PRESETS["article"].features, ()  # exactly those, or an error that says what is missing
    usual = PRESETS[options.preset].features if options.preset else catalog.DEFAULT
    missing = [catalog.feature(name) for name in usual if name not in at_hand]
    warnings = tuple(
        f"{feature.label} is left out: the file has no column for {' and '.join(feature.needs)}." for feature in missing
    )
    return tuple(name for name in usual if name in at_hand), warnings


def _measures_of(table: CustomerTable, options: SegmentOptions) -> tuple[str, ...]:
    """The columns of a customer table to cluster on: by default all that are measures."""
    headers = tuple(measure.header for measure in table.measures)
    if options.features is not None:
        if not options.features:
            raise UnknownFeatureError("No feature was chosen.", hint=f"Use some of: {listed(headers)}.")
        return tuple(dict.fromkeys(named_as(table, name) for name in options.features))
    if options.preset is None or options.preset == "full":
        return headers
    preset = PRESETS[options.preset]
    missing = [catalog.feature(name).label.lower() for name in preset.features if name not in table.meanings]
    if missing:
        raise NoOrdersError(
            f"The preset {preset.label} needs orders, but the file has one row a customer, and no column says: "
            f"{listed(missing)}.",
            hint=f"Leave the preset out, so that all columns of numbers are used ({listed(headers)}), or give a file "
            "of orders.",
        )
    return tuple(table.meanings[name] for name in preset.features)


def analyse(
    lines: Understood,
    options: SegmentOptions | None = None,
    on_fit: Callable[[Sweep], None] | None = None,
    *,
    engine: Engine | None = None,
    most_in_memory: int = MOST_IN_MEMORY,
) -> Analysis:
    """Order lines, or a table of customers, to named segments.

    Parameters
    ----------
    engine : where the lines are; more than `most_in_memory` customers then stay there. Without it all come to Python.

    Raises
    ------
    UnknownFeatureError, NoOrdersError, TooFewCustomersError
    """
    options = options or SegmentOptions()
    chosen, warnings = chosen_features(lines, options)
    require_enough(lines.ledger.used.customers)
    many = lines.ledger.used.customers > most_in_memory
    if many and engine is not None and not isinstance(lines, CustomerTable):
        found = _group_in(engine, lines, chosen, options, on_fit)
    else:
        found = _group(lines, chosen, options, on_fit, engine)
    filled = tuple(
        f"{catalog.feature(name).label} is unknown for "
        + ("1 customer, who was" if count == 1 else f"{count:,} customers, who were")
        + " grouped as if it were the median."
        for name, count in found.preparation.filled.items()
        if count
    )
    return replace(found, warnings=(*warnings, *found.warnings, *filled))


def _group(
    lines: Understood,
    chosen: tuple[str, ...],
    options: SegmentOptions,
    on_fit: Callable[[Sweep], None] | None,
    engine: Engine | None,
) -> Analysis:
    """All customers in memory."""
    from core.clustering.sweep import sweep

    features = customer_features(lines, computed(chosen))
    if engine is not None and lines.ledger.rows_in > _MANY_ROWS:
        engine.rest()  # what it keeps of the rows would lie in memory beside the customers
    preparation = prepare(features.values, chosen, options.preparation)
    matrix = preparation.fit_matrix(features.values)
    swept = sweep(matrix, k_max=max(options.k_max, options.k or 0), seed=options.seed, on_fit=on_fit)
    evidence, advice = _advised(matrix, swept, options)
    segmentation = _segmented(features, preparation, swept, evidence, options.k or advice.k)
    return Analysis(lines, features, preparation, swept, advice, segmentation, options, (), evidence)


def _group_in(
    engine: Engine,
    lines: OrderLines,
    chosen: tuple[str, ...],
    options: SegmentOptions,
    on_fit: Callable[[Sweep], None] | None,
) -> Analysis:
    """All customers in the engine; some in memory to stand for them."""
    from core.large import analysing

    grouped = analysing.group(
        engine, lines, computed(chosen), chosen, options.preparation,
        k_max=max(options.k_max, options.k or 0), seed=options.seed, on_fit=on_fit,
    )  # fmt: skip
    evidence, advice = _advised(grouped.matrix, grouped.sweep, options)
    k = options.k or advice.k
    centers = grouped.sweep.fits[k].centers
    assigned = analysing.assign(engine, grouped.customers, grouped.features.names, grouped.preparation, centers)
    drawn = _segmented(grouped.features, grouped.preparation, grouped.sweep, evidence, k, assigned.order)
    segmentation = analysing.with_totals(drawn, assigned)
    everyone = analysing.everyone(engine, lines, segmentation, assigned)
    return Analysis(
        lines, grouped.features, grouped.preparation, grouped.sweep, advice, segmentation, options, grouped.notes,
        evidence, everyone,
    )  # fmt: skip


def _advised(matrix: np.ndarray, swept: Sweep, options: SegmentOptions) -> tuple[Evidence, Advice]:
    from core.clustering.choice import advise
    from core.clustering.evidence import gather

    if options.k is not None and options.k > swept.k_max:
        raise TooFewCustomersError(
            f"{options.k} segments were asked for, but only {swept.k_max} customers differ in these features.",
            hint=f"Ask for {swept.k_max} segments or fewer, or use more features.",
        )
    evidence = gather(matrix, swept, seed=options.seed)
    return evidence, advise(swept, evidence, min_share=options.min_share)


def _segmented(
    features: CustomerFeatures,
    preparation: Preparation,
    swept: Sweep,
    evidence: Evidence,
    k: int,
    order: tuple[int, ...] | None = None,
) -> Segmentation:
    """The segments of one fit, named as the pages name them: from one segment on.

    Parameters
    ----------
    order : the fit's clusters as they are to be numbered, where these customers stand for more
    """
    from core.segments.generations import generation, generations
    from core.segments.naming import ranks
    from core.segments.segmentation import segment

    ranked, before = ranks(features.values), None
    if k > 1:
        before = generations(features, preparation, {fewer: swept.fits[fewer] for fewer in range(1, k)}, ranked)
    born = generation(features, preparation, swept.fits[k], ranked=ranked, before=before, order=order)
    found = segment(features, preparation, swept.fits[k], ranked=ranked, generation=born)
    return found.rated(evidence.stabilities[k].jaccards) if k in evidence.stabilities else found


def carried(options: SegmentOptions) -> tuple[str, ...]:
    """The descriptive columns that order lines must keep for the features asked for."""
    names = options.features or (PRESETS[options.preset].features if options.preset else catalog.DEFAULT)
    needed = {need for name in names for need in catalog.feature(name).needs}
    return tuple(role for role in DESCRIPTIVE if role in needed)


def computed(chosen: tuple[str, ...]) -> tuple[str, ...]:
    """The features to compute: those chosen, and those that names, charts and the summary need."""
    return tuple(dict.fromkeys((*chosen, "total_revenue", "avg_order_value", "recency_days", "order_count")))


def require_enough(customers: int) -> None:
    """Refuse to part fewer customers than make a segmentation.

    Raises
    ------
    TooFewCustomersError
    """
    if customers < FEWEST_CUSTOMERS:
        word = "customer" if customers == 1 else "customers"
        raise TooFewCustomersError(
            f"There {'is' if customers == 1 else 'are'} {customers} {word} with usable rows; "
            f"segments need at least {FEWEST_CUSTOMERS}.",
            hint="Use a file with more customers, or check which column is read as the customer.",
        )
