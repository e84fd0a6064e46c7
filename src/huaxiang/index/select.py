"""Answers conditions: a tree of parts becomes a set of customers.

A part is true, false or unknown for a customer, as in SQL. Only the customers for whom the whole is true are wanted, so negations are
pushed down: a part is asked for the set where it is true or for the set where it is false, and unknown is in neither.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from huaxiang.index.ahead import Ahead
from huaxiang.index.algebra import Leaf, Tree, count, group, inverse, minus, to_bits
from huaxiang.index.bits import Bits
from huaxiang.index.domain import Number, to_number
from huaxiang.index.fields import Field
from huaxiang.index.held import Held
from huaxiang.index.matching import texts_like
from huaxiang.index.scanning import between_codes, equal_codes, known_codes, of_codes, of_numbers, scan
from huaxiang.index.top import largest
from huaxiang.plan.conditions import (
    And,
    Behaviour,
    Between,
    Comparison,
    In,
    InAudience,
    InList,
    IsNull,
    ListMatch,
    Node,
    Not,
    Or,
    Raw,
    Sample,
    TextMatch,
    Top,
)
from huaxiang.plan.conditions import (
    Sequence as Steps,
)

Asked = Raw | Behaviour | Steps | InList | Sample
_FEW = 255
"""A column with at most so many values keeps a set for each value that was asked for."""
_AHEAD, _MANY = 64, 500_000
"""Of a column with at most so many values, in an index of at least so many customers, the sets of all are made when one is asked for."""
_TOUCHED = 1 << 28
"""So many bytes of the sets of a list are read when one of them is asked for: the system may have given up what nobody read for a while."""
_BRIEF = 8
"""One in so many bytes is for sets that are soon made again, ranges of wide columns: they differ from question to question and would
drive out the others.
"""


class Resolver(Protocol):
    """Answers what is not in the index."""

    def sets(self, part: Asked | Comparison | In | Between | TextMatch) -> tuple[Bits, Bits]:
        """The customers for whom a part is true, and those for whom it is false."""
        ...

    def members(self, name: str) -> Bits | None:
        """The saved members of another audience; None when none are saved."""
        ...

    def audience(self, name: str) -> Node:
        """The condition of another audience."""
        ...


class Selection:
    """Evaluates conditions over mapped fields; sets of single parts are kept, in so many bytes, and shared by all questions."""

    def __init__(self, size: int, fields: Mapping[str, Field], held_bytes: int) -> None:
        self._size = size
        self._fields = fields
        self._held = Held(held_bytes - held_bytes // _BRIEF)
        self._brief = Held(held_bytes // _BRIEF)
        self.ahead = Ahead(self._others)

    def select(self, node: Node, resolver: Resolver) -> Bits:
        """The customers for whom a condition is true."""
        return to_bits(self._set(node, resolver), self._size)

    def count(self, node: Node, resolver: Resolver) -> int:
        """For how many customers a condition is true."""
        return count(self._set(node, resolver), self._size)

    def _set(self, node: Node, resolver: Resolver, *, wanted: bool = True) -> Tree:
        if isinstance(node, Not):
            return self._set(node.part, resolver, wanted=not wanted)
        if isinstance(node, (And, Or)):
            parts = [self._set(p, resolver, wanted=wanted) for p in node.parts]
            return group(parts, every=isinstance(node, And) is wanted)
        if isinstance(node, InAudience):
            saved = resolver.members(node.name)
            found = Leaf(saved) if saved is not None else self._set(resolver.audience(node.name), resolver)
            return found if wanted else inverse(found)
        if isinstance(node, Top):
            return Leaf(self._top(node, resolver), not wanted)
        if isinstance(node, (Raw, Behaviour, Steps, InList, Sample)):
            return self._asked(node, resolver, wanted=wanted)
        return self._leaf(node, resolver, wanted=wanted)

    def _asked(self, node: Asked | Comparison | In | Between | TextMatch, resolver: Resolver, *, wanted: bool) -> Tree:
        return Leaf(self._held.pair(node, lambda: resolver.sets(node))[0 if wanted else 1])

    def _top(self, node: Top, resolver: Resolver) -> Bits:
        known = self.known(node.column)
        among = self.select(node.among, resolver) & known if node.among is not None else known
        return largest(self._fields[node.column], among, node.count, lowest=node.lowest)

    def known(self, column: str) -> Bits:
        """The customers that have a value in a column."""
        field = self._fields[column]
        return self._held.one((column, "known"), lambda: scan(self._size, known_codes(field.codes)))

    def holders(self, column: str) -> Bits:
        """The customers whose list holds anything; a column of kind list."""
        places = range(self._fields[column].size)
        return self._held.one(
            (column, "holders"), lambda: to_bits(self._any([self.of_value(column, p) for p in places]), self._size)
        )

    def of_value(self, column: str, place: int) -> Bits:
        """The customers that have the value (whose list holds the value) at a place among the different ones."""
        field = self._fields[column]
        return self._held.one((column, place), lambda: self._first(field, place))

    def _first(self, field: Field, place: int) -> Bits:
        if field.info.kind == "list":
            if self._size >= _MANY:
                self.ahead.want(field.info.name)
            return field.holders(place, self._size)
        if field.size <= _AHEAD and self._size >= _MANY:
            self.ahead.want(field.info.name)
        return scan(self._size, equal_codes(field.codes, place + 1))

    def _others(self, column: str) -> Iterator[None]:
        """Make the sets of the values of a column, as long as there is room; those of a list are there, and are read."""
        field = self._fields[column]
        if field.info.kind == "list":
            yield from field.touch_sets(_TOUCHED)
            return
        for place in range(field.size):
            test = equal_codes(field.codes, place + 1)
            if not self._held.ahead((column, place), lambda test=test: scan(self._size, test)):  # type: ignore[misc]
                return
            yield

    def _leaf(
        self, node: Comparison | In | Between | IsNull | TextMatch | ListMatch, resolver: Resolver, *, wanted: bool
    ) -> Tree:
        field = self._fields.get(node.column)
        if field is None:  # the customer ID
            return self._asked(Raw(_text(node)), resolver, wanted=wanted)
        if isinstance(node, IsNull):
            known = self.known(node.column)
            return Leaf(known, node.negate is not wanted)
        if isinstance(node, ListMatch):
            if field.info.kind != "list":
                return self._asked(Raw(_text(node)), resolver, wanted=wanted)
            return self._lists(node, field, wanted=wanted)
        negate = (isinstance(node, Comparison) and node.op == "!=") or getattr(node, "negate", False)
        wanted = wanted is not negate
        if field.info.kind == "wide" and not isinstance(node, TextMatch):
            return self._wide(node, field, wanted=wanted)
        if field.info.kind != "codes":
            return self._asked(node, resolver, wanted=wanted is not negate)
        truth = truth_of(field, node)
        if not wanted:
            truth = ~truth
            truth[0] = False
        return self._coded(node, field, truth)

    def _coded(self, node: Comparison | In | Between | TextMatch, field: Field, truth: npt.NDArray[np.bool_]) -> Tree:
        ones = np.flatnonzero(truth)
        if field.size <= _FEW:
            zeros = np.flatnonzero(~truth[1:])
            key = (node.column, truth.tobytes())
            if len(ones) <= min(8, len(zeros) + 1):
                return self._repeated(key, self._any([self.of_value(node.column, int(c) - 1) for c in ones]))
            if len(zeros) <= 8:
                others = self._any([self.of_value(node.column, int(c)) for c in zeros])
                return self._repeated(key, minus(Leaf(self.known(node.column)), others))
        return Leaf(self._held.one((node.column, truth.tobytes()), lambda: of_codes(field, self._size, truth)))

    def _repeated(self, key: tuple[object, ...], tree: Tree) -> Tree:
        """The tree of a part, or one set instead when the part is asked for again: who tries conditions asks most parts many times."""
        if isinstance(tree, Leaf):
            return tree
        kept = self._held.again(key, lambda: to_bits(tree, self._size))
        return tree if kept is None else Leaf(kept)

    def _lists(self, node: ListMatch, field: Field, *, wanted: bool) -> Tree:
        places = [field.place(v) for v in dict.fromkeys(node.values)]
        sets = [self.of_value(node.column, p) for p in places if p is not None]
        if node.quantifier == "all":
            known = len(sets) == len(places)
            found = group([Leaf(s) for s in sets], every=True) if known else Leaf(Bits.none(self._size))
        else:
            found = self._any(sets)
            wanted = wanted is (node.quantifier == "any")
        whole = found if wanted else minus(Leaf(self.known(node.column)), found)
        return self._repeated((node.column, node.quantifier, *places, wanted), whole)

    def _any(self, sets: Sequence[Bits]) -> Tree:
        return group([Leaf(s) for s in sets], every=False) if sets else Leaf(Bits.none(self._size))

    def _wide(self, node: Comparison | In | Between, field: Field, *, wanted: bool) -> Tree:
        def made() -> Bits:
            if isinstance(node, In):
                equal = [self._range(field, to_number(v, field.info.type), "=") for v in node.values]
                return to_bits(self._any(equal), self._size)
            if isinstance(node, Between):
                low, high = (to_number(v, field.info.type) for v in (node.low, node.high))
                return self._between(field, (low, True), (high, True))
            return self._range(field, to_number(node.value, field.info.type), node.op)

        plain = node if isinstance(node, Comparison) else (type(node).__name__, _constants(node))
        found = Leaf(self._brief.one((node.column, plain), made))
        return found if wanted else minus(Leaf(self.known(node.column)), found)

    def _range(self, field: Field, value: Number, op: str) -> Bits:
        match op:
            case "<" | "<=":
                return self._between(field, None, (value, op == "<="))
            case ">" | ">=":
                return self._between(field, (value, op == ">="), None)
            case _:
                return self._between(field, (value, True), (value, True))

    def _between(self, field: Field, low: tuple[Number, bool] | None, high: tuple[Number, bool] | None) -> Bits:
        begin = 0 if low is None else field.before(low[0], included=not low[1])
        end = len(field.order) if high is None else field.before(high[0], included=high[1])
        return of_numbers(field, self._size, (begin, end), lambda buckets: self._below(field, buckets))

    def _below(self, field: Field, buckets: int) -> Bits:
        """The customers in the first buckets of a wide column."""
        if buckets == len(field.ends):
            return self.known(field.info.name)
        key = (field.info.name, "below", buckets)
        return self._held.one(key, lambda: scan(self._size, between_codes(field.codes, (1, buckets))))


def truth_of(field: Field, node: Comparison | In | Between | TextMatch) -> npt.NDArray[np.bool_]:
    """Which codes meet a part, leaving aside its negation (`!=` counts as `=`)."""
    if isinstance(node, TextMatch):
        return np.concatenate([[False], texts_like(field.values, node.op, node.value)])
    if isinstance(node, In):
        return field.chosen([p for p in (field.place(v) for v in node.values) if p is not None])
    if isinstance(node, Between):
        low, high = field.span(">=", node.low), field.span("<=", node.high)
        return field.within((low[0], max(low[0], high[1])))
    return field.within(field.span(node.op, node.value))


def _constants(node: In | Between) -> tuple[object, ...]:
    return node.values if isinstance(node, In) else (node.low, node.high)


def _text(node: Node) -> str:
    from huaxiang.plan import condition_text

    return condition_text.to_text(condition_text.written(node))
