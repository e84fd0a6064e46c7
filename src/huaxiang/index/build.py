"""Writes the files of an index from a table of customers, a column at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from huaxiang.engines.buffers import known_in
from huaxiang.index.bits import Bits
from huaxiang.index.domain import from_numbers, numbers_of
from huaxiang.index.layout import (
    COLUMNS,
    FILE,
    IDS,
    MOST_VALUES,
    FieldInfo,
    Kind,
    Layout,
    Part,
    PartsWriter,
    map_columns,
    read_part,
    type_of,
)

ID = "customer_id"
_SAMPLE = 200_000
_BUCKETS = 254
_SPREAD = 1 << 22
"""Whole numbers within so wide a range are told apart by counting, not by sorting."""
_BATCH = 1 << 18
_SPARSE = 64
"""A value of lists that more than one in so many customers have is kept as bits."""
Numbers = npt.NDArray[np.float64] | npt.NDArray[np.int64]
Codes = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]


class _Target:
    """Takes the parts of one field."""

    def __init__(self, writer: PartsWriter) -> None:
        self._writer = writer
        self.parts: dict[str, Part] = {}

    def save(self, name: str, data: npt.NDArray[np.generic]) -> None:
        self.parts[name] = self._writer.add(data)

    def values(self, values: pa.Array) -> None:
        self.parts["values"] = self._writer.add_values(values)


def build_index(
    customers: Path, folder: Path, columns: Sequence[str] | None = None, tell: Callable[[int, int], None] | None = None
) -> Layout:
    """Write the index of `customers` (a Parquet file sorted by column customer_id) into the new folder `folder`.

    `columns`: those to index, default all; `tell` is called with fields done and all. Memory: the largest column and its codes.
    """
    file = _open(customers)
    folder.mkdir(parents=True)
    known = [name for name in file.schema_arrow.names if name != ID]
    chosen = known if columns is None else [name for name in known if name in set(columns)]
    _write_ids(file, folder / IDS)
    fields = []
    with PartsWriter(folder / COLUMNS) as writer:
        for number, name in enumerate(chosen, 1):
            flat = pa.types.is_string(file.schema_arrow.field(name).type)
            fields.append(_field(_open(customers, name) if flat else file, name, _Target(writer)))
            if tell is not None:
                tell(number, len(chosen))
        writer.flush()
        layout = _together(Layout(file.metadata.num_rows, tuple(fields)), folder, writer)
    (folder / FILE).write_text(layout.text(), "utf-8")
    return layout


def _together(layout: Layout, folder: Path, writer: PartsWriter) -> Layout:
    """Append the codes of one byte customer by customer."""
    small = [f for f in layout.fields if f.kind == "codes" and f.parts["codes"].dtype == "|u1"]
    if len(small) < 2 or not layout.size:
        return layout
    mapped = map_columns(folder)
    columns = [read_part(mapped, f.parts["codes"]) for f in small]
    pieces = (np.stack([c[at : at + _BATCH] for c in columns], axis=1) for at in range(0, layout.size, _BATCH))
    return replace(layout, beside=tuple(f.name for f in small), together=writer.add_pieces(pieces))


def _write_ids(file: pq.ParquetFile, path: Path) -> None:
    schema = pa.schema([("value", pa.string())])
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        for batch in _batches(file, ID):
            writer.write_batch(pa.record_batch([batch.cast(pa.string())], schema=schema))


def _batches(file: pq.ParquetFile, name: str) -> Iterator[pa.Array]:
    for batch in file.iter_batches(_BATCH, columns=[name]):
        yield batch.column(0)


def _open(customers: Path, coded: str | None = None) -> pq.ParquetFile:
    """Open the table; a column of texts is read as the dictionaries in which it is stored."""
    return pq.ParquetFile(customers, read_dictionary=[coded] if coded else None)


def _field(file: pq.ParquetFile, name: str, target: _Target) -> FieldInfo:
    kind = type_of(file.schema_arrow.field(name).type)
    if kind.endswith("[]"):
        found = _write_list(file, name, target)
    elif kind == "VARCHAR":
        found = _write_texts(file, name, target)
    else:
        found = _write_numbers(file, name, kind, target)
    return FieldInfo(name, kind, *found, target.parts)


# texts


class _Coder:
    """Numbers texts in order of appearance, until there are too many."""

    def __init__(self) -> None:
        self.known: dict[str, int] = {}

    def codes(self, texts: pa.Array) -> npt.NDArray[np.int64] | None:
        """The number of each text, -1 for none; None when there are too many different ones."""
        encoded = texts if pa.types.is_dictionary(texts.type) else texts.cast(pa.string()).dictionary_encode()
        places = [self.known.setdefault(t, len(self.known)) for t in encoded.dictionary.to_pylist()]
        if len(self.known) > MOST_VALUES:
            return None
        table = np.array([*places, -1], dtype=np.int64)  # the last is for missing values
        at: npt.NDArray[np.int64] = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        return table[at]

    def order(self) -> tuple[pa.Array, npt.NDArray[np.int64]]:
        """The sorted texts, and for each number of appearance its place among them, counted from 1; the last place is 0, for none."""
        texts = sorted(self.known)
        place = np.zeros(len(texts) + 1, dtype=np.int64)
        place[[self.known[t] for t in texts]] = np.arange(1, len(texts) + 1)
        return pa.array(texts, pa.string()), place


def _write_texts(file: pq.ParquetFile, name: str, target: _Target) -> tuple[Kind, int | None, int]:
    coder, parts = _Coder(), []
    for batch in _batches(file, name):
        codes = coder.codes(batch)
        if codes is None:
            return "text", None, _write_known(file, name, target)
        parts.append(codes.astype(np.int32))
    values, place = coder.order()
    whole = np.concatenate(parts) if parts else np.empty(0, dtype=np.int32)
    coded = place.astype(_code_type(len(values)))[whole]
    target.save("codes", coded)
    target.values(values)
    return "codes", len(values), int((coded == 0).sum())


def _write_known(file: pq.ParquetFile, name: str, target: _Target) -> int:
    """Write only where there is a value; return where there is none."""
    parts = [known_in(batch).astype(np.uint8) for batch in _batches(file, name)]
    whole = np.concatenate(parts) if parts else np.empty(0, dtype=np.uint8)
    target.save("codes", whole)
    return int((whole == 0).sum())


def _code_type(values: int) -> type[np.uint8 | np.uint16]:
    return np.uint8 if values < 255 else np.uint16


# lists


@dataclass(frozen=True)
class _Piece:
    """The lists of one batch: `rows` ordered by the number of their item, and how many rows each item has."""

    rows: npt.NDArray[np.uint32]
    counts: npt.NDArray[np.int64]


def _write_list(file: pq.ParquetFile, name: str, target: _Target) -> tuple[Kind, int | None, int]:
    coder: _Coder | None = _Coder()
    pieces: list[_Piece | None] = []
    knowns, begin = [], 0
    for batch in _batches(file, name):
        knowns.append(known_in(batch).astype(np.uint8))
        if coder is not None:
            codes = coder.codes(batch.flatten())
            pieces.append(_piece(batch, codes, begin) if codes is not None else None)
            coder = coder if codes is not None else None
        begin += len(batch)
    known = np.concatenate(knowns) if knowns else np.empty(0, dtype=np.uint8)
    target.save("codes", known)
    missing = int((known == 0).sum())
    if coder is None:
        return "text", None, missing
    values, place = coder.order()
    _save_rows([p for p in pieces if p is not None], np.argsort(place[:-1], kind="stable"), begin, target)
    target.values(values)
    return "list", len(values), missing


def _piece(batch: pa.Array, codes: npt.NDArray[np.int64], begin: int) -> _Piece:
    lengths = batch.value_lengths().fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
    rows = np.repeat(np.arange(begin, begin + len(batch), dtype=np.uint32), lengths)
    small = (codes + 1).astype(np.uint16)  # 0: an item that is missing
    order = np.argsort(small, kind="stable")
    small, rows = small[order], rows[order]
    keep: npt.NDArray[np.bool_] = small != 0  # and each customer once
    keep[1:] &= (small[1:] != small[:-1]) | (rows[1:] != rows[:-1])
    return _Piece(rows[keep], np.bincount(small[keep])[1:])


def _save_rows(pieces: Sequence[_Piece], order: npt.NDArray[np.int64], size: int, target: _Target) -> None:
    """Write the rows of all pieces item by item; `order`: the numbers of appearance of the items in the order of their texts."""
    counts = np.zeros((len(pieces), len(order)), dtype=np.int64)
    for number, piece in enumerate(pieces):
        counts[number, : len(piece.counts)] = piece.counts
    totals = counts.sum(axis=0)[order] if len(pieces) else np.zeros(len(order), dtype=np.int64)
    starts = np.concatenate([[0], np.cumsum(totals)]).astype(np.int64)
    begin = np.empty(len(order), dtype=np.int64)
    begin[order] = starts[:-1]
    rows = np.empty(int(starts[-1]), dtype=np.uint32)
    for number, piece in enumerate(pieces):
        own = counts[number]
        first = np.cumsum(own) - own
        rows[np.repeat(begin - first, own) + np.arange(len(piece.rows))] = piece.rows
        begin += own
    common = np.flatnonzero(totals * _SPARSE > size)
    sets = [Bits.from_rows(size, rows[starts[v] : starts[v + 1]]) for v in common.tolist()]
    few = np.ones(len(rows), dtype=np.bool_)
    for value in common.tolist():
        few[starts[value] : starts[value + 1]] = False
    totals[common] = 0
    place = np.full(len(order), -1, dtype=np.int64)
    place[common] = np.arange(len(common))
    target.save("starts", np.concatenate([[0], np.cumsum(totals)]).astype(np.int64))
    target.save("rows", rows[few])
    target.save("common", place)
    target.save("sets", np.concatenate([s.words for s in sets]) if sets else np.empty(0, dtype=np.uint64))
    target.save("counts", np.array([s.count() for s in sets], dtype=np.int64))


# numbers


def _write_numbers(file: pq.ParquetFile, name: str, kind: str, target: _Target) -> tuple[Kind, int | None, int]:
    parts, knowns = [], []
    for batch in _batches(file, name):
        part = numbers_of(batch, kind)
        if part is None:
            return "text", None, _write_known(file, name, target)
        parts.append(part)
        knowns.append(known_in(batch))
    numbers: Numbers = np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)  # type: ignore[assignment]
    known = np.concatenate(knowns) if knowns else np.empty(0, dtype=np.bool_)
    parts.clear()
    missing = int(len(known) - known.sum())
    values = _different(numbers, known)
    if values is None:
        _write_wide(numbers, known, target)
        return "wide", None, missing
    codes = _places(numbers, values).astype(_code_type(len(values)))
    codes[~known] = 0
    target.save("codes", codes)
    target.values(from_numbers(values, kind))
    return "codes", len(values), missing


def _different(numbers: Numbers, known: npt.NDArray[np.bool_]) -> Numbers | None:
    """The different known values, ascending (NaN once, at the end); None when there are too many."""
    mine = numbers if known.all() else numbers[known]
    if not len(mine):
        return mine
    step = max(1, len(mine) // _SAMPLE)
    if step > 1 and len(np.unique(mine[::step])) > MOST_VALUES:
        return None
    if mine.dtype == np.int64:
        low, high = int(mine.min()), int(mine.max())
        if high - low < _SPREAD:
            there = np.zeros(high - low + 1, dtype=np.bool_)
            there[mine - low] = True
            found = np.flatnonzero(there) + low
            return found if len(found) <= MOST_VALUES else None
    values: Numbers = np.unique(mine)  # type: ignore[assignment]
    return values if len(values) <= MOST_VALUES else None


def _places(numbers: Numbers, values: Numbers) -> npt.NDArray[np.int64]:
    """1 + the place of each number among the values, for numbers that are among them."""
    if not len(values):
        return np.zeros(len(numbers), dtype=np.int64)
    low, high = values[0], values[-1]
    if values.dtype == np.int64 and int(high) - int(low) < _SPREAD:  # of numbers of 64 bits it would wrap round
        table = np.zeros(int(high) - int(low) + 1, dtype=np.uint16)
        table[values - low] = np.arange(1, len(values) + 1)
        placed: npt.NDArray[np.int64] = table[np.clip(numbers, low, high) - low].astype(np.int64)
        return placed
    return np.searchsorted(values, numbers) + 1


def _write_wide(numbers: Numbers, known: npt.NDArray[np.bool_], target: _Target) -> None:
    mine = numbers if known.all() else numbers[known]
    sample = np.sort(mine[:: max(1, len(mine) // _SAMPLE)])
    bounds = np.unique(sample[np.linspace(0, len(sample) - 1, _BUCKETS + 1).astype(np.int64)[1:-1]])
    codes = (np.searchsorted(bounds, numbers, side="right") + 1).astype(np.uint8)
    codes[~known] = 0
    target.save("numbers", numbers)
    target.save("bounds", bounds)
    target.save("codes", codes)
    order = np.argsort(numbers, kind="stable").astype(np.uint32)
    target.save("order", order if known.all() else order[known[order]])
    target.save("ends", np.cumsum(np.bincount(codes, minlength=len(bounds) + 2)[1:]).astype(np.int64))
