"""How many segments to take, said so that a marketer can agree or disagree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kneed import KneeLocator

from core.clustering import wording
from core.clustering.evidence import Evidence
from core.clustering.silhouette import Silhouette
from core.clustering.sweep import Sweep
from core.clustering.wording import Grounds

MIN_SHARE = 0.03
"""A segment with a smaller share of the customers is seldom worth a campaign of its own."""


@dataclass(frozen=True, slots=True)
class Advice:
    """The number of segments we suggest, and why."""

    k: int
    elbow: int | None  # each measure's own k; None where it has no opinion
    silhouette: int | None
    silhouette_drop: int | None
    stability: int | None  # None also before the evidence is there
    natural_grouping: bool | None  # None before the evidence is there
    reasons: tuple[str, ...]  # why this k, and what to beware of; a text each
    votes: str  # what each measure says, in a sentence

    @property
    def words(self) -> str:
        """All of it as one text."""
        return " ".join((*self.reasons, self.votes))


def elbow(inertias: Mapping[int, float]) -> int | None:
    """The number of clusters at which adding one more stops paying.

    Parameters
    ----------
    inertias : {n_clusters: within-cluster sum of squares in the scaled space}

    Returns
    -------
    The knee of the convex, decreasing curve, or None where the curve has none (a straight line).

    Notes
    -----
    Kneedle: Satopaa et al. (2011), as implemented by `kneed`.
    """
    counts = sorted(inertias)
    values = [inertias[count] for count in counts]
    if len(counts) < 3 or max(values) == min(values):
        return None
    knee = KneeLocator(counts, values, curve="convex", direction="decreasing").knee
    return None if knee is None or knee < 2 else int(knee)


def largest_silhouette(silhouettes: Mapping[int, Silhouette]) -> int | None:
    """The number of clusters that are tightest for their distance; the smallest of equals. None without silhouettes."""
    return max(sorted(silhouettes), key=lambda k: silhouettes[k].value, default=None)


def largest_silhouette_drop(silhouettes: Mapping[int, Silhouette]) -> int | None:
    """The number of clusters after which one more costs the most silhouette. None where it never falls."""
    drops = {k: each.value - silhouettes[k + 1].value for k, each in silhouettes.items() if k + 1 in silhouettes}
    steepest = max(sorted(drops), key=lambda k: drops[k], default=None)
    return steepest if steepest is not None and drops[steepest] > 0 else None


def advise(sweep: Sweep, evidence: Evidence | None = None, *, min_share: float = MIN_SHARE) -> Advice:
    """Suggest a number of segments.

    Parameters
    ----------
    sweep : with fits for k = 1 and 2 at least
    evidence : of that sweep; without it, or while it is under way, the curves alone speak
    min_share : of the customers, 0 to 1, that the smallest segment should hold

    Raises
    ------
    ValueError : the sweep has not reached two clusters

    Notes
    -----
    The rule. A k is useful when its smallest segment holds `min_share`. A useful k is a candidate when it is stable
    (its clusters come out again on resampled customers, nearly as well as those of any k) and separated (between every
    two neighbouring clusters there are fewer customers than within either). The largest candidate is suggested: a
    coarser one only joins groups that the finer one shows to be apart.

    Where there is no candidate, the customers are compared with clouds that have no groups. If their tightest clusters
    beat those of all clouds, that k is suggested, and if they are flat along one line alone, 2, where useful.

    Where there is none of either, and before the evidence is there, the curves vote: the elbow, the largest silhouette,
    the largest silhouette drop. Votes for a k that is not useful do not count. Most votes win, the larger silhouette
    deciding between equals. Where no vote counts, it is the useful k with the largest silhouette. Where no k is useful,
    it is the elbow, which a few unusual customers sway less than the silhouette, and without an elbow the largest
    silhouette.

    The grouping is natural when some k, useful or not, is stable and separated, or when the customers look
    like none of the clouds; see `Evidence` and `Reference`.
    """
    if len(sweep.silhouettes) == 0:
        raise ValueError("There is nothing to choose from before the sweep has reached two clusters.")
    if evidence is not None and not evidence.complete:
        evidence = None
    curves = {
        "elbow": elbow(sweep.inertias),
        "silhouette": largest_silhouette(sweep.silhouettes),
        "silhouette drop": largest_silhouette_drop(sweep.silhouettes),
    }
    useful = tuple(k for k in sorted(sweep.silhouettes) if _smallest_share(sweep, k) >= min_share)
    grounds = Grounds(sweep, evidence, curves, useful, min_share)
    candidates = grounds.candidates
    k = max(candidates, default=None) or grounds.supported or _by_votes(grounds)
    return Advice(
        k,
        elbow=curves["elbow"],
        silhouette=curves["silhouette"],
        silhouette_drop=curves["silhouette drop"],
        stability=evidence.most_stable if evidence else None,
        natural_grouping=evidence.natural_grouping if evidence else None,
        reasons=wording.reasons(k, grounds),
        votes=wording.own_votes(grounds),
    )


def _by_votes(grounds: Grounds) -> int:
    votes, counted = grounds.curves, grounds.counted
    if not grounds.useful:
        return votes["elbow"] or votes["silhouette"] or 2
    silhouettes = grounds.sweep.silhouettes
    return max(sorted(set(counted)) or grounds.useful, key=lambda k: (counted.count(k), silhouettes[k].value))


def _smallest_share(sweep: Sweep, k: int) -> float:
    fit = sweep.fits[k]
    return float(fit.sizes.min()) / len(fit.labels)
