"""Sets of customers: one bit each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Words = npt.NDArray[np.uint64]
Rows = npt.NDArray[np.int64]
_SPARSE = 160
"""A set with fewer than one in so many customers is made from row numbers one by one."""
_THIN = 20
"""The rows of a set with fewer than one in so many are found bit by bit."""
_ONE = np.uint64(1)
_RARE = 128
"""A set with fewer than one in so many is saved as row numbers."""


class Bits:
    """A set of rows 0 … size-1. `words`: uint64, row r is bit r % 64 of word r // 64; bits past the end are 0. Never changed once made."""

    __slots__ = ("_count", "size", "words")

    def __init__(self, size: int, words: Words, count: int | None = None) -> None:
        self.size = size
        self.words = words
        self._count = count

    @classmethod
    def none(cls, size: int) -> Bits:
        """The empty set."""
        return cls(size, np.zeros(words_of(size), dtype=np.uint64))

    @classmethod
    def all(cls, size: int) -> Bits:
        """Every row."""
        return cls(size, _cut(np.full(words_of(size), np.iinfo(np.uint64).max, dtype=np.uint64), size))

    @classmethod
    def from_rows(cls, size: int, rows: npt.ArrayLike) -> Bits:
        """The set of the given rows, in any order, repeated or not. Raises IndexError for a row outside."""
        chosen = np.asarray(rows, dtype=np.int64)
        if len(chosen) and (chosen.min() < 0 or chosen.max() >= size):
            raise IndexError(f"rows must be from 0 to {size - 1}")
        return cls(size, _of_rows(words_of(size), chosen))

    @classmethod
    def from_mask(cls, mask: npt.NDArray[np.bool_]) -> Bits:
        """The rows where `mask` is true."""
        words = np.zeros(words_of(len(mask)), dtype=np.uint64)
        packed = np.packbits(mask, bitorder="little")
        words.view(np.uint8)[: len(packed)] = packed
        return cls(len(mask), words)

    def __len__(self) -> int:
        return self.count()

    def __bool__(self) -> bool:
        return bool(self.words.any())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Bits) and self.size == other.size and bool((self.words == other.words).all())

    def __hash__(self) -> int:
        return hash((self.size, self.words.tobytes()))

    def count(self) -> int:
        """How many rows are in the set."""
        if self._count is None:
            self._count = popcount(self.words)
        return self._count

    def __and__(self, other: Bits) -> Bits:
        return Bits(self.size, self.words & self._same(other))

    def __or__(self, other: Bits) -> Bits:
        return Bits(self.size, self.words | self._same(other))

    def __xor__(self, other: Bits) -> Bits:
        return Bits(self.size, self.words ^ self._same(other))

    def __sub__(self, other: Bits) -> Bits:
        return Bits(self.size, self.words & ~self._same(other))

    def __invert__(self) -> Bits:
        return Bits(self.size, _cut(~self.words, self.size))

    def overlap(self, other: Bits) -> int:
        """How many rows both hold; no set is made."""
        return popcount(self.words & self._same(other))

    def contains(self, row: int) -> bool:
        """Whether a row is in the set."""
        return bool((int(self.words[row >> 6]) >> (row & 63)) & 1)

    def rows(self) -> Rows:
        """The rows, ascending."""
        if self.count() * _THIN < self.size:
            return np.sort(self.some_order(), kind="stable")
        return np.flatnonzero(self.mask())

    def some_order(self) -> Rows:
        """The rows, in any order: of a set that holds few it is found sooner."""
        if self.count() * _THIN >= self.size:
            return np.flatnonzero(self.mask())
        place = np.flatnonzero(self.words != 0)  # of booleans they are found in a sixth of the time
        words, begin, found = self.words.take(place), place << 6, []
        while len(words):  # the lowest bit of each word, until none has one
            low = words & (~words + _ONE)
            found.append(begin + np.bitwise_count(low - _ONE))
            words ^= low
            left = np.flatnonzero(words != 0)
            if len(left) < len(words):
                words, begin = words.take(left), begin.take(left)
        return np.concatenate(found) if found else place

    def mask(self) -> npt.NDArray[np.bool_]:
        """A boolean per row."""
        return np.unpackbits(self.words.view(np.uint8), count=self.size, bitorder="little").view(np.bool_)

    def save(self, path: Path) -> int:
        """Write the set to a `.npy` file, as row numbers when it holds few, else as bits; return the bytes written."""
        sparse = self.count() * _RARE < self.size
        data = self.rows().astype(np.uint32) if sparse else self.words
        np.save(path, data, allow_pickle=False)
        return path.stat().st_size

    @classmethod
    def load(cls, path: Path, size: int) -> Bits:
        """Read what `save` wrote. Raises ValueError when it is not a set of `size` rows."""
        data = np.load(path, allow_pickle=False)
        if data.dtype == np.uint32:
            if len(data) and int(data.max()) >= size:
                raise ValueError(f"{path.name} is no set of {size} customers")
            return cls.from_rows(size, data)
        if data.dtype != np.uint64 or len(data) != words_of(size):
            raise ValueError(f"{path.name} is no set of {size} customers")
        return cls(size, data)

    def _same(self, other: Bits) -> Words:
        if self.size != other.size:
            raise ValueError(f"sets of {self.size} and of {other.size} customers can't be combined")
        return other.words


def words_of(size: int) -> int:
    """How many words hold `size` bits."""
    return (size + 63) >> 6


def popcount(words: Words) -> int:
    """How many bits are set; as Arrow counts them, which is three times as fast as NumPy."""
    whole = np.ascontiguousarray(words)
    return int(pa.Array.from_buffers(pa.bool_(), whole.size * 64, [None, pa.py_buffer(whole)]).true_count)


def flip(words: Words, rows: npt.NDArray[np.uint32]) -> None:
    """Put rows, each given once, into a set that is being made where they are not in it, and take out those that are."""
    if len(rows) * _SPARSE < len(words) * 64:
        np.bitwise_xor.at(words, rows >> 6, _bit_of(rows))
    else:
        words ^= _of_rows(len(words), rows)


def _of_rows(length: int, rows: Rows | npt.NDArray[np.uint32]) -> Words:
    """So many words with the bits of the rows."""
    if len(rows) * _SPARSE < length * 64:
        words = np.zeros(length, dtype=np.uint64)
        np.bitwise_or.at(words, rows >> 6, _bit_of(rows))
        return words
    mask = np.zeros(length * 64, dtype=np.bool_)
    mask[rows] = True
    return np.packbits(mask, bitorder="little").view(np.uint64)


def _bit_of(rows: Rows | npt.NDArray[np.uint32]) -> Words:
    """Each row's bit within its word."""
    return np.left_shift(np.uint64(1), (rows & 63).astype(np.uint64))


def _cut(words: Words, size: int) -> Words:
    """Clear the bits past the end, in place."""
    if size & 63 and len(words):
        words[-1] &= np.uint64((1 << (size & 63)) - 1)
    return words
