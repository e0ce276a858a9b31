"""The advice beside single rules, on sets with known groups and on sets with none.

    python bench/advice.py                       # all sets; minutes to an hour, by how busy the machine is
    python bench/advice.py --sets development    # or held-out
    python bench/advice.py --per-kind 1          # a quick look

The sets are those of tests/clustering/collection.py. A rule is right where it names the number of groups; on a set
without groups "no natural grouping" is right, which the single rules cannot say.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

sys.path.insert(0, str(Path(__file__).parent.parent))

from core.clustering.choice import advise
from core.clustering.evidence import Evidence, gather
from core.clustering.indices import other_measures
from core.clustering.sweep import Sweep, sweep
from tests.clustering.collection import KnownSet, development, held_out

_PAIRS = 6


@dataclass(frozen=True)
class Answer:
    """What each rule said of one set."""

    known: KnownSet
    counts: Mapping[str, int | None]
    natural: bool | None


def plain_stability(matrix: np.ndarray) -> int:
    """The largest k whose split-half agreement is within 0.02 of the best."""
    random = np.random.default_rng(0)
    agreements = dict.fromkeys(range(2, 11), 0.0)
    for pair in range(_PAIRS):
        order = random.permutation(len(matrix))
        halves = np.array_split(order, 2)
        for k in agreements:
            one, other = (KMeans(k, n_init=3, random_state=pair).fit(matrix[half]).predict(matrix) for half in halves)
            agreements[k] += adjusted_rand_score(one, other) / _PAIRS
    best = max(agreements.values())
    return max(k for k, agreement in agreements.items() if agreement >= best - 0.02)


def answer(known: KnownSet) -> Answer:
    swept = sweep(known.matrix, k_max=10)
    evidence = gather(known.matrix, swept)
    before, after = advise(swept, min_share=0), advise(swept, evidence, min_share=0)
    others = other_measures(known.matrix, swept)
    counts = {
        "always 2": 2,
        "elbow (kneed)": before.elbow,
        "largest silhouette": before.silhouette,
        "largest silhouette drop": before.silhouette_drop,
        "Calinski-Harabasz": others.best_calinski_harabasz,
        "Davies-Bouldin": others.best_davies_bouldin,
        "votes of the curves": before.k,
        "split halves within 0.02": plain_stability(known.matrix),
        "most stable (bootstrap)": evidence.most_stable,
        "finest separated": _finest(evidence, swept),
        "the advice": after.k,
    }
    verdict = "" if _fine(known, after.k, after.natural_grouping) else "<--"
    print(
        f"{known.kind:30} {known.seed:4} n {len(known.matrix):5} d {known.matrix.shape[1]:3} k {known.k:2} "
        f"advised {after.k:2} natural {after.natural_grouping!s:5} {verdict}",
        file=sys.stderr,
        flush=True,
    )
    return Answer(known, counts, after.natural_grouping)


def _finest(evidence: Evidence, swept: Sweep) -> int | None:
    return max(evidence.separated, default=advise(swept, min_share=0).silhouette)


def _fine(known: KnownSet, k: int, natural: bool | None) -> bool:
    return natural is False if known.k == 1 else k == known.k and natural is True


def table(title: str, answers: Iterable[Answer]) -> None:
    answers = list(answers)
    grouped: Mapping[str, Callable[[Answer], bool]] = {
        "k = 2": lambda one: one.known.k == 2,
        "k > 2": lambda one: one.known.k > 2,
    }
    sets = {name: [one for one in answers if belongs(one)] for name, belongs in grouped.items()}
    print(f"\n{title}")
    print(f"{'right on':28}" + "".join(f"{name:>8} of {len(some):3}" for name, some in sets.items()) + "   of 24 + 13")
    if not answers:
        return
    for rule in answers[0].counts:
        right = [sum(one.counts[rule] == one.known.k for one in some) for some in sets.values()]
        shares = [count / max(1, len(some)) for count, some in zip(right, sets.values(), strict=True)]
        print(f"{rule:28}" + "".join(f"{count:15}" for count in right) + f"{24 * shares[0] + 13 * shares[1]:14.1f}")
    nulls = [one for one in answers if one.known.k == 1]
    true = [one for one in answers if one.known.k > 1]
    print(f"no natural grouping: said of {sum(one.natural is False for one in nulls)} of {len(nulls)} without groups")
    print(f"                     and of {sum(one.natural is False for one in true)} of {len(true)} with groups")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", choices=("development", "held-out", "both"), default="both")
    parser.add_argument("--per-kind", type=int, default=2)
    asked = parser.parse_args()
    if asked.sets != "held-out":
        table("development", map(answer, development(asked.per_kind)))
    if asked.sets != "development":
        answers = list(map(answer, held_out(asked.per_kind)))
        seen, unseen = ([one for one in answers if one.known.fresh == fresh] for fresh in (False, True))
        table("held out: other draws of the kinds seen", seen)
        table("held out: kinds not seen", unseen)
