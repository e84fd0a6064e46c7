"""What keeps records apart: limits of keys, fields that contradict, and decisions, all as values of which a customer may have so many.

A guard allows a customer `limit` different values. A merge is refused when it would give the customer more, unless one of the two
sides has them all already. A decision to part is a guard with two values of which one is allowed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NEVER = np.iinfo(np.int64).min
"""Stands for an unknown time."""
APART, MUST, MERGE = -1, 0, 1_000_000
"""Ranks: a link checks the guards of a lower rank. Keys have 1, 2 … in their order; fields that contradict bind no key."""
_DAY = 86_400_000_000


@dataclass(frozen=True)
class Guard:
    """`label`: `apart:3`, `limit:member`, `conflict:id_number`. `within`: microseconds, 0 = all time."""

    label: str
    rank: int
    limit: int = 1
    within: int = 0


@dataclass(frozen=True)
class Marks:
    """Which records have which values of which guards, as a long table sorted by record: `record`, `guard`, `value`, `first`, `last`."""

    guards: tuple[Guard, ...]
    record: np.ndarray
    guard: np.ndarray
    value: np.ndarray
    first: np.ndarray
    last: np.ndarray

    def take(self, chosen: np.ndarray, size: int) -> Marks:
        """The marks of the records `chosen` (ascending), numbered anew."""
        number = np.full(size, -1, dtype=np.int64)
        number[chosen] = np.arange(len(chosen))
        keep = number[self.record] >= 0
        return Marks(
            self.guards,
            number[self.record[keep]],
            self.guard[keep],
            self.value[keep],
            self.first[keep],
            self.last[keep],
        )


def make_marks(
    guards: tuple[Guard, ...], held: list[tuple[np.ndarray, np.ndarray]], times: tuple[np.ndarray, np.ndarray]
) -> Marks:
    """Marks from the records that hold values of each guard, and these values' numbers."""
    nothing = np.empty(0, dtype=np.int64)
    at = np.concatenate([nothing, *(record for record, _value in held)]).astype(np.int64)
    what = np.concatenate([nothing, *(value for _record, value in held)]).astype(np.int64)
    of = np.concatenate([nothing, *(np.full(len(h[0]), g, dtype=np.int64) for g, h in enumerate(held))])
    order = np.lexsort((what, of, at))
    at = at[order]
    return Marks(guards, at, of[order], what[order], times[0][at], times[1][at])


