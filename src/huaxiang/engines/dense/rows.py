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
    """Records split by customer: bucket b holds customers [b·width, (b+1)·width). Written once, then read bucket by bucket.

    Numbers are kept in half their bytes as long as they fit: a batch that doesn't goes to a second, wide file of the bucket.
    """

    def __init__(self, folder: Path, customers: int, rows: int) -> None:
        wanted = min(max(1, -(-rows // ROWS_A_BUCKET), -(-customers // SHORT)), MAX_BUCKETS)
        self.width = -(-customers // wanted)
        self.count = -(-customers // self.width)
        self.customers = customers
        self._folder = folder
        self._files: list[_Files] = []

    def write(self, layout: Layout, batches: Iterable[pa.RecordBatch]) -> None:
        """Write all batches of coded rows (see `coding_select`) and close the files."""
        self._folder.mkdir(parents=True)
        try:
            for batch in batches:
                if batch.num_rows:
                    self._append(_columns(layout, batch))
        finally:
            for files in self._files:
                files.close()

    def read(self, bucket: int) -> Records:
        """Return the bucket's records sorted by customer (0 … width − 1 in field `_c`); its files are removed."""
        parts = [part for files in self._files if len(part := files.take(bucket))]
        widest = self._files[-1].dtype
        records: Records = parts[0] if len(parts) == 1 else np.concatenate([p.astype(widest) for p in parts])
        return _reordered(records, np.argsort(records[CUSTOMER], kind="stable"))

    def size(self, bucket: int) -> int:
        """Return the number of customers of a bucket."""
        return min(self.width, self.customers - bucket * self.width)

    def _append(self, columns: dict[str, npt.NDArray[Any]]) -> None:
        customer = columns.pop("k")
        bucket = customer // self.width
        files = self._files_for(columns)
        records: Records = np.empty(len(customer), dtype=files.dtype)
        records[CUSTOMER] = customer - bucket * self.width
        for name, column in columns.items():
            records[name] = column
        order = np.argsort(bucket.astype(np.uint16), kind="stable")
        files.append(_reordered(records, order), np.cumsum(np.bincount(bucket, minlength=self.count)).tolist())

    def _files_for(self, columns: dict[str, npt.NDArray[Any]]) -> _Files:
        """The files whose fields hold these numbers; made when they are first needed."""
        for files in self._files:
            if all(_fits(column, files.dtype[name]) for name, column in columns.items()):
                return files
        narrow = not self._files
        number = np.dtype(np.uint16 if self.width <= SHORT else np.int32)
        fields = [(name, _narrowed(column) if narrow else column.dtype) for name, column in columns.items()]
        files = _Files(self._folder, len(self._files), self.count, np.dtype([(CUSTOMER, number), *fields]))
        self._files.append(files)
        return files


class _Files:
    """One file of records of one type per bucket."""

    def __init__(self, folder: Path, generation: int, count: int, dtype: np.dtype[Any]) -> None:
        self.dtype = dtype
        self._paths = [folder / f"{bucket:05d}.{generation}" for bucket in range(count)]
        self._open: list[BinaryIO] = [path.open("wb") for path in self._paths]

    def append(self, records: Records, ends: list[int]) -> None:
        """Write records in the order of their buckets, which end at `ends`."""
        begin = 0
        for file, end in zip(self._open, ends, strict=True):
            if end > begin:
                file.write(records[begin:end].data)
            begin = end

    def take(self, bucket: int) -> Records:
        """Return the records of a bucket and remove its file."""
        records: Records = np.fromfile(self._paths[bucket], dtype=self.dtype)
        self._paths[bucket].unlink()
        return records

    def close(self) -> None:
        """Close all files for writing."""
        for file in self._open:
            file.close()


_NARROWER: dict[np.dtype[Any], np.dtype[Any]] = {
    np.dtype(np.int64): np.dtype(np.int32),
    np.dtype(np.int32): np.dtype(np.int16),
}


def _narrowed(column: npt.NDArray[Any]) -> np.dtype[Any]:
    """The type of half the bytes when the numbers fit, else their own."""
    narrower = _NARROWER.get(column.dtype)
    return narrower if narrower is not None and _fits(column, narrower) else column.dtype


def _fits(column: npt.NDArray[Any], kind: np.dtype[Any]) -> bool:
    if kind == column.dtype:
        return True
    range_ = np.iinfo(kind)
    return bool(column.min() >= range_.min and column.max() <= range_.max)


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
