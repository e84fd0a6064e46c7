"""Wide rows of single customers: a table cut into small blocks of rows, each compressed as a whole, sorted by customer.

A row of a column store with hundreds of columns costs hundreds of places to read and pages to unpack; here it is one. The file is an Arrow
file with a line for each block: its first customer, the size of what it unpacks to, and an Arrow record batch, packed by Zstandard. The
schema of the batches and VERSION stand in its metadata. Values are those of the table, of the same types.
"""

from __future__ import annotations

import base64
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc

FOLDER = "rows"
"""The folder of a snapshot that holds its wide tables in blocks, `<table>.arrow`."""
VERSION = b"1"
BLOCK = 256
"""Rows of a block: fewer take more space, more take longer to unpack."""
_LINES = 1024
_ID = "customer_id"
_LAYOUT = [("first", pa.string()), ("size", pa.int64()), ("block", pa.large_binary())]


def write_blocks(schema: pa.Schema, batches: Iterable[pa.RecordBatch], path: Path) -> int:
    """Write batches that are sorted by customer_id, each customer once; return how many rows. Equal rows give equal bytes."""
    plain = schema.remove_metadata()
    layout = pa.schema(_LAYOUT, metadata={"version": VERSION, "schema": base64.b64encode(plain.serialize())})
    codec = pa.Codec("zstd", compression_level=1)
    rows = 0
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, layout) as writer:
        lines: list[tuple[str, int, bytes]] = []
        for batch in _cut(plain, batches):
            packed = batch.serialize()
            lines.append((batch.column(_ID)[0].as_py(), packed.size, codec.compress(packed, asbytes=True)))
            rows += batch.num_rows
            if len(lines) == _LINES:
                writer.write_batch(_lines(lines, layout))
                lines = []
        if lines:
            writer.write_batch(_lines(lines, layout))
    return rows


def _lines(lines: list[tuple[str, int, bytes]], layout: pa.Schema) -> pa.RecordBatch:
    return pa.record_batch([pa.array(c, f.type) for c, f in zip(zip(*lines, strict=True), layout, strict=True)], layout)


def _cut(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Batches of exactly BLOCK rows, the last one fewer."""
    waiting: list[pa.RecordBatch] = []
    held = 0
    for given in batches:
        batch = pa.RecordBatch.from_arrays(given.columns, schema=schema)
        taken = 0
        while taken < batch.num_rows:
            waiting.append(batch.slice(taken, BLOCK - held))
            held += waiting[-1].num_rows
            taken += waiting[-1].num_rows
            if held == BLOCK:
                yield _one(schema, waiting)
                waiting, held = [], 0
    if held:
        yield _one(schema, waiting)


def _one(schema: pa.Schema, parts: list[pa.RecordBatch]) -> pa.RecordBatch:
    if len(parts) == 1:
        return parts[0]
    return pa.Table.from_batches(parts, schema).combine_chunks().to_batches()[0]


class Blocks:
    """A file of blocks, mapped. Safe to use from several threads."""

    def __init__(self, lines: pa.Table, schema: pa.Schema) -> None:
        self._schema = schema
        self._codec = pa.Codec("zstd")
        self._sizes, self._blocks = lines.column("size"), lines.column("block")
        self._firsts: list[str] = lines.column("first").to_pylist()

    @classmethod
    def open(cls, path: Path) -> Self | None:
        """Open a file; None where there is none, or one of another version."""
        try:
            lines = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
        except FileNotFoundError:
            return None
        told = lines.schema.metadata or {}
        if told.get(b"version") != VERSION:
            return None
        return cls(lines, pa.ipc.read_schema(pa.py_buffer(base64.b64decode(told[b"schema"]))))

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(self._schema.names)

    def row(self, owner: str) -> dict[str, Any] | None:
        """The row of a customer by column, None for an unknown one."""
        place = bisect_right(self._firsts, owner) - 1
        if place < 0:
            return None
        packed = self._blocks[place].as_buffer()
        whole = self._codec.decompress(packed, self._sizes[place].as_py())
        batch = pa.ipc.read_record_batch(whole, self._schema)
        at = pc.index(batch.column(_ID), pa.scalar(owner, pa.string())).as_py()
        if at < 0:
            return None
        found: dict[str, Any] = batch.slice(at, 1).to_pylist()[0]
        return found
