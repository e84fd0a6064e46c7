"""Builds on behalf of a server: a process of their own, whose progress is read from the history of builds."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from huaxiang.app.build import check
from huaxiang.app.status import RUN_KEYS
from huaxiang.app.wiring import is_building, run_log
from huaxiang.errors import BuildBusy, NotKnown, Said, SourceError, UsageError
from huaxiang.flow import STAGES

BUILD_KEYS = (*RUN_KEYS, "progress", "cancelled")
CANCELLED_KEYS = ("id", "cancelling")
_PATIENCE = 30.0
_LOOK = 0.05
_STUBBORN = 15.0


def start_build(
    folder: Path, *, as_of: str | None = None, full: bool = False, engine: str = "duckdb"
) -> dict[str, Any]:
    """Start a build in a process of its own, which goes on when the server ends; return BUILD_KEYS once it is in the history.

    Raises ProjectInvalid with every fault, BuildBusy, and SourceError when the process ended before it began.
    """
    if is_building(folder):
        raise BuildBusy(
            "a build of this project is running; follow it, or wait until it is done", "该项目正在构建；请等待完成"
        )
    check(folder)
    command = [
        sys.executable,
        "-m",
        "huaxiang.serve.cli.main",
        "build",
        str(folder),
        "--engine",
        engine,
        "--lang",
        "en",
    ]
    command += ["--as-of", as_of] if as_of else []
    command += ["--full"] if full else []
    child = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        env=os.environ | {"NO_COLOR": "1"},
    )  # fmt: skip
    threading.Thread(target=child.wait, name=f"build-{child.pid}", daemon=True).start()
    return _wait(folder, child)


def show_build(folder: Path, run_id: str) -> dict[str, Any]:
    """Return BUILD_KEYS of a build: `progress` names the stage that runs, how many are done, of how many; `within`: {done, total, note},
    how far that stage has come, None when it does not tell; `cancelled`: {by, at} of one that was cancelled. Raises NotKnown.
    """
    record = run_log(folder).find(run_id)
    if record is not None:
        return _told(record)
    raise NotKnown("no build has this ID; `huaxiang runs` lists them", "没有这个编号的构建；huaxiang runs 列出全部构建")


def cancel_build(folder: Path, run_id: str, by: str) -> dict[str, Any]:
    """Stop a running build; return CANCELLED_KEYS. It ends within seconds, is kept in the history as cancelled, and what is served stays.

    Raises NotKnown, and UsageError for a build that has ended, or runs on another machine.
    """
    log = run_log(folder)
    state = show_build(folder, run_id)["state"]
    if state == "running" and log.cancel(run_id, {"by": by, "at": datetime.now(UTC).isoformat(timespec="seconds")}):
        threading.Thread(target=_make_sure, args=(folder, run_id), name=f"cancel-{run_id}", daemon=True).start()
        return {"id": run_id, "cancelling": True}
    raise UsageError(
        "this build can't be cancelled here: it has ended, or runs on another machine",
        "无法取消：这次构建已经结束，或在另一台机器上运行",
    )


def _make_sure(folder: Path, run_id: str) -> None:
    """Kill a build that has not ended some seconds after it was asked to."""
    until = time.monotonic() + _STUBBORN
    while time.monotonic() < until:
        if show_build(folder, run_id)["state"] != "running":
            return
        time.sleep(_LOOK)
    run_log(folder).end(run_id)


def _wait(folder: Path, child: subprocess.Popen[bytes]) -> dict[str, Any]:
    """Wait until the build stands in the history."""
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        ended = child.poll() is not None
        for record in run_log(folder).list()[:5]:
            if record.get("pid") == child.pid:
                return _told(record)
        if ended:
            if is_building(folder):
                raise BuildBusy("another build of this project has just begun; follow it", "该项目刚刚开始了另一次构建")
            said = Said(
                "the build ended before it began; run `huaxiang build` to see why",
                "构建尚未开始就已结束；请运行 `huaxiang build` 查看原因",
            )
            raise SourceError("build", "", said)
        time.sleep(_LOOK)
    raise BuildBusy(
        "the build has not begun within 30 s; look at the list of builds", "构建在 30 秒内没有开始；请查看构建列表"
    )


def _told(record: dict[str, Any]) -> dict[str, Any]:
    stages = record.get("stages") or []
    done = sum(stage["state"] == "done" for stage in stages)
    running = stages[-1]["name"] if stages and stages[-1]["state"] == "running" else None
    return {key: record.get(key) for key in RUN_KEYS} | {
        "progress": {
            "stage": running, "done": done, "of": len(STAGES), "within": record.get("within") if running else None,
        },
        "cancelled": record.get("cancelled"),
    }  # fmt: skip
