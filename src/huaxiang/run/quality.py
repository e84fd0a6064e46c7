"""Measures the quality of every source at each build, judges it, and stops the build where a declared bound says so.

`measure` runs after cleaning, before anything is joined; `quality_between.compare` after unify, when customers are known;
`quality_out.save` at the end.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import pyarrow.parquet as pq

from huaxiang.errors import QualityStop, Said
from huaxiang.learn.quality import drift
from huaxiang.learn.quality import profile as profiles
from huaxiang.learn.quality.judge import Finding, Key, Measured, gravity, judge
from huaxiang.learn.quality.profile import Profile, keep_largest, pool, quantile
from huaxiang.learn.quality.schema import ColumnShape, compare_shapes
from huaxiang.learn.quality.wording import text_of
from huaxiang.plan import quality as plan
from huaxiang.plan.columns import ID, declared_type, field_types, identity_fields, time_field
from huaxiang.plan.expr import check_expression
from huaxiang.run.context import AsOf, Build
from huaxiang.run.headers import mapped_columns
from huaxiang.run.load import LoadReport
from huaxiang.run.quality_past import Past, read_past
from huaxiang.run.quality_shapes import read_shape
from huaxiang.spec.loader import Project
from huaxiang.spec.sources import SourceSpec
from huaxiang.stages.unify import clean_table

BUCKETS = plan.Buckets(profiles.STEP, profiles.SMALLEST, profiles.LARGEST, profiles.SHIFT)
_ARRIVAL = ("loaded_at", "received_at", "updated_at")
_EMPTIED = ("emptied",)


@dataclass(frozen=True)
class SourceQuality:
    """What was measured of one source, and what that means."""

    measured: Measured
    findings: tuple[Finding, ...] = ()
    profiles: Mapping[str, Profile] = field(default_factory=dict)
    shape: tuple[ColumnShape, ...] = ()


@dataclass(frozen=True)
class QualityResult:
    """All sources by name, what earlier builds measured, and the seconds that measuring took."""

    sources: Mapping[str, SourceQuality]
    past: Past
    seconds: float = 0.0

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Of all sources, the gravest first."""
        return tuple(sorted((f for one in self.sources.values() for f in one.findings), key=gravity))


def measure(build: Build, reports: Mapping[str, LoadReport], as_of: AsOf) -> QualityResult:
    """Measure every cleaned source. Raises QualityStop when a bound that stops is crossed."""
    started = time.monotonic()
    past = read_past(build)
    found = {}
    for name, source in build.project.sources.items():
        if name in reports:
            found[name] = _measure(build, source, reports[name], as_of, past)
    result = QualityResult(found, past, time.monotonic() - started)
    refuse_broken(build.project, result.findings)
    return result


def refuse_broken(project: Project, findings: Sequence[Finding]) -> None:
    """Raise QualityStop naming every bound that stops and is crossed."""
    broken = [f for f in findings if f.level == "stop"]
    if broken:
        raise QualityStop([(f.source, str(project.place("sources", f.source, "quality")), _said(f)) for f in broken])


def _said(finding: Finding) -> Said:
    text = text_of(finding)
    return Said(text["en"], text["zh"])


def judged(project: Project, one: SourceQuality) -> SourceQuality:
    """The same source with its findings."""
    return replace(one, findings=judge(one.measured, project.sources[one.measured.source].quality))


def _measure(build: Build, source: SourceSpec, report: LoadReport, as_of: AsOf, past: Past) -> SourceQuality:
    table = clean_table(source.name)
    types = {c: t for c, t in build.engine.types(table).items() if c not in ("_file", "_row")}
    facts = _facts(build, source, report, types, as_of)
    values = dict(_plain_measures(build, source, report, facts, as_of))
    values |= _volume(source.name, report.loaded, past)
    values |= _accuracy(build, source, types)
    values |= _lost(source, report)
    if not source.unique and 0 < report.loaded <= plan.ROWS_FOR_DUPLICATES and types:
        build.engine.run(plan.plan_duplicates(table, "quality_copies", tuple(types)))
        values[Key("duplicates")] = build.engine.fetch("quality_copies")["copies"][0].as_py() / report.loaded
    taken, names = _profile(build, source, report.loaded, _profiled(build.project, source, types, facts), as_of)
    drifts = dict(_drifts(source.name, taken, past))
    for column, moved in drifts.items():
        values[Key("drift", column)] = round(moved.moved, 6)
    values |= _medians(taken)
    shape = read_shape(source, build.project.folder)
    mapped = set(mapped_columns(source))
    known = {c: {**past.names.get((source.name, c), {}), **names.get(c, {})} for c in taken}
    measured = Measured(
        source.name, values, drifts, known, compare_shapes(shape, past.shapes.get(source.name, ()), mapped),
        past.values.get(source.name, {}),
    )  # fmt: skip
    return judged(build.project, SourceQuality(measured, (), taken, shape))


