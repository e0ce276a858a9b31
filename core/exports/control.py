"""Who gets no message, so that a campaign can be measured against them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from core.segments.segmentation import Segmentation

MOST_SHARE = 0.5
COLUMN = "control_group"


@dataclass(frozen=True, slots=True, eq=False)
class Control:
    """The control group of one segmentation."""

    share: float  # of each segment, 0 to MOST_SHARE
    seed: int
    members: np.ndarray  # (n_customers,) bool, in the order of the assignments
    by_segment: tuple[int, ...]  # how many of each segment are in it, segment 1 first

    @property
    def customers(self) -> int:
        return int(self.members.sum())


def draw(segmentation: Segmentation, share: float, seed: int = 42) -> Control:
    """Draw the same share of each segment at random.

    Parameters
    ----------
    share : 0 to 0.5; each segment gives this share of its customers, rounded half up
    seed : another seed draws other customers

    Returns
    -------
    Whom to leave without a message. The order of the rows changes nothing.

    Raises
    ------
    ValueError for a share outside the bounds

    Notes
    -----
    Every customer has a lot of her own, made of the seed and her id alone (BLAKE2b); of each segment those with the
    smallest lots are drawn. So who is drawn this month is mostly drawn again next month, whatever the others did, and
    a larger share holds the smaller one.
    """
    segments = segmentation.assignments["segment"].to_numpy()
    return draw_of(segmentation.assignments.index, segments, segmentation.n_segments, share, seed)


def draw_of(ids: Iterable[str], segments: np.ndarray, n_segments: int, share: float, seed: int = 42) -> Control:
    """The same of customers who are known by their ids and their segments, (n_customers,) from 1."""
    if not 0 <= share <= MOST_SHARE:
        raise ValueError(f"The share of a control group must be from 0 to {MOST_SHARE}, not {share!r}.")
    members = np.zeros(len(segments), dtype=bool)
    sizes = np.bincount(segments, minlength=n_segments + 1)[1:]
    drawn = np.floor(share * sizes + 0.5).astype(np.int64)
    if drawn.any():
        order = np.argsort(_lots(ids, seed), kind="stable")
        for number, count in enumerate(drawn.tolist(), start=1):
            members[order[segments[order] == number][:count]] = True
    return Control(share, seed, members, tuple(drawn.tolist()))


def _lots(ids: Iterable[str], seed: int) -> np.ndarray:
    """(n_customers,) 64 random bits a customer. Two of a million are the same once in 37 million draws."""
    key = seed.to_bytes(8, "big", signed=True)
    digests = (blake2b(str(each).encode(), digest_size=8, key=key).digest() for each in ids)
    return np.fromiter((int.from_bytes(each, "big") for each in digests), dtype=np.uint64)
