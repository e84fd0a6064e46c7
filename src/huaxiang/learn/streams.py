"""Funnels and retention over events that stand in order already: what `learn.journeys` tells, by customer, some at a time.

Paths are told by `learn.ways`. A stream holds the events of one step as an index keeps them: customer after customer, by time. For some
ten thousand customers every event becomes one number (customer, then time), so that "later, of the same customer, within the window" is
one comparison. All results are those of `learn.journeys`, to the microsecond.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from huaxiang.learn.journeys import DAY, NEVER, Calendar, Cohorts, Ints, Journeys, period_of

Mask = NDArray[np.bool_]
Codes = NDArray[np.unsignedinteger[Any]]
Told = TypeVar("Told")
AT_ONCE = 1 << 16
"""Customers whose events are looked at together: enough that threads seldom wait for each other between two calls."""
MOST = 1 << 17
LEAST = 1 << 9
BITS = 62
"""Customer and time have so many."""
_FAR = 8
"""So many times longer is a column in which each number of another is searched."""


class TooWide(ValueError):
    """The moments lie so far apart, or are so fine, that customer and time don't fit into one number for a useful count of customers."""


@dataclass(frozen=True)
class Stream:
    """Events of all customers: those of customer c at places starts[c] … starts[c + 1] - 1, by time.

    `moments`: `unit`s (microseconds each) since `origin` (microseconds since 1970, midnight), uint32 or int64; `latest`: the greatest
    one; `kept`: which events count, None for all; `codes`: what an event is, below `values`, None where all are alike.
    """

    starts: NDArray[np.integer[Any]]
    moments: NDArray[np.integer[Any]]
    origin: int
    unit: int
    latest: int
    kept: Mask | None = None
    codes: Codes | None = None
    values: int = 1

    @property
    def customers(self) -> int:
        """How many customers there are."""
        return len(self.starts) - 1


