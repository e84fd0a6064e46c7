"""The one place where stores and readers are made. Nothing here is imported before it is needed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from huaxiang.errors import UsageError

if TYPE_CHECKING:
    from huaxiang.engines.base import Engine
    from huaxiang.engines.members import MemberReader
    from huaxiang.engines.owned import OwnedRows
    from huaxiang.engines.reader import ParquetReader
    from huaxiang.store.lock import BuildLock
    from huaxiang.store.runs import RunLog
    from huaxiang.store.snapshots import Snapshot, SnapshotStore
    from huaxiang.store.state import StateStore

PROJECT_FILE = "huaxiang.yaml"


def find_project(start: Path) -> Path:
    """Return the nearest folder from `start` upwards that holds huaxiang.yaml. Raises UsageError."""
    folder = Path(start).resolve()
    for candidate in (folder, *folder.parents):
        if (candidate / PROJECT_FILE).is_file():
            return candidate
    raise UsageError(
        f"no {PROJECT_FILE} in {start} or any folder above it; name the project by --project DIR, "
        "or write a new one by `huaxiang init DIR`",
        f"{start} 及其上级文件夹中没有 {PROJECT_FILE}；用 --project 文件夹 指明项目，或用 huaxiang init 文件夹 新建一个",
    )


def snapshot_store(folder: Path) -> SnapshotStore:
    """Return the snapshots of the project in `folder`."""
    from huaxiang.store.snapshots import SnapshotStore

    return SnapshotStore(folder)


def open_snapshot(folder: Path, which: str | None = None) -> Snapshot:
    """Open the served snapshot, or the one that an id, its beginning or a date means."""
    store = snapshot_store(folder)
    return store.current() if which is None else store.open(which)


def run_log(folder: Path) -> RunLog:
    """Return the run history of the project in `folder`."""
    from huaxiang.store.runs import RunLog

    return RunLog(folder)


def is_building(folder: Path) -> bool:
    """Say whether a build of the project runs now."""
    from huaxiang.store import lock

    return lock.is_building(folder)


def table_reader(path: Path) -> ParquetReader:
    """Open a published table for reading."""
    from huaxiang.engines.reader import ParquetReader

    return ParquetReader(path)


def member_reader(tables: Mapping[str, Path]) -> MemberReader:
    """Open the tables of a snapshot for questions about its customers."""
    from huaxiang.engines.members import MemberReader

    return MemberReader(tables)


def owned_rows(tables: Mapping[str, Path], folder: Path) -> OwnedRows:
    """Open tables of the snapshot in `folder` for the rows of single customers."""
    from huaxiang.engines.blocks import FOLDER
    from huaxiang.engines.owned import OwnedRows

    return OwnedRows(tables, folder / FOLDER)


def build_lock(folder: Path) -> BuildLock:
    """Return the lock that a build of the project holds."""
    from huaxiang.store.lock import BuildLock

    return BuildLock(folder)


def open_state(folder: Path) -> StateStore:
    """Open the state database of the project in `folder`: the one that HUAXIANG_STATE_URL names, else `.huaxiang/state.db`.

    Raises StorageError.
    """
    from huaxiang.store.state import StateStore, sqlite_url

    return StateStore(os.environ.get("HUAXIANG_STATE_URL") or sqlite_url(folder / ".huaxiang" / "state.db"))


def has_state(folder: Path) -> bool:
    """Say whether the project has a state database: it was served, or has users or tokens."""
    return bool(os.environ.get("HUAXIANG_STATE_URL")) or (folder / ".huaxiang" / "state.db").is_file()


def make_engine(name: str, scratch: Path) -> Engine:
    """Make the engine for one build; it spills into `scratch`. Raises UsageError for an unknown name."""
    scratch.mkdir(parents=True, exist_ok=True)
    if name == "duckdb":
        from huaxiang.engines.duckdb import DuckdbEngine

        return DuckdbEngine(temp=scratch)
    if name == "spark":
        from huaxiang.engines.spark import SparkEngine

        return SparkEngine(temp=scratch)
    raise UsageError.unknown("engine", name, ("duckdb", "spark"))
