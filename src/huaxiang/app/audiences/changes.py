"""How an audience changes: its size at every build, versions of its definition, who joined and who left between two snapshots."""

from __future__ import annotations

from typing import Any

from huaxiang.app.tags import find_named
from huaxiang.app.wiring import find_project, snapshot_store
from huaxiang.errors import UsageError
from huaxiang.flow import AUDIENCE_HISTORY
from huaxiang.store.snapshots import Snapshot

CHANGES_KEYS = (
    "name", "title", "snapshot", "as_of", "since", "since_as_of", "size", "size_before", "stayed", "joined", "left", "gone", "version",
    "version_before", "stale", "joined_ids", "left_ids",
)  # fmt: skip
HISTORY_KEYS = ("name", "title", "snapshot", "as_of", "versions", "sizes")
SIZE_KEYS = ("snapshot", "as_of", "size", "customers", "share", "version", "joined", "left", "gone", "stale")


def audience_changes(snapshot: Snapshot, name: str, since: str | None = None, *, ids: bool = False) -> dict[str, Any]:
    """Return CHANGES_KEYS: who joined a declared audience and who left it, against an older snapshot (by default the one before).

    Customers merged since count as the one that stayed. `left` are customers still; `gone` counts members of then who are no customers
    of their own any more (merged into another member, or without data). `joined_ids`, `left_ids`: customer IDs of today, with `ids`;
    else None. Raises UsageError for an unknown audience or snapshot, and when the older one had no such audience.
    """
    from huaxiang.app.audience_index import open_index
    from huaxiang.index import Bits

    item = find_named(snapshot.manifest.get("audiences", ()), name, "audience")
    with snapshot_store(find_project(snapshot.folder)).open(since or _before(snapshot, name)) as older:
        then = next((a for a in older.manifest.get("audiences", ()) if a["name"] == name), None)
        if then is None:
            raise UsageError(f'snapshot {older.id} had no audience "{name}"', f"快照 {older.id} 中还没有人群“{name}”")
        index, past = open_index(snapshot), open_index(older)
        before = past.ids(past.select(name))
        older_id, older_day = older.id, str(older.manifest["as_of"])
    now = index.select(name)
    led = Bits.from_rows(index.size, index.index.rows_of(index.today(before)))
    joined, left = now - led, led - now
    return {
        "name": name, "title": item.get("title"), "snapshot": snapshot.id, "as_of": snapshot.manifest["as_of"], "since": older_id,
        "since_as_of": older_day, "size": now.count(), "size_before": len(before), "stayed": now.overlap(led), "joined": joined.count(),
        "left": left.count(), "gone": len(before) - led.count(), "version": item.get("version"), "version_before": then.get("version"),
        "stale": item.get("stale"), "joined_ids": index.ids(joined).to_pylist() if ids else None,
        "left_ids": index.ids(left).to_pylist() if ids else None,
    }  # fmt: skip


def _before(snapshot: Snapshot, name: str) -> str:
    """The snapshot that was current before. Raises UsageError when there is none."""
    ids = [one for one in snapshot_store(find_project(snapshot.folder)).ids() if one < snapshot.id]
    if not ids:
        raise UsageError(
            f'there is no snapshot before {snapshot.id} to compare audience "{name}" with',
            f"快照 {snapshot.id} 之前没有可与人群“{name}”比较的快照",
        )
    return ids[-1]


def audience_history(snapshot: Snapshot, name: str) -> dict[str, Any]:
    """Return HISTORY_KEYS: all versions of a definition, newest first, and the size at each build (SIZE_KEYS), newest first.

    A version tells its text, the snapshot that first had it, the as-of day and who built. Raises UsageError for an unknown audience.
    """
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    from huaxiang.app.audience import column_types
    from huaxiang.app.conditions import sources_in

    item = find_named(snapshot.manifest.get("audiences", ()), name, "audience")
    rows: list[dict[str, Any]] = []
    if any(t["name"] == AUDIENCE_HISTORY for t in snapshot.manifest["tables"]):
        rows = pq.read_table(snapshot.table(AUDIENCE_HISTORY), filters=pc.field("name") == name).to_pylist()
    sizes = [
        {key: row.get(key) for key in SIZE_KEYS}
        | {"share": round(row["size"] / row["customers"], 6) if row["customers"] else None}
        for row in reversed(rows)
    ]
    known = column_types(snapshot.manifest), sources_in(snapshot.manifest)
    versions = [v | {"definition": _text(v["definition"], *known)} for v in reversed(item.get("versions") or ())]
    return {
        "name": name, "title": item.get("title"), "snapshot": snapshot.id, "as_of": snapshot.manifest["as_of"], "versions": versions,
        "sizes": sizes,
    }  # fmt: skip


def _text(definition: Any, types: Any, sources: Any) -> str:
    import json

    from huaxiang.app.conditions import condition_text
    from huaxiang.errors import ExpressionError

    try:
        return condition_text(definition, types, sources)
    except ExpressionError:  # of a time when there were other tags
        return json.dumps(definition, ensure_ascii=False)
