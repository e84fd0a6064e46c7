"""Frequent itemsets by Eclat (Zaki 2000) on bitsets, vectorised.

Items are taken from the rarest to the most frequent. All that extends one item is its class: the class's bitsets are projected onto the
transactions that hold the item, and then the class is worked through level by level, each level in a few array operations.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import ceil

import numpy as np
from numpy.typing import NDArray

from huaxiang.learn.rules.transactions import (
    CHUNK,
    Codes,
    Counts,
    Mask,
    Transactions,
    Words,
    count_pairs,
    count_with,
    pack,
    unpack,
)

BUDGET = 4 << 20
"""Words that one level of a class may hold; a larger level is split into classes of its own."""
_AND, _TAKE, _GATHER, _UNPACK = 1.0, 1.0, 2.5, 0.6
"""Costs in ns: a word in AND + count; a word copied; a bit fetched by its number; a bit unpacked and packed again."""
_PAIRED = 2048
"""Up to this many items all pairs are counted at once: better for the cache."""
_THREADED = 1 << 25
"""From this many words in all, a second thread pays."""


@dataclass(frozen=True)
class Level:
    """Frequent itemsets of one length: `items` (m × length, codes ascending in a row, rows in order), `counts` (m)."""

    items: Codes
    counts: Counts


@dataclass(frozen=True)
class Itemsets:
    """`levels[i]` holds the itemsets of i + 1 items; `size`: transactions in all; `min_count`: the least support asked, as a count."""

    levels: tuple[Level, ...]
    size: int
    min_count: int

    def __len__(self) -> int:
        return sum(len(level.counts) for level in self.levels)

    def as_dict(self) -> dict[tuple[int, ...], int]:
        """Itemset → transactions that hold it."""
        pairs = ((level.items.tolist(), level.counts.tolist()) for level in self.levels)
        return {tuple(items): count for rows, counts in pairs for items, count in zip(rows, counts, strict=True)}


@dataclass(frozen=True)
class _Class:
    """Extensions of a prefix: `rows` of bits over the transactions that hold the prefix (or more), `codes` of the extending items."""

    prefix: tuple[int, ...]
    rows: Words
    codes: Codes


class TooManyItemsets(ValueError):
    """More itemsets are frequent than were asked for at most: the support is too low, or the length too great."""


@dataclass
class _Search:
    """What to look for, and what was found by length."""

    min_count: int
    max_length: int
    room: list[int]
    """How many itemsets may still be found, shared by all classes; empty: any number."""
    found: dict[int, list[tuple[Codes, Counts]]] = field(default_factory=dict)

    def emit(self, items: Codes, counts: Counts) -> None:
        self.found.setdefault(items.shape[1], []).append((items, counts))
        if self.room:
            self.room[0] -= len(counts)
            if self.room[0] < 0:
                raise TooManyItemsets


def least_count(min_support: float, size: int) -> int:
    """The smallest count c with c / size >= min_support, at least 1."""
    count = max(1, ceil(min_support * size))
    while count > 1 and (count - 1) / size >= min_support:
        count -= 1
    return count


def frequent_itemsets(
    transactions: Transactions,
    min_support: float,
    *,
    max_length: int | None = None,
    most: int | None = None,
    threads: int | None = None,
) -> Itemsets:
    """All itemsets in at least `min_support` (0–1] of the transactions, of at most `max_length` items (None: of any length).

    Exact and deterministic, whatever the number of threads (None: two where that helps). Raises ValueError for a support outside
    (0, 1], TooManyItemsets when there are more than `most`.
    """
    if not 0 < min_support <= 1:
        raise ValueError("min_support must be above 0 and at most 1")
    size = transactions.size
    least = least_count(min_support, size)
    counts = transactions.counts()
    order = np.argsort(counts, kind="stable")
    order = order[counts[order] >= least]
    limit = len(order) if max_length is None else min(max_length, len(order))
    found: dict[int, list[tuple[Codes, Counts]]] = {}
    if limit >= 1:
        found[1] = [(transactions.codes[order][:, None], counts[order])]
    if limit >= 2:
        rows = transactions.words[order]
        top = _Class((), rows, transactions.codes[order])
        for part in _run(top, counts[order], _Search(least, limit, [] if most is None else [most]), threads):
            for length, pieces in part.items():
                found.setdefault(length, []).extend(pieces)
    return Itemsets(tuple(_level(found[length]) for length in sorted(found)), size, least)


def _run(
    top: _Class, counts: Counts, search: _Search, threads: int | None
) -> Iterator[dict[int, list[tuple[Codes, Counts]]]]:
    """Work the classes of all items through, in two threads where there is enough to do."""
    workers = threads if threads is not None else min(2, os.cpu_count() or 1)
    if top.rows.size * len(counts) // 2 < _THREADED:
        workers = 1
    with ThreadPoolExecutor(workers) as pool:
        pairs = _pairs(pool, top.rows, workers)

        def one(item: int) -> dict[int, list[tuple[Codes, Counts]]]:
            mine = replace(search, found={})
            _item_class(mine, top, counts, item, pairs)
            return mine.found

        items = range(len(counts) - 1)
        yield from map(one, items) if workers == 1 else pool.map(one, items)


def _pairs(pool: ThreadPoolExecutor, rows: Words, workers: int) -> NDArray[np.int32] | None:
    """Counts of all pairs of items; None when there are too many items to keep them."""
    if len(rows) > _PAIRED:
        return None
    if workers == 1:
        return count_pairs(rows)
    cuts = np.linspace(0, rows.shape[1], workers + 1).astype(int)
    parts = pool.map(lambda at: count_pairs(rows[:, at[0] : at[1]]), pairwise(cuts))
    total: NDArray[np.int32] = np.sum(list(parts), axis=0, dtype=np.int32)
    return total


def _item_class(search: _Search, top: _Class, counts: Counts, item: int, pairs: NDArray[np.int32] | None) -> None:
    row, later = top.rows[item], top.rows[item + 1 :]
    both = count_with(later, row) if pairs is None else pairs[item, item + 1 :].astype(np.int64)
    kept = np.flatnonzero(both >= search.min_count)
    if len(kept) == 0:
        return
    prefix = (*top.prefix, int(top.codes[item]))
    codes = top.codes[item + 1 :][kept]
    search.emit(_joined(prefix, codes[:, None]), both[kept])
    if len(kept) < 2 or search.max_length <= len(prefix) + 1:
        return
    rows = _project(later, kept, row, int(counts[item]))
    ascending = np.argsort(both[kept], kind="stable")
    _levels(search, _Class(prefix, rows[ascending], codes[ascending]), both[kept][ascending])


def _project(later: Words, kept: Codes | Counts, row: Words, support: int) -> Words:
    """The kept rows over the transactions of `row` alone: as bits packed anew, as its words that aren't zero, or masked in full."""
    number, width = len(kept), len(row)
    pairs = number * (number - 1) / 2
    nonzero = int(np.count_nonzero(row))
    costs = {
        "masked": number * width * _TAKE + pairs * width * _AND,
        "words": number * nonzero * _TAKE * 2 + pairs * nonzero * _AND,
        "gathered": number * support * _GATHER + pairs * support / 64 * _AND,
        "packed": number * (width * 64 * _UNPACK) + pairs * support / 64 * _AND,
    }
    way = min(costs, key=lambda key: costs[key])
    if way == "masked":
        return later[kept] & row
    if way == "words":
        at = np.flatnonzero(row)
        return later[kept[:, None], at] & row[at]
    held = unpack(row, width * 64)
    if way == "packed":
        return np.stack([pack(unpack(later[one], width * 64)[held]) for one in kept])
    bits = np.flatnonzero(held)
    at, shift = bits >> 6, (bits & 63).astype(np.uint64)
    return np.stack([pack(((later[one][at] >> shift) & np.uint64(1)).astype(np.bool_)) for one in kept])


