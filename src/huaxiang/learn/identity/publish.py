"""From clusters to what a build uses and keeps: IDs, maps, evidence, reports and the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from huaxiang.learn.identity.case import Case
from huaxiang.learn.identity.change import decisions_in_force
from huaxiang.learn.identity.evidence import queue, trace
from huaxiang.learn.identity.guards import NEVER
from huaxiang.learn.identity.ids import Clusters, name_clusters
from huaxiang.learn.identity.keys import KeyCodes, chain
from huaxiang.learn.identity.ledger import Ledger, renew_evidence, sort_evidence
from huaxiang.learn.identity.maps import Owners, own_values
from huaxiang.learn.identity.prior import places
from huaxiang.learn.identity.stitch import SPANS, shared_devices, stitch_devices
from huaxiang.learn.identity.strong import Broken, components
from huaxiang.learn.identity.types import Resolution
from huaxiang.learn.texts import one_chunk
from huaxiang.plan.digests import value_digest


@dataclass(frozen=True)
class Found:
    """What resolving found: cluster per record, groups broken up, records left as they were, fingerprint of the rules, the model."""

    label: np.ndarray
    broken: tuple[Broken, ...]
    still: np.ndarray
    rules: str
    model: str | None


def publish(case: Case, found: Found) -> Resolution:
    """Name the clusters and write down how they came about."""
    seen = case.context.seen
    label, nobody = _anonymous(case, found.label)
    head = np.zeros(case.size, dtype=bool)
    head[label[~nobody]] = True
    count, number = int(head.sum()), np.cumsum(head) - 1
    of = np.where(nobody, -1, number[label])
    source, secret = one_chunk(case.records.column("source")), case.context.secret
    named = name_clusters(Clusters(of, count, case.rows, case.digest, source, case.keys, secret), case.prior, seen)
    ids, place = named.ids, pa.array(of, mask=of < 0)
    customer = ids.take(place)
    evidence = _evidence(case, found)
    owners = {c.key.name: _owners(case, c, of) for c in case.role("strong", "contact")}
    maps = {c.key.name: owners[c.key.name].table(c, ids) for c in case.role("strong", "contact")}
    logins = {c.key.name: _logins(case, c, customer, of) for c in case.role("device")}
    maps |= {c.key.name: _device_map(case, c, logins[c.key.name], customer) for c in case.role("device")}
    exact = _exact(case)
    review = queue(evidence, case.digest, customer)
    giants = _giants(case, found)
    held_back = _held_back(case)
    exact_count = _count(exact, nobody & case.nobody)
    state = {
        "rules": found.rules, "model": found.model, "review": case.context.matching.review, "decisions": decisions_in_force(case),
        "held": _held(case), "giants": giants, "held_back": held_back, "customers": count, "exact_customers": exact_count, "seen": seen,
    }  # fmt: skip
    records = _records(case, customer, exact, (named.since.take(place), named.was))
    linking = {c.key.name: maps[c.key.name] for c in case.role("strong", "contact")}
    ledger = Ledger(records, evidence, named.redirects, state, linking)
    return Resolution(
        customer, maps, named.redirects, held_back, giants, _shared(case, logins), review, exact_count, count,
        int((~found.still).sum()), ledger,
    )  # fmt: skip


def _held(case: Case) -> list[dict[str, Any]]:
    """Decisions that speak of other records than they named, and whether they wait."""
    taken = {d.number: d for d in case.held.decisions.taken}
    waiting = {w.number: w for w in case.held.waiting}
    return [
        {
            "number": n, "kind": taken[n].kind, "records": list(taken[n].records), "others": list(taken[n].others),
            "waiting": n in waiting,
        }
        for n in case.held.moved
    ]  # fmt: skip


def _count(exact: np.ndarray, nobody: np.ndarray) -> int:
    somebody = np.zeros(len(exact), dtype=bool)
    somebody[exact[~nobody]] = True
    return int(somebody.sum())


def _anonymous(case: Case, label: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Records that carry only devices on which nobody ever signed in are customers of their own. Returns clusters, and who is nobody."""
    nobody = case.nobody
    label = label.copy()
    loose = nobody.copy()
    any_device = np.zeros(case.size, dtype=bool)
    for codes in case.role("device"):
        signed = np.unique(codes.code[~nobody & (codes.code >= 0)])
        loose &= ~np.isin(codes.code, signed)
        any_device |= codes.code >= 0
    loose &= any_device
    edges = [chain(np.where(loose, codes.code, -1)) for codes in case.role("device")]
    label[loose] = components(case.size, edges)[loose]
    return label, nobody & ~loose


