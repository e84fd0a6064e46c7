"""Where every row of every file went: loaded, set aside with a reason, or left out by a declared condition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlglot import exp

from huaxiang.app.wiring import table_reader
from huaxiang.errors import UsageError, did_you_mean
from huaxiang.store.cleaning.codes import REASONS
from huaxiang.store.snapshots import Snapshot

QUALITY_KEYS = ("snapshot", "as_of", "rows_in", "loaded", "set_aside", "left_out", "adds_up", "measures", "sources")
REJECTED_KEYS = ("snapshot", "source", "rows", "total")
_COUNTS = ("rows_in", "loaded", "set_aside", "left_out")
_SOURCE = (
    "name", "title", "entity", "purpose", "legal_basis", "owner", "files", *_COUNTS, "repaired", "first_at", "last_at",
    "columns",
)  # fmt: skip


def quality(snapshot: Snapshot) -> dict[str, Any]:
    """Return QUALITY_KEYS. `adds_up` says whether loaded + set aside + left out = rows in, over all and in every source;
    `reasons` of a source is a list of {code, rows, text}, most rows first; `unidentified` of a source are loaded rows without a
    key that leads to a customer; `measures` are the build's own quality figures.
    """
    nobody = snapshot.manifest.get("identity", {}).get("unidentified", {})
    sources = [_source(source, nobody.get(source["name"], 0)) for source in snapshot.manifest.get("sources", ())]
    totals = {key: sum(source[key] for source in sources) for key in _COUNTS}
    measures = {k: v for k, v in snapshot.manifest.get("quality", {}).items() if k not in _COUNTS}
    return {
        "snapshot": snapshot.id,
        "as_of": snapshot.manifest["as_of"],
        **totals,
        "adds_up": all(source["adds_up"] for source in sources),
        "measures": measures,
        "sources": sources,
    }


def rejected_rows(snapshot: Snapshot, source: str, *, raw: bool = False, limit: int = 100) -> dict[str, Any]:
    """Return the first rows set aside of `source` (file, row, column, code, reason; their text only when `raw`).

    Raises UsageError for an unknown source.
    """
    known = [entry["name"] for entry in snapshot.manifest.get("sources", ())]
    if source not in known:
        raise UsageError(f'unknown source "{source}"{did_you_mean(source, known)}')
    columns = ["file", "row", "column", "code", "reason", *(["raw"] if raw else [])]
    where = exp.EQ(this=exp.column("source", quoted=True), expression=exp.Placeholder())
    with table_reader(snapshot.table("rejected")) as reader:
        rows = reader.rows(columns, where, values=[source], order_by=["file", "row", "column", "code"], limit=limit)
        total = reader.rows([exp.Count(this=exp.Star())], where, values=[source])[0][0]
    return {
        "snapshot": snapshot.id, "source": source, "total": total,
        "rows": [dict(zip(columns, row, strict=True)) for row in rows],
    }  # fmt: skip


def _source(source: Mapping[str, Any], unidentified: int) -> dict[str, Any]:
    shown = {key: source.get(key) for key in _SOURCE} | {key: source.get(key) or 0 for key in _COUNTS}
    reasons = sorted(source.get("reasons", {}).items(), key=lambda item: (-item[1], item[0]))
    shown["reasons"] = [{"code": code, "rows": rows, "text": reason_text(code)} for code, rows in reasons]
    shown["unidentified"] = unidentified
    shown["adds_up"] = shown["rows_in"] == shown["loaded"] + shown["set_aside"] + shown["left_out"]
    return shown


def reason_text(code: str) -> dict[str, str]:
    """Return what a code means; the build itself adds `duplicate` to those of the cleaner."""
    more = {"duplicate": ("与更早的一行重复", "an earlier row has the same unique fields")}
    zh, en = REASONS.get(code) or more.get(code) or (code, code)
    return {"zh": zh, "en": en}
