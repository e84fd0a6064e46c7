"""Resolves what a few new, changed or removed records touch, and takes over all the rest as it lies in the ledger.

What can influence whether two records are one lies within one raw component. So the components that something touched are cut out of
the records and of the ledger, resolved alone as if there were no others, and put back. Nothing of the others is turned into numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from huaxiang.learn.identity.case import Beyond
from huaxiang.learn.identity.change import concerned, rules_of
from huaxiang.learn.identity.held import Held, hold
from huaxiang.learn.identity.keys import in_order, never_links
from huaxiang.learn.identity.ledger import OWN, Ledger
from huaxiang.learn.identity.types import Context, Scored
from huaxiang.learn.texts import find_sorted, is_ascending, one_chunk
from huaxiang.plan.digests import value_digest
from huaxiang.spec.models import IdentityKeySpec

FIGURES = ("rows", "first_at", "last_at")


@dataclass(frozen=True)
class Then:
    """The records of now beside the ledger: `at` is the ledger's row of each record (-1: none), `count` the rows of the ledger that the
    last build saw (the first ones), `lost` those of them that are no longer among the records.
    """

    records: pa.Table
    digest: pa.Array
    ledger: Ledger
    at: np.ndarray
    count: int
    lost: np.ndarray

    @property
    def known(self) -> np.ndarray:
        """Records that the last build saw."""
        seen: np.ndarray = (self.at >= 0) & (self.at < self.count)
        return seen

    def column(self, name: str) -> pa.Array:
        """A column of the ledger's records, of the rows that the last build saw."""
        return one_chunk(self.ledger.records.column(name))[: self.count]


@dataclass(frozen=True)
class Part:
    """What is resolved alone: `chosen` records (ascending), with the context cut to them, their pairs, and what lies beyond. `came`: values
    of each key on records that came or went; `touching`: which rows of all evidence are about the chosen or lost records.
    """

    then: Then
    chosen: np.ndarray
    records: pa.Table
    scored: Scored | None
    context: Context
    beyond: Beyond
    came: Mapping[str, pa.Array]
    touching: np.ndarray


