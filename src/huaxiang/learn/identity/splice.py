"""Puts what was resolved alone back into what the ledger holds of all others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from huaxiang.learn.identity.evidence import queue
from huaxiang.learn.identity.ids import WAS
from huaxiang.learn.identity.increment import Part
from huaxiang.learn.identity.ledger import EVIDENCE, OWN, Ledger, Listed
from huaxiang.learn.identity.publish import by_size, most_held
from huaxiang.learn.identity.stitch import SPANS
from huaxiang.learn.identity.types import Resolution
from huaxiang.learn.texts import find_sorted, one_chunk, place_sorted
from huaxiang.learn.weave import Woven
from huaxiang.plan.digests import value_digest
from huaxiang.spec.models import IdentityKeySpec


def put_back(part: Part, found: Resolution, keys: Sequence[IdentityKeySpec]) -> Resolution:
    """The resolution of all records from that of a part; equal to that of a full run."""
    then = part.then
    records = _records(part, found.ledger.records)
    customer = one_chunk(records.own.select(["customer_id"]).table().column("customer_id"))
    evidence = _evidence(part, found.ledger.evidence)
    maps = {k.name: _map(part, k, found.maps[k.name]) for k in keys}
    giants = _giants(part, found)
    held_back = _held_back(part, found)
    customers, exact = _counts(part, found)
    counts = {"giants": giants, "held_back": held_back, "customers": customers, "exact_customers": exact}
    state = {**found.ledger.state, **counts}
    ledger = Ledger(records, evidence, found.redirects, state, maps)
    return replace(
        found, customer=customer, maps=maps, held_back=held_back, giants=giants,
        review=queue(evidence, then.digest, customer), exact_customers=exact, customers=customers, ledger=ledger,
    )  # fmt: skip


def _records(part: Part, own: pa.Table) -> Listed:
    """The records with their customers; below them, emptied, those that are gone."""
    then, size = part.then, len(part.chosen)
    row = then.at.copy()
    row[part.chosen] = then.count + np.arange(size)
    schema = pa.schema([(name, WAS if name == "was" else pa.string()) for name in OWN])
    before, now = (t.select(OWN).cast(schema) for t in (then.ledger.records.slice(0, then.count), own.slice(0, size)))
    emptied = own.slice(size)
    whole = pa.schema([*then.records.schema, *schema])
    return Listed(then.records, Woven(before, now, row), emptied.select(whole.names).cast(whole))


def _evidence(part: Part, own: pa.Table) -> Woven:
    """All evidence in its order: rows about one record never lie on both sides."""
    whole = part.then.ledger.evidence
    stays = np.flatnonzero(~part.touching)
    spot = place_sorted(one_chunk(own.column("left")), one_chunk(whole.column("left")), stays)
    return _merge(whole, stays, own, spot, EVIDENCE)


def _merge(whole: pa.Table, stays: np.ndarray, own: pa.Table, spot: np.ndarray, schema: pa.Schema) -> Woven:
    """Rows of `whole` that stay, and those of `own`, each before the staying row numbered `spot` (ascending)."""
    size = len(stays) + own.num_rows
    mine = spot + np.arange(own.num_rows)
    row = np.empty(size, dtype=np.int64)
    others = np.ones(size, dtype=bool)
    others[mine] = False
    row[others], row[mine] = stays, whole.num_rows + np.arange(own.num_rows)
    one, two = (t.select(schema.names).cast(schema) for t in (whole, own))
    return Woven(one, two, row)


def _map(part: Part, key: IdentityKeySpec, own: pa.Table) -> pa.Table:
    """Owners of a key's values: those of the values that the part or a lost record holds are found anew."""
    then = part.then
    whole = then.ledger.maps[key.name]
    if key.field not in then.records.column_names:
        return own
    sides = [one_chunk(part.records.column(key.field)), then.column(key.field).take(pa.array(then.lost))]
    values = pc.unique(pa.concat_arrays([s.cast(pa.string()) for s in sides])).drop_null()
    column = one_chunk(whole.column("value"))
    touched = pc.is_in(column, value_set=values).to_numpy(zero_copy_only=False).astype(bool)
    stays = np.flatnonzero(~touched)
    spot = place_sorted(one_chunk(own.column("value")), column, stays)
    return _merge(whole, stays, own, spot, SPANS).table()


def _giants(part: Part, found: Resolution) -> list[dict[str, Any]]:
    before = list(part.then.ledger.state.get("giants", ()))
    at = find_sorted(pa.array([g["component"] for g in before], pa.string()), part.then.digest)
    touched = np.zeros(len(part.then.at) + 1, dtype=bool)  # the last cell is for those that are gone
    touched[part.chosen] = touched[-1] = True
    kept = [g for g, spot in zip(before, at.tolist(), strict=True) if not touched[spot]]
    return by_size([*(dict(g) for g in found.giants), *kept])


def _held_back(part: Part, found: Resolution) -> list[Mapping[str, Any]]:
    """Values held back: of those that came or went as counted now, of the others as before."""
    then = part.then.ledger.state.get("held_back", ())
    moved = {
        (name, value_digest(name, v))
        for name in {h["key"] for h in (*then, *found.held_back)}
        for v in part.came[name].to_pylist()
    }
    kept = [h for h in then if (h["key"], h["value_digest"]) not in moved]
    return most_held([*kept, *(h for h in found.held_back if (h["key"], h["value_digest"]) in moved)])


def _counts(part: Part, found: Resolution) -> tuple[int, int]:
    """Customers, and groups by exact keys alone: those of before, with the part's in place of what it was."""
    ledger = part.context.previous
    state = part.then.ledger.state
    if ledger is None:
        return found.customers, found.exact_customers
    was = ledger.present().filter(pc.is_valid(ledger.present().column("customer_id")))
    before = [int(pc.count_distinct(was.column(c)).as_py()) for c in ("customer_id", "exact")]
    return (
        int(state["customers"]) - before[0] + found.customers,
        int(state["exact_customers"]) - before[1] + found.exact_customers,
    )
