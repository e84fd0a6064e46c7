"""The statistics behind every statement: shares and TGI, means and index, intervals, p-values, false discovery.

A segment is compared with the rest of the customers (independent groups), and the result is expressed against the base
(everyone, the segment included), which is what TGI means. With w = the segment's part of all known values,

    base = w·segment + (1−w)·rest,  so  segment/base = θ / (w·θ + 1 − w)  with  θ = segment/rest,

which only rises with θ: an interval for θ maps to one for TGI without approximation, and it excludes 100 exactly when θ's
excludes 1. Intervals invert the same score (or t) test that gives the p-value, so that the two never contradict.
Sources are listed in docs/personas.md.

SciPy is loaded where it is called: a breakdown needs none of it, and it takes longer to load than the breakdown takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from huaxiang.learn.features import SKEW_LIMIT, skewness

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Counts = tuple[Floats, Floats, Floats, Floats]

_STEPS = 60
"""Steps of the search for ln θ, at most."""
_CLOSE = 1e-12
"""The search ends when no ln θ moves further."""
_WIDEST = 40.0
"""Bounds of the search for ln θ: e^±40."""


@dataclass(frozen=True)
class Shares:
    """Arrays of one length. Shares are of known values, 0–1; TGI 100 = the base; NaN where a group has no known value."""

    share_segment: Floats
    share_base: Floats
    tgi: Floats
    low: Floats
    high: Floats
    p: Floats


@dataclass(frozen=True)
class Means:
    """One number compared. `index` = 100·mean_segment/mean_base; None where a ratio of the means has no sense."""

    n_segment: int
    n_base: int
    mean_segment: float
    mean_base: float
    median_segment: float
    median_base: float
    index: float | None
    low: float | None
    high: float | None
    p: float
    effect: float
    """Difference of segment and rest in standard deviations (on log1p for skewed, non-negative values)."""


def compare_shares(
    holders_segment: ArrayLike,
    known_segment: ArrayLike,
    holders_base: ArrayLike,
    known_base: ArrayLike,
    *,
    level: float = 0.95,
) -> Shares:
    """Compare shares of segments with their base; the counts of the base include the segment's. All arrays broadcast.

    The interval inverts the score test of a ratio of two proportions (Koopman 1984), mapped to TGI; zero cells give 0 or
    the highest possible TGI (100/w) as its end. p: two-sided Pearson score test, Fisher's exact where an expected count is below 5.
    """
    x1, n1, xb, nb = (
        np.atleast_1d(a).astype(np.float64)
        for a in np.broadcast_arrays(holders_segment, known_segment, holders_base, known_base)
    )
    x2, n2 = xb - x1, nb - n1
    if (x1 < 0).any() or (x2 < 0).any() or (x1 > n1).any() or (x2 > n2).any():
        raise ValueError("holders must not exceed known values, nor the segment its base")
    with np.errstate(divide="ignore", invalid="ignore"):
        segment, base = x1 / n1, xb / nb
    tgi, low, high = tgi_within((x1, n1, xb, nb), level=level)
    return Shares(segment, base, tgi, low, high, two_proportions_p(x1, n1, x2, n2))


def tgi_within(counts: Counts, *, level: float = 0.95) -> tuple[Floats, Floats, Floats]:
    """TGI of segments against a base that holds them, with its interval. `counts`: holders and known values of the segments, then of the
    base. Method as in `compare_shares`.
    """
    x1, n1, xb, nb = counts
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = n1 / nb
        tgi = np.where(xb > 0, 100 * (x1 / n1) / (xb / nb), np.nan)
    low, high = ratio_interval(x1, n1, xb - x1, nb - n1, level=level)
    return tgi, _to_base(low, weight), _to_base(high, weight)


def tgi_apart(counts: Counts, *, level: float = 0.95) -> tuple[Floats, Floats, Floats]:
    """TGI of segments against another group that holds none of them, with its interval; `counts` as in `tgi_within`."""
    x1, n1, x2, n2 = counts
    with np.errstate(divide="ignore", invalid="ignore"):
        tgi = np.where(x2 > 0, 100 * (x1 / n1) / (x2 / n2), np.nan)
    low, high = ratio_interval(x1, n1, x2, n2, level=level)
    return tgi, 100 * low, 100 * high


def _to_base(theta: Floats, weight: Floats) -> Floats:
    """θ = segment/rest → 100·segment/base."""
    with np.errstate(divide="ignore", invalid="ignore"):
        finite = 100 * theta / (weight * theta + 1 - weight)
        return np.asarray(np.where(np.isinf(theta), 100 / weight, finite), dtype=np.float64)


def ratio_interval(x1: Floats, n1: Floats, x2: Floats, n2: Floats, *, level: float = 0.95) -> tuple[Floats, Floats]:
    """Score interval for θ = (x1/n1) / (x2/n2) by false position on ln θ; (0, ∞) when it tells nothing, (1, 1) without a rest."""
    limit = NormalDist().inv_cdf((1 + level) / 2) ** 2  # the quantile of χ² with one degree of freedom
    with np.errstate(divide="ignore", invalid="ignore"):
        centre = np.log((x1 / n1) / (x2 / n2))
    middle = np.clip(np.nan_to_num(centre, nan=0.0, posinf=_WIDEST, neginf=-_WIDEST), -_WIDEST, _WIDEST)
    counts = (x1, n1, x2, n2)
    both: Counts = tuple(np.stack([count, count]) for count in np.broadcast_arrays(*counts))  # type: ignore[assignment]
    outer = np.stack([np.full_like(middle, -_WIDEST), np.full_like(middle, _WIDEST)])
    low, high = _crossings(both, outer, np.stack([middle, middle]), limit)
    low = np.where(x1 == 0, 0.0, np.exp(low))
    high = np.where(x2 == 0, np.inf, np.exp(high))
    nothing = (n1 == 0) | (x1 + x2 == 0)
    low, high = np.where(nothing, 0.0, low), np.where(nothing, np.inf, high)
    alone = (n2 == 0) & (n1 > 0)
    return np.where(alone, 1.0, low), np.where(alone, 1.0, high)


def _crossings(counts: Counts, outer: Floats, inner: Floats, limit: float) -> Floats:
    """Find ln θ between an outer end (rejected) and an inner one (not rejected) where the score statistic equals `limit`.

    The root of the statistic is nearly straight in ln θ: the end of the Wald interval is near, and secants find the crossing in a few
    steps. Where one leads outside or gains little, the middle of what is left follows.
    """
    goal = limit**0.5
    x1, n1, x2, n2 = counts

    def above(at: Floats) -> Floats:
        return np.asarray(np.sqrt(_score(counts, np.exp(at))) - goal, dtype=np.float64)

    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        never = above(outer) <= 0  # even the outer end is not rejected
        last, before = inner, above(inner)
        y1, m1, y2, m2 = (count + 0.5 for count in counts)  # Haldane's half: it has an end without holders, too
        wald = np.log(y1 / m1 / (y2 / m2)) + np.sign(outer) * goal * np.sqrt(1 / y1 - 1 / m1 + 1 / y2 - 1 / m2)
        at = np.where((wald - inner) * (wald - outer) < 0, wald, (inner + outer) / 2)
        found = (
            never | (np.where(outer < 0, x1, x2) == 0) | (n1 == 0) | (n2 == 0)
        )  # these ends are known without a search
        for _ in range(_STEPS):
            value = above(at)
            rejected = value > 0
            outer, inner = np.where(rejected, at, outer), np.where(rejected, inner, at)
            secant = at - value * (at - last) / (value - before)
            fine = ((secant - inner) * (secant - outer) <= 0) & (np.abs(value) <= np.abs(before) / 2)
            following = np.where(found | (value == 0), at, np.where(fine, secant, (inner + outer) / 2))
            found |= ~(np.abs(following - at) > _CLOSE)
            last, before, at = at, value, following
            if found.all():
                break
    return np.asarray(np.where(never, outer, at), dtype=np.float64)


def _score(counts: Counts, theta: Floats) -> Floats:
    """Koopman's chi-square for p1 = θ·p2, with p2 at its maximum likelihood under that restriction (Miettinen–Nurminen root)."""
    x1, n1, x2, n2 = counts
    with np.errstate(divide="ignore", invalid="ignore"):
        a = (n1 + n2) * theta
        b = n1 * theta + x1 + n2 + x2 * theta
        c = x1 + x2
        # The smaller root of a·p² − b·p + c, in the form that doesn't cancel.
        p2 = 2 * c / (b + np.sqrt(np.maximum(b * b - 4 * a * c, 0.0)))
        p1 = np.minimum(theta * p2, 1.0)
        deviation = x1 - n1 * p1
        spread1, spread2 = n1 * p1 * (1 - p1), n2 * p2 * (1 - p2)
        first = np.where(deviation == 0, 0.0, deviation**2 / spread1)
        second = np.where(x2 - n2 * p2 == 0, 0.0, (x2 - n2 * p2) ** 2 / spread2)
        score = first + second
        return np.asarray(np.where(score == score, score, 0.0), dtype=np.float64)


