"""The people around a customer: her household, and the company whose contact she is."""

from __future__ import annotations

from typing import Any

from huaxiang.app.account import show_account
from huaxiang.app.audience_index import open_index
from huaxiang.app.finding import describe_rows, shown_columns
from huaxiang.app.provenance import has_table, one_row
from huaxiang.errors import UsageError
from huaxiang.store.snapshots import Snapshot

RELATIONS_KEYS = ("customer_id", "snapshot", "as_of", "columns", "household", "account")
_MOST = 50


def relations_of(snapshot: Snapshot, customer_id: str) -> dict[str, Any]:
    """Return RELATIONS_KEYS. `household`: {household_id, rule, rule_title, customers, members}, members as `finding.describe_rows` tells
    them and `head`; `account`: what `show_account` tells. Either is None where there is none, or where it is hidden from who asks. Personal
    values are masked. Raises UsageError for an unknown customer.
    """
    from huaxiang.app.customer import redirected

    index = open_index(snapshot).index
    known = next(
        (i for i in (customer_id, redirected(snapshot, customer_id)) if i and index.row_of(i) is not None), None
    )
    if known is None:
        raise UsageError.no_customer(snapshot.id)
    names = {a["name"] for a in snapshot.manifest.get("attributes", ())}
    wanted = [name for name in ("household_id", "account_id") if name in names]
    row = one_row(snapshot, "customers", "customer_id", known) or {} if wanted else {}
    household, account = (row.get(n) if n in wanted else None for n in ("household_id", "account_id"))
    return {
        "customer_id": known, "snapshot": snapshot.id, "as_of": snapshot.manifest["as_of"], "columns": shown_columns(snapshot),
        "household": _household(snapshot, household) if household else None,
        "account": show_account(snapshot, account) if account and has_table(snapshot, "accounts") else None,
    }  # fmt: skip


def _household(snapshot: Snapshot, household_id: str) -> dict[str, Any] | None:
    import numpy as np

    found = one_row(snapshot, "households", "household_id", household_id) if has_table(snapshot, "households") else None
    if found is None:
        return None
    index = open_index(snapshot).index
    rows = [row for row in map(index.row_of, found["members"][:_MOST]) if row is not None]
    rules = (snapshot.manifest.get("households") or {}).get("rules", ())
    title = next((r.get("title") for r in rules if r["rule"] == found["rule"]), None)
    members = describe_rows(snapshot, np.array(rows, dtype=np.int64))
    return {
        "household_id": household_id, "rule": found["rule"], "rule_title": title, "customers": found["customers"],
        "members": [m | {"head": m["customer_id"] == found.get("head")} for m in members],
    }  # fmt: skip
