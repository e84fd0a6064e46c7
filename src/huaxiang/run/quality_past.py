"""What earlier builds measured, carried from snapshot to snapshot: profiles of the last ones, a line of every measure of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from huaxiang.learn.quality.judge import Key
from huaxiang.learn.quality.profile import Profile
from huaxiang.learn.quality.schema import ColumnShape
from huaxiang.run.context import Build
from huaxiang.store.snapshots import Snapshot

BUILDS_COMPARED = 5
BUILDS_KEPT = 400
_MISSING = "\x00missing"
PROFILE_SCHEMA = pa.schema([
    ("build", pa.int32()), ("source", pa.string()), ("column", pa.string()), ("kind", pa.string()), ("closed", pa.bool_()),
    ("key", pa.string()), ("value", pa.string()), ("rows", pa.int64()),
])  # fmt: skip
HISTORY_SCHEMA = pa.schema([
    ("snapshot", pa.string()), ("as_of", pa.string()), ("source", pa.string()), ("column", pa.string()), ("other", pa.string()),
    ("measure", pa.string()), ("value", pa.float64()),
])  # fmt: skip


@dataclass(frozen=True)
class Past:
    """Profiles by (source, column), newest first; measures of the last build; row counts, oldest first; columns of the files."""

    profiles: Mapping[tuple[str, str], Sequence[Profile]] = field(default_factory=dict)
    names: Mapping[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)
    values: Mapping[str, Mapping[Key, float]] = field(default_factory=dict)
    rows: Mapping[str, Sequence[float]] = field(default_factory=dict)
    shapes: Mapping[str, tuple[ColumnShape, ...]] = field(default_factory=dict)
    history: pa.Table = field(default_factory=HISTORY_SCHEMA.empty_table)
    profile_table: pa.Table = field(default_factory=PROFILE_SCHEMA.empty_table)


def read_past(build: Build) -> Past:
    """What the last readable snapshot keeps; nothing on the first build. A full build keeps its memory of quality."""
    if build.draft.previous is None:
        return Past()
    with build.draft.store.open(build.draft.previous) as snapshot:
        return past_of(snapshot)


def past_of(snapshot: Snapshot) -> Past:
    """What a snapshot keeps for the build after it."""
    known = {table["name"] for table in snapshot.manifest["tables"]}
    if not {"quality", "quality_profile", "quality_history"} <= known:
        return Past()
    profile_table = pq.read_table(snapshot.table("quality_profile"))
    history = pq.read_table(snapshot.table("quality_history"))
    profiles, names = _profiles(profile_table)
    return Past(
        profiles, names, _values(pq.read_table(snapshot.table("quality"))), _rows(history),
        _shapes(snapshot.manifest.get("quality", {})), history, profile_table,
    )  # fmt: skip


def _profiles(
    table: pa.Table,
) -> tuple[dict[tuple[str, str], list[Profile]], dict[tuple[str, str], dict[str, str]]]:
    found: dict[tuple[str, str, int], dict[str, int]] = defaultdict(dict)
    kinds: dict[tuple[str, str, int], tuple[Any, bool]] = {}
    names: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for row in table.to_pylist():
        at = (row["source"], row["column"], row["build"])
        kinds[at] = (row["kind"], row["closed"])
        found[at][row["key"]] = row["rows"]
        if row["value"] is not None:
            names[at[:2]][row["key"]] = row["value"]
    profiles: dict[tuple[str, str], list[Profile]] = defaultdict(list)
    for at in sorted(found, key=lambda one: one[2]):
        counts = found[at]
        missing = counts.pop(_MISSING, 0)
        profiles[at[:2]].append(Profile(kinds[at][0], counts, missing, kinds[at][1]))
    return profiles, names


def _values(table: pa.Table) -> dict[str, dict[Key, float]]:
    found: dict[str, dict[Key, float]] = defaultdict(dict)
    for row in table.to_pylist():
        if row["value"] is not None:
            found[row["source"]][Key(row["measure"], row["column"], row["other"])] = row["value"]
    return found


def _rows(history: pa.Table) -> dict[str, list[float]]:
    found: dict[str, list[float]] = defaultdict(list)
    for row in history.to_pylist():  # sorted by snapshot
        if row["measure"] == "rows":
            found[row["source"]].append(row["value"])
    return found


def _shapes(quality: Mapping[str, Any]) -> dict[str, tuple[ColumnShape, ...]]:
    return {
        source["name"]: tuple(ColumnShape(c["name"], c["type"]) for c in source.get("columns_of_file", ()))
        for source in quality.get("sources", ())
    }


def profile_rows(
    profiles: Mapping[tuple[str, str], Profile], names: Mapping[tuple[str, str], Mapping[str, str]], past: Past
) -> pa.Table:
    """The table of profiles of this build (0) and of those before it that are still compared."""
    rows = []
    for (source, column), profile in profiles.items():
        shown = names.get((source, column), {})
        counts = {**profile.counts, _MISSING: profile.missing}
        rows += [
            {"build": 0, "source": source, "column": column, "kind": profile.kind, "closed": profile.closed, "key": key,
             "value": shown.get(key), "rows": n}
            for key, n in counts.items()
        ]  # fmt: skip
    rows += [
        {**row, "build": row["build"] + 1}
        for row in past.profile_table.to_pylist()
        if row["build"] + 1 < BUILDS_COMPARED
    ]
    rows.sort(key=lambda row: (row["build"], row["source"], row["column"], row["key"]))
    return pa.Table.from_pylist(rows, PROFILE_SCHEMA)


def history_rows(snapshot: str, as_of: str, values: Mapping[str, Mapping[Key, float]], past: Past) -> pa.Table:
    """The history with this build added; only the last BUILDS_KEPT builds are kept."""
    new = [
        {"snapshot": snapshot, "as_of": as_of, "source": source, "column": key.column, "other": key.other,
         "measure": key.measure, "value": float(value)}
        for source, found in values.items() for key, value in found.items()
    ]  # fmt: skip
    new.sort(key=lambda row: (row["source"], row["measure"], row["column"], row["other"]))
    kept = sorted(set(past.history.column("snapshot").to_pylist()))[-(BUILDS_KEPT - 1) :]
    old = past.history
    if kept and kept[0] > min(old.column("snapshot").to_pylist()):
        import pyarrow.compute as pc

        old = old.filter(pc.greater_equal(old.column("snapshot"), kept[0]))
    return pa.concat_tables([old.cast(HISTORY_SCHEMA), pa.Table.from_pylist(new, HISTORY_SCHEMA)])
