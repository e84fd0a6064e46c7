"""One account (business customer) with its people, and the list of accounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlglot import exp

from huaxiang.app.conditions import contains_text
from huaxiang.app.masks import kind_of, mask
from huaxiang.app.provenance import PARTS, has_table, one_row
from huaxiang.app.value_titles import titles_of_value
from huaxiang.app.wiring import table_reader
from huaxiang.errors import UsageError
from huaxiang.store.snapshots import Snapshot

ACCOUNT_KEYS = ("account_id", "snapshot", "as_of", "attributes", "contacts", "decision_roles", "people")
ACCOUNT_LIST_KEYS = ("snapshot", "total", "accounts")
PERSON_ATTRIBUTES = (
    "name",
    "decision_role",
    "position",
    "job_function",
    "problem_to_solve",
    "past_use",
    "phone",
    "email",
)
"""What is shown of an account's people, by catalogue code, as far as the project has it."""
MOST_PEOPLE = 200


def show_account(snapshot: Snapshot, account_id: str, *, unmask: bool = False) -> dict[str, Any]:
    """Return ACCOUNT_KEYS: attributes with title, value and provenance; people with PERSON_ATTRIBUTES, those who decide first.

    Raises UsageError when the project has no accounts, or none with this ID.
    """
    row = one_row(snapshot, _table(snapshot), "account_id", account_id)
    if row is None:
        raise UsageError(
            f"no account with this ID in snapshot {snapshot.id}; `huaxiang account list` shows them",
            f"快照 {snapshot.id} 中没有这个 ID 的企业；huaxiang account list 列出全部企业",
        )
    told: dict[str, Any] = {}
    if has_table(snapshot, "account_provenance"):
        told = one_row(snapshot, "account_provenance", "account_key", account_id) or {}
    return {
        "account_id": account_id,
        "snapshot": snapshot.id,
        "as_of": snapshot.manifest["as_of"],
        "attributes": [_attribute(item, row, told) for item in _attributes(snapshot)],
        "contacts": row["contacts"],
        "decision_roles": row["decision_roles"] or [],
        "people": _people(snapshot, account_id, unmask=unmask),
    }


def list_accounts(snapshot: Snapshot, text: str | None = None, *, limit: int = 50) -> dict[str, Any]:
    """Return ACCOUNT_LIST_KEYS: accounts by ID with their attributes; with `text` only those one of whose texts holds it."""
    path = snapshot.table(_table(snapshot))
    items = _attributes(snapshot)
    columns = ["account_id", *(item["name"] for item in items), "contacts"]
    texts = ["account_id", *(item["name"] for item in items if item["value_type"] in ("text", "enum"))]
    where: exp.Expression | None = None
    for name in texts if text else ():
        one = contains_text(name, text or "")
        where = one if where is None else exp.Or(this=where, expression=one)
    with table_reader(path) as reader:
        total, _ = reader.count(where)
        rows = reader.rows(columns, where, order_by=["account_id"], limit=limit)
    return {"snapshot": snapshot.id, "total": total, "accounts": [dict(zip(columns, r, strict=True)) for r in rows]}


def _table(snapshot: Snapshot) -> str:
    """The name of the table of accounts. Raises UsageError where the project has none."""
    if not has_table(snapshot, "accounts"):
        raise UsageError(
            "the project has no accounts: no source of entity account maps account_key (docs/golden-record.md)",
            "项目中没有企业客户：没有 entity 为 account 的数据源映射 account_key（docs/golden-record.md）",
        )
    return "accounts"


def _attributes(snapshot: Snapshot) -> list[Mapping[str, Any]]:
    accounts = snapshot.manifest.get("accounts") or {}
    return list(accounts.get("attributes", ()))


def _attribute(item: Mapping[str, Any], row: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    value = row.get(item["name"])
    mark = {part: told.get(f"{item['name']}__{part}") for part in PARTS}
    return {
        "name": item["name"], "title": item.get("title"), "class": item.get("class"), "value_type": item["value_type"],
        "value": value, **titles_of_value(value, item.get("values")),
        "provenance": mark if mark["source"] is not None else None,
    }  # fmt: skip


def _people(snapshot: Snapshot, account_id: str, *, unmask: bool) -> list[dict[str, Any]]:
    known = {item["name"]: item for item in snapshot.manifest.get("attributes", ())}
    if "account_id" not in known:
        return []
    names = [name for name in PERSON_ATTRIBUTES if name in known]
    mine = exp.EQ(this=exp.column("account_id", quoted=True), expression=exp.Placeholder())
    with table_reader(snapshot.table("customers")) as reader:
        rows = reader.rows(
            ["customer_id", *names], mine, values=[account_id], order_by=["customer_id"], limit=MOST_PEOPLE
        )
    people = [dict(zip(["customer_id", *names], row, strict=True)) for row in rows]
    if not unmask:
        people = [{n: v if n == "customer_id" else mask(v, kind_of(known[n])) for n, v in p.items()} for p in people]
    roles = list((known.get("decision_role") or {}).get("values") or ())
    return sorted(people, key=lambda p: _rank(p.get("decision_role"), roles))


def _rank(role: Any, order: list[str]) -> tuple[int, str]:
    """Declared roles in their order, others after them, people without a role last."""
    if role is None:
        return len(order) + 1, ""
    return (order.index(role) if role in order else len(order)), str(role)
