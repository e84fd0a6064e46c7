"""The one condition language as a tree of frozen parts. Tags, audiences, streaming and the web builder share it.

NULL: parts follow SQL. A comparison with an unknown value is unknown, `Not` of unknown is unknown; a customer meets a
condition only if it is TRUE. So neither `x > 3` nor `not (x > 3)` holds for a customer without `x`; `InAudience` is never
unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
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
class Raw:
    """Any other portable boolean expression, as normalised SQL text."""

    text: str


Node = And | Or | Not | Comparison | In | Between | IsNull | TextMatch | ListMatch | InAudience | Raw
