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

PIECE = 1 << 13
"""Words of a piece: 64 KB of each set."""
_LARGE = 1 << 15


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
    _each_piece(len(words), lambda at, to, room: _fill(tree, (at, to), words[at:to], room))
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
        out = room[0][: to - at]
        _fill(tree, (at, to), out, room[1:])
        if tail is not None and to > last:
            out[last - at] &= tail
        found.append(popcount(out))

    _each_piece(words_of(size), one, extra=1)
    return sum(found)


def _depth(tree: Tree) -> int:
    return 1 + max((_depth(p) for p in tree.parts), default=0) if isinstance(tree, Group) else 0


def _each_piece(words: int, one: Callable[[int, int, list[Words]], None], extra: int = 0) -> None:
    """Call `one` for every piece, with room for intermediate pieces; on all threads when there is much to do."""

    def some(begin: int, end: int) -> None:
        room = [np.empty(PIECE, dtype=np.uint64) for _ in range(_ROOM + extra)]
        for at in range(begin, end, PIECE):
            one(at, min(at + PIECE, end), room)

    if words < _LARGE or threading.current_thread().name.startswith(NAME):
        some(0, words)
        return
    threads = pool()._max_workers
    step = -(-words // threads // PIECE) * PIECE
    list(pool().map(lambda at: some(at, min(at + step, words)), range(0, words, step)))


_ROOM = 12
"""Conditions nested deeper than this are rare; room for them is made as they come."""


def _fill(tree: Tree, span: tuple[int, int], out: Words, room: list[Words]) -> None:
    """Compute one piece of a tree into `out`."""
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
        _fill(first, span, out, room)
    for part in rest:
        if isinstance(part, Leaf) and not part.inverse:
            combine(out, part.bits.words[at:to], out=out)
            continue
        own = room[0][: to - at] if room else np.empty(to - at, dtype=np.uint64)
        _fill(part, span, own, room[1:])
        combine(out, own, out=out)
