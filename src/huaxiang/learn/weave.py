"""Tables of which few rows were replaced: put together from what stays and what is new, run of rows by run of rows.

Arrow's own `take` first lays both tables behind each other, and then picks row by row: twice the memory for what is mostly one copy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from huaxiang.learn.texts import one_chunk

_LONG = 8
"""Runs shorter than this on average are picked row by row."""
_MOST_BYTES = 2**31 - 1


@dataclass(frozen=True)
class Woven:
    """A large table of which some rows were replaced: `row` numbers the rows of `whole` and, behind them, of `own`, both in their order.
    It is put together piece by piece when it is written, so that nobody holds it twice.
    """

    whole: pa.Table
    own: pa.Table
    row: np.ndarray

    def pieces(self, rows: int = 1 << 16) -> Iterator[pa.Table]:
        """The table in pieces of at most so many rows; at least one, if empty."""
        for begin in range(0, max(len(self.row), 1), rows):
            yield self._piece(self.row[begin : begin + rows])

    def table(self) -> pa.Table:
        """The whole table."""
        return self._piece(self.row)

    def select(self, columns: Sequence[str]) -> Woven:
        """Some of its columns."""
        return Woven(self.whole.select(columns), self.own.select(columns), self.row)

    def filter(self, wanted: Callable[[pa.Table], pa.Array]) -> pa.Table:
        """The rows of which `wanted` says so."""
        masks = [one_chunk(wanted(t)).to_numpy(zero_copy_only=False).astype(bool) for t in (self.whole, self.own)]
        return self._piece(self.row[np.concatenate(masks)[self.row]])

    def _piece(self, row: np.ndarray) -> pa.Table:
        mine = row >= self.whole.num_rows
        (begin, whole), (from_, own) = (
            _window(self.whole, row[~mine]),
            _window(self.own, row[mine] - self.whole.num_rows),
        )
        row = np.where(mine, row - self.whole.num_rows - from_ + whole.num_rows, row - begin)
        plan = Plan.of(row, whole.num_rows)
        columns = [plan.weave(one_chunk(whole.column(n)), one_chunk(own.column(n))) for n in whole.column_names]
        return pa.table(columns, schema=whole.schema)


def _window(table: pa.Table, rows: np.ndarray) -> tuple[int, pa.Table]:
    """What lies between the first and the last of some rows, and where it begins: of each column that is read alone."""
    begin, end = (int(rows.min()), int(rows.max()) + 1) if len(rows) else (0, 0)
    return begin, table.slice(begin, end - begin)


@dataclass(frozen=True)
class Plan:
    """Where the rows of a woven table come from. `row`: as in Woven, with `size` rows in `whole`; `mine`: which are rows of `own`;
    `first` and `length`: its runs of rows that lie behind each other in one of the two.
    """

    row: np.ndarray
    size: int
    mine: np.ndarray
    first: np.ndarray
    length: np.ndarray

    @classmethod
    def of(cls, row: np.ndarray, size: int) -> Plan:
        """Find the runs."""
        mine = row >= size
        begins = np.flatnonzero((row[1:] - row[:-1] != 1) | (mine[1:] != mine[:-1])) + 1
        at = np.concatenate([np.zeros(min(len(row), 1), dtype=np.int64), begins])
        return cls(row, size, mine, row[at], np.diff(np.append(at, len(row))))

    def weave(self, whole: pa.Array, own: pa.Array) -> pa.Array:
        """Weave one column; both have the same type."""
        kind = whole.type
        flat = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_temporal(kind)
        if len(self.first) * _LONG > len(self.row):
            return self._pick(whole, own)
        if not flat and not pa.types.is_string(kind):
            return pa.concat_arrays([whole, own]).take(pa.array(self.row))
        if not pa.types.is_string(kind):
            values = self._numbers(*(_values(c, np.dtype(f"u{kind.bit_width // 8}")) for c in (whole, own)))
            return pa.Array.from_buffers(kind, len(self.row), [self._valid(whole, own), pa.py_buffer(values)])
        (theirs, text), (ours, words) = (_texts(c) for c in (whole, own))
        offsets = np.zeros(len(self.row) + 1, dtype=np.int64)
        np.cumsum(self._numbers(np.diff(theirs), np.diff(ours)), out=offsets[1:])
        if offsets[-1] > _MOST_BYTES:
            return self._pick(whole, own)
        data = self._copied(offsets, (theirs, text), (ours, words))
        buffers = [self._valid(whole, own), pa.py_buffer(offsets.astype(np.int32)), data]
        return pa.Array.from_buffers(kind, len(self.row), buffers)

    def _pick(self, whole: pa.Array, own: pa.Array) -> pa.Array:
        """Row by row, of what is asked for alone."""
        sides = [whole.take(pa.array(self.row[~self.mine])), own.take(pa.array(self.row[self.mine] - self.size))]
        order = np.empty(len(self.row), dtype=np.int64)
        order[~self.mine], order[self.mine] = np.arange(len(sides[0])), len(sides[0]) + np.arange(len(sides[1]))
        return pa.concat_arrays(sides).take(pa.array(order))

    def _numbers(self, whole: np.ndarray, own: np.ndarray) -> np.ndarray:
        if not len(whole):
            alone: np.ndarray = own[self.row - self.size]
            return alone
        found: np.ndarray = np.take(whole, self.row, mode="clip")
        found[self.mine] = own[self.row[self.mine] - self.size]
        return found

    def _valid(self, whole: pa.Array, own: pa.Array) -> pa.Buffer | None:
        if not whole.null_count and not own.null_count:
            return None
        known = self._numbers(*(c.is_valid().to_numpy(zero_copy_only=False) for c in (whole, own)))
        return pa.py_buffer(np.packbits(known, bitorder="little"))

    def _copied(
        self, offsets: np.ndarray, whole: tuple[np.ndarray, memoryview], own: tuple[np.ndarray, memoryview]
    ) -> pa.Buffer:
        """The bytes of the texts, run by run."""
        data = pa.allocate_buffer(int(offsets[-1]))
        target = memoryview(data).cast("B")
        last = self.first + self.length
        ours = self.first >= self.size
        begin = self._ends(whole[0], own[0], self.first, ours)
        end = self._ends(whole[0], own[0], last, ours)
        at = np.cumsum(end - begin) - (end - begin)
        sides = (whole[1], own[1])
        for side, place, start, stop in zip(ours.tolist(), at.tolist(), begin.tolist(), end.tolist(), strict=True):
            target[place : place + stop - start] = sides[side][start:stop]
        return data

    def _ends(self, whole: np.ndarray, own: np.ndarray, at: np.ndarray, ours: np.ndarray) -> np.ndarray:
        theirs = np.take(whole, np.where(ours, 0, at), mode="clip")
        mine = np.take(own, np.where(ours, at - self.size, 0), mode="clip")
        return np.where(ours, mine, theirs).astype(np.int64)


def _values(column: pa.Array, kind: np.dtype) -> np.ndarray:
    data = column.buffers()[1]
    if data is None:
        return np.zeros(len(column), dtype=kind)
    return np.frombuffer(data, dtype=kind)[column.offset : column.offset + len(column)]


def _texts(column: pa.Array) -> tuple[np.ndarray, memoryview]:
    """The offsets of the texts, one more than there are, and all their bytes."""
    _known, ends, data = column.buffers()
    bytes_of = memoryview(data).cast("B") if data is not None else memoryview(b"")
    if ends is None or not len(column):
        return np.zeros(1, dtype=np.int32), bytes_of
    return np.frombuffer(ends, dtype=np.int32)[column.offset : column.offset + len(column) + 1], bytes_of
