"""An index open for reading: shared by threads, mapped from the same files by every process."""

from __future__ import annotations

import math
import threading
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from huaxiang.engines.buffers import column_of, numbers_in
from huaxiang.index.bits import Bits
from huaxiang.index.domain import from_numbers
from huaxiang.index.fields import Field
from huaxiang.index.layout import IDS, FieldInfo, Layout, map_columns, populate, read_part
from huaxiang.index.scanning import pool
from huaxiang.index.select import Resolver, Selection
from huaxiang.plan.conditions import Node

HELD_BYTES = 1 << 29
_PIECE = 1 << 20
_SCAN = 25
"""Bytes of a set that are looked through in the time in which one row's code is fetched and counted."""
_ROWWISE = 3
"""From so many columns on a customer's codes are fetched together."""
_BLOCK = 1 << 15
_COMBINED = 4096
"""So many combinations of codes are counted at once: their counts stay in the processor's first cache."""
_AXES = 32
"""So many columns at once at most, those of one code among them: an array has no more than 64 axes."""
_ORDERED = 4
"""Of so many columns the numbers of all customers are kept in order: 8 bytes for each customer."""


@dataclass(frozen=True)
class Counted:
    """How the customers of a set are spread over the values of a column: `values[i]` occurs `counts[i]` times; `missing` have none.

    For lists a customer counts once for each value, and `missing` are those without a list.
    """

    values: pa.Array
    counts: npt.NDArray[np.int64]
    missing: int


@dataclass(frozen=True)
class Spread:
    """Numbers of a set: how many have one, smallest, largest, mean, and the asked percentiles, in the order asked (None when empty).
    `total`: their sum, exact but of doubles.
    """

    known: int
    low: object
    high: object
    mean: float | None
    percentiles: tuple[object, ...]
    total: int | Decimal | float | None = None


