"""What a snapshot knows of each tag, kept for as long as it is asked for: manifests are large, and never change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from huaxiang.app.wiring import snapshot_store
from huaxiang.errors import SnapshotError, UsageError

_KEPT = (
    "name",
    "title",
    "coverage",
    "missing",
    "distribution",
    "values",
    "version",
    "definition",
    "definition_hash",
    "value_type",
)


@dataclass(frozen=True)
class Facts:
    """A snapshot as far as tags go; `tags`: name → what the manifest says of it."""

    id: str
    as_of: str
    built_at: str
    customers: int
    tags: Mapping[str, Mapping[str, Any]]


def facts_of(folder: Path, snapshot: str) -> Facts | None:
    """What an older snapshot knows; None when it is gone or damaged."""
    try:
        return _facts(folder, snapshot)
    except (SnapshotError, UsageError):
        return None


@lru_cache(maxsize=100)
def _facts(folder: Path, which: str) -> Facts:
    with snapshot_store(folder).open(which) as found:
        manifest = found.manifest
        tags = {tag["name"]: {key: tag.get(key) for key in _KEPT} for tag in manifest.get("tags", ())}
        return Facts(which, str(manifest["as_of"]), str(manifest["built_at"]), int(manifest["customers"]), tags)


def kept_before(folder: Path, snapshot: str) -> tuple[str, ...]:
    """The IDs of the kept snapshots up to this one, oldest first."""
    return tuple(name for name in snapshot_store(folder).ids() if name <= snapshot)


def moved(before: Mapping[str, Any], after: Mapping[str, Any]) -> float | None:
    """How far a distribution has moved between two snapshots, 0…1: the least share of known values that would have to be another.

    Of values counted one by one only (half the sum of the differences of shares); None for numbers, and where nobody has a value.
    """
    old, new = (_shares(entry.get("distribution") or {}) for entry in (before, after))
    if not old or not new:
        return None
    return round(sum(abs(old.get(v, 0.0) - new.get(v, 0.0)) for v in {*old, *new}) / 2, 6)


def _shares(shape: Mapping[str, Any]) -> dict[str, float]:
    counts = {str(value): int(count) for value, count in shape.get("values") or ()}
    total = sum(counts.values()) + int(shape.get("other") or 0)
    return {value: count / total for value, count in counts.items()} if total else {}
