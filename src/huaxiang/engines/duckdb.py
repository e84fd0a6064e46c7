"""The DuckDB engine: one machine, all its cores, memory bounded, spilling to a temporary folder."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pyarrow as pa
from sqlglot import exp

from huaxiang.engines.aggregate_sql import aggregate_query
from huaxiang.engines.arrow_io import write_parquet
from huaxiang.engines.bind import bind_tables
from huaxiang.engines.duckdb_dialect import to_duckdb
from huaxiang.engines.render import render
from huaxiang.engines.words import DuckdbWords
from huaxiang.errors import UsageError
from huaxiang.plan.nodes import SqlStep, Step

_BATCH = 65_536


class DuckdbEngine:
    """Engine protocol over one in-process DuckDB. Not safe for several threads at once.

    `threads`: default all cores of the process. `memory_limit`: DuckDB size text such as "2GB"; default 60 % of memory, at most
    4 GB. `temp`: folder under which spill files go; default the system's.
    """

    name = "duckdb"

    def __init__(
        self, *, threads: int | None = None, memory_limit: str | None = None, temp: Path | None = None
    ) -> None:
        self._temp = Path(tempfile.mkdtemp(prefix="huaxiang-", dir=temp))
        self._known: dict[str, str] = {}
        self._connection = duckdb.connect(
            str(self._temp / "build.duckdb"),
            config={
                "threads": str(threads or _cores()),
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
            raise UsageError(f'table "{table}": no Parquet file at {path}; expected a file or a folder with *.parquet')
        names = exp.Array(expressions=[exp.Literal.string(str(f)) for f in files])
        scan = exp.Select().select(exp.Star()).from_(exp.Anonymous(this="READ_PARQUET", expressions=[names]))
        self._create("VIEW", table, scan)

    def run(self, step: Step) -> None:
        """Compute the step and keep its table in the build's temporary database."""
        self._create("TABLE", step.output, bind_tables(self._query(step), self._known))

    def save(self, table: str, path: Path, *, order_by: tuple[str, ...] = ()) -> int:
        """Write the table to one Parquet file sorted by `order_by`, ties by all other columns; return its rows."""
        order = order_by if order_by and self._unique(table, order_by) else self._total_order(table, order_by)
        query = exp.Select().select(exp.Star()).from_(_table(table))
        query = query.order_by(*(exp.Ordered(this=_column(c), desc=False, nulls_first=False) for c in order))
        self._connection.execute("SET preserve_insertion_order = true")
        try:
            reader = self._connection.sql(to_duckdb(query)).to_arrow_reader(_BATCH)
            return write_parquet(reader.schema, reader, path)
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
        return {str(row[0]): str(row[1]) for row in self._connection.execute(to_duckdb(described)).fetchall()}

    def sql(self, step: Step) -> str:
        """The SQL that `run` executes, with a comment for each definition it serves."""
        return render(to_duckdb(self._query(step), pretty=True, comments=True), step.origin)

    def close(self) -> None:
        """Close the database and remove all temporary files."""
        self._connection.close()
        shutil.rmtree(self._temp, ignore_errors=True)

    def _query(self, step: Step) -> exp.Query:
        return step.query if isinstance(step, SqlStep) else aggregate_query(step, DuckdbWords())

    def _create(self, kind: str, table: str, query: exp.Query) -> None:
        self._drop(table)
        self._connection.execute(to_duckdb(exp.Create(this=_table(table), kind=kind, expression=query)))
        self._known[table] = table

    def _drop(self, table: str) -> None:
        found = self._connection.execute(
            "SELECT table_type FROM information_schema.tables WHERE table_name = ?", [table]
        ).fetchone()
        if found:
            kind = "VIEW" if found[0] == "VIEW" else "TABLE"
            self._connection.execute(to_duckdb(exp.Drop(tables=[_table(table)], kind=kind)))

    def _unique(self, table: str, columns: tuple[str, ...]) -> bool:
        keys = [_column(c) for c in columns]
        repeated = exp.GT(this=exp.Count(this=exp.Star()), expression=exp.Literal.number(1))
        query = (
            exp.Select().select(exp.Literal.number(1)).from_(_table(table)).group_by(*keys).having(repeated).limit(1)
        )
        return self._connection.execute(to_duckdb(query)).fetchone() is None

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
