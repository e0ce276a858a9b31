"""`segment` groups the customers of a file; `score` gives those of another file their segments from a recipe."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from core.commands.reading import opened, options_of, read
from core.commands.telling import Told, in_words, inspected, segmented
from core.engine import Engine
from core.errors import UnreadableFileError

if TYPE_CHECKING:
    from core.analysis import Analysis, SegmentOptions
    from core.exports.takeaway import Wanted
    from core.segments.segmentation import Segmentation

Figures = Callable[["Analysis"], Mapping[str, Mapping[str, Any]]]


def segment(engine: Engine, given: argparse.Namespace, figures: Figures) -> Told:
    """Read, group, write."""
    from core.analysis import PRESETS, analyse, carried
    from core.exports import bundle
    from core.exports.report import prepare_to_draw

    prepare_to_draw()
    preset = PRESETS.get(given.preset or "")
    options = _segment_options(given)
    # The report names the products that sell best.
    carry = tuple(dict.fromkeys((*carried(options), "product", "product_name")))
    lines = read(engine, given, preset.returns if preset else None, carry)
    wanted = _wanted(given, options.seed)
    # Contacts for platforms and the sheets of a workbook are made of customers in memory.
    analysis = analyse(lines, options, engine=None if wanted.platforms or wanted.workbook else engine)
    facts = inspected(lines) | segmented(analysis)
    facts["warnings"] = [*facts["warnings"], *analysis.warnings]
    written = bundle.write(analysis, given.out, figures(analysis), wanted, with_rules=given.rules)
    facts |= written.facts
    told = [
        *in_words(facts),
        f"{facts['k']} segments. {analysis.advice.words}",
        *_segments_in_words(analysis.segmentation),
        *written.in_words(),
        f"{len(written.files)} files written to {given.out}.",
    ]
    return Told(facts, told)


def score(engine: Engine, given: argparse.Namespace) -> Told:
    """Read the recipe, read the file as the recipe did, assign, write."""
    from core import scoring
    from core.analysis import SegmentOptions, carried
    from core.exports import bundle
    from core.exports.recipe import MOST_BYTES, Recipe
    from core.orders.understanding import understand

    try:
        with given.recipe.open("rb") as file:
            recipe = Recipe.from_json(file.read(MOST_BYTES + 1))
    except OSError as error:
        raise UnreadableFileError(
            f"The recipe {given.recipe} can't be read: {error.strerror}.", hint="Check its name and where it lies."
        ) from error
    source = opened(engine, given)
    said = options_of(given, recipe.returns, carried(SegmentOptions(features=recipe.features)))
    options, notes = scoring.reading(recipe, source.headers, said)
    lines = understand(engine, source, options)
    segmentation = scoring.score(lines, recipe)
    written = bundle.write_scored(lines, segmentation, given.out, _wanted(given, recipe.seed))
    facts = inspected(lines)
    facts["warnings"] = [*facts["warnings"], *notes]
    facts |= {
        "features": list(recipe.features),
        "k": recipe.k,
        "segments": [each.facts() for each in segmentation.segments],
        **written.facts,
    }
    told = [
        *in_words(facts),
        f"{facts['k']} segments, as in {given.recipe}.",
        *_segments_in_words(segmentation),
        *written.in_words(),
        f"{len(written.files)} files written to {given.out}.",
    ]
    return Told(facts, told)


def _segments_in_words(segmentation: Segmentation) -> list[str]:
    return [f"  {one.number} {one.name}: {one.customers:,} customers. {one.portrait}" for one in segmentation.segments]


def _wanted(given: argparse.Namespace, seed: int) -> Wanted:
    from core.exports.takeaway import Wanted

    return Wanted(
        platforms=given.audience,
        country=given.default_country,
        control_share=given.control_share,
        seed=seed,
        workbook=given.workbook,
        parquet=given.parquet,
        regardless_of_consent=given.ignore_consent,
    )


def _segment_options(given: argparse.Namespace) -> SegmentOptions:
    from core.analysis import PRESETS, SegmentOptions
    from core.clustering.preparation import PreparationOptions

    preparation = PRESETS[given.preset].preparation if given.preset else PreparationOptions()
    asked = {"transform": given.transform, "outliers": given.outliers, "scaling": given.scale}
    preparation = replace(preparation, **{name: choice for name, choice in asked.items() if choice is not None})
    return SegmentOptions(
        features=given.features,
        preset=given.preset,
        preparation=preparation,
        k=given.k,
        k_max=given.k_max,
        min_share=given.min_share,
        seed=given.seed,
    )
