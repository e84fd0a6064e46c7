"""Profile 画像属性: attributes, one row per customer. Which of several values wins is declared (`pick`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlglot import exp

from huaxiang.plan import sql
from huaxiang.plan.nodes import AggregateNode, Measure, SqlStep, Step, TimeRange
from huaxiang.spec.models import AttributeSpec

ID = "customer_id"
ORDER = "_at"
FUNCTION = {
    "latest": "last",
    "earliest": "first",
    "most_frequent": "top",
    "minimum": "min",
    "maximum": "max",
    "union": "top_n",
}
UNION_SIZE = 50


@dataclass(frozen=True)
class CheckedAttribute:
    """An attribute whose expression has been checked: its tree and type over the source's fields."""

    spec: AttributeSpec
    value: exp.Expression
    type: str
    origin: str


@dataclass(frozen=True)
class SourceRows:
    """A source's unified rows: table, (column, type) pairs, and the column that dates a row (None when it has none)."""

    name: str
    table: str
    columns: tuple[tuple[str, str], ...]
    time: str | None


def plan_dated(rows: SourceRows) -> SqlStep:
    """Plan `dated__<source>`: rows of a source without dates, ordered by file and row through a made-up time `_at`."""
    micros = exp.Add(
        this=exp.Mul(this=exp.cast(sql.column("_file"), "BIGINT"), expression=sql.literal(10_000_000_000)),
        expression=exp.cast(sql.column("_row"), "BIGINT"),
    )
    seconds = exp.Div(this=micros, expression=sql.literal(1_000_000))
    moment = sql.call("to_timestamp", exp.cast(seconds, "DOUBLE"))
    query = exp.select(*(sql.column(c) for c, _ in rows.columns), sql.named(exp.cast(moment, "TIMESTAMP"), ORDER))
    return SqlStep(f"dated__{rows.name}", (rows.table,), query.from_(sql.table(rows.table)))


def plan_profile(
    attributes: Sequence[CheckedAttribute], sources: Mapping[str, SourceRows], as_of: datetime, end: datetime
) -> tuple[Step, ...]:
    """Plan table `profile`: customer_id and one column per attribute, in declared order. `end` is the first moment that doesn't count."""
    by_source: dict[str, list[CheckedAttribute]] = {}
    for attribute in attributes:
        by_source.setdefault(attribute.spec.source, []).append(attribute)
    steps: list[Step] = []
    for name, own in by_source.items():
        rows = sources[name]
        table, columns, time = rows.table, rows.columns, rows.time
        if time is None:
            steps.append(plan_dated(rows))
            table, columns, time = f"dated__{name}", (*rows.columns, (ORDER, "TIMESTAMP")), ORDER
        measures = tuple(_measure(a, end) for a in own)
        origin = tuple(a.origin for a in own)
        steps.append(AggregateNode(table, f"profile__{name}", ID, time, as_of, columns, measures, origin))
    steps.append(_join(attributes, tuple(by_source)))
    return tuple(steps)


def _measure(attribute: CheckedAttribute, end: datetime) -> Measure:
    spec = attribute.spec
    return Measure(
        spec.name,
        FUNCTION[spec.pick],
        TimeRange(None, end),
        of=attribute.value,
        of_type=attribute.type,
        n=UNION_SIZE,
        origin=attribute.origin,
    )


def _join(attributes: Sequence[CheckedAttribute], sources: Sequence[str]) -> SqlStep:
    query = exp.select(sql.column(ID, "c")).from_(sql.table("customers", "c"))
    for attribute in attributes:
        query = query.select(sql.column(attribute.spec.name, f"s{sources.index(attribute.spec.source)}"))
    for number, source in enumerate(sources):
        on = sql.column(ID, "c").eq(sql.column(ID, f"s{number}"))
        query = query.join(sql.table(f"profile__{source}", f"s{number}"), on=on, join_type="left")
    inputs = ("customers", *(f"profile__{s}" for s in sources))
    return SqlStep("profile", inputs, query, tuple(a.origin for a in attributes))