def two_proportions_p(x1: Floats, n1: Floats, x2: Floats, n2: Floats) -> Floats:
    """Two-sided p of equal proportions: pooled score test (Pearson χ², no continuity correction), Fisher where expected < 5.

    1 where nothing can differ: an empty group, no holder at all, or everyone a holder.
    """
    from scipy import special

    total, holders = n1 + n2, x1 + x2
    with np.errstate(divide="ignore", invalid="ignore"):
        pooled = holders / total
        z = (x1 / n1 - x2 / n2) / np.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2))
        smallest = np.minimum(n1, n2) * np.minimum(holders, total - holders) / total  # exact where it is a whole number
    p = np.asarray(2 * special.ndtr(-np.abs(z)), dtype=np.float64)
    idle = (n1 == 0) | (n2 == 0) | (holders == 0) | (holders == total)
    for i in np.flatnonzero(~idle & (smallest < 5)):
        p[i] = _exact([[int(x1[i]), int(n1[i] - x1[i])], [int(x2[i]), int(n2[i] - x2[i])]])
    p[idle] = 1.0
    return np.minimum(p, 1.0)


def _exact(table: list[list[int]]) -> float:
    """Two-sided p of Fisher's exact test."""
    from scipy.stats import fisher_exact

    return float(fisher_exact(table)[1])


