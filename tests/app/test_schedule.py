"""When builds are due, that one server alone starts each, and that missed ones are told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from huaxiang.app import schedule
from huaxiang.app.audit import AuditLog
from huaxiang.app.schedule import (
    DUE_KEYS,
    SCHEDULE_KEYS,
    dues_between,
    next_due,
    set_schedule,
    show_schedule,
    start_due,
)
from huaxiang.app.wiring import open_state
from huaxiang.errors import BuildBusy, ProjectInvalid, UsageError
from huaxiang.store.state import StateStore

CHINA = ZoneInfo("Asia/Shanghai")
MORNING = datetime(2026, 3, 2, 6, 30, tzinfo=CHINA).astimezone(UTC)  # a Monday
DAY = timedelta(days=1)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "huaxiang.yaml").write_text("name: shop\n", "utf-8")
    return tmp_path


@pytest.fixture
def state(project: Path) -> Iterator[StateStore]:
    opened = open_state(project)
    yield opened
    opened.close()


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    runs: list[str] = []

    def start(_folder: Path) -> dict[str, str]:
        runs.append(f"run-{len(runs) + 1}")
        return {"id": runs[-1]}

    monkeypatch.setattr(schedule, "start_build", start)
    return runs


def plan(state: StateStore, project: Path, now: datetime, **changes: object) -> dict[str, object]:
    wanted = {"at": "06:30", "weekdays": "1234567", "enabled": True, "expected": 0} | changes
    return set_schedule(state, project, "ana", now=now, **wanted)  # type: ignore[arg-type]


def test_nothing_is_due_until_somebody_says_so(state: StateStore, project: Path, started: list[str]) -> None:
    told = show_schedule(state, project)
    assert set(told) == set(SCHEDULE_KEYS)
    assert (told["enabled"], told["next"], told["version"]) == (False, None, 0)
    assert start_due(state, project, AuditLog(state, project)) is None
    plan(state, project, MORNING - DAY, enabled=False)
    assert start_due(state, project, AuditLog(state, project), now=MORNING) is None
    assert started == []


def test_a_build_is_started_once_when_it_is_due(state: StateStore, project: Path, started: list[str]) -> None:
    audit = AuditLog(state, project)
    told = plan(state, project, MORNING - timedelta(hours=1))
    assert told["next"] == MORNING.isoformat()
    assert start_due(state, project, audit, now=MORNING - timedelta(seconds=1)) is None
    assert start_due(state, project, audit, now=MORNING + timedelta(seconds=10)) == "run-1"
    assert start_due(state, project, audit, now=MORNING + timedelta(seconds=30)) is None
    found = show_schedule(state, project, now=MORNING + timedelta(minutes=1))
    assert set(found["runs"][0]) == set(DUE_KEYS)
    assert [(run["state"], run["run"]) for run in found["runs"]] == [("started", "run-1")]
    assert found["next"] == (MORNING + DAY).isoformat()
    assert [(entry["who"], entry["action"]) for entry in state.audit.chain()] == [("schedule", "build")]


def test_of_many_servers_one_starts_it(state: StateStore, project: Path, started: list[str]) -> None:
    plan(state, project, MORNING - timedelta(hours=1))
    gate = threading.Barrier(6)

    def server() -> None:
        own = open_state(project)
        gate.wait()
        start_due(own, project, AuditLog(own, project), now=MORNING + timedelta(seconds=5))
        own.close()

    servers = [threading.Thread(target=server) for _ in range(6)]
    for one in servers:
        one.start()
    for one in servers:
        one.join()
    assert started == ["run-1"]


def test_missed_times_are_told_and_not_made_up_for(state: StateStore, project: Path, started: list[str]) -> None:
    plan(state, project, MORNING - timedelta(hours=1))
    audit = AuditLog(state, project)
    assert start_due(state, project, audit, now=MORNING + 2 * DAY + timedelta(hours=5)) is None
    found = show_schedule(state, project, now=MORNING + 2 * DAY + timedelta(hours=5))
    assert [run["state"] for run in found["runs"]] == ["missed"] * 3
    assert found["missed"] == 3
    assert (
        start_due(state, project, audit, now=MORNING + 3 * DAY + timedelta(minutes=50)) == "run-1"
    )  # late, but not too late


def test_what_cannot_begin_is_noted(state: StateStore, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan(state, project, MORNING - timedelta(hours=1))
    faults = [BuildBusy("busy", "正在构建"), ProjectInvalid([])]

    def start(_folder: Path) -> dict[str, str]:
        raise faults.pop(0)

    monkeypatch.setattr(schedule, "start_build", start)
    for day in (0, 1):
        start_due(state, project, AuditLog(state, project), now=MORNING + day * DAY + timedelta(seconds=1))
    assert [run["state"] for run in show_schedule(state, project)["runs"]] == ["failed", "busy"]


def test_weekdays_and_the_change_of_clocks() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    first = datetime(2026, 3, 27, 12, tzinfo=UTC)  # a Friday; clocks go forward on Sunday at 02:00
    assert next_due("02:30", "1", CHINA, MORNING) == datetime(2026, 3, 9, 2, 30, tzinfo=CHINA)
    assert [due.isoformat() for due in dues_between("02:30", "1234567", berlin, first, first + 4 * DAY)] == [
        "2026-03-28T01:30:00+00:00", "2026-03-29T01:30:00+00:00", "2026-03-30T00:30:00+00:00", "2026-03-31T00:30:00+00:00",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "wrong", [{"at": "24:00"}, {"at": "6:30"}, {"weekdays": "77"}, {"weekdays": "21"}, {"weekdays": ""}]
)
def test_times_and_days_that_are_none_are_refused(state: StateStore, project: Path, wrong: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="06:30"):
        plan(state, project, MORNING, **wrong)


def test_two_who_change_the_schedule_notice(state: StateStore, project: Path) -> None:
    first = plan(state, project, MORNING)
    with pytest.raises(UsageError, match="somebody else"):
        plan(state, project, MORNING, at="07:00")
    assert plan(state, project, MORNING, at="07:00", expected=first["version"])["at"] == "07:00"
