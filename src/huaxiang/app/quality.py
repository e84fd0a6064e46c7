"""What became of every row of every file, how good the data are, how that changed, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from sqlglot import exp

from huaxiang.app.wiring import table_reader
from huaxiang.errors import UsageError
from huaxiang.run.reports import LEFT_OUT
from huaxiang.store.cleaning.codes import REASONS, REPAIRS

if TYPE_CHECKING:
    from huaxiang.store.snapshots import Snapshot

QUALITY_KEYS = (
    "snapshot", "as_of", "rows_in", "loaded", "set_aside", "left_out", "adds_up", "light", "measures", "findings", "sources",
)  # fmt: skip
REJECTED_KEYS = ("snapshot", "source", "rows", "total")
BUILDS_SHOWN = 30
_COUNTS = ("rows_in", "loaded", "set_aside", "left_out")
_SOURCE = (
    "name", "title", "entity", "purpose", "legal_basis", "owner", "files", *_COUNTS, "repaired", "first_at", "last_at", "fetch",
)  # fmt: skip
_MEASURED = ("conditions", "agreement", "accuracy", "schema")


def quality(snapshot: Snapshot, source: str | None = None) -> dict[str, Any]:
    """Return QUALITY_KEYS, of one source or of all.

    `adds_up` says whether loaded + set aside + left out = rows in, over all and in every source; `reasons` and
    `left_out_reasons` of a source are lists of {code, rows, text}, most rows first; `repairs` counts repaired values by kind and
    column; `fetch` says what a database gave: rows = new + replaced (an older state) + unchanged + same_key + repeated, and `held` rows of
    earlier fetches (null for files); `unidentified` are loaded rows without a key that leads to a customer; `light` is good, look or
    bad; `findings` say what was found and what to do; `trend` has a line for each of the last BUILDS_SHOWN builds. `measures` are the
    build's own figures over all sources. Raises UsageError for an unknown source.
    """
    manifest = snapshot.manifest
    measured = manifest.get("quality", {})
    entries = _chosen(snapshot, source)
    nobody = manifest.get("identity", {}).get("unidentified", {})
    more = {one["name"]: one for one in measured.get("sources", ())}
    trends = trends_of(snapshot)
    sources = [
        _source(entry, nobody.get(entry["name"], 0), more.get(entry["name"], {}))
        | {"trend": trends.get(entry["name"], [])}
        for entry in entries
    ]
    totals = {key: sum(one[key] for one in sources) for key in _COUNTS}
    findings = [f for f in measured.get("findings", ()) if source in (None, f["source"])]
    return {
        "snapshot": snapshot.id, "as_of": manifest["as_of"], **totals, "adds_up": all(one["adds_up"] for one in sources),
        "light": worst_light(one["light"] for one in sources),
        "measures": {k: v for k, v in measured.items() if k not in _COUNTS and isinstance(v, float | int)},
        "findings": findings, "sources": sources,
    }  # fmt: skip


def rejected_rows(snapshot: Snapshot, source: str, *, raw: bool = False, limit: int = 100) -> dict[str, Any]:
    """Return the first rows set aside of `source` (file, row, column, code, reason; their text only when `raw`).

    Raises UsageError for an unknown source.
    """
    _chosen(snapshot, source)
    columns = ["file", "row", "column", "code", "reason", *(["raw"] if raw else [])]
    where = exp.EQ(this=exp.column("source", quoted=True), expression=exp.Placeholder())
    with table_reader(snapshot.table("rejected")) as reader:
        rows = reader.rows(columns, where, values=[source], order_by=["file", "row", "column", "code"], limit=limit)
        total = reader.rows([exp.Count(this=exp.Star())], where, values=[source])[0][0]
    return {
        "snapshot": snapshot.id, "source": source, "total": total,
        "rows": [dict(zip(columns, row, strict=True)) for row in rows],
    }  # fmt: skip


class Held(Protocol):
    """What trends are read from: a snapshot, by its manifest and tables."""

    @property
    def manifest(self) -> Mapping[str, Any]:
        """The manifest."""

    def table(self, name: str) -> Path:
        """The Parquet file of a table."""


def trends_of(snapshot: Held) -> dict[str, list[dict[str, Any]]]:
    """By source, one line for each of the last builds, oldest first: snapshot, as_of, rows, valid_rows, complete (mean of all
    columns), drift (largest of all columns). Empty for a snapshot that was built before measures were kept.
    """
    if "quality_history" not in {table["name"] for table in snapshot.manifest.get("tables", ())}:
        return {}
    with table_reader(snapshot.table("quality_history")) as reader:
        lines = reader.rows(
            ["source", "snapshot", "as_of", "measure", "value"], order_by=["source", "snapshot", "measure"]
        )
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for name, build, as_of, measure, value in lines:
        line = found.setdefault(name, {}).setdefault(build, {"snapshot": build, "as_of": as_of})
        line.setdefault(measure, []).append(value)
    return {
        name: [_trend_line(line) for line in list(builds.values())[-BUILDS_SHOWN:]] for name, builds in found.items()
    }


def _trend_line(line: Mapping[str, Any]) -> dict[str, Any]:
    complete: Sequence[float] = line.get("complete", ())
    return {
        "snapshot": line["snapshot"], "as_of": line["as_of"], "rows": int(line["rows"][0]) if "rows" in line else None,
        "valid_rows": round(line["valid_rows"][0], 6) if "valid_rows" in line else None,
        "complete": round(sum(complete) / len(complete), 6) if complete else None,
        "drift": round(max(line["drift"]), 6) if "drift" in line else None,
    }  # fmt: skip


def worst_light(lights: Iterable[str | None]) -> str | None:
    """The worst of several lights; None when nothing was measured."""
    order = ("good", "look", "bad")
    known = [light for light in lights if light in order]
    return max(known, key=order.index) if known else None


def _chosen(snapshot: Snapshot, source: str | None) -> list[Mapping[str, Any]]:
    entries = list(snapshot.manifest.get("sources", ()))
    known = [entry["name"] for entry in entries]
    if source is not None and source not in known:
        raise UsageError.unknown("source", source, known)
    return [entry for entry in entries if source in (None, entry["name"])]


def _source(entry: Mapping[str, Any], unidentified: int, measured: Mapping[str, Any]) -> dict[str, Any]:
    shown = {key: entry.get(key) for key in _SOURCE} | {key: entry.get(key) or 0 for key in _COUNTS}
    shown["columns"] = _columns(entry.get("columns") or (), measured.get("columns", ()))
    shown["reasons"] = _counted(entry.get("reasons", {}), reason_text)
    shown["left_out_reasons"] = _counted(entry.get("left_out_reasons", {}), left_out_text)
    shown["repairs"] = [
        {"column": column["name"], "kind": kind, "values": count, "text": repair_text(kind)}
        for column in entry.get("columns") or ()
        for kind, count in sorted((column.get("repairs") or {}).items(), key=lambda pair: (-pair[1], pair[0]))
    ]
    shown["unidentified"] = unidentified
    shown["adds_up"] = shown["rows_in"] == shown["loaded"] + shown["set_aside"] + shown["left_out"]
    shown["light"] = measured.get("light")
    shown["measures"] = {k: v for k, v in measured.get("measures", {}).items() if v is not None}
    return shown | {key: measured.get(key, []) for key in _MEASURED}


def _columns(loaded: Sequence[Mapping[str, Any]], measured: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Columns as loaded, with what was measured of each; derived ones that were measured only come last."""
    more = {one["name"]: one for one in measured}
    names = {column["name"] for column in loaded}
    return [
        *({**column, **more.get(column["name"], {})} for column in loaded),
        *(
            dict(one)
            for one in measured
            if one["name"] and one["name"] not in names and one.get("complete") is not None
        ),
    ]


def _counted(reasons: Mapping[str, int], text: Any) -> list[dict[str, Any]]:
    ordered = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    return [{"code": code, "rows": rows, "text": text(code)} for code, rows in ordered]


def reason_text(code: str) -> dict[str, str]:
    """Return what a code means; the build itself adds `duplicate` to those of the cleaner."""
    more = {"duplicate": ("与更早的一行重复", "an earlier row has the same unique fields")}
    zh, en = REASONS.get(code) or more.get(code) or (code, code)
    return {"zh": zh, "en": en}


def left_out_text(code: str) -> dict[str, str]:
    """Return why rows were left out by intent."""
    more = {"where": ("不满足来源声明的条件 where", "the source's `where` does not hold")}
    zh, en = LEFT_OUT.get(code) or more.get(code) or (code, code)
    return {"zh": zh, "en": en}


def repair_text(kind: str) -> dict[str, str]:
    """Return what a kind of repair means."""
    zh, en = REPAIRS.get(kind, (kind, kind))
    return {"zh": zh, "en": en}
