"""`segment` groups the customers of a file; `score` gives those of another file their segments from a recipe."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.commands.reading import opened, options_of, read
from core.commands.telling import Told, in_words, inspected, segmented
from core.engine import Engine
from core.errors import CancelledError, OverwritesSourceError, UnreadableFileError, UserError
from core.warehouse.address import address, is_address

if TYPE_CHECKING:
    import pyarrow as pa

    from core.analysis import Analysis, SegmentOptions
    from core.exports.bundle import Into
    from core.exports.takeaway import Wanted, Written
    from core.segments.segmentation import Segmentation

Figures = Callable[["Analysis"], Mapping[str, Mapping[str, Any]]]


def segment(engine: Engine, given: argparse.Namespace, figures: Figures) -> Told:
    """Read, group, write."""
    from core.analysis import PRESETS, analyse, carried
    from core.exports import bundle
    from core.exports.report import prepare_to_draw

    prepare_to_draw()
    into = _into_table(engine, given)
    preset = PRESETS.get(given.preset or "")
    options = _segment_options(given)
    # The report names the products that sell best.
    carry = tuple(dict.fromkeys((*carried(options), "product", "product_name")))
    lines = read(engine, given, preset.returns if preset else None, carry)
    wanted = _wanted(given, options.seed)
    analysis = analyse(lines, options, engine=_engine_for(engine, wanted))
    facts = inspected(lines) | segmented(analysis)
    facts["warnings"] = [*facts["warnings"], *analysis.warnings]
    written = bundle.write(analysis, given.out, figures(analysis), wanted, with_rules=given.rules, into=into)
    facts |= written.facts
    told = [
        *in_words(facts),
        f"{facts['k']} segments. {analysis.advice.words}",
        *_segments_in_words(analysis.segmentation),
        *written.in_words(),
        _left(written, given.out),
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
    into = _into_table(engine, given)
    source = opened(engine, given)
    said = options_of(given, recipe.returns, carried(SegmentOptions(features=recipe.features)))
    options, notes = scoring.reading(recipe, source.headers, said)
    lines = understand(engine, source, options)
    wanted = _wanted(given, recipe.seed)
    scored = scoring.score(lines, recipe, engine=_engine_for(engine, wanted))
    segmentation = scored.segmentation
    facts = inspected(lines)
    written = bundle.write_scored(lines, scored, given.out, wanted, into=into)
    facts["warnings"] = [*facts["warnings"], *notes, *scored.notes]
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
        _left(written, given.out),
    ]
    return Told(facts, told)


def _engine_for(engine: Engine, wanted: Wanted) -> Engine | None:
    """Where many customers may stay; contacts for platforms and workbooks are made of customers in memory."""
    return None if wanted.platforms or wanted.workbook else engine


def _segments_in_words(segmentation: Segmentation) -> list[str]:
    return [f"  {one.number} {one.name}: {one.customers:,} customers. {one.portrait}" for one in segmentation.segments]


def _left(written: Written, out: Path) -> str:
    told = f"{len(written.files)} files written to {out}"
    if "table" in written.facts:
        told += f", and {written.facts['table_rows']:,} rows to the table {written.facts['table']}"
    return f"{told}."


def _into_table(engine: Engine, given: argparse.Namespace) -> Into | None:
    """What fills the table that is wanted; whether it can is found out now, before the long work.

    It is filled after all files are written: they are complete whatever becomes of it, and by then nothing is read
    from the sources any more, which may lie in the same database.
    """
    if given.to is None:
        return None
    from core.exports.rows import pass_on
    from core.warehouse.secrets import with_password
    from core.warehouse.writing import Target, column_names

    target = Target(with_password(address(given.to)), replace=given.replace)
    for source in map(address, filter(is_address, given.sources)):
        if target.is_at(source):
            raise OverwritesSourceError(source, another="table")
    target.check(engine)

    def into(rows: Callable[[], pa.RecordBatchReader]) -> Mapping[str, Any]:
        engine.leave()
        with _files_complete(given.out):
            found = rows()
            names = found.schema.names
            count = pass_on(found, target.filled(engine, found.schema))
        renamed = {name: called for name, called in zip(names, column_names(names), strict=True) if name != called}
        told = {"table": target.address.shown, "table_rows": count}
        return {**told, "table_columns": renamed} if renamed else told

    return into


@contextmanager
def _files_complete(out: Path) -> Iterator[None]:
    """Whoever reads that no table was written should know what was."""
    told = f"The files in {out} are complete."
    try:
        yield
    except KeyboardInterrupt:
        raise CancelledError(hint=f"The table is as it was before. {told}") from None
    except UserError as error:
        error.hint = f"{error.hint} {told}"
        raise


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
