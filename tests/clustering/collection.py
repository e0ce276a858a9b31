"""Sets of customers with groups that are known, and sets with none, to judge the advice on.

Drawn by recipe from a seed, but for scikit-learn's bundled sets. They mirror public benchmarks: two thirds have two
groups, often overlapping. A set with groups belongs here only where k-means, told their number, finds them again
(`recoverable`). What development may look at is kept apart from the rest, by seed and by kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from sklearn.cluster import KMeans
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.metrics import adjusted_rand_score
from sklearn.preprocessing import StandardScaler

RECOVERABLE = 0.65
"""The adjusted Rand index from which k-means counts as having found the known groups."""

Drawn = tuple[np.ndarray, np.ndarray]  # (n, d) features and (n,) known groups
Recipe = Callable[[np.random.Generator], Drawn]


@dataclass(frozen=True)
class KnownSet:
    """Standardised features and the groups behind them."""

    kind: str
    seed: int
    matrix: np.ndarray  # (n_customers, n_features)
    groups: np.ndarray  # (n_customers,)

    @property
    def fresh(self) -> bool:
        """Of a kind that the rule was not made on."""
        return self.kind in UNSEEN

    @property
    def k(self) -> int:
        """1 where there is no natural grouping."""
        return len(np.unique(self.groups))

    def recoverable(self) -> bool:
        """Whether k-means, told the number of groups, finds them."""
        found = KMeans(self.k, n_init=10, random_state=0).fit_predict(self.matrix)
        return bool(adjusted_rand_score(self.groups, found) >= RECOVERABLE)


def development(per_kind: int = 3) -> Iterator[KnownSet]:
    """What the rule was made on."""
    yield from _drawn(SEEN, range(per_kind))


def held_out(per_kind: int = 3) -> Iterator[KnownSet]:
    """Fresh draws of the kinds that the rule was made on, and kinds that it was not made on."""
    yield from _drawn(SEEN, range(100, 100 + per_kind))
    yield from _drawn(UNSEEN, range(100, 100 + 2 * per_kind))


def one_of(kind: str, seed: int) -> KnownSet:
    """A single draw, recoverable or not."""
    recipes = SEEN if kind in SEEN else UNSEEN
    matrix, groups = recipes[kind](np.random.default_rng([seed, list(recipes).index(kind), len(recipes)]))
    return KnownSet(kind, seed, StandardScaler().fit_transform(matrix), groups)


def _drawn(recipes: dict[str, Recipe], seeds: range) -> Iterator[KnownSet]:
    for kind in recipes:
        for seed in seeds if kind not in BUNDLED else seeds[:1]:
            found = one_of(kind, seed)
            if found.k == 1 or found.recoverable():
                yield found


# --- pieces


def _some(random: np.random.Generator, low: int, high: int) -> int:
    """A whole number from low to high, small ones as likely as large ones on a log scale."""
    return int(np.exp(random.uniform(np.log(low), np.log(high + 1))))


def _sizes(random: np.random.Generator, k: int, n: int, ratio: float) -> list[int]:
    """k sizes that sum to about n, the largest up to `ratio` times the smallest."""
    shares = random.uniform(1, ratio, k)
    return [max(8, round(n * share / shares.sum())) for share in shares]


def _stretched(random: np.random.Generator, d: int, ratio: float) -> np.ndarray:
    """A random linear map, (d, d), that stretches one axis up to `ratio` times as much as another."""
    rotation = np.linalg.qr(random.normal(size=(d, d)))[0]
    scale = np.exp(random.uniform(-0.5, 0.5, d) * np.log(ratio))
    return np.asarray(rotation * scale)


def _together(parts: list[np.ndarray]) -> Drawn:
    return np.vstack(parts), np.repeat(np.arange(len(parts)), [len(part) for part in parts])


def _direction(random: np.random.Generator, d: int) -> np.ndarray:
    ray = random.normal(size=d)
    return ray / np.linalg.norm(ray)


def _apart(random: np.random.Generator, k: int, d: int, distance: float) -> np.ndarray:
    """k places, (k, d), in a box no wider than needed, none closer to another than `distance`."""
    side = distance
    while True:
        places = random.uniform(-side, side, (k, d))
        gaps = np.linalg.norm(places[:, None] - places[None], axis=2)[~np.eye(k, dtype=bool)]
        if gaps.min() >= distance:
            return places
        side *= 1.02


# --- two groups


def two_gaussians(random: np.random.Generator, dims: tuple[int, int] = (2, 8), ratio: float = 1) -> Drawn:
    """Equal round spreads, three to five of them apart; the second group 1 / ratio of the first."""
    d, n = _some(random, *dims), _some(random, 150, 2500)
    first = round(n * ratio / (1 + ratio))
    shift = _direction(random, d) * random.uniform(3.0, 5.0)
    return _together([random.normal(size=(first, d)), random.normal(size=(n - first, d)) + shift])


def two_unequal(random: np.random.Generator) -> Drawn:
    """Gaussians of unequal shape and size that overlap."""
    d, n = _some(random, 2, 6), _some(random, 200, 4000)
    parts = []
    for sign, size in zip((-1, 1), _sizes(random, 2, n, 3), strict=True):
        center = np.full(d, sign * random.uniform(1.6, 2.2) / np.sqrt(d))
        parts.append(random.normal(size=(size, d)) @ _stretched(random, d, 3).T * random.uniform(0.6, 1.2) + center)
    return _together(parts)


def two_peaked(random: np.random.Generator) -> Drawn:
    """Round groups, densest at their middle: direction uniform, distance half-normal."""
    d, n = _some(random, 2, 32), _some(random, 300, 2000)
    parts = []
    for place, size in zip((0, 1), _sizes(random, 2, n, 2.5), strict=True):
        rays = random.normal(size=(size, d))
        rays /= np.linalg.norm(rays, axis=1, keepdims=True)
        parts.append(rays * np.abs(random.normal(size=(size, 1))) + np.eye(d)[0] * place * random.uniform(1.6, 3))
    return _together(parts)


def two_measured(random: np.random.Generator) -> Drawn:
    """As real labelled tables are: correlated, skewed measures, the groups differing in some of them only."""
    d, n = _some(random, 4, 13), _some(random, 150, 1200)
    mixing = _stretched(random, d, 4)
    differs = random.permutation(d) < max(2, d // 2)
    shift = np.where(differs, random.uniform(1.5, 3.5, d) * random.choice([-1, 1], d), 0)
    sizes = _sizes(random, 2, n, 2)
    parts = [random.normal(size=(size, d)) @ (mixing if random.random() < 0.5 else np.eye(d)) for size in sizes]
    parts[1] = parts[1] * random.uniform(0.6, 1.3) + shift
    matrix, groups = _together(parts)
    skewed = random.random(d) < 0.4
    return np.where(skewed, np.exp(0.35 * matrix), matrix), groups


def two_diamonds(random: np.random.Generator) -> Drawn:
    """Squares that touch at a corner."""
    n = _some(random, 300, 1500)
    turn = np.array([[1, 1], [-1, 1]]) / np.sqrt(2)
    parts = [random.uniform(-1, 1, (size, 2)) @ turn for size in _sizes(random, 2, n, 1.3)]
    return _together([parts[0], parts[1] + [2 * np.sqrt(2) * random.uniform(0.95, 1.05), 0]])


def wing_nut(random: np.random.Generator) -> Drawn:
    """Two plates, denser towards opposite corners, with a gap between."""
    n = _some(random, 400, 2000) // 2
    along, across = random.uniform(0, 1, (n, 2)), random.uniform(0, 1, (n, 2))
    plate = np.column_stack([np.maximum(along[:, 0], across[:, 0]) * 1.3, np.maximum(along[:, 1], across[:, 1]) * 2])
    other = np.array([2.6 + random.uniform(0.2, 0.5), 2.0]) - plate[random.permutation(n)]
    return _together([plate, other + random.normal(0, 0.01, plate.shape)])


def dense_and_sparse(random: np.random.Generator) -> Drawn:
    """A small dense group beside a wide one."""
    d, n = _some(random, 2, 4), _some(random, 200, 1000)
    dense, sparse = (random.normal(size=(size, d)) for size in _sizes(random, 2, n, 2))
    return _together([dense * random.uniform(0.15, 0.4), sparse + np.eye(d)[0] * random.uniform(3.5, 5)])


def two_bands(random: np.random.Generator) -> Drawn:
    """Bands side by side, longer than wide."""
    n = _some(random, 200, 1500)
    parts = [
        np.column_stack([random.uniform(0, random.uniform(1, 1.6), size), random.normal(0, 0.12, size)])
        for size in _sizes(random, 2, n, 1.5)
    ]
    return _together([parts[0], parts[1] + [random.uniform(-0.3, 0.3), random.uniform(0.6, 1)]])


def two_tailed(random: np.random.Generator) -> Drawn:
    """Student's t with 4 degrees of freedom."""
    d, n = _some(random, 2, 8), _some(random, 200, 2500)
    first, second = (random.standard_t(4, (size, d)) for size in _sizes(random, 2, n, 2))
    return _together([first, second + _direction(random, d) * random.uniform(4.5, 7)])


