"""Combinations of sets, computed all at once in pieces that stay in the processor's cache.

Whole sets of ten million bits are too large for the cache: a combination of fourteen of them, one operation after the other, would go
through memory fourteen times. So a condition is first a tree of sets that are there, and then every piece goes through the whole tree.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from huaxiang.index.bits import Bits, Words, popcount, words_of
from huaxiang.index.scanning import NAME, pool

PIECE = 80_000
"""Words of a piece, 640 KB of each set: it stays in the processor's second cache, and each operation on it takes long enough that threads
don't wait for each other between them (pieces of a tenth take twice as long).
"""
_LARGE = 1 << 20
"""Words of all sets of a tree from which more than one thread pays."""


@dataclass(frozen=True)
class Leaf:
    """A set that is there, or all others."""

    bits: Bits
    inverse: bool = False


@dataclass(frozen=True)
class Group:
    """What every part holds, or any part. At least one part."""

    parts: tuple[Tree, ...]
    every: bool


Tree = Leaf | Group


def inverse(tree: Tree) -> Tree:
    """All that the tree does not hold."""
    if isinstance(tree, Leaf):
        return Leaf(tree.bits, not tree.inverse)
    return Group(tuple(inverse(p) for p in tree.parts), not tree.every)


def group(parts: Sequence[Tree], *, every: bool) -> Tree:
    """What every, or any, of the parts holds; groups of the same kind become one, sets come before groups and inverse sets."""
    flat: list[Tree] = []
    for part in parts:
        flat += part.parts if isinstance(part, Group) and part.every is every else [part]
    flat.sort(key=lambda p: (isinstance(p, Group), isinstance(p, Leaf) and p.inverse))
    return flat[0] if len(flat) == 1 else Group(tuple(flat), every)


def minus(tree: Tree, other: Tree) -> Tree:
    """What the one holds and the other does not."""
    return group([tree, inverse(other)], every=True)


def to_bits(tree: Tree, size: int) -> Bits:
    """The set that a tree means."""
    if isinstance(tree, Leaf):
        return ~tree.bits if tree.inverse else tree.bits
    words = np.empty(words_of(size), dtype=np.uint64)
    _each_piece(tree, len(words), lambda at, to, room: _fill(tree, (at, to), words[at:to], room, 0))
    if size & 63:
        words[-1] &= np.uint64((1 << (size & 63)) - 1)
    return Bits(size, words)


def count(tree: Tree, size: int) -> int:
    """How many the tree holds; no set is made."""
    if isinstance(tree, Leaf):
        return size - tree.bits.count() if tree.inverse else tree.bits.count()
    last = words_of(size) - 1
    tail = np.uint64((1 << (size & 63)) - 1) if size & 63 else None
    found: list[int] = []

    def one(at: int, to: int, room: list[Words]) -> None:
        out = _piece(room, 0, to - at)
        _fill(tree, (at, to), out, room, 1)
        if tail is not None and to > last:
            out[last - at] &= tail
        found.append(popcount(out))

    _each_piece(tree, words_of(size), one)
    return sum(found)


def _leaves(tree: Tree) -> int:
    return 1 if isinstance(tree, Leaf) else sum(_leaves(part) for part in tree.parts)


def _each_piece(tree: Tree, words: int, one: Callable[[int, int, list[Words]], None]) -> None:
    """Call `one` for every piece, with a list for pieces in between; on all threads when there is much to do."""

    def some(begin: int, end: int) -> None:
        room: list[Words] = _rooms.__dict__.setdefault("room", [])
        for at in range(begin, end, PIECE):
            one(at, min(at + PIECE, end), room)

    threads = 1 if threading.current_thread().name.startswith(NAME) else pool()._max_workers
    if threads == 1 or words * _leaves(tree) < _LARGE:
        some(0, words)
        return
    step = -(-words // threads // 8) * 8
    others = [pool().submit(some, at, min(at + step, words)) for at in range(step, words, step)]
    some(0, min(step, words))  # this thread does its share
    for other in others:
        other.result()


_rooms = threading.local()
"""What each thread computes pieces in: made once, memory that is new each time would cost more than the work."""


def _piece(room: list[Words], level: int, length: int) -> Words:
    """Place for the piece of one level, the same each time."""
    if len(room) == level:
        room.append(np.empty(PIECE, dtype=np.uint64))
    return room[level][:length]


def _fill(tree: Tree, span: tuple[int, int], out: Words, room: list[Words], level: int) -> None:
    """Compute one piece of a tree into `out`; pieces in between lie in `room` from that level on."""
    at, to = span
    if isinstance(tree, Leaf):
        if tree.inverse:
            np.invert(tree.bits.words[at:to], out=out)
        else:
            np.copyto(out, tree.bits.words[at:to])
        return
    combine = np.bitwise_and if tree.every else np.bitwise_or
    first, *rest = tree.parts
    if isinstance(first, Leaf) and not first.inverse and rest and isinstance(rest[0], Leaf) and not rest[0].inverse:
        combine(first.bits.words[at:to], rest.pop(0).bits.words[at:to], out=out)  # type: ignore[union-attr]
    else:
        _fill(first, span, out, room, level)
    for part in rest:
        if isinstance(part, Leaf) and not part.inverse:
            combine(out, part.bits.words[at:to], out=out)
            continue
        own = _piece(room, level, to - at)
        _fill(part, span, own, room, level + 1)
        combine(out, own, out=out)
