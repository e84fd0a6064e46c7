"""How far a column has moved from what it was: population stability index, total variation, robust z of volume.

Sources: PSI and its bounds .1 and .25: Siddiqi, "Credit Risk Scorecards" (Wiley, 2006); its sampling distribution: Yurdakul and
Naranjo, "Statistical properties of the population stability index", Journal of Risk Model Validation 14(4), 2020; modified z-score
and its bound 3.5: Iglewicz and Hoaglin, "How to Detect and Handle Outliers" (ASQC, 1993).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from huaxiang.learn.quality.profile import OTHER, Profile, quantile

MODERATE, LARGE = 0.1, 0.25
"""PSI from which a column has moved moderately, and much."""
UNUSUAL = 3.5
"""Absolute modified z-score from which a number is unusual."""
GROUPS = 10
RARE = 0.01
CERTAIN = 20
LIKELY = 5
FREQUENT = 0.05
"""A value that is gone (or new) is told when CERTAIN rows of it were to be expected (by accident: exp(-20), 2 in 10⁹), or LIKELY rows
of a value that holds FREQUENT of the rows (exp(-5), 7 in 1,000).
"""


@dataclass(frozen=True)
class Drift:
    """One column against its reference. `psi` is 0 within noise's bound when nothing moved; `noise` is the index that two samples of
    these sizes of one population stay below in 99 of 100 cases. `moved` is the PSI where it is beyond noise, else 0.
    """

    psi: float
    noise: float
    distance: float
    appeared: tuple[str, ...]
    vanished: tuple[str, ...]
    median: float | None
    median_before: float | None

    @property
    def moved(self) -> float:
        """The index, or 0 when chance explains it."""
        return self.psi if self.psi > self.noise else 0.0


def compare(now: Profile, before: Profile) -> Drift | None:
    """Compare two profiles of one column; None when they can't be compared (another kind, or no rows)."""
    if now.kind != before.kind or not now.known or not before.known:
        return None
    if now.kind == "value":
        groups = _value_groups(now.counts, before.counts)
        appeared, vanished = _news(now, before)
        middles: tuple[float | None, float | None] = (None, None)
    else:
        groups = _number_groups(now.counts, before.counts)
        appeared, vanished = (), ()
        middles = (quantile(now.counts, 0.5), quantile(before.counts, 0.5))
    index = psi([b for b, _ in groups], [n for _, n in groups])
    noise = chi_square(len(groups) - 1) * (1 / now.known + 1 / before.known)
    return Drift(index, noise, distance(now.counts, before.counts), appeared, vanished, *middles)


def psi(before: Sequence[int], now: Sequence[int]) -> float:
    """Population stability index of two histograms over the same groups: Σ (p − q)·ln(p / q).

    Half a row is added to every group, so that an empty one does not make it infinite.
    """
    if len(before) < 2:
        return 0.0
    more = 0.5
    total_b, total_n = sum(before) + more * len(before), sum(now) + more * len(now)
    pairs = (((n + more) / total_n, (b + more) / total_b) for b, n in zip(before, now, strict=True))
    return math.fsum((p - q) * math.log(p / q) for p, q in pairs)


def distance(now: Mapping[str, int], before: Mapping[str, int]) -> float:
    """Total variation distance: the share of rows that would have to change their value, 0 to 1."""
    total_n, total_b = sum(now.values()) or 1, sum(before.values()) or 1
    keys = sorted(now.keys() | before.keys())
    return math.fsum(abs(now.get(key, 0) / total_n - before.get(key, 0) / total_b) for key in keys) / 2


def chi_square(freedom: int, z: float = 2.326348) -> float:
    """Quantile of χ² (default 0.99) by the approximation of Wilson and Hilferty (PNAS 17, 1931)."""
    if freedom < 1:
        return 0.0
    part = 2 / (9 * freedom)
    return freedom * (1 - part + z * math.sqrt(part)) ** 3


def volume_score(counts: Sequence[float]) -> float | None:
    """Modified z-score of the last of several row counts, oldest first, by their growth from build to build.

    Growth is the difference of logarithms, so that a table that grows steadily is not unusual. The median deviation is at least
    0.02: changes below a tenth are never unusual. None with fewer than five earlier changes, or after an empty build.
    """
    if len(counts) < 7 or min(counts) <= 0:
        return None
    growth = [math.log(b / a) for a, b in pairwise(counts)]
    *earlier, last = growth
    middle = median(earlier)
    spread = max(median(abs(g - middle) for g in earlier), 0.02)
    return 0.6745 * (last - middle) / spread


def _number_groups(now: Mapping[str, int], before: Mapping[str, int]) -> list[tuple[int, int]]:
    """Merge neighbouring buckets into at most GROUPS of about equal size in the reference; (rows before, rows now)."""
    wanted = sum(before.values()) / GROUPS
    groups: list[tuple[int, int]] = []
    b = n = 0
    for bucket in sorted({int(key) for key in now.keys() | before.keys()}):
        b, n = b + before.get(str(bucket), 0), n + now.get(str(bucket), 0)
        if b >= wanted and len(groups) < GROUPS - 1:
            groups.append((b, n))
            b = n = 0
    return [*groups, (b, n)] if b or n or not groups else groups


def _value_groups(now: Mapping[str, int], before: Mapping[str, int]) -> list[tuple[int, int]]:
    """Values that hold RARE of either side stand alone, all others together."""
    bound_n, bound_b = RARE * sum(now.values()), RARE * sum(before.values())
    alone, rest = [], (0, 0)
    for key in sorted(now.keys() | before.keys()):
        pair = (before.get(key, 0), now.get(key, 0))
        if key != OTHER and (pair[0] >= bound_b or pair[1] >= bound_n):
            alone.append(pair)
        else:
            rest = (rest[0] + pair[0], rest[1] + pair[1])
    return [*alone, rest] if any(rest) else alone


def _news(now: Profile, before: Profile) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Values that are new, and values that are gone, as far as samples of this size can tell."""
    appeared = _only_in(now, before) if OTHER not in before.counts else ()
    vanished = _only_in(before, now) if OTHER not in now.counts else ()
    return appeared, vanished


def _only_in(one: Profile, other: Profile) -> tuple[str, ...]:
    found = []
    for key, rows in one.counts.items():
        share = rows / one.known
        enough = LIKELY if share >= FREQUENT and rows >= LIKELY else CERTAIN
        if key != OTHER and not other.counts.get(key) and share * other.known >= enough:
            found.append(key)
    return tuple(sorted(found))
