"""Counting under conditions that are unknown, or can't be computed, for the customers there are."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlglot import parse_one

from huaxiang.engines.reader import ParquetReader
from huaxiang.errors import ValueRangeError


@pytest.fixture
def table(tmp_path: Path) -> Path:
    columns = {"a": pa.array([917, 5], pa.int64()), "n": pa.array([None, None], pa.int64())}
    pq.write_table(pa.table(columns), tmp_path / "t.parquet")
    return tmp_path / "t.parquet"


def test_a_condition_unknown_for_everyone_counts_none(table: Path) -> None:
    with ParquetReader(table) as reader:
        assert reader.count(parse_one("n > 0")) == (0, 2)


def test_overflow_is_told_without_the_value(table: Path) -> None:
    with ParquetReader(table) as reader, pytest.raises(ValueRangeError, match="the condition: ") as caught:
        reader.count(parse_one("a * 9223372036854775807 > 1"))
    assert "917" not in str(caught.value)
