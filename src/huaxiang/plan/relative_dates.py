"""Days relative to the as-of day, put in as days: `joined_on >= as_of() - 30` becomes `joined_on >= '2024-05-02'`.

So an index, which knows values and not expressions, can answer what would otherwise be asked of an engine.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date, timedelta

from sqlglot import exp

from huaxiang.plan import condition_sql
from huaxiang.plan.conditions import And, Node, Not, Or, Raw, Top
from huaxiang.plan.expr import AS_OF, parse_expression


def dated(node: Node, as_of: date, columns: Collection[str]) -> Node:
    """The same condition with every relative day that is a constant put in; other parts are as they were."""
    if isinstance(node, (And, Or)):
        return type(node)(tuple(dated(p, as_of, columns) for p in node.parts))
    if isinstance(node, Not):
        return Not(dated(node.part, as_of, columns))
    if isinstance(node, Top) and node.among is not None:
        return replace(node, among=dated(node.among, as_of, columns))
    if not isinstance(node, Raw) or AS_OF.lower() not in node.text.lower():
        return node
    tree = parse_expression(node.text).transform(lambda part: _day(part, as_of), copy=False)
    found = condition_sql.from_sql(tree, columns)
    return node if isinstance(found, Raw) else found


def _day(part: exp.Expression, as_of: date) -> exp.Expression:
    days = _days(part)
    try:
        return part if days is None else exp.Literal.string((as_of + timedelta(days=days)).isoformat())
    except OverflowError:
        return part


def _days(part: exp.Expression) -> int | None:
    """How many days after the as-of day the expression means; None when it is no such day."""
    if isinstance(part, exp.Paren):
        return _days(part.this)
    if isinstance(part, exp.Anonymous) and part.name.upper() == AS_OF:
        return 0
    if not isinstance(part, (exp.Add, exp.Sub)) or not isinstance(part.expression, exp.Literal):
        return None
    inner, text = _days(part.this), part.expression.name
    if inner is None or part.expression.is_string or not text.isdigit():
        return None
    return inner + int(text) if isinstance(part, exp.Add) else inner - int(text)
