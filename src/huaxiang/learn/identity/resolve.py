"""Who is who: exact keys, contact keys, matched pairs and decisions, resolved to customers with stable IDs.

Everything that can influence whether two records are one lies within one component of the raw graph (shared values, scored pairs,
decisions). So components are resolved alone, and those that nothing has touched since the last build are taken over as they were.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from huaxiang.learn.identity.case import Case, prepare
from huaxiang.learn.identity.change import model_text, rules_of, take_up
from huaxiang.learn.identity.clusters import Problem, Score, join_on_evidence
from huaxiang.learn.identity.increment import cut_out
from huaxiang.learn.identity.maps import own_values
from huaxiang.learn.identity.publish import Found, publish
from huaxiang.learn.identity.splice import put_back
from huaxiang.learn.identity.strong import Broken, Link, join_strong
from huaxiang.learn.identity.types import Context, Resolution, Scored
from huaxiang.learn.texts import is_ascending, one_chunk
from huaxiang.spec.models import IdentityKeySpec


def resolve(
    records: pa.Table, keys: Sequence[IdentityKeySpec], scored: Scored | None = None, context: Context | None = None
) -> Resolution:
    """Resolve records (docs/contracts.md, "Records table") to customers.

    `keys` of role device join nobody; their rows are attributed in time. `scored`: pairs from matching, None for keys alone; with a
    previous ledger it may hold only pairs with a new record, scored by the same model. Raises ValueError when two records share a digest.
    """
    context = context or Context()
    sorted_already = is_ascending(one_chunk(records.column("digest")))
    order = np.arange(records.num_rows)
    if not sorted_already:
        order = pc.sort_indices(records.column("digest")).to_numpy(zero_copy_only=False).astype(np.int64)
    ordered = (records if sorted_already else records.take(pa.array(order))).combine_chunks()
    resolution = _resolve_sorted(ordered, keys, (scored, order), context)
    if sorted_already:
        return resolution
    back = np.empty(len(order), dtype=np.int64)
    back[order] = np.arange(len(order))
    return replace(resolution, customer=resolution.customer.take(pa.array(back)))


def _resolve_sorted(
    records: pa.Table, keys: Sequence[IdentityKeySpec], scored: tuple[Scored | None, np.ndarray], context: Context
) -> Resolution:
    """Resolve records in order of digest: where the ledger allows it only those that something touched."""
    model = model_text(scored[0])
    part = cut_out(records, keys, scored, context, model)
    if part is None:
        return _resolve_all(prepare(records, keys, scored, context), keys, model)
    own = (part.scored, np.arange(len(part.chosen)))
    found = _resolve_all(prepare(part.records, keys, own, part.context, part.beyond), keys, model)
    return put_back(part, found, [k for k in keys if k.role != "device"])


def _resolve_all(case: Case, keys: Sequence[IdentityKeySpec], model: str | None) -> Resolution:
    rules = rules_of(keys, case.context, model)
    case, still, owner = take_up(case, rules, model)
    label, broken = _resolve(case, still, owner)
    return publish(case, Found(_attach(case, label), broken, still, rules, model))


def _resolve(case: Case, still: np.ndarray, owner: np.ndarray) -> tuple[np.ndarray, tuple[Broken, ...]]:
    """Cluster of each record, named by its smallest one; components that are as they were are taken over."""
    label = np.arange(case.size, dtype=np.int64)
    kept = np.flatnonzero(still & (owner >= 0) & ~case.pure)
    if len(kept):
        least = np.full(int(owner.max()) + 1, case.size, dtype=np.int64)
        np.minimum.at(least, owner[kept], kept)
        label[kept] = least[owner[kept]]
    chosen = np.flatnonzero(~still)
    if not len(chosen):
        return label, ()
    part, broken = _resolve_part(case, chosen)
    label[chosen] = chosen[part]
    return label, broken


def _resolve_part(case: Case, chosen: np.ndarray) -> tuple[np.ndarray, tuple[Broken, ...]]:
    marks, rows, matching = case.marks.take(chosen, case.size), case.rows[chosen], case.context.matching
    links = [Link(link.name, link.rank, link.code[chosen]) for link in case.links()]
    atom, broken = join_strong(links, marks, rows, matching.max_customer)
    number = np.full(case.size, -1, dtype=np.int64)
    number[chosen] = np.arange(len(chosen))
    mine = number[case.pairs.left] >= 0
    pairs = (number[case.pairs.left[mine]], number[case.pairs.right[mine]], case.pairs.weight[mine])
    pure = case.pure[chosen]
    contacts = [np.where(pure, -1, c.code[chosen]) for c in case.role("contact")]
    link = float(np.log2(matching.link / (1 - matching.link)))
    problem = Problem(
        atom, rows, case.facts.take(chosen), marks, pairs, contacts, case.speaks[chosen], _within(case.score, chosen),
        link, matching.max_customer,
    )  # fmt: skip
    whole = tuple(replace(b, records=chosen[b.records]) for b in broken)
    return join_on_evidence(problem), whole


def _within(score: Score | None, chosen: np.ndarray) -> Score | None:
    if score is None:
        return None

    def inner(left: np.ndarray, right: np.ndarray) -> np.ndarray:
        return score(chosen[left], chosen[right])

    return inner


def _attach(case: Case, label: np.ndarray) -> np.ndarray:
    """Give records that hold nothing but one contact value to its owner at their time; without an owner they are one customer."""
    label = label.copy()
    for codes in case.role("contact"):
        loose = np.flatnonzero(case.pure & (codes.code >= 0))
        shown = np.where(case.pure, -1, codes.code)
        owners = own_values(shown, label, case.rows, case.times)
        found = owners.at(codes.code[loose], case.times[1][loose])
        label[loose[found >= 0]] = found[found >= 0]
        alone = loose[found < 0]
        _value, first, back = np.unique(codes.code[alone], return_index=True, return_inverse=True)
        label[alone] = alone[first][back]
    return label
