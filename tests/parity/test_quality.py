"""The queries of quality give the same counts on both engines, and the buckets that Python computes."""

from __future__ import annotations

import math
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlglot import exp

from huaxiang.engines.base import Engine
from huaxiang.engines.duckdb import DuckdbEngine
from huaxiang.learn.quality.profile import bucket_of
from huaxiang.plan import quality as plan
from huaxiang.run.quality import BUCKETS

NUMBERS = [0.0, 1.0, -1.0, 3.7, -250.5, 1e-5, -1e-5, 1e300, math.inf, -math.inf, 123456.789, None, 2.0, 2.0, 99.99, 7.0]
AS_OF = date(2025, 6, 30)
SOME = len(NUMBERS)


def table(path: Path) -> Path:
    days = [AS_OF - timedelta(days=37 * n) if n % 5 else None for n in range(SOME)]
    times = [datetime(2025, 6, 1) + timedelta(days=3 * n) for n in range(SOME)]
    pq.write_table(pa.table({
        "x": pa.array(NUMBERS, pa.float64()), "city": ["上海" if n % 3 else None for n in range(SOME)],
        "note": [f"备注{'!' * (n % 4)}" for n in range(SOME)], "born": pa.array(days, pa.date32()),
        "at": pa.array(times, pa.timestamp("us")), "seen": pa.array([t + timedelta(hours=49) for t in times], pa.timestamp("us")),
        "flag": [bool(n % 2) for n in range(SOME)], "id": [f"c{n % 12}" for n in range(SOME)],
        "customer_id": [f"c{n % 6}" for n in range(SOME)],
        "_file": pa.array([0] * SOME, pa.int32()), "_row": pa.array(range(SOME), pa.int64()),
    }), path)  # fmt: skip
    return path


COLUMNS = (
    plan.ProfileColumn("x", "number"), plan.ProfileColumn("city", "value"), plan.ProfileColumn("note", "length"),
    plan.ProfileColumn("born", "age"), plan.ProfileColumn("seen", "delay", "at"), plan.ProfileColumn("flag", "value"),
)  # fmt: skip


def asked(engine: Engine) -> dict[str, Any]:
    """Every kind of query, as plain values."""
    condition = exp.GT(this=exp.column("x", quoted=True), expression=exp.Literal.number(0))
    facts = plan.FactQuery(("city",), ("id",), ("born",), {"positive": condition}, "at", datetime(2025, 7, 1))
    engine.run(plan.plan_facts("q", "facts", facts))
    engine.run(plan.plan_duplicates("q", "copies", ("city", "flag")))
    found: dict[str, Any] = {"facts": engine.fetch("facts").to_pylist(), "copies": engine.fetch("copies").to_pylist()}
    rows: list[tuple[Any, ...]] = []
    for step in plan.plan_profiles("q", "profile", COLUMNS, rows=SOME, as_of=AS_OF, buckets=BUCKETS):
        engine.run(step)
        rows += [tuple(row.values()) for row in engine.fetch(step.output).to_pylist()]
    found["profile"] = sorted(rows, key=str)
    for name in ("a", "b"):
        engine.run(plan.plan_described("q", f"described_{name}", ("city", "born")))
    engine.run(plan.plan_agreement("described_a", "described_b", "same", ("city", "born")))
    engine.run(plan.plan_accuracy("q", "q", "true", on=("id", "id"), fields=("city", "x")))
    found |= {name: engine.fetch(name).to_pylist() for name in ("same", "true")}
    return found


@pytest.fixture
def on_duckdb(tmp_path: Path) -> dict[str, Any]:
    engine = DuckdbEngine(temp=tmp_path)
    engine.register("q", table(tmp_path / "q.parquet"))
    found = asked(engine)
    engine.close()
    return found


def test_buckets_are_those_of_python(on_duckdb: dict[str, Any]) -> None:
    counted = {key: rows for at, key, rows in on_duckdb["profile"] if at == 0}
    expected = Counter(str(bucket_of(x)) if x is not None else None for x in NUMBERS)
    assert counted == expected
    ages = {key for at, key, _ in on_duckdb["profile"] if at == 3}
    assert str(bucket_of(37.0)) in ages
    assert None in ages
    assert {key for at, key, _ in on_duckdb["profile"] if at == 4} == {str(bucket_of(49.0))}


def test_facts_are_exact(on_duckdb: dict[str, Any]) -> None:
    (facts,) = on_duckdb["facts"]
    assert (facts["rows"], facts["k:id"], facts["u:id"], facts["d:city"]) == (16, 16, 12, 1)
    assert (facts["c:positive"], facts["w:positive"]) == (10, 15)
    assert (facts["newest"], facts["later"]) == (datetime(2025, 6, 28), 6)
    assert on_duckdb["copies"] == [{"copies": 12}]


@pytest.mark.spark
def test_spark_counts_the_same(on_duckdb: dict[str, Any], spark: Engine, tmp_path: Path) -> None:
    spark.register("q", table(tmp_path / "s.parquet"))
    found = asked(spark)
    for name, expected in on_duckdb.items():
        assert found[name] == expected, name
