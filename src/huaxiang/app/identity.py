"""Who is who, for people: why a customer is one, what should be looked at, and the figures of the last build."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from huaxiang.app.identity_values import Values, add_causes, add_values
from huaxiang.app.links import open_links
from huaxiang.app.rows import rows_of
from huaxiang.errors import UsageError
from huaxiang.store.snapshots import Snapshot

if TYPE_CHECKING:
    import pyarrow as pa

    from huaxiang.learn.identity.ledger import Ledger

EXPLAIN_KEYS = (
    "customer_id", "asked", "snapshot", "as_of", "records", "linked", "refused", "review", "was", "households", "decisions",
)  # fmt: skip
REVIEW_KEYS = ("snapshot", "total", "offset", "pairs")
STATUS_KEYS = (
    "snapshot", "as_of", "records", "customers", "exact_customers", "evidence", "held_back", "giants", "shared_devices", "review",
    "redirects", "decisions", "waiting", "unmet",
)  # fmt: skip
_META = frozenset(
    {
        "digest",
        "source",
        "rows",
        "first_at",
        "last_at",
        "describes",
        "customer_id",
        "named",
        "was",
        "component",
        "exact",
        "gone",
    }
)
_TOLD = frozenset({"digest", "source", "rows", "first_at", "last_at"})
_MOST = 200
"""So many links are told of one customer; the total is given too."""


def show_identity(snapshot: Snapshot, customer_id: str, *, unmask: bool = False) -> dict[str, Any]:
    """Return EXPLAIN_KEYS: records, the evidence that holds them together (with rule, score and time), what was refused or waits for a
    decision, IDs merged into it, households and decisions. An ID of before leads to today's. Values that point at a person are
    masked unless `unmask`. Raises UsageError for an unknown ID.
    """
    now = current_id(snapshot, customer_id)
    records, evidence = _of_customer(snapshot, now)
    if not records:
        raise UsageError.no_customer(snapshot.id)
    digests = {r["digest"] for r in records}
    values = Values.of(snapshot, unmask=unmask)
    linked = [e for e in evidence if e["verdict"] == "linked" and {e["left"], e["right"]} <= digests]
    beyond = [e for e in evidence if not {e["left"], e["right"]} <= digests]
    refused = [e for e in beyond if e["verdict"] in ("refused", "apart")][:_MOST]
    review = [e for e in beyond if e["verdict"] == "review"][:_MOST]
    redirects = rows_of(snapshot).all_of("identity_redirects", "new", now)
    return {
        "customer_id": now,
        "asked": customer_id,
        "snapshot": snapshot.id,
        "as_of": snapshot.manifest["as_of"],
        "records": [_record(r, values) | {"not_counted": values.not_counted(r)} for r in records],
        "linked": linked[:_MOST],
        "refused": _with_other(snapshot, refused, digests),
        "review": _with_other(snapshot, review, digests),
        "was": [{"customer_id": r["old"], "since": r["since"], "reason": r["reason"]} for r in redirects],
        "households": _households(snapshot, now),
        "decisions": _decisions_about(snapshot, digests),
    }


def current_id(snapshot: Snapshot, customer_id: str) -> str:
    """Today's ID of a customer: itself, or the one that it was merged into."""
    _needs(snapshot)
    found = rows_of(snapshot).find("identity_redirects", "old", customer_id, ["new"])
    return str(found["new"]) if found else customer_id


def load_ledger(snapshot: Snapshot) -> Ledger:
    """Read the ledger that a build left. Raises UsageError when the snapshot is older than ledgers."""
    import pyarrow.parquet as pq

    from huaxiang.learn.identity.ledger import TABLES, Ledger

    _needs(snapshot)
    tables = {name: pq.read_table(snapshot.table(name)) for name in TABLES}
    return Ledger.of(tables, (snapshot.folder / "identity_model.json").read_text("utf-8"))


