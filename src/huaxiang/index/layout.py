"""What an index looks like on disk: `index.json` and the arrays of each field, all to be mapped into memory.

codes      <n>.codes.npy   uint8 or uint16 per customer: 0 no value, else 1 + the place of the value among the sorted values
<n>.values.arrow  the sorted values
wide       numbers with too many values for codes: <n>.numbers.npy (int64 or float64 per customer, 0 where there is none),
<n>.codes.npy   uint8: 0 no value, else 1 + the bucket; <n>.bounds.npy: bucket b holds bounds[b-1] <= number < bounds[b]
list       <n>.values.arrow, <n>.starts.npy, <n>.rows.npy: the customers (uint32, ascending) whose list holds each value;
<n>.codes.npy   uint8: 0 no value, 1 a list (it may be empty)
text       texts with too many values: <n>.codes.npy as for lists; their conditions are asked of the engine
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa

VERSION = 1
FILE = "index.json"
IDS = "ids.arrow"
MOST_VALUES = 65_534
"""A column with more different values than this is wide, or text."""
Kind = Literal["codes", "wide", "list", "text"]


@dataclass(frozen=True)
class FieldInfo:
    """One column: its place among the fields, DuckDB type, how it is laid out, how many different values it has (None: not counted),
    and how many customers have none.
    """

    name: str
    number: int
    type: str
    kind: Kind
    values: int | None
    missing: int

    def path(self, folder: Path, part: str) -> Path:
        """The file of a part: codes.npy, values.arrow …"""
        return folder / f"{self.number:03d}.{part}"


@dataclass(frozen=True)
class Layout:
    """The header of an index."""

    size: int
    fields: tuple[FieldInfo, ...]

    def text(self) -> str:
        """The header as JSON, the same for the same index."""
        written = {"version": VERSION, "size": self.size, "fields": [asdict(f) for f in self.fields]}
        return json.dumps(written, ensure_ascii=False, indent=1) + "\n"

    @classmethod
    def read(cls, folder: Path) -> Layout:
        """Read the header. Raises ValueError for an index of another version."""
        told: Mapping[str, Any] = json.loads((folder / FILE).read_text("utf-8"))
        if told.get("version") != VERSION:
            raise ValueError(f"the index is of version {told.get('version')}, expected {VERSION}")
        return cls(told["size"], tuple(FieldInfo(**f) for f in told["fields"]))


def type_of(kind: pa.DataType) -> str:
    """The DuckDB type of a column."""
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return f"{type_of(kind.value_type)}[]"
    if pa.types.is_decimal(kind):
        return f"DECIMAL({kind.precision},{kind.scale})"
    if pa.types.is_boolean(kind):
        return "BOOLEAN"
    if pa.types.is_integer(kind):
        return "BIGINT"
    if pa.types.is_floating(kind):
        return "DOUBLE"
    if pa.types.is_date(kind):
        return "DATE"
    return "TIMESTAMP" if pa.types.is_timestamp(kind) else "VARCHAR"


def write_values(path: Path, values: pa.Array) -> None:
    """Write an array so that it can be mapped."""
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, pa.schema([("value", values.type)])) as writer:
        writer.write_batch(pa.record_batch([values], names=["value"]))


def read_values(path: Path) -> pa.Array:
    """Map what `write_values` wrote."""
    with pa.memory_map(str(path)) as source:
        table = pa.ipc.open_file(source).read_all()
    chunks = table.column(0).chunks
    return chunks[0] if len(chunks) == 1 else pa.array([], table.schema.field(0).type)
