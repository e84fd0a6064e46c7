"""What customers did, lists, samples and ranks are the same on Spark as on DuckDB."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.engines.behaviour_build import built
from tests.engines.behaviour_world import (
    AS_OF,
    CUSTOMERS,
    TABLES,
    make_behaviour,
    make_sequence,
    make_world,
    meaning,
)

from huaxiang.engines.behaviour_sql import behaviour_sets
from huaxiang.engines.duckdb import DuckdbEngine
from huaxiang.engines.spark import SparkEngine
from huaxiang.engines.spark_words import SparkWords
from huaxiang.plan.condition_calls import text_of
from huaxiang.plan.conditions import Behaviour, InList, Part, Sample, Sequence, Top
from huaxiang.plan.nodes import SqlStep
from huaxiang.stages.audience_parts import list_table

pytestmark = pytest.mark.spark


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    found = make_world(random.Random(7)).write(tmp_path)
    spend = pa.array([5.5, 7, None, 7, 1, 9, -0.0, 3, 3, 0.0, 8, None])
    pq.write_table(pa.table({"customer_id": CUSTOMERS, "spend": spend}), found["customers"])
    found[list_table("vip")] = tmp_path / "vip.parquet"
    pq.write_table(pa.table({"customer_id": ["C01", "C01", None, "C05", "gone"]}), found[list_table("vip")])
    return found


def parts() -> list[Part]:
    rng = random.Random(8)
    drawn = [*(make_behaviour(rng) for _ in range(30)), *(make_sequence(rng) for _ in range(4))]
    others = [
        InList("vip"),
        Sample(0.5, "种子"),
        Top(4, "spend", InList("vip")),
        Top(3, "spend"),
        Top(3, "spend", lowest=True),
    ]
    return list(dict.fromkeys([*drawn, *others]))


def test_the_build_gives_the_same(files: dict[str, Path], spark: SparkEngine) -> None:
    duckdb = DuckdbEngine()
    try:
        ours = built(parts(), files, duckdb)
    finally:
        duckdb.close()
    theirs = built(parts(), files, spark)
    assert {text_of(p): a for p, a in theirs.items()} == {text_of(p): a for p, a in ours.items()}


def test_one_select_means_the_same(files: dict[str, Path], spark: SparkEngine) -> None:
    rng = random.Random(7)
    world = make_world(rng)
    chosen = [p for p in parts() if isinstance(p, (Behaviour, Sequence))][::6]
    for table, path in files.items():
        spark.register(table, path)
    for part in chosen:
        sets = behaviour_sets(part, TABLES, AS_OF, SparkWords())
        spark.run(SqlStep("sets", sets.inputs, sets.query))
        rows = {r["customer_id"]: r["met"] for r in spark.fetch("sets").to_pylist()}
        expected = {c: meaning(world, part, c) for c in CUSTOMERS}
        assert dict.fromkeys(CUSTOMERS, sets.otherwise) | rows == expected, text_of(part)
