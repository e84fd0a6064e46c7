"""The tables of the state database, how it is opened, and how those of an older version are brought up to date.

Times are ISO texts in UTC. What lets somebody in (tokens, sessions, codes) is kept as SHA-256 of a text that is random enough (256 bits)
to need no slow hash; passwords are kept as argon2id.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import event

from huaxiang.errors import StorageError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

VERSION = 4
_BUSY_MS = 10_000
_OPENING = 0x68785F6F
"""The number of the advisory lock of PostgreSQL under which tables are made and brought up to date."""
metadata = sa.MetaData()
meta = sa.Table("huaxiang_meta", metadata, sa.Column("version", sa.Integer, primary_key=True))
tokens = sa.Table(
    "tokens", metadata,
    sa.Column("id", sa.String(16), primary_key=True), sa.Column("name", sa.String(200), nullable=False),
    sa.Column("role", sa.String(20), nullable=False), sa.Column("digest", sa.String(64), nullable=False, unique=True),
    sa.Column("created_at", sa.String(32), nullable=False), sa.Column("expires_at", sa.String(32)),
    sa.Column("revoked_at", sa.String(32)),
)  # fmt: skip
users = sa.Table(
    "users", metadata,
    sa.Column("name", sa.String(64), primary_key=True), sa.Column("display_name", sa.String(200), nullable=False),
    sa.Column("role", sa.String(20), nullable=False), sa.Column("password", sa.String(300)),
    sa.Column("subject", sa.String(500), unique=True), sa.Column("must_change", sa.Boolean, nullable=False),
    sa.Column("disabled_at", sa.String(32)), sa.Column("created_at", sa.String(32), nullable=False),
    sa.Column("changed_at", sa.String(32), nullable=False), sa.Column("language", sa.String(10)), sa.Column("theme", sa.String(10)),
    sa.Column("tour_seen", sa.Boolean),
)  # fmt: skip
sessions = sa.Table(
    "sessions", metadata,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("name", sa.String(64), sa.ForeignKey("users.name"), nullable=False, index=True),
    sa.Column("way", sa.String(20), nullable=False), sa.Column("created_at", sa.String(32), nullable=False),
    sa.Column("seen_at", sa.String(32), nullable=False), sa.Column("expires_at", sa.String(32), nullable=False),
)  # fmt: skip
attempts = sa.Table(
    "login_attempts", metadata,
    sa.Column("subject", sa.String(64), primary_key=True), sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("last", sa.Float, nullable=False), sa.Column("next", sa.Float, nullable=False),
)  # fmt: skip
codes = sa.Table(
    "codes", metadata,
    sa.Column("digest", sa.String(64), primary_key=True), sa.Column("purpose", sa.String(20), nullable=False),
    sa.Column("value", sa.String(2000)), sa.Column("expires_at", sa.String(32), nullable=False),
)  # fmt: skip
audit = sa.Table(
    "audit", metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False), sa.Column("at", sa.String(32), nullable=False),
    sa.Column("who", sa.String(200), nullable=False, index=True), sa.Column("role", sa.String(20), nullable=False),
    sa.Column("action", sa.String(40), nullable=False, index=True), sa.Column("object", sa.String(500), nullable=False),
    sa.Column("snapshot", sa.String(40)), sa.Column("detail", sa.Text, nullable=False), sa.Column("hash", sa.String(64), nullable=False),
)  # fmt: skip
schedules = sa.Table(
    "schedules", metadata,
    sa.Column("name", sa.String(20), primary_key=True), sa.Column("at", sa.String(5), nullable=False),
    sa.Column("weekdays", sa.String(7), nullable=False), sa.Column("enabled", sa.Boolean, nullable=False),
    sa.Column("since", sa.String(32), nullable=False), sa.Column("changed_at", sa.String(32), nullable=False),
    sa.Column("changed_by", sa.String(200), nullable=False), sa.Column("version", sa.Integer, nullable=False),
)  # fmt: skip
schedule_runs = sa.Table(
    "schedule_runs", metadata,
    sa.Column("name", sa.String(20), primary_key=True), sa.Column("due", sa.String(32), primary_key=True),
    sa.Column("state", sa.String(20), nullable=False), sa.Column("run", sa.String(64)),
    sa.Column("noted_at", sa.String(32), nullable=False),
)  # fmt: skip


def now() -> str:
    """The time, as it is kept."""
    return datetime.now(UTC).isoformat(timespec="seconds")


class Database:
    """The state database; tables are made when they are missing. Safe to use from several threads and processes.

    Raises StorageError when it can't be opened, or was written by a newer version.
    """

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        alone_here = self.engine.dialect.name == "sqlite"
        self._turn: AbstractContextManager[object] = threading.Lock() if alone_here else nullcontext()
        try:
            found = self._open()
        except sa.exc.SQLAlchemyError as error:
            self.engine.dispose()
            raise StorageError(
                f"the state database can't be opened ({type(error).__name__}); check its URL and rights",
                f"无法打开状态数据库（{type(error).__name__}）；请检查其 URL 与权限",
            ) from None
        if found > VERSION:
            self.engine.dispose()
            raise StorageError(
                f"the state database is of version {found}, this Huaxiang knows {VERSION}: use the newer one",
                f"状态数据库的版本是 {found}，本程序只认识 {VERSION}：请使用更新的 Huaxiang",
            )

    def _open(self) -> int:
        """Make or bring up to date what is there; return its version."""
        with self.write() as connection:
            alone(connection, _OPENING)
            known = sa.inspect(connection).has_table(meta.name)
            found = connection.execute(sa.select(meta.c.version)).scalar() if known else None
            if found is not None and found >= VERSION:
                return int(found)
            metadata.create_all(connection)
            if found is None:
                connection.execute(sa.insert(meta).values(version=VERSION))
            else:
                if found == 1:
                    _migrate(connection)
                _add_columns(connection)
                connection.execute(sa.update(meta).values(version=VERSION))
        return VERSION

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for looking something up."""
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that holds SQLite's only lock for writing from its beginning, so that what it reads stays true until its end.

        Threads take turns: those that wait for SQLite's lock ask again and again, and on a slow disk some would never get it in time.
        """
        with self._turn, self.engine.connect() as plain:
            connection = plain.execution_options(huaxiang_write=True)
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Free the connections."""
        self.engine.dispose()


