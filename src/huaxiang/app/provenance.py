"""Where a customer's values come from, and what the other sources say: read on demand from the sources' rows of a snapshot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlglot import exp

from huaxiang.app.masks import kind_of, mask
from huaxiang.app.rows import rows_of
from huaxiang.errors import ExpressionError
from huaxiang.run.context import AsOf
from huaxiang.store.snapshots import Snapshot

PARTS = ("source", "at", "agree", "confidence")


def has_table(snapshot: Snapshot, name: str) -> bool:
    """Whether the snapshot holds a table of that name."""
    return any(table["name"] == name for table in snapshot.manifest["tables"])


def one_row(snapshot: Snapshot, table: str, key: str, value: str) -> dict[str, Any] | None:
    """The first row of a table whose `key` is `value`, by column name; None when there is none."""
    tables = rows_of(snapshot)
    if key == "customer_id":
        return tables.row(table, value)
    return tables.find(table, key, value)


def marks(snapshot: Snapshot, customer_id: str) -> dict[str, dict[str, Any]]:
    """Attribute → {source, at, agree, confidence} of its value, as far as table `provenance` tells; what it doesn't is None."""
    if not has_table(snapshot, "provenance"):
        return {}
    row = rows_of(snapshot).row("provenance", customer_id) or {}
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
    items = [
        item for item in snapshot.manifest.get("attributes", ())
        if item.get("from") and item["name"] in values and not item["name"].startswith("account_")
    ]  # fmt: skip
    heard = _hear(snapshot, customer_id, [origin for item in items for origin in item["from"]])
    found = []
    for item in items:
        kind = None if unmask else kind_of(item)
        value = values[item["name"]]
        said = [
            s for n, o in enumerate(item["from"])
            for s in _grouped(heard.get((o["source"], o["value"]), ()), str(o["source"]), n)
        ]  # fmt: skip
        for entry in said:
            entry["wins"] = entry["value"] == value or (isinstance(value, list) and entry["value"] in value)
        said.sort(key=lambda s: (not s["wins"], s.pop("_order"), str(s["value"])))
        found.append({
            "name": item["name"], "title": item.get("title"), "class": item.get("class"), "pick": item.get("pick"),
            "value": mask(value, kind), **known.get(item["name"], dict.fromkeys(PARTS)),
            "said": [s | {"value": mask(s["value"], kind)} for s in said],
        })  # fmt: skip
    return found


def _hear(
    snapshot: Snapshot, customer_id: str, origins: Sequence[Mapping[str, Any]]
) -> dict[tuple[str, str], list[tuple[Any, Any]]]:
    """(source, expression) → the values that a customer's rows of the source give, with their moments. A source is read once."""
    from huaxiang.spec.canonical import TIME_FIELD

    tables = rows_of(snapshot)
    as_of = AsOf(date.fromisoformat(snapshot.manifest["as_of"]))
    entities = {s["name"]: s["entity"] for s in snapshot.manifest["sources"]}
    wanted: dict[str, dict[str, None]] = {}
    for origin in origins:
        wanted.setdefault(origin["source"], {})[origin["value"]] = None
    found: dict[tuple[str, str], list[tuple[Any, Any]]] = {}
    for source, texts in wanted.items():
        table = f"source_{source}"
        if not has_table(snapshot, table) or not tables.counts(customer_id, {table: None})[table][0]:
            continue
        types = _types(tables.schema(table))
        trees = {text: tree for text in texts if (tree := _tree(text, tuple(types.items()), as_of)) is not None}
        time = TIME_FIELD.get(entities.get(source, ""))
        moment: exp.Expression = exp.column(time, quoted=True) if time in types else exp.Null()
        rows = tables.evaluate(table, customer_id, [moment, *trees.values()])
        for place, text in enumerate(trees, 1):
            said = [(row[place], row[0]) for row in rows]
            found[source, text] = [pair for pair in said if _counts(pair, as_of.end)]
    return found


@lru_cache(maxsize=2048)
def _tree(text: str, types: tuple[tuple[str, str], ...], as_of: AsOf) -> exp.Expression | None:
    """An expression over columns of these types on a day; None where it isn't admitted: the table was written by an older version."""
    from huaxiang.plan.expr import check_expression

    try:
        return as_of.bind(check_expression(text, dict(types)).ast)
    except ExpressionError:
        return None


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
