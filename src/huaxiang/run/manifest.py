"""Writes the manifest: everything about a snapshot that is not a table (docs/contracts.md)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
from sqlglot import exp

from huaxiang.learn.describe import distribution, known, value_type
from huaxiang.plan.columns import HOUSEHOLD_TYPES, customer_types, field_types, output_names, profile_names
from huaxiang.plan.expr import check_expression
from huaxiang.run.context import AsOf
from huaxiang.run.described import (
    CLOSED,
    UNTOLD,
    Standard,
    attribute_behind,
    attribute_values,
    describe_attributes,
    describe_entities,
    describe_key_fields,
    household_inputs,
    personal_kind,
    share,
)
from huaxiang.run.segmenting import text_of
from huaxiang.run.tagging import check_values
from huaxiang.spec.loader import Project
from huaxiang.spec.models import (
    BandsTag,
    ExpressionTag,
    FactTag,
    LayeredTag,
    LifecycleTag,
    RfmTag,
    RuleTag,
    StatisticTag,
    Tag,
)  # fmt: skip
from huaxiang.stages.tag_values import AGE_LABELS, LIFECYCLE, band_labels
from huaxiang.templates.tag_titles import AGE_TITLES, PART_TITLES, VALUE_TITLES

__all__ = [
    "Standard",
    "TagFacts",
    "describe_attributes",
    "describe_clustering",
    "describe_definition",
    "describe_entities",
    "describe_key_fields",
    "describe_tags",
    "lineage_of",
]


@dataclass(frozen=True)
class TagFacts:
    """What a build knows of its tags besides their values: the day, the newest row by source, the SQL of each, and the catalogue."""

    as_of: AsOf
    fresh: Mapping[str, str | None]
    sql: Mapping[str, str]
    standard: Standard = field(default_factory=Standard)


def describe_tags(
    project: Project, customers: pa.Table, facts: TagFacts, before: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Manifest entries of every column that a tag writes. `before`: the last manifest, for the versions."""
    old = {t["name"]: t for t in before.get("tags", [])}
    return [
        _tag(project, spec, name, customers, facts.standard)
        | _upkeep(project, spec, facts, old.get(name))
        | {"sql": facts.sql.get(spec.name, ""), "class": _class_of(project, spec, facts.standard.classes)}
        for spec in project.tags.values()
        if spec.status == "online"
        for name in output_names(spec)
    ]


def _class_of(project: Project, spec: Tag, classes: Mapping[str, str]) -> str:
    """The class that a tag declares, else that of the attribute which it fills or takes over."""
    if "class_" in spec.model_fields_set:
        return spec.class_
    behind = attribute_behind(project, spec.from_) if isinstance(spec, FactTag) else None
    codes = (spec.attribute, behind.name if behind is not None else None)
    standard = next((classes[code] for code in codes if code is not None and code in classes), None)
    return standard or (behind.class_ if behind is not None else None) or spec.class_


def _tag(project: Project, spec: Tag, name: str, customers: pa.Table, standard: Standard) -> dict[str, Any]:
    column = customers.column(name)
    listed = values_of(project, spec, name)
    kind = value_type(column, listed=bool(listed) and pa.types.is_string(column.type))
    count = known(column)
    behind = attribute_behind(project, spec.from_) if isinstance(spec, FactTag) else None
    title = standard.title(behind) if spec.title is None and behind is not None else text_of(spec.title, spec.name)
    personal = personal_kind(project, behind) if behind is not None else None
    shape = {**UNTOLD, "other": count} if personal in CLOSED else distribution(column, kind, tuple(listed))
    entry: dict[str, Any] = {
        "name": name, "title": title, "description": spec.description, "kind": spec.kind, "class": spec.class_, "owner": spec.owner,
        "unit": spec.unit, "attribute": spec.attribute, "status": spec.status, "value_type": kind,
        "coverage": share(count, len(customers)),
        "missing": len(customers) - count, "distribution": shape, "personal": personal, "values": listed,
    }  # fmt: skip
    if isinstance(spec, RfmTag):
        part = name.removeprefix(f"{spec.name}_")
        inputs = {"recency": spec.recency, "frequency": spec.frequency, "monetary": spec.monetary}
        entry["rfm"] = {"of": spec.name, "part": part, **inputs}
        entry["title"] = {lang: f"{title[lang]} {PART_TITLES[part][lang]}" for lang in ("zh", "en")}
        entry["attribute"] = spec.attribute if part == "class" else None
    if isinstance(spec, StatisticTag):
        entry |= {"source": spec.source, "measure": spec.measure, "window": _window(spec)}
    return entry