def alone(connection: Connection, number: int) -> None:
    """Let no other transaction that asks for the same number go on before this one ends; SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(number)))


def _migrate(connection: Connection) -> None:
    """From version 1: its log of accesses begins the chain of the audit log."""
    from huaxiang.store.state_audit import append

    log = sa.table(
        "access_log", *(sa.column(name) for name in ("number", "at", "who", "role", "action", "object", "snapshot"))
    )
    for row in connection.execute(sa.select(log).order_by(log.c.number)).mappings().all():
        append(connection, {key: row[key] for key in ("at", "who", "role", "action", "object", "snapshot")})
    connection.execute(sa.text("DROP TABLE access_log"))


def _add_columns(connection: Connection) -> None:
    """What tables of versions before 4 lack; nothing is known of it."""
    if "tour_seen" not in {column["name"] for column in sa.inspect(connection).get_columns(users.name)}:
        connection.execute(sa.text("ALTER TABLE users ADD COLUMN tour_seen BOOLEAN"))


def sqlite_url(path: Path) -> str:
    """The URL of a SQLite database in a file, which only its owner may read; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    return sa.URL.create("sqlite", database=str(path)).render_as_string(hide_password=False)


def _engine(url: str) -> Engine:
    if url.startswith("postgresql://"):  # the driver that we bring
        url = url.replace("postgresql://", "postgresql+psycopg2://", 1)
    try:
        engine = sa.create_engine(url, pool_pre_ping=not url.startswith("sqlite"))
    except (sa.exc.ArgumentError, ImportError):
        raise StorageError(
            "the URL of the state database is not understood, or its driver is missing",
            "无法识别状态数据库的 URL，或缺少驱动程序",
        ) from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _tune_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _tune_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = (
        None  # we say BEGIN ourselves: the driver would begin late, and then two writers may both fail
    )
    cursor = connection.cursor()
    for pragma in (f"busy_timeout={_BUSY_MS}", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    until = time.monotonic() + _BUSY_MS / 1000
    while cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:  # another server does the same: SQLite doesn't wait by itself here
            if time.monotonic() > until:
                raise
            time.sleep(0.02)
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("huaxiang_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
