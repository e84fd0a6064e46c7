"""Conditions from and to SQL: what has a part of its own becomes that part, all else stays a `Raw` expression."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from sqlglot import exp

from huaxiang.plan.conditions import (
    And,
    Between,
    Comparison,
    ComparisonOp,
    In,
    InAudience,
    IsNull,
    ListMatch,
    Node,
    Not,
    Or,
    Raw,
    TextMatch,
    TextOp,
    Value,
)

_OPS: Mapping[type[exp.Expression], tuple[ComparisonOp, ComparisonOp]] = MappingProxyType({
    exp.EQ: ("=", "="), exp.NEQ: ("!=", "!="), exp.LT: ("<", ">"), exp.LTE: ("<=", ">="), exp.GT: (">", "<"),
    exp.GTE: (">=", "<="),
})  # fmt: skip
"""Node → operator as written, and with its sides exchanged."""
_TEXT_OPS: Mapping[type[exp.Expression], TextOp] = MappingProxyType({
    exp.Contains: "contains", exp.StartsWith: "starts_with", exp.EndsWith: "ends_with", exp.Like: "like", exp.ILike: "ilike",
    exp.RegexpLike: "matches",
})  # fmt: skip
_BUILD = {op: node for node, (op, _) in _OPS.items()}
_CALLS = {"contains": "contains", "starts_with": "starts_with", "ends_with": "ends_with", "matches": "regexp_matches"}
_PLAIN_NAME = re.compile(r"^[a-z_][a-z0-9_]*$")
_RESERVED = frozenset({
    "all", "and", "any", "array", "as", "asc", "between", "by", "case", "cast", "desc", "distinct", "else", "end",
    "exists", "extract", "false", "for", "from", "group", "having", "ilike", "in", "interval", "is", "like", "limit",
    "not", "null", "offset", "on", "or", "order", "select", "some", "then", "true", "union", "when", "where", "with",
})  # fmt: skip


def to_text(tree: exp.Expression) -> str:
    """SQL text of a written tree, on one line."""
    return _named_calls(tree).sql(dialect="duckdb", normalize_functions=False)


def from_sql(tree: exp.Expression, columns: Iterable[str]) -> Node:
    """Read a parsed boolean expression as a condition; it must have been checked before."""
    known = frozenset(columns)
    return _read(tree, lambda c: c.name if c.name in known or c.this.quoted else c.name.lower())


def _read(tree: exp.Expression, name: Callable[[exp.Column], str]) -> Node:
    while isinstance(tree, exp.Paren):
        tree = tree.this
    if isinstance(tree, (exp.And, exp.Or)):
        kind = And if isinstance(tree, exp.And) else Or
        read = (_read(p, name) for p in _operands(tree))  # two NOTs that cancel out can leave a group of the same kind
        return kind(tuple(part for node in read for part in (node.parts if isinstance(node, kind) else (node,))))
    if isinstance(tree, exp.Not):
        return _negated(_read(tree.this, name))
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


def _negated(part: Node) -> Node:
    if isinstance(part, (In, Between, IsNull, TextMatch)):
        return replace(part, negate=not part.negate)
    if isinstance(part, ListMatch) and part.quantifier in ("any", "none"):
        return replace(part, quantifier="none" if part.quantifier == "any" else "any")
    return part.part if isinstance(part, Not) else Not(part)


def _leaf(tree: exp.Expression, name: Callable[[exp.Column], str]) -> Node | None:
    if isinstance(tree, exp.Column):
        return Comparison(name(tree), "=", True)
    if type(tree) in _OPS:
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


def _comparison(tree: exp.Expression, name: Callable[[exp.Column], str]) -> Comparison | None:
    left, right = tree.this.unnest(), tree.expression.unnest()
    written, exchanged = _OPS[type(tree)]
    for column, other, op in ((left, right, written), (right, left, exchanged)):
        value = value_of(other)
        if isinstance(column, exp.Column) and value is not None:
            return Comparison(name(column), op, value)
    return None


def _call(tree: exp.Anonymous, name: Callable[[exp.Column], str]) -> Node | None:
    function = tree.name.lower()
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
        number = _number(node.this.name)
        return -number if number is not None else None
    if isinstance(node, exp.Cast) and node.to.this.name in ("DATE", "TIMESTAMP", "TIMESTAMPNTZ"):
        inner = node.this
        return str(inner.name) if isinstance(inner, exp.Literal) and inner.is_string else None
    if isinstance(node, exp.Literal):
        return str(node.name) if node.is_string else _number(node.name)
    return None


def _number(text: str) -> int | float | None:
    """The number, when a Python number prints as it again."""
    number: int | float = int(text) if text.isdigit() else float(text)
    return number if isinstance(number, int) or len(text.replace(".", "").strip("0")) <= 15 else None


def _named_calls(tree: exp.Expression) -> exp.Expression:
    """Print list functions under the names that users write."""
    copy = tree.copy()
    for node in copy.find_all(exp.ArrayContains, exp.ArrayOverlaps):
        call = "list_contains" if isinstance(node, exp.ArrayContains) else "list_has_any"
        renamed = exp.Anonymous(this=call, expressions=[node.this, node.expression])
        if node.parent is None:
            return renamed
        node.replace(renamed)
    return copy


# Condition → SQL as a user writes it


def constant(value: Value) -> exp.Expression:
    """A value as a literal; negative numbers with a sign before it."""
    if isinstance(value, bool):
        return exp.Boolean(this=value)
    if isinstance(value, str):
        return exp.Literal.string(value)
    literal = exp.Literal.number(repr(abs(value)))
    return exp.Neg(this=literal) if value < 0 else literal


def column(name: str) -> exp.Column:
    """A column, quoted where its plain name would not be read as one."""
    return exp.column(exp.to_identifier(name, quoted=name in _RESERVED or not _PLAIN_NAME.match(name)))


def written(node: Node) -> exp.Expression:
    """The condition as the SQL that a user would write; not yet portable."""
    if isinstance(node, (And, Or)):
        return _joined(node)
    if isinstance(node, Not):
        inner = written(node.part)
        return exp.Not(this=exp.paren(inner) if isinstance(inner, exp.Connector) else inner)
    if isinstance(node, Raw):
        from huaxiang.plan.expr import parse_expression

        return parse_expression(node.text)
    if isinstance(node, InAudience):
        return exp.Anonymous(this="in_audience", expressions=[exp.Literal.string(node.name)])
    return _leaf_sql(node)


def _joined(node: And | Or) -> exp.Expression:
    kind = exp.And if isinstance(node, And) else exp.Or
    parts = [written(p) for p in node.parts]
    parts = [exp.paren(p) if isinstance(p, exp.Connector) else p for p in parts]
    whole = parts[0]
    for part in parts[1:]:
        whole = kind(this=whole, expression=part)
    return whole


def _leaf_sql(node: Comparison | In | Between | IsNull | TextMatch | ListMatch) -> exp.Expression:
    field = column(node.column)
    if isinstance(node, Comparison):
        if node.op == "=" and node.value is True:
            return field
        return _BUILD[node.op](this=field, expression=constant(node.value))
    if isinstance(node, ListMatch):
        return _list_sql(node, field)
    result: exp.Expression
    if isinstance(node, In):
        result = exp.In(this=field, expressions=[constant(v) for v in node.values])
    elif isinstance(node, Between):
        result = exp.Between(this=field, low=constant(node.low), high=constant(node.high))
    elif isinstance(node, IsNull):
        result = exp.Is(this=field, expression=exp.Null())
    elif node.op in _CALLS:
        result = exp.Anonymous(this=_CALLS[node.op], expressions=[field, constant(node.value)])
    else:
        result = (exp.Like if node.op == "like" else exp.ILike)(this=field, expression=constant(node.value))
    return exp.Not(this=result) if node.negate else result


def _list_sql(node: ListMatch, field: exp.Column) -> exp.Expression:
    items = [constant(v) for v in node.values]
    if len(items) == 1:
        test = exp.Anonymous(this="list_contains", expressions=[field, items[0]])
    else:
        call = "list_has_all" if node.quantifier == "all" else "list_has_any"
        test = exp.Anonymous(this=call, expressions=[field, exp.Array(expressions=items)])
    return exp.Not(this=test) if node.quantifier == "none" else test
