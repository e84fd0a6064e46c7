"""What one build leaves for the next: who was who, on what evidence, and which IDs are gone. Append-only over builds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from huaxiang.learn.texts import one_chunk
from huaxiang.learn.weave import Woven

EVIDENCE = pa.schema([
    ("left", pa.string()), ("right", pa.string()), ("kind", pa.string()), ("rule", pa.string()), ("value_digest", pa.string()),
    ("weight", pa.float64()), ("probability", pa.float64()), ("verdict", pa.string()), ("reason", pa.string()),
    ("levels", pa.string()), ("first_seen", pa.string()), ("until", pa.string()),
])  # fmt: skip
"""One row per piece of evidence: digests of two records, kind key | match | manual, the rule (key, matching or decision), verdict linked |
refused | review | apart, and why. `until`: the build that no longer found it. No nulls but in weight, probability and until.
"""
REDIRECTS = pa.schema([
    ("old", pa.string()), ("new", pa.string()), ("since", pa.string()), ("reason", pa.string()),
    ("records", pa.list_(pa.string())),
])  # fmt: skip
"""IDs that were merged into another: `records` are the digests that carried `old` then. What is parted again gets its ID back."""
OWN = ("customer_id", "named", "was", "component", "exact", "gone")
"""Columns of identity_records besides the record's own; `named`: the build that gave the ID; `was`: the IDs before (list); groups."""
EVIDENCES = "identity_evidence"
TABLES = {
    "identity_records": "records",
    EVIDENCES: "evidence",
    "identity_redirects": "redirects",
}
LARGE = ("identity_records", EVIDENCES)
OWNERS = "identity_owners"
"""Table of whose each key value is, as `resolve` found it: key, and what `stitch.SPANS` says of its values."""
SAME = ("left", "right", "kind", "rule", "value_digest", "verdict")


@dataclass(frozen=True)
class Listed:
    """Records with what was resolved of them, of which few changed: `known` are the records' own columns, `own` the OWN columns beside
    them, `below` the records that are gone.
    """

    known: pa.Table
    own: Woven
    below: pa.Table

    def pieces(self, rows: int = 1 << 16) -> Iterator[pa.Table]:
        """The table in pieces of at most so many rows, but for the last, `below`."""
        for number, piece in enumerate(self.own.pieces(rows)):
            yield _beside(self.known.slice(number * rows, rows), piece)
        yield self.below

    def table(self) -> pa.Table:
        """The whole table."""
        return pa.concat_tables([_beside(self.known, self.own.table()), self.below]).combine_chunks()


def _beside(left: pa.Table, right: pa.Table) -> pa.Table:
    for name in right.column_names:
        left = left.append_column(name, right.column(name))
    return left


@dataclass(frozen=True)
class Ledger:
    """`records`: the records table of the build plus OWN columns; `gone` names the build since which a record is missing (its
    describing fields are emptied then). `state`: fingerprint of the rules, decisions in force, the model as JSON, reports, counts. `maps`:
    owners of the values of each key that links.
    """

    listed: pa.Table | Listed
    traced: pa.Table | Woven
    redirects: pa.Table
    state: Mapping[str, Any] = field(default_factory=dict)
    maps: Mapping[str, pa.Table] = field(default_factory=dict)

    @cached_property
    def records(self) -> pa.Table:
        """All records, sorted by digest; those that are gone below."""
        return self.listed.table() if isinstance(self.listed, Listed) else self.listed

    def record_pieces(self) -> Iterator[pa.Table]:
        """The same in pieces: less memory where it is only read through."""
        return self.listed.pieces() if isinstance(self.listed, Listed) else iter((self.listed,))

    @cached_property
    def evidence(self) -> pa.Table:
        """All evidence (EVIDENCE), sorted."""
        return self.traced.table() if isinstance(self.traced, Woven) else self.traced

    def evidence_pieces(self, columns: Sequence[str] = tuple(EVIDENCE.names)) -> Iterator[pa.Table]:
        """The same in pieces: less memory where it is only read through."""
        found = self.traced.select(list(columns))
        return found.pieces() if isinstance(found, Woven) else iter((found,))

    def tables(self, *, large: bool = True) -> dict[str, pa.Table]:
        """Tables to save, by name; `large`: with the records and the evidence, which else are written from their pieces."""
        tables = {name: getattr(self, part) for name, part in TABLES.items() if large or name not in LARGE}
        if self.maps:
            tables[OWNERS] = pa.concat_tables([_with_key(name, self.maps[name]) for name in sorted(self.maps)])
        return tables

    def text(self) -> str:
        """The state as JSON, to save as identity_model.json."""
        return json.dumps(self.state, ensure_ascii=False, indent=1, sort_keys=True)

    @classmethod
    def of(cls, tables: Mapping[str, pa.Table], text: str) -> Ledger:
        """The ledger from its saved parts (`tables()`, `text()`). Without the owners, the next resolution is a full one."""
        records, evidence, redirects = (tables[name].combine_chunks() for name in TABLES)
        return cls(
            records,
            evidence,
            redirects,
            state=json.loads(text),
            maps=_by_key(tables[OWNERS]) if OWNERS in tables else {},
        )

    @property
    def model(self) -> str | None:
        """The matching model of the build as JSON, None when nothing was matched."""
        return self.state.get("model")

    def present(self) -> pa.Table:
        """The records that the build saw."""
        return self.records.filter(pc.is_null(self.records.column("gone")))


