"""Stable customer IDs: a customer keeps the ID that most of its history had; merged IDs redirect, none is given to somebody else.

IDs of before are numbers here (positions in `_Known.texts`); texts are made for new customers only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from huaxiang.learn.identity.keys import KeyCodes
from huaxiang.learn.identity.ledger import REDIRECTS
from huaxiang.learn.identity.prior import Prior, places
from huaxiang.learn.linking import customer_id, record_id
from huaxiang.learn.texts import one_chunk

WAS = pa.list_(pa.string())


@dataclass(frozen=True)
class Named:
    """Per cluster number: its ID, and the build that gave it; per record: the IDs it had before (lists, latest last); all redirects."""

    ids: pa.Array
    since: pa.Array
    was: pa.Array
    redirects: pa.Table


@dataclass(frozen=True)
class Clusters:
    """Cluster number per record (-1: nobody), rows per record, digests of the records, the records, the keys in order, and the secret
    that IDs of personal keys are drawn with.
    """

    number: np.ndarray
    count: int
    rows: np.ndarray
    digest: pa.Array
    source: pa.Array
    keys: Sequence[KeyCodes]
    secret: bytes


@dataclass(frozen=True)
class _Known:
    """IDs ever used, the number of each row of the ledger (-1: none), and the first such row of each ID (-1: none)."""

    texts: pa.Array
    code: np.ndarray
    row: np.ndarray

    def numbers(self, ids: pa.Array) -> np.ndarray:
        """The numbers of IDs."""
        return places(ids, self.texts)


def name_clusters(clusters: Clusters, prior: Prior | None, seen: str) -> Named:
    """Give every cluster its ID."""
    given = np.full(clusters.count, -1, dtype=np.int64)
    if prior is None:
        minted = _mint(given, clusters, pa.chunked_array([], pa.string()))
        was = pa.nulls(len(clusters.number), WAS)
        return Named(minted, pa.array([seen] * clusters.count, pa.string()), was, REDIRECTS.empty_table())
    known = _known(prior)
    redirects = prior.ledger.redirects
    ancestor = _ancestors(clusters, prior)
    history = _history(clusters, prior, known, ancestor)
    _restore(history, clusters, _before(prior, known, ancestor))
    heirs = _inherit(given, history, clusters, (prior, known))
    minted = _mint(given, clusters, pa.chunked_array([known.texts, *prior.used.chunks]))
    table = _redirect((given, minted), heirs, (history, clusters, known), (redirects, seen))
    ids = pc.coalesce(known.texts.take(pa.array(given, mask=given < 0)), minted)
    row = np.where(given >= 0, known.row[np.maximum(given, 0)] if len(known.row) else -1, -1)
    since = pc.fill_null(prior.column("named").take(pa.array(row, mask=row < 0)), seen)
    return Named(ids, since, _was(ids, clusters, prior, ancestor), table)


def _known(prior: Prior) -> _Known:
    own, code = prior.customers
    redirects = prior.ledger.redirects
    parts = [one_chunk(redirects.column(c)) for c in ("old", "new")]
    others = pc.unique(pa.chunked_array([*parts, prior.column("was").flatten()], pa.string()))
    texts = pa.concat_arrays([own, others.filter(pa.array(places(others, own) < 0, pa.bool_()))])
    row = np.full(len(texts), -1, dtype=np.int64)
    named = np.flatnonzero(code >= 0)[::-1]
    row[code[named]] = named  # the first row is written last
    return _Known(texts, code, row)


def _ancestors(clusters: Clusters, prior: Prior) -> np.ndarray:
    """Row of the ledger that stands for each record (-1: none): its own, else one of its source with its strongest key value that is
    gone since the last build, so that a record whose description was corrected keeps its history.
    """
    ancestor = prior.at.copy()
    gone = np.flatnonzero(prior.lost & prior.there)
    fresh = np.flatnonzero((ancestor < 0) & (clusters.number >= 0))
    for codes in (c for c in clusters.keys if c.key.role == "strong"):
        mine = fresh[codes.code[fresh] >= 0]
        if len(gone) and len(mine) and codes.key.field in prior.ledger.records.column_names:
            at = pa.array(gone)
            before = pc.binary_join_element_wise(
                prior.column("source").take(at), prior.column(codes.key.field).cast(pa.string()).take(at), "\x1f"
            )
            now = pc.binary_join_element_wise(
                clusters.source.take(pa.array(mine)), codes.values.take(pa.array(codes.code[mine])), "\x1f"
            )
            found = pc.index_in(now, value_set=before, skip_nulls=True).fill_null(-1).to_numpy(zero_copy_only=False)
            ancestor[mine[found >= 0]] = gone[found[found >= 0]]
        fresh = fresh[(ancestor[fresh] < 0) & (codes.code[fresh] < 0)]
    return ancestor


def _history(clusters: Clusters, prior: Prior, known: _Known, ancestor: np.ndarray) -> np.ndarray:
    """The ID that each record had (-1: none): its own, else that of the records which showed its strongest key value."""
    code = known.code
    history = np.where(ancestor >= 0, code[np.maximum(ancestor, 0)], -1) if len(code) else np.full(len(ancestor), -1)
    unknown = np.flatnonzero((history < 0) & (clusters.number >= 0))
    for codes in clusters.keys:
        mine = unknown[codes.code[unknown] >= 0]
        if len(mine) and codes.key.field in prior.ledger.records.column_names:
            history[mine] = _owners(codes, mine, prior, known)
            unknown = unknown[history[unknown] < 0]
    redirects = prior.ledger.redirects
    old, new = (known.numbers(one_chunk(redirects.column(c))) for c in ("old", "new"))
    to = np.arange(len(known.texts) + 1)
    to[-1] = -1
    to[old] = new
    return to[history]


def _owners(codes: KeyCodes, mine: np.ndarray, prior: Prior, known: _Known) -> np.ndarray:
    """Whose the key value of each record in `mine` was: of several the one with most rows, then the smaller ID; -1: nobody's."""
    asked = codes.values.take(pa.array(codes.code[mine]))
    column = prior.column(codes.key.field).cast(pa.string())
    rows = np.flatnonzero(
        pc.is_in(column, value_set=asked).to_numpy(zero_copy_only=False).astype(bool) & (known.code >= 0)
    )
    weight = prior.column("rows").take(pa.array(rows)).to_pylist()
    texts = known.texts.take(pa.array(known.code[rows])).to_pylist()
    shares: dict[str, dict[tuple[str, int], int]] = {}
    for value, text, number, many in zip(
        column.take(pa.array(rows)).to_pylist(), texts, known.code[rows].tolist(), weight, strict=True
    ):
        own = shares.setdefault(value, {})
        own[text, number] = own.get((text, number), 0) + many
    best = {value: min(own, key=lambda o: (-own[o], o))[1] for value, own in shares.items()}
    return np.array([best.get(value, -1) for value in asked.to_pylist()], dtype=np.int64)


