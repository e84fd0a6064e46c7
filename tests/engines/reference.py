"""What each measure means, said again in plain Python: row by row, no SQL, no pandas."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True)
class Wanted:
    """A measure as Python functions of a row (None where a Measure has no expression)."""

    name: str
    function: str
    start: datetime | None
    end: datetime
    of: Callable[[Row], Any] | None = None
    by: Callable[[Row], Any] | None = None
    where: Callable[[Row], bool | None] | None = None
    share_of: Callable[[Row], bool | None] | None = None
    n: int = 3
    empty: Any = None


def compute(
    rows: Sequence[Row], key: str, time: str, as_of: datetime, wanted: Sequence[Wanted]
) -> dict[Any, dict[str, Any]]:
    """Return key → measure → value, for every key that is not None."""
    customers: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        if row[key] is not None:
            customers[row[key]].append(row)
    return {k: {w.name: _value(own, time, as_of, w) for w in wanted} for k, own in customers.items()}


def _value(rows: list[Row], time: str, as_of: datetime, w: Wanted) -> Any:
    inside = [r for r in rows if r[time] is not None and r[time] < w.end and (w.start is None or r[time] >= w.start)]
    counted = [r for r in inside if w.where is None or w.where(r) is True]
    numeric = w.function in ("sum", "mean", "median", "stddev", "share")
    if w.of is not None:
        counted = [r for r in counted if w.of(r) is not None and not (numeric and _no_number(w.of(r)))]
    if not counted:
        return w.empty
    return _FUNCTIONS[w.function](counted, time, as_of, w)


def _no_number(value: Any) -> bool:
    return isinstance(value, float) and not math.isfinite(value)


def exact(value: Any) -> Fraction:
    """A number as the engines add it: DOUBLEs to eight decimals, the rest as it is."""
    if isinstance(value, float):
        whole = math.trunc(value)
        return whole + Fraction(math.floor((value - whole) * 1e8 + 0.5), 10**8)
    return Fraction(value)


def _number(value: Fraction, like: Any) -> Any:
    if isinstance(like, Decimal):
        with localcontext() as context:
            context.prec = 60
            return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(Decimal("0.0001"))
    return float(value) if isinstance(like, float) else int(value)


def _of(rows: list[Row], w: Wanted) -> list[Any]:
    assert w.of is not None
    return [w.of(r) for r in rows]


def _total(rows: list[Row], w: Wanted) -> Fraction:
    return sum((exact(v) for v in _of(rows, w)), Fraction(0)) if w.of else Fraction(len(rows))


def _stddev(rows: list[Row], _time: str, _as_of: datetime, w: Wanted) -> float | None:
    values, n = (
        [exact(v) if not isinstance(v, float) else Fraction(math.floor(v * 1e6 + 0.5), 10**6) for v in _of(rows, w)],
        len(rows),
    )
    if n < 2:
        return None
    mean = sum(values, Fraction(0)) / n
    return math.sqrt(sum(((v - mean) ** 2 for v in values), Fraction(0)) / (n - 1))


def _median(rows: list[Row], _time: str, _as_of: datetime, w: Wanted) -> float:
    values = sorted(_of(rows, w))
    low, high = values[(len(values) - 1) // 2], values[len(values) // 2]
    return (low + high) / 2 if isinstance(low, float) else float((Fraction(low) + Fraction(high)) / 2)


def _share(rows: list[Row], _time: str, _as_of: datetime, w: Wanted) -> float | None:
    whole = _total(rows, w)
    part = _total([r for r in rows if w.share_of is not None and w.share_of(r) is True], w)
    return float(part) / float(whole) if whole > 0 else None


def _weights(rows: list[Row], w: Wanted) -> list[tuple[Fraction, Any]]:
    assert w.of is not None
    weights: dict[Any, Fraction] = defaultdict(Fraction)
    for row in rows:
        weight = 1 if w.by is None else w.by(row)
        if weight is not None and not _no_number(weight):
            weights[w.of(row)] += exact(weight)
    return sorted((-weight, value) for value, weight in weights.items() if weight > 0)


def _top(rows: list[Row], _time: str, _as_of: datetime, w: Wanted) -> Any:
    ranked = _weights(rows, w)
    return ranked[0][1] if ranked else None


def _top_n(rows: list[Row], _time: str, _as_of: datetime, w: Wanted) -> Any:
    return [value for _, value in _weights(rows, w)[: w.n]] or None


def _top_share(rows: list[Row], _time: str, _as_of: datetime, w: Wanted) -> float | None:
    ranked = _weights(rows, w)
    return float(-ranked[0][0]) / float(-sum(weight for weight, _ in ranked)) if ranked else None


def _cycle(rows: list[Row], time: str, _as_of: datetime, _w: Wanted) -> float | None:
    days = {r[time].date() for r in rows}
    return (max(days) - min(days)).days / (len(days) - 1) if len(days) > 1 else None


def _smallest_at(rows: list[Row], time: str, at: datetime, w: Wanted) -> Any:
    return min(_of([r for r in rows if r[time] == at], w))


_FUNCTIONS: dict[str, Callable[[list[Row], str, datetime, Wanted], Any]] = {
    "count": lambda rows, _t, _a, _w: len(rows),
    "distinct": lambda rows, _t, _a, w: len(set(_of(rows, w))),
    "sum": lambda rows, _t, _a, w: _number(_total(rows, w), _of(rows, w)[0]),
    "mean": lambda rows, _t, _a, w: float(_total(rows, w)) / len(rows),
    "median": _median,
    "stddev": _stddev,
    "min": lambda rows, _t, _a, w: min(_of(rows, w)),
    "max": lambda rows, _t, _a, w: max(_of(rows, w)),
    "first": lambda rows, t, _a, w: _smallest_at(rows, t, min(r[t] for r in rows), w),
    "last": lambda rows, t, _a, w: _smallest_at(rows, t, max(r[t] for r in rows), w),
    "top": _top,
    "top_n": _top_n,
    "top_share": _top_share,
    "share": _share,
    "days_since_first": lambda rows, t, a, _w: (a.date() - min(r[t] for r in rows).date()).days,
    "days_since_last": lambda rows, t, a, _w: (a.date() - max(r[t] for r in rows).date()).days,
    "active_days": lambda rows, t, _a, _w: len({r[t].date() for r in rows}),
    "cycle": _cycle,
}
