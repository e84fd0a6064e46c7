"""The decisions file: what people decided about identity, a JSON object a line, only ever added to."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from huaxiang.errors import UsageError
from huaxiang.store.atomic import sync_folder

FILE = Path(".huaxiang") / "identity" / "decisions.jsonl"


def read_decisions(project: Path) -> list[dict[str, Any]]:
    """Return all lines, oldest first; a last line that a crash cut off was never acknowledged and is left out.

    Raises UsageError, with the line's number, when another line is damaged.
    """
    path = project / FILE
    if not path.exists():
        return []
    lines = path.read_text("utf-8").split("\n")
    found = []
    for number, line in enumerate(lines[:-1], 1):
        try:
            found.append(json.loads(line))
        except json.JSONDecodeError:
            raise UsageError(
                f"{FILE.as_posix()}:{number} is damaged: it is no JSON object; restore the file from a backup, or remove that line",
                f"{FILE.as_posix()}:{number} 已损坏：不是 JSON 对象；从备份恢复该文件，或删去那一行",
            ) from None
    return found


def append_decision(project: Path, line: Mapping[str, Any]) -> None:
    """Add one line durably: when this returns, the decision survives a crash. Writers wait for each other."""
    path = project / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab+") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        _cut_torn_line(stream.fileno())
        stream.write(json.dumps(dict(line), ensure_ascii=False).encode() + b"\n")
        stream.flush()
        os.fsync(stream.fileno())
    sync_folder(path.parent)


def _cut_torn_line(handle: int) -> None:
    """Remove what a crash left of a line after the last line break."""
    size = os.lseek(handle, 0, os.SEEK_END)
    data = os.pread(handle, size, 0)
    if data and not data.endswith(b"\n"):
        os.ftruncate(handle, data.rfind(b"\n") + 1)
