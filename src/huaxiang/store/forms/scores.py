"""Scores over several items: constructs, profiles, and Cronbach's alpha."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from huaxiang.store.forms.answers import Reading
from huaxiang.store.forms.codebook import BALANCED, Codebook, Construct, Profile

Readings = Mapping[str, Reading]


def item_score(readings: Readings, code: str) -> float | None:
    """Score of a rated question; None when it was not (rightly) answered."""
    reading = readings.get(code)
    return reading.answers[0].score if reading and len(reading.answers) == 1 else None


def construct_score(readings: Readings, construct: Construct) -> float | None:
    """Mean of the items answered; None when fewer are than the construct asks for."""
    scores = [score for code in construct.items if (score := item_score(readings, code)) is not None]
    if not scores or len(scores) < construct.minimum_answered * len(construct.items):
        return None
    return math.fsum(scores) / len(scores)


def profile_value(scores: Mapping[str, float | None], profile: Profile) -> str | None:
    """Code of the strongest construct, `balanced` when several are; None unless all are known."""
    known = {code: scores.get(code) for code in profile.of}
    values = [score for score in known.values() if score is not None]
    if len(values) < len(known):
        return None
    best = [code for code, score in known.items() if score == max(values)]
    return best[0] if len(best) == 1 else BALANCED


def scores_of(readings: Readings, book: Codebook) -> dict[str, float | None]:
    """All construct scores of one respondent."""
    return {construct.code: construct_score(readings, construct) for construct in book.constructs}


def cronbach_alpha(rows: Sequence[Sequence[float]]) -> float | None:
    """Cronbach's alpha of complete respondents × items: k/(k-1) · (1 - Σ item variances / variance of the sum).

    None for fewer than two items, fewer than three respondents, or sums that are all equal (Cronbach 1951, eq. 2).
    """
    if len(rows) < 3 or len(rows[0]) < 2:
        return None
    items = list(zip(*rows, strict=True))
    total = _variance([math.fsum(row) for row in rows])
    if total == 0:
        return None
    return len(items) / (len(items) - 1) * (1 - math.fsum(_variance(item) for item in items) / total)


def _variance(values: Sequence[float]) -> float:
    mean = math.fsum(values) / len(values)
    return math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)
