"""Reads published Parquet tables: counts, rows and batches under a condition. Never writes, except the file of an export."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
from sqlglot import exp

from huaxiang.errors import ValueRangeError

_BATCH = 10_000


class ParquetReader:
    """One Parquet table, opened for reading in an in-memory DuckDB. Conditions are checked sqlglot trees (DuckDB dialect)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = duckdb.connect(config={"autoinstall_known_extensions": False})

    def count(self, where: exp.Expression | None = None) -> tuple[int, int]:
        """Return (rows that meet `where`, all rows). An unknown (NULL) condition is not met."""
        met = exp.Count(this=exp.Star()) if where is None else exp.CountIf(this=where)
        row = self._run(exp.select(met, exp.Count(this=exp.Star())), ()).fetchone()
        assert row is not None  # an aggregate always gives one row
        return int(row[0] or 0), int(row[1])  # count_if over conditions that are all unknown is NULL

    def rows(
        self,
        columns: Sequence[exp.Expression | str],
        where: exp.Expression | None = None,
        *,
        values: Sequence[Any] = (),
        order_by: Sequence[str] = (),
        limit: int | None = None,
    ) -> list[tuple[Any, ...]]:
        """Return rows as tuples of Python values. `columns` are names or expressions; `values` fill the `?` of `where`."""
        query = self._select(columns, where, order_by)
        if limit is not None:
            query = query.limit(limit)
        return list(self._run(query, values).fetchall())

    def batches(
        self, columns: Sequence[str], where: exp.Expression | None = None, *, order_by: Sequence[str] = ()
    ) -> Iterator[list[tuple[Any, ...]]]:
        """Yield the rows in lists of at most 10,000, for files that don't fit in memory."""
        result = self._run(self._select(columns, where, order_by), ())
        while batch := result.fetchmany(_BATCH):
            yield list(batch)

    def write_parquet(
        self, columns: Sequence[str], where: exp.Expression | None, to: Path, *, order_by: Sequence[str] = ()
    ) -> int:
        """Write the rows to a Parquet file; return how many."""
        from pyarrow import parquet

        query = self._select(columns, where, order_by)
        query = query.from_(self._source())
        batches = self._connection.sql(query.sql("duckdb"), params=[str(self._path)]).to_arrow_reader(_BATCH * 10)
        rows = 0
        with parquet.ParquetWriter(to, batches.schema, compression="zstd") as writer:
            for batch in batches:
                writer.write_batch(batch)
                rows += batch.num_rows
        return rows

    def close(self) -> None:
        """Free the connection."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _select(
        self, columns: Sequence[exp.Expression | str], where: exp.Expression | None, order_by: Sequence[str]
    ) -> exp.Select:
        query = exp.select(*(_column(column) for column in columns))
        if where is not None:
            query = query.where(where)
        return query.order_by(*(_column(name) for name in order_by)) if order_by else query

    def _source(self) -> exp.Table:
        return exp.Table(this=exp.Anonymous(this="read_parquet", expressions=[exp.Placeholder()]))

    def _run(self, query: exp.Select, values: Sequence[Any]) -> duckdb.DuckDBPyConnection:
        text = query.from_(self._source()).sql("duckdb")
        try:
            return self._connection.execute(text, [str(self._path), *values])
        except duckdb.DataError:  # its message holds the value
            raise ValueRangeError(("the condition",)) from None


def _column(column: exp.Expression | str) -> exp.Expression:
    return exp.column(column, quoted=True) if isinstance(column, str) else column