def review_queue(snapshot: Snapshot, *, limit: int = 20, offset: int = 0, unmask: bool = False) -> dict[str, Any]:
    """Return REVIEW_KEYS: pairs of customers that a person should decide about, numbered from 1; decided ones are left out.
    `total` counts all that wait; `pairs` are `limit` of them after the first `offset`.

    Each: number, customers, rule, weight, probability, reason, fields: {name: [left, right]} of what the two records say, masked.
    """
    queue = review_rows(snapshot)
    spoken = [{*d.records, *d.others} for d in decisions_of(snapshot).active]
    rows = enumerate(queue.to_pylist(), 1)
    pairs = [(n, row) for n, row in rows if not any({row["left"], row["right"]} <= said for said in spoken)]
    shown = pairs[offset : offset + limit]
    wanted = sorted({row[side] for _n, row in shown for side in ("left", "right")})
    records = (
        {r["digest"]: r for r in _rows(snapshot, "identity_records", [("digest", "in", wanted)])} if wanted else {}
    )
    values = Values.of(snapshot, unmask=unmask)
    return {
        "snapshot": snapshot.id,
        "total": len(pairs),
        "offset": offset,
        "pairs": [_pair(number, row, records, values) for number, row in shown],
    }


def review_rows(snapshot: Snapshot) -> pa.Table:
    """The review queue of the snapshot, in its fixed order (`learn.identity.evidence.REVIEW`)."""
    from huaxiang.learn.identity.evidence import queue

    ledger = load_ledger(snapshot)
    present = ledger.present().combine_chunks()
    columns = [present.column(c).combine_chunks() for c in ("digest", "customer_id")]
    return queue(ledger.evidence, *columns)


def identity_status(snapshot: Snapshot, *, unmask: bool = False) -> dict[str, Any]:
    """Return STATUS_KEYS: figures of the last build, decisions that wait for the next (`waiting`: their numbers), and decisions in force
    that the last build could not follow, because a side of them is not in the data (`unmet`).
    """
    _needs(snapshot)
    told = snapshot.manifest["identity"]
    values = Values.of(snapshot, unmask=unmask)
    decisions = decisions_of(snapshot)
    applied = set(_state(snapshot).get("decisions", ()))
    active = {d.number for d in decisions.active}
    return {
        "snapshot": snapshot.id,
        "as_of": snapshot.manifest["as_of"],
        **{k: told.get(k) for k in ("records", "customers", "exact_customers", "evidence")},
        "held_back": add_values(told.get("held_back_values", ()), values, values.fields),
        "giants": add_causes(told.get("giants", ()), values, values.fields),
        **{k: told.get(k) for k in ("shared_devices", "review", "redirects")},
        "decisions": len(active),
        "waiting": sorted(active ^ applied),
        "unmet": sorted(
            h["number"] for h in _state(snapshot).get("held", ()) if h["waiting"] and h["number"] in active
        ),
    }


def decisions_of(snapshot: Snapshot) -> Any:
    """All decisions taken in the project of a snapshot (`learn.identity.Decisions`), of the records that the snapshot holds them to."""
    from dataclasses import replace

    from huaxiang.app.wiring import find_project
    from huaxiang.learn.identity.decisions import Decisions
    from huaxiang.store.decisions import read_decisions

    try:
        decisions = Decisions.parse(read_decisions(find_project(snapshot.folder)))
    except ValueError as error:
        raise UsageError(
            f".huaxiang/identity/decisions.jsonl: {error}; correct or remove that line",
            f".huaxiang/identity/decisions.jsonl 有一行读不懂（{error}）；改正或删去那一行",
        ) from None
    anew = {told["number"]: told for told in _state(snapshot).get("held", ())}
    held = (
        replace(d, records=tuple(anew[d.number]["records"]), others=tuple(anew[d.number]["others"]))
        if d.number in anew
        else d
        for d in decisions.taken
    )
    return Decisions(tuple(held))


def _state(snapshot: Snapshot) -> dict[str, Any]:
    import json

    _needs(snapshot)
    state: dict[str, Any] = json.loads((snapshot.folder / "identity_model.json").read_text("utf-8"))
    return state


def _needs(snapshot: Snapshot) -> None:
    if "identity_records" not in {t["name"] for t in snapshot.manifest["tables"]}:
        raise UsageError(
            f"snapshot {snapshot.id} was built without an identity ledger; run `huaxiang build`",
            f"快照 {snapshot.id} 构建时还没有打通台账；运行 huaxiang build",
        )


