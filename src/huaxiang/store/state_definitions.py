"""What became of definitions that people edit in the web page: who saved, submitted, approved or withdrew which text, and when.

The definitions themselves stand in the project's files; this is their history, and the changes that wait for approval.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from huaxiang.store.state_schema import metadata, now

if TYPE_CHECKING:
    from huaxiang.store.state_schema import Database

EVENT = ("number", "kind", "name", "at", "who", "role", "action", "note", "digest", "definition")
"""What an event says; `definition`: the definition as it was from then on, or as it is proposed, as a dictionary; None where the event
has none.
"""
definition_events = sa.Table(
    "definition_events", metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True), sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("name", sa.String(64), nullable=False), sa.Column("at", sa.String(32), nullable=False),
    sa.Column("who", sa.String(200), nullable=False), sa.Column("role", sa.String(20), nullable=False),
    sa.Column("action", sa.String(20), nullable=False), sa.Column("note", sa.String(2000)),
    sa.Column("digest", sa.String(64)), sa.Column("definition", sa.Text),
    sa.Index("definition_events_by_name", "kind", "name"),
)  # fmt: skip


class DefinitionTable:
    """The history of definitions, kind by kind (tag …)."""

    def __init__(self, database: Database) -> None:
        self._database = database
        with database.read() as connection:
            known = sa.inspect(connection).has_table(definition_events.name)
        if not known:  # a database that was made before this table
            with database.write() as connection:
                metadata.create_all(connection, tables=[definition_events])

    def add(self, event: Mapping[str, Any]) -> None:
        """Note an event (EVENT without number; `at` is now)."""
        definition = event.get("definition")
        told = json.dumps(definition, ensure_ascii=False, sort_keys=False) if definition is not None else None
        values = {key: event.get(key) for key in EVENT if key not in ("number", "at", "definition")}
        with self._database.write() as connection:
            connection.execute(sa.insert(definition_events).values(**values, at=now(), definition=told))

    def of(self, kind: str, name: str) -> list[dict[str, Any]]:
        """The events of one definition (EVENT), the oldest first."""
        mine = (definition_events.c.kind == kind) & (definition_events.c.name == name)
        return self._read(sa.select(definition_events).where(mine).order_by(definition_events.c.number))

    def last(self, kind: str) -> dict[str, dict[str, Any]]:
        """The last event of each definition of a kind, by name."""
        newest = (
            sa.select(sa.func.max(definition_events.c.number))
            .where(definition_events.c.kind == kind)
            .group_by(definition_events.c.name)
        )
        query = sa.select(definition_events).where(definition_events.c.number.in_(newest))
        return {event["name"]: event for event in self._read(query)}

    def _read(self, query: sa.Select[Any]) -> list[dict[str, Any]]:
        with self._database.read() as connection:
            rows = [dict(row) for row in connection.execute(query).mappings()]
        return [row | {"definition": json.loads(row["definition"]) if row["definition"] else None} for row in rows]
