"""Funnels, retention and paths over the events of customers: pure arrays in, figures out (docs/analysis.md defines each).

An event has a customer (a place 0 … n-1), a moment (microseconds since 1970) and a number that says what it is. Events of one moment
have no order: none of them comes after another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Unit = Literal["day", "week", "month"]
DAY = 86_400_000_000
"""Microseconds."""
NEVER = np.iinfo(np.int64).max
END = -1
"""On a path: nothing more happened within the window."""
_MONDAY = 3
"""1970-01-01 was a Thursday: so many days after a Monday."""


@dataclass(frozen=True)
class Events:
    """Columns of one length: customer, moment, number of the step or node."""

    customers: Ints
    moments: Ints
    kinds: Ints

    def __len__(self) -> int:
        return len(self.customers)

    def only(self, kept: NDArray[np.bool_]) -> Events:
        """The events for which `kept` is true."""
        return Events(self.customers[kept], self.moments[kept], self.kinds[kept])


@dataclass(frozen=True)
class Journeys:
    """The best try of each customer who did the first step: how many steps (1 …), and the moment of each (NEVER where not reached)."""

    customers: Ints
    depth: Ints
    moments: Ints
    """Shape (customers, steps)."""


def funnel(events: Events, steps: int, within: int, starts: tuple[int, int] = (-NEVER, NEVER)) -> Journeys:
    """Follow every customer through `steps` steps in strict order, all at most `within` microseconds after the first one.

    Each step lies strictly later than the one before. Of all first steps of a customer in `starts` (half-open) the one that leads
    furthest counts, the earliest of those; so each customer counts once, and step k holds all who reach any later step.
    """
    place, customer, moment = _ranked(events)
    first = (events.kinds == 0) & (events.moments >= starts[0]) & (events.moments < starts[1])
    begins = _set(place[first], len(customer))
    reached = np.full((len(begins), steps), NEVER, dtype=np.int64)
    reached[:, 0] = moment[begins]
    depth, alive, at = np.ones(len(begins), dtype=np.int64), np.arange(len(begins)), begins
    for step in range(1, steps):
        ranks = _set(place[events.kinds == step], len(customer))
        after = np.searchsorted(ranks, at, side="right")
        there = after < len(ranks)
        alive, after = alive[there], after[there]
        following = ranks[after]
        begin = begins[alive]
        met = (customer[following] == customer[begin]) & (moment[following] - moment[begin] <= within)
        alive, at = alive[met], following[met]
        depth[alive] = step + 1
        reached[alive, step] = moment[at]
    best = _best(customer[begins], depth)
    return Journeys(customer[begins][best], depth[best], reached[best])


def _ranked(events: Events) -> tuple[Ints, Ints, Ints]:
    """The rank of each event among all pairs (customer, moment), equal ones alike; and customer and moment by rank."""
    order = _in_order(events)
    who, when = events.customers[order], events.moments[order]
    new = np.ones(len(who), dtype=bool)
    new[1:] = (who[1:] != who[:-1]) | (when[1:] != when[:-1])
    place = np.empty(len(who), dtype=np.int64)
    place[order] = np.cumsum(new) - 1
    return place, who[new], when[new]


def _in_order(events: Events) -> Ints | slice:
    """The places of the events by customer and moment; all of them where they stand so already, as they do when an engine sorted them."""
    who, when = events.customers, events.moments
    if bool(((who[1:] > who[:-1]) | ((who[1:] == who[:-1]) & (when[1:] >= when[:-1]))).all()):
        return slice(None)
    order: Ints = np.lexsort((when, who))
    return order


def _set(places: Ints, size: int) -> Ints:
    """The different places, ascending."""
    there = np.zeros(size, dtype=bool)
    there[places] = True
    return np.flatnonzero(there)


def _best(ordered: Ints, depth: Ints) -> Ints:
    """For each customer of a sorted column the place of the greatest depth, the first of equals."""
    if not len(ordered):
        return np.empty(0, dtype=np.int64)
    size = len(ordered)
    score = np.maximum.reduceat(depth * size + np.arange(size)[::-1], _firsts(ordered))
    return np.asarray(size - 1 - score % size, dtype=np.int64)


def _firsts(ordered: Ints) -> Ints:
    """Where a value occurs for the first time in a sorted column."""
    new = np.ones(len(ordered), dtype=bool)
    new[1:] = ordered[1:] != ordered[:-1]
    return np.flatnonzero(new)


# Retention


def period_of(moments: Ints, unit: Unit) -> Ints:
    """The number of the calendar day, week (from Monday) or month in which moments lie; one more is the next one."""
    days = np.floor_divide(moments, DAY)
    if unit == "day":
        return days
    if unit == "week":
        return np.asarray(np.floor_divide(days + _MONDAY, 7))
    months: Ints = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return months


def first_day(period: int, unit: Unit) -> int:
    """The first day of a period, in days since 1970."""
    if unit == "day":
        return period
    if unit == "week":
        return period * 7 - _MONDAY
    return int(np.datetime64(period, "M").astype("datetime64[D]").astype(np.int64))


@dataclass(frozen=True)
class Calendar:
    """Cohorts are the periods `since` … `until`, followed for `periods` periods each."""

    unit: Unit
    periods: int
    since: int
    until: int


@dataclass(frozen=True)
class Cohorts:
    """`begins[c]`: period of a cohort; `sizes[c]`; `returned[c, k]`: customers back k periods later (k from 1; column 0 is the size)."""

    begins: Ints
    sizes: Ints
    returned: Ints
    customers: Ints
    """The customers of all cohorts."""


def retention(first: Events, again: Events, calendar: Calendar, *, unbounded: bool) -> Cohorts:
    """Cohorts by the period of each customer's first event, and how many had an event of `again` strictly after that moment.

    Bounded: in the k-th period after the cohort's own. Unbounded: in the k-th or any later one.
    """
    unit, periods, since, until = calendar.unit, calendar.periods, calendar.since, calendar.until
    order = _in_order(first)
    who, when = first.customers[order], first.moments[order]
    at = _firsts(who)
    who, when = who[at], when[at]
    begin = period_of(when, unit)
    chosen = (begin >= since) & (begin <= until)
    who, when, begin = who[chosen], when[chosen], begin[chosen]
    begins = np.arange(since, until + 1, dtype=np.int64)
    sizes = np.bincount(begin - since, minlength=len(begins)).astype(np.int64)
    returned = np.zeros((len(begins), periods + 1), dtype=np.int64)
    returned[:, 0] = sizes
    if len(who) and len(again):
        place = np.minimum(np.searchsorted(who, again.customers), len(who) - 1)
        known = (who[place] == again.customers) & (again.moments > when[place])
        place, offset = place[known], period_of(again.moments[known], unit) - begin[place[known]]
        if unbounded:
            last = np.zeros(len(who), dtype=np.int64)
            np.maximum.at(last, place, offset)
            for k in range(1, periods + 1):
                returned[:, k] = np.bincount((begin - since)[last >= k], minlength=len(begins))
        else:
            near = (offset >= 1) & (offset <= periods)
            pairs = _set(place[near] * (periods + 1) + offset[near], len(who) * (periods + 1))
            np.add.at(returned, ((begin - since)[pairs // (periods + 1)], pairs % (periods + 1)), 1)
    return Cohorts(begins, sizes, returned, who)


# Paths


@dataclass(frozen=True)
class Paths:
    """`nodes[c, k]`: the k-th node after (or before) the anchor of customer `customers[c]`; END where there was none."""

    customers: Ints
    nodes: Ints


def paths(anchors: Events, events: Events, depth: int, within: int, *, backwards: bool = False) -> Paths:
    """What each customer did next after the first anchor (or, backwards, last before the last one), at most `depth` nodes.

    Events strictly after (before) the anchor and at most `within` microseconds away; a node that repeats the one before it is passed
    over. Events of one moment stand in the order of their nodes.
    """
    sign = -1 if backwards else 1
    order = np.lexsort((sign * anchors.moments, anchors.customers))
    at = order[_firsts(anchors.customers[order])]
    who, when = anchors.customers[at], anchors.moments[at]
    nodes = np.full((len(who), depth), END, dtype=np.int64)
    if not len(who) or not len(events):
        return Paths(who, nodes)
    place = np.minimum(np.searchsorted(who, events.customers), len(who) - 1)
    away = sign * (events.moments - when[place])
    near = (who[place] == events.customers) & (away > 0) & (away <= within)
    place, away, kinds = place[near], away[near], events.kinds[near]
    order = np.lexsort((kinds, away, place))
    place, kinds = place[order], kinds[order]
    new = np.ones(len(place), dtype=bool)
    new[1:] = (place[1:] != place[:-1]) | (kinds[1:] != kinds[:-1])
    place, kinds = place[new], kinds[new]
    begin = _firsts(place)
    number = np.arange(len(place)) - np.repeat(begin, np.diff(np.append(begin, len(place))))
    early = number < depth
    nodes[place[early], number[early]] = kinds[early]
    return Paths(who, nodes)
