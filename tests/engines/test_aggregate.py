"""Aggregate nodes on DuckDB equal a plain reading of what each measure means."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.engines.nodes import AS_OF, END, every_measure, every_node, table_of
from tests.engines.reference import Row, compute

from huaxiang.engines.duckdb import DuckdbEngine

MOMENTS = st.one_of(
    st.none(),
    st.sampled_from(
        [
            END, END - timedelta(microseconds=1), END - timedelta(days=30), END - timedelta(days=30, microseconds=1),
            END - timedelta(days=90), datetime(1969, 12, 31, 23, 59, 59), datetime(2024, 2, 29, 12), datetime(2024, 6, 30, 0, 0, 0, 1),
        ]
    ),
    st.datetimes(datetime(2024, 2, 1), datetime(2024, 7, 2)),
)  # fmt: skip
MONEY = st.integers(-(10**9), 10**9).map(lambda n: Decimal(n).scaleb(-4)) | st.sampled_from(
    [Decimal("0.0000"), Decimal("5.0000")]
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "customer_id": st.sampled_from(["c1", "c2", "客户", None]),
            "at": MOMENTS,
            "amount": st.none() | MONEY,
            "category": st.sampled_from(["a", "b", "B", "茶", "", None]),
            "quantity": st.none()
            | st.sampled_from([0.0, 0.5, 1.5, -2.25, 0.1, float("inf")])
            | st.floats(-1e6, 1e6, width=32),
            "points": st.none() | st.integers(-1000, 1000),
            "coupon": st.none() | st.booleans(),
        }
    ),
    max_size=16,
)
WORLDS = st.lists(ROWS, min_size=1, max_size=4).map(
    lambda worlds: [
        row | {"customer_id": row["customer_id"] and f"{row['customer_id']}{n}"}
        for n, rows in enumerate(worlds)
        for row in rows
    ]
)
"""Several draws of customers and rows side by side: computing all measures costs the same for many customers as for few."""


@pytest.fixture(scope="module", params=[10**9, 1], ids=["sql", "dense"])
def engine(request: pytest.FixtureRequest) -> Iterator[DuckdbEngine]:
    engine = DuckdbEngine(threads=2, dense_from=request.param)
    yield engine
    engine.close()


def run(engine: DuckdbEngine, rows: list[Row], folder: Path) -> dict[Any, dict[str, Any]]:
    """Return key → measure → value as the engine computes it."""
    path = folder / "orders.parquet"
    pq.write_table(table_of(rows), path)
    engine.register("unified__orders", path)
    engine.run(every_node())
    return {r.pop("customer_id"): r for r in engine.fetch("tags_orders").to_pylist()}


def same(ours: Any, wanted: Any) -> bool:
    """Equal, and for doubles equal to the last bits (the reference takes its roots of exact fractions)."""
    if isinstance(ours, float) and isinstance(wanted, (float, int)):
        return ours == wanted or math.isclose(ours, wanted, rel_tol=1e-15)
    return type(ours) is type(wanted) and bool(ours == wanted)


@pytest.mark.slow
@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(rows=WORLDS)
def test_every_measure_equals_the_reference(rows: list[Row], engine: DuckdbEngine, tmp_path: Path) -> None:
    ours = run(engine, rows, tmp_path)
    wanted = compute(rows, "customer_id", "at", AS_OF, every_measure()[1])
    assert ours.keys() == wanted.keys()
    different = {
        (customer, name): (ours[customer][name], value)
        for customer, values in wanted.items()
        for name, value in values.items()
        if not same(ours[customer][name], value)
    }
    assert different == {}
