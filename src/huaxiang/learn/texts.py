"""Fast questions to large columns of texts: where some of them stand in a sorted column, and which values very many rows hold.

A text's first bytes, read as one whole number, sort as the texts do; numbers are compared in bulk, whole texts only where they tie.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_WORD = 8
_SIDES: tuple[Literal["left"], Literal["right"]] = ("left", "right")
_BUCKETS = 20
_STEPS = 8
"""How many texts with equal first bytes are looked at one by one, before a table of all is made."""
_MIX = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9)
"""Odd numbers that spread bits."""


def one_chunk(column: pa.ChunkedArray) -> pa.Array:
    """A column as one array; Arrow's own `combine_chunks` copies even a single chunk."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def heads(texts: pa.Array) -> np.ndarray:
    """The first eight bytes of each text (UTF-8) as a whole number that sorts like them; shorter texts are filled up with zeros. Nulls: any
    number.
    """
    words = _equally_long(texts)
    if words is not None:
        return words[:, 0].view(">u8").astype(np.uint64)
    start, length, data = _bytes(texts)
    return _words(start, length, data)


def _equally_long(texts: pa.Array) -> np.ndarray | None:
    """Texts that are all of one length, whole words without nulls, such as digests: their words as they lie in memory, a row each."""
    if not len(texts) or texts.null_count:
        return None
    start, length, data = _bytes(texts)
    size = int(length[0])
    if size == 0 or size % _WORD or not bool((length == size).all()):
        return None
    return data[int(start[0]) : int(start[0]) + size * len(texts)].view(np.uint64).reshape(len(texts), size // _WORD)


def _bytes(texts: pa.Array) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Start and length of each text, and the bytes of all, a word of them at least."""
    _valid, offsets, data = texts.cast(pa.string()).buffers()
    size = len(texts)
    if offsets is None or not size:
        nothing = np.zeros(size, dtype=np.int64)
        return nothing, nothing, np.zeros(_WORD, dtype=np.uint8)
    ends = np.frombuffer(offsets, dtype=np.int32)[texts.offset : texts.offset + size + 1]
    raw = np.frombuffer(data, dtype=np.uint8) if data is not None else np.empty(0, dtype=np.uint8)
    if len(raw) < _WORD:
        raw = np.concatenate([raw, np.zeros(_WORD - len(raw), dtype=np.uint8)])
    return ends[:-1], np.diff(ends), raw


def _words(start: np.ndarray, length: np.ndarray, data: np.ndarray) -> np.ndarray:
    overlapping = np.ndarray((len(data) - _WORD + 1,), dtype=">u8", buffer=data, strides=(1,))
    last = len(overlapping) - 1
    words: np.ndarray = overlapping[np.minimum(start, last)].astype(np.uint64)
    ending = np.flatnonzero(start > last)  # less than a word is left there
    over = (start[ending] - last).astype(np.uint64) * np.uint64(8)
    words[ending] = np.where(over < 64, words[ending] << np.minimum(over, np.uint64(63)), 0)
    if length.min(initial=_WORD) < _WORD:
        spare = np.clip(_WORD - length.astype(np.int64), 0, _WORD).astype(np.uint64) * np.uint64(8)
        whole = spare < 64
        words = np.where(whole, (words >> np.where(whole, spare, 0)) << np.where(whole, spare, 0), 0).astype(np.uint64)
    return words


def find_sorted(wanted: pa.Array, among: pa.Array) -> np.ndarray:
    """Position of each text in `among` (ascending, no text twice, no nulls), -1 when it is not there."""
    found = np.full(len(wanted), -1, dtype=np.int64)
    if not len(among) or not len(wanted):
        return found
    mine, theirs = heads(wanted), heads(among)
    same = _equality(wanted, among)
    spot = np.searchsorted(theirs, mine)
    left = np.flatnonzero((spot < len(among)) & (theirs[np.minimum(spot, len(among) - 1)] == mine))
    for _ in range(_STEPS):
        if not len(left):
            return found
        hit = same(left, spot[left])
        if hit.all():
            found[left] = spot[left]
            return found
        found[left[hit]] = spot[left[hit]]
        left = left[~hit]
        spot[left] += 1
        left = left[spot[left] < len(among)]
        left = left[theirs[spot[left]] == mine[left]]
    found[left] = pc.index_in(wanted.take(pa.array(left)), among).fill_null(-1).to_numpy(zero_copy_only=False)
    return found


def _equality(wanted: pa.Array, among: pa.Array) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Tells of positions in both which texts are equal."""
    mine, theirs = _equally_long(wanted), _equally_long(among)
    if mine is not None and theirs is not None and mine.shape[1] == theirs.shape[1]:

        def equal(own: np.ndarray, others: np.ndarray) -> np.ndarray:
            words = (mine if len(own) == len(mine) else mine.take(own, axis=0)) == theirs.take(others, axis=0)
            found: np.ndarray = np.logical_and.reduce([words[:, n] for n in range(words.shape[1])])
            return found

        return equal

    def compare(own: np.ndarray, others: np.ndarray) -> np.ndarray:
        left = wanted if len(own) == len(wanted) else wanted.take(pa.array(own))
        same = pc.equal(left, among.take(pa.array(others)))
        found: np.ndarray = same.fill_null(False).to_numpy(zero_copy_only=False).astype(bool)
        return found

    return compare


def place_sorted(wanted: pa.Array, among: pa.Array, rows: np.ndarray) -> np.ndarray:
    """Before which of the `rows` (ascending) of `among` (ascending, no nulls) each text belongs; behind equal ones."""
    mine, theirs = heads(wanted), heads(among)[rows]
    low, high = (np.searchsorted(theirs, mine, side=side) for side in _SIDES)
    for at in np.flatnonzero(low < high).tolist():
        text, first, last = wanted[at].as_py().encode(), int(low[at]), int(high[at])
        while first < last:
            middle = (first + last) // 2
            if among[int(rows[middle])].as_py().encode() <= text:
                first = middle + 1
            else:
                last = middle
        low[at] = first
    return low


def is_ascending(texts: pa.Array) -> bool:
    """Whether every text is greater than the one before."""
    if len(texts) < 2:
        return True
    words = heads(texts)
    if not bool((words[1:] >= words[:-1]).all()):
        return False
    tied = pa.array(np.flatnonzero(words[1:] == words[:-1]))
    return bool(pc.all(pc.greater(texts.take(pc.add(tied, 1)), texts.take(tied))).as_py() in (True, None))


def held_by_many(column: pa.Array, most: int) -> tuple[pa.Array, np.ndarray]:
    """Values that more than `most` rows hold, ascending, and how many rows hold each."""
    known = np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False))
    nothing = pa.array([], pa.string()), np.empty(0, dtype=np.int64)
    if len(known) <= most:
        return nothing
    start, length, data = _bytes(column)
    start, length = start[known], length[known]
    first, last = _words(start, length, data), _words(start + np.maximum(length - _WORD, 0), length, data)
    mixed = first * np.uint64(_MIX[0]) ^ last * np.uint64(_MIX[1]) ^ length.astype(np.uint64) * np.uint64(_MIX[2])
    bucket = ((mixed * np.uint64(_MIX[0])) >> np.uint64(64 - _BUCKETS)).astype(np.int64)
    crowded = np.bincount(bucket, minlength=1 << _BUCKETS) > most
    if not crowded.any():
        return nothing
    suspects = column.take(pa.array(known[crowded[bucket]])).cast(pa.string())
    counted = pc.value_counts(suspects)
    counted = counted.filter(pc.greater(counted.field("counts"), most))
    order = pc.sort_indices(counted.field("values"))
    return counted.field("values").take(order), counted.field("counts").take(order).to_numpy()