def _facts(
    build: Build, source: SourceSpec, report: LoadReport, types: Mapping[str, str], as_of: AsOf
) -> dict[str, Any]:
    """One scan: distinct texts, uniqueness, conditions, newest row."""
    rules, project = source.quality, build.project
    unique = [f for f in (rules.unique if rules else ()) if f in types]
    if source.entity in ("person", "account"):
        unique += [f for f in sorted(identity_fields(project)) if f in types and f not in unique]
    texts = [c for c, t in types.items() if t == "VARCHAR" and not _personal(project, source, c)]
    fields = {f: t for f, t in field_types(project, source).items() if f in types and f != ID}
    conditions = {
        r.name: as_of.bind(check_expression(r.condition, fields, boolean=True).ast)
        for r in (rules.rules if rules else ())
    }
    counted = [c for c in types if c not in {column.name for column in report.columns}]
    asked = plan.FactQuery(tuple(texts), tuple(unique), tuple(counted), conditions, time_field(source), as_of.end)
    build.engine.run(plan.plan_facts(clean_table(source.name), "quality_facts", asked))
    return dict(build.engine.fetch("quality_facts").to_pylist()[0])


def _plain_measures(
    build: Build, source: SourceSpec, report: LoadReport, facts: Mapping[str, Any], as_of: AsOf
) -> Iterator[tuple[Key, float]]:
    rows = report.loaded
    yield Key("rows"), float(rows)
    if report.rows_in:
        yield Key("valid_rows"), 1 - report.set_aside / report.rows_in
    refused = _refused(build, source.name)
    for column in report.columns:
        if rows:
            yield Key("complete", column.name), 1 - column.missing / rows
        emptied = sum(n for kind, n in column.repaired.items() if kind in _EMPTIED)
        asked = rows - column.missing + emptied + refused[column.name]
        if asked:
            yield Key("valid", column.name), 1 - (emptied + refused[column.name]) / asked
    named = {column.name for column in report.columns}
    for key, value in facts.items():
        kind, _, name = key.partition(":")
        if kind == "k" and name not in named and rows:
            yield Key("complete", name), value / rows
        elif kind == "u" and facts[f"k:{name}"]:
            yield Key("unique", name), value / facts[f"k:{name}"]
        elif kind == "c" and facts[f"w:{name}"]:
            yield Key("condition", name), value / facts[f"w:{name}"]
    if facts.get("newest") is not None:
        newest: datetime = facts["newest"]
        yield Key("age"), float((as_of.day - newest.date()).days)
    if "later" in facts:
        yield Key("later"), float(facts["later"])


def _refused(build: Build, source: str) -> Counter[str]:
    """Rows set aside by the column that was the reason."""
    path = build.draft.scratch(f"rejected/{source}.parquet")
    if not path.exists():
        return Counter()
    columns = pq.read_table(path, columns=["column"]).column("column").drop_null().value_counts()
    return Counter({str(c["values"].as_py()): int(c["counts"].as_py()) for c in columns})


def _volume(source: str, rows: int, past: Past) -> dict[Key, float]:
    earlier = list(past.rows.get(source, ()))
    found = {}
    if earlier and earlier[-1]:
        found[Key("change")] = rows / earlier[-1] - 1
    score = drift.volume_score([*earlier, float(rows)])
    if score is not None:
        found[Key("volume_score")] = score
    return found


def _lost(source: SourceSpec, report: LoadReport) -> dict[Key, float]:
    """Rows of a database that differ from another one of their key, which does not tell them apart then."""
    lost = report.left_out_reasons.get("same_key", 0)
    if not lost or source.database is None or source.database.versions:
        return {}
    return {Key("same_key", ", ".join(source.database.key)): float(lost)}