class AudienceIndex:
    """All tags of all customers, by place in the table of customers. Made by `open`."""

    def __init__(self, folder: Path, layout: Layout, held_bytes: int) -> None:
        self.folder = folder
        self.size = layout.size
        self._mapped = mapped = map_columns(folder)
        self._fields = {info.name: Field(info, mapped) for info in layout.fields}
        self._totals: dict[str, Counted] = {}
        self._ordered: dict[str, npt.NDArray[np.float64]] = {}
        self._beside = {name: place for place, name in enumerate(layout.beside)}
        self._together = layout.together
        self._selection = Selection(layout.size, self._fields, held_bytes)

    @classmethod
    def open(cls, folder: Path, held_bytes: int = HELD_BYTES) -> AudienceIndex:
        """Open the index in a folder; columns are mapped when first asked for. `held_bytes`: memory for sets that are kept.

        Raises ValueError for an index of another version, OSError when files are missing.
        """
        return cls(folder, Layout.read(folder), held_bytes)

    def warm(self) -> None:
        """Map all columns in the background, so that no question waits for it: for processes that stay."""
        threading.Thread(target=populate, args=(self._mapped,), name="huaxiang-warm", daemon=True).start()

    @cached_property
    def fields(self) -> Mapping[str, FieldInfo]:
        """The columns by name."""
        return MappingProxyType({name: field.info for name, field in self._fields.items()})

    def select(self, node: Node, resolver: Resolver) -> Bits:
        """The customers for whom a condition is true."""
        return self._selection.select(node, resolver)

    def count(self, node: Node, resolver: Resolver) -> int:
        """For how many customers a condition is true; no set is made."""
        return self._selection.count(node, resolver)

    @cached_property
    def all(self) -> Bits:
        """Every customer."""
        return Bits.all(self.size)

    def known(self, column: str) -> Bits:
        """The customers that have a value in a column."""
        return self._selection.known(column)

    def holders(self, column: str) -> Bits:
        """The customers that have a value in a column; of a list at least one."""
        field = self._fields[column]
        if field.info.kind != "list":
            return self.known(column)
        return self._selection.holders(column)

    def numbers(self, bits: Bits, column: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """The rows of a set that have a value in a column of numbers, dates or times, and the values: money in its unit, dates as days
        and times as microseconds since 1970. Raises ValueError for other columns.
        """
        field = self._fields[column]
        scale = self._scale(field)
        rows = (bits & self.known(column)).rows()
        if field.info.kind == "wide":
            found = np.asarray(field.numbers[rows])
        else:
            found = np.asarray(field.numbers)[field.codes[rows].astype(np.int64) - 1]
        return rows, found.astype(np.float64) / float(10**scale)

    def in_order(self, bits: Bits, column: str) -> npt.NDArray[np.float64]:
        """The numbers of a set in a column, ascending, as `numbers` tells them; nothing is sorted. Raises ValueError as it does."""
        field = self._fields[column]
        if field.info.kind != "wide":
            return self._repeated(bits, field)
        held = self._ordered.get(column)
        if held is None:
            held = field.numbers[field.order].astype(np.float64) / float(10 ** self._scale(field))
            self._ordered[column] = held
            while len(self._ordered) > _ORDERED:
                self._ordered.pop(next(iter(self._ordered)), None)  # another thread may have
        return held if bits.count() == self.size else held[bits.mask()[field.order]]

    def _repeated(self, bits: Bits, field: Field) -> npt.NDArray[np.float64]:
        scale = self._scale(field)
        counted = self.counts(bits, field.info.name)
        return np.repeat(np.asarray(field.numbers).astype(np.float64) / float(10**scale), counted.counts)

    def _scale(self, field: Field) -> int:
        """Decimals of a column of numbers. Raises ValueError for other columns."""
        from huaxiang.index.domain import scale_of

        if field.info.type not in _NUMERIC and not field.info.type.startswith("DECIMAL"):
            raise ValueError(f'column "{field.info.name}" holds no numbers')
        return scale_of(field.info.type)

    def values(self, column: str) -> pa.Array:
        """The different values of a column of kind codes or list, sorted."""
        return self._fields[column].values

    def at(self, column: str, rows: npt.NDArray[np.int64]) -> list[object]:
        """The values of customers in a column of kind codes or wide, None where there is none. Raises ValueError for other columns."""
        field = self._fields[column]
        if field.info.kind not in ("codes", "wide"):
            raise ValueError(f'column "{column}" holds lists or texts')
        codes = field.codes[rows].astype(np.int64)
        if field.info.kind == "codes":
            found = (
                field.values.take(column_of(np.maximum(codes - 1, 0), pa.int64())).to_pylist()
                if field.size
                else codes.tolist()
            )
        else:
            found = from_numbers(field.numbers[rows], field.info.type).to_pylist()
        return [value if code else None for value, code in zip(found, codes.tolist(), strict=True)]

    def codes(self, column: str) -> npt.NDArray[np.uint8] | npt.NDArray[np.uint16]:
        """The code of each customer in a column (`index.layout`): 0 no value, else 1 + the place of the value, or of its bucket."""
        return self._fields[column].codes

    def of_value(self, column: str, value: object) -> Bits:
        """The customers with a value, or whose list holds it; column of kind codes or list."""
        place = self._fields[column].place(value)
        return Bits.none(self.size) if place is None else self._selection.of_value(column, place)

    @cached_property
    def _ids(self) -> pa.ChunkedArray:
        with pa.memory_map(str(self.folder / IDS)) as source:
            return pa.ipc.open_file(source).read_all().column(0)

    def ids(self, bits: Bits) -> pa.Array:
        """The customer IDs of a set, ascending."""
        taken = self._ids.take(column_of(bits.rows().astype(np.int64), pa.int64()))
        return taken.combine_chunks() if isinstance(taken, pa.ChunkedArray) else taken

    def row_of(self, customer_id: str) -> int | None:
        """The row of a customer, None for an unknown one."""
        row = bisect_left(range(self.size), customer_id, key=lambda r: self._ids[r].as_py())
        return row if row < self.size and self._ids[row].as_py() == customer_id else None

    def ids_at(self, rows: npt.NDArray[np.int64]) -> list[str]:
        """The IDs of customers, in the order of their rows."""
        found: list[str] = self._ids.take(column_of(rows, pa.int64())).to_pylist()
        return found

    def rows_from(self, beginning: str, most: int) -> list[int]:
        """The first rows whose customer ID begins so."""
        row = bisect_left(range(self.size), beginning, key=lambda r: self._ids[r].as_py())
        found: list[int] = []
        while row < self.size and len(found) < most and self._ids[row].as_py().startswith(beginning):
            found.append(row)
            row += 1
        return found

    def rows_of(self, customer_ids: pa.Array) -> npt.NDArray[np.int64]:
        """The rows of customers, in their order; unknown ones are left out."""
        import pyarrow.compute as pc

        found = pc.index_in(customer_ids.cast(pa.string()), value_set=self._ids.combine_chunks())
        return numbers_in(found.drop_null(), np.int32).astype(np.int64)

    # what an audience looks like

    def counts(self, bits: Bits, column: str) -> Counted:
        """How the customers of a set are spread over the values of a column of kind codes or list. Raises ValueError for others."""
        return self.breakdown(bits, [column])[column]

    def breakdown(self, bits: Bits, columns: list[str]) -> dict[str, Counted]:
        """`counts` of several columns, on all threads; the rows of the set are looked up once."""
        for name in columns:
            if self._fields[name].info.kind not in ("codes", "list"):
                raise ValueError(f'column "{name}" has too many values for a breakdown')
        count = bits.count()
        if count == self.size:
            return {name: self._total(name) for name in columns}
        plain = [n for n in columns if self._fields[n].info.kind == "codes" and not self._by_sets(n, count)]
        rows = bits.some_order() if plain else None
        found: dict[str, Counted] = {}
        beside = [n for n in plain if n in self._beside]
        if rows is not None and len(beside) >= _ROWWISE:
            found = self._rowwise(rows, beside)

        def one(name: str) -> Counted:
            return self._gathered(rows, name) if rows is not None and name in plain else self._overlaps(bits, name)

        rest = [n for n in columns if n not in found]
        many = count * len(rest) > 1 << 18
        found |= dict(zip(rest, pool().map(one, rest) if many else map(one, rest), strict=True))
        return {name: found[name] for name in columns}

    def _rowwise(self, rows: npt.NDArray[np.int64], names: list[str]) -> dict[str, Counted]:
        """Counts of columns whose codes lie together, customer by customer."""
        places = [self._beside[name] for name in names]
        sizes = [self._fields[name].size + 1 for name in names]
        table = self._rows_of_codes

        together = _together(sizes)

        def some(at: int) -> list[npt.NDArray[np.int64]]:
            block = table.take(rows[at : at + _BLOCK], axis=0)
            return [t for group in together for t in _tally(block, [(places[i], sizes[i]) for i in group])]

        steps = range(0, len(rows), _BLOCK)
        parts = list(pool().map(some, steps)) if len(steps) > 1 else [some(0)]
        sums = [np.sum(column, axis=0) for column in zip(*parts, strict=True)]
        return {
            name: Counted(self._fields[name].values, counted[1:], int(counted[0]))
            for name, counted in zip(names, sums, strict=True)
        }

    @cached_property
    def _rows_of_codes(self) -> npt.NDArray[np.uint8]:
        assert self._together is not None  # else no column is beside another
        flat: npt.NDArray[np.uint8] = read_part(self._mapped, self._together)  # type: ignore[assignment]
        return flat.reshape(self.size, len(self._beside))

    def _total(self, name: str) -> Counted:
        """The counts of all customers, kept."""
        if name not in self._totals:
            field = self._fields[name]
            if field.info.kind == "list":
                self._totals[name] = self._overlaps(self.all, name)
            else:
                counted = np.zeros(field.size + 1, dtype=np.int64)
                for at in range(0, self.size, _PIECE):
                    counted += np.bincount(field.codes[at : at + _PIECE], minlength=field.size + 1)
                self._totals[name] = Counted(field.values, counted[1:], int(counted[0]))
        return self._totals[name]

    def _by_sets(self, name: str, count: int) -> bool:
        """Whether overlaps with the set of each value cost less than fetching the code of each row."""
        return self._fields[name].size * (self.size >> 3) < count * _SCAN

    def _gathered(self, rows: npt.NDArray[np.int64], name: str) -> Counted:
        field = self._fields[name]
        counted = np.bincount(field.codes[rows], minlength=field.size + 1)
        return Counted(field.values, counted[1:], int(counted[0]))

    def _overlaps(self, bits: Bits, name: str) -> Counted:
        field = self._fields[name]
        counts = [bits.overlap(self._selection.of_value(name, place)) for place in range(field.size)]
        return Counted(field.values, np.array(counts, dtype=np.int64), bits.count() - bits.overlap(self.known(name)))

    def spread(self, bits: Bits, column: str, percents: tuple[float, ...] = (5, 25, 50, 75, 95)) -> Spread:
        """Figures of a column of numbers, dates or times over a set; percentiles are values that occur (nearest rank, inclusive).

        The mean is in the terms of the column (money in its unit; None for dates and times). Raises ValueError for other columns.
        """
        field = self._fields[column]
        if field.info.type not in _NUMERIC and not field.info.type.startswith("DECIMAL"):
            raise ValueError(f'column "{column}" holds no numbers')
        rows = (bits & self.known(column)).rows()
        if not len(rows):
            return Spread(0, None, None, None, (None,) * len(percents))
        if field.info.kind == "wide":
            numbers = np.sort(np.asarray(field.numbers[rows]))
            counts = np.ones(len(numbers), dtype=np.int64)
        else:
            counted = np.bincount(field.codes[rows], minlength=field.size + 1)[1:]
            there = np.flatnonzero(counted)
            numbers, counts = field.numbers[there], counted[there]
        ranks = np.searchsorted(np.cumsum(counts), [max(1, int(np.ceil(p / 100 * len(rows)))) for p in percents])
        wanted = numbers[np.concatenate([[0, len(numbers) - 1], ranks])]
        low, high, *at = from_numbers(wanted, field.info.type).to_pylist()
        total = _total(numbers, counts, field)
        return Spread(len(rows), low, high, _mean(numbers, counts, field), tuple(at), total)


def _together(sizes: Sequence[int]) -> list[list[int]]:
    """The places of columns in order, those together whose codes make few combinations."""
    groups: list[list[int]] = []
    many = _COMBINED
    for place, size in enumerate(sizes):
        if not groups or many * size > _COMBINED or len(groups[-1]) == _AXES:
            groups.append([])
            many = 1
        groups[-1].append(place)
        many *= size
    return groups


def _tally(block: npt.NDArray[np.uint8], columns: Sequence[tuple[int, int]]) -> list[npt.NDArray[np.int64]]:
    """How often each code stands in columns (place, different codes): counted are combinations of their codes, at once."""
    code = block[:, columns[0][0]].astype(np.uint16)
    for place, size in columns[1:]:
        code *= np.uint16(size)
        code += block[:, place]
    sizes = [size for _, size in columns]
    counted = np.bincount(code, minlength=math.prod(sizes)).reshape(sizes)
    return [counted.sum(axis=tuple(a for a in range(len(sizes)) if a != axis)) for axis in range(len(sizes))]


_NUMERIC = ("BIGINT", "DOUBLE", "DATE", "TIMESTAMP")


def _mean(numbers: npt.NDArray[np.generic], counts: npt.NDArray[np.int64], field: Field) -> float | None:
    from huaxiang.index.domain import scale_of

    if field.info.type in ("DATE", "TIMESTAMP"):
        return None
    total = float(np.dot(numbers.astype(np.float64), counts.astype(np.float64)))
    return total / float(counts.sum()) / float(10 ** scale_of(field.info.type))


def _total(numbers: npt.NDArray[Any], counts: npt.NDArray[np.int64], field: Field) -> int | Decimal | float | None:
    """The sum; of whole numbers and amounts exact: halves of 32 bits are added up, which no number of customers makes too large."""
    from huaxiang.index.domain import scale_of

    if field.info.type in ("DATE", "TIMESTAMP"):
        return None
    if numbers.dtype != np.int64:
        return float(np.dot(numbers.astype(np.float64), counts.astype(np.float64)))
    upper, lower = numbers >> 32, numbers & 0xFFFFFFFF
    whole = (int(np.dot(upper, counts)) << 32) + int(np.dot(lower, counts))
    scale = scale_of(field.info.type)
    return Decimal(whole).scaleb(-scale) if scale else whole
