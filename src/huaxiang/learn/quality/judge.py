"""Says of every measure whether it is good, worth a look, or bad: by the declared bounds, else by the published defaults.

A declared bound that is crossed is `bad`, with the level that was declared (`warn`, `stop`). Without a declared bound the defaults
of docs/quality.md hold; they never stop a build.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from huaxiang.learn.quality import drift
from huaxiang.learn.quality.drift import Drift
from huaxiang.learn.quality.schema import SchemaChange
from huaxiang.spec.quality import AgeBound, Bound, Level, Limit, QualityRules

Light = Literal["good", "look", "bad"]
LIGHTS: tuple[Light, ...] = ("good", "look", "bad")
_DAYS = {"h": 1 / 24, "d": 1.0, "w": 7.0}
_AGE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([hdw])\s*")
_AT_MOST = frozenset({"change", "age", "duplicates", "copies", "drift"})


class Key(NamedTuple):
    """What was measured: the measure, and of which column, rule or other source (empty: of the whole source)."""

    measure: str
    column: str = ""
    other: str = ""


EXPLAINED = ("rows", "change", "valid_rows", "complete", "valid", "unique", "duplicates", "condition", "agree", "accuracy", "age",
             "later", "delay", "drift", "same_key")  # fmt: skip
"""Measures that are shown, in reading order."""


@dataclass(frozen=True)
class Finding:
    """Something worth telling. `code` names its text; `level` is the declared level, None for a default; `values` may be shown."""

    source: str
    code: str
    key: Key
    light: Light
    value: float | None
    bound: float | None = None
    before: float | None = None
    level: Level | None = None
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Measured:
    """All that is known of one source: measures, drift by column, changes of its file, and the measures of the build before."""

    source: str
    values: Mapping[Key, float]
    drifts: Mapping[str, Drift] = field(default_factory=dict)
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Column → key of a profile → the value, where it may be shown."""
    changes: tuple[SchemaChange, ...] = ()
    before: Mapping[Key, float] = field(default_factory=dict)


def days_of(text: str) -> float | None:
    """`36h`, `2d`, `1w` in days; None for what is none of these."""
    found = _AGE.fullmatch(text)
    return float(found[1]) * _DAYS[found[2]] if found else None


def judge(measured: Measured, rules: QualityRules | None) -> tuple[Finding, ...]:
    """Every finding of one source: broken stops first, then warnings, then defaults; each group in a fixed order."""
    asked = rules or QualityRules()
    found: list[Finding] = []
    for key, value in sorted(measured.values.items()):
        limit, level = limit_of(asked, key)
        declared = _declared(measured.source, key, value, limit, level) if limit is not None else None
        if declared is not None:
            found.append(declared)
        elif limit is None:
            found += _defaults(measured, key, value)
    found += _values(measured)
    found += _changes(measured, asked.schema_change)
    return tuple(sorted(found, key=gravity))


def worst(findings: Iterable[Finding]) -> Light:
    """The light of a source: that of its worst finding."""
    return max((f.light for f in findings), key=LIGHTS.index, default="good")


def gravity(finding: Finding) -> tuple[int, str, str, Key]:
    """Sorts findings: broken stops, rows lost by a wrong key, broken warnings, bad, look."""
    if finding.code == "same_key":
        return 0, finding.source, finding.code, finding.key
    rank = 0 if finding.level == "stop" else 1 if finding.level == "warn" else 2 if finding.light == "bad" else 3
    return rank, finding.source, finding.code, finding.key


def limit_of(rules: QualityRules, key: Key) -> tuple[Limit | None, Level]:
    """The bound declared for a measure, None without one, and the level of a plain number."""
    if key.measure == "condition":
        rule = next((r for r in rules.rules if r.name == key.column), None)
        return (rule.share, rule.level or rules.level) if rule else (None, rules.level)
    if key.measure == "age":
        return _age_limit(rules.fresh_within), rules.level
    plain: Mapping[str, Limit | None] = {
        "rows": rules.min_rows, "change": rules.max_change, "valid_rows": rules.valid, "duplicates": rules.max_duplicates,
        "copies": rules.max_duplicates,
        "accuracy": rules.truth.share if rules.truth else None,
    }  # fmt: skip
    unique = rules.unique if isinstance(rules.unique, dict) else dict.fromkeys(rules.unique, 1.0)
    moved = rules.max_drift if isinstance(rules.max_drift, dict) else None
    by_column: Mapping[str, Mapping[str, Limit]] = {
        "complete": rules.complete, "valid": rules.valid_values, "unique": unique, "agree": rules.agree, "drift": moved or {},
    }  # fmt: skip
    if key.measure in plain:
        return plain[key.measure], rules.level
    limit = by_column.get(key.measure, {}).get(key.column)
    if key.measure == "drift" and limit is None and not isinstance(rules.max_drift, dict):
        limit = rules.max_drift
    return limit, rules.level


