"""One column of an index, mapped into memory, and which of its values meet a part of a condition."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from huaxiang.index.bits import Bits, words_of
from huaxiang.index.domain import Number, numbers_of, to_number
from huaxiang.index.layout import FieldInfo, read_part, read_values
from huaxiang.plan.conditions import ComparisonOp

Span = tuple[int, int]
"""Places of values from … up to, not with, the second."""
Numbers = npt.NDArray[np.float64] | npt.NDArray[np.int64]
_PAGE, _STRETCH = 512, 1 << 19
"""Words of a page of memory, and words that are read in one go."""


class Field:
    """A mapped column. `codes`: see `layout`; nothing is read before it is asked for."""

    def __init__(self, info: FieldInfo, mapped: npt.NDArray[np.uint8]) -> None:
        self.info = info
        self._mapped = mapped

    @cached_property
    def codes(self) -> npt.NDArray[np.uint8] | npt.NDArray[np.uint16]:
        """The code of each customer."""
        return self._array("codes")

    @cached_property
    def values(self) -> pa.Array:
        """The different values, sorted (kinds codes and list)."""
        return read_values(self._mapped, self.info.parts["values"])

    @cached_property
    def texts(self) -> list[str]:
        """The different texts, sorted."""
        found: list[str] = self.values.to_pylist()
        return found

    @cached_property
    def numbers(self) -> Numbers:
        """Kind codes: the different values as numbers, sorted. Kind wide: the number of each customer."""
        if self.info.kind == "wide":
            return self._array("numbers")
        found = numbers_of(self.values, self.info.type)
        assert found is not None  # only such columns are written with codes
        return found

    @cached_property
    def bounds(self) -> Numbers:
        """Kind wide: the smallest number of each bucket but the first."""
        return np.array(self._array("bounds"))

    @cached_property
    def order(self) -> npt.NDArray[np.uint32]:
        """Kind wide: the customers that have a number, by number, then by place."""
        return self._array("order")

    @cached_property
    def ends(self) -> npt.NDArray[np.int64]:
        """Kind wide: where each bucket ends in `order`."""
        return np.array(self._array("ends"))

    def before(self, end: Number, *, included: bool) -> int:
        """Kind wide: how many customers have a smaller number, or `included` an equal one; NaN counts as larger than all others."""

        def number(place: int) -> tuple[bool, Number]:
            found = self.numbers[self.order[place]].item()
            return (True, 0) if found != found else (False, found)

        find = bisect_right if included else bisect_left
        bucket = edges(self.bounds, end)[1]  # in which the end lies
        low, high = int(self.ends[bucket - 1]) if bucket else 0, int(self.ends[bucket])
        return low + find(range(low, high), (False, end), key=number)

    @cached_property
    def starts(self) -> npt.NDArray[np.int64]:
        """Kind list: where the rows of each value begin."""
        return np.array(self._array("starts"))

    @cached_property
    def rows(self) -> npt.NDArray[np.uint32]:
        """Kind list: the customers of the values that few have, value by value."""
        return self._array("rows")

    @cached_property
    def common(self) -> npt.NDArray[np.int64]:
        """Kind list: the place of each value's bits among `sets`, -1 when it has rows."""
        return np.array(self._array("common"))

    @cached_property
    def sets(self) -> npt.NDArray[np.uint64]:
        """Kind list: the bits of the values that many have, value by value."""
        return self._array("sets")

    @cached_property
    def counts(self) -> list[int | None]:
        """Kind list: how many have each of these values; None in the index of an older version."""
        if "counts" in self.info.parts:
            found: list[int | None] = self._array("counts").tolist()
            return found
        return [None] * len(self.common)

    def holders(self, place: int, size: int) -> Bits:
        """Kind list: the customers whose list holds the value at a place."""
        at = int(self.common[place])
        if at < 0:
            return Bits.from_rows(size, self.rows[self.starts[place] : self.starts[place + 1]])
        words = words_of(size)
        return Bits(size, self.sets[at * words : (at + 1) * words], self.counts[at])

    def touch_sets(self, most: int) -> Iterator[None]:
        """Kind list: read a word of each page of `sets`, up to so many bytes, a few megabytes at a time."""
        words = self.sets[: most // 8]
        for at in range(0, len(words), _STRETCH):
            int(words[at : at + _STRETCH : _PAGE].sum())
            yield

    def _array(self, part: str) -> npt.NDArray:  # type: ignore[type-arg]
        return read_part(self._mapped, self.info.parts[part])

    @property
    def item_type(self) -> str:
        """The type of a value, for lists that of an item."""
        return self.info.type.removesuffix("[]")

    def place(self, value: object) -> int | None:
        """The place of a value among the different ones; None when no customer has it."""
        span = self.span("=", value)
        return span[0] if span[0] < span[1] else None

    def span(self, op: ComparisonOp, value: object) -> Span:
        """The places of the values that compare so; for `!=` those that are equal (the caller turns them round)."""
        if self.item_type == "VARCHAR":
            text = str(value)
            low, high = bisect_left(self.texts, text), bisect_right(self.texts, text)
            return _span(op, low, high, len(self.texts))
        low, high = edges(self.numbers, to_number(value, self.info.type))
        return _span(op, low, high, len(self.numbers))

    def chosen(self, places: Sequence[int]) -> npt.NDArray[np.bool_]:
        """A truth per code: those of the given places."""
        truth = np.zeros(self.size + 1, dtype=np.bool_)
        truth[[p + 1 for p in places]] = True
        return truth

    def within(self, span: Span) -> npt.NDArray[np.bool_]:
        """A truth per code: those of the places in a span."""
        truth = np.zeros(self.size + 1, dtype=np.bool_)
        truth[span[0] + 1 : span[1] + 1] = True
        return truth

    @property
    def size(self) -> int:
        """How many different values there are."""
        return self.info.values or 0


def _span(op: ComparisonOp, low: int, high: int, size: int) -> Span:
    match op:
        case "<":
            return 0, low
        case "<=":
            return 0, high
        case ">":
            return high, size
        case ">=":
            return low, size
        case _:
            return low, high


def edges(numbers: Numbers, wanted: Number) -> Span:
    """Where numbers equal to the wanted one begin and end in a sorted array; NaN counts as larger than all others."""
    if isinstance(wanted, float) and numbers.dtype == np.int64:
        if not math.isfinite(wanted):
            end = len(numbers) if wanted > 0 or math.isnan(wanted) else 0
            return end, end
        wanted = Fraction(wanted)
        wanted = int(wanted) if wanted.denominator == 1 else wanted
    if isinstance(wanted, Fraction):
        at = int(np.searchsorted(numbers, _inside(math.ceil(wanted)), "left"))
        return at, at
    if numbers.dtype == np.int64:
        wanted = _inside(int(wanted))
    return int(np.searchsorted(numbers, wanted, "left")), int(np.searchsorted(numbers, wanted, "right"))


def _inside(number: int) -> int:
    """A whole number that NumPy can compare with; columns hold none so large."""
    return max(-(1 << 63), min((1 << 63) - 1, number))