def _levels(search: _Search, of: _Class, counts: Counts) -> None:
    """All frequent itemsets that extend the class's prefix by two items or more."""
    sets = np.arange(len(counts), dtype=np.int32)[:, None]
    bits, pairs = of.rows, None
    while len(sets) > 1 and len(of.prefix) + sets.shape[1] < search.max_length:
        if bits.size > BUDGET and sets.shape[1] > 1:
            _split(search, of, sets, bits)
            return
        first, second = _joins(sets, pairs)
        both = _count_pairs(bits, first, second)
        kept = np.flatnonzero(both >= search.min_count)
        if len(kept) == 0:
            return
        first, second = first[kept], second[kept]
        grown = np.column_stack([sets[first], sets[second, -1]])
        search.emit(_joined(of.prefix, of.codes[grown]), both[kept])
        if pairs is None:
            pairs = np.zeros((len(counts), len(counts)), np.bool_)
            pairs[grown[:, 0], grown[:, 1]] = True
        useful = _in_groups(grown)
        sets, first, second = grown[useful], first[useful], second[useful]
        bits = bits[first] & bits[second] if len(sets) else bits[:0]


def _split(search: _Search, of: _Class, sets: Codes, bits: Words) -> None:
    """Work each group (sets alike but for their last item) through as a class of its own, so that memory stays bounded."""
    starts = np.flatnonzero(np.concatenate([[True], (sets[1:, :-1] != sets[:-1, :-1]).any(axis=1)]))
    for start, end in zip(starts, [*starts[1:], len(sets)], strict=True):
        prefix = (*of.prefix, *of.codes[sets[start, :-1]].tolist())
        rows = bits[start:end]
        _levels(search, _Class(prefix, rows, of.codes[sets[start:end, -1]]), np.zeros(end - start, np.int64))


