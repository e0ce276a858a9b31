"""Charts that follow the number of segments chosen without being built anew.

Such a chart holds what it shows for every number. The one chosen is a parameter, CHOSEN, which its filters, titles and
labels go by; for a page, `steady` has the parameter read from a data set of one row, the only thing that a move sends
anew. The browser takes as long for a new chart as for ten such moves, and builds one as soon as anything but the data
differs, the alternative text included: that must tell of all numbers, or of none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import altair as alt
import pandas as pd
import pyarrow as pa

CHOSEN = "chosen"
IS_CHOSEN = f"datum.k == {CHOSEN}"

_NUMBER = "number"  # the data set
_UNSEEN = {
    "data": {"name": _NUMBER},
    "mark": {"type": "point", "opacity": 0, "size": 0, "aria": False, "tooltip": None},
}


@dataclass(frozen=True, slots=True)
class Steady:
    """A chart for every number of segments, and what it shows in words."""

    spec: Mapping[str, Any]  # its data sets as Arrow streams, so that they are not made again with each move
    alt_text: str

    def at(self, n_clusters: int) -> dict[str, Any]:
        """The spec with that number chosen."""
        return {**self.spec, "datasets": {**self.spec["datasets"], _NUMBER: _number(n_clusters)}}

    def holding(self, name: str, rows: pd.DataFrame) -> Steady:
        """The same chart with other rows in one of its data sets."""
        return replace(self, spec={**self.spec, "datasets": {**self.spec["datasets"], name: _stream(rows)}})


def chosen(n_clusters: int) -> alt.Parameter:
    """The parameter that a chart goes by."""
    return alt.param(name=CHOSEN, value=n_clusters)


def steady(chart: Any) -> Steady:
    """A layered chart with the parameter CHOSEN, whatever number it was drawn for, as one that follows it."""
    spec = as_spec(chart)
    alt_text, rows = spec.pop("description"), spec.pop("datasets")
    read = {"name": CHOSEN, "expr": f"(data('{_NUMBER}')[0] || {{k: 0}}).k"}
    return Steady(
        {
            **spec,
            "params": [read if each["name"] == CHOSEN else each for each in spec["params"]],
            "layer": [*spec["layer"], _UNSEEN],
            "datasets": {name: _stream(pd.DataFrame(each)) for name, each in rows.items()},
        },
        alt_text,
    )


def as_spec(chart: Any) -> dict[str, Any]:
    """A finished chart as a Vega-Lite spec, unchecked: tests hold it to the grammar, which takes as long again."""
    spec: dict[str, Any] = chart.to_dict(validate=False)
    return spec


@cache
def _number(n_clusters: int) -> bytes:
    return _stream(pd.DataFrame({"k": [n_clusters]}))


def _stream(rows: pd.DataFrame) -> bytes:
    """A table as an Arrow IPC stream, which is how Streamlit sends it."""
    table = pa.Table.from_pandas(rows)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    sent: bytes = sink.getvalue().to_pybytes()
    return sent
