"""Association rules A → C among frequent itemsets, with the usual measures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from huaxiang.learn.rules.eclat import Itemsets, Level
from huaxiang.learn.rules.transactions import Codes, Counts

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Thresholds:
    """Least confidence and lift of a rule (both included), and the most items that may stand on its right."""

    min_confidence: float = 0.0
    min_lift: float = 0.0
    max_consequent: int | None = None


@dataclass(frozen=True)
class Rules:
    """One element a rule. Codes are padded with -1; `size`: transactions against which each is measured.

    Measures are computed from the counts: support P(A and C), confidence P(C | A), lift = confidence / P(C), leverage = P(A and C) -
    P(A)P(C) (Piatetsky-Shapiro 1991), conviction = P(A)P(not C) / P(A and not C) (Brin et al. 1997; infinite without a counterexample),
    zhang = leverage / max(P(A and C)(1 - P(A)), P(A)(P(C) - P(A and C))) (Zhang 2000; 0 where that is 0 / 0).
    """

    antecedent: Codes
    consequent: Codes
    both: Counts
    with_antecedent: Counts
    with_consequent: Counts
    size: Counts

    def __len__(self) -> int:
        return len(self.both)

    @property
    def support(self) -> Floats:
        """P(A and C)."""
        return _over(self.both, self.size)

    @property
    def confidence(self) -> Floats:
        """P(C | A)."""
        return _over(self.both, self.with_antecedent)

    @property
    def lift(self) -> Floats:
        """P(C | A) / P(C)."""
        return _over(self.confidence, _over(self.with_consequent, self.size))

    @property
    def leverage(self) -> Floats:
        """P(A and C) - P(A)·P(C)."""
        return self.support - _over(self.with_antecedent, self.size) * _over(self.with_consequent, self.size)

    @property
    def conviction(self) -> Floats:
        """P(A)·P(not C) / P(A and not C)."""
        against = 1 - self.confidence
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = (1 - _over(self.with_consequent, self.size)) / against
        return np.where(self.both >= self.with_antecedent, np.inf, ratio)

    @property
    def zhang(self) -> Floats:
        """Zhang's measure, -1 … 1."""
        first, second = _over(self.with_antecedent, self.size), _over(self.with_consequent, self.size)
        scale = np.maximum(self.support * (1 - first), first * (second - self.support))
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(scale == 0, 0.0, self.leverage / scale)

    def take(self, chosen: NDArray[np.int64] | NDArray[np.bool_]) -> Rules:
        """The rules of these numbers, or where the mask is true, in this order."""
        return Rules(**{field.name: getattr(self, field.name)[chosen] for field in fields(self)})

    def meets(self, thresholds: Thresholds) -> NDArray[np.bool_]:
        """Which rules reach the thresholds."""
        return (self.confidence >= thresholds.min_confidence) & (self.lift >= thresholds.min_lift)


def association_rules(itemsets: Itemsets, thresholds: Thresholds | None = None) -> Rules:
    """All rules A → C with A and C not empty, apart, and together a frequent itemset, that reach the thresholds.

    In order of the length of the itemset, then of the parts taken, then of the itemset: the same for the same input.
    """
    thresholds = thresholds or Thresholds()
    width = len(itemsets.levels)
    parts = [part for level in itemsets.levels[1:] for part in _rules_of(_Lookup(itemsets), level, thresholds)]
    if not parts:
        return _no_rules(max(width, 1))
    return Rules(
        **{field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Rules)}
    )


def _no_rules(width: int) -> Rules:
    codes, counts = np.zeros((0, width), np.int32), np.zeros(0, np.int64)
    return Rules(codes, codes, counts, counts, counts, counts)


class _Lookup:
    """The count of any frequent itemset, by way of a tree: an itemset is its first items (a number) and its last item."""

    def __init__(self, itemsets: Itemsets) -> None:
        self.size, self.width = itemsets.size, len(itemsets.levels)
        self.base = int(itemsets.levels[0].items.max()) + 1 if itemsets.levels else 1
        self._keys: list[NDArray[np.int64]] = []
        self.counts = [level.counts for level in itemsets.levels]
        for level in itemsets.levels:
            number = np.zeros(len(level.items), np.int64)
            for length in range(level.items.shape[1] - 1):
                number = self.step(length, number, level.items[:, length])
            self._keys.append(number * self.base + level.items[:, -1])

    def step(self, length: int, numbers: NDArray[np.int64], items: Codes) -> NDArray[np.int64]:
        """Numbers of the itemsets that add `items` to the itemsets `numbers` of `length` items."""
        return np.searchsorted(self._keys[length], numbers * self.base + items)


def _rules_of(lookup: _Lookup, level: Level, thresholds: Thresholds) -> Iterator[Rules]:
    length = level.items.shape[1]
    full = (1 << length) - 1
    numbers: dict[int, NDArray[np.int64]] = {0: np.zeros(len(level.items), np.int64)}
    for mask in range(1, full):
        last = mask.bit_length() - 1
        numbers[mask] = lookup.step((mask.bit_count() - 1), numbers[mask & ~(1 << last)], level.items[:, last])
    counts = {mask: lookup.counts[mask.bit_count() - 1][number] for mask, number in numbers.items() if mask}
    for mask in range(1, full):
        if thresholds.max_consequent is None or length - mask.bit_count() <= thresholds.max_consequent:
            made = _measured(level, (counts[mask], counts[full ^ mask]), lookup)
            kept = np.flatnonzero(made.meets(thresholds))
            if len(kept):
                codes = level.items[kept]
                yield _with_codes(made.take(kept), codes, mask, lookup.width)


def _measured(level: Level, counts: tuple[Counts, Counts], lookup: _Lookup) -> Rules:
    none = np.zeros((len(level.counts), 0), np.int32)
    return Rules(none, none, level.counts, *counts, np.full(len(level.counts), lookup.size, np.int64))


def _with_codes(rules: Rules, items: Codes, mask: int, width: int) -> Rules:
    inside = [i for i in range(items.shape[1]) if mask >> i & 1]
    outside = [i for i in range(items.shape[1]) if not mask >> i & 1]
    counts = (rules.both, rules.with_antecedent, rules.with_consequent, rules.size)
    return Rules(_padded(items[:, inside], width), _padded(items[:, outside], width), *counts)


def _padded(items: Codes, width: int) -> Codes:
    padded = np.full((len(items), width), -1, np.int32)
    padded[:, : items.shape[1]] = items
    return padded


def _over(part: NDArray[np.int64] | Floats, whole: NDArray[np.int64] | Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.true_divide(part, whole), dtype=np.float64)
