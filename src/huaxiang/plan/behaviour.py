"""Plans what customers did: behaviours as measures of aggregate nodes, sequences, samples and ranks as SELECTs. Pure.

Time: rows after the as-of day never count, nor do rows without a time where the source dates its rows. A window of n days is the
as-of day and the n - 1 days before it, as in statistic tags; `since` and `until` are whole days, both included.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlglot import exp

from huaxiang.plan import sql
from huaxiang.plan.condition_text import constant
from huaxiang.plan.condition_types import comparison, measure_type
from huaxiang.plan.conditions import MEASURE_CALLS, ZERO_WITHOUT_ROWS, Behaviour, Sample, Sequence, Step, Top, Window
from huaxiang.plan.expr import bind_as_of, check_expression
from huaxiang.plan.nodes import Measure, TimeRange

ID = "customer_id"
_HEX = 8
"""Hexadecimal digits of the digest that decide on a sample: shares are exact to 2^-32."""


@dataclass(frozen=True)
class SourceRows:
    """Where the rows of a source are: logical table, field → DuckDB type (with customer_id), and the field that dates them."""

    table: str
    types: Mapping[str, str]
    time: str | None = None


def time_range(window: Window, as_of: date) -> TimeRange:
    """The window as half-open time; its end is midnight after the as-of day, or after `until` when that is earlier."""
    end = as_of + timedelta(days=1)
    if window.days is not None:
        return TimeRange(_midnight(end - timedelta(days=window.days)), _midnight(end))
    until = end if window.until is None else min(end, date.fromisoformat(window.until) + timedelta(days=1))
    return TimeRange(None if window.since is None else _midnight(date.fromisoformat(window.since)), _midnight(until))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min)


def in_window(field: exp.Expression, window: TimeRange) -> list[exp.Expression]:
    """Conditions that a row's time lies in the window."""
    before: list[exp.Expression] = [exp.LT(this=field.copy(), expression=_moment(window.end))]
    if window.start is not None:
        before.insert(0, exp.GTE(this=field.copy(), expression=_moment(window.start)))
    return before


def _moment(at: datetime) -> exp.Cast:
    return exp.cast(exp.Literal.string(at.isoformat(sep=" ")), exp.DataType.build("TIMESTAMP", dialect="duckdb"))


def rows_met(step: Step, rows: SourceRows, as_of: date) -> exp.Expression | None:
    """The portable condition of a step over its source's fields; None when all rows count."""
    if step.where is None:
        return None
    return bind_as_of(check_expression(step.where, rows.types, boolean=True).ast, as_of)


# Behaviour


def measure_of(part: Behaviour, rows: SourceRows, as_of: date, name: str) -> Measure:
    """What a behaviour measures, as a measure of an AggregateNode over `rows`; customers without a row that counts get no value."""
    function = "active_days" if part.function == "days" else part.function
    return Measure(
        name,
        function,
        time_range(part.window, as_of),
        of=None if part.field is None else sql.column(part.field),
        of_type=None if part.field is None else rows.types[part.field],
        where=rows_met(part.step, rows, as_of),
    )


def compared(part: Behaviour, measured: exp.Expression, rows: SourceRows) -> exp.Expression:
    """The behaviour's comparison of what was measured (NULL for customers without rows), true, false or unknown."""
    kind = measure_type(part.function, None if part.field is None else rows.types[part.field])
    value = measured
    if part.function in ZERO_WITHOUT_ROWS:
        value = exp.Coalesce(
            this=measured, expressions=[exp.cast(exp.Literal.number(0), exp.DataType.build(kind, dialect="duckdb"))]
        )
    checked = comparison(part.function, part.op, constant(part.value), kind).ast
    name = MEASURE_CALLS[part.function]
    return checked.transform(lambda node: value.copy() if isinstance(node, exp.Column) and node.name == name else node)


def without_rows(part: Behaviour) -> bool | None:
    """What the behaviour is for a customer without a row that counts: 0 compared with the value, or unknown."""
    if part.function not in ZERO_WITHOUT_ROWS:
        return None
    value = float(part.value)  # compared with a number, as checked
    return {"=": value == 0, "!=": value != 0, "<": value > 0, "<=": value >= 0, ">": value < 0, ">=": value <= 0}[
        part.op
    ]


# Sequences


