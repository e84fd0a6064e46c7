"""Which findings a card states, and in what order: the strongest first, no topic twice over, room for what advice rests on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from scipy.stats import rankdata

from huaxiang.learn.columns import Numbers, Shares, TagInfo
from huaxiang.learn.compare import Finding
from huaxiang.learn.features import Floats
from huaxiang.learn.phrasebook import phrasebook
from huaxiang.learn.stability import sample_rows

MOST_STATEMENTS = 6
STRONGEST = 4
"""Seats a section gives by strength alone; the rest go first to statements that advice rests on."""
PER_TOPIC = 2
SAME_THING = 0.9
"""Two findings whose values correlate above this say the same thing once too often."""
UNDER = 0.5
"""`Fewer X` tells less of a person than `more Y`: its rank counts half."""
_SAMPLE = 20_000


class Likeness:
    """Rank correlation between what two findings say about customers, on a fixed sample of rows."""

    def __init__(self, columns: Iterable[tuple[TagInfo, Shares | Numbers]], rows: int) -> None:
        self._columns: Mapping[str, Shares | Numbers] = {info.name: column for info, column in columns}
        self._rows = sample_rows(rows, _SAMPLE, seed=1)
        self._vectors: dict[tuple[str, str | None], Floats] = {}

    def same(self, one: Finding, other: Finding) -> bool:
        """Whether the two nearly repeat each other."""
        a, b = self._vector(one), self._vector(other)
        known = ~(np.isnan(a) | np.isnan(b))
        if known.sum() < 3:
            return False
        x, y = a[known], b[known]
        if one.kind == "mean":
            x = rankdata(x)
        if other.kind == "mean":
            y = rankdata(y)
        if x.std() == 0 or y.std() == 0:
            return False
        return abs(float(np.corrcoef(x, y)[0, 1])) > SAME_THING

    def _vector(self, finding: Finding) -> Floats:
        key = (finding.tag.name, finding.value)
        if key not in self._vectors:
            column = self._columns[finding.tag.name]
            whole = column.values if isinstance(column, Numbers) else column.holders(finding.value or "")
            self._vectors[key] = whole[self._rows]
        return self._vectors[key]


def rank(findings: Iterable[Finding]) -> list[Finding]:
    """Strongest first: effect × size (see compare.share_divergence); ties by id, so that the order is always the same."""
    return sorted(findings, key=lambda f: (-strength(f), f.id))


def strength(finding: Finding) -> float:
    """The rank figure; a share below the base counts half."""
    return finding.weight * (1.0 if finding.over or finding.kind == "mean" else UNDER)


def choose_statements(standing: Sequence[Finding], likeness: Likeness) -> list[Finding]:
    """Up to MOST_STATEMENTS of one section's findings that stand, strongest first."""
    ranked = [f for f in rank(standing) if not phrasebook().silent(f)]
    chosen: list[Finding] = []
    for pool, seats in (
        (ranked, STRONGEST),
        ([f for f in ranked if _useful(f)], MOST_STATEMENTS),
        (ranked, MOST_STATEMENTS),
    ):
        for finding in pool:
            if len(chosen) < seats and finding not in chosen and _adds(finding, chosen, likeness):
                chosen.append(finding)
    return rank(chosen)


def _useful(finding: Finding) -> bool:
    book = phrasebook()
    return any(book.holds(advice.when, finding) for advice in book.advice)


def _adds(finding: Finding, chosen: Sequence[Finding], likeness: Likeness) -> bool:
    if sum(c.tag.topic == finding.tag.topic for c in chosen) >= PER_TOPIC:
        return False
    if not finding.over and any(c.tag.name == finding.tag.name and c.over for c in chosen):
        return False  # more of one value implies less of the others
    return not any(likeness.same(finding, c) for c in chosen)
