"""Why records are one customer, or are not: evidence rows of keys, matched pairs and decisions, and the queue for people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from huaxiang.learn.identity.case import Case
from huaxiang.learn.identity.facts import points
from huaxiang.learn.identity.guards import Held
from huaxiang.learn.identity.keys import KeyCodes
from huaxiang.learn.identity.ledger import EVIDENCE
from huaxiang.learn.texts import find_sorted, one_chunk
from huaxiang.learn.weave import Woven
from huaxiang.plan.digests import value_digest

FOUND = pa.schema([f for f in EVIDENCE if f.name not in ("first_seen", "until")])
REVIEW = pa.schema([
    ("left", pa.string()), ("right", pa.string()), ("customer_left", pa.string()), ("customer_right", pa.string()),
    ("kind", pa.string()), ("rule", pa.string()), ("weight", pa.float64()), ("probability", pa.float64()), ("reason", pa.string()),
])  # fmt: skip
"""Pairs of customers that a person should decide about: the best evidence of each pair."""
ASKED = ("review", "cluster", "limit", "max_customer")
"""Reasons (up to a colon) for which a person is asked."""


@dataclass(frozen=True)
class Ties:
    """Evidence rows as numbers; `reason` per row is a number into `reasons`."""

    left: np.ndarray
    right: np.ndarray
    linked: np.ndarray
    value: np.ndarray


def trace(case: Case, label: np.ndarray, fresh: np.ndarray) -> pa.Table:
    """Evidence (FOUND) among the records in `fresh`, and all decisions. `label` is the cluster of each record."""
    why = _Why(case, label)
    parts = [_key_rows(case, codes, np.where(fresh, label, -1), why) for codes in case.role("strong", "contact")]
    parts.append(_pair_rows(case, label, fresh, why))
    parts.append(_decision_rows(case))
    return pa.concat_tables(parts).combine_chunks()


class _Why:
    """Says why two clusters were not joined."""

    def __init__(self, case: Case, label: np.ndarray) -> None:
        self.case, self.label = case, label
        self.held = Held(case.marks, label)
        self.sizes = np.bincount(label, minlength=case.size)

    def reasons(self, left: np.ndarray, right: np.ndarray, otherwise: str) -> np.ndarray:
        """Reasons per pair of records (object array)."""
        a, b = self.label[left], self.label[right]
        answer = np.full(len(left), otherwise, dtype=object)
        answer[self.sizes[a] + self.sizes[b] > self.case.context.matching.max_customer] = "max_customer"
        guard = self.held.refusing(a, b)
        labels = np.array([g.label for g in self.case.marks.guards] or [""], dtype=object)
        answer[guard >= 0] = labels[guard[guard >= 0]]
        return answer


def _key_rows(case: Case, codes: KeyCodes, label: np.ndarray, why: _Why) -> pa.Table:
    """Of each value: the first record of each cluster, one that describes if there is any, with each other one (linked), and with the
    main cluster's first (refused).
    """
    record = np.flatnonzero((codes.code >= 0) & (label >= 0) & ~case.nobody)
    record = record[np.lexsort((record, ~case.speaks[record], label[record], codes.code[record]))]
    value, cluster = codes.code[record], label[record]
    if not len(record):
        return FOUND.empty_table()
    new_value = np.r_[True, value[1:] != value[:-1]]
    head = new_value | np.r_[True, cluster[1:] != cluster[:-1]]
    group = np.cumsum(head) - 1
    start = np.flatnonzero(head)
    hub = record[start]
    linked = ~head
    left, right, of = hub[group[linked]], record[linked], value[linked]
    rows = np.add.reduceat(case.rows[record], start)
    order = np.lexsort((hub, -rows, value[start]))
    best = order[np.r_[True, value[start][order][1:] != value[start][order][:-1]]]
    turn = np.cumsum(new_value)[start] - 1  # number of the value of each group
    side = np.ones(len(start), dtype=bool)
    side[best] = False
    other = np.flatnonzero(side)
    main = hub[best[turn[other]]]
    reason = why.reasons(main, hub[other], "weaker")
    if codes.key.role == "contact":
        given, told = points(case.facts, main, hub[other])
        by_hand = np.array([r.startswith("apart") for r in reason.tolist()], dtype=bool)
        reason[told & (given < 0) & ~by_hand] = (
            "description"  # nobody needs to be asked about a family that shares a phone
        )
    verdict = np.array(["apart" if r.startswith("apart") else "refused" for r in reason.tolist()], dtype=object)
    size = len(left)
    return _table(case, (np.r_[left, main], np.r_[right, hub[other]]), {
        "kind": "key", "rule": codes.key.name, "value_digest": _digests(codes, np.r_[of, value[start][other]]),
        "verdict": np.r_[np.full(size, "linked", dtype=object), verdict], "reason": np.r_[np.full(size, "", dtype=object), reason],
    })  # fmt: skip


def _digests(codes: KeyCodes, value: np.ndarray) -> pa.Array:
    own, back = np.unique(value, return_inverse=True)
    texts = [value_digest(codes.key.name, v) for v in codes.values.take(pa.array(own)).to_pylist()]
    return pa.array(texts, pa.string()).take(pa.array(back))


def _pair_rows(case: Case, label: np.ndarray, fresh: np.ndarray, why: _Why) -> pa.Table:
    mine = np.flatnonzero(fresh[case.pairs.left]) if len(case.pairs.left) else np.empty(0, dtype=np.int64)
    pairs = case.pairs.take(mine)
    if not len(mine):
        return FOUND.empty_table()
    matching = case.context.matching
    one = label[pairs.left] == label[pairs.right]
    sure = pairs.weight >= np.log2(matching.link / (1 - matching.link))
    verdict = np.where(one, "linked", np.where(sure, "refused", "review")).astype(object)
    reason = np.full(len(mine), "", dtype=object)
    apart = np.flatnonzero(~one)
    reason[apart] = why.reasons(pairs.left[apart], pairs.right[apart], "cluster")
    guarded = np.array([":" in r for r in reason.tolist()], dtype=bool)
    reason[~guarded & (verdict == "review")] = ""
    verdict[guarded] = "refused"
    verdict[[r.startswith("apart") for r in reason.tolist()]] = "apart"
    return _table(case, (pairs.left, pairs.right), {
        "kind": "match", "rule": matching.name, "value_digest": pa.array([""] * len(mine)), "verdict": verdict, "reason": reason,
        "weight": pairs.weight, "probability": pairs.probability, "levels": pairs.levels,
    })  # fmt: skip


def _decision_rows(case: Case) -> pa.Table:
    left, right, rule, verdict = [], [], [], []
    for number, members in case.musts:
        left += [int(members[0])] * (len(members) - 1)
        right += members[1:].tolist()
        rule += [f"decision:{number}"] * (len(members) - 1)
        verdict += ["linked"] * (len(members) - 1)
    for number, one, two in case.aparts:
        left.append(int(one[0]))
        right.append(int(two[0]))
        rule.append(f"decision:{number}")
        verdict.append("apart")
    if not left:
        return FOUND.empty_table()
    return _table(case, (np.array(left), np.array(right)), {
        "kind": "manual", "rule": pa.array(rule), "value_digest": pa.array([""] * len(left)),
        "verdict": np.array(verdict, dtype=object), "reason": np.full(len(left), "", dtype=object),
    })  # fmt: skip


def _table(case: Case, ends: tuple[np.ndarray, np.ndarray], told: dict[str, object]) -> pa.Table:
    low, high = np.minimum(*ends), np.maximum(*ends)
    size = len(low)
    columns = []
    for field in FOUND:
        found = told.get(field.name)
        if field.name in ("left", "right"):
            found = case.digest.take(pa.array(low if field.name == "left" else high))
        elif isinstance(found, str):
            found = pa.DictionaryArray.from_arrays(pa.array(np.zeros(size, dtype=np.int8)), pa.array([found])).cast(
                pa.string()
            )
        elif isinstance(found, np.ndarray):
            found = pa.array(found, field.type)
        elif found is None:
            found = pa.array([""] * size) if field.name == "levels" else pa.nulls(size, field.type)
        columns.append(found)
    return pa.table(columns, schema=FOUND)


def _asks(evidence: pa.Table) -> pa.Array:
    verdict = pc.is_in(evidence.column("verdict"), pa.array(["review", "refused"]))
    return pc.and_(pc.is_null(evidence.column("until")), verdict)


def queue(evidence: pa.Table | Woven, digest: pa.Array, customer: pa.Array) -> pa.Table:
    """Pairs of customers (REVIEW) that open evidence asks a person about, those sharing a key first, then the most probable."""
    rows = evidence.filter(_asks) if isinstance(evidence, Woven) else evidence.filter(_asks(evidence)).combine_chunks()
    start = pc.list_element(pc.split_pattern(rows.column("reason"), ":"), 0)
    asked = pc.or_(pc.equal(rows.column("verdict"), "review"), pc.is_in(start, pa.array(ASKED)))
    rows = rows.filter(asked).combine_chunks()
    spots = [find_sorted(one_chunk(rows.column(c)), digest) for c in ("left", "right")]
    ids = [customer.take(pa.array(at, mask=at < 0)) for at in spots]
    chance = pc.fill_null(rows.column("probability"), 1.0)
    table = rows.append_column("a", pc.min_element_wise(*ids)).append_column("b", pc.max_element_wise(*ids))
    table = (
        table.append_column("customer_left", ids[0])
        .append_column("customer_right", ids[1])
        .append_column("chance", chance)
    )
    table = table.filter(pc.fill_null(pc.not_equal(table.column("a"), table.column("b")), False))
    if not table.num_rows:
        return REVIEW.empty_table()
    table = table.sort_by(
        [
            ("chance", "descending"),
            ("kind", "ascending"),
            ("left", "ascending"),
            ("right", "ascending"),
            ("rule", "ascending"),
        ]
    )
    pair = (
        pc.binary_join_element_wise(table.column("a"), table.column("b"), "\x1f").combine_chunks().dictionary_encode()
    )
    _pairs, first = np.unique(pair.indices.to_numpy(zero_copy_only=False), return_index=True)
    return table.take(pa.array(np.sort(first))).select(REVIEW.names).cast(REVIEW).combine_chunks()