def two_moons(random: np.random.Generator) -> Drawn:
    """Half rings that open away from each other."""
    parts = []
    for sign, size in zip((-1, 1), _sizes(random, 2, _some(random, 200, 1500), 1.5), strict=True):
        angle = random.uniform(-np.pi / 2, np.pi / 2, size)
        ring = np.column_stack([np.cos(angle), np.sin(angle)]) * sign + random.normal(0, 0.12, (size, 2))
        parts.append(ring + np.array([sign * random.uniform(0.6, 1), 0]))
    return _together(parts)


def two_skewed(random: np.random.Generator) -> Drawn:
    """Gamma-shaped groups, each with a tail of its own."""
    d, n = _some(random, 2, 6), _some(random, 200, 2000)
    first, second = (random.gamma(random.uniform(3, 6), 1, (size, d)) for size in _sizes(random, 2, n, 2))
    return _together([first, second + _direction(random, d) * random.uniform(9, 13)])


def two_boxes(random: np.random.Generator) -> Drawn:
    """Uniform boxes beside each other, one emptier, with a narrow gap."""
    d = _some(random, 2, 4)
    first, second = (random.uniform(0, 1, (size, d)) for size in _sizes(random, 2, _some(random, 300, 2000), 3))
    return _together([first, second + np.eye(d)[0] * random.uniform(1.15, 1.5)])


