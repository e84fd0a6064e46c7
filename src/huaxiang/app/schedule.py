"""The daily build: when it is due, who starts it, and which times were missed."""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from huaxiang.app.building import start_build
from huaxiang.app.definition_files import DefinitionChanged
from huaxiang.app.tag_market.projects import project_now
from huaxiang.errors import BuildBusy, HuaxiangError, UsageError

if TYPE_CHECKING:
    from huaxiang.app.audit import AuditLog
    from huaxiang.store.state import StateStore

SCHEDULE_KEYS = (
    "at",
    "weekdays",
    "enabled",
    "timezone",
    "next",
    "missed",
    "changed_at",
    "changed_by",
    "version",
    "runs",
)
DUE_KEYS = ("due", "state", "run", "noted_at")
STATES = ("taken", "started", "busy", "failed", "missed")
"""started: a build began · busy: one was running already · failed: it could not begin · missed: no server ran at that time ·
taken: a server is starting it.
"""
NAME = "build"
WHO, ROLE = "schedule", "service"
LATE = timedelta(hours=1)
"""A server that comes up this long after a due moment still starts the build; later it is told as missed."""
_LOOK_BACK = timedelta(days=31)
_AT = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_WEEKDAYS = re.compile(r"(?=.)1?2?3?4?5?6?7?")
log = logging.getLogger(__name__)


def show_schedule(state: StateStore, folder: Path, *, now: datetime | None = None) -> dict[str, Any]:
    """Return SCHEDULE_KEYS. `at`: HH:MM in `timezone`, the project's; `weekdays`: digits 1 (Monday) to 7; `next`: when a build is due next;
    `missed`: how many of `runs` (the last due moments, DUE_KEYS, newest first) were missed. `version` 0 when nothing was ever set.
    """
    zone = _zone(folder)
    found = state.schedule.find(NAME)
    runs = state.schedule.runs(NAME)
    told: dict[str, Any] = {
        "at": "06:00", "weekdays": "1234567", "enabled": False, "changed_at": None, "changed_by": None, "version": 0,
    } | {key: found[key] for key in ("at", "weekdays", "enabled", "changed_at", "changed_by", "version") if found}  # fmt: skip
    coming = next_due(told["at"], told["weekdays"], zone, now or datetime.now(UTC)) if told["enabled"] else None
    return told | {
        "timezone": str(zone), "next": coming.isoformat() if coming else None, "runs": runs,
        "missed": sum(run["state"] == "missed" for run in runs),
    }  # fmt: skip


def set_schedule(  # noqa: PLR0913 - what a schedule is made of
    state: StateStore, folder: Path, by: str, *, at: str, weekdays: str, enabled: bool, expected: int, now: datetime | None = None
) -> dict[str, Any]:  # fmt: skip
    """Keep a schedule in place of that of version `expected`; return SCHEDULE_KEYS. Raises UsageError for a time or days that are none,
    DefinitionChanged when somebody else has changed it meanwhile.
    """
    if not _AT.fullmatch(at) or not _WEEKDAYS.fullmatch(weekdays):
        raise UsageError(
            "a schedule is a time like 06:30 and weekdays like 12345 (1 is Monday)",
            "时间要写成 06:30，星期写成 12345（1 表示星期一）",
        )
    moment = now or datetime.now(UTC)
    told = moment.isoformat(timespec="seconds")
    wanted = {"at": at, "weekdays": weekdays, "enabled": enabled, "since": told, "changed_at": told, "changed_by": by}
    if not state.schedule.put(NAME, wanted, expected):
        raise DefinitionChanged(
            "somebody else has changed the schedule meanwhile; look at it again, then save once more",
            "排期刚被他人修改过，没有保存；请重新查看后再保存",
        )
    return show_schedule(state, folder, now=now)


def start_due(state: StateStore, folder: Path, audit: AuditLog, *, now: datetime | None = None) -> str | None:
    """Start the build that is due, unless another server has; note what was missed. Return the ID of the build that was started."""
    found = state.schedule.find(NAME)
    if found is None or not found["enabled"]:
        return None
    moment = now or datetime.now(UTC)
    since = max(datetime.fromisoformat(found["since"]), moment - _LOOK_BACK)
    dues = dues_between(found["at"], found["weekdays"], _zone(folder), since, moment)
    noted = {run["due"] for run in state.schedule.runs(NAME, len(dues) + 1)} if dues else set()
    started = None
    for due in dues:
        if due.isoformat() in noted:
            continue
        text = due.isoformat()
        if moment - due > LATE or due != dues[-1]:
            state.schedule.take(NAME, text, "missed")
        elif state.schedule.take(NAME, text, "taken"):
            started = _start(state, folder, audit, text)
    return started


def _start(state: StateStore, folder: Path, audit: AuditLog, due: str) -> str | None:
    try:
        run = str(start_build(folder)["id"])
    except BuildBusy:
        state.schedule.note(NAME, due, "busy")
        return None
    except HuaxiangError as error:
        log.warning("the scheduled build could not begin: %s", type(error).__name__)
        state.schedule.note(NAME, due, "failed")
        return None
    state.schedule.note(NAME, due, "started", run)
    audit.note_as(WHO, ROLE, "build", f"build {run}", due=due)
    return run


def next_due(at: str, weekdays: str, zone: ZoneInfo, after: datetime) -> datetime:
    """The first due moment after `after`, in UTC."""
    return dues_between(at, weekdays, zone, after, after + timedelta(days=9))[0]


def dues_between(at: str, weekdays: str, zone: ZoneInfo, after: datetime, until: datetime) -> list[datetime]:
    """Due moments after `after`, up to `until`, in UTC; one that a change of clocks skips is due as long after it as it would have been."""
    hour, minute = map(int, at.split(":"))
    day, last = after.astimezone(zone).date(), until.astimezone(zone).date()
    found = []
    while day <= last:
        due = datetime.combine(day, time(hour, minute), zone).astimezone(UTC)
        if after < due <= until and str(day.isoweekday()) in weekdays:
            found.append(due)
        day += timedelta(days=1)
    return found


def _zone(folder: Path) -> ZoneInfo:
    try:
        return ZoneInfo(project_now(folder).spec.timezone)
    except HuaxiangError:  # definitions that can't be read don't stop the clock; the build will tell
        return ZoneInfo("Asia/Shanghai")
