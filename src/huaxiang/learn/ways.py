"""Paths over events that stand in order already: what `learn.journeys` tells, by customer, some at a time (`learn.streams`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from huaxiang.learn.journeys import END, Ints
from huaxiang.learn.streams import BITS, LEAST, MOST, Clock, Mask, Piece, Stream, TooWide, by_pieces, changes

_FEW = 0.3
"""Of fewer customers the events are picked; of more, all are looked at."""


@dataclass(frozen=True)
class Ways:
    """The different paths, ascending, and how many customers went each. `nodes[p, k]`: the k-th node of path p, END where there was
    none; nodes are codes, those of the first stream first.
    """

    nodes: Ints
    customers: Ints


@dataclass(frozen=True)
class Route:
    """The next `depth` events at most `within` microseconds after the first anchor (`backwards`: before the last one)."""

    depth: int
    within: int
    backwards: bool = False


def paths(anchors: Stream, streams: Sequence[Stream], route: Route, members: Mask | None = None) -> Ways:
    """`journeys.paths` over streams: what stands at one moment, stands there by code. Raises TooWide."""
    depth, within = route.depth, route.within
    clock = Clock.of((anchors, *streams), within)
    bases = np.cumsum([0, *(s.values for s in streams)])
    base, window = int(bases[-1]) + 1, within // clock.unit
    most = 1 << max(0, BITS - window.bit_length() - base.bit_length())
    if base**depth >= 1 << BITS or most < LEAST:
        raise TooWide
    asked = _Way(anchors, streams, bases[:-1].tolist(), base, depth, window, -1 if route.backwards else 1)
    told = by_pieces(clock, anchors.customers, members, asked.told, min(most, MOST))
    empty = [np.empty(0, dtype=np.int64)]
    ways, place = np.unique(np.concatenate([part[0] for part in told] or empty), return_inverse=True)
    counts = np.zeros(len(ways), dtype=np.int64)
    np.add.at(counts, place, np.concatenate([part[1] for part in told] or empty))
    powers = base ** np.arange(depth - 1, -1, -1, dtype=np.int64)
    return Ways(ways[:, None] // powers % base + END, counts)


@dataclass(frozen=True)
class _Way:
    """What is asked of each piece. A path is a number: its nodes are digits, counted from 1."""

    anchors: Stream
    streams: Sequence[Stream]
    bases: Sequence[int]
    base: int
    depth: int
    window: int
    sign: int

    def told(self, piece: Piece) -> tuple[Ints, Ints]:
        """The different paths of a piece, and how many customers went each."""
        shift, size = piece.clock.shift, piece.end - piece.begin
        keys = piece.outermost(self.anchors, last=self.sign < 0)
        there, begins = np.zeros(size, dtype=np.bool_), np.full(size, 1 << shift, dtype=np.int64)
        there[keys >> shift] = True
        begins[there] = (keys & piece.clock.mask) + (1 if self.sign > 0 else -self.window)
        mine = replace(piece, members=there if there.mean() < _FEW else None)
        found = np.concatenate([self._near(mine, n, begins) for n in range(len(self.streams))])
        found.sort(kind="stable")  # runs that ascend are merged
        steps = self.window.bit_length() + self.base.bit_length()
        own, code = found >> steps, found & ((1 << self.base.bit_length()) - 1)
        new = changes(own)
        np.logical_or(new[1:], code[1:] != code[:-1], out=new[1:])
        kept = np.flatnonzero(new)
        own, code = own.take(kept), code.take(kept)
        begin = np.flatnonzero(changes(own))
        number = np.arange(len(own)) - np.repeat(begin, np.diff(np.append(begin, len(own))))
        digits = (code + 1) * self._powers[np.minimum(number, self.depth)]
        way = np.zeros(size, dtype=np.int64)
        if len(begin):
            way[own[begin]] = np.add.reduceat(digits, begin)
        ways, counts = np.unique(way[there], return_counts=True)
        return ways, counts.astype(np.int64)

    @property
    def _powers(self) -> Ints:
        """What a digit counts at each step; nothing beyond the last."""
        powers: Ints = self.base ** np.arange(self.depth - 1, -1, -1, dtype=np.int64)
        return np.append(powers, 0)

    def _near(self, piece: Piece, number: int, begins: Ints) -> Ints:
        """The events of a stream in the window, as numbers that ascend by customer, time and code."""
        own, after, codes = piece.since(self.streams[number], begins, self.window)
        away = after + 1 if self.sign > 0 else self.window - after
        base = self.bases[number]
        found: Ints = own << self.window.bit_length() | away
        found <<= self.base.bit_length()
        found |= base if codes is None else codes.astype(np.int64) + base
        return found
