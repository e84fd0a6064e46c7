"""Why a customer has a value of a tag: the rule, what it was made from, and her figures in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from huaxiang.app.audience_index import open_index
from huaxiang.app.masks import kind_of, mask
from huaxiang.app.provenance import has_table, marks, one_row
from huaxiang.app.rows import rows_of
from huaxiang.app.value_titles import titles_of_value
from huaxiang.errors import ExpressionError, UsageError
from huaxiang.store.snapshots import Snapshot

TAG_WHY_KEYS = (
    "customer_id", "snapshot", "as_of", "name", "title", "description", "kind", "class", "unit", "value_type", "value", "value_title",
    "value_titles", "definition", "version", "owner", "place", "fresh_to", "inputs", "rows", "tree", "decisive",
)  # fmt: skip
TAG_INPUT_KEYS = (
    "kind", "name", "title", "value_type", "unit", "value", "value_title", "value_titles", "source", "at", "confidence",
)  # fmt: skip
_WINDOW = re.compile(r"(\d+)\s*d")
_NAME = re.compile(r"[^\W\d]\w*")


def why_tag(snapshot: Snapshot, customer_id: str, name: str) -> dict[str, Any]:
    """Return TAG_WHY_KEYS of one tag of one customer; personal values are masked.

    `inputs`: the tags and attributes that the definition names, with her values, TAG_INPUT_KEYS each (`source`, `at`, `confidence`: where
    the value of an attribute comes from). `rows` of a statistic: {source, title, window, rows, counted, first_at, last_at}: her rows of the
    source, `counted` of them within the window; filters of the tag are not applied. `tree` of a rule: its parts with their state as
    `app.audiences.reasons.why` tells them, and `decisive`. Raises UsageError for an unknown customer or tag.
    """
    from huaxiang.app.customer import redirected

    items = {t["name"]: t for t in snapshot.manifest.get("tags", ()) if t.get("status", "online") == "online"}
    if name not in items:
        raise UsageError.unknown("tag", name, items)
    index = open_index(snapshot).index
    known = next(
        (i for i in (customer_id, redirected(snapshot, customer_id)) if i and index.row_of(i) is not None), None
    )
    if known is None:
        raise UsageError.no_customer(snapshot.id)
    item, row = items[name], one_row(snapshot, "customers", "customer_id", known) or {}
    tree = _tree(snapshot, item, known)
    return {
        "customer_id": known, "snapshot": snapshot.id, "as_of": snapshot.manifest["as_of"],
        **{k: item.get(k) for k in ("name", "title", "description", "kind", "class", "unit", "value_type")},
        **_value(item, row),
        **{k: item.get(k) for k in ("definition", "version", "owner", "place", "fresh_to")},
        "inputs": _inputs(snapshot, item, known, row), "rows": _rows(snapshot, item, known),
        "tree": tree and tree["tree"], "decisive": tree["decisive"] if tree else [],
    }  # fmt: skip


def _value(item: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    value = mask(row.get(item["name"]), kind_of(item))
    return {"value": value, **titles_of_value(value, item.get("values"))}


def _inputs(
    snapshot: Snapshot, item: Mapping[str, Any], customer_id: str, row: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The fields that the definition names, in its order."""
    manifest = snapshot.manifest
    attributes = {a["name"]: ("attribute", a) for a in manifest.get("attributes", ())}
    tags = {t["name"]: ("tag", t) for t in manifest.get("tags", ())}
    lines = set(item.get("lineage") or ())
    named = [n for n in dict.fromkeys(_NAME.findall(str(item.get("definition") or ""))) if n != item["name"]]
    found = []
    told = marks(snapshot, customer_id) if has_table(snapshot, "provenance") else {}
    for name in named:
        kind, input_ = tags.get(name) or attributes.get(name) or ("", None)
        if input_ is None or f"{kind}:{name}" not in lines:
            kind, input_ = attributes.get(name) or ("", None)
            if input_ is None or f"attribute:{name}" not in lines:
                continue
        mark = told.get(name) or {}
        found.append({
            "kind": kind, "name": name, "title": input_.get("title"), "value_type": input_.get("value_type"),
            "unit": input_.get("unit"), **_value(input_, row),
            **{k: mark.get(k) if kind == "attribute" else None for k in ("source", "at", "confidence")},
        })  # fmt: skip
    return found


def _rows(snapshot: Snapshot, item: Mapping[str, Any], customer_id: str) -> list[dict[str, Any]]:
    """Her rows of the source that a statistic counts."""
    source = next((s for s in snapshot.manifest.get("sources", ()) if s["name"] == item.get("source")), None)
    if source is None or not source.get("fields") or not has_table(snapshot, f"source_{source['name']}"):
        return []
    moment = source.get("time")
    table = f"source_{source['name']}"
    rows = rows_of(snapshot).rows(table, customer_id, [moment or "customer_id"])
    end = datetime.combine(date.fromisoformat(str(snapshot.manifest["as_of"])[:10]), time.min) + timedelta(days=1)
    days = _WINDOW.fullmatch(str(item.get("window") or ""))
    begin = end - timedelta(days=int(days[1])) if days else None
    times = sorted(r[moment] for r in rows if r[moment] is not None) if moment else []
    return [{
        "source": source["name"], "title": source.get("title"), "window": item.get("window"), "rows": len(rows),
        "counted": sum((begin is None or begin <= at) and at < end for at in times) if moment else len(rows),
        "first_at": times[0] if times else None, "last_at": times[-1] if times else None,
    }]  # fmt: skip


def _tree(snapshot: Snapshot, item: Mapping[str, Any], customer_id: str) -> dict[str, Any] | None:
    """The parts of a rule with their states; None for other kinds, and for what can't be asked today."""
    from huaxiang.app.audiences.reasons import why

    text = str(item.get("definition") or "")
    if item.get("kind") != "rule" or not text.startswith("when "):
        return None
    try:
        return why(snapshot, text.removeprefix("when "), customer_id)
    except (ExpressionError, UsageError):  # it names what is masked, or what an older build knew
        return None
