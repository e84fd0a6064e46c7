"""Runs unify: row rules, exact identity, and the table of customers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.parquet as pq

from huaxiang.learn.linking import Linked, link_exact
from huaxiang.plan.check import field_types
from huaxiang.plan.expr import check_expression
from huaxiang.run.context import Build
from huaxiang.spec.models import IdentityKeySpec, SourceSpec
from huaxiang.stages import unify

DEFAULT_KEY = IdentityKeySpec(name="customer_key", field="customer_key")


@dataclass(frozen=True)
class RowCounts:
    """What the row rules did: rows left out by `where`, and later duplicates set aside."""

    left_out: int = 0
    copies: int = 0


@dataclass(frozen=True)
class Unified:
    """Result of the stage: sources that carry customers, row counts by source, the linking, and the keys used."""

    sources: tuple[str, ...]
    counts: Mapping[str, RowCounts]
    linked: Linked
    keys: tuple[IdentityKeySpec, ...]
    unidentified: Mapping[str, int] = field(default_factory=dict)


def unify_sources(build: Build) -> Unified:
    """Give every row of every source its customer; leaves `unified__<source>` and `customers`."""
    project = build.project
    keys = tuple(project.identity.values()) or (DEFAULT_KEY,)
    counts: dict[str, RowCounts] = {}
    rows: dict[str, str] = {}
    references = [s for s in project.sources.values() if s.entity == "reference"]
    for number, source in enumerate((*references, *(s for s in project.sources.values() if s.entity != "reference"))):
        build.progress("unify", number, len(project.sources) + 2, source.name)
        rows[source.name], counts[source.name] = _apply_row_rules(build, source)
    linked = _link(build, keys, rows)
    carrying: list[str] = []
    for source in project.sources.values():
        own = unify.keys_of(source, keys)
        if own:
            columns = unify.field_columns(build.engine.types(rows[source.name]))
            kept = (*columns, *unify.ROW_COLUMNS)
            build.engine.run(unify.plan_unified(source, own, kept, rows[source.name]))
            carrying.append(source.name)
    build.engine.run(unify.plan_customers(carrying))
    build.progress("unify", len(project.sources) + 2, len(project.sources) + 2, "")
    return Unified(tuple(carrying), counts, linked, keys)


def _apply_row_rules(build: Build, source: SourceSpec) -> tuple[str, RowCounts]:
    """Return the table of rows that go on, and what was left out. A source without rules goes on as it is."""
    table = unify.clean_table(source.name)
    if source.where is None and not source.unique and not source.lookups:
        return table, RowCounts()
    origin = f"source {source.name} · {build.project.place('sources', source.name)}"
    for lookup in source.lookups:
        columns = tuple(build.engine.types(unify.clean_table(lookup.source)))
        build.engine.run(unify.plan_lookup(lookup, columns, origin))
    types = field_types(build.project, source)
    where = check_expression(source.where, types, boolean=True).ast if source.where else None
    rules = unify.RowRules(where, source.unique)
    clean = tuple(build.engine.types(table))
    build.engine.run(unify.plan_rows(source, clean, rules, origin))
    looked_up = tuple(f for lookup in source.lookups for f in lookup.take)
    fields = (*unify.field_columns(dict.fromkeys(clean)), *looked_up)
    build.engine.run(unify.plan_kept(source.name, (*fields, *unify.ROW_COLUMNS), origin))
    if not rules:
        return f"kept__{source.name}", RowCounts()
    build.engine.run(unify.plan_counts(source.name))
    found = build.engine.fetch(f"counts__{source.name}").to_pylist()[0]
    total = pq.read_metadata(build.draft.scratch(f"clean/{source.name}.parquet")).num_rows
    counts = RowCounts(left_out=total - int(found["kept"] or 0), copies=int(found["copies"] or 0))
    if counts.copies:
        build.engine.run(unify.plan_copies(source.name, fields))
    return f"kept__{source.name}", counts


def _link(build: Build, keys: Sequence[IdentityKeySpec], rows: Mapping[str, str]) -> Linked:
    combinations: list[pa.Table] = []
    for source in build.project.sources.values():
        own = unify.keys_of(source, keys)
        if own:
            build.engine.run(unify.plan_keys(source, own, rows[source.name]))
            combinations.append(build.engine.fetch(f"keys__{source.name}"))
    linked = link_exact(keys, combinations, unify.BLOCKED)
    for key, values in linked.maps.items():
        path = build.draft.scratch(f"map/{key}.parquet")
        pq.write_table(values, path)
        build.engine.register(f"map__{key}", path)
    return linked
