"""A lookup open for reading: shared by threads, mapped from the same files by every process."""

from __future__ import annotations

import hashlib
import mmap
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from huaxiang.index.layout import read_part, read_values
from huaxiang.index.lookup.layout import ARRAYS, DIGITS, Layout

MOST_NAMES = 2_000
"""So many different names are followed in one search."""
SHORTEST_TAIL = 4
_LAST = "\U0010ffff"
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Found:
    """Customers who were found in one way: their rows, by what, and how well (0 is best)."""

    rows: Rows
    by: str
    grade: int


class Lookup:
    """Customers by keys, names and ends of phone numbers. Made by `open`."""

    def __init__(self, folder: Path, layout: Layout) -> None:
        self.layout = layout
        with (folder / ARRAYS).open("rb") as stream:
            self._map = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        self._bytes: npt.NDArray[np.uint8] = np.frombuffer(self._map, dtype=np.uint8)

    @classmethod
    def open(cls, folder: Path) -> Lookup:
        """Open the lookup in a folder. Raises ValueError for one of another version, OSError when files are missing."""
        return cls(folder, Layout.read(folder))

    @property
    def digits(self) -> int:
        """So many digits are a whole phone number."""
        return DIGITS

    def by_keys(self, texts: Sequence[str]) -> list[Found]:
        """Who has one of the texts as a value of a key, whole."""
        found = []
        digests, rows, kinds = self._part("digests"), self._part("digest_rows"), self._part("digest_kinds")
        for text in texts:
            for place, kind in enumerate(self.layout.kinds):
                wanted = np.uint64(int(hashlib.sha256(f"{kind}:{text}".encode()).hexdigest()[:16], 16))
                low, high = np.searchsorted(digests, wanted, "left"), np.searchsorted(digests, wanted, "right")
                mine = rows[low:high][kinds[low:high] == place]
                if len(mine):
                    found.append(Found(mine.astype(np.int64), kind, 0))
        return found

    def by_tail(self, digits: str) -> Found | None:
        """Whose phone number ends so. None where numbers are not held, or too few digits are given."""
        if self.layout.phone is None or not len(digits) >= SHORTEST_TAIL:
            return None
        turned = digits[-DIGITS:][::-1]
        step = 10 ** (DIGITS - len(turned))
        low = int(turned) * step
        tails = self._part("tails")
        begin, end = np.searchsorted(tails, low, "left"), np.searchsorted(tails, low + step, "left")
        return Found(np.sort(self._part("tail_rows")[begin:end].astype(np.int64)), self.layout.phone, 2)

    def by_name(self, text: str) -> list[Found]:
        """Who is called so: the whole name, its beginning, pinyin or initials, and last a part of it. `text` is folded."""
        if self.layout.name is None or not text:
            return []
        word, name = text.encode(), self.layout.name
        low, high = self._first(text), self._first(text + _LAST)
        same = low + 1 if low < high and self._name(low) == text else low
        while same > low and same < high and self._name(same) == text:
            same += 1
        found = [(self._between(low, same), 0), (self._between(low, high), 3)]
        latin = text.replace(" ", "").replace("'", "")
        if latin.isascii() and latin.isalpha():
            found.append((self._customers(self._lines("sounds", b"\n" + latin.encode())), 4))
            found.append((self._customers(self._lines("sounds", b"\t" + latin.encode())), 5))
        found.append((self._customers(self._lines("folded", word)), 6))
        return [Found(rows, name, grade) for rows, grade in found if len(rows)]

    def names(self, rows: Rows) -> list[str | None]:
        """The names of customers as written."""
        if self.layout.name is None:
            return [None] * len(rows)
        return [self._names[int(place) - 1].as_py() if place else None for place in self._part("name_of")[rows]]

    def phones(self, rows: Rows) -> list[str | None]:
        """The phone numbers of customers as digits."""
        if self.layout.phone is None:
            return [None] * len(rows)
        return [None if number < 0 else str(number) for number in self._part("phones")[rows]]

    def _between(self, low: int, high: int) -> Rows:
        """The customers of the names at some places."""
        starts = self._part("name_at")
        return np.sort(self._part("name_rows")[starts[low] : starts[high]].astype(np.int64))

    def _customers(self, places: Iterable[int]) -> Rows:
        starts, rows = self._part("name_at"), self._part("name_rows")
        parts = [rows[starts[p] : starts[p + 1]] for p in dict.fromkeys(places)]
        return np.sort(np.concatenate(parts).astype(np.int64)) if parts else np.zeros(0, dtype=np.int64)

    def _first(self, text: str) -> int:
        """The place of the first name that is not before a text."""
        return bisect_left(range(len(self._part("folded_at"))), text, key=self._name)

    def _name(self, place: int) -> str:
        part, begin = self.layout.parts["folded"], int(self._part("folded_at")[place])
        end = self._map.find(b"\n", part.offset + begin)
        return self._map[part.offset + begin : end].decode()

    def _lines(self, part: str, wanted: bytes) -> Iterator[int]:
        """The places of the lines that hold some bytes, ascending, at most MOST_NAMES."""
        where, starts = self.layout.parts[part], self._part(f"{part}_at")
        at, end, shift = where.offset, where.offset + where.length, int(wanted[:1] == b"\n")
        for _ in range(MOST_NAMES):
            at = self._map.find(wanted, at, end)
            if at < 0:
                return
            place = int(np.searchsorted(starts, at - where.offset + shift, "right")) - 1
            yield place
            if place + 1 >= len(starts):
                return
            at = where.offset + int(starts[place + 1]) - 1

    @cached_property
    def _names(self) -> pa.Array:
        return read_values(self._bytes, self.layout.parts["names"])

    def _part(self, name: str) -> npt.NDArray[Any]:
        return read_part(self._bytes, self.layout.parts[name])
