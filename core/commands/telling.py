"""What a command has to say, to programs and to people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from core.orders.customers import CustomerTable
from core.orders.grammar import SPACES
from core.orders.understanding import Understood

if TYPE_CHECKING:
    from core.analysis import Analysis


@dataclass(frozen=True, slots=True)
class Told:
    """What a command has to say: facts for programs, and lines for people."""

    facts: Mapping[str, Any]
    lines: Sequence[str]


def inspected(lines: Understood) -> dict[str, Any]:
    """What was understood of the files, as `inspect` prints it."""
    ledger, source = lines.ledger, lines.source
    dialect = source.files[0].dialect
    customers = isinstance(lines, CustomerTable)
    delimiter = None if dialect is None else " " if dialect.delimiter == SPACES else dialect.delimiter
    return {
        "shape": "customers" if customers else "orders",
        "files": [file.name for file in source.files],
        "encoding": dialect.encoding.removesuffix("-sig") if dialect else None,
        "delimiter": delimiter,
        "decimal": lines.reading.decimal or "point",
        "date_order": None if customers else lines.reading.date_order or "ymd",
        "platform": lines.recognition.platform.slug if lines.recognition.platform else None,
        "currency": lines.reading.currency,
        "columns": dict(lines.recognition.columns),
        "rows_read": ledger.rows_in,
        "rows_used": ledger.used.rows,
        "set_aside": {entry.reason: entry.rows for entry in ledger.set_aside},
        "customers": ledger.used.customers,
        "orders": lines.orders,
        "revenue": None if lines.revenue is None else float(lines.revenue),
        "first_order": _iso(lines.first_order),
        "last_order": _iso(lines.last_order),
        "ambiguities": [str(ambiguity) for ambiguity in lines.reading.ambiguities],
        "warnings": [*(f"Left out of {what}." for what in source.left_out), *lines.warnings],
    }


def segmented(analysis: Analysis) -> dict[str, Any]:
    """What `segment` prints beyond `inspect`."""
    advice = analysis.advice
    return {
        "features": list(analysis.preparation.features),
        "k": analysis.segmentation.n_segments,
        "advice": {
            "k": advice.k,
            "elbow": advice.elbow,
            "silhouette": advice.silhouette,
            "stability": advice.stability,
            "natural_grouping": advice.natural_grouping,
            "words": advice.words,
        },
        "sweep": [
            {
                "k": k,
                "inertia": fit.inertia,
                "silhouette": analysis.sweep.silhouettes[k].value if k in analysis.sweep.silhouettes else None,
                "silhouette_se": (
                    analysis.sweep.silhouettes[k].standard_error if k in analysis.sweep.silhouettes else None
                ),
            }
            for k, fit in analysis.sweep.fits.items()
        ],
        "segments": [segment.facts() for segment in analysis.segmentation.segments],
    }


def in_words(facts: Mapping[str, Any]) -> list[str]:
    """What `inspect` found, line by line."""
    figures = [f"{facts['customers']:,} customers"]
    if facts["orders"] is not None:
        figures.append(f"{facts['orders']:,} orders")
    if facts["revenue"] is not None:
        figures.append(f"{facts['revenue']:,.2f} {facts['currency'] or '(currency unknown)'}")
    if facts["first_order"] is not None:
        figures.append(f"{facts['first_order']} to {facts['last_order']}")
    told = [
        f"{facts['rows_read']:,} rows read, {facts['rows_used']:,} used: {', '.join(figures)}.",
        *(["One row a customer: each column of numbers is a feature."] if facts["shape"] == "customers" else []),
        "Columns: " + ", ".join(f"{role} = {header}" for role, header in facts["columns"].items()) + ".",
    ]
    told += [f"Set aside, {reason}: {rows:,} rows." for reason, rows in facts["set_aside"].items()]
    told += [f"Ambiguous: {text}" for text in facts["ambiguities"]]
    return told + [f"Note: {text}" for text in facts["warnings"]]


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
