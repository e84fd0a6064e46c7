"""Steps of a plan: pure, frozen and engine-free. A planner returns them; `huaxiang.run` hands them to an engine.

Tables are named logically (`unified__transactions`, `profile`, `tags_1`); where they lie is known to the runner alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlglot import exp


@dataclass(frozen=True)
class SqlStep:
    """Compute table `output` by one SELECT over the logical tables `inputs`. `origin` names the definitions: `tag x · tags/a.yaml:3`."""

    output: str
    inputs: tuple[str, ...]
    query: exp.Query
    origin: tuple[str, ...] = ()


@dataclass(frozen=True)
class TimeRange:
    """Half-open stretch of time [start, end); `start` None = since ever. `end` is always given: nothing after the as-of day counts."""

    start: datetime | None
    end: datetime


@dataclass(frozen=True)
class Measure:
    """One statistic of an AggregateNode.

    `function` is one of spec.models.Function. `of`, `by`, `where`, `share_of` are checked DuckDB-dialect expressions over the
    columns of the source; `of_type` / `by_type` are DuckDB type names of their values. `empty` is the value for customers
    without a row that counts (None = NULL).

    What each function means, over the rows of one customer inside `window` that meet `where` (NULL `of` never counts):
    count: rows (of None) or rows with non-null `of` · distinct: distinct `of` · sum, min, max, mean, median (linear
    interpolation), stddev (sample; NULL below 2 rows) · first, last: `of` of the earliest / latest row (ties: smallest `of`)
    · top: the `of` with the largest sum of `by` (or most rows), ties: smallest `of`; only `of` whose weight is > 0 · top_n: list
    of the n such, in that order · share: sum(`of`) over rows meeting `share_of` ÷ sum(`of`) over all (rows counted when `of` is
    None); NULL when the total is not > 0 · top_share: weight of the top value ÷ weight of all (positive weights)
    · days_since_first / _last: whole days from the day of the earliest / latest row to the as-of day
    · active_days: distinct days with a row · cycle: (latest day − earliest day) ÷
    (active days − 1), NULL below 2 active days.
    """

    name: str
    function: str
    window: TimeRange
    of: exp.Expression | None = None
    of_type: str | None = None
    by: exp.Expression | None = None
    by_type: str | None = None
    where: exp.Expression | None = None
    share_of: exp.Expression | None = None
    n: int = 3
    empty: int | float | bool | str | None = None
    origin: str = ""


@dataclass(frozen=True)
class AggregateNode:
    """All statistic tags over one source: one typed node that stays typed until an engine runs it.

    Output table: `key` (one row per distinct non-null key of the source, any order) and one column per measure, in order.
    `time` is the TIMESTAMP column (None when the source has none: then only windowless measures without time meaning occur).
    Every measure is computed from mergeable state: counters, exact sums, extremes, histograms.
    Numbers that are DOUBLE are summed as DECIMAL(38,8), so that the result does not depend on the order of rows.
    Result types: count, distinct, days_since_*, active_days BIGINT · sum DECIMAL or BIGINT as `of` (DOUBLE for DOUBLE)
    · mean, median, stddev, share, top_share, cycle DOUBLE · min, max, first, last, top as `of` · top_n list of `of`.
    """

    source: str
    output: str
    key: str
    time: str | None
    as_of: datetime
    columns: tuple[tuple[str, str], ...]
    """(column, DuckDB type) of the source table."""
    measures: tuple[Measure, ...]
    origin: tuple[str, ...] = field(default=())


Step = SqlStep | AggregateNode
