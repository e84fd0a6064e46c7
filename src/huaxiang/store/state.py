"""What servers have to remember: users, sessions, API tokens, and the audit log. A database by SQLAlchemy URL, SQLite (WAL) by default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from huaxiang.store.state_audit import AuditTable
from huaxiang.store.state_definitions import DefinitionTable
from huaxiang.store.state_people import AttemptTable, CodeTable, SessionTable, UserTable
from huaxiang.store.state_schedule import ScheduleTable
from huaxiang.store.state_schema import VERSION, Database, now, sqlite_url, tokens

__all__ = ["TOKEN", "VERSION", "StateStore", "sqlite_url"]
TOKEN = ("id", "name", "role", "created_at", "expires_at", "revoked_at")


class StateStore:
    """The state database; tables are made when they are missing. Safe to use from several threads and processes.

    Raises StorageError when it can't be opened, or was written by a newer version.
    """

    def __init__(self, url: str) -> None:
        self._database = Database(url)
        self.users = UserTable(self._database)
        self.sessions = SessionTable(self._database)
        self.attempts = AttemptTable(self._database)
        self.codes = CodeTable(self._database)
        self.audit = AuditTable(self._database)
        self.definitions = DefinitionTable(self._database)
        self.schedule = ScheduleTable(self._database)

    def add_token(self, token: Mapping[str, Any]) -> None:
        """Keep a token: TOKEN and `digest`."""
        with self._database.write() as connection:
            connection.execute(sa.insert(tokens).values(**token))

    def list_tokens(self) -> list[dict[str, Any]]:
        """All tokens (TOKEN), the oldest first."""
        query = sa.select(*(tokens.c[name] for name in TOKEN)).order_by(tokens.c.created_at, tokens.c.id)
        with self._database.read() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def find_token(self, digest: str) -> dict[str, Any] | None:
        """The token (TOKEN) with this digest, whatever its state."""
        query = sa.select(*(tokens.c[name] for name in TOKEN)).where(tokens.c.digest == digest)
        with self._database.read() as connection:
            row = connection.execute(query).mappings().first()
        return dict(row) if row is not None else None

    def digests(self) -> dict[str, dict[str, Any]]:
        """All tokens that were not revoked (TOKEN), by digest."""
        query = sa.select(tokens).where(tokens.c.revoked_at.is_(None))
        with self._database.read() as connection:
            rows = [dict(row) for row in connection.execute(query).mappings()]
        return {row.pop("digest"): row for row in rows}

    def revoke_token(self, token_id: str) -> None:
        """End a token now; one that is ended stays as it is."""
        mine = (tokens.c.id == token_id) & tokens.c.revoked_at.is_(None)
        with self._database.write() as connection:
            connection.execute(sa.update(tokens).where(mine).values(revoked_at=now()))

    def close(self) -> None:
        """Free the connections."""
        self._database.close()