def _age_limit(within: str | AgeBound | None) -> Limit | None:
    if within is None:
        return None
    if isinstance(within, str):
        return days_of(within)
    return Bound(warn=days_of(within.warn) if within.warn else None, stop=days_of(within.stop) if within.stop else None)


def _declared(source: str, key: Key, value: float, limit: Limit, level: Level) -> Finding | None:
    """The finding of a declared bound that is crossed; of two the graver."""
    bounds: list[tuple[Level, float | None]] = (
        [("stop", limit.stop), ("warn", limit.warn)] if isinstance(limit, Bound) else [(level, limit)]
    )
    for told, bound in bounds:
        if bound is not None and (abs(value) > bound if key.measure in _AT_MOST else value < bound):
            return Finding(source, key.measure, key, "bad", value, bound, level=told)
    return None


def _defaults(measured: Measured, key: Key, value: float) -> list[Finding]:
    """What is worth telling of a measure that has no declared bound."""
    before = measured.before.get(key)
    light: Light | None = None
    code = key.measure
    bound: float | None = None
    match key.measure:
        case "rows":
            light, bound = ("bad" if value == 0 else None), 1
        case "change":
            score = measured.values.get(Key("volume_score"))
            unusual = abs(score) > drift.UNUSUAL if score is not None else abs(value) > 0.3
            light = ("bad" if value < -0.5 else "look") if unusual else None
        case "valid_rows":
            light, bound = _below(value, 0.99, 0.9)
        case "valid":
            light, bound = _below(value, 0.98, 0.9)
        case "complete" if before is not None and before - value >= 0.05:
            code, light = "complete_fell", "bad" if before - value >= 0.2 else "look"
        case "complete" if value == 0:
            code, light = "empty", "look"
        case "duplicates":
            light, bound = _below(-value, -0.01, -0.2)
            bound = -bound if bound is not None else None
        case "agree":
            light, bound = _below(value, 0.8, 0.5)
        case "later" | "same_key" if value > 0:
            light = "look" if key.measure == "later" else "bad"
        case "drift" if value >= drift.MODERATE:
            light, bound = ("bad", drift.LARGE) if value >= drift.LARGE else ("look", drift.MODERATE)
    if light is None:
        return []
    return [Finding(measured.source, code, key, light, value, bound, before)]


def _below(value: float, look: float, bad: float) -> tuple[Light | None, float | None]:
    if value < bad:
        return "bad", bad
    return ("look", look) if value < look else (None, None)


def _values(measured: Measured) -> list[Finding]:
    """Values that came and went."""
    found = []
    for column, one in sorted(measured.drifts.items()):
        shown = measured.names.get(column, {})
        for code, keys in (("appeared", one.appeared), ("vanished", one.vanished)):
            if keys:
                told = tuple(sorted(shown[k] for k in keys if k in shown))
                found.append(Finding(measured.source, code, Key(code, column), "look", float(len(keys)), values=told))
    return found


def _changes(measured: Measured, level: Level | None) -> list[Finding]:
    """Columns of the file that came, went or changed."""
    found = []
    for change in measured.changes:
        if change.change == "order":
            continue  # columns are found by name
        grave = change.change != "appeared"
        key = Key(f"column_{change.change}", change.column or "")
        declared = level if grave else None
        light: Light = "bad" if declared or (grave and change.mapped) else "look"
        values = tuple(v for v in (change.before, change.now) if v)
        found.append(Finding(measured.source, key.measure, key, light, None, level=declared, values=values))
    return found