def _age_titles(spec: BandsTag) -> dict[str, dict[str, str]]:
    """Titles of the published age bands; `other` holds the unknown too where the tag says so."""
    if spec.bounds != "age" or spec.labels:
        return {}
    other = {"zh": "其他", "en": "Other"} if spec.otherwise == AGE_LABELS[-1] else AGE_TITLES["other"]
    return {**AGE_TITLES, "other": other}


def values_of(project: Project, spec: Tag, name: str) -> dict[str, dict[str, str]]:
    """Values of an enum in display order with titles; empty when the tag has no list of values."""
    known_values: tuple[str, ...] = ()
    standard: dict[str, dict[str, str]] = {}
    match spec:
        case LayeredTag():
            known_values = (*(layer.value for layer in spec.layers), *((spec.otherwise,) if spec.otherwise else ()))
        case BandsTag():
            known_values = band_labels(spec)
            standard = _age_titles(spec)
        case LifecycleTag():
            known_values = LIFECYCLE
        case RfmTag() if name.endswith("_band"):
            known_values = (*(label for label, _ in sorted(spec.bands.items(), key=lambda b: b[1])), spec.beyond)
        case RfmTag() if name.endswith("_class"):
            known_values = tuple(v for v in VALUE_TITLES if v.startswith(("key_", "general_")))
        case FactTag() if (behind := attribute_behind(project, spec.from_)) is not None:
            standard = attribute_values(project, behind)
            known_values = tuple(standard)
    if isinstance(spec, RfmTag | LifecycleTag):
        standard = {v: VALUE_TITLES[v] for v in known_values if v in VALUE_TITLES}
    titles: dict[str, Any] = {v: standard.get(v) for v in known_values}
    if isinstance(spec, LayeredTag):
        titles |= {layer.value: layer.title for layer in spec.layers if layer.title is not None}
    titles = {v: (spec.values or {}).get(v) or t for v, t in titles.items()}
    titles |= {v: t for v, t in (spec.values or {}).items() if v not in titles}
    return {v: t if isinstance(t, dict) else text_of(t, v) for v, t in titles.items()}


def _upkeep(project: Project, spec: Tag, facts: TagFacts, last: Mapping[str, Any] | None) -> dict[str, Any]:
    digest = definition_hash(spec)
    version = 1 if last is None else int(last["version"]) + (last["definition_hash"] != digest)
    lineage = lineage_of(project, spec.name, facts.as_of)
    read = {x.removeprefix("source:").partition(".")[0] for x in lineage if x.startswith("source:")}
    dates = [d for d in (facts.fresh.get(s) for s in read) if d]
    return {
        "definition": describe_definition(spec), "definition_hash": digest, "version": version,
        "place": str(project.place("tags", spec.name)),
        "lineage": lineage, "fresh_to": max(dates) if dates else None,
    }  # fmt: skip


def definition_hash(spec: Tag) -> str:
    """What tells one version of a tag from another: all of it that has a say in the values."""
    ignored = {"title", "description", "owner", "status"}
    definition = spec.model_dump_json(by_alias=True, exclude=ignored, exclude_defaults=True)
    return hashlib.sha256(definition.encode()).hexdigest()[:16]


def lineage_of(project: Project, name: str, as_of: AsOf) -> list[str]:
    """Everything a tag is computed from, nearest first: `tag:x`, `attribute:y`, `source:transactions.amount`."""
    found: dict[str, None] = {}
    waiting = parents_of(project, project.tags[name], as_of)
    while waiting:
        parent, *waiting = waiting
        if parent in found:
            continue
        found[parent] = None
        kind, _, own = parent.partition(":")
        if kind == "tag":
            waiting += parents_of(project, project.tags[own], as_of)
        elif kind == "attribute":
            waiting += attribute_parents_of(project, own)
    return list(found)


