"""One customer in full 360°, and the search for one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import reduce
from typing import Any

from sqlglot import exp

from huaxiang.app.audience import audience_condition, column_types
from huaxiang.app.wiring import table_reader
from huaxiang.errors import UsageError
from huaxiang.store.snapshots import Snapshot

CUSTOMER_KEYS = (
    "customer_id",
    "snapshot",
    "as_of",
    "attributes",
    "tags",
    "segments",
    "audiences",
    "identity",
    "records",
)
SEARCH_KEYS = ("snapshot", "text", "found")


def show_customer(snapshot: Snapshot, customer_id: str) -> dict[str, Any]:
    """Return CUSTOMER_KEYS: attributes and tags with title and value, the segment of each clustering with the name of its
    persona, audiences the customer is in, keys, and the number of records by source. Raises UsageError for an unknown ID.
    """
    manifest = snapshot.manifest
    columns = list(column_types(manifest))
    audiences = [item["name"] for item in manifest.get("audiences", ())]
    membership = [audience_condition(manifest, name) for name in audiences]
    me = exp.EQ(this=exp.column("customer_id", quoted=True), expression=exp.Placeholder())
    with table_reader(snapshot.table("customers")) as reader:
        rows = reader.rows([*columns, *membership], me, values=[customer_id], limit=1)
    if not rows:
        raise UsageError(
            f"no customer with this ID in snapshot {snapshot.id}; `huaxiang customer search TEXT` finds IDs"
        )
    values = dict(zip(columns, rows[0][: len(columns)], strict=True))
    return {
        "customer_id": customer_id,
        "snapshot": snapshot.id,
        "as_of": manifest["as_of"],
        "attributes": [_field(item, values) for item in manifest.get("attributes", ())],
        "tags": [_field(item, values) for item in manifest.get("tags", ())],
        "segments": _segments(snapshot, values),
        "audiences": [name for name, met in zip(audiences, rows[0][len(columns) :], strict=True) if met],
        "identity": _identity(snapshot, customer_id),
        "records": _records(snapshot, customer_id),
    }


def search_customers(snapshot: Snapshot, text: str, *, limit: int = 20) -> dict[str, Any]:
    """Return SEARCH_KEYS: customers whose ID or a text attribute holds `text`, or who have it as an identity key.

    Keys are compared whole, as cleaned, by digest: personal ones are found but never shown. Case is ignored elsewhere.
    Each hit is {customer_id, matched: [attribute and key names]}; IDs that equal the text come first.
    """
    names = ["customer_id"]
    names += [
        item["name"] for item in snapshot.manifest.get("attributes", ()) if item["value_type"] in ("text", "enum")
    ]
    holds = [_holds(name, text) for name in names]
    digests = [hashlib.sha256(f"{key}:{text}".encode()).hexdigest() for key in snapshot.manifest["identity"]["keys"]]
    is_key = exp.column("value_digest", quoted=True).isin(*digests)
    with table_reader(snapshot.table("identity")) as reader:
        by_key = (
            reader.rows(["customer_id", "key"], is_key, order_by=["customer_id", "key"], limit=limit) if digests else []
        )
    with table_reader(snapshot.table("customers")) as reader:
        rows = reader.rows(["customer_id", *holds], _any(holds), order_by=["customer_id"], limit=limit)
    found: dict[str, list[str]] = {}
    for row in rows:
        found[row[0]] = [name for name, met in zip(names, row[1:], strict=True) if met]
    for customer_id, key in by_key:
        matched = found.setdefault(customer_id, [])
        if key not in matched:
            matched.append(key)
    hits = [{"customer_id": key, "matched": matched} for key, matched in found.items()]
    hits.sort(key=lambda hit: (hit["customer_id"] != text, hit["customer_id"]))
    return {"snapshot": snapshot.id, "text": text, "found": hits[:limit]}


def _holds(column: str, text: str) -> exp.Expression:
    folded = exp.Lower(this=exp.column(column, quoted=True))
    return exp.Contains(this=folded, expression=exp.Literal.string(text.lower()))


def _any(parts: list[exp.Expression]) -> exp.Expression:
    """Return `a OR b OR …` of copies, since a tree has one parent."""
    copies = [part.copy() for part in parts]
    return reduce(lambda left, right: exp.Or(this=left, expression=right), copies)


def _field(item: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    value = values[item["name"]]
    titles = item.get("values") or {}
    return {
        "name": item["name"], "title": item.get("title"), "class": item.get("class"), "unit": item.get("unit"),
        "value_type": item["value_type"], "value": value,
        "value_title": titles.get(value) if isinstance(value, str) else None,
    }  # fmt: skip


def _segments(snapshot: Snapshot, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the cluster of each clustering that the customer belongs to."""
    names = {
        (group["name"], card["segment"]): card["name"] for group in snapshot.personas()["sets"] for card in group["cards"]
    }  # fmt: skip
    return [
        {
            "clustering": item["name"], "title": item.get("title"), "segment": values[item["name"]],
            "persona": names.get((item["name"], values[item["name"]])),
        }
        for item in snapshot.manifest.get("clusterings", ())
    ]  # fmt: skip


def _identity(snapshot: Snapshot, customer_id: str) -> list[dict[str, Any]]:
    me = exp.EQ(this=exp.column("customer_id", quoted=True), expression=exp.Placeholder())
    columns = ["key", "value", "value_digest"]
    with table_reader(snapshot.table("identity")) as reader:
        rows = reader.rows(columns, me, values=[customer_id], order_by=["key", "value_digest"])
    return [dict(zip(columns, row, strict=True)) for row in rows]


def _records(snapshot: Snapshot, customer_id: str) -> list[dict[str, Any]]:
    """Count the rows of each source that are this customer's."""
    me = exp.EQ(this=exp.column("customer_id", quoted=True), expression=exp.Placeholder())
    titles = {item["name"]: item.get("title") for item in snapshot.manifest.get("sources", ())}
    records = []
    for table in snapshot.manifest["tables"]:
        source = table["name"].removeprefix("source_")
        if source == table["name"]:
            continue
        with table_reader(snapshot.table(table["name"])) as reader:
            rows = reader.rows([exp.Count(this=exp.Star())], me, values=[customer_id])[0][0]
        records.append({"source": source, "title": titles.get(source), "rows": rows})
    return records
