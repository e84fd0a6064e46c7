"""Funnels, retention and paths over events that stand in order already: what `learn.journeys` tells, by customer, some at a time.

A stream holds the events of one step as an index keeps them: customer after customer, by time. For so many customers as fit into the
processor's cache every event becomes one number (customer, then time), so that "later, of the same customer, within the window" is one
comparison. All results are those of `learn.journeys`, to the microsecond.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from huaxiang.learn.journeys import DAY, NEVER, Ints, Journeys, best_of, firsts

Mask = NDArray[np.bool_]
Told = TypeVar("Told")
AT_ONCE = 1 << 14
"""Customers whose events are looked at together."""
LEAST = 1 << 9
_BITS = 62


class TooWide(ValueError):
    """The moments lie so far apart, or are so fine, that customer and time don't fit into one number for a useful count of customers."""


@dataclass(frozen=True)
class Stream:
    """Events of all customers: those of customer c at places starts[c] … starts[c + 1] - 1, by time.

    `moments`: `unit`s (microseconds each) since `origin` (microseconds since 1970, midnight), uint32 or int64; `latest`: the greatest
    one; `kept`: which events count, None for all; `codes`: what an event is, if it matters.
    """

    starts: NDArray[np.integer[Any]]
    moments: NDArray[np.integer[Any]]
    origin: int
    unit: int
    latest: int
    kept: Mask | None = None
    codes: NDArray[np.unsignedinteger[Any]] | None = None

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
        if shift + LEAST.bit_length() > _BITS:
            raise TooWide
        return cls(unit, origin, shift)

    @property
    def mask(self) -> int:
        """The bits of the time."""
        return (1 << self.shift) - 1

    def at(self, moment: int) -> int:
        """The first unit at or after a moment in microseconds, in the clock's range."""
        return max(0, min(-((self.origin - moment) // self.unit), self.mask))

    def moments(self, keys: Ints) -> Ints:
        """Keys as microseconds since 1970."""
        return (keys & self.mask) * self.unit + self.origin

    def pieces(self, customers: int) -> list[tuple[int, int]]:
        """Customers from … to before …, a piece each."""
        step = min(AT_ONCE, 1 << (_BITS - self.shift))
        return [(at, min(at + step, customers)) for at in range(0, customers, step)]


@dataclass(frozen=True)
class Piece:
    """Some customers, by a clock; `members`: which of all customers count, None for all."""

    clock: Clock
    begin: int
    end: int
    members: Mask | None

    def keys(self, stream: Stream) -> tuple[Ints, NDArray[np.unsignedinteger[Any]] | None]:
        """The events of the piece as ascending numbers, customer << shift | time, and their codes."""
        clock = self.clock
        starts = stream.starts[self.begin : self.end + 1].astype(np.int64)
        low, high = int(starts[0]), int(starts[-1])
        own = np.arange(self.end - self.begin, dtype=np.int64) << clock.shift
        own += (stream.origin - clock.origin) // clock.unit
        counts = np.diff(starts)
        keys = np.repeat(own, counts)
        moments = stream.moments[low:high]
        keys += moments if stream.unit == clock.unit else moments.astype(np.int64) * (stream.unit // clock.unit)
        codes = None if stream.codes is None else stream.codes[low:high]
        kept = None if stream.kept is None else stream.kept[low:high]
        if self.members is not None:
            mine = np.repeat(self.members[self.begin : self.end], counts)
            kept = mine if kept is None else kept & mine
        if kept is not None:
            keys, codes = keys[kept], None if codes is None else codes[kept]
        return keys, codes


def by_pieces(clock: Clock, customers: int, members: Mask | None, tell: Callable[[Piece], Told]) -> list[Told]:
    """What is told of each piece that holds members, on a few threads."""
    pieces = [
        Piece(clock, begin, end, _some(members, begin, end))
        for begin, end in clock.pieces(customers)
        if members is None or members[begin:end].any()
    ]
    return list(_pool().map(tell, pieces)) if len(pieces) > 1 else [tell(piece) for piece in pieces]


def _some(members: Mask | None, begin: int, end: int) -> Mask | None:
    return None if members is None or members[begin:end].all() else members


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
        return Journeys(*(np.empty(0, dtype=np.int64) for _ in range(2)), np.empty((0, len(streams)), dtype=np.int64))
    return Journeys(*(np.concatenate([part[i] for part in told]) for i in range(3)))


def _funnel(piece: Piece, streams: Sequence[Stream], window: int, ends: tuple[int, int]) -> tuple[Ints, Ints, Ints]:
    clock = piece.clock
    begins, _ = piece.keys(streams[0])
    if ends[0] > 0 or ends[1] <= clock.mask:
        time = begins & clock.mask
        begins = begins[(time >= ends[0]) & (time < ends[1])]
    begins = begins[_changes(begins)]
    reached = np.full((len(streams), len(begins)), NEVER, dtype=np.int64)
    reached[0] = begins
    depth, alive = np.ones(len(begins), dtype=np.int64), np.arange(len(begins))
    for number, stream in enumerate(streams[1:], 1):
        keys, _ = piece.keys(stream)
        following = _next_later(reached[number - 1][alive], keys)
        met = following - begins[alive] <= window
        alive = alive[met]
        depth[alive], reached[number, alive] = number + 1, following[met]
        if not len(alive):
            break
    best = best_of(begins >> clock.shift, depth)
    moments = np.where(reached[:, best] == NEVER, NEVER, clock.moments(reached[:, best]))
    return (begins[best] >> clock.shift) + piece.begin, depth[best], np.ascontiguousarray(moments.T)


def _next_later(at: Ints, keys: Ints) -> Ints:
    """For each of ascending numbers the least key above it, NEVER where there is none."""
    return np.append(keys, NEVER)[np.searchsorted(keys, at, side="right")]


def _changes(ordered: Ints) -> Mask:
    """Where a value of an ordered column is not the one before it."""
    new = np.ones(len(ordered), dtype=np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
    return new
