"""Small worlds of records for the tests of identity resolution, and a scorer that anybody can recompute."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta

import numpy as np
import pyarrow as pa

from huaxiang.learn.identity import Context, Decisions, Ledger, Resolution, new_records, resolve
from huaxiang.spec.models import IdentityKeySpec, KeyLimit, MatchingSpec

MEMBER = IdentityKeySpec(name="member", field="customer_key", priority=1)
WECHAT = IdentityKeySpec(name="wechat", field="openid", priority=2, personal=True)
PHONE = IdentityKeySpec(name="phone", field="phone", priority=3, role="contact", personal=True)
EMAIL = IdentityKeySpec(name="email", field="email", priority=4, role="contact", personal=True)
DEVICE = IdentityKeySpec(name="device", field="device_id", priority=9, role="device")
KEYS = (MEMBER, WECHAT, PHONE, EMAIL, DEVICE)
LIMITED = (MEMBER.model_copy(update={"limit": KeyLimit(values=1)}), WECHAT, PHONE, EMAIL, DEVICE)
MATCHING = MatchingSpec(name="people", link=0.95, review=0.5)
START = datetime(2024, 1, 1)


@dataclass(frozen=True)
class Row:
    """One record; texts that are None are unknown."""

    customer_key: str | None = None
    openid: str | None = None
    phone: str | None = None
    email: str | None = None
    device_id: str | None = None
    name: str | None = None
    gender: str | None = None
    birth_date: date | None = None
    id_number: str | None = None
    city: str | None = None
    source: str = "crm"
    rows: int = 1
    first: int = 0
    last: int = 0

    @property
    def digest(self) -> str:
        """Like a build's: of what the record says, not of how often or when it was said."""
        said = [str(getattr(self, f.name)) for f in fields(self) if f.name not in ("rows", "first", "last")]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]

    @property
    def describes(self) -> bool:
        return any((self.name, self.gender, self.birth_date, self.id_number, self.city))


TEXTS = ("customer_key", "openid", "phone", "email", "device_id", "name", "gender", "id_number", "city")


def table(rows: Sequence[Row]) -> pa.Table:
    """Records as the build hands them over, in the order given; the last of equal descriptions counts."""
    distinct = list({r.digest: r for r in rows}.values())
    columns: dict[str, pa.Array] = {
        "digest": pa.array([r.digest for r in distinct], pa.string()),
        "source": pa.array([r.source for r in distinct], pa.string()),
        "rows": pa.array([r.rows for r in distinct], pa.int64()),
        "first_at": pa.array([START + timedelta(days=r.first) for r in distinct], pa.timestamp("us")),
        "last_at": pa.array([START + timedelta(days=max(r.first, r.last)) for r in distinct], pa.timestamp("us")),
        "describes": pa.array([r.describes for r in distinct], pa.bool_()),
    }
    for name in TEXTS:
        columns[name] = pa.array([getattr(r, name) for r in distinct], pa.string())
    columns["birth_date"] = pa.array([r.birth_date for r in distinct], pa.date32())
    return pa.table(columns)


class Model:
    """A model without parameters."""

    def to_json(self) -> str:
        return '{"method": "points of the tests"}'


class Points:
    """Scores described pairs by agreement: a plain sum, so that results can be recomputed by hand."""

    AGREE = {"name": 8.0, "birth_date": 9.0, "city": 2.0, "phone": 10.0, "email": 11.0, "gender": 1.0}
    DIFFER = {"name": -6.0, "birth_date": -6.0, "city": -1.0, "phone": -1.0, "email": -1.0, "gender": -4.0}
    PRIOR = -13.0

    def __init__(self, records: pa.Table, new: np.ndarray | None = None) -> None:
        self.columns = {f: records.column(f).to_pylist() for f in self.AGREE}
        self.described = [i for i, d in enumerate(records.column("describes").to_pylist()) if d]
        self.asked: list[tuple[int, int]] = []
        found = []
        for at, i in enumerate(self.described):
            for j in self.described[at + 1 :]:
                if new is None or new[i] or new[j]:
                    weight = self.weight(i, j)
                    if weight >= 0:  # probability 0.5
                        found.append((i, j, weight))
        left, right, weight = zip(*found, strict=True) if found else ((), (), ())
        w = np.array(weight, dtype=float)
        self.pairs = pa.table({
            "left": pa.array(left, pa.int32()), "right": pa.array(right, pa.int32()), "weight": pa.array(w, pa.float64()),
            "probability": pa.array(1 / (1 + 2.0**-w), pa.float64()), "levels": pa.array(["{}"] * len(w), pa.string()),
        })  # fmt: skip
        self.model = Model()

    def weight(self, i: int, j: int) -> float:
        total = self.PRIOR
        for field, column in self.columns.items():
            if column[i] is not None and column[j] is not None:
                total += (self.AGREE if column[i] == column[j] else self.DIFFER)[field]
        return total

    def expect(self, numbers: np.ndarray) -> None:
        """Nothing is read ahead here."""

    def score(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        self.asked += list(zip(left.tolist(), right.tolist(), strict=True))
        return np.array([self.weight(int(i), int(j)) for i, j in zip(left, right, strict=True)], dtype=float)


def run(
    rows: Sequence[Row],
    keys: Sequence[IdentityKeySpec] = KEYS,
    *,
    scored: bool = True,
    decisions: Decisions | None = None,
    previous: Ledger | None = None,
    full: bool = False,
    seen: str = "b1",
    spec: MatchingSpec = MATCHING,
) -> tuple[dict[str, str | None], Resolution]:
    """Resolve; returns customer by digest. With `previous`, only pairs with a new record are scored, unless `full`."""
    records = table(rows)
    new = None if previous is None or full else new_records(previous, records)
    points = Points(records, new) if scored else None
    context = Context(spec, decisions or Decisions(), previous, ("", "0", "null"), seen, full)
    found = resolve(records, keys, points, context)
    return dict(zip(records.column("digest").to_pylist(), found.customer.to_pylist(), strict=True)), found


def groups(customer: dict[str, str | None]) -> set[frozenset[str]]:
    """The partition, whatever the IDs."""
    parts: dict[str, set[str]] = {}
    for digest, name in customer.items():
        if name is not None:
            parts.setdefault(name, set()).add(digest)
    return {frozenset(p) for p in parts.values()}