def _restore(history: np.ndarray, clusters: Clusters, before: dict[int, list[int]]) -> None:
    """Where a customer is parted again along an old seam, let the parts speak for the IDs that they had before they came together.

    A part most of whose rows had another ID before gives them back, if another part holds the ID's own rows.
    """
    for _level in range(8):
        spread: dict[int, dict[int, list[int]]] = {}
        concerned = np.unique([history[r] for r in before if before[r]])
        for record in np.flatnonzero(np.isin(history, concerned) & (clusters.number >= 0) & (history >= 0)).tolist():
            spread.setdefault(int(history[record]), {}).setdefault(int(clusters.number[record]), []).append(record)
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


def _before(prior: Prior, known: _Known, ancestor: np.ndarray) -> dict[int, list[int]]:
    """The IDs that records had before their present ones, the latest last."""
    rows = (
        np.flatnonzero((ancestor >= 0) & (_lengths(prior.column("was"))[np.maximum(ancestor, 0)] > 0))
        if len(prior.lost)
        else ()
    )
    lists = prior.column("was").take(pa.array(ancestor[rows])) if len(rows) else pa.nulls(0, WAS)
    numbers = iter(known.numbers(lists.flatten()).tolist())
    return {int(r): [next(numbers) for _ in range(n)] for r, n in zip(rows, _lengths(lists).tolist(), strict=True)}


def _lengths(lists: pa.Array) -> np.ndarray:
    lengths: np.ndarray = lists.value_lengths().fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
    return lengths