def _with_key(name: str, spans: pa.Table) -> pa.Table:
    key = pa.DictionaryArray.from_arrays(pa.array(np.zeros(spans.num_rows, dtype=np.int8)), pa.array([name]))
    return spans.add_column(0, "key", key.cast(pa.string()))


def _by_key(owners: pa.Table) -> dict[str, pa.Table]:
    """The owners of each key's values; all rows of a key lie together."""
    encoded = one_chunk(owners.column("key")).dictionary_encode()
    code = encoded.indices.to_numpy(zero_copy_only=False)
    start = np.searchsorted(code, np.arange(len(encoded.dictionary) + 1))
    spans = owners.drop_columns(["key"]).combine_chunks()
    return {
        name: spans.slice(start[n], start[n + 1] - start[n]) for n, name in enumerate(encoded.dictionary.to_pylist())
    }


def new_records(previous: Ledger | None, records: pa.Table) -> np.ndarray:
    """Which records the build before did not see: the `new` of `score_pairs`."""
    if previous is None:
        return np.ones(records.num_rows, dtype=bool)
    known = previous.present().column("digest")
    seen = pc.is_in(records.column("digest"), value_set=known.combine_chunks())
    fresh: np.ndarray = ~seen.combine_chunks().to_numpy(zero_copy_only=False).astype(bool)
    return fresh


def renew_evidence(previous: pa.Table | None, found: pa.Table, seen: str) -> pa.Table:
    """Evidence of all builds: what was found again keeps its `first_seen`, what was not is closed with `until`, the rest is new.

    `found`: rows of EVIDENCE without `first_seen` and `until`.
    """
    names = [n for n in EVIDENCE.names if n not in ("first_seen", "until")]
    size = found.num_rows
    fresh = found.select(names).append_column("first_seen", pa.array([seen] * size, pa.string()))
    fresh = fresh.append_column("until", pa.nulls(size, pa.string())).cast(EVIDENCE)
    if previous is None or not previous.num_rows:
        return sort_evidence(fresh)
    still_open = pc.is_null(previous.column("until"))
    closed, before = previous.filter(pc.invert(still_open)), previous.filter(still_open)
    one, two = _row_key(before), _row_key(fresh)
    at = pc.index_in(two, value_set=one)
    first = pc.coalesce(one_chunk(before.column("first_seen")).take(at), one_chunk(fresh.column("first_seen")))
    fresh = fresh.set_column(fresh.column_names.index("first_seen"), "first_seen", first)
    lost = before.filter(pc.invert(pc.is_in(one, value_set=two)))
    lost = lost.set_column(lost.column_names.index("until"), "until", pa.array([seen] * lost.num_rows, pa.string()))
    return sort_evidence(pa.concat_tables([closed, lost, fresh]))


def _row_key(table: pa.Table) -> pa.Array:
    parts = [one_chunk(table.column(n)) for n in SAME]
    return pc.binary_join_element_wise(*parts, "\x1f")


def sort_evidence(table: pa.Table) -> pa.Table:
    """In the order in which evidence is saved: open and closed rows by record."""
    order = [(n, "ascending") for n in ("left", "right", "kind", "rule", "value_digest", "verdict", "first_seen")]
    return table.sort_by(order).combine_chunks()


def empty(schema: pa.Schema) -> pa.Table:
    """A table without rows."""
    return schema.empty_table()
