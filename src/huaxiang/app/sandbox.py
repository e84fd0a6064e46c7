"""SQL audiences: customers whom an analyst's own SELECT names. What it may read, and how it is run."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from huaxiang.app.audience import column_types
from huaxiang.app.catalogue import load_catalogue
from huaxiang.app.masks import kind_of
from huaxiang.errors import UsageError
from huaxiang.plan.sandbox import FUNCTIONS, CheckedQuery, check_query

if TYPE_CHECKING:
    import pyarrow as pa

    from huaxiang.store.snapshots import Snapshot

SQL_KEYS = ("count", "base", "snapshot", "elapsed_ms", "ids", "tables")
SQL_TABLES_KEYS = ("snapshot", "as_of", "tables", "functions")
AT_ONCE = 2
"""So many queries run at the same time; the others wait, within their own time."""
DESCRIPTIVE = frozenset({
    "name", "surname", "given_name", "nickname", "address", "street", "address_key", "home_address", "id_birth_date", "id_number", "phone",
    "email",
})  # fmt: skip
"""Names of columns that point at a person, whatever the manifest says of them."""
_CLOSED_TYPES = frozenset({"name", "phone", "email", "address", "id_number"})
_NOTES = frozenset({"body", "remark", "comment", "note"})
_FREE_TEXT = _NOTES | {"title"}
_slots = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True)
class Permitted:
    """What queries may read: table → column → DuckDB type, the Parquet file's name in the snapshot, and the columns that are not there."""

    tables: Mapping[str, Mapping[str, str]]
    files: Mapping[str, str]
    hidden: frozenset[str]


def permitted(manifest: Mapping[str, Any]) -> Permitted:
    """Return the tables and columns that SQL audiences may read: `customers`, and the sources whose rows belong to customers; without
    identity keys, names, contacts, addresses, free texts and sensitive attributes.
    """
    clusterings = {item["name"] for item in manifest.get("clusterings", ())}
    types = {name: kind for name, kind in column_types(manifest).items() if name not in clusterings}
    items = (*manifest.get("attributes", ()), *manifest.get("tags", ()))
    return permitted_of(types, items, manifest.get("sources", ()), manifest.get("identity", {}))


def permitted_of(
    types: Mapping[str, str],
    items: Iterable[Mapping[str, Any]],
    sources: Iterable[Mapping[str, Any]],
    identity: Mapping[str, Any],
) -> Permitted:
    """`permitted`, of the columns of customers with their types, and of what the manifest says of attributes and tags (`items`), sources
    and identity.
    """
    closed = {str(item["name"]) for item in items if _is_closed(item)} | (set(types) & (DESCRIPTIVE | _NOTES))
    tables = {"customers": {name: kind for name, kind in types.items() if name not in closed}}
    files, hidden = {"customers": "customers"}, set(closed)
    keys = {*identity.get("fields", {}).values(), *identity.get("personal", {}), *identity.get("keys", ())}
    for source in sources:
        fields: Mapping[str, str] = source.get("fields") or {}
        if not fields or source["name"] in tables:
            continue
        kinds = {column["name"]: column["type"] for column in source.get("columns") or ()}
        away = {n for n in fields if n in keys | DESCRIPTIVE | _FREE_TEXT or kinds.get(n) in _CLOSED_TYPES} - {
            "customer_id"
        }
        tables[source["name"]] = {name: kind for name, kind in fields.items() if name not in away}
        files[source["name"]] = f"source_{source['name']}"
        hidden |= away
    return Permitted(tables, files, frozenset(name.lower() for name in hidden))


def _is_closed(item: Mapping[str, Any]) -> bool:
    """Whether an attribute or tag points at a person, or is sensitive by the standard catalogue."""
    catalogue = load_catalogue()
    codes = (str(item["name"]), str(item.get("attribute")))
    sensitive = any(code in catalogue and catalogue[code].sensitivity == "sensitive" for code in codes)
    return sensitive or kind_of(item) is not None or bool(item.get("personal"))


def sql_tables(snapshot: Snapshot) -> dict[str, Any]:
    """Return SQL_TABLES_KEYS: the tables that queries may read, with columns and types, and the functions they may call."""
    manifest, allowed = snapshot.manifest, _permitted(snapshot)
    sources = {s["name"]: s for s in manifest.get("sources", ())}
    tables = [
        {
            "name": name, "title": sources[name].get("title") if name in sources else {"zh": "客户", "en": "Customers"},
            "rows": sources[name].get("loaded") if name in sources else manifest["customers"], "columns": dict(columns),
        }
        for name, columns in allowed.tables.items()
    ]  # fmt: skip
    return {"snapshot": snapshot.id, "as_of": manifest["as_of"], "tables": tables, "functions": list(FUNCTIONS)}


def check_sql(snapshot: Snapshot, sql: str) -> CheckedQuery:
    """Check a query over the tables of a snapshot. Raises ExpressionError (SQL001 … SQL008)."""
    allowed = _permitted(snapshot)
    return check_query(sql, allowed.tables, allowed.hidden, date.fromisoformat(str(snapshot.manifest["as_of"])[:10]))


def sql_members(snapshot: Snapshot, sql: str, *, seconds: float = 10.0) -> pa.Array:
    """Return the IDs of the customers that a query selects, each once, ascending; `seconds`: how long it may take.

    Raises ExpressionError for a query that is refused, stopped, or selects what is no customer (SQL001 … SQL012); UsageError when too
    many run already.
    """
    from huaxiang.engines.sandbox import Limits, SandboxQuery, run_sandboxed

    checked, allowed = check_sql(snapshot, sql), _permitted(snapshot)
    tables = {name: (snapshot.table(allowed.files[name]), columns) for name, columns in checked.columns.items()}
    if not _slots.acquire(timeout=seconds):
        raise UsageError(
            f"{AT_ONCE} SQL audiences are being computed; try again in a moment",
            f"已有 {AT_ONCE} 个 SQL 人群正在计算，请稍候再试",
        )
    try:
        query = SandboxQuery(checked.sql, tables, snapshot.table("customers"), checked.sort)
        return run_sandboxed(query, Limits(seconds=seconds))
    finally:
        _slots.release()


def sql_audience(snapshot: Snapshot, sql: str, *, seconds: float = 10.0, limit: int = 0) -> dict[str, Any]:
    """Return SQL_KEYS: how many customers a query selects, and the first `limit` of their IDs. Raises as `sql_members` does."""
    begin = time.perf_counter()
    found = sql_members(snapshot, sql, seconds=seconds)
    checked = check_sql(snapshot, sql)
    return {
        "count": len(found), "base": snapshot.manifest["customers"], "snapshot": snapshot.id,
        "elapsed_ms": round((time.perf_counter() - begin) * 1000, 1), "ids": found.slice(0, limit).to_pylist(),
        "tables": list(checked.columns),
    }  # fmt: skip


def _permitted(snapshot: Snapshot) -> Permitted:
    return _permitted_of(_Held(snapshot))


class _Held:
    """A snapshot as a key: by its folder."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot

    def __hash__(self) -> int:
        return hash(self.snapshot.folder)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held) and other.snapshot.folder == self.snapshot.folder


@lru_cache(maxsize=4)
def _permitted_of(held: _Held) -> Permitted:
    return permitted(held.snapshot.manifest)
