"""Where a customer's values come from, and what the other sources say: read on demand from the sources' rows of a snapshot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlglot import exp

from huaxiang.app.masks import kind_of, mask
from huaxiang.app.rows import rows_of
from huaxiang.app.wiring import table_reader
from huaxiang.errors import ExpressionError
from huaxiang.store.snapshots import Snapshot

PARTS = ("source", "at", "agree", "confidence")


def has_table(snapshot: Snapshot, name: str) -> bool:
    """Whether the snapshot holds a table of that name."""
    return any(table["name"] == name for table in snapshot.manifest["tables"])


def one_row(path: Path, key: str, value: str) -> dict[str, Any] | None:
    """The row of a table whose `key` is `value`, by column name; None when there is none."""
    from pyarrow import parquet

    columns = parquet.read_schema(path).names
    me = exp.EQ(this=exp.column(key, quoted=True), expression=exp.Placeholder())
    with table_reader(path) as reader:
        rows = reader.rows(columns, me, values=[value], limit=1)
    return dict(zip(columns, rows[0], strict=True)) if rows else None


def marks(snapshot: Snapshot, customer_id: str) -> dict[str, dict[str, Any]]:
    """Attribute → {source, at, agree, confidence} of its value, as far as table `provenance` tells; what it doesn't is None."""
    if not has_table(snapshot, "provenance"):
        return {}
    tables = rows_of(snapshot)
    row = next(iter(tables.rows("provenance", customer_id, tables.columns("provenance"), limit=1)), {})
    found: dict[str, dict[str, Any]] = {}
    for column, value in row.items():
        name, _, part = column.rpartition("__")
        if name and part in PARTS:
            found.setdefault(name, dict.fromkeys(PARTS))[part] = value
    return {name: mark for name, mark in found.items() if mark["source"] is not None}


def explain(
    snapshot: Snapshot, customer_id: str, values: Mapping[str, Any], *, unmask: bool = False
) -> list[dict[str, Any]]:
    """For each attribute that sources state: its value with its mark, and `said`: every value of every source.

    Items of `said`: {value, source, rows, first_at, last_at, wins}, the winning value first, then by source and date. `values`: the
    customer's attributes.
    """
    known = marks(snapshot, customer_id)
    found = []
    for item in snapshot.manifest.get("attributes", ()):
        origins = item.get("from") or ()
        if not origins or item["name"] not in values or item["name"].startswith("account_"):
            continue
        kind = None if unmask else kind_of(item)
        value = values[item["name"]]
        said = [s for n, o in enumerate(origins) for s in _said(snapshot, customer_id, o, n)]
        for entry in said:
            entry["wins"] = entry["value"] == value or (isinstance(value, list) and entry["value"] in value)
        said.sort(key=lambda s: (not s["wins"], s.pop("_order"), str(s["value"])))
        found.append({
            "name": item["name"], "title": item.get("title"), "class": item.get("class"), "pick": item.get("pick"),
            "value": mask(value, kind), **known.get(item["name"], dict.fromkeys(PARTS)),
            "said": [s | {"value": mask(s["value"], kind)} for s in said],
        })  # fmt: skip
    return found


def _said(snapshot: Snapshot, customer_id: str, origin: Mapping[str, Any], number: int) -> list[dict[str, Any]]:
    """What one source says of a customer: distinct values with their rows and dates."""
    from pyarrow import parquet

    from huaxiang.plan.expr import check_expression
    from huaxiang.run.context import AsOf
    from huaxiang.spec.canonical import TIME_FIELD

    table = f"source_{origin['source']}"
    if not has_table(snapshot, table):
        return []
    path = snapshot.table(table)
    types = _types(parquet.read_schema(path))
    as_of = AsOf(date.fromisoformat(snapshot.manifest["as_of"]))
    try:
        value = as_of.bind(check_expression(origin["value"], types).ast)
    except ExpressionError:  # the table was written by an older version
        return []
    entity = next((s["entity"] for s in snapshot.manifest["sources"] if s["name"] == origin["source"]), "")
    time = TIME_FIELD.get(entity)
    moment: exp.Expression = exp.column(time, quoted=True) if time in types else exp.Null()
    me = exp.EQ(this=exp.column("customer_id", quoted=True), expression=exp.Placeholder())
    with table_reader(path) as reader:
        rows = reader.rows([value, moment], me, values=[customer_id])
    return _grouped([r for r in rows if _counts(r, as_of.end)], str(origin["source"]), number)


def _counts(row: Sequence[Any], end: datetime) -> bool:
    return row[0] is not None and (row[1] is None or row[1] < end)


def _grouped(rows: Sequence[Sequence[Any]], source: str, number: int) -> list[dict[str, Any]]:
    groups: dict[str, dict[str, Any]] = {}
    for value, at in rows:
        entry = groups.setdefault(
            repr(value),
            {"value": value, "source": source, "rows": 0, "first_at": None, "last_at": None, "_order": number},
        )
        entry["rows"] += 1
        if at is not None:
            entry["first_at"] = at if entry["first_at"] is None else min(entry["first_at"], at)
            entry["last_at"] = at if entry["last_at"] is None else max(entry["last_at"], at)
    return list(groups.values())


def _types(schema: Any) -> dict[str, str]:
    """DuckDB type names of a Parquet table's columns."""
    import pyarrow as pa

    found: dict[str, str] = {}
    for field in schema:
        kind = field.type
        if pa.types.is_decimal(kind):
            found[field.name] = f"DECIMAL({kind.precision},{kind.scale})"
        elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
            found[field.name] = "VARCHAR[]"
        elif pa.types.is_timestamp(kind):
            found[field.name] = "TIMESTAMP"
        else:
            plain = {"bool": "BOOLEAN", "date32[day]": "DATE", "double": "DOUBLE", "float": "DOUBLE"}
            found[field.name] = plain.get(str(kind)) or ("BIGINT" if pa.types.is_integer(kind) else "VARCHAR")
    return found