class Held:
    """The values that each cluster holds; `label` is a cluster number per record."""

    def __init__(self, marks: Marks, label: np.ndarray) -> None:
        self.marks = marks
        cluster = label[marks.record]
        order = np.lexsort((marks.value, marks.guard, cluster))
        c, g, v = cluster[order], marks.guard[order], marks.value[order]
        new = np.ones(len(c), dtype=bool)
        new[1:] = (c[1:] != c[:-1]) | (g[1:] != g[:-1]) | (v[1:] != v[:-1])
        start = np.flatnonzero(new)
        self.cluster, self.guard, self.value = c[start], g[start], v[start]
        unknown = marks.first[order] == NEVER
        first = np.where(unknown, NEVER, marks.first[order])
        last = np.where(unknown, np.iinfo(np.int64).max, marks.last[order])
        empty = len(start) == 0
        self.first = first[:0] if empty else np.minimum.reduceat(first, start)
        self.last = last[:0] if empty else np.maximum.reduceat(last, start)

    def over(self) -> np.ndarray:
        """Clusters that have more values of a guard than it allows (within its time), ascending."""
        pair, count = self._count(np.arange(len(self.cluster)), self.cluster)
        owner, guard = pair
        limits = np.array([g.limit for g in self.marks.guards], dtype=np.int64)
        return np.unique(owner[count > limits[guard]]) if len(limits) else np.empty(0, dtype=np.int64)

    def _count(self, rows: np.ndarray, owner: np.ndarray) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
        """Number of different values by (owner, guard) over the given rows of this table."""
        guard, value = self.guard[rows], self.value[rows]
        order = np.lexsort((value, guard, owner))
        o, g, v = owner[order], guard[order], value[order]
        group = np.ones(len(o), dtype=bool)
        group[1:] = (o[1:] != o[:-1]) | (g[1:] != g[:-1])
        fresh = group.copy()
        fresh[1:] |= v[1:] != v[:-1]
        start = np.flatnonzero(group)
        count = np.add.reduceat(fresh.astype(np.int64), start) if len(start) else np.empty(0, dtype=np.int64)
        return (o[start], g[start]), count

    def refusing(self, left: np.ndarray, right: np.ndarray, rank: int = MERGE + 1) -> np.ndarray:
        """For each pair of clusters the number of the first guard that refuses to join them, -1 when none does."""
        answer = np.full(len(left), -1, dtype=np.int64)
        if not len(self.cluster) or not len(left):
            return answer
        both = self._has_marks(left) & self._has_marks(right)
        asked = np.flatnonzero(both)
        if not len(asked):
            return answer
        one = self._rows(left[asked])
        two = self._rows(right[asked])
        sides = [self._count(rows, owner) for rows, owner in (one, two)]
        union = self._count(np.concatenate([one[0], two[0]]), np.concatenate([one[1], two[1]]))
        wide = len(self.marks.guards)
        largest = np.zeros(len(asked) * wide, dtype=np.int64)
        for (owner, guard), count in sides:
            at = owner * wide + guard
            largest[at] = np.maximum(largest[at], count)
        (owner, guard), count = union
        limits = np.array([g.limit for g in self.marks.guards], dtype=np.int64)
        ranks = np.array([g.rank for g in self.marks.guards], dtype=np.int64)
        bad = (count > limits[guard]) & (count > largest[owner * wide + guard]) & (ranks[guard] < rank)
        bad &= self._together_in_time(bad, owner, guard, (left[asked], right[asked]))
        refused, first = np.unique(owner[bad], return_index=True)
        answer[asked[refused]] = guard[bad][first]
        return answer

    def _has_marks(self, clusters: np.ndarray) -> np.ndarray:
        at = np.searchsorted(self.cluster, clusters)
        there: np.ndarray = (at < len(self.cluster)) & (self.cluster[np.minimum(at, len(self.cluster) - 1)] == clusters)
        return there

    def _rows(self, clusters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rows of this table that belong to each of `clusters`, and the position in `clusters` they belong to."""
        low = np.searchsorted(self.cluster, clusters, side="left")
        size = np.searchsorted(self.cluster, clusters, side="right") - low
        owner = np.repeat(np.arange(len(clusters)), size)
        offset = np.arange(len(owner)) - np.repeat(np.cumsum(size) - size, size)
        return low[owner] + offset, owner

    def _together_in_time(
        self, bad: np.ndarray, owner: np.ndarray, guard: np.ndarray, sides: tuple[np.ndarray, np.ndarray]
    ) -> np.ndarray:
        """Keep a refusal by a guard with a time span only when too many values were seen within the span."""
        keep = np.ones(len(bad), dtype=bool)
        spanned = np.array([g.within > 0 for g in self.marks.guards], dtype=bool)
        for at in np.flatnonzero(bad & spanned[guard]):
            rule = self.marks.guards[guard[at]]
            spans: dict[int, tuple[int, int]] = {}
            for cluster in (sides[0][owner[at]], sides[1][owner[at]]):
                low, high = np.searchsorted(self.cluster, (cluster, cluster + 1))
                for row in range(low, high):
                    if self.guard[row] == guard[at]:
                        value, span = int(self.value[row]), (int(self.first[row]), int(self.last[row]))
                        known = spans.get(value, span)
                        spans[value] = (min(known[0], span[0]), max(known[1], span[1]))
            keep[at] = most_at_once(list(spans.values()), rule.within) > rule.limit
        return keep


def most_at_once(spans: list[tuple[int, int]], within: int) -> int:
    """The largest number of spans (first, last) that some stretch of `within` touches."""
    best = 0
    for _first, last in spans:
        end = last + within if last < np.iinfo(np.int64).max - within else last
        best = max(best, sum(f <= end and other >= last for f, other in spans))
    return best


def days(count: int | None) -> int:
    """Days as microseconds; 0 for none."""
    return (count or 0) * _DAY
