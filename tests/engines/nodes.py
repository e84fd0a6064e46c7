"""One aggregate node that uses every function in every shape, and the same measures for the reference."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import sqlglot
from tests.engines.reference import Row, Wanted

from huaxiang.plan.nodes import AggregateNode, Measure, TimeRange

AS_OF = datetime(2024, 6, 30)
END = datetime(2024, 7, 1)
SCHEMA = pa.schema(
    {
        "customer_id": pa.string(), "at": pa.timestamp("us"), "amount": pa.decimal128(18, 4), "category": pa.string(),
        "quantity": pa.float64(), "points": pa.int64(), "coupon": pa.bool_(),
    }
)  # fmt: skip
COLUMNS = (
    ("customer_id", "VARCHAR"), ("at", "TIMESTAMP"), ("amount", "DECIMAL(18,4)"), ("category", "VARCHAR"),
    ("quantity", "DOUBLE"), ("points", "BIGINT"), ("coupon", "BOOLEAN"),
)  # fmt: skip
WINDOWS = {"all": None, "90d": END - timedelta(days=90), "30d": END - timedelta(days=30)}
TYPES = dict(COLUMNS)
WEIGHTED = ("top", "top_n", "top_share")
PLAIN = ("days_since_first", "days_since_last", "active_days", "cycle", "count")
NUMERIC = ("sum", "mean", "median", "stddev", "share", "min", "max", "first", "last", "count")


def every_measure() -> tuple[tuple[Measure, ...], tuple[Wanted, ...]]:
    """Return all measures and their Python counterparts, in the same order."""
    pairs = [_pair(f, w) for w in WINDOWS for f in PLAIN]
    pairs += [_pair(f, w, of=c) for w in WINDOWS for f in NUMERIC for c in ("amount", "quantity", "points")]
    pairs += [
        _pair(f, w, of="category") for w in WINDOWS for f in ("distinct", "min", "max", "first", "last", *WEIGHTED)
    ]
    pairs += [
        _pair(f, w, of="category", by=b) for w in WINDOWS for f in WEIGHTED for b in ("amount", "quantity", "points")
    ]
    pairs += [_pair(f, "90d", of="points", by="amount") for f in (*WEIGHTED, "distinct")]
    pairs += [_pair("share", w) for w in WINDOWS]
    pairs += [_pair(f, "all", where=True, empty=0) for f in PLAIN]
    pairs += [_pair(f, "90d", of="amount", where=True, empty=0) for f in (*NUMERIC, "distinct")]
    pairs += [
        _pair(f, "90d", of="category", by="amount", where=True, empty=e) for f, e in (("top", "none"), ("top_share", 0))
    ]
    return tuple(m for m, _ in pairs), tuple(w for _, w in pairs)


def _pair(
    function: str, window: str, *, of: str | None = None, by: str | None = None, where: bool = False, empty: Any = None
) -> tuple[Measure, Wanted]:
    name = "_".join(p for p in (function, of, f"by_{by}" if by else None, "coupon" if where else None, window) if p)
    share = function == "share"
    measure = Measure(
        name, function, TimeRange(WINDOWS[window], END), of=_column(of), of_type=TYPES[of] if of else None, by=_column(by),
        by_type=TYPES[by] if by else None, where=_column("coupon") if where else None,
        share_of=_column("coupon") if share else None, n=2, empty=empty, origin=f"tag {name} · tags/all.yaml:1",
    )  # fmt: skip
    wanted = Wanted(
        name, function, WINDOWS[window], END, of=_getter(of), by=_getter(by), where=_getter("coupon") if where else None,
        share_of=_getter("coupon") if share else None, n=2, empty=_empty(measure),
    )  # fmt: skip
    return measure, wanted


def _empty(measure: Measure) -> Any:
    if (
        measure.empty == 0
        and measure.of_type == "DECIMAL(18,4)"
        and measure.function in ("sum", "min", "max", "first", "last")
    ):
        return Decimal(0)
    return measure.empty


def _column(name: str | None) -> Any:
    return sqlglot.parse_one(f'"{name}"', read="duckdb") if name else None


def _getter(name: str | None) -> Any:
    def get(row: Row) -> Any:
        return row[name]

    return get if name else None


def every_node() -> AggregateNode:
    """The node."""
    return AggregateNode(
        "unified__orders", "tags_orders", "customer_id", "at", AS_OF, COLUMNS, every_measure()[0], ("source orders",)
    )


def table_of(rows: list[Row]) -> pa.Table:
    """Rows as the unified table."""
    return pa.Table.from_pylist(rows, schema=SCHEMA)
