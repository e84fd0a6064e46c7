"""Writes a lookup from the tables of a snapshot."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from huaxiang.engines.buffers import numbers_in
from huaxiang.index.layout import Part, PartsWriter
from huaxiang.index.lookup.layout import ARRAYS, DIGITS, FILE, Layout

ID = "customer_id"
_PIECE = 1 << 20
_NIBBLES = np.zeros(256, dtype=np.uint64)
_NIBBLES[[ord(c) for c in "0123456789abcdef"]] = np.arange(16, dtype=np.uint64)
Rows = npt.NDArray[np.uint32]


@dataclass(frozen=True)
class Asked:
    """What a lookup is made of: the tables, the attributes that hold the name and the phone number, and those whose values are found
    whole only (`exact`).
    """

    customers: Path
    identity: Path | None
    name: str | None = None
    phone: str | None = None
    exact: Sequence[str] = ()


@dataclass
class _Keys:
    """Digests as they are found, with whose and of what kind."""

    kinds: list[str] = field(default_factory=list)
    digests: list[npt.NDArray[np.uint64]] = field(default_factory=list)
    rows: list[Rows] = field(default_factory=list)
    places: list[npt.NDArray[np.uint8]] = field(default_factory=list)

    def add(self, kind: str, digests: npt.NDArray[np.uint64], rows: Rows) -> None:
        if kind not in self.kinds:
            self.kinds.append(kind)
        self.digests.append(digests)
        self.rows.append(rows)
        self.places.append(np.full(len(rows), self.kinds.index(kind), dtype=np.uint8))


def build_lookup(asked: Asked, folder: Path) -> Layout:
    """Write the lookup of the customers of a snapshot into the new folder `folder`. Memory: some 100 bytes a key."""
    wanted = [c for c in (asked.name, asked.phone, *asked.exact) if c is not None]
    table = pq.read_table(asked.customers, columns=[ID, *dict.fromkeys(wanted)])
    folder.mkdir(parents=True)
    parts: dict[str, Part] = {}
    keys = _Keys()
    if asked.identity is not None:
        _add_identity(keys, asked.identity, table.column(ID))
    for name in asked.exact:
        _add_values(keys, name, table.column(name))
    with PartsWriter(folder / ARRAYS) as writer:
        _write_keys(keys, writer, parts)
        if asked.phone is not None:
            _write_phones(table.column(asked.phone), writer, parts)
        if asked.name is not None:
            _write_names(table.column(asked.name), writer, parts)
    layout = Layout(table.num_rows, tuple(keys.kinds), asked.name, asked.phone, parts)
    (folder / FILE).write_text(layout.text(), "utf-8")
    return layout


def first_bits(digests: Sequence[str]) -> npt.NDArray[np.uint64]:
    """The first 64 bits of SHA-256 digests in hexadecimal."""
    return np.array([int(d[:16], 16) for d in digests], dtype=np.uint64)


def _add_identity(keys: _Keys, path: Path, ids: pa.ChunkedArray) -> None:
    """The keys that table `identity` holds; keys of customers that are not among `ids` are left out."""
    known = ids.combine_chunks().cast(pa.string())
    for batch in pq.ParquetFile(path).iter_batches(_PIECE, columns=[ID, "key", "value_digest"]):
        rows = pc.index_in(batch.column(0).cast(pa.string()), value_set=known)
        digests = _bits_of(batch.column(2))
        coded = batch.column(1).dictionary_encode()
        places = numbers_in(coded.indices.cast(pa.int64()), np.int64)
        there = pc.is_valid(rows).to_numpy(zero_copy_only=False)
        numbers = numbers_in(rows, np.int32).astype(np.uint32)
        for place, kind in enumerate(coded.dictionary.to_pylist()):
            mine = (places == place) & there
            keys.add(str(kind), digests[mine], numbers[mine])


def _bits_of(hexed: pa.Array) -> npt.NDArray[np.uint64]:
    """The first 64 bits of digests in a column of hexadecimal texts, all without a missing one and of 64 characters."""
    first = pc.binary_slice(hexed.cast(pa.binary()), 0, 16)
    data = first.buffers()[2]
    if data is None or not len(first):
        return np.zeros(0, dtype=np.uint64)
    begin = numbers_in(pa.Array.from_buffers(pa.int32(), 1, [None, first.buffers()[1]], offset=first.offset), np.int32)[
        0
    ]
    letters = np.frombuffer(data, dtype=np.uint8)[begin : begin + 16 * len(first)].reshape(-1, 16)
    found = np.zeros(len(first), dtype=np.uint64)
    for at in range(16):
        found = (found << np.uint64(4)) | _NIBBLES[letters[:, at]]
    return found


def _add_values(keys: _Keys, name: str, column: pa.ChunkedArray) -> None:
    """The values of a text attribute, as keys of its name."""
    texts = column.cast(pa.string()).to_pylist()
    rows = [n for n, text in enumerate(texts) if text]
    digests = [hashlib.sha256(f"{name}:{texts[n]}".encode()).hexdigest() for n in rows]
    keys.add(name, first_bits(digests), np.array(rows, dtype=np.uint32))


def _write_keys(keys: _Keys, writer: PartsWriter, parts: dict[str, Part]) -> None:
    digests = np.concatenate([np.zeros(0, dtype=np.uint64), *keys.digests])
    rows = np.concatenate([np.zeros(0, dtype=np.uint32), *keys.rows])
    places = np.concatenate([np.zeros(0, dtype=np.uint8), *keys.places])
    order = np.lexsort((rows, places, digests)) if len(digests) < _PIECE else np.argsort(digests, kind="stable")
    parts["digests"] = writer.add(digests[order])
    parts["digest_rows"] = writer.add(rows[order])
    parts["digest_kinds"] = writer.add(places[order])


def _write_phones(column: pa.ChunkedArray, writer: PartsWriter, parts: dict[str, Part]) -> None:
    digits = pc.replace_substring_regex(column.cast(pa.string()), r"^\+86|[^0-9]", "")
    digits = pc.if_else(
        pc.and_(pc.greater(pc.utf8_length(digits), 3), pc.less(pc.utf8_length(digits), 19)), digits, None
    )
    numbers = digits.cast(pa.int64()).combine_chunks()
    phones = np.where(pc.is_valid(numbers).to_numpy(zero_copy_only=False), numbers_in(numbers, np.int64), -1)
    rows = np.flatnonzero(phones >= 0).astype(np.uint32)
    turned = turn_round(phones[rows])
    order = np.argsort(turned, kind="stable")
    parts["phones"] = writer.add(phones)
    parts["tails"] = writer.add(turned[order])
    parts["tail_rows"] = writer.add(rows[order])


def turn_round(numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The last DIGITS digits of numbers in the opposite order: numbers that end alike lie together."""
    found = np.zeros(len(numbers), dtype=np.int64)
    left = numbers.copy()
    for _ in range(DIGITS):
        found = found * 10 + left % 10
        left //= 10
    return found


