"""Parquet: typed columns as they are, text columns as dictionaries, so that repeated values are never unpacked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from huaxiang.errors import Said
from huaxiang.store.cleaning.codes import FAULT
from huaxiang.store.files.batch import FileFault, FileForm, Limits, RawBatch, ReadRequest, locate

_BATCH = 131_072
UNREADABLE = Said(
    "the Parquet file is damaged, cut off or encrypted; write it anew",
    "Parquet 文件已损坏、不完整或已加密；请重新写出",
)
_DAMAGE = (pa.ArrowException, OSError, ValueError)  # ValueError: names in the footer that are not UTF-8


def open_parquet(request: ReadRequest) -> tuple[FileForm, Iterator[RawBatch]]:
    """Column names and batches of a Parquet file. Raises FileFault."""
    try:
        with pq.ParquetFile(request.path, thrift_string_size_limit=64 * 2**20) as file:
            schema = file.schema_arrow
            _check_sizes(file.metadata, request)
    except _DAMAGE:
        raise FileFault(UNREADABLE) from None
    header = tuple(schema.names)
    locate(header, request.columns)
    for name in request.columns:
        _check_type(name, schema.field(name).type)
    return FileForm("parquet", None, None, header), _batches(request, schema)


def _check_type(name: str, kind: pa.DataType) -> None:
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        kind = kind.value_type
    if pa.types.is_nested(kind) or pa.types.is_duration(kind) or pa.types.is_interval(kind):
        raise FileFault(
            Said(
                f'column "{name}" holds {kind} values, which have no place in a table; flatten it before',
                f"列“{name}”的值是 {kind} 类型，不能放进表格；请先展开成普通列",
            )
        )


def _check_sizes(metadata: pq.FileMetaData, request: ReadRequest) -> None:
    """Refuse, by what the file declares, one that unpacks to far more than it is.

    Only figures of row groups are read: pyarrow 26 ends the process, without an exception, on `RowGroupMetaData.column` of a
    damaged footer.
    """
    packed = max(request.path.stat().st_size, 1)
    unpacked = sum(metadata.row_group(group).total_byte_size for group in range(metadata.num_row_groups))
    unpacked = max(unpacked, metadata.num_rows * 8 * len(set(request.columns)))
    if unpacked > request.limits.unpacked_bytes and unpacked > request.limits.unpacked_ratio * packed:
        raise FileFault(
            Said(
                f"the file unpacks to far more than it is ({unpacked:,} bytes from {packed:,}); it is not opened. "
                "If it is genuine, write it without repetition, or as CSV",
                f"文件解压后远大于自身（{packed:,} 字节解压为 {unpacked:,} 字节），未打开。"
                "如果文件无误，请去掉重复内容后重新写出，或存为 CSV",
            )
        )


def _batches(request: ReadRequest, schema: pa.Schema) -> Iterator[RawBatch]:
    names = list(dict.fromkeys(request.columns))
    texts = [name for name in names if _is_text(schema.field(name).type)]
    size = request.path.stat().st_size
    allowed = request.limits.unpacked_bytes + request.limits.unpacked_ratio * size
    row = unpacked = 0
    try:
        with pq.ParquetFile(request.path, read_dictionary=texts, pre_buffer=False) as file:
            total = max(file.metadata.num_rows, 1)
            for batch in file.iter_batches(_BATCH, columns=names or schema.names[:1], use_threads=True):
                columns = {name: _readable(batch.column(name)) for name in names}
                unpacked += sum(_unpacked_size(column) for column in columns.values())
                if unpacked > allowed:
                    raise FileFault(
                        Said(
                            "the file unpacks to far more than it is; reading stopped. If it is genuine, write it without repetition",
                            "文件解压后远大于自身，已停止读取。如果文件无误，请去掉重复内容后重新写出",
                        )
                    )
                yield from _slices(columns, batch.num_rows, request, row)
                row += batch.num_rows
                yield _progress(request, size * row // total)
    except _DAMAGE:
        raise FileFault(
            Said(
                f"the Parquet file is damaged after row {row:,}, or a text in it is not valid UTF-8; write it anew",
                f"Parquet 文件在第 {row:,} 行之后已损坏，或其中有文本不是合法的 UTF-8；请重新写出",
            )
        ) from None


def _progress(request: ReadRequest, read: int) -> RawBatch:
    return RawBatch([pa.nulls(0)] * len(request.columns), np.zeros(0, np.int64), lambda _: "", bytes_read=read)


def _slices(columns: dict[str, pa.Array], length: int, request: ReadRequest, row: int) -> Iterator[RawBatch]:
    """The batch in slices whose texts, unpacked, stay below the limit; texts beyond the cell limit are left out."""
    faults = np.zeros(length, np.int8)
    kept: dict[str, pa.Array] = {}
    widest = 0
    for name, column in columns.items():
        long = _too_long(column, request.limits)
        kept[name] = pc.if_else(pa.array(long), None, column) if long.any() else column
        faults[long] = FAULT["too_long"]
        lengths = _lengths(kept[name])
        widest += (pc.max(lengths).as_py() or 0) if lengths is not None else 8
    step = max(1, request.limits.batch_bytes // max(widest, 1))
    for start in range(0, length, step):
        stop = min(length, start + step)
        rows = np.arange(row + start + 1, row + stop + 1, dtype=np.int64)
        raw = partial(_raw, columns, start)
        yield RawBatch([kept[name].slice(start, step) for name in request.columns], rows, raw, (), faults[start:stop])


def _is_text(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
    )


def _readable(column: pa.Array) -> pa.Array:
    """Texts with 32-bit offsets, binary as text, plain and dictionary; raises ArrowInvalid for what is no UTF-8."""
    kind = column.type
    if pa.types.is_dictionary(kind) and _is_text(kind.value_type):
        return pa.DictionaryArray.from_arrays(column.indices.cast(pa.int32()), _checked_texts(column.dictionary))
    if pa.types.is_string_view(kind) or pa.types.is_binary_view(kind) or _is_text(kind):
        return _checked_texts(column)
    return column


def _checked_texts(column: pa.Array) -> pa.Array:
    column = column.cast(pa.string())
    column.validate(full=True)
    return column


def _lengths(column: pa.Array) -> pa.Array | None:
    if pa.types.is_dictionary(column.type) and pa.types.is_string(column.type.value_type):
        return pc.binary_length(column.dictionary).take(column.indices)
    return pc.binary_length(column) if pa.types.is_string(column.type) else None


def _unpacked_size(column: pa.Array) -> int:
    lengths = _lengths(column)
    return int(pc.sum(lengths.cast(pa.int64())).as_py() or 0) if lengths is not None else int(column.nbytes)


def _too_long(column: pa.Array, limits: Limits) -> np.ndarray:
    lengths = _lengths(column)
    if lengths is None:
        return np.zeros(len(column), bool)
    return np.asarray(pc.fill_null(pc.greater(lengths, 4 * limits.cell_chars), False).to_numpy(zero_copy_only=False))


def _raw(columns: dict[str, pa.Array], start: int, index: int) -> str:
    values: dict[str, Any] = {name: column[start + index].as_py() for name, column in columns.items()}
    return json.dumps(values, ensure_ascii=False, default=str)
