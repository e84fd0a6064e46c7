"""Scans of code columns: which customers have a code, in pieces that stay in the processor's cache, on two threads."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from huaxiang.index.bits import Bits, flip, words_of
from huaxiang.index.fields import Field, Span

Mask = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]
Test = Callable[[int, int, Mask], object]
"""Says for the rows from the first to before the second which are in the set, in the place given."""
PIECE = 1 << 20
"""Rows of a piece: a mask of 1 MB. Smaller ones let threads wait for each other more often than they compute."""
_LARGE = 1 << 20
_FEW = 50
NAME = "huaxiang-index"


@cache
def pool() -> ThreadPoolExecutor:
    """The threads of this process for scans."""
    return ThreadPoolExecutor(max(1, min(4, os.cpu_count() or 1)), NAME)


def scan(size: int, test: Test) -> Bits:
    """The rows for which a test is true; pieces begin at multiples of 64."""
    words = np.zeros(words_of(size), dtype=np.uint64)
    packed = words.view(np.uint8)

    def part(begin: int, end: int) -> None:
        room = _room("mask", np.dtype(np.bool_))
        for at in range(begin, end, PIECE):
            mask = room[: min(PIECE, end - at)]
            test(at, at + len(mask), mask)
            bits = np.packbits(mask, bitorder="little")
            packed[at >> 3 : (at >> 3) + len(bits)] = bits

    threads = 1 if threading.current_thread().name.startswith(NAME) else pool()._max_workers
    if threads == 1 or size < _LARGE:  # a thread of the pool must not wait for the pool
        part(0, size)
        return Bits(size, words)
    step = -(-size // threads // 64) * 64
    others = [pool().submit(part, at, min(at + step, size)) for at in range(step, size, step)]
    part(0, min(step, size))  # this thread does its share
    for other in others:
        other.result()
    return Bits(size, words)


_rooms = threading.local()
"""What each thread computes pieces in: made once, memory that is new each time would cost more than the work."""


def _room(use: str, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    rooms: dict[object, npt.NDArray[Any]] = _rooms.__dict__.setdefault("rooms", {})
    key = (use, dtype)
    if key not in rooms:
        rooms[key] = np.empty(PIECE, dtype=dtype)
    return rooms[key]


def equal_codes(codes: Codes, code: int) -> Test:
    """Test for one code."""
    wanted = codes.dtype.type(code)
    return lambda at, to, out: np.equal(codes[at:to], wanted, out=out)


def known_codes(codes: Codes) -> Test:
    """Test for any code that stands for a value."""
    none = codes.dtype.type(0)
    return lambda at, to, out: np.not_equal(codes[at:to], none, out=out)


def of_codes(field: Field, size: int, truth: Mask) -> Bits:
    """The rows whose code is true in `truth` (a truth per code), by comparisons where the codes are neighbours, else by look-up."""
    codes = field.codes
    ones = np.flatnonzero(truth)
    if not len(ones):
        return Bits.none(size)
    low, high = int(ones[0]), int(ones[-1])
    if high - low + 1 == len(ones):
        return scan(size, between_codes(codes, (low, high), len(truth) - 1))
    zeros = np.flatnonzero(~truth)
    if len(zeros) and int(zeros[-1]) - int(zeros[0]) + 1 == len(zeros):
        return ~scan(size, between_codes(codes, (int(zeros[0]), int(zeros[-1]))))
    return scan(size, lambda at, to, out: np.take(truth, codes[at:to], out=out, mode="clip"))


def between_codes(codes: Codes, ends: Span, most: int | None = None) -> Test:
    """Test for codes from the first to the second end, both included; `most`: the largest code there is, if known."""
    low = codes.dtype.type(ends[0])
    if ends[0] == ends[1]:
        return equal_codes(codes, ends[0])
    if ends[1] >= (np.iinfo(codes.dtype).max if most is None else most):
        return lambda at, to, out: np.greater_equal(codes[at:to], low, out=out)
    width = codes.dtype.type(ends[1] - ends[0])

    def within(at: int, to: int, out: Mask) -> None:
        above = _room("codes", codes.dtype)[: to - at]
        np.subtract(codes[at:to], low, out=above)  # unsigned: what lies below wraps round
        np.less_equal(above, width, out=out)

    return within


def of_numbers(field: Field, size: int, span: Span, below: Callable[[int], Bits]) -> Bits:
    """The rows of a wide column at some places of its order.

    Few are taken from the order. Many are the difference of what lies below either end: `below(n)` gives the rows of the first n buckets,
    and only those between an end and the nearest bucket are taken from the order.
    """
    begin, end = span
    if end <= begin:
        return Bits.none(size)
    if (end - begin) * _FEW < size:
        return Bits.from_rows(size, field.order[begin:end])
    known, rows = _before(field, size, end, below)
    words = known.words.copy()
    flip(words, rows)
    if begin:
        known, rows = _before(field, size, begin, below)
        words ^= known.words
        flip(words, rows)
    return Bits(size, words)


def _before(field: Field, size: int, place: int, below: Callable[[int], Bits]) -> tuple[Bits, npt.NDArray[np.uint32]]:
    """The rows before a place of the order: those below the nearest bucket, and which rows to turn round in that set."""
    bucket = int(np.searchsorted(field.ends, place))  # the first that ends there or later
    low, high = int(field.ends[bucket - 1]) if bucket else 0, int(field.ends[bucket])
    if high - place <= place - low:
        return below(bucket + 1), field.order[place:high]
    return below(bucket) if bucket else Bits.none(size), field.order[low:place]
