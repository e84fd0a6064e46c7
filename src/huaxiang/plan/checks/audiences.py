"""Audiences and clusterings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

from huaxiang.errors import Said, did_you_mean, did_you_mean_zh
from huaxiang.plan.checks import tags, values
from huaxiang.plan.checks.findings import Findings
from huaxiang.plan.types import family, words, words_zh
from huaxiang.spec.models import AudienceSpec, ClusteringSpec, Feature

MAX_CLUSTERS = 50
_NEEDS: Mapping[str, Mapping[str, bool]] = MappingProxyType({
    "dynamic": {"when": True}, "static": {"list": False}, "frozen": {"when": True, "frozen_at": True},
    "sql": {"sql": True},
})  # fmt: skip
"""Kind of audience → the keys that it takes, and whether it needs them."""


def check(found: Findings) -> None:
    """Check every audience, then every clustering."""
    for audience in found.project.audiences.values():
        _check_name(found, audience)
        if _check_keys(found, audience):
            _check_condition(found, audience)
    for clustering in found.project.clusterings.values():
        _check_clustering(found, clustering)


def _check_name(found: Findings, spec: AudienceSpec) -> None:
    """A yes/no column is a condition by its name alone, and so is an audience: one of them would be asked for, and the other answer."""
    kind = found.types.get(spec.name)
    if kind is not None and family(kind) == "boolean":
        said = Said(
            f'"{spec.name}" is a yes/no attribute or tag too: a condition that says {spec.name} alone could mean either; '
            "give the audience another name",
            f"“{spec.name}”同时是一个是/否属性或标签：条件里单写 {spec.name} 会有歧义；请给人群换一个名称",
        )
        found.add(("audiences", spec.name), (), "AUD005", said)


def _check_keys(found: Findings, spec: AudienceSpec) -> bool:
    """Check the keys that go with the kind of an audience; True when its condition can be read."""
    at = ("audiences", spec.name)
    keys = {"when": spec.when, "list": spec.list_, "frozen_at": spec.frozen_at, "sql": spec.sql}
    given = {key: value is not None for key, value in keys.items()}
    sound = True
    for key, needed in _NEEDS[spec.kind].items():
        if needed and not given[key]:
            found.add(
                at, (), "AUD001", Said(f'a {spec.kind} audience needs the key "{key}"', f"{spec.kind} 人群需要“{key}”")
            )
            sound = False
    for key in (key for key, there in given.items() if there and key not in _NEEDS[spec.kind]):
        kinds = [kind for kind, takes in _NEEDS.items() if key in takes]
        found.add(
            at,
            (key,),
            "AUD001",
            Said(
                f'"{key}" belongs to a {" or ".join(kinds)} audience, but this one is {spec.kind}',
                f"“{key}”用于 {' 或 '.join(kinds)} 人群，而这是 {spec.kind} 人群",
            ),
        )
        sound = False
    if sound and spec.frozen_at is not None and not _is_day(spec.frozen_at):
        found.add(
            at,
            ("frozen_at",),
            "AUD002",
            Said(
                f"there is no day {spec.frozen_at}; write YYYY-MM-DD", f"没有 {spec.frozen_at} 这一天；请写 YYYY-MM-DD"
            ),
        )
    return sound


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _check_condition(found: Findings, spec: AudienceSpec) -> None:
    audiences, at = found.project.audiences, ("audiences", spec.name)
    path = ("list",) if spec.kind == "static" else ("when",)
    checked = found.condition(at, path, spec.condition, found.types, parts=True)
    if checked is None:
        return
    for other in checked.audiences:
        if other not in audiences:
            found.add(
                at,
                path,
                "REF002",
                Said(
                    f'unknown audience "{other}"{did_you_mean(other, audiences)}',
                    f"没有名为“{other}”的人群{did_you_mean_zh(other, audiences)}",
                ),
            )
    values.check(found, at, path, checked.tree)


def _check_clustering(found: Findings, spec: ClusteringSpec) -> None:
    at = ("clusterings", spec.name)
    if spec.within is not None:
        tags.condition(found, at, ("within",), spec.within, parts=True)
    seen: set[str] = set()
    for i, feature in enumerate(spec.features):
        name = feature.tag if isinstance(feature, Feature) else feature
        path: tuple[str | int, ...] = ("features", i)
        if name in seen:
            found.add(
                at,
                path,
                "CLU004",
                Said(
                    f'feature "{name}" is listed twice; keep one and give it a weight',
                    f"特征“{name}”写了两次；请保留一个并设权重",
                ),
            )
        seen.add(name)
        kind = found.types.get(name)
        if kind is not None and family(kind) == "boolean":
            continue
        if (
            kind is not None
            and name not in found.project.clusterings
            and family(kind) not in ("integer", "number", "money")
        ):
            found.add(
                at,
                path,
                "CLU002",
                Said(
                    f'feature "{name}" must be a number or true/false, but is {words(kind)}',
                    f"特征“{name}”必须是数值或真/假，而它是{words_zh(kind)}",
                ),
            )
        else:
            tags.number_input(found, at, path, name, "CLU001")
    _check_k(found, spec)


def _check_k(found: Findings, spec: ClusteringSpec) -> None:
    at = ("clusterings", spec.name)
    low, high = (spec.k, spec.k) if isinstance(spec.k, int) else spec.k
    if low < 2 or high > MAX_CLUSTERS:
        found.add(
            at,
            ("k",),
            "CLU003",
            Said(
                f"k must lie between 2 and {MAX_CLUSTERS}, e.g. [3, 8]",
                f"k 必须在 2 到 {MAX_CLUSTERS} 之间，例如 [3, 8]",
            ),
        )
    elif low > high:
        found.add(
            at,
            ("k",),
            "CLU003",
            Said(
                f"k ranges from {low} down to {high}; write [{high}, {low}]",
                f"k 从 {low} 到 {high} 是递减的；请写 [{high}, {low}]",
            ),
        )
