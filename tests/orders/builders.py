"""Order lines from a few lines of text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.engine import Engine
from core.orders.cleaning import CleaningOptions, OrderLines, clean
from core.orders.source import open_sources


def order_lines(engine: Engine, folder: Path, *text: str, **options: Any) -> OrderLines:
    """Cleaned lines of files with these contents. `options` are those of `CleaningOptions`."""
    paths = [folder / f"orders{number}.csv" for number in range(len(text))]
    for path, content in zip(paths, text, strict=True):
        path.write_text(content, encoding="utf-8")
    return clean(engine, open_sources(engine, paths), CleaningOptions(**options))


def fates(lines: OrderLines) -> dict[str, int]:
    """Rows by what became of them: "used" or a reason."""
    return {entry.reason: entry.rows for entry in lines.ledger.entries if entry.rows}
