"""Estimates the model from how often pairs of records agree on what.

Expectation–maximisation over counts of agreement patterns (Fellegi & Sunter 1969; Winkler 1988; fastLink, Enamorado et al. 2019),
with three classes of pairs instead of two: one person, strangers, and related people, who share addresses, phones and surnames but
not given names and birthdays. Without the third class families look like matches that changed their name. What strangers share
is learned from random pairs, the rest from the pairs that blocking finds and from pairs that share a strong key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from huaxiang.learn.matching.levels import Comparison
from huaxiang.learn.matching.model import Weights

_ROUNDS = 200
_TOLERANCE = 1e-7
_M_STRENGTH = 12.0
_KIN_STRENGTH = 12.0
_U_STRENGTH = 0.5
_KEY_TRUST = 0.98


@dataclass(frozen=True)
class Patterns:
    """Distinct patterns of one set of pairs. `gamma`: int array (patterns, comparisons), level number or -1 where nothing is known.
    `count`: pairs each stands for. `terms`: log2 of the shares of the values agreed on, summed over (personal, other) comparisons.
    """

    gamma: np.ndarray
    count: np.ndarray
    terms: np.ndarray


@dataclass(frozen=True)
class Evidence:
    """Patterns of random pairs, of pairs that blocking finds, and of pairs that share a strong key; `pairs`: of all records."""

    random: Patterns
    blocked: Patterns
    keyed: Patterns
    pairs: float


@dataclass
class _Tables:
    """Log2 probabilities, one array per comparison with a last entry 0 that level -1 picks."""

    m: list[np.ndarray]
    u: list[np.ndarray]
    kin: list[np.ndarray]


def patterns_of(table: pa.Table, comparisons: Sequence[Comparison]) -> Patterns:
    """Patterns from a table with columns `g0`, `g1`, …, `tp`, `ts` and `n`, in a fixed order."""
    gamma = np.column_stack([table.column(f"g{i}").to_numpy() for i in range(len(comparisons))]).astype(np.int16)
    terms = np.column_stack([table.column(c).to_numpy() for c in ("tp", "ts")]).astype(float)
    order = np.lexsort((terms[:, 1], terms[:, 0], *gamma.T[::-1]))
    return Patterns(gamma[order], table.column("n").to_numpy().astype(float)[order], terms[order])


def train(comparisons: Sequence[Comparison], evidence: Evidence) -> tuple[Mapping[str, Weights], float, float]:
    """Weights by comparison, and the shares of all pairs that are one person and that are related people."""
    m = [np.array([lv.m for lv in c.levels]) / sum(lv.m for lv in c.levels) for c in comparisons]
    u = _strangers(comparisons, evidence.random, np.ones(len(evidence.random.count)))
    kin = [_kin_guess(c, u[i]) for i, c in enumerate(comparisons)]
    match = related = max(1.0 / evidence.pairs, min(1e-3, len(evidence.blocked.count) / evidence.pairs))
    first_m = [p.copy() for p in m]
    for _ in range(_ROUNDS):
        tables = _Tables(_logs(m), _logs(u), _logs(kin))
        before = np.concatenate([*m, *kin, [np.log(match), np.log(related)]])
        blocked = _posterior(comparisons, evidence.blocked, tables, (match, related))
        keyed = _keyed(comparisons, evidence.keyed, tables)
        random = _posterior(comparisons, evidence.random, tables, (match, related))
        m = _maximise(comparisons, first_m, ((evidence.blocked, blocked[0]), (evidence.keyed, keyed)), _M_STRENGTH)
        u = _strangers(comparisons, evidence.random, random[2])
        u = [_unique(evidence, i, u[i], blocked[2]) if c.unique else u[i] for i, c in enumerate(comparisons)]
        guess = [_kin_guess(c, u[i]) for i, c in enumerate(comparisons)]
        free = _maximise(comparisons, guess, ((evidence.blocked, blocked[1]),), _KIN_STRENGTH)
        kin = [_bound_kin(c, free[i], u[i]) for i, c in enumerate(comparisons)]
        found = [float((blocked[k] * evidence.blocked.count).sum()) for k in (0, 1)]
        match, related = (max(0.5, f) / evidence.pairs for f in found)
        after = np.concatenate([*m, *kin, [np.log(match), np.log(related)]])
        if np.abs(after - before).max() < _TOLERANCE:
            break
    weights = {
        c.name: Weights(*(tuple(round(float(p), 9) for p in np.maximum(t[i], 1e-9)) for t in (m, u, kin)))
        for i, c in enumerate(comparisons)
    }
    return weights, float(f"{match:.6g}"), float(f"{related:.6g}")


def _logs(probabilities: Sequence[np.ndarray]) -> list[np.ndarray]:
    return [np.append(np.log2(np.maximum(p, 1e-9)), 0.0) for p in probabilities]


def _posterior(
    comparisons: Sequence[Comparison], patterns: Patterns, tables: _Tables, shares: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Probability of each pattern to be one person, related people, strangers."""
    gamma = patterns.gamma
    match = np.full(len(gamma), np.log2(shares[0]))
    kin = np.full(len(gamma), np.log2(shares[1]))
    strangers = patterns.terms.sum(axis=1)
    kin += patterns.terms[:, 0]
    by_term = bool((patterns.terms != 0).any())
    for i, c in enumerate(comparisons):
        level = gamma[:, i]
        match += tables.m[i][level]
        rare = (level == 0) if c.term and by_term else np.zeros(len(level), dtype=bool)
        strangers += np.where(rare, 0.0, tables.u[i][level])
        kin += np.where(rare & c.personal, 0.0, tables.kin[i][level])
    highest = np.maximum(np.maximum(match, kin), strangers)
    powers = [np.exp2(x - highest) for x in (match, kin, strangers)]
    total = powers[0] + powers[1] + powers[2]
    return powers[0] / total, powers[1] / total, powers[2] / total


