"""Every measure of every shape gives the same values on Spark as on DuckDB, down to the bytes of the file."""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.engines.nodes import END, every_measure, every_node, table_of
from tests.engines.reference import Row
from tests.parity.edge import rows_of

from huaxiang.engines.duckdb import DuckdbEngine
from huaxiang.engines.spark import SparkEngine

pytestmark = pytest.mark.spark


def _rows() -> list[Row]:
    """Rows with many ties and gaps: few moments, few categories, customers with one row, none that counts, or none at all."""
    draw = random.Random(11)
    moments = [
        END - timedelta(days=d, microseconds=u) for d in (-1, 0, 1, 29, 30, 31, 60, 90, 91, 400) for u in (0, 1)
    ] + [None]
    amounts = [None, *map(Decimal, "0.0000 1.0000 -1.0000 2.5000 0.0001 99999999999.9999 -0.3333".split())]
    quantities = [None, 0.0, -0.0, 0.1, 0.2, 0.3, 1.5, -2.25, 1e10 + 0.1, 123456.789, float("inf"), float("nan")]
    keys = [None, *(f"客户{i}" for i in range(12))]
    rows = [
        {
            "customer_id": draw.choice(keys), "at": draw.choice(moments), "amount": draw.choice(amounts),
            "category": draw.choice([None, "", "a", "A", "茶", "é", "e\u0301", "😀"]), "quantity": draw.choice(quantities),
            "points": draw.choice([None, 0, 1, -1, 7, 2**40]), "coupon": draw.choice([None, True, False]),
        }
        for _ in range(500)
    ]  # fmt: skip
    lone = dict.fromkeys(rows[0])
    return [
        *rows,
        lone | {"customer_id": "empty"},
        lone | {"customer_id": "late", "at": END},
        lone | {"customer_id": "one", "at": END - timedelta(days=2)},
    ]


@pytest.fixture(scope="module")
def files(spark: SparkEngine, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("aggregates")
    pq.write_table(table_of(_rows()), folder / "orders.parquet")
    node, duckdb = every_node(), DuckdbEngine(threads=2)
    try:
        for engine in (duckdb, spark):
            engine.register(node.source, folder / "orders.parquet")
            engine.run(node)
            engine.save(node.output, folder / f"{engine.name}.parquet", order_by=("customer_id",))
    finally:
        duckdb.close()
    return folder / "duckdb.parquet", folder / "spark.parquet"


@pytest.fixture(scope="module")
def tables(files: tuple[Path, Path]) -> tuple[pa.Table, pa.Table]:
    return pq.read_table(files[0]), pq.read_table(files[1])


@pytest.mark.parametrize("name", [m.name for m in every_measure()[0]])
def test_measure_gives_equal_values(name: str, tables: tuple[pa.Table, pa.Table]) -> None:
    ours, theirs = tables
    assert theirs["customer_id"].equals(ours["customer_id"])
    assert theirs[name].type == ours[name].type
    assert rows_of(theirs, name) == rows_of(ours, name)
    assert any(v is not None for v in ours[name].to_pylist()), "only NULLs"


def test_saved_files_are_byte_equal(files: tuple[Path, Path]) -> None:
    assert files[0].read_bytes() == files[1].read_bytes()


def test_types_are_told_in_duckdbs_names(spark: SparkEngine, files: tuple[Path, Path]) -> None:
    duckdb = DuckdbEngine(threads=1)
    duckdb.register("saved", files[0])
    spark.register("saved", files[1])
    assert dict(spark.types("saved")) == dict(duckdb.types("saved"))
    assert spark.fetch("saved", ("customer_id",)).equals(duckdb.fetch("saved", ("customer_id",)))
    duckdb.close()
