"""Checks of a whole project before anything runs: every fault is collected, with its place."""

from __future__ import annotations

from collections.abc import Callable, Collection

from huaxiang.errors import Issue
from huaxiang.plan.checks import (
    audiences,
    circles,
    derived,
    people,
    personas,
    project,
    quality,
    sources,
    statistics,
    tags,
)
from huaxiang.plan.checks.findings import Findings
from huaxiang.plan.columns import customer_types, field_types, tag_order, tag_outputs
from huaxiang.spec.loader import Project
from huaxiang.spec.models import SourceSpec

__all__ = ["check_project", "customer_types", "field_types", "tag_order", "tag_outputs"]

Headers = Callable[[SourceSpec], tuple[str, ...] | None]


def check_project(
    loaded: Project, headers: Headers | None = None, codes: Collection[str] = frozenset()
) -> tuple[Issue, ...]:
    """Return every fault and warning, sorted by place.

    `headers` gives the column names of a source's files, None when there is no file; without it files are not looked at.
    `codes` are the catalogue's attribute codes; without them attribute codes are not checked.
    """
    found = Findings(loaded)
    project.check(found)
    sources.check(found, headers)
    quality.check(found)
    derived.check(found)
    people.check(found, frozenset(codes))
    circles.check(found)
    statistics.check(found)
    tags.check(found, frozenset(codes))
    audiences.check(found)
    personas.check(found)
    return found.issues()
