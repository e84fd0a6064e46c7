"""The history of builds: `runs/<id>.json`, written anew at each step so that it tells how far a dead build came."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from huaxiang.store.atomic import write_json
from huaxiang.store.lock import is_building

_KEEP = 200
_ID = re.compile(r"[\w-]{1,64}")
_TELL = 0.5
"""Seconds between two notes of how far a stage has come."""


class Run:
    """One build being recorded. Call `begin_stage` / `end_stage` for each stage, then `done` or `failed` once."""

    def __init__(self, path: Path, record: dict[str, Any]) -> None:
        self._path = path
        self.record = record
        self._clock = time.monotonic()
        self._stage_clock = self._clock
        self._told_at = 0.0
        self._write()

    @property
    def id(self) -> str:
        """The run's id; the snapshot that it publishes bears the same."""
        return str(self.record["id"])

    def begin_stage(self, name: str) -> None:
        """Note that a stage (a name of flow.STAGES) begins."""
        self._stage_clock = time.monotonic()
        self._told_at = 0.0
        self.record["within"] = None
        self.record["stages"].append({"name": name, "state": "running", "seconds": None, "rows": None})
        self._write()

    def within(self, done: int, total: int | None, note: str) -> None:
        """Note how far the stage that runs has come (`done` of `total` parts, `note` the name of the one at work); seldom enough to cost
        nothing.
        """
        if time.monotonic() - self._told_at < _TELL:
            return
        self._told_at = time.monotonic()
        self.record["within"] = {"done": done, "total": total, "note": note}
        self._write()

    def end_stage(self, *, rows: int | None = None) -> None:
        """Note that the stage begun last is done, and how many rows it left."""
        stage = self.record["stages"][-1]
        self.record["within"] = None
        stage.update(state="done", seconds=round(time.monotonic() - self._stage_clock, 3), rows=rows)
        self._write()

    def done(self, snapshot: str) -> None:
        """Note success, and the snapshot published."""
        self._end("done", snapshot=snapshot)

    def failed(self, error: BaseException) -> None:
        """Note failure. Only messages of HuaxiangError are kept: others might hold customers' values."""
        from huaxiang.errors import HuaxiangError, Said, storage_error

        error = storage_error(error) or error
        said = Said("unexpected error; see .huaxiang/logs", "意外错误；详见 .huaxiang/logs")
        if isinstance(error, HuaxiangError):
            said = Said(str(error), error.zh)
        if self.record["stages"] and self.record["stages"][-1]["state"] == "running":
            self.record["stages"][-1]["state"] = "failed"
        with suppress(OSError):  # a full disk must not hide what happened; the record then reads `crashed`
            self._end("failed", error={"type": type(error).__name__, "message": said.en, "zh": said.zh})

    def _end(self, state: str, **more: Any) -> None:
        self.record.update(state=state, ended_at=_now(), seconds=round(time.monotonic() - self._clock, 3), **more)
        self._write()

    def _write(self) -> None:
        write_json(self._path, self.record)


class RunLog:
    """The run history of one project."""

    def __init__(self, folder: Path) -> None:
        self._project = Path(folder)
        self._folder = self._project / ".huaxiang" / "runs"

    def start(self, run_id: str, **facts: Any) -> Run:
        """Begin the record of a build; `facts` (engine, as_of, full …) are kept as given. Old records beyond 200 go."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for old in sorted(self._folder.glob("*.json"))[: -(_KEEP - 1)]:
            old.unlink(missing_ok=True)
            old.with_suffix(".cancel").unlink(missing_ok=True)
        record: dict[str, Any] = {
            "id": run_id, "state": "running", "started_at": _now(), "ended_at": None, "seconds": None,
            "pid": os.getpid(), "host": socket.gethostname(), "process_started": _process_start(os.getpid()),
            "snapshot": None, "error": None, "stages": [],
        }  # fmt: skip
        return Run(self._folder / f"{run_id}.json", record | facts)

    def list(self) -> tuple[dict[str, Any], ...]:
        """Return all records, newest first. A run whose process is gone without an end is `crashed`."""
        return tuple(self._read(path) for path in sorted(self._folder.glob("*.json"), reverse=True))

    def find(self, run_id: str) -> dict[str, Any] | None:
        """Return the record of one build, None when there is none."""
        path = self._folder / f"{run_id}.json"
        return self._read(path) if _ID.fullmatch(run_id) and path.is_file() else None

    def cancel(self, run_id: str, note: Mapping[str, Any]) -> bool:
        """Ask the process of a running build to stop as on Ctrl-C, after writing down who wants it; False when it runs on another machine,
        or not at all. What a build leaves when it stops anywhere is what the next one removes, and what is served stays.
        """
        record = self.find(run_id)
        if record is None or record["state"] != "running" or record["host"] != socket.gethostname():
            return False
        write_json(self._folder / f"{run_id}.cancel", dict(note))
        with suppress(ProcessLookupError):
            os.kill(record["pid"], signal.SIGINT)
        return True

    def end(self, run_id: str) -> None:
        """Kill the process of a build that was asked to stop and does not."""
        record = self.find(run_id)
        if record is not None and record["state"] == "running" and record["host"] == socket.gethostname():
            with suppress(ProcessLookupError):
                os.kill(record["pid"], signal.SIGKILL)

    def _read(self, path: Path) -> dict[str, Any]:
        record = self._record(path)
        if record["state"] in ("failed", "crashed") and (told := _json(path.with_suffix(".cancel"))):
            record |= {"state": "cancelled", "error": None, "cancelled": told}
            for stage in record["stages"]:
                stage["state"] = "cancelled" if stage["state"] in ("running", "failed") else stage["state"]
        return record

    def _record(self, path: Path) -> dict[str, Any]:
        try:
            record: dict[str, Any] = json.loads(path.read_text("utf-8"))
        except ValueError:
            return {"id": path.stem, "state": "unreadable", "started_at": None, "ended_at": None, "seconds": None,
                    "snapshot": None, "error": None, "stages": []}  # fmt: skip
        if record["state"] == "running" and not self._is_alive(record):
            record["state"] = "crashed"
        return record

    def _is_alive(self, record: dict[str, Any]) -> bool:
        if record["host"] != socket.gethostname():
            return is_building(self._project)
        try:
            os.kill(record["pid"], 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return bool(_process_start(record["pid"]) == record["process_started"])


def _json(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _process_start(pid: int) -> str | None:
    """Return when a process began (ticks since boot; a later process may get its pid); None for a dead one not yet reaped."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("ascii", errors="replace")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] == "Z" else fields[19]
