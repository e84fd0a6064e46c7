"""The audit log: who read personal data and who changed what, each entry chained to the one before by SHA-256.

An entry's hash is that of the hash before it and of the entry as canonical JSON, so that no entry can be changed, removed from the middle
or moved without breaking the chain. What was cut off the end is found by `anchor.py`, which keeps the head beside the database.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from huaxiang.store.state_schema import alone, audit, now

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from huaxiang.store.state_schema import Database

KEYS = ("at", "who", "role", "action", "object", "snapshot", "detail")
"""What an entry says, besides its number and hash."""
GENESIS = "0" * 64
"""What stands for the hash before the first entry."""
_LOCK = 0x68785F61
"""The number of the advisory lock of PostgreSQL under which entries are appended."""
_MOST = {"who": 200, "role": 20, "action": 40, "object": 500, "snapshot": 40}
_BATCH = 10_000


@dataclass(frozen=True)
class Head:
    """The last entry: its number (0 when there is none), its hash, and that of the entry before, where it was asked for."""

    number: int
    hash: str
    before: str = field(default="", compare=False)


@dataclass(frozen=True)
class Wanted:
    """Which entries: by who, action, a part of the object, and moments (ISO, UTC; `until` is left out); None for any."""

    who: str | None = None
    action: str | None = None
    object: str | None = None
    since: str | None = None
    until: str | None = None


def hash_of(before: str, entry: Mapping[str, Any]) -> str:
    """The hash of an entry (`number` and KEYS; `detail` as its JSON text) after the one whose hash is `before`."""
    told = json.dumps(
        {key: entry[key] for key in ("number", *KEYS)}, sort_keys=True, ensure_ascii=False, separators=(",", ":")
    )
    return hashlib.sha256(f"{before}\n{told}".encode()).hexdigest()


def append(connection: Connection, entry: Mapping[str, Any]) -> Head:
    """Append an entry (KEYS, all but who, role, action and object may be missing; `detail` is a mapping) within a transaction that
    writes: it holds the lock that keeps two servers from appending at once.
    """
    alone(connection, _LOCK)
    before = _head(connection)
    told = _cut("detail", json.dumps(entry.get("detail") or {}, sort_keys=True, ensure_ascii=False, default=str))
    kept = {key: _cut(key, entry.get(key)) for key in KEYS} | {"number": before.number + 1, "detail": told}
    kept["at"] = kept["at"] or now()
    kept["hash"] = hash_of(before.hash, kept)
    connection.execute(sa.insert(audit).values(**kept))
    return Head(kept["number"], kept["hash"], before.hash)


def _cut(key: str, value: Any) -> Any:
    """A text as long as its column; half characters and NUL, which not every database keeps, are replaced."""
    if value is None:
        return None
    return str(value).encode("utf-8", "replace").decode().replace("\0", "?")[: _MOST.get(key)]


def _head(connection: Connection) -> Head:
    row = connection.execute(sa.select(audit.c.number, audit.c.hash).order_by(audit.c.number.desc()).limit(1)).first()
    return Head(row.number, row.hash) if row is not None else Head(0, GENESIS)


class AuditTable:
    """The entries of the audit log."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, entry: Mapping[str, Any]) -> Head:
        """Keep an entry durably, as `append` does; return the new head."""
        with self._database.write() as connection:
            return append(connection, entry)

    def head(self) -> Head:
        """The last entry."""
        with self._database.read() as connection:
            return _head(connection)

    def page(self, wanted: Wanted, *, limit: int, before: int | None = None) -> list[dict[str, Any]]:
        """The last `limit` entries (number, KEYS, hash) that are wanted, newest first; only those numbered below `before`."""
        query = sa.select(audit).order_by(audit.c.number.desc()).limit(limit)
        tests = [
            audit.c.who == wanted.who if wanted.who is not None else None,
            audit.c.action == wanted.action if wanted.action is not None else None,
            audit.c.object.contains(wanted.object, autoescape=True) if wanted.object is not None else None,
            audit.c.at >= wanted.since if wanted.since is not None else None,
            audit.c.at < wanted.until if wanted.until is not None else None,
            audit.c.number < before if before is not None else None,
        ]
        with self._database.read() as connection:
            rows = connection.execute(query.where(*(test for test in tests if test is not None))).mappings().all()
        return [dict(row) | {"detail": json.loads(row["detail"])} for row in rows]

    def chain(self) -> Iterator[dict[str, Any]]:
        """All entries as they are kept (`detail` as its text), from the first on, in one view of the database."""
        with self._database.read() as connection:
            last = -1
            while True:
                query = sa.select(audit).where(audit.c.number > last).order_by(audit.c.number).limit(_BATCH)
                rows = connection.execute(query).mappings().all()
                for row in rows:
                    yield dict(row)
                if len(rows) < _BATCH:
                    return
                last = rows[-1]["number"]
