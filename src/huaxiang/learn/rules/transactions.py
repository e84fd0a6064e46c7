"""Transactions as bitsets: for each item one row of uint64 words, bit t set when transaction t holds the item."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Words = NDArray[np.uint64]
Codes = NDArray[np.int32]
Counts = NDArray[np.int64]
Mask = NDArray[np.bool_]

BLOCK = 1008
"""Words taken at a time: 63 KB of bits a row chunk stay in the cache, and their counts (≤ 64 each) add up within 16 bits."""
CHUNK = 1 << 16
"""Words in one working array: half a megabyte."""
_DENSE = 1 << 23
"""Booleans in the table through which pairs become bits."""


@dataclass(frozen=True)
class Transactions:
    """`words`: uint64, a row for each item kept; `codes`: its item's code, ascending; `size`: how many transactions; bits beyond are 0."""

    words: Words
    codes: Codes
    size: int

    @classmethod
    def from_pairs(cls, transactions: ArrayLike, items: ArrayLike, size: int, *, min_count: int = 1) -> Transactions:
        """Build from (transaction, item) pairs of one length, in any order, repeated ones counted once.

        Transactions are 0 … size - 1, items any numbers from 0; items in fewer than `min_count` transactions get no row.
        Raises ValueError for numbers outside.
        """
        of, what = np.asarray(transactions, dtype=np.int64), np.asarray(items, dtype=np.int64)
        if of.shape != what.shape or of.ndim != 1:
            raise ValueError("transactions and items must be two arrays of one length")
        if len(of) and (of.min() < 0 or of.max() >= size or what.min() < 0):
            raise ValueError(f"transactions must be 0 … {size - 1}, items 0 or more")
        occurrences = np.bincount(what) if len(what) else np.zeros(0, np.int64)
        codes = np.flatnonzero(occurrences >= max(1, min_count)).astype(np.int32)
        words = np.zeros((len(codes), words_for(size)), np.uint64)
        row_of = np.full(len(occurrences), len(codes), np.int64)  # rare items share a last row, which is thrown away
        row_of[codes] = np.arange(len(codes))
        _scatter(words, of, row_of[what])
        return cls(words, codes, size)._frequent(min_count)

    @classmethod
    def from_masks(cls, masks: ArrayLike) -> Transactions:
        """Build from booleans, items × transactions."""
        held = np.asarray(masks, dtype=np.bool_)
        return cls(pack(held), np.arange(len(held), dtype=np.int32), held.shape[1])

    def counts(self) -> Counts:
        """Transactions that hold each item."""
        return popcount(self.words)

    def _frequent(self, min_count: int) -> Transactions:
        kept = self.counts() >= min_count
        return self if kept.all() else Transactions(self.words[kept], self.codes[kept], self.size)