def _rows(snapshot: Snapshot, name: str, filters: Sequence[tuple[str, str, Any]]) -> list[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    condition = None
    for column, way, value in filters:
        field = pc.field(column)
        one = (
            field.is_null()
            if way == "is"
            else field.isin(pa.array(value, pa.string()))
            if way == "in"
            else field == value
        )
        condition = one if condition is None else condition & one
    rows: list[dict[str, Any]] = pq.read_table(snapshot.table(name), filters=condition).to_pylist()
    return rows


def _of_customer(snapshot: Snapshot, customer_id: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The records of a customer, and open evidence about them, strongest first, its `levels` as an object."""
    from huaxiang.app.audience_index import open_index

    links, tables = open_links(snapshot), rows_of(snapshot)
    row = open_index(snapshot).index.row_of(customer_id) if links is not None else None
    if links is None or row is None:
        records = _rows(snapshot, "identity_records", [("customer_id", "=", customer_id), ("gone", "is", None)])
        return records, _ordered(_evidence_of(snapshot, {r["digest"] for r in records})) if records else []
    columns = [c for c in tables.columns("identity_records") if c not in _META - _TOLD]
    told = [c for c in tables.columns("identity_evidence") if c != "until"]
    return (
        tables.at("identity_records", links.records(row), columns),
        _ordered(tables.at("identity_evidence", links.evidence(row), told)),
    )


def _evidence_of(snapshot: Snapshot, digests: set[str]) -> list[dict[str, Any]]:
    """Open evidence about records, looked for in all there is."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    mine = pa.array(sorted(digests), pa.string())
    condition = pc.field("until").is_null() & (pc.field("left").isin(mine) | pc.field("right").isin(mine))
    rows: list[dict[str, Any]] = pq.read_table(snapshot.table("identity_evidence"), filters=condition).to_pylist()
    return rows


def _ordered(evidence: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Evidence, strongest first, its `levels` as an object."""
    import json

    order = {"manual": 0, "key": 1, "match": 2}
    evidence.sort(key=lambda e: (order[e["kind"]], e["rule"], -(e["weight"] or 0.0), e["left"], e["right"]))
    return [
        {k: v for k, v in e.items() if k != "until"} | {"levels": json.loads(e["levels"] or "{}")} for e in evidence
    ]


def _with_other(snapshot: Snapshot, evidence: list[dict[str, Any]], digests: set[str]) -> list[dict[str, Any]]:
    """Add to each piece of evidence the customer at its other end."""
    ends = [e["right"] if e["left"] in digests else e["left"] for e in evidence]
    tables = rows_of(snapshot)
    owners = {end: tables.find("identity_records", "digest", end, ["customer_id"]) for end in dict.fromkeys(ends)}
    return [e | {"other": (owners[end] or {}).get("customer_id")} for e, end in zip(evidence, ends, strict=True)]


def _record(row: Mapping[str, Any], values: Values) -> dict[str, Any]:
    told = {k: v for k, v in row.items() if k not in _META and v is not None}
    return {
        "digest": row["digest"], "source": row["source"], "rows": row["rows"], "first_at": row["first_at"], "last_at": row["last_at"],
        "fields": {k: values.show(k, v) for k, v in told.items()},
        "titles": {k: title for k, v in told.items() if (title := values.title(k, v)) is not None},
    }  # fmt: skip


def _pair(number: int, row: Mapping[str, Any], records: Mapping[str, Any], values: Values) -> dict[str, Any]:
    sides = [_record(records[row[s]], values)["fields"] if row[s] in records else {} for s in ("left", "right")]
    names = list(dict.fromkeys((*sides[0], *sides[1])))
    return {
        "number": number, "customers": [row["customer_left"], row["customer_right"]], "kind": row["kind"], "rule": row["rule"],
        "weight": row["weight"], "probability": row["probability"], "reason": row["reason"],
        "fields": {k: [side.get(k) for side in sides] for k in names},
    }  # fmt: skip


def _households(snapshot: Snapshot, customer_id: str) -> list[dict[str, Any]]:
    """The customer's household and its size, where the project has households."""
    columns = [
        c
        for c in ("household_id", "household_size")
        if c in {a["name"] for a in snapshot.manifest.get("attributes", ())}
    ]
    row = rows_of(snapshot).row("customers", customer_id, columns) if columns else None
    return [row] if row and row.get("household_id") else []


def _decisions_about(snapshot: Snapshot, digests: set[str]) -> list[dict[str, Any]]:
    decisions = decisions_of(snapshot)
    active = {d.number for d in decisions.active}
    return [
        {"number": d.number, "kind": d.kind, "who": d.who, "when": d.when, "why": d.why, "active": d.number in active}
        for d in decisions.taken
        if digests & {*d.records, *d.others}
    ]