def _evidence(case: Case, found: Found) -> pa.Table:
    """All evidence ever found: rows of untouched components stay as they were."""
    fresh = trace(case, found.label, ~found.still)
    prior, seen = case.prior, case.context.seen
    if prior is None:
        return renew_evidence(None, fresh, seen)
    old = prior.ledger.evidence
    if not found.still.any():
        return renew_evidence(old, fresh, seen)
    gone = prior.column("digest").filter(pa.array(prior.lost))
    touched = pa.concat_arrays([case.digest.filter(pa.array(~found.still)), gone])
    stays = pc.and_(pc.is_null(old.column("until")), pc.not_equal(old.column("kind"), "manual"))
    stays = pc.and_(stays, pc.invert(pc.is_in(old.column("left"), value_set=touched)))
    renewed = renew_evidence(old.filter(pc.invert(stays)), fresh, seen)
    return sort_evidence(pa.concat_tables([old.filter(stays), renewed]))


def _owners(case: Case, codes: KeyCodes, number: np.ndarray) -> Owners:
    """Owners of a key's values: from records that say who they are where there are any, else from all."""
    told = np.zeros(len(codes.values) + 1, dtype=bool)  # the last cell is for records without a value
    told[codes.code[~case.pure]] = True
    shown = np.where(case.pure & told[codes.code], -1, codes.code)
    if codes.key.role == "strong":  # a member number has one owner at all times
        return own_values(shown, number, case.rows, (np.full(case.size, NEVER), np.full(case.size, NEVER)))
    return own_values(shown, number, case.rows, case.times)


def _logins(case: Case, codes: KeyCodes, customer: pa.Array, number: np.ndarray) -> pa.Table:
    on = np.flatnonzero((codes.code >= 0) & (number >= 0) & ~case.nobody)
    at = pa.array(on)
    empty = pa.nulls(case.size, pa.timestamp("us"))
    times = [
        (one_chunk(case.records.column(c)).cast(pa.timestamp("us")) if c in case.records.column_names else empty).take(
            at
        )
        for c in ("first_at", "last_at")
    ]
    return pa.table({
        "value": codes.values.take(pa.array(codes.code[on])), "customer_id": customer.take(at), "since": times[0], "until": times[1],
    })  # fmt: skip


def _device_map(case: Case, codes: KeyCodes, logins: pa.Table, customer: pa.Array) -> pa.Table:
    """Spans of devices that people signed in on, and the anonymous customers of the others."""
    spans = stitch_devices(logins, codes.key)
    lonely = np.flatnonzero(
        case.nobody & (codes.code >= 0) & customer.is_valid().to_numpy(zero_copy_only=False).astype(bool)
    )
    value, first = np.unique(codes.code[lonely], return_index=True)
    size, moments = len(value), pa.timestamp("us")
    alone = pa.table(
        [
            codes.values.take(pa.array(value)),
            pa.nulls(size, moments),
            pa.nulls(size, moments),
            customer.take(pa.array(lonely[first])),
        ],
        schema=SPANS,
    )
    return pa.concat_tables([spans, alone]).sort_by([("value", "ascending"), ("since", "ascending")]).combine_chunks()


def _exact(case: Case) -> np.ndarray:
    """Groups by exact keys alone (strong and contact), named by the smallest record."""
    return components(case.size, [chain(c.code) for c in case.role("strong", "contact")])


def _records(case: Case, customer: pa.Array, exact: np.ndarray, named: tuple[pa.Array, pa.Array]) -> pa.Table:
    """The records with their customers; below them, emptied, those of earlier builds that are gone."""
    table = case.records
    columns = {
        "customer_id": customer, "named": named[0], "was": named[1], "component": case.digest.take(pa.array(case.raw)),
        "exact": case.digest.take(pa.array(exact)), "gone": pa.nulls(case.size, pa.string()),
    }  # fmt: skip
    for name, column in columns.items():
        table = table.append_column(name, column)
    if case.prior is None:
        return table
    lost = case.prior.ledger.records.filter(pa.array(case.prior.lost))
    lost = lost.filter(pc.is_valid(lost.column("customer_id")))
    if not lost.num_rows:
        return table
    gone = pc.coalesce(lost.column("gone"), pa.scalar(case.context.seen, pa.string()))
    keep = {"digest", "source", "rows", "customer_id", "named", "was", "component", "exact"}
    emptied = [
        gone if f.name == "gone" else lost.column(f.name).cast(f.type) if f.name in keep & set(lost.column_names)
        else pa.nulls(lost.num_rows, f.type)
        for f in table.schema
    ]  # fmt: skip
    return pa.concat_tables([table, pa.table(emptied, schema=table.schema)]).combine_chunks()


