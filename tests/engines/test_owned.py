"""Rows of single customers."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlglot

from huaxiang.engines import owned
from huaxiang.engines.blocks import write_blocks
from huaxiang.engines.owned import OwnedRows
from huaxiang.engines.row_groups import RowGroups
from huaxiang.errors import ValueRangeError

EACH = 5
OWNERS = [f"c{n:03}" for n in range(40) if n % 4]


def orders() -> pa.Table:
    """Rows sorted by customer, EACH of them, some without a moment, and rows of nobody at the end."""
    ids = [owner for owner in OWNERS for _ in range(EACH)] + [None] * 30
    moments = [None if n % 11 == 0 else datetime(2024, 1, 1 + n % 9) for n in range(len(ids))]
    return pa.table({
        "customer_id": pa.array(ids, pa.string()), "ordered_at": pa.array(moments, pa.timestamp("us")),
        "amount": pa.array(range(len(ids)), pa.int64()), "_row": pa.array(range(len(ids)), pa.int64()),
    })  # fmt: skip


@pytest.fixture(params=["small", "large", "untold", "unsorted"])
def rows(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OwnedRows:
    """The table in row groups that cut customers in two, in some that are too large to unpack, without statistics, and unsorted."""
    table, told = orders(), request.param != "untold"
    if request.param == "large":
        monkeypatch.setattr(owned, "_MOST_CELLS", 0)
    if request.param == "unsorted":
        table = table.take(pa.array(sorted(range(len(table)), key=lambda n: n * 37 % 101)))
    pq.write_table(table, tmp_path / "orders.parquet", row_group_size=12, write_statistics=told)
    return OwnedRows({"orders": tmp_path / "orders.parquet"})


def expected(owner: str) -> list[dict[str, object]]:
    return [row for row in orders().to_pylist() if row["customer_id"] == owner]


def test_all_rows_of_a_customer_and_no_others(rows: OwnedRows) -> None:
    for owner in ("c001", "c002", "c023", "c039"):
        found = rows.rows("orders", owner, ["amount", "customer_id", "ordered_at", "_row"])
        assert sorted(found, key=lambda row: row["_row"]) == expected(owner)
        assert list(found[0]) == ["amount", "customer_id", "ordered_at", "_row"]
    for nobody in ("", "c000", "c0015", "c999"):
        assert rows.rows("orders", nobody, ["amount"]) == []


def test_the_latest_first_and_what_has_no_moment_last(rows: OwnedRows) -> None:
    wanted = sorted(expected("c003"), key=lambda r: (r["ordered_at"] or datetime(1, 1, 1), r["_row"]), reverse=True)
    assert wanted[-1]["ordered_at"] is None
    found = rows.rows("orders", "c003", ["amount"], latest=["ordered_at", "_row"])
    assert found == [{"amount": row["amount"]} for row in wanted]
    assert rows.rows("orders", "c003", ["amount"], latest=["ordered_at", "_row"], limit=2) == found[:2]


def test_rows_are_counted_with_their_first_and_last_moment(rows: OwnedRows) -> None:
    moments = [row["ordered_at"] for row in expected("c003") if row["ordered_at"] is not None]
    assert rows.counts("c003", {"orders": "ordered_at"}) == {"orders": (EACH, min(moments), max(moments))}
    assert rows.counts("c003", {"orders": None}) == {"orders": (EACH, None, None)}
    assert rows.counts("c000", {"orders": "ordered_at"}) == {"orders": (0, None, None)}


def test_a_row_by_another_key(tmp_path: Path) -> None:
    pq.write_table(pa.table({"old": ["b", "a", "b"], "new": ["x", "y", "z"]}), tmp_path / "moved.parquet")
    rows = OwnedRows({"moved": tmp_path / "moved.parquet"})
    assert rows.find("moved", "old", "b") == {"old": "b", "new": "x"}
    assert rows.find("moved", "old", "a", ["new"]) == {"new": "y"}
    assert rows.find("moved", "old", "x") is None


def test_expressions_over_the_rows_of_a_customer(rows: OwnedRows) -> None:
    double = sqlglot.parse_one("Amount * 2 + 0 * _row", dialect="duckdb")
    found = rows.evaluate("orders", "c005", [double, sqlglot.parse_one("1")])
    assert sorted(found) == [(row["amount"] * 2, 1) for row in expected("c005")]  # type: ignore[operator]
    assert rows.evaluate("orders", "c000", [double]) == []
    beyond = sqlglot.parse_one("cast(amount * 9223372036854775807 as bigint)", dialect="duckdb")
    with pytest.raises(ValueRangeError):
        rows.evaluate("orders", "c005", [beyond])


@pytest.mark.parametrize("with_blocks", [True, False])
def test_a_wide_row_is_the_same_from_blocks_and_from_the_table(tmp_path: Path, with_blocks: bool) -> None:
    table = pa.table({"customer_id": OWNERS, **{f"n{n}": [n] * len(OWNERS) for n in range(30)}})
    pq.write_table(table, tmp_path / "customers.parquet", row_group_size=7)
    if with_blocks:
        write_blocks(table.schema, table.to_batches(), tmp_path / "customers.arrow")
    rows = OwnedRows({"customers": tmp_path / "customers.parquet"}, tmp_path)
    assert rows.columns("customers") == tuple(table.column_names)
    assert rows.row("customers", "c005") == {"customer_id": "c005", **{f"n{n}": n for n in range(30)}}
    assert rows.row("customers", "c005", ["n7", "customer_id"]) == {"n7": 7, "customer_id": "c005"}
    assert rows.row("customers", "c000") is None
    assert rows.row("customers", "c000", ["n7"]) is None


def test_only_row_groups_that_may_hold_a_customer_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pq.write_table(orders(), tmp_path / "orders.parquet", row_group_size=12)
    read: list[int] = []
    whole = RowGroups._group
    monkeypatch.setattr(RowGroups, "_group", lambda self, n, columns: read.append(n) or whole(self, n, columns))
    rows = OwnedRows({"orders": tmp_path / "orders.parquet"})
    assert [row["amount"] for row in rows.rows("orders", "c003", ["amount"])] == [10, 11, 12, 13, 14]
    assert set(read) == {0, 1}
    read.clear()
    assert rows.counts("c003", {"orders": None})["orders"][0] == EACH
    assert read == []  # where they lie is known


def test_rows_by_their_numbers(tmp_path: Path) -> None:
    import numpy as np

    pq.write_table(orders(), tmp_path / "orders.parquet", row_group_size=12)
    file = RowGroups(tmp_path / "orders.parquet")
    wanted = np.array([0, 11, 12, 60], dtype=np.int64)
    assert file.read(file.at(wanted), ["amount"]).column(0).to_pylist() == wanted.tolist()
    assert file.read(file.at(wanted[:0]), ["amount"]).num_rows == 0


def test_rows_of_many_row_groups_do_not_hold_them_all(tmp_path: Path) -> None:
    import numpy as np

    table = pa.table({"customer_id": [f"c{n:06}" for n in range(40_000)]})
    pq.write_table(table, tmp_path / "records.parquet", row_group_size=1_000)
    file = RowGroups(tmp_path / "records.parquet")
    wanted = np.arange(500, 40_000, 1_000, dtype=np.int64)
    found = file.read(file.at(wanted), ["customer_id"])
    assert found.column(0).to_pylist() == [f"c{n:06}" for n in wanted]
    assert found.get_total_buffer_size() < table.nbytes / 10
