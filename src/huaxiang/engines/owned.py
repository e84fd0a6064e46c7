"""Rows of single customers out of published tables that are sorted by customer: row groups that can't hold them are skipped by their
statistics, and what the files say of themselves is read once.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
from sqlglot import exp

from huaxiang.engines.duckdb_dialect import to_duckdb
from huaxiang.plan import sql

_ID = "customer_id"


class OwnedRows:
    """Tables of a snapshot by name, each with column customer_id. Safe to use from several threads."""

    def __init__(self, tables: Mapping[str, Path]) -> None:
        self._tables = tables
        self._lock = threading.Lock()
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._columns: dict[str, tuple[str, ...]] = {}

    def columns(self, table: str) -> tuple[str, ...]:
        """The names of the columns of a table, in its order."""
        found = self._columns.get(table)
        if found is None:
            from pyarrow import parquet

            found = self._columns[table] = tuple(parquet.read_schema(self._tables[table]).names)
        return found

    def counts(self, owner: str, times: Mapping[str, str | None]) -> dict[str, tuple[int, Any, Any]]:
        """How many rows each table has of a customer, with the first and last moment in its column of time (None where it has none).

        `times`: table → column of time.
        """
        parts: list[exp.Query] = []
        for table, time in times.items():
            moment: exp.Expression = sql.column(time) if time else exp.Null()
            named = (sql.named(exp.Literal.string(table), "name"), sql.named(exp.Count(this=exp.Star()), "rows"))
            ends = (sql.named(exp.Min(this=moment), "first"), sql.named(exp.Max(this=moment.copy()), "last"))
            parts.append(self._of(exp.select(*named, *ends), table))
        if not parts:
            return {}
        query = parts[0] if len(parts) == 1 else exp.union(*parts, distinct=False)
        return {row[0]: (int(row[1]), row[2], row[3]) for row in self._fetch(query, [owner] * len(parts))}

    def rows(
        self, table: str, owner: str, columns: Sequence[str], *, latest: Sequence[str] = (), limit: int | None = None
    ) -> list[dict[str, Any]]:
        """A customer's rows of a table by column; `latest`: the columns by which they are sorted, descending, without a value last."""
        query = self._of(exp.select(*(sql.column(name) for name in columns)), table)
        if latest:
            query = query.order_by(*(exp.Ordered(this=sql.column(n), desc=True, nulls_first=False) for n in latest))
        if limit is not None:
            query = query.limit(limit)
        return [dict(zip(columns, row, strict=True)) for row in self._fetch(query, [owner])]

    def _of(self, query: exp.Select, table: str) -> exp.Select:
        path = exp.Literal.string(str(self._tables[table]))
        source = exp.Table(this=exp.Anonymous(this="read_parquet", expressions=[path]))
        return query.from_(source).where(exp.EQ(this=sql.column(_ID), expression=exp.Placeholder()))

    def _fetch(self, query: exp.Query, values: list[str]) -> list[tuple[Any, ...]]:
        with self._lock:
            if self._connection is None:
                self._connection = duckdb.connect(config={"autoinstall_known_extensions": False})
                self._connection.execute("SET TimeZone = 'UTC'")
                self._connection.execute("SET parquet_metadata_cache = true")
            cursor = self._connection.cursor()
        try:
            return cursor.execute(to_duckdb(query), values).fetchall()
        finally:
            cursor.close()
