"""Whose a key value is: attribution of rows that carry a key but no description, and of records that carry nothing else."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from huaxiang.learn.identity.guards import NEVER
from huaxiang.learn.identity.keys import KeyCodes
from huaxiang.learn.identity.stitch import SPANS


@dataclass(frozen=True)
class Owners:
    """Spans of one key's values: value code, cluster, since and until (NEVER = open), sorted by value and since."""

    code: np.ndarray
    cluster: np.ndarray
    since: np.ndarray
    until: np.ndarray

    def at(self, code: np.ndarray, moment: np.ndarray) -> np.ndarray:
        """The owner of each value code at a moment (NEVER: the last owner); -1 when nobody has it."""
        low = np.searchsorted(self.code, code, side="left")
        many = np.searchsorted(self.code, code, side="right") - low
        answer = np.where(
            many > 0, self.cluster[np.minimum(low, max(len(self.code) - 1, 0))] if len(self.code) else -1, -1
        )
        for step in range(1, int(many.max(initial=0))):
            later = many > step
            spot = np.minimum(low + step, len(self.code) - 1)
            later &= (moment == NEVER) | (self.since[spot] <= moment)
            answer = np.where(later, self.cluster[spot], answer)
        return answer

    def table(self, codes: KeyCodes, ids: pa.Array) -> pa.Table:
        """As a table of values and customer IDs (`stitch.SPANS`)."""
        times = [pa.array(t, pa.int64(), mask=t == NEVER).cast(pa.timestamp("us")) for t in (self.since, self.until)]
        return pa.table(
            [codes.values.take(pa.array(self.code)), *times, ids.take(pa.array(self.cluster))], schema=SPANS
        )


def own_values(code: np.ndarray, cluster: np.ndarray, rows: np.ndarray, times: tuple[np.ndarray, np.ndarray]) -> Owners:
    """Who owns each value, from the records that show it (code ≥ 0, cluster ≥ 0).

    One owner has it always. Of several, those whose times don't overlap follow each other (a recycled phone number); among those that
    overlap the one with most rows has it (a family's phone), the smaller cluster number when equal.
    """
    record = np.flatnonzero((code >= 0) & (cluster >= 0))
    wide = int(cluster.max(initial=0)) + 1
    pair, back = np.unique(code[record].astype(np.int64) * wide + cluster[record], return_inverse=True)
    value, owner = pair // wide, pair % wide
    weight = np.bincount(back, rows[record], len(pair))
    unknown = times[0][record] == NEVER
    first = np.full(len(pair), np.iinfo(np.int64).max)
    last = np.full(len(pair), np.iinfo(np.int64).min)
    np.minimum.at(first, back, np.where(unknown, NEVER, times[0][record]))
    np.maximum.at(last, back, np.where(unknown, np.iinfo(np.int64).max, times[1][record]))
    single = (
        np.r_[True, value[1:] != value[:-1]] & np.r_[value[1:] != value[:-1], True] if len(value) else np.empty(0, bool)
    )
    never = np.full(int(single.sum()), NEVER)
    found: list[tuple[np.ndarray, ...]] = [(value[single], owner[single], never, never)]
    several = np.flatnonzero(~single)
    if len(several):
        found.append(_in_turn((value[several], owner[several], weight[several], first[several], last[several])))
    joined = [np.concatenate(part) for part in zip(*found, strict=True)]
    order = np.lexsort((joined[2], joined[0]))
    return Owners(*(part[order] for part in joined))


def _in_turn(owners: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
    """Group owners of a value whose times overlap, take the strongest of each group, and let the groups follow each other."""
    order = np.lexsort((owners[1], owners[3], owners[0]))
    value, owner, weight, first, last = (part[order] for part in owners)
    turn = np.zeros(len(value), dtype=np.int64)
    reach, group = 0, -1
    for at, (v, begin, end) in enumerate(zip(value.tolist(), first.tolist(), last.tolist(), strict=True)):
        if at == 0 or v != value[at - 1] or begin > reach:
            group, reach = group + 1, end
        reach = max(reach, end)
        turn[at] = group
    best = np.lexsort((owner, -weight, turn))
    best = best[np.r_[True, turn[best][1:] != turn[best][:-1]]]
    begin = np.full(group + 1, np.iinfo(np.int64).max)
    np.minimum.at(begin, turn, first)
    starts = value[best]
    head = np.r_[True, starts[1:] != starts[:-1]]
    since = np.where(head, NEVER, begin)
    until = np.where(np.r_[head[1:], True], NEVER, np.r_[begin[1:], NEVER])
    return starts, owner[best], since, until
