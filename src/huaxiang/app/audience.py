"""Audiences 人群: count, list, show and export customers who meet a condition. Kept light: `audience count` starts cold.

Types come from the snapshot's manifest, so no project file is loaded; conditions mean what they mean in the YAML.
"""

from __future__ import annotations

import csv
import os
import time
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from huaxiang.app.tags import find_named
from huaxiang.app.wiring import table_reader
from huaxiang.errors import UsageError
from huaxiang.store.snapshots import Snapshot

if TYPE_CHECKING:
    from sqlglot import exp

COUNT_KEYS = ("count", "base", "snapshot", "elapsed_ms")
LIST_KEYS = ("snapshot", "as_of", "customers", "audiences")
AUDIENCE_KEYS = ("name", "title", "description", "owner", "definition", "size", "share", "place")
EXPORT_KEYS = ("file", "format", "rows", "columns", "snapshot")
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


def audience_condition(manifest: Mapping[str, Any], text: str) -> exp.Expression:
    """Return the checked condition that `text` means: an audience's name, or an expression.

    `in_audience('x')` stands for x's definition. Raises ExpressionError, or UsageError for an unknown or circular audience.
    """
    from huaxiang.app.conditions import read_condition

    definitions = {item["name"]: item["definition"] for item in manifest.get("audiences", ())}
    return read_condition(definitions.get(text.strip(), text), column_types(manifest), definitions)


def count_audience(snapshot: Snapshot, expression: str) -> dict[str, Any]:
    """Return COUNT_KEYS: customers who meet the condition, all customers, and the time it took."""
    begin = time.perf_counter()
    condition = audience_condition(snapshot.manifest, expression)
    with table_reader(snapshot.table("customers")) as reader:
        count, base = reader.count(condition)
    elapsed = round((time.perf_counter() - begin) * 1000, 1)
    return {"count": count, "base": base, "snapshot": snapshot.id, "elapsed_ms": elapsed}


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
    """Return the IDs of the customers who meet the condition, ascending."""
    condition = audience_condition(snapshot.manifest, expression)
    with table_reader(snapshot.table("customers")) as reader:
        return [row[0] for row in reader.rows(["customer_id"], condition, order_by=["customer_id"])]


def export_audience(snapshot: Snapshot, expression: str, to: Path, columns: tuple[str, ...] = ()) -> dict[str, Any]:
    """Write the customers who meet the condition to a CSV or Parquet file (by its suffix), sorted by ID; return EXPORT_KEYS.

    customer_id always comes first, then `columns`. CSV is UTF-8 with BOM, for spreadsheets, and texts that one would take
    for a formula get a leading apostrophe. The file appears whole or not at all. Raises UsageError for another suffix or
    an unknown column.
    """
    known = column_types(snapshot.manifest)
    chosen = tuple(dict.fromkeys(("customer_id", *columns)))
    for name in chosen:
        if name not in known:
            raise UsageError.unknown("column", name, known)
    kind = to.suffix.lower().lstrip(".")
    if kind not in {"csv", "parquet"}:
        raise UsageError(
            f'can\'t tell the format of "{to.name}"; end the file name in .csv or .parquet',
            f"从“{to.name}”看不出文件格式；文件名请以 .csv 或 .parquet 结尾",
        )
    if not to.parent.is_dir():
        raise UsageError(f"no folder {to.parent}; make it first", f"没有文件夹 {to.parent}；请先建好")
    condition = audience_condition(snapshot.manifest, expression)
    partial = to.with_name(f".{to.name}.{os.getpid()}.part")
    try:
        with table_reader(snapshot.table("customers")) as reader:
            if kind == "parquet":
                rows = reader.write_parquet(chosen, condition, partial, order_by=["customer_id"])
            else:
                rows = _write_csv(partial, chosen, reader.batches(chosen, condition, order_by=["customer_id"]))
        partial.replace(to)
    finally:
        partial.unlink(missing_ok=True)
    return {"file": str(to), "format": kind, "rows": rows, "columns": list(chosen), "snapshot": snapshot.id}


def _described(manifest: Mapping[str, Any], item: Mapping[str, Any]) -> dict[str, Any]:
    from huaxiang.app.conditions import condition_text, sources_in

    text = condition_text(item["definition"], column_types(manifest), sources_in(manifest))
    return {key: item.get(key) for key in AUDIENCE_KEYS} | {"definition": text}


def _write_csv(path: Path, columns: tuple[str, ...], batches: Iterator[list[tuple[Any, ...]]]) -> int:
    rows = 0
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        for batch in batches:
            writer.writerows([_cell(value) for value in row] for row in batch)
            rows += len(batch)
    return rows


def _cell(value: Any) -> str:
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
