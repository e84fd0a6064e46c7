"""Compares what several sources say of the same customer, once customers are known."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations

from huaxiang.learn.quality.judge import Key
from huaxiang.plan import quality as plan
from huaxiang.plan.columns import time_field
from huaxiang.run.context import Build
from huaxiang.run.quality import QualityResult, judged, refuse_broken
from huaxiang.run.unifying import Unified
from huaxiang.spec.sources import SourceSpec
from huaxiang.stages.identify import unified_table

FEWEST_SHARED = 20
"""Customers whom both sources know a field of, below which no share is told."""


def compare(build: Build, unified: Unified, found: QualityResult) -> QualityResult:
    """Add agreement between the sources that describe people, and the rows set aside as later duplicates.

    Raises QualityStop when a bound that stops is crossed.
    """
    started = time.monotonic()
    more = _agreements(build, unified)
    sources = dict(found.sources)
    for name, one in found.sources.items():
        loaded = one.measured.values.get(Key("rows"), 0.0)
        own = dict(more.get(name, {}))
        counts = unified.counts.get(name)
        if build.project.sources[name].unique and counts is not None and loaded:
            own[Key("copies")] = counts.copies / loaded
        if own:
            measured = replace(one.measured, values={**one.measured.values, **own})
            sources[name] = judged(build.project, replace(one, measured=measured))
    result = replace(found, sources=sources, seconds=found.seconds + time.monotonic() - started)
    refuse_broken(build.project, result.findings)
    return result


def describes(source: SourceSpec) -> bool:
    """Whether a source's rows describe the person or account they belong to."""
    return source.describes if source.describes is not None else source.entity in ("person", "account")


def _agreements(build: Build, unified: Unified) -> dict[str, dict[Key, float]]:
    fields = _fields(build, unified)
    found: dict[str, dict[Key, float]] = {}
    for left, right in combinations(sorted(fields), 2):
        same_entity = build.project.sources[left].entity == build.project.sources[right].entity
        shared = tuple(f for f in fields[left] if fields[right].get(f) == fields[left][f])
        if not shared or not same_entity:
            continue
        for name in (left, right):
            asked = tuple(fields[name])
            if name not in found:
                build.engine.run(plan.plan_described(unified_table(name), f"described__{name}", asked))
                found[name] = {}
        build.engine.run(plan.plan_agreement(f"described__{left}", f"described__{right}", "agreement", shared))
        row = build.engine.fetch("agreement").to_pylist()[0]
        for field in shared:
            if row[f"both:{field}"] >= FEWEST_SHARED:
                share = row[f"same:{field}"] / row[f"both:{field}"]
                for name, other in _tellers(build, left, right, field):
                    found[name][Key("agree", field, other)] = share
    return found


def _tellers(build: Build, left: str, right: str, field: str) -> list[tuple[str, str]]:
    """Whose measure it is: of the less trusted source, and of every one that declares a bound for the field."""
    sources = build.project.sources
    blamed = min((left, right), key=lambda name: (sources[name].trust, name != right))
    pairs = [(left, right), (right, left)]
    return [p for p in pairs if p[0] == blamed or field in (q.agree if (q := sources[p[0]].quality) else {})]


def _fields(build: Build, unified: Unified) -> dict[str, Mapping[str, str]]:
    """Comparable fields, with their SQL types, of each source that describes people: no strong keys, no times of the row."""
    strong = {k.field for k in unified.keys if k.role == "strong"}
    found: dict[str, Mapping[str, str]] = {}
    for name in unified.sources:
        source = build.project.sources[name]
        if describes(source):
            types = build.engine.types(unified_table(name))
            left_out = {"customer_id", "_file", "_row", time_field(source), "registered_at", *strong}
            found[name] = {f: t for f, t in types.items() if f not in left_out and not t.endswith("[]")}
    return {name: types for name, types in found.items() if types}
