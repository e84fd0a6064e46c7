"""Which records of now a decision speaks of: those that it named, and for records that are gone those that took their place.

A record is known by its content, and content changes: a phone is corrected, a name is written in full. So a decision keeps, beside
each record's digest, its source and a short digest of every value it held. A record that is gone is succeeded by the records of its
source with the same value of its strongest key. One without any is succeeded by the record of its source that agrees with it in most
values: in two at least, name or date of birth among them, and in more than it contradicts, for two people at one address with one
telephone are two. Nobody succeeds a record where both sides of a decision could claim the successor alike.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from huaxiang.learn.identity.decisions import Decision, Decisions
from huaxiang.learn.texts import one_chunk

_COARSE = frozenset({
    "gender", "province", "city", "district", "postcode", "address_key", "street", "given_name", "surname",
})  # fmt: skip
"""Values that many share or that follow from others: they don't make a record the same."""
_WHO = ("name", "birth_date")
_AGREE = 2
"""So many values must a record share with a gone one that had no key, to be taken for the same."""
Said = Mapping[str, str]


@dataclass(frozen=True)
class Waiting:
    """A decision in force that can't take hold: `gone` of the `named` records, a whole side among them, are not in the data."""

    number: int
    kind: str
    gone: int
    named: int


@dataclass(frozen=True)
class Held:
    """Decisions in terms of the records of now; the numbers of those whose records changed (`moved`); those that wait."""

    decisions: Decisions
    moved: tuple[int, ...] = ()
    waiting: tuple[Waiting, ...] = ()


def say(record: Mapping[str, object], customer: str) -> dict[str, str]:
    """What a decision keeps of a record (a row of identity_records): its source, its customer, and a short digest of each value."""
    own = {f"={k}": _short(k, v) for k, v in sorted(values_of(record).items())}
    return {"source": str(record["source"]), "customer": customer, **own}


def values_of(record: Mapping[str, object]) -> dict[str, str]:
    """What a row of identity_records says: its fields that have a value, as texts."""
    return {k: str(v) for k, v in record.items() if k not in _NO_VALUES and v is not None}


_NO_VALUES = frozenset({
    "digest", "source", "rows", "first_at", "last_at", "describes", "customer_id", "named", "was", "component", "exact", "gone",
})  # fmt: skip


def hold(decisions: Decisions, records: pa.Table, strong: Sequence[str]) -> Held:
    """Bring decisions to the records of now. `strong`: fields of the strong keys, strongest first."""
    active = {d.number for d in decisions.active}
    concerned = [d for d in decisions.taken if d.number in active]
    named = sorted({x for d in concerned for x in (*d.records, *d.others)})
    if not named:
        return Held(decisions)
    at = pc.index_in(pa.array(named, pa.string()), value_set=one_chunk(records.column("digest")))
    there = {x for x, found in zip(named, at.is_valid().to_pylist(), strict=True) if found}
    if len(there) == len(named):
        return Held(decisions)
    finder = _Finder(records, tuple(strong))
    taken, moved, waiting = [], [], []
    for decision in decisions.taken:
        names = {*decision.records, *decision.others}
        if decision.number not in active or names <= there:
            taken.append(decision)
            continue
        now = _succeed(decision, there, finder)
        taken.append(now)
        moved.append(decision.number)
        if not _effective(decision, now):
            waiting.append(Waiting(decision.number, decision.kind, len(names - there), len(names)))
    return Held(Decisions(tuple(taken)), tuple(moved), tuple(waiting))


def _succeed(decision: Decision, there: set[str], finder: _Finder) -> Decision:
    """The decision with successors in place of gone records; what is told of a gone record goes on to its successors."""
    sides = (decision.records, decision.others)
    kept = [{x for x in side if x in there} for side in sides]
    gone = [[decision.said[x] for x in side if x not in there and x in decision.said] for side in sides]
    rivals = [[decision.said[x] for x in side if x in decision.said] for side in sides]
    told = dict(decision.said)
    for here in (0, 1):
        for said in gone[here]:
            for digest in finder.successors(said, rivals[1 - here], kept[0] | kept[1]):
                kept[here].add(digest)
                told[digest] = dict(said)
    both = kept[0] & kept[1]
    records, others = (tuple(sorted(side - both)) for side in kept)
    return replace(decision, records=records, others=others, said=told)