# --- more groups


def blobs(
    random: np.random.Generator,
    dims: tuple[int, int] = (2, 12),
    sizes: float = 1,
    spreads: float = 1,
    stretch: float = 1,
    noise: float = 0,
    apart: tuple[float, float] = (5, 9),
) -> Drawn:
    """Three to ten Gaussians; `apart` in spreads of the widest."""
    k, d, n = int(random.integers(3, 11)), _some(random, *dims), _some(random, 300, 3000)
    centers = _apart(random, k, d, random.uniform(*apart))
    parts = [
        random.normal(size=(size, d)) @ _stretched(random, d, stretch).T / random.uniform(1, spreads) + center
        for size, center in zip(_sizes(random, k, n, sizes), centers, strict=True)
    ]
    matrix, groups = _together(parts)
    if noise:
        strays = random.uniform(matrix.min(axis=0), matrix.max(axis=0), (round(noise * len(matrix)), d))
        nearest = np.linalg.norm(strays[:, None] - centers[None], axis=2).argmin(axis=1)
        matrix, groups = np.vstack([matrix, strays]), np.append(groups, nearest)
    return matrix, groups


def hepta(random: np.random.Generator) -> Drawn:
    """Seven balls in space, the middle one denser."""
    centers = np.vstack([np.zeros(3), 3 * np.eye(3), -3 * np.eye(3)])
    size = _some(random, 30, 150)
    return _together([random.normal(0, 0.5 if place else 0.25, (size, 3)) + c for place, c in enumerate(centers)])


def lsun(random: np.random.Generator) -> Drawn:
    """Two plates in an L and a disc."""
    size = _some(random, 100, 400)
    lying = random.uniform([0, 0], [3.2, 0.9], (size, 2))
    standing = random.uniform([0, 1.5], [0.9, 4.6], (size, 2))
    disc = random.normal([3.4, 3.4], 0.35, (size, 2))
    return _together([lying, standing, disc])


