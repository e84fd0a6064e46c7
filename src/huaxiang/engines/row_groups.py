"""A Parquet file open for single rows: its footer is read once, and of the row groups only those that hold what is asked for."""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from huaxiang.engines.buffers import column_of, numbers_in

_KEPT = 4096
"""Values of keys whose places are remembered."""
_HELD = 32
"""So many row groups may stay in memory until an answer is given."""


@dataclass(frozen=True)
class Place:
    """Rows of a row group: their numbers within it, ascending."""

    group: int
    rows: npt.NDArray[np.int64]


@dataclass(frozen=True)
class _Ends:
    """The row groups that hold values of a column, the least and the greatest of each, and whether they are in its order."""

    groups: list[int]
    low: list[str]
    high: list[str]
    ascending: bool


class RowGroups:
    """One file. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self._file = pq.ParquetFile(path, memory_map=True, pre_buffer=False)
        self._told = self._file.metadata
        self._starts = np.cumsum([0, *(self._told.row_group(n).num_rows for n in range(self._told.num_row_groups))])
        self._reading, self._keeping = threading.Lock(), threading.Lock()
        self._ends: dict[str, _Ends | None] = {}
        self._places: OrderedDict[tuple[str, str], tuple[Place, ...]] = OrderedDict()
        self.schema: pa.Schema = self._file.schema_arrow

    def places(self, key: str, value: str) -> tuple[Place, ...]:
        """Where the rows lie whose text column `key` is `value`, in the order of the file."""
        with self._keeping:
            known = self._places.get((key, value))
            if known is not None:
                self._places.move_to_end((key, value))
                return known
        found = tuple(self._sought(key, value))
        with self._keeping:
            self._places[key, value] = found
            while len(self._places) > _KEPT:
                self._places.popitem(last=False)
        return found

    def read(self, places: Sequence[Place], columns: Sequence[str]) -> pa.Table:
        """Columns of rows, in the order of the file."""
        names = list(dict.fromkeys(columns))
        copy = len(places) > _HELD
        parts = [_of(self._group(place.group, names), place.rows, copy=copy) for place in places]
        return pa.concat_tables(parts).select(names) if parts else self.schema.empty_table().select(names)

    def at(self, numbers: npt.NDArray[np.int64]) -> tuple[Place, ...]:
        """Where rows lie by their numbers in the file, ascending."""
        groups = np.searchsorted(self._starts, numbers, side="right") - 1
        return tuple(Place(int(n), numbers[groups == n] - self._starts[n]) for n in np.unique(groups))

    def cells(self, places: Sequence[Place], columns: int) -> int:
        """How many values are unpacked to read so many columns of rows."""
        return sum(int(self._starts[p.group + 1] - self._starts[p.group]) for p in places) * columns

    def _sought(self, key: str, value: str) -> Iterator[Place]:
        for group in self._groups(key, value):
            column = self._group(group, [key]).column(0)
            met = pc.equal(column, pa.scalar(value, column.type)).combine_chunks()
            rows = numbers_in(pc.indices_nonzero(met), np.int64)
            if len(rows):
                yield Place(group, rows)

    def _group(self, group: int, columns: list[str]) -> pa.Table:
        with self._reading:  # a file is read by one thread at a time
            return self._file.read_row_group(group, columns=columns, use_threads=False)

    def _groups(self, key: str, value: str) -> list[int]:
        """The row groups whose statistics let them hold a value."""
        if key not in self._ends:
            self._ends[key] = self._ends_of(key)
        told = self._ends[key]
        if told is None:
            return list(range(self._told.num_row_groups))
        if not told.ascending:
            ends = zip(told.groups, told.low, told.high, strict=True)
            return [n for n, least, most in ends if least <= value <= most]
        begin = bisect_left(told.high, value)
        return told.groups[begin : max(begin, bisect_right(told.low, value))]

    def _ends_of(self, key: str) -> _Ends | None:
        """What the footer tells of a column; None where it doesn't tell it of all row groups."""
        place = next(n for n in range(self._told.num_columns) if self._told.schema.column(n).path == key)
        groups: list[int] = []
        low: list[str] = []
        high: list[str] = []
        for n in range(self._told.num_row_groups):
            known = self._told.row_group(n).column(place).statistics
            if known is None or not (known.has_min_max or known.null_count == self._told.row_group(n).num_rows):
                return None
            if known.has_min_max:
                groups.append(n)
                low.append(known.min)
                high.append(known.max)
        return _Ends(groups, low, high, all(one <= two for one, two in zip(high, low[1:], strict=False)))


def _of(table: pa.Table, rows: npt.NDArray[np.int64], *, copy: bool) -> pa.Table:
    """Rows of a table; those that lie together need not be copied, but then hold the whole in memory."""
    if not copy and rows[-1] - rows[0] == len(rows) - 1:
        return table.slice(int(rows[0]), len(rows))
    return table.take(column_of(rows, pa.int64()))
