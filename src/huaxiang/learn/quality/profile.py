"""What a column looked like in one build: counts by bucket or value, small enough to be kept and compared with the next.

Numbers fall into buckets whose edges grow by a constant factor, the mapping of DDSketch (Masson, Rim, Lee: "DDSketch: a fast and
fully-mergeable quantile sketch with relative-error guarantees", PVLDB 12(12), 2019): the edges don't depend on the data, so two
builds can be compared, counts can be added, and every quantile is right to within ACCURACY of its value.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["number", "age", "length", "delay", "value"]

ACCURACY = 0.02
STEP = math.log((1 + ACCURACY) / (1 - ACCURACY))
"""Natural logarithm of the factor between two edges."""
SMALLEST = 1e-4
LARGEST = 1e15
SHIFT = 300
"""Added to the exponent, so that the buckets of positive numbers are positive: ln(SMALLEST)/STEP > -SHIFT."""
OTHER = "\x00other"
MOST_VALUES = 200
FEWEST_SHOWN = 5
"""A value on fewer sampled rows than this is never written out: it might point at one person."""


@dataclass(frozen=True)
class Profile:
    """Counts of one column: bucket numbers (as text) of `number`, `age` (days), `length` and `delay` (hours), or values of `value`.

    `missing` counts the sampled rows without a value. `closed` names values by digest only: the column is personal.
    """

    kind: Kind
    counts: Mapping[str, int]
    missing: int
    closed: bool = False

    @property
    def known(self) -> int:
        """Sampled rows with a value."""
        return sum(self.counts.values())


def bucket_of(value: float) -> int:
    """The bucket of a number, as the engines compute it (plan/quality.py)."""
    size = min(abs(value), LARGEST)
    if size < SMALLEST:
        return 0
    return int(math.copysign(1, value)) * (SHIFT + math.ceil(math.log(size) / STEP))


def middle_of(bucket: int) -> float:
    """The number that stands for a bucket: within ACCURACY of every number in it."""
    if bucket == 0:
        return 0.0
    upper = math.exp((abs(bucket) - SHIFT) * STEP)
    return math.copysign(2 * upper / (1 + math.exp(STEP)), bucket)


def quantile(counts: Mapping[str, int], share: float) -> float | None:
    """The value below which `share` of the counted rows lie; None without rows."""
    ordered = sorted((int(bucket), rows) for bucket, rows in counts.items())
    total = sum(rows for _, rows in ordered)
    if not total:
        return None
    wanted, seen = share * (total - 1), 0
    for bucket, rows in ordered:
        seen += rows
        if seen > wanted:
            return middle_of(bucket)
    return middle_of(ordered[-1][0])


def keep_largest(counts: Mapping[str, int], most: int = MOST_VALUES) -> dict[str, int]:
    """The most frequent values, ties by text; the rest are counted as OTHER."""
    ordered = sorted(counts.items(), key=lambda item: (item[0] == OTHER, -item[1], item[0]))
    kept = dict(ordered[:most])
    rest = sum(rows for _, rows in ordered[most:])
    return kept | {OTHER: kept.get(OTHER, 0) + rest} if rest else kept


def pool(profiles: Iterable[Profile]) -> Profile | None:
    """The mean of several builds of one column, each with the same weight, in rows of the newest (the first given).

    Profiles of another kind than the newest are left out. None when there is none.
    """
    found = list(profiles)
    if not found:
        return None
    newest = found[0]
    same = [p for p in found if p.kind == newest.kind and p.known]
    if not same:
        return newest
    rows = newest.known or 1
    keys = dict.fromkeys(key for p in same for key in p.counts)
    shares = {key: sum(p.counts.get(key, 0) / p.known for p in same) / len(same) for key in keys}
    counts = {key: round(share * rows) for key, share in shares.items()}
    return Profile(newest.kind, counts, newest.missing, newest.closed)
