"""Writes the journeys of a source from its table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from huaxiang.engines.buffers import known_in, numbers_in
from huaxiang.index.journeys.layout import ARRAYS, FILE, MOST_EVENTS, MOST_VALUES, ONCE, Layout
from huaxiang.index.layout import Part, PartsWriter

ID = "customer_id"
DAY = 86_400_000_000
_UNITS = (1_000_000, 1_000, 1)
_BATCH = 1 << 18
_ROWS = 1 << 21
"""So many rows are read at once."""
Ints = NDArray[np.int64]
Numbers = NDArray[np.int32]


@dataclass(frozen=True)
class Table:
    """The table of a source: its file, the field that dates its rows, and the fields of texts, of which those with few values get codes."""

    path: Path
    time: str
    fields: Sequence[str]


def build_journeys(table: Table, ids: pa.Array, until: int, folder: Path) -> Layout:
    """Write the journeys of a source into the new folder `folder`: all rows of a customer with a time before `until` (microseconds).

    `ids`: customer IDs by number, ascending. Memory: some 40 bytes a row. Raises ValueError for a table that is too long.
    """
    file = pq.ParquetFile(table.path)
    if file.metadata.num_rows > MOST_EVENTS or len(ids) > MOST_EVENTS:
        raise ValueError("a source of more than 4 billion rows has no journeys")
    numbers, moments = _read(file, table.time, ids)
    rows = np.flatnonzero((numbers >= 0) & (moments < until))
    rows = _in_order(rows, numbers, moments)
    moments = moments[rows]
    starts = np.zeros(len(ids) + 1, dtype=np.int64)
    np.cumsum(np.bincount(numbers[rows], minlength=len(ids)), out=starts[1:])
    del numbers
    unit = next(unit for unit in _UNITS if not (moments % unit).any())
    origin = int(moments.min()) // DAY * DAY if len(moments) else 0
    moments = (moments - origin) // unit
    latest = int(moments.max()) if len(moments) else 0
    folder.mkdir(parents=True)
    parts: dict[str, Part] = {}
    with PartsWriter(folder / ARRAYS) as writer:
        parts["starts"] = writer.add(starts.astype(np.uint32))
        parts["moments"] = writer.add(moments.astype(np.uint32 if latest < 1 << 32 else np.int64))
        parts["rows"] = writer.add(rows.astype(np.uint32))
        new = _new_moments(starts, moments)
        if len(moments) and new.sum() <= ONCE * len(moments):
            parts["once:starts"] = writer.add(np.concatenate([[0], np.cumsum(new)])[starts].astype(np.uint32))
            parts["once:moments"] = writer.add(moments[new].astype(np.uint32 if latest < 1 << 32 else np.int64))
        del moments, new
        for name in table.fields:
            coded = _coded(table.path, name, rows)
            if coded is not None:
                parts[f"codes:{name}"], parts[f"values:{name}"] = writer.add(coded[0]), writer.add_values(coded[1])
    layout = Layout(len(ids), file.metadata.num_rows, len(rows), origin, unit, latest, parts)
    (folder / FILE).write_text(layout.text(), "utf-8")
    return layout


def _read(file: pq.ParquetFile, time: str, ids: pa.Array) -> tuple[Numbers, Ints]:
    """The number of the customer of each row (-1: none, or no time), and its moment in microseconds."""
    numbers = np.full(file.metadata.num_rows, -1, dtype=np.int32)
    moments = np.zeros(file.metadata.num_rows, dtype=np.int64)
    begin = 0
    for groups in _pieces(file):
        told = file.read_row_groups(groups, columns=[ID, time])
        found = pc.index_in(told.column(0).cast(pa.string()), value_set=ids).combine_chunks()
        moment = told.column(1).cast(pa.timestamp("us")).combine_chunks()
        known = known_in(found) & known_in(moment)
        rows = slice(begin, begin + len(known))
        numbers[rows][known] = numbers_in(found, np.int32)[known]
        moments[rows] = numbers_in(moment, np.int64)
        begin += len(known)
    return numbers, moments


def _pieces(file: pq.ParquetFile) -> Iterator[list[int]]:
    """The row groups of a file, so many together as have about _ROWS rows."""
    held: list[int] = []
    rows = 0
    for group in range(file.num_row_groups):
        held.append(group)
        rows += file.metadata.row_group(group).num_rows
        if rows >= _ROWS:
            yield held
            held, rows = [], 0
    if held:
        yield held


def _in_order(rows: Ints, numbers: Numbers, moments: Ints) -> Ints:
    """The rows by customer, then by time, then as they stand."""
    who, when = numbers[rows], moments[rows]
    after = (who[1:] > who[:-1]) | ((who[1:] == who[:-1]) & (when[1:] >= when[:-1]))
    if bool(after.all()):
        return rows
    if bool((who[1:] >= who[:-1]).all()):  # the customers stand in order: only theirs whose times don't are sorted
        wrong = np.zeros(int(who[-1]) + 1, dtype=np.bool_)
        wrong[who[1:][~after]] = True
        at = np.flatnonzero(wrong[who])
        rows[at] = rows[at[np.lexsort((when[at], who[at]))]]
        return rows
    return rows[np.lexsort((when, who))]


def _new_moments(starts: Ints, moments: Ints) -> NDArray[np.bool_]:
    """Which events are the first of their customer at their moment."""
    new = np.ones(len(moments), dtype=np.bool_)
    np.not_equal(moments[1:], moments[:-1], out=new[1:])
    begins = starts[:-1]
    new[begins[begins < len(moments)]] = True
    return new


def _coded(path: Path, name: str, rows: Ints) -> tuple[NDArray[np.uint8], pa.Array] | None:
    """The code of each of the rows in a field of texts, and the sorted texts that occur; None when there are too many."""
    known: dict[str, int] = {}
    parts = []
    for batch in _batches(path, name):
        encoded = batch if pa.types.is_dictionary(batch.type) else batch.dictionary_encode()
        places = [known.setdefault(text, len(known)) for text in encoded.dictionary.to_pylist()]
        if len(known) > MOST_VALUES:
            return None
        table = np.array([*places, 255], dtype=np.uint8)
        indices = encoded.indices.cast(pa.int32())
        parts.append(table[np.where(known_in(indices), numbers_in(indices, np.int32), len(places))])
    codes = (np.concatenate(parts) if parts else np.empty(0, dtype=np.uint8))[rows]
    there = np.bincount(codes, minlength=256)
    texts = sorted(text for text, place in known.items() if there[place])
    order = np.full(256, len(texts), dtype=np.uint8)
    order[[known[text] for text in texts]] = np.arange(len(texts))
    return order[codes], pa.array(texts, pa.string())


def _batches(path: Path, name: str) -> Iterator[pa.Array]:
    for batch in pq.ParquetFile(path, read_dictionary=[name]).iter_batches(_BATCH, columns=[name]):
        yield batch.column(0)
