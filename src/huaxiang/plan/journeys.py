"""Plans which rows of which sources are the steps of a funnel, the events of a cohort, or the nodes of a path. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlglot import exp

from huaxiang.plan import sql
from huaxiang.plan.behaviour import ID, SourceRows, in_window, rows_met
from huaxiang.plan.conditions import Step
from huaxiang.plan.nodes import TimeRange

MOMENT, NUMBER, VALUE = "_t", "_n", "_v"
"""Columns of the queries below: the moment, the number of the step, the value of its field as text."""


@dataclass(frozen=True)
class EventStep:
    """Rows of a dated source that meet a condition; `by`: the field whose value tells one event from another, None for all alike."""

    step: Step
    by: str | None = None


def plan_events(
    steps: Sequence[EventStep], sources: Mapping[str, SourceRows], as_of: date, since: date | None = None
) -> exp.Query:
    """SELECT customer_id, `_t` (TIMESTAMP), `_n` (which step, from 0), `_v` (text or NULL): one row for each row that a step is met by.

    Rows after the as-of day, without a time or without a customer never count; `since`: nor do those of the days before. A row that
    meets several steps comes once for each. Every source must have a time.
    """
    start = None if since is None else datetime.combine(since, time.min)
    window = TimeRange(start, datetime.combine(as_of + timedelta(days=1), time.min))
    scans = [_scan(one, number, sources[one.step.source], window, as_of) for number, one in enumerate(steps)]
    union: exp.Query = scans[0]
    for scan in scans[1:]:
        union = exp.union(union, scan, distinct=False)
    return union


def _scan(one: EventStep, number: int, rows: SourceRows, window: TimeRange, as_of: date) -> exp.Select:
    assert rows.time is not None  # who calls has checked it
    moment = sql.column(rows.time)
    met = rows_met(one.step, rows, as_of)
    conditions = [sql.is_not_null(sql.column(ID)), *in_window(moment, window)]
    conditions += [] if met is None else [exp.paren(met)]
    text = exp.DataType.build("VARCHAR")
    value = exp.cast(sql.column(one.by) if one.by is not None else exp.Null(), text)
    return (
        exp.select(
            sql.column(ID), sql.named(exp.cast(moment.copy(), exp.DataType.build("TIMESTAMP", dialect="duckdb")), MOMENT),
            sql.named(exp.Literal.number(number), NUMBER), sql.named(value, VALUE),
        )
        .from_(sql.table(rows.table))
        .where(*conditions)
    )  # fmt: skip


# Figures of all rows of the steps, without a column for each row


def plan_spans(rows: exp.Query) -> exp.Query:
    """SELECT customer_id, the first moment and the last one."""
    ends = [
        sql.named(function(this=sql.column(MOMENT)), name) for function, name in ((exp.Min, "first"), (exp.Max, "last"))
    ]
    return exp.select(sql.column(ID), *ends).from_(rows.subquery("_e")).group_by(sql.column(ID))


def plan_months(rows: exp.Query) -> exp.Query:
    """SELECT `_m` (first day of a month), `customers` with a row in it."""
    customers = sql.named(exp.Count(this=exp.Distinct(expressions=[sql.column(ID)])), "customers")
    return exp.select(sql.column("_m"), customers).from_(_by_month(rows)).group_by(sql.column("_m"))


def plan_orders(rows: exp.Query) -> exp.Query:
    """SELECT `_m`, `orders` (rows), `buyers` (customers), `revenue` (sum of the values as numbers)."""
    amount = exp.cast(sql.column(VALUE), exp.DataType.build("DECIMAL(38, 4)", dialect="duckdb"))
    return (
        exp.select(
            sql.column("_m"), sql.named(exp.Count(this=exp.Star()), "orders"),
            sql.named(exp.Count(this=exp.Distinct(expressions=[sql.column(ID)])), "buyers"), sql.named(exp.Sum(this=amount), "revenue"),
        )
        .from_(_by_month(rows))
        .group_by(sql.column("_m"))
    )  # fmt: skip


def _by_month(rows: exp.Query) -> exp.Subquery:
    month = exp.TimestampTrunc(this=sql.column(MOMENT), unit=exp.var("MONTH"))
    kept = (sql.column(ID), sql.named(exp.cast(month, exp.DataType.build("DATE")), "_m"), sql.column(VALUE))
    return exp.select(*kept).from_(rows.subquery("_e")).subquery("_b")
