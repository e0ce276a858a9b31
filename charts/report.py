"""The charts of report.html, as Vega-Lite specs: core draws them without knowing Altair."""

from __future__ import annotations

from typing import Any

from charts import choosing, segments, theme
from charts.steady import as_spec
from core.clustering.choice import Advice
from core.clustering.sweep import Sweep
from core.segments.segmentation import Segmentation

WIDTH = 400
"""Pixels: two beside each other on paper, one on a phone without shrinking to unreadable."""

PADDING = {"left": 14, "right": 14, "top": 6, "bottom": 6}
"""Texts are measured in Arial's widths; who has only wider fonts must not find them cut."""


def figures(sweep: Sweep, advice: Advice, segmentation: Segmentation) -> dict[str, dict[str, Any]]:
    """Name -> Vega-Lite spec: elbow, silhouette, customers; mean_revenue, shares, recency where the file has them."""
    n_clusters, k_max = segmentation.n_segments, sweep.k_max
    palette = theme.palette(segmentation)
    charts = {
        "elbow": choosing.elbow(sweep, n_clusters, advice, k_max),
        "silhouette": choosing.silhouette(sweep, n_clusters, advice, k_max),
        "customers": segments.customers_per_segment(segmentation, palette),
        "mean_revenue": segments.mean_revenue_per_segment(segmentation, palette),
        "shares": segments.shares(segmentation, palette),
        "recency": segments.recency_by_segment(segmentation, palette),
    }
    return {name: drawn(chart) for name, chart in charts.items() if chart is not None}


def drawn(chart: Any) -> dict[str, Any]:
    """A chart's spec at the report's width, in the report's manner: no frame, a faint grid."""
    axis = {"labelColor": theme.INK, "titleColor": theme.INK, "titleFontWeight": "normal", "gridColor": "#E3E7EB"}
    sized = chart.properties(width=WIDTH, padding=PADDING, background="transparent").configure_axis(
        **axis, domain=False, ticks=False
    )
    return as_spec(sized.configure_view(stroke=None))