@dataclass(frozen=True)
class _Scored:
    """The pairs of some records, numbered anew."""

    pairs: pa.Table
    model: Any
    whole: Scored
    number: np.ndarray

    def expect(self, numbers: np.ndarray) -> None:
        self.whole.expect(self.number[numbers])

    def score(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        one, two = self.number[left], self.number[right]
        return np.asarray(self.whole.score(np.minimum(one, two), np.maximum(one, two)))


def cut_out(
    records: pa.Table,
    keys: Sequence[IdentityKeySpec],
    scored: tuple[Scored | None, np.ndarray],
    context: Context,
    model: str | None,
) -> Part | None:
    """Cut out what has to be resolved; None where all has to be looked at: without a ledger of the same rules, or with devices, whose
    rows reach across components. `records` in order of digest; `scored` comes with the order that sorted them.
    """
    ledger = context.previous
    devices = any(k.role == "device" and k.field in records.column_names for k in keys)
    if ledger is None or context.full or devices or ledger.model != model:
        return None
    linking = [k for k in in_order(keys) if k.role != "device"]
    names = {k.name for k in linking}
    if ledger.state.get("rules") != rules_of(keys, context, model) or not names <= set(ledger.maps):
        return None
    then = _compare(records, ledger)
    if then is None:
        return None
    held = hold(context.decisions, records, [k.field for k in linking if k.role == "strong"])
    came = {k.name: _came(k, then, context) for k in linking}
    ends = _ends(scored)
    chosen = _touched(then, _seeds(then, linking, came, ends, held), held)
    return _part(then, chosen, (linking, came), (scored, ends), (context, held))


def _compare(records: pa.Table, ledger: Ledger) -> Then | None:
    """Find the records in the ledger; None when that is not built as expected."""
    if {*records.column_names, *OWN} != set(ledger.records.column_names):
        return None
    digest, before = (one_chunk(t.column("digest")) for t in (records, ledger.records))
    gone = one_chunk(ledger.records.column("gone"))
    count = gone.null_count
    if gone[:count].null_count != count or not is_ascending(before[:count]):
        return None
    at = find_sorted(digest, before[:count])
    fresh = np.flatnonzero(at < 0)
    if len(fresh) and count < len(before):
        back = pc.index_in(digest.take(pa.array(fresh)), value_set=before[count:]).fill_null(-1)
        spot = back.to_numpy(zero_copy_only=False).astype(np.int64)
        at[fresh] = np.where(spot >= 0, spot + count, -1)
    there = np.zeros(count, dtype=bool)
    there[at[(at >= 0) & (at < count)]] = True
    return Then(records, digest, ledger, at, count, np.flatnonzero(~there))


def _came(key: IdentityKeySpec, then: Then, context: Context) -> pa.Array:
    """Values of a key on records that came or went; none that never links."""
    if key.field not in then.records.column_names:
        return pa.array([], pa.string())
    fresh = then.records.column(key.field).take(pa.array(np.flatnonzero(~then.known))).combine_chunks()
    lost = then.column(key.field).take(pa.array(then.lost))
    values = pc.unique(pa.concat_arrays([fresh.cast(pa.string()), lost.cast(pa.string())])).drop_null()
    return values.filter(pc.invert(never_links(key, values, context.blocked)))


def _ends(scored: tuple[Scored | None, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Both records of each scored pair, as numbers in order of digest."""
    found, order = scored
    if found is None:
        nothing = np.empty(0, dtype=np.int64)
        return nothing, nothing
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    left, right = (place[found.pairs.column(c).to_numpy()] for c in ("left", "right"))
    return left, right


def _seeds(
    then: Then,
    keys: Sequence[IdentityKeySpec],
    came: Mapping[str, pa.Array],
    ends: tuple[np.ndarray, np.ndarray],
    held: Held,
) -> np.ndarray:
    """Records that something touched: new ones and those with other figures, their pairs, who shares a value with one that came or went,
    and who is spoken of by a decision that is new or undone.
    """
    touched = ~then.known
    for side in ends:
        touched[side] = True
    known = np.flatnonzero(then.known)
    spot, mine = pa.array(then.at[known]), pa.array(known)
    for name in FIGURES:
        if name in then.records.column_names:
            old = then.column(name).cast(pa.int64()).fill_null(-1).take(spot)
            new = one_chunk(then.records.column(name)).cast(pa.int64()).fill_null(-1).take(mine)
            touched[known] |= old.to_numpy(zero_copy_only=False) != new.to_numpy(zero_copy_only=False)
    for key in keys:
        if len(came[key.name]):
            column = one_chunk(then.records.column(key.field).cast(pa.string()))
            touched |= pc.is_in(column, value_set=came[key.name]).to_numpy(zero_copy_only=False).astype(bool)
    touched[_places(concerned(held, then.ledger.state), then.digest)] = True
    return touched


def _places(digests: set[str], among: pa.Array) -> np.ndarray:
    at = find_sorted(pa.array(sorted(digests), pa.string()), among)
    return at[at >= 0]


def _touched(then: Then, seeds: np.ndarray, held: Held) -> np.ndarray:
    """All records of the components that the seeds lie in, with those that decisions or former IDs tie to them."""
    component = then.column("component")
    tied = [_places({*d.records, *d.others}, then.digest) for d in held.decisions.active]
    known = then.known
    lost = component.take(pa.array(then.lost))
    while True:
        mine = component.take(pa.array(then.at[seeds & known]))
        rows = pc.is_in(component, value_set=pc.unique(pa.concat_arrays([mine, lost])))
        inside = rows.to_numpy(zero_copy_only=False).astype(bool)
        touched = seeds.copy()
        touched[known] |= inside[then.at[known]]
        for members in tied:
            if touched[members].any():
                touched[members] = True
        touched |= _former(then, touched)
        if int(touched.sum()) == int((seeds | _inside(then, inside)).sum()):
            return np.flatnonzero(touched)
        seeds = touched


def _inside(then: Then, rows: np.ndarray) -> np.ndarray:
    found = np.zeros(len(then.at), dtype=bool)
    found[then.known] = rows[then.at[then.known]]
    return found


def _former(then: Then, touched: np.ndarray) -> np.ndarray:
    """Other records of customers whose IDs touched records once had, and may get back."""
    records, nobody = then.ledger.records, np.zeros(len(touched), dtype=bool)
    rows = np.concatenate([then.at[touched & (then.at >= 0)], then.lost])
    was = one_chunk(records.column("was")).take(pa.array(rows)).flatten()
    back = one_chunk(records.column("customer_id")).take(pa.array(rows[rows >= then.count]))
    ids = pc.unique(pa.concat_arrays([was.cast(pa.string()), back])).drop_null()
    if not len(ids):
        return nobody
    redirects = then.ledger.redirects
    led = redirects.column("new").filter(pc.is_in(redirects.column("old"), value_set=ids)).combine_chunks()
    theirs = pc.is_in(then.column("customer_id"), value_set=pa.concat_arrays([ids, led]), skip_nulls=True)
    return _inside(then, theirs.to_numpy(zero_copy_only=False).astype(bool))


def _part(
    then: Then,
    chosen: np.ndarray,
    keys: tuple[Sequence[IdentityKeySpec], Mapping[str, pa.Array]],
    pairs: tuple[tuple[Scored | None, np.ndarray], tuple[np.ndarray, np.ndarray]],
    around: tuple[Context, Held],
) -> Part:
    (linking, came), ((scored, order), ends), (context, held) = keys, pairs, around
    ledger, records = then.ledger, then.records.take(pa.array(chosen)).combine_chunks()
    number = np.full(len(then.at), -1, dtype=np.int64)
    number[chosen] = np.arange(len(chosen))
    some: Scored | None = None
    if scored is not None:
        table = scored.pairs.drop_columns(["left", "right"])
        for name, side in zip(("right", "left"), ends[::-1], strict=True):
            table = table.add_column(0, name, pa.array(number[side], pa.int32()))
        some = _Scored(table, scored.model, scored, order[chosen])
        some.expect(np.flatnonzero(records.column("describes").fill_null(False).to_numpy()))
    mine = then.at[chosen]
    gone = np.arange(then.count, ledger.records.num_rows)
    rows = np.unique(np.concatenate([mine[(mine >= 0) & (mine < then.count)], then.lost, gone]))
    touching, evidence = _evidence_of(then, chosen)
    previous = replace(ledger, listed=ledger.records.take(pa.array(rows)).combine_chunks(), traced=evidence)
    redirects = ledger.redirects
    used = [
        one_chunk(then.ledger.records.column("customer_id")),
        one_chunk(then.ledger.records.column("was")).flatten(),
    ]
    used += [one_chunk(redirects.column(c)) for c in ("old", "new")]
    crowded = {k.name: _still_crowded(k, records, came[k.name], ledger) for k in linking}
    beyond = Beyond(held, crowded, pa.chunked_array([u.cast(pa.string()) for u in used], pa.string()))
    return Part(then, chosen, records, some, replace(context, previous=previous), beyond, came, touching)


def _evidence_of(then: Then, chosen: np.ndarray) -> tuple[np.ndarray, pa.Table]:
    """Which rows of all evidence are about the chosen or lost records, and these rows."""
    evidence = then.ledger.evidence
    lost = then.column("digest").take(pa.array(then.lost))
    own = pa.concat_arrays([then.digest.take(pa.array(chosen)), lost])
    mine = pc.is_in(one_chunk(evidence.column("left")), value_set=own).to_numpy(zero_copy_only=False).astype(bool)
    return mine, evidence.take(pa.array(np.flatnonzero(mine))).combine_chunks()


def _still_crowded(key: IdentityKeySpec, records: pa.Table, came: pa.Array, ledger: Ledger) -> pa.Array:
    """Values of the records that were held back before, and that nobody who came or went holds."""
    then = {h["value_digest"] for h in ledger.state.get("held_back", ()) if h["key"] == key.name}
    if not then or key.field not in records.column_names:
        return pa.array([], pa.string())
    values = pc.unique(one_chunk(records.column(key.field).cast(pa.string()))).drop_null()
    values = values.filter(pc.invert(pc.is_in(values, value_set=came)))
    return pa.array([v for v in values.to_pylist() if value_digest(key.name, v) in then], pa.string())