def _effective(decision: Decision, now: Decision) -> bool:
    """Whether every side that the decision speaks of still has a record."""
    if decision.kind == "split":
        return bool(now.records and now.others)
    unsaid = sum(x not in decision.said for x in decision.records)
    wanted = {s["customer"] for s in decision.said.values()}
    found = {now.said[x]["customer"] for x in now.records if x in now.said}
    return found == wanted and (bool(wanted) or unsaid < 2 or len(now.records) > 1)


class _Finder:
    """Finds the successors of gone records among the records of now; columns are read when first asked for."""

    def __init__(self, records: pa.Table, strong: tuple[str, ...]) -> None:
        self._records = records
        self._strong = strong
        self._digest = records.column("digest").combine_chunks()
        self._rows: dict[str, np.ndarray] = {}
        self._values: dict[tuple[str, str], Mapping[str, list[int]]] = {}

    def successors(self, said: Said, rivals: Sequence[Said], named: set[str]) -> set[str]:
        """Digests of the records that took the place of a gone one. `rivals`: what the other side said; `named`: records that
        the decision names itself and that are there.
        """
        keys = [f for f in self._strong if f"={f}" in said]
        found = [] if keys else self._nearest(said, rivals)
        for field in keys:
            mine = self._with(said["source"], field, said[f"={field}"])
            claimed = any(r["source"] == said["source"] and r.get(f"={field}") == said[f"={field}"] for r in rivals)
            found = self._nearer(mine, said, rivals) if claimed else mine
            if mine:
                break
        return {self._digest[i].as_py() for i in found} - named

    def _with(self, source: str, field: str, value: str) -> list[int]:
        return list(self._index(source, field).get(value, ()))

    def _nearer(self, rows: Iterable[int], said: Said, rivals: Sequence[Said]) -> list[int]:
        """Rows that agree with the gone record in more values than with any record of the other side."""
        own = {row: self._agreement(row, said) for row in rows}
        return [
            row for row, same in own.items()
            if same > max((self._agreement(row, r) for r in rivals if r["source"] == said["source"]), default=0)
        ]  # fmt: skip

    def _nearest(self, said: Said, rivals: Sequence[Said]) -> list[int]:
        """Rows of the source that agree in most values and may be the same person's."""
        shared: dict[int, int] = defaultdict(int)
        who: set[int] = set()
        for field, value in _values(said):
            for row in self._with(said["source"], field, value):
                shared[row] += 1
                if field in _WHO:
                    who.add(row)
        same = {row: n for row, n in shared.items() if n >= _AGREE and row in who and n > self._contradicted(row, said)}
        most = max(same.values(), default=0)
        return self._nearer(sorted(r for r, n in same.items() if n == most), said, rivals)

    def _contradicted(self, row: int, said: Said) -> int:
        """In how many fields the row says something else than the gone record."""
        return sum(
            self._records.column(field)[row].is_valid and row not in self._with(said["source"], field, value)
            for field, value in _values(said)
            if field in self._records.column_names
        )

    def _agreement(self, row: int, said: Said) -> int:
        return sum(row in self._with(said["source"], field, value) for field, value in _values(said))

    def _index(self, source: str, field: str) -> Mapping[str, list[int]]:
        """Rows of a source by the short digest of their value."""
        if (source, field) not in self._values:
            found: dict[str, list[int]] = defaultdict(list)
            if field in self._records.column_names:
                rows = self._of(source)
                texts = self._records.column(field).take(pa.array(rows)).cast(pa.string()).to_pylist()
                for row, text in zip(rows.tolist(), texts, strict=True):
                    if text is not None:
                        found[_short(field, text)].append(row)
            self._values[source, field] = found
        return self._values[source, field]

    def _of(self, source: str) -> np.ndarray:
        if source not in self._rows:
            same = pc.equal(self._records.column("source"), source)
            self._rows[source] = np.flatnonzero(same.to_numpy())
        return self._rows[source]


def _values(said: Said) -> list[tuple[str, str]]:
    return [(k[1:], v) for k, v in said.items() if k.startswith("=") and k[1:] not in _COARSE]


def _short(field: str, value: str) -> str:
    return hashlib.sha256(f"{field}:{value}".encode()).hexdigest()[:16]
