"""Conditions from SQL: what has a part of its own becomes that part, all else stays a `Raw` expression.

Printing stands in `huaxiang.plan.condition_text`; the calls that speak of behaviour, lists, samples and ranks are read by
`huaxiang.plan.condition_calls`, which leaves a mark `CONDITION_PART('text')` in their place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from sqlglot import exp

from huaxiang.plan.condition_text import OPS, to_text
from huaxiang.plan.conditions import (
    PART,
    And,
    Behaviour,
    Between,
    Comparison,
    In,
    InAudience,
    IsNull,
    ListMatch,
    Node,
    Not,
    Or,
    Part,
    Raw,
    TextMatch,
    TextOp,
    Value,
)

_TEXT_OPS: Mapping[type[exp.Expression], TextOp] = MappingProxyType({
    exp.Contains: "contains", exp.StartsWith: "starts_with", exp.EndsWith: "ends_with", exp.Like: "like", exp.ILike: "ilike",
    exp.RegexpLike: "matches",
})  # fmt: skip


@dataclass(frozen=True)
class _Names:
    """How columns are spelt, and the parts that marks stand for."""

    known: frozenset[str]
    parts: Mapping[str, Part]

    def __call__(self, column: exp.Column) -> str:
        return column.name if column.name in self.known or column.this.quoted else column.name.lower()


def from_sql(tree: exp.Expression, columns: Iterable[str], parts: Mapping[str, Part] = MappingProxyType({})) -> Node:
    """Read a parsed boolean expression as a condition; it must have been checked before. `parts`: what its marks stand for."""
    return _read(tree, _Names(frozenset(columns), parts))


def _read(tree: exp.Expression, name: _Names) -> Node:
    while isinstance(tree, exp.Paren):
        tree = tree.this
    if isinstance(tree, (exp.And, exp.Or)):
        kind = And if isinstance(tree, exp.And) else Or
        read = (_read(p, name) for p in _operands(tree))  # two NOTs that cancel out can leave a group of the same kind
        return kind(tuple(part for node in read for part in (node.parts if isinstance(node, kind) else (node,))))
    if isinstance(tree, exp.Not):
        return negated(_read(tree.this, name))
    leaf = _leaf(tree, name)
    return leaf if leaf is not None else Raw(to_text(tree))


def _operands(tree: exp.Expression) -> list[exp.Expression]:
    found: list[exp.Expression] = []
    stack = [tree]
    while stack:
        part = stack.pop()
        bare = part.unnest()
        if type(bare) is type(tree):
            stack += [bare.expression, bare.this]
        else:
            found.append(part)
    return found


def negated(part: Node) -> Node:
    """What is true where the part is false, false where it is true, and unknown where it is unknown."""
    if isinstance(part, (In, Between, IsNull, TextMatch)):
        return replace(part, negate=not part.negate)
    if isinstance(part, ListMatch) and part.quantifier in ("any", "none"):
        return replace(part, quantifier="none" if part.quantifier == "any" else "any")
    if isinstance(part, Behaviour) and part.is_did:
        return replace(part, op="=", value=0)
    if isinstance(part, Behaviour) and part.is_did_not:
        return replace(part, op=">=", value=1)
    return part.part if isinstance(part, Not) else Not(part)


def _leaf(tree: exp.Expression, name: _Names) -> Node | None:
    if isinstance(tree, exp.Column):
        return Comparison(name(tree), "=", True)
    if type(tree) in OPS:
        return _comparison(tree, name)
    if isinstance(tree, exp.Anonymous):
        return _call(tree, name)
    return _column_leaf(tree, name(tree.this)) if isinstance(tree.this, exp.Column) else None


def _column_leaf(tree: exp.Expression, column: str) -> Node | None:
    if isinstance(tree, exp.In):
        values = _values(tree.expressions)
        return In(column, values) if values is not None else None
    if isinstance(tree, exp.Between):
        bounds = _values([tree.args["low"], tree.args["high"]])
        return Between(column, bounds[0], bounds[1]) if bounds is not None else None
    if isinstance(tree, exp.Is) and isinstance(tree.expression, exp.Null):
        return IsNull(column)
    if isinstance(tree, (exp.ArrayContains, exp.ArrayOverlaps)):
        return _list_leaf(tree, column)
    if type(tree) in _TEXT_OPS:
        pattern = value_of(tree.expression)
        op = _TEXT_OPS[type(tree)]
        return TextMatch(column, op, pattern, bool(tree.args.get("negate"))) if isinstance(pattern, str) else None
    return None


def _list_leaf(tree: exp.Expression, column: str) -> Node | None:
    items = [tree.expression] if isinstance(tree, exp.ArrayContains) else tree.expression.expressions
    values = _values(items)
    return ListMatch(column, "any", values) if values is not None else None


def _comparison(tree: exp.Expression, name: _Names) -> Comparison | None:
    left, right = tree.this.unnest(), tree.expression.unnest()
    written, exchanged = OPS[type(tree)]
    for column, other, op in ((left, right, written), (right, left, exchanged)):
        value = value_of(other)
        if isinstance(column, exp.Column) and value is not None:
            return Comparison(name(column), op, value)
    return None


def _call(tree: exp.Anonymous, name: _Names) -> Node | None:
    function = tree.name.lower()
    if function == PART.lower():
        return name.parts[tree.expressions[0].name]
    if function == "in_audience":
        return InAudience(tree.expressions[0].name)
    if function == "list_has_all" and isinstance(tree.expressions[0], exp.Column):
        values = _values(tree.expressions[1].expressions)
        return ListMatch(name(tree.expressions[0]), "all", values) if values is not None else None
    return None


def _values(items: Iterable[exp.Expression]) -> tuple[Value, ...] | None:
    values = [value_of(i) for i in items]
    return tuple(v for v in values if v is not None) if all(v is not None for v in values) else None


def value_of(node: exp.Expression) -> Value | None:
    """The value of a constant, None when it is none."""
    if isinstance(node, exp.Boolean):
        return bool(node.this)
    if isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal) and not node.this.is_string:
        number = number_of(node.this.name)
        return -number if number is not None else None
    if isinstance(node, exp.Cast) and node.to.this.name in ("DATE", "TIMESTAMP", "TIMESTAMPNTZ"):
        inner = node.this
        return str(inner.name) if isinstance(inner, exp.Literal) and inner.is_string else None
    if isinstance(node, exp.Literal):
        return str(node.name) if node.is_string else number_of(node.name)
    return None


def number_of(text: str) -> int | float | None:
    """The number that digits mean, when a Python number prints as it again."""
    number: int | float = int(text) if text.isdigit() else float(text)
    return number if isinstance(number, int) or len(text.replace(".", "").strip("0")) <= 15 else None
