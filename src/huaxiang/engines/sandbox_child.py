"""The process in which a user's query runs: `python -I -m huaxiang.engines.sandbox_child`, a JSON object on stdin, answer on stdout.

The answer is a line of JSON, {"error", "message", "zh"}, then the IDs as an Arrow stream. Messages hold names, never values.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds
from sqlglot import exp

from huaxiang.engines.sandbox import READY

_IDS = "_ids"
_FOUND = "_found"
_RAW = "_raw_"
_OURS = 384
"""Megabytes of addresses for threads and buffers, beyond what a query may use."""


def main() -> int:
    """Answer one question."""
    sys.stdout.buffer.write(READY)
    sys.stdout.buffer.flush()
    asked = json.loads(sys.stdin.buffer.read())
    _limit(asked)
    try:
        told, found = _run(asked)
    except MemoryError:
        told, found = (
            _refused(
                "SQL010",
                f"the query needs more than {asked['megabytes']} MB of memory; ask for less",
                f"查询所需内存超过 {asked['megabytes']} MB；请缩小范围",
            ),
            None,
        )
    sys.stdout.buffer.write(json.dumps(told).encode() + b"\n")
    if found is not None:
        with pa.ipc.new_stream(sys.stdout.buffer, found.schema) as writer:
            writer.write_table(found)
    sys.stdout.buffer.flush()
    return 0


def _limit(asked: dict[str, Any]) -> None:
    """Limit memory beyond what is in use now, processor time, and let no file be written and no process be started."""
    size = _in_use() + (asked["megabytes"] + _OURS) * 1024 * 1024
    for what, most in (
        (resource.RLIMIT_AS, size), (resource.RLIMIT_CPU, asked["cpu_seconds"]), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0),
    ):  # fmt: skip
        resource.setrlimit(what, (most, most))


def _in_use() -> int:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    return pages * resource.getpagesize()


def _run(asked: dict[str, Any]) -> tuple[dict[str, Any], pa.Table | None]:
    connection = duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False})
    connection.register(_IDS, _columns(asked["customers"], ["customer_id"]))
    for name, table in asked["tables"].items():
        connection.register(_RAW + name if asked["sort"] else name, _columns(table["path"], table["columns"]))
    for setting, value in (
        ("TimeZone", "'UTC'"), ("memory_limit", f"'{asked['megabytes'] * 3 // 4}MB'"),
        ("threads", "1" if asked["sort"] else str(asked["threads"])),
        ("temp_directory", "''"), ("python_enable_replacements", "false"), ("enable_external_access", "false"),
        ("lock_configuration", "true"),
    ):  # fmt: skip
        connection.execute(f"SET {setting} = {value}")
    return _ask(connection, asked["sql"], asked["tables"] if asked["sort"] else ())


def _sort(connection: duckdb.DuckDBPyConnection, names: Iterable[str]) -> None:
    """Put a sorted table in the place of each that a query reads; the one thread takes its rows in that order."""
    for name in names:
        whole = exp.select("*").from_(exp.table_(_RAW + name, quoted=True)).sql("duckdb")
        connection.execute(f"CREATE TABLE {exp.to_identifier(name, quoted=True).sql('duckdb')} AS {whole} ORDER BY ALL")


def _columns(path: str, columns: list[str]) -> ds.Dataset:
    """A table that has these columns only, whatever its file holds."""
    whole = ds.dataset(path, format="parquet")
    return ds.dataset(path, format="parquet", schema=pa.schema([whole.schema.field(name) for name in columns]))


def _ask(
    connection: duckdb.DuckDBPyConnection, sql: str, sort: Iterable[str]
) -> tuple[dict[str, Any], pa.Table | None]:
    """The known IDs that the query gives, or why there are none; `sort`: tables to sort first. The query was admitted; what it is put
    into is ours.
    """
    known = exp.column("customer_id", _IDS)
    mine = exp.column("customer_id", _FOUND)
    asked = exp.select(known.as_("customer_id")).from_(exp.table_(_FOUND))
    asked = asked.join(exp.table_(_IDS), on=exp.EQ(this=known.copy(), expression=mine), join_type="left")
    query = f"WITH {_FOUND} AS (SELECT DISTINCT customer_id FROM ({sql}) WHERE customer_id IS NOT NULL) {asked.sql('duckdb')}"  # noqa: S608
    try:
        _sort(connection, sort)
        found: pa.Table = connection.sql(query).to_arrow_table()
    except (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException) as error:
        reason = str(error).split("\n", 1)[0][:300]
        return _refused("SQL007", reason, f"数据库无法理解此查询：{reason}"), None
    except duckdb.Error as error:
        if (
            isinstance(error, duckdb.OutOfMemoryException)
            or "allocate" in str(error)
            or "Memory" in type(error).__name__
        ):
            return _too_much(), None
        message = "a value can't be computed: it has another type, or is out of range"
        return _refused("SQL012", message, "有取值无法计算：类型不符，或超出范围"), None
    ids = found.column(0)
    if ids.null_count:
        return _refused(
            "SQL011",
            f"{ids.null_count:,} of {len(ids):,} values are no customers' IDs; take customer_id as a table has it",
            f"{len(ids):,} 个取值中有 {ids.null_count:,} 个不是客户 ID；请原样取表中的 customer_id",
        ), None
    return {"error": None, "message": None, "zh": None}, pa.table(
        {"customer_id": ids.combine_chunks().cast(pa.string())}
    ).sort_by("customer_id")


def _too_much() -> dict[str, Any]:
    return _refused(
        "SQL010", "the query needs more memory than it may have; ask for less", "查询所需内存超过限额；请缩小范围"
    )


def _refused(code: str, message: str, zh: str) -> dict[str, Any]:
    return {"error": code, "message": message, "zh": zh}


if __name__ == "__main__":
    sys.exit(main())
