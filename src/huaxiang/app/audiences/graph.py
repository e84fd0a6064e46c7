"""What an audience reads (attributes, tags, sources, lists, audiences), and who reads it, told from the definitions."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from huaxiang.errors import ExpressionError, UsageError
from huaxiang.plan.columns import customer_types, output_names, sources_of_customers, tag_inputs
from huaxiang.plan.conditions import Behaviour, InList, Sequence, leaves
from huaxiang.plan.predicate import parse_condition, references
from huaxiang.spec.loader import Project, load_project
from huaxiang.spec.models import FactTag

GRAPH_KEYS = ("audiences",)
NODE_KEYS = ("name", "title", "kind", "reads", "read_by")
READS = ("attributes", "tags", "clusterings", "sources", "lists", "audiences")
READ_BY = ("audiences", "tags", "clusterings", "personas")
When = str | dict[str, object]


def audience_graph(folder: Path, name: str | None = None) -> dict[str, Any]:
    """Return GRAPH_KEYS: all audiences of the project, or the one of that name, each with NODE_KEYS.

    `reads` {READS: names}; `read_by` {READ_BY: names}: direct ones only. Raises UsageError for an unknown name, ProjectInvalid for files
    that can't be read.
    """
    project = load_project(folder)
    if name is not None and name not in project.audiences:
        raise UsageError.unknown("audience", name, project.audiences)
    chosen = [name] if name is not None else list(project.audiences)
    return {
        "audiences": [
            {
                "name": one, "title": _title(project, one), "kind": project.audiences[one].kind,
                "reads": reads_of_audience(project, one), "read_by": readers_of(project, one),
            }
            for one in chosen
        ]
    }  # fmt: skip


def _title(project: Project, name: str) -> dict[str, str]:
    from huaxiang.run.segmenting import text_of

    return text_of(project.audiences[name].title, name)


def reads_of_audience(project: Project, name: str) -> dict[str, list[str]]:
    """What an audience names, by READS."""
    spec = project.audiences[name]
    return reads_of(project, spec.condition) if spec.kind != "sql" else _reads_of_query(project, spec.sql or "")


def _reads_of_query(project: Project, query: str) -> dict[str, list[str]]:
    """What a query touches: columns of the customers, and sources; nothing where it can't be read."""
    from datetime import date

    from huaxiang.app.sql_audiences import permitted_in
    from huaxiang.plan.sandbox import check_query

    allowed = permitted_in(project)
    found: dict[str, set[str]] = {kind: set() for kind in READS}
    try:
        touched = check_query(query, allowed.tables, allowed.hidden, date(2000, 1, 1)).columns
    except ExpressionError:
        return {kind: [] for kind in READS}
    found["sources"] |= set(touched) - {"customers"}
    _add_columns(project, found, touched.get("customers", ()))
    return {kind: sorted(names) for kind, names in found.items()}


def _add_columns(project: Project, found: dict[str, set[str]], columns: Iterable[str]) -> None:
    """Add what defines the columns; customer IDs, and columns that nobody defines, are left out."""
    owners = {column: tag.name for tag in project.tags.values() for column in output_names(tag)}
    for column in columns:
        if column in project.clusterings:
            found["clusterings"].add(column)
        elif column in owners:
            found["tags"].add(owners[column])
        elif column in customer_types(project) and column != "customer_id":
            found["attributes"].add(column)


def reads_of(project: Project, when: When) -> dict[str, list[str]]:
    """What a condition names, by READS; what can't be read names nothing, and columns that nobody defines are left out."""
    found: dict[str, set[str]] = {kind: set() for kind in READS}
    try:
        named = references(when)
    except ExpressionError:
        return {kind: [] for kind in READS}
    _add_columns(project, found, named.columns)
    found["audiences"] |= named.audiences
    for leaf in _leaves(project, when):
        if isinstance(leaf, InList):
            found["lists"].add(leaf.name)
        elif isinstance(leaf, Behaviour):
            found["sources"].add(leaf.step.source)
        elif isinstance(leaf, Sequence):
            steps = (*leaf.steps, *((leaf.without,) if leaf.without is not None else ()))
            found["sources"] |= {step.source for step in steps}
    return {kind: sorted(names) for kind, names in found.items()}


def _leaves(project: Project, when: When) -> tuple[Any, ...]:
    try:
        return tuple(leaves(parse_condition(when, customer_types(project), sources_of_customers(project)).tree))
    except ExpressionError:
        return ()


def readers_of(project: Project, name: str) -> dict[str, list[str]]:
    """Which definitions name an audience, by READ_BY."""
    return {
        "audiences": sorted(a.name for a in project.audiences.values() if name in _named(a.condition)),
        "tags": sorted(
            t.name for t in project.tags.values() if not isinstance(t, FactTag) and name in tag_inputs(t)[1]
        ),
        "clusterings": sorted(
            c.name for c in project.clusterings.values() if c.within is not None and name in _named(c.within)
        ),
        "personas": sorted(p.name for p in project.personas.values() if name in p.audiences),
    }


def _named(when: When) -> frozenset[str]:
    try:
        return references(when).audiences
    except ExpressionError:
        return frozenset()
