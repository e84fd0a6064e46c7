"""Snapshots: immutable versions of a project's results, published by moving one pointer.

`SnapshotStore(project_folder)` works below `PROJECT/.huaxiang` (docs/contracts.md, "On disk"). The order of `Draft.publish`
is what makes it safe to die anywhere: the tables and the manifest are complete and durable in `work/<id>/snapshot` before
the folder is moved to `snapshots/<id>`; it is checked there; only then is `CURRENT` replaced. Ids grow with every build,
so whatever lies in `snapshots/` above `CURRENT` was never published, is shown to nobody and is removed by the next build.

A reader holds a shared flock on the manifest of the snapshot it opened. Retention takes the exclusive one before it
removes a snapshot, and leaves alone what it can't get; so an open `Snapshot` stays whole for as long as it is open.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from huaxiang.errors import Said, SnapshotError, UsageError
from huaxiang.store.atomic import sync_folder, sync_tree, write_atomic, write_json
from huaxiang.store.draft import MISSING, NOT_WHOLE, damaged, describe_files, find_damage
from huaxiang.store.failpoints import failpoint

_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{4}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class Snapshot:
    """One published version, open for reading. Frees its hold on the files at `close()`, `with …` or when forgotten.

    `view`: as whom it is seen, empty for the whole; `hidden` and `masked`: fields that are kept from them (`app.field_rights`).
    """

    view: str = ""
    hidden: frozenset[str] = frozenset()
    masked: frozenset[str] = frozenset()

    def __init__(self, folder: Path, manifest: Mapping[str, Any], handle: int | None) -> None:
        self.folder = folder
        self.id: str = folder.name
        self.manifest = manifest
        self._handle: int | None = handle

    def table(self, name: str) -> Path:
        """Return the Parquet file of a table, e.g. `customers`. Raises SnapshotError for one that the snapshot lacks."""
        known: dict[str, str] = {table["name"]: table["path"] for table in self.manifest["tables"]}
        if name not in known:
            raise SnapshotError(
                f'snapshot {self.id} has no table "{name}"; it has: {", ".join(known)}',
                f"快照 {self.id} 中没有表“{name}”；现有的表：{'、'.join(known)}",
            )
        return self.folder / known[name]

    def personas(self) -> dict[str, Any]:
        """Return the persona sets, `{"sets": […]}`; no sets when the project declares none."""
        path = self.folder / "personas.json"
        if not path.exists():
            return {"sets": []}
        value: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return value

    def verify(self) -> None:
        """Read every file and compare it with the manifest's SHA-256. Raises SnapshotError naming what differs."""
        damage = find_damage(self.folder, self.manifest, deep=True)
        if damage:
            raise damaged(self.id, damage)

    def close(self) -> None:
        """Let retention remove this snapshot; files that are already open stay readable."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()


@dataclass(frozen=True)
class SnapshotInfo:
    """One line of the list of snapshots. `problem` is None, or why the snapshot can't be read."""

    id: str
    as_of: str
    built_at: str
    customers: int
    bytes: int
    current: bool
    problem: Said | None = None


@dataclass(frozen=True)
class Draft:
    """A snapshot being built, in `work/<id>`. Exists only while its builder holds the build lock."""

    store: SnapshotStore = field(repr=False)
    id: str
    previous: str | None

    @property
    def folder(self) -> Path:
        """The folder that becomes the snapshot."""
        return self.store.work / self.id / "snapshot"

    def path(self, name: str) -> Path:
        """Return where a file of the snapshot goes, e.g. `tables/customers.parquet`; its folder exists."""
        return _below(self.folder, name)

    def table(self, name: str) -> Path:
        """Return where the Parquet file of table `name` goes."""
        return self.path(f"tables/{name}.parquet")

    def scratch(self, name: str) -> Path:
        """Return a path for a file that only the build needs; it is not published."""
        return _below(self.store.work / self.id / "scratch", name)

    def publish(self, manifest: Mapping[str, Any], *, keep: int = 30) -> Snapshot:
        """Make the draft the current snapshot; keep `keep` snapshots in all, besides those being read.

        Adds `id`, `previous`, `built_at` (unless given), `tables` and `files` to the manifest. Raises SnapshotError,
        leaving the current snapshot served, when a file isn't on disk as it was written.
        """
        full = {"id": self.id, "previous": self.previous} | {
            key: value for key, value in manifest.items() if key not in {"id", "previous", "tables", "files"}
        }
        full.setdefault("built_at", datetime.now(UTC).isoformat(timespec="seconds"))
        full |= describe_files(self.folder)
        write_json(self.folder / "manifest.json", full)
        sync_tree(self.folder)
        target = self.store.snapshots / self.id
        failpoint("publish.before_move")
        self.folder.rename(target)
        sync_folder(self.store.snapshots)
        failpoint("publish.after_move")
        damage = find_damage(target, full, deep=False)
        if damage:
            raise damaged(self.id, damage, published=False)
        write_atomic(self.store.pointer, self.id + "\n")
        failpoint("publish.after_pointer")
        snapshot = self.store.open(self.id)
        shutil.rmtree(self.store.work / self.id, ignore_errors=True)
        self.store.prune(keep)
        return snapshot

    def discard(self) -> None:
        """Remove what was built; for a build that failed."""
        shutil.rmtree(self.store.work / self.id, ignore_errors=True)


