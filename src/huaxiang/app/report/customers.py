"""Columns of the snapshot's customer table as arrays, read one at a time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from huaxiang.errors import SnapshotError

if TYPE_CHECKING:
    import pyarrow as pa

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Values:
    """A column of categories: distinct `values` as texts, and for each customer the position in it, −1 where unknown."""

    values: tuple[str, ...]
    codes: Codes

    @property
    def known(self) -> int:
        """How many customers have a value."""
        return int((self.codes >= 0).sum())

    def counts(self) -> Codes:
        """Customers for each value."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.values)).astype(np.int64)

    def sums(self, weights: Floats) -> Floats:
        """Sum of the weights (unknown = 0) for each value."""
        held = self.codes >= 0
        return np.bincount(self.codes[held], np.nan_to_num(weights[held]), minlength=len(self.values)).astype(
            np.float64
        )

    def of(self, value: str) -> Mask:
        """Which customers have the value."""
        return np.asarray(self.codes == (self.values.index(value) if value in self.values else -2), dtype=np.bool_)


class Customers:
    """The table `customers` of a snapshot: one row per customer."""

    def __init__(self, path: Path) -> None:
        import pyarrow.parquet as pq

        try:
            self._file = pq.ParquetFile(path)
        except (OSError, ValueError) as fault:
            kind = type(fault).__name__
            raise SnapshotError(
                f"table customers can't be read ({kind}); build again",
                f"无法读取客户表 customers（{kind}）；请重新构建",
            ) from fault
        self.names = frozenset(self._file.schema_arrow.names)
        self.size: int = self._file.metadata.num_rows

    def _column(self, name: str) -> pa.ChunkedArray:
        return self._file.read(columns=[name]).column(0)

    def type_of(self, name: str) -> str:
        """`list`, `number`, `boolean`, `date` or `text`."""
        import pyarrow.types as kinds

        stored = self._file.schema_arrow.field(name).type
        tests: tuple[tuple[str, Any], ...] = (
            ("list", kinds.is_list), ("list", kinds.is_large_list), ("boolean", kinds.is_boolean),
            ("date", kinds.is_temporal), ("number", kinds.is_integer), ("number", kinds.is_floating), ("number", kinds.is_decimal),
        )  # fmt: skip
        return next((kind for kind, test in tests if test(stored)), "text")

    def numbers(self, name: str) -> Floats:
        """A number column as float64, NaN where unknown."""
        import pyarrow as pa
        import pyarrow.compute as pc

        column = pc.cast(self._column(name), pa.float64(), safe=False)
        return np.asarray(column.to_numpy(), dtype=np.float64)

    def values(self, name: str) -> Values:
        """A column of single values as categories (numbers and booleans as their texts)."""
        import pyarrow as pa
        import pyarrow.compute as pc

        coded = pc.dictionary_encode(pc.cast(self._column(name), pa.string()).combine_chunks())
        codes = pc.fill_null(pc.cast(coded.indices, pa.int64()), -1).to_numpy(zero_copy_only=False)
        return Values(tuple(coded.dictionary.to_pylist()), codes.astype(np.int64))

    def list_counts(self, name: str) -> tuple[dict[str, int], int]:
        """For a list column: how many customers hold each item, and how many have a list with any item."""
        import pyarrow as pa
        import pyarrow.compute as pc

        lists = self._column(name).combine_chunks()
        held = int(pc.sum(pc.fill_null(pc.greater(pc.list_value_length(lists), 0), False)).as_py() or 0)
        pairs = pa.table({"row": pc.list_parent_indices(lists), "item": pc.cast(pc.list_flatten(lists), pa.string())})
        counted = pairs.group_by(["row", "item"]).aggregate([]).group_by("item").aggregate([("row", "count")])
        found = dict(zip(counted["item"].to_pylist(), counted["row_count"].to_pylist(), strict=True))
        found.pop(None, None)
        return found, held
