"""What goes into a resolution and what comes out of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from huaxiang.learn.identity.decisions import Decisions
from huaxiang.learn.identity.ledger import Ledger
from huaxiang.spec.models import MatchingSpec


class Scored(Protocol):
    """Scored pairs of records: what `huaxiang.learn.matching.score_pairs` returns.

    `pairs`: left int32, right int32 (record numbers, left < right), weight float64 (log2, prior included), probability float64,
    levels string. `score` gives the weights of any pairs asked for, whether they were compared before or not.
    """

    @property
    def pairs(self) -> pa.Table:
        """Every compared pair from the review bound up."""
        ...

    @property
    def model(self) -> Any:
        """The model that scored; has `to_json()`."""
        ...

    def expect(self, numbers: np.ndarray) -> None:
        """Pairs of these records will be asked for."""
        ...

    def score(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Match weights of pairs of record numbers."""
        ...


@dataclass(frozen=True)
class Context:
    """What a resolution knows besides records, keys and scored pairs.

    `spec`: bounds of matching (defaults when None). `decisions`: what people decided. `previous`: the ledger of the last build; only
    what changed since is resolved again, unless `full`. `blocked`: values (lower case) that identify nobody. `seen`: when this
    build was made (ISO time or build id), written as `first_seen` of new evidence. `secret`: what IDs of new customers are drawn with.
    """

    spec: MatchingSpec | None = None
    decisions: Decisions = field(default_factory=Decisions)
    previous: Ledger | None = None
    blocked: Sequence[str] = ()
    seen: str = ""
    full: bool = False
    secret: bytes = b""

    @property
    def matching(self) -> MatchingSpec:
        """The bounds of matching, the default ones when none are declared."""
        return self.spec or MatchingSpec(name="default")


@dataclass(frozen=True)
class Resolution:
    """Who is who.

    `customer`: customer ID per record (null: the record identifies nobody), in the order of the records given. `evidence`: see
    `ledger.EVIDENCE`, rows of this build only. `maps`: key name → (value, since, until, customer_id), which attributes rows by
    key: `since` inclusive, `until` exclusive, null = open. `redirects`: IDs that were merged into others. `held_back`: values on
    too many records: [{key, value_digest, records}]. `giants`: customers that would have been too large: [{records, cause {kind,
    rule, value_digest, links}, customers, component}]. `shared`: devices of too many people: [{key, value_digest, customers}].
    `review`: pairs of customers that a person should decide about, most probable first. `exact_customers`: customers that exact
    keys alone would give. `resolved`: how many records were resolved anew (all of them in a full run).
    """

    customer: pa.Array
    maps: Mapping[str, pa.Table]
    redirects: pa.Table
    held_back: Sequence[Mapping[str, Any]]
    giants: Sequence[Mapping[str, Any]]
    shared: Sequence[Mapping[str, Any]]
    review: pa.Table
    exact_customers: int
    customers: int
    resolved: int
    ledger: Ledger

    @cached_property
    def evidence(self) -> pa.Table:
        """Evidence of this build: the rows of the ledger's that are not closed."""
        whole = self.ledger.evidence
        until = whole.column("until")
        return whole if until.null_count == len(until) else whole.filter(pc.is_null(until))
