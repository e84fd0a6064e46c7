"""Which columns of the customers table a lookalike model may look at, given what the seed's definition reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from huaxiang.app.audience import column_types
from huaxiang.app.conditions import sources_in
from huaxiang.app.lineage import roots_of, sources_of
from huaxiang.errors import UsageError

if TYPE_CHECKING:
    from huaxiang.learn.lookalike import Kind

Reason = Literal["definition", "same_data", "personal", "no_feature", "constant"]
KINDS: Mapping[str, Kind] = {
    "boolean": "boolean", "enum": "category", "list": "list", "integer": "number", "number": "number", "money": "number",
}  # fmt: skip
"""value_type of the manifest → how the model sees it. Texts, dates and identifiers are no features."""


@dataclass(frozen=True)
class Reads:
    """Columns of customers and sources that a definition reads, through all audiences that it names."""

    columns: frozenset[str]
    sources: frozenset[str]


@dataclass(frozen=True)
class Features:
    """`kinds`: column → how it is seen; `left_out`: column → why not; `infos`: the manifest's entry of each column."""

    kinds: dict[str, Kind]
    left_out: dict[str, Reason]
    infos: dict[str, Mapping[str, Any]]


def choose_features(manifest: Mapping[str, Any], seed: str) -> Features:
    """Return the columns to learn from. Left out are those that would only find the definition again: what it reads, what shares a tag
    or attribute with that in its lineage, and what is computed from a source whose rows the definition asks for.
    """
    clusterings = [item | {"value_type": "enum"} for item in manifest.get("clusterings", ())]
    infos = {i["name"]: i for i in (*manifest.get("attributes", ()), *manifest.get("tags", ()), *clusterings)}
    reads = read_by(manifest, seed)
    known = [infos[name] for name in reads.columns if name in infos]
    roots = {root for info in known for root in roots_of(info)}
    kinds: dict[str, Kind] = {}
    left_out: dict[str, Reason] = {}
    for name, info in infos.items():
        if name in reads.columns:
            left_out[name] = "definition"
        elif info.get("personal"):
            left_out[name] = "personal"
        elif info["value_type"] not in KINDS:
            left_out[name] = "no_feature"
        elif roots_of(info) & roots or sources_of(info) & reads.sources or _clustered(info) & (roots | reads.columns):
            left_out[name] = "same_data"
        else:
            kinds[name] = KINDS[info["value_type"]]
    return Features(kinds, left_out, infos)


def _clustered(info: Mapping[str, Any]) -> set[str]:
    """The tags that a clustering was made from."""
    return {feature["tag"] for feature in info.get("features") or ()}


def read_by(manifest: Mapping[str, Any], expression: str) -> Reads:
    """Return what an audience (name or condition) reads. Raises ExpressionError, or UsageError for an unknown audience it names."""
    from huaxiang.plan.conditions import Behaviour, Sequence
    from huaxiang.plan.predicate import parse_condition

    definitions = {item["name"]: item["definition"] for item in manifest.get("audiences", ())}
    types, sources_known = column_types(manifest), sources_in(manifest)
    columns: set[str] = set()
    sources: set[str] = set()
    waiting, seen = [definitions.get(expression.strip(), expression)], set()
    while waiting:
        condition = parse_condition(waiting.pop(), types, sources_known)
        columns |= condition.columns
        for part in condition.parts.values():
            if isinstance(part, Behaviour):
                sources.add(part.step.source)
            elif isinstance(part, Sequence):
                steps = (*part.steps, *([part.without] if part.without is not None else []))
                sources |= {step.source for step in steps}
        for name in condition.audiences:
            if name not in definitions:
                raise UsageError.unknown("audience", name, definitions)
            if name not in seen:
                seen.add(name)
                waiting.append(definitions[name])
    return Reads(frozenset(columns), frozenset(sources))
