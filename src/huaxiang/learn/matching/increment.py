"""Which pairs a few new records make with all others, found in the index of blocking values: nothing of the other records is read.

The index keeps a hash for each record and rule, in the order of the records' digests but for those added since, which stand below. The
new records' hashes are looked up in it column by column, as numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from huaxiang.learn.matching.blocking import Rule, Skipped
from huaxiang.learn.texts import find_sorted, one_chunk

_FLAGS = np.uint64((1 << 20) - 1)
"""Of a hash so many bits are looked up at first."""
_WINDOW = 1 << 16
IN_ORDER = b"in_order"
"""Key of the index's metadata: so many of its first rows stand in the order of their digests."""
_ORDERED = 0.75


@dataclass(frozen=True)
class Index:
    """The index over records numbered 0 …: `table` as kept (digest, b0, b1, …), `number` the record of each of its rows (-1: gone or read
    anew), `unknown` the records, ascending, whose hashes are not taken from it.
    """

    table: pa.Table
    number: np.ndarray
    unknown: np.ndarray

    @classmethod
    def of(cls, table: pa.Table, digest: pa.Array, fresh: np.ndarray) -> Index:
        """Bring an index to the records of now, with their digests in ascending order. Fresh records are read anew in any case."""
        table = table.combine_chunks()
        kept = one_chunk(table.column("digest"))
        ordered = int((table.schema.metadata or {}).get(IN_ORDER, b"0"))
        at = np.full(len(digest), -1, dtype=np.int64)
        if ordered:
            at = find_sorted(digest, kept[:ordered])
        if ordered < len(kept):
            behind = find_sorted(kept[ordered:], digest)  # what was added since
            at[behind[behind >= 0]] = ordered + np.flatnonzero(behind >= 0)
        number = np.full(table.num_rows, -1, dtype=np.int64)
        known = np.flatnonzero((at >= 0) & ~fresh)
        number[at[known]] = known
        return cls(table, number, np.flatnonzero((at < 0) | fresh))

    def renewed(self, digest: pa.Array, hashes: pa.Table) -> pa.Table:
        """The index with the unknown records below; `hashes`: b0, b1, … of these, in their order. It is put in order again, without
        records that are gone, when a quarter of its rows are not.
        """
        found = hashes.append_column("digest", digest.take(pa.array(self.unknown))).select(self.table.column_names)
        own = self.table.schema.metadata or {}
        ordered = int(own.get(IN_ORDER, b"0"))
        every = pa.concat_tables([self.table.replace_schema_metadata(None), found])
        if ordered < _ORDERED * every.num_rows or int((self.number >= 0).sum()) < _ORDERED * self.table.num_rows:
            row = np.empty(len(digest), dtype=np.int64)
            row[self.number[self.number >= 0]] = np.flatnonzero(self.number >= 0)
            row[self.unknown] = self.table.num_rows + np.arange(len(self.unknown))
            every = every.combine_chunks().take(pa.array(row))
            ordered = every.num_rows
        return every.replace_schema_metadata({**own, IN_ORDER: str(ordered).encode()})


@dataclass(frozen=True)
class _Members:
    """Who shares a value with a fresh record: group, record, and whether that is fresh; sorted by group and record."""

    group: np.ndarray
    record: np.ndarray
    fresh: np.ndarray


def find_pairs(
    index: Index, hashes: pa.Table, fresh: np.ndarray, rules: Sequence[Rule], max_block: int
) -> tuple[np.ndarray, np.ndarray, tuple[Skipped, ...]]:
    """Pairs (left < right) with a fresh record that agree on a rule, each once, ascending; and the blocks that were too large.

    `hashes`: b0, b1, … of the unknown records; `fresh`: of all records.
    """
    size = np.int64(len(fresh))
    keys, skipped = [np.empty(0, dtype=np.int64)], []
    for number, rule in enumerate(rules):
        members = _members(index, one_chunk(hashes.column(f"b{number}")), fresh, f"b{number}")
        count = np.bincount(members.group)
        large = count > max_block
        if large.any():
            skipped.append(Skipped(rule.name, int(large.sum()), int(count[large].sum())))
            keep = ~large[members.group]
            members = _Members(members.group[keep], members.record[keep], members.fresh[keep])
        left, right = _pairs(members)
        keys.append(np.minimum(left, right) * size + np.maximum(left, right))
    every = distinct(np.concatenate(keys))
    return every // size, every % size, tuple(skipped)


def distinct(numbers: np.ndarray) -> np.ndarray:
    """Each number once, ascending; NumPy's own `unique` hashes, which takes longer than sorting."""
    found = np.sort(numbers)
    once: np.ndarray = found[np.concatenate([np.ones(min(len(found), 1), dtype=bool), found[1:] != found[:-1]])]
    return once


def _members(index: Index, own: pa.Array, fresh: np.ndarray, column: str) -> _Members:
    mine, place = _values(own), index.unknown
    known = own.is_valid().to_numpy(zero_copy_only=False).astype(bool)
    mine, place = mine[known], place[known]
    wanted = distinct(mine[fresh[place]])
    if not len(wanted):
        nothing = np.empty(0, dtype=np.int64)
        return _Members(nothing, nothing, np.empty(0, dtype=bool))
    flags = np.zeros(int(_FLAGS) + 1, dtype=bool)
    flags[wanted & _FLAGS] = True
    kept = one_chunk(index.table.column(column))
    theirs = _values(kept)
    windows = range(0, max(len(theirs), 1), _WINDOW)  # small enough for the processor's cache
    near = np.concatenate(
        [begin + np.flatnonzero(flags[theirs[begin : begin + _WINDOW] & _FLAGS]) for begin in windows]
    )
    near = near[index.number[near] >= 0]
    near = near[kept.take(pa.array(near)).is_valid().to_numpy(zero_copy_only=False).astype(bool)]
    values, records = np.concatenate([mine, theirs[near]]), np.concatenate([place, index.number[near]])
    spot = np.minimum(np.searchsorted(wanted, values), len(wanted) - 1)
    shared = wanted[spot] == values
    group, record = spot[shared], records[shared]
    order = np.lexsort((record, group))
    return _Members(group[order], record[order], fresh[record[order]])


def _values(column: pa.Array) -> np.ndarray:
    """Hashes as they lie in memory; where one is missing, any number."""
    data = column.buffers()[1]
    if data is None:
        return np.zeros(len(column), dtype=np.uint64)
    return np.frombuffer(data, dtype=np.uint64)[column.offset : column.offset + len(column)]


def _pairs(members: _Members) -> tuple[np.ndarray, np.ndarray]:
    """Each fresh record with each other of its group; two fresh ones once."""
    one = np.flatnonzero(members.fresh)
    start = np.searchsorted(members.group, members.group[one], side="left")
    count = np.searchsorted(members.group, members.group[one], side="right") - start
    first = np.repeat(one, count)
    second = np.repeat(start, count) + np.arange(len(first)) - np.repeat(np.cumsum(count) - count, count)
    keep = (first != second) & ~(members.fresh[second] & (second < first))
    return members.record[first[keep]], members.record[second[keep]]