def _scatter(words: Words, transactions: NDArray[np.integer], rows: NDArray[np.int64]) -> None:
    """Set the bits of pairs, a range of transactions at a time; rows beyond the last are left out."""
    count = len(words)
    span = max(64, min(1 << 16, _DENSE // (count + 1)) // 64 * 64)
    part = transactions // span
    if (part[1:] < part[:-1]).any():
        order = np.argsort(part.astype(np.uint16) if words.shape[1] * 64 // span < 1 << 16 else part, kind="stable")
        transactions, rows, part = transactions[order], rows[order], part[order]
    ends = np.searchsorted(part, np.arange(words.shape[1] * 64 // span + 2))
    held = np.zeros((count + 1) * span, np.bool_)
    for number in range(len(ends) - 1):
        start, end = ends[number], ends[number + 1]
        if start < end:
            held[:] = False
            held[rows[start:end] * span + (transactions[start:end] - number * span)] = True
            target = words[:, number * span // 64 : (number + 1) * span // 64]
            target[:] = pack(held.reshape(count + 1, span)[:count])[:, : target.shape[1]]


def words_for(size: int) -> int:
    """Words that hold `size` bits."""
    return (size + 63) // 64


def pack(held: Mask) -> Words:
    """Booleans (… × n) as words (… × words_for(n)): bit t of the row is element t."""
    packed = np.packbits(held, axis=-1, bitorder="little")
    words = np.zeros((*held.shape[:-1], words_for(held.shape[-1]) * 8), np.uint8)
    words[..., : packed.shape[-1]] = packed
    return words.view(np.dtype("<u8")).astype(np.uint64, copy=False)


def unpack(row: Words, size: int) -> Mask:
    """The booleans of one row of words."""
    little = row.astype("<u8", copy=False).view(np.uint8)
    return np.unpackbits(little, count=size, bitorder="little").view(np.bool_)


def popcount(words: Words) -> Counts:
    """Bits set in each row."""
    total = np.zeros(len(words), np.int64)
    rows = max(1, CHUNK // BLOCK)
    for start in range(0, len(words), rows):
        for column in range(0, words.shape[1], BLOCK):
            block = np.bitwise_count(words[start : start + rows, column : column + BLOCK])
            total[start : start + rows] += block.sum(axis=1, dtype=np.uint16)
    return total


def count_with(words: Words, row: Words) -> Counts:
    """Bits that each row of `words` shares with `row`, in blocks that stay in the cache."""
    total = np.zeros(len(words), np.int64)
    wide = max(1, min(BLOCK, len(row)))
    rows = max(1, min(len(words), CHUNK // wide))
    both, ones = np.empty((rows, wide), np.uint64), np.empty((rows, wide), np.uint8)
    for column in range(0, len(row), BLOCK):
        mine = row[column : column + BLOCK]
        for start in range(0, len(words), rows):
            part = words[start : start + rows, column : column + BLOCK]
            at = slice(len(part)), slice(len(mine))
            np.bitwise_count(np.bitwise_and(part, mine, out=both[at]), out=ones[at])
            total[start : start + rows] += ones[at].sum(axis=1, dtype=np.uint16)
    return total


def count_pairs(words: Words) -> NDArray[np.int32]:
    """Bits that each two rows share: the upper triangle of a square, 0 elsewhere. A few words of all rows at a time stay in the cache."""
    number = len(words)
    total = np.zeros((number, number), np.int32)
    wide = max(64, min(BLOCK, CHUNK // max(1, number)))
    both, ones = np.empty((number, wide), np.uint64), np.empty((number, wide), np.uint8)
    for column in range(0, words.shape[1], wide):
        block = np.ascontiguousarray(words[:, column : column + wide])
        for row in range(number - 1):
            at = slice(number - row - 1), slice(block.shape[1])
            np.bitwise_count(np.bitwise_and(block[row + 1 :], block[row], out=both[at]), out=ones[at])
            total[row, row + 1 :] += ones[at].sum(axis=1, dtype=np.uint16)
    return total


def count_together(words: Words, itemsets: Codes, within: Words | None = None) -> Counts:
    """Transactions (of those `within`) that hold all items of each itemset: rows of row numbers, -1 for none.

    An itemset of none is held by all bits of `within`, which must be given then.
    """
    total = np.zeros(len(itemsets), np.int64)
    width = words.shape[1]
    rows = max(1, CHUNK // max(1, min(BLOCK, width)))
    every = np.full(width, ~np.uint64(0)) if within is None else within
    for start in range(0, len(itemsets), rows):
        chosen = itemsets[start : start + rows]
        for column in range(0, width, BLOCK):
            block = slice(column, column + BLOCK)
            both = np.broadcast_to(every[block], (len(chosen), len(every[block]))).copy()
            for codes in chosen.T:
                present = codes >= 0
                if present.all():
                    both &= words[codes, block]
                elif present.any():
                    both[present] &= words[codes[present], block]
            total[start : start + rows] += np.bitwise_count(both).sum(axis=1, dtype=np.uint16)
    return total
