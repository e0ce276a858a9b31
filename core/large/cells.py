"""Customers as weighted points, made by the engine: `clustering.summary` for customers who never come to Python."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from core.clustering.summary import FINEST, MOST_FINE, Points
from core.large.lots import LOT
from core.large.space import arsinh, axis, double, squared_distance


def points(rows: ir.Table, n_features: int) -> Points:
    """The fine points of `summary.summarise`.

    Parameters
    ----------
    rows : the customers' places in the scaled space, from `space.scaled`, with customer_id and LOT

    Notes
    -----
    The mean of those in each cell of the grid. Where too many cells hold somebody, about MOST_FINE customers are drawn,
    each with the chance that `summary.summarise` says and weighted by its inverse.
    """
    axes = [axis(place) for place in range(n_features)]
    bounds = rows.aggregate(
        **{f"low_{name}": arsinh(rows[name]).min() for name in axes},
        **{f"high_{name}": arsinh(rows[name]).max() for name in axes},
        customers=rows.count(),
    )
    told = bounds.to_pyarrow().to_pylist()[0]
    cells = {
        f"cell_{name}": _cell(rows[name], told[f"low_{name}"], told[f"high_{name}"])
        for name in axes
        if told[f"high_{name}"] > told[f"low_{name}"]
    }
    if not cells:
        return _points(rows.aggregate(**_means(rows, axes)).to_pyarrow(), axes)
    held = rows.mutate(**cells)
    summed = held.group_by(list(cells)).aggregate(**_means(held, axes))
    found = summed.limit(MOST_FINE + 1).to_pyarrow()
    if found.num_rows <= MOST_FINE:
        return _points(found.sort_by([(name, "ascending") for name in cells]), axes)
    return _drawn(rows, axes, told["customers"])


def _cell(value: ir.FloatingValue, low: float, high: float) -> ir.IntegerValue:
    place = ((arsinh(value) - double(low)) * double(FINEST / (high - low))).floor().cast("int64")
    return ibis.least(place, FINEST - 1)


def _means(rows: ir.Table, axes: Sequence[str]) -> dict[str, ir.Scalar]:
    return {**{name: rows[name].mean() for name in axes}, "customers": rows.count()}


def _points(found: pa.Table, axes: Sequence[str]) -> Points:
    return Points(_columns(found, axes), found.column("customers").to_numpy().astype(np.float64))


def _columns(found: pa.Table, names: Sequence[str]) -> np.ndarray:
    return np.column_stack([found.column(name).to_numpy() for name in names])


def _drawn(rows: ir.Table, axes: Sequence[str], customers: int) -> Points:
    middle = rows.aggregate(**{name: rows[name].mean() for name in axes}).to_pyarrow().to_pylist()[0]
    apart = rows.select("customer_id", *axes, LOT, apart=squared_distance(rows, [middle[name] for name in axes]))
    spread = apart.apart.sum().to_pyarrow().as_py()
    even = double(0.5 * MOST_FINE / customers)
    chance = ibis.least(even + apart.apart * double(0.5 * MOST_FINE / spread), double(1))
    listed = apart.mutate(chance=chance)
    found = listed.filter(listed[LOT] < listed.chance).drop(LOT, "apart").to_pyarrow().sort_by("customer_id")
    weights = 1 / found.column("chance").to_numpy()
    return Points(_columns(found, axes), weights * (customers / weights.sum()))