def _was(ids: pa.Array, clusters: Clusters, prior: Prior, ancestor: np.ndarray) -> pa.Array:
    """The IDs that each record had before the one of now, at most the last eight; an ID that came back ends what followed it."""
    was = prior.column("was").take(pa.array(ancestor, mask=ancestor < 0))
    old = prior.column("customer_id").take(pa.array(ancestor, mask=ancestor < 0))
    now = ids.take(pa.array(clusters.number, mask=clusters.number < 0))
    changed = pc.fill_null(pc.not_equal(old, now), False).to_numpy(zero_copy_only=False).astype(bool)
    if not changed.any():
        return was
    lists = was.to_pylist()
    places = np.flatnonzero(changed)
    pairs = zip(
        places.tolist(), old.take(pa.array(places)).to_pylist(), now.take(pa.array(places)).to_pylist(), strict=True
    )
    for record, before, current in pairs:
        told = [*(lists[record] or ()), before]
        lists[record] = told[: told.index(current)] if current in told else told[-8:]
    return pa.array([told or None for told in lists], WAS)


def _inherit(given: np.ndarray, history: np.ndarray, clusters: Clusters, past: tuple[Prior, _Known]) -> np.ndarray:
    """Hand old IDs on: the largest shared history first; between equals what was there before, the older ID, then the smaller.

    Returns for each old ID the cluster that holds most of its history, -1 when nobody does.
    """
    prior, known = past
    heirs = np.full(len(known.texts), -1, dtype=np.int64)
    mine = np.flatnonzero((clusters.number >= 0) & (history >= 0))
    if not len(mine):
        return heirs
    pair, first, back = np.unique(
        history[mine] * clusters.count + clusters.number[mine], return_index=True, return_inverse=True
    )
    name, cluster = pair // clusters.count, pair % clusters.count
    simple = (np.bincount(name)[name] == 1) & (np.bincount(cluster)[cluster] == 1)
    given[cluster[simple]], heirs[name[simple]] = name[simple], cluster[simple]
    hard = np.flatnonzero(~simple)
    rows = np.bincount(back, clusters.rows[mine])[hard]
    stayed = np.bincount(back, clusters.rows[mine] * (prior.at[mine] >= 0))[hard]
    texts = known.texts.take(pa.array(name[hard])).to_pylist()
    at = known.row[name[hard]]
    age = pc.fill_null(prior.column("named").take(pa.array(at, mask=at < 0)), "").to_pylist()
    taken: set[int] = set()
    for i in sorted(range(len(hard)), key=lambda i: (-rows[i], -stayed[i], age[i], texts[i], mine[first[hard[i]]])):
        old, heir = int(name[hard[i]]), int(cluster[hard[i]])
        if heirs[old] < 0:
            heirs[old] = heir
        if old not in taken and given[heir] < 0:
            given[heir] = old
            taken.add(old)
    return heirs


def _mint(given: np.ndarray, clusters: Clusters, used: pa.ChunkedArray) -> pa.Array:
    """New IDs of clusters that were given none (null for the others): the smallest value of the strongest key, else the smallest
    record's digest; with a number behind it when the ID was ever used.
    """
    nameless = given < 0
    wanted = np.full(clusters.count, None, dtype=object)
    somebody = np.flatnonzero(clusters.number >= 0)
    fresh = somebody[nameless[clusters.number[somebody]]] if len(somebody) else somebody
    for place, codes in enumerate(clusters.keys if len(fresh) else ()):
        mine = fresh[codes.code[fresh] >= 0]
        mine = mine[nameless[clusters.number[mine]]]
        least = np.full(clusters.count, np.iinfo(np.int64).max)
        np.minimum.at(least, clusters.number[mine], codes.code[mine])
        has = np.flatnonzero((least < np.iinfo(np.int64).max) & nameless)
        values = codes.values.take(pa.array(least[has])).to_pylist()
        strongest, secret = place == 0, clusters.secret
        wanted[has] = [customer_id(codes.key, value, strongest=strongest, secret=secret) for value in values]
        nameless[has] = False
    left = np.flatnonzero(nameless)
    if len(left):
        least = np.full(clusters.count, len(clusters.number), dtype=np.int64)
        np.minimum.at(least, clusters.number[fresh], fresh)
        wanted[left] = [
            record_id(digest, secret=clusters.secret)
            for digest in clusters.digest.take(pa.array(least[left])).to_pylist()
        ]
    return _settle(wanted, clusters, used)


