"""Which records and which evidence belong to a customer: their numbers in the tables of identity, in mapped memory.

These tables are sorted by digests, so that what belongs to one customer lies all over them. `build_links` writes, customer by customer
(numbered as in the audience index), the rows of `identity_records` that are hers today, and those of `identity_evidence` that are open and
touch one of them (`records`, `evidence`: uint32; `records_at`, `evidence_at`: where each customer's begin, int64).
"""

from __future__ import annotations

import json
import mmap
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from huaxiang.engines.buffers import numbers_in
from huaxiang.index.layout import Part, PartsWriter, read_part

FOLDER = "links"
VERSION = 1
_FILE, _ARRAYS = "links.json", "arrays.bin"
_BATCH = 1 << 18
_LETTERS = 16
_NIBBLES = np.zeros(256, dtype=np.uint64)
_NIBBLES[[ord(c) for c in "0123456789abcdef"]] = np.arange(16, dtype=np.uint64)
Numbers = npt.NDArray[np.int64]


def build_links(customers: Path, records: Path, evidence: Path, folder: Path) -> bool:
    """Write the links of a snapshot into the new folder `folder`. Memory: some 20 bytes a record and a piece of evidence.

    Returns False, without writing, when two records that are there have digests whose first 64 bits are the same.
    """
    ids = pq.read_table(customers, columns=["customer_id"]).column(0).combine_chunks().cast(pa.string())
    bits, owners, rows = _records(records, ids)
    if (bits[1:] == bits[:-1]).any():
        return False
    folder.mkdir(parents=True)
    parts: dict[str, Part] = {}
    with PartsWriter(folder / _ARRAYS) as writer:
        mine = np.flatnonzero(owners >= 0)
        _write("records", _pairs(owners[mine], rows[mine]), len(ids), writer, parts)
        _write("evidence", _evidence(evidence, bits, owners), len(ids), writer, parts)
    told = {"version": VERSION, "size": len(ids), "parts": {name: asdict(part) for name, part in parts.items()}}
    (folder / _FILE).write_text(json.dumps(told, indent=1) + "\n", "utf-8")
    return True


def _records(path: Path, ids: pa.Array) -> tuple[npt.NDArray[np.uint64], Numbers, Numbers]:
    """Of the records that are there: the beginning of the digest, ascending; whose it is, -1 for an unknown customer; the row. Those that
    are gone lie below all others in the table, sorted by themselves.
    """
    bits, owners, rows = [np.zeros(0, dtype=np.uint64)], [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    begin = 0
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_BATCH, columns=["digest", "customer_id", "gone"]):
            there = np.flatnonzero(pc.is_null(batch.column("gone")).to_numpy(zero_copy_only=False))
            rows.append(begin + there)
            begin += batch.num_rows
            known = batch.take(pa.array(there))
            whose = pc.index_in(known.column("customer_id").cast(pa.string()), value_set=ids)
            owners.append(numbers_in(pc.fill_null(whose, -1), np.int32).astype(np.int64))
            bits.append(_bits_of(known.column("digest")))
    found = np.concatenate(bits)
    order = np.argsort(found, kind="stable")  # sorted as it is, where the table is
    return found[order], np.concatenate(owners)[order], np.concatenate(rows)[order]


def _evidence(path: Path, bits: npt.NDArray[np.uint64], owners: npt.NDArray[np.int64]) -> npt.NDArray[np.uint64]:
    """Pairs of customer and row, for the customers at both ends of open evidence."""
    found = [np.zeros(0, dtype=np.uint64)]
    begin = 0
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_BATCH, columns=["left", "right", "until"]):
            rows = np.arange(begin, begin + batch.num_rows, dtype=np.int64)
            begin += batch.num_rows
            still = pc.is_null(batch.column("until")).to_numpy(zero_copy_only=False)
            left, right = (_owners_of(batch.column(side), bits, owners) for side in ("left", "right"))
            for whose, there in ((left, still & (left >= 0)), (right, still & (right >= 0) & (right != left))):
                found.append(_pairs(whose[there], rows[there]))
    return np.concatenate(found)


def _owners_of(digests: pa.Array, bits: npt.NDArray[np.uint64], owners: npt.NDArray[np.int64]) -> Numbers:
    """Whose the records of these digests are, -1 for unknown ones."""
    wanted = _bits_of(digests)
    if not len(bits):
        return np.full(len(wanted), -1, dtype=np.int64)
    at = np.minimum(np.searchsorted(bits, wanted), len(bits) - 1)
    return np.where(bits[at] == wanted, owners[at], -1)


def _pairs(whose: Numbers, rows: Numbers) -> npt.NDArray[np.uint64]:
    return (whose.astype(np.uint64) << np.uint64(32)) | rows.astype(np.uint64)


def _write(name: str, pairs: npt.NDArray[np.uint64], size: int, writer: PartsWriter, parts: dict[str, Part]) -> None:
    pairs.sort()
    starts = np.searchsorted(pairs, np.arange(size + 1, dtype=np.uint64) << np.uint64(32))
    parts[name] = writer.add((pairs & np.uint64(0xFFFFFFFF)).astype(np.uint32))
    parts[f"{name}_at"] = writer.add(starts.astype(np.int64))


def _bits_of(digests: pa.Array) -> npt.NDArray[np.uint64]:
    """The first 64 bits of digests in hexadecimal letters, in their order; none is missing or shorter."""
    if not len(digests):
        return np.zeros(0, dtype=np.uint64)
    fixed = pc.binary_slice(digests.cast(pa.binary()), 0, _LETTERS).cast(pa.binary(_LETTERS))
    letters = np.frombuffer(fixed.buffers()[1], dtype=np.uint8, count=_LETTERS * (fixed.offset + len(fixed)))
    letters = letters[_LETTERS * fixed.offset :].reshape(-1, _LETTERS)
    found = np.zeros(len(letters), dtype=np.uint64)
    for at in range(_LETTERS):
        found = (found << np.uint64(4)) | _NIBBLES[letters[:, at]]
    return found


class Links:
    """The links of a snapshot, mapped. Safe to use from several threads."""

    def __init__(self, mapped: npt.NDArray[np.uint8], parts: Mapping[str, Part]) -> None:
        self._mapped, self._parts = mapped, parts

    @classmethod
    def open(cls, folder: Path) -> Self | None:
        """Open the links in a folder; None where there are none, or of another version."""
        try:
            told = json.loads((folder / _FILE).read_text("utf-8"))
        except FileNotFoundError:
            return None
        if told.get("version") != VERSION:
            return None
        with (folder / _ARRAYS).open("rb") as stream:
            mapped = np.frombuffer(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ), dtype=np.uint8)
        return cls(mapped, {name: Part(**part) for name, part in told["parts"].items()})

    def records(self, customer: int) -> Numbers:
        """The rows of `identity_records` that are a customer's today, ascending."""
        return self._rows("records", customer)

    def evidence(self, customer: int) -> Numbers:
        """The rows of `identity_evidence` that are open and touch a record of a customer, ascending."""
        return self._rows("evidence", customer)

    def _rows(self, name: str, customer: int) -> Numbers:
        begin, end = read_part(self._mapped, self._parts[f"{name}_at"])[customer : customer + 2]
        return np.asarray(read_part(self._mapped, self._parts[name])[begin:end]).astype(np.int64)
