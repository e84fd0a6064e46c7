"""One build of a project at a time: an flock that the kernel gives back when its process dies, however it dies."""

from __future__ import annotations

import fcntl
import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from huaxiang.errors import BuildBusy, Said


class BuildLock:
    """Held while a build runs: `with BuildLock(project_folder): …`. Raises BuildBusy, naming the holder, if it is taken.

    The file `.huaxiang/lock` stays; its content ({"pid", "since"}) only tells a person who holds it.
    """

    def __init__(self, folder: Path) -> None:
        self.path = Path(folder) / ".huaxiang" / "lock"
        self._handle: int | None = None

    def __enter__(self) -> Self:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        if not _take(handle):
            holder = _holder(handle)
            os.close(handle)
            raise BuildBusy(
                f"another build of this project is running ({holder.en}); wait until it is done, or stop that process",
                f"该项目的另一次构建正在进行（{holder.zh}）；请等待它完成，或停止该进程",
            )
        note = json.dumps({"pid": os.getpid(), "since": datetime.now(UTC).isoformat(timespec="seconds")})
        os.ftruncate(handle, 0)
        os.pwrite(handle, note.encode(), 0)
        self._handle = handle
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def _take(handle: int) -> bool:
    """Try for a fifth of a second: `is_building` in another process may hold the lock for a moment to look."""
    for _attempt in range(20):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.01)
        else:
            return True
    return False


def is_building(folder: Path) -> bool:
    """Say whether some process holds the build lock of the project right now."""
    path = Path(folder) / ".huaxiang" / "lock"
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _holder(handle: int) -> Said:
    try:
        note = json.loads(os.pread(handle, 4096, 0) or b"{}")
        pid, since = note["pid"], note["since"]
    except (ValueError, KeyError):
        return Said("its process has just started", "进程刚刚启动")
    return Said(f"process {pid} since {since}", f"进程 {pid}，始于 {since}")