def tetra(random: np.random.Generator) -> Drawn:
    """Four balls that nearly touch."""
    corners = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
    size = _some(random, 80, 300)
    return _together([random.normal(0, random.uniform(0.45, 0.6), (size, 3)) + corner for corner in corners])


def overlapping(random: np.random.Generator) -> Drawn:
    """Many groups in the plane, round and stretched, touching each other."""
    k, n = int(random.integers(5, 11)), _some(random, 800, 3000)
    centers = _apart(random, k, 2, random.uniform(4, 5))
    parts = [
        random.normal(size=(size, 2)) @ _stretched(random, 2, 2).T + c
        for size, c in zip(_sizes(random, k, n, 1.5), centers, strict=True)
    ]
    return _together(parts)


def unbalanced(random: np.random.Generator) -> Drawn:
    """Three crowded groups close together and some small ones far off."""
    crowded = [random.normal(size=(600, 2)) * 0.5 + [0, shift] for shift in (-3, 0, 3)]
    far = _apart(random, 4, 2, 4) + np.array([14, 0])
    return _together([*crowded, *(random.normal(size=(60, 2)) * 0.7 + place for place in far)])


def nested(random: np.random.Generator) -> Drawn:
    """Pairs of groups: as many groups, or half as many twice as wide."""
    pairs, d = int(random.integers(2, 5)), _some(random, 2, 5)
    centers = _apart(random, pairs, d, random.uniform(10, 14))
    spots = [center + side * _direction(random, d) * 2.6 for center in centers for side in (-1, 1)]
    # Both of a pair with a direction of their own: their distance varies.
    return _together([random.normal(size=(_some(random, 60, 200), d)) * 0.8 + spot for spot in spots])


def grid(random: np.random.Generator) -> Drawn:
    """Squares on a grid with streets between."""
    across, down = (2, int(random.integers(2, 5))) if random.random() < 0.5 else (3, 3)
    size, street = _some(random, 60, 250), random.uniform(1.3, 1.6)
    spots = [(x * street, y * street) for x in range(across) for y in range(down)]
    return _together([random.uniform(0, 1, (size, 2)) + spot for spot in spots])


def round_table(random: np.random.Generator) -> Drawn:
    """Groups around one in the middle."""
    k, size = int(random.integers(5, 10)), _some(random, 40, 200)
    angles = np.arange(k - 1) * 2 * np.pi / (k - 1)
    spots = np.vstack([[0, 0], np.column_stack([np.cos(angles), np.sin(angles)]) * 5])
    return _together([random.normal(0, random.uniform(0.6, 0.9), (size, 2)) + spot for spot in spots])


def exponential_blobs(random: np.random.Generator) -> Drawn:
    """Groups with heavy tails: Laplace."""
    k, d, n = int(random.integers(3, 8)), _some(random, 2, 6), _some(random, 300, 2000)
    centers = _apart(random, k, d, random.uniform(8, 12))
    return _together([random.laplace(size=(s, d)) + c for s, c in zip(_sizes(random, k, n, 2), centers, strict=True)])


# --- real


def bundled(random: np.random.Generator, load: Callable[..., Any], keep: tuple[int, ...] | None = None) -> Drawn:
    """A set that comes with scikit-learn, or some of its groups."""
    matrix, groups = load(return_X_y=True)
    rows = np.isin(groups, keep) if keep else np.ones(len(groups), dtype=bool)
    matrix = matrix[rows]
    return matrix[:, matrix.std(axis=0) > 0], groups[rows]


# --- none


def one(random: np.random.Generator, draw: Callable[[np.random.Generator, int, int], np.ndarray]) -> Drawn:
    """A single cloud."""
    n, d = _some(random, 100, 5000), _some(random, 2, 8)
    matrix = draw(random, n, d)
    return matrix, np.zeros(n, dtype=int)


def box(random: np.random.Generator, n: int, d: int) -> np.ndarray:
    return random.uniform(size=(n, d))


def gaussian(random: np.random.Generator, n: int, d: int) -> np.ndarray:
    return random.normal(size=(n, d))


def correlated(random: np.random.Generator, n: int, d: int) -> np.ndarray:
    return np.asarray(random.normal(size=(n, d)) @ _stretched(random, d, random.uniform(3, 30)).T)


