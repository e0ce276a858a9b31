"""The way from order lines to segments for customers who stay in the engine; `core.analysis` says when."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pyarrow as pa

from core.clustering.preparation import Preparation, PreparationOptions
from core.clustering.summary import MOST_EXACT
from core.clustering.sweep import Sweep, sweep
from core.engine import Engine, batches
from core.exports.control import COLUMN as CONTROL_COLUMN
from core.exports.control import Control, draw_of
from core.exports.rows import ROWS_AT_ONCE, typed
from core.features.engineering import CustomerFeatures, contact_tables, customer_table
from core.large import preparing
from core.large.lots import LOT, with_lots
from core.large.space import double, place_of_least, scaled, squared_distances
from core.large.sweeping import DRAWN, label_all, sweep_of
from core.orders.cleaning import OrderLines
from core.segments.generations import numbering
from core.segments.segmentation import Segmentation, not_taken

_WHO = "contact_of"


@dataclass(frozen=True, slots=True)
class Grouped:
    """Some customers in memory, who stand for all, and the fits, which are of all."""

    features: CustomerFeatures  # of those drawn
    preparation: Preparation
    sweep: Sweep  # its labels are of those drawn
    matrix: np.ndarray  # those drawn in the scaled space, as they were fitted
    customers: ir.Table  # all: customer_id, the features as float64
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EveryCustomer:
    """All customers in their segments, as segments.csv has them: sorted by customer_id, in the engine."""

    rows: ir.Table
    n_segments: int

    def drawn(self, share: float, seed: int) -> Control | None:
        """The control group; None where none is wanted. Ids and segments come to Python for it, nothing else."""
        if not share:
            return None
        table = self.rows.select("customer_id", "segment").order_by("customer_id").to_pyarrow()
        ids = (each.as_py() for batch in table.column("customer_id").chunks for each in batch)
        return draw_of(ids, table.column("segment").to_numpy(), self.n_segments, share, seed)

    def batches(self, control: Control | None = None) -> pa.RecordBatchReader:
        """The rows a batch at a time; with a control group a last column says who is in it."""
        some = typed(batches(self.rows, ROWS_AT_ONCE))
        return some if control is None else _flagged(some, control)


def _flagged(some: pa.RecordBatchReader, control: Control) -> pa.RecordBatchReader:
    column = not_taken(CONTROL_COLUMN, list(some.schema.names))

    def flagged() -> Iterator[pa.RecordBatch]:
        start = 0
        for batch in some:
            members = control.members[start : start + batch.num_rows]
            yield batch.append_column(column, pa.array(members))
            start += batch.num_rows

    return pa.RecordBatchReader.from_batches(some.schema.append(pa.field(column, pa.bool_())), flagged())


def group(
    engine: Engine,
    lines: OrderLines,
    names: Sequence[str],
    chosen: Sequence[str],
    options: PreparationOptions,
    *,
    k_max: int,
    seed: int,
    on_fit: Callable[[Sweep], None] | None = None,
) -> Grouped:
    """Reckon the features, learn the preparation and cluster, all in the engine.

    Parameters
    ----------
    names : the features to compute; `chosen` of them are clustered on
    on_fit : called with the finished sweep

    Notes
    -----
    Up to `summary.MOST_EXACT` customers all of them are drawn, and the fits are those of `clustering.sweep`.
    """
    customers = engine.here(with_lots(customer_table(lines, names), seed), "customers")
    total = int(customers.count().to_pyarrow().as_py())
    first = customers.order_by([LOT, "customer_id"]).limit(DRAWN).select("customer_id", *chosen).to_pyarrow()
    first = first.sort_by("customer_id")  # as in memory, since sums depend on the order in their last digits
    some = {name: first.column(name).to_numpy(zero_copy_only=False) for name in chosen}
    learnt = preparing.prepare(customers, some, chosen, options)
    preparation, notes = learnt.preparation, learnt.notes
    if total <= MOST_EXACT:
        features = in_memory(customers.to_pyarrow(), names, lines)
        matrix = preparation.fit_matrix(features.values)
        return Grouped(
            features, preparation, sweep(matrix, k_max=k_max, seed=seed, on_fit=on_fit), matrix, customers, notes
        )
    labelled = label_all(engine, customers, preparation, k_max=k_max, seed=seed)
    drawn = labelled.drawn().order_by("customer_id").to_pyarrow()
    features = in_memory(drawn, names, lines)
    matrix = preparation.fit_matrix(features.values)
    swept = sweep_of(labelled, drawn, matrix, k_asked=k_max, seed=seed)
    if on_fit is not None:
        on_fit(swept)
    said = (
        f"{total:,} customers were grouped where they are stored. Sizes, sums, means, inertia and lists are of all of "
        f"them; names, portraits, silhouettes, stability, rules and the numbers of customers on a border or far out "
        f"are of {len(features):,} drawn at random."
    )
    return Grouped(features, preparation, swept, matrix, customers, (said, *notes))


@dataclass(frozen=True, slots=True)
class Assigned:
    """All customers with their clusters of one fit, and what these come to."""

    rows: ir.Table  # kept: customer_id, LOT, features, `cluster`, `runner_up` (missing without one), `margin`
    sizes: np.ndarray  # (n_clusters,) customers
    sums: pd.DataFrame  # (n_clusters, n_features)
    means: pd.DataFrame  # (n_clusters, n_features) of those who have a value; missing where nobody has
    order: tuple[int, ...]  # the clusters as segments are numbered


def assign(
    engine: Engine, customers: ir.Table, names: Sequence[str], preparation: Preparation, centers: np.ndarray
) -> Assigned:
    """Put every customer into the cluster whose centre is nearest to where she truly stands.

    The next one is her runner-up; see `segments.assignment.assign` for the margin.

    Parameters
    ----------
    customers : customer_id, the features and LOT
    centers : (n_clusters, n_features) in the scaled space of the preparation
    """
    rows = scaled(customers, preparation, capped=False)
    distances = {f"distance_{place}": each for place, each in enumerate(squared_distances(rows, centers))}
    rows = rows.select("customer_id", LOT, *names, **distances)
    rows = rows.mutate(cluster=place_of_least([rows[name] for name in distances]))
    others = {
        f"other_{place}": ibis.ifelse(rows.cluster == place, double(math.inf), rows[name])
        for place, name in enumerate(distances)
    }
    rows = rows.mutate(own=ibis.least(*(rows[name] for name in distances)), **others)
    second = ibis.least(*(rows[name] for name in others))
    if len(centers) == 1:
        beside = {"runner_up": ibis.null("int16"), "margin": ibis.null("float64")}
    else:
        # Where two centres are one place the customer is as near to either.
        ratio = ibis.ifelse(second > 0, (rows.own / second.nullif(double(0))).sqrt(), double(1))
        beside = {
            "runner_up": place_of_least([rows[name] for name in others]),
            "margin": (1 - ratio).clip(double(0), double(1)),
        }
    found = rows.select("customer_id", LOT, *names, "cluster", **beside)
    return _summed(engine.keep(found, "assigned"), names, centers)


def _summed(rows: ir.Table, names: Sequence[str], centers: np.ndarray) -> Assigned:
    told = rows.group_by("cluster").aggregate(
        customers=rows.count(),
        **{f"sum_{place}": rows[name].sum() for place, name in enumerate(names)},
        **{f"count_{place}": rows[name].count() for place, name in enumerate(names)},
    )
    table = told.to_pandas().set_index("cluster").reindex(range(len(centers))).fillna(0)
    sums = pd.DataFrame({name: table[f"sum_{place}"] for place, name in enumerate(names)}).astype("float64")
    counts = pd.DataFrame({name: table[f"count_{place}"] for place, name in enumerate(names)})
    sizes, means = table["customers"].to_numpy(dtype=np.int64), sums / counts.where(counts > 0)
    worth = means["total_revenue"].to_numpy() if "total_revenue" in means else np.zeros(len(centers))
    return Assigned(rows, sizes, sums, means, tuple(numbering(worth, sizes, centers)))


def with_totals(segmentation: Segmentation, assigned: Assigned) -> Segmentation:
    """The segmentation of those drawn with the sizes, sums and means of all customers."""
    clusters = list(segmentation.order)
    sizes = assigned.sizes[clusters]
    revenue = assigned.sums["total_revenue"].to_numpy()[clusters] if "total_revenue" in assigned.sums else None
    total = float(revenue.sum()) if revenue is not None else 0.0
    segments = tuple(
        replace(
            segment,
            customers=int(sizes[place]),
            revenue=None if revenue is None else float(revenue[place]),
            share_of_customers=float(sizes[place] / sizes.sum()),
            share_of_revenue=float(revenue[place] / total) if revenue is not None and total else None,
            center=dict(zip(map(str, assigned.means.columns), assigned.means.iloc[cluster].tolist(), strict=True)),
        )
        for place, (segment, cluster) in enumerate(zip(segmentation.segments, clusters, strict=True))
    )
    return replace(segmentation, segments=segments)


def everyone(engine: Engine, lines: OrderLines, segmentation: Segmentation, assigned: Assigned) -> EveryCustomer:
    """All customers as `Segmentation.table` has them."""
    numbers = {cluster: place + 1 for place, cluster in enumerate(segmentation.order)}
    rows = assigned.rows
    segment = rows.cluster.cases(*numbers.items()).cast("int64")
    used = [name for name in segmentation.columns if name in rows.columns]
    listed = rows.select(
        "customer_id",
        segment=segment,
        segment_name=segment.cases(*((each.number, each.name) for each in segmentation.segments)),
        runner_up=rows.runner_up.cases(*numbers.items()).cast("int64"),
        margin=rows.margin,
        **{name: rows[name] for name in used},
    )
    for role, column in contact_tables(lines).items():
        column = engine.here(column, "contacts")
        named = column.select(**{role: column.contact, _WHO: column.customer_id})
        listed = listed.left_join(named, listed.customer_id == named[_WHO]).drop(_WHO)
    lines.source.require_unchanged()
    return EveryCustomer(listed.order_by("customer_id"), segmentation.n_segments)


def in_memory(table: pa.Table, names: Sequence[str], lines: OrderLines) -> CustomerFeatures:
    """Customers who came to Python, sorted by id: nobody's contacts, since those are joined in the engine."""
    frame = table.select(["customer_id", *names]).to_pandas().set_index("customer_id").sort_index()
    frame.index = frame.index.astype("str")
    nobody = pd.DataFrame(index=frame.index)
    return CustomerFeatures(frame, nobody, lines.reference_date, lines.reading.currency)
