"""Retention 留存: of the customers who first did something in a period, how many came back later."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from huaxiang.app.analysis.events import Asked, EventAsked, ask, day_number, day_of, read_events, share, within
from huaxiang.store.snapshots import Snapshot

if TYPE_CHECKING:
    from huaxiang.learn.journeys import Calendar, Cohorts, Unit

RETENTION_KEYS = (
    "snapshot", "as_of", "audience", "customers", "unit", "kind", "periods", "first", "return", "cohorts", "mean",
)  # fmt: skip
COHORT_KEYS = ("begin", "end", "size", "cells")
CELL_KEYS = ("period", "count", "share", "complete")
MOST_PERIODS = 60
MOST_COHORTS = 120
Kind = Literal["bounded", "unbounded"]


@dataclass(frozen=True)
class RetentionAsked:
    """`first` puts a customer into a cohort, `again` is coming back; the last `cohorts` periods up to the as-of day are told."""

    first: EventAsked
    again: EventAsked
    unit: Unit = "month"
    periods: int = 6
    cohorts: int = 12
    kind: Kind = "bounded"


def retention(snapshot: Snapshot, audience: str | None, question: RetentionAsked) -> dict[str, Any]:
    """Return RETENTION_KEYS: cohorts by the calendar period of each customer's first event, and shares that came back.

    A cell of period k counts customers with a return strictly after their first event, in the k-th period after that of the cohort
    (bounded), or in it or any later one up to the as-of day (unbounded). `count` is None where the period has not begun by the as-of day;
    `complete` is false where it has not ended. `mean`: all cohorts whose period k is complete, together: {period, count, size, share}.
    Raises UsageError, ExpressionError.
    """
    import numpy as np

    from huaxiang.learn.journeys import Calendar, period_of

    periods = within(question.periods, 1, MOST_PERIODS, ("the number of periods", "期数"))
    number = within(question.cohorts, 1, MOST_COHORTS, ("the number of cohorts", "批次数"))
    asked = ask(snapshot, audience)
    last = int(period_of(np.array([_moment(asked.as_of)]), question.unit)[0])
    found = _cohorts(asked, question, Calendar(question.unit, periods, last - number + 1, last))
    rows = [_row(found, at, question.unit, asked.as_of) for at in range(len(found.begins))]
    while rows and not rows[0]["size"]:
        rows.pop(0)
    return {
        **asked.head(), "unit": question.unit, "kind": question.kind, "periods": periods, "first": asked.told(question.first),
        "return": asked.told(question.again), "cohorts": rows, "mean": _mean(rows, periods),
    }  # fmt: skip


def _cohorts(asked: Asked, question: RetentionAsked, calendar: Calendar) -> Cohorts:
    """The cohorts: by the journey index, or by the rows that the engine reads where it can't tell."""
    from huaxiang.app.analysis.streams import members_of, streams_of
    from huaxiang.learn import journeys, streams

    unbounded, both = question.kind == "unbounded", (question.first, question.again)
    told = streams_of(asked, both, once=True)
    if told is not None:
        with suppress(streams.TooWide):
            first, again = (one.stream for one in told)
            return streams.retention(first, again, calendar, members_of(asked), unbounded=unbounded)
    events, _ = read_events(asked, both)
    first_events, again_events = events.only(events.kinds == 0), events.only(events.kinds == 1)
    return journeys.retention(first_events, again_events, calendar, unbounded=unbounded)


def _moment(day: date) -> int:
    from huaxiang.learn.journeys import DAY

    return day_number(day) * DAY


def _row(found: Cohorts, at: int, unit: Unit, as_of: date) -> dict[str, Any]:
    from huaxiang.learn.journeys import first_day

    begin, size = int(found.begins[at]), int(found.sizes[at])
    end = first_day(begin + 1, unit) - 1
    cells = []
    for k in range(1, found.returned.shape[1]):
        begun = first_day(begin + k, unit) <= day_number(as_of)
        complete = first_day(begin + k + 1, unit) - 1 <= day_number(as_of)
        count = int(found.returned[at, k]) if begun else None
        cells.append({
            "period": k, "count": count, "share": None if count is None else share(count, size), "complete": complete,
        })  # fmt: skip
    return {"begin": day_of(first_day(begin, unit)), "end": day_of(end), "size": size, "cells": cells}


def _mean(rows: list[dict[str, Any]], periods: int) -> list[dict[str, Any]]:
    told = []
    for k in range(1, periods + 1):
        there = [(row["size"], row["cells"][k - 1]) for row in rows]
        count = sum(cell["count"] for _, cell in there if cell["complete"])
        size = sum(size for size, cell in there if cell["complete"])
        told.append({"period": k, "count": count, "size": size, "share": share(count, size)})
    return told
