"""Sets that were made once and are kept for the next question, up to a number of bytes; the longest unused goes first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

from huaxiang.index.bits import Bits

_KEYS = 10_000


class Held:
    """A bounded store of sets by key; safe to use from several threads, which may make a set twice but never wait for each other."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._sets: OrderedDict[Hashable, tuple[Bits, ...]] = OrderedDict()
        self._bytes = 0
        self._once: OrderedDict[Hashable, None] = OrderedDict()
        self._lock = threading.Lock()

    def one(self, key: Hashable, make: Callable[[], Bits]) -> Bits:
        """The set of a key."""
        return self._get(key, lambda: (make(),))[0]

    def pair(self, key: Hashable, make: Callable[[], tuple[Bits, Bits]]) -> tuple[Bits, Bits]:
        """The two sets of a key."""
        found = self._get(key, make)
        return found[0], found[1]

    def again(self, key: Hashable, make: Callable[[], Bits]) -> Bits | None:
        """The set of a key that was asked for before; None at the first time: who can do without need not make what may never return."""
        with self._lock:
            known = key in self._sets or key in self._once
            self._once[key] = None
            self._once.move_to_end(key)
            if len(self._once) > _KEYS:
                self._once.popitem(last=False)
        return self.one(key, make) if known else None

    def ahead(self, key: Hashable, make: Callable[[], Bits]) -> bool:
        """Make the set of a key that nobody asked for yet; say whether there was room: it drives out no other, and goes first."""
        with self._lock:
            if key in self._sets:
                return True
            if self._bytes * 2 > self._most:
                return False
        made = (make(),)
        with self._lock:
            if key not in self._sets:
                self._sets[key] = made
                self._sets.move_to_end(key, last=False)
                self._bytes += _bytes(made)
        return True

    def _get(self, key: Hashable, make: Callable[[], tuple[Bits, ...]]) -> tuple[Bits, ...]:
        with self._lock:
            found = self._sets.get(key)
            if found is not None:
                self._sets.move_to_end(key)
                return found
        made = make()
        with self._lock:
            if key not in self._sets:
                self._sets[key] = made
                self._bytes += _bytes(made)
            while self._bytes > self._most and len(self._sets) > 1:
                _, old = self._sets.popitem(last=False)
                self._bytes -= _bytes(old)
        return made


def _bytes(sets: tuple[Bits, ...]) -> int:
    return sum(s.words.nbytes for s in sets)