@dataclass(frozen=True)
class Clock:
    """One count of time for several streams: `unit`s since `origin`, below 1 << `shift` with room for a window."""

    unit: int
    origin: int
    shift: int

    @classmethod
    def of(cls, streams: Sequence[Stream], within: int = 0) -> Clock:
        """The clock of streams, with room for `within` microseconds. Raises TooWide."""
        unit, origin = min(s.unit for s in streams), min(s.origin for s in streams)
        end = max(s.origin + s.unit * s.latest for s in streams)
        shift = ((end - origin + within) // unit + 2).bit_length()
        if shift + LEAST.bit_length() > BITS:
            raise TooWide
        return cls(unit, origin, shift)

    @property
    def mask(self) -> int:
        """The bits of the time."""
        return (1 << self.shift) - 1

    def at(self, moment: int) -> int:
        """The first unit at or after a moment in microseconds, in the clock's range."""
        return max(0, min(-((self.origin - moment) // self.unit), self.mask))

    def latest(self, stream: Stream) -> int:
        """The greatest time of a stream."""
        return (stream.origin - self.origin + stream.unit * stream.latest) // self.unit

    def moments(self, keys: Ints) -> Ints:
        """Keys as microseconds since 1970."""
        return (keys & self.mask) * self.unit + self.origin


@dataclass(frozen=True)
class Piece:
    """The customers from `begin` to before `end`, by a clock; `members`: which of them count, None for all."""

    clock: Clock
    begin: int
    end: int
    members: Mask | None

    def of(self, members: Mask) -> Piece:
        """Those of the piece alone; `members`: as in the piece."""
        return replace(self, members=members)

    def keys(self, stream: Stream) -> tuple[Ints, Codes | None]:
        """The events of the piece as ascending numbers, customer << shift | time, and their codes."""
        counts, events, kept = self._events(stream)
        own = self._own(stream)
        if self.members is not None:
            own, counts = own[self.members], counts[self.members]
        keys = np.repeat(own, counts)
        keys += self._time(stream, stream.moments[events])
        codes = None if stream.codes is None else stream.codes[events]
        if kept is not None:  # places are taken in a third of the time that a mask takes
            at = np.flatnonzero(kept)
            keys, codes = keys.take(at), None if codes is None else codes.take(at)
        return keys, codes

    def since(self, stream: Stream, begins: Ints, window: int) -> tuple[Ints, Ints, Codes | None]:
        """The events less than `window` units after a moment of each customer, `begins` (1 << shift: none of this customer's), in their
        order: whose they are, how long after it, and their codes.

        Differences are taken modulo 2³² where the clock's times fit, so that one comparison tells both ends.
        """
        counts, events, kept = self._events(stream)
        kind = np.dtype(np.uint32 if self.clock.shift < 32 else np.uint64)
        low = (begins - (stream.origin - self.clock.origin) // self.clock.unit).astype(kind)
        own = np.arange(len(begins), dtype=np.uint32)
        own = np.repeat(own, counts) if self.members is None else np.repeat(own[self.members], counts[self.members])
        after = self._time(stream, stream.moments[events]).astype(kind, copy=False) - low.take(own)
        near = np.flatnonzero(after < kind.type(window))
        if kept is not None:
            near = near.take(np.flatnonzero(kept.take(near)))
        codes = None if stream.codes is None else stream.codes[events].take(near)
        return own.take(near).astype(np.int64), after.take(near).astype(np.int64), codes

    def outermost(self, stream: Stream, *, last: bool = False) -> Ints:
        """The key of the first (or the last) event of each customer who has one, ascending."""
        if stream.kept is None:
            starts = stream.starts[self.begin : self.end + 1].astype(np.int64)
            there = starts[1:] > starts[:-1]
            if self.members is not None:
                there &= self.members
            at = starts[1:][there] - 1 if last else starts[:-1][there]
            return self._own(stream)[there] + self._time(stream, stream.moments[at])
        keys, _ = self.keys(stream)
        own = keys >> self.clock.shift
        return keys[changes(own[::-1])[::-1] if last else changes(own)]

    def _events(self, stream: Stream) -> tuple[Ints, slice | Ints | Mask, Mask | None]:
        """How many events each customer has, where those of the members lie, and which of these the stream counts."""
        starts = stream.starts[self.begin : self.end + 1].astype(np.int64)
        counts = np.diff(starts)
        events: slice | Ints = slice(int(starts[0]), int(starts[-1]))
        if self.members is not None and counts[~self.members].any():
            chosen = counts[self.members]
            begins = np.cumsum(chosen) - chosen
            events = np.repeat(starts[:-1][self.members] - begins, chosen) + np.arange(int(chosen.sum()))
        return counts, events, None if stream.kept is None else stream.kept[events]

    def _own(self, stream: Stream) -> Ints:
        """The key of each customer at the origin of the stream."""
        own: Ints = np.arange(self.end - self.begin, dtype=np.int64) << self.clock.shift
        return own + (stream.origin - self.clock.origin) // self.clock.unit

    def _time(self, stream: Stream, moments: NDArray[np.integer[Any]]) -> NDArray[np.integer[Any]]:
        """Moments of a stream in units of the clock."""
        return moments if stream.unit == self.clock.unit else moments * np.int64(stream.unit // self.clock.unit)


def by_pieces(
    clock: Clock, customers: int, members: Mask | None, tell: Callable[[Piece], Told], most: int = MOST
) -> list[Told]:
    """What is told of each piece that holds members, on a few threads. A piece has at most `most` customers."""
    share = 1.0 if members is None else max(float(members.mean()), 1e-6)
    step = min(int(AT_ONCE / share), most, 1 << (BITS - clock.shift))
    pieces = [
        Piece(clock, at, min(at + step, customers), _some(members, at, min(at + step, customers)))
        for at in range(0, customers, step)
        if members is None or members[at : at + step].any()
    ]
    return list(_pool().map(tell, pieces)) if len(pieces) > 1 else [tell(piece) for piece in pieces]


def _some(members: Mask | None, begin: int, end: int) -> Mask | None:
    return None if members is None or members[begin:end].all() else members[begin:end]


@cache
def _pool() -> ThreadPoolExecutor:
    """Threads apart from those of the audience index: an analysis does not hold up counts."""
    return ThreadPoolExecutor(max(1, min(4, os.cpu_count() or 1)), "huaxiang-streams")


# Funnel


def funnel(
    streams: Sequence[Stream], within: int, starts: tuple[int, int] = (-NEVER, NEVER), members: Mask | None = None
) -> Journeys:
    """`journeys.funnel` over one stream a step. Raises TooWide."""
    clock = Clock.of(streams, within)
    window, ends = within // clock.unit, (clock.at(starts[0]), clock.at(starts[1]))
    told = by_pieces(clock, streams[0].customers, members, lambda piece: _funnel(piece, streams, window, ends))
    if not told:
        nobody = np.empty(0, dtype=np.int64)
        return Journeys(nobody, nobody, np.empty((0, len(streams)), dtype=np.int64))
    who, depth, moments = (np.concatenate([part[i] for part in told]) for i in range(3))
    return Journeys(who, depth, moments)


def _funnel(piece: Piece, streams: Sequence[Stream], window: int, ends: tuple[int, int]) -> tuple[Ints, Ints, Ints]:
    clock = piece.clock
    keys, _ = piece.keys(streams[0])
    new = changes(keys)
    keys = keys if new.all() else keys.take(np.flatnonzero(new))
    chosen = np.arange(len(keys))
    if ends[0] > 0 or ends[1] <= clock.latest(streams[0]):
        time = keys & clock.mask
        chosen = np.flatnonzero((time >= ends[0]) & (time < ends[1]))
    begins = keys.take(chosen)
    levels = [(begins, begins)]  # which tries reached a step, and when
    follower: Ints | None = chosen + 1  # where the next key is, as long as all steps are alike
    for before, stream in pairwise(streams):
        tries, at = levels[-1]
        if stream is not before:
            keys, follower = piece.keys(stream)[0], None
        following = _next_later(at, keys) if follower is None else np.append(keys, NEVER).take(follower)
        met = np.flatnonzero(following - tries <= window)
        levels.append((tries.take(met), following.take(met)))
        follower = None if follower is None else follower.take(met) + 1
    size = piece.end - piece.begin
    best, depth = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
    for number, (tries, _) in enumerate(levels, 1):
        own = tries >> clock.shift
        earliest = np.flatnonzero(changes(own))
        best[own[earliest]], depth[own[earliest]] = tries[earliest], number
    who = np.flatnonzero(depth)
    best, depth = best[who], depth[who]
    moments = np.full((len(who), len(streams)), NEVER, dtype=np.int64)
    moments[:, 0] = clock.moments(best)
    for number, (tries, at) in enumerate(levels[1:], 1):
        reached = depth > number
        moments[reached, number] = clock.moments(at[np.searchsorted(tries, best[reached])])
    return who + piece.begin, depth, moments


def _next_later(at: Ints, keys: Ints) -> Ints:
    """For each of ascending numbers the least key above it, NEVER where there is none."""
    if len(at) * _FAR < len(keys):
        return np.append(keys, NEVER).take(np.searchsorted(keys, at, side="right"))
    if len(keys) * _FAR < len(at):
        before = np.searchsorted(at, keys, side="left")
    else:  # two runs are merged faster than each number is searched; an equal key stands before the number, which it isn't above
        merged = np.concatenate([at << 1 | 1, keys << 1])
        merged.sort(kind="stable")
        before = np.flatnonzero(merged & 1 == 0) - np.arange(len(keys))
    return np.repeat(np.append(keys, NEVER), np.diff(before, prepend=0, append=len(at)))


def changes(ordered: Ints) -> Mask:
    """Return where a value of an ordered column is not the one before it."""
    new = np.ones(len(ordered), dtype=np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
    return new


# Retention


def retention(
    first: Stream, again: Stream, calendar: Calendar, members: Mask | None = None, *, unbounded: bool
) -> Cohorts:
    """`journeys.retention` over two streams. Raises TooWide."""
    clock = Clock.of((first, again))
    days = np.arange(((1 << clock.shift) * clock.unit) // DAY + 2) + clock.origin // DAY
    periods = period_of(days * DAY, calendar.unit)
    told = by_pieces(
        clock,
        first.customers,
        members,
        lambda piece: _cohorts(piece, (first, again), calendar, periods, unbounded=unbounded),
    )
    begins = np.arange(calendar.since, calendar.until + 1, dtype=np.int64)
    returned = np.zeros((len(begins), calendar.periods + 1), dtype=np.int64)
    for cells, _ in told:
        returned += cells
    who = np.concatenate([who for _, who in told]) if told else np.empty(0, dtype=np.int64)
    return Cohorts(begins, returned[:, 0].copy(), returned, who)


def _cohorts(
    piece: Piece, streams: tuple[Stream, Stream], calendar: Calendar, periods: Ints, *, unbounded: bool
) -> tuple[Ints, Ints]:
    """Sizes (column 0) and returns of the cohorts in a piece, and its customers."""
    clock, width = piece.clock, calendar.periods + 1
    day = DAY // clock.unit
    firsts = piece.outermost(streams[0])
    begun = periods[(firsts & clock.mask) // day]
    chosen = (begun >= calendar.since) & (begun <= calendar.until)
    firsts, begun = firsts[chosen], begun[chosen]
    who = firsts >> clock.shift
    since, period = (np.full(piece.end - piece.begin, fill, dtype=np.int64) for fill in (NEVER, 0))
    since[who], period[who] = firsts, begun
    again, _ = piece.of(since < NEVER).keys(streams[1])
    again = again.take(np.flatnonzero(again > since.take(again >> clock.shift)))
    own = again >> clock.shift
    offset = periods.take((again & clock.mask) // day) - period.take(own)
    if unbounded:
        last = np.flatnonzero(changes(own[::-1])[::-1])
        own, offset = own.take(last), np.minimum(offset.take(last), width - 1)
    else:
        near = np.flatnonzero((offset >= 1) & (offset < width))
        pairs = own.take(near) * width + offset.take(near)
        pairs = pairs.take(np.flatnonzero(changes(pairs)))
        own, offset = pairs // width, pairs % width
    rows = calendar.until - calendar.since + 1
    cells = np.bincount((period[own] - calendar.since) * width + offset, minlength=rows * width).reshape(rows, width)
    if unbounded:
        cells = cells[:, ::-1].cumsum(axis=1)[:, ::-1]
    cells[:, 0] = np.bincount(begun - calendar.since, minlength=rows)
    return cells, who + piece.begin
