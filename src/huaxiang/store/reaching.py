"""Where the database of a source is, and a connection to it that can't change anything. Faults name the place, never the password."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from huaxiang.errors import Said, SourceError
from huaxiang.plan.queries import query_fault
from huaxiang.spec.models import SourceSpec
from huaxiang.spec.sources import DatabaseSpec

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
_ANY_DRIVER = Said("install a driver that SQLAlchemy knows for it", "请安装 SQLAlchemy 支持的驱动")
_NO_URL = Said(
    "the URL can't be read; write dialect://user:password@host:port/database",
    "无法识别该 URL；请写成 dialect://user:password@host:port/database",
)
_NO_SQLITE_FILE = Said(
    "the URL names no SQLite file; write sqlite:///path/to/file.db",
    "该 URL 没有指明 SQLite 文件；请写成 sqlite:///path/to/file.db",
)


@dataclass(frozen=True)
class Target:
    """What is asked: the definition, the URL with its driver, the name for messages, and the columns."""

    source: str
    spec: DatabaseSpec
    url: URL
    name: str
    columns: tuple[str, ...] = ()

    def fault(self, said: Said) -> SourceError:
        """The error that tells of a fault here."""
        return SourceError(self.source, self.name, said)


def target_of(source: SourceSpec, folder: Path) -> Target:
    """Where the source's database is, without columns. Raises SourceError for a URL that can't be read, or a query that is no SELECT."""
    import sqlalchemy as sa

    spec = source.database
    assert spec is not None
    written = spec.url
    if written.startswith("env:"):
        variable = written.removeprefix("env:")
        written = os.environ.get(variable, "")
        if not written:
            said = Said(
                f"the environment variable {variable} is not set; it must hold the database's URL",
                f"未设置环境变量 {variable}；它的值应为数据库的 URL",
            )
            raise SourceError(source.name, f"env:{variable}", said)
    try:
        url = sa.make_url(written)
        backend = url.get_backend_name()
    except (sa.exc.ArgumentError, ValueError):  # the latter for a port that is no number
        raise SourceError(source.name, "database", _NO_URL) from None
    if backend == "sqlite":
        if not url.database or url.database == ":memory:":
            raise SourceError(source.name, "database", _NO_SQLITE_FILE)
        path = folder / url.database
        url = sa.make_url("sqlite://").set(database=str(path))
        place = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name
    else:
        url = with_driver(url, backend)
        place = f"{backend}://{url.host or ''}{f':{url.port}' if url.port else ''}/{url.database or ''}"
    target = Target(source.name, spec, url, f"{place}#{spec.table or 'query'}")
    reason = query_fault(spec.query, backend) if spec.query is not None else None
    if reason is not None:
        raise target.fault(reason)
    return target


def with_driver(url: URL, backend: str) -> URL:
    """The URL with a driver that is installed, where it names none."""
    if "+" in url.drivername:
        return url
    found = next((module for module in _DRIVERS.get(backend, ()) if find_spec(module)), None)
    return url.set(drivername=f"{backend}+{_DRIVER_NAMES.get(found, found)}") if found else url


@contextmanager
def connected(target: Target) -> Iterator[Connection]:
    """A connection in one transaction that can't change anything, and sees one state of the database where it offers that."""
    import sqlalchemy as sa

    backend = target.url.get_backend_name()
    try:
        engine = sa.create_engine(target.url, poolclass=sa.NullPool, **_options(target.url))
    except sa.exc.NoSuchModuleError:
        raise target.fault(_unknown(target.url.drivername)) from None
    except ImportError:
        raise target.fault(_no_driver(target.url.drivername, backend)) from None
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


def _unknown(name: str) -> Said:
    return Said(f'"{name}" is no kind of database that SQLAlchemy knows', f"“{name}”不是 SQLAlchemy 支持的数据库类型")


def _no_driver(name: str, backend: str) -> Said:
    command = _INSTALL.get(backend)
    how = Said(command, command) if command else _ANY_DRIVER
    return Said(f"the driver of {name} is not installed; {how.en}", f"没有安装 {name} 的驱动；{how.zh}")


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


def _refused(target: Target, error: Any) -> SourceError:
    """What a driver's error means; its own words may hold values and are not shown."""
    original = error.orig
    state = getattr(original, "sqlstate", None) or getattr(original, "pgcode", None)
    words, kind = str(original), type(original).__name__
    if "unable to open database file" in words:
        said = Said(
            "no such SQLite file; its path is relative to the project folder",
            "没有这个 SQLite 文件；其路径相对于项目文件夹",
        )
    elif "not a database" in words:
        said = Said("the file is no SQLite database, or is encrypted", "该文件不是 SQLite 数据库，或已加密")
    elif error.statement is None:
        said = Said(
            f"the database can't be reached ({kind}); is it running, and are host, port, database, user and password right?",
            f"连不上数据库（{kind}）；数据库是否在运行，主机、端口、库名、用户名和密码是否正确？",
        )
    else:
        code = Said(f"{kind}, SQLSTATE {state}", f"{kind}，SQLSTATE {state}") if state else Said(kind, kind)
        said = Said(
            f"the database refused the query or broke it off ({code.en}); try it with the database's own tool",
            f"数据库拒绝或中断了查询（{code.zh}）；请先用数据库自带的工具试一试",
        )
    return target.fault(said)
