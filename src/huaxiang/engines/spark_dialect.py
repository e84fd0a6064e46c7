"""Render DuckDB-dialect trees as Spark SQL: sqlglot's rendering, corrected where the two engines would differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from sqlglot import exp

from huaxiang.engines.words import binary, case, cast, func, number
from huaxiang.plan.aggregate import DOUBLE_LIMIT

Rule = Callable[[exp.Expr], exp.Expr]


def to_spark(tree: exp.Expr, *, pretty: bool = False, comments: bool = False) -> str:
    """Return the tree as Spark SQL (ANSI mode, session time zone UTC, TIMESTAMP meaning TIMESTAMP_NTZ)."""
    return corrected(tree, _RULES).sql(dialect="spark", pretty=pretty, comments=comments)


def corrected(tree: exp.Expr, rules: Mapping[type[exp.Expr], Rule]) -> exp.Expr:
    """Return a copy in which the rule for each node's type has been applied, innermost first."""
    root = exp.Paren(this=tree.copy())
    for node in reversed(list(root.this.walk())):
        rule = rules.get(type(node))
        if rule is not None:
            parent, key, index = node.parent, node.arg_key, node.index
            new = rule(node)
            if new is not node and parent is not None:
                parent.set(key, new, index)
    result: exp.Expr = root.this
    return result


def _round(node: exp.Expr) -> exp.Expr:
    """DuckDB rounds the binary value times 10^n and keeps the sign of zero; Spark rounds the printed digits."""
    places = int(node.args["decimals"].name) if node.args.get("decimals") is not None else 0
    power = number(10**places)
    exact = isinstance(node.parent, exp.Cast) and not node.parent.to.is_type("double")
    value = node.this if exact else exp.Abs(this=node.this.copy())
    whole = func("ROUND", binary(exp.Mul, value, power) if places else value, number(0))
    if not exact:
        whole = binary(exp.Mul, func("SIGN", node.this), whole)
    return exp.Paren(this=exp.Div(this=whole, expression=power.copy())) if places else whole


def _integral(name: str) -> Rule:
    """FLOOR and CEIL fail in Spark on what is no number or too large; here they give NULL, as TRY_CAST does in DuckDB."""

    def rule(node: exp.Expr) -> exp.Expr:
        in_range = exp.LT(this=exp.Abs(this=node.this), expression=number(DOUBLE_LIMIT))
        return case(in_range, func(name, node.this.copy()))

    return rule


def _weekday(node: exp.Expr) -> exp.Expr:
    """Monday 1 … Sunday 7; Spark counts from Sunday 1."""
    shifted = binary(exp.Mod, binary(exp.Add, func("DAYOFWEEK", node.this), number(5)), number(7))
    return binary(exp.Add, shifted, number(1))


def _try_cast(node: exp.Expr) -> exp.Expr:
    """Java's decimals read the digits of every script, DuckDB's only 0–9."""
    new = exp.TryCast(this=node.this, to=node.args["to"], safe=True)
    if not new.to.is_type("decimal"):
        return new
    foreign = func("RLIKE", cast(node.this.copy(), "VARCHAR"), exp.Literal.string("[^\\x00-\\x7F]"))
    return case(exp.Not(this=foreign), new)


def _lower(node: exp.Expr) -> exp.Expr:
    """Java writes a sigma at the end of a word as ς, DuckDB always as σ."""
    return exp.Lower(this=func("REPLACE", node.this, exp.Literal.string("Σ"), exp.Literal.string("σ")))


_RULES: Mapping[type[exp.Expr], Rule] = MappingProxyType(
    {
        exp.Round: _round,
        exp.Floor: _integral("FLOOR"),
        exp.Ceil: _integral("CEIL"),
        exp.DayOfWeekIso: _weekday,
        exp.TryCast: _try_cast,
        exp.Lower: _lower,
    }
)
