"""What a visitor chooses of the segmentation, put down in her workspace. Nothing is computed here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from core.analysis import PRESETS, SegmentOptions
from core.clustering.preparation import PreparationOptions
from ui.files import read_differently
from ui.session import Workspace


def group_differently(workspace: Workspace, options: SegmentOptions) -> None:
    """Compare customers by other features or another preparation."""
    if options == workspace.grouping:
        return
    workspace.stop_work()
    with workspace.alone():
        workspace.grouping = options
    workspace.n_clusters = None


def compare_by(workspace: Workspace, names: Sequence[str]) -> None:
    """Compare customers by these features. Weights of others are of no more use."""
    options = workspace.grouping
    prepared = options.preparation
    weights = {name: weight for name, weight in prepared.weights.items() if name in names}
    group_differently(
        workspace,
        replace(options, features=tuple(names), preset=None, preparation=replace(prepared, weights=weights)),
    )


def weigh(workspace: Workspace, name: str, weight: float) -> None:
    """Let a feature count more or less; those at 1 are not named."""
    others = {other: known for other, known in workspace.grouping.preparation.weights.items() if other != name}
    make_comparable(workspace, weights=others if weight == 1.0 else others | {name: weight})


def make_comparable(workspace: Workspace, **changes: Any) -> None:
    """Change how features are made comparable, by fields of PreparationOptions."""
    options = workspace.grouping
    group_differently(workspace, replace(options, preparation=replace(options.preparation, **changes)))


def try_up_to(workspace: Workspace, k_max: int) -> None:
    """The largest number of segments to try."""
    with workspace.alone():
        workspace.grouping = replace(workspace.grouping, k_max=k_max)
    workspace.n_clusters = min(workspace.n_clusters, k_max) if workspace.n_clusters else None


def advise_none_below(workspace: Workspace, share: float) -> None:
    """The smallest segment that is of use, as a share of the customers."""
    with workspace.alone():
        workspace.grouping = replace(workspace.grouping, min_share=share)


def apply_preset(workspace: Workspace, name: str | None) -> None:
    """Take a preset's features and preparation (None: the usual four), and its way of counting returns.

    Without a preset, returns count again as the visitor had said before.
    """
    preset, former = PRESETS.get(name or ""), PRESETS.get(workspace.grouping.preset or "")
    group_differently(
        workspace,
        replace(
            workspace.grouping,
            features=None,
            preset=name,
            preparation=preset.preparation if preset else PreparationOptions(),
        ),
    )
    said = workspace.cleaning.returns
    if former is None or former.returns != said:
        workspace.own_returns = said
    returns = (preset.returns if preset else None) or workspace.own_returns or said
    read_differently(workspace, replace(workspace.cleaning, returns=returns))
    workspace.revision += 1
