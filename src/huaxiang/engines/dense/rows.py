"""Coded rows on disk: one file of fixed-size records per bucket of customers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from huaxiang.engines.dense.layout import Layout

CUSTOMER = "_c"
ROWS_A_BUCKET = 1_000_000
MAX_BUCKETS = 512
SHORT = 1 << 16
"""Customers that 16 bits can number: they are sorted in two passes over bytes."""
_NUMPY = {
    "uint8": np.uint8, "uint16": np.uint16, "uint32": np.uint32, "uint64": np.uint64, "int32": np.int32, "int64": np.int64,
}  # fmt: skip

Records = npt.NDArray[np.void]


class Buckets:
    """Records split by customer: bucket b holds customers [b·width, (b+1)·width). Written once, then read bucket by bucket."""

    def __init__(self, folder: Path, customers: int, rows: int) -> None:
        wanted = min(max(1, -(-rows // ROWS_A_BUCKET), -(-customers // SHORT)), MAX_BUCKETS)
        self.width = -(-customers // wanted)
        self.count = -(-customers // self.width)
        self.customers = customers
        self._folder = folder
        self._dtype: np.dtype[Any] | None = None
        self._files: list[BinaryIO] = []

    def write(self, layout: Layout, batches: Iterable[pa.RecordBatch]) -> None:
        """Write all batches of coded rows (see `coding_select`) and close the files."""
        self._folder.mkdir(parents=True)
        try:
            for batch in batches:
                if batch.num_rows:
                    self._append(_columns(layout, batch))
        finally:
            for file in self._files:
                file.close()

    def read(self, bucket: int) -> Records:
        """Return the bucket's records sorted by customer (0 … width − 1 in field `_c`); its file is removed."""
        path = self._path(bucket)
        records: Records = np.fromfile(path, dtype=self._dtype)
        path.unlink()
        return _reordered(records, np.argsort(records[CUSTOMER], kind="stable"))

    def size(self, bucket: int) -> int:
        """Return the number of customers of a bucket."""
        return min(self.width, self.customers - bucket * self.width)

    def _path(self, bucket: int) -> Path:
        return self._folder / f"{bucket:05d}.rows"

    def _append(self, columns: dict[str, npt.NDArray[Any]]) -> None:
        customer = columns.pop("k")
        bucket = customer // self.width
        records = self._records(columns, customer - bucket * self.width)
        order = np.argsort(bucket.astype(np.uint16), kind="stable")
        ends = np.cumsum(np.bincount(bucket, minlength=self.count))
        records = _reordered(records, order)
        begin = 0
        for file, end in zip(self._files, ends.tolist(), strict=True):
            if end > begin:
                file.write(records[begin:end].data)
            begin = end

    def _records(self, columns: dict[str, npt.NDArray[Any]], local: npt.NDArray[Any]) -> Records:
        if self._dtype is None:
            number = np.uint16 if self.width <= SHORT else np.int32
            self._dtype = np.dtype([(CUSTOMER, number), *((n, c.dtype) for n, c in columns.items())])
            self._files = [self._path(b).open("wb") for b in range(self.count)]
        records: Records = np.empty(len(local), dtype=self._dtype)
        records[CUSTOMER] = local
        for name, column in columns.items():
            records[name] = column
        return records


def sliced(records: Records, customers: int, rows: int) -> Iterator[tuple[Records, int, int]]:
    """Cut a sorted bucket into (records, first customer, customers) of about so many rows, with customers from 0."""
    step = max(1, customers * rows // max(len(records), 1))
    firsts = np.arange(0, customers, step)
    begins = np.searchsorted(records[CUSTOMER], firsts).tolist()
    for first, begin, end in zip(firsts.tolist(), begins, [*begins[1:], len(records)], strict=True):
        part = records[begin:end]
        part[CUSTOMER] -= np.asarray(first, dtype=part[CUSTOMER].dtype)
        yield part, first, min(step, customers - first)


def _columns(layout: Layout, batch: pa.RecordBatch) -> dict[str, npt.NDArray[Any]]:
    names = ["k", "f", *layout.columns]
    return {name: _numbers(batch.column(i)) for i, name in enumerate(names)}


def _reordered(records: Records, order: npt.NDArray[np.intp]) -> Records:
    """Records in another order; moved whole, since NumPy would move field by field."""
    whole = records.view(np.dtype((np.void, records.dtype.itemsize)))
    moved: Records = whole[order].view(records.dtype)
    return moved


def _numbers(column: pa.Array) -> npt.NDArray[Any]:
    """A column without NULLs as whole numbers; of a DECIMAL its units, which fit in 64 bits."""
    if pa.types.is_decimal128(column.type):
        halves = np.frombuffer(column.buffers()[1], dtype=np.int64)
        return halves[2 * column.offset : 2 * (column.offset + len(column)) : 2]
    numbers = np.frombuffer(column.buffers()[1], dtype=_NUMPY[str(column.type)])
    return numbers[column.offset : column.offset + len(column)]
