"""What an index looks like on disk: a header, one file with the arrays of all columns, and the customer IDs; all but the header is mapped.

codes   `codes`: uint8 or uint16 per customer: 0 no value, else 1 + the place of the value among the sorted `values`
wide    numbers with too many values for codes: `numbers` (int64 or float64 per customer, 0 where there is none),
`codes`: uint8: 0 no value, else 1 + the bucket; `bounds`: bucket b holds bounds[b-1] <= number < bounds[b];
`order`: the customers that have one, by number, then by place (uint32); `ends`: where each bucket ends in it
list    `values`, and for each value the customers whose list holds it: `starts`, `rows`: their numbers (uint32, ascending) when they are
few, else `sets`: bits (uint64), at the place among them that `common` gives (-1: they are few), and `counts`, how many hold each of these;
`codes`: uint8: 0 no value, 1 a list (it may be empty)
text    texts with too many values: `codes` as for lists; their conditions are asked of the engine

The codes of one byte lie there a second time, customer by customer (`Layout.together`): whoever asks for many columns of few customers
fetches one line of memory for each customer instead of one for each value.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

VERSION = 1
FILE = "index.json"
COLUMNS = "columns.bin"
ALIGN = 64
IDS = "ids.arrow"
MOST_VALUES = 65_534
"""A column with more different values than this is wide, or text."""
Kind = Literal["codes", "wide", "list", "text"]


@dataclass(frozen=True)
class Part:
    """An array in the file of columns: where it begins, NumPy type (`arrow`: bytes of an Arrow file), length in items."""

    offset: int
    dtype: str
    length: int


@dataclass(frozen=True)
class FieldInfo:
    """One column: DuckDB type, how it is laid out, how many different values it has (None: not counted), how many customers have none,
    and its arrays.
    """

    name: str
    type: str
    kind: Kind
    values: int | None
    missing: int
    parts: Mapping[str, Part]


@dataclass(frozen=True)
class Layout:
    """The header of an index. `together`: the codes of the columns named in `beside`, a row for each customer (None: there are none)."""

    size: int
    fields: tuple[FieldInfo, ...]
    beside: tuple[str, ...] = ()
    together: Part | None = None

    def text(self) -> str:
        """The header as JSON, the same for the same index."""
        written: dict[str, Any] = {"version": VERSION, "size": self.size, "fields": [asdict(f) for f in self.fields]}
        if self.together is not None:
            written |= {"beside": list(self.beside), "together": asdict(self.together)}
        return json.dumps(written, ensure_ascii=False, indent=1) + "\n"

    @classmethod
    def read(cls, folder: Path) -> Layout:
        """Read the header. Raises ValueError for an index of another version."""
        told: Mapping[str, Any] = json.loads((folder / FILE).read_text("utf-8"))
        if told.get("version") != VERSION:
            raise ValueError(f"the index is of version {told.get('version')}, expected {VERSION}")
        fields = (
            FieldInfo(**{**f, "parts": {name: Part(**part) for name, part in f["parts"].items()}})
            for f in told["fields"]
        )
        together = Part(**told["together"]) if "together" in told else None
        return cls(told["size"], tuple(fields), tuple(told.get("beside", ())), together)


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


class PartsWriter:
    """Writes arrays one after the other into the file of columns, each at a multiple of ALIGN bytes."""

    def __init__(self, path: Path) -> None:
        self._stream = path.open("wb")

    def add(self, data: npt.NDArray[np.generic], dtype: str | None = None) -> Part:
        """Append an array."""
        self._stream.write(bytes(-self._stream.tell() % ALIGN))
        part = Part(self._stream.tell(), dtype or data.dtype.str, len(data))
        self._stream.write(np.ascontiguousarray(data).data)
        return part

    def add_pieces(self, pieces: Iterable[npt.NDArray[np.uint8]]) -> Part:
        """Append bytes that come in pieces."""
        self._stream.write(bytes(-self._stream.tell() % ALIGN))
        begin = self._stream.tell()
        for piece in pieces:
            self._stream.write(np.ascontiguousarray(piece).data)
        return Part(begin, "|u1", self._stream.tell() - begin)

    def flush(self) -> None:
        """Let readers of the file see all that was appended."""
        self._stream.flush()

    def add_values(self, values: pa.Array) -> Part:
        """Append an Arrow array."""
        sink = pa.BufferOutputStream()
        with pa.ipc.new_file(sink, pa.schema([("value", values.type)])) as writer:
            writer.write_batch(pa.record_batch([values], names=["value"]))
        return self.add(np.frombuffer(sink.getvalue(), dtype=np.uint8), "arrow")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()


def map_columns(folder: Path) -> npt.NDArray[np.uint8]:
    """Map the file of columns."""
    path = folder / COLUMNS
    if not path.stat().st_size:
        return np.empty(0, dtype=np.uint8)
    mapped: npt.NDArray[np.uint8] = np.memmap(path, dtype=np.uint8, mode="r")
    return mapped


def populate(mapped: npt.NDArray[np.uint8]) -> None:
    """Let the system map the pages of the file by the thousand, instead of one by one when they are first touched.

    Between the steps other threads get their turn. Does nothing where the system can't.
    """
    file = getattr(mapped, "_mmap", None)
    if file is not None and hasattr(file, "madvise"):
        with suppress(OSError, ValueError):
            for at in range(0, len(mapped), _STEP):
                file.madvise(_POPULATE_READ, at, min(_STEP, len(mapped) - at))
                time.sleep(0)


_STEP = 1 << 22
_POPULATE_READ = 22
"""MADV_POPULATE_READ of Linux 5.14 and newer; Python has no name for it."""


def read_part(mapped: npt.NDArray[np.uint8], part: Part) -> npt.NDArray[np.generic]:
    """An array of the mapped file; nothing is copied."""
    dtype = np.dtype(np.uint8 if part.dtype == "arrow" else part.dtype)
    return mapped[part.offset : part.offset + part.length * dtype.itemsize].view(np.ndarray).view(dtype)


def read_values(mapped: npt.NDArray[np.uint8], part: Part) -> pa.Array:
    """An Arrow array of the mapped file."""
    table = pa.ipc.open_file(pa.py_buffer(read_part(mapped, part))).read_all()
    chunks = table.column(0).chunks
    return chunks[0] if len(chunks) == 1 else pa.array([], table.schema.field(0).type)
