"""Stable customer IDs: a customer keeps the ID that most of its history had; merged IDs redirect, none is given to somebody else."""

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


def named_since(ids: pa.Array, previous: Ledger | None, seen: str) -> pa.Array:
    """The build that gave each of the IDs first."""
    if previous is None:
        return pa.array([seen] * len(ids), pa.string())
    at = pc.index_in(ids, value_set=previous.records.column("customer_id").combine_chunks())
    return pc.fill_null(previous.records.column("named").combine_chunks().take(at), seen)


def name_clusters(clusters: Clusters, previous: Ledger | None, seen: str) -> Named:
    """Give every cluster its ID."""
    ids = np.full(clusters.count, None, dtype=object)
    if previous is None:
        _mint(ids, clusters, set())
        return Named(ids, REDIRECTS.empty_table())
    history = _history(clusters, previous)
    _restore(history, clusters, previous.redirects)
    heirs = _inherit(ids, history, clusters, previous)
    used = set(previous.records.column("customer_id").drop_null().to_pylist())
    used |= set(previous.redirects.column("old").to_pylist()) | set(previous.redirects.column("new").to_pylist())
    used |= set(previous.values.column("customer_id").to_pylist())
    _mint(ids, clusters, used)
    return Named(ids, _redirect(ids, heirs, (previous, history, clusters, seen)))


def _history(clusters: Clusters, previous: Ledger) -> np.ndarray:
    """The ID that each record had (object array, None for none): its own, else that of its strongest known key value."""
    old = previous.records
    at = pc.index_in(clusters.digest, value_set=old.column("digest").combine_chunks())
    found = old.column("customer_id").combine_chunks().take(at)
    history = np.array(found.to_pylist(), dtype=object)
    unknown = np.flatnonzero(pc.is_null(found).to_numpy(zero_copy_only=False) & (clusters.number >= 0))
    by_key = {part["key"][0].as_py(): part for part in _by_key(previous.values)}
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
    to = dict(zip(redirects.column("old").to_pylist(), redirects.column("new").to_pylist(), strict=True))
    if to:
        for at in np.flatnonzero([h in to for h in history]):
            history[at] = to[history[at]]
    return history


def _inherit(ids: np.ndarray, history: np.ndarray, clusters: Clusters, previous: Ledger) -> dict[str, int]:
    """Hand old IDs on: the largest shared history first. Returns for each old ID the cluster that holds most of its history.

    Between equals the older ID wins.
    """
    known = np.flatnonzero((clusters.number >= 0) & np.array([h is not None for h in history], dtype=bool))
    if not len(known):
        return {}
    names = pa.array(history[known], pa.string()).dictionary_encode()
    old = names.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    texts = names.dictionary.to_pylist()
    pair, back = np.unique(old * clusters.count + clusters.number[known], return_inverse=True)
    name, cluster = pair // clusters.count, pair % clusters.count
    simple = (np.bincount(name)[name] == 1) & (np.bincount(cluster)[cluster] == 1)
    for at in np.flatnonzero(simple).tolist():
        ids[cluster[at]] = texts[name[at]]
    heirs = {texts[name[at]]: int(cluster[at]) for at in np.flatnonzero(simple).tolist()}
    rows = np.bincount(back, clusters.rows[known])
    first = np.full(len(pair), len(clusters.number), dtype=np.int64)
    np.minimum.at(first, back, known)
    age = _ages(names.dictionary, previous)
    hard = np.flatnonzero(~simple).tolist()
    taken: set[str] = set()
    for i in sorted(hard, key=lambda i: (-rows[i], age[name[i]], texts[name[i]], first[i])):
        text, heir = texts[name[i]], int(cluster[i])
        heirs.setdefault(text, heir)
        if text not in taken and ids[heir] is None:
            ids[heir] = text
            taken.add(text)
    return heirs


def _ages(names: pa.Array, previous: Ledger) -> list[str]:
    """The build that gave each ID."""
    at = pc.index_in(names, value_set=previous.records.column("customer_id").combine_chunks())
    return pc.fill_null(previous.records.column("named").combine_chunks().take(at), "").to_pylist()  # type: ignore[no-any-return]


def _restore(history: np.ndarray, clusters: Clusters, redirects: pa.Table) -> None:
    """Where a merged customer is parted again along the old seam, let the parts speak for the IDs that they had before the merge.

    A part most of whose rows came into an ID by a merge gives them back, if another part holds the ID's own rows.
    """
    if not redirects.num_rows:
        return
    before = _before(clusters, redirects)
    for _level in range(8):
        spread: dict[str, dict[int, list[int]]] = {}
        touched = {history[r] for r in before if before[r]}
        for record in np.flatnonzero([h is not None and h in touched for h in history]).tolist():
            if clusters.number[record] >= 0:
                spread.setdefault(history[record], {}).setdefault(int(clusters.number[record]), []).append(record)
        moved = False
        for parts in spread.values():
            came = {c: sum(int(clusters.rows[r]) for r in rs if before.get(r)) for c, rs in parts.items()}
            strange = [c for c, rs in parts.items() if 2 * came[c] > sum(int(clusters.rows[r]) for r in rs)]
            if not strange or len(strange) == len(parts):
                continue
            for record in (r for c in strange for r in parts[c] if before.get(r)):
                history[record] = before[record].pop()
                moved = True
        if not moved:
            return


def _before(clusters: Clusters, redirects: pa.Table) -> dict[int, list[str]]:
    """The IDs that records had before merges, the latest last."""
    found: dict[int, list[str]] = {}
    digests = redirects.column("records").combine_chunks()
    at = pc.index_in(digests.flatten(), value_set=clusters.digest).fill_null(-1).to_numpy(zero_copy_only=False)
    whose = np.repeat(np.arange(redirects.num_rows), digests.value_lengths().to_numpy(zero_copy_only=False))
    names = redirects.column("old").to_pylist()
    since = redirects.column("since").to_pylist()
    for record, row in sorted(zip(at.tolist(), whose.tolist(), strict=True), key=lambda p: (since[p[1]], names[p[1]])):
        if record >= 0:
            found.setdefault(record, []).append(names[row])
    return found


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
    turns: dict[str, int] = {}
    for cluster in sorted(clashing, key=lambda c: (-rows[c], c)):
        name, turn = wanted[cluster], turns.get(wanted[cluster], 1)
        while name in used:
            turn += 1
            name = f"{wanted[cluster]}-{turn}"
        turns[wanted[cluster]] = turn
        used.add(name)
        ids[cluster] = name


def _redirect(ids: np.ndarray, heirs: Mapping[str, int], then: tuple[Ledger, np.ndarray, Clusters, str]) -> pa.Table:
    """Old redirects, compressed, with those of this build."""
    previous, history, clusters, seen = then
    alive = set(ids.tolist())
    lost = {name: str(ids[cluster]) for name, cluster in heirs.items() if name not in alive}
    rows = [r | {"new": lost.get(r["new"], r["new"])} for r in previous.redirects.to_pylist() if r["old"] not in alive]
    if lost:
        members: dict[str, list[str]] = {name: [] for name in lost}
        at = np.flatnonzero([h in members for h in history])
        for record, digest in zip(at.tolist(), clusters.digest.take(pa.array(at)).to_pylist(), strict=True):
            members[history[record]].append(digest)
        told = {"since": seen, "reason": "merged"}
        rows += [{"old": name, "new": lost[name], **told, "records": sorted(members[name])} for name in lost]
    return pa.Table.from_pylist(sorted(rows, key=lambda r: (r["since"], r["old"])), REDIRECTS)
