"""Audiences 人群: count, list, show and export customers who meet a condition. Kept light: `audience count` starts cold.

Types come from the snapshot's manifest, so no project file is loaded; conditions mean what they mean in the YAML. Answers come from
the audience index of the snapshot; a declared audience is the set that its build saved.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from huaxiang.app.audiences.staleness import stale_in
from huaxiang.app.tags import find_named
from huaxiang.errors import UsageError
from huaxiang.store.snapshots import Snapshot

COUNT_KEYS = ("count", "base", "snapshot", "elapsed_ms", "stale")
LIST_KEYS = ("snapshot", "as_of", "customers", "audiences")
AUDIENCE_KEYS = (
    "name", "title", "description", "owner", "kind", "definition", "size", "share", "place", "version", "versions", "frozen", "list",
    "changes", "stale", "stale_inputs",
)  # fmt: skip
EXPORT_KEYS = ("file", "format", "rows", "columns", "snapshot", "stale")
TYPES: Mapping[str, str] = {
    "boolean": "BOOLEAN", "enum": "VARCHAR", "text": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE",
    "money": "DECIMAL(38,4)", "date": "DATE", "datetime": "TIMESTAMP", "list": "VARCHAR[]",
}  # fmt: skip
"""value_type of the manifest → DuckDB type, as conditions are checked against it."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def column_types(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return the columns of the customers table and their DuckDB types: customer_id, attributes, tags, clusterings."""
    items = (*manifest.get("attributes", ()), *manifest.get("tags", ()))
    types = {"customer_id": "VARCHAR"} | {item["name"]: "VARCHAR" for item in manifest.get("clusterings", ())}
    return types | {item["name"]: TYPES[item["value_type"]] for item in items}


def count_audience(snapshot: Snapshot, expression: str) -> dict[str, Any]:
    """Return COUNT_KEYS: customers who meet the condition, all customers, the time it took, and which audiences of before it reads.

    Raises ExpressionError for a bad condition, UsageError for an unknown audience or list, or a snapshot without an index.
    """
    begin = time.perf_counter()
    saved = next((a for a in snapshot.manifest.get("audiences", ()) if a["name"] == expression.strip()), None)
    if saved is not None and (snapshot.folder / "audiences" / f"{saved['name']}.npy").is_file():
        count, base = saved["size"], snapshot.manifest["customers"]
    else:
        from huaxiang.app.audience_index import open_index

        index = open_index(snapshot)
        count, base = index.count(expression), index.size
    elapsed = round((time.perf_counter() - begin) * 1000, 1)
    stale = stale_in(snapshot, expression)
    return {"count": count, "base": base, "snapshot": snapshot.id, "elapsed_ms": elapsed, "stale": stale}


def list_audiences(snapshot: Snapshot) -> dict[str, Any]:
    """Return LIST_KEYS; each audience has AUDIENCE_KEYS, with the size at the time of the build."""
    found = [_described(snapshot.manifest, item) for item in snapshot.manifest.get("audiences", ())]
    manifest = snapshot.manifest
    return {
        "snapshot": snapshot.id, "as_of": manifest["as_of"], "customers": manifest["customers"], "audiences": found,
    }  # fmt: skip


def show_audience(snapshot: Snapshot, name: str) -> dict[str, Any]:
    """Return AUDIENCE_KEYS and the snapshot of one audience. Raises UsageError for an unknown one."""
    item = find_named(snapshot.manifest.get("audiences", ()), name, "audience")
    return _described(snapshot.manifest, item) | {"snapshot": snapshot.id, "as_of": snapshot.manifest["as_of"]}


def customer_ids(snapshot: Snapshot, expression: str) -> list[str]:
    """Return the IDs of the customers who meet the condition, ascending. Raises as `count_audience`."""
    from huaxiang.app.audience_index import open_index

    index = open_index(snapshot)
    found: list[str] = index.ids(index.select(expression)).to_pylist()
    return found


def export_audience(snapshot: Snapshot, expression: str, to: Path, columns: tuple[str, ...] = ()) -> dict[str, Any]:
    """Write the customers who meet the condition to a CSV or Parquet file (by its suffix), sorted by ID; return EXPORT_KEYS.

    customer_id always comes first, then `columns`. CSV is UTF-8 with BOM, for spreadsheets, and texts that one would take
    for a formula get a leading apostrophe. The file appears whole or not at all. Raises UsageError for another suffix or
    an unknown column, and as `count_audience`.
    """
    from huaxiang.app.audience_index import open_index
    from huaxiang.app.export import export_columns, stream_audience

    chosen = export_columns(snapshot.manifest, columns)
    kind = to.suffix.lower().lstrip(".")
    if kind not in {"csv", "parquet"}:
        raise UsageError(
            f'can\'t tell the format of "{to.name}"; end the file name in .csv or .parquet',
            f"从“{to.name}”看不出文件格式；文件名请以 .csv 或 .parquet 结尾",
        )
    if not to.parent.is_dir():
        raise UsageError(f"no folder {to.parent}; make it first", f"没有文件夹 {to.parent}；请先建好")
    members = open_index(snapshot).select(expression)
    partial = to.with_name(f".{to.name}.{os.getpid()}.part")
    try:
        with partial.open("wb") as stream:
            for part in stream_audience(snapshot, members.mask(), chosen, kind, unmask=True):
                stream.write(part)
        partial.replace(to)
    finally:
        partial.unlink(missing_ok=True)
    return {
        "file": str(to), "format": kind, "rows": members.count(), "columns": list(chosen), "snapshot": snapshot.id,
        "stale": stale_in(snapshot, expression),
    }  # fmt: skip


def _described(manifest: Mapping[str, Any], item: Mapping[str, Any]) -> dict[str, Any]:
    return {key: item.get(key) for key in AUDIENCE_KEYS} | {"definition": definition_text(manifest, item)}


def definition_text(manifest: Mapping[str, Any], item: Mapping[str, Any]) -> str:
    """The condition of a declared audience as text; a tree that can't be read any more as JSON."""
    import json

    from huaxiang.app.conditions import condition_text, sources_in
    from huaxiang.errors import ExpressionError

    try:
        return condition_text(item["definition"], column_types(manifest), sources_in(manifest))
    except ExpressionError:
        return json.dumps(item["definition"], ensure_ascii=False)


def csv_cell(value: Any) -> str:
    """Return the text of a CSV cell: a missing value is empty, lists are joined by `|`, no text begins a formula."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case Decimal():
            return f"{value:f}"
        case int() | float():
            return str(value)
        case datetime() | date():
            return value.isoformat()
        case list():
            text = "|".join("" if item is None else str(item) for item in value)
        case _:
            text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
