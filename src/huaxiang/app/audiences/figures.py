"""The numbers of an audience: percentiles, mean and histogram of a number or date tag, beside those of everyone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from huaxiang.app.audiences.describing import find_item
from huaxiang.app.audiences.staleness import stale_in
from huaxiang.errors import UsageError
from huaxiang.store.snapshots import Snapshot

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from huaxiang.index import AudienceIndex, Bits

NUMBERS_KEYS = (
    "snapshot", "as_of", "audience", "customers", "of", "known", "missing", "min", "max", "mean", "median", "total", "percentiles",
    "base", "index", "histogram", "stale",
)  # fmt: skip
PERCENTS = (1, 5, 10, 25, 50, 75, 90, 95, 99)
_KINDS = ("integer", "number", "money", "date", "datetime")


def numbers(snapshot: Snapshot, expression: str, of: str) -> dict[str, Any]:
    """Return NUMBERS_KEYS: the values of a number, amount or date over an audience, beside everyone who has one (`base`).

    `percentiles`: {percent: value}, values that occur (nearest rank, inclusive). `index`: 100 × mean ÷ mean of everyone with its 95 %
    interval and p-value (`learn.evidence.compare_means`); None for dates and where a ratio has no sense. `histogram`: [low, high,
    count, base_count] between the 1 % tails of everyone, low included and high not; what lies beyond is counted in the outermost bins.
    All values are as JSON has them. Raises UsageError for other tags, and as `OpenIndex.select`.
    """
    from huaxiang.app.audience_index import open_index

    item = find_item(snapshot.manifest, of)
    if item["value_type"] not in _KINDS:
        raise UsageError(
            f'"{of}" is of type {item["value_type"]}, not a number or date; use `audience breakdown`',
            f"“{of}”是 {item['value_type']} 类型，不是数值或日期；请用 audience breakdown",
        )
    opened = open_index(snapshot)
    bits, index = opened.select(expression), opened.index
    mine, everyone = _figures(index, bits, item), _figures(index, index.all, item)
    return {
        "snapshot": snapshot.id, "as_of": snapshot.manifest["as_of"], "audience": expression, "customers": bits.count(),
        "of": {key: item.get(key) for key in ("name", "title", "value_type", "unit")}, **mine, "base": everyone,
        "index": _index(index, bits, item), "histogram": _histogram(index, bits, item),
        "stale": stale_in(snapshot, expression),
    }  # fmt: skip


def _figures(index: AudienceIndex, bits: Bits, item: Mapping[str, Any]) -> dict[str, Any]:
    spread = index.spread(bits, item["name"], PERCENTS)
    values = dict(zip(map(str, PERCENTS), (_plain(v) for v in spread.percentiles), strict=True))
    return {
        "known": spread.known, "missing": bits.count() - spread.known, "min": _plain(spread.low), "max": _plain(spread.high),
        "mean": None if spread.mean is None else round(spread.mean, 6), "median": values["50"], "total": _plain(spread.total),
        "percentiles": values,
    }  # fmt: skip


def _plain(value: object) -> object:
    """A value as JSON has it."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value


def _index(index: AudienceIndex, bits: Bits, item: Mapping[str, Any]) -> dict[str, Any] | None:
    import numpy as np

    from huaxiang.learn.evidence import compare_means

    if item["value_type"] in ("date", "datetime"):
        return None
    rows, values = index.numbers(index.all, item["name"])
    column = np.full(index.size, np.nan)
    column[rows] = values
    found = compare_means(column, bits.mask())
    if found is None or found.index is None:
        return None
    ends = [None if end is None else round(float(end), 2) for end in (found.low, found.high)]
    return {
        "value": round(float(found.index), 2),
        "low": ends[0],
        "high": ends[1],
        "p": found.p,
        "effect": round(found.effect, 4),
    }


def _histogram(index: AudienceIndex, bits: Bits, item: Mapping[str, Any]) -> list[list[Any]]:
    """Counts in the bins that the manifest has of everyone, so that all audiences can be laid side by side."""
    import numpy as np

    bins = (item.get("distribution") or {}).get("bins") or []
    if not bins:
        return []
    edges = np.array([_place(bins[0][0], item), *(_place(high, item) for _, high, _ in bins)], dtype=np.float64)
    counts = [_counted(index.numbers(who, item["name"])[1], edges) for who in (bits, index.all)]
    return [[low, high, int(n), int(m)] for (low, high, _), n, m in zip(bins, *counts, strict=True)]


def _counted(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.int64]:
    import numpy as np

    if edges[0] == edges[-1]:
        return np.array([len(values)], dtype=np.int64)
    return np.histogram(np.clip(values, edges[0], edges[-1]), bins=edges)[0].astype(np.int64)


def _place(edge: Any, item: Mapping[str, Any]) -> float:
    """An edge of the manifest in the terms of the index: days, or microseconds since 1970."""
    import numpy as np

    match item["value_type"]:
        case "date":
            return float(np.datetime64(edge, "s").astype(np.int64)) / 86_400
        case "datetime":
            return float(np.datetime64(edge, "s").astype(np.int64)) * 1e6
        case _:
            return float(edge)
