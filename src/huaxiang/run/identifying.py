"""Runs the identity half of unify: records of people, matching, resolution, and the joins that give every row its customer."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from huaxiang.plan.columns import field_types, time_field
from huaxiang.run.context import Build
from huaxiang.run.known import Known
from huaxiang.spec.canonical import MATCH_FIELDS
from huaxiang.spec.models import IdentityKeySpec, MatchingSpec, SourceSpec
from huaxiang.stages import identify
from huaxiang.stages.identify import ID, PersonRows

if TYPE_CHECKING:
    from huaxiang.learn.identity import Resolution
    from huaxiang.learn.identity.ledger import Ledger
    from huaxiang.learn.matching import Scored

_GROWN = 1.25
"""A matching model is trained anew when the records that describe people are this many times those it was trained on."""


@dataclass(frozen=True)
class Identified:
    """Who is who: the sources that carry customers, the resolution, the scored pairs (None without matching), all records, and how
    many rows of each source lead to no customer.
    """

    sources: tuple[str, ...]
    resolution: Resolution
    scored: Scored | None
    records: pa.Table
    unidentified: Mapping[str, int]


def identify_people(
    build: Build, keys: Sequence[IdentityKeySpec], tables: Mapping[str, str], known: Known
) -> Identified:
    """Give every row its customer; leaves `unified__<source>` and `customers`. `tables`: source → the table of rows that go on."""
    from huaxiang.learn.identity import resolve
    from huaxiang.learn.identity.types import Context

    people = tuple(_person_rows(build, source, keys, tables) for source in build.project.sources.values())
    rows = tuple(r for r in people if r is not None)
    records = _records(build, rows)
    spec = next(iter(build.project.matching.values()), None)
    strong = [k.field for k in keys if k.role == "strong" and k.field in records.column_names]
    scored = _score(records, spec, known, strong) if spec is not None else None
    context = Context(spec, known.decisions, known.ledger, known.blocked, known.seen, known.full, known.secret)
    resolution = resolve(records, [k for k in keys if k.role != "device" or k.stitch.anonymous], scored, context)
    for key in keys:
        if key.role != "device":
            _register_map(build, key.name, resolution.maps[key.name])
    _register_assigned(build, rows, records, resolution)
    resolution = _stitch(build, rows, [k for k in keys if k.role == "device"], resolution)
    unidentified: dict[str, int] = {}
    for row in rows:
        columns = tuple(build.engine.types(row.table))
        build.engine.run(identify.plan_unified(row, columns))
        build.engine.run(identify.plan_nobody(row.source))
        unidentified[row.source] = int(build.engine.fetch(f"nobody__{row.source}").column("rows")[0].as_py())
    build.engine.run(identify.plan_customers([r.source for r in rows]))
    return Identified(tuple(r.source for r in rows), resolution, scored, records, unidentified)


def _person_rows(
    build: Build, source: SourceSpec, keys: Sequence[IdentityKeySpec], tables: Mapping[str, str]
) -> PersonRows | None:
    """The rows of a source that belong to people; None for references and sources without any key."""
    if source.entity == "reference":
        return None
    fields = field_types(build.project, source)
    own = tuple(sorted((k for k in keys if k.field in fields), key=lambda k: (_ROLES[k.role], k.priority, k.name)))
    described = describing_fields(build, source, keys, tuple(fields))
    if not own and not described:
        return None
    return PersonRows(source.name, tables[source.name], own, described, time_field(source))


_ROLES = {"strong": 0, "contact": 1, "device": 2}


def describing_fields(
    build: Build, source: SourceSpec, keys: Sequence[IdentityKeySpec], fields: Sequence[str]
) -> tuple[str, ...]:
    """The fields of a source that say what a person is like, as far as anything asks for them: matching, or contact keys whose
    links descriptions may contradict. None when the source's rows don't describe people.
    """
    project = build.project
    describes = source.describes if source.describes is not None else source.entity == "person"
    if not describes or not (project.matching or any(k.role == "contact" for k in keys)):
        return ()
    wanted = set(MATCH_FIELDS)
    for spec in project.matching.values():
        wanted |= {c if isinstance(c, str) else c.field for c in spec.comparisons}
        wanted |= {*spec.conflicts, *(f for rule in spec.blocking for f in rule)}
    return tuple(sorted(wanted & set(fields)))


def _records(build: Build, rows: Sequence[PersonRows]) -> pa.Table:
    """All records, sorted by digest; a field that a source lacks is NULL."""
    found: list[pa.Table] = []
    for number, row in enumerate(rows):
        build.progress("unify", number, len(rows), row.source)
        build.engine.run(identify.plan_records(row))
        found.append(_as_record(build.engine.fetch(identify.records_table(row.source)), row))
    if not found:
        return _as_record(pa.table({"digest": pa.array([], pa.string())}), None)
    return pa.concat_tables(found, promote_options="default").sort_by("digest").combine_chunks()


def _as_record(table: pa.Table, row: PersonRows | None) -> pa.Table:
    size = table.num_rows
    names = {"digest", "rows", "first_at", "last_at"}
    fixed = {
        "digest": table.column("digest").cast(pa.string()),
        "source": pa.array([row.source if row else ""], pa.string()).take(pa.array(np.zeros(size, np.int32))),
        "rows": table.column("rows").cast(pa.int64()) if row else pa.array([], pa.int64()),
        "first_at": _moments(table, "first_at"),
        "last_at": _moments(table, "last_at"),
        "describes": pa.array(np.full(size, row.describes if row else False)),
    }
    own = {n: _text_or_day(table.column(n)) for n in table.column_names if n not in names}
    return pa.table(fixed | own)


def _moments(table: pa.Table, name: str) -> pa.ChunkedArray | pa.Array:
    kind = pa.timestamp("us")
    return table.column(name).cast(kind) if name in table.column_names else pa.nulls(table.num_rows, kind)


def _text_or_day(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column if pa.types.is_date(column.type) else column.cast(pa.string())


# Matching


def _score(records: pa.Table, spec: MatchingSpec, known: Known, strong: Sequence[str]) -> Scored | None:
    """Score pairs: only those with a new record, with the model of the last build, where it still holds; else all, anew."""
    from huaxiang.learn.identity.ledger import new_records
    from huaxiang.learn.matching import score_pairs

    describing = int(pc.sum(records.column("describes")).as_py() or 0)
    if describing < 2:
        return None
    model = known.model
    usable = model is not None and not known.full and known.definition == definition_of(spec, records)
    if model is None or not usable or describing > _GROWN * model.records:
        return score_pairs(records, spec, keys=strong)
    return score_pairs(records, spec, model=model, new=new_records(known.ledger, records), index=known.index)


def definition_of(spec: MatchingSpec, records: pa.Table) -> str:
    """What a model depends on besides the records: the written form, and which fields there are."""
    text = json.dumps([spec.model_dump(mode="json", exclude={"title", "link", "review"}), sorted(records.column_names)])
    return hashlib.sha256(text.encode()).hexdigest()


# Tables for the joins


def _register_map(build: Build, key: str, values: pa.Table) -> None:
    """Register `map__<key>`; `latest` marks the last owner of each value."""
    size = values.num_rows
    ordered = values.sort_by([("value", "ascending"), ("since", "ascending")]) if size else values
    text = ordered.column("value").combine_chunks()
    last = (
        np.append(pc.not_equal(text[:-1], text[1:]).to_numpy(zero_copy_only=False), True) if size else np.zeros(0, bool)
    )
    path = build.draft.scratch(f"map/{key}.parquet")
    pq.write_table(ordered.append_column("latest", pa.array(last, pa.bool_())), path)
    build.engine.register(identify.map_table(key), path)


def _register_assigned(build: Build, rows: Sequence[PersonRows], records: pa.Table, resolution: Resolution) -> None:
    for row in rows:
        if row.describes:
            own = pc.equal(records.column("source"), row.source)
            table = records.append_column(ID, resolution.customer).filter(own).select([ID, *row.fields])
            path = build.draft.scratch(f"assigned/{row.source}.parquet")
            pq.write_table(table, path)
            build.engine.register(identify.assigned_table(row.source), path)


def _stitch(
    build: Build, rows: Sequence[PersonRows], devices: Sequence[IdentityKeySpec], resolution: Resolution
) -> Resolution:
    """Find who used each device when, and register the maps of device keys; return the resolution with them."""
    from huaxiang.learn.identity.stitch import shared_devices, stitch_devices
    from huaxiang.plan.digests import value_digest

    maps, shared = dict(resolution.maps), []
    for key in devices:
        logins = _NO_LOGINS
        for row in rows:
            if key in row.keys and row.time is not None and any(k.role != "device" for k in row.keys):
                build.engine.run(identify.plan_logins(row, key))
                found = build.engine.fetch(identify.logins_table(row.source, key.name))
                logins = pa.concat_tables([logins, found.cast(_NO_LOGINS.schema)])
        spans = stitch_devices(logins, key)
        if key.name in maps:  # with the devices on which nobody signed in
            others = maps[key.name]
            signed = pc.is_in(others.column("value"), value_set=logins.column("value").combine_chunks())
            spans = pa.concat_tables([spans, others.filter(pc.invert(signed))])
        maps[key.name] = spans
        for value, people in shared_devices(logins, key):
            shared.append({"key": key.name, "value_digest": value_digest(key.name, value), "customers": people})
        _register_map(build, key.name, spans)
    return replace(resolution, maps=maps, shared=tuple(shared))


_NO_LOGINS = pa.table({
    "value": pa.array([], pa.string()), ID: pa.array([], pa.string()), "since": pa.array([], pa.timestamp("us")),
    "until": pa.array([], pa.timestamp("us")),
})  # fmt: skip


def _decisions_held(resolution: Resolution) -> dict[str, Any]:
    """Decisions in force; those whose records changed and were found again; those that wait for people who are not in the data."""
    state = resolution.ledger.state
    held = state.get("held", ())
    return {
        "in_force": len(state.get("decisions", ())), "followed": [h["number"] for h in held if not h["waiting"]],
        "unmet": [h["number"] for h in held if h["waiting"]],
    }  # fmt: skip


def _links(ledger: Ledger) -> list[dict[str, Any]]:
    """How many pieces of open evidence there are: kind, rule, verdict, count."""
    found: Counter[tuple[str, str, str]] = Counter()
    for piece in ledger.evidence_pieces(("kind", "rule", "verdict", "until")):
        rows = piece.filter(pc.is_null(piece.column("until")))
        for v in rows.group_by(["kind", "rule", "verdict"]).aggregate([([], "count_all")]).to_pylist():
            found[v["verdict"], v["kind"], v["rule"]] += v["count_all"]
    return [{"kind": k, "rule": r, "verdict": v, "count": found[v, k, r]} for v, k, r in sorted(found)]


def describe_identity(found: Identified, keys: Sequence[IdentityKeySpec], spec: MatchingSpec | None) -> dict[str, Any]:
    """Manifest entry `identity`."""
    resolution = found.resolution
    held: dict[str, int] = {}
    for entry in resolution.held_back:
        held[str(entry["key"])] = held.get(str(entry["key"]), 0) + 1
    links = _links(resolution.ledger)
    return {
        "keys": [k.name for k in keys], "device_fields": sorted({k.field for k in keys if k.role == "device"}),
        "held_back": held, "held_back_values": list(resolution.held_back),
        "customers": resolution.customers, "exact_customers": resolution.exact_customers, "unidentified": dict(found.unidentified),
        "records": found.records.num_rows, "resolved": resolution.resolved,
        "evidence": links,
        "review": resolution.review.num_rows, "giants": list(resolution.giants), "shared_devices": len(resolution.shared),
        "redirects": resolution.redirects.num_rows,
        "skipped_blocks": [asdict(s) for s in found.scored.skipped_blocks] if found.scored is not None else [],
        "decisions": _decisions_held(resolution),
        "matching_definition": definition_of(spec, found.records) if spec is not None and found.scored is not None else None,
    }  # fmt: skip
