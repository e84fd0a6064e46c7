"""When builds are due, and what became of each time that was: one row a due moment, so that one server alone acts on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from huaxiang.store.state_schema import alone, now, schedule_runs, schedules

if TYPE_CHECKING:
    from huaxiang.store.state_schema import Database

SCHEDULE = ("name", "at", "weekdays", "enabled", "since", "changed_at", "changed_by", "version")
DUE = ("due", "state", "run", "noted_at")
_KEPT = 200
_SCHEDULES = 0x68785F73
"""The number of the advisory lock of PostgreSQL under which a schedule is changed or a due moment is taken."""


class ScheduleTable:
    """Schedules by name, and their due moments (ISO texts in UTC)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, name: str) -> dict[str, Any] | None:
        """The schedule (SCHEDULE) of this name."""
        query = sa.select(schedules).where(schedules.c.name == name)
        with self._database.read() as connection:
            row = connection.execute(query).mappings().first()
        return dict(row) if row is not None else None

    def put(self, name: str, wanted: Mapping[str, Any], expected: int) -> bool:
        """Keep a schedule in place of version `expected` (0: none); False, and nothing done, when it is of another version by now."""
        with self._database.write() as connection:
            alone(connection, _SCHEDULES)
            mine = schedules.c.name == name
            version = connection.execute(sa.select(schedules.c.version).where(mine)).scalar() or 0
            if version != expected:
                return False
            connection.execute(sa.delete(schedules).where(mine))
            connection.execute(sa.insert(schedules).values(name=name, version=version + 1, **wanted))
        return True

    def take(self, name: str, due: str, state: str) -> bool:
        """Take a due moment; False when somebody has taken it before."""
        with self._database.write() as connection:
            alone(connection, _SCHEDULES)
            mine = (schedule_runs.c.name == name) & (schedule_runs.c.due == due)
            if connection.execute(sa.select(schedule_runs.c.due).where(mine)).first() is not None:
                return False
            connection.execute(sa.insert(schedule_runs).values(name=name, due=due, state=state, noted_at=now()))
            old = (
                sa.select(schedule_runs.c.due)
                .where(schedule_runs.c.name == name)
                .order_by(schedule_runs.c.due.desc())
                .offset(_KEPT)
            )
            gone = [row[0] for row in connection.execute(old.limit(_KEPT))]
            if gone:
                connection.execute(
                    sa.delete(schedule_runs).where((schedule_runs.c.name == name) & schedule_runs.c.due.in_(gone))
                )
        return True

    def note(self, name: str, due: str, state: str, run: str | None = None) -> None:
        """Note what became of a due moment that was taken."""
        mine = (schedule_runs.c.name == name) & (schedule_runs.c.due == due)
        with self._database.write() as connection:
            connection.execute(sa.update(schedule_runs).where(mine).values(state=state, run=run, noted_at=now()))

    def runs(self, name: str, limit: int = 30) -> list[dict[str, Any]]:
        """The last due moments (DUE), newest first."""
        query = sa.select(*(schedule_runs.c[key] for key in DUE)).where(schedule_runs.c.name == name)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(schedule_runs.c.due.desc()).limit(limit)).mappings()
            return [dict(row) for row in rows]
