"""Funnels, retention and paths agree with a plain recomputation, customer by customer."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huaxiang.learn.journeys import DAY, END, NEVER, Calendar, Events, first_day, funnel, paths, period_of, retention

HOUR = DAY // 24
ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 12), st.integers(0, 2)), max_size=24)
"""Customer, moment, kind: few of each, so that ties and repeats are frequent."""


def events(rows: list[tuple[int, int, int]], unit: int = HOUR) -> Events:
    table = np.array(rows, dtype=np.int64).reshape(-1, 3)
    return Events(table[:, 0], table[:, 1] * unit, table[:, 2])


def best_try(rows: list[tuple[int, int]], steps: int, within: int) -> int:
    """Steps reached by trying every choice of rows (moment, kind)."""
    best = 0
    for length in range(1, steps + 1):
        choices = product(*([t for t, kind in rows if kind == step] for step in range(length)))
        if any(all(a < b for a, b in pairwise(c)) and c[-1] - c[0] <= within for c in choices):
            best = length
    return best


@settings(deadline=None)
@given(ROWS, st.integers(1, 6))
def test_a_funnel_counts_each_customer_once_by_the_best_try(rows: list[tuple[int, int, int]], within: int) -> None:
    found = funnel(events(rows), 3, within * HOUR)
    by_customer = defaultdict(list)
    for customer, moment, kind in rows:
        by_customer[customer].append((moment, kind))
    expected = {c: depth for c, own in by_customer.items() if (depth := best_try(own, 3, within))}
    assert dict(zip(found.customers.tolist(), found.depth.tolist(), strict=True)) == expected
    for moments, depth in zip(found.moments, found.depth, strict=True):
        assert (np.diff(moments[:depth]) > 0).all()
        assert moments[depth - 1] - moments[0] <= within * HOUR
        assert (moments[depth:] == NEVER).all()


def test_steps_of_one_moment_are_no_order() -> None:
    assert funnel(events([(0, 1, 0), (0, 1, 1)]), 2, DAY).depth.tolist() == [1]
    assert funnel(events([(0, 1, 0), (0, 2, 1)]), 2, DAY).depth.tolist() == [2]


def test_the_window_begins_anew_with_every_first_step() -> None:
    late = [(0, 0, 0), (0, 50, 0), (0, 51, 1)]
    assert funnel(events(late), 2, 2 * HOUR).depth.tolist() == [2]
    assert funnel(events(late), 2, 2 * HOUR, (0, HOUR)).depth.tolist() == [1], (
        "only the first try lies in the days asked for"
    )


def test_a_funnel_of_nobody() -> None:
    found = funnel(events([]), 3, DAY)
    assert len(found.customers) == 0
    assert found.moments.shape == (0, 3)


@pytest.mark.parametrize("unit", ["day", "week", "month"])
@given(moment=st.datetimes(datetime(1960, 1, 1), datetime(2040, 1, 1)))
def test_periods_are_those_of_the_calendar(unit: str, moment: datetime) -> None:
    micros = (moment - datetime(1970, 1, 1)) // timedelta(microseconds=1)
    number = int(period_of(np.array([micros]), unit)[0])  # type: ignore[arg-type]
    begin = {
        "day": moment.date(),
        "week": moment.date() - timedelta(days=moment.weekday()),
        "month": moment.date().replace(day=1),
    }[unit]
    assert datetime(1970, 1, 1, tzinfo=UTC).date() + timedelta(days=first_day(number, unit)) == begin  # type: ignore[arg-type]


@settings(deadline=None)
@given(ROWS, ROWS, st.booleans())
def test_retention_counts_returns_after_the_first_event(
    rows: list[tuple[int, int, int]], again: list[tuple[int, int, int]], unbounded: bool
) -> None:
    unit = DAY // 2
    found = retention(events(rows, unit), events(again, unit), Calendar("day", 4, 0, 6), unbounded=unbounded)
    first: dict[int, int] = {}
    for customer, moment, _ in rows:
        first[customer] = min(moment, first.get(customer, moment))
    for cohort in range(7):
        own = [c for c, moment in first.items() if moment // 2 == cohort]
        assert found.sizes[cohort] == len(own)
        for k in range(1, 5):
            met = {
                c for c, moment, _ in again
                if c in own and moment > first[c] and (moment // 2 - cohort >= k if unbounded else moment // 2 - cohort == k)
            }  # fmt: skip
            assert found.returned[cohort, k] == len(met)


def plain_path(anchor: list[int], rows: list[tuple[int, int]], within: int, *, backwards: bool) -> list[int]:
    start = max(anchor) if backwards else min(anchor)
    away = [((start - t if backwards else t - start), kind) for t, kind in rows]
    kinds = [kind for gap, kind in sorted(away) if 0 < gap <= within]
    return [kind for at, kind in enumerate(kinds) if at == 0 or kinds[at - 1] != kind]


@settings(deadline=None)
@given(ROWS, ROWS, st.booleans())
def test_paths_follow_every_customer_from_the_anchor(
    anchors: list[tuple[int, int, int]], rows: list[tuple[int, int, int]], backwards: bool
) -> None:
    found = paths(events(anchors), events(rows), 3, 5 * HOUR, backwards=backwards)
    assert sorted({c for c, _, _ in anchors}) == found.customers.tolist()
    for customer, nodes in zip(found.customers.tolist(), found.nodes.tolist(), strict=True):
        own = plain_path(
            [t for c, t, _ in anchors if c == customer],
            [(t, k) for c, t, k in rows if c == customer],
            5,
            backwards=backwards,
        )
        assert nodes == [*own, END, END, END][:3]
