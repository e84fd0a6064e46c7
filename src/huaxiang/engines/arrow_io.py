"""The one way tables reach disk, whichever engine computed them: equal content gives equal bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

ROW_GROUP = 131_072
OWNED_GROUP = 16_384
"""Rows of a row group of tables of which the rows of single customers are read: what is unpacked for one of them."""
SCATTERED_GROUP = 8_192
"""The same of tables in which the rows of a customer lie apart: each of them is another group to unpack."""


def write_parquet(
    schema: pa.Schema, batches: Iterable[pa.RecordBatch], path: Path, *, row_group: int = ROW_GROUP
) -> int:
    """Write sorted batches to one Parquet file and return the number of rows.

    Row groups have exactly `row_group` rows (the last one fewer) however the batches were cut; field and schema metadata
    and nullability are dropped, so that they can't tell one engine from another. The file appears only when complete.
    """
    plain = plain_schema(schema)
    part = path.with_name(f".{path.name}.part")
    rows = 0
    try:
        with pq.ParquetWriter(part, plain, compression="zstd", compression_level=3, write_statistics=True) as writer:
            for table in _row_groups(plain, batches, row_group):
                writer.write_table(table, row_group_size=row_group)
                rows += table.num_rows
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return rows


def plain_schema(schema: pa.Schema) -> pa.Schema:
    """The schema in stored types: plain strings, µs timestamps without zone, no metadata, all nullable."""
    return pa.schema([pa.field(f.name, _plain_type(f.type)) for f in schema])


def _plain_type(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind) or pa.types.is_dictionary(kind):
        return pa.string()
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us")
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pa.list_(pa.field("element", _plain_type(kind.value_type)))
    return kind


def _row_groups(schema: pa.Schema, batches: Iterable[pa.RecordBatch], rows: int) -> Iterator[pa.Table]:
    """Cut the stream into tables of exactly `rows` rows, each column one chunk."""
    waiting: list[pa.RecordBatch] = []
    held = 0
    for batch in batches:
        taken = 0
        while taken < batch.num_rows:
            head = batch.slice(taken, rows - held)
            waiting.append(head)
            held += head.num_rows
            taken += head.num_rows
            if held == rows:
                yield _one_chunk(schema, waiting)
                waiting, held = [], 0
    if held:
        yield _one_chunk(schema, waiting)


def _one_chunk(schema: pa.Schema, batches: list[pa.RecordBatch]) -> pa.Table:
    return pa.Table.from_batches(batches).cast(schema).combine_chunks()
