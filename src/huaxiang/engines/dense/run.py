"""Runs the dense part of an aggregate node on a DuckDB connection: dictionaries, coded rows, buckets, finals."""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import duckdb
import pyarrow as pa
from sqlglot import exp

from huaxiang.engines.aggregate_sql import final_select
from huaxiang.engines.bind import bind_tables
from huaxiang.engines.dense.kernels import NotDense
from huaxiang.engines.dense.layout import Layout, coding_select
from huaxiang.engines.dense.rows import Buckets, sliced
from huaxiang.engines.dense.state import Dictionaries, bucket_state
from huaxiang.engines.duckdb_dialect import to_duckdb
from huaxiang.engines.words import DuckdbWords, cast

_BATCH = 131_072
_CUSTOMERS_A_FINAL = 250_000
_ROWS_A_SLICE = 100_000
"""Rows counted at once: few enough that the arrays stay in the processor's cache."""


class DenseRun:
    """One dense computation. `names` binds logical tables; `folder` takes the buckets and is removed."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, names: dict[str, str], folder: Path, threads: int
    ) -> None:
        self._connection, self._names = connection, names
        self._folder, self._threads = folder, threads

    def into(self, layout: Layout, output: str) -> None:
        """Compute the layout's node into table `output`; raises kernels.NotDense, leaving no table."""
        try:
            dictionaries, sizes = self._dictionaries(layout)
            rows = self._number(exp.Select().select(exp.Count(this=exp.Star())).from_(exp.to_table(layout.node.source)))
            customers = self._number(_count("_d_k"))
            if not customers:
                raise NotDense
            buckets = Buckets(self._folder, customers, rows)
            query = bind_tables(coding_select(layout, sizes), self._names)
            buckets.write(layout, self._connection.sql(to_duckdb(query)).to_arrow_reader(_BATCH))
            self._finish(layout, output, self._states(layout, dictionaries, buckets))
        except BaseException:
            self._drop(output)
            raise
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)
            for name in ("_d_k", *(f"_d_{s.column}" for s in layout.sub_keys)):
                self._drop(name)

    def _dictionaries(self, layout: Layout) -> tuple[Dictionaries, dict[str, int]]:
        """Number the customers and the values of sub-keys; values keep their order."""
        source = exp.to_table(layout.node.source)
        self._create("_d_k", _numbered(exp.column(layout.node.key, quoted=True), source, in_order=False))
        values, sizes = {}, {}
        for sub_key in layout.sub_keys:
            if sub_key.needs_dictionary:
                name = f"_d_{sub_key.column}"
                self._create(name, _numbered(sub_key.expression, source, in_order=True))
                ordered = exp.Select().select(exp.column("v")).from_(exp.to_table(name)).order_by(exp.column("c"))
                values[sub_key.column] = self._connection.sql(to_duckdb(ordered)).to_arrow_table()["v"].combine_chunks()
                sizes[sub_key.column] = len(values[sub_key.column])
            elif sub_key.size is not None:
                sizes[sub_key.column] = sub_key.size
        return Dictionaries(values), sizes

    def _states(self, layout: Layout, dictionaries: Dictionaries, buckets: Buckets) -> Iterator[pa.Table]:
        def one(bucket: int) -> pa.Table:
            slices = sliced(buckets.read(bucket), buckets.size(bucket), _ROWS_A_SLICE)
            first = bucket * buckets.width
            return pa.concat_tables(
                [bucket_state(layout, dictionaries, part, first + start, size) for part, start, size in slices]
            )

        with ThreadPoolExecutor(self._threads) as pool:
            waiting: deque[Future[pa.Table]] = deque()
            for bucket in range(buckets.count):
                waiting.append(pool.submit(one, bucket))
                if len(waiting) > 2 * self._threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

    def _finish(self, layout: Layout, output: str, states: Iterator[pa.Table]) -> None:
        """Turn state into values, some hundred thousand customers at a time."""
        waiting: list[pa.Table] = []
        made = False
        for state in states:
            waiting.append(state)
            if sum(t.num_rows for t in waiting) >= _CUSTOMERS_A_FINAL:
                made = self._append(layout, output, waiting, made=made)
                waiting = []
        if waiting:
            self._append(layout, output, waiting, made=made)

    def _append(self, layout: Layout, output: str, states: list[pa.Table], *, made: bool) -> bool:
        self._connection.register("_state", pa.concat_tables(states))
        try:
            final = _final(layout)
            target = exp.Table(this=exp.to_identifier(output, quoted=True))
            temporary = exp.Properties(expressions=[exp.TemporaryProperty()])
            statement: exp.Expr = exp.Create(this=target, kind="TABLE", expression=final, properties=temporary)
            if made:
                statement = exp.Insert(this=target, expression=final)
            self._connection.execute(to_duckdb(statement)).fetchall()
        finally:
            self._connection.unregister("_state")
        return True

    def _create(self, name: str, query: exp.Select) -> None:
        self._drop(name)
        bound = bind_tables(query, self._names)
        create = exp.Create(this=exp.to_table(name), kind="TABLE", expression=bound)
        self._connection.execute(to_duckdb(create)).fetchall()

    def _drop(self, name: str) -> None:
        table = exp.Table(this=exp.to_identifier(name, quoted=True))
        self._connection.execute(to_duckdb(exp.Drop(tables=[table], kind="TABLE", exists=True))).fetchall()

    def _number(self, query: exp.Select) -> int:
        return int(self._connection.execute(to_duckdb(bind_tables(query, self._names))).fetchall()[0][0])


def _count(table: str) -> exp.Select:
    return exp.Select().select(exp.Count(this=exp.Star())).from_(exp.to_table(table))


def _numbered(value: exp.Expr, source: exp.Table, *, in_order: bool) -> exp.Select:
    """Distinct non-null values `v` with codes `c` from 0."""
    distinct = exp.Select().select(exp.alias_(value.copy(), "v")).distinct().from_(source.copy())
    distinct = distinct.where(exp.Not(this=exp.Is(this=exp.paren(value.copy()), expression=exp.Null())))
    order = (
        exp.Order(expressions=[exp.Ordered(this=exp.column("v"), desc=False, nulls_first=False)]) if in_order else None
    )
    rank = exp.Window(this=exp.RowNumber(), order=order)
    code = cast(exp.Sub(this=rank, expression=exp.Literal.number(1)), "INTEGER")
    return exp.Select().select(exp.column("v"), exp.alias_(code, "c")).from_(distinct.subquery("_v"))


def _final(layout: Layout) -> exp.Select:
    """The final SELECT over the state of some customers, with their keys."""
    state = exp.Select().select(exp.column(exp.Star(), table="_s"), exp.alias_(exp.column("v", table="_d_k"), "_key"))
    on = exp.EQ(this=exp.column("c", table="_d_k"), expression=exp.column("_k", table="_s"))
    joined = state.from_(exp.to_table("_state").as_("_s")).join(exp.to_table("_d_k"), on=on)
    final = final_select(layout.node, layout.state, DuckdbWords())
    final.expressions[0].this.set("this", exp.to_identifier("_key", quoted=True))
    final.set("from_", exp.From(this=joined.subquery("_flat")))
    return final
