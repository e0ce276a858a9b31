"""The advice in sentences that a marketer can agree or disagree with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.clustering.evidence import LEAST, Evidence
from core.clustering.stability import two_digits
from core.clustering.sweep import Sweep

WEAK = 0.50
NO_STRUCTURE = 0.25
"""Up to these the best silhouette speaks of weak, or of no substantial, structure (Kaufman & Rousseeuw 1990, p. 88)."""

ALIKE = (
    (0.90, "almost the same"),
    (0.80, "much the same"),
    (0.65, "roughly the same"),
    (LEAST, "the same only in part"),
)
"""From which agreement on solutions are called so: excellent, good and moderate recovery (Steinley 2004)."""


@dataclass(frozen=True, slots=True)
class Grounds:
    """All that the advice rests on."""

    sweep: Sweep
    evidence: Evidence | None  # complete, or none
    curves: Mapping[str, int | None]  # each curve's own k, by the measure's name
    useful: tuple[int, ...]  # the k whose smallest segment is large enough
    min_share: float

    @property
    def counted(self) -> list[int]:
        """The curves' votes for a useful k."""
        return [k for k in self.curves.values() if k in self.useful]

    @property
    def candidates(self) -> tuple[int, ...]:
        """The useful k that are stable and separated."""
        return tuple(k for k in self.evidence.candidates if k in self.useful) if self.evidence else ()

    @property
    def supported(self) -> int | None:
        """The useful k, if any, that speaks against a cloud where no k is stable and separated."""
        compared = self.evidence.reference if self.evidence else None
        return compared.supported if compared is not None and compared.supported in self.useful else None


def reasons(k: int, grounds: Grounds) -> tuple[str, ...]:
    """Why k segments are suggested, and what to beware of; a sentence or two each."""
    return (
        _suggestion(k, grounds),
        *_unnatural(k, grounds),
        *_warnings(grounds),
    )


def _suggestion(k: int, grounds: Grounds) -> str:
    if grounds.candidates:
        return _natural(k, grounds)
    return _unlike_clouds(k, grounds) if grounds.supported else _by_votes(k, grounds)


def _natural(k: int, grounds: Grounds) -> str:
    assert grounds.evidence is not None
    agreement = grounds.evidence.stabilities[k].agreement
    said = (
        f"We suggest {k} segments: these are groups of their own. They come out again when other customers stand in "
        f"for these (agreement {two_digits(agreement)} of 1), and there are clearly fewer customers between any two of "
        "them than within either (separation)."
    )
    coarser = [other for other in grounds.candidates if other < k]
    if coarser:
        said += f" {_listed(coarser)} would hold as well; {k} is the finest division that does."
    return said


def _unlike_clouds(k: int, grounds: Grounds) -> str:
    if _flat(grounds):
        why = (
            "customers form two groups that run into each other. There is no gap between them, but along one line "
            "customers are spread more evenly than customers without any groups would be (reference test)."
        )
    else:
        why = (
            "so cut, customers are closest to their own segment, and closer than in clouds without any groups "
            "(reference test)."
        )
    return f"We suggest {k} segments: {why}"


def _flat(grounds: Grounds) -> bool:
    """Whether what speaks against a cloud is that customers are flat along one line, which is said as two groups."""
    compared = grounds.evidence.reference if grounds.evidence else None
    return grounds.supported is not None and compared is not None and not compared.tighter


def _by_votes(k: int, grounds: Grounds) -> str:
    voters = sum(vote is not None for vote in grounds.curves.values())
    counted = grounds.counted
    agreeing = counted.count(k)
    measures = "measures" if grounds.evidence is None else "curves"
    if not grounds.useful:
        why = (
            f", for want of better: every choice leaves a segment with less than {grounds.min_share:.0%} of the "
            "customers."
        )
    elif not counted:
        why = (
            ", though no measure favours that: those they favour leave segments too small to use, and of the others "
            "this one keeps customers closest to their own segment."
        )
    elif agreeing == voters:
        why = f": all {measures} agree." if voters > 1 else ", on the word of the only measure that has an opinion."
    elif agreeing > 1:
        why = f": {agreeing} of the {voters} {measures} agree on it, the other one differs."
    elif len(counted) == 1:
        why = f": the {measures} disagree, and what the others favour leaves segments too small to use."
    else:
        why = f": the {measures} disagree, and of what they favour this keeps customers closest to their own segment."
    return f"We suggest {k} segments{why}"


def _unnatural(k: int, grounds: Grounds) -> list[str]:
    """Up to one text: what it means that the k suggested does not stand for groups that are apart."""
    evidence = grounds.evidence
    if evidence is None or grounds.candidates:
        return []
    if evidence.candidates:
        natural = max(evidence.candidates)
        return [
            f"The natural number would be {natural}, but one of those segments holds less than "
            f"{grounds.min_share:.0%} of the customers."
        ]
    agreement = evidence.stabilities[k].agreement
    if evidence.natural_grouping:
        groups = "Treat" if _flat(grounds) else "There are groups, but they run into each other: treat"
        return [
            f"{groups} customers near a border with care. "
            f"With other customers in the file, {k} segments would come out "
            f"{_alike(agreement)} (agreement {two_digits(agreement)} of 1)."
        ]
    return [
        "No natural grouping was found: customers form one cloud, no more clustered than clouds without any groups "
        f"(reference test). So pick by how many campaigns you can run; {k} segments are a fair cut, which with other "
        f"customers in the file would come out {_alike(agreement)} (agreement {two_digits(agreement)} of 1)."
    ]


def _alike(agreement: float) -> str:
    return next((words for least, words in ALIKE if agreement >= least), "quite different")


def own_votes(grounds: Grounds) -> str:
    """Each measure's own vote, in plain words with its name behind."""
    sweep, votes = grounds.sweep, grounds.curves
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
    if grounds.evidence is not None:
        parts += _most_alike(grounds.evidence)
    sentence = "; ".join(parts)
    return sentence[0].upper() + sentence[1:] + "."


def _most_alike(evidence: Evidence) -> list[str]:
    """With how many the segments come out most alike; where that is not told apart from the best, both."""
    vote, best = evidence.most_stable, evidence.best_agreeing
    if vote is None or best is None:
        return []
    agreement = {k: two_digits(evidence.stabilities[k].agreement) for k in (vote, best)}
    if vote == best:
        return [f"segments come out most alike on other customers with {vote} (agreement {agreement[vote]})"]
    return [
        f"segments come out most alike on other customers with {best} (agreement {agreement[best]}), and with up to "
        f"{vote} not surely less ({agreement[vote]})"
    ]


def _warnings(grounds: Grounds) -> list[str]:
    """Up to two sentences: on a silhouette that is about a few customers, and on groups that are hardly there."""
    sweep, useful = grounds.sweep, grounds.useful
    sentences = []
    tightest = grounds.curves["silhouette"]
    if tightest is not None and tightest not in useful:
        fit = sweep.fits[tightest]
        sentences.append(
            f"With {tightest} segments the smallest holds only {_customers(int(fit.sizes.min()))} of "
            f"{len(fit.labels):,}, so that silhouette of {sweep.silhouettes[tightest].value:.2f} is about unusual "
            "customers, not about segments: a log scale, where there is none yet, or capping outliers usually helps."
        )
    best = max(sweep.silhouettes[k].value for k in useful or sweep.silhouettes)
    if grounds.evidence is not None:
        return sentences  # the test has said more than a rule of thumb can
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


def _listed(counts: list[int]) -> str:
    *first, last = map(str, counts)
    return f"{', '.join(first)} or {last}" if first else last
