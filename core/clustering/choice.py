"""How many segments to take, said so that a marketer can agree or disagree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kneed import KneeLocator

from core.clustering.silhouette import Silhouette
from core.clustering.sweep import Sweep

MIN_SHARE = 0.03
"""A segment with a smaller share of the customers is seldom worth a campaign of its own."""

WEAK = 0.50
NO_STRUCTURE = 0.25
"""Up to these the best silhouette speaks of weak, or of no substantial, structure (Kaufman & Rousseeuw 1990, p. 88)."""


@dataclass(frozen=True, slots=True)
class Advice:
    """The number of segments we suggest, and why."""

    k: int
    elbow: int | None  # each measure's own k; None where it has no opinion
    silhouette: int | None
    silhouette_drop: int | None
    stability: int | None  # not measured yet
    natural_grouping: bool | None  # not tested yet
    reasons: tuple[str, ...]  # sentences

    @property
    def words(self) -> str:
        """The reasons as one text."""
        return " ".join(self.reasons)


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


def advise(sweep: Sweep, *, min_share: float = MIN_SHARE) -> Advice:
    """Suggest a number of segments.

    Parameters
    ----------
    sweep : with fits for k = 1 and 2 at least
    min_share : of the customers, 0 to 1, that the smallest segment should hold

    Raises
    ------
    ValueError : the sweep has not reached two clusters

    Notes
    -----
    The rule. Three measures vote: the elbow, the largest silhouette, the largest silhouette drop. Votes for a k whose
    smallest segment falls short of `min_share` do not count. The k with most votes is suggested, the larger silhouette
    deciding between equals. Where no vote counts, it is the k with the largest silhouette among those whose segments
    are all large enough. Where no k has such segments, it is the elbow, which a few unusual customers sway less than
    the silhouette, and without an elbow the largest silhouette.
    """
    if len(sweep.silhouettes) == 0:
        raise ValueError("There is nothing to choose from before the sweep has reached two clusters.")
    votes = {
        "elbow": elbow(sweep.inertias),
        "silhouette": largest_silhouette(sweep.silhouettes),
        "silhouette drop": largest_silhouette_drop(sweep.silhouettes),
    }
    useful = [k for k in sorted(sweep.silhouettes) if _smallest_share(sweep, k) >= min_share]
    counted = [k for k in votes.values() if k in useful]
    k = _choose(sweep, votes, useful, counted)
    return Advice(
        k,
        elbow=votes["elbow"],
        silhouette=votes["silhouette"],
        silhouette_drop=votes["silhouette drop"],
        stability=None,
        natural_grouping=None,
        reasons=(
            _suggestion(k, votes, useful, counted, min_share),
            _own_votes(sweep, votes),
            *_warnings(sweep, votes, useful),
        ),
    )


def _choose(sweep: Sweep, votes: Mapping[str, int | None], useful: list[int], counted: list[int]) -> int:
    if not useful:
        return votes["elbow"] or votes["silhouette"] or 2
    return max(sorted(set(counted)) or useful, key=lambda k: (counted.count(k), sweep.silhouettes[k].value))


def _smallest_share(sweep: Sweep, k: int) -> float:
    fit = sweep.fits[k]
    return float(fit.sizes.min()) / len(fit.labels)


def _suggestion(
    k: int, votes: Mapping[str, int | None], useful: list[int], counted: list[int], min_share: float
) -> str:
    voters = sum(vote is not None for vote in votes.values())
    agreeing = counted.count(k)
    if not useful:
        why = f", for want of better: every choice leaves a segment with less than {min_share:.0%} of the customers."
    elif not counted:
        why = (
            ", though no measure favours that: those they favour leave segments too small to use, and of the others "
            "this one keeps customers closest to their own segment."
        )
    elif agreeing == voters:
        why = ": all measures agree." if voters > 1 else ", on the word of the only measure that has an opinion."
    elif agreeing > 1:
        why = f": {agreeing} of the {voters} measures agree on it, the other one differs."
    elif len(counted) == 1:
        why = ": the measures disagree, and what the others favour leaves segments too small to use."
    else:
        why = ": the measures disagree, and of what they favour this keeps customers closest to their own segment."
    return f"We suggest {k} segments{why}"


def _own_votes(sweep: Sweep, votes: Mapping[str, int | None]) -> str:
    """Each measure's own vote, in plain words with its name behind."""
    parts = []
    if (vote := votes["elbow"]) is None:
        parts.append("no point where one more segment stops paying stands out (elbow: none)")
    else:
        parts.append(f"one more segment stops paying after {vote} (elbow)")
    if (vote := votes["silhouette"]) is not None:
        best = sweep.silhouettes[vote]
        margin = "" if sweep.exact else f" ± {best.interval[1] - best.value:.2f}"
        parts.append(f"customers are closest to their own segment with {vote} (silhouette {best.value:.2f}{margin})")
    if (vote := votes["silhouette drop"]) is None:
        parts.append("that closeness never falls as segments are added (silhouette drop: none)")
    else:
        parts.append(f"that closeness falls most when going beyond {vote} (silhouette drop)")
    sentence = "; ".join(parts)
    return sentence[0].upper() + sentence[1:] + "."


def _warnings(sweep: Sweep, votes: Mapping[str, int | None], useful: list[int]) -> list[str]:
    """Up to two sentences: on a silhouette that is about a few customers, and on groups that are hardly there."""
    sentences = []
    tightest = votes["silhouette"]
    if tightest is not None and tightest not in useful:
        fit = sweep.fits[tightest]
        sentences.append(
            f"With {tightest} segments the smallest holds only {_customers(int(fit.sizes.min()))} of "
            f"{len(fit.labels):,}, so that silhouette of {sweep.silhouettes[tightest].value:.2f} is about unusual "
            "customers, not about segments: a log scale, where there is none yet, or capping outliers usually helps."
        )
    best = max(sweep.silhouettes[k].value for k in useful or sweep.silhouettes)
    if best <= NO_STRUCTURE:
        sentences.append(
            f"Customers hardly fall into separate groups (best silhouette {best:.2f}), so choose by how many "
            "campaigns you can run."
        )
    elif best <= WEAK:
        sentences.append(f"The groups overlap (best silhouette {best:.2f}), so expect customers on the border.")
    return sentences


def _customers(count: int) -> str:
    return "1 customer" if count == 1 else f"{count:,} customers"
