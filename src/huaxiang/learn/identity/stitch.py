"""Devices in time: whose rows are those that carry only a device's key."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from huaxiang.spec.models import IdentityKeySpec

SPANS = pa.schema([
    ("value", pa.string()), ("since", pa.timestamp("us")), ("until", pa.timestamp("us")), ("customer_id", pa.string())
])  # fmt: skip
"""Rows of a value from `since` (inclusive) to `until` (exclusive) belong to the customer; null = open. Spans of a value never overlap."""
_DAY = 86_400_000_000


def stitch_devices(logins: pa.Table, key: IdentityKeySpec) -> pa.Table:
    """Spans (SPANS, sorted by value and time) of devices from the sign-ins seen on them.

    `logins`: value, customer_id, since, until (first and last moment of a sign-in; null `until` = `since`). Rows belong to whoever
    signed in last before, for `stitch.keep` days, else to whoever signs in next, from `stitch.back` days before. On a device on which
    more than `stitch.max_customers` people signed in, rows belong to somebody on the days of a sign-in only.
    A sign-in without a time is used only where it is the device's only customer: the device is then that customer's throughout.
    """
    logins = logins.filter(pc.and_(pc.is_valid(logins.column("value")), pc.is_valid(logins.column("customer_id"))))
    if not logins.num_rows:
        return SPANS.empty_table()
    value, values = _numbers(logins.column("value"))
    who, customers = _numbers(logins.column("customer_id"))
    since, timed = _times(logins.column("since"))
    until, ends = _times(logins.column("until"))
    until = np.where(ends & (until >= since), until, since)
    people = _people(value, who, len(values))
    shared = people > key.stitch.max_customers
    at = np.concatenate([since[timed], until[timed]])
    v, w = np.tile(value[timed], 2), np.tile(who[timed], 2)
    spans = _spans((v, w, at), shared, key)
    always = _untimed(value, who, timed, people)
    return _table((*(np.concatenate(p) for p in zip(spans, always, strict=True)),), values, customers)


def shared_devices(logins: pa.Table, key: IdentityKeySpec) -> list[tuple[str, int]]:
    """Devices on which more people signed in than `stitch.max_customers`, with their number, most people first."""
    value, values = _numbers(logins.column("value"))
    who, _customers = _numbers(logins.column("customer_id"))
    people = _people(value, who, len(values))
    found = np.flatnonzero(people > key.stitch.max_customers)
    return sorted(((values[i].as_py(), int(people[i])) for i in found), key=lambda f: (-f[1], f[0]))


def _numbers(column: pa.ChunkedArray) -> tuple[np.ndarray, pa.Array]:
    """Number texts in their order."""
    encoded = column.cast(pa.string()).combine_chunks().dictionary_encode()
    order = pc.sort_indices(encoded.dictionary).to_numpy(zero_copy_only=False)
    number = np.empty(len(order), dtype=np.int64)
    number[order] = np.arange(len(order))
    return number[encoded.indices.to_numpy(zero_copy_only=False)], encoded.dictionary.take(pa.array(order))


def _times(column: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    moments = column.cast(pa.timestamp("us")).cast(pa.int64()).combine_chunks()
    known = pc.is_valid(moments).to_numpy(zero_copy_only=False).astype(bool)
    return moments.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64), known


def _people(value: np.ndarray, who: np.ndarray, size: int) -> np.ndarray:
    wide = int(who.max(initial=0)) + 1
    return np.bincount(np.unique(value * wide + who) // wide, minlength=size)


def _spans(
    points: tuple[np.ndarray, np.ndarray, np.ndarray], shared: np.ndarray, key: IdentityKeySpec
) -> tuple[np.ndarray, ...]:
    """Spans from single sign-ins (value, customer, moment): each reaches forward, and back to where the one before ends."""
    value, who, at = points
    order = np.lexsort((who, at, value))
    value, who, at = value[order], who[order], at[order]
    if not len(value):
        empty = np.empty(0, dtype=np.int64)
        return empty, empty, empty, empty
    public = shared[value]
    day = at // _DAY * _DAY
    reach = np.where(public, day + _DAY, at + key.stitch.keep * _DAY + 1)
    start = np.where(public, day, at - key.stitch.back * _DAY)
    last = np.r_[value[1:] != value[:-1], True]
    first = np.r_[True, value[1:] != value[:-1]]
    end = np.where(last, reach, np.minimum(reach, np.r_[at[1:], 0]))
    begin = np.where(first, start, np.maximum(start, np.r_[0, end[:-1]]))
    begin = np.minimum(begin, at)
    keep = begin < end  # the last of several sign-ins in one moment counts
    value, who, begin, end = value[keep], who[keep], begin[keep], end[keep]
    new = np.r_[True, (value[1:] != value[:-1]) | (who[1:] != who[:-1]) | (begin[1:] > end[:-1])]
    head = np.flatnonzero(new)
    return value[head], who[head], begin[head], end[np.r_[head[1:] - 1, len(value) - 1]]


def _untimed(value: np.ndarray, who: np.ndarray, timed: np.ndarray, people: np.ndarray) -> tuple[np.ndarray, ...]:
    """Devices of one customer of whose sign-ins no time is known."""
    dated = np.zeros(len(people), dtype=bool)
    dated[value[timed]] = True
    only, at = np.unique(value[~timed], return_index=True)
    mine = (people[only] == 1) & ~dated[only]
    nothing = np.full(int(mine.sum()), np.iinfo(np.int64).min)
    return only[mine], who[~timed][at][mine], nothing, nothing


def _table(spans: tuple[np.ndarray, ...], values: pa.Array, customers: pa.Array) -> pa.Table:
    value, who, begin, end = spans
    order = np.lexsort((begin, value))
    open_ = np.iinfo(np.int64).min
    moments = [pa.array(t[order], pa.int64(), mask=t[order] == open_).cast(pa.timestamp("us")) for t in (begin, end)]
    return pa.table([values.take(pa.array(value[order])), *moments, customers.take(pa.array(who[order]))], schema=SPANS)
