"""Funnels, retention and paths over streams are those over plain events, whatever the units of time, filters and members."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huaxiang.learn import journeys, streams, tallies, ways
from huaxiang.learn.journeys import DAY, NEVER, Calendar, Events
from huaxiang.learn.streams import Clock, Stream, TooWide
from huaxiang.learn.ways import Route

CUSTOMERS = 5
SECOND = 1_000_000
BASE = 19_000 * DAY
Row = tuple[int, int, int]
UNITS = st.sampled_from((SECOND, 1_000, 1))
ROWS = st.lists(st.tuples(st.integers(0, CUSTOMERS - 1), st.integers(0, 60), st.integers(0, 2)), max_size=24)
"""Customer, moment, code: few of each, so that ties and repeats are frequent."""
STEP = DAY // 4
MEMBERS = st.none() | st.lists(st.booleans(), min_size=CUSTOMERS, max_size=CUSTOMERS).map(np.array)


@dataclass(frozen=True)
class Made:
    """The same events as a stream and as plain columns."""

    stream: Stream
    events: Events


@st.composite
def made(draw: st.DrawFn) -> Made:
    unit, kept = draw(UNITS), draw(st.none() | st.lists(st.booleans(), min_size=24, max_size=24))
    rows: list[Row] = sorted(draw(ROWS), key=lambda row: row[:2])
    odd = 0 if unit == SECOND else unit  # a fraction of a second, where the unit can tell it
    who = np.array([row[0] for row in rows], dtype=np.int64)
    when = np.array([BASE + row[1] * STEP + odd for row in rows], dtype=np.int64)
    code = np.array([row[2] for row in rows], dtype=np.int64)
    origin = BASE - draw(st.integers(0, 3)) * DAY
    moments = (when - origin) // unit
    stream = Stream(
        np.concatenate([[0], np.cumsum(np.bincount(who, minlength=CUSTOMERS))]).astype(np.uint32),
        moments.astype(np.int64 if unit == 1 else np.uint32) if len(moments) else np.empty(0, dtype=np.uint32),
        origin, unit, int(moments.max(initial=0)), None, code.astype(np.uint8), 3,
    )  # fmt: skip
    events = Events(who, when, code)
    if kept is not None:
        mask = np.array(kept[: len(rows)], dtype=np.bool_)
        stream, events = replace(stream, kept=mask), events.only(mask)
    return Made(stream, events)


def of_members(events: Events, members: np.ndarray | None) -> Events:
    return events if members is None else events.only(members[events.customers])


def numbered(found: list[Events]) -> Events:
    """Events of several steps as one table."""
    kinds = [np.full(len(one), number) for number, one in enumerate(found)]
    return Events(
        np.concatenate([one.customers for one in found]), np.concatenate([one.moments for one in found]), np.concatenate(kinds)
    )  # fmt: skip


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "AT_ONCE", 2)  # several pieces


@settings(deadline=None)
@given(
    st.lists(made(), min_size=1, max_size=3),
    st.lists(st.integers(0, 2), min_size=2, max_size=4),
    st.integers(0, 40),
    MEMBERS,
    st.none() | st.integers(0, 60),
)
def test_funnels(
    several: list[Made], order: list[int], within: int, members: np.ndarray | None, start: int | None
) -> None:
    steps = [several[number % len(several)] for number in order]  # some of them alike, at the beginning or later
    starts = (-(1 << 62), BASE + 50 * STEP) if start is None else (BASE + start * STEP, BASE + start * STEP + 9 * STEP)
    plain = numbered([of_members(one.events, members) for one in steps])
    expected = journeys.funnel(plain, len(steps), within * STEP, starts)
    found = streams.funnel([one.stream for one in steps], within * STEP, starts, members)
    assert found.customers.tolist() == expected.customers.tolist()
    assert found.depth.tolist() == expected.depth.tolist()
    assert found.moments.tolist() == expected.moments.tolist()


@settings(deadline=None)
@given(made(), made(), st.booleans(), st.booleans(), MEMBERS, st.sampled_from(("day", "week", "month")))
def test_retention(
    first: Made, again: Made, same: bool, unbounded: bool, members: np.ndarray | None, unit: journeys.Unit
) -> None:
    again = first if same else again
    begin = int(journeys.period_of(np.array([BASE]), unit)[0])
    calendar = Calendar(unit, 4, begin, begin + 5)
    plain = [of_members(one.events, members) for one in (first, again)]
    expected = journeys.retention(*plain, calendar, unbounded=unbounded)
    found = streams.retention(first.stream, again.stream, calendar, members, unbounded=unbounded)
    for name in ("begins", "sizes", "returned", "customers"):
        assert getattr(found, name).tolist() == getattr(expected, name).tolist(), name


@settings(deadline=None)
@given(
    made(), st.lists(st.tuples(made(), st.booleans()), min_size=1, max_size=3), st.integers(1, 4), st.integers(1, 30), st.booleans(), MEMBERS
)  # fmt: skip
def test_paths(
    anchors: Made,
    chosen: list[tuple[Made, bool]],
    depth: int,
    within: int,
    backwards: bool,
    members: np.ndarray | None,
) -> None:
    told = [one.stream if by else replace(one.stream, codes=None, values=1) for one, by in chosen]
    bases = np.cumsum([0, *(stream.values for stream in told)])
    plain = [of_members(one.events, members) for one, _ in chosen]
    kinds = [one.kinds * by + bases[n] for n, (one, (_, by)) in enumerate(zip(plain, chosen, strict=True))]
    events = replace(numbered(plain), kinds=np.concatenate(kinds))
    expected = journeys.paths(
        of_members(anchors.events, members), events, depth, within * STEP, backwards=backwards
    ).nodes
    different, counts = np.unique(expected, axis=0, return_counts=True)
    for few in (0.0, 1.1):  # all events are looked at, or those of the members picked: whatever their share is
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(ways, "_FEW", few)
            found = ways.paths(anchors.stream, told, Route(depth, within * STEP, backwards), members)
        assert found.nodes.tolist() == different.tolist()
        assert found.customers.tolist() == counts.tolist()


ASCENDING = st.lists(st.integers(0, 40), max_size=12).map(sorted)


@settings(deadline=None)
@given(ASCENDING, ASCENDING, st.sampled_from((1, 8, 1 << 40)))
def test_the_next_later_number_however_it_is_sought(at: list[int], keys: list[int], far: int) -> None:
    """`far` 1: the shorter column is searched in the longer one, whichever it is; 1 << 40: both are merged."""
    expected = [next((key for key in keys if key > one), NEVER) for one in at]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(streams, "_FAR", far)
        found = streams._next_later(np.array(at, dtype=np.int64), np.array(keys, dtype=np.int64))
    assert found.tolist() == expected


@settings(deadline=None)
@given(made(), st.none() | st.integers(0, 60))
def test_how_often_and_on_how_many_days(one: Made, start: int | None) -> None:
    since = None if start is None else BASE + start * STEP
    rows = [
        (c, t) for c, t in zip(one.events.customers.tolist(), one.events.moments.tolist(), strict=True) if since is None or t >= since
    ]  # fmt: skip
    assert tallies.times(one.stream, since).tolist() == [sum(c == who for c, _ in rows) for who in range(CUSTOMERS)]
    on = [len({t // DAY for c, t in rows if c == who}) for who in range(CUSTOMERS)]
    assert tallies.days(one.stream, since).tolist() == on


def test_moments_too_far_apart_for_one_number_are_refused() -> None:
    fine = Stream(np.array([0, 1]), np.array([1 << 54]), 0, 1, 1 << 54)
    with pytest.raises(TooWide):
        Clock.of([fine])