def _keyed(comparisons: Sequence[Comparison], patterns: Patterns, tables: _Tables) -> np.ndarray:
    """Probability of pairs that share a strong key to be one person: high unless nearly everything contradicts."""
    if not len(patterns.count):
        return np.empty(0)
    ratio = np.zeros(len(patterns.count))
    for i in range(len(comparisons)):
        level = patterns.gamma[:, i]
        ratio += tables.m[i][level] - tables.u[i][level]
    return 1.0 / (1.0 + (1 - _KEY_TRUST) / _KEY_TRUST * np.exp2(np.clip(-ratio, -60, 60)))


def _maximise(
    comparisons: Sequence[Comparison],
    guess: Sequence[np.ndarray],
    sets: Sequence[tuple[Patterns, np.ndarray]],
    strength: float,
) -> list[np.ndarray]:
    found = []
    for i, c in enumerate(comparisons):
        counts = strength * guess[i]
        for patterns, share in sets:
            counts = counts + _tally(patterns, i, share, len(c.levels))
        found.append(counts / counts.sum())
    return found


def _tally(patterns: Patterns, comparison: int, share: np.ndarray, levels: int) -> np.ndarray:
    known = patterns.gamma[:, comparison] >= 0
    counts = np.bincount(patterns.gamma[known, comparison], (patterns.count * share)[known], minlength=levels)
    return np.asarray(counts)


def _strangers(comparisons: Sequence[Comparison], random: Patterns, share: np.ndarray) -> list[np.ndarray]:
    """Shares among random pairs. A level that they hardly show keeps its guess, but never more than half a pair's worth."""
    found = []
    for i, c in enumerate(comparisons):
        counts = _tally(random, i, share, len(c.levels))
        guess = np.array([lv.u for lv in c.levels]) * max(counts.sum(), 1.0)
        counts = counts + np.minimum(guess, _U_STRENGTH)
        found.append(counts / counts.sum())
    return found


def _unique(evidence: Evidence, comparison: int, strangers: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Blocking finds all pairs that share a value that is normally one person's: count the strangers among them instead."""
    found = strangers.copy()
    counts = _tally(evidence.blocked, comparison, share, len(strangers))[:2]
    known = evidence.pairs * max(float((evidence.random.gamma[:, comparison] >= 0) @ evidence.random.count), 1.0)
    found[:2] = (counts + _U_STRENGTH) / (known / evidence.random.count.sum())
    found[-1] += strangers[:2].sum() - found[:2].sum()
    return found


def _kin_guess(comparison: Comparison, strangers: np.ndarray) -> np.ndarray:
    """Personal fields as between strangers, more on kin levels; others mostly equal."""
    if comparison.personal:
        return _bound_kin(
            comparison, np.array([0.2 if lv.kin else 0.0 for lv in comparison.levels]) + strangers, strangers
        )
    guess = np.full(len(comparison.levels), 0.4 / max(1, len(comparison.levels) - 1))
    guess[0] = 0.6
    return np.asarray(guess / guess.sum())


def _bound_kin(comparison: Comparison, free: np.ndarray, strangers: np.ndarray) -> np.ndarray:
    """On personal fields related people agree as strangers do, but for kin levels, which keep what was found."""
    if not comparison.personal:
        return free
    kin = np.array([lv.kin for lv in comparison.levels])
    loose = min(0.9, float(free[kin].sum())) if kin.any() else 0.0
    bound = np.where(kin, 0.0, strangers)
    bound = bound / bound.sum() * (1.0 - loose)
    if kin.any():
        bound[kin] = free[kin] / free[kin].sum() * loose if free[kin].sum() else 0.0
    return np.asarray(bound)
