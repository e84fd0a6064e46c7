"""Audiences and clusterings."""

from __future__ import annotations

from huaxiang.errors import did_you_mean
from huaxiang.plan.checks import tags, values
from huaxiang.plan.checks.findings import Findings
from huaxiang.plan.types import family, words
from huaxiang.spec.models import ClusteringSpec, Feature

MAX_CLUSTERS = 50


def check(found: Findings) -> None:
    """Check every audience, then every clustering."""
    audiences = found.project.audiences
    for name, audience in audiences.items():
        at = ("audiences", name)
        checked = found.condition(at, ("when",), audience.when, found.types, parts=True)
        if checked is None:
            continue
        for other in checked.audiences:
            if other not in audiences:
                found.add(at, ("when",), "REF002", f'unknown audience "{other}"{did_you_mean(other, audiences)}')
        values.check(found, at, ("when",), checked.tree)
    for clustering in found.project.clusterings.values():
        _check_clustering(found, clustering)


def _check_clustering(found: Findings, spec: ClusteringSpec) -> None:
    at = ("clusterings", spec.name)
    if spec.within is not None:
        tags.condition(found, at, ("within",), spec.within, parts=True)
    seen: set[str] = set()
    for i, feature in enumerate(spec.features):
        name = feature.tag if isinstance(feature, Feature) else feature
        path: tuple[str | int, ...] = ("features", i)
        if name in seen:
            found.add(at, path, "CLU004", f'feature "{name}" is listed twice; keep one and give it a weight')
        seen.add(name)
        kind = found.types.get(name)
        if kind is not None and family(kind) == "boolean":
            continue
        if (
            kind is not None
            and name not in found.project.clusterings
            and family(kind) not in ("integer", "number", "money")
        ):
            found.add(at, path, "CLU002", f'feature "{name}" must be a number or true/false, but is {words(kind)}')
        else:
            tags.number_input(found, at, path, name, "CLU001")
    _check_k(found, spec)


def _check_k(found: Findings, spec: ClusteringSpec) -> None:
    at = ("clusterings", spec.name)
    low, high = (spec.k, spec.k) if isinstance(spec.k, int) else spec.k
    if low < 2 or high > MAX_CLUSTERS:
        found.add(at, ("k",), "CLU003", f"k must lie between 2 and {MAX_CLUSTERS}, e.g. [3, 8]")
    elif low > high:
        found.add(at, ("k",), "CLU003", f"k ranges from {low} down to {high}; write [{high}, {low}]")
