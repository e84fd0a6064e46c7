"""Which audiences a question reads that still have the members of before: every answer names them, for it is no answer of today."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from huaxiang.app.audience_index import OpenIndex
    from huaxiang.store.snapshots import Snapshot

    When = str | Mapping[str, object]


def stale_told(manifest: Mapping[str, Any], names: Iterable[str]) -> list[dict[str, Any]]:
    """Of audiences, and of those that they read, the ones that became invalid: `audience`, and `since`, `as_of`, `code`, `reason`."""
    declared = {item["name"]: item for item in manifest.get("audiences", ()) or ()}
    mine = [declared[name] for name in names if name in declared]
    read = {item["name"] for item in mine} | {one for item in mine for one in item.get("stale_inputs") or ()}
    return [
        {"audience": name, **item["stale"]} for name, item in declared.items() if name in read and item.get("stale")
    ]


def stale_in(snapshot: Snapshot, *conditions: When | None) -> list[dict[str, Any]]:
    """`stale_told` of the audiences that conditions are, or name, themselves or through others. Raises as `OpenIndex.condition`."""
    declared = snapshot.manifest.get("audiences", ()) or ()
    if not any(item.get("stale") for item in declared):
        return []
    saved = {item["name"] for item in declared}
    names = {when.strip() for when in conditions if isinstance(when, str)} & saved
    others = [when for when in conditions if when is not None and not (isinstance(when, str) and when.strip() in names)]
    if others:
        from huaxiang.app.audience_index import open_index

        names |= _named(open_index(snapshot), others, saved)
    return stale_told(snapshot.manifest, names)


def _named(index: OpenIndex, conditions: Iterable[When], saved: set[str]) -> set[str]:
    """The declared audiences that conditions name; those saved since the build are what they say."""
    found: set[str] = set()
    waiting: list[When] = list(conditions)
    while waiting:
        more = set(index.condition(waiting.pop()).audiences) - found
        found |= more
        waiting += sorted(more - saved)
    return found & saved