class SnapshotStore:
    """The snapshots of one project. Reading needs no lock; `begin` and `prune` are for the holder of `BuildLock`."""

    def __init__(self, folder: Path) -> None:
        state = Path(folder) / ".huaxiang"
        self.work = state / "work"
        self.snapshots = state / "snapshots"
        self.pointer = state / "CURRENT"

    def current_id(self) -> str | None:
        """Return the id of the served snapshot, None before the first build. Raises SnapshotError on a damaged pointer."""
        try:
            name = self.pointer.read_text("ascii", errors="replace").strip()
        except FileNotFoundError:
            return None
        if not _ID.fullmatch(name):
            raise SnapshotError(
                f"{self.pointer.name} in .huaxiang holds no snapshot id; run `huaxiang build` to write it anew",
                f".huaxiang 中的 {self.pointer.name} 不是快照编号；请运行 `huaxiang build` 重新写入",
            )
        return name

    def ids(self) -> tuple[str, ...]:
        """Return the ids of the published snapshots, oldest first."""
        current = self.current_id()
        if current is None or not self.snapshots.is_dir():
            return ()
        found = (entry.name for entry in self.snapshots.iterdir())
        return tuple(sorted(name for name in found if _ID.fullmatch(name) and name <= current))

    def current(self) -> Snapshot:
        """Open the served snapshot. Raises SnapshotError when there is none yet, or when it is damaged."""
        name = None
        for _attempt in range(5):  # a build may publish and remove in between
            name = self.current_id()
            if name is None:
                raise SnapshotError("no snapshot yet; run `huaxiang build` first", "还没有快照；先运行 huaxiang build")
            try:
                return self._open(name)
            except FileNotFoundError:
                continue
        raise damaged(str(name), (MISSING,))

    def open(self, which: str) -> Snapshot:
        """Open a snapshot by id, by the beginning of one, or by date: the last one built on or before that day.

        The day is the project's (its time zone). Raises UsageError when nothing or more than one fits, SnapshotError
        when the snapshot is damaged.
        """
        if _DATE.fullmatch(which):
            return self._open_date(which)
        ids = self.ids()
        fitting = [name for name in ids if name == which] or [name for name in ids if name.startswith(which)]
        if len(fitting) != 1 or not which:
            reason = "no snapshot begins with" if not fitting else f"{len(fitting)} snapshots begin with"
            reason_zh = "没有快照的编号" if not fitting else f"有 {len(fitting)} 个快照的编号"
            raise UsageError(
                f'{reason} "{which}"; `huaxiang snapshot list` shows them',
                f"{reason_zh}以“{which}”开头；huaxiang snapshot list 列出全部快照",
            )
        try:
            return self._open(fitting[0])
        except FileNotFoundError:
            raise damaged(fitting[0], (MISSING,)) from None

    def list(self) -> tuple[SnapshotInfo, ...]:
        """Describe all published snapshots, newest first; damaged ones are listed with their problem."""
        current = self.current_id()
        return tuple(self._describe(name, current=name == current) for name in reversed(self.ids()))

    def begin(self) -> Draft:
        """Start a new draft; removes what broken builds left behind. Call it with the build lock held."""
        self.snapshots.mkdir(parents=True, exist_ok=True)
        current = self._pointer_or_newest()
        self._mend_pointer()
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir()
        for entry in list(self.snapshots.iterdir()):
            if current is None or entry.name > current:
                self._remove(entry)
        draft = Draft(self, _new_id(current), self._newest_readable())
        draft.folder.mkdir(parents=True)
        return draft

    def prune(self, keep: int) -> tuple[str, ...]:
        """Remove all but the newest `keep` (at least the current) snapshots, besides those being read; return the removed."""
        removed = []
        for name in self.ids()[: -max(keep, 1)]:
            try:
                handle = os.open(self.snapshots / name / "manifest.json", os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                self._remove(self.snapshots / name)
                removed.append(name)
                continue
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._remove(self.snapshots / name)
                removed.append(name)
            except BlockingIOError:
                continue  # someone reads it; the next build tries again
            finally:
                os.close(handle)
        return tuple(removed)

    def _remove(self, entry: Path) -> None:
        """Take a snapshot out of sight in one move, then delete it."""
        self.work.mkdir(parents=True, exist_ok=True)
        gone = self.work / f"removed-{entry.name}"
        shutil.rmtree(gone, ignore_errors=True)
        entry.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)

    def _mend_pointer(self) -> None:
        """Point a pointer that holds no id at the newest snapshot that is whole, or remove it when there is none."""
        try:
            self.current_id()
        except SnapshotError:
            newest = self._newest_readable()
            if newest is None:
                self.pointer.unlink()
            else:
                write_atomic(self.pointer, newest + "\n")

    def _newest_readable(self) -> str | None:
        """Return the id of the newest published snapshot that is whole: what a new build may build upon."""
        current = self._pointer_or_newest() or ""
        for path in sorted(self.snapshots.iterdir(), reverse=True):
            if _ID.fullmatch(path.name) and path.name <= current:
                try:
                    self._open(path.name).close()
                except (SnapshotError, FileNotFoundError):
                    continue
                return path.name
        return None

    def _pointer_or_newest(self) -> str | None:
        """Return the current id; when the pointer is unreadable, the newest snapshot that has a manifest."""
        try:
            return self.current_id()
        except SnapshotError:
            whole = [entry.parent.name for entry in self.snapshots.glob("*/manifest.json")]
            return max((name for name in whole if _ID.fullmatch(name)), default=None)

    def _open(self, name: str) -> Snapshot:
        """Open by exact id. Raises FileNotFoundError when it isn't there, SnapshotError when it is damaged."""
        folder = self.snapshots / name
        path = folder / "manifest.json"
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_SH)
            if os.fstat(handle).st_ino != path.stat().st_ino:  # removed while we waited
                raise FileNotFoundError(path)
            manifest = _parse(name, path)
            damage = find_damage(folder, manifest, deep=False)
            if damage:
                raise damaged(name, damage)
        except BaseException:
            os.close(handle)
            raise
        return Snapshot(folder, manifest, handle)

    def _open_date(self, which: str) -> Snapshot:
        try:
            day = date.fromisoformat(which)
        except ValueError:
            raise UsageError(
                f'"{which}" is no date; write YYYY-MM-DD', f"“{which}”不是日期；请写成 2026-10-31 的样子"
            ) from None
        for name in reversed(self.ids()):
            try:
                snapshot = self._open(name)
            except FileNotFoundError:
                continue
            if _built_day(snapshot.manifest) <= day:
                return snapshot
            snapshot.close()
        raise UsageError(
            f"no snapshot was built on or before {which}; `huaxiang snapshot list` shows them",
            f"{which} 当天及以前没有构建过快照；huaxiang snapshot list 列出全部快照",
        )

    def _describe(self, name: str, *, current: bool) -> SnapshotInfo:
        try:
            with self._open(name) as snapshot:
                manifest = snapshot.manifest
        except (SnapshotError, FileNotFoundError) as error:
            told = error if isinstance(error, SnapshotError) else damaged(name, (MISSING,))
            return SnapshotInfo(name, "", _id_time(name), 0, 0, current, Said(str(told), told.zh))
        size = sum(part["bytes"] for part in (*manifest["tables"], *manifest["files"]))
        return SnapshotInfo(name, manifest["as_of"], manifest["built_at"], manifest["customers"], size, current)


