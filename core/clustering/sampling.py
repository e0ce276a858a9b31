"""Some customers to stand for all in a chart."""

from __future__ import annotations

import numpy as np

MOST_POINTS = 5_000
LEAST_POINTS = 30
"""Points that each group gets at least, where it has as many customers."""


def stratified(labels: np.ndarray, most: int = MOST_POINTS, seed: int = 42) -> np.ndarray:
    """Places, ascending, of at most `most` customers: all, or of each group by its size and never none.

    Parameters
    ----------
    labels : (n_customers,) the group of each
    """
    if len(labels) <= most:
        return np.arange(len(labels))
    groups, sizes = np.unique(labels, return_counts=True)
    least = np.minimum(sizes, max(1, min(LEAST_POINTS, most // len(groups))))
    free = most - int(least.sum())
    quota = least + np.floor(free * (sizes - least) / max(int((sizes - least).sum()), 1)).astype(int)
    random = np.random.default_rng(seed)
    chosen = [
        random.choice(np.flatnonzero(labels == group), int(wanted), replace=False)
        for group, wanted in zip(groups, quota, strict=True)
    ]
    return np.sort(np.concatenate(chosen))