def _settle(wanted: np.ndarray, clusters: Clusters, used: pa.ChunkedArray) -> pa.Array:
    """Add numbers where a wanted ID was used before, or several clusters want it: the largest gets it plain."""
    asked = pa.array(wanted, pa.string())
    if asked.null_count == len(asked):
        return asked
    counts = pc.value_counts(asked.drop_null())
    twice = counts.field("values").filter(pc.greater(counts.field("counts"), 1))
    before = used.filter(pc.is_in(used, value_set=asked, skip_nulls=True)).combine_chunks()
    clash = pc.or_(
        pc.is_in(asked, value_set=before, skip_nulls=True), pc.is_in(asked, value_set=twice, skip_nulls=True)
    )
    clashing = np.flatnonzero(clash.to_numpy(zero_copy_only=False).astype(bool))
    if not len(clashing):
        return asked
    taken = _Taken(used, {wanted[c] for c in clashing.tolist()})
    taken.added.update(asked.filter(pc.invert(clash)).drop_null().to_pylist())
    somebody = clusters.number >= 0
    rows = np.bincount(clusters.number[somebody], clusters.rows[somebody], clusters.count)
    turns: dict[str, int] = {}
    for cluster in sorted(clashing.tolist(), key=lambda c: (-rows[c], c)):
        name, turn = wanted[cluster], turns.get(wanted[cluster], 1)
        while taken.has(name, turn):
            turn += 1
            name = f"{wanted[cluster]}-{turn}"
        turns[wanted[cluster]] = turn
        taken.added.add(name)
        wanted[cluster] = name
    return pa.array(wanted, pa.string())


class _Taken:
    """IDs that are in use: those `added`, and of very many the wanted ones with their numbers, looked up some at a time."""

    def __init__(self, used: pa.ChunkedArray, names: set[str]) -> None:
        self._used, self._names, self._upto = used, sorted(names), 0
        self.added: set[str] = set()

    def has(self, name: str, turn: int) -> bool:
        """Whether a wanted ID with the number `turn` (1: without) is in use."""
        if turn > self._upto:
            first, self._upto = self._upto + 1, 2 * turn + 8
            tried = [n if t == 1 else f"{n}-{t}" for n in self._names for t in range(first, self._upto + 1)]
            found = pc.is_in(self._used, value_set=pa.array(tried, pa.string()), skip_nulls=True)
            self.added.update(self._used.filter(found).to_pylist())
        return name in self.added


def _redirect(
    names: tuple[np.ndarray, pa.Array],
    heirs: np.ndarray,
    then: tuple[np.ndarray, Clusters, _Known],
    past: tuple[pa.Table, str],
) -> pa.Table:
    """Old redirects, compressed, with those of this build; IDs that are in use again redirect no longer, and one whose own records
    were parted and joined elsewhere leads there from now on.
    """
    (given, minted), (history, clusters, known), (redirects, seen) = names, then, past
    alive = np.zeros(len(known.texts), dtype=bool)
    alive[given[given >= 0]] = True
    lost = np.flatnonzero((heirs >= 0) & ~alive)
    text = dict(zip(lost.tolist(), known.texts.take(pa.array(lost)).to_pylist(), strict=True))
    to: dict[str, str] = {}
    for old in lost.tolist():
        heir = int(heirs[old])
        to[text[old]] = known.texts[int(given[heir])].as_py() if given[heir] >= 0 else minted[heir].as_py()
    olds = one_chunk(redirects.column("old"))
    again = set(olds.filter(pa.array(alive[known.numbers(olds)], pa.bool_())).to_pylist())
    rows = [
        r | {"new": to.get(r["new"], r["new"])}
        for r in redirects.to_pylist()
        if r["old"] not in again and r["old"] not in to
    ]
    members: dict[str, list[str]] = {name: [] for name in to}
    at = np.flatnonzero(np.isin(history, lost) & (history >= 0))
    for record, digest in zip(at.tolist(), clusters.digest.take(pa.array(at)).to_pylist(), strict=True):
        members[text[int(history[record])]].append(digest)
    rows += [
        {"old": o, "new": n, "since": seen, "reason": "merged", "records": sorted(members[o])} for o, n in to.items()
    ]
    return pa.Table.from_pylist(sorted(rows, key=lambda r: (r["since"], r["old"])), REDIRECTS)
