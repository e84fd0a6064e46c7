"""Arrow columns as NumPy arrays and back, by their buffers: pyarrow's own ways import pandas where it is installed, and `pyarrow.compute`,
which is felt on the command line.
"""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

_Item = TypeVar("_Item", np.float64, np.int64, np.int32)


def known_in(column: pa.Array) -> npt.NDArray[np.bool_]:
    """Where a column has a value."""
    bitmap = column.buffers()[0] if column.null_count else None
    if bitmap is None:
        return np.full(len(column), not isinstance(column, pa.NullArray))
    return _bits(bitmap, column.offset, len(column))


def flags_in(column: pa.Array) -> npt.NDArray[np.int8]:
    """A boolean column: 1, 0, or -1 where there is no value."""
    data = column.buffers()[1]
    if data is None:
        return np.full(len(column), -1, dtype=np.int8)
    flags = _bits(data, column.offset, len(column)).astype(np.int8)
    flags[~known_in(column)] = -1
    return flags


def numbers_in(column: pa.Array, kind: type[_Item]) -> npt.NDArray[_Item]:
    """A column whose values are stored as `kind` (numbers, days, microseconds), 0 where there is no value. Shares memory if it can."""
    data = column.buffers()[1]
    if data is None:
        return np.zeros(len(column), dtype=kind)
    found = np.frombuffer(data, dtype=kind)[column.offset : column.offset + len(column)]
    return np.where(known_in(column), found, kind(0)) if column.null_count else found


def column_of(stored: npt.NDArray[Any], kind: pa.DataType) -> pa.Array:
    """A column without missing values, from the numbers that are stored for it: days, microseconds, pairs of 64 bits for decimals."""
    length = len(stored)
    return pa.Array.from_buffers(kind, length, [None, pa.py_buffer(np.ascontiguousarray(stored))])


def _bits(bitmap: pa.Buffer, offset: int, length: int) -> npt.NDArray[np.bool_]:
    first, skipped = divmod(offset, 8)
    packed = np.frombuffer(bitmap, dtype=np.uint8)[first : first + (skipped + length + 7) // 8]
    return np.unpackbits(packed, bitorder="little")[skipped : skipped + length].astype(np.bool_)
