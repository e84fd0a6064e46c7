"""Identity keys as numbers: which values may link, and which are held back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from huaxiang.learn.texts import one_chunk
from huaxiang.spec.models import IdentityKeySpec


@dataclass(frozen=True)
class KeyCodes:
    """One key over all records: `values` sorted; `code` number of the record's value, -1 when it has none that may link; `held` the
    values on more than `max_records` records; `every` like `code`, but with the held-back values (numbered above the others).
    """

    key: IdentityKeySpec
    values: pa.Array
    code: np.ndarray
    every: np.ndarray
    held: tuple[tuple[str, int], ...]


def in_order(keys: Sequence[IdentityKeySpec]) -> tuple[IdentityKeySpec, ...]:
    """Keys, strongest first: by role, then priority, then name."""
    roles = ("strong", "contact", "device")
    return tuple(sorted(keys, key=lambda k: (roles.index(k.role), k.priority, k.name)))


def never_links(key: IdentityKeySpec, values: pa.Array, blocked: Sequence[str]) -> pa.Array:
    """Which values link nothing, in any case of letters: those in `blocked` (lower case) and in the key's own list."""
    return pc.is_in(pc.utf8_lower(values), pa.array(sorted({*blocked, *(b.lower() for b in key.blocked)}), pa.string()))


def encode_key(
    key: IdentityKeySpec,
    records: pa.Table,
    blocked: Sequence[str],
    crowd: int | None = None,
    crowded: pa.Array | None = None,
) -> KeyCodes:
    """Number the values of a key; contact values on more than `crowd` records are held back too, and those that are `crowded` anyway.

    A value in `blocked` (lower case) or the key's own list links nothing, in any case of letters.
    """
    nothing = np.full(records.num_rows, -1, dtype=np.int32)
    if key.field not in records.column_names or not records.num_rows:
        return KeyCodes(key, pa.array([], pa.string()), nothing, nothing, ())
    column = one_chunk(records.column(key.field).cast(pa.string()))
    encoded = column.dictionary_encode()
    known = encoded.dictionary
    allowed = pc.invert(never_links(key, known, blocked)).to_numpy(zero_copy_only=False).astype(bool)
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    counts = np.bincount(codes[codes >= 0], minlength=len(known))
    most = key.max_records if crowd is None or key.role != "contact" else min(key.max_records, crowd)
    common = counts > most
    if crowded is not None and len(crowded):
        common |= pc.is_in(known, value_set=crowded).to_numpy(zero_copy_only=False).astype(bool)
    common &= allowed
    order = pc.sort_indices(known).to_numpy(zero_copy_only=False)
    usable, held = order[(allowed & ~common)[order]], order[common[order]]
    number = np.full(len(known) + 1, -1, dtype=np.int32)  # the last cell is for records without a value
    number[usable] = np.arange(len(usable), dtype=np.int32)
    every = number.copy()
    every[held] = np.arange(len(usable), len(usable) + len(held), dtype=np.int32)
    texts = [(known[int(h)].as_py(), int(counts[h])) for h in held]
    return KeyCodes(key, known.take(pa.array(usable)), number[codes], every[codes], tuple(texts))


def chain(code: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Edges that tie the records of each value together: each to the next in order of number. Codes below 0 tie nothing."""
    order = np.argsort(code, kind="stable")
    order = order[np.searchsorted(code[order], 0) :]
    same = code[order[1:]] == code[order[:-1]]
    return order[:-1][same], order[1:][same]
