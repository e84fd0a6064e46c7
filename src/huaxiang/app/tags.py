"""The catalogue of tags: what each means, who owns it, how many customers have it, and how it is computed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from huaxiang.errors import UsageError
from huaxiang.store.snapshots import Snapshot

TAG_LIST_KEYS = ("snapshot", "as_of", "customers", "tags")
TAG_LINE_KEYS = ("name", "title", "kind", "class", "owner", "value_type", "unit", "status", "coverage", "fresh_to")
TAG_KEYS = (
    "name", "title", "description", "kind", "class", "owner", "value_type", "unit", "attribute", "status", "source",
    "lineage", "definition", "place", "coverage", "missing", "distribution", "version", "definition_hash", "fresh_to",
    "sql", "values", "snapshot", "as_of", "customers",
)  # fmt: skip


def list_tags(snapshot: Snapshot, *, class_: str | None = None) -> dict[str, Any]:
    """Return TAG_LIST_KEYS; `tags` in their order of definition, each with TAG_LINE_KEYS."""
    tags = snapshot.manifest.get("tags", ())
    shown = [{key: tag.get(key) for key in TAG_LINE_KEYS} for tag in tags if class_ in (None, tag.get("class"))]
    return _head(snapshot) | {"tags": shown}


def show_tag(snapshot: Snapshot, name: str) -> dict[str, Any]:
    """Return TAG_KEYS of one tag. Raises UsageError, naming the nearest, for an unknown one."""
    tags = snapshot.manifest.get("tags", ())
    parts = [tag["name"] for tag in tags if tag.get("rfm", {}).get("of") == name]
    if parts:
        raise UsageError(
            f'the tag "{name}" writes {", ".join(parts)}; name one of them',
            f"标签“{name}”写出 {'、'.join(parts)}；请指明其一",
        )
    tag = find_named(tags, name, "tag")
    return {key: tag.get(key) for key in TAG_KEYS} | _head(snapshot)


def find_named(items: Any, name: str, kind: str) -> Mapping[str, Any]:
    """Return the item of that name. Raises UsageError with the nearest name."""
    by_name: dict[str, Mapping[str, Any]] = {item["name"]: item for item in items}
    if name not in by_name:
        raise UsageError.unknown(kind, name, by_name)
    return by_name[name]


def _head(snapshot: Snapshot) -> dict[str, Any]:
    return {
        "snapshot": snapshot.id,
        "as_of": snapshot.manifest["as_of"],
        "customers": snapshot.manifest["customers"],
    }
