"""The audit on a schedule: judges the served snapshot anew, by the rules as they are now, without building."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlglot import exp

from huaxiang.app.quality import worst_light
from huaxiang.app.wiring import open_snapshot, table_reader
from huaxiang.errors import SnapshotError
from huaxiang.learn.quality.judge import Finding, Key, Measured, gravity, judge
from huaxiang.plan import quality as plan
from huaxiang.plan.columns import ID, field_types, time_field
from huaxiang.plan.expr import check_expression
from huaxiang.run.context import AsOf
from huaxiang.run.quality_out import describe_finding
from huaxiang.run.quality_past import past_of
from huaxiang.spec.loader import Project, load_project
from huaxiang.spec.sources import SourceSpec
from huaxiang.store.snapshots import Snapshot

AUDIT_KEYS = (
    "snapshot",
    "as_of",
    "checked_on",
    "age_days",
    "light",
    "passed",
    "broken",
    "findings",
    "remeasured",
    "stored",
    "unbuilt",
)


def audit(folder: Path, *, now: datetime | None = None) -> dict[str, Any]:
    """Return AUDIT_KEYS. `passed` is False when a `stop` bound is crossed; `broken` counts the declared bounds that are.

    Of sources whose rows are in the snapshot (`remeasured`) completeness, uniqueness, conditions and age are measured again, the
    age against today; of the others (`stored`), and for drift, volume and agreement, the measures of the build are judged.
    `unbuilt` are sources that the snapshot does not know. Raises ProjectInvalid, and SnapshotError when nothing was built or the
    snapshot was built before measures were kept.
    """
    project = load_project(folder)
    today = (now or datetime.now(UTC)).astimezone(ZoneInfo(project.spec.timezone)).date()
    with open_snapshot(folder) as snapshot:
        stored = past_of(snapshot).values
        if not stored:
            raise SnapshotError(
                "the snapshot holds no measures of quality; run `huaxiang build` once, then audit again",
                "快照中没有质量指标；请先运行一次 `huaxiang build`，再执行质量审计",
            )
        tables = {table["name"] for table in snapshot.manifest["tables"]}
        findings: list[Finding] = []
        again = []
        for name, source in project.sources.items():
            if name not in stored:
                continue
            values = dict(stored[name])
            if f"source_{name}" in tables:
                values |= _measure(snapshot, project, source, today)
                again.append(name)
            findings += judge(Measured(name, values, before=stored[name]), source.quality)
        manifest = snapshot.manifest
    known = [name for name in project.sources if name in stored]
    return {
        "snapshot": manifest["id"], "as_of": manifest["as_of"], "checked_on": today.isoformat(),
        "age_days": (today - date.fromisoformat(manifest["as_of"])).days,
        "light": worst_light(f.light for f in findings) or "good", "passed": not any(f.level == "stop" for f in findings),
        "broken": sum(f.level is not None for f in findings), "findings": [_told(f, again) for f in sorted(findings, key=gravity)],
        "remeasured": again, "stored": [name for name in known if name not in again],
        "unbuilt": [name for name in project.sources if name not in stored],
    }  # fmt: skip


def _told(finding: Finding, again: Sequence[str]) -> dict[str, Any]:
    """A finding with its texts; an age that was measured again counts to today."""
    told = describe_finding(finding)
    if finding.key.measure == "age" and finding.source in again:
        told["text"] |= {"zh": told["text"]["zh"].replace("统计日", "审计日")}
    return told


def _measure(snapshot: Snapshot, project: Project, source: SourceSpec, today: date) -> dict[Key, float]:
    """Completeness, uniqueness, conditions and age of the rows that the snapshot holds."""
    from pyarrow import parquet

    path = snapshot.table(f"source_{source.name}")
    with table_reader(path) as reader:
        held = set(parquet.read_schema(path).names)
        types = {f: t for f, t in field_types(project, source).items() if f in held and f != ID}
        rules = source.quality
        as_of = AsOf(date.fromisoformat(snapshot.manifest["as_of"]))
        conditions = {}
        for rule in rules.rules if rules else ():
            checked = check_expression(rule.condition, types, boolean=True)
            conditions[rule.name] = as_of.bind(checked.ast)
        unique = tuple(f for f in (rules.unique if rules else ()) if f in types)
        time = time_field(source)
        asked = plan.FactQuery((), unique, tuple(types), conditions, time if time in types else None, AsOf(today).end)
        query = plan.plan_facts("t", "facts", asked).query
        asked_for = {column.alias: column.unalias() for column in query.selects}
        row = reader.rows([c for c in asked_for.values() if isinstance(c, exp.Expression)])[0]
        facts = dict(zip(asked_for, row, strict=True))
    return dict(_values(facts, today))


def _values(facts: Mapping[str, Any], today: date) -> list[tuple[Key, float]]:
    found: list[tuple[Key, float]] = []
    for key, value in facts.items():
        kind, _, name = key.partition(":")
        if kind == "k" and facts["rows"]:
            found.append((Key("complete", name), value / facts["rows"]))
        elif kind == "u" and facts[f"k:{name}"]:
            found.append((Key("unique", name), value / facts[f"k:{name}"]))
        elif kind == "c" and facts[f"w:{name}"]:
            found.append((Key("condition", name), value / facts[f"w:{name}"]))
    if facts.get("newest") is not None:
        found.append((Key("age"), float((today - facts["newest"].date()).days)))
    return found
