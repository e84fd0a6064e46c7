"""Everything a resolution works on, as numbers: records in order of digest, keys, guards, facts and pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from huaxiang.learn.identity.clusters import Score
from huaxiang.learn.identity.facts import FIELDS, Facts, read_facts
from huaxiang.learn.identity.guards import APART, MERGE, MUST, NEVER, Guard, Marks, days, make_marks
from huaxiang.learn.identity.held import Held, hold
from huaxiang.learn.identity.keys import KeyCodes, encode_key, in_order
from huaxiang.learn.identity.prior import Prior, align
from huaxiang.learn.identity.strong import Link
from huaxiang.learn.identity.types import Context, Scored
from huaxiang.learn.texts import one_chunk
from huaxiang.spec.models import IdentityKeySpec

CONFLICTS = ("id_number",)
"""Fields of which two values part people unless a project declares others."""


@dataclass(frozen=True)
class Pairs:
    """Scored pairs by record number (left < right), with what is told of them."""

    left: np.ndarray
    right: np.ndarray
    weight: np.ndarray
    probability: np.ndarray
    levels: pa.Array

    def take(self, chosen: np.ndarray) -> Pairs:
        """Some of the pairs."""
        levels = self.levels.take(pa.array(np.flatnonzero(chosen) if chosen.dtype == bool else chosen))
        return Pairs(self.left[chosen], self.right[chosen], self.weight[chosen], self.probability[chosen], levels)


@dataclass(frozen=True)
class Beyond:
    """What a case that holds some of all records can't see itself: decisions brought to all records, values of each key that so many
    others hold that they link nobody, and IDs in use.
    """

    held: Held
    crowded: Mapping[str, pa.Array]
    used: pa.ChunkedArray


@dataclass(frozen=True)
class Case:
    """What is resolved. `raw`: component of the raw graph per record, filled in by `change.take_up`. `pure`: records that say nothing
    but one contact value (or nothing at all) and so follow its owner. `held`: decisions brought to these records; `musts`, `aparts`:
    the same as record numbers.
    """

    records: pa.Table
    digest: pa.Array
    rows: np.ndarray
    times: tuple[np.ndarray, np.ndarray]
    keys: tuple[KeyCodes, ...]
    facts: Facts
    speaks: np.ndarray
    marks: Marks
    held: Held
    musts: tuple[tuple[int, np.ndarray], ...]
    aparts: tuple[tuple[int, np.ndarray, np.ndarray], ...]
    pairs: Pairs
    score: Score | None
    context: Context
    raw: np.ndarray
    pure: np.ndarray
    prior: Prior | None

    @property
    def size(self) -> int:
        """How many records there are."""
        return len(self.rows)

    def role(self, *roles: str) -> tuple[KeyCodes, ...]:
        """Keys of some roles, strongest first."""
        return tuple(k for k in self.keys if k.key.role in roles)

    @property
    def nobody(self) -> np.ndarray:
        """Records that identify nobody: no description, no value of a linking key, no decision."""
        known = self.speaks.copy()
        for codes in self.role("strong", "contact"):
            known |= codes.code >= 0
        for _number, members in self.musts:
            known[members] = True
        return ~known

    def links(self) -> tuple[Link, ...]:
        """What joins records whatever they say of themselves: decisions, then strong keys in order."""
        columns: list[np.ndarray] = []
        for turn, (_number, members) in enumerate(reversed(self.musts)):
            free = next((c for c in columns if (c[members] < 0).all()), None)
            if free is None:
                free = np.full(self.size, -1, dtype=np.int64)
                columns.append(free)
            free[members] = turn
        strong = tuple(Link(c.key.name, rank, c.code) for rank, c in enumerate(self.role("strong"), 1))
        return (*(Link("", MUST, column) for column in columns), *strong)


def prepare(
    records: pa.Table,
    keys: Sequence[IdentityKeySpec],
    scored: tuple[Scored | None, np.ndarray],
    context: Context,
    beyond: Beyond | None = None,
) -> Case:
    """Turn records (sorted by digest) into numbers; `scored` comes with the order that sorted the records. `beyond`: what is to be known of
    the other records, where these are not all.

    Raises ValueError when two records share a digest.
    """
    digest = one_chunk(records.column("digest"))
    if len(digest) > 1 and pc.any(pc.equal(digest[1:], digest[:-1])).as_py():
        raise ValueError("two records share a digest; records must be distinct")
    crowded = beyond.crowded if beyond is not None else {}
    most = context.matching.max_customer
    codes = tuple(encode_key(k, records, context.blocked, most, crowded.get(k.name)) for k in in_order(keys))
    times = (_moments(records, "first_at"), _moments(records, "last_at"))
    fields = _describing(context)
    facts = read_facts(records, fields)
    linking = tuple(c for c in codes if c.key.role != "device")
    speaks = one_chunk(records.column("describes").fill_null(False)).to_numpy(zero_copy_only=False).astype(bool)
    speaks = speaks & ((facts.known & ~_key_bits(records, fields, linking)) != 0)
    strong = [c.key.field for c in codes if c.key.role == "strong"]
    held = beyond.held if beyond is not None else hold(context.decisions, records, strong)
    musts, aparts = _decided(digest, held)
    pairs = _read_pairs(scored[0], scored[1], records.num_rows)
    prior = align(digest, context.previous, beyond.used if beyond is not None else None)
    return Case(
        records, digest, records.column("rows").cast(pa.int64()).to_numpy(), times, codes, facts, speaks,
        _marks(records, codes, aparts, (context, times)), held, musts, aparts, pairs, _scorer(scored[0], scored[1]), context,
        np.arange(records.num_rows), _pure(linking, speaks, musts, aparts), prior,
    )  # fmt: skip


def _moments(records: pa.Table, name: str) -> np.ndarray:
    if name not in records.column_names:
        return np.full(records.num_rows, NEVER)
    column = records.column(name).cast(pa.timestamp("us")).cast(pa.int64())
    moments: np.ndarray = column.fill_null(NEVER).to_numpy().astype(np.int64)
    return moments


def _describing(context: Context) -> tuple[str, ...]:
    """Fields that describe somebody: the usual ones, and what a project compares besides."""
    asked = (c if isinstance(c, str) else c.field for c in context.matching.comparisons)
    return tuple(dict.fromkeys((*FIELDS, *asked)))[:63]


def _key_bits(records: pa.Table, fields: Sequence[str], keys: Sequence[KeyCodes]) -> np.int64:
    keyed = {c.key.field for c in keys}
    there = [f for f in fields if f in records.column_names]
    return np.int64(sum(1 << bit for bit, field in enumerate(there) if field in keyed))


def _decided(
    digest: pa.Array, held: Held
) -> tuple[tuple[tuple[int, np.ndarray], ...], tuple[tuple[int, np.ndarray, np.ndarray], ...]]:
    def numbers(digests: frozenset[str]) -> np.ndarray:
        at = pc.index_in(pa.array(sorted(digests), pa.string()), value_set=digest).drop_null()
        return np.sort(at.to_numpy(zero_copy_only=False).astype(np.int64))

    together, apart = held.decisions.constraints()
    if not together and not apart:
        return (), ()
    musts = tuple((t.number, numbers(t.records)) for t in together)
    aparts = tuple((a.number, numbers(a.left), numbers(a.right)) for a in apart)
    return tuple(m for m in musts if len(m[1]) > 1), tuple(a for a in aparts if len(a[1]) and len(a[2]))


def _marks(
    records: pa.Table,
    keys: Sequence[KeyCodes],
    aparts: Sequence[tuple[int, np.ndarray, np.ndarray]],
    around: tuple[Context, tuple[np.ndarray, np.ndarray]],
) -> Marks:
    context, times = around
    guards: list[Guard] = []
    held: list[tuple[np.ndarray, np.ndarray]] = []
    for number, left, right in aparts:
        guards.append(Guard(f"apart:{number}", APART))
        held.append((np.concatenate([left, right]), np.repeat([0, 1], [len(left), len(right)])))
    for rank, codes in enumerate((c for c in keys if c.key.role != "device"), 1):
        limit = codes.key.limit
        if limit is not None:
            guards.append(Guard(f"limit:{codes.key.name}", rank, limit.values, days(limit.within)))
            held.append((np.flatnonzero(codes.code >= 0), codes.code[codes.code >= 0]))
    for field in context.matching.conflicts or CONFLICTS:
        if field in records.column_names:
            spec = IdentityKeySpec(name=field, field=field, max_records=1 << 60)
            code = encode_key(spec, records, context.blocked).code
            guards.append(Guard(f"conflict:{field}", MERGE))
            held.append((np.flatnonzero(code >= 0), code[code >= 0]))
    return make_marks(tuple(guards), held, times)


def _pure(
    linking: Sequence[KeyCodes],
    speaks: np.ndarray,
    musts: Sequence[tuple[int, np.ndarray]],
    aparts: Sequence[tuple[int, np.ndarray, np.ndarray]],
) -> np.ndarray:
    strong, contacts = np.zeros(len(speaks), dtype=bool), np.zeros(len(speaks), dtype=np.int64)
    for codes in linking:
        if codes.key.role == "strong":
            strong |= codes.code >= 0
        else:
            contacts += codes.code >= 0
    pure: np.ndarray = ~speaks & ~strong & (contacts <= 1)
    for _number, *sides in (*musts, *aparts):
        for side in sides:
            pure[side] = False
    return pure


def _read_pairs(scored: Scored | None, order: np.ndarray, size: int) -> Pairs:
    if scored is None:
        nothing = np.empty(0, dtype=np.int64)
        return Pairs(nothing, nothing, np.empty(0), np.empty(0), pa.array([], pa.string()))
    place = np.empty(size, dtype=np.int64)
    place[order] = np.arange(size)
    table = scored.pairs.combine_chunks()
    one, two = (place[table.column(c).to_numpy().astype(np.int64)] for c in ("left", "right"))
    weight, probability = (table.column(c).to_numpy().astype(float) for c in ("weight", "probability"))
    levels = one_chunk(table.column("levels")).cast(pa.string())
    left, right = np.minimum(one, two), np.maximum(one, two)
    turn = np.lexsort((right, left))
    return Pairs(left, right, weight, probability, levels).take(turn)


def _scorer(scored: Scored | None, order: np.ndarray) -> Score | None:
    if scored is None:
        return None

    def score(left: np.ndarray, right: np.ndarray) -> np.ndarray:
        one, two = order[left], order[right]
        return np.asarray(scored.score(np.minimum(one, two), np.maximum(one, two)), dtype=float)

    return score
