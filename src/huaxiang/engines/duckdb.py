"""The DuckDB engine: one machine, all its cores, memory bounded, spilling to a temporary folder."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa
from sqlglot import exp

from huaxiang.engines.aggregate_sql import aggregate_parts, aggregate_query
from huaxiang.engines.arrow_io import ROW_GROUP, write_parquet
from huaxiang.engines.base import no_parquet
from huaxiang.engines.bind import bind_tables
from huaxiang.engines.dense.kernels import NotDense
from huaxiang.engines.dense.layout import is_dense, lay_out
from huaxiang.engines.dense.run import DenseRun
from huaxiang.engines.duckdb_dialect import to_duckdb
from huaxiang.engines.render import render
from huaxiang.engines.words import DuckdbWords
from huaxiang.errors import ValueRangeError
from huaxiang.plan.nodes import AggregateNode, Measure, SqlStep, Step

_BATCH = 65_536
DENSE_FROM = 50_000
"""Rows from which dense arrays are worth their dictionaries."""


class DuckdbEngine:
    """Engine protocol over one in-process DuckDB. Not safe for several threads at once.

    `threads`: default all cores of the process. `memory_limit`: DuckDB size text such as "2GB"; default 60 % of memory, at most
    4 GB. `temp`: folder under which spill files go; default the system's.
    `dense_from`: rows of a source from which aggregates are computed by dense arrays (0: always).
    """

    name = "duckdb"

    def __init__(
        self,
        *,
        threads: int | None = None,
        memory_limit: str | None = None,
        temp: Path | None = None,
        dense_from: int = DENSE_FROM,
    ) -> None:
        self._threads = threads or _cores()
        self._dense_from = dense_from
        self._temp = Path(tempfile.mkdtemp(prefix="huaxiang-", dir=temp))
        self._known: dict[str, str] = {}
        self._connection = duckdb.connect(
            str(self._temp / "build.duckdb"),
            config={
                "threads": str(self._threads),
                "memory_limit": memory_limit or _default_memory(),
                "temp_directory": str(self._temp / "spill"),
                "preserve_insertion_order": "false",
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
            },
        )
        self._connection.execute("SET TimeZone = 'UTC'")

    def register(self, table: str, path: Path) -> None:
        """Make a Parquet file, or a folder of them, readable as `table`."""
        files = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
        if not files or not files[0].exists():
            raise no_parquet(table, path)
        names = exp.Array(expressions=[exp.Literal.string(str(f)) for f in files])
        scan = exp.Select().select(exp.Star()).from_(exp.Anonymous(this="READ_PARQUET", expressions=[names]))
        self._create("VIEW", table, scan)

    def run(self, step: Step) -> None:
        """Compute the step and keep its table in the build's temporary database.

        Aggregate nodes over many rows are computed by dense arrays as far as their state is whole numbers, by SQL else; the
        results are identical.
        """
        try:
            if isinstance(step, SqlStep):
                self._create("TABLE", step.output, bind_tables(step.query, self._known))
            else:
                self._aggregate(step)
        except duckdb.DataError:  # its message holds the value
            raise ValueRangeError(step.origin) from None

    def save(self, table: str, path: Path, *, order_by: tuple[str, ...] = (), row_group: int = ROW_GROUP) -> int:
        """Write the table to one Parquet file sorted by `order_by`, ties by all other columns; return its rows."""
        order = order_by if order_by and self._unique(table, order_by) else self._total_order(table, order_by)
        query = exp.Select().select(exp.Star()).from_(_table(table))
        query = query.order_by(*(exp.Ordered(this=_column(c), desc=False, nulls_first=False) for c in order))
        self._connection.execute("SET preserve_insertion_order = true")
        try:
            reader = self._connection.sql(to_duckdb(query)).to_arrow_reader(_BATCH)
            return write_parquet(reader.schema, reader, path, row_group=row_group)
        finally:
            self._connection.execute("SET preserve_insertion_order = false")

    def fetch(self, table: str, columns: tuple[str, ...] | None = None) -> pa.Table:
        """Return a small table, or some of its columns, in memory; rows in any order."""
        chosen = [exp.Star()] if columns is None else [_column(c) for c in columns]
        query = exp.Select().select(*chosen).from_(_table(table))
        return self._connection.sql(to_duckdb(query)).to_arrow_table()

    def types(self, table: str) -> Mapping[str, str]:
        """Column → DuckDB type name, in column order."""
        described = exp.Describe(this=exp.Select().select(exp.Star()).from_(_table(table)))
        return {str(row[0]): str(row[1]) for row in self._execute(described)}

    def sql(self, step: Step) -> str:
        """The SQL that `run` executes, with a comment for each definition it serves."""
        return render(to_duckdb(self._query(step), pretty=True, comments=True), step.origin)

    def close(self) -> None:
        """Close the database and remove all temporary files."""
        self._connection.close()
        shutil.rmtree(self._temp, ignore_errors=True)

    def _query(self, step: Step) -> exp.Query:
        return step.query if isinstance(step, SqlStep) else aggregate_query(step, DuckdbWords())

    def _aggregate(self, node: AggregateNode) -> None:
        dense = (
            tuple(m for m in node.measures if is_dense(m, node)) if self._rows(node.source) >= self._dense_from else ()
        )
        layout = lay_out(node, dense) if dense else None
        if layout is None:
            self._aggregate_by_sql(node)
            return
        rest = tuple(m for m in node.measures if m not in dense)
        try:
            run = DenseRun(self._connection, self._known, self._temp / "buckets", self._threads)
            self._drop(node.output)
            run.into(layout, node.output)
            self._known[node.output] = node.output
        except NotDense:
            self._aggregate_by_sql(node)
            return
        if rest:
            self._add_columns(node, rest)

    def _aggregate_by_sql(self, node: AggregateNode) -> None:
        """One table of state at a time, so that only one has to fit in memory."""
        parts = aggregate_parts(node, DuckdbWords())
        try:
            for name, query in parts.tables:
                self._create("TABLE", name, bind_tables(query, self._known))
            self._create("TABLE", node.output, bind_tables(parts.final, self._known))
        finally:
            for name, _ in parts.tables:
                self._drop(name)

    def _add_columns(self, node: AggregateNode, rest: tuple[Measure, ...]) -> None:
        """Join the measures that SQL computes to those computed already, in the node's order."""
        ours, others = f"{node.output}__dense", f"{node.output}__sql"
        self._aggregate_by_sql(replace(node, output=others, measures=rest))
        rename = exp.Alter(this=_table(node.output), kind="TABLE", actions=[exp.AlterRename(this=_table(ours))])
        self._execute(rename)
        by_sql = {m.name for m in rest}
        columns = [exp.column(m.name, table="_o" if m.name in by_sql else "_d", quoted=True) for m in node.measures]
        key = exp.column(node.key, table="_d", quoted=True)
        query = exp.Select().select(key, *columns).from_(_table(ours).as_("_d"))
        on = exp.EQ(this=key.copy(), expression=exp.column(node.key, table="_o", quoted=True))
        self._create("TABLE", node.output, query.join(_table(others).as_("_o"), on=on))
        self._drop(ours)
        self._drop(others)

    def _rows(self, table: str) -> int:
        query = exp.Select().select(exp.Count(this=exp.Star())).from_(_table(self._known.get(table, table)))
        return int(str(self._execute(query)[0][0]))

    def _create(self, kind: str, table: str, query: exp.Query) -> None:
        self._drop(table)
        self._execute(exp.Create(this=_table(table), kind=kind, expression=query))
        self._known[table] = table

    def _execute(self, tree: exp.Expr) -> list[tuple[object, ...]]:
        """Run one statement to its end and return its rows."""
        rows: list[tuple[object, ...]] = self._connection.execute(to_duckdb(tree)).fetchall()
        return rows

    def _drop(self, table: str) -> None:
        found = self._connection.execute(
            "SELECT table_type FROM information_schema.tables WHERE table_name = ?", [table]
        ).fetchall()
        if found:
            kind = "VIEW" if found[0][0] == "VIEW" else "TABLE"
            self._execute(exp.Drop(tables=[_table(table)], kind=kind))

    def _unique(self, table: str, columns: tuple[str, ...]) -> bool:
        keys = [_column(c) for c in columns]
        repeated = exp.GT(this=exp.Count(this=exp.Star()), expression=exp.Literal.number(1))
        query = (
            exp.Select().select(exp.Literal.number(1)).from_(_table(table)).group_by(*keys).having(repeated).limit(1)
        )
        return not self._execute(query)

    def _total_order(self, table: str, first: tuple[str, ...]) -> tuple[str, ...]:
        return (*first, *(c for c in self.types(table) if c not in first))


def _table(name: str) -> exp.Table:
    return exp.Table(this=exp.to_identifier(name, quoted=True))


def _column(name: str) -> exp.Column:
    return exp.column(name, quoted=True)


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1


def _default_memory() -> str:
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # not on every system
        total = 4 << 30
    return f"{min(int(total * 0.6), 4 << 30) >> 20}MiB"
