"""Reads the records of candidate pairs, the dearest fields only of pairs that they can still decide.

Addresses cost more to read and to compare than all else together. So pairs are first weighed without them, as if they agreed as well as
addresses can: what stays below the threshold even so is left out, and nothing else is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from huaxiang.learn.matching.fields import PLACES, Field
from huaxiang.learn.matching.increment import distinct
from huaxiang.learn.matching.levels import Comparison, comparisons_of
from huaxiang.learn.matching.model import MatchModel
from huaxiang.learn.matching.observe import load_side_by_side
from huaxiang.learn.matching.prepare import Database, helpers
from huaxiang.learn.matching.terms import with_terms
from huaxiang.learn.matching.weighing import Hope, weigh
from huaxiang.learn.texts import one_chunk

DEAR = ("address",)
"""Kinds of fields that are read last."""
FEW = 20_000
"""Below so many pairs all fields are read at once: each further reading has a fixed cost."""
_MARGIN = 1e-3


def read_pairs(
    db: Database, model: MatchModel, records: pa.Table, pairs: tuple[np.ndarray, np.ndarray], least: float
) -> tuple[pa.Table, tuple[np.ndarray, np.ndarray]]:
    """The helper columns of records (`id`, …; in any order), and the pairs of record numbers that may weigh `least` or more: only
    records of these are read. `records`: those of the pairs, ascending by `id`.
    """
    dear = tuple(f for f in model.fields if f.kind in DEAR)
    cheap = tuple(f for f in model.fields if f.kind not in DEAR)
    if not dear or not cheap or len(pairs[0]) < FEW:
        return _read(db, model, model.fields, records, "concerned"), pairs
    known = _read(db, model, cheap, records, "concerned")
    ids = records.column("id").to_numpy()
    row = _rows(known, ids)
    left, right = _promising(db, model, _with_flags(known, records, dear), row, (ids, pairs), least)
    rest = distinct(np.concatenate([left, right]))
    spot = np.searchsorted(ids, rest)
    more = _read(db, model, dear, records.take(pa.array(spot)), "narrowed")
    both = known.take(pa.array(row[spot])).combine_chunks()
    more = more.take(pa.array(_rows(more, rest))).drop_columns(["id", "fresh"]).combine_chunks()
    for name in more.column_names:
        both = both.append_column(name, more.column(name))
    return both, (left, right)


def _read(db: Database, model: MatchModel, fields: Sequence[Field], records: pa.Table, name: str) -> pa.Table:
    db.load(name, records)
    comparisons = comparisons_of(fields)
    columns = {c.term or c.unique for c in comparisons}
    terms = {column: own for column, own in model.terms.items() if column in columns}
    found = f"({helpers(db, fields, name)})"
    return db.arrow(with_terms(db, found, comparisons, terms, model.rarest)).combine_chunks()


def _rows(read: pa.Table, ids: np.ndarray) -> np.ndarray:
    """In which row of what was read each of these records (ascending) stands."""
    row = np.empty(len(ids), dtype=np.int64)
    row[np.searchsorted(ids, read.column("id").to_numpy())] = np.arange(len(ids))
    return row


def _with_flags(known: pa.Table, records: pa.Table, dear: Sequence[Field]) -> pa.Table:
    """With `v_<field>` of each dear field: true where the record holds one, else null."""
    at = pa.array(np.searchsorted(records.column("id").to_numpy(), known.column("id").to_numpy()))
    for field in dear:
        there = one_chunk(records.column(field.name)).take(at).is_valid()
        known = known.append_column(f"v_{field.name}", pc.if_else(there, True, pa.scalar(None, pa.bool_())))
    return known


def _promising(  # noqa: PLR0913  one step, cut out to be read
    db: Database,
    model: MatchModel,
    flagged: pa.Table,
    row: np.ndarray,
    asked: tuple[np.ndarray, tuple[np.ndarray, np.ndarray]],
    least: float,
) -> tuple[np.ndarray, np.ndarray]:
    """The pairs that reach `least` when their dear fields, where both are known, agree as well as can be."""
    ids, pairs = asked
    every = comparisons_of(model.fields)
    dear = {f.name for f in model.fields if f.kind in DEAR}
    sides = (row[np.searchsorted(ids, side)] for side in pairs)
    load_side_by_side(db, "cheaply", flagged, *sides)
    best = {c.name: _best(c, model) for c in every if c.name in dear or c.name in PLACES}
    places = [sum(b[side] for name, b in best.items() if name not in dear) for side in (0, 1)]
    hopes = [
        Hope(f"v_{name}", *(max(own, other) for own, other in zip(best[name], places, strict=True)))
        for name in sorted(dear)
    ]
    cheap = [c for c in every if c.name not in dear]
    found = weigh(db, "SELECT * FROM cheaply", cheap, model, hopes).at_least(least - _MARGIN)
    return found.a, found.b


def _best(comparison: Comparison, model: MatchModel) -> tuple[float, float]:
    """How much agreement can say at most (log2, not below 0): against strangers, against relatives."""
    weights = model.weights[comparison.name]
    if comparison.term is None:
        return _most(weights.m, weights.u), _most(weights.m, weights.kin)
    shares: Mapping[str, float] = model.terms.get(comparison.term, {})
    rarest = min(model.rarest[comparison.term], min(shares.values(), default=1.0))
    rare = replace(weights, u=(rarest, *weights.u[1:]))
    if comparison.personal:
        rare = replace(rare, kin=(rarest, *weights.kin[1:]))
    return _most(rare.m, rare.u), _most(rare.m, rare.kin)


def _most(own: Sequence[float], others: Sequence[float]) -> float:
    return max(0.0, *(math.log2(m) - math.log2(u) for m, u in zip(own, others, strict=True)))
