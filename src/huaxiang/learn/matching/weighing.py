"""Weighs pairs against strangers and relatives: the database tells the level of each comparison, the sums are made here.

A pair's weight is log2 of the odds that it is one person rather than two strangers or two relatives (docs/identity.md).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from huaxiang.learn.matching.levels import Comparison
from huaxiang.learn.matching.model import MatchModel
from huaxiang.learn.matching.observe import level_of
from huaxiang.learn.matching.prepare import Database

_WIDE = 1 << 40


@dataclass(frozen=True)
class Hope:
    """A field that is not compared yet: where both records have its `column`, so much (log2) is added against strangers and relatives."""

    column: str
    strangers: float
    kin: float


@dataclass(frozen=True)
class Weighed:
    """Pairs of records `a` and `b`, ascending, with their weight and the number of the level of each comparison (-1: unknown), a row for
    each comparison.
    """

    a: np.ndarray
    b: np.ndarray
    weight: np.ndarray
    grades: np.ndarray

    def at_least(self, least: float) -> Weighed:
        """Those of so much weight."""
        kept = self.weight >= least
        return Weighed(self.a[kept], self.b[kept], self.weight[kept], self.grades[:, kept])

    def levels(self, comparisons: Sequence[Comparison]) -> pa.Array:
        """Of each pair {comparison: label of its level} as JSON text; unknown ones are left out."""
        code = np.zeros(len(self.a), dtype=np.int64)
        for comparison, grade in zip(comparisons, self.grades, strict=True):
            if code.max(initial=0) > _WIDE:
                code = np.unique(code, return_inverse=True)[1]
            code = code * (len(comparison.levels) + 1) + grade + 1
        _codes, first, back = np.unique(code, return_index=True, return_inverse=True)
        texts = [_text(comparisons, self.grades[:, at].tolist()) for at in first.tolist()]
        return pa.array(texts, pa.string()).take(pa.array(back))


def _text(comparisons: Sequence[Comparison], grades: Sequence[int]) -> str:
    told = (f'"{c.name}":"{c.levels[grade].label}"' for c, grade in zip(comparisons, grades, strict=True) if grade >= 0)
    return f"{{{','.join(told)}}}"


def weigh(
    db: Database, wide: str, comparisons: Sequence[Comparison], model: MatchModel, hopes: Sequence[Hope] = ()
) -> Weighed:
    """Weigh the pairs of query `wide`: a, b, and the helper columns of both records. With `hopes` the weight is what it may be at most."""
    columns = [f"{level_of(c)}::SMALLINT AS g{i}" for i, c in enumerate(comparisons)]
    columns += [f"greatest(tf_{c.term}_l, tf_{c.term}_r) AS t{i}" for i, c in enumerate(comparisons) if c.term]
    columns += [f"{h.column}_l IS NOT NULL AND {h.column}_r IS NOT NULL AS h{n}" for n, h in enumerate(hopes)]
    graded = db.arrow(f"SELECT a, b, {', '.join(columns)} FROM ({wide})")
    a, b = (graded.column(c).to_numpy() for c in "ab")
    turn = np.lexsort((b, a))
    grades = np.empty((len(comparisons), len(a)), dtype=np.int16)
    for i in range(len(comparisons)):
        grades[i] = graded.column(f"g{i}").to_numpy()
    return Weighed(a[turn], b[turn], _weights(graded, grades, comparisons, model, hopes)[turn], grades[:, turn])


def _weights(
    graded: pa.Table,
    grades: np.ndarray,
    comparisons: Sequence[Comparison],
    model: MatchModel,
    hopes: Sequence[Hope],
) -> np.ndarray:
    size = graded.num_rows
    match, kin, strangers = (np.full(size, start) for start in (math.log2(model.match), math.log2(model.related), 0.0))
    for i, (comparison, grade) in enumerate(zip(comparisons, grades, strict=True)):
        own = model.weights[comparison.name]
        match += _logs(own.m)[grade]
        rare = np.zeros(size)
        if comparison.term:
            same = grade == 0
            rare[same] = np.log2(graded.column(f"t{i}").to_numpy()[same])
        for sums, shares, by_term in ((strangers, own.u, True), (kin, own.kin, comparison.personal)):
            table = _logs(shares)
            if comparison.term and by_term:
                table[0] = 0.0
                np.add(sums, rare, out=sums)
            np.add(sums, table[grade], out=sums)
    for n, hope in enumerate(hopes):
        there = graded.column(f"h{n}").to_numpy().astype(bool)
        strangers -= np.where(there, hope.strangers, 0.0)
        kin -= np.where(there, hope.kin, 0.0)
    high, low = np.maximum(kin, strangers), np.minimum(kin, strangers)
    weight: np.ndarray = np.round(match - (high + np.log2(1.0 + np.exp2(low - high))), 6)
    return weight


def _logs(probabilities: Sequence[float]) -> np.ndarray:
    """log2 of the probability of each level; the last cell, 0, is for unknown values (level -1)."""
    return np.array([*(math.log2(p) for p in probabilities), 0.0])
