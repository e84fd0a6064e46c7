"""One behaviour or sequence as one SELECT, for those who ask of it alone: the audience index and the sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time

from sqlglot import exp

from huaxiang.engines.aggregate_sql import aggregate_query
from huaxiang.engines.words import DuckdbWords
from huaxiang.plan import sql
from huaxiang.plan.behaviour import (
    ID,
    SourceRows,
    compared,
    in_window,
    measure_of,
    plan_sequence,
    time_range,
    without_rows,
)
from huaxiang.plan.conditions import Behaviour, Sequence
from huaxiang.plan.nodes import AggregateNode

_ROWS = "_rows"


@dataclass(frozen=True)
class Sets:
    """For whom a behaviour is true, false or unknown.

    `query` gives customer_id and `met` (BOOLEAN, never NULL), one row per customer whose result is not `otherwise`; all other
    customers, those without any row too, have `otherwise` (None: unknown). So the TRUE set is the rows that are met, and with
    `otherwise` True all customers whom the query does not name; the FALSE set likewise; with None, who is in neither is unknown.
    `inputs`: the logical tables it reads.
    """

    query: exp.Select
    otherwise: bool | None
    inputs: tuple[str, ...]


def behaviour_sets(
    part: Behaviour | Sequence, sources: Mapping[str, SourceRows], as_of: date, words: DuckdbWords | None = None
) -> Sets:
    """Plan a behaviour or a sequence over `sources` (by the names that it uses). Render with `to_duckdb`, or with `words` of Spark
    by `to_spark`; bind the logical tables with `bind_tables`.
    """
    if isinstance(part, Sequence):
        names = dict.fromkeys(s.source for s in (*part.steps, *((part.without,) if part.without else ())))
        query = plan_sequence(part, sources, as_of)
        return Sets(query.select(sql.named(exp.true(), "met")), False, tuple(sources[n].table for n in names))
    rows = sources[part.step.source]
    measured = _measured(part, rows, as_of, words or DuckdbWords())
    met = sql.named(compared(part, sql.column("_v"), rows), "met")
    found = exp.select(sql.column(ID), met).from_(measured.subquery("_a"))
    otherwise = without_rows(part)
    column = sql.column("met")
    differs: exp.Expression = sql.is_not_null(column)
    if otherwise is not None:
        differs = exp.Not(this=column) if otherwise else column
    query = exp.select(sql.column(ID), sql.column("met")).from_(found.subquery("_b")).where(differs)
    return Sets(query, otherwise, (rows.table,))


def behaviour_value(part: Behaviour, rows: SourceRows, as_of: date) -> exp.Select:
    """What a behaviour measures for one customer, whose ID is the query's parameter: customer_id and `_v`, no row where none counts."""
    return _measured(part, rows, as_of, DuckdbWords(), exp.EQ(this=sql.column(ID), expression=exp.Placeholder()))


def behaviour_values(part: Behaviour, rows: SourceRows, as_of: date) -> exp.Select:
    """What a behaviour measures for each customer: customer_id and `_v`; no row for those of whom none counts."""
    return _measured(part, rows, as_of, DuckdbWords())


def _measured(
    part: Behaviour, rows: SourceRows, as_of: date, words: DuckdbWords, only: exp.Expression | None = None
) -> exp.Select:
    """customer_id and `_v`, over the rows that count alone: the filter stands in the scan. `only`: a further filter of the rows."""
    measure = measure_of(part, rows, as_of, "_v")
    fields = tuple(dict.fromkeys((ID, *((rows.time,) if rows.time else ()), *((part.field,) if part.field else ()))))
    conditions: list[exp.Expression] = [only if only is not None else sql.is_not_null(sql.column(ID))]
    if rows.time is not None:
        conditions += in_window(sql.column(rows.time), time_range(part.window, as_of))
    if measure.where is not None:
        conditions.append(exp.paren(measure.where.copy()))
    counted = exp.select(*(sql.column(f) for f in fields)).from_(sql.table(rows.table)).where(*conditions)
    columns = tuple((f, rows.types[f]) for f in fields)
    moment = datetime.combine(as_of, time.min)
    node = AggregateNode(_ROWS, "", ID, rows.time, moment, columns, (replace(measure, where=None),))
    query = aggregate_query(node, words).with_(_ROWS, as_=counted)
    tables = query.find(exp.With)
    assert tables is not None  # it was just added
    tables.set("expressions", [tables.expressions[-1], *tables.expressions[:-1]])  # the others read it
    return query
