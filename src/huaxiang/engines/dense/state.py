"""From one bucket of coded rows to the state of its customers, as the Arrow columns that `final_select` reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from huaxiang.engines.dense import kernels
from huaxiang.engines.dense.kernels import Bools, Ints, Runs
from huaxiang.engines.dense.layout import Layout, SubKey
from huaxiang.engines.dense.rows import CUSTOMER, Records
from huaxiang.plan.aggregate import Histogram, MeasureState, Partial, decimal_scale

Columns = dict[str, pa.Array]


@dataclass(frozen=True)
class Dictionaries:
    """The values of dictionary sub-keys by column, in the order of their codes."""

    values: Mapping[str, pa.Array]


def bucket_state(layout: Layout, dictionaries: Dictionaries, records: Records, customers: int) -> pa.Table:
    """Return `p<i>`, `m<j>` and `n<j>` for the customers of a bucket, in their order.

    `records` are sorted by customer; each customer has at least one. Raises kernels.NotDense.
    """
    return _Bucket(layout, dictionaries, records, customers).table()


class _Bucket:
    def __init__(self, layout: Layout, dictionaries: Dictionaries, records: Records, customers: int) -> None:
        self._layout, self._dictionaries = layout, dictionaries
        self._records = records
        self._customers = customers
        self._who: Ints = records[CUSTOMER].astype(np.int64)
        self._starts = np.searchsorted(self._who, np.arange(customers))
        self._flags: Ints = records["f"].astype(np.int64)
        self._masks: dict[int, Bools] = {}
        self._counts: dict[int, Ints] = {}
        self._values: dict[str, Ints] = {}

    def table(self) -> pa.Table:
        columns: Columns = {}
        for i, partial in enumerate(self._layout.state.flat):
            columns[f"p{i}"] = self._flat(partial)
        for i, histogram in enumerate(self._layout.state.histograms):
            columns |= self._histogram(i, histogram)
        return pa.table(columns)

    # rows ------------------------------------------------------------------------------------------------------------

    def _mask(self, partial: Partial) -> Bools:
        bits, _ = self._layout.facts[id(partial)]
        if bits not in self._masks:
            self._masks[bits] = (self._flags & bits) == bits
        return self._masks[bits]

    def _count(self, partial: Partial) -> Ints:
        bits, _ = self._layout.facts[id(partial)]
        if bits not in self._counts:
            self._counts[bits] = kernels.counts(self._mask(partial), self._starts)
        return self._counts[bits]

    def _value(self, partial: Partial) -> Ints:
        _, name = self._layout.facts[id(partial)]
        if name not in self._values:
            self._values[name] = self._records[name].astype(np.int64)
        return self._values[name]

    # flat ------------------------------------------------------------------------------------------------------------

    def _flat(self, partial: Partial) -> pa.Array:
        if partial.kind == "count":
            return pa.array(self._count(partial))
        none = self._count(partial) == 0
        mask, values, kind = self._mask(partial), self._value(partial), partial.type or "BIGINT"
        if partial.kind == "scaled_squares":
            high, low = kernels.square_sums(values, mask, self._starts)
            return _decimal(high.view(np.int64), low.view(np.int64), 38, 0, none)
        if partial.kind in ("sum", "scaled_sum"):
            total = kernels.sums(values, mask, self._starts)
            scale = 0 if partial.kind == "scaled_sum" else decimal_scale(kind)
            return pa.array(total, mask=none) if scale is None else _decimal(total >> 63, total, 38, scale, none)
        best = kernels.extremes(values, mask, self._starts, largest=partial.kind == "max")
        return _typed(best, kind, none)

    # histograms ------------------------------------------------------------------------------------------------------

    def _histogram(self, position: int, histogram: Histogram) -> Columns:
        sub_key = self._layout.sub_keys[position]
        code, lowest, size = self._codes(sub_key)
        runs = self._runs(histogram, code, size)
        decoder = _Decoder(self._dictionaries, sub_key, lowest, size)
        columns: Columns = {}
        for at, state in enumerate(self._layout.state.states):
            if state.histogram == position:
                columns |= self._inner(at, state, runs[next(iter(state.inner.values()))], decoder)
        return columns

    def _codes(self, sub_key: SubKey) -> tuple[Ints, int, int]:
        """Codes counted from 0, what to add for the value, and their number (the code of NULL included)."""
        code: Ints = self._records[sub_key.column].astype(np.int64)
        if sub_key.is_day:
            lowest, highest = int(code.min()), int(code.max())
            return code - lowest, lowest, highest - lowest + 1
        if sub_key.size is not None:
            return code, sub_key.lowest or 0, sub_key.size + 1
        return code, 0, len(self._dictionaries.values[sub_key.column]) + 1

    def _runs(self, histogram: Histogram, code: Ints, size: int) -> dict[int, tuple[Runs, int]]:
        """By partial: its runs, and its place among their weights. All counts share one sort, each sum has its own."""
        known = None if histogram.type == "DATE" else code != size - 1
        masks = [self._mask(p) if known is None else self._mask(p) & known for p in histogram.partials]
        counted = [i for i, p in enumerate(histogram.partials) if p.kind == "count"]
        found: dict[int, tuple[Runs, int]] = {}
        if counted:
            runs = kernels.count_runs(self._who, code, [masks[i] for i in counted], size)
            found = {i: (runs, at) for at, i in enumerate(counted)}
        for i, partial in enumerate(histogram.partials):
            if partial.kind != "count":
                found[i] = (kernels.sum_runs(self._who, code, masks[i], self._value(partial), size), 0)
        return found

    def _inner(self, at: int, state: MeasureState, found: tuple[Runs, int], decoder: _Decoder) -> Columns:
        function, customers, (runs, partial) = state.measure.function, self._customers, found
        if "count" in state.inner:
            return {f"m{at}": pa.array(kernels.present_codes(runs, partial, customers))}
        if function == "top":
            return {f"m{at}": decoder.values(kernels.top_codes(runs, partial, customers, decoder.size))}
        if function == "top_n":
            counts, codes = kernels.top_n_codes(runs, partial, customers, state.measure.n)
            return {f"m{at}": decoder.lists(counts, codes)}
        most, whole = kernels.top_weights(runs, partial, customers)
        weighed = self._layout.state.histograms[state.histogram or 0].partials[state.inner["weight"]]
        return {f"m{at}": _weight(most, weighed, whole == 0), f"n{at}": _weight(whole, weighed, whole == 0)}


@dataclass(frozen=True)
class _Decoder:
    """From codes back to values."""

    dictionaries: Dictionaries
    sub_key: SubKey
    lowest: int
    size: int

    def values(self, codes: Ints) -> pa.Array:
        """The values of codes; −1 is NULL."""
        none = codes < 0
        if self.sub_key.needs_dictionary:
            values = self.dictionaries.values[self.sub_key.column]
            return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32), mask=none), values)
        plain = codes + self.lowest
        return _typed(plain, "DATE" if self.sub_key.is_day else "BIGINT", none)

    def lists(self, counts: Ints, codes: Ints) -> pa.Array:
        """Lists of values; an empty one is NULL."""
        offsets = np.concatenate([np.zeros(1, np.int32), np.cumsum(counts, dtype=np.int32)])
        none = np.append(counts == 0, False)
        values = self.values(codes)
        plain = values.dictionary_decode() if isinstance(values, pa.DictionaryArray) else values
        return pa.ListArray.from_arrays(pa.array(offsets, mask=none), plain)


def _weight(weight: Ints, partial: Partial, none: Bools) -> pa.Array:
    scale = None if partial.kind == "count" else decimal_scale(partial.type or "BIGINT")
    return pa.array(weight, mask=none) if scale is None else _decimal(weight >> 63, weight, 38, scale, none)


def _typed(numbers: Ints, kind: str, none: Bools) -> pa.Array:
    """Whole numbers as values of a type: BIGINT, DATE (days), DECIMAL (units)."""
    if kind == "DATE":
        return pa.array(np.where(none, 0, numbers).astype(np.int32), pa.int32(), mask=none).cast(pa.date32())
    scale = decimal_scale(kind)
    if scale is None:
        return pa.array(numbers, mask=none)
    return _decimal(numbers >> 63, numbers, 18, scale, none)


def _decimal(high: Ints, low: Ints, precision: int, scale: int, none: Bools) -> pa.Array:
    """128-bit units as a DECIMAL, without a rounding step."""
    halves: npt.NDArray[Any] = np.empty((len(low), 2), dtype=np.int64)
    halves[:, 0], halves[:, 1] = np.where(none, 0, low), np.where(none, 0, high)
    valid = pa.py_buffer(np.packbits(~none, bitorder="little").tobytes())
    return pa.Array.from_buffers(pa.decimal128(precision, scale), len(low), [valid, pa.py_buffer(halves.tobytes())])
