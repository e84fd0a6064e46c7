"""What has changed since the last build, so that only that is resolved again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from huaxiang.learn.identity.case import Case, Pairs
from huaxiang.learn.identity.held import Held
from huaxiang.learn.identity.keys import chain, in_order
from huaxiang.learn.identity.prior import Prior
from huaxiang.learn.identity.strong import components
from huaxiang.learn.identity.types import Context
from huaxiang.learn.texts import one_chunk
from huaxiang.spec.models import IdentityKeySpec

_METHOD = 3
"""Raised when the way of resolving changes, so that old results are not taken over."""
Edges = list[tuple[np.ndarray, np.ndarray]]


def model_text(scored: Any) -> str | None:
    """The model of scored pairs as JSON text; None when nothing was scored or the model can't be written."""
    model = getattr(scored, "model", None)
    return str(model.to_json()) if model is not None and hasattr(model, "to_json") else None


def rules_of(keys: Sequence[IdentityKeySpec], context: Context, model: str | None) -> str:
    """Fingerprint of everything but records and decisions that a result depends on."""
    written = {
        "method": _METHOD,
        "keys": [k.model_dump(mode="json", exclude={"title"}) for k in in_order(keys)],
        "matching": context.matching.model_dump(mode="json", exclude={"title"}),
        "blocked": sorted(context.blocked),
        "model": model,
    }
    return hashlib.sha256(json.dumps(written, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def decisions_in_force(case: Case) -> Sequence[int]:
    """Numbers of the decisions that hold."""
    return [d.number for d in case.held.decisions.active]


def take_up(case: Case, rules: str, model: str | None) -> tuple[Case, np.ndarray, np.ndarray]:
    """Complete a case by what the last build knows: its pairs that still hold, and the raw components.

    Returns also which records are in components as they were (`still`), and the number of the previous customer of each record (-1: none).
    """
    prior, context = case.prior, case.context
    nothing = np.full(case.size, -1, dtype=np.int64)
    nobody_still = np.zeros(case.size, dtype=bool)
    if prior is None or context.full:
        return replace(case, raw=components(case.size, _edges(case))), nobody_still, nothing
    reusable = prior.ledger.model == model and prior.ledger.state.get("review") == context.matching.review
    if prior.ledger.state.get("rules") != rules:
        if reusable and model is not None:
            case = replace(case, pairs=_with_prior(case, prior, np.ones(case.size, dtype=bool)))
        return replace(case, raw=components(case.size, _edges(case))), nobody_still, nothing
    component, gone = _old_components(prior)
    changed = ~prior.known | np.isin(component, gone) | _figures_changed(case, prior) | _values_changed(case, prior)
    changed[_decided(case, prior)] = True
    raw = components(case.size, [*_edges(case), chain(component)])
    still = ~np.isin(raw, np.unique(raw[changed]))
    if model is not None:
        case = replace(case, pairs=_with_prior(case, prior, ~still))
    return replace(case, raw=_finer(case, raw, still)), still, _owners(prior)


def _edges(case: Case) -> Edges:
    """All that may tie records: shared values, decisions, pairs."""
    edges = [chain(c.code) for c in case.role("strong", "contact")]
    return [*edges, *((m[:-1], m[1:]) for _n, m in case.musts), (case.pairs.left, case.pairs.right)]


def _finer(case: Case, raw: np.ndarray, still: np.ndarray) -> np.ndarray:
    """Components of the touched records anew: what tied them may be gone."""
    inside = [(left[k], right[k]) for left, right in _edges(case) if len(left) for k in [~still[left]]]
    fresh = components(case.size, inside)
    return np.where(still, raw, fresh)


def _with_prior(case: Case, prior: Prior, wanted: np.ndarray) -> Pairs:
    """The pairs of now, and those of the last build among the wanted records."""
    digest = case.digest.filter(pa.array(wanted))
    number = np.flatnonzero(wanted)
    rows = prior.ledger.evidence
    rows = rows.filter(pc.and_(pc.equal(rows.column("kind"), "match"), pc.is_null(rows.column("until"))))
    ends = [pc.index_in(one_chunk(rows.column(c)), value_set=digest) for c in ("left", "right")]
    both = pc.and_(*(pc.is_valid(e) for e in ends)).to_numpy(zero_copy_only=False).astype(bool)
    if not both.any():
        return case.pairs
    one, two = (number[e.fill_null(0).to_numpy(zero_copy_only=False)] for e in ends)
    left, right = np.minimum(one, two), np.maximum(one, two)
    now = case.pairs
    both &= ~np.isin(left * case.size + right, now.left * case.size + now.right)
    chosen = np.flatnonzero(both)
    kept = rows.take(pa.array(chosen))
    joined = Pairs(
        np.concatenate([now.left, left[chosen]]),
        np.concatenate([now.right, right[chosen]]),
        np.concatenate([now.weight, kept.column("weight").to_numpy()]),
        np.concatenate([now.probability, kept.column("probability").to_numpy()]),
        pa.concat_arrays([now.levels, one_chunk(kept.column("levels"))]),
    )
    return joined.take(np.lexsort((joined.right, joined.left)))


def _codes(column: pa.Array) -> np.ndarray:
    codes: np.ndarray = column.dictionary_encode().indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return codes


def _of_records(prior: Prior, codes: np.ndarray) -> np.ndarray:
    """A number per row of the ledger, brought to the records that the last build saw; -1 for the others."""
    return (
        np.where(prior.known, codes[np.maximum(prior.at, 0)], -1)
        if len(codes)
        else np.full(len(prior.at), -1, dtype=np.int64)
    )


def _owners(prior: Prior) -> np.ndarray:
    return _of_records(prior, prior.customers[1])


def _old_components(prior: Prior) -> tuple[np.ndarray, np.ndarray]:
    """Number of the component that each record had (-1: none), and the components that lost a record."""
    numbers = _codes(prior.column("component"))
    return _of_records(prior, numbers), np.unique(numbers[prior.lost & prior.there])


def _figures_changed(case: Case, prior: Prior) -> np.ndarray:
    """Records whose rows or times are other than before."""
    known = np.flatnonzero(prior.known)
    changed = np.zeros(case.size, dtype=bool)
    spot, mine = pa.array(prior.at[known]), pa.array(known)
    for name in ("rows", "first_at", "last_at"):
        if name in prior.ledger.records.column_names and name in case.records.column_names:
            old = prior.column(name).cast(pa.int64()).fill_null(-1).take(spot)
            new = one_chunk(case.records.column(name)).cast(pa.int64()).fill_null(-1).take(mine)
            changed[known] |= old.to_numpy(zero_copy_only=False) != new.to_numpy(zero_copy_only=False)
    return changed


def _values_changed(case: Case, prior: Prior) -> np.ndarray:
    """Records that share a key value, held back or not, with a record that came or went: it may be held back now, or no longer."""
    changed = np.zeros(case.size, dtype=bool)
    lost = pa.array(np.flatnonzero(prior.lost & prior.there))
    for codes in case.role("strong", "contact"):
        came = np.zeros(int(codes.every.max(initial=-1)) + 2, dtype=bool)  # the last cell is for -1
        came[codes.every[~prior.known]] = True
        came[-1] = False
        changed |= came[codes.every]
        field = codes.key.field
        if len(lost) and field in prior.ledger.records.column_names and field in case.records.column_names:
            went = pc.unique(prior.column(field).take(lost)).drop_null()
            mine = pc.is_in(one_chunk(case.records.column(field)), value_set=went, skip_nulls=True)
            changed |= mine.to_numpy(zero_copy_only=False).astype(bool)
    return changed


def concerned(held: Held, state: Mapping[str, Any]) -> set[str]:
    """Digests that decisions speak of: those that hold now but did not then, or the other way round, and those that speak of other
    records than they named.
    """
    then = set(state.get("decisions", ()))
    taken = {d.number: d for d in held.decisions.taken}
    now = {d.number for d in held.decisions.active}
    anew = (then ^ now) | set(held.moved)
    digests = {x for n in anew if n in taken for x in (*taken[n].records, *taken[n].others)}
    return digests | {x for told in state.get("held", ()) for x in (*told["records"], *told["others"])}


def _decided(case: Case, prior: Prior) -> np.ndarray:
    """Records that such decisions speak of."""
    digests = concerned(case.held, prior.ledger.state)
    if not digests:
        return np.empty(0, dtype=np.int64)
    hit = pc.is_in(case.digest, value_set=pa.array(sorted(digests), pa.string()))
    return np.flatnonzero(hit.to_numpy(zero_copy_only=False))
