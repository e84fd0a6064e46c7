"""Engines of one process share Spark: closing one leaves the others' tables alone."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from huaxiang.engines.spark import SparkEngine

pytestmark = pytest.mark.spark


def rows(folder: Path, values: list[int]) -> Path:
    folder.mkdir(exist_ok=True)
    pq.write_table(pa.table({"a": values}), folder / "t.parquet")
    return folder / "t.parquet"


def test_closing_one_leaves_the_other(tmp_path: Path) -> None:
    first, second = SparkEngine(temp=tmp_path), SparkEngine(temp=tmp_path)
    first.register("t", rows(tmp_path / "first", [1, 2]))
    second.register("t", rows(tmp_path / "second", [3]))
    first.close()
    assert second.types("t") == {"a": "BIGINT"}
    assert second.save("t", tmp_path / "saved.parquet") == 1
    first.close()
    assert pq.read_table(tmp_path / "saved.parquet").to_pydict() == {"a": [3]}
    second.close()
    third = SparkEngine(temp=tmp_path)
    third.register("t", rows(tmp_path / "third", [4, 5, 6]))
    assert third.save("t", tmp_path / "again.parquet") == 3
    third.close()
    assert not [p for p in tmp_path.iterdir() if p.name.startswith("huaxiang-spark-")]
