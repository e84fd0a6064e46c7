"""The build lock and failpoints."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from huaxiang.errors import BuildBusy
from huaxiang.store.failpoints import FAILPOINTS, failpoint
from huaxiang.store.lock import BuildLock, is_building

HOLD = """
import sys, pathlib
from huaxiang.store.lock import BuildLock
with BuildLock(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_build_is_refused_and_told_who_builds(tmp_path: Path) -> None:
    assert not is_building(tmp_path)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    assert is_building(tmp_path)
    with (
        pytest.raises(BuildBusy, match=rf"process {holder.pid} since \d{{4}}-") as caught,
        BuildLock(tmp_path),
    ):
        pytest.fail("the lock was given twice")
    assert f"进程 {holder.pid}，始于 20" in caught.value.zh
    holder.kill()
    holder.communicate()
    with BuildLock(tmp_path):
        assert is_building(tmp_path)
    assert not is_building(tmp_path)


def test_a_failpoint_kills_only_when_switched_on() -> None:
    failpoint("tag")
    script = "from huaxiang.store.failpoints import failpoint; failpoint('clean'); failpoint('tag'); print('alive')"
    env = os.environ | {"HUAXIANG_FAILPOINTS": "segment,tag"}
    result = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, check=False)
    assert result.returncode == -signal.SIGKILL
    with pytest.raises(ValueError, match="unknown failpoint"):
        failpoint("tga")
    assert len(FAILPOINTS) == len(set(FAILPOINTS))
