"""Writes what was measured: three tables of the snapshot, and the part of its manifest that people read first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from huaxiang.learn.quality.judge import LIGHTS, Finding, Key, worst
from huaxiang.learn.quality.wording import advice_of, text_of
from huaxiang.run.context import AsOf, Build
from huaxiang.run.quality import QualityResult, SourceQuality
from huaxiang.run.quality_past import history_rows, profile_rows

QUALITY_SCHEMA = pa.schema([
    ("source", pa.string()), ("column", pa.string()), ("other", pa.string()), ("measure", pa.string()), ("value", pa.float64()),
    ("light", pa.string()), ("level", pa.string()),
])  # fmt: skip
_OF_SOURCE = ("rows", "change", "volume_score", "valid_rows", "duplicates", "copies", "age", "later")
_OF_COLUMN = ("complete", "valid", "unique", "drift", "median", "delay")


def save(build: Build, found: QualityResult, as_of: AsOf) -> dict[str, Any]:
    """Write tables `quality`, `quality_profile` and `quality_history`; return the keys to add to the manifest's `quality`:
    light, findings, sources, measured_in.
    """
    values = {name: one.measured.values for name, one in found.sources.items()}
    profiles = {(name, column): p for name, one in found.sources.items() for column, p in one.profiles.items()}
    names = {at: found.sources[at[0]].measured.names.get(at[1], {}) for at in profiles}
    tables = {
        "quality": _measures(found),
        "quality_profile": profile_rows(profiles, names, found.past),
        "quality_history": history_rows(build.draft.id, as_of.day.isoformat(), values, found.past),
    }
    for name, table in tables.items():
        pq.write_table(table, build.draft.table(name), compression="zstd")
    return {
        "light": worst(found.findings), "findings": [describe_finding(f) for f in found.findings],
        "sources": [_source(name, one) for name, one in found.sources.items()], "measured_in": round(found.seconds, 3),
    }  # fmt: skip


def _measures(found: QualityResult) -> pa.Table:
    rows = []
    for name, one in found.sources.items():
        told = {f.key: f for f in reversed(one.findings)}
        for key, value in sorted(one.measured.values.items()):
            finding = told.get(key)
            rows.append({
                "source": name, "column": key.column, "other": key.other, "measure": key.measure, "value": float(value),
                "light": finding.light if finding else "good", "level": finding.level if finding else None,
            })  # fmt: skip
    rows.sort(key=lambda row: (row["source"], row["measure"], row["column"], row["other"]))
    return pa.Table.from_pylist(rows, QUALITY_SCHEMA)


def describe_finding(finding: Finding) -> dict[str, Any]:
    """A finding as plain values, with its texts."""
    return {
        "source": finding.source, "code": finding.code, "measure": finding.key.measure, "column": finding.key.column or None,
        "other": finding.key.other or None, "light": finding.light, "level": finding.level, "value": finding.value,
        "bound": finding.bound, "before": finding.before, "values": list(finding.values), "text": text_of(finding),
        "advice": advice_of(finding),
    }  # fmt: skip


def _source(name: str, one: SourceQuality) -> dict[str, Any]:
    values = one.measured.values
    lights: dict[str, str] = {}
    for finding in one.findings:
        column = finding.key.column
        lights[column] = max(lights.get(column, "good"), finding.light, key=_rank)
    return {
        "name": name, "light": worst(one.findings), "measures": {m: _known(values, Key(m)) for m in _OF_SOURCE},
        "conditions": [{"name": k.column, "share": v} for k, v in sorted(values.items()) if k.measure == "condition"],
        "agreement": [
            {"column": k.column, "other": k.other, "share": v} for k, v in sorted(values.items()) if k.measure == "agree"
        ],
        "accuracy": [
            {"column": k.column, "other": k.other, "share": v} for k, v in sorted(values.items()) if k.measure == "accuracy"
        ],
        "columns": [
            {"name": column, "light": lights.get(column, "good"), **{m: _known(values, Key(m, column)) for m in _OF_COLUMN}}
            for column in dict.fromkeys(k.column for k in values if k.measure in _OF_COLUMN)
        ],
        "schema": [
            {"change": c.change, "column": c.column, "before": c.before, "now": c.now, "mapped": c.mapped}
            for c in one.measured.changes
        ],
        "columns_of_file": [{"name": c.name, "type": c.type} for c in one.shape],
    }  # fmt: skip


def _rank(light: str) -> int:
    return [str(one) for one in LIGHTS].index(light)


def _known(values: Mapping[Key, float], key: Key) -> float | None:
    return round(values[key], 6) if key in values else None
