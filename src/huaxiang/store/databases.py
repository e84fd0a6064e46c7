"""Sources that are a table or a query of a database: rows are fetched into one Parquet file, and from there on are a file like any other.

The file lies in `.huaxiang/collected/<source>/rows/` and holds only the columns that the mapping, the key and the cursor name. With a
cursor it is the state of the table as fetched so far: new rows replace those of the same key, and it is sorted by key, so that many small
fetches leave the same bytes as one of everything. SQLAlchemy reaches the database; the driver is the user's.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq

from huaxiang.errors import SourceError, did_you_mean
from huaxiang.plan.queries import query_fault
from huaxiang.spec.models import SourceSpec
from huaxiang.spec.sources import DatabaseSpec
from huaxiang.store.atomic import sync_file, sync_folder, write_json
from huaxiang.store.fetched import RowFile, cursor_start, row_table
from huaxiang.store.files.sniff import digest
from huaxiang.store.merging import FetchCounts, State, merge_rows

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection

_DRIVERS = {
    "postgresql": ("psycopg", "psycopg2", "pg8000"),
    "mysql": ("pymysql", "MySQLdb"),
    "mariadb": ("pymysql", "MySQLdb"),
}
_DRIVER_NAMES = {"MySQLdb": "mysqldb"}
_INSTALL = {
    "postgresql": 'pip install "huaxiang[postgresql]"',
    "mysql": "pip install pymysql",
    "mariadb": "pip install pymysql",
    "mssql": "pip install pyodbc",
    "oracle": "pip install oracledb",
}
_ZONE_SLACK = timedelta(hours=14)  # how far a clock of another zone may be ahead of UTC


@dataclass(frozen=True)
class Fetched:
    """Rows of a database as a Parquet file, and the name under which reports show where they came from (never with a password);
    `counts`: what became of the rows that were fetched.
    """

    path: Path
    name: str
    counts: FetchCounts | None = None


@dataclass(frozen=True)
class _Target:
    """What is asked: the definition, the URL with its driver, the name for messages, and the columns."""

    source: str
    spec: DatabaseSpec
    url: URL
    name: str
    columns: tuple[str, ...] = ()

    def fault(self, message: str) -> SourceError:
        return SourceError(self.source, self.name, message)


def read_columns(source: SourceSpec, folder: Path) -> tuple[str, ...]:
    """Column names of the source's table or query. Raises SourceError when it can't be reached, or isn't there."""
    target = _target(source, folder)
    with _connected(target) as connection:
        return _columns(connection, target)


def fetch_rows(source: SourceSpec, folder: Path, store: Path, wanted: Sequence[str], *, full: bool = False) -> Fetched:
    """Fetch the columns `wanted` (with those of key and cursor) into `store`; with a cursor only what may have changed, unless `full`.

    `folder`: the project's, to which the path of an SQLite file is relative. Reads in one read-only transaction. Raises SourceError.
    """
    spec = source.database
    assert spec is not None
    plain = _target(source, folder)
    columns = tuple(dict.fromkeys((*wanted, *spec.key, *((spec.cursor,) if spec.cursor else ()))))
    target = _Target(plain.source, plain.spec, plain.url, plain.name, columns)
    files = _Files(store)
    before = None if full or spec.cursor is None else _previous(files, target)
    work = store / ".fetch"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        with _connected(target) as connection:
            _require(connection, target)
            new = _download(connection, target, before.rows if before else None, work)
            own = _own_key(connection, spec) if spec.cursor else ()
        if spec.cursor is None:
            new.save(work / "rows.parquet")
            counts = FetchCounts(new.rows, new.rows)
        else:
            merged, counts = merge_rows(before, new, spec)
            _refuse_wrong_key(target, counts, own)
            merged.rows.save(work / "rows.parquet")
            files.keep_folded(merged.folded)
        files.keep(work / "rows.parquet", _definition(target), folded=spec.cursor is not None)
    except ValueError as error:
        raise target.fault(str(error)) from None
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return Fetched(files.rows, target.name, counts)


_MOST_FOLDED = 0.5
"""Where more of the rows of a fetch than this have the key of another one, and other content, the key can't be right."""


def _refuse_wrong_key(target: _Target, counts: FetchCounts, own: Sequence[str]) -> None:
    if target.spec.versions or counts.same_key <= counts.rows * _MOST_FOLDED:
        return
    key = ", ".join(target.spec.key)
    known = f" (the table's own key: {', '.join(own)})" if own and tuple(own) != target.spec.key else ""
    raise target.fault(
        f"the key ({key}) does not identify a row: {counts.same_key:,} of {counts.rows:,} rows fetched have the key of another row, but "
        "other content, and only one of each key would stay. Name all columns that tell rows apart"
        f"{known}; or write `versions: true` where the table keeps older states of a row"
    )


