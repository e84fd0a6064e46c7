"""Dense arrays give what SQL gives: over many buckets, when numbers grow too large, and for mixed sets of measures."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.engines.nodes import END, every_node, table_of
from tests.engines.reference import Row

from huaxiang.engines.dense import kernels, rows, run
from huaxiang.engines.dense.layout import is_dense
from huaxiang.engines.duckdb import DuckdbEngine
from huaxiang.plan.nodes import AggregateNode

NEVER = 10**12


def _rows(count: int, customers: int) -> list[Row]:
    draw = random.Random(5)
    return [
        {
            "customer_id": f"c{draw.randrange(customers)}" if draw.random() < 0.99 else None,
            "at": END - timedelta(days=draw.randrange(-1, 400), seconds=draw.randrange(90_000)),
            "amount": draw.choice([None, Decimal(draw.randrange(-10**8, 10**8)).scaleb(-4)]),
            "category": draw.choice([None, *(f"g{i}" for i in range(30))]),
            "quantity": draw.choice([None, draw.random() * 10]), "points": draw.choice([None, draw.randrange(-50, 50)]),
            "coupon": draw.choice([None, True, False]),
        }
        for _ in range(count)
    ]  # fmt: skip


def _computed(data: pa.Table, node: AggregateNode, folder: Path, dense_from: int) -> bytes:
    engine = DuckdbEngine(threads=2, temp=folder, dense_from=dense_from)
    pq.write_table(data, folder / "in.parquet")
    engine.register(node.source, folder / "in.parquet")
    engine.run(node)
    engine.save(node.output, folder / "out.parquet", order_by=(node.key,))
    engine.close()
    return (folder / "out.parquet").read_bytes()


def _dense_only(node: AggregateNode) -> AggregateNode:
    return replace(node, measures=tuple(m for m in node.measures if is_dense(m, node)))


def test_many_buckets_and_slices_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, node = table_of(_rows(6_000, 250)), _dense_only(every_node())
    expected = _computed(data, node, tmp_path, NEVER)
    monkeypatch.setattr(rows, "ROWS_A_BUCKET", 500)
    monkeypatch.setattr(run, "_ROWS_A_SLICE", 130)
    monkeypatch.setattr(run, "_CUSTOMERS_A_FINAL", 50)
    monkeypatch.setattr(run, "_BATCH", 700)
    assert _computed(data, node, tmp_path, 1) == expected


def test_numbers_that_need_more_bytes_later_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = _rows(3000, 40)
    large = [r | {"amount": Decimal("7654321.1234"), "at": END - timedelta(days=40_000)} for r in _rows(3000, 40)]
    data, node = table_of(small + large), _dense_only(every_node())
    expected = _computed(data, node, tmp_path, NEVER)
    monkeypatch.setattr(run, "_BATCH", 2048)
    assert _computed(data, node, tmp_path, 1) == expected


def test_most_functions_are_dense() -> None:
    node = every_node()
    sparse = {m.function for m in node.measures if not is_dense(m, node)}
    dense = {m.function for m in node.measures if is_dense(m, node)}
    assert {
        "count",
        "distinct",
        "sum",
        "mean",
        "stddev",
        "top",
        "top_n",
        "top_share",
        "share",
        "cycle",
        "active_days",
    } <= dense
    assert {"median", "first", "last"} <= sparse


@pytest.mark.parametrize("value", [Decimal("99999999999999.9999"), Decimal("-99999999999999.9999")])
def test_numbers_too_large_for_dense_sums_fall_back_to_sql(value: Decimal, tmp_path: Path) -> None:
    lone = dict.fromkeys(_rows(1, 1)[0]) | {
        "customer_id": "c",
        "at": END - timedelta(days=1),
        "amount": value,
        "category": "g",
    }
    data = table_of([lone] * 9)
    every = _dense_only(every_node())
    node = replace(
        every, measures=tuple(m for m in every.measures if m.function in ("sum", "mean", "top", "share", "max"))
    )
    assert _computed(data, node, tmp_path, 1) == _computed(data, node, tmp_path, NEVER)


def test_a_source_without_rows(tmp_path: Path) -> None:
    node = _dense_only(every_node())
    assert _computed(table_of([]), node, tmp_path, 0) == _computed(table_of([]), node, tmp_path, NEVER)


@pytest.mark.parametrize("compute", [kernels.sums, kernels.square_sums])
def test_sums_refuse_what_may_not_fit(compute: Callable[..., object]) -> None:
    values = np.array([2**61, 2**61, 2**61], dtype=np.int64)
    with pytest.raises(kernels.NotDense):
        compute(values, np.ones(3, dtype=np.bool_), np.array([0]))


def test_squares_are_exact_beyond_64_bits() -> None:
    values = np.array([2**45 - 1, -(2**45 - 1), 3, 12345678901], dtype=np.int64)
    high, low = kernels.square_sums(values, np.array([True, True, False, True]), np.array([0, 3]))
    got = [(int(h) << 64) | int(lo) for h, lo in zip(high, low, strict=True)]
    assert got == [2 * (2**45 - 1) ** 2, 12345678901**2]
