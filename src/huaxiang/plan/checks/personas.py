"""Persona sets."""

from __future__ import annotations

import re

from huaxiang.errors import Said, did_you_mean, did_you_mean_zh
from huaxiang.plan.checks import tags
from huaxiang.plan.checks.findings import Findings
from huaxiang.plan.columns import output_names, profile_names
from huaxiang.spec.models import PersonaSetSpec


def check(found: Findings) -> None:
    """Check every persona set."""
    for spec in found.project.personas.values():
        _check_segments(found, spec)
        _check_tags(found, spec)


def _check_segments(found: Findings, spec: PersonaSetSpec) -> None:
    at = ("personas", spec.name)
    project = found.project
    if (spec.clustering is None) == (not spec.audiences):
        message = Said(
            "write either clustering (one card a cluster) or audiences (one card an audience)",
            "clustering（每类一张卡）与 audiences（每个人群一张卡）请二选一",
        )
        found.add(at, ("clustering",) if spec.clustering else (), "PER001", message)
    if spec.clustering is not None and spec.clustering not in project.clusterings:
        message = Said(
            f'unknown clustering "{spec.clustering}"{did_you_mean(spec.clustering, project.clusterings)}',
            f"没有名为“{spec.clustering}”的聚类{did_you_mean_zh(spec.clustering, project.clusterings)}",
        )
        found.add(at, ("clustering",), "PER002", message)
    for i, name in enumerate(spec.audiences):
        if name not in project.audiences:
            found.add(
                at,
                ("audiences", i),
                "PER003",
                Said(
                    f'unknown audience "{name}"{did_you_mean(name, project.audiences)}',
                    f"没有名为“{name}”的人群{did_you_mean_zh(name, project.audiences)}",
                ),
            )
    for name in spec.names or {}:
        if spec.audiences and name not in spec.audiences:
            found.add(
                at,
                ("names", name),
                "PER006",
                Said(
                    f'names: "{name}" is none of the audiences{did_you_mean(name, spec.audiences)}',
                    f"names：“{name}”不在 audiences 中{did_you_mean_zh(name, spec.audiences)}",
                ),
            )
        if spec.clustering is not None and not re.fullmatch(r"c[1-9][0-9]*", name):
            found.add(
                at,
                ("names", name),
                "PER006",
                Said(
                    f'names: "{name}" is no cluster; clusters are called c1, c2, …',
                    f"names：没有“{name}”这一类；各类名为 c1、c2……",
                ),
            )


def _check_tags(found: Findings, spec: PersonaSetSpec) -> None:
    at = ("personas", spec.name)
    tags.number_input(found, at, ("worth",), spec.worth, "PER004")
    outputs = {c: t.name for t in found.project.tags.values() for c in output_names(t)}
    known = set(outputs) | set(profile_names(found.project))
    for i, name in enumerate(spec.tags or ()):
        if name not in known:
            found.add(
                at,
                ("tags", i),
                "PER005",
                Said(
                    f'unknown tag or attribute "{name}"{did_you_mean(name, known)}',
                    f"没有名为“{name}”的标签或属性{did_you_mean_zh(name, known)}",
                ),
            )
        elif name in found.offline:
            found.add(at, ("tags", i), "REF003", found.not_online(name))
