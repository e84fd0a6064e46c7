"""Profile 画像属性: attributes, one row per customer (or account). Which of several values wins is declared (`pick`).

An attribute of one source is a measure of that source's aggregation. One of several sources, or picked by length or declared order,
goes through two steps of its own (`huaxiang.plan.survivorship`), which also tell where the value comes from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlglot import exp

from huaxiang.plan import sql
from huaxiang.plan.nodes import AggregateNode, Measure, SqlStep, Step, TimeRange
from huaxiang.plan.survivorship import DECLINE, Contest, Origin, plan_said, plan_stands
from huaxiang.spec.models import AttributeSpec

ID = "customer_id"
ORDER = "_at"
FUNCTION = {
    "latest": "last",
    "trusted": "last",
    "earliest": "first",
    "most_frequent": "top",
    "minimum": "min",
    "maximum": "max",
    "union": "top_n",
}
"""Pick → measure, for attributes of one source: all its rows are trusted alike."""
UNION_SIZE = 50
PARTS = ("source", "at", "agree", "confidence")
"""What table `provenance` says of a value, as `<attribute>__<part>`."""


@dataclass(frozen=True)
class CheckedOrigin:
    """One source of an attribute: its checked expression over the source's fields, and how far it is trusted."""

    source: str
    value: exp.Expression
    trust: float


@dataclass(frozen=True)
class CheckedAttribute:
    """An attribute whose expressions have been checked: their trees, and the type of one value. `decline`: see AttributeSpec."""

    spec: AttributeSpec
    origins: tuple[CheckedOrigin, ...]
    type: str
    origin: str
    decline: float = DECLINE

    @property
    def contested(self) -> bool:
        """Whether its values compete in steps of their own, instead of in one measure."""
        return len(self.origins) > 1 or self.spec.pick not in FUNCTION

    @property
    def source(self) -> str:
        """The one source of an attribute that is not contested."""
        return self.origins[0].source


@dataclass(frozen=True)
class SourceRows:
    """A source's rows: table, (column, type) pairs, the column that dates a row (None when it has none), and whether the
    rows state facts of a person (then each value's date is kept) rather than behaviour.
    """

    name: str
    table: str
    columns: tuple[tuple[str, str], ...]
    time: str | None
    facts: bool = False


@dataclass(frozen=True)
class Grain:
    """Whose attributes: the key column of the sources, the table that lists all keys, and the table that is planned."""

    key: str = ID
    base: str = "customers"
    output: str = "profile"

    def table(self, part: str, name: str) -> str:
        """Logical name of a table on the way: `profile__members`, `profile__said__phone`."""
        return "__".join(x for x in (self.output, part, name) if x)


@dataclass(frozen=True)
class Until:
    """The day a build speaks of, and the first moment that doesn't count."""

    as_of: datetime
    end: datetime


CUSTOMERS = Grain()
ACCOUNTS = Grain("account_key", "account_keys", "accounts__facts")


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
    attributes: Sequence[CheckedAttribute], sources: Mapping[str, SourceRows], until: Until, grain: Grain = CUSTOMERS
) -> tuple[Step, ...]:
    """Plan `grain.output`: its key and one column per attribute, in declared order."""
    steps: list[Step] = []
    plain = [a for a in attributes if not a.contested]
    for name in dict.fromkeys(a.source for a in plain):
        steps += _plan_source([a for a in plain if a.source == name], sources[name], until, grain)
    for attribute in attributes:
        if attribute.contested:
            steps += _plan_contest(attribute, sources, until, grain)
    steps.append(_join(attributes, grain))
    return tuple(steps)


def _plan_source(own: Sequence[CheckedAttribute], rows: SourceRows, until: Until, grain: Grain) -> list[Step]:
    """Plan all plain attributes of one source in one aggregation."""
    steps: list[Step] = []
    table, columns, time = rows.table, rows.columns, rows.time
    measures = [_measure(a, until.end) for a in own]
    if time is None:
        steps.append(plan_dated(rows))
        table, columns, time = f"dated__{rows.name}", (*rows.columns, (ORDER, "TIMESTAMP")), ORDER
    elif rows.facts:
        measures += [_date(a, time, until.end) for a in own]
    origin = tuple(a.origin for a in own)
    output = grain.table("", rows.name)
    return [*steps, AggregateNode(table, output, grain.key, time, until.as_of, columns, tuple(measures), origin)]


def _measure(attribute: CheckedAttribute, end: datetime) -> Measure:
    spec = attribute.spec
    return Measure(
        spec.name,
        FUNCTION[spec.pick],
        TimeRange(None, end),
        of=attribute.origins[0].value,
        of_type=attribute.type,
        n=UNION_SIZE,
        origin=attribute.origin,
    )


