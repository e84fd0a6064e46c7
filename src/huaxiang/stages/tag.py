"""Tag 标签: plans every tag. All statistic tags over one source become one AggregateNode; the others follow in levels of dependency."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlglot import exp

from huaxiang.plan import sql
from huaxiang.plan.nodes import AggregateNode, Measure, SqlStep, Step, TimeRange
from huaxiang.spec.models import RfmTag, StatisticTag, Tag, Window
from huaxiang.stages.tag_values import CheckedValues, edges_table, outputs_of, plan_rfm_edges

ID = "customer_id"
ZERO_WHEN_EMPTY = frozenset({"count", "distinct", "sum", "active_days"})


@dataclass(frozen=True)
class CheckedStatistic:
    """A statistic tag whose expressions have been checked. Trees and types are over the source's fields."""

    spec: StatisticTag
    of: exp.Expression | None
    of_type: str | None
    by: exp.Expression | None
    by_type: str | None
    where: exp.Expression | None
    share_of: exp.Expression | None
    origin: str


@dataclass(frozen=True)
class TagRows:
    """The rows that statistics over one source read."""

    table: str
    columns: tuple[tuple[str, str], ...]
    time: str | None


def parse_window(window: str | Window | None) -> Window | None:
    """`90d` → Window(days=90). Raises ValueError when it is neither that form nor a window."""
    if window is None or isinstance(window, Window):
        return window
    found = re.fullmatch(r"\s*(\d{1,5})\s*d\s*", window)
    if not found or int(found[1]) < 1:
        raise ValueError("a window is a number of days such as 90d, or {days: 90, offset: 90}")
    return Window(days=int(found[1]))


def time_range(window: Window | None, end: datetime) -> TimeRange:
    """The window as half-open time; `end` is midnight after the as-of day. 90d = the as-of day and the 89 days before it."""
    if window is None:
        return TimeRange(None, end)
    last = end - timedelta(days=window.offset)
    return TimeRange(last - timedelta(days=window.days), last)


def plan_statistics(
    statistics: Sequence[CheckedStatistic], rows: Mapping[str, TagRows], as_of: datetime, end: datetime
) -> tuple[Step, ...]:
    """Plan one aggregate per source, then table `tags_0`: profile and all statistics, one row per customer."""
    by_source: dict[str, list[CheckedStatistic]] = {}
    for statistic in statistics:
        by_source.setdefault(statistic.spec.source, []).append(statistic)
    steps: list[Step] = []
    for source, own in by_source.items():
        read = rows[source]
        measures = tuple(_measure(s, end) for s in own)
        origin = tuple(s.origin for s in own)
        steps.append(
            AggregateNode(read.table, f"statistics__{source}", ID, read.time, as_of, read.columns, measures, origin)
        )
    steps.append(_join(statistics, tuple(by_source)))
    return tuple(steps)


def _measure(tag: CheckedStatistic, end: datetime) -> Measure:
    spec = tag.spec
    return Measure(
        spec.name, spec.measure, time_range(parse_window(spec.window), end), of=tag.of, of_type=tag.of_type, by=tag.by, by_type=tag.by_type,
        where=tag.where, share_of=tag.share_of, n=spec.n, empty=spec.empty, origin=tag.origin,
    )  # fmt: skip


def _join(statistics: Sequence[CheckedStatistic], sources: Sequence[str]) -> SqlStep:
    query = exp.select(exp.Column(this=exp.Star(), table=exp.to_identifier("p", quoted=True))).from_(
        sql.table("profile", "p")
    )
    for tag in statistics:
        value: exp.Expression = sql.column(tag.spec.name, f"s{sources.index(tag.spec.source)}")
        empty = tag.spec.empty if tag.spec.empty is not None else (0 if tag.spec.measure in ZERO_WHEN_EMPTY else None)
        if empty is not None:
            value = exp.Coalesce(this=value, expressions=[sql.literal(empty)])
        query = query.select(sql.named(value, tag.spec.name))
    for number, source in enumerate(sources):
        on = sql.column(ID, "p").eq(sql.column(ID, f"s{number}"))
        query = query.join(sql.table(f"statistics__{source}", f"s{number}"), on=on, join_type="left")
    inputs = ("profile", *(f"statistics__{s}" for s in sources))
    return SqlStep("tags_0", inputs, query, tuple(t.origin for t in statistics))