@dataclass(frozen=True)
class _Files:
    """What lies in the store of a source: the rows, which keys stood on several of them, and what both answer."""

    store: Path

    @property
    def rows(self) -> Path:
        return self.store / "rows.parquet"

    @property
    def folded(self) -> Path:
        return self.store / "folded.parquet"

    @property
    def state(self) -> Path:
        return self.store / "state.json"

    def keep_folded(self, table: pa.Table) -> None:
        """Write the counts by key; they hold together with the rows that `keep` puts in place."""
        pq.write_table(table, self.folded, compression="zstd")
        sync_file(self.folded)

    def keep(self, rows: Path, definition: str, *, folded: bool) -> None:
        """Put the rows in place, and say what they answer."""
        sync_file(rows)
        rows.replace(self.rows)
        sync_folder(self.store)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        told = {"definition": definition, "sha256": digest(self.rows), "fetched_at": now}
        write_json(self.state, told | ({"folded": digest(self.folded)} if folded else {}))


# Where the database is


def _target(source: SourceSpec, folder: Path) -> _Target:
    import sqlalchemy as sa

    spec = source.database
    assert spec is not None
    written = spec.url
    if written.startswith("env:"):
        variable = written.removeprefix("env:")
        written = os.environ.get(variable, "")
        if not written:
            message = f"the environment variable {variable} is not set; it must hold the database's URL"
            raise SourceError(source.name, f"env:{variable}", message)
    try:
        url = sa.make_url(written)
        backend = url.get_backend_name()
    except (sa.exc.ArgumentError, ValueError):  # the latter for a port that is no number
        raise SourceError(
            source.name, "database", "the URL can't be read; write dialect://user:password@host:port/database"
        ) from None
    if backend == "sqlite":
        if not url.database or url.database == ":memory:":
            raise SourceError(source.name, "database", "the URL names no SQLite file; write sqlite:///path/to/file.db")
        path = folder / url.database
        url = sa.make_url("sqlite://").set(database=str(path))
        place = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name
    else:
        url = with_driver(url, backend)
        place = f"{backend}://{url.host or ''}{f':{url.port}' if url.port else ''}/{url.database or ''}"
    target = _Target(source.name, spec, url, f"{place}#{spec.table or 'query'}")
    reason = query_fault(spec.query, backend) if spec.query is not None else None
    if reason is not None:
        raise target.fault(reason.en)
    return target


def with_driver(url: URL, backend: str) -> URL:
    """The URL with a driver that is installed, where it names none."""
    if "+" in url.drivername:
        return url
    found = next((module for module in _DRIVERS.get(backend, ()) if find_spec(module)), None)
    return url.set(drivername=f"{backend}+{_DRIVER_NAMES.get(found, found)}") if found else url


@contextmanager
def _connected(target: _Target) -> Iterator[Connection]:
    """A connection in one transaction that can't change anything, and sees one state of the database where it offers that."""
    import sqlalchemy as sa

    backend = target.url.get_backend_name()
    try:
        engine = sa.create_engine(target.url, poolclass=sa.NullPool, **_options(target.url))
    except sa.exc.NoSuchModuleError:
        raise target.fault(f'"{target.url.drivername}" is no kind of database that SQLAlchemy knows') from None
    except ImportError:
        how = _INSTALL.get(backend, "install a driver that SQLAlchemy knows for it")
        raise target.fault(f"the driver of {target.url.drivername} is not installed; {how}") from None
    try:
        with engine.connect() as connection:
            if backend == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            elif backend in ("mysql", "mariadb"):
                connection.execution_options(isolation_level="REPEATABLE READ")
                connection.exec_driver_sql("SET SESSION TRANSACTION READ ONLY")
                connection.rollback()
            yield connection
            connection.rollback()
    except sa.exc.DBAPIError as error:
        raise _refused(target, error) from None
    finally:
        engine.dispose()


def _options(url: URL) -> dict[str, Any]:
    if url.get_backend_name() != "sqlite":
        return {"hide_parameters": True}
    import sqlite3

    address = f"file:{quote(str(url.database))}?mode=ro"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(address, uri=True)
        connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
        return connection

    return {"hide_parameters": True, "creator": connect}


