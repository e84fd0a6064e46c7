"""Answers what an audience index can't: which customers of a published snapshot a query names, or a condition holds for."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sqlglot import exp

from huaxiang.engines.bind import bind_tables
from huaxiang.engines.buffers import flags_in, numbers_in
from huaxiang.engines.duckdb_dialect import to_duckdb
from huaxiang.errors import ValueRangeError
from huaxiang.plan import sql

CUSTOMERS = "customers"
ROW = "_row"
_NUMBERS = "_numbers"
_ID = "customer_id"
Flags = npt.NDArray[np.int8]
Rows = npt.NDArray[np.int64]


class MemberReader:
    """Tables of a snapshot in an in-memory DuckDB, read when asked for. A customer's number is its place in table `customers`.

    `tables`: logical name → Parquet file; `customers` must be among them. Safe to use from several threads, which take turns.
    """

    def __init__(self, tables: Mapping[str, Path]) -> None:
        self._tables = tables
        self._lock = threading.Lock()
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._known: set[str] = set()

    def members(self, query: exp.Query, size: int) -> Flags:
        """Per customer 1, 0 or -1: `met` is true, false, or the query (customer_id, met) does not name the customer."""
        bound = bind_tables(query, {name: name for name in self._tables}).subquery("_q")
        chosen = (
            exp.select(sql.column("number", _NUMBERS), sql.column("met", "_q"))
            .from_(bound)
            .join(sql.table(_NUMBERS), using=_ID)
        )
        flags = np.full(size, -1, dtype=np.int8)
        with self._lock:
            numbers, met = self._fetch(chosen, numbered=True)
        flags[numbers] = met
        return flags

    def flags(self, condition: exp.Expression, size: int, columns: Mapping[str, Flags] | None = None) -> Flags:
        """Per customer 1, 0 or -1: the condition over table `customers` is true, false or unknown.

        `columns`: further boolean columns that it may read, in the same form.
        """
        query = exp.select(sql.column(ROW), sql.named(condition.copy(), "met")).from_(sql.table(CUSTOMERS))
        with self._lock:
            connection = self._open()
            if columns:
                extra = {n: pa.array(flags == 1, mask=flags < 0) for n, flags in columns.items()}
                connection.register("_extra", pa.table({ROW: np.arange(size), **extra}))
                query = query.join(sql.table("_extra"), using=ROW)
            numbers, met = self._fetch(query)
            if columns:
                connection.unregister("_extra")
        found = np.full(size, -1, dtype=np.int8)
        found[numbers] = met
        return found

    def rows(self, query: exp.Query, order_by: Sequence[str] = ()) -> pa.Table:
        """The rows of a query over the tables. Where it selects customer_id, `number` comes first: the customer's number.

        `order_by`: columns of the result.
        """
        bound = bind_tables(query, {name: name for name in self._tables})
        numbered = _ID in query.named_selects
        if numbered:
            rest = [sql.column(name, "_q") for name in query.named_selects if name != _ID]
            bound = (
                exp.select(sql.column("number", _NUMBERS), *rest)
                .from_(bound.subquery("_q"))
                .join(sql.table(_NUMBERS), using=_ID)
            )
        if order_by:
            bound = bound.order_by(*(sql.column(name) for name in order_by))
        with self._lock:
            return self._table(bound, numbered=numbered)

    def places(self, table: str, condition: exp.Expression) -> Rows:
        """The rows of a table, counted from 0 as they stand in its file, for which a condition over its fields is true."""
        number = exp.column("file_row_number")
        query = exp.select(number).from_(exp.Table(this=self._parquet(table))).where(condition.copy())
        with self._lock:
            return numbers_in(self._read(self._open(), query).column(0).combine_chunks(), np.int64)

    def truths(self, condition: exp.Expression, column: str, texts: Sequence[str]) -> npt.NDArray[np.bool_]:
        """Whether a condition over one column of texts is true for each of the texts, and (last) where there is none."""
        query = exp.select(sql.column(ROW)).from_(sql.table("_texts")).where(condition.copy())
        texts_of = pa.table({ROW: np.arange(len(texts) + 1), column: pa.array([*texts, None], pa.string())})
        with self._lock:
            connection = self._open()
            connection.register("_texts", texts_of)
            try:
                met = numbers_in(self._read(connection, query).column(0).combine_chunks(), np.int64)
            finally:
                connection.unregister("_texts")
        found = np.zeros(len(texts) + 1, dtype=np.bool_)
        found[met] = True
        return found

    def value(self, query: exp.Query, parameter: str) -> object:
        """The second column of the only row of a query with one parameter; None where it gives no row."""
        bound = bind_tables(query, {name: name for name in self._tables})
        with self._lock:
            connection = self._open()
            for table in {t.name for t in bound.find_all(exp.Table)} & set(self._tables):
                self._view(connection, table)
            try:
                found = connection.execute(to_duckdb(bound), [parameter]).fetchall()
            except duckdb.DataError:  # its message holds the value
                raise ValueRangeError(("the condition",)) from None
        return found[0][1] if found else None

    def close(self) -> None:
        """Free the connection; the next question opens another."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
                self._known.clear()

    def _fetch(self, query: exp.Query, *, numbered: bool = False) -> tuple[Rows, Flags]:
        rows, met = (c.combine_chunks() for c in self._table(query, numbered=numbered).columns)
        return numbers_in(rows, np.int64), flags_in(met)

    def _table(self, query: exp.Query, *, numbered: bool) -> pa.Table:
        connection = self._open()
        for table in {t.name for t in query.find_all(exp.Table)} & set(self._tables):
            self._view(connection, table)
        if numbered:
            self._number(connection)
        return self._read(connection, query)

    def _read(self, connection: duckdb.DuckDBPyConnection, query: exp.Query) -> pa.Table:
        try:
            return connection.sql(to_duckdb(query)).to_arrow_table()
        except duckdb.DataError:  # its message holds the value
            raise ValueRangeError(("the condition",)) from None

    def _open(self) -> duckdb.DuckDBPyConnection:
        if self._connection is None:
            self._connection = duckdb.connect(config={"autoinstall_known_extensions": False})
            self._connection.execute("SET TimeZone = 'UTC'")
        return self._connection

    def _view(self, connection: duckdb.DuckDBPyConnection, table: str) -> None:
        if table in self._known:
            return
        read = self._parquet(table, numbered=table == CUSTOMERS)
        columns = [exp.Star(), exp.alias_(exp.column("file_row_number"), ROW)] if table == CUSTOMERS else [exp.Star()]
        query = exp.select(*columns).from_(exp.Table(this=read))
        name = exp.to_identifier(table, quoted=True).sql("duckdb")
        connection.execute(f"CREATE VIEW {name} AS {query.sql('duckdb')}")
        self._known.add(table)

    def _parquet(self, table: str, *, numbered: bool = True) -> exp.Anonymous:
        path = exp.Literal.string(str(self._tables[table]))
        rows = exp.EQ(this=exp.column("file_row_number"), expression=exp.true())
        return exp.Anonymous(this="read_parquet", expressions=[path, rows] if numbered else [path])

    def _number(self, connection: duckdb.DuckDBPyConnection) -> None:
        if _NUMBERS not in self._known:
            self._view(connection, CUSTOMERS)
            connection.execute("CREATE TABLE _numbers AS SELECT customer_id, _row AS number FROM customers")
            self._known.add(_NUMBERS)
