"""What servers have to remember: API tokens, and who saw what is masked. A database by SQLAlchemy URL, SQLite (WAL) by default.

Times are ISO texts in UTC. Tokens are kept as SHA-256 of their text, which is random enough (256 bits) to need no slow hash.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import event

from huaxiang.errors import StorageError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

VERSION = 1
_BUSY_MS = 10_000
metadata = sa.MetaData()
meta = sa.Table("huaxiang_meta", metadata, sa.Column("version", sa.Integer, primary_key=True))
tokens = sa.Table(
    "tokens", metadata,
    sa.Column("id", sa.String(16), primary_key=True), sa.Column("name", sa.String(200), nullable=False),
    sa.Column("role", sa.String(20), nullable=False), sa.Column("digest", sa.String(64), nullable=False, unique=True),
    sa.Column("created_at", sa.String(32), nullable=False), sa.Column("expires_at", sa.String(32)),
    sa.Column("revoked_at", sa.String(32)),
)  # fmt: skip
access_log = sa.Table(
    "access_log", metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True), sa.Column("at", sa.String(32), nullable=False),
    sa.Column("who", sa.String(200), nullable=False), sa.Column("role", sa.String(20), nullable=False),
    sa.Column("action", sa.String(40), nullable=False), sa.Column("object", sa.String(500), nullable=False),
    sa.Column("snapshot", sa.String(40)),
)  # fmt: skip
TOKEN = ("id", "name", "role", "created_at", "expires_at", "revoked_at")


class StateStore:
    """The state database; tables are made when they are missing. Safe to use from several threads and processes.

    Raises StorageError when it can't be opened, or was written by a newer version.
    """

    def __init__(self, url: str) -> None:
        self._engine = _engine(url)
        try:
            metadata.create_all(self._engine)
            with self._write() as connection:
                found = connection.execute(sa.select(meta.c.version)).scalar()
                if found is None:
                    connection.execute(sa.insert(meta).values(version=VERSION))
        except sa.exc.SQLAlchemyError as error:
            self._engine.dispose()
            raise StorageError(
                f"the state database can't be opened ({type(error).__name__}); check its URL and rights"
            ) from None
        if found is not None and found > VERSION:
            self._engine.dispose()
            raise StorageError(
                f"the state database is of version {found}, this Huaxiang knows {VERSION}: use the newer one"
            )

    def add_token(self, token: Mapping[str, Any]) -> None:
        """Keep a token: TOKEN and `digest`."""
        with self._write() as connection:
            connection.execute(sa.insert(tokens).values(**token))

    def list_tokens(self) -> list[dict[str, Any]]:
        """All tokens (TOKEN), the oldest first."""
        query = sa.select(*(tokens.c[name] for name in TOKEN)).order_by(tokens.c.created_at, tokens.c.id)
        with self._engine.connect() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def find_token(self, digest: str) -> dict[str, Any] | None:
        """The token (TOKEN) with this digest, whatever its state."""
        query = sa.select(*(tokens.c[name] for name in TOKEN)).where(tokens.c.digest == digest)
        with self._engine.connect() as connection:
            row = connection.execute(query).mappings().first()
        return dict(row) if row is not None else None

    def digests(self) -> dict[str, dict[str, Any]]:
        """All tokens that were not revoked (TOKEN), by digest."""
        query = sa.select(tokens).where(tokens.c.revoked_at.is_(None))
        with self._engine.connect() as connection:
            rows = [dict(row) for row in connection.execute(query).mappings()]
        return {row.pop("digest"): row for row in rows}

    def revoke_token(self, token_id: str) -> None:
        """End a token now; one that is ended stays as it is."""
        mine = (tokens.c.id == token_id) & tokens.c.revoked_at.is_(None)
        with self._write() as connection:
            connection.execute(sa.update(tokens).where(mine).values(revoked_at=now()))

    def note_access(self, entry: Mapping[str, Any]) -> None:
        """Note durably that somebody saw something: who, role, action, object, snapshot."""
        with self._write() as connection:
            connection.execute(sa.insert(access_log).values(at=now(), **entry))

    def accesses(self, *, limit: int = 100) -> list[dict[str, Any]]:
        """The last entries of the log of accesses, newest first."""
        query = sa.select(access_log).order_by(access_log.c.number.desc()).limit(limit)
        with self._engine.connect() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def close(self) -> None:
        """Free the connections."""
        self._engine.dispose()

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        with self._engine.begin() as connection:
            yield connection


def now() -> str:
    """The time, as it is kept."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def sqlite_url(path: Path) -> str:
    """The URL of a SQLite database in a file, which only its owner may read; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    return sa.URL.create("sqlite", database=str(path)).render_as_string(hide_password=False)


def _engine(url: str) -> Engine:
    try:
        engine = sa.create_engine(url, pool_pre_ping=not url.startswith("sqlite"))
    except (sa.exc.ArgumentError, ImportError):
        raise StorageError("the URL of the state database is not understood, or its driver is missing") from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _tune_sqlite)
    return engine


def _tune_sqlite(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    for pragma in (f"busy_timeout={_BUSY_MS}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