def lognormal(random: np.random.Generator, n: int, d: int) -> np.ndarray:
    return np.asarray(np.exp(random.uniform(0.3, 1) * correlated(random, n, d)))


def ball(random: np.random.Generator, n: int, d: int) -> np.ndarray:
    rays = random.normal(size=(n, d))
    return np.asarray(rays / np.linalg.norm(rays, axis=1, keepdims=True) * random.uniform(size=(n, 1)) ** (1 / d))


def heavy(random: np.random.Generator, n: int, d: int) -> np.ndarray:
    return random.standard_t(5, (n, d))


def gamma(random: np.random.Generator, n: int, d: int) -> np.ndarray:
    return random.gamma(random.uniform(1, 4, d), 1, (n, d))


def tilted_box(random: np.random.Generator, n: int, d: int) -> np.ndarray:
    return np.asarray(random.uniform(size=(n, d)) @ _stretched(random, d, random.uniform(2, 8)).T)


def bent(random: np.random.Generator, n: int, d: int) -> np.ndarray:
    """One cloud with marginals of several shapes."""
    matrix = correlated(random, n, d)
    matrix = (matrix - matrix.mean(axis=0)) / matrix.std(axis=0)
    return np.where(np.arange(d) % 2, np.exp(0.7 * matrix), np.tanh(matrix))


SEEN: dict[str, Recipe] = {
    "two gaussians": two_gaussians,
    "two gaussians 2:1": partial(two_gaussians, ratio=2),
    "two gaussians 5:1": partial(two_gaussians, ratio=5),
    "two gaussians, many features": partial(two_gaussians, dims=(10, 60), ratio=1.5),
    "two unequal": two_unequal,
    "two unequal again": two_unequal,
    "two peaked": two_peaked,
    "two measured": two_measured,
    "two measured again": two_measured,
    "two diamonds": two_diamonds,
    "wing nut": wing_nut,
    "dense and sparse": dense_and_sparse,
    "two bands": two_bands,
    "blobs": blobs,
    "blobs of unequal size": partial(blobs, sizes=6),
    "blobs of unequal spread": partial(blobs, spreads=3),
    "stretched blobs": partial(blobs, dims=(2, 5), stretch=3, apart=(6, 9)),
    "noisy blobs": partial(blobs, dims=(2, 5), noise=0.05, apart=(6, 9)),
    "hepta": hepta,
    "lsun": lsun,
    "overlapping": overlapping,
    "unbalanced": unbalanced,
    "nested": nested,
    "iris": partial(bundled, load=load_iris),
    "breast cancer": partial(bundled, load=load_breast_cancer),
    "digits 0 1": partial(bundled, load=load_digits, keep=(0, 1)),
    "digits 0 6 7": partial(bundled, load=load_digits, keep=(0, 6, 7)),
    "box": partial(one, draw=box),
    "gaussian": partial(one, draw=gaussian),
    "correlated": partial(one, draw=correlated),
    "correlated again": partial(one, draw=correlated),
    "lognormal": partial(one, draw=lognormal),
    "box again": partial(one, draw=box),
}

UNSEEN: dict[str, Recipe] = {
    "two tailed": two_tailed,
    "two moons": two_moons,
    "two skewed": two_skewed,
    "two boxes": two_boxes,
    "tetra": tetra,
    "grid": grid,
    "round table": round_table,
    "exponential blobs": exponential_blobs,
    "wine": partial(bundled, load=load_wine),
    "digits 0 4": partial(bundled, load=load_digits, keep=(0, 4)),
    "digits 1 4 6": partial(bundled, load=load_digits, keep=(1, 4, 6)),
    "digits 2 7": partial(bundled, load=load_digits, keep=(2, 7)),
    "ball": partial(one, draw=ball),
    "heavy": partial(one, draw=heavy),
    "gamma": partial(one, draw=gamma),
    "tilted box": partial(one, draw=tilted_box),
    "bent": partial(one, draw=bent),
}

BUNDLED: set[str] = {
    kind for recipes in (SEEN, UNSEEN) for kind, r in recipes.items() if getattr(r, "func", None) is bundled
}
