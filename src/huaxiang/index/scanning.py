"""Scans of code columns: which customers have a code, in pieces that stay in the processor's cache, on two threads."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import numpy.typing as npt

from huaxiang.index.bits import Bits, words_of
from huaxiang.index.fields import Field, Span

Mask = npt.NDArray[np.bool_]
Test = Callable[[int, int], Mask]
PIECE = 1 << 17
_LARGE = 1 << 20


@cache
def pool() -> ThreadPoolExecutor:
    """The threads of this process for scans."""
    return ThreadPoolExecutor(max(1, min(4, os.cpu_count() or 1)), "huaxiang-index")


def scan(size: int, test: Test) -> Bits:
    """The rows for which `test(begin, end)` is true; pieces begin at multiples of 64."""
    words = np.zeros(words_of(size), dtype=np.uint64)
    packed = words.view(np.uint8)

    def part(begin: int, end: int) -> None:
        for at in range(begin, end, PIECE):
            to = min(at + PIECE, end)
            bits = np.packbits(test(at, to), bitorder="little")
            packed[at >> 3 : (at >> 3) + len(bits)] = bits

    if size < _LARGE:
        part(0, size)
    else:
        threads = pool()._max_workers
        step = -(-size // threads // PIECE) * PIECE
        list(pool().map(lambda at: part(at, min(at + step, size)), range(0, size, step)))
    return Bits(size, words)


def of_codes(field: Field, size: int, truth: Mask) -> Bits:
    """The rows whose code is true in `truth` (a truth per code), by comparisons where the codes are neighbours, else by look-up."""
    codes = field.codes
    ones = np.flatnonzero(truth)
    if not len(ones):
        return Bits.none(size)
    low, high = int(ones[0]), int(ones[-1])
    if high - low + 1 == len(ones):
        return scan(size, between_codes(codes, (low, high)))
    zeros = np.flatnonzero(~truth)
    if len(zeros) and int(zeros[-1]) - int(zeros[0]) + 1 == len(zeros):
        return ~scan(size, between_codes(codes, (int(zeros[0]), int(zeros[-1]))))
    return scan(size, lambda at, to: truth[codes[at:to]])


def between_codes(codes: npt.NDArray[np.uint8] | npt.NDArray[np.uint16], ends: Span) -> Test:
    """Test for codes from the first to the second end, both included."""
    low, high = codes.dtype.type(ends[0]), codes.dtype.type(ends[1])
    if low == high:
        return lambda at, to: codes[at:to] == low
    if ends[1] >= np.iinfo(codes.dtype).max:
        return lambda at, to: codes[at:to] >= low
    width = codes.dtype.type(ends[1] - ends[0])
    return lambda at, to: (codes[at:to] - low) <= width  # unsigned: what lies below wraps round


def of_numbers(
    field: Field, size: int, low: tuple[float | int, bool] | None, high: tuple[float | int, bool] | None
) -> Bits:
    """The rows of a wide column whose number lies between two ends (value, included; None: open). Codes decide, but in the two buckets
    in which the ends lie the numbers themselves.
    """
    codes, numbers, bounds = field.codes, field.numbers, field.bounds
    first = _bucket(bounds, low[0]) if low is not None else 0
    last = _bucket(bounds, high[0]) if high is not None else len(bounds) + 2
    if first > last:
        return Bits.none(size)
    inner = between_codes(codes, (first + 1, min(last, 256) - 1)) if last - first > 1 else None

    def test(at: int, to: int) -> Mask:
        piece = codes[at:to]
        found = inner(at, to) if inner is not None else np.zeros(to - at, dtype=np.bool_)
        edge = (piece == first) | (piece == last) if first > 0 else piece == last
        rows = np.flatnonzero(edge) if last <= 255 or first > 0 else None
        if rows is not None and len(rows):
            found[rows] = _inside(numbers[at:to][rows], low, high) & (piece[rows] > 0)
        return found

    return scan(size, test)


def _bucket(bounds: npt.NDArray[np.generic], value: float) -> int:
    return int(np.searchsorted(bounds, value, side="right")) + 1


def _inside(
    numbers: npt.NDArray[np.float64] | npt.NDArray[np.int64],
    low: tuple[float | int, bool] | None,
    high: tuple[float | int, bool] | None,
) -> Mask:
    found = np.ones(len(numbers), dtype=np.bool_)
    if low is not None:
        found &= (numbers >= low[0]) if low[1] else (numbers > low[0])
        if numbers.dtype == np.float64:
            found |= np.isnan(numbers)
    if high is not None:
        found &= (numbers <= high[0]) if high[1] else (numbers < high[0])
    return found
