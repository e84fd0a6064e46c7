"""Rows on which engines could differ: NULLs, ties, zeros, negatives, unicode, boundary dates, not-numbers."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

ARROW = {
    "VARCHAR": pa.string(), "BIGINT": pa.int64(), "DOUBLE": pa.float64(), "BOOLEAN": pa.bool_(), "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us"), "DECIMAL(18,4)": pa.decimal128(18, 4), "VARCHAR[]": pa.list_(pa.string()),
}  # fmt: skip
VALUES: dict[str, Sequence[Any]] = {
    "DECIMAL(18,4)": [None, *map(Decimal, "0 1 -1 0.0001 -0.0001 19.9900 2.5 3.5 -2.5 99.5 99.5001 1234567890.1234 -99999999.9999".split())],
    "BIGINT": [None, 0, 1, -1, 2, 3, 7, -7, 10, 365, 9999, -9999],
    "DOUBLE": [
        None, 0.0, -0.0, 1.0, -1.0, 0.1, 0.5, 1.5, 2.5, -2.5, 0.005, 1.005, 2.675, 0.125, 1e-9, 123456.785, 1e15 + 0.3,
        -1e15, 0.30000000000000004, 100.0, float("nan"), float("inf"), float("-inf"),
    ],
    "VARCHAR": [
        None, "", " ", "上海", "北京", "上海-浦东", "a-b-c", "-", "--", "Milk", "MILK tea", "milkshake", "  padded  ", "\u3000全角\u3000",
        "Ａ１", "é", "É", "e\u0301", "😀😀x", "12", " 12 ", "12.5", "-3", "1e3", "１２", "2024-02-30", "2024-02-29", "A1", "a_b", "a%b", "Zz",
        "O'Hara", "line\nbreak", "tab\t", "\\d+", "çay", "ΣΑΣ", "buzz",
    ],
    "DATE": [
        None, date(1900, 1, 1), date(1969, 12, 31), date(1970, 1, 1), date(1988, 2, 29), date(1990, 12, 31), date(1999, 12, 31),
        date(2000, 2, 29), date(2023, 2, 28), date(2024, 2, 29), date(2024, 3, 1), date(2024, 12, 29), date(2024, 12, 30), date(9999, 12, 31),
    ],
    "TIMESTAMP": [
        None, datetime(1900, 1, 1), datetime(1969, 12, 31, 23, 59, 59, 999999), datetime(1970, 1, 1), datetime(2023, 2, 28, 23, 59, 59),
        datetime(2024, 2, 29), datetime(2024, 2, 29, 0, 0, 0, 1), datetime(2024, 3, 10, 2, 30), datetime(2024, 6, 1, 12), datetime(2024, 7, 1),
        datetime(2024, 10, 27, 1, 30), datetime(2024, 12, 29, 23), datetime(2024, 12, 30), datetime(2024, 12, 31, 23, 59, 59, 999999),
    ],
    "BOOLEAN": [None, True, False],
    "VARCHAR[]": [None, [], ["运动"], ["运动", "美食"], ["美食", "运动", "旅行"], ["旅行"], ["运动", "运动"], [""]],
}  # fmt: skip
"""Values of each type, the awkward ones among them."""


def edge_table(columns: dict[str, str], rows: int = 400, seed: int = 7) -> pa.Table:
    """A table of `rows` rows: every value of every column occurs, combinations are drawn at random. `_row` numbers them."""
    draw = random.Random(seed)
    data: dict[str, Any] = {"_row": pa.array(range(rows), pa.int64())}
    for name, kind in columns.items():
        cycle = list(itertools.islice(itertools.cycle(VALUES[kind]), rows))
        draw.shuffle(cycle)
        data[name] = pa.array(cycle, ARROW[kind])
    return pa.table(data)


def write(table: pa.Table, path: Path) -> Path:
    """Write a table as the engines find it."""
    pq.write_table(table, path)
    return path


def rows_of(table: pa.Table, column: str) -> list[Any]:
    """A column's values in a form in which equal means identical: NaN equals NaN, 0.0 differs from -0.0."""
    return [repr(v) if isinstance(v, float) else v for v in table[column].to_pylist()]
