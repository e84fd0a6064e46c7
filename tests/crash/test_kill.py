"""kill -9 anywhere: the last snapshot is served, the next build goes on and equals an undisturbed one."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.crash.conftest import contents, must_build, said, start_build

from huaxiang.store.failpoints import FAILPOINTS
from huaxiang.store.runs import RunLog
from huaxiang.store.snapshots import SnapshotStore

pytestmark = pytest.mark.slow
MOMENTS = 50


def assert_goes_on(project: Path, undisturbed: Mapping[str, str]) -> None:
    """What is served is whole; the next build succeeds, equals an undisturbed one and clears up."""
    assert contents(project) == undisturbed
    must_build(project)
    assert contents(project) == undisturbed
    store = SnapshotStore(project)
    assert list(store.work.iterdir()) == []
    assert {path.name for path in store.snapshots.iterdir()} == set(store.ids())


def test_two_builds_of_the_same_input_are_byte_equal(project: Path, undisturbed: Mapping[str, str]) -> None:
    assert contents(project) == undisturbed
    assert {"tables/customers.parquet", "tables/identity.parquet", "personas.json"} <= undisturbed.keys()


@pytest.mark.parametrize("name", FAILPOINTS)
def test_killed_at_a_failpoint(project: Path, undisturbed: Mapping[str, str], name: str) -> None:
    before = SnapshotStore(project).current_id()
    process = start_build(project, failpoint=name)
    process.join(timeout=300)
    assert process.exitcode == -signal.SIGKILL, said(project)
    after = SnapshotStore(project).current_id()
    assert (after != before) == (name == "publish.after_pointer")
    killed = RunLog(project).list()[0]
    assert killed["state"] == "crashed"
    assert killed["stages"][-1]["name"] == name.partition(".")[0]
    assert_goes_on(project, undisturbed)


def test_killed_at_random_moments(project: Path, undisturbed: Mapping[str, str]) -> None:
    moments = random.Random(20240501)
    whole, killed, tried = timed_build(project), 0, 0
    while killed < MOMENTS:
        tried += 1
        assert tried <= 3 * MOMENTS, "builds end before they are killed"
        process = start_build(project)
        process.join(timeout=moments.uniform(0, whole))
        process.kill()
        process.join()
        if process.exitcode == -signal.SIGKILL:  # else it was done in time: a loaded machine became a calm one
            killed += 1
            assert contents(project) == undisturbed
            whole = timed_build(project)
        assert contents(project) == undisturbed
        assert list(SnapshotStore(project).work.iterdir()) == []


def timed_build(project: Path) -> float:
    """Build, and return the seconds it took."""
    begin = time.monotonic()
    must_build(project)
    return time.monotonic() - begin
