"""The DuckDB engine: tables by logical name, byte-equal saves, nothing left behind."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlglot
from sqlglot import exp

from huaxiang.engines.duckdb import DuckdbEngine
from huaxiang.errors import UsageError
from huaxiang.plan.nodes import SqlStep


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[DuckdbEngine]:
    engine = DuckdbEngine(threads=2, temp=tmp_path)
    yield engine
    engine.close()


def _table(rows: int, seed: int) -> pa.Table:
    order = list(range(rows))
    random.Random(seed).shuffle(order)
    return pa.table(
        {
            "id": [f"c{i % (rows // 2):06d}" for i in order],
            "n": pa.array([i if i % 7 else None for i in order], pa.int64()),
            "money": pa.array([Decimal(i).scaleb(-4) for i in order], pa.decimal128(18, 4)),
            "at": pa.array([datetime(2024, 1, 1 + i % 28) for i in order], pa.timestamp("us")),
            "likes": [["茶", str(i % 3)] if i % 5 else None for i in order],
        }
    )


def _step(text: str, output: str = "out", inputs: tuple[str, ...] = ()) -> SqlStep:
    query = sqlglot.parse_one(text, read="duckdb")
    assert isinstance(query, exp.Query)
    return SqlStep(output, inputs, query, origin=("tag x · tags/a.yaml:3",))


def _saved(table: pa.Table, folder: Path, name: str, threads: int) -> bytes:
    pq.write_table(table, folder / f"{name}.in.parquet", row_group_size=1000 * threads)
    engine = DuckdbEngine(threads=threads, temp=folder)
    engine.register("t", folder / f"{name}.in.parquet")
    engine.run(_step("SELECT * FROM t", inputs=("t",)))
    assert engine.save("out", folder / f"{name}.parquet", order_by=("id",)) == table.num_rows
    engine.close()
    return (folder / f"{name}.parquet").read_bytes()


def test_equal_content_saves_equal_bytes_whatever_the_order_of_rows_and_threads(tmp_path: Path) -> None:
    rows = 200_000
    assert _saved(_table(rows, 1), tmp_path, "one", 1) == _saved(_table(rows, 2), tmp_path, "two", 2)
    written = pq.read_table(tmp_path / "one.parquet")
    assert written["id"].to_pylist() == sorted(written["id"].to_pylist())
    groups = pq.ParquetFile(tmp_path / "one.parquet").metadata
    assert [groups.row_group(i).num_rows for i in range(groups.num_row_groups)] == [131_072, rows - 131_072]


def test_values_and_types_survive_a_save(engine: DuckdbEngine, tmp_path: Path) -> None:
    table = _table(50, 3)
    pq.write_table(table, tmp_path / "t.parquet")
    engine.register("t", tmp_path / "t.parquet")
    engine.save("t", tmp_path / "out.parquet", order_by=("money",))
    saved = pq.read_table(tmp_path / "out.parquet")
    assert saved.to_pylist() == table.sort_by("money").to_pylist()
    assert dict(engine.types("t")) == {
        "id": "VARCHAR", "n": "BIGINT", "money": "DECIMAL(18,4)", "at": "TIMESTAMP", "likes": "VARCHAR[]",
    }  # fmt: skip


def test_a_folder_of_files_is_one_table(engine: DuckdbEngine, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for i in range(3):
        pq.write_table(pa.table({"x": [i]}), folder / f"{i}.parquet")
    engine.register("many", folder)
    assert sorted(engine.fetch("many", ("x",))["x"].to_pylist()) == [0, 1, 2]


def test_dotted_and_quoted_names_mean_the_same_table(engine: DuckdbEngine, tmp_path: Path) -> None:
    pq.write_table(pa.table({"x": [2]}), tmp_path / "t.parquet")
    engine.register("unified.orders", tmp_path / "t.parquet")
    for text in (
        "SELECT orders.x FROM unified.orders",
        'SELECT x FROM "unified.orders"',
        "SELECT o.x FROM unified.orders AS o",
    ):
        engine.run(_step(text, inputs=("unified.orders",)))
        assert engine.fetch("out")["x"].to_pylist() == [2]


def test_a_cte_hides_a_table_of_its_name(engine: DuckdbEngine, tmp_path: Path) -> None:
    pq.write_table(pa.table({"x": [2]}), tmp_path / "t.parquet")
    engine.register("t", tmp_path / "t.parquet")
    engine.run(_step("WITH t AS (SELECT 1 AS x) SELECT x FROM t"))
    assert engine.fetch("out")["x"].to_pylist() == [1]


def test_a_view_may_become_a_table(engine: DuckdbEngine, tmp_path: Path) -> None:
    pq.write_table(pa.table({"x": [2]}), tmp_path / "t.parquet")
    engine.register("out", tmp_path / "t.parquet")
    engine.run(_step("SELECT 5 AS x"))
    assert engine.fetch("out")["x"].to_pylist() == [5]


def test_the_sql_names_the_definitions_it_serves(engine: DuckdbEngine) -> None:
    assert engine.sql(_step("SELECT 1 AS x")).startswith("-- tag x · tags/a.yaml:3\nSELECT")


def test_rounding_infinity_to_an_integer_gives_null(engine: DuckdbEngine) -> None:
    engine.run(_step("SELECT CAST(FLOOR(x) AS BIGINT) AS x FROM (SELECT CAST('inf' AS DOUBLE) AS x)"))
    assert engine.fetch("out")["x"].to_pylist() == [None]


def test_a_missing_file_is_named(engine: DuckdbEngine, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match='table "orders": no Parquet file'):
        engine.register("orders", tmp_path / "none.parquet")


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    engine = DuckdbEngine(temp=tmp_path)
    engine.run(_step("SELECT 1 AS x"))
    engine.close()
    assert list(tmp_path.iterdir()) == []