def _date(attribute: CheckedAttribute, time: str, end: datetime) -> Measure:
    """When the value was stated: its first row for `earliest`, else the newest row that has a value."""
    function = "min" if attribute.spec.pick == "earliest" else "max"
    known = sql.is_not_null(sql.parenthesised(attribute.origins[0].value))
    moment = exp.cast(sql.column(time), "TIMESTAMP")
    name = _date_column(attribute.spec.name)
    return Measure(
        name, function, TimeRange(None, end), of=moment, of_type="TIMESTAMP", where=known, origin=attribute.origin
    )


def _date_column(name: str) -> str:
    return f"_at__{name}"


def _plan_contest(
    attribute: CheckedAttribute, sources: Mapping[str, SourceRows], until: Until, grain: Grain
) -> list[Step]:
    spec = attribute.spec
    origins = tuple(
        Origin(o.source, sources[o.source].table, o.value, o.trust, sources[o.source].time) for o in attribute.origins
    )
    contest = Contest(
        spec.name, grain.key, spec.pick, attribute.type, origins, spec.order, attribute.decline, attribute.origin
    )
    said, stands = grain.table("said", spec.name), grain.table("stands", spec.name)
    steps: list[Step] = [plan_said(contest, said, until.end), plan_stands(contest, said, stands, until.as_of.date())]
    if spec.pick == "union":
        columns = ((grain.key, "VARCHAR"), ("value", attribute.type), ("rows", "BIGINT"))
        every = Measure(
            "value", "top_n", TimeRange(None, until.end), of=sql.column("value"), of_type=attribute.type, by=sql.column("rows"),
            by_type="BIGINT", n=UNION_SIZE, origin=attribute.origin,
        )  # fmt: skip
        output = grain.table("all", spec.name)
        steps.append(AggregateNode(said, output, grain.key, None, until.as_of, columns, (every,), (attribute.origin,)))
    return steps


def _value_table(attribute: CheckedAttribute, grain: Grain) -> tuple[str, str]:
    """Where the value of an attribute lies: table and column."""
    spec = attribute.spec
    if not attribute.contested:
        return grain.table("", attribute.source), spec.name
    return grain.table("all" if spec.pick == "union" else "stands", spec.name), "value"


def _join(attributes: Sequence[CheckedAttribute], grain: Grain) -> SqlStep:
    columns = [(*_value_table(a, grain), a.spec.name) for a in attributes]
    return _joined(grain, grain.output, columns, tuple(a.origin for a in attributes))


def _joined(grain: Grain, output: str, columns: Sequence[tuple[str, str, str]], origin: tuple[str, ...]) -> SqlStep:
    """Every key with columns (table, column, new name) of tables that have it once or not at all."""
    tables = list(dict.fromkeys(t for t, _, _ in columns))
    query = exp.select(sql.column(grain.key, "c")).from_(sql.table(grain.base, "c"))
    for table, column, name in columns:
        query = query.select(sql.named(sql.column(column, f"s{tables.index(table)}"), name))
    for number, table in enumerate(tables):
        on = sql.column(grain.key, "c").eq(sql.column(grain.key, f"s{number}"))
        query = query.join(sql.table(table, f"s{number}"), on=on, join_type="left")
    return SqlStep(output, (grain.base, *tables), query, origin)


def plan_provenance(
    attributes: Sequence[CheckedAttribute], sources: Mapping[str, SourceRows], output: str, grain: Grain = CUSTOMERS
) -> SqlStep | None:
    """Plan `output`: the key, and for each contested attribute its PARTS, for each other stated fact `source` and `at`.

    Reads what `plan_profile` left; None when no attribute has a provenance to tell.
    """
    columns: list[tuple[str, str, str]] = []
    facts: dict[str, tuple[str, exp.Expression]] = {}
    for attribute in attributes:
        name = attribute.spec.name
        if attribute.contested:
            table = grain.table("stands", name)
            columns += [(table, part, f"{name}__{part}") for part in PARTS]
        elif sources[attribute.source].facts:
            table = grain.table("", attribute.source)
            columns += [(table, name, f"{name}__source")]
            columns += [(table, _date_column(name), f"{name}__at")] if sources[attribute.source].time else []
            facts[f"{name}__source"] = ("source", sql.literal(attribute.source))
            facts[f"{name}__at"] = ("at", exp.null())
    if not columns:
        return None
    step = _joined(grain, output, columns, tuple(a.origin for a in attributes))
    assert isinstance(step.query, exp.Select)
    step.query.set("expressions", [_told(e, facts) for e in step.query.expressions])
    return step


def _told(column: exp.Expression, facts: Mapping[str, tuple[str, exp.Expression]]) -> exp.Expression:
    """A plain fact's value gives way to the name of its source, and its moment to the day."""
    kind, name = facts.get(column.alias, (None, exp.null()))
    if kind == "source":
        known = sql.is_not_null(column.this.copy())
        return sql.named(sql.case([(known, name)]), column.alias)
    return sql.named(exp.cast(column.this.copy(), "DATE"), column.alias) if kind == "at" else column
