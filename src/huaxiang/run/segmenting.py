"""Runs segment and persona: clusters, audiences and the cards drawn from them.

What learns is loaded where it is called: the command line asks this module for titles and names only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from sqlglot import exp

from huaxiang.errors import TooLittleData
from huaxiang.plan.behaviour import SourceRows
from huaxiang.plan.columns import sources_of_customers
from huaxiang.plan.conditions import InList, Top
from huaxiang.run.conditions import BoundCondition, bind_condition
from huaxiang.run.context import AsOf, Build
from huaxiang.run.tagging import origin_of
from huaxiang.spec.loader import Project
from huaxiang.spec.models import ClusteringSpec, Feature, PersonaSetSpec
from huaxiang.stages import segment
from huaxiang.stages.audience_parts import PartsRequest, PlannedParts, list_table, plan_parts
from huaxiang.stages.identify import unified_table


def assign_clusters(build: Build, as_of: AsOf) -> Mapping[str, dict[str, object]]:
    """Fit every clustering and leave table `everyone`; return the manifest entries by name."""
    reports: dict[str, dict[str, object]] = {}
    before = {str(c["name"]): c for c in build.previous.get("clusterings", [])}
    specs = build.project.clusterings
    for number, (name, spec) in enumerate(specs.items()):
        build.progress("segment", number, len(specs) + 2, name)
        customers = _members(build, spec, as_of)
        labelled, reports[name] = _fit(customers, spec, before.get(name))
        labels = pa.table({segment.ID: customers.column(segment.ID), "label": pa.array(labelled, pa.string())})
        path = build.draft.scratch(f"labels/{name}.parquet")
        pq.write_table(labels, path)
        build.engine.register(segment.labels_table(name), path)
    build.engine.run(segment.plan_customers_with_clusters(tuple(specs)))
    return reports


def _members(build: Build, spec: ClusteringSpec, as_of: AsOf) -> pa.Table:
    """The customers to cluster and their features, sorted by customer."""
    features = tuple(f.tag if isinstance(f, Feature) else f for f in spec.features)
    table = build.engine.fetch("tags", (segment.ID, *features))
    if spec.within is not None:
        planned = _with_parts(build, {spec.name: bind_condition(build.project, spec.within, as_of)}, as_of, "tags")
        build.engine.run(segment.plan_members(planned.conditions[spec.name], f"within__{spec.name}", planned.table))
        members = build.engine.fetch(f"within__{spec.name}").column(segment.ID)
        table = table.filter(pc.is_in(table.column(segment.ID), value_set=members.combine_chunks()))
    return table.sort_by(segment.ID)


def _fit(
    customers: pa.Table, spec: ClusteringSpec, before: Mapping[str, object] | None
) -> tuple[list[str | None], dict[str, object]]:
    """Labels in the order of the customers, and the report; no labels, and a note of why, when there are too few customers."""
    from huaxiang.learn.clusters import PreviousClusters, fit_clusters, no_clusters

    names = [n for n in customers.column_names if n != segment.ID]
    columns = {n: as_numbers(customers.column(n)) for n in names}
    try:
        result = fit_clusters(columns, spec, PreviousClusters.from_manifest(before))
    except TooLittleData as little:
        return [None] * customers.num_rows, no_clusters(spec, little.note, before)
    return list(result.labels), result.report


def as_numbers(column: pa.ChunkedArray) -> np.ndarray[Any, np.dtype[np.float64]]:
    """A number, money or boolean column as float64, missing as NaN."""
    numbers = column.cast(pa.int8()) if pa.types.is_boolean(column.type) else column
    return np.asarray(numbers.cast(pa.float64(), safe=False).to_numpy(), dtype=np.float64)


def select_audiences(build: Build, as_of: AsOf) -> None:
    """Leave table `audiences`: customer_id and a boolean per audience."""
    project = build.project
    if not project.audiences:
        return
    bound = {n: bind_condition(project, a.condition, as_of) for n, a in project.audiences.items()}
    origins = {n: origin_of(project, "audiences", n) for n in bound}
    planned = _with_parts(build, bound, as_of, "everyone")
    build.engine.run(segment.plan_audiences(planned.conditions, origins, planned.table))


def try_audiences(build: Build, names: Sequence[str], as_of: AsOf, table: str) -> None:
    """Compute some audiences over `table` and keep nothing of it. Raises ValueRangeError as `select_audiences` does."""
    bound = {n: bind_condition(build.project, build.project.audiences[n].condition, as_of) for n in names}
    planned = _with_parts(build, bound, as_of, table)
    origins = {n: origin_of(build.project, "audiences", n) for n in bound}
    build.engine.run(replace(segment.plan_audiences(planned.conditions, origins, planned.table), output="tried"))


def list_scratch(build: Build, name: str) -> Path:
    """Where a build keeps the members of a list, with the customer IDs of today (`run.memberships.prepare_lists`)."""
    return build.draft.scratch(f"lists/list-{name}.parquet")  # Spark sees no file whose name begins with _ or .


def _with_parts(build: Build, bound: Mapping[str, BoundCondition], as_of: AsOf, table: str) -> PlannedParts:
    """Compute what the conditions say of behaviour, lists, samples and ranks; return the conditions over a table that holds it."""
    parts = {text: part for b in bound.values() for text, part in b.parts.items()}
    among = {text: tree for b in bound.values() for text, tree in b.among.items()}
    request = PartsRequest({name: b.tree for name, b in bound.items()}, parts, among)
    for name in dict.fromkeys(p.name for p in parts.values() if isinstance(p, InList)):
        build.engine.register(list_table(name), list_scratch(build, name))
    rows = {
        name: SourceRows(unified_table(name), source.types, source.time)
        for name, source in sources_of_customers(build.project).items()
    }
    planned = plan_parts(
        request, rows, as_of.day, table, f"parts__{table}__{'_'.join(bound) if table == 'tags' else 'all'}"
    )
    for step in planned.steps:
        build.engine.run(step)
    return planned


def draw_all_personas(
    build: Build,
    customers: pa.Table,
    described: Sequence[Mapping[str, Any]],
    clusterings: Mapping[str, Any],
    as_of: AsOf,
) -> dict[str, Any]:
    """Draw every persona set from the published table of customers (sorted by customer)."""
    from huaxiang.learn.personas import draw_personas, no_cards

    sets = []
    project = build.project
    for number, spec in enumerate(project.personas.values()):
        build.progress("persona", number, len(project.personas), spec.name)
        segments: dict[str, Any] = {}
        titles: dict[str, Mapping[str, str]] = {}
        if spec.clustering:
            labels = customers.column(spec.clustering).to_numpy(zero_copy_only=False)
            for value in clusterings[spec.clustering]["sizes"]:
                segments[value] = np.asarray(labels == value, dtype=bool)
                titles[value] = {"zh": value, "en": value}
        if spec.audiences:
            members = build.engine.fetch("audiences", (segment.ID, *spec.audiences)).sort_by(segment.ID)
            for name in spec.audiences:
                segments[name] = members.column(name).to_numpy(zero_copy_only=False).astype(bool)
                titles[name] = text_of(project.audiences[name].title, name)
        if spec.clustering and not segments:
            sets.append(no_cards(spec, clusterings[spec.clustering]["note"], customers.num_rows))
            continue
        defined_by = _defining_tags(build, spec, as_of)
        try:
            drawn = draw_personas(
                customers, described, spec, segments, titles, project.spec.currency, defined_by=defined_by
            )
        except TooLittleData as little:
            drawn = no_cards(spec, little.note, customers.num_rows)
        sets.append(drawn)
    build.progress("persona", len(project.personas), len(project.personas), "")
    return {"sets": sets}


def _defining_tags(build: Build, spec: PersonaSetSpec, as_of: AsOf) -> frozenset[str]:
    """Tags that the segments of a set are made from: saying them of a segment is no discovery."""
    project = build.project
    found = {c.name for n in spec.audiences for c in _columns(project, project.audiences[n].condition, as_of)}
    if spec.clustering:
        found |= {f.tag if isinstance(f, Feature) else f for f in project.clusterings[spec.clustering].features}
    return frozenset(found)


def _columns(project: Project, when: Any, as_of: AsOf) -> list[exp.Column]:
    bound = bind_condition(project, when, as_of)
    trees = (bound.tree, *bound.among.values())
    ranked = [exp.column(p.column) for p in bound.parts.values() if isinstance(p, Top)]
    return [*ranked, *(c for tree in trees for c in tree.find_all(exp.Column))]


def text_of(title: Any, name: str) -> dict[str, str]:
    """A title as {"zh", "en"}; the name stands in for none."""
    if title is None:
        return {"zh": name, "en": name}
    return {"zh": title, "en": title} if isinstance(title, str) else {"zh": title.zh, "en": title.en}