def compare_means(values: Floats, members: Mask, *, level: float = 0.95) -> Means | None:
    """Compare the mean of `values` (float64, NaN = missing) among `members` with everyone's; None with under two known a side.

    p: Welch's t between segment and rest. For skewed non-negative values the test is made on log1p too, both must agree
    in direction, and the larger p counts: neither a few giants nor a shift among the small make a finding alone. The
    interval of the ratio is Fieller's (1954) at Welch's degrees of freedom, mapped to the base.
    """
    known = np.isfinite(values)
    inside, outside = values[known & members], values[known & ~members]
    if inside.size < 2 or outside.size < 2:
        return None
    everyone = values[known]
    p, direction = _welch(inside, outside)
    shifted = (inside, outside)
    if skewness(everyone) > SKEW_LIMIT and float(everyone.min()) >= 0:
        shifted = (np.log1p(inside), np.log1p(outside))
        p_log, direction_log = _welch(*shifted)
        p = max(p, p_log) if direction == direction_log else 1.0
    index, low, high = _index(inside, outside, float(everyone.mean()), level)
    return Means(
        n_segment=inside.size,
        n_base=everyone.size,
        mean_segment=float(inside.mean()),
        mean_base=float(everyone.mean()),
        median_segment=float(np.median(inside)),
        median_base=float(np.median(everyone)),
        index=index,
        low=low,
        high=high,
        p=p,
        effect=_effect(*shifted),
    )


def _moments(inside: Floats, outside: Floats) -> tuple[float, float, float]:
    """Squared standard errors of both means, and Welch–Satterthwaite degrees of freedom (0 when both are constant)."""
    v1, v2 = float(inside.var(ddof=1)) / inside.size, float(outside.var(ddof=1)) / outside.size
    bottom = v1**2 / (inside.size - 1) + v2**2 / (outside.size - 1)
    return v1, v2, (v1 + v2) ** 2 / bottom if bottom > 0 else 0.0


def _welch(inside: Floats, outside: Floats) -> tuple[float, int]:
    """Two-sided p and the sign of the difference."""
    from scipy import special

    v1, v2, freedom = _moments(inside, outside)
    difference = float(inside.mean() - outside.mean())
    sign = int(np.sign(difference))
    if freedom == 0:
        return (1.0 if difference == 0 else 0.0), sign
    return float(2 * special.stdtr(freedom, -abs(difference) / np.sqrt(v1 + v2))), sign


def _effect(inside: Floats, outside: Floats) -> float:
    """Standardised mean difference by the pooled standard deviation."""
    freedom = inside.size + outside.size - 2
    pooled = np.sqrt(((inside.size - 1) * inside.var(ddof=1) + (outside.size - 1) * outside.var(ddof=1)) / freedom)
    return float((inside.mean() - outside.mean()) / pooled) if pooled > 0 else 0.0


def _index(
    inside: Floats, outside: Floats, mean_base: float, level: float
) -> tuple[float | None, float | None, float | None]:
    """100·mean_segment/mean_base with its interval; None unless the rest's mean is clearly above 0 and the base's positive."""
    if mean_base <= 0:
        return None, None, None
    from scipy import special

    m1, m2 = float(inside.mean()), float(outside.mean())
    index = 100 * m1 / mean_base
    v1, v2, freedom = _moments(inside, outside)
    t = float(special.stdtrit(freedom, (1 + level) / 2)) if freedom > 0 else 0.0
    a, b, c = m2**2 - t**2 * v2, m1 * m2, m1**2 - t**2 * v1
    root = b * b - a * c
    if m2 <= 0 or a <= 0 or root < 0:
        return index, None, None
    weight = inside.size / (inside.size + outside.size)
    ends = [(b - np.sqrt(root)) / a, (b + np.sqrt(root)) / a]
    low, high = (100 * e / (weight * e + 1 - weight) if weight * e + 1 - weight > 0 else None for e in ends)
    return index, low, high


def benjamini_hochberg(p: ArrayLike) -> Floats:
    """q-values (Benjamini & Hochberg 1995) of p-values of any order; NaN stay NaN and don't count as comparisons."""
    values = np.asarray(p, dtype=np.float64)
    q = np.full(values.shape, np.nan)
    tested = np.flatnonzero(~np.isnan(values))
    if tested.size == 0:
        return q
    order = tested[np.argsort(values[tested], kind="stable")]
    raw = values[order] * tested.size / np.arange(1, tested.size + 1)
    q[order] = np.minimum(np.minimum.accumulate(raw[::-1])[::-1], 1.0)
    return q
