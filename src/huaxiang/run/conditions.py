"""Conditions of the project bound for a build: as of a day, with the audiences they name put in place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from huaxiang.errors import ExpressionError, Issue, Said, did_you_mean, did_you_mean_zh
from huaxiang.plan.columns import customer_types, sources_of_customers
from huaxiang.plan.condition_text import to_text, written
from huaxiang.plan.conditions import InList, Part, Top, parts_of
from huaxiang.plan.expr import IN_AUDIENCE
from huaxiang.plan.predicate import parse_condition
from huaxiang.run.context import AsOf
from huaxiang.spec.faults import definition
from huaxiang.spec.loader import Project
from huaxiang.spec.models import SQL_LIST
from huaxiang.store.lists import known_lists

When = str | dict[str, object]


@dataclass(frozen=True)
class BoundCondition:
    """A condition as SQL over attributes and tags. `parts`: what its marks stand for, by text, those within ranks too; `among`: the
    condition of each rank that has one, by the rank's text, bound likewise.
    """

    tree: exp.Expression
    parts: Mapping[str, Part]
    among: Mapping[str, exp.Expression]


def bind_condition(project: Project, when: When, as_of: AsOf) -> BoundCondition:
    """Bind a checked condition that may use behaviour, lists, samples and ranks."""
    condition = parse_condition(when, customer_types(project), sources_of_customers(project))
    parts: dict[str, Part] = dict(condition.parts)
    among: dict[str, exp.Expression] = {}
    inner: list[BoundCondition] = []
    for text, part in condition.parts.items():
        if isinstance(part, Top) and part.among is not None:
            bound = bind_condition(project, to_text(written(part.among)), as_of)
            among[text] = bound.tree
            inner.append(bound)

    def expand(node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.Anonymous) and node.name.upper() == IN_AUDIENCE:
            bound = bind_condition(project, project.audiences[node.expressions[0].name].condition, as_of)
            inner.append(bound)
            return exp.Coalesce(this=exp.paren(bound.tree), expressions=[exp.false()])
        return node

    tree = as_of.bind(condition.ast).transform(expand)
    for bound in inner:
        parts |= bound.parts
        among |= bound.among
    return BoundCondition(tree, parts, among)


def list_issues(project: Project) -> tuple[Issue, ...]:
    """Conditions that name a list which was not uploaded; definitions with other faults say nothing here."""
    known = known_lists(project.folder)
    whens = [(("audiences", a.name, "when"), a.condition) for a in project.audiences.values()]
    whens += [
        (("clusterings", c.name, "within"), c.within) for c in project.clusterings.values() if c.within is not None
    ]
    found = []
    for (kind, name, key), when in whens:
        for part in _parts(project, when):
            if isinstance(part, InList) and part.name not in known and not part.name.startswith(SQL_LIST):
                said = Said(
                    f'unknown list "{part.name}"{did_you_mean(part.name, known) or "; none was uploaded yet"}',
                    f"没有名为“{part.name}”的名单{did_you_mean_zh(part.name, known) or '；还没有上传过名单'}",
                )
                place, about = project.place(kind, name, key), definition(kind, name)
                found.append(Issue(place, "REF006", said, subject=(kind, name), about=about))
    return tuple(found)


def lists_named(project: Project) -> tuple[str, ...]:
    """The uploaded lists that audiences and clusterings speak of."""
    whens = [a.condition for a in project.audiences.values()]
    whens += [c.within for c in project.clusterings.values() if c.within is not None]
    parts = (part for when in whens for part in _parts(project, when))
    return tuple(sorted({part.name for part in parts if isinstance(part, InList)}))


def _parts(project: Project, when: When) -> tuple[Part, ...]:
    try:
        return parts_of(parse_condition(when, customer_types(project), sources_of_customers(project)).tree)
    except ExpressionError:
        return ()