def _refused(target: _Target, error: Any) -> SourceError:
    """What a driver's error means; its own words may hold values and are not shown."""
    original = error.orig
    state = getattr(original, "sqlstate", None) or getattr(original, "pgcode", None)
    words = str(original)
    if "unable to open database file" in words:
        return target.fault("no such SQLite file; its path is relative to the project folder")
    if "not a database" in words:
        return target.fault("the file is no SQLite database, or is encrypted")
    if error.statement is None:
        how = "is it running, and are host, port, database, user and password right?"
        return target.fault(f"the database can't be reached ({type(original).__name__}); {how}")
    code = f"{type(original).__name__}, SQLSTATE {state}" if state else type(original).__name__
    return target.fault(f"the database refused the query or broke it off ({code}); try it with the database's own tool")


# What is there


def _columns(connection: Connection, target: _Target) -> tuple[str, ...]:
    import sqlalchemy as sa

    if target.spec.table is None:
        empty = sa.select(sa.text("*")).select_from(_origin(target)).where(sa.text("1 = 0"))
        return tuple(connection.execute(empty).keys())
    schema, name = _table_name(target.spec.table)
    inspector = sa.inspect(connection)
    try:
        found = tuple(str(column["name"]) for column in inspector.get_columns(name, schema))
    except sa.exc.NoSuchTableError:
        found = ()
    if not found:
        known = [*inspector.get_table_names(schema), *inspector.get_view_names(schema)]
        raise target.fault(f'no table or view "{target.spec.table}"{did_you_mean(name, known)}')
    return found


def _table_name(written: str) -> tuple[str | None, str]:
    schema, dot, name = written.rpartition(".")
    return (schema if dot else None), name


def _require(connection: Connection, target: _Target) -> None:
    """Raise SourceError for a column that the table or query lacks."""
    known = _columns(connection, target)
    for column in target.columns:
        if column not in known:
            raise target.fault(f'no column "{column}"{did_you_mean(column, known)}')


def _origin(target: _Target) -> Any:
    """The FROM of the statement: the table, or the user's query in brackets, word for word."""
    import sqlalchemy as sa

    if target.spec.table is not None:
        schema, name = _table_name(target.spec.table)
        return sa.table(name, schema=schema)
    query = (target.spec.query or "").strip().rstrip(";")
    text = query.replace("\\", "\\\\").replace(":", "\\:")
    return sa.text(f"(\n{text}\n) huaxiang_query")


def _statement(connection: Connection, target: _Target, since: Any) -> Any:
    import sqlalchemy as sa

    spec = target.spec
    columns: list[Any] = [sa.column(name) for name in target.columns]
    statement: Any = sa.select(*columns).select_from(_origin(target))
    if since is not None and spec.cursor is not None:
        cursor: Any = sa.column(spec.cursor)
        statement = statement.where(sa.or_(cursor >= since, cursor.is_(None)))
    if spec.cursor is None:
        statement = statement.order_by(*(sa.column(name) for name in _order(connection, spec)))
    return statement


def _order(connection: Connection, spec: DatabaseSpec) -> Sequence[str]:
    """Columns that give the rows an order: the declared key, else the table's own."""
    return spec.key or _own_key(connection, spec)


def _own_key(connection: Connection, spec: DatabaseSpec) -> Sequence[str]:
    """The primary key of the table; nothing for a query."""
    import sqlalchemy as sa

    if spec.table is None:
        return ()
    schema, name = _table_name(spec.table)
    found: Sequence[str] = sa.inspect(connection).get_pk_constraint(name, schema)["constrained_columns"]
    return found


def _download(connection: Connection, target: _Target, before: RowFile | None, work: Path) -> RowFile:
    """Rows of the database, fetched in chunks into files below `work`."""
    since = None
    if before is not None and target.spec.cursor is not None:
        since = cursor_start(before, target.spec)
    statement = _statement(connection, target, since)
    result = connection.execution_options(yield_per=target.spec.chunk).execute(statement)
    fetched = RowFile(target.columns)
    for number, rows in enumerate(result.partitions()):
        fetched.spool(row_table(target.columns, rows), work / f"{number:06d}.parquet")
    return fetched


# What was fetched before


def _definition(target: _Target) -> str:
    spec = target.spec
    place = (
        target.url.render_as_string(hide_password=True) if target.url.get_backend_name() != "sqlite" else target.name
    )
    parts = [place, spec.table, spec.query, spec.cursor, list(spec.key), list(target.columns)]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


def _previous(files: _Files, target: _Target) -> State | None:
    """What was fetched before, when it is whole and answers the same question; else None: everything is fetched."""
    try:
        known = json.loads(files.state.read_text("utf-8"))
        if known["definition"] != _definition(target) or known["sha256"] != digest(files.rows):
            return None
        if known["folded"] != digest(files.folded):
            return None
        ceiling = datetime.fromisoformat(known["fetched_at"]) + _ZONE_SLACK
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    return State(RowFile(target.columns, [files.rows], ceiling), pq.read_table(files.folded))
