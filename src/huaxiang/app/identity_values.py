"""Values of records as people may see them: masked by what the manifest says of their fields, and whether they counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from huaxiang.app.links import open_links
from huaxiang.app.masks import CODES, mask, mask_by_look
from huaxiang.app.rows import rows_of
from huaxiang.plan.digests import value_digest
from huaxiang.store.snapshots import Snapshot


@dataclass(frozen=True)
class Values:
    """How values of the records of a snapshot are shown. `kinds`: how fields are masked; None for a snapshot that doesn't tell: then
    only what describes people is shown, keys are not. `fields`: key → field. `unmask`: everything is shown whole.
    """

    snapshot: Snapshot
    kinds: Mapping[str, str] | None
    fields: Mapping[str, str]
    unmask: bool = False

    @classmethod
    def of(cls, snapshot: Snapshot, *, unmask: bool = False) -> Values:
        """As the manifest of a snapshot tells."""
        told = snapshot.manifest["identity"]
        return cls(snapshot, told.get("personal"), told.get("fields") or {}, unmask)

    def show(self, field: str, value: Any) -> str:
        """A value of a field as it may be shown: by the field's kind, else by how it looks."""
        text = str(value)
        if self.unmask:
            return text
        kind = CODES.get(field) or self._kind(field)
        return str(mask(text, kind)) if kind else str(mask_by_look(text))

    def title(self, field: str, value: Any) -> Any:
        """What a value of a field is called, {zh, en}, by the attribute that goes by the name of the field; None where it has no title."""
        return self._titles.get(field, {}).get(str(value))

    @cached_property
    def _titles(self) -> Mapping[str, Mapping[str, Any]]:
        told = self.snapshot.manifest.get("attributes", ())
        return {a["name"]: a["values"] for a in told if a.get("values") and not a.get("personal")}

    def _kind(self, field: str) -> str | None:
        from huaxiang.spec.canonical import MATCH_FIELDS

        if self.kinds is not None:
            return self.kinds.get(field)
        return None if field in MATCH_FIELDS else "key"

    def show_digests(self, entries: Iterable[Mapping[str, Any]], fields: Mapping[str, str]) -> dict[str, str]:
        """The values behind digests of keys, as they may be shown. Entries hold `key` and `value_digest`; `fields`: key → field."""
        wanted: dict[str, set[str]] = {}
        for entry in entries:
            if entry["value_digest"] and entry["key"] in fields:
                wanted.setdefault(entry["key"], set()).add(entry["value_digest"])
        found: dict[str, str] = {}
        for key, digests in wanted.items():
            found |= {d: self.show(fields[key], text) for d, text in self._texts(key, fields[key], digests).items()}
        return found

    def _texts(self, key: str, field: str, digests: set[str]) -> dict[str, str]:
        """Digest → value, sought among the values of the field that most records hold."""
        import pyarrow as pa
        import pyarrow.compute as pc
        import pyarrow.parquet as pq

        path = self.snapshot.table("identity_records")
        if field not in pq.read_schema(path).names:
            return {}
        table = pq.read_table(path, columns=[field, "gone"]).filter(pc.field("gone").is_null())
        counted = pc.value_counts(table.column(field).cast(pa.string()).drop_null())
        order = pc.sort_indices(counted.field("counts"), sort_keys=[("", "descending")])
        found: dict[str, str] = {}
        for value in counted.field("values").take(order):
            text = value.as_py()
            digest = value_digest(key, text)
            if digest in digests:
                found[digest] = text
                if len(found) == len(digests):
                    break
        return found

    def customer_values(
        self, customer_id: str, keys: Iterable[Mapping[str, Any]], sources: Iterable[str]
    ) -> dict[str, str]:
        """Digest → value of a customer's keys ({key, value_digest}), as it may be shown, from its records and its sources' rows.

        `sources`: the tables of the sources that have rows of the customer.
        """
        tables = rows_of(self.snapshot)
        missing = {k["value_digest"]: k["key"] for k in keys if k["key"] in self.fields}
        names = [t["name"] for t in self.snapshot.manifest["tables"]]
        found: dict[str, str] = {}
        for name in (*sources, "identity_records"):  # sources are sorted by customer
            wanted = sorted({key for digest, key in missing.items() if digest not in found})
            if not wanted or name not in names:
                continue
            columns = set(tables.columns(name))
            there = {key: self.fields[key] for key in wanted if self.fields[key] in columns}
            if not there:
                continue
            mine = self._mine(name, customer_id, sorted(set(there.values())))
            for key, field in there.items():
                for text in dict.fromkeys(str(row[field]) for row in mine if row[field] is not None):
                    digest = value_digest(key, text)
                    if digest in missing:
                        found[digest] = self.show(field, text)
        return found

    def _mine(self, table: str, customer_id: str, columns: Sequence[str]) -> list[dict[str, Any]]:
        """A customer's rows of a source, or her records."""
        from huaxiang.app.audience_index import open_index

        links = open_links(self.snapshot) if table == "identity_records" else None
        row = open_index(self.snapshot).index.row_of(customer_id) if links is not None else None
        if links is None or row is None:
            return rows_of(self.snapshot).rows(table, customer_id, columns)
        return rows_of(self.snapshot).at(table, links.records(row), columns)

    @cached_property
    def _held(self) -> Mapping[str, Mapping[str, Any]]:
        told = self.snapshot.manifest["identity"].get("held_back_values", ())
        return {h["value_digest"]: h for h in told}

    @cached_property
    def _blocked(self) -> frozenset[str]:
        told: Mapping[str, Sequence[str]] = self.snapshot.manifest["identity"].get("blocked") or {}
        return frozenset(d for digests in told.values() for d in digests)

    def not_counted(self, row: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Keys of a record that joined nothing: {key, field, value, reason, records}. `reason`: `held_back` (its value is on too many
        records: `records`) or `blocked` (a value that never identifies anybody).
        """
        found: list[dict[str, Any]] = []
        for key, field in self.fields.items():
            if row.get(field) is None:
                continue
            text = str(row[field])
            held = self._held.get(value_digest(key, text))
            blocked = value_digest(key, text.lower()) in self._blocked
            if held or blocked:
                found.append({
                    "key": key, "field": field, "value": self.show(field, text), "reason": "blocked" if blocked else "held_back",
                    "records": held["records"] if held else None,
                })  # fmt: skip
        return found


def add_values(entries: Sequence[Mapping[str, Any]], values: Values, fields: Mapping[str, str]) -> list[dict[str, Any]]:
    """Add `value` to entries {key, value_digest, …}, as it may be shown; None where the records don't hold it (any more)."""
    shown = values.show_digests(entries, fields)
    return [dict(e) | {"value": shown.get(e["value_digest"])} for e in entries]


def add_causes(giants: Sequence[Mapping[str, Any]], values: Values, fields: Mapping[str, str]) -> list[dict[str, Any]]:
    """Add `value` to the cause of each giant, as it may be shown."""
    causes = [{"key": g["cause"]["rule"], "value_digest": g["cause"]["value_digest"]} for g in giants]
    shown = [c["value"] for c in add_values(causes, values, fields)]
    return [dict(g) | {"cause": dict(g["cause"]) | {"value": v}} for g, v in zip(giants, shown, strict=True)]
