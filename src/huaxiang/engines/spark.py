"""The Spark engine: the same steps on Apache Spark (extra `huaxiang[spark]`, Java 17 or newer).

Every table lies as Parquet in a temporary folder, so that a step is computed once and nothing is collected in the driver.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
from sqlglot import exp

from huaxiang.engines.aggregate_sql import aggregate_query
from huaxiang.engines.arrow_io import ROW_GROUP, plain_schema, write_parquet
from huaxiang.engines.base import no_parquet
from huaxiang.engines.bind import bind_tables
from huaxiang.engines.render import render
from huaxiang.engines.spark_dialect import to_spark
from huaxiang.engines.spark_words import SparkWords
from huaxiang.errors import Said, UsageError, ValueRangeError
from huaxiang.plan.nodes import SqlStep, Step

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

JAVA_AT_LEAST = 17
_JAVA_HINT = Said(
    "install it (Debian, Ubuntu: apt-get install openjdk-17-jre-headless) or set JAVA_HOME",
    "请安装（Debian、Ubuntu：apt-get install openjdk-17-jre-headless），或设置 JAVA_HOME",
)


class SparkEngine:
    """Engine protocol over a Spark session: `local[2]` by default, another `master` URL for a cluster that shares `temp`.

    Session: UTC, ANSI mode (overflow and bad casts are errors, as in DuckDB), TIMESTAMP without time zone, no web UI.
    Raises UsageError when pyspark or Java is missing, saying how to get it.
    """

    name = "spark"

    def __init__(
        self,
        *,
        master: str = "local[2]",
        memory: str = "2g",
        temp: Path | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self._spark = _SHARED.open(master, memory, temp, settings or {})
        self._temp = Path(tempfile.mkdtemp(prefix="huaxiang-spark-", dir=temp))
        self._closed = False
        self._made = 0
        self._views: dict[str, str] = {}
        self._files: dict[str, Path] = {}

    def register(self, table: str, path: Path) -> None:
        """Make a Parquet file, or a folder of them, readable as `table`."""
        if not path.exists():
            raise no_parquet(table, path)
        view = self._views.setdefault(table, f"hx{len(self._views)}")
        self._spark.read.parquet(str(path)).createOrReplaceTempView(view)
        self._files[table] = path

    def run(self, step: Step) -> None:
        """Compute the step into a temporary Parquet folder and register it."""
        from pyspark.errors import ArithmeticException, DateTimeException, NumberFormatException

        folder = self._temp / f"step{len(list(self._temp.iterdir()))}"
        try:
            self._spark.sql(to_spark(bind_tables(self._query(step), self._views))).write.parquet(str(folder))
        except (ArithmeticException, DateTimeException, NumberFormatException):  # its message holds the value
            raise ValueRangeError(step.origin) from None
        self.register(step.output, folder)

    def save(self, table: str, path: Path, *, order_by: tuple[str, ...] = (), row_group: int = ROW_GROUP) -> int:
        """Write the table to one Parquet file sorted by `order_by`, ties by all other columns; return its rows."""
        frame = self._frame(table)
        order = [*order_by, *(c for c in frame.columns if c not in order_by)]
        folder = self._temp / f"sorted{len(list(self._temp.iterdir()))}"
        frame.sort(*(frame[f"`{c}`"].asc_nulls_last() for c in order)).write.parquet(str(folder))
        try:
            return write_parquet(_schema(frame), _batches(folder), path, row_group=row_group)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def fetch(self, table: str, columns: tuple[str, ...] | None = None) -> pa.Table:
        """Return a small table, or some of its columns, in memory; rows in any order."""
        read: pa.Table = pq.read_table(self._files[table], columns=list(columns) if columns is not None else None)
        return read.cast(plain_schema(read.schema))

    def types(self, table: str) -> Mapping[str, str]:
        """Column → DuckDB type name, in column order."""
        return {f.name: _duckdb_type(f.dataType.simpleString()) for f in self._frame(table).schema.fields}

    def sql(self, step: Step) -> str:
        """The SQL that `run` executes, with a comment for each definition it serves."""
        return render(to_spark(self._query(step), pretty=True, comments=True), step.origin)

    def close(self) -> None:
        """Remove all temporary files; the last open engine of the process stops Spark. A second call does nothing."""
        if not self._closed:
            self._closed = True
            for view in self._views.values():
                self._spark.catalog.dropTempView(view)
            _SHARED.close(self._spark)
            shutil.rmtree(self._temp, ignore_errors=True)

    def _folder(self, kind: str) -> Path:
        self._made += 1
        return self._temp / f"{kind}{self._made}"

    def _query(self, step: Step) -> exp.Query:
        return step.query if isinstance(step, SqlStep) else aggregate_query(step, SparkWords())

    def _frame(self, table: str) -> DataFrame:
        return self._spark.table(self._views[table])


class _Shared:
    """Spark runs once in a process, whoever asked for it first; its engines are counted, each has a session of its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._engines = 0
        self._local = Path()

    def open(self, master: str, memory: str, temp: Path | None, settings: Mapping[str, str]) -> SparkSession:
        """A new session with its own views and settings; the first one's `temp` takes what Spark spills."""
        with self._lock:
            if self._engines == 0:
                self._local = Path(tempfile.mkdtemp(prefix="huaxiang-spark-", dir=temp))
            try:
                session = _session(master, memory, self._local, settings).newSession()
                for key, value in settings.items():
                    if session.conf.isModifiable(key):
                        session.conf.set(key, value)
            except BaseException:
                if self._engines == 0:
                    shutil.rmtree(self._local, ignore_errors=True)
                raise
            self._engines += 1
            return session

    def close(self, session: SparkSession) -> None:
        """Stop Spark when no other engine uses it."""
        with self._lock:
            self._engines -= 1
            if self._engines == 0:
                _forget_folders(session)
                session.stop()
                shutil.rmtree(self._local, ignore_errors=True)