def attribute_parents_of(project: Project, name: str) -> list[str]:
    spec = attribute_behind(project, name)
    if spec is None:  # the household's, or the account's ID
        return [f"attribute:{c}" for c in household_inputs(project)] if name in HOUSEHOLD_TYPES else []
    found: list[str] = []
    for origin in spec.origins:
        checked = check_expression(origin.value, field_types(project, project.sources[origin.source]))
        found += [f"source:{origin.source}.{c}" for c in sorted(checked.columns)]
    return found


def parents_of(project: Project, spec: Tag, as_of: AsOf) -> list[str]:
    """What a tag reads directly."""
    match spec:
        case StatisticTag():
            types = field_types(project, project.sources[spec.source])
            texts = [t for t in (spec.of, spec.by, spec.where, spec.share_of) if t]
            used = sorted({c for t in texts for c in check_expression(t, types).columns})
            return [f"source:{spec.source}.{c}" for c in used] or [f"source:{spec.source}"]
        case FactTag():
            columns = {spec.from_}
        case RfmTag():
            columns = {spec.recency, spec.frequency, spec.monetary}
        case LifecycleTag():
            columns = {spec.orders, spec.recency}
        case _:
            trees = check_values(project, spec, customer_types(project), as_of).trees
            columns = {c.name for tree in trees for c in tree.find_all(exp.Column)}
    owner = {o: t.name for t in project.tags.values() for o in output_names(t)}
    on_profile = set(profile_names(project))
    is_attribute = {c: c in on_profile and (owner.get(c) in (None, spec.name)) for c in columns}
    return [f"attribute:{c}" if is_attribute[c] else f"tag:{owner[c]}" for c in sorted(columns)]


def describe_definition(spec: Tag) -> str:
    """The definition as one line of text that a person can check."""
    match spec:
        case StatisticTag():
            parts = [f"{spec.measure}({spec.of or '*'})"]
            parts += [f"by {spec.by}"] if spec.by else []
            parts += [f"share of {spec.share_of}"] if spec.share_of else []
            parts += [f"from {spec.source}"]
            parts += [f"where {spec.where}"] if spec.where else []
            parts += [f"window {_window(spec)}"] if spec.window else []
            return " ".join(parts)
        case RuleTag():
            return f"when {spec.when}"
        case ExpressionTag():
            return spec.value
        case LayeredTag():
            return "; ".join(
                [
                    *(f"{x.value}: {x.when}" for x in spec.layers),
                    *([f"otherwise {spec.otherwise}"] if spec.otherwise else []),
                ]
            )
        case BandsTag():
            return f"bands of {spec.of}: {', '.join(band_labels(spec))}"
        case FactTag():
            return f"attribute {spec.from_}"
        case LifecycleTag():
            inputs = f"orders {spec.orders}, recency {spec.recency}"
            return f"{inputs}, sleeping after {spec.sleeping_after} d, churned after {spec.churned_after} d"
        case RfmTag():
            bands = ", ".join(f"{k} ≤ {v} d" for k, v in spec.bands.items())
            scores = f"{spec.scores.method} scores 1–{spec.scores.levels}; split {spec.split}"
            return f"R {spec.recency}, F {spec.frequency}, M {spec.monetary}; bands {bands}; {scores}"


def _window(spec: StatisticTag) -> str | None:
    if spec.window is None or isinstance(spec.window, str):
        return spec.window
    return f"{spec.window.days}d, {spec.window.offset}d ago" if spec.window.offset else f"{spec.window.days}d"


def describe_clustering(project: Project, report: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest entry of a clustering: its report, title and place."""
    spec = project.clusterings[str(report["name"])]
    return {
        **report, "title": text_of(spec.title, spec.name), "description": spec.description,
        "place": str(project.place("clusterings", spec.name)),
    }  # fmt: skip
