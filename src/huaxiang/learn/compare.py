"""Compare every segment with its base on every tag: the findings that persona cards may speak of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import log
from typing import Literal

import numpy as np

from huaxiang.learn.columns import Numbers, Shares, TagInfo
from huaxiang.learn.evidence import Means, benjamini_hochberg, compare_means, compare_shares
from huaxiang.learn.features import Floats, Mask

MATERIAL = 10.0
"""A statement needs a TGI or index at least this far from 100."""
SMALLEST_CELL = 5
"""A value held by fewer customers of the base is not compared, and a share resting on fewer holders is not stated."""


@dataclass(frozen=True)
class Finding:
    """One comparison of a segment with the base. `tgi` … are TGI for shares and index for means; shares 0–1."""

    segment: str
    tag: TagInfo
    kind: Literal["share", "mean"]
    value: str | None
    tgi: float | None
    low: float | None
    high: float | None
    n_segment: int
    n_base: int
    missing_segment: float
    missing_base: float
    p: float
    weight: float
    q: float = float("nan")
    share_segment: float = float("nan")
    share_base: float = float("nan")
    count_segment: int = 0
    count_base: int = 0
    means: Means | None = None

    @property
    def id(self) -> str:
        """Stable between builds: segment, tag and value."""
        return f"{self.segment}.{self.tag.name}.{self.value if self.value is not None else 'mean'}"

    @property
    def over(self) -> bool:
        """More than in the base."""
        return self.tgi is not None and self.tgi > 100

    def stands(self, alpha: float) -> bool:
        """Significant after correction, its interval off 100, different enough to matter, and on enough customers."""
        if self.tgi is None or self.low is None or self.high is None or not self.q <= alpha:
            return False
        off = self.low > 100 or self.high < 100
        enough = self.kind == "mean" or max(self.count_segment, self.share_base * self.n_segment) >= SMALLEST_CELL
        return off and enough and abs(self.tgi - 100) >= MATERIAL


def compare_all(columns: Sequence[tuple[TagInfo, Shares | Numbers]], segments: Mapping[str, Mask]) -> list[Finding]:
    """All comparisons of a persona set with q over all of them; the tests that were impossible are left out."""
    found: list[Finding] = []
    for info, column in columns:
        for segment, members in segments.items():
            if isinstance(column, Numbers):
                found.extend(_means(segment, members, info, column.values))
            else:
                found.extend(_shares(segment, members, info, column))
    q = benjamini_hochberg([f.p for f in found])
    return [replace(f, q=float(x)) for f, x in zip(found, q, strict=True)]


def _shares(segment: str, members: Mask, info: TagInfo, column: Shares) -> list[Finding]:
    base, inside = column.counts(), column.counts(members)
    n_base, n_segment = int(column.known.sum()), int((column.known & members).sum())
    spoken = np.flatnonzero((base >= SMALLEST_CELL) & (base < n_base))
    if n_segment == 0 or n_segment == n_base or spoken.size == 0:
        return []
    result = compare_shares(inside[spoken], n_segment, base[spoken], n_base)
    return [
        Finding(
            segment=segment, tag=info, kind="share", value=column.values[code], tgi=float(result.tgi[i]),
            low=float(result.low[i]), high=float(result.high[i]), n_segment=n_segment, n_base=n_base,
            missing_segment=1 - n_segment / int(members.sum()), missing_base=1 - n_base / len(members),
            p=float(result.p[i]), weight=share_divergence(int(inside[code]), n_segment, int(base[code]), n_base),
            share_segment=float(result.share_segment[i]), share_base=float(result.share_base[i]),
            count_segment=int(inside[code]), count_base=int(base[code]),
        )
        for i, code in enumerate(spoken)
    ]  # fmt: skip


def _means(segment: str, members: Mask, info: TagInfo, values: Floats) -> list[Finding]:
    means = compare_means(values, members)
    if means is None:
        return []
    return [Finding(
        segment=segment, tag=info, kind="mean", value=None, tgi=means.index, low=means.low, high=means.high,
        n_segment=means.n_segment, n_base=means.n_base, missing_segment=1 - means.n_segment / int(members.sum()),
        missing_base=1 - means.n_base / len(values), p=means.p, weight=means.effect**2, means=means,
    )]  # fmt: skip


def share_divergence(holders: int, known: int, holders_base: int, known_base: int) -> float:
    """Jeffreys divergence of having a value or not, segment against rest: effect × size in one figure.

    (p−r)·(logit p − logit r), each cell half a customer up so that zeros are finite. For two normals of one variance the
    same divergence is the squared standardised difference, so that shares and means rank on one scale.
    """
    p = (holders + 0.5) / (known + 1)
    r = (holders_base - holders + 0.5) / (known_base - known + 1)
    return (p - r) * (log(p / (1 - p)) - log(r / (1 - r)))
