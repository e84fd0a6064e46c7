"""Status: freshness, runs, definitions changed since the build."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.published import publish_sample

from huaxiang.app.status import RUN_KEYS, STATUS_KEYS, list_runs, list_snapshots, project_status
from huaxiang.app.wiring import find_project
from huaxiang.errors import UsageError
from huaxiang.store.lock import BuildLock
from huaxiang.store.runs import RunLog

BUILT = datetime(2024, 5, 1, 20, tzinfo=UTC)


def age(path: Path, moment: datetime) -> None:
    os.utime(path, (moment.timestamp(), moment.timestamp()))


def test_freshness_and_what_changed_since(tmp_path: Path) -> None:
    snapshot = publish_sample(tmp_path)
    (tmp_path / "tags").mkdir()
    for name in ("huaxiang.yaml", "tags/old.yaml", "tags/new.yaml"):
        (tmp_path / name).touch()
        age(tmp_path / name, datetime(2024, 5, 2 if "new" in name else 1, 1, tzinfo=UTC))
    found = project_status(tmp_path, now=datetime(2024, 5, 4, 21, tzinfo=UTC))
    assert tuple(found) == STATUS_KEYS
    assert (found["snapshot"], found["age_days"], found["customers"], found["tags"]) == (snapshot.id, 3, 6, 5)
    assert found["changed_since"] == ["tags/new.yaml"]
    assert found["building"] is False
    assert found["problem"] is None


def test_a_running_and_a_failed_build_show(tmp_path: Path) -> None:
    publish_sample(tmp_path)
    run = RunLog(tmp_path).start("r1", engine="duckdb")
    with BuildLock(tmp_path):
        assert project_status(tmp_path)["building"] is True
    run.failed(UsageError("no such file", "没有该文件"))
    found = project_status(tmp_path)["last_run"]
    assert tuple(found) == RUN_KEYS
    assert (found["state"], found["error"]["message"]) == ("failed", "no such file")
    assert list_runs(tmp_path, limit=1) == [found]


def test_a_damaged_snapshot_is_told_not_raised(tmp_path: Path) -> None:
    publish_sample(tmp_path).table("customers").unlink()
    assert "customers.parquet is missing" in project_status(tmp_path)["problem"]["en"]
    problem = list_snapshots(tmp_path)[0]["problem"]
    assert "damaged" in problem["en"] and "已损坏" in problem["zh"]


def test_the_project_is_looked_for_upwards(tmp_path: Path) -> None:
    (tmp_path / "huaxiang.yaml").touch()
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert find_project(tmp_path / "a" / "b") == tmp_path
    with pytest.raises(UsageError, match="huaxiang init"):
        find_project(Path("/"))