def plan_sequence(part: Sequence, sources: Mapping[str, SourceRows], as_of: date) -> exp.Select:
    """SELECT customer_id of those who did the sequence, each once.

    `sources`: by the names that the steps use. Each step lies strictly later than the one before: two rows of the same moment are
    no sequence. `within` n days: the last step at most n × 24 hours after the first. `without`: no such row strictly between the
    first and the last step. Exact: for every first step the earliest possible ends are tried, which decide both limits.
    """
    query: exp.Query = _rows_of_steps(part, sources, as_of)
    last = len(part.steps) - 1
    end: exp.Expression = _when(_is_step(last), sql.column("_t"))
    for number in range(last - 1, -1, -1):
        kept: list[exp.Expression] = [sql.column(c) for c in (ID, "_t", "_n")]
        kept.append(_earliest_later(end, "_e"))
        if number == last - 1 and part.without is not None:
            kept.append(_earliest_later(_when(_is_step(last + 1), sql.column("_t")), "_w"))
        elif part.without is not None:
            kept.append(sql.column("_w"))
        query = exp.select(*kept).from_(query.subquery("_m"))
        end = _when(_is_step(number), sql.column("_e"))
    met: list[exp.Expression] = [_is_step(0), sql.is_not_null(sql.column("_e"))]
    if part.within is not None:
        days = exp.Interval(this=exp.Literal.string(str(part.within)), unit=exp.var("DAY"))
        latest = exp.Add(this=sql.column("_t"), expression=days)
        met.append(exp.LTE(this=sql.column("_e"), expression=latest))
    if part.without is not None:
        none_before = exp.GTE(this=sql.column("_w"), expression=sql.column("_e"))
        met.append(exp.paren(exp.Or(this=sql.is_null(sql.column("_w")), expression=none_before)))
    return exp.select(sql.column(ID)).distinct().from_(query.subquery("_m")).where(*met)


def _is_step(number: int) -> exp.Expression:
    return exp.EQ(this=sql.column("_n"), expression=exp.Literal.number(number))


def _earliest_later(value: exp.Expression, name: str) -> exp.Alias:
    """The smallest value among the customer's strictly later rows of a later step.

    Ordered backwards, so that engines keep a running minimum. Of rows of one moment the earlier step comes first, so that it does
    not see the later one.
    """
    order = [
        exp.Ordered(this=sql.column("_t"), desc=True, nulls_first=False),
        exp.Ordered(this=sql.column("_n"), nulls_first=True),
    ]
    spec = exp.WindowSpec(
        kind="ROWS",
        start="UNBOUNDED",
        start_side="PRECEDING",
        end=exp.Literal.number(1),
        end_side="PRECEDING",
    )
    window = exp.Window(
        this=exp.Min(this=value.copy()), partition_by=[sql.column(ID)], order=exp.Order(expressions=order), spec=spec
    )
    return sql.named(window, name)


def _rows_of_steps(part: Sequence, sources: Mapping[str, SourceRows], as_of: date) -> exp.Query:
    """One row for each step that a row of a source meets: customer_id, moment `_t`, number `_n` of the step; `without` comes last."""
    steps = (*part.steps, *((part.without,) if part.without is not None else ()))
    window = time_range(part.window, as_of)
    scans = [_scan(step, number, sources[step.source], window, as_of) for number, step in enumerate(steps)]
    union: exp.Query = scans[0]
    for scan in scans[1:]:
        union = exp.union(union, scan, distinct=False)
    return union


def _scan(step: Step, number: int, rows: SourceRows, window: TimeRange, as_of: date) -> exp.Select:
    moment = sql.column(rows.time or "")
    met = rows_met(step, rows, as_of)
    conditions = [
        sql.is_not_null(sql.column(ID)),
        *in_window(moment, window),
        *([] if met is None else [exp.paren(met)]),
    ]
    named = sql.named(exp.Literal.number(number), "_n")
    return exp.select(sql.column(ID), sql.named(moment, "_t"), named).from_(sql.table(rows.table)).where(*conditions)


def _when(condition: exp.Expression, value: exp.Expression) -> exp.Case:
    return exp.Case(ifs=[exp.If(this=condition.copy(), true=value.copy())])


# Samples and ranks


def sample_condition(part: Sample, customer_id: exp.Expression) -> exp.Expression:
    """True for the customers in the sample: the first hexadecimal digits of md5(`seed:customer_id`) lie below the share of their range.

    A larger share holds the smaller one of the same seed.
    """
    bound = round(part.share * 16**_HEX)
    if bound >= 16**_HEX:
        return exp.true()
    text = exp.DPipe(this=exp.Literal.string(f"{part.seed}:"), expression=customer_id.copy(), safe=True)
    digits = exp.Substring(this=exp.MD5(this=text), start=exp.Literal.number(1), length=exp.Literal.number(_HEX))
    return exp.LT(this=digits, expression=exp.Literal.string(f"{bound:0{_HEX}x}"))


def plan_top(part: Top, among: exp.Expression | None, table: str) -> exp.Select:
    """SELECT customer_id of the ranked customers of `table`, which holds the column and those of `among`; equals by customer ID."""
    column = sql.column(part.column)
    order = [
        exp.Ordered(this=column.copy(), desc=not part.lowest, nulls_first=False),
        exp.Ordered(this=sql.column(ID), desc=False, nulls_first=False),
    ]
    query = exp.select(sql.column(ID)).from_(sql.table(table)).where(sql.is_not_null(column.copy()))
    if among is not None:
        query = query.where(exp.paren(among.copy()))
    return query.order_by(*order).limit(part.count)
