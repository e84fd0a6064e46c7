"""What has changed since the last build, so that only that is resolved again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from huaxiang.learn.identity.case import Case, Pairs
from huaxiang.learn.identity.ledger import Ledger

_METHOD = 1
"""Raised when the way of resolving changes, so that old results are not taken over."""


def model_text(scored: Any) -> str | None:
    """The model of scored pairs as JSON text; None when nothing was scored or the model can't be written."""
    model = getattr(scored, "model", None)
    return str(model.to_json()) if model is not None and hasattr(model, "to_json") else None


def rules_of(case: Case, model: str | None) -> str:
    """Fingerprint of everything but records and decisions that a result depends on."""
    written = {
        "method": _METHOD,
        "keys": [c.key.model_dump(mode="json", exclude={"title"}) for c in case.keys],
        "matching": case.context.matching.model_dump(mode="json", exclude={"title"}),
        "blocked": sorted(case.context.blocked),
        "model": model,
    }
    return hashlib.sha256(json.dumps(written, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def prior_pairs(case: Case, model: str | None) -> Pairs:
    """Scored pairs of the last build that still hold (same model, same bounds, both records there), together with the new ones."""
    previous = case.context.previous
    now = case.pairs
    if previous is None or case.context.full or model is None or previous.model != model:
        return now
    if previous.state.get("review") != case.context.matching.review:
        return now
    rows = previous.evidence
    rows = rows.filter(pc.and_(pc.equal(rows.column("kind"), "match"), pc.is_null(rows.column("until"))))
    left, right = (_places(rows.column(c), case.digest) for c in ("left", "right"))
    both = (left >= 0) & (right >= 0)
    left, right = np.minimum(left, right), np.maximum(left, right)
    own = now.left * case.size + now.right
    both &= ~np.isin(left * case.size + right, own)
    chosen = np.flatnonzero(both)
    kept = rows.take(pa.array(chosen))
    joined = Pairs(
        np.concatenate([now.left, left[chosen]]),
        np.concatenate([now.right, right[chosen]]),
        np.concatenate([now.weight, kept.column("weight").to_numpy()]),
        np.concatenate([now.probability, kept.column("probability").to_numpy()]),
        pa.concat_arrays([now.levels, kept.column("levels").combine_chunks()]),
    )
    return joined.take(np.lexsort((joined.right, joined.left)))


def _places(column: pa.ChunkedArray, digest: pa.Array) -> np.ndarray:
    """Number of the record that each digest names, -1 when there is none."""
    at = pc.index_in(column.combine_chunks(), value_set=digest).fill_null(-1)
    places: np.ndarray = at.to_numpy(zero_copy_only=False).astype(np.int64)
    return places


def untouched(case: Case, rules: str) -> tuple[np.ndarray, np.ndarray]:
    """Records whose component is as it was in the last build (mask), and the number of the previous customer of each record (-1: none)."""
    previous = case.context.previous
    nothing = np.zeros(case.size, dtype=bool), np.full(case.size, -1, dtype=np.int64)
    if previous is None or case.context.full or previous.state.get("rules") != rules:
        return nothing
    before = previous.present().combine_chunks()
    at = _places(pa.chunked_array([case.digest]), before.column("digest").combine_chunks())
    changed = at < 0
    changed |= _figures_changed(case, before, at)
    old_component, gone = _old_components(before, case.digest, at)
    changed |= np.isin(old_component, gone)
    changed |= _values_changed(case, before, changed & (at < 0))
    changed[_decided(case, previous)] = True
    still = ~np.isin(case.raw, np.unique(case.raw[changed]))
    owner = before.column("customer_id").combine_chunks().dictionary_encode().indices.fill_null(-1)
    number = owner.to_numpy(zero_copy_only=False).astype(np.int64)
    return still, np.where(at >= 0, number[np.maximum(at, 0)] if len(number) else -1, -1)


def _figures_changed(case: Case, before: pa.Table, at: np.ndarray) -> np.ndarray:
    """Records whose rows or times are other than before."""
    known = np.flatnonzero(at >= 0)
    changed = np.zeros(case.size, dtype=bool)
    spot = pa.array(at[known])
    for name in ("rows", "first_at", "last_at"):
        if name in before.column_names and name in case.records.column_names:
            old = before.column(name).combine_chunks().cast(pa.int64()).fill_null(-1).take(spot)
            new = case.records.column(name).combine_chunks().cast(pa.int64()).fill_null(-1).take(pa.array(known))
            changed[known] |= old.to_numpy(zero_copy_only=False) != new.to_numpy(zero_copy_only=False)
    return changed


def _old_components(before: pa.Table, digest: pa.Array, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Number of the component that each record had (-1: none), and the components that lost a record."""
    numbers = before.column("component").combine_chunks().dictionary_encode().indices.to_numpy(zero_copy_only=False)
    missing = ~pc.is_in(before.column("digest").combine_chunks(), value_set=digest).to_numpy(
        zero_copy_only=False
    ).astype(bool)
    own = np.where(at >= 0, numbers[np.maximum(at, 0)] if len(numbers) else -1, -1)
    return own, np.unique(numbers[missing])


def _values_changed(case: Case, before: pa.Table, new: np.ndarray) -> np.ndarray:
    """Records that share a key value, held back or not, with a record that came or went: it may be held back now, or no longer."""
    changed = np.zeros(case.size, dtype=bool)
    lost = before.filter(pc.invert(pc.is_in(before.column("digest"), value_set=case.digest)))
    for codes in case.role("strong", "contact"):
        came = np.unique(codes.every[new & (codes.every >= 0)])
        changed |= np.isin(codes.every, came)
        field = codes.key.field
        if lost.num_rows and field in lost.column_names and field in case.records.column_names:
            went = pc.unique(lost.column(field)).drop_null()
            mine = pc.is_in(case.records.column(field).combine_chunks(), value_set=went, skip_nulls=True)
            changed |= mine.to_numpy(zero_copy_only=False).astype(bool)
    return changed


def _decided(case: Case, previous: Ledger) -> np.ndarray:
    """Records of decisions that hold now but did not then, or the other way round."""
    then = set(previous.state.get("decisions", ()))
    taken = {d.number: d for d in case.context.decisions.taken}
    now = {d.number for d in case.context.decisions.active}
    digests: set[str] = set()
    for number in then ^ now:
        if number in taken:
            digests.update(taken[number].records, taken[number].others)
    places = _places(pa.chunked_array([pa.array(sorted(digests), pa.string())]), case.digest)
    return places[places >= 0]


def decisions_in_force(case: Case) -> Sequence[int]:
    """Numbers of the decisions that hold."""
    return [d.number for d in case.context.decisions.active]
