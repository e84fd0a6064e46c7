"""A tag over time: its figures in every kept snapshot, and the versions of its definition, from builds and from edits."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from huaxiang.app.tag_market.definitions import yaml_of
from huaxiang.app.tag_market.facts import Facts, facts_of, kept_before, moved
from huaxiang.app.tag_market.life import KIND, events_of
from huaxiang.app.tag_market.projects import named_tag
from huaxiang.errors import HuaxiangError, UsageError

if TYPE_CHECKING:
    from huaxiang.store.snapshots import Snapshot
    from huaxiang.store.state import StateStore

HISTORY_KEYS = ("name", "snapshot", "as_of", "trend", "values", "versions", "events")
POINT_KEYS = (
    "snapshot",
    "as_of",
    "built_at",
    "customers",
    "coverage",
    "known",
    "shares",
    "quantiles",
    "version",
    "moved",
)
VERSION_KEYS = ("version", "since", "built_at", "snapshot", "definition")
_LINES = 8
_QUANTILES = ("p5", "p25", "p50", "p75", "p95", "mean")


def tag_history(folder: Path, snapshot: Snapshot, state: StateStore, name: str) -> dict[str, Any]:
    """Return HISTORY_KEYS of a tag, or of a column of one that writes several. Raises UsageError for one that nobody knows.

    `trend` (POINT_KEYS, oldest first): a point for each kept snapshot that has the tag: shares of the `values` that are most frequent now
    (of known), or quantiles; `moved`: how far the values moved since the point before. `versions` (VERSION_KEYS, newest first): texts that
    builds met. `events` (newest first): what was done here, each text as `yaml`.
    """
    if name in snapshot.hidden:
        raise UsageError.unknown("tag", name, ())
    definition = _definition(folder, state, name)
    facts = [found for found in (facts_of(folder, one) for one in kept_before(folder, snapshot.id)) if found]
    with_tag = [one for one in facts if name in one.tags]
    if definition is None and not with_tag:
        raise UsageError.unknown("tag", name, facts[-1].tags if facts else ())
    open_ = name not in snapshot.masked
    values = _values(with_tag[-1].tags[name]) if with_tag and open_ else []
    trend = [_point(one, name, [v["value"] for v in values] if open_ else None) for one in with_tag]
    for number, point in enumerate(trend):
        before = with_tag[number - 1].tags[name] if number else None
        point["moved"] = moved(before, with_tag[number].tags[name]) if before else None
    events = [
        event | {"yaml": yaml_of(event["definition"]) if event["definition"] else None}
        for event in events_of(state, definition or name)
    ]
    return {
        "name": name, "snapshot": snapshot.id, "as_of": snapshot.manifest["as_of"], "trend": trend, "values": values,
        "versions": _versions(with_tag, name), "events": events,
    }  # fmt: skip


def _definition(folder: Path, state: StateStore, name: str) -> str | None:
    """The tag that writes a column; None for one that is not defined and never was here."""
    try:
        return named_tag(folder, name)[1]
    except HuaxiangError:
        return name if state.definitions.of(KIND, name) else None


def _values(tag: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The values that are most frequent, in display order, with titles."""
    shape = tag.get("distribution") or {}
    pairs = shape.get("values") or []
    most = sorted(pairs, key=lambda pair: -pair[1])[:_LINES]
    titles = tag.get("values") or {}
    return [
        {"value": str(value), "title": titles.get(str(value))} for value, _ in pairs if any(value == m[0] for m in most)
    ]


def _point(one: Facts, name: str, values: list[str] | None) -> dict[str, Any]:
    """A point of the trend; `values` None for a tag whose values are masked."""
    tag = one.tags[name]
    shape = tag.get("distribution") or {}
    counts = {str(value): int(count) for value, count in shape.get("values") or ()}
    known = one.customers - int(tag.get("missing") or 0)
    return {
        "snapshot": one.id, "as_of": one.as_of, "built_at": one.built_at, "customers": one.customers, "coverage": tag.get("coverage"),
        "known": known, "version": tag.get("version"), "moved": None,
        "shares": [round(counts.get(value, 0) / known, 6) if known else None for value in values or ()],
        "quantiles": {key: shape.get(key) for key in _QUANTILES} if values is not None and shape.get("kind") == "numbers" else None,
    }  # fmt: skip


def _versions(facts: list[Facts], name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for one in facts:
        tag = one.tags[name]
        if not found or found[-1]["version"] != tag.get("version"):
            found.append({
                "version": tag.get("version"), "since": one.as_of, "built_at": one.built_at, "snapshot": one.id,
                "definition": tag.get("definition"),
            })  # fmt: skip
    return found[::-1]
