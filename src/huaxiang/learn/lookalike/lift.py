"""How much better than chance a ranking finds the held-out seed: lift curve, AUC, intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from huaxiang.learn.lookalike.model import auc

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

REPLICATES = 1000
GRAIN = 2000
"""Groups of neighbouring scores among which the bootstrap draws."""


@dataclass(frozen=True)
class Lifts:
    """At each of `tops` (shares of the customers tested): `reached`, the share of the held-out seed among them, and `lift` = reached ÷ top,
    each with the ends of its 95 % interval in `low` and `high` (of the lift). `auc` with its ends.
    """

    tops: tuple[float, ...]
    reached: Floats
    lift: Floats
    low: Floats
    high: Floats
    auc: float
    auc_low: float
    auc_high: float


def measure_lifts(scores: Floats, seed: Mask, tops: Sequence[float]) -> Lifts:
    """Measure a ranking of customers among whom `seed` marks the held-out ones. Higher scores come first.

    Among equal scores the order is chance: they are reached evenly. Intervals: percentile bootstrap (Efron & Tibshirani 1993) of seed
    and rest apart, 1,000 replicates, seeded: the same every time. Raises ValueError without seed or rest.
    """
    if not seed.any() or seed.all():
        raise ValueError("needs held-out seed and rest")
    groups = _groups(scores)
    inside = np.bincount(groups[seed], minlength=groups.max() + 1)[::-1].astype(np.float64)
    outside = np.bincount(groups[~seed], minlength=groups.max() + 1)[::-1].astype(np.float64)
    points = np.asarray(tops, dtype=np.float64)
    exact = _reached(*_exact(scores, seed), points)
    draw = np.random.default_rng(0)
    drawn_in = draw.multinomial(int(inside.sum()), inside / inside.sum(), REPLICATES).astype(np.float64)
    drawn_out = draw.multinomial(int(outside.sum()), outside / outside.sum(), REPLICATES).astype(np.float64)
    lifts = np.array([_reached(a, b, points) / points for a, b in zip(drawn_in, drawn_out, strict=True)])
    areas = _areas(drawn_in, drawn_out)
    ends = np.percentile(lifts, [2.5, 97.5], axis=0)
    low, high = np.percentile(areas, [2.5, 97.5])
    return Lifts(tuple(tops), exact, exact / points, ends[0], ends[1], auc(scores, seed), float(low), float(high))


def _groups(scores: Floats) -> NDArray[np.int64]:
    """Numbers of at most GRAIN groups of neighbouring scores, ascending; equal scores stay together."""
    edges = np.unique(np.quantile(scores, np.linspace(0, 1, GRAIN + 1)[1:-1], method="higher"))
    return np.searchsorted(edges, scores, side="right")


def _exact(scores: Floats, seed: Mask) -> tuple[Floats, Floats]:
    """Seed and rest of each different score, the highest first."""
    _, group = np.unique(-scores, return_inverse=True)
    inside, outside = (np.bincount(group.reshape(-1)[part], minlength=group.max() + 1) for part in (seed, ~seed))
    return inside.astype(np.float64), outside.astype(np.float64)


def _reached(inside: Floats, outside: Floats, tops: Floats) -> Floats:
    """Share of the seed within the first `tops` of all."""
    everyone = np.concatenate([[0.0], np.cumsum(inside + outside)])
    found = np.concatenate([[0.0], np.cumsum(inside)])
    return np.asarray(np.interp(tops * everyone[-1], everyone, found) / found[-1], dtype=np.float64)


def _areas(inside: Floats, outside: Floats) -> Floats:
    """AUC of each replicate (rows; groups from the highest score down)."""
    below = outside.sum(axis=1, keepdims=True) - np.cumsum(outside, axis=1)
    wins = (inside * (below + outside / 2)).sum(axis=1)
    return np.asarray(wins / (inside.sum(axis=1) * outside.sum(axis=1)), dtype=np.float64)


def auc_difference(first: Floats, second: Floats, seed: Mask) -> tuple[float, float, float]:
    """AUC of `first` less that of `second` on the same customers, with a 95 % interval (DeLong, DeLong & Clarke-Pearson 1988)."""
    parts = [_placements(scores, seed) for scores in (first, second)]
    difference = float(parts[0][0].mean() - parts[1][0].mean())
    variance = sum(float(np.var(a - b, ddof=1)) / len(a) for a, b in zip(parts[0], parts[1], strict=True) if len(a) > 1)
    spread = 1.959964 * float(np.sqrt(variance))
    return difference, difference - spread, difference + spread


def _placements(scores: Floats, seed: Mask) -> tuple[Floats, Floats]:
    """Of each of the seed the share of the rest below it, and of each of the rest the share of the seed above it; ties half."""
    inside, outside = np.sort(scores[seed]), np.sort(scores[~seed])
    of_seed = (np.searchsorted(outside, scores[seed], "left") + np.searchsorted(outside, scores[seed], "right")) / (
        2 * len(outside)
    )
    of_rest = 1 - (np.searchsorted(inside, scores[~seed], "left") + np.searchsorted(inside, scores[~seed], "right")) / (
        2 * len(inside)
    )
    return of_seed, of_rest
