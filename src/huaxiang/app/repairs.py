"""Values that cleaning changed, and what stood in the file instead of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from pathlib import Path
from typing import Any

from sqlglot import exp

from huaxiang.app.quality import repair_text
from huaxiang.app.wiring import table_reader
from huaxiang.errors import UsageError
from huaxiang.store.cleaning.codes import KEPT_RAW
from huaxiang.store.snapshots import Snapshot

REPAIRS_KEYS = ("snapshot", "source", "rows", "total", "kinds")
_ORDER = ("file", "row", "column", "kind")


def list_repairs(snapshot: Snapshot, source: str, *, raw: bool = False, limit: int = 100) -> dict[str, Any]:
    """Return REPAIRS_KEYS: the first changed values of `source` (file, row, column, kind; what stood in the file only when `raw`),
    how many there are in `total`, and `kinds`, a list of {kind, rows, text}, most rows first.

    Raises UsageError for an unknown source. A snapshot made before repairs were kept has none.
    """
    known = [entry["name"] for entry in snapshot.manifest.get("sources", ())]
    if source not in known:
        raise UsageError.unknown("source", source, known)
    columns = [*_ORDER, *(["raw"] if raw else [])]
    path = _table(snapshot)
    if path is None:
        return {"snapshot": snapshot.id, "source": source, "rows": [], "total": 0, "kinds": []}
    where, values = _equal({"source": source})
    with table_reader(path) as reader:
        rows = reader.rows(columns, where, values=values, order_by=list(_ORDER), limit=limit)
        kinds = sorted(KEPT_RAW)
        found = reader.rows([_count(kind) for kind in kinds], where, values=values)[0]
    counts = [(kind, int(count)) for kind, count in zip(kinds, found, strict=True) if count]
    counts.sort(key=lambda pair: (-pair[1], pair[0]))
    return {
        "snapshot": snapshot.id,
        "source": source,
        "rows": [dict(zip(columns, row, strict=True)) for row in rows],
        "total": sum(count for _, count in counts),
        "kinds": [{"kind": kind, "rows": count, "text": repair_text(kind)} for kind, count in counts],
    }


def original(snapshot: Snapshot, source: str, place: tuple[str, int], column: str) -> tuple[str, str | None] | None:
    """What stood in `column` at `place` (file, row) of a source before cleaning changed it: (kind of repair, raw text; None when the
    cell was empty). None when the value was not changed: it says what the file says.
    """
    path = _table(snapshot)
    if path is None:
        return None
    where, values = _equal({"source": source, "file": place[0], "row": place[1], "column": column})
    with table_reader(path) as reader:
        rows = reader.rows(["kind", "raw"], where, values=values, limit=1)
    return (str(rows[0][0]), rows[0][1]) if rows else None


def _table(snapshot: Snapshot) -> Path | None:
    """The table of repairs; None in a snapshot that was made before there was one."""
    kept = any(table["name"] == "repairs" for table in snapshot.manifest["tables"])
    return snapshot.table("repairs") if kept else None


def _count(kind: str) -> exp.Expression:
    return exp.CountIf(this=exp.EQ(this=exp.column("kind", quoted=True), expression=exp.Literal.string(kind)))


def _equal(wanted: Mapping[str, object]) -> tuple[exp.Expression, list[object]]:
    conditions: list[exp.Expression] = [
        exp.EQ(this=exp.column(name, quoted=True), expression=exp.Placeholder()) for name in wanted
    ]
    return reduce(lambda left, right: exp.And(this=left, expression=right), conditions), list(wanted.values())
