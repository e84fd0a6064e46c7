"""Conditions over columns: read from SQL text or a YAML tree, checked, and printed back as either.

A customer (or row) meets a condition only if it is TRUE; unknown (NULL) does not count, see `huaxiang.plan.conditions`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from huaxiang.errors import ExpressionError, did_you_mean
from huaxiang.plan import condition_sql, condition_tree
from huaxiang.plan.condition_tree import ConditionError
from huaxiang.plan.conditions import Node
from huaxiang.plan.expr import IN_AUDIENCE, check_tree, parse_expression

__all__ = [
    "Condition", "ConditionError", "References", "parse_condition", "references", "to_sql_ast", "to_text", "to_tree",
]  # fmt: skip


@dataclass(frozen=True)
class Condition:
    """A checked condition: its tree, its portable SQL, the columns it reads and the audiences it names (sorted)."""

    tree: Node
    ast: exp.Expression
    columns: frozenset[str]
    audiences: tuple[str, ...]


@dataclass(frozen=True)
class References:
    """What a condition or expression names, found without knowing any type."""

    columns: frozenset[str]
    audiences: frozenset[str]


def parse_condition(when: str | Mapping[str, object], columns: Mapping[str, str]) -> Condition:
    """Read and check a condition over `columns` (name → DuckDB type).

    Raises ExpressionError; for a fault within a tree its `path` leads to the part.
    """
    if isinstance(when, str):
        tree = _read_sql(when, columns)
    else:
        tree = condition_tree.from_tree(
            when, lambda text: _read_sql(text, columns), lambda node: _check(_parsed(node), columns)
        )
    tree = condition_sql.from_sql(_parsed(tree), columns)
    checked = check_tree(_parsed(tree), columns, boolean=True, audiences=True)
    return Condition(tree, checked.ast, checked.columns, tuple(sorted(_audiences(checked.ast))))


def _parsed(node: Node) -> exp.Expression:
    """The SQL of a tree as the parser sees it, so that text and tree give the same portable form."""
    return parse_expression(condition_sql.to_text(condition_sql.written(node)))


def _check(tree: exp.Expression, columns: Mapping[str, str]) -> None:
    check_tree(tree, columns, boolean=True, audiences=True)


def _read_sql(text: str, columns: Mapping[str, str]) -> Node:
    parsed = parse_expression(text)
    _check(parsed, columns)
    return condition_sql.from_sql(parsed, columns)


def _audiences(tree: exp.Expression) -> frozenset[str]:
    calls = (n for n in tree.find_all(exp.Anonymous) if n.name.upper() == IN_AUDIENCE and n.expressions)
    return frozenset(n.expressions[0].name for n in calls)


def references(when: str | Mapping[str, object]) -> References:
    """Return the columns and audiences that a condition (or any expression) names; ExpressionError when it can't be read."""
    if isinstance(when, str):
        parsed = parse_expression(when)
    else:
        node = condition_tree.from_tree(
            when, lambda text: condition_sql.from_sql(parse_expression(text), ()), lambda _: None
        )
        parsed = condition_sql.written(node)
    columns = frozenset(c.name for c in parsed.find_all(exp.Column))
    return References(columns, _audiences(parsed))


def to_sql_ast(condition: Condition, audiences: Mapping[str, Condition] | None = None) -> exp.Expression:
    """Return the portable SQL of a condition, to be changed freely.

    With `audiences`, `in_audience('x')` is replaced by that audience's condition, where unknown counts as false; an unknown
    audience or a circle raises ExpressionError (CON004, CON005). Without, `IN_AUDIENCE('x')` calls stay.
    """
    return _expand(condition.ast, audiences, ()) if audiences is not None else condition.ast.copy()


def _expand(tree: exp.Expression, audiences: Mapping[str, Condition], above: tuple[str, ...]) -> exp.Expression:
    def expand(node: exp.Expression) -> exp.Expression:
        if not isinstance(node, exp.Anonymous) or node.name.upper() != IN_AUDIENCE:
            return node
        name = node.expressions[0].name
        if name not in audiences:
            raise ExpressionError("CON004", f'unknown audience "{name}"{did_you_mean(name, audiences)}')
        if name in above:
            raise ExpressionError("CON005", f"audiences refer to each other in a circle: {' → '.join((*above, name))}")
        inner = _expand(audiences[name].ast, audiences, (*above, name))
        return exp.Coalesce(this=inner, expressions=[exp.Boolean(this=False)])

    return tree.copy().transform(expand, copy=False)


def to_text(condition: Condition) -> str:
    """Print a condition as the SQL text that `parse_condition` reads."""
    return condition_sql.to_text(condition_sql.written(condition.tree))


def to_tree(condition: Condition) -> dict[str, object]:
    """Print a condition as the YAML tree that `parse_condition` reads."""
    return condition_tree.to_tree(condition.tree)
