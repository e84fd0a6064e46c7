"""Who trains, who tests and who may be found; reading some rows and writing the list."""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet

from huaxiang.errors import UsageError

MOST_SEED = 20_000
MOST_REST = 60_000
_BATCH = 65_536
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]


FEWEST_DECIDED = 50
"""With fewer customers of whom it is known that they don't meet the definition, all who are outside the seed stand in for them."""


@dataclass(frozen=True)
class Roles:
    """Masks over the customers: the seed, those to leave out, and those known not to meet the seed's definition.

    Who is to be left out is no example either way. Were they left out of the rest alone, the model would learn the exclusion, and the
    test would praise it for that.

    The others do not meet it because something is unknown. To learn from them would be to learn who is known: whoever answered the
    questionnaire that the seed is taken from would look alike. They may be found, but neither train nor test.
    """

    seed: Mask
    excluded: Mask
    against: Mask


@dataclass(frozen=True)
class Split:
    """Row numbers of the customers table. Seed and rest are each cut in two by a number drawn from the customer ID: whoever is in the
    held part has no share in training, and the same customer falls into the same part every time.
    """

    ids: pa.Array
    is_seed: Mask
    undecided: Mask
    candidates: Rows
    seed_train: Rows
    seed_held: Rows
    rest_train: Rows
    rest_held: Rows

    def training_rows(self) -> Mask:
        """At most 20,000 of the seed and 60,000 of the rest."""
        return self._mask(self.seed_train[:MOST_SEED], self.rest_train[:MOST_REST])

    def driver_rows(self, most: int) -> Mask:
        """Held-out customers on whom the drivers are measured: a quarter of them seed, where there are so many."""
        return self._mask(self.seed_held[: most // 4], self.rest_held[: most - most // 4])

    def test_rows(self) -> Rows:
        """All held-out customers."""
        return np.concatenate([self.seed_held, self.rest_held])

    def seed_share(self) -> float:
        """Share of the seed among those who test: one divided by it is the highest lift there can be."""
        return len(self.seed_held) / (len(self.seed_held) + len(self.rest_held))

    def _mask(self, *parts: Rows) -> Mask:
        chosen = np.zeros(len(self.is_seed), np.bool_)
        for part in parts:
            chosen[part] = True
        return chosen


def split_customers(customers: Path, roles: Roles, holdout: float) -> Split:
    """Split the customers of a table. The parts are in the order of the drawn numbers, candidates in the order of the table."""
    ids = parquet.read_table(customers, columns=["customer_id"])["customer_id"].combine_chunks()
    drawn = _drawn(ids)
    others = ~roles.seed & ~roles.excluded
    undecided = others & ~roles.against
    if (others & roles.against).sum() < FEWEST_DECIDED:
        undecided = np.zeros_like(others)
    parts = []
    for rows in (np.flatnonzero(roles.seed & ~roles.excluded), np.flatnonzero(others & ~undecided)):
        ordered = rows[np.lexsort([rows, drawn[rows]])]
        held = int(np.ceil(len(ordered) * holdout))
        parts += [ordered[held:], ordered[:held]]
    return Split(ids, roles.seed, undecided, np.flatnonzero(others), *parts)


def _drawn(ids: pa.Array) -> NDArray[np.uint64]:
    """A number for each customer, spread evenly, from the ID alone: CRC-32 mixed by the finaliser of SplitMix64 (Steele et al. 2014)."""
    values = (crc32(str(one).encode()) for one in ids.to_pylist())
    x = np.fromiter(values, dtype=np.uint64, count=len(ids)) + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(x ^ (x >> np.uint64(31)), dtype=np.uint64)


def read_rows(path: Path, columns: list[str], chosen: Mask) -> pa.Table:
    """The chosen rows of a Parquet table, in their order; never more than a batch beside them in memory."""
    parts, at = [], 0
    with parquet.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=_BATCH, columns=columns):
            parts.append(batch.filter(pa.array(chosen[at : at + batch.num_rows])))
            at += batch.num_rows
        schema = pa.schema([file.schema_arrow.field(name) for name in columns])
    return pa.Table.from_batches(parts, parts[0].schema if parts else schema).select(columns)


def check_target(to: Path) -> None:
    """Raise UsageError unless a list can be written there."""
    if to.suffix.lower() not in {".csv", ".parquet"}:
        raise UsageError(
            f'can\'t tell the format of "{to.name}"; end the file name in .csv or .parquet',
            f"从“{to.name}”看不出文件格式；文件名请以 .csv 或 .parquet 结尾",
        )
    if not to.parent.is_dir():
        raise UsageError(f"no folder {to.parent}; make it first", f"没有文件夹 {to.parent}；请先建好")


def write_list(to: Path, ids: pa.Array, scores: NDArray[np.float64]) -> None:
    """Write customer_id, score and rank, the most alike first. The file appears whole or not at all."""
    partial = to.with_name(f".{to.name}.{os.getpid()}.part")
    ranks = range(1, len(ids) + 1)
    try:
        if to.suffix.lower() == ".parquet":
            table = pa.table({"customer_id": ids, "score": scores, "rank": pa.array(ranks, pa.int64())})
            parquet.write_table(table, partial, compression="zstd")
        else:
            with partial.open("w", encoding="utf-8-sig", newline="") as stream:
                writer = csv.writer(stream)
                writer.writerow(("customer_id", "score", "rank"))
                named = (f"'{one}" if str(one).startswith(_FORMULA) else one for one in ids.to_pylist())
                writer.writerows(zip(named, (f"{score:.6f}" for score in scores), ranks, strict=True))
        partial.replace(to)
    finally:
        partial.unlink(missing_ok=True)
