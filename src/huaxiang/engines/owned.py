"""Rows of single customers out of published tables: only the row groups that may hold them are read, and of wide tables a block of rows.

What the files say of themselves is read once. Row groups too large to be unpacked for one customer, as older versions wrote them, are
left to DuckDB, which skips what it doesn't need.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from huaxiang.engines.blocks import Blocks
from huaxiang.engines.duckdb_dialect import to_duckdb
from huaxiang.engines.row_groups import RowGroups
from huaxiang.errors import ValueRangeError
from huaxiang.plan import sql

_ID = "customer_id"
_MOST_CELLS = 600_000
"""Values of a row group up to which it is read whole: DuckDB needs some milliseconds to begin at all."""


@dataclass(frozen=True)
class _Wanted:
    """Rows whose `key` is `value`, sorted by the columns `latest`, descending."""

    key: str
    value: str
    columns: tuple[str, ...]
    latest: tuple[str, ...]
    limit: int | None


class OwnedRows:
    """Tables of a snapshot by name, each with column customer_id. Safe to use from several threads.

    `tables`: their Parquet files; `blocks`: the folder with the blocks (`engines.blocks`) of those that have some, under their names.
    """

    def __init__(self, tables: Mapping[str, Path], blocks: Path | None = None) -> None:
        self._tables = tables
        self._folder = blocks
        self._lock = threading.Lock()
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._opened: dict[str, RowGroups] = {}
        self._blocks: dict[str, Blocks | None] = {}

    def columns(self, table: str) -> tuple[str, ...]:
        """The names of the columns of a table, in its order."""
        blocks = self._blocks_of(table)
        return blocks.columns if blocks is not None else tuple(self._open(table).schema.names)

    def schema(self, table: str) -> pa.Schema:
        """The columns of a table with their types."""
        return self._open(table).schema

    def counts(self, owner: str, times: Mapping[str, str | None]) -> dict[str, tuple[int, Any, Any]]:
        """How many rows each table has of a customer, with the first and last moment in its column of time (None where it has none).

        `times`: table → column of time.
        """
        found: dict[str, tuple[int, Any, Any]] = {}
        for table, time in times.items():
            opened = self._open(table)
            places = opened.places(_ID, owner)
            ends = {"min": None, "max": None}
            if time and places:
                ends = pc.min_max(opened.read(places, [time]).column(0)).as_py()
            found[table] = sum(len(place.rows) for place in places), ends["min"], ends["max"]
        return found

    def row(self, table: str, owner: str, columns: Sequence[str] | None = None) -> dict[str, Any] | None:
        """The first row of a customer, all columns of the table unless some are named; None for an unknown one."""
        blocks = self._blocks_of(table)
        if blocks is None:
            return self.find(table, _ID, owner, columns)
        found = blocks.row(owner)
        return {name: found[name] for name in columns} if found is not None and columns is not None else found

    def rows(
        self, table: str, owner: str, columns: Sequence[str], *, latest: Sequence[str] = (), limit: int | None = None
    ) -> list[dict[str, Any]]:
        """A customer's rows of a table by column; `latest`: the columns by which they are sorted, descending, without a value last."""
        return self._rows(table, _Wanted(_ID, owner, tuple(columns), tuple(latest), limit))

    def find(self, table: str, key: str, value: str, columns: Sequence[str] | None = None) -> dict[str, Any] | None:
        """The first row of a table whose text column `key` is `value`, all columns unless some are named; None when there is none."""
        return next(iter(self._rows(table, _Wanted(key, value, tuple(columns or self.columns(table)), (), 1))), None)

    def all_of(self, table: str, key: str, value: str) -> list[dict[str, Any]]:
        """All rows of a table whose text column `key` is `value`."""
        return self._rows(table, _Wanted(key, value, self.columns(table), (), None))

    def at(self, table: str, numbers: npt.NDArray[np.int64], columns: Sequence[str]) -> list[dict[str, Any]]:
        """Rows of a table by their numbers, which ascend."""
        opened = self._open(table)
        return list(opened.read(opened.at(numbers), columns).to_pylist())

    def evaluate(self, table: str, owner: str, expressions: Sequence[exp.Expression]) -> list[tuple[Any, ...]]:
        """The values of checked expressions (DuckDB dialect) over a customer's rows of a table, in the table's order.

        Raises ValueRangeError when a value is beyond its type.
        """
        names = {column.name.lower() for each in expressions for column in each.find_all(exp.Column)}
        opened = self._open(table)
        mine = opened.read(opened.places(_ID, owner), [n for n in opened.schema.names if n.lower() in names] or [_ID])
        query = exp.select(*(each.copy() for each in expressions)).from_("mine")
        cursor = self._cursor()
        try:
            cursor.register("mine", mine)
            return list(cursor.execute(to_duckdb(query)).fetchall())
        except duckdb.DataError:  # its message holds the value
            raise ValueRangeError(("the expression of an attribute",)) from None
        finally:
            cursor.close()

    def _open(self, table: str) -> RowGroups:
        found = self._opened.get(table)
        if found is None:
            found = self._opened.setdefault(table, RowGroups(self._tables[table]))
        return found

    def _blocks_of(self, table: str) -> Blocks | None:
        if table not in self._blocks:
            path = self._folder / f"{table}.arrow" if self._folder is not None else None
            self._blocks[table] = Blocks.open(path) if path is not None else None
        return self._blocks[table]

    def _rows(self, table: str, wanted: _Wanted) -> list[dict[str, Any]]:
        opened = self._open(table)
        names = list(dict.fromkeys((*wanted.columns, *wanted.latest)))
        places = opened.places(wanted.key, wanted.value)
        if opened.cells(places, len(names)) > _MOST_CELLS:
            return self._asked(table, wanted)
        mine = opened.read(places, names)
        if wanted.latest:
            order = [(name, "descending") for name in wanted.latest]
            mine = mine.take(pc.sort_indices(mine, sort_keys=order))  # without a value last
        return list(mine.select(list(wanted.columns)).slice(0, wanted.limit).to_pylist())

    def _asked(self, table: str, wanted: _Wanted) -> list[dict[str, Any]]:
        """The same by DuckDB."""
        path = exp.Literal.string(str(self._tables[table]))
        source = exp.Table(this=exp.Anonymous(this="read_parquet", expressions=[path]))
        query = exp.select(*(sql.column(name) for name in wanted.columns)).from_(source)
        query = query.where(exp.EQ(this=sql.column(wanted.key), expression=exp.Placeholder()))
        if wanted.latest:
            by = (exp.Ordered(this=sql.column(n), desc=True, nulls_first=False) for n in wanted.latest)
            query = query.order_by(*by)
        if wanted.limit is not None:
            query = query.limit(wanted.limit)
        cursor = self._cursor()
        try:
            found = cursor.execute(to_duckdb(query), [wanted.value]).fetchall()
        finally:
            cursor.close()
        return [dict(zip(wanted.columns, row, strict=True)) for row in found]

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        with self._lock:
            if self._connection is None:
                self._connection = duckdb.connect(config={"autoinstall_known_extensions": False})
                self._connection.execute("SET TimeZone = 'UTC'")
                self._connection.execute("SET parquet_metadata_cache = true")
            return self._connection.cursor()
