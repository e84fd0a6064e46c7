"""Conditions to SQL text, as a user would write it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from sqlglot import exp

from huaxiang.plan.conditions import (
    MEASURE_CALLS,
    And,
    Behaviour,
    Between,
    Comparison,
    ComparisonOp,
    In,
    InAudience,
    InList,
    IsNull,
    ListMatch,
    Node,
    Not,
    Or,
    Part,
    Raw,
    Sample,
    Sequence,
    Step,
    TextMatch,
    Top,
    Value,
    Window,
)

OPS: Mapping[type[exp.Expression], tuple[ComparisonOp, ComparisonOp]] = MappingProxyType({
    exp.EQ: ("=", "="), exp.NEQ: ("!=", "!="), exp.LT: ("<", ">"), exp.LTE: ("<=", ">="), exp.GT: (">", "<"),
    exp.GTE: (">=", "<="),
})  # fmt: skip
"""Node → operator as written, and with its sides exchanged."""
_BUILD = {op: node for node, (op, _) in OPS.items()}
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
        return _parsed(node.text)
    if isinstance(node, InAudience):
        return _call("in_audience", constant(node.name))
    if isinstance(node, Part):
        return _part(node)
    return _leaf_sql(node)


def _joined(node: And | Or) -> exp.Expression:
    kind = exp.And if isinstance(node, And) else exp.Or
    parts = _ranges(node.parts) if isinstance(node, And) else _choices(node.parts)
    parts = [exp.paren(p) if isinstance(p, exp.Connector) else p for p in parts]
    whole = parts[0]
    for part in parts[1:]:
        whole = kind(this=whole, expression=part)
    return whole


def _ranges(parts: tuple[Node, ...]) -> list[exp.Expression]:
    """The parts of an And; a measure that is >= one value and <= another lies `between` them, as it was read."""
    found: list[exp.Expression] = []
    rest = list(parts)
    while rest:
        first, second = rest.pop(0), rest[0] if rest else None
        if _same_measure(first, second, ">=", "<="):
            rest.pop(0)
            low, high = (constant(b.value) for b in (first, second))  # type: ignore[union-attr]
            found.append(exp.Between(this=_measure(first), low=low, high=high))  # type: ignore[arg-type]
        else:
            found.append(written(first))
    return found


def _choices(parts: tuple[Node, ...]) -> list[exp.Expression]:
    """The parts of an Or; a measure that equals one of several values is `in` them, as it was read."""
    found: list[exp.Expression] = []
    rest = list(parts)
    while rest:
        equal = [rest.pop(0)]
        while rest and _same_measure(equal[0], rest[0], "=", "="):
            equal.append(rest.pop(0))
        if len(equal) > 1:
            values = [constant(b.value) for b in equal]  # type: ignore[union-attr]
            found.append(exp.In(this=_measure(equal[0]), expressions=values))  # type: ignore[arg-type]
        else:
            found.append(written(equal[0]))
    return found


def _same_measure(first: Node, second: Node | None, *ops: ComparisonOp) -> bool:
    """Whether two behaviours compare the same measure, by these operators."""
    if not isinstance(first, Behaviour) or not isinstance(second, Behaviour) or (first.op, second.op) != ops:
        return False
    return replace(first, op="=", value=0) == replace(second, op="=", value=0)


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


# Parts that are written as calls


def _call(name: str, *arguments: exp.Expression) -> exp.Expression:
    return exp.Anonymous(this=name, expressions=list(arguments))


def _part(part: Part) -> exp.Expression:
    match part:
        case Behaviour():
            return _behaviour(part)
        case Sequence():
            without = [] if part.without is None else [_named("without", _step(part.without))]
            within = [] if part.within is None else [_named("within", constant(part.within))]
            return _call("in_sequence", *map(_step, part.steps), *within, *without, *_window(part.window))
        case InList():
            return _call("in_list", constant(part.name))
        case Sample():
            return _call("sample", constant(part.share), *([constant(part.seed)] if part.seed else []))
        case Top():
            among = [] if part.among is None else [written(part.among)]
            return _call("bottom" if part.lowest else "top", constant(part.count), column(part.column), *among)


def _behaviour(part: Behaviour) -> exp.Expression:
    if part.is_did or part.is_did_not:
        did = _measure(part, "did")
        return did if part.is_did else exp.Not(this=did)
    return _BUILD[part.op](this=_measure(part), expression=constant(part.value))


def _measure(part: Behaviour, call: str | None = None) -> exp.Expression:
    where = [] if part.step.where is None else [_parsed(part.step.where)]
    arguments = (constant(part.step.source), *([] if part.field is None else [column(part.field)]), *where)
    return _call(call or MEASURE_CALLS[part.function], *arguments, *_window(part.window))


def _step(step: Step) -> exp.Expression:
    source = constant(step.source)
    return source if step.where is None else _call("step", source, _parsed(step.where))


def _window(window: Window) -> list[exp.Expression]:
    named = (("days", window.days), ("since", window.since), ("until", window.until))
    return [_named(name, constant(value)) for name, value in named if value is not None]


def _named(name: str, value: exp.Expression) -> exp.Expression:
    return exp.Kwarg(this=exp.var(name), expression=value)


def _parsed(text: str) -> exp.Expression:
    from huaxiang.plan.expr import parse_expression

    return parse_expression(text)