def plan_levels(
    levels: Sequence[Sequence[Tag]], checked: Mapping[str, CheckedValues], origins: Mapping[str, str]
) -> tuple[SqlStep, ...]:
    """Plan the tags that are computed from other tags: `tags_1`, `tags_2`, … and last `tags`."""
    steps: list[SqlStep] = []
    before = "tags_0"
    number = 0
    for level in levels:
        added: list[exp.Expression] = []
        joins: list[str] = []
        scored: list[exp.Expression] = []
        for tag in level:
            own = outputs_of(tag, checked[tag.name])
            if isinstance(tag, RfmTag):
                steps.append(plan_rfm_edges(tag, before, origins[tag.name]))
                joins.append(steps[-1].output)
                scored.extend(sql.named(v, n) for n, v in own.later)
            added.extend(sql.named(v, n) for n, v in own.now)
        number += 1
        origin = tuple(origins[t.name] for t in level)
        steps.append(_level(f"tags_{number}", before, joins, added, origin))
        before = f"tags_{number}"
        if scored:
            number += 1
            steps.append(
                _split_level(f"tags_{number}", before, [t for t in level if isinstance(t, RfmTag)], scored, origins)
            )
            before = f"tags_{number}"
    steps.append(SqlStep("tags", (before,), exp.select(exp.Star()).from_(sql.table(before))))
    return tuple(steps)


def _level(
    output: str, before: str, joins: Sequence[str], added: Sequence[exp.Expression], origin: tuple[str, ...]
) -> SqlStep:
    query = exp.select(exp.Column(this=exp.Star(), table=exp.to_identifier("t", quoted=True)), *added).from_(
        sql.table(before, "t")
    )
    for edges in joins:
        query = query.join(sql.table(edges, edges), join_type="cross")
    return SqlStep(output, (before, *joins), query, origin)


def _split_level(
    output: str, before: str, tags: Sequence[RfmTag], scored: Sequence[exp.Expression], origins: Mapping[str, str]
) -> SqlStep:
    """The eight classes need the means of the scores, so they come one level after the scores."""
    query = exp.select(exp.Column(this=exp.Star(), table=exp.to_identifier("t", quoted=True)), *scored).from_(
        sql.table(before, "t")
    )
    for tag in tags:
        means = exp.select(
            *(
                sql.named(call, f"{tag.name}_{part}_{what}")
                for part in "rfm"
                for what, call in (
                    ("total", exp.Sum(this=exp.cast(sql.column(f"{tag.name}_{part}"), "BIGINT"))),
                    ("count", exp.Count(this=sql.column(f"{tag.name}_{part}"))),
                )
            )
        ).from_(sql.table(before))
        query = query.join(means.subquery(f"{tag.name}_means"), join_type="cross")
        query = query.join(sql.table(edges_table(tag), f"{tag.name}_split"), join_type="cross")
    return SqlStep(output, (before, *(edges_table(t) for t in tags)), query, tuple(origins[t.name] for t in tags))


def plan_each(
    statistics: Sequence[CheckedStatistic], rows: Mapping[str, TagRows], as_of: datetime, end: datetime
) -> dict[str, Step]:
    """Plan each statistic on its own: what a person sees as its SQL. Never run by a build."""
    steps: dict[str, Step] = {}
    for tag in statistics:
        read = rows[tag.spec.source]
        steps[tag.spec.name] = AggregateNode(
            read.table, tag.spec.name, ID, read.time, as_of, read.columns, (_measure(tag, end),), (tag.origin,)
        )
    return steps


def plan_each_computed(
    tags: Sequence[Tag], checked: Mapping[str, CheckedValues], origins: Mapping[str, str]
) -> dict[str, Step]:
    """Plan each computed tag on its own over the table of tags: what a person sees as its SQL. Never run by a build."""
    steps: dict[str, Step] = {}
    for tag in tags:
        own = outputs_of(tag, checked[tag.name])
        columns = [sql.named(v.copy(), n) for n, v in (*own.now, *own.later)]
        query = exp.select(sql.column(ID), *columns).from_(sql.table("customers"))
        steps[tag.name] = SqlStep(tag.name, ("customers",), query, (origins[tag.name],))
    return steps