def _accuracy(build: Build, source: SourceSpec, types: Mapping[str, str]) -> dict[Key, float]:
    truth = source.quality.truth if source.quality else None
    if truth is None:
        return {}
    key = truth.key or truth.on
    theirs = build.engine.types(clean_table(truth.source))
    fields = truth.fields or tuple(f for f in types if f in theirs and f not in (truth.on, key))
    if not fields:
        return {}
    tables = (clean_table(source.name), clean_table(truth.source))
    build.engine.run(plan.plan_accuracy(*tables, "quality_truth", on=(truth.on, key), fields=fields))
    row = build.engine.fetch("quality_truth").to_pylist()[0]
    return {Key("accuracy", f, truth.source): row[f"same:{f}"] / row[f"both:{f}"] for f in fields if row[f"both:{f}"]}


def _personal(project: Project, source: SourceSpec, column: str) -> bool:
    kind = declared_type(source, column) if column in source.columns else "text"
    return kind in plan.PERSONAL_TYPES or column in plan.PERSONAL_TYPES or column in identity_fields(project)


def _profiled(
    project: Project, source: SourceSpec, types: Mapping[str, str], facts: Mapping[str, Any]
) -> tuple[plan.ProfileColumn, ...]:
    """Which columns are profiled, and how. The column that dates the rows moves by nature; lists are left out."""
    time_column = time_field(source)
    found = []
    for column, kind in types.items():
        if plan.is_number(kind):
            found.append(plan.ProfileColumn(column, "number"))
        elif plan.is_time(kind) and column != time_column:
            found.append(plan.ProfileColumn(column, "age"))
            if kind == "TIMESTAMP" and column in _ARRIVAL and time_column is not None:
                found.append(plan.ProfileColumn(column, "delay", time_column))
        elif kind == "BOOLEAN":
            found.append(plan.ProfileColumn(column, "value"))
        elif kind == "VARCHAR":
            many = _personal(project, source, column) or (facts.get(f"d:{column}") or 0) > plan.MOST_DISTINCT
            found.append(plan.ProfileColumn(column, "length" if many else "value"))
    return tuple(found)


def _profile(
    build: Build, source: SourceSpec, rows: int, columns: Sequence[plan.ProfileColumn], as_of: AsOf
) -> tuple[dict[str, Profile], dict[str, dict[str, str]]]:
    """Profiles by column, and the values that may be shown by their digests."""
    counts: dict[int, Counter[str]] = {n: Counter() for n in range(len(columns))}
    missing: Counter[int] = Counter()
    steps = plan.plan_profiles(
        clean_table(source.name), "quality_profile", columns, rows=rows, as_of=as_of.day, buckets=BUCKETS
    )
    for step in steps if rows else ():
        build.engine.run(step)
        for row in build.engine.fetch(step.output).to_pylist():
            if row["key"] is None:
                missing[row["at"]] += row["rows"]
            else:
                counts[row["at"]][row["key"]] += row["rows"]
    found, names = {}, {}
    for n, column in enumerate(columns):
        name = f"{column.name}:delay" if column.kind == "delay" else column.name
        closed = _personal(build.project, source, column.name)
        kept: Mapping[str, int] = counts[n]
        if column.kind == "value":
            digests = {key: "#" + hashlib.sha256(key.encode()).hexdigest()[:16] for key in kept}
            names[name] = {
                digests[key]: key[:80] for key, n in kept.items() if not closed and n >= profiles.FEWEST_SHOWN
            }
            kept = keep_largest({digests[key]: rows for key, rows in kept.items()})
            names[name] = {digest: value for digest, value in names[name].items() if digest in kept}
        found[name] = Profile(column.kind, kept, missing[n], closed)
    return found, names


def _drifts(source: str, taken: Mapping[str, Profile], past: Past) -> Iterator[tuple[str, drift.Drift]]:
    for column, now in taken.items():
        reference = pool(past.profiles.get((source, column), ()))
        found = drift.compare(now, reference) if reference is not None else None
        if found is not None:
            newest = past.profiles[source, column][0]
            gone = tuple(k for k in found.vanished if newest.counts.get(k))
            yield column, replace(found, vanished=gone)


def _medians(taken: Mapping[str, Profile]) -> dict[Key, float]:
    found: dict[Key, float] = {}
    for column, one in taken.items():
        middle = quantile(one.counts, 0.5) if one.kind in ("number", "age", "delay") else None
        if middle is not None and one.kind == "delay":
            found[Key("delay", column.removesuffix(":delay"))] = middle
        elif middle is not None:
            found[Key("median", column)] = middle
    return found
