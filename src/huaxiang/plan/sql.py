"""Short, safe ways to write the SQL trees that planners need. Names are always quoted, values are always literals."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import cast

from sqlglot import exp

Value = str | int | float | bool | date | datetime | None


def column(name: str, table: str | None = None) -> exp.Column:
    """A quoted column, of `table` when given."""
    return exp.column(
        exp.to_identifier(name, quoted=True), table=exp.to_identifier(table, quoted=True) if table else None
    )


def table(name: str, alias: str | None = None) -> exp.Table:
    """A quoted logical table."""
    return exp.table_(exp.to_identifier(name, quoted=True), alias=alias, quoted=True)


def literal(value: Value) -> exp.Expression:
    """A value as a literal of its SQL type."""
    if isinstance(value, datetime):
        return exp.cast(exp.Literal.string(value.isoformat(sep=" ")), "TIMESTAMP")
    if isinstance(value, date):
        return exp.cast(exp.Literal.string(value.isoformat()), "DATE")
    return cast("exp.Expression", exp.convert(value))


def named(expression: exp.Expression, name: str) -> exp.Alias:
    """`expression AS "name"`."""
    return cast("exp.Alias", exp.alias_(expression, name, quoted=True))


def null_of(sql_type: str) -> exp.Cast:
    """NULL with a type."""
    return exp.cast(exp.Null(), exp.DataType.build(sql_type, dialect="duckdb"))


def call(function: str, *arguments: exp.Expression) -> exp.Expression:
    """A function call that both engines know."""
    return cast("exp.Expression", exp.func(function, *arguments, dialect="duckdb"))


def case(
    branches: Iterable[tuple[exp.Expression, exp.Expression]], otherwise: exp.Expression | None = None
) -> exp.Case:
    """CASE WHEN … THEN … [ELSE …] END."""
    tree = exp.Case()
    for condition, value in branches:
        tree = tree.when(condition, value, copy=False)
    return tree.else_(otherwise, copy=False) if otherwise is not None else tree


def all_of(conditions: Iterable[exp.Expression]) -> exp.Expression:
    """Conjunction; TRUE when there is none."""
    parts = list(conditions)
    return cast("exp.Expression", exp.and_(*parts)) if parts else exp.true()


def any_of(conditions: Iterable[exp.Expression]) -> exp.Expression:
    """Disjunction; FALSE when there is none."""
    parts = list(conditions)
    return cast("exp.Expression", exp.or_(*parts)) if parts else exp.false()


def is_null(expression: exp.Expression) -> exp.Is:
    """`expression IS NULL`."""
    return exp.Is(this=expression, expression=exp.Null())


def is_true(condition: exp.Expression) -> exp.Expression:
    """TRUE where the condition holds, FALSE where it doesn't or is unknown."""
    return exp.Coalesce(this=exp.paren(condition), expressions=[exp.false()])


def is_not_null(expression: exp.Expression) -> exp.Not:
    """`NOT expression IS NULL`."""
    return exp.not_(is_null(expression))


def parenthesised(expression: exp.Expression) -> exp.Expression:
    """The expression, safe to put into a larger one."""
    return exp.paren(expression.copy())
