"""The overview 总览: what the first page tells of a snapshot, whatever the project defines. docs/overview.md.

All but the freshness depends on the snapshot alone, is told once and kept; what reads the rows of sources is kept in a file beside the
snapshots too, so that a server that starts anew need not read them again.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import datetime
from typing import Any

from huaxiang.store.snapshots import Snapshot

OVERVIEW_KEYS = (
    "snapshot", "as_of", "built_at", "project", "previous", "customers", "worth", "lifecycle", "rfm", "regions", "quality", "freshness",
    "trends", "changes", "audiences", "personas", "hints",
)  # fmt: skip
_HELD = 12


def overview(snapshot: Snapshot, *, now: datetime | None = None) -> dict[str, Any]:
    """Return OVERVIEW_KEYS. Parts that the project lacks are None, and `hints` names what to define: `worth`, `lifecycle`, `rfm`,
    `regions`, `activity`. Raises UsageError for a snapshot without an index.
    """
    from huaxiang.app.overview.lights import freshness

    key = (str(snapshot.folder), snapshot.view)
    with _telling:
        found = _held.get(key)
        if found is None:
            found = _held[key] = _tell(snapshot)
            while len(_held) > _HELD:
                _held.popitem(last=False)
        _held.move_to_end(key)
    return {name: found[name] if name != "freshness" else freshness(snapshot, now) for name in OVERVIEW_KEYS}


def _tell(snapshot: Snapshot) -> dict[str, Any]:
    from huaxiang.app.overview.activity import told_activity
    from huaxiang.app.overview.changes import told_audiences, told_changes
    from huaxiang.app.overview.figures import Desk, lifecycle, personas, regions, rfm_grid, worth
    from huaxiang.app.overview.lights import quality

    desk = Desk.of(snapshot)
    customers, trends = told_activity(desk)
    changes, before = told_changes(snapshot)
    parts: dict[str, Any] = {
        "worth": worth(desk), "lifecycle": lifecycle(desk), "rfm": rfm_grid(desk), "regions": regions(desk), "trends": trends,
    }  # fmt: skip
    names = {"trends": "activity"}
    manifest = snapshot.manifest
    return parts | {
        "snapshot": snapshot.id, "as_of": manifest["as_of"], "built_at": manifest["built_at"], "project": manifest["project"],
        "previous": None if changes is None else {"snapshot": changes["since"], "as_of": changes["since_as_of"]},
        "customers": customers, "quality": quality(manifest), "changes": changes,
        "audiences": told_audiences(manifest, before), "personas": personas(snapshot),
        "hints": [names.get(name, name) for name, part in parts.items() if part is None],
    }  # fmt: skip


_held: OrderedDict[tuple[str, str], dict[str, Any]] = OrderedDict()
_telling = threading.Lock()
