"""Exact-key linking: connected components over key values that stand on the same record.

Deterministic whatever the order of the rows: components are found over the sorted values, and a customer's ID is drawn from its
strongest key's smallest value.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from huaxiang.spec.models import IdentityKeySpec


@dataclass(frozen=True)
class Linked:
    """`maps`: key name → table (value, customer_id) · `held_back`: key name → values not linked because too many records hold them."""

    maps: Mapping[str, pa.Table]
    held_back: Mapping[str, int]
    customers: int


def link_exact(keys: Sequence[IdentityKeySpec], combinations: Sequence[pa.Table], blocked: Sequence[str]) -> Linked:
    """Link key values to customers.

    `combinations`: per source a table with a text column per key field it has, and `rows`. A value in `blocked` (lower case) or in the
    key's own list links nothing; neither does a value that stands together with more than `max_records` different combinations.
    """
    ordered = sorted(keys, key=lambda k: (k.priority, k.name))
    values: dict[str, pa.Array] = {}
    held: dict[str, int] = {}
    for key in ordered:
        values[key.name], held[key.name] = _usable(key, combinations, blocked)
    offsets = dict(
        zip((k.name for k in ordered), np.cumsum([0, *(len(values[k.name]) for k in ordered)]), strict=False)
    )
    total = sum(len(v) for v in values.values())
    left, right = _edges(ordered, combinations, values, offsets)
    graph = coo_matrix((np.ones(len(left), dtype=np.int8), (left, right)), shape=(total, total))
    count, component = connected_components(graph, directed=False) if total else (0, np.empty(0, dtype=np.int32))
    ids = _ids(ordered, values, offsets, component, count)
    maps = {}
    for key in ordered:
        start = offsets[key.name]
        part = component[start : start + len(values[key.name])]
        maps[key.name] = pa.table({"value": values[key.name], "customer_id": pa.array(ids[part], pa.string())})
    return Linked(maps, {k: n for k, n in held.items() if n}, count)


def _usable(key: IdentityKeySpec, combinations: Sequence[pa.Table], blocked: Sequence[str]) -> tuple[pa.Array, int]:
    """Sorted distinct values of the key that may link, and how many were held back as too common."""
    columns = [t.column(key.field) for t in combinations if key.field in t.column_names]
    if not columns:
        return pa.array([], pa.string()), 0
    column = pa.chunked_array([c for col in columns for c in col.chunks], pa.string())
    counted = pc.value_counts(column)
    found, counts = counted.field("values"), counted.field("counts")
    never = pa.array(sorted({*blocked, *(b.lower() for b in key.blocked)}), pa.string())
    allowed = pc.and_(pc.is_valid(found), pc.invert(pc.is_in(pc.utf8_lower(found), never)))
    common = pc.and_(allowed, pc.greater(counts, key.max_records))
    chosen = found.filter(pc.and_(allowed, pc.invert(common)))
    return chosen.take(pc.sort_indices(chosen)), pc.sum(common).as_py() or 0


def _edges(
    keys: Sequence[IdentityKeySpec],
    combinations: Sequence[pa.Table],
    values: Mapping[str, pa.Array],
    offsets: Mapping[str, int],
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of value numbers that stand on one record: each key of a record is tied to the record's strongest usable one."""
    left: list[np.ndarray] = []
    right: list[np.ndarray] = []
    for combination in combinations:
        first: np.ndarray | None = None
        for key in keys:
            if key.field not in combination.column_names:
                continue
            position = pc.index_in(combination.column(key.field).combine_chunks(), values[key.name])
            number = np.where(
                position.is_valid(), position.fill_null(0).to_numpy(zero_copy_only=False) + offsets[key.name], -1
            )
            if first is None:
                first = number
                continue
            both = (first >= 0) & (number >= 0)
            left.append(first[both])
            right.append(number[both])
            first = np.where(first >= 0, first, number)
    empty = np.empty(0, dtype=np.int64)
    return (np.concatenate(left), np.concatenate(right)) if left else (empty, empty)


def _ids(
    keys: Sequence[IdentityKeySpec],
    values: Mapping[str, pa.Array],
    offsets: Mapping[str, int],
    component: np.ndarray,
    count: int,
) -> np.ndarray:
    """One ID per component: the smallest value of its strongest key, or a digest when that key is personal."""
    ids = np.full(count, None, dtype=object)
    for key in keys:
        start = offsets[key.name]
        part = component[start : start + len(values[key.name])]
        owners, where = np.unique(part, return_index=True)
        new = np.array([ids[o] is None for o in owners], dtype=bool)
        for owner, at in zip(owners[new], where[new], strict=True):
            ids[owner] = customer_id(key, values[key.name][int(at)].as_py(), strongest=key is keys[0])
    return ids


def customer_id(key: IdentityKeySpec, value: str, *, strongest: bool) -> str:
    """The ID drawn from a key value: the value itself, with the key's name before it when it is not the strongest key, or
    `<key>-<16 hex digits of SHA-256>` when the key is personal.
    """
    if not key.personal:
        return value if strongest else f"{key.name}-{value}"
    return f"{key.name}-{hashlib.sha256(f'{key.name}:{value}'.encode()).hexdigest()[:16]}"