def _parse(name: str, path: Path) -> dict[str, Any]:
    try:
        manifest = json.loads(path.read_text("utf-8"))
    except (ValueError, UnicodeDecodeError):
        raise damaged(name, (NOT_WHOLE,)) from None
    if not isinstance(manifest, dict) or not {"tables", "files", "as_of", "customers"} <= manifest.keys():
        raise damaged(name, (NOT_WHOLE,))
    return manifest


def _below(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise ValueError(f"{name} lies outside the draft")
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _new_id(after: str | None) -> str:
    """Return an id above `after` even when the clock went backwards or two builds share a second."""
    moment = datetime.now(UTC).replace(microsecond=0)
    if after is not None:
        last = datetime.strptime(after[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        moment = max(moment, last + timedelta(seconds=1))
    return f"{moment:%Y%m%dT%H%M%SZ}-{os.urandom(2).hex()}"


def _id_time(name: str) -> str:
    return datetime.strptime(name[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).isoformat(timespec="seconds")


def _built_day(manifest: Mapping[str, Any]) -> date:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    built = datetime.fromisoformat(manifest["built_at"])
    built = built if built.tzinfo else built.replace(tzinfo=UTC)
    try:
        zone = ZoneInfo(manifest.get("project", {}).get("timezone", "UTC"))
    except ZoneInfoNotFoundError:
        return built.astimezone(UTC).date()
    return built.astimezone(zone).date()
