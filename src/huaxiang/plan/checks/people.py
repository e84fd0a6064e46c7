"""Identity keys and profile attributes."""

from __future__ import annotations

import difflib

from huaxiang.errors import did_you_mean
from huaxiang.plan.checks.findings import Findings
from huaxiang.plan.columns import ID, field_types, has_customers
from huaxiang.plan.types import family, words
from huaxiang.spec.canonical import STORED_AS
from huaxiang.spec.models import AttributeSpec

CUSTOMER_KEY = "customer_key"
"""The field that identifies customers when a project names no identity key."""


def check(found: Findings, codes: frozenset[str]) -> None:
    """Check identity keys, then attributes."""
    mapped = {f for s in found.project.sources.values() if s.entity != "reference" for f in s.columns}
    seen: dict[str, str] = {}
    for key in found.project.identity.values():
        at = ("identity", key.name)
        if key.field not in mapped:
            found.add(
                at, ("field",), "IDN001", f'no source maps the field "{key.field}"{did_you_mean(key.field, mapped)}'
            )
        if key.field in seen:
            found.add(
                at,
                ("field",),
                "IDN002",
                f'identity key "{seen[key.field]}" already uses the field "{key.field}"; keep one',
            )
        seen.setdefault(key.field, key.name)
    _check_texts(found, set(seen) or {CUSTOMER_KEY})
    for attribute in found.project.attributes.values():
        _check_attribute(found, attribute, codes)


def _check_texts(found: Findings, fields: set[str]) -> None:
    """Keys are compared as texts: as numbers they would lose leading zeros, and differ between sources."""
    for source in found.project.sources.values():
        types = field_types(found.project, source) if source.entity != "reference" else {}
        for field in sorted(fields & set(source.columns)):
            if types[field] != "VARCHAR":
                message = (
                    f'"{field}" identifies customers and must be text, but is {words(types[field])}; write type: text'
                )
                found.add(("sources", source.name), ("columns", field), "IDN003", message)


def _check_attribute(found: Findings, spec: AttributeSpec, codes: frozenset[str]) -> None:
    at = ("attributes", spec.name)
    if spec.name == ID:
        found.add(at, ("name",), "ATR007", f'"{ID}" is made by the build; choose another name')
    near = difflib.get_close_matches(spec.name, sorted(codes), n=1, cutoff=0.87) if spec.name not in codes else []
    if near:
        message = f'is not in the catalogue and counts as your own; did you mean "{near[0]}"?'
        found.add(at, ("name",), "ATR003", message, warning=True)
    sources = found.project.sources
    source = sources.get(spec.source)
    if source is None:
        found.add(at, ("source",), "ATR001", f'unknown source "{spec.source}"{did_you_mean(spec.source, sources)}')
        return
    if not has_customers(found.project, source):
        found.add(
            at, ("source",), "ATR002", f'source "{source.name}" has no customers; use one that maps an identity key'
        )
        return
    value = found.expression(at, ("value",), spec.value, field_types(found.project, source))
    if value is None:
        return
    if spec.pick == "union" and value.type != "VARCHAR":
        found.add(
            at,
            ("pick",),
            "ATR005",
            f"union collects texts, but the value is {words(value.type)}; cast it, or pick another way",
        )
    if spec.type is not None and spec.pick != "union" and family(STORED_AS[spec.type]) != family(value.type):
        message = f"type says {spec.type}, but the value is {words(value.type)}; cast it, or remove the type"
        found.add(at, ("type",), "ATR006", message)
