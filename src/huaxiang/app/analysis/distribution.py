"""Distribution 分布: how a number, a date or what customers did spreads over an audience, beside everyone or another audience."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from huaxiang.app.analysis.events import Asked, EventAsked, ask, hidden_fields, read_measure, share, within
from huaxiang.app.audiences.describing import breakdown, find_item
from huaxiang.errors import UsageError
from huaxiang.store.snapshots import Snapshot

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from huaxiang.plan.conditions import MeasureFunction

    Figures = NDArray[np.float64]

DISTRIBUTION_KEYS = (
    "snapshot", "as_of", "audience", "customers", "of", "kind", "base", "bins", "figures", "base_figures", "distance", "tag",
)  # fmt: skip
BIN_KEYS = ("low", "high", "count", "share", "base_count", "base_share")
FIGURE_KEYS = ("known", "missing", "mean", "p5", "p25", "p50", "p75", "p95", "min", "max")
MOST_BINS = 60
TAILS = (0.01, 0.99)
NUMERIC = ("integer", "number", "money", "date", "datetime")


@dataclass(frozen=True)
class MeasureAsked:
    """What customers did, as a number for each: `function` over the rows of an event, of `field`, in the last `days` days."""

    event: EventAsked
    function: MeasureFunction = "count"
    field: str | None = None
    days: int | None = None


@dataclass(frozen=True)
class DistributionAsked:
    """`of`: a tag or attribute, or a measure; `base`: a condition or audience, None for everyone."""

    of: str | MeasureAsked
    base: str | None = None
    bins: int = 20


def distribution(snapshot: Snapshot, audience: str | None, question: DistributionAsked) -> dict[str, Any]:
    """Return DISTRIBUTION_KEYS: counts and shares in bins of equal width, of the audience and of the base.

    kind "numbers" or "dates" (bounds of `bins` are days or moments): between the 1 % tails of the base; what lies beyond is in the
    outermost bins, and a bin holds its lower bound, the last one its upper bound too. Shares are of the customers with a value.
    `distance`: the largest difference between the two cumulative shares (Kolmogorov–Smirnov, over all values). kind "values": `tag` is
    what `app.audiences.describing.breakdown` tells, and there are no bins. Raises UsageError, ExpressionError.
    """
    bins = within(question.bins, 2, MOST_BINS, ("the number of bins", "分箱数"))
    asked = ask(snapshot, audience)
    base = asked.index.select(question.base) if question.base else asked.index.index.all
    head = asked.head() | {"base": {"condition": question.base or None, "customers": base.count()}}
    if isinstance(question.of, str):
        item = find_item(snapshot.manifest, question.of)
        of = {key: item.get(key) for key in ("name", "title", "value_type", "unit")}
        if item["value_type"] not in NUMERIC:
            told = breakdown(snapshot, audience or "true", [question.of], question.base or "valid", limit=bins)
            return _ordered(head | {"of": of, "kind": "values", "tag": told["tags"][0]})
        mine = asked.index.index.in_order(asked.members, question.of)
        theirs = mine if asked.members == base else asked.index.index.in_order(base, question.of)
        kind = "dates" if item["value_type"] in ("date", "datetime") else "numbers"
    else:
        values, of, kind = _measured(asked, question.of), _told(asked, question.of), "numbers"
        mine = _known(values[asked.members.mask()])
        theirs = mine if asked.members == base else _known(values[base.mask()])
        item = {"value_type": "number"}
    type_ = str(item["value_type"])
    figures = _figures(mine, asked.members.count(), type_)
    return _ordered(head | {
        "of": of, "kind": kind, "bins": _bins(mine, theirs, bins, type_), "figures": figures,
        "base_figures": figures if mine is theirs else _figures(theirs, base.count(), type_), "distance": _distance(mine, theirs),
    })  # fmt: skip


def _known(values: Figures) -> Figures:
    """The values that there are, ascending, as all below expect them."""
    import numpy as np

    return np.sort(values[np.isfinite(values)])


def _ordered(told: dict[str, Any]) -> dict[str, Any]:
    return {key: told.get(key) for key in DISTRIBUTION_KEYS}


def _measured(asked: Asked, measure: MeasureAsked) -> Figures:
    hidden = hidden_fields(asked.snapshot).get(measure.event.source, frozenset())
    if measure.field in hidden:
        raise UsageError(
            f'the field "{measure.field}" points at people; it is not laid out',
            f"字段“{measure.field}”指向个人，不能展开分布",
        )
    return read_measure(asked, measure.event, measure.function, measure.field, measure.days)


def _told(asked: Asked, measure: MeasureAsked) -> dict[str, Any]:
    return {
        **asked.told(measure.event), "function": measure.function, "field": measure.field, "days": measure.days,
    }  # fmt: skip


def _bins(mine: Figures, theirs: Figures, number: int, value_type: str) -> list[dict[str, Any]]:
    span = theirs if len(theirs) else mine
    if not len(span):
        return []
    edges = _edges(span, number, whole=value_type == "integer")
    inside, outside = (_counted(values, edges) for values in (mine, theirs))
    return [
        {
            "low": _plain(edges[i], value_type), "high": _plain(edges[i + 1], value_type), "count": int(inside[i]),
            "share": share(int(inside[i]), len(mine)), "base_count": int(outside[i]),
            "base_share": share(int(outside[i]), len(theirs)),
        }
        for i in range(len(edges) - 1)
    ]  # fmt: skip


def _quantile(known: Figures, part: float) -> float:
    """The smallest value that so large a part is not above."""
    return float(known[max(0, math.ceil(len(known) * part - 1))])


def _edges(span: Figures, number: int, *, whole: bool) -> Figures:
    """Bounds of equal width; of whole numbers each bin has as many as every other, one where there are few."""
    import numpy as np

    low, high = (_quantile(span, tail) for tail in TAILS)
    if whole:
        first, count = np.floor(low), np.floor(high) - np.floor(low) + 1
        width = np.ceil(count / number)
        return np.asarray(first + width * np.arange(np.ceil(count / width) + 1), dtype=np.float64)
    return np.array([low, low + 1.0]) if low == high else np.linspace(low, high, number + 1)


def _counted(known: Figures, edges: Figures) -> NDArray[np.int64]:
    """How many lie in each bin; what lies beyond is in the outermost ones."""
    import numpy as np

    return np.diff(np.searchsorted(known, edges[1:-1], side="left"), prepend=0, append=len(known)).astype(np.int64)


def _figures(known: Figures, of: int, value_type: str) -> dict[str, Any]:
    told: dict[str, Any] = {"known": len(known), "missing": of - len(known)}
    if not len(known):
        return told | dict.fromkeys(FIGURE_KEYS[2:])
    told["mean"] = None if value_type in ("date", "datetime") else round(float(known.mean()), 6)
    for percent in (5, 25, 50, 75, 95):
        told[f"p{percent}"] = _plain(_quantile(known, percent / 100), value_type)
    return told | {"min": _plain(float(known[0]), value_type), "max": _plain(float(known[-1]), value_type)}


def _distance(mine: Figures, theirs: Figures) -> float | None:
    import numpy as np

    if not len(mine) or not len(theirs):
        return None
    if mine is theirs:
        return 0.0
    gaps = []
    for one, other in ((mine, theirs), (theirs, mine)):
        last = np.flatnonzero(np.append(one[1:] != one[:-1], True))  # of each different value
        gaps.append((last + 1) / len(one) - np.searchsorted(other, one[last], side="right") / len(other))
    return round(max(float(np.abs(gap).max()) for gap in gaps), 6)


def _plain(value: float, value_type: str) -> Any:
    from datetime import timedelta

    from huaxiang.app.analysis.events import BEFORE

    if value_type == "date":
        return (BEFORE + timedelta(days=round(value))).isoformat()
    if value_type == "datetime":
        from datetime import datetime

        return (datetime.combine(BEFORE, datetime.min.time()) + timedelta(microseconds=value)).isoformat(
            timespec="minutes"
        )
    return round(value, 6)
