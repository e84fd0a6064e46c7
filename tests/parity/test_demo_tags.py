"""The whole tag stage of the demo on a real Spark equals DuckDB's, for every household and tag."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.shared import made_once

from huaxiang.app.demo import run_demo
from huaxiang.app.wiring import make_engine
from huaxiang.engines.base import Engine
from huaxiang.plan.columns import output_names
from huaxiang.run.context import AsOf, Build
from huaxiang.run.tagging import compute_tags, draw_profile
from huaxiang.spec.loader import load_project
from huaxiang.stages.identify import plan_customers, unified_table
from huaxiang.store.lock import BuildLock
from huaxiang.store.snapshots import Snapshot, SnapshotStore

pytestmark = [pytest.mark.spark, pytest.mark.slow]


def _tags_by(engine: Engine, work: Build, snapshot: Snapshot, out: Path) -> None:
    """Run profile and tag on an engine over the unified rows that a build published."""
    sources = tuple(
        t["name"].removeprefix("source_") for t in snapshot.manifest["tables"] if t["name"].startswith("source_")
    )
    for name in sources:
        engine.register(unified_table(name), snapshot.table(f"source_{name}"))
    engine.run(plan_customers(sources))
    as_of = AsOf(date.fromisoformat(snapshot.manifest["as_of"]))
    draw_profile(work, sources, as_of)
    compute_tags(work, as_of)
    engine.save("tags", out, order_by=("customer_id",))


def test_tags_of_the_demo_are_equal_on_spark(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = shutil.copytree(made_once(tmp_path_factory, "demo", run_demo)[0], tmp_path / "demo")
    project = load_project(folder)
    store = SnapshotStore(folder)
    with BuildLock(folder), store.current() as snapshot:
        draft = store.begin()
        engine = make_engine("spark", draft.scratch("spark"))
        try:
            work = Build(project, engine, draft, lambda *_told: None)
            _tags_by(engine, work, snapshot, tmp_path / "tags.parquet")
        finally:
            engine.close()
            draft.discard()
        columns = [c for t in project.tags.values() for c in output_names(t)]
        names = ["customer_id", *dict.fromkeys([*project.attributes, *columns])]
        spark = pq.read_table(tmp_path / "tags.parquet").select(names)
        duckdb = pq.read_table(snapshot.table("customers")).select(names)
    assert spark.num_rows == duckdb.num_rows == 2469
    assert len(names) > 60
    different = [n for n in names if spark.column(n).to_pylist() != duckdb.column(n).to_pylist()]
    assert different == []
    assert spark.schema.remove_metadata() == duckdb.schema.remove_metadata()
