"""`python -m core`: the command line, with the charts that core itself does not know."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from core.cli import main

if TYPE_CHECKING:
    from core.analysis import Analysis


def _figures(analysis: Analysis) -> Mapping[str, Mapping[str, Any]]:
    from charts.report import figures

    return figures(analysis.sweep, analysis.advice, analysis.segmentation)


if __name__ == "__main__":
    sys.exit(main(None, _figures))