def _groups(sets: Codes) -> Counts:
    """For each set (in order) the end of its group: those alike but for the last item."""
    changes = np.flatnonzero((sets[1:, :-1] != sets[:-1, :-1]).any(axis=1)) + 1
    ends = np.concatenate([changes, [len(sets)]])
    return np.repeat(ends, np.diff(np.concatenate([[0], ends])))


def _joins(sets: Codes, pairs: Mask | None) -> tuple[Counts, Counts]:
    """Numbers of all sets to join two by two: within a group, and only where the two last items are frequent together."""
    followers = _groups(sets) - np.arange(len(sets)) - 1
    first = np.repeat(np.arange(len(sets)), followers)
    offsets = np.arange(len(first)) - np.repeat(np.cumsum(followers) - followers, followers)
    second = first + 1 + offsets
    if pairs is None:
        return first, second
    possible = pairs[sets[first, -1], sets[second, -1]]
    return first[possible], second[possible]


def _in_groups(sets: Codes) -> Counts:
    """Sets that have another to be joined with."""
    ends = _groups(sets)
    return np.flatnonzero(np.bincount(ends)[ends] > 1)


def _count_pairs(bits: Words, first: Counts, second: Counts) -> Counts:
    total = np.empty(len(first), np.int64)
    width = bits.shape[1]
    kind = np.uint16 if width * 64 < 1 << 16 else np.uint32
    rows = max(1, CHUNK // max(1, width))
    for start in range(0, len(first), rows):
        both = bits[first[start : start + rows]]
        both &= bits[second[start : start + rows]]
        total[start : start + rows] = np.bitwise_count(both).sum(axis=1, dtype=kind)
    return total


def _joined(prefix: tuple[int, ...], rest: Codes) -> Codes:
    joined = np.empty((len(rest), len(prefix) + rest.shape[1]), np.int32)
    joined[:, : len(prefix)] = prefix
    joined[:, len(prefix) :] = rest
    return joined


def _level(pieces: list[tuple[Codes, Counts]]) -> Level:
    items = np.sort(np.concatenate([items for items, _ in pieces]), axis=1)
    counts = np.concatenate([counts for _, counts in pieces])
    order = np.lexsort(items.T[::-1])
    return Level(items[order], counts[order])
