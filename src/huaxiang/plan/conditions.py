"""The one condition language as a tree of frozen parts. Tags, audiences, streaming and the web builder share it.

NULL: parts follow SQL. A comparison with an unknown value is unknown, `Not` of unknown is unknown; a customer meets a
condition only if it is TRUE. So neither `x > 3` nor `not (x > 3)` holds for a customer without `x`; `InAudience` is never
unknown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Value = str | int | float | bool
"""Dates and times are texts `YYYY-MM-DD[ hh:mm:ss]`; the column's type says what they are."""

ComparisonOp = Literal["=", "!=", "<", "<=", ">", ">="]
TextOp = Literal["contains", "starts_with", "ends_with", "like", "ilike", "matches"]


@dataclass(frozen=True)
class And:
    """All parts hold."""

    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Or:
    """At least one part holds."""

    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Not:
    """The part does not hold (unknown stays unknown)."""

    part: Node


@dataclass(frozen=True)
class Comparison:
    """A column compared with a value; a boolean column alone is `column = true`."""

    column: str
    op: ComparisonOp
    value: Value


@dataclass(frozen=True)
class In:
    """The column is one of the values (or none, with `negate`)."""

    column: str
    values: tuple[Value, ...]
    negate: bool = False


@dataclass(frozen=True)
class Between:
    """The column lies from `low` to `high`, both included."""

    column: str
    low: Value
    high: Value
    negate: bool = False


@dataclass(frozen=True)
class IsNull:
    """The column has no value (or has one, with `negate`)."""

    column: str
    negate: bool = False


@dataclass(frozen=True)
class TextMatch:
    """A text column matches: contains, starts_with, ends_with, like, ilike, matches (regular expression)."""

    column: str
    op: TextOp
    value: str
    negate: bool = False


@dataclass(frozen=True)
class ListMatch:
    """A list column holds any, all or none of the values."""

    column: str
    quantifier: Literal["any", "all", "none"]
    values: tuple[Value, ...]


@dataclass(frozen=True)
class InAudience:
    """The customer is in another audience."""

    name: str


@dataclass(frozen=True)
class Window:
    """When something was done: in the last `days` days up to and with the as-of day, or from `since` to `until` (days, both included).

    All None: ever. `days` excludes the other two.
    """

    days: int | None = None
    since: str | None = None
    until: str | None = None


@dataclass(frozen=True)
class Step:
    """Rows of a source (orders, events …) that meet `where`, normalised SQL text over the source's fields; None: all its rows."""

    source: str
    where: str | None = None


MeasureFunction = Literal["count", "days", "distinct", "sum", "mean", "min", "max", "first", "last"]


@dataclass(frozen=True)
class Behaviour:
    """What a customer did, measured and compared: `function` over the rows of `step` in `window`, `op` a value.

    count (rows), days (days with such a row), distinct (values of `field`) and sum are 0 where there is no such row; mean, min, max,
    first and last (the value of `field` at the earliest, latest time) are unknown then. `did` is count >= 1, `did not` count = 0.
    """

    step: Step
    function: MeasureFunction = "count"
    op: ComparisonOp = ">="
    value: Value = 1
    field: str | None = None
    window: Window = Window()

    @property
    def is_did(self) -> bool:
        """True for `did(…)`: at least one such row."""
        return (self.function, self.op, self.value) == ("count", ">=", 1)

    @property
    def is_did_not(self) -> bool:
        """True for `not did(…)`: no such row."""
        return (self.function, self.op, self.value) == ("count", "=", 0)


@dataclass(frozen=True)
class Sequence:
    """The customer did all `steps`, each later than the one before and all within `within` days (None: any time) of the first, and did
    nothing of `without` in between. Never unknown.
    """

    steps: tuple[Step, ...]
    within: int | None = None
    without: Step | None = None
    window: Window = Window()


@dataclass(frozen=True)
class InList:
    """The customer is on an uploaded list. Never unknown."""

    name: str


@dataclass(frozen=True)
class Sample:
    """A random share of all customers, always the same for the same `seed`. Never unknown."""

    share: float
    seed: str = ""


@dataclass(frozen=True)
class Top:
    """The `count` customers with the largest (`lowest`: smallest) value of a number or date column, among those that meet `among`;
    between equals the smaller customer ID comes first; customers without a value are never among them. Never unknown.
    """

    count: int
    column: str
    among: Node | None = None
    lowest: bool = False


@dataclass(frozen=True)
class Raw:
    """Any other portable boolean expression, as normalised SQL text."""

    text: str


Part = Behaviour | Sequence | InList | Sample | Top
"""What is no matter of a customer's own columns alone: it is computed for all customers at once, then looked up."""

Node = And | Or | Not | Comparison | In | Between | IsNull | TextMatch | ListMatch | InAudience | Part | Raw

PART = "CONDITION_PART"
"""In the SQL of a checked condition, `CONDITION_PART('text')` stands for a part; `text` is the part as a user writes it."""

MEASURE_CALLS: Mapping[MeasureFunction, str] = MappingProxyType({
    "count": "count_of", "days": "days_of", "distinct": "distinct_of", "sum": "sum_of", "mean": "mean_of", "min": "min_of",
    "max": "max_of", "first": "first_of", "last": "last_of",
})  # fmt: skip
"""Measure → the call that SQL text writes for it."""

ZERO_WITHOUT_ROWS: frozenset[MeasureFunction] = frozenset({"count", "days", "distinct", "sum"})
"""Measures that are 0 for a customer without a row that counts; the others are unknown then."""


def leaves(node: Node) -> Iterator[Node]:
    """Yield what is no and, or, not: from left to right, with what stands within `among` of a rank after that rank."""
    stack = [node]
    while stack:
        part = stack.pop()
        if isinstance(part, (And, Or)):
            stack.extend(reversed(part.parts))
        elif isinstance(part, Not):
            stack.append(part.part)
        else:
            yield part
            if isinstance(part, Top) and part.among is not None:
                stack.append(part.among)


def parts_of(node: Node) -> tuple[Part, ...]:
    """The behaviours, sequences, lists, samples and ranks of a condition, each once, in order of their first place."""
    return tuple(dict.fromkeys(leaf for leaf in leaves(node) if isinstance(leaf, Part)))
