"""Coverage and distribution of a column, as the manifest keeps them for every tag and attribute."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

TOP_VALUES = 50
BINS = 20
ENUM_LIMIT = 50
_LAST = int(np.datetime64("9999-12-31T00:00:00", "s").astype(np.int64))
"""The last day that calendars know; an edge may lie beyond."""


def value_type(column: pa.ChunkedArray, *, listed: bool) -> str:
    """The catalogue's value type of a column. A text with few values, or with `listed` ones, is an enum."""
    kind = column.type
    if pa.types.is_boolean(kind):
        return "boolean"
    if pa.types.is_integer(kind):
        return "integer"
    if pa.types.is_floating(kind):
        return "number"
    if pa.types.is_decimal(kind):
        return "money"
    if pa.types.is_date(kind):
        return "date"
    if pa.types.is_timestamp(kind):
        return "datetime"
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return "list"
    return "enum" if listed or pc.count_distinct(column).as_py() <= ENUM_LIMIT else "text"


def known(column: pa.ChunkedArray) -> int:
    """Customers with a value; an empty list is none."""
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        return int(pc.sum(pc.greater(pc.list_value_length(column), 0)).as_py() or 0)
    return len(column) - int(column.null_count)


def distribution(column: pa.ChunkedArray, kind: str, order: Sequence[str] = ()) -> dict[str, Any]:
    """Counts by value (declared order first, then by size), or quantiles and equal-width bins between the 1 % tails.

    A bin [low, high, count] holds low and not high; of whole numbers and days each bin has as many of them as every other. What lies in the
    tails is counted in the outermost bins.
    """
    if kind in ("boolean", "enum", "text", "list"):
        return _values(column, kind, order)
    return _numbers(column, kind)


def _values(column: pa.ChunkedArray, kind: str, order: Sequence[str]) -> dict[str, Any]:
    flat = pc.list_flatten(column) if kind == "list" else column
    counted = pc.value_counts(flat.drop_null() if kind != "list" else pc.drop_null(flat))
    pairs = sorted(
        ((_plain(v.as_py()), n.as_py()) for v, n in zip(counted.field("values"), counted.field("counts"), strict=True)),
        key=lambda pair: (order.index(str(pair[0])) if str(pair[0]) in order else len(order), -pair[1], str(pair[0])),
    )
    return {
        "kind": "values",
        "values": [list(p) for p in pairs[:TOP_VALUES]],
        "other": sum(n for _, n in pairs[TOP_VALUES:]),
    }


def _plain(value: object) -> object:
    return value if isinstance(value, str | bool | int | float) else str(value)


def _numbers(column: pa.ChunkedArray, kind: str) -> dict[str, Any]:
    if kind in ("date", "datetime"):
        numbers = column.drop_null().cast(pa.timestamp("s"), safe=False).cast(pa.int64()).to_numpy()
        show = _moment
    else:
        numbers = column.drop_null().cast(pa.float64(), safe=False).to_numpy()
        show = _figure
    if len(numbers) == 0:
        return {"kind": "numbers", "min": None, "max": None, "mean": None, "bins": []}
    cuts = np.percentile(numbers, [5, 25, 50, 75, 95])
    low, high = np.percentile(numbers, [1, 99]) if len(numbers) >= 200 else (numbers.min(), numbers.max())
    try:
        counts, edges = np.histogram(np.clip(numbers, low, high), bins=_edges(low, high, kind))
    except ValueError:  # so large that no bins fit between the smallest and the largest
        counts, edges = np.array([len(numbers)]), np.array([low, high])
    bins = [[show(a), show(b), int(n)] for a, b, n in zip(edges, edges[1:], counts, strict=False)]
    quantiles = dict(zip(("p5", "p25", "p50", "p75", "p95"), map(show, cuts), strict=True))
    return {
        "kind": "numbers",
        "min": show(numbers.min()),
        **quantiles,
        "max": show(numbers.max()),
        "mean": show(numbers.mean()),
        "bins": bins,
    }


def _edges(low: float, high: float, kind: str) -> int | np.ndarray:
    """The edges of bins; how many there are where they may lie anywhere. Edges that are no whole numbers would give neighbours of equal
    width now one, now two of the values.
    """
    step = {"integer": 1.0, "date": 86_400.0}.get(kind)
    if step is None:
        return BINS if high > low else 1
    first, count = np.floor(low / step), np.floor(high / step) - np.floor(low / step) + 1
    width = np.ceil(count / BINS)
    return np.asarray((first + width * np.arange(np.ceil(count / width) + 1)) * step)


def _figure(value: float) -> Any:
    return round(float(value), 6)


def _moment(value: float) -> Any:
    return str(np.datetime64(min(int(value), _LAST), "s"))
