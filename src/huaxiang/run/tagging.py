"""Runs profile and tag: checks every expression against the tables as they are, plans, and computes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from sqlglot import exp

from huaxiang.plan import sql
from huaxiang.plan.columns import customer_types, field_types, tag_order, time_field
from huaxiang.plan.expr import IN_AUDIENCE, CheckedExpression, check_expression
from huaxiang.plan.nodes import SqlStep
from huaxiang.plan.predicate import parse_condition
from huaxiang.run import profiling
from huaxiang.run.context import AsOf, Build
from huaxiang.spec.loader import Project
from huaxiang.spec.models import BandsTag, ExpressionTag, LayeredTag, RuleTag, StatisticTag, Tag
from huaxiang.stages import tag
from huaxiang.stages.identify import unified_table
from huaxiang.stages.tag_values import CheckedValues
from huaxiang.stages.unify import clean_table


def origin_of(project: Project, kind: str, name: str) -> str:
    """`tag high_value · tags/value.yaml:3`."""
    singular = {"tags": "tag", "attributes": "attribute", "audiences": "audience"}[kind]
    return f"{singular} {name} · {project.place(kind, name)}"


def check_statistics(project: Project, as_of: AsOf) -> tuple[tag.CheckedStatistic, ...]:
    """Statistic tags with their checked expressions, in declared order."""
    return tuple(
        check_statistic(project, t, as_of)
        for t in project.tags.values()
        if isinstance(t, StatisticTag) and t.status == "online"
    )


def check_statistic(project: Project, spec: StatisticTag, as_of: AsOf) -> tag.CheckedStatistic:
    """A statistic tag with its checked expressions."""
    types = field_types(project, project.sources[spec.source])

    def expression(text: str | None, *, boolean: bool = False) -> CheckedExpression | None:
        return check_expression(text, types, boolean=boolean) if text is not None else None

    def tree(checked: CheckedExpression | None) -> exp.Expression | None:
        return as_of.bind(checked.ast) if checked is not None else None

    of, by = expression(spec.of), expression(spec.by)
    where, share = expression(spec.where, boolean=True), expression(spec.share_of, boolean=True)
    return tag.CheckedStatistic(
        spec, of=tree(of), of_type=of.type if of else None, by=tree(by), by_type=by.type if by else None,
        where=tree(where), share_of=tree(share), origin=origin_of(project, "tags", spec.name),
    )  # fmt: skip


def check_values(project: Project, spec: Tag, types: Mapping[str, str], as_of: AsOf) -> CheckedValues:
    """Checked trees of a computed tag over attributes and tags, as of a day."""

    def condition(when: str | dict[str, object]) -> exp.Expression:
        return condition_tree(project, when, types, as_of)

    def value(text: str) -> exp.Expression:
        return as_of.bind(check_expression(text, types).ast)

    match spec:
        case RuleTag():
            return CheckedValues((condition(spec.when),))
        case LayeredTag():
            return CheckedValues(tuple(condition(layer.when) for layer in spec.layers))
        case ExpressionTag():
            return CheckedValues((value(spec.value),))
        case BandsTag():
            return CheckedValues((value(spec.of),))
    return CheckedValues()


def condition_tree(
    project: Project, when: str | dict[str, object], types: Mapping[str, str], as_of: AsOf
) -> exp.Expression:
    """A condition as SQL over attributes and tags, as of a day, with the audiences it names put in place."""
    tree = as_of.bind(parse_condition(when, types).ast)

    def expand(node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.Anonymous) and node.name.upper() == IN_AUDIENCE:
            inner = condition_tree(project, project.audiences[node.expressions[0].name].condition, types, as_of)
            return exp.Coalesce(this=exp.paren(inner), expressions=[exp.false()])
        return node

    return tree.transform(expand)


def draw_profile(build: Build, sources: tuple[str, ...], as_of: AsOf) -> None:
    """Leave table `profile`; see `huaxiang.run.profiling`."""
    profiling.draw_profile(build, profiling.Rows(sources), as_of)


def compute_tags(build: Build, as_of: AsOf) -> Mapping[str, str]:
    """Leave table `tags`: profile and every tag that is online. Return the SQL of each tag on its own, for people to read."""
    project = build.project
    statistics = check_statistics(project, as_of)
    rows = {}
    for name in dict.fromkeys(s.spec.source for s in statistics):
        columns = tuple(build.engine.types(unified_table(name)).items())
        rows[name] = tag.TagRows(unified_table(name), columns, time_field(project.sources[name]))
    steps = [*tag.plan_statistics(statistics, rows, as_of.moment, as_of.end)]
    types = customer_types(project)
    levels = [[project.tags[n] for n in level if project.tags[n].status == "online"] for level in tag_order(project)]
    levels = [[t for t in level if not isinstance(t, StatisticTag)] for level in levels]
    computed = [t for level in levels for t in level]
    checked = {t.name: check_values(project, t, types, as_of) for t in computed}
    origins = {t.name: origin_of(project, "tags", t.name) for t in computed}
    build.run("tag", [*steps, *tag.plan_levels([level for level in levels if level], checked, origins)])
    alone = tag.plan_each(statistics, rows, as_of.moment, as_of.end) | tag.plan_each_computed(
        computed, checked, origins
    )
    return {name: build.engine.sql(step) for name, step in alone.items()}


def resolve_as_of(build: Build, asked: date | None, today: date) -> AsOf:
    """The as-of day: as asked on the call, else as the project says (`today`, `data` or a date); never after today by `data`."""
    said = build.project.spec.as_of
    if asked is not None:
        return AsOf(asked)
    if said == "today":
        return AsOf(today)
    if said != "data":
        return AsOf(date.fromisoformat(said))
    latest = [d for d in (_latest(build, name, today) for name in build.project.sources) if d is not None]
    return AsOf(min(max(latest), today)) if latest else AsOf(today)


_AHEAD = timedelta(days=1)
"""How far a clock of another zone may be ahead of the project's day; rows dated later than that are faulty, and date nothing."""


def _latest(build: Build, name: str, today: date) -> date | None:
    """The newest day of a dated source, people and accounts too; a day beyond tomorrow is no day of the data (2099-12-31)."""
    source = build.project.sources[name]
    field = time_field(source)
    if field is None or source.entity == "reference":
        return None
    day = exp.cast(sql.column(field), "DATE")
    query = (
        exp.select(sql.named(exp.Max(this=day), "latest"))
        .from_(sql.table(clean_table(name)))
        .where(day.copy() <= exp.cast(sql.literal((today + _AHEAD).isoformat()), "DATE"))
    )
    build.engine.run(SqlStep(f"latest__{name}", (clean_table(name),), query))
    found: date | None = build.engine.fetch(f"latest__{name}").column("latest")[0].as_py()
    return found
