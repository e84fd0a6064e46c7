"""What is served now, how fresh it is, how the builds went, and which versions there are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from huaxiang.app.wiring import PROJECT_FILE, is_building, open_snapshot, run_log, snapshot_store
from huaxiang.errors import SnapshotError

STATUS_KEYS = (
    "folder", "project", "snapshot", "as_of", "built_at", "age_days", "engine", "version", "customers", "sources",
    "attributes", "tags", "audiences", "stale_audiences", "clusterings", "building", "last_run", "changed_since", "problem", "quality",
)  # fmt: skip
RUN_KEYS = ("id", "state", "started_at", "ended_at", "seconds", "as_of", "engine", "snapshot", "error", "stages")
_DEFINITIONS = ("sources", "identity", "attributes", "tags", "audiences", "personas", "models", "privacy")


def project_status(folder: Path, *, now: datetime | None = None) -> dict[str, Any]:
    """Return STATUS_KEYS of the project; the keys of the snapshot are None before the first build.

    `problem` says in two languages why there is no readable snapshot; `changed_since` lists definition files newer than the snapshot.
    """
    runs = run_log(folder).list()
    status: dict[str, Any] = dict.fromkeys(STATUS_KEYS)
    status |= {
        "folder": str(folder), "building": is_building(folder), "changed_since": [],
        "last_run": _run(runs[0]) if runs else None,
    }  # fmt: skip
    try:
        with open_snapshot(folder) as snapshot:
            manifest = snapshot.manifest
    except SnapshotError as error:
        return status | {"problem": {"zh": error.zh, "en": str(error)}}
    built = _moment(manifest["built_at"])
    counts = ("sources", "attributes", "tags", "audiences", "clusterings")
    status |= {key: manifest.get(key) for key in ("project", "as_of", "built_at", "engine", "version", "customers")}
    status |= {key: len(manifest.get(key, ())) for key in counts}
    return status | {
        "snapshot": snapshot.id,
        "stale_audiences": [a["name"] for a in manifest.get("audiences", ()) if a.get("stale")],
        "age_days": max(((now or datetime.now(UTC)) - built).days, 0),
        "changed_since": sorted(_changed(folder, built)),
        "quality": _quality(manifest.get("quality", {})),
    }


def _quality(measured: dict[str, Any]) -> dict[str, Any] | None:
    """Light and number of findings of the build; None for one that measured none."""
    if "light" not in measured:
        return None
    return {"light": measured["light"], "findings": len(measured["findings"])}


def list_runs(folder: Path, *, limit: int = 20) -> list[dict[str, Any]]:
    """Return the last `limit` runs, newest first, each with RUN_KEYS."""
    return [_run(record) for record in run_log(folder).list()[:limit]]


def list_snapshots(folder: Path) -> list[dict[str, Any]]:
    """Return the published snapshots, newest first: id, as_of, built_at, customers, bytes, current, problem."""
    return [
        {
            "id": info.id, "as_of": info.as_of, "built_at": info.built_at, "customers": info.customers,
            "bytes": info.bytes, "current": info.current, "problem": info.problem and {"zh": info.problem.zh, "en": info.problem.en},
        }
        for info in snapshot_store(folder).list()
    ]  # fmt: skip


def _run(record: dict[str, Any]) -> dict[str, Any]:
    return {key: record.get(key) for key in RUN_KEYS}


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _changed(folder: Path, built: datetime) -> Iterator[str]:
    paths = [folder / PROJECT_FILE]
    for name in _DEFINITIONS:
        paths.extend((folder / name).rglob("*.y*ml"))
    for path in paths:
        if path.is_file() and path.stat().st_mtime > built.timestamp():
            yield path.relative_to(folder).as_posix()
