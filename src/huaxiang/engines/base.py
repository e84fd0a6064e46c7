"""What an engine is: two small things, a way to run a step and a way to hand over its result."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from huaxiang.engines.arrow_io import ROW_GROUP
from huaxiang.errors import UsageError
from huaxiang.plan.nodes import Step


def no_parquet(table: str, path: Path) -> UsageError:
    """What is to be registered is not there."""
    return UsageError(
        f'table "{table}": no Parquet file at {path}; expected a file or a folder with *.parquet',
        f"表“{table}”：{path} 处没有 Parquet 文件；应为一个文件，或含有 *.parquet 的文件夹",
    )


class Engine(Protocol):
    """Runs steps over Parquet files. One engine object serves one build; `close` frees everything it holds."""

    name: str

    def register(self, table: str, path: Path) -> None:
        """Make the Parquet file (or folder of files) readable under the logical name `table`."""

    def run(self, step: Step) -> None:
        """Compute `step.output` from registered or earlier tables and keep it under that name.

        Raises ValueRangeError for values beyond their type; the tables of before then stay as they are.
        """

    def save(self, table: str, path: Path, *, order_by: tuple[str, ...] = (), row_group: int = ROW_GROUP) -> int:
        """Write a table to one Parquet file, sorted, in row groups of so many rows, byte-equal for equal content; return its rows."""

    def fetch(self, table: str, columns: tuple[str, ...] | None = None) -> pa.Table:
        """Return a small table (or some of its columns) in memory."""

    def types(self, table: str) -> Mapping[str, str]:
        """Column → DuckDB type name, in column order."""

    def sql(self, step: Step) -> str:
        """The SQL that `run` would execute, pretty-printed, with a comment for each definition it serves."""

    def close(self) -> None:
        """Free memory, threads and temporary files."""
