"""Two lights with their reasons: how good the data are, and how fresh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from huaxiang.store.snapshots import Snapshot

QUALITY_KEYS = ("light", "findings", "total", "completeness", "set_aside", "rows_in")
FINDING_KEYS = ("source", "title", "column", "light", "text", "advice")
FRESHNESS_KEYS = ("light", "days", "reasons", "sources")
REASON_KEYS = ("code", "light", "days", "names", "titles")
LIGHTS = ("good", "look", "bad")
FRESH, OLD = 2, 7
"""Days since the as-of day: up to FRESH is good, beyond OLD is bad."""
MOST = 5


def quality(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return QUALITY_KEYS: the light of the build, and its first findings, worst first. `light` None for a build that measured none."""
    measured = manifest.get("quality") or {}
    findings = sorted(
        measured.get("findings", ()), key=lambda one: -LIGHTS.index(one["light"]) if one["light"] in LIGHTS else 0
    )
    titles = _titles(manifest, "sources")
    told = [one | {"title": titles.get(str(one.get("source")))} for one in findings[:MOST]]
    return {
        "light": measured.get("light"), "findings": [{key: one.get(key) for key in FINDING_KEYS} for one in told],
        "total": len(findings), "completeness": measured.get("completeness"), "set_aside": measured.get("set_aside"),
        "rows_in": measured.get("rows_in"),
    }  # fmt: skip


def freshness(snapshot: Snapshot, now: datetime | None = None) -> dict[str, Any]:
    """Return FRESHNESS_KEYS as of `now`. `days`: since the as-of day, in the project's time zone.

    `reasons` (REASON_KEYS, worst first): `data` the age of the data, `sources` sources older than their own bound allows, `audiences`
    those that could not be computed anew; `titles` are those of `names`, None where there is none. `sources`: name, title, last_at,
    days before the as-of day, the longest unheard of first.
    """
    manifest = snapshot.manifest
    as_of = date.fromisoformat(str(manifest["as_of"])[:10])
    days = max((_today(manifest, now) - as_of).days, 0)
    reasons = [_reason("data", "good" if days <= FRESH else "look" if days <= OLD else "bad", days)]
    late = [one for one in (manifest.get("quality") or {}).get("findings", ()) if one.get("measure") == "age"]
    if late:
        worst = max((one["light"] for one in late if one["light"] in LIGHTS), key=LIGHTS.index, default="look")
        names = sorted({str(one["source"]) for one in late})
        reasons.append(_reason("sources", worst, names=names, titles=_titles(manifest, "sources")))
    stale = [str(item["name"]) for item in manifest.get("audiences", ()) if item.get("stale")]
    if stale:
        reasons.append(_reason("audiences", "look", names=stale, titles=_titles(manifest, "audiences")))
    reasons.sort(key=lambda one: -LIGHTS.index(one["light"]))
    return {"light": reasons[0]["light"], "days": days, "reasons": reasons, "sources": _sources(manifest, as_of)}


def _reason(
    code: str,
    light: str,
    days: int | None = None,
    *,
    names: Sequence[str] = (),
    titles: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    told = [(titles or {}).get(name) for name in names]
    return {"code": code, "light": light, "days": days, "names": list(names), "titles": told}


def _titles(manifest: Mapping[str, Any], kind: str) -> dict[str, Any]:
    return {str(one["name"]): one.get("title") for one in manifest.get(kind, ())}


def _today(manifest: Mapping[str, Any], now: datetime | None) -> date:
    try:
        zone = ZoneInfo(str((manifest.get("project") or {}).get("timezone") or "UTC"))
    except (ZoneInfoNotFoundError, ValueError):
        zone = ZoneInfo("UTC")
    return (now or datetime.now(zone)).astimezone(zone).date()


def _sources(manifest: Mapping[str, Any], as_of: date) -> list[dict[str, Any]]:
    told = [
        {"name": one["name"], "title": one.get("title"), "last_at": str(one["last_at"])[:10],
         "days": (as_of - date.fromisoformat(str(one["last_at"])[:10])).days}
        for one in manifest.get("sources", ()) if one.get("last_at")
    ]  # fmt: skip
    return sorted(told, key=lambda one: (-one["days"], one["name"]))
