"""Parquet: typed columns as they are, text columns as dictionaries, so that repeated values are never unpacked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from huaxiang.store.cleaning.codes import FAULT
from huaxiang.store.files.batch import FileFault, FileForm, Limits, RawBatch, ReadRequest, locate

_BATCH = 131_072
_EXPANSION_FLOOR = 512 * 2**20


def open_parquet(request: ReadRequest) -> tuple[FileForm, Iterator[RawBatch]]:
    """Column names and batches of a Parquet file. Raises FileFault."""
    schema, metadata = _inspect(request)
    header = tuple(schema.names)
    locate(header, request.columns)
    for name in request.columns:
        _check_type(name, schema.field(name).type)
    _check_sizes(metadata, request)
    return FileForm("parquet", None, None, header), _batches(request, schema)


def _inspect(request: ReadRequest) -> tuple[pa.Schema, pq.FileMetaData]:
    try:
        with pq.ParquetFile(request.path, thrift_string_size_limit=64 * 2**20) as file:
            return file.schema_arrow, file.metadata
    except (pa.ArrowException, OSError):
        raise FileFault("the Parquet file is damaged, cut off or encrypted; write it anew") from None


def _check_type(name: str, kind: pa.DataType) -> None:
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        kind = kind.value_type
    if pa.types.is_nested(kind) or pa.types.is_duration(kind) or pa.types.is_interval(kind):
        raise FileFault(f'column "{name}" holds {kind} values, which have no place in a table; flatten it before')


def _check_sizes(metadata: pq.FileMetaData, request: ReadRequest) -> None:
    """Refuse, by what the file declares, columns that unpack to far more than they are."""
    limits, wanted = request.limits, set(request.columns)
    for group in range(metadata.num_row_groups):
        for at in range(metadata.num_columns):
            column = metadata.row_group(group).column(at)
            if column.path_in_schema.split(".")[0] not in wanted:
                continue
            unpacked, packed = column.total_uncompressed_size, max(column.total_compressed_size, 1)
            if unpacked > 4 * limits.unpacked_bytes or (
                unpacked > limits.unpacked_floor and unpacked > limits.unpacked_ratio * packed
            ):
                raise FileFault(
                    f'column "{column.path_in_schema}" unpacks to far more than it is ({unpacked:,} bytes from {packed:,}); '
                    "it is not opened. If it is genuine, write it without repetition"
                )
    if metadata.num_rows * 8 * len(wanted) > _allowed(request):
        raise FileFault(
            f"{metadata.num_rows:,} rows in {request.path.stat().st_size:,} bytes: the file unpacks to far more than it is; it is not opened"
        )


def _allowed(request: ReadRequest) -> int:
    return int(_EXPANSION_FLOOR + request.limits.unpacked_ratio * request.path.stat().st_size)


def _batches(request: ReadRequest, schema: pa.Schema) -> Iterator[RawBatch]:
    texts = [name for name in dict.fromkeys(request.columns) if _is_text(schema.field(name).type)]
    names = list(dict.fromkeys(request.columns))
    row, unpacked, allowed = 0, 0, _allowed(request)
    size = request.path.stat().st_size
    try:
        with pq.ParquetFile(request.path, read_dictionary=texts, pre_buffer=False) as file:
            total = max(file.metadata.num_rows, 1)
            for batch in file.iter_batches(_BATCH, columns=names or schema.names[:1], use_threads=True):
                columns = {name: _readable(batch.column(name)) for name in names}
                unpacked += sum(_unpacked_size(column) for column in columns.values())
                if unpacked > allowed:
                    raise FileFault(
                        "the file unpacks to far more than it is; reading stopped. If it is genuine, write it without repetition"
                    )
                yield _batch(columns, batch, request, row, size * (row + batch.num_rows) // total)
                row += batch.num_rows
    except (pa.ArrowException, OSError):
        raise FileFault(
            f"the Parquet file is damaged after row {row:,}, or a text in it is not valid UTF-8; write it anew"
        ) from None


def _batch(columns: dict[str, pa.Array], batch: pa.RecordBatch, request: ReadRequest, row: int, read: int) -> RawBatch:
    ordered = [columns[name] for name in request.columns]
    rows = np.arange(row + 1, row + 1 + batch.num_rows, dtype=np.int64)
    faults = np.zeros(batch.num_rows, np.int8)
    for column in columns.values():
        faults[_too_long(column, request.limits)] = FAULT["too_long"]
    return RawBatch(ordered, rows, lambda index: _raw(columns, index), (), faults, read)


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


def _raw(columns: dict[str, pa.Array], index: int) -> str:
    values: dict[str, Any] = {name: column[index].as_py() for name, column in columns.items()}
    return json.dumps(values, ensure_ascii=False, default=str)