def _forget_folders(session: SparkSession) -> None:
    """Java outlives a stopped Spark and remembers where it spilled: without this the next one would, too, and nobody would remove it."""
    java: Any = session.sparkContext._jvm
    utils = getattr(getattr(java.org.apache.spark.util, "Utils$"), "MODULE$")
    utils.clearLocalRootDirs()


_SHARED = _Shared()


def _session(master: str, memory: str, temp: Path, settings: Mapping[str, str]) -> SparkSession:
    require_java()
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise UsageError(
            'the spark engine needs the package pyspark; install it with: pip install "huaxiang[spark]"',
            'Spark 引擎需要软件包 pyspark；请用以下命令安装：pip install "huaxiang[spark]"',
        ) from None
    chosen = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.memory": memory,
        "spark.driver.extraJavaOptions": "-Duser.timezone=UTC",
        "spark.local.dir": str(temp),
        "spark.sql.warehouse.dir": str(temp / "warehouse"),
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.timestampType": "TIMESTAMP_NTZ",
        "spark.sql.ansi.enabled": "true",
        "spark.sql.shuffle.partitions": "4",
        "spark.sql.parquet.compression.codec": "snappy",
        "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
        "spark.log.level": "FATAL",  # errors are raised; their logged texts hold values
    }
    if master.startswith("local"):
        chosen |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
    builder = SparkSession.builder.master(master).appName("huaxiang")
    for key, value in (chosen | dict(settings)).items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


def require_java() -> None:
    """Raise UsageError unless Java 17 or newer is found in JAVA_HOME or on PATH."""
    home = os.environ.get("JAVA_HOME")
    program = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if not program or not Path(program).exists():
        raise UsageError(
            f"the spark engine needs Java {JAVA_AT_LEAST} or newer and none was found; {_JAVA_HINT.en}",
            f"Spark 引擎需要 Java {JAVA_AT_LEAST} 或更新版本，而没有找到；{_JAVA_HINT.zh}",
        )
    said = subprocess.run([program, "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', said)
    if not found or int(found.group(1)) < JAVA_AT_LEAST:
        version = Said(found.group(1), found.group(1)) if found else Said("unknown", "未知版本")
        raise UsageError(
            f"the spark engine needs Java {JAVA_AT_LEAST} or newer, {program} is {version.en}; {_JAVA_HINT.en}",
            f"Spark 引擎需要 Java {JAVA_AT_LEAST} 或更新版本，而 {program} 是 {version.zh}；{_JAVA_HINT.zh}",
        )


def _batches(folder: Path) -> Iterator[pa.RecordBatch]:
    for file in sorted(folder.glob("part-*.parquet")):
        yield from pq.ParquetFile(file).iter_batches(batch_size=ROW_GROUP)


_SPARK_TYPES = {
    "string": "VARCHAR", "bigint": "BIGINT", "int": "INTEGER", "smallint": "SMALLINT", "tinyint": "TINYINT", "double": "DOUBLE",
    "float": "FLOAT", "date": "DATE", "timestamp_ntz": "TIMESTAMP", "timestamp": "TIMESTAMP", "boolean": "BOOLEAN",
}  # fmt: skip
_ARROW_TYPES = {
    "VARCHAR": pa.string(), "BIGINT": pa.int64(), "INTEGER": pa.int32(), "SMALLINT": pa.int16(), "TINYINT": pa.int8(),
    "DOUBLE": pa.float64(), "FLOAT": pa.float32(), "DATE": pa.date32(), "TIMESTAMP": pa.timestamp("us"), "BOOLEAN": pa.bool_(),
}  # fmt: skip


def _duckdb_type(spark: str) -> str:
    if spark.startswith("array<"):
        return f"{_duckdb_type(spark.removeprefix('array<').removesuffix('>'))}[]"
    return _SPARK_TYPES.get(spark, spark.upper())


def _arrow_type(name: str) -> pa.DataType:
    if name.endswith("[]"):
        return pa.list_(_arrow_type(name.removesuffix("[]")))
    if name.startswith("DECIMAL("):
        precision, scale = name.removeprefix("DECIMAL(").rstrip(")").split(",")
        return pa.decimal128(int(precision), int(scale))
    return _ARROW_TYPES[name]


def _schema(frame: DataFrame) -> pa.Schema:
    return pa.schema([(f.name, _arrow_type(_duckdb_type(f.dataType.simpleString()))) for f in frame.schema.fields])
