"""Runs the dense part of an aggregate node on a DuckDB connection: dictionaries, coded rows, buckets, finals."""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
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


@dataclass(frozen=True)
class Numbering:
    """What the numbers of coded rows stand for: customers in the order of their numbers, and the values of sub-keys."""

    keys: pa.Array
    dictionaries: Dictionaries


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
            keys = self._number_customers(layout)
            dictionaries, sizes = self._dictionaries(layout)
            rows = self._number(exp.Select().select(exp.Count(this=exp.Star())).from_(exp.to_table(layout.node.source)))
            if not len(keys):
                raise NotDense
            buckets = Buckets(self._folder, len(keys), rows)
            query = bind_tables(coding_select(layout, sizes), self._names)
            buckets.write(layout, self._connection.sql(to_duckdb(query)).to_arrow_reader(_BATCH))
            self._finish(layout, output, self._states(layout, Numbering(keys, dictionaries), buckets))
        except BaseException:
            self._drop(output)
            raise
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._connection.unregister("_d_k")
            for sub_key in layout.sub_keys:
                self._drop(f"_d_{sub_key.column}")

    def _number_customers(self, layout: Layout) -> pa.Array:
        """Register `_d_k` (v, c): every customer with its number; return the customers in the order of their numbers."""
        source = exp.to_table(layout.node.source)
        query = bind_tables(_distinct(exp.column(layout.node.key, quoted=True), source), self._names)
        keys = self._connection.sql(to_duckdb(query)).to_arrow_table()["v"].combine_chunks()
        self._connection.register("_d_k", pa.table({"v": keys, "c": np.arange(len(keys), dtype=np.int32)}))
        return keys

    def _dictionaries(self, layout: Layout) -> tuple[Dictionaries, dict[str, int]]:
        """Number the values of sub-keys; values keep their order."""
        source = exp.to_table(layout.node.source)
        values, sizes = {}, {}
        for sub_key in layout.sub_keys:
            if sub_key.needs_dictionary:
                name = f"_d_{sub_key.column}"
                self._create(name, _numbered(sub_key.expression, source))
                ordered = exp.Select().select(exp.column("v")).from_(exp.to_table(name)).order_by(exp.column("c"))
                values[sub_key.column] = self._connection.sql(to_duckdb(ordered)).to_arrow_table()["v"].combine_chunks()
                sizes[sub_key.column] = len(values[sub_key.column])
            elif sub_key.size is not None:
                sizes[sub_key.column] = sub_key.size
        return Dictionaries(values), sizes

    def _states(self, layout: Layout, numbering: Numbering, buckets: Buckets) -> Iterator[pa.Table]:
        def one(bucket: int) -> pa.Table:
            slices = sliced(buckets.read(bucket), buckets.size(bucket), _ROWS_A_SLICE)
            state = pa.concat_tables([
                bucket_state(layout, numbering.dictionaries, part, size) for part, _, size in slices
            ])  # fmt: skip
            return state.append_column("_key", numbering.keys.slice(bucket * buckets.width, state.num_rows))

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


def _distinct(value: exp.Expr, source: exp.Table) -> exp.Select:
    """Distinct non-null values `v`."""
    distinct = exp.Select().select(exp.alias_(value.copy(), "v")).distinct().from_(source.copy())
    return distinct.where(exp.Not(this=exp.Is(this=exp.paren(value.copy()), expression=exp.Null())))


def _numbered(value: exp.Expr, source: exp.Table) -> exp.Select:
    """Distinct non-null values `v` with codes `c` from 0 in their order."""
    order = exp.Order(expressions=[exp.Ordered(this=exp.column("v"), desc=False, nulls_first=False)])
    rank = exp.Window(this=exp.RowNumber(), order=order)
    code = cast(exp.Sub(this=rank, expression=exp.Literal.number(1)), "INTEGER")
    distinct = _distinct(value, source)
    return exp.Select().select(exp.column("v"), exp.alias_(code, "c")).from_(distinct.subquery("_v"))


def _final(layout: Layout) -> exp.Select:
    """The final SELECT over the state of some customers, with their keys."""
    final = final_select(layout.node, layout.state, DuckdbWords())
    final.expressions[0].this.set("this", exp.to_identifier("_key", quoted=True))
    final.set("from_", exp.From(this=exp.to_table("_state").as_("_flat")))
    return final
