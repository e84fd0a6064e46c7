"""An audience as a stream of bytes, so that a file of any size leaves the server as it is made."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from huaxiang.app.audience import column_types, csv_cell
from huaxiang.app.masks import kind_of, mask
from huaxiang.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from huaxiang.store.snapshots import Snapshot

_BATCH = 50_000
_ID = "customer_id"


def export_columns(manifest: Mapping[str, Any], columns: Sequence[str]) -> tuple[str, ...]:
    """customer_id, then the columns asked for, each once. Raises UsageError for an unknown one."""
    known = column_types(manifest)
    chosen = tuple(dict.fromkeys((_ID, *columns)))
    for name in chosen:
        if name not in known:
            raise UsageError.unknown("column", name, known)
    return chosen


def masked_columns(manifest: Mapping[str, Any], columns: Sequence[str]) -> dict[str, str]:
    """The columns whose values are masked, and how."""
    items = {item["name"]: item for item in (*manifest.get("attributes", ()), *manifest.get("tags", ()))}
    kinds = ((name, kind_of(items[name])) for name in columns if name in items)
    return {name: kind for name, kind in kinds if kind is not None}


def stream_audience(
    snapshot: Snapshot, members: NDArray[np.bool_], columns: Sequence[str], kind: str, *, unmask: bool = False
) -> Iterator[bytes]:
    """Yield a CSV (UTF-8 with BOM) or Parquet file of the customers for whom `members` is true, in the order of their IDs.

    `members`: a truth per row of the customers table; `columns` as `export_columns` gives them. Personal values are masked unless
    `unmask`. CSV cells are those of `huaxiang audience export`.
    """
    masks = {} if unmask else masked_columns(snapshot.manifest, columns)
    tables = _tables(snapshot, members, columns, masks)
    yield from _csv(tables, columns) if kind == "csv" else _parquet(tables)


def _tables(
    snapshot: Snapshot, members: NDArray[np.bool_], columns: Sequence[str], masks: Mapping[str, str]
) -> Iterator[pa.Table]:
    """The rows, batch by batch; at least one table, which may be empty."""
    import pyarrow as pa
    from pyarrow import parquet

    if list(columns) == [_ID]:
        from huaxiang.app.audience_index import open_index
        from huaxiang.index import Bits

        yield pa.table({_ID: open_index(snapshot).ids(Bits.from_mask(members))})
        return
    file = parquet.ParquetFile(snapshot.table("customers"))
    at, given = 0, False
    for batch in file.iter_batches(_BATCH, columns=list(columns)):
        inside = members[at : at + batch.num_rows]
        at += batch.num_rows
        if inside.any() or (not given and at == len(members)):
            given = True
            yield _masked(pa.Table.from_batches([batch.filter(pa.array(inside))]).select(list(columns)), masks)


def _masked(table: pa.Table, masks: Mapping[str, str]) -> pa.Table:
    import pyarrow as pa

    for name, kind in masks.items():
        column = table.column(name)
        values = [mask(value, kind) for value in column.to_pylist()]
        listed = pa.types.is_list(column.type) or pa.types.is_large_list(column.type)
        table = table.set_column(
            table.column_names.index(name), name, pa.array(values, pa.list_(pa.string()) if listed else pa.string())
        )
    return table


def _csv(tables: Iterator[pa.Table], columns: Sequence[str]) -> Iterator[bytes]:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(columns)
    yield b"\xef\xbb\xbf" + _taken(stream).encode()
    for table in tables:
        rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
        writer.writerows([csv_cell(value) for value in row] for row in rows)
        yield _taken(stream).encode()


def _taken(stream: io.StringIO) -> str:
    text = stream.getvalue()
    stream.seek(0)
    stream.truncate()
    return text


def _parquet(tables: Iterator[pa.Table]) -> Iterator[bytes]:
    from pyarrow import parquet

    sink = _Sink()
    writer = None
    for table in tables:
        coded = [name for name in table.column_names if name != _ID]  # no two IDs are equal
        writer = writer or parquet.ParquetWriter(sink, table.schema, compression="zstd", use_dictionary=coded)
        writer.write_table(table)
        yield sink.take()
    if writer is not None:
        writer.close()
    yield sink.take()


class _Sink(io.RawIOBase):
    """A file that is written once, from front to back, and handed on piece by piece."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._at = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def write(self, data: Any) -> int:
        piece = bytes(data)
        self._parts.append(piece)
        self._at += len(piece)
        return len(piece)

    def take(self) -> bytes:
        """What was written since the last time."""
        found = b"".join(self._parts)
        self._parts.clear()
        return found