def fold(text: str) -> str:
    """A name without case, width and breaks."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _write_names(column: pa.ChunkedArray, writer: PartsWriter, parts: dict[str, Part]) -> None:
    from huaxiang.store.cleaning.names import name_parts

    coded = column.cast(pa.string()).combine_chunks().dictionary_encode()
    written = coded.dictionary
    folded = [fold(text) for text in written.to_pylist()]
    order = sorted(range(len(folded)), key=folded.__getitem__)
    place = np.zeros(len(folded) + 1, dtype=np.uint32)
    place[np.array(order, dtype=np.int64) + 1] = np.arange(1, len(folded) + 1, dtype=np.uint32)
    codes = numbers_in(pc.fill_null(coded.indices.cast(pa.int64()), -1), np.int64) + 1
    name_of = place[codes]
    names = written.take(pa.array(order, pa.int64()))
    sounds = name_parts(names, names, ("pinyin", "initials"))
    lines = [
        f"{(sound or '').replace(' ', '')}\t{initials or ''}"
        for sound, initials in zip(sounds["pinyin"].to_pylist(), sounds["initials"].to_pylist(), strict=True)
    ]
    by_name = np.argsort(name_of, kind="stable").astype(np.uint32)
    starts = np.searchsorted(name_of[by_name], np.arange(1, len(folded) + 2))
    parts["folded"], parts["folded_at"] = _lines([folded[n] for n in order], writer)
    parts["sounds"], parts["sounds_at"] = _lines(lines, writer)
    parts["names"] = writer.add_values(names)
    parts["name_rows"] = writer.add(by_name)
    parts["name_at"] = writer.add(starts.astype(np.int64))
    parts["name_of"] = writer.add(name_of)


def _lines(texts: Sequence[str], writer: PartsWriter) -> tuple[Part, Part]:
    """Texts one below the other, a line break before and after each, and where each begins."""
    encoded = [text.encode() for text in texts]
    sizes = np.array([len(text) + 1 for text in encoded], dtype=np.int64)
    data = b"\n" + b"".join(text + b"\n" for text in encoded)
    starts = np.concatenate([[1], 1 + np.cumsum(sizes)])[:-1] if len(sizes) else np.zeros(0, dtype=np.int64)
    return writer.add(np.frombuffer(data, dtype=np.uint8)), writer.add(starts.astype(np.int64))
