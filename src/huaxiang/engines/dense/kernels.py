"""Counting over one bucket of coded rows that are sorted by customer. Pure NumPy on whole numbers; nothing is ever rounded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
_LIMIT = 1 << 62
_HALF = 23
_EXACT_BITS = 53
_MOST_SPREAD = 12
_CELLS_A_ROW = 12


class NotDense(Exception):
    """SQL must compute this node: a sum could leave 64 bits, or there is no customer at all."""


@dataclass(frozen=True)
class Runs:
    """A histogram in sorted order: for each (customer, code) that occurs, the weight of each partial.

    `customer`, `code`: int64 of length r; `weights`: one int64 array of length r per partial.
    """

    customer: Ints
    code: Ints
    weights: tuple[Ints, ...]
    starts: npt.NDArray[np.intp]
    """Where each customer's runs begin."""

    @property
    def present(self) -> Ints:
        """The customers that have a run, ascending."""
        return self.customer[self.starts]


def counts(mask: Bools, starts: npt.NDArray[np.intp]) -> Ints:
    """Return the number of true entries of each customer."""
    return _stretches(np.cumsum(mask, dtype=np.int64), starts)


def _stretches(running: Ints, starts: npt.NDArray[np.intp]) -> Ints:
    """From a running total to the total of each stretch."""
    ends = np.append(starts[1:], len(running)) - 1
    total: Ints = running[ends]
    total[1:] -= running[ends[:-1]]
    return total


def sums(values: Ints, mask: Bools, starts: npt.NDArray[np.intp]) -> Ints:
    """Return each customer's exact sum of the masked values; raise NotDense when it might not fit.

    The running total may wrap around; differences of it are exact all the same.
    """
    check_range(values, longest(starts, len(values)))
    return _stretches(np.cumsum(np.where(mask, values, 0)), starts)


