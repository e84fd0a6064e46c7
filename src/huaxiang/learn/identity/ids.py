"""Stable customer IDs: a customer keeps the ID that most of its history had; merged IDs are redirected, none is ever given to somebody else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from huaxiang.learn.identity.keys import KeyCodes, value_digest
from huaxiang.learn.identity.ledger import REDIRECTS, Ledger
from huaxiang.learn.linking import customer_id


@dataclass(frozen=True)
class Named:
    """`ids`: customer ID per cluster number (0 … n-1); `redirects`: all redirects, old and new."""

    ids: np.ndarray
    redirects: pa.Table


@dataclass(frozen=True)
class Clusters:
    """Cluster number per record (-1: nobody), rows per record, digests of the records, and the keys in order."""

    number: np.ndarray
    count: int
    rows: np.ndarray
    digest: pa.Array
    keys: Sequence[KeyCodes]


def name_clusters(clusters: Clusters, previous: Ledger | None, seen: str) -> Named:
    """Give every cluster its ID."""
    ids = np.full(clusters.count, None, dtype=object)
    if previous is None:
        _mint(ids, clusters, set())
        return Named(ids, REDIRECTS.empty_table())
    history = _history(clusters, previous)
    open_before = previous.redirects.filter(pc.is_null(previous.redirects.column("until")))
    heirs = _inherit(ids, history, clusters)
    revived = _revive(ids, open_before, clusters)
    used = set(previous.records.column("customer_id").drop_null().to_pylist())
    used |= set(previous.redirects.column("old").to_pylist()) | set(previous.redirects.column("new").to_pylist())
    used |= set(previous.values.column("customer_id").to_pylist())
    _mint(ids, clusters, used)
    return Named(ids, _redirect(ids, heirs, revived, (previous, history, clusters, seen)))


def _history(clusters: Clusters, previous: Ledger) -> np.ndarray:
    """The ID that each record had (object array, None for none): its own, else that of its strongest known key value."""
    old = previous.records
    at = pc.index_in(clusters.digest, value_set=old.column("digest").combine_chunks())
    found = old.column("customer_id").combine_chunks().take(at)
    history = np.array(found.to_pylist(), dtype=object)
    unknown = np.flatnonzero(pc.is_null(found).to_numpy(zero_copy_only=False) & (clusters.number >= 0))
    owners = previous.values.column("customer_id").combine_chunks()
    by_key = {
        (part["key"][0].as_py()): part
        for part in _by_key(previous.values.append_column("at", pa.array(np.arange(len(owners)))))
    }
    for codes in clusters.keys:
        if not len(unknown):
            break
        if codes.key.name not in by_key:
            continue
        mine = unknown[codes.code[unknown] >= 0]
        digests = [value_digest(codes.key.name, v) for v in codes.values.take(pa.array(codes.code[mine])).to_pylist()]
        table = by_key[codes.key.name]
        spot = pc.index_in(pa.array(digests, pa.string()), value_set=table["value_digest"].combine_chunks())
        history[mine] = np.array(table["customer_id"].combine_chunks().take(spot).to_pylist(), dtype=object)
        unknown = unknown[[history[u] is None for u in unknown]]
    return _follow(history, previous.redirects)


def _by_key(values: pa.Table) -> list[pa.Table]:
    column = values.column("key")
    return [values.filter(pc.equal(column, name)) for name in pc.unique(column).to_pylist()]


def _follow(history: np.ndarray, redirects: pa.Table) -> np.ndarray:
    """IDs that were merged since then stand for those they were merged into."""
    still = redirects.filter(pc.is_null(redirects.column("until")))
    to = dict(zip(still.column("old").to_pylist(), still.column("new").to_pylist(), strict=True))
    if to:
        for at in np.flatnonzero([h in to for h in history]):
            history[at] = to[history[at]]
    return history


def _inherit(ids: np.ndarray, history: np.ndarray, clusters: Clusters) -> dict[str, int]:
    """Hand old IDs on: the largest shared history first. Returns for each old ID the cluster that holds most of its history."""
    known = np.flatnonzero((clusters.number >= 0) & np.array([h is not None for h in history], dtype=bool))
    if not len(known):
        return {}
    names = pa.array(history[known], pa.string()).dictionary_encode()
    old = names.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    texts = names.dictionary.to_pylist()
    pair, back = np.unique(old * clusters.count + clusters.number[known], return_inverse=True)
    rows = np.bincount(back, clusters.rows[known])
    first = np.full(len(pair), len(clusters.number), dtype=np.int64)
    np.minimum.at(first, back, known)
    order = sorted(range(len(pair)), key=lambda i: (-rows[i], texts[pair[i] // clusters.count], first[i]))
    heirs: dict[str, int] = {}
    taken: set[str] = set()
    for i in order:
        name, cluster = texts[pair[i] // clusters.count], int(pair[i] % clusters.count)
        heirs.setdefault(name, cluster)
        if name not in taken and ids[cluster] is None:
            ids[cluster] = name
            taken.add(name)
    return heirs


def _revive(ids: np.ndarray, redirects: pa.Table, clusters: Clusters) -> set[str]:
    """A part that was merged once and stands alone again gets its own ID back. Returns the IDs that are in use again."""
    if not redirects.num_rows:
        return set()
    digests = redirects.column("records").combine_chunks()
    whose = np.repeat(np.arange(redirects.num_rows), digests.value_lengths().to_numpy(zero_copy_only=False))
    at = pc.index_in(digests.flatten(), value_set=clusters.digest).fill_null(-1).to_numpy(zero_copy_only=False)
    there = at >= 0
    number = np.where(there, clusters.number[at], -1)
    free = there & (number >= 0) & np.array([n >= 0 and ids[n] is None for n in number], dtype=bool)
    pair, back = np.unique(whose[free] * max(clusters.count, 1) + number[free], return_inverse=True)
    rows = np.bincount(back, clusters.rows[at[free]]) if len(pair) else np.empty(0)
    names = redirects.column("old").to_pylist()
    revived: set[str] = set()
    for i in sorted(range(len(pair)), key=lambda i: (-rows[i], names[pair[i] // clusters.count], pair[i])):
        name, cluster = names[pair[i] // clusters.count], int(pair[i] % clusters.count)
        if name not in revived and ids[cluster] is None:
            ids[cluster] = name
            revived.add(name)
    return revived


def _mint(ids: np.ndarray, clusters: Clusters, used: set[str]) -> None:
    """New IDs: the smallest value of the strongest key, else the smallest record's digest; with a number behind when the ID was used."""
    nameless = np.array([i is None for i in ids], dtype=bool)
    wanted = np.full(clusters.count, None, dtype=object)
    for place, codes in enumerate(clusters.keys):
        mine = np.flatnonzero((clusters.number >= 0) & (codes.code >= 0))
        mine = mine[nameless[clusters.number[mine]]]
        least = np.full(clusters.count, np.iinfo(np.int64).max)
        np.minimum.at(least, clusters.number[mine], codes.code[mine])
        has = np.flatnonzero((least < np.iinfo(np.int64).max) & nameless)
        values = codes.values.take(pa.array(least[has])).to_pylist()
        for cluster, value in zip(has.tolist(), values, strict=True):
            wanted[cluster] = customer_id(codes.key, value, strongest=place == 0)
        nameless[has] = False
    left = np.flatnonzero(nameless)
    if len(left):
        least = np.full(clusters.count, len(clusters.number), dtype=np.int64)
        member = np.flatnonzero(clusters.number >= 0)
        np.minimum.at(least, clusters.number[member], member)
        for cluster, digest in zip(left.tolist(), clusters.digest.take(pa.array(least[left])).to_pylist(), strict=True):
            wanted[cluster] = f"record-{digest[:16]}"
    _settle(ids, wanted, clusters, used | {i for i in ids if i is not None})


