"""Wide rows in blocks."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from huaxiang.engines import blocks
from huaxiang.engines.blocks import BLOCK, Blocks, write_blocks

SIZE = BLOCK * 2 + 88


def people(size: int = SIZE) -> pa.Table:
    """Customers in the order of their IDs, with a column of each type that tables have, and gaps in each."""

    def gaps(values: list[object]) -> list[object]:
        return [None if n % 7 == 3 else value for n, value in enumerate(values)]

    numbers = range(size)
    return pa.table({
        "customer_id": [f"c{n:05}" for n in numbers],
        "city": pa.array(gaps([("上海", "北京", "")[n % 3] for n in numbers]), pa.string()),
        "likes": pa.array(gaps([["茶", None][: n % 3] for n in numbers]), pa.list_(pa.string())),
        "orders": pa.array(gaps(list(numbers)), pa.int64()),
        "score": pa.array(gaps([n / 3 for n in numbers]), pa.float64()),
        "spend": pa.array(gaps([Decimal(n) / 10000 for n in numbers]), pa.decimal128(38, 4)),
        "vip": pa.array(gaps([n % 2 == 0 for n in numbers]), pa.bool_()),
        "born": pa.array(gaps([date(1990, 1, 1 + n % 28) for n in numbers]), pa.date32()),
        "seen": pa.array(gaps([datetime(2024, 1, 1, 0, 0, n % 60, 7) for n in numbers]), pa.timestamp("us")),
    })  # fmt: skip


def test_every_row_is_that_of_the_table(tmp_path: Path) -> None:
    table = people()
    assert write_blocks(table.schema, table.to_batches(), tmp_path / "people.arrow") == SIZE
    found = Blocks.open(tmp_path / "people.arrow")
    assert found is not None
    assert found.columns == tuple(table.column_names)
    assert [found.row(f"c{n:05}") for n in range(SIZE)] == table.to_pylist()


def test_an_unknown_customer_has_none(tmp_path: Path) -> None:
    table = people()
    write_blocks(table.schema, table.to_batches(), tmp_path / "people.arrow")
    found = Blocks.open(tmp_path / "people.arrow")
    assert found is not None
    assert [found.row(name) for name in ("", "a", "c00000x", f"c{SIZE:05}", "z")] == [None] * 5


def test_a_table_without_rows_has_no_blocks(tmp_path: Path) -> None:
    table = people(0)
    assert write_blocks(table.schema, table.to_batches(), tmp_path / "people.arrow") == 0
    found = Blocks.open(tmp_path / "people.arrow")
    assert found is not None
    assert found.row("c00000") is None


def test_values_are_the_same_however_the_rows_came(tmp_path: Path) -> None:
    table = people()
    for name, size in (("whole", SIZE), ("odd", 37), ("one", 1)):
        write_blocks(table.schema, table.to_batches(max_chunksize=size), tmp_path / name)
        found = Blocks.open(tmp_path / name)
        assert found is not None
        assert [found.row(f"c{n:05}") for n in (0, 36, 255, 256, SIZE - 1)] == [
            table.slice(n, 1).to_pylist()[0] for n in (0, 36, 255, 256, SIZE - 1)
        ]


def test_none_where_there_is_no_file_or_one_of_another_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Blocks.open(tmp_path / "people.arrow") is None
    table = people(3)
    with monkeypatch.context() as older:
        older.setattr(blocks, "VERSION", b"0")
        write_blocks(table.schema, table.to_batches(), tmp_path / "people.arrow")
    assert Blocks.open(tmp_path / "people.arrow") is None
