"""How the records of now stand to those of the last build."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from huaxiang.learn.identity.ledger import Ledger
from huaxiang.learn.texts import one_chunk


@dataclass(frozen=True)
class Prior:
    """`at`: row of each record in `ledger.records`, -1 when it is new to all builds; `there`: rows of the ledger's records that the last
    build saw; `lost`: rows of the ledger's records that are not among the records of now. `used`: IDs in use besides the ledger's.
    """

    ledger: Ledger
    at: np.ndarray
    there: np.ndarray
    lost: np.ndarray
    used: pa.ChunkedArray

    @property
    def known(self) -> np.ndarray:
        """Records that the last build saw."""
        seen: np.ndarray = (self.at >= 0) & self.there[np.maximum(self.at, 0)] if len(self.there) else self.at >= 0
        return seen

    @cached_property
    def customers(self) -> tuple[pa.Array, np.ndarray]:
        """The IDs of the ledger's records, and the number of each row's ID among them (-1: none)."""
        encoded = self.column("customer_id").dictionary_encode()
        codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        return encoded.dictionary, codes

    def column(self, name: str) -> pa.Array:
        """A column of the ledger's records."""
        return one_chunk(self.ledger.records.column(name))


def places(wanted: pa.Array, among: pa.Array) -> np.ndarray:
    """Position of each of a few texts among many, -1 when it is not there."""
    near = np.flatnonzero(pc.is_in(among, value_set=wanted, skip_nulls=True).to_numpy(zero_copy_only=False))
    if not len(near):
        return np.full(len(wanted), -1, dtype=np.int64)
    at = pc.index_in(wanted, value_set=among.take(pa.array(near))).fill_null(-1).to_numpy(zero_copy_only=False)
    found: np.ndarray = np.where(at >= 0, near[at], -1)
    return found


def align(digest: pa.Array, ledger: Ledger | None, used: pa.ChunkedArray | None = None) -> Prior | None:
    """Find each record in the ledger. `used`: IDs in use besides the ledger's."""
    if ledger is None:
        return None
    before = one_chunk(ledger.records.column("digest"))
    at = pc.index_in(digest, value_set=before).fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    there = one_chunk(ledger.records.column("gone")).is_null().to_numpy(zero_copy_only=False).astype(bool)
    lost = np.ones(len(before), dtype=bool)
    lost[at[at >= 0]] = False
    return Prior(ledger, at, there, lost, used if used is not None else pa.chunked_array([], pa.string()))