def _settle(ids: np.ndarray, wanted: np.ndarray, clusters: Clusters, used: set[str]) -> None:
    asked = [int(c) for c in np.flatnonzero([w is not None for w in wanted])]
    rows = np.bincount(clusters.number[clusters.number >= 0], clusters.rows[clusters.number >= 0], clusters.count)
    count: dict[str, int] = {}
    for cluster in asked:
        count[wanted[cluster]] = count.get(wanted[cluster], 0) + 1
    clashing = [c for c in asked if count[wanted[c]] > 1 or wanted[c] in used]
    clash = set(clashing)
    for cluster in asked:
        if cluster not in clash:
            ids[cluster] = wanted[cluster]
    used = used | {ids[c] for c in asked if c not in clash}
    for cluster in sorted(clashing, key=lambda c: (-rows[c], c)):
        name, turn = wanted[cluster], 1
        while name in used:
            turn += 1
            name = f"{wanted[cluster]}-{turn}"
        used.add(name)
        ids[cluster] = name


def _redirect(
    ids: np.ndarray, heirs: Mapping[str, int], revived: set[str], then: tuple[Ledger, np.ndarray, Clusters, str]
) -> pa.Table:
    """Old redirects, compressed, with those of this build."""
    previous, history, clusters, seen = then
    alive = set(ids.tolist())
    lost = {name: str(ids[cluster]) for name, cluster in heirs.items() if name not in alive}
    rows = []
    for row in previous.redirects.to_pylist():
        if row["until"] is None and row["old"] in revived:
            row["until"] = seen
        elif row["until"] is None:
            row["new"] = lost.get(row["new"], row["new"])
        rows.append(row)
    if lost:
        members: dict[str, list[str]] = {name: [] for name in lost}
        at = np.flatnonzero([h in members for h in history])
        for record, digest in zip(at.tolist(), clusters.digest.take(pa.array(at)).to_pylist(), strict=True):
            members[history[record]].append(digest)
        rows += [
            {
                "old": name,
                "new": new,
                "since": seen,
                "reason": "merged",
                "records": sorted(members[name]),
                "until": None,
            }
            for name, new in sorted(lost.items())
        ]
    return pa.Table.from_pylist(sorted(rows, key=lambda r: (r["since"], r["old"])), REDIRECTS)