def _held_back(case: Case) -> list[Mapping[str, Any]]:
    return most_held(
        [
            {"key": c.key.name, "value_digest": value_digest(c.key.name, text), "records": count}
            for c in case.role("strong", "contact")
            for text, count in c.held
        ]
    )


def most_held(found: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Held-back values, those on most records first."""
    return sorted(found, key=lambda h: (-h["records"], h["key"], h["value_digest"]))


def _shared(case: Case, logins: Mapping[str, pa.Table]) -> Sequence[Mapping[str, Any]]:
    return [
        {"key": c.key.name, "value_digest": value_digest(c.key.name, value), "customers": people}
        for c in case.role("device")
        for value, people in shared_devices(logins[c.key.name], c.key)
    ]


def _giants(case: Case, found: Found) -> list[dict[str, Any]]:
    """Groups too large to be one customer, with what tied most of their records."""
    by_name = {c.key.name: c for c in case.role("strong", "contact")}
    giants = []
    for broken in found.broken:
        codes = by_name.get(broken.rule)
        digest = value_digest(broken.rule, codes.values[broken.code].as_py()) if codes is not None else ""
        giants.append({
            "records": len(broken.records), "customers": len(np.unique(found.label[broken.records])),
            "component": case.digest[int(case.raw[broken.records[0]])].as_py(),
            "cause": {"kind": "key" if codes is not None else "manual", "rule": broken.rule, "value_digest": digest, "links": broken.links},
        })  # fmt: skip
    giants += _crowds(case, found) if not found.still.all() else []
    before = list(case.prior.ledger.state.get("giants", ())) if case.prior is not None and found.still.any() else []
    at = places(pa.array([g["component"] for g in before], pa.string()), case.digest)
    giants += [g for g, record in zip(before, at.tolist(), strict=True) if record >= 0 and found.still[record]]
    return by_size(giants)


def by_size(giants: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Giants, the largest first."""
    return sorted(giants, key=lambda g: (-g["records"], g["component"], g["cause"]["rule"], g["cause"]["value_digest"]))


def _crowds(case: Case, found: Found) -> list[dict[str, Any]]:
    """Components of contact values and sure pairs that are larger than a customer may be, and so were looked at pair by pair."""
    matching = case.context.matching
    link = np.log2(matching.link / (1 - matching.link))
    fresh = ~found.still
    sure = (case.pairs.weight >= link) & (fresh[case.pairs.left] if len(case.pairs.left) else True)
    codes = [(c, np.where(fresh & ~case.nobody, c.code, -1)) for c in case.role("strong", "contact")]
    edges = [chain(code) for _c, code in codes] + [(case.pairs.left[sure], case.pairs.right[sure])]
    group = components(case.size, edges)
    sizes = np.bincount(group, minlength=case.size)
    already = {case.digest[int(case.raw[b.records[0]])].as_py() for b in found.broken}
    crowds = []
    for head in np.flatnonzero(sizes > matching.max_customer).tolist():
        members = np.flatnonzero(group == head)
        component = case.digest[int(case.raw[head])].as_py()
        if component not in already:
            cause = _cause(case, members, codes, int((group[case.pairs.left[sure]] == head).sum()))
            crowds.append({
                "records": len(members), "customers": len(np.unique(found.label[members])), "component": component, "cause": cause,
            })  # fmt: skip
    return crowds


def _cause(case: Case, members: np.ndarray, codes: Sequence[tuple[KeyCodes, np.ndarray]], pairs: int) -> dict[str, Any]:
    best: tuple[int, str, str] = (0, "", "")
    for key, code in codes:
        mine = code[members]
        value, count = np.unique(mine[mine >= 0], return_counts=True)
        if len(value) and count.max() - 1 > best[0]:
            text = key.values[int(value[count.argmax()])].as_py()
            best = (int(count.max()) - 1, key.key.name, value_digest(key.key.name, text))
    if pairs > best[0]:
        return {"kind": "match", "rule": case.context.matching.name, "value_digest": "", "links": pairs}
    return {"kind": "key", "rule": best[1], "value_digest": best[2], "links": best[0]}
