"""Plans what customers did: behaviours as measures of aggregate nodes, sequences, samples and ranks as SELECTs. Pure.

Time: rows after the as-of day never count, nor do rows without a time where the source dates its rows. A window of n days is the
as-of day and the n - 1 days before it, as in statistic tags; `since` and `until` are whole days, both included.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence as Items
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
    query = _moments(part, sources, as_of)
    last = len(part.steps) - 1
    end: exp.Expression = sql.column(f"_s{last}")
    for number in range(last - 1, -1, -1):
        kept: list[exp.Expression] = [sql.column(c) for c in (ID, "_t", *(f"_s{n}" for n in range(number + 1)))]
        kept.append(_earliest_later(end, f"_e{number}"))
        if number == last - 1 and part.without is not None:
            kept.append(_earliest_later(sql.column("_w"), "_next_w"))
        elif part.without is not None:
            kept.append(sql.column("_next_w"))
        query = exp.select(*kept).from_(query.subquery("_m"))
        end = _when(sql.is_not_null(sql.column(f"_s{number}")), sql.column(f"_e{number}"))
    met: list[exp.Expression] = [sql.is_not_null(sql.column("_s0")), sql.is_not_null(sql.column("_e0"))]
    if part.within is not None:
        latest = exp.Add(
            this=sql.column("_t"),
            expression=exp.Interval(this=exp.Literal.string(str(part.within)), unit=exp.var("DAY")),
        )
        met.append(exp.LTE(this=sql.column("_e0"), expression=latest))
    if part.without is not None:
        none_before = exp.GTE(this=sql.column("_next_w"), expression=sql.column("_e0"))
        met.append(exp.paren(exp.Or(this=sql.is_null(sql.column("_next_w")), expression=none_before)))
    return exp.select(sql.column(ID)).distinct().from_(query.subquery("_m")).where(*met)


def _earliest_later(value: exp.Expression, name: str) -> exp.Alias:
    """The smallest value among the customer's strictly later moments. Ordered backwards, so that engines keep a running minimum."""
    window = exp.Window(
        this=exp.Min(this=value.copy()),
        partition_by=[sql.column(ID)],
        order=exp.Order(expressions=[exp.Ordered(this=sql.column("_t"), desc=True, nulls_first=False)]),
        spec=exp.WindowSpec(
            kind="ROWS", start="UNBOUNDED", start_side="PRECEDING", end=exp.Literal.number(1), end_side="PRECEDING"
        ),
    )
    return sql.named(window, name)


def _moments(part: Sequence, sources: Mapping[str, SourceRows], as_of: date) -> exp.Select:
    """One row per customer and moment: `_s<n>` is the moment where step n happened, `_w` where the forbidden did; else NULL."""
    steps = (*part.steps, *((part.without,) if part.without is not None else ()))
    names = [f"_s{n}" for n in range(len(part.steps))] + ["_w"] * (part.without is not None)
    window = time_range(part.window, as_of)
    scans = [
        _scan(name, steps, names, (sources[name], window, as_of)) for name in dict.fromkeys(s.source for s in steps)
    ]
    union: exp.Query = scans[0]
    for scan in scans[1:]:
        union = exp.union(union, scan, distinct=False)
    flags = [sql.named(exp.Max(this=sql.column(n)), n) for n in names]
    return (
        exp.select(sql.column(ID), sql.column("_t"), *flags)
        .from_(union.subquery("_r"))
        .group_by(sql.column(ID), sql.column("_t"))
    )


def _scan(source: str, steps: Items[Step], names: Items[str], read: tuple[SourceRows, TimeRange, date]) -> exp.Select:
    """The rows of one source that any step wants."""
    rows, window, as_of = read
    moment = sql.column(rows.time or "")
    columns: list[exp.Expression] = [sql.column(ID), sql.named(moment.copy(), "_t")]
    wanted: list[exp.Expression] = []
    for step, name in zip(steps, names, strict=True):
        if step.source != source:
            columns.append(sql.named(sql.null_of("TIMESTAMP"), name))
            continue
        met = rows_met(step, rows, as_of)
        wanted.append(exp.true() if met is None else met)
        columns.append(sql.named(moment.copy() if met is None else _when(met, moment), name))
    conditions = [sql.is_not_null(sql.column(ID)), *in_window(moment, window)]
    if not any(isinstance(w, exp.Boolean) for w in wanted):
        conditions.append(exp.paren(sql.any_of(exp.paren(w.copy()) for w in wanted)))
    return exp.select(*columns).from_(sql.table(rows.table)).where(*conditions)


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
