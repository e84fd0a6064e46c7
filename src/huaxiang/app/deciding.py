"""Decisions by hand about who is who. They are kept by record, hold for all later builds, and take effect at the next one."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from huaxiang.app.acting import actor
from huaxiang.app.identity import current_id, decisions_of, load_ledger, review_rows
from huaxiang.app.wiring import find_project
from huaxiang.errors import UsageError
from huaxiang.store.snapshots import Snapshot

if TYPE_CHECKING:
    from huaxiang.learn.identity.decisions import Decision

DECISION_KEYS = ("number", "kind", "customers", "records", "others", "undoes", "takes_effect")


def record_handles(snapshot: Snapshot) -> Callable[[str], str]:
    """How records are called for whoever sees personal values masked: a digest says what a record holds to those who try all numbers, a
    handle drawn with the project's secret does not. The same record has the same handle always.
    """
    from huaxiang.store.secret import project_secret

    secret = project_secret(find_project(snapshot.folder))
    return lambda digest: hmac.digest(secret, f"record handle:{digest}".encode(), "sha256").hex()[:32]


def split_customer(
    snapshot: Snapshot, customer_id: str, records: Sequence[str], why: str, called: Callable[[str], str] = str
) -> dict[str, Any]:
    """Decide that `records` (digests or their beginnings) are another person than the rest of the customer. Returns DECISION_KEYS.
    `called`: what digests are for who asks (`record_handles`).

    Records whose rows a key leads to the chosen ones go with them. Raises UsageError when a digest is not one of the customer's, nothing
    would be left, the customer is an anonymous device, or a key would lead rows of a chosen record back.
    """
    customer = current_id(snapshot, customer_id)
    own = _records_of(snapshot, customer)
    if _only_devices(snapshot, own):
        raise UsageError(
            f"{customer} is a device on which nobody signed in: all that is known of its rows is the device, so none can be told apart",
            f"{customer} 是没有人登录过的设备：它的各行记录只有设备信息，无法区分，因此不能拆分",
        )
    names = {called(digest): digest for digest in own}
    picked = sorted({names[_find(list(names), text, customer)] for text in records})
    chosen, rest = _with_their_rows(snapshot, picked, [d for d in own if d not in set(picked)], called)
    if not chosen or not rest:
        raise UsageError(
            f"name some, but not all, of the {len(own)} records of {customer}; `huaxiang identity explain` lists them",
            f"请指定 {customer} 的 {len(own)} 条记录中的一部分（不能是全部）；huaxiang identity explain {customer} 列出各条记录",
        )
    return _decide(snapshot, "split", (chosen, rest, (customer,)), why)


def _with_their_rows(
    snapshot: Snapshot, chosen: Sequence[str], rest: Sequence[str], called: Callable[[str], str]
) -> tuple[list[str], list[str]]:
    """Both sides of a split, with the records of sources that don't describe people (events, orders) on the side to which their rows go.

    Such rows follow the value of their strongest key to the records that describe somebody with it; where none does, they stay together.
    Raises UsageError for chosen ones whose rows would stay with the others.
    """
    told = snapshot.manifest["identity"]
    fields = [told["fields"][key] for key in told["keys"]]
    rows, sides = _rows(snapshot, [*chosen, *rest]), dict.fromkeys(chosen, 0) | dict.fromkeys(rest, 1)
    found = dict(sides)
    for row in (row for row in rows if not row["describes"]):
        field = next((f for f in fields if row.get(f) is not None), None)
        same = [r for r in rows if field is not None and r.get(field) == row[field]]
        owners = {sides[r["digest"]] for r in same if r["describes"]} or {
            min((sides[r["digest"]] for r in same), default=1)
        }
        if sides[row["digest"]] in owners or field is None:
            continue
        if sides[row["digest"]] == 0:
            names = ", ".join(sorted(f"{called(r['digest'])[:12]} ({r['source']})" for r in same if r["describes"]))
            one = called(row["digest"])[:12]
            raise UsageError(
                f"rows of {row['source']} belong to whoever has their {field}, so record {one} can't leave without those "
                f"that say who that is: {names}",
                f"{row['source']} 的各行按 {field} 归属客户：记录 {one} 不能单独分出，须与说明此人身份的记录一起：{names}",
            )
        found[row["digest"]] = 0
    return [d for d in found if found[d] == 0], [d for d in found if found[d] == 1]


def merge_customers(snapshot: Snapshot, customers: Sequence[str], why: str) -> dict[str, Any]:
    """Decide that customers are one person. Returns DECISION_KEYS. Raises UsageError for unknown IDs, or fewer than two."""
    ids = sorted({current_id(snapshot, c) for c in customers})
    if len(ids) < 2:
        raise UsageError("name two or more different customers to merge", "请给出两个或更多不同的客户 ID 来合并")
    records = sorted({d for c in ids for d in _records_of(snapshot, c)})
    return _decide(snapshot, "merge", (records, [], tuple(ids)), why)


def unmerge_customer(snapshot: Snapshot, customer_id: str, why: str) -> dict[str, Any]:
    """Undo the last merge into a customer: a decision to merge is undone, a merge by rules is split by decision. Returns DECISION_KEYS.

    Raises UsageError when nothing was ever merged into it.
    """
    customer = current_id(snapshot, customer_id)
    own = set(_records_of(snapshot, customer))
    active = [d for d in decisions_of(snapshot).active if d.kind == "merge" and own & set(d.records)]
    redirects = [
        r for r in load_ledger(snapshot).redirects.to_pylist() if r["new"] == customer and own & set(r["records"])
    ]
    last = max(redirects, key=lambda r: (r["since"], r["old"]), default=None)
    if active and (last is None or set(last["records"]) & set(active[-1].records)):
        return undo_decision(snapshot, active[-1].number, why)
    if last is None:
        raise UsageError(
            f"nothing was merged into {customer} since its first build; `huaxiang identity split` parts records of a customer",
            f"自首次构建以来没有客户并入 {customer}；要拆分它的记录请用 huaxiang identity split",
        )
    came = sorted(own & set(last["records"]))
    rest = sorted(own - set(came))
    if not rest:
        raise UsageError(
            f"all records of {customer} came by that merge; nothing is left to part them from",
            f"{customer} 的记录全部来自那次合并，没有其余记录可以分开",
        )
    return _decide(snapshot, "split", (came, rest, (customer, last["old"])), why)


def undo_decision(snapshot: Snapshot, number: int, why: str) -> dict[str, Any]:
    """Take a decision back. Returns DECISION_KEYS. Raises UsageError when there is no such decision in force."""
    decisions = decisions_of(snapshot)
    if number not in decisions.in_force:
        known = ", ".join(str(n) for n in sorted(decisions.in_force)) or "none"
        raise UsageError(
            f"no decision {number} is in force; in force: {known}",
            f"没有生效中的第 {number} 号决定；生效中：{'没有' if known == 'none' else known}",
        )
    return _decide(snapshot, "undo", ([], [], ()), why, undoes=number)


def answer_review(snapshot: Snapshot, number: int, *, same: bool, why: str) -> dict[str, Any]:
    """Decide pair `number` of the review queue: one person (`same`), or two. Returns DECISION_KEYS.

    Raises UsageError when the queue has no such pair, or a decision in force speaks of it.
    """
    queue = review_rows(snapshot)
    if not 1 <= number <= queue.num_rows:
        raise UsageError(
            f"the review queue has no pair {number}; `huaxiang identity review` lists them",
            f"复核队列中没有第 {number} 对；huaxiang identity review 列出各对及编号",
        )
    row = queue.slice(number - 1, 1).to_pylist()[0]
    before = [d for d in decisions_of(snapshot).active if {row["left"], row["right"]} <= {*d.records, *d.others}]
    if before:
        last = before[-1].number
        raise UsageError(
            f"pair {number} is decided already, by decision {last}; to decide anew, first take it back: `huaxiang identity undo {last}`",
            f"第 {number} 对已由第 {last} 号决定判定；要改判，先用 huaxiang identity undo {last} 撤销",
        )
    ids = (row["customer_left"], row["customer_right"])
    left, right = (_records_of(snapshot, c) for c in ids)
    told = (sorted({*left, *right}), [], ids) if same else (left, right, ids)
    return _decide(snapshot, "merge" if same else "split", told, why)


def _records_of(snapshot: Snapshot, customer: str) -> list[str]:
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    mine = (pc.field("customer_id") == customer) & pc.field("gone").is_null()
    found = pq.read_table(snapshot.table("identity_records"), columns=["digest"], filters=mine)
    digests: list[str] = sorted(found.column("digest").to_pylist())
    if not digests:
        raise UsageError.no_customer(snapshot.id)
    return digests


def _said(snapshot: Snapshot, digests: Sequence[str]) -> dict[str, dict[str, str]]:
    """By what each record is found again when its content has changed."""
    from huaxiang.learn.identity.held import say

    return {row["digest"]: say(row, str(row["customer_id"])) for row in _rows(snapshot, digests)}


def _only_devices(snapshot: Snapshot, digests: Sequence[str]) -> bool:
    """Whether records hold nothing but device IDs."""
    from huaxiang.learn.identity.held import values_of

    devices = set(snapshot.manifest["identity"].get("device_fields", ()))
    return all(set(values_of(row)) <= devices for row in _rows(snapshot, digests))


def _rows(snapshot: Snapshot, digests: Sequence[str]) -> list[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    mine = pc.field("digest").isin(pa.array(digests, pa.string()))
    rows: list[dict[str, Any]] = pq.read_table(snapshot.table("identity_records"), filters=mine).to_pylist()
    return rows


def _find(own: Sequence[str], text: str, customer: str) -> str:
    matching = [d for d in own if d.startswith(text.strip().lower())] if text.strip() else []
    if len(matching) != 1:
        fault = "no record" if not matching else f"{len(matching)} records"
        fault_zh = "没有记录的编号" if not matching else f"有 {len(matching)} 条记录的编号"
        raise UsageError(
            f'{fault} of {customer} begins with "{text}"; `huaxiang identity explain` lists them',
            f"{customer} {fault_zh}以“{text}”开头；huaxiang identity explain {customer} 列出各条记录",
        )
    return matching[0]


def _decide(
    snapshot: Snapshot,
    kind: str,
    told: tuple[Sequence[str], Sequence[str], Sequence[str]],
    why: str,
    undoes: int | None = None,
) -> dict[str, Any]:
    """Write a decision durably, and return what was written."""
    from huaxiang.store.decisions import append_decision

    records, others, customers = told
    line = {
        "kind": kind, "records": list(records), "others": list(others), "customers": list(customers), "who": actor(),
        "when": datetime.now(UTC).isoformat(timespec="seconds"), "why": why, "undoes": undoes,
        "said": _said(snapshot, [*records, *others]),
    }  # fmt: skip
    project: Path = find_project(snapshot.folder)
    append_decision(project, line)
    written: Decision = next(d for d in reversed(decisions_of(snapshot).taken) if d.line() == line)
    return {
        "number": written.number, "kind": kind, "customers": list(customers), "records": len(records), "others": len(others),
        "undoes": undoes, "takes_effect": "next build",
    }  # fmt: skip