def square_sums(
    values: Ints, mask: Bools, starts: npt.NDArray[np.intp]
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    """Return each customer's exact sum of squares as 128 bits: (high, low)."""
    size = np.abs(np.where(mask, values, 0))
    high, low = size >> _HALF, size & ((1 << _HALF) - 1)
    rows = longest(starts, len(values))
    parts = []
    for part, shift in ((high * high, 2 * _HALF), (high * low, _HALF + 1), (low * low, 0)):
        check_range(part, rows)
        parts.append((np.add.reduceat(part, starts).astype(np.uint64), shift))
    if len(size) and int(size.max()) >= 1 << 52:
        raise NotDense
    return _add_128(parts)


def _add_128(parts: list[tuple[npt.NDArray[np.uint64], int]]) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    total_low = np.zeros_like(parts[0][0])
    total_high = np.zeros_like(parts[0][0])
    for part, shift in parts:
        low = part << np.uint64(shift) if shift else part
        total_high += part >> np.uint64(64 - shift) if shift else np.zeros_like(part)
        before = total_low
        total_low = before + low
        total_high += (total_low < before).astype(np.uint64)
    return total_high, total_low


def extremes(values: Ints, mask: Bools, starts: npt.NDArray[np.intp], *, largest: bool) -> Ints:
    """Return each customer's smallest or largest masked value (meaningless where none is)."""
    info = np.iinfo(np.int64)
    if largest:
        return np.maximum.reduceat(np.where(mask, values, info.min), starts)
    return np.minimum.reduceat(np.where(mask, values, info.max), starts)


def longest(starts: npt.NDArray[np.intp], rows: int) -> int:
    """Return the length of the longest stretch."""
    return int(np.diff(np.append(starts, rows)).max()) if len(starts) else 0


def check_range(values: Ints, rows: int) -> None:
    """Raise NotDense unless sums of up to `rows` of the values surely fit in 62 bits."""
    if len(values) and max(abs(int(values.min())), abs(int(values.max()))) * max(rows, 1) >= _LIMIT:
        raise NotDense


def count_runs(customer: Ints, code: Ints, masks: list[Bools], size: int) -> Runs:
    """Return the histogram of counts. Rows that no mask counts leave no run; codes are in [0, size)."""
    width, bits = len(masks), code_bits(size)
    flags = np.zeros(len(customer), dtype=np.int64)
    for i, mask in enumerate(masks):
        flags |= mask.astype(np.int64) << i
    field = _EXACT_BITS // width
    if _is_compact(customer, bits) and width <= _MOST_SPREAD and int(np.bincount(customer).max()) < 1 << field:
        key, side_by_side = _cells(customer, code, _spread(width, field)[flags], bits)
        return _runs(key, bits, tuple((side_by_side >> (field * i)) & ((1 << field) - 1) for i in range(width)))
    return _sorted_counts(customer, code, flags, width, bits)


def _is_compact(customer: Ints, bits: int) -> bool:
    """Whether there are few enough cells (customer, code) for the rows to count them in place, without sorting."""
    return len(customer) > 0 and (int(customer[-1]) + 1) << bits <= _CELLS_A_ROW * len(customer)


def _cells(customer: Ints, code: Ints, weights: Ints, bits: int) -> tuple[Ints, Ints]:
    """Return the keys (customer, code) whose weights sum to something, ascending, and the sums (all below 2^53: exact)."""
    total = np.bincount((customer << bits) | code, weights=weights)
    key = np.flatnonzero(total != 0)
    return key, total[key].astype(np.int64)


def _spread(width: int, field: int) -> Ints:
    """For each combination of flags: a one in the field of each flag that is set."""
    combinations = np.arange(1 << width, dtype=np.int64)
    spread = np.zeros(1 << width, dtype=np.int64)
    for i in range(width):
        spread |= ((combinations >> i) & 1) << (field * i)
    return spread


def _sorted_counts(customer: Ints, code: Ints, flags: Ints, width: int, bits: int) -> Runs:
    if len(customer) and (int(customer[-1]) + 1) << (bits + width) >= _LIMIT:
        raise NotDense
    packed = (((customer << bits) | code) << width) | flags
    kept = flags != 0
    packed = np.sort(packed if kept.all() else packed[kept])
    key = packed >> width
    starts = _boundaries(key)
    return _runs(key[starts], bits, _flag_counts(packed & ((1 << width) - 1), width, starts))


def code_bits(size: int) -> int:
    """Return the bits that hold codes in [0, size)."""
    return max(1, (size - 1).bit_length())


def _flag_counts(flags: Ints, width: int, starts: npt.NDArray[np.intp]) -> tuple[Ints, ...]:
    """How many rows of each run have each flag: all flags in one pass, side by side in one integer, where they fit."""
    if not len(starts):
        return (flags,) * width
    field = 62 // width
    if width > _MOST_SPREAD or longest(starts, len(flags)) >= 1 << field:
        return tuple(np.add.reduceat((flags >> i) & 1, starts) for i in range(width))
    side_by_side = np.add.reduceat(_spread(width, field)[flags], starts)
    return tuple((side_by_side >> (field * i)) & ((1 << field) - 1) for i in range(width))


def sum_runs(customer: Ints, code: Ints, mask: Bools, values: Ints, size: int) -> Runs:
    """Return the histogram of one exact sum over the masked rows."""
    bits = code_bits(size)
    customer, code, values = customer[mask], code[mask], values[mask]
    if _is_compact(customer, bits) and _sums_are_exact(values, int(np.bincount(customer).max())):
        key, weights = _cells(customer, code, values, bits)
        return _runs(key, bits, (weights,))
    key = (customer << bits) | code
    order = np.argsort(key)
    key, values = key[order], values[order]
    starts = _boundaries(key)
    check_range(values, longest(starts, len(key)))
    return _runs(key[starts], bits, (np.add.reduceat(values, starts) if len(starts) else values,))


def _sums_are_exact(values: Ints, rows: int) -> bool:
    """Whether sums of up to `rows` of the values are exact as DOUBLEs."""
    return max(abs(int(values.min())), abs(int(values.max()))) * rows < 1 << _EXACT_BITS


def _boundaries(key: Ints) -> npt.NDArray[np.intp]:
    if not len(key):
        return np.zeros(0, dtype=np.intp)
    return np.concatenate([np.zeros(1, np.intp), np.flatnonzero(key[1:] != key[:-1]) + 1])


def _runs(key: Ints, bits: int, weights: tuple[Ints, ...]) -> Runs:
    customer = key >> bits
    return Runs(customer, key & ((1 << bits) - 1), weights, _boundaries(customer))


def present_codes(runs: Runs, partial: int, customers: int) -> Ints:
    """Return each customer's number of codes with weight > 0."""
    result = np.zeros(customers, dtype=np.int64)
    if len(runs.starts):
        result[runs.present] = counts(runs.weights[partial] > 0, runs.starts)
    return result


def top_codes(runs: Runs, partial: int, customers: int, size: int) -> Ints:
    """Return each customer's code of the largest weight > 0, ties to the smallest code; −1 when there is none."""
    result = np.full(customers, -1, dtype=np.int64)
    if not len(runs.starts):
        return result
    weight, bits = runs.weights[partial], code_bits(size)
    if (int(weight.max()) + 1) << bits >= _LIMIT:
        raise NotDense
    last = (1 << bits) - 1
    best = np.maximum.reduceat((weight << bits) | (last - runs.code), runs.starts)
    result[runs.present] = np.where(best > last, last - (best & last), -1)
    return result


def top_n_codes(runs: Runs, partial: int, customers: int, n: int) -> tuple[Ints, Ints]:
    """Return (number of codes of each customer, all codes in one array): the n largest weights > 0, ties to smaller codes."""
    weight = runs.weights[partial]
    positive = weight > 0
    customer, code, weight = runs.customer[positive], runs.code[positive], weight[positive]
    if len(customer):
        order = _ranked(customer, code, weight)
        customer, code = customer[order], code[order]
    starts = _boundaries(customer)
    ends = np.append(starts[1:], len(customer))
    rank = np.arange(len(customer)) - np.repeat(starts, ends - starts)
    best = rank < n
    return np.bincount(customer[best], minlength=customers).astype(np.int64), code[best]


def _ranked(customer: Ints, code: Ints, weight: Ints) -> npt.NDArray[np.intp]:
    """Order by customer, weight descending, code; by one sort of one integer where that fits."""
    high = int(weight.max())
    if (int(customer[-1]) + 1) * (high + 1) >= _LIMIT:
        return np.lexsort((code, -weight, customer))
    return np.argsort(customer * (high + 1) + (high - weight), kind="stable")


def top_weights(runs: Runs, partial: int, customers: int) -> tuple[Ints, Ints]:
    """Return (largest weight, sum of the positive weights) of each customer; 0 when there is none."""
    most, whole = np.zeros(customers, dtype=np.int64), np.zeros(customers, dtype=np.int64)
    if len(runs.starts):
        weight = np.maximum(runs.weights[partial], 0)
        check_range(weight, longest(runs.starts, len(weight)))
        most[runs.present] = np.maximum.reduceat(weight, runs.starts)
        whole[runs.present] = np.add.reduceat(weight, runs.starts)
    return most, whole
